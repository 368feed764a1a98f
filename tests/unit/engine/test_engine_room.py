"""How many events may wait for a settling, by what the ones before have added to the flush."""

from __future__ import annotations

from stream.engine.room import BATCH_ROOM, FEWEST_EVENTS, FLUSH_WEIGHT, MOST_EVENTS, Room

LISTS = 6


def settle(room: Room, growth: int, weight: int = 0) -> int:
    """Take in all that may be taken in, each event adding `growth` bytes to the flush; gives how many that were."""
    events = room.events
    assert room.took(events)
    room.settled(weight + events * growth)
    return events


def test_the_first_events_are_few() -> None:
    """Before anything was measured, an event may add six tenths of a kilobyte for each list."""
    assert Room(LISTS).events == BATCH_ROOM // (2 * 600 * LISTS)
    assert Room(1).events < MOST_EVENTS
    assert Room(0).events == Room(1).events


def test_more_where_events_add_little() -> None:
    """The estimate falls step by step to what was measured, and more are taken in at a time, never more than the most."""
    room, taken = Room(LISTS), []
    for _ in range(40):
        taken.append(settle(room, 100))
        room.begun()
        room.flushed()
    assert taken == sorted(taken)
    assert taken[-1] == MOST_EVENTS


def test_at_once_fewer_where_events_add_much() -> None:
    """One settling is enough; what waits fits with a margin of two."""
    room = Room(1)
    settle(room, 50_000)
    room.begun()
    assert room.events == BATCH_ROOM // (2 * 50_000)


def test_what_the_flush_holds_already_counts() -> None:
    """Room is what is left of the batch."""
    room = Room(LISTS)
    before = settle(room, 3_600)
    assert room.events == (BATCH_ROOM - before * 3_600) // (2 * 3_600)
    room.begun()
    assert room.events > before // 2


def test_events_wait_until_the_room_is_used() -> None:
    """A settling is due with the last event that fits, and one event may always come."""
    room = Room(LISTS)
    left = room.events
    assert not room.took(left - 1)
    assert room.events == 1
    assert room.took(1)
    room.settled(2 * BATCH_ROOM)
    assert room.events == 1


def test_a_flush_starts_anew() -> None:
    """What comes after the flush was taken belongs to the next, though it is not durable yet."""
    room = Room(LISTS)
    first = room.events
    room.took(first // 2)
    room.begun()
    assert room.events == first


def test_under_a_ceiling_it_begins_with_few() -> None:
    """Sixteen events, then twice as many with each flush, up to the ceiling; flushes are closed earlier too."""
    room = Room(LISTS, 100)
    assert room.is_full(FLUSH_WEIGHT * FEWEST_EVENTS // MOST_EVENTS)
    assert not Room(LISTS).is_full(FLUSH_WEIGHT - 1)
    taken = []
    for _ in range(5):
        taken.append(room.events)
        room.begun()
        room.flushed()
    assert taken == [16, 32, 64, 100, 100]
    assert room.next_ceiling == 50


def test_a_ceiling_is_halved_until_there_is_no_less() -> None:
    """After a flush that was too large: half of what was allowed; None where that was the fewest."""
    assert Room(LISTS).next_ceiling == MOST_EVENTS // 2
    assert Room(LISTS, 100).next_ceiling is None
