"""Both jobs with Quix Streams: dataframes over topics, `group_by` and tumbling windows, every update sent on."""

# It runs in an environment of its own; here its packages are missing.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from datetime import timedelta
from typing import Any

import quixstreams.dataframe.windows.aggregations as agg
from quixstreams import Application, State
from quixstreams.dataframe import StreamingDataFrame

from bench.peers.job import FirstRecord, Job, from_environment, is_public_answer, is_satisfied, milliseconds

Change = dict[str, Any]
_HOUR = timedelta(hours=1)
# Longer than the load: the partitions of a replay drift apart, and what comes after its window's grace is dropped.
_GRACE = timedelta(days=35)
_SUMS = {"w1": ("n", "satisfied"), "w2": ("n", "satisfied", "n_frt", "sum_frt")}


def rating_change(event: dict[str, Any]) -> Change:
    """A rating in its own hour."""
    data = event["data"]
    return {"team": data["team"], "at": milliseconds(event["time"]), "n": 1, "satisfied": is_satisfied(data["score"]), "n_frt": 0, "sum_frt": 0}


def ticket_changes(event: dict[str, Any], state: State) -> list[Change]:
    """What an event of a ticket changes: a rating, a first response or an earlier one; the ticket is kept in its key's state."""
    if event["type"] == "rating.submitted":
        return [rating_change(event)]
    data, time = event["data"], milliseconds(event["time"])
    ticket = state.get("ticket", {"team": "", "opened": 0, "answered": 0, "closed": 0, "sent": -1})
    if event["type"] == "ticket.opened":
        ticket.update(opened=time, team=data["team"])
    elif event["type"] == "ticket.closed":
        ticket["closed"] = time
    elif is_public_answer(data) and (not ticket["answered"] or time < ticket["answered"]):
        ticket["answered"] = time
    else:
        return []
    changes = _first_response(ticket)
    state.set("ticket", ticket)
    return changes


def build(job: Job) -> Application:
    """The Quix application of a job."""
    app = Application(
        broker_address=job.broker, consumer_group=job.app, auto_offset_reset="earliest", state_dir=str(job.state / "state"), loglevel="WARNING"
    )
    first = FirstRecord()
    frames = [
        app.dataframe(app.topic(name, value_deserializer="json", key_deserializer="str", timestamp_extractor=_event_time)) for name in job.inputs
    ]
    events = frames[0]
    for frame in frames[1:]:
        events = events.concat(frame)
    events = events.update(lambda _: first.seen())
    if job.name == "w1":
        changes = events.apply(rating_change)
    else:
        changes = events.apply(ticket_changes, stateful=True, expand=True).set_timestamp(lambda change, *_: change["at"])
    _score(changes, _SUMS[job.name]).to_topic(app.topic(job.out, key_serializer="str", value_serializer="json"))
    return app


def _score(changes: StreamingDataFrame, sums: tuple[str, ...]) -> StreamingDataFrame:
    windows = changes.group_by("team").tumbling_window(_HOUR, grace_ms=_GRACE).agg(**{name: agg.Sum(name) for name in sums})
    return windows.current().apply(
        lambda window, key, *_: {"team": key, "window": window["start"], **{name: window[name] for name in sums}}, metadata=True
    )


def _first_response(ticket: dict[str, Any]) -> list[Change]:
    """The change of a ticket's first response since the last one sent on; in the hour in which it was opened."""
    waited = ticket["answered"] - ticket["opened"]
    if not ticket["opened"] or not ticket["answered"] or waited == ticket["sent"]:
        return []
    is_new, before = ticket["sent"] < 0, max(ticket["sent"], 0)
    ticket["sent"] = waited
    return [{"team": ticket["team"], "at": ticket["opened"], "n": 0, "satisfied": 0, "n_frt": int(is_new), "sum_frt": waited - before}]


def _event_time(event: dict[str, Any], *_: object) -> int:
    return milliseconds(event["time"])


if __name__ == "__main__":
    build(from_environment()).run()
