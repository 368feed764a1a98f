"""What a score says beyond its value: quantiles, mean, ages, misses, in a few words."""

from __future__ import annotations

from schemas.scores import Score
from stream.board.units import human_seconds, human_time

_AGES = {"under_1d": "<1d", "1d_3d": "1-3d", "3d_7d": "3-7d", "7d_30d": "7-30d", "over_30d": ">30d"}


def details(score: Score) -> str:
    """The second figure a reader asks for: quantiles of durations, the mean of ratings, the ages of a backlog, parts of a share."""
    if score.metric.startswith("csat"):
        return _rating_details(score)
    if score.unit == "seconds":
        return _duration_details(score)
    if score.unit == "unix_seconds":
        return f"since {human_time(score.value)}"
    if score.metric == "backlog":
        return ", ".join(f"{label} {score.counts[name]:,}" for name, label in _AGES.items() if score.counts.get(name))
    return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in score.counts.items())


def _rating_details(score: Score) -> str:
    mean = score.stats.get("mean")
    stars = "/".join(str(score.counts.get(f"star_{star}", 0)) for star in range(1, 6))
    return f"stars {stars}" + (f", mean {mean:.2f}" if mean is not None else "")


def _duration_details(score: Score) -> str:
    quantiles = [(name, score.stats.get(name)) for name in ("p50", "p90")]
    return ", ".join(f"{name} {human_seconds(value)}" for name, value in quantiles if value is not None)
