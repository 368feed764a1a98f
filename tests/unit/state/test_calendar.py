"""When tickets are due: what the calendar gives is what a table of due times would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.durations import HOUR
from stream.state.calendar import Calendar

TICKETS = st.sampled_from(["a", "b", "c"])
TIMES = st.integers(0, 4 * HOUR) | st.integers(HOUR - 3, HOUR + 3)
STEPS = st.one_of(
    st.tuples(st.just("due"), TICKETS, TIMES),
    st.tuples(st.just("gone"), TICKETS, st.just(0)),
    st.tuples(st.just("take"), st.just(""), TIMES),
)


@given(st.lists(STEPS, max_size=40), st.sampled_from([1, 2, 9]))
def test_who_is_due_is_taken_once(steps: list[tuple[str, str, int]], most: int) -> None:
    """Whatever was said of a ticket before, it is given once when the time is over that was said last, the earliest first, so many at once."""
    calendar, due = Calendar(), dict[str, int]()
    for step, ticket, time in [*steps, ("take", "", 5 * HOUR)]:
        if step == "due":
            due[ticket] = time
            calendar.put(ticket, time)
        elif step == "gone":
            due.pop(ticket, None)
        else:
            late = {name for name, known in due.items() if known < time}
            taken: list[tuple[int, str]] = []
            while piece := calendar.take(time, due.get, most):
                assert len(piece) <= most
                taken += [(due.pop(name), name) for name in piece]
            assert [when for when, _ in taken] == sorted(when for when, _ in taken)
            assert (len(taken), {name for _, name in taken}) == (len(late), late)
    assert not due
