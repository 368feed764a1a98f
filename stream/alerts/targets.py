"""Targets of figures, by segment. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from stream.alerts.verdict import Floats
from stream.settings import Settings

Segment = Mapping[str, str]
Override = tuple[Segment, Mapping[str, float]]
"""Values of a segment, and targets for it and all within it."""

_DEFAULT = "default"


class Targets:
    """What figures should be, in their own units. Arrays of many segments are worked out once for every segment of a growing list."""

    def __init__(self, default: Mapping[str, float], overrides: Sequence[Override] = (), first_response: Mapping[str, int] | None = None) -> None:
        self._default = default
        # By number of values; the sort is stable, so that of equal ones the later stays the later.
        self._overrides = sorted(overrides, key=lambda override: len(override[0]))
        self._first_response = first_response
        self._columns: dict[str, _Column] = {}
        self._first_responses = _Column(lambda segment: _or_nan(self.first_response_target(segment)))

    @classmethod
    def of(cls, settings: Settings) -> Targets:
        """The configured ones."""
        overrides: list[Override] = [
            ({str(name): value for name, value in found.segment.items()}, found.scores) for found in settings.alerts.segment_targets
        ]
        return cls(settings.alerts.targets, overrides, settings.targets.first_response)

    def target(self, metric: str, segment: Segment) -> float | None:
        """Target of a figure: that of the override with most values which all lie in the segment, of equal ones the later."""
        for values, scores in reversed(self._overrides):
            if metric in scores and values.items() <= segment.items():
                return scores[metric]
        return self._default.get(metric)

    def first_response_target(self, segment: Segment) -> int | None:
        """First-response target in ms: the channel's own, and the largest of all where the segment has no channel."""
        if self._first_response is None:
            return None
        if "channel" not in segment:
            return max(self._first_response.values())
        return self._first_response.get(segment["channel"], self._first_response[_DEFAULT])

    def of_segments(self, metric: str, segments: Sequence[Segment]) -> Floats:
        """`target` of many segments, shape (segments,); NaN where there is none."""
        column = self._columns.get(metric)
        if column is None:
            column = self._columns[metric] = _Column(lambda segment: _or_nan(self.target(metric, segment)))
        return column.of(segments)

    def first_response_of_segments(self, segments: Sequence[Segment]) -> Floats:
        """`first_response_target` of many segments, shape (segments,); NaN where there is none."""
        return self._first_responses.of(segments)


class _Column:
    """One figure of segments. A list that only grows, as the board's, is not gone through again."""

    def __init__(self, work_out: Callable[[Segment], float]) -> None:
        self._work_out = work_out
        self._segments: Sequence[Segment] = ()
        self._values = np.empty(0)

    def of(self, segments: Sequence[Segment]) -> Floats:
        """The figure of every segment."""
        if segments is not self._segments or len(segments) < len(self._values):
            self._segments, self._values = segments, np.empty(0)
        if len(segments) > len(self._values):
            new = [self._work_out(segment) for segment in segments[len(self._values) :]]
            self._values = np.concatenate([self._values, np.array(new, dtype=np.float64)])
        return self._values.copy()


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
