"""One ticket: identities, conflicts, order, and what is kept beyond the cap."""

from __future__ import annotations

from itertools import permutations

from schemas.essence import Closed, Essence, Opened, Rated, Replied, canonical
from stream.durations import DAY
from stream.tickets.ticket import CAP, Added, Ticket, head, unpack

OPENED = Opened(10, "desk", "1", by_customer=True)
REPLIED = Replied(20, "desk", "2", human=True)
CLOSED = Closed(30, "desk", "3", by="agent")


def held(*events: Essence) -> list[Essence]:
    """Events of a ticket that took in these."""
    ticket = Ticket()
    for event in events:
        ticket.add(event)
    return ticket.in_order()


def test_any_order_of_arrival_is_the_same_ticket() -> None:
    """Events stand by (time, kind, source, id)."""
    events: list[Essence] = [OPENED, REPLIED, CLOSED]
    assert {tuple(held(*arrived)) for arrived in permutations(events)} == {(OPENED, REPLIED, CLOSED)}


def test_ties_go_by_kind_then_source_then_id() -> None:
    """Opened, offered, replied, closed, reopened, merged, rated at one time."""
    rated, closed = Rated(5, "a", "1", "csat", 5, 1, 5), Closed(5, "z", "9", by="agent")
    first, second, third = (Replied(5, source, identity, human=True) for source, identity in (("a", "2"), ("b", "1"), ("b", "2")))
    assert held(rated, third, closed, second, first) == [first, second, third, closed, rated]


def test_same_body_is_a_duplicate() -> None:
    """It is ignored."""
    ticket = Ticket()
    assert [ticket.add(REPLIED), ticket.add(REPLIED)] == [Added.NEW, Added.DUPLICATE]
    assert ticket.events == [REPLIED]


def test_identity_is_source_and_id() -> None:
    """The same id of another source is another event."""
    assert len(held(REPLIED, Replied(20, "chat", "2", human=True))) == 2


def test_of_two_bodies_the_one_that_sorts_first_counts() -> None:
    """Whatever the order of arrival, and also where kind or time differ; the second to arrive is the conflict."""
    other = Replied(25, "desk", "2", human=False)
    lesser, greater = sorted((REPLIED, other), key=canonical)
    ticket, mirrored = Ticket(), Ticket()
    assert [ticket.add(lesser), ticket.add(greater)] == [Added.NEW, Added.CONFLICT_KEPT]
    assert [mirrored.add(greater), mirrored.add(lesser)] == [Added.NEW, Added.CONFLICT_REPLACED]
    assert ticket.events == mirrored.events == [lesser]


def test_packed_and_unpacked() -> None:
    """Everything comes back, the first fields readable alone."""
    ticket = Ticket([OPENED, REPLIED], {3: (1, 2)}, swept=7)
    packed = ticket.pack(due=5, waiting=6)
    again = unpack(packed)
    assert (again.events, again.quiet, again.swept) == (ticket.events, ticket.quiet, 7)
    assert (head(packed).due, head(packed).waiting) == (5, 6)


def test_many_events_are_still_one_each() -> None:
    """Duplicates and conflicts are found in long tickets too."""
    many = [Replied(time, "desk", f"m{time}", human=True) for time in range(100)]
    ticket = Ticket()
    assert {ticket.add(event) for event in many} == {Added.NEW}
    assert {ticket.add(event) for event in many} == {Added.DUPLICATE}
    assert ticket.add(Replied(999, "desk", "m50", human=True)) is not Added.NEW
    assert len(ticket.events) == 100


def test_beyond_the_cap_quiet_replies_keep_only_the_span_of_their_day() -> None:
    """What the end of a life needs of them: the first and last time of each day; whatever a figure reads is kept whole."""
    ticket = Ticket([Replied(time, "desk", f"m{time}", human=False) for time in range(CAP)])
    for time in (DAY + 5, DAY + 1, DAY + 9, 3 * DAY):
        ticket.add(Replied(time, "desk", f"q{time}", human=False))
    ticket.add(Replied(2 * DAY, "desk", "human", human=True))
    assert ticket.quiet == {1: (DAY + 1, DAY + 9), 3: (3 * DAY, 3 * DAY)}
    assert [event.time for event in ticket.in_order()[CAP:]] == [DAY + 1, DAY + 9, 2 * DAY, 3 * DAY]
