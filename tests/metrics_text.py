"""The text that a worker would serve for a snapshot."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from stream.outlets.prometheus import Collector
from stream.outlets.snapshot import Snapshot


def text(snapshot: Snapshot, *, agents: bool = False) -> str:
    """The classic text format."""
    registry = CollectorRegistry()
    registry.register(Collector(lambda: snapshot, agents=agents))
    return generate_latest(registry).decode()


def series(text: str) -> dict[str, float]:
    """Value by series, as the text names it."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found
