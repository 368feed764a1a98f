"""Alerts in one line of plain words. Pure."""

from __future__ import annotations

from schemas.alert_parts import RatingOut
from schemas.alerts import Alert
from stream.alerts.phrases import bad, cases, duration, expected, figure, limit, moment, named, place, points, title

_PREFIXES = {"pending": "Pending: ", "back": "Data again: ", "worse": "Worse: ", "still": "Still: "}
_SIGNALS = frozenset({"signal_lost", "signal_low"})
_TARGETS = {"drift": "usually", "intake": "limit"}
_PERCENT = 100


def summary(alert: Alert) -> str:
    """What a person reads first."""
    if alert.rating is not None:
        return _rating(alert.rating)
    if alert.all_clear is not None:
        return all_clear(alert)
    if alert.event == "cancelled":
        return f"Over before it fired: {subject(alert)}{_now(alert)}"
    if alert.state == "stale":
        return f"No data any more: {subject(alert)}, alert of {moment(alert.fired_at or alert.as_of)}"
    line = _condition(alert) + _loss(alert) + _mostly(alert) + _waiting(alert)
    line = _PREFIXES[alert.event] + line if alert.event in _PREFIXES else line[0].upper() + line[1:]
    return line if alert.inhibited_by is None else f"{line}; told by the alert of {place(alert.inhibited_by)}"


def all_clear(alert: Alert) -> str:
    """What a person reads when it is over: how it is now, how long it lasted, and what it cost. ValueError while it is not."""
    if alert.all_clear is None:
        raise ValueError("the alert has not ended")
    over = duration(alert.all_clear.duration_ms / 1000)
    cost = f" with {alert.all_clear.bad} {bad(alert.metric)} of {alert.all_clear.n}" if alert.all_clear.n else ""
    if alert.reason == "no_data":
        return f"Ended for lack of data: {subject(alert)}, after {over}{cost}"
    return f"All clear: {subject(alert)}{_now(alert)}, after {over}{cost}"


def subject(alert: Alert) -> str:
    """What the alert is about, such as `CSAT of team billing`."""
    where, name = place(alert.segment), title(alert.metric or "")
    if alert.kind in _SIGNALS:
        return f"{name} {cases(alert.metric)} of {where}"
    return {"oldest": f"oldest waiting ticket of {where}", "intake": "share of dead letters"}.get(alert.kind, f"{name} of {where}")


def _rating(rating: RatingOut) -> str:
    return f"Rating {rating.score} on the scale {rating.scale_min} to {rating.scale_max}: ticket {named(rating.ticket_id)}"


def _condition(alert: Alert) -> str:
    """What holds, by kind of rule."""
    if alert.value is None or alert.kind in _SIGNALS:
        return f"{subject(alert)}{_now(alert)}"
    verbs = {
        "oldest": "has waited",
        "drift": f"has shifted{f' since {moment(alert.shift_began)}' if alert.shift_began else ''} to",
        "burn": f"has {_times(alert)} the bad cases that its target allows, at",
    }
    return f"{subject(alert)} {verbs.get(alert.kind) or _verb(alert)} {figure(alert.value, alert.unit)}{_brackets(alert, bound=True)}"


def _verb(alert: Alert) -> str:
    """Only what has just been found out has fallen."""
    if alert.event != "fired" or alert.target is None or alert.value is None or alert.value == alert.target:
        return "is at"
    return "fell to" if alert.value < alert.target else "rose to"


def _times(alert: Alert) -> str:
    if alert.value is None or alert.target is None or alert.target >= _PERCENT:
        return "a multiple of"
    return f"{(_PERCENT - alert.value) / (_PERCENT - alert.target):.1f} times"


def _now(alert: Alert) -> str:
    """How it stands: `: 86.0 % (4h, n=50, target 80 %)`."""
    if alert.value is None:
        return " without a value"
    value = figure(alert.value, alert.unit)
    if alert.kind in _SIGNALS:
        return f": {value} in {alert.window}" + (f", expected {expected(alert.target)}" if alert.target is not None else "")
    return f": {value}{_brackets(alert)}"


def _brackets(alert: Alert, *, bound: bool = False) -> str:
    """` (4h, n=49, upper bound 78.9 %, target 80 %)`."""
    parts = [f"{alert.window}, n={alert.n}"] if alert.kind != "oldest" else []
    if bound and alert.bound is not None and alert.value is not None:
        parts.append(f"{'upper' if alert.bound >= alert.value else 'lower'} bound {figure(alert.bound, alert.unit)}")
    if alert.target is not None:
        parts.append(f"{_TARGETS.get(alert.kind, 'target')} {limit(alert.target, alert.unit)}")
    return f" ({', '.join(parts)})" if parts else ""


def _loss(alert: Alert) -> str:
    lost = alert.lost
    if lost is None or alert.kind == "intake":
        return ""
    return f": {lost.bad} {bad(alert.metric)} of {lost.of}, expected {expected(lost.expected)}"


def _waiting(alert: Alert) -> str:
    """The ticket that has waited longest, where that is what holds."""
    return f": ticket {named(alert.evidence[0])}" if alert.kind == "oldest" and alert.evidence else ""


def _mostly(alert: Alert) -> str:
    """The child that explains at least half of a change for the worse; where the mix alone has changed, that."""
    why = alert.why
    if why is None or not why.children or alert.value is None or alert.target is None or why.points * (alert.value - alert.target) <= 0:
        return ""
    if why.simpson:
        return f"; every {why.dimension} by itself went the other way, their mix has changed"
    effect = round(why.children[0].rate + why.children[0].mix, 1)
    if effect * why.points <= 0 or abs(2 * effect) < abs(why.points):
        return ""
    return f"; mostly {why.dimension} {named(why.children[0].name)} ({points(effect)})"
