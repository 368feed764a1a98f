"""Why a rule says nothing of a segment: what it lacks there, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from stream import durations
from stream.alerts.dormant import enough_of
from stream.alerts.needs import windows_of
from stream.alerts.rules import Burn, Drift, Intake, OneWindow, Rating, Rule, SignalLost, SignalLow, TwoWindows
from stream.alerts.sight import Sight
from stream.alerts.targets import Targets
from stream.kpis.registry import all_metrics
from stream.setting_parts import ALL


def why_not(rule: Rule, sight: Sight, targets: Targets, segment: Mapping[str, str]) -> str:
    """What keeps a rule from being judged in a segment that it covers."""
    if isinstance(rule, Rating | Intake):
        return "nothing was counted yet"
    if rule.metric not in {metric.name for _, metric in all_metrics()}:
        return f"there is no figure called {rule.metric} yet"
    history = _history(rule, targets, segment)
    if history:
        return history
    if isinstance(rule, TwoWindows | OneWindow | Burn) and targets.target(rule.metric, segment) is None:
        return f"no target for {rule.metric}"
    missing = [window for window in windows_of(rule) if sight.ratio(rule.metric, window) is None]
    return f"{rule.metric} has no window {missing[0]}" if missing else "nothing was counted yet"


def _history(rule: Rule, targets: Targets, segment: Mapping[str, str]) -> str:
    """What a rule lacks of the past; nothing for rules that need none."""
    if isinstance(rule, Drift):
        return f"no usual value yet: it takes {rule.baseline_n:,} cases that are at least a week old, or a configured one"
    if isinstance(rule, SignalLost | SignalLow):
        return f"fewer than {rule.min_weeks} weeks of history"
    if isinstance(rule, OneWindow) and rule.min_history and targets.target(rule.metric, segment) is not None:
        return f"less than {durations.text(rule.min_history)} of history"
    return ""


def why_dormant(rule: Rule) -> str:
    """What a dormant rule waits for."""
    enough = enough_of(rule)
    if enough is None:
        return ""
    window = next(windows_of(rule), ALL)
    return f"dormant: {enough[1]} cases within {window} on fewer than 1 day in 7"
