"""Both jobs with Faust as its documentation writes them: agents, `group_by`, and tables with tumbling windows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import faust

from bench.peers.job import RATINGS_TOPIC, TICKET_TOPICS, FirstRecord, Job, from_environment, hour_of, is_public_answer, is_satisfied, milliseconds

# Faust forgets windows by the wall clock, and the load is a month old.
_EXPIRES = timedelta(days=365)


class Change(faust.Record, serializer="json"):
    """What one event adds to its team's hour; `at` in Unix seconds."""

    team: str
    at: float
    n: int = 0
    satisfied: int = 0
    n_frt: int = 0
    sum_frt: int = 0


class Ticket(faust.Record, serializer="json"):
    """A ticket so far, times in ms; `sent` is the first response that was sent on last, -1 for none."""

    team: str = ""
    opened: int = 0
    answered: int = 0
    closed: int = 0
    sent: int = -1


def rating_change(event: dict[str, Any]) -> Change:
    """A rating in its own hour."""
    data = event["data"]
    return Change(team=data["team"], at=milliseconds(event["time"]) / 1000, n=1, satisfied=is_satisfied(data["score"]))


def first_response(ticket: Ticket) -> Change | None:
    """The change of a ticket's first response since the last one sent on, in the hour in which it was opened; notes it as sent."""
    waited = ticket.answered - ticket.opened
    if not ticket.opened or not ticket.answered or waited == ticket.sent:
        return None
    is_new, before = ticket.sent < 0, max(ticket.sent, 0)
    ticket.sent = waited
    return Change(team=ticket.team, at=ticket.opened / 1000, n_frt=int(is_new), sum_frt=waited - before)


def create_app(job: Job) -> faust.App:
    """The Faust app of a job."""
    app = faust.App(
        job.app, broker=f"kafka://{job.broker}", store="memory://", datadir=str(job.state), topic_partitions=4, consumer_auto_offset_reset="earliest"
    )
    changes = app.topic(f"{job.app}-changes", key_type=str, value_type=Change, partitions=4, internal=True)
    _score_changes(app, job, changes)
    if job.name == "w1":
        _read_ratings(app, job.prefix + RATINGS_TOPIC, changes, FirstRecord())
    else:
        _read_tickets(app, job, changes)
    return app


def _score_changes(app: faust.App, job: Job, changes: faust.TopicT) -> None:
    out = app.topic(job.out, key_type=str, value_serializer="json")
    table = app.Table("hours", default=lambda: [0, 0, 0, 0], partitions=4).tumbling(3600, expires=_EXPIRES)
    hours = table.relative_to_field(Change.at)  # type: ignore[arg-type]  # on the class it is the field's descriptor

    @app.agent(changes)
    async def score(stream: faust.StreamT[Change]) -> None:
        async for change in stream:
            n, satisfied, n_frt, sum_frt = hours[change.team].value()
            sums = [n + change.n, satisfied + change.satisfied, n_frt + change.n_frt, sum_frt + change.sum_frt]
            hours[change.team] = sums
            names = dict(zip(("n", "satisfied", "n_frt", "sum_frt"), sums, strict=True))
            await out.send(key=change.team, value={"team": change.team, "window": hour_of(round(change.at * 1000)), **names})


def _read_ratings(app: faust.App, topic: str, changes: faust.TopicT, first: FirstRecord) -> None:
    @app.agent(app.topic(topic, key_type=str, value_serializer="json"))
    async def ratings(stream: faust.StreamT[Any]) -> None:
        async for event in stream:
            first.seen()
            change = rating_change(event)
            await changes.send(key=change.team, value=change)


def _read_tickets(app: faust.App, job: Job, changes: faust.TopicT) -> None:
    first = FirstRecord()
    tickets = app.Table("tickets", default=Ticket, partitions=4)
    opened, replied, closed, rated = (app.topic(job.prefix + name, key_type=str, value_serializer="json") for name in TICKET_TOPICS)

    async def settle(key: str, ticket: Ticket) -> None:
        change = first_response(ticket)
        tickets[key] = ticket
        if change is not None:
            await changes.send(key=change.team, value=change)

    @app.agent(opened)
    async def on_opened(stream: faust.StreamT[Any]) -> None:
        async for key, event in stream.items():
            first.seen()
            ticket = tickets[key]
            ticket.opened, ticket.team = milliseconds(event["time"]), event["data"]["team"]
            await settle(key, ticket)

    @app.agent(replied)
    async def on_replied(stream: faust.StreamT[Any]) -> None:
        async for key, event in stream.items():
            first.seen()
            time, ticket = milliseconds(event["time"]), tickets[key]
            if is_public_answer(event["data"]) and (not ticket.answered or time < ticket.answered):
                ticket.answered = time
                await settle(key, ticket)

    @app.agent(closed)
    async def on_closed(stream: faust.StreamT[Any]) -> None:
        async for key, event in stream.items():
            first.seen()
            ticket = tickets[key]
            ticket.closed = milliseconds(event["time"])
            tickets[key] = ticket

    _read_ratings(app, rated.get_topic_name(), changes, first)


if __name__ == "__main__":
    create_app(from_environment()).main()
