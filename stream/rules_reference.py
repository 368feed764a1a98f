"""The page docs/rules.md: the shipped rules in words, and the fields of a rule of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stream import durations
from stream.alerts.needs import windows_of
from stream.alerts.rules import Bound, Burn, Custom, Drift, Intake, Oldest, OneWindow, Point, Rating, Rule, SignalLost, SignalLow, TwoWindows
from stream.alerts.shipped import shipped_rules
from stream.kpis.registry import all_metrics
from stream.settings import Settings

HEAD = """# Rules

Made by `python -m stream.reference`; do not edit. What rules do, and how to change one: [alerts.md](alerts.md).

## The shipped rules

{targets}
*Surely* below or above: the end of the one-sided interval that lies towards the target is still past it. n: cases in the window.
Where a number comes from: *definition* is what the rule is defined by; *simulated* is what the rule as a whole was found to do (the bench draws its
months with the seeds that are named); *our own* was chosen by this project, for the reason given, and not simulated.

| rule | severity | condition | where the numbers come from |
| --- | --- | --- | --- |
"""
TIMES_HEAD = """
## When they fire and when they end

*For*: how long the condition must hold. *Worse by*: what is said within the cooldown all the same. 5m until it fires, 1h until it ends, a
cooldown of 6h and 10 points are the definition of the states, and `bench/alerts.py` simulates rules with them; what differs has its source in the
table above.

| rule | segments | for | ends when | for | cooldown | worse by | stands still without signal |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
FIELDS_HEAD = """
## Fields

Under `alerts.rules` in `csat.yaml`, by the rule's name. A shipped rule keeps what is not named. A rule of one's own needs `kind`, `severity`
and the fields without a default. Every rule has these:

"""
_TABLE = "| field | default | meaning |\n| --- | --- | --- |\n"
_NEEDED = "needed"
_OWN_SOURCE = "`own`"
_CLEAR_POINTS = "2 points above target (half the room to 100 % where that is less)"
_CLEAR_TENTH = "past target by a tenth of it"


def rules_page() -> str:
    """The whole page."""
    rules = shipped_rules()
    shipped = "".join(f"| `{name}` | {rule.severity} | {condition(rule)}{_absent(rule)} | {rule.source} |\n" for name, rule in rules.items())
    times = "".join(_times_row(name, rule) for name, rule in rules.items() if not isinstance(rule, Rating))
    return HEAD.format(targets=_targets()) + shipped + TIMES_HEAD + times + FIELDS_HEAD + "\n".join(_field_tables())


def condition(rule: Rule) -> str:
    """What must hold, in words."""
    match rule:
        case TwoWindows():
            text = f"`{rule.metric}` is surely below target {_bound(rule.long, 'upper')}, and below target {_point(rule.short)}"
        case OneWindow():
            text = f"`{rule.metric}` is surely {rule.side} target {_bound(rule.window, 'upper' if rule.side == 'below' else 'lower')}{_lowers(rule)}"
        case Drift():
            shift = f"the CUSUM of its hour panes over 30 days is above {_thresholds(rule)}"
            text = f"`{rule.metric}` has shifted down: {shift}; usual value: {_usual(rule)}"
        case Burn():
            bad = f"the bad cases of `{rule.metric}` are at least {rule.burn:g} times those the target allows"
            text = f"{_point(rule.long)} and {_point(rule.short)} {bad}"
        case Custom():
            text = _own(rule)
        case _:
            text = _of_the_rest(rule)
    return text


def _of_the_rest(rule: Oldest | SignalLost | SignalLow | Intake | Rating) -> str:
    match rule:
        case Oldest():
            text = f"the ticket that has waited longest has waited more than {rule.factor:g} times its first-response target"
        case SignalLost():
            expected = f"at least {rule.expected:g} are expected, by {_weeks(rule)}"
            text = f"no case of `{rule.metric}` in the shortest of {', '.join(rule.windows)} in which {expected}"
        case SignalLow():
            cases = f"{_percent(rule.share)} of the cases of `{rule.metric}` that are expected over {rule.window}"
            text = f"surely (Poisson, {_percent(rule.confidence)}) fewer than {cases}, where at least {rule.expected:g} are, by {_weeks(rule)}"
        case Intake():
            letters = f"{rule.above:g} % of all records are dead letters over {rule.window} (n >= {rule.min_n})"
            text = f"surely (Wilson, {_percent(rule.confidence)}) more than {letters}"
        case _:
            text = f"a rating on the lowest step of its scale: an event each, at most {rule.at_most_an_hour} an hour to one receiver"
    return text


def _own(rule: Custom) -> str:
    side, limit = ("above", rule.above) if rule.below is None else ("below", rule.below)
    surely = f" surely ({_percent(rule.confidence)})" if rule.confidence else ""
    return f"`{rule.metric}` is{surely} {side} {limit:g} over {rule.window} (n >= {rule.min_n})"


def _bound(window: Bound, end: str) -> str:
    return f"over {window.window} ({end} bound, z = {window.z:g}: {_percent(NormalDist().cdf(window.z))}, n >= {window.min_n})"


def _point(window: Point) -> str:
    return f"over {window.window} (n >= {window.min_n})"


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g} %"


def _lowers(rule: OneWindow) -> str:
    if rule.lowers_page_target_by is None:
        return ""
    return (
        f"; from then on the two-window rules of the figure hold the segment to {rule.lowers_page_target_by:g} points below the score it had, "
        "until somebody sets another target"
    )


def _thresholds(rule: Drift) -> str:
    return " and ".join(f"{threshold:g} at {rate} cases an hour" for rate, threshold in sorted(rule.thresholds.items()))


def _usual(rule: Drift) -> str:
    if rule.baseline is not None:
        return f"{rule.baseline:g} %"
    return f"that of at least {rule.baseline_n:,} cases that end {durations.text(rule.baseline_gap)} ago, or `baseline`"


def _weeks(rule: SignalLost | SignalLow) -> str:
    return f"the same hours of the last {rule.weeks} weeks (at least {rule.min_weeks})"


def _absent(rule: Rule) -> str:
    metric = getattr(rule, "metric", None)
    known = metric is None or any(found.name == metric for _, found in all_metrics())
    return "" if known else f" (there is no figure `{metric}` yet, so the rule rests)"


def _times_row(name: str, rule: Rule) -> str:
    cells = (
        f"`{name}`",
        _segments(rule),
        _span(rule.wait),
        _ends(rule),
        _span(rule.clear_for),
        durations.text(rule.cooldown),
        f"{rule.worse_by:g} {'% of the wait last said' if isinstance(rule, Oldest) else _worse_unit(rule)}",
        "yes" if rule.freezes_with_signal else "no",
    )
    return f"| {' | '.join(cells)} |\n"


def _span(duration: int) -> str:
    return durations.text(duration) if duration else "at once"


def _worse_unit(rule: Rule) -> str:
    return "cases" if isinstance(rule, SignalLost | SignalLow) else "points"


def _segments(rule: Rule) -> str:
    if rule.lists is None:
        return "all but those of agents"
    return "; ".join(f"by {' and '.join(names)}" if names else "everything" for names in rule.lists)


def _ends(rule: Rule) -> str:
    """When the score is past target again."""
    match rule:
        case Drift():
            return "the CUSUM is at half of that or less"
        case Oldest():
            return "none waits that long"
        case SignalLost():
            return f"a case was seen within {min(rule.windows, key=durations.parse)}"
        case SignalLow():
            return f"{_percent(rule.share)} of what is expected or more"
        case Intake():
            return f"{rule.above:g} % or less"
        case _:
            share = any(found.name == getattr(rule, "metric", None) and found.ratio is not None for _, found in all_metrics())
            return f"{_CLEAR_POINTS if share else _CLEAR_TENTH} over {next(windows_of(rule), '')}"


def _targets() -> str:
    listed = ", ".join(f"`{name}` {target:g} %" for name, target in sorted(Settings().alerts.targets.items()))
    return f"Targets as shipped (`alerts.targets`): {listed}.\n"


def _field_tables() -> Iterator[str]:
    models: tuple[type[BaseModel], ...] = get_args(get_args(Rule)[0])
    common = set.intersection(*(set(model.model_fields) for model in models)) - {"kind"}
    fields = {name: field for name, field in models[0].model_fields.items() if name in common}
    yield _TABLE + "".join(_rows(fields))
    for model in models:
        kind = get_args(model.model_fields["kind"].annotation)[0]
        own = {name: field for name, field in model.model_fields.items() if name not in common and name != "kind"}
        yield f"### `{kind}`\n\n{(model.__doc__ or '').strip()}\n\n{_TABLE}{''.join(_rows(own))}"


def _rows(fields: Mapping[str, FieldInfo], prefix: str = "") -> Iterator[str]:
    for name, field in fields.items():
        shown = prefix + (field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(field.annotation.model_fields, f"{shown}.")
        else:
            yield f"| `{shown}` | {_default(name, field)} | {' '.join((field.description or '').split())} |\n"


def _default(name: str, field: FieldInfo) -> str:
    if name == "source":
        return _OWN_SOURCE
    if field.is_required():
        return _NEEDED
    value: Any = field.get_default(call_default_factory=True)
    if value is None:
        return "-"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if any("Serializer" in type(item).__name__ for item in field.metadata):
        return f"`{durations.text(value)}`"
    return "`{" + ", ".join(f"{key}: {entry}" for key, entry in value.items()) + "}`" if isinstance(value, dict) else f"`{value}`"
