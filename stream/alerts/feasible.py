"""What arithmetic and the figures rule out: rules that could never be judged, or never hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from stream import durations
from stream.alerts.conditions.shares import ALL_OF_IT
from stream.alerts.conditions.signal import WEEK
from stream.alerts.rules import Bound, Burn, Custom, Drift, Intake, Oldest, OneWindow, Point, Rating, Rule, SignalLost, SignalLow, TwoWindows
from stream.durations import HOUR
from stream.errors import Fault
from stream.kpis.definition import Metric, Span
from stream.kpis.registry import all_metrics
from stream.segments import AGENT
from stream.setting_parts import ALL, Dimension, window_length
from stream.state.panes import HOURS_KEPT
from stream.windows.spans import NOW, window_of

_OLDEST = "oldest_waiting"
_EVERYTHING = 1 << 62
_LONGEST_SHORT = 4 * HOUR
_HELD = HOURS_KEPT * HOUR


def faults(rule: Rule, shipped: Rule | None) -> Iterator[Fault]:
    """What makes a rule impossible, with the path within the rule. `shipped`: the rule that it changes; its own figure may be one to come."""
    yield from _place_faults(rule)
    if isinstance(rule, Intake):
        yield from _intake_faults(rule)
    elif not isinstance(rule, Rating):
        metric = next((found for _, found in all_metrics() if found.name == rule.metric), None)
        if metric is not None:
            yield from _metric_faults(rule, metric)
        elif rule.metric != getattr(shipped, "metric", None):
            yield Fault("metric", "there is no such figure")


def budget_faults(rule: Rule, targets: Mapping[str, float]) -> Iterator[Fault]:
    """A burn that even nothing but bad cases can't reach: it can be at most 1 / (1 - t)."""
    target = targets.get(rule.metric) if isinstance(rule, Burn) else None
    if isinstance(rule, Burn) and target is not None and rule.burn * (ALL_OF_IT - target) > ALL_OF_IT:
        most = ALL_OF_IT / (ALL_OF_IT - target)
        yield Fault("burn", f"with the target of {target:g} it can be at most {most:g}")


def _place_faults(rule: Rule) -> Iterator[Fault]:
    known = set(get_args(Dimension))
    lists = rule.lists or ()
    if any(set(dimensions) - known for dimensions in lists):
        yield Fault("lists", f"dimensions are {', '.join(get_args(Dimension))}")
    if rule.severity == "page" and any(AGENT in dimensions for dimensions in lists):
        yield Fault("lists", "figures of single agents never page")
    for name in sorted(set(rule.segment or ()) - known):
        yield Fault(f"segment.{name}", f"dimensions are {', '.join(get_args(Dimension))}")


def _metric_faults(rule: Rule, metric: Metric) -> Iterator[Fault]:
    match rule:
        case TwoWindows() | Burn():
            yield from _percentage_faults(metric)
            yield from _pair_faults(rule.long, rule.short, metric)
        case OneWindow():
            yield from _window_faults("window.window", rule.window.window, metric)
            yield from _interval_faults(metric)
        case Drift():
            yield from _counted_faults(metric)
            yield from _drift_faults(rule)
        case Oldest():
            if metric.name != _OLDEST:
                yield Fault("metric", f"must be {_OLDEST}")
        case SignalLost() | SignalLow():
            yield from _counted_faults(metric)
            yield from _signal_faults(rule)
        case Custom():
            yield from _custom_faults(rule, metric)


def _percentage_faults(metric: Metric) -> Iterator[Fault]:
    if metric.ratio is None:
        yield Fault("metric", "must be a percentage")


def _counted_faults(metric: Metric) -> Iterator[Fault]:
    if metric.ratio is None or metric.span is not Span.SLIDING:
        yield Fault("metric", "must be a percentage that is known at once")


def _interval_faults(metric: Metric) -> Iterator[Fault]:
    if metric.span is Span.LEVEL:
        yield Fault("metric", "has no confidence interval")


def _window_faults(path: str, name: str, metric: Metric) -> Iterator[Fault]:
    """The window is one that the figure can have."""
    if metric.span is Span.LEVEL or name == NOW:
        fits = metric.span is Span.LEVEL and name == NOW
        message = f"the figure has the window {NOW} alone" if metric.span is Span.LEVEL else "only levels have it"
        if not fits:
            yield Fault(path, message)
        return
    yield from _length_faults(path, name, lambda: _length(name) > 0 and window_of(name, metric.span) is not None)


def _length_faults(path: str, name: str, fits: Callable[[], bool]) -> Iterator[Fault]:
    try:
        if not fits():
            yield Fault(path, "the figure has no such window")
    except ValueError as error:
        yield Fault(path, str(error).removeprefix(f"{name}: "))


def _length(name: str) -> int:
    return _EVERYTHING if name == ALL else window_length(name)


def _pair_faults(long: Bound | Point, short: Point, metric: Metric) -> Iterator[Fault]:
    found = [*_window_faults("long.window", long.window, metric), *_window_faults("short.window", short.window, metric)]
    if not found and _length(short.window) >= _length(long.window):
        found.append(Fault("short.window", "must be shorter than the long window"))
    yield from found


def _drift_faults(rule: Drift) -> Iterator[Fault]:
    if not rule.thresholds or any(rate < 1 or not threshold > 0 for rate, threshold in rule.thresholds.items()):
        yield Fault("thresholds", "needs at least one, all above 0, by whole numbers of cases an hour from 1")
    if rule.baseline is None and rule.baseline_gap >= _HELD:
        yield Fault("baseline_gap", f"nothing older than {durations.text(_HELD)} is held")


def _signal_faults(rule: SignalLost | SignalLow) -> Iterator[Fault]:
    if rule.min_weeks > rule.weeks:
        yield Fault("min_weeks", "must not be more than 'weeks'")
    lost = isinstance(rule, SignalLost)
    names = rule.windows if isinstance(rule, SignalLost) else (rule.window,)
    path = "windows" if lost else "window"
    if not names:
        yield Fault(path, "at least one is needed")
    for place, name in enumerate(names):
        yield from _past_faults(f"{path}.{place}" if lost else path, name, rule.weeks)


def _past_faults(path: str, name: str, weeks: int) -> Iterator[Fault]:
    """The same window in every one of the past weeks is still held."""
    found = [Fault(path, "only levels have it")] if name == NOW else list(_length_faults(path, name, lambda: _length(name) > 0))
    if not found and weeks * WEEK + _length(name) > _HELD:
        found.append(Fault(path, f"nothing older than {durations.text(_HELD)} is held"))
    yield from found


def _intake_faults(rule: Intake) -> Iterator[Fault]:
    found = list(_length_faults("window", rule.window, lambda: window_length(rule.window) > 0))
    if not found and window_length(rule.window) > _LONGEST_SHORT:
        found.append(Fault("window", f"must be at most {durations.text(_LONGEST_SHORT)}"))
    yield from found


def _custom_faults(rule: Custom, metric: Metric) -> Iterator[Fault]:
    yield from _window_faults("window", rule.window, metric)
    if rule.confidence is not None:
        yield from _interval_faults(metric)
    if metric.ratio is not None and rule.below is not None and not 0 < rule.below <= ALL_OF_IT:
        yield Fault("below", "no percentage can be below this, or every one is")
    if metric.ratio is not None and rule.above is not None and not 0 <= rule.above < ALL_OF_IT:
        yield Fault("above", "no percentage can be above this, or every one is")
