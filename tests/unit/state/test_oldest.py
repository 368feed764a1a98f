"""The oldest of what waits in each segment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.state.oldest import Entry, Oldest

SEGMENTS = st.sets(st.sampled_from(["a", "b", "c"])).map(lambda found: tuple(sorted(found)))
PUTS = st.tuples(st.sampled_from([f"T-{number}" for number in range(8)]), st.none() | st.integers(0, 9), SEGMENTS)


@given(st.lists(st.one_of(PUTS, st.just(None)), max_size=80))
def test_the_oldest_is_the_least_of_all(steps: list[tuple[str, int | None, tuple[str, ...]] | None]) -> None:
    """Whatever began and ended to wait, or waits elsewhere now; None in the steps says what has changed so far."""
    oldest, waits, told = Oldest(), dict[str, tuple[int, tuple[str, ...]]](), dict[str, Entry]()
    for step in [*steps, None]:
        if step is None:
            for segment, entry in oldest.close():
                assert entry != told.pop(segment, None)
                if entry is not None:
                    told[segment] = entry
            least = {
                own: min((since, name) for name, (since, found) in waits.items() if own in found) for _, found in waits.values() for own in found
            }
            assert told == least
        else:
            name, since, segments = step
            oldest.put(name, since, segments)
            waits.pop(name, None)
            if since is not None:
                waits[name] = since, segments


@given(st.dictionaries(st.sampled_from([f"T-{number}" for number in range(8)]), st.tuples(st.integers(0, 9), SEGMENTS)), st.lists(PUTS, max_size=20))
def test_filled_is_as_put(waiting: dict[str, tuple[int, tuple[str, ...]]], puts: list[tuple[str, int | None, tuple[str, ...]]]) -> None:
    """What a recovery puts in at once is as if it had come one by one, and goes on as that."""
    filled, put = Oldest(), Oldest()
    filled.fill((name, since, segments) for name, (since, segments) in waiting.items())
    for name, (since, segments) in waiting.items():
        put.put(name, since, segments)
    assert dict(filled.close()) == dict(put.close())
    for step in puts:
        filled.put(*step)
        put.put(*step)
        assert dict(filled.close()) == dict(put.close())


def test_what_came_and_went_is_not_kept() -> None:
    """Although one has waited for longer than all of them."""
    oldest = Oldest()
    oldest.put("old", 1, ("a",))
    for number in range(10_000):
        oldest.put(f"T-{number}", 2 + number, ("a", "b"))
        list(oldest.close())
        oldest.put(f"T-{number}", None, ())
    assert sum(len(heap) for heap in oldest._heaps.values()) < 100
    assert (oldest.get("a"), oldest.get("b")) == ((1, "old"), (10_001, "T-9999"))
    list(oldest.close())
    assert (oldest.get("a"), oldest.get("b")) == ((1, "old"), None)
