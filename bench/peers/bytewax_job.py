"""Both jobs with Bytewax: one worker, a recovery store, windows folded by event time; it ends at the ends of the topics."""

# It runs in an environment of its own; here its packages are missing.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow, Stream
from bytewax.operators import windowing as win
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from bench.peers.job import HOUR_MS, FirstRecord, Job, from_environment, is_public_answer, is_satisfied

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_MILLISECOND = timedelta(milliseconds=1)
# How far the clock waits behind the newest event: the partitions of W1 drift apart by a batch (a day in 100,000 events), the topics of W2 by weeks.
_WAIT = {"w1": timedelta(days=2), "w2": timedelta(days=40)}
Sums = tuple[int, int, int, int]


class Change(NamedTuple):
    """What one event adds to its team's hour."""

    at: datetime
    sums: Sums


class Ticket(NamedTuple):
    """A ticket so far; `sent` is the first response in ms that was sent on last."""

    team: str = ""
    opened: datetime | None = None
    answered: datetime | None = None
    closed: datetime | None = None
    sent: int | None = None


def rating_change(event: dict[str, Any]) -> tuple[str, Change]:
    """A rating in its own hour, under its team."""
    data = event["data"]
    return data["team"], Change(event["time"], (1, is_satisfied(data["score"]), 0, 0))


def ticket_change(ticket: Ticket | None, event: dict[str, Any]) -> tuple[Ticket, list[tuple[str, Change]]]:
    """The ticket after an event, and the change of its first response where there is one."""
    found = ticket or Ticket()
    data, time = event["data"], event["time"]
    if event["type"] == "ticket.opened":
        found = found._replace(team=data["team"], opened=time)
    elif event["type"] == "ticket.closed":
        found = found._replace(closed=time)
    elif is_public_answer(data) and (found.answered is None or time < found.answered):
        found = found._replace(answered=time)
    if found.opened is None or found.answered is None:
        return found, []
    waited = (found.answered - found.opened) // _MILLISECOND
    if waited == found.sent:
        return found, []
    change = Change(found.opened, (0, 0, int(found.sent is None), waited - (found.sent or 0)))
    return found._replace(sent=waited), [(found.team, change)]


def plus(one: Sums, other: Sums) -> Sums:
    """Both sums together."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def build(job: Job) -> Dataflow:
    """The dataflow of a job."""
    flow = Dataflow(job.name)
    first = FirstRecord()

    def decode(message: Any) -> dict[str, Any]:
        first.seen()
        event: dict[str, Any] = orjson.loads(message.value)
        return event | {"time": datetime.fromisoformat(event["time"])}

    source = kop.input("input", flow, brokers=[job.broker], topics=job.inputs, tail=False)
    op.raises("errors", source.errs)
    events = op.map("decode", source.oks, decode)
    changes = op.map("rating", events, rating_change) if job.name == "w1" else _ticket_changes(events)
    clock = win.EventClock(ts_getter=lambda change: change.at, wait_for_system_duration=_WAIT[job.name])
    hours = win.TumblingWindower(length=_HOUR, align_to=_EPOCH)
    scores = win.fold_window("hours", changes, clock, hours, lambda: (0, 0, 0, 0), lambda sums, change: plus(sums, change.sums), plus, ordered=False)
    kop.output("output", op.map("encode", scores.down, _encode), brokers=[job.broker], topic=job.out)
    return flow


def _ticket_changes(events: Stream[dict[str, Any]]) -> Stream[tuple[str, Change]]:
    kinds = op.branch("kinds", events, lambda event: event["type"] == "rating.submitted")
    by_ticket = op.key_on("by_ticket", kinds.falses, lambda event: event["data"]["ticket_id"])
    answered = op.map("by_team", op.stateful_flat_map("tickets", by_ticket, ticket_change), lambda keyed: keyed[1])
    return op.merge("all", op.map("rating", kinds.trues, rating_change), answered)


def _encode(score: tuple[str, tuple[int, Sums]]) -> KafkaSinkMessage[bytes, bytes]:
    """Windows are numbered from 1970 on."""
    team, (number, (n, satisfied, n_frt, sum_frt)) = score
    value = {"team": team, "window": number * HOUR_MS, "n": n, "satisfied": satisfied, "n_frt": n_frt, "sum_frt": sum_frt}
    return KafkaSinkMessage(team.encode(), orjson.dumps(value))


def main() -> None:
    """Run the job of the environment, with its recovery store in the state folder."""
    job = from_environment()
    recovery = job.state / "recovery"
    recovery.mkdir()
    init_db_dir(recovery, 1)
    cli_main(build(job), recovery_config=RecoveryConfig(str(recovery)))


if __name__ == "__main__":
    main()
