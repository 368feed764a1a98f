"""Lines of `rules`: figures as people read them, and who is quiet and why."""

from __future__ import annotations

import json

import pytest

from stream.alerts.machine import unit_of
from stream.alerts.silences import Silence
from stream.alerts.verdict import Verdict
from stream.cli.rule_lines import Line, json_line, texts
from stream.cli.rules import lines_shown
from stream.durations import HOUR
from tests.unit.alerts.alert_examples import NAN, RULES, TEN, verdict

SILENCE = Silence("4f1c", "csat_dip", {"team": "billing"}, TEN + 4 * HOUR, "ann", "provider [/b] is\x1b[2J down")


def line(rule: str = "csat_dip", judged: Verdict | None = None, **changed: object) -> Line:
    """A firing rule of the team billing."""
    found = RULES[rule]
    fields = {"segment": {"team": "billing"}, "state": "firing", "since": TEN, **changed}
    return Line(rule=rule, severity=found.severity, verdict=judged or verdict(), kind=found.kind, unit=unit_of(found), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "judged", "figures"),
    [
        ("csat_dip", verdict(59.574, 1_047), "59.6 % (n 1,047, target 80 %)"),
        ("csat_dip", verdict(59.574, 47, target=NAN), "59.6 % (n 47)"),
        ("csat_drift", verdict(81.0, 400, target=90.04), "81.0 % (n 400, usually 90 %)"),
        ("oldest_waiting", verdict(46_404.6, 1, NAN, 3_600.0), "12 h 53 min (target 1 h)"),
        ("oldest_waiting", verdict(NAN, 0, NAN, 3_600.0), ""),
        ("signal_lost", verdict(0.0, 0, NAN, 18.4), "0 (expected 18)"),
        ("intake_broken", verdict(7.25, 400, NAN, 1.0), "7.2 % (n 400, limit 1 %)"),
    ],
)
def test_figures_have_units(rule: str, judged: Verdict, figures: str) -> None:
    """Each rule's own; nothing where there is no value."""
    (text,) = texts(line(rule, judged))
    assert text == "  ".join(part for part in ("firing ", "team=billing", figures, "since 2025-11-22 10:00 UTC") if part)


def test_an_absent_rule_has_no_figures() -> None:
    """But its note."""
    assert list(texts(line(state="absent", note="no target for csat"))) == ["absent   team=billing  no target for csat"]


def test_who_is_quiet_and_why() -> None:
    """Each reason on a line under it; what somebody wrote can't steer the terminal."""
    _, by, silenced = texts(line(inhibited_by={"team": "billing", "channel": "chat"}, silence=SILENCE))
    assert by == "         quiet: team=billing, channel=chat speaks for it"
    assert silenced == "         silenced until 2025-11-22 14:00 UTC by ann: provider [/b] is?[2J down"


def test_quiet_ones_are_counted() -> None:
    """Only those under way: a silence of what is at rest keeps nobody from being told."""
    lines = [line(), line(inhibited_by={}), line(silence=SILENCE), line(state="pending", silence=SILENCE), line(state="ok", silence=SILENCE)]
    assert lines_shown(lines, everything=False)[0] == "csat_dip (page): 5 segments, 3 firing (2 quiet), 1 pending (1 quiet), 1 ok"
    shown = "\n".join(lines_shown(lines, everything=False))
    assert (shown.count("everything speaks for it"), shown.count("silenced until")) == (1, 2)


def test_json_says_the_same() -> None:
    """Null where it may speak; values stay numbers, with their unit."""
    loud, quiet = json.loads(json_line(line())), json.loads(json_line(line(inhibited_by={}, silence=SILENCE)))
    assert (loud["inhibited_by"], loud["silenced"]) == (None, None)
    assert quiet["inhibited_by"] == {}
    assert quiet["silenced"] == {"id": "4f1c", "until": "2025-11-22T14:00:00.000Z", "who": "ann", "why": SILENCE.why}
    assert (loud["value"], loud["n"], loud["target"], loud["unit"]) == (61.22449, 49, 80.0, "percent")
    assert json.loads(json_line(line(judged=verdict(NAN))))["value"] is None
