"""From the kind of a rule to its condition. Pure."""

from __future__ import annotations

from stream.alerts.conditions.drift import drift
from stream.alerts.conditions.found import verdicts
from stream.alerts.conditions.line import custom, one_window
from stream.alerts.conditions.oldest import oldest
from stream.alerts.conditions.scope import Lowered, covered, page_targets
from stream.alerts.conditions.signal import signal_lost, signal_low
from stream.alerts.conditions.windows import burn, intake, two_windows
from stream.alerts.rules import Burn, Custom, Drift, Intake, Oldest, OneWindow, Rule, SignalLost, SignalLow, TwoWindows
from stream.alerts.sight import Sight
from stream.alerts.targets import Targets
from stream.alerts.verdict import Flags, Verdicts


def judge(rule: Rule, name: str, sight: Sight, targets: Targets, lowered: Lowered, active: Flags | None = None) -> Verdicts:
    """What a rule says of every segment of a sight.

    `lowered`: page targets by (metric, segment key), for rules of two windows. `active`: where the signal rules are looked at, shape
    (segments,) or that of the sight's arrays; everywhere if None. ValueError for a rule that is an event (`rating`).
    """
    where = covered(rule, sight.segments)
    match rule:
        case TwoWindows():
            found = two_windows(rule, sight, page_targets(rule.metric, sight.segments, targets, lowered))
        case OneWindow():
            found = one_window(rule, sight, where, targets.of_segments(rule.metric, sight.segments))
        case Burn():
            found = burn(rule, sight, targets.of_segments(rule.metric, sight.segments))
        case Drift():
            found = drift(rule, sight)
        case Oldest():
            found = oldest(rule, sight, targets)
        case SignalLost():
            found = signal_lost(rule, sight, active)
        case SignalLow():
            found = signal_low(rule, sight, active)
        case Intake():
            found = intake(rule, sight)
        case Custom():
            found = custom(rule, sight, where)
        case _:
            raise ValueError(f"{name}: a rule of the kind '{rule.kind}' is an event, it has no condition")
    return verdicts(sight, where, found)
