"""One snapshot with everything in it: figures of the real KPIs, two alerts of which one explains the other, a busy worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stream.kpis.definition import OLDEST_WAITING, Metric, Span
from stream.kpis.registry import all_metrics
from stream.outlets.health import Health
from stream.outlets.snapshot import Alert, Score, Snapshot, Spread
from stream.segments import segment_key
from stream.stats.sketch import BUCKETS, Counts, bucket, counts_of, filled

NOW = 1_767_268_800_000
"""2026-01-01 12:00:00 UTC."""
EVERYTHING: dict[str, str] = {}
BILLING = {"team": "billing"}
BILLING_CHAT = {"team": "billing", "channel": "chat"}
SEGMENTS: tuple[dict[str, str], ...] = (EVERYTHING, BILLING, {"team": "shipping"}, {"channel": "chat"}, BILLING_CHAT)
WAITED = (0, 45_000, 60_000, 170_000, 600_000, 3_500_000, 40_000_000, 999_999_999)
"""First responses in ms."""


class Cells(dict[int, int]):
    """Sums in which every cell that is not given is 0; what `now` asks for as well."""

    def __missing__(self, _: int) -> int:
        """Nothing was counted."""
        return 0

    def sketch(self, first: int) -> Counts:
        """The buckets of the sketch that begins at a cell."""
        return counts_of((cell - first, count) for cell, count in self.items() if 0 <= cell - first < BUCKETS)

    def oldest(self, kind: str) -> int | None:
        """One ticket waits, no low rating does."""
        return NOW - 5_400_000 if kind == OLDEST_WAITING else None

    def younger(self, cell: int, hours: int) -> int:
        """All of them are younger than a week, half of them than a day."""
        return self[cell] // 2 if hours <= 24 else self[cell]

    def to_the_minute(self, cell: int) -> int:
        """Nothing happens within a minute."""
        return self[cell]


def cells() -> Cells:
    """18 of 20 satisfied, eight first responses, 7 of 8 in time, 12 open tickets of which 5 wait and 2 are overdue."""
    found = Cells({100: 18, 101: 20, 102: 1, 103: 1, 105: 8, 106: 10, 107: 860_000, 120: 1})
    found.update({200: len(WAITED), 201: sum(WAITED)})
    for waited in WAITED:
        found[_first_response_sketch() + bucket(waited)] += 1
    found.update({300: 7, 301: 1, 400: 5, 401: 2, 500: 12})
    return found


def _first_response_sketch() -> int:
    from stream.kpis.definition import sketch_cell

    return sketch_cell(2)


def metric(name: str) -> Metric:
    """A metric of the registry."""
    return next(found for _, found in all_metrics() if found.name == name)


def scores(segment: Mapping[str, str], windows: Sequence[str] = ("1h", "24h")) -> list[Score]:
    """Every figure of one segment that has a value."""
    sums = cells()
    found = []
    for _, one in all_metrics():
        reading = one.read(sums)
        if reading is not None:
            found += [Score(one, segment, window, reading) for window in (("now",) if one.span is Span.LEVEL else windows)]
    return found


def spread(segment: Mapping[str, str], window: str) -> Spread:
    """First responses of one segment."""
    sums = cells()
    return Spread(metric("first_response"), segment, window, filled(sums.sketch(_first_response_sketch())), sums[201])


def health(*, owns_scorer: bool = True, now: int = NOW) -> Health:
    """A worker with one partition and a bit of everything."""
    found = Health(owns_scorer=owns_scorer)
    found.events.update({"rating.submitted": 41, "ticket.opened": 60})
    found.dead_letters.update({"schema": 2})
    found.notifications.update({("on-call", "sent"): 3, ("on-call", "failed"): 1})
    found.lag.update({("support.rating.submitted.v1", 0): 7, ("support.ticket.opened.v1", 0): 0})
    found.tickets[0], found.sums[0] = 60, 480
    for ms in (4, 20, 20_000):
        found.flushes.observe(ms)
    found.recoveries.observe(800)
    if owns_scorer:
        found.clock_delay, found.rules_evaluated, found.notifications_waiting = 1_500, now, 1
    return found


def alerts() -> tuple[Alert, ...]:
    """A team has fallen, and explains why the whole has: the whole keeps still. Another rule is about to fire."""
    return (
        Alert("csat_dip", BILLING, "page", "firing", NOW - 600_000, explains=(segment_key(EVERYTHING),)),
        Alert("csat_dip", EVERYTHING, "page", "firing", NOW - 300_000, inhibited_by=BILLING),
        Alert("csat_low", BILLING_CHAT, "ticket", "pending", NOW - 60_000, silenced=True),
    )


def snapshot(now: int = NOW) -> Snapshot:
    """All of it; the rules looked at `now` (ms)."""
    return Snapshot(
        health(now=now),
        [score for segment in SEGMENTS for score in scores(segment)],
        [spread(segment, window) for segment in SEGMENTS for window in ("1h", "24h")],
        alerts(),
    )
