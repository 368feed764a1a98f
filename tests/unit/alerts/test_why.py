"""Why a proportion changed: examples by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from stream.alerts.why import Counts, NoWhy, Why, explain, shown_tenths

NONE = Fraction(0)


def split(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], min_n: int = 1) -> Why:
    """The decomposition by channel, which there must be."""
    why = explain("channel", before, after, min_n)
    assert isinstance(why, Why)
    return why


def test_one_child_that_fell() -> None:
    """Equal shares, one child falls from 9 of 10 to 4 of 10: half of its 50 points is all there is, and it is its rate."""
    why = split({"chat": (9, 10), "email": (9, 10)}, {"chat": (4, 10), "email": (9, 10)})
    assert (why.before, why.after, why.difference, why.points) == (Counts(18, 20), Counts(13, 20), Fraction(-1, 4), -25.0)
    chat, email = why.children
    assert (chat.name, chat.rate, chat.mix, chat.rate_points, chat.mix_points) == ("chat", Fraction(-1, 4), NONE, -25.0, 0.0)
    assert (email.name, email.rate, email.mix) == ("email", NONE, NONE)
    assert not why.simpson


def test_only_the_mix_changed() -> None:
    """A bad child grows from 2 to 8 of 10: nobody got worse, and growing bad and shrinking good explain a half each."""
    why = split({"bad": (0, 2), "good": (8, 8)}, {"bad": (0, 8), "good": (2, 2)})
    assert why.difference == Fraction(-3, 5)
    assert [(child.name, child.rate, child.mix) for child in why.children] == [("bad", NONE, Fraction(-3, 10)), ("good", NONE, Fraction(-3, 10))]


def test_a_child_that_enters_has_no_rate() -> None:
    """A new bad child takes its own proportion as the one before, so all it explains is mix: (0 - 3/4) x 1/2 of the change."""
    why = split({"old": (10, 10)}, {"new": (0, 10), "old": (10, 10)})
    assert [(child.name, child.rate, child.mix) for child in why.children] == [("new", NONE, Fraction(-3, 8)), ("old", NONE, Fraction(-1, 8))]
    assert why.children[0].before == Counts(0, 0)


def test_a_child_that_leaves_has_no_rate() -> None:
    """A good child that is gone keeps its proportion; those without cases in both windows are no children."""
    why = split({"gone": (10, 10), "stays": (0, 10), "empty": (0, 0)}, {"stays": (0, 10)})
    assert [(child.name, child.rate, child.mix) for child in why.children] == [("gone", NONE, Fraction(-3, 8)), ("stays", NONE, Fraction(-1, 8))]


def test_simpsons_paradox() -> None:
    """Both channels got better, yet the whole fell: most cases moved to the worse channel."""
    before, after = {"chat": (10, 20), "email": (72, 80)}, {"chat": (44, 80), "email": (19, 20)}
    why = split(before, after, min_n=20)
    assert (why.before, why.after) == (Counts(82, 100), Counts(63, 100))
    assert why.simpson
    assert all(child.rate > 0 for child in why.children)
    assert sum(child.mix for child in why.children) < why.difference == Fraction(-19, 100)
    assert not split(before, after, min_n=21).simpson


def test_no_paradox_with_one_child_or_one_that_stood_still() -> None:
    """One child can't go against the whole by itself, and one that did not move does not go against it."""
    assert not split({"a": (5, 10), "b": (10, 10)}, {"a": (6, 10), "b": (1, 1), "c": (0, 9)}, min_n=10).simpson
    assert not split({"a": (10, 20), "b": (72, 80)}, {"a": (40, 80), "b": (19, 20)}).simpson


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({}, {"a": (1, 1)}, "no cases in the window compared with"),
        ({"a": (1, 1)}, {"a": (0, 0)}, "no cases in the window itself"),
        ({}, {}, "no cases in the window compared with"),
    ],
)
def test_an_empty_window_explains_nothing(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], reason: str) -> None:
    """Without cases on either side there is a reason instead."""
    assert explain("team", before, after) == NoWhy(reason)


@pytest.mark.parametrize("wrong", [(2, 1), (-1, 1)])
def test_what_is_no_proportion_is_refused(wrong: tuple[int, int]) -> None:
    """A part is between nothing and the whole."""
    with pytest.raises(ValueError, match="not a proportion"):
        explain("team", {"a": wrong}, {"a": (1, 1)})


def test_the_child_that_explains_most_comes_first() -> None:
    """What goes in the direction of the whole first; of equal ones the first by name. Where the whole stands still, the largest."""
    fell = split({"a": (5, 10), "b": (10, 10), "c": (10, 10)}, {"a": (9, 10), "b": (3, 10), "c": (3, 10)})
    assert [child.name for child in fell.children] == ["b", "c", "a"]
    still = split({"a": (5, 10), "b": (5, 10), "c": (5, 10)}, {"a": (6, 10), "b": (3, 10), "c": (6, 10)})
    assert (still.difference, [child.name for child in still.children]) == (NONE, ["b", "a", "c"])


def test_shown_parts_by_largest_remainder() -> None:
    """Three thirds of a whole tenth: one of them is shown. 0.05 points are rounded away from 0 on either side."""
    third = Fraction(1, 3000)
    assert shown_tenths([third, third, third], Fraction(1, 1000)) == [1, 0, 0]
    assert shown_tenths([Fraction(14, 10_000), Fraction(16, 10_000)], Fraction(3, 1000)) == [1, 2]
    assert shown_tenths([Fraction(1, 2000)], Fraction(1, 2000)) == [1]
    assert shown_tenths([-Fraction(1, 2000)], -Fraction(1, 2000)) == [-1]


def test_equal_remainders_are_rounded_by_name() -> None:
    """Three children with 0.04 points each make 0.1: the first by name shows it, in whatever order they are given."""
    before, after = dict.fromkeys("cab", (1250, 2500)), dict.fromkeys("bca", (1253, 2500))
    why = split(before, after)
    assert (why.points, [(child.name, child.rate_points) for child in why.children]) == (0.1, [("a", 0.1), ("b", 0.0), ("c", 0.0)])
