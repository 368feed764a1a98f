"""Ways to break the product code, each with the test that must fail then."""

from __future__ import annotations

from dataclasses import dataclass

_ARRIVAL = "tests/properties/test_arrival.py"
_PUBLISHING = "tests/properties/test_publishing.py"
_RECOMPUTE = "tests/properties/test_stream_recompute.py"
_PARTITION = "tests/unit/tickets/test_tickets_partition.py"
_BOARD = "tests/unit/windows/test_windows_board.py"
_ALERTS = "tests/unit/alerts"
_BOOK = "tests/properties/test_alert_book.py"


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
        "_Open(known, contributions(self._lives(known), self.rules), begin.due,",
        "_Open(known, _NOTHING, begin.due,",
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
        "hour = hour_from(time) if counted & FROM else time // HOUR",
        "hour = time // HOUR",
        f"{_RECOMPUTE}::test_stream_is_recompute",
    ),
    Breakage(
        "levels lie among the other sums of their hour",
        "stream/state/sums.py",
        'Rows("H"), Rows("O")',
        'Rows("H"), Rows("H")',
        f"{_RECOMPUTE}::test_stream_is_recompute",
    ),
    Breakage(
        "what falls due later in its hour is forgotten",
        "stream/state/calendar.py",
        "if due is not None and due // HOUR == begun:",
        "if due is not None and due <= begun * HOUR:",
        "tests/unit/state/test_calendar.py::test_who_is_due_is_taken_once",
    ),
    Breakage(
        "the last partition's sum wins",
        "stream/windows/board.py",
        "table.store.update(kind, index, place, packed)",
        "table.store.update(kind, index, (0, number), packed)",
        f"{_ARRIVAL}::test_partitions",
    ),
    Breakage(
        "half of a flush counts",
        "stream/windows/board.py",
        "                begun[key] = value",
        "                self._pending.setdefault(partition, {})[key] = value",
        f"{_BOARD}::test_a_flush_counts_as_a_whole",
    ),
    Breakage(
        "a scorer begins on half of a flush",
        "stream/engine/scorer.py",
        "return not self._unfinished",
        "return True",
        "tests/unit/engine/test_engine_scorer.py::test_it_waits_for_the_end_of_what_was_half_there",
    ),
    Breakage(
        "a scorer waits for every flush",
        "stream/engine/scorer.py",
        "if self.board.status.get(partition) is before}",
        "}",
        "tests/unit/engine/test_engine_scorer.py::test_it_waits_for_no_later_flush",
    ),
    Breakage(
        "a recovery that was overtaken goes on",
        "stream/engine/app.py",
        "            raise RebalanceAgain",
        "            pass",
        "tests/unit/engine/test_engine_app.py::test_a_recovery_that_is_overtaken_seeks_nothing",
    ),
    Breakage(
        "the end of a recovery empties the queues",
        "stream/engine/app.py",
        "        if not self.is_active():\n",
        "        if True:\n",
        "tests/unit/engine/test_engine_app.py::test_a_flow_that_goes_on_keeps_what_is_queued",
    ),
    Breakage(
        "chunks of copies vanish where a recovery ends",
        "stream/engine/app.py",
        "        if not self.is_active():\n",
        "        if True:\n",
        "tests/engine/test_engine_continuity.py::test_a_copy_is_whole_although_the_recovery_ended",
    ),
    Breakage(
        "now takes two looks for quiet, whatever came between",
        "stream/windows/now.py",
        "if self._quiet_at != ends:",
        "if self._quiet_at is None:",
        "tests/unit/windows/test_windows_now.py::test_it_is_not_quiet_where_all_that_comes_is_read_at_once",
    ),
    Breakage(
        "what was fetched before a seek passes for what came after it",
        "stream/engine/transport.py",
        "chain(unsought, ",
        "chain(changelogs, ",
        "tests/unit/engine/test_engine_transport.py::test_what_was_handed_on_late_is_void",
    ),
    Breakage(
        "a source log that has lost its end is read on",
        "stream/engine/verify.py",
        "    if done > end:\n",
        "    if False:\n",
        "tests/unit/engine/test_engine_log_ends.py::test_too_short_twice",
    ),
    Breakage(
        "a thread that comes up while the worker stops stays",
        "stream/engine/transport.py",
        "and not self._started.is_set():",
        "and False:",
        "tests/unit/engine/test_engine_transport.py::test_a_thread_that_is_coming_up_is_stopped",
    ),
    Breakage(
        "a dead letter that never goes out makes a worker join again for ever",
        "stream/engine/slot.py",
        "                if not may_pass(error):\n                    raise\n",
        "",
        "tests/unit/engine/test_engine_slots.py::test_dead_letters_that_never_go_out_end_the_worker",
    ),
    Breakage(
        "what a fetch that broke off had of a copy is missing",
        "stream/engine/transport.py",
        "            reading.lose_all()\n",
        "",
        "tests/unit/engine/test_engine_transport.py::test_a_fetch_that_was_broken_off",
    ),
    Breakage(
        "a hole in a copy stays",
        "stream/engine/store.py",
        "            app.add_future(self._fetch_again(tp, again))",
        "            pass",
        "tests/unit/engine/test_engine_store.py::test_a_hole_is_fetched_again_once",
    ),
    Breakage(
        "what is fetched again for a copy is taken for read",
        "stream/engine/store.py",
        "app.tables.recovery.standby_offsets[tp] = again - 1",
        "pass",
        "tests/unit/engine/test_engine_store.py::test_a_chunk_from_before_the_seek",
    ),
    Breakage(
        "a copy is begun for what was let go of",
        "stream/engine/slots.py",
        "        if slot is None:\n            return None\n        if slot.claimed_at < 0",
        "        if slot is None:\n            slot = self._new_slot(chunk.partition)\n        if slot.claimed_at < 0",
        "tests/unit/engine/test_engine_store.py::test_what_was_let_go_of_is_left_alone",
    ),
    Breakage(
        "a page forgets what it held",
        "stream/state/sums.py",
        "joined([changes, held])",
        "joined([changes, self._deltas([])])",
        "tests/unit/state/test_sums.py::test_sums_are_what_was_added",
    ),
    Breakage(
        "what a page held before is added instead of taken off",
        "stream/windows/panestore.py",
        "(before[0], -before[1])",
        "(before[0], before[1])",
        "tests/unit/windows/test_windows_panestore.py::test_changes_come_in_parts",
    ),
    Breakage(
        "sums of hours that rules read are not kept up to date",
        "stream/windows/hourly.py",
        "np.add.at(total, (rows[own], panes[own] - first), values[own])",
        "np.add.at(total.copy(), (rows[own], panes[own] - first), values[own])",
        "tests/unit/windows/test_windows_hourly.py::test_totals_are_kept_up_to_date",
    ),
    Breakage(
        "longer windows never take turns",
        "stream/windows/table.py",
        "self._patient.rotate(-1)",
        "pass",
        f"{_BOARD}::test_no_window_waits_for_ever",
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
        "        self._add(rows[inside], columns[inside], changes.values[known][inside])\n",
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
    Breakage(
        "an upper bound is no bound",
        "stream/stats/proportions.py",
        "    return np.minimum(1.0, centre + half)\n",
        "    return np.minimum(1.0, centre)\n",
        f"{_ALERTS}/test_conditions_windows.py::test_a_dip_that_is_not_sure_is_not_hot",
    ),
    Breakage(
        "a cooldown does not hold anything back",
        "stream/alerts/machine.py",
        "    cooling = whole_minute(now) < memory.cooldown_until\n",
        "    cooling = False\n",
        f"{_BOOK}::test_no_two_notifications_within_the_cooldown_unless_worse",
    ),
    Breakage(
        "a cancelled episode ends the cooldown",
        "stream/alerts/machine.py",
        "    if memory.cooldown_until <= minute:\n",
        "    if memory.cooldown_until:\n",
        f"{_ALERTS}/test_book.py::test_a_cancelled_episode_does_not_end_the_cooldown",
    ),
    Breakage(
        "time in a freeze counts as waiting",
        "stream/alerts/book.py",
        "                    self._memories[key] = machine.thaw(self._memories[key], self._now)\n",
        "                    pass\n",
        f"{_ALERTS}/test_book.py::test_time_in_a_freeze_does_not_count_as_waiting",
    ),
    Breakage(
        "an all-clear for what nobody was told of",
        "stream/alerts/machine.py",
        "all_clear_due=memory.said)",
        "all_clear_due=True)",
        f"{_ALERTS}/test_book.py::test_an_all_clear_only_of_what_was_said",
    ),
    Breakage(
        "the child that explains least speaks for its parent",
        "stream/alerts/inhibition.py",
        "            self.found[parent] = min(shares)[1]\n",
        "            self.found[parent] = max(shares)[1]\n",
        f"{_ALERTS}/test_inhibition.py::test_the_child_that_explains_most_speaks",
    ),
    Breakage(
        "the mix effect is not centred",
        "stream/alerts/why.py",
        "((p_before + p_after) / 2 - middle)",
        "((p_before + p_after) / 2)",
        "tests/unit/alerts/test_why.py::test_only_the_mix_changed",
    ),
    Breakage(
        "what comes while a flush is on its way goes to the disk with it",
        "stream/engine/local_store.py",
        "        self._sent, self._next = self._next, {}\n",
        "        self._sent.update(self._next)\n        self._next = self._sent\n",
        "tests/unit/engine/test_engine_local_store.py::test_the_disk_has_what_was_committed",
    ),
    Breakage(
        "a copy on the disk hides that the log has lost data",
        "stream/engine/slot.py",
        "            remove(self._local.folder)\n",
        "",
        "tests/unit/engine/test_engine_slot_on_disk.py::test_a_claim_before_the_copy",
    ),
    Breakage(
        "the end of a copy that a round did not hand on is left out",
        "stream/engine/transport.py",
        "        await self._fetch_lost()\n",
        "",
        "tests/engine/test_engine_continuity.py::test_a_copy_is_whole_although_rounds_ended_early",
    ),
    Breakage(
        "a claim that was read before its acknowledgement is taken for lost data",
        "stream/engine/slot.py",
        "        if offset < before:\n",
        "        if offset < self.position:\n",
        "tests/unit/engine/test_engine_slots.py::test_a_copy_reads_its_own_claim_before_the_acknowledgement",
    ),
    Breakage(
        "a loop goes on although it was asked to end",
        "stream/engine/ending.py",
        "        raise asyncio.CancelledError\n",
        "        pass\n",
        "tests/unit/engine/test_engine_ending.py::test_a_loop_ends_at_its_head",
    ),
    Breakage(
        "a task that does not listen is asked once",
        "stream/engine/ending.py",
        "        await asyncio.wait({task}, timeout=again)\n",
        "        await asyncio.wait({task})\n",
        "tests/unit/engine/test_engine_ending.py::test_it_is_asked_again",
    ),
    Breakage(
        "a webhook's signature leaves out the time",
        "stream/outlets/webhook.py",
        'timestamp.encode() + b"." + body',
        "body",
        "tests/unit/outlets/test_webhook.py::test_the_signature_is_that_of_openssl",
    ),
)
