"""Alerts as a title and some lines of text, for chat and mail. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from schemas.alert_parts import ChildOut, WhyOut
from schemas.alerts import Alert
from stream.alerts.phrases import duration, figure, moment, named, place, points

_COMPARED = {"previous_window": "the window before", "last_week": "the same hours last week"}
_CHILDREN = 3
LONGEST_WHY = 120


class Message(NamedTuple):
    """What a person is sent."""

    title: str
    body: str


def message(alert: Alert) -> Message:
    """The alert in words. Neither holds comment text or anything of a customer."""
    return Message(f"[{alert.severity}] {alert.rule}: {place(alert.segment)}", "\n".join([alert.summary, *_lines(alert)]))


def _lines(alert: Alert) -> Iterator[str]:
    yield from _times(alert)
    yield from _figures(alert)
    yield from _why(alert)
    yield from _evidence(alert)
    yield from _context(alert)
    if alert.inhibits:
        yield f"Speaks also for: {'; '.join(place(segment) for segment in alert.inhibits)}"
    if alert.silenced:
        yield f"Silenced until {moment(alert.silenced.until)} by {named(alert.silenced.who)}: {named(alert.silenced.why, LONGEST_WHY)}"
    if alert.links.panel:
        yield f"Panel: {alert.links.panel}"
    if alert.links.runbook:
        yield f"Runbook: {alert.links.runbook}"
    if alert.all_clear is None:
        yield f"Silence: {alert.silence_command}"


def _times(alert: Alert) -> Iterator[str]:
    if alert.since and alert.ended_at:
        yield f"From {moment(alert.since)} to {moment(alert.ended_at)}"
    elif alert.since:
        shifted = f"; the shift began {moment(alert.shift_began)}" if alert.shift_began else ""
        yield f"Since {moment(alert.since)}{shifted}"


def _figures(alert: Alert) -> Iterator[str]:
    if alert.low is not None and alert.high is not None and alert.unit is not None:
        yield f"95 % interval: {figure(alert.low, alert.unit)} to {figure(alert.high, alert.unit)}"
    if alert.now_value is not None:
        going = {"better": ", getting better", "worse": ", getting worse", "steady": ", steady"}.get(alert.direction or "", "")
        yield f"Last hour: {figure(alert.now_value, alert.unit)} (n={alert.now_n}){going}"


def _why(alert: Alert) -> Iterator[str]:
    why = alert.why
    if why is None:
        return
    listed = why.children[:_CHILDREN]
    children = "; ".join(_child(each) for each in listed)
    yield f"Why, by {why.dimension}: {points(why.points)} against {_COMPARED[why.compared_with]}, of which {children}"
    rest = _rest(why)
    if rest:
        yield f"  {len(why.children) - len(listed) + (why.others.children if why.others else 0)} more: {points(rest)}"


def _child(child: ChildOut) -> str:
    before, after = (f"{counts.part} of {counts.whole}" for counts in (child.before, child.after))
    return f"{named(child.name)} {points(round(child.rate + child.mix, 1))} ({before}, now {after})"


def _rest(why: WhyOut) -> float:
    """What the children beyond those listed explain, in points."""
    return round(why.points - sum(child.rate + child.mix for child in why.children[:_CHILDREN]), 1)


def _evidence(alert: Alert) -> Iterator[str]:
    """Tickets to look at, but for one that the summary names already."""
    if alert.evidence and alert.rating is None and alert.kind != "oldest":
        what = "Waits longest" if alert.metric == "oldest_waiting" else "Worst ratings"
        yield f"{what}: {', '.join(named(ticket) for ticket in alert.evidence)}"


def _context(alert: Alert) -> Iterator[str]:
    context, parts = alert.context, []
    if context.backlog is not None:
        parts.append(f"{context.backlog} open")
    if context.oldest_waiting is not None:
        parts.append(f"oldest waiting since {moment(context.oldest_waiting)}")
    if context.first_response is not None:
        parts.append(f"first response {duration(context.first_response)} (n={context.first_response_n})")
    if parts:
        yield f"Tickets: {', '.join(parts)}"
