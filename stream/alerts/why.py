"""Why a proportion changed: its change between two windows, split exactly over the children of one dimension. Pure.

For child i with the proportion p_i and the weight w_i (its share of all cases), "mean" being that of both windows, d the change from the
window before to the window after, and P the mean of both totals:

    rate_i = mean w_i x dp_i            the child itself got better or worse
    mix_i  = (mean p_i - P) x dw_i      the child is good or bad, and its share of the cases changed

All rate_i and mix_i add up to the whole change, since the changes of the weights add up to 0. A child that is empty in one window takes its
proportion there from the other one. By E. M. Kitagawa, JASA 50, 1955, with the mix centred on P.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

TENTHS = 1000
"""Tenths of a point in the whole (100 points)."""
_CHILDREN_FOR_A_PARADOX = 2


class Counts(NamedTuple):
    """A proportion: `part` of `whole` cases."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Child:
    """What one child explains, as exact shares of the whole change, and in points with one decimal as they are shown."""

    name: str
    before: Counts
    after: Counts
    rate: Fraction
    mix: Fraction
    rate_points: float
    mix_points: float

    @property
    def effect(self) -> Fraction:
        """Rate and mix together."""
        return self.rate + self.mix


@dataclass(frozen=True, slots=True)
class Why:
    """The change of a proportion, by the children of one dimension: those that explain most of it first.

    `difference` is exact, `points` is what is shown: the shown effects of all children add up to it.
    `simpson`: every child that is large enough in both windows moved against the whole, so the change is one of the mix.
    """

    dimension: str
    before: Counts
    after: Counts
    difference: Fraction
    points: float
    children: tuple[Child, ...]
    simpson: bool


@dataclass(frozen=True, slots=True)
class NoWhy:
    """There is nothing to split; the reason in plain words."""

    reason: str


class _Effect(NamedTuple):
    name: str
    rate: Fraction
    mix: Fraction


def explain(dimension: str, before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]], min_n: int = 1) -> Why | NoWhy:
    """Split the change from `before` to `after`: (part, whole) by the name of the child, missing values under `(none)`.

    Only children with at least `min_n` cases in both windows say something about Simpson's paradox. ValueError unless 0 <= part <= whole.
    """
    olds, news = _counts(before), _counts(after)
    old, new = _total(olds.values()), _total(news.values())
    if not old.whole or not new.whole:
        return NoWhy(f"no cases in the window {'compared with' if not old.whole else 'itself'}")
    names = [name for name in sorted(olds.keys() | news.keys()) if olds.get(name, _NOTHING).whole or news.get(name, _NOTHING).whole]
    pairs = {name: (olds.get(name, _NOTHING), news.get(name, _NOTHING)) for name in names}
    effects = [_effect(name, *pairs[name], old, new) for name in names]
    difference = _proportion(new) - _proportion(old)
    shown = shown_tenths([part for effect in effects for part in (effect.rate, effect.mix)], difference)
    children = [
        Child(effect.name, *pairs[effect.name], effect.rate, effect.mix, rate / 10, mix / 10)
        for effect, rate, mix in zip(effects, shown[::2], shown[1::2], strict=True)
    ]
    return Why(dimension, old, new, difference, _tenths(difference) / 10, _most_first(children, difference), _simpson(pairs, difference, min_n))


def shown_tenths(parts: Sequence[Fraction], total: Fraction) -> list[int]:
    """Exact parts of a total in tenths of a point, rounded by largest remainder: they add up to the rounded total.

    None is off by a whole tenth, and what is a whole number of tenths stays as it is.
    """
    exact = [part * TENTHS for part in parts]
    whole = [part.__floor__() for part in exact]
    missing = _tenths(total) - sum(whole)
    by_remainder = sorted(range(len(parts)), key=lambda index: (whole[index] - exact[index], index))
    for index in by_remainder[:missing]:
        whole[index] += 1
    return whole


_NOTHING = Counts(0, 0)


def _counts(given: Mapping[str, tuple[int, int]]) -> dict[str, Counts]:
    counts = {name: Counts(*pair) for name, pair in given.items()}
    if any(not 0 <= part <= whole for part, whole in counts.values()):
        raise ValueError("not a proportion: 0 <= part <= whole must hold for every child")
    return counts


def _total(counts: Iterable[Counts]) -> Counts:
    found = list(counts)
    return Counts(sum(part for part, _ in found), sum(whole for _, whole in found))


def _proportion(counts: Counts) -> Fraction:
    return Fraction(counts.part, counts.whole)


def _effect(name: str, before: Counts, after: Counts, old: Counts, new: Counts) -> _Effect:
    """Rate and mix of one child that has cases in at least one window; `old` and `new` are the totals."""
    p_before, p_after = _proportion(before if before.whole else after), _proportion(after if after.whole else before)
    w_before, w_after = Fraction(before.whole, old.whole), Fraction(after.whole, new.whole)
    middle = (_proportion(old) + _proportion(new)) / 2
    return _Effect(name, (w_before + w_after) / 2 * (p_after - p_before), ((p_before + p_after) / 2 - middle) * (w_after - w_before))


def _tenths(share: Fraction) -> int:
    """Tenths of a point, halves rounded away from 0."""
    size = (abs(share) * TENTHS + Fraction(1, 2)).__floor__()
    return size if share >= 0 else -size


def _most_first(children: list[Child], difference: Fraction) -> tuple[Child, ...]:
    """By how much they explain: of the change in its own direction, or by size where there is none; equal ones by name."""
    sign = (difference > 0) - (difference < 0)
    return tuple(sorted(children, key=lambda child: (-sign * child.effect if sign else -abs(child.effect), child.name)))


def _simpson(pairs: Mapping[str, tuple[Counts, Counts]], difference: Fraction, min_n: int) -> bool:
    large = [_proportion(after) - _proportion(before) for before, after in pairs.values() if min(before.whole, after.whole) >= max(1, min_n)]
    return len(large) >= _CHILDREN_FOR_A_PARADOX and difference != 0 and all(change * difference < 0 for change in large)
