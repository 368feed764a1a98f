"""Ways to break the product code, each with the test that must fail then."""

from __future__ import annotations

from dataclasses import dataclass

_ARRIVAL = "tests/properties/test_arrival.py"
_PUBLISHING = "tests/properties/test_publishing.py"
_RECOMPUTE = "tests/properties/test_stream_recompute.py"
_PARTITION = "tests/unit/tickets/test_tickets_partition.py"
_BOARD = "tests/unit/windows/test_windows_board.py"


@dataclass(frozen=True, slots=True)
class Breakage:
    """In `file`, `old` (which stands there once) becomes `new`; `test` is the pytest node that must fail."""

    name: str
    file: str
    old: str
    new: str
    test: str


BREAKAGES = (
    Breakage(
        "ticket appends without sorting",
        "stream/tickets/ticket.py",
        "insort(events, event, key=order)",
        "events.append(event)",
        f"{_ARRIVAL}::test_order",
    ),
    Breakage(
        "of two bodies under one id the last to arrive counts",
        "stream/tickets/ticket.py",
        "if canonical(known) <= canonical(event):",
        "if known is event:",
        f"{_ARRIVAL}::test_order_of_two_bodies",
    ),
    Breakage(
        "duplicates are added",
        "stream/tickets/ticket.py",
        "            return Added.DUPLICATE\n",
        "            self._insert(event)\n            return Added.NEW\n",
        f"{_ARRIVAL}::test_duplication",
    ),
    Breakage(
        "what a ticket has contributed is not noted",
        "stream/state/partition.py",
        "            held.contributed = after\n",
        "",
        f"{_ARRIVAL}::test_batches",
    ),
    Breakage(
        "contributions of a loaded ticket are forgotten",
        "stream/state/partition.py",
        "_Open(known, contributions(self._lives(known), self.rules), ticket.head(packed).due)",
        "_Open(known, _NOTHING, ticket.head(packed).due)",
        f"{_ARRIVAL}::test_restart",
    ),
    Breakage(
        "nothing is taken back",
        "stream/state/partition.py",
        "apply(contribution, -1)",
        "apply(contribution, 0)",
        f"{_ARRIVAL}::test_adding_and_taking_back",
    ),
    Breakage(
        "a ticket is let go before lateness is over",
        "stream/state/partition.py",
        "return life.last + rules.life_gap + rules.lateness",
        "return life.last + rules.life_gap",
        f"{_PARTITION}::test_a_closed_ticket_is_let_go_when_nothing_can_join_it",
    ),
    Breakage(
        "a closed ticket is let go although events may still join it",
        "stream/state/partition.py",
        "return life.last + rules.life_gap + rules.lateness",
        "return life.last",
        f"{_RECOMPUTE}::test_stream_is_recompute_when_tickets_are_let_go",
    ),
    Breakage(
        "a missed deadline counts in its own pane",
        "stream/state/sums.py",
        "(panes.hour_from(time), panes.minute_from(time)) if upwards else (time // HOUR, time // MINUTE)",
        "(time // HOUR, time // MINUTE)",
        f"{_RECOMPUTE}::test_stream_is_recompute",
    ),
    Breakage(
        "the last partition's sum wins",
        "stream/windows/panestore.py",
        "place = partition, row",
        "place = 0, row",
        f"{_ARRIVAL}::test_partitions",
    ),
    Breakage(
        "leaving panes are not taken off",
        "stream/windows/totals.py",
        "[Slide(self, self.first, first - 1, -1), Slide(self, self.last + 1, last, 1)]",
        "[Slide(self, self.last + 1, last, 1)]",
        f"{_PUBLISHING}::test_sliding_is_jumping",
    ),
    Breakage(
        "a late change is not added to running totals",
        "stream/windows/totals.py",
        "        np.add.at(self.values, (rows[inside], columns[inside]), changes.values[known][inside])\n",
        "",
        f"{_ARRIVAL}::test_restart_of_the_board",
    ),
    Breakage(
        "what was read before a window slid on is not read again",
        "stream/windows/totals.py",
        "(changes.panes >= self.first - width)",
        "(changes.panes >= self.first)",
        f"{_BOARD}::test_a_late_event_corrects_what_was_read_before_the_window_slid_on",
    ),
    Breakage(
        "tombstones do not raise the revision",
        "stream/windows/published.py",
        "        known.revision += 1\n        known.exists = False\n",
        "        known.exists = False\n",
        f"{_PUBLISHING}::test_revisions_count_the_records_of_a_key",
    ),
)
