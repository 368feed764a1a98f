"""Why a proportion changed: what holds for any two windows."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.why import NoWhy, Why, explain, shown_tenths

_counts = st.one_of(
    st.just((0, 0)),
    st.integers(0, 40).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))),
    st.integers(0, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))),
)
windows = st.dictionaries(st.sampled_from(("chat", "email", "phone", "web", "(none)", "")), _counts, max_size=6)


def total(window: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Part and whole of all children."""
    return sum(part for part, _ in window.values()), sum(whole for _, whole in window.values())


@given(windows, windows)
def test_effects_add_up_to_the_change_exactly(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    """Rate and mix of all children, entering and leaving ones included, are the whole change, as fractions."""
    why = explain("channel", before, after)
    if isinstance(why, NoWhy):
        assert total(before)[1] == 0 or total(after)[1] == 0
        return
    assert why.difference == Fraction(*total(after)) - Fraction(*total(before))
    assert sum(child.rate + child.mix for child in why.children) == why.difference
    assert {child.name for child in why.children} == {name for window in (before, after) for name, (_, whole) in window.items() if whole}


@given(windows, windows)
def test_what_is_shown_adds_up_to_what_is_shown(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    """The shown tenths of a point add up to the shown change, and none is a tenth off."""
    why = explain("channel", before, after)
    if isinstance(why, Why):
        shown = [(share, points) for child in why.children for share, points in ((child.rate, child.rate_points), (child.mix, child.mix_points))]
        assert sum(round(10 * points) for _, points in shown) == round(10 * why.points)
        assert all(abs(Fraction(round(10 * points), 1000) - share) < Fraction(1, 1000) for share, points in shown)
        assert abs(Fraction(round(10 * why.points), 1000) - why.difference) <= Fraction(1, 2000)


@given(windows, windows, st.randoms())
def test_the_order_of_the_children_does_not_matter(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], random: Random) -> None:
    """Any order of the same children gives the same answer."""
    names = sorted(before), sorted(after)
    for each in names:
        random.shuffle(each)
    shuffled = explain("channel", {name: before[name] for name in names[0]}, {name: after[name] for name in names[1]})
    assert shuffled == explain("channel", before, after)


@given(windows, windows)
def test_entering_and_leaving_children_have_no_rate(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    """A child that is empty in one window can only have changed the mix."""
    why = explain("channel", before, after)
    if isinstance(why, Why):
        assert all(child.rate == 0 for child in why.children if not child.before.whole or not child.after.whole)


@given(windows, windows)
def test_back_and_forth(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> None:
    """The way back has the same effects with the other sign."""
    there, back = explain("channel", before, after), explain("channel", after, before)
    if isinstance(there, Why) and isinstance(back, Why):
        assert {child.name: (child.rate, child.mix) for child in there.children} == {child.name: (-child.rate, -child.mix) for child in back.children}
        assert there.simpson == back.simpson


@given(st.lists(st.fractions(-1, 1, max_denominator=5000), max_size=12))
def test_exact_tenths_are_never_touched(parts: list[Fraction]) -> None:
    """What is a whole number of tenths of a point is shown as it is."""
    shown = shown_tenths(parts, sum(parts, Fraction(0)))
    assert all(tenths == part * 1000 for part, tenths in zip(parts, shown, strict=True) if (part * 1000).denominator == 1)
