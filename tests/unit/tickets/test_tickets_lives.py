"""Lives of a ticket: where one ends, what stands open, what is void."""

from __future__ import annotations

from schemas.essence import Closed, Essence, Merged, Opened, Rated, Reopened, Replied
from stream.durations import DAY
from stream.tickets.lives import Life, lives_of

GAP, AGE = 21 * DAY, 400 * DAY
OPENED = Opened(0, "s", "o", by_customer=True, team="red", channel="email")


def reply(time: int, agent: str | None = "ann", *, human: bool = True) -> Replied:
    """A reply."""
    return Replied(time, "s", f"p{time}", human, agent)


def close(time: int, agent: str | None = None, *, spam: bool = False) -> Closed:
    """A close."""
    return Closed(time, "s", f"c{time}", "agent", agent, spam)


def reopen(time: int) -> Reopened:
    """A reopening."""
    return Reopened(time, "s", f"r{time}")


def lives(*events: Essence, swept: int = 0) -> list[Life]:
    """Lives of events in order."""
    return lives_of(events, GAP, AGE, swept)


def only(*events: Essence) -> Life:
    """The one life of events in order."""
    (life,) = lives(*events)
    return life


def test_a_closed_life_ends_after_the_gap() -> None:
    """Exactly 21 days is the same life, a millisecond more is not.

    |opened|closed|---- 21 d ----|reply|        one life
    |opened|closed|---- 21 d + 1 ms ----|reply| two
    """
    assert len(lives(OPENED, close(10), reply(10 + GAP))) == 1
    assert len(lives(OPENED, close(10), reply(11 + GAP))) == 2


def test_the_gap_is_counted_from_the_last_event_of_any_kind() -> None:
    """Notes and ratings of other kinds keep a life going."""
    note, nps = reply(GAP, human=False), Rated(2 * GAP, "s", "n", "nps", 9, 0, 10)
    assert len(lives(OPENED, close(1), note, nps, reply(3 * GAP))) == 1


def test_an_open_life_ends_by_its_age() -> None:
    """Exactly 400 days after the opening is the same life; a reopened ticket is as old as its opening."""
    assert len(lives(OPENED, reply(AGE))) == 1
    assert len(lives(OPENED, close(1), reopen(2), reply(AGE))) == 1
    assert len(lives(OPENED, reply(AGE - 1), reply(AGE + 1))) == 2


def test_an_open_life_without_opening_ends_by_its_last_event() -> None:
    """Its age is not known, so the largest age counts from the event before."""
    assert len(lives(reply(0), reply(AGE), reply(2 * AGE))) == 1
    assert len(lives(reply(0), reply(AGE + 1))) == 2


def test_every_life_but_the_last_has_ended() -> None:
    """The last one only if it is too old at the clock it was last looked at; exactly 400 days is not."""
    first, second = lives(OPENED, close(1), reply(2 + GAP))
    assert (first.ended, second.ended) == (True, False)
    assert lives(OPENED, swept=AGE)[0].standing_open
    assert not lives(OPENED, swept=AGE + 1)[0].standing_open
    assert not lives(OPENED, close(1), swept=AGE + 1)[0].ended


def test_closed_and_reopened() -> None:
    """A `closed` event closes, a `reopened` event after a close opens; nothing else changes that."""
    assert not only(OPENED, close(1)).standing_open
    assert only(OPENED, close(1), reopen(2)).standing_open
    assert not only(OPENED, close(1), reopen(2), reopen(3), close(4)).standing_open
    assert not only(OPENED, close(1), reply(2)).standing_open
    assert only(OPENED, reopen(1)).reopens == []


def test_a_life_without_opening_is_not_open() -> None:
    """It is in no ticket figure."""
    assert not only(reply(1)).standing_open
    assert not only(reply(1)).waiting


def test_earliest_opening_counts() -> None:
    """A second one changes nothing."""
    assert only(OPENED, Opened(5, "s", "x", by_customer=False)).opened is OPENED


def test_void() -> None:
    """Any merge; spam by the last close alone."""
    assert only(OPENED, Merged(1, "s", "m"), reply(2)).void
    assert only(OPENED, close(1, spam=True)).void
    assert only(OPENED, close(1, spam=True), reopen(2)).void
    assert not only(OPENED, close(1, spam=True), close(2)).void


def test_waiting() -> None:
    """A customer's ticket, standing open, without a human reply."""
    assert only(OPENED).waiting
    assert only(OPENED, reply(1, human=False)).waiting
    assert not only(OPENED, reply(1)).waiting
    assert not only(OPENED, close(1)).waiting
    assert not only(Opened(0, "s", "o", by_customer=False)).waiting


def test_who_replied_before() -> None:
    """The last human reply earlier than a time, not at it."""
    life = only(OPENED, reply(1, "ann"), reply(3, "bob"), reply(4, "hal", human=False))
    found = [life.replier_before(time) for time in (1, 2, 3, 9)]
    assert [reply.agent if reply else None for reply in found] == [None, "ann", "ann", "bob"]


def test_whom_a_close_belongs_to() -> None:
    """The last human replier up to it, else the agent of the close."""
    life = only(OPENED, reply(1, "ann"), reply(3, "bob"), close(5, "dan"))
    assert [life.agent_of_close(close(time, "dan")) for time in (0, 1, 2, 3)] == ["dan", "ann", "ann", "bob"]
    assert only(OPENED, reply(1, None), close(2, "dan")).agent_of_close(close(2, "dan")) == "dan"
