"""The small way through: a handful of events of each kind on a real broker, and the scores that come of them."""

from __future__ import annotations

import json
from collections.abc import Callable

from engine_case import Case, Input, event, this_minute
from engine_worker import WorkerProcess, until

from schemas.scores import Score, score_key
from schemas.times import iso
from stream.clock import real_ms
from stream.durations import HOUR, MINUTE, SECOND
from stream.windows.published import REVISION_HEADER

OPENED, REPLIED, CLOSED, RATINGS = range(4)
QUICK = {"min": "1s", "max": "1s"}
EVERYTHING: dict[str, str] = {}


def ticket(name: str, opened: int, *, team: str, score: int) -> list[Input]:
    """A ticket that is answered after 10 minutes, closed after 20, and rated after 30."""
    key = name.encode()
    agent = {"agent": f"agent-{team}", "team": team}
    return [
        Input(RATINGS, key, event("rating.submitted", name, opened + 30 * MINUTE, f"r-{name}", score=score, survey_id=f"s-{name}", **agent)),
        Input(RATINGS, key, event("survey.offered", name, opened + 25 * MINUTE, f"f-{name}", survey_id=f"s-{name}")),
        Input(CLOSED, key, event("ticket.closed", name, opened + 20 * MINUTE, f"c-{name}", closed_by="agent", agent=agent["agent"])),
        Input(REPLIED, key, event("ticket.replied", name, opened + 10 * MINUTE, f"p-{name}", author="agent", public=True, **agent)),
        Input(OPENED, key, event("ticket.opened", name, opened, f"o-{name}", team=team, channel="email", customer_id="c1")),
    ]


async def test_events_of_each_kind(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Rated, answered, closed, reopened, merged and waiting tickets: figures as worked out by hand, and by the auditor."""
    now = this_minute()
    case = new(clock={"fixed": now}, publish=QUICK)
    await case.create_topics()
    begin = now - 2 * HOUR
    gone = [
        Input(OPENED, b"merged", event("ticket.opened", "merged", begin, "o-merged", team="billing")),
        Input(CLOSED, b"merged", event("ticket.merged", "merged", begin + MINUTE, "m-merged", merged_into="one")),
        Input(OPENED, b"waits", event("ticket.opened", "waits", begin, "o-waits", team="billing", channel="chat")),
    ]
    again = [Input(CLOSED, b"two", event("ticket.reopened", "two", begin + 40 * MINUTE, "a-two"))]
    await case.produce([*ticket("one", begin, team="billing", score=5), *ticket("two", begin, team="sales", score=2), *gone, *again])
    worker = start(case, "a")
    await worker.until_ready()

    csat = await case.score("csat", EVERYTHING, "4h")
    assert csat is not None
    assert (csat.value, csat.n, csat.counts["satisfied"], csat.state, csat.unit) == (50.0, 2, 1, "insufficient_data", "percent")
    assert (csat.as_of, csat.definition, csat.stats["mean"]) == (iso(now), "csat/4-5-of-5", 3.5)
    assert (csat.counts["star_2"], csat.counts["star_5"], csat.counts["locked"]) == (1, 1, 0)
    billing = await case.score("csat", {"team": "billing"}, "24h")
    assert billing is not None
    assert (billing.value, billing.n) == (100.0, 1)
    first = await case.score("first_response", EVERYTHING, "4h")
    assert first is not None
    assert (first.value, first.n, first.counts["sum_ms"]) == (600.0, 2, 2 * 600 * SECOND)
    within = await case.score("first_response_within", EVERYTHING, "4h")
    assert within is not None
    assert (within.n, within.counts) == (3, {"hit": 2, "miss": 1})
    backlog = await case.score("backlog", EVERYTHING, "now")
    assert backlog is not None
    assert backlog.n == 2
    oldest = await case.score("oldest_waiting", EVERYTHING, "now")
    assert oldest is not None
    assert (oldest.value, oldest.n, oldest.unit) == (begin / 1000, 1, "unix_seconds")
    resolution = await case.score("resolution_first", EVERYTHING, "4h")
    assert resolution is not None
    assert (resolution.value, resolution.n) == (1200.0, 2)
    await case.audit()
    assert await case.letters() == {}


async def test_records_of_the_score_topic(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Every record fits the contract under the key of its figure, and a further rating makes the next revision."""
    now = this_minute()
    case = new(clock={"fixed": now}, publish=QUICK)
    await case.create_topics()
    await case.produce(ticket("one", now - HOUR, team="billing", score=5))
    worker = start(case, "a")
    await worker.until_ready()
    before = await case.score("csat", EVERYTHING, "all")
    await case.produce(ticket("two", now - HOUR, team="billing", score=1))

    async def is_counted() -> bool:
        found = await case.score("csat", EVERYTHING, "all")
        return found is not None and found.n == 2

    assert await until(is_counted, 15, poll=0.3)
    after = await case.score("csat", EVERYTHING, "all")
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    revisions: dict[bytes, int] = {}
    for record in await case.score_records():
        assert record.key is not None
        revision = int(dict(record.headers)[REVISION_HEADER])
        assert revision == revisions.get(record.key, 0) + 1
        revisions[record.key] = revision
        if record.value is not None:
            score = Score.model_validate_json(record.value)
            assert (record.key, score.revision) == (score_key(score.metric, score.segment, score.window), revision)
    await case.audit()


async def test_input_forms(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Structured, binary and plain events count alike, on whichever topic they arrive."""
    now = this_minute()
    case = new(clock={"fixed": now}, publish=QUICK)
    await case.create_topics()
    time = iso(now - HOUR)
    structured = event("rating.submitted", "s", now - HOUR, "r-s", score=5)
    binary = json.dumps({"ticket_id": "b", "score": 4}).encode()
    headers = [("ce_specversion", b"1.0"), ("ce_type", b"rating.submitted"), ("ce_source", b"test"), ("ce_id", b"r-b"), ("ce_time", time.encode())]
    plain = json.dumps({"type": "rating.submitted", "time": time, "ticket_id": "p", "score": 1}).encode()
    await case.produce(
        [
            Input(OPENED, b"s", structured, [("content-type", b"application/cloudevents+json")]),
            Input(REPLIED, b"b", binary, headers),
            Input(CLOSED, b"p", plain),
        ]
    )
    worker = start(case, "a")
    await worker.until_ready()
    csat = await case.score("csat", EVERYTHING, "4h")
    assert csat is not None
    assert (csat.n, csat.counts["star_1"], csat.counts["star_4"], csat.counts["star_5"]) == (3, 1, 1, 1)
    await case.audit()
    assert await case.letters() == {}


async def test_emptied_window(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """A score whose window has emptied becomes a tombstone; the next rating takes up its revisions."""
    real = real_ms()
    clock = {"simulated_from": real - 3 * HOUR, "simulated_at": real, "simulated_speed": 600}
    case = new(clock=clock, publish=QUICK)
    await case.create_topics()
    rating = event("rating.submitted", "one", real - 3 * HOUR + 10 * MINUTE, "r-one", score=5, survey_id="s")
    await case.produce([Input(RATINGS, b"one", rating)])
    start(case, "a")
    key = score_key("csat", EVERYTHING, "15m")

    async def values() -> list[tuple[bool, int]]:
        records = [record for record in await case.score_records() if record.key == key]
        return [(record.value is not None, int(dict(record.headers)[REVISION_HEADER])) for record in records]

    async def is_emptied() -> bool:
        return (await values())[-1:] == [(False, len(await values()))]

    assert await until(is_emptied, 40, poll=0.5), await values()
    before = await values()
    assert before[0] == (True, 1)
    await case.produce([Input(RATINGS, b"two", event("rating.submitted", "two", real_ms(), "r-two", score=5))])

    async def is_back() -> bool:
        return (await values())[-1][0]

    assert await until(is_back, 40, poll=0.5)
    assert (await values())[len(before)] == (True, len(before) + 1)
    await case.audit()
