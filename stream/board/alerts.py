"""Alerts that are not at rest, under a table: what holds, since when, and why; and as single lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from schemas.alert_parts import WhyOut
from schemas.alerts import Alert
from schemas.times import from_iso
from stream.alerts.phrases import named, place, points
from stream.durations import HOUR

_NOT_AT_REST = ("firing", "stale", "pending")
_SEVERITIES = ("page", "ticket", "info")
_STYLES = {"firing": "bold red", "stale": "yellow", "pending": "yellow", "resolved": "bold green"}
_ALL_CLEAR_SHOWN = HOUR
_COMPARED = {"previous_window": "the window before", "last_week": "the same hours last week"}
_INDENT = 2
_FEWEST_LINES = 5
"""A small terminal shows one alert at least."""


def shown(alerts: Iterable[Alert], now: int) -> list[Alert]:
    """Alerts not at rest that speak for themselves, and all-clears of the last hour before `now` (ms): the most urgent first, newest first."""
    found = [alert for alert in alerts if (alert.state in _NOT_AT_REST and alert.inhibited_by is None) or _is_fresh_all_clear(alert, now)]
    return sorted(found, key=lambda alert: (*_urgency(alert), -from_iso(alert.since or alert.as_of), sorted(alert.segment.items())))


def alerts_panel(alerts: Sequence[Alert], now: int, *, width: int, height: int) -> list[RenderableType]:
    """The alerts for so many columns and lines; those that do not fit are named in the last line, and those that others speak for are counted."""
    spoken_for = sum(alert.state in _NOT_AT_REST and alert.inhibited_by is not None for alert in alerts)
    told = f"; {spoken_for} more that these speak for" if spoken_for else ""
    waiting = shown(alerts, now)
    if not waiting:
        return [Text("No alerts.\n", style="green")]
    panel: list[RenderableType] = []
    left = max(height, _FEWEST_LINES) - 3
    while waiting and (not panel or _lines_of(waiting[0], width) <= left):
        alert = waiting.pop(0)
        left -= _lines_of(alert, width)
        panel += _entry(alert)
    rest = _named_together(waiting, width) if waiting else ""
    heading = Text.assemble(("Alerts", "bold"), (f" not at rest{told}", "dim"))
    ending = [Text(rest, style="dim")] if rest else []
    return [heading, *panel, *ending, Text("")]


def alert_line(alert: Alert) -> str:
    """What people were notified of, as one line."""
    why = f"; {why_line(alert.why)}" if alert.why is not None and alert.state == "firing" else ""
    since = f", since {_clock(alert.since)}" if alert.since else ""
    return f"ALERT {alert.state}: {alert.rule} of {place(alert.segment)} ({alert.severity}{since}): {alert.summary}{why}"


def why_line(why: WhyOut) -> str:
    """What explains a change: `-19.8 points against the window before: by channel chat -8.1, email -7.0, phone -4.7`."""
    children = ", ".join(f"{named(child.name)} {round(child.rate + child.mix, 1):+.1f}" for child in why.children)
    return f"{points(why.points)} against {_COMPARED[why.compared_with]}: by {why.dimension} {children}"


def _entry(alert: Alert) -> Iterator[RenderableType]:
    yield Text.assemble((alert.state, _STYLES[alert.state]), f" {_heading(alert)}")
    for text in _texts(alert):
        yield Padding(Text(text), (0, 0, 0, _INDENT))


def _heading(alert: Alert) -> str:
    """What it is and since when; and when that was said which stands below, since the figures go on."""
    times = f"since {_clock(alert.since)}" if alert.since else ""
    if alert.ended_at:
        times = f"at {_clock(alert.ended_at)}"
    said = f"; said {_clock(alert.as_of)}:" if _texts(alert) and not alert.ended_at else ""
    return f"{alert.rule}, {place(alert.segment)}, {times} ({alert.severity}){said}"


def _texts(alert: Alert) -> list[str]:
    """What is said of an alert: in one line, and why; of one that is only pending nothing."""
    if alert.state == "pending":
        return []
    return [alert.summary, *([f"Why: {why_line(alert.why)}"] if alert.why is not None and alert.state == "firing" else [])]


def _lines_of(alert: Alert, width: int) -> int:
    # A word that wraps leaves a few columns of its line empty.
    heading = -(-len(f"{alert.state} {_heading(alert)}") // width)
    return heading + sum(-(-len(text) // max(1, width - _INDENT - 4)) for text in _texts(alert))


def _named_together(alerts: Sequence[Alert], width: int) -> str:
    """`5 more: csat_dip of team a; csat_low of team a; 3 others`: as many by name as fit one line."""
    names = [f"{alert.rule} of {place(alert.segment)}" for alert in alerts]
    for left in range(len(names)):
        others = [f"{left} other{'s' if left > 1 else ''}"] if left else []
        text = f"{len(names)} more: {'; '.join([*names[: len(names) - left], *others])}"
        if len(text) <= width:
            return text
    return f"{len(names)} more"


def _urgency(alert: Alert) -> tuple[int, int]:
    """All-clears are the news of the moment; then what fires, pages first."""
    if alert.state == "resolved":
        return 0, 0
    return 1 + _NOT_AT_REST.index(alert.state), _SEVERITIES.index(alert.severity)


def _is_fresh_all_clear(alert: Alert, now: int) -> bool:
    return alert.state == "resolved" and alert.notify and alert.ended_at is not None and now - from_iso(alert.ended_at) < _ALL_CLEAR_SHOWN


def _clock(time: str) -> str:
    """Hour and minute (UTC)."""
    return time[11:16]
