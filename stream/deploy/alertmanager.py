"""Alertmanager: who is told what, what keeps quiet because another alert speaks for it, and the dead-man's switch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from stream.deploy.prometheus import BEHIND, HELD_BACK, NOBODY, PAGE, SILENT, TICKET, WATCHDOG
from stream.outlets import metric_names as names

RECEIVER_URL = "http://receiver.invalid"
"""Where webhooks go until somebody says where: a name that never exists (RFC 2606)."""
DEAD_MAN, SILENT_RECEIVER = "dead-mans-switch", "nobody"
PAGES, TICKETS = "pages", "tickets"


def config(teams: Sequence[str], url: str = RECEIVER_URL) -> dict[str, Any]:
    """Routes by severity, then by team; a team's alerts go to `<url>/<pages|tickets>/<team>`, those of no team in the list to `<url>/<...>`."""
    return {
        "route": {
            "receiver": TICKETS,
            # One message for one alert: that a child speaks for its parent is settled before, by inhibition.
            "group_by": ["alertname", names.RULE, names.SEGMENT],
            "group_wait": "30s",
            "group_interval": "5m",
            # As the cooldown of the rules: what still holds is said again.
            "repeat_interval": "6h",
            "routes": [_dead_man(), {"receiver": SILENT_RECEIVER, "matchers": [_is("severity", NOBODY)]}, _pages(teams), _tickets(teams)],
        },
        "inhibit_rules": _inhibitions(),
        "receivers": [{"name": SILENT_RECEIVER}, _receiver(DEAD_MAN, url), *_receivers(PAGES, teams, url), *_receivers(TICKETS, teams, url)],
    }


def _dead_man() -> dict[str, Any]:
    """The watchdog goes out every minute, first of all routes."""
    return {
        "receiver": DEAD_MAN,
        "matchers": [_is("alertname", WATCHDOG)],
        "group_wait": "0s",
        "group_interval": "1m",
        "repeat_interval": "50s",
    }


def _pages(teams: Sequence[str]) -> dict[str, Any]:
    return {"receiver": PAGES, "matchers": [_is("severity", "page")], "group_wait": "10s", "routes": _by_team(PAGES, teams)}


def _tickets(teams: Sequence[str]) -> dict[str, Any]:
    """Tickets of a team come together: nobody needs them at once."""
    grouped = ["severity", names.RULE, "team"]
    return {"receiver": TICKETS, "matchers": [_is("severity", "ticket")], "group_by": grouped, "routes": _by_team(TICKETS, teams)}


def _by_team(prefix: str, teams: Sequence[str]) -> list[dict[str, Any]]:
    return [{"receiver": f"{prefix}-{team}", "matchers": [_is("team", team)]} for team in teams]


def _inhibitions() -> list[dict[str, Any]]:
    """What the rules hold back: a parent that a child explains, a child that begins to fire while its parent does, what somebody silenced.

    `equal` compares one label on both sides, so the workers show which segment is held back, and an alert made from that is the source.
    """
    scores = [f'alertname=~"{PAGE}|{TICKET}"']
    return [
        {"source_matchers": [_is("alertname", HELD_BACK)], "target_matchers": scores, "equal": [names.RULE, names.SEGMENT]},
        # What is told of long ago notifies nobody; what still holds when now has come up does.
        {"source_matchers": [_is("alertname", BEHIND)], "target_matchers": scores},
        # That no worker scores says it all.
        {"source_matchers": [_is("alertname", SILENT)], "target_matchers": ['alertname=~"CxWorkerDown|CxRulesStandStill"']},
    ]


def _receivers(prefix: str, teams: Sequence[str], url: str) -> list[dict[str, Any]]:
    return [_receiver(prefix, url), *(_receiver(f"{prefix}-{team}", url, f"{prefix}/{team}") for team in teams)]


def _receiver(name: str, url: str, path: str | None = None) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url": f"{url}/{path or name}", "send_resolved": True}]}


def _is(label: str, value: str) -> str:
    return f"{label}={json.dumps(value, ensure_ascii=False)}"
