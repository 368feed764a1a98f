"""Lives of a ticket: where one ends, what it is, which are void."""

from __future__ import annotations

from audit_cases import DAY, NOON, closed, counts, judged, merged, opened, rated, reopened, reply

from stream.audit.lives import Life, cut

GAP = 21 * DAY


def lives(*events: object) -> list[Life]:
    """The lives of one ticket."""
    return cut(events, GAP, 400 * DAY, 0)  # type: ignore[arg-type]


def test_a_closed_ticket_quiet_for_more_than_the_gap_begins_a_new_life() -> None:
    """Exactly 21 days is the same life, a millisecond more is not."""
    assert len(lives(opened(0), closed(10), reply(10 + GAP))) == 1
    assert len(lives(opened(0), closed(10), reply(11 + GAP))) == 2


def test_any_event_keeps_a_closed_life_going() -> None:
    """The gap is counted from the last event, not from the close."""
    assert len(lives(opened(0), closed(10), rated(GAP, 5, kind="nps"), reply(2 * GAP))) == 1


def test_an_open_ticket_ends_by_its_age_alone() -> None:
    """400 days after its opening is the same life, a millisecond more is not, however often there was an event."""
    assert len(lives(opened(0), reply(400 * DAY))) == 1
    assert len(lives(opened(0), closed(10), reopened(20), reply(399 * DAY), reply(400 * DAY))) == 1
    first, second = lives(opened(0), reply(399 * DAY), reply(400 * DAY + 1))
    assert (first.followed, second.followed) == (True, False)


def test_an_open_ticket_without_its_opening_ends_by_its_last_event() -> None:
    """Its age is not known, so the largest age counts from the event before."""
    assert len(lives(reply(0), reply(400 * DAY), reply(800 * DAY))) == 1
    assert len(lives(reply(0), reply(400 * DAY + 1))) == 2


def test_a_reopening_after_the_gap_reopens_nothing() -> None:
    """It belongs to the new life, which has no close."""
    first, second = lives(opened(0), closed(10), reopened(11 + GAP))
    assert (first.stands_closed, first.reopened) == (True, False)
    assert (second.stands_closed, second.reopened, second.opened) == (False, False, None)


def test_order_at_equal_times_is_by_kind() -> None:
    """A reply and a close at one time: the reply is first; a reopening then opens the ticket."""
    (life,) = lives(reopened(5), closed(5), reply(5), opened(5))
    assert not life.stands_closed
    assert life.reopened
    assert life.human_replies


def test_reopened_needs_a_close() -> None:
    """A reopening of an open ticket is nothing."""
    (life,) = lives(opened(0), reopened(1), closed(2))
    assert (life.reopened, life.stands_closed, life.never_reopened) == (False, True, True)


def test_earliest_opened_counts() -> None:
    """A second opening changes nothing."""
    (life,) = lives(opened(5, id="b"), opened(3, id="a"))
    assert life.opened is not None
    assert life.opened.time == 3


def test_void_lives_are_in_no_figure() -> None:
    """Merged, or spam by the last close; an earlier spam flag is taken back by a later close."""
    base = [opened(NOON), reply(NOON + 1), rated(NOON + 5, 5)]
    assert counts("csat", [*base, merged(NOON + 2)]) is None
    assert counts("csat", [*base, closed(NOON + 2, spam=True)]) is None
    assert counts("first_response", [*base, closed(NOON + 2, spam=True)]) is None
    assert counts("csat", [*base, closed(NOON + 2, spam=True), reopened(NOON + 3), closed(NOON + 4)]) == {"rated": 1, "satisfied": 1, "star_5": 1}


def test_a_void_life_leaves_the_next_one_alone() -> None:
    """A merge voids its own life only."""
    second = [opened(NOON + 30 * DAY, id="o2"), reply(NOON + 30 * DAY + 1)]
    assert counts("first_response", [opened(NOON), merged(NOON + 1), closed(NOON + 2), *second]) == {"answered": 1, "sum_ms": 1}


def test_a_life_without_opened_is_in_no_ticket_figure_but_its_ratings_count() -> None:
    """Until the opening arrives."""
    events = [reply(NOON), closed(NOON + 1), rated(NOON + 2, 1)]
    for metric in ("first_response", "first_response_within", "resolution_first", "fcr_one_touch", "reopen_rate", "bot_only"):
        assert counts(metric, events) is None
    assert counts("csat", events) == {"rated": 1, "star_1": 1}


def test_lives_know_their_partition() -> None:
    """For the slowest clock."""
    assert cut([opened(0)], GAP, 400 * DAY, 3)[0].partition == 3
    assert list(judged([opened(0)]).tickets)[0].partition == 0  # noqa: RUF015
