"""Which segments a rule covers, and the targets it holds them to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stream.alerts.rules import Rule
from stream.alerts.targets import Targets
from stream.alerts.verdict import Flags, Floats
from stream.segments import AGENT, parse_segment

Lowered = Mapping[tuple[str, str], float]
"""Lowered page targets by metric and segment (canonical text)."""


def covered(rule: Rule, segments: Sequence[Mapping[str, str]]) -> Flags:
    """Segments of the rule's lists (without any: all that have no agent) that have the rule's values."""
    found = _in_lists(rule, segments)
    if rule.segment:
        wanted = rule.segment.items()
        found &= np.array([wanted <= segment.items() for segment in segments], dtype=np.bool_)
    return found


def _in_lists(rule: Rule, segments: Sequence[Mapping[str, str]]) -> Flags:
    if rule.lists is None:
        return np.array([AGENT not in segment for segment in segments], dtype=np.bool_)
    lists = {frozenset(dimensions) for dimensions in rule.lists}
    return np.array([frozenset(segment) in lists for segment in segments], dtype=np.bool_)


def page_targets(metric: str, segments: Sequence[Mapping[str, str]], targets: Targets, lowered: Lowered) -> Floats:
    """Targets by segment, those that were lowered in place of higher ones; NaN where there is no target."""
    found = targets.of_segments(metric, segments)
    for (name, key), target in lowered.items():
        if name == metric:
            values = parse_segment(key)
            rows = [row for row, segment in enumerate(segments) if segment == values]
            found[rows] = np.minimum(found[rows], target)
    return found
