"""Fault 5: disorder, duplicates, every kind of malformed record, wrong clocks, hot tickets and segments, one id with two bodies, floods."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from engine_case import Case, Input, event
from engine_worker import until

from stream.clock import real_ms
from stream.devkit.disorder import disordered
from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import RATINGS, LoadRecord, standard_load
from stream.durations import DAY, HOUR, MINUTE, SECOND
from tests.faults.damage import ALONE, KINDS, of_each_kind, skewed, two_bodies
from tests.faults.stage import NewStage, Stage, Verdict

SHARE = 0.02
DUPLICATES = 0.05
FLOOD_A_SECOND = 2_000
"""Bad records that must pass in a second at least, the worker's start included; with a broker beside it on two busy cores."""
HOT_TEAM_SHARE = 0.9


async def assert_letters(case: Case, expected: Counter[str]) -> None:
    """The dead letters are so many of each class, and none besides."""
    assert Counter(letter.kind.value for letter in (await case.letters()).values()) == expected


async def judged(stage: Stage, expected: Counter[str], seconds: float = 120) -> Verdict:
    """A worker reads everything, and the verdict: no difference, dead letters as expected."""
    if not stage.running:
        await stage.joined()
    found = await stage.verdict(seconds)
    await assert_letters(stage.case, expected)
    await stage.stop_all()
    return found


@pytest.mark.timeout(1800)
async def test_disorder(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """Shuffled within an hour, 5 % twice, 2 % malformed of each kind, ids with two bodies: no difference, every dead letter by its class."""
    events, span = (200_000, 30 * DAY) if is_long else (5_000, 2 * DAY)
    rng, stage = random.Random(seed), new_stage(kafka.bootstrap_servers)
    sound = standard_load(events, seed=seed, start=real_ms() - span - 2 * HOUR, span=span)
    moved = disordered(sound, seed=seed, shuffle=HOUR, duplicates=DUPLICATES)
    bad, classes = of_each_kind(sound, SHARE, rng)
    pairs = two_bodies(sound, events // 100, rng)
    assert min(classes.values()) >= events * SHARE
    records = [*moved.records, *pairs, *(record._replace(order_ms=record.order_ms + rng.randrange(HOUR)) for record in bad)]
    records.sort(key=lambda record: record.order_ms)
    await stage.case.create_topics()
    await fill(stage.case.settings, records)
    found = await judged(stage, classes + Counter(conflict=len(pairs) // 2), 600 if is_long else 120)
    for what, times in {
        "shuffled within 1 h": len(sound),
        "duplicates": moved.duplicates,
        f"malformed, 2 % of each of {len(KINDS)} kinds": len(bad),
        "one id with two bodies": len(pairs) // 2,
    }.items():
        note(f"input: {what}", times, found.differences)


async def test_clock_skew(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """Producers whose clocks are minutes to days wrong: what is beyond the limits becomes a dead letter, the rest counts at the time it names."""
    tickets = 5_000 if is_long else 100
    stage = new_stage(kafka.bootstrap_servers)
    await stage.case.create_topics()
    await stage.joined()
    records, classes = skewed(real_ms(), tickets, random.Random(seed))
    await fill(stage.case.settings, records)
    found = await judged(stage, classes)
    assert set(classes) == {"late", "future"}
    score = await stage.case.score("csat", {"team": "skewed"}, "30d")
    assert score is not None
    assert score.n == len(records) - sum(classes.values())
    note("input: producers' clocks wrong by minutes to days", len(records), found.differences)


@dataclass(frozen=True)
class Hot:
    """A ticket whose events come one a second, of every kind."""

    events: int
    begin: int

    def records(self) -> list[LoadRecord]:
        """Its opening and everything after it."""
        return [self._record(number) for number in range(self.events)]

    def _record(self, number: int) -> LoadRecord:
        time_ms = self.begin + number * SECOND
        topic, kind, data = self._content(number)
        return LoadRecord(time_ms, time_ms, topic, b"hot", event(kind, "hot", time_ms, f"h-{number}", **data))

    @staticmethod
    def _content(number: int) -> tuple[int, str, dict[str, object]]:
        if number == 0:
            return 0, "ticket.opened", {"channel": "chat", "team": "billing", "customer_id": "C"}
        if number % 500 == 0:
            return 2, "ticket.closed", {"closed_by": "agent"}
        if number % 500 == 1:
            return 2, "ticket.reopened", {}
        if number % 1_000 == 499:
            return RATINGS, "rating.submitted", {"survey_id": f"s-{number}", "score": 1 + number % 5}
        author = ("agent", "customer", "agent", "bot")[number % 4]
        return 1, "ticket.replied", {"author": author, "public": number % 4 != 2, "agent": f"a{number % 7}", "team": f"hot{number % 7}"}


@pytest.mark.timeout(1800)
async def test_hot_ticket(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """A ticket with as many events as a whole team has tickets, among others, read as a backlog and then live: no difference."""
    events, live = (100_000, 200) if is_long else (3_000, 20)
    stage = new_stage(kafka.bootstrap_servers, partitions=2)
    hot = Hot(events, real_ms() - (events + 60) * SECOND).records()
    others = standard_load(events // 3, seed=seed, start=real_ms() - 2 * DAY - HOUR, span=2 * DAY)
    await stage.case.create_topics()
    await fill(stage.case.settings, sorted([*hot[:-live], *others], key=lambda record: record.order_ms))
    await stage.joined()
    await stage.case.until_read(300)
    for record in hot[-live:]:
        await stage.case.produce([Input(record.topic_index, record.partition_key, record.value)])
    found = await judged(stage, Counter())
    scores = [await stage.case.score("csat", {"team": f"hot{number}"}, "30d") for number in range(7)]
    assert sum(score.n for score in scores if score) == sum(record.topic_index == RATINGS for record in hot), "ratings go to the last replier's team"
    note(f"input: a ticket with {events:,} events", events, found.differences)


def on_one_team(records: Sequence[LoadRecord], rng: random.Random) -> list[LoadRecord]:
    """The same load with nine tenths of its tickets in one team."""
    hot: dict[bytes, bool] = {}
    moved = []
    for record in records:
        if hot.setdefault(record.partition_key, rng.random() < HOT_TEAM_SHARE):
            body = json.loads(record.value)
            body["data"] = {**body["data"], **({"team": "hot"} if "team" in body["data"] else {})}
            moved.append(record._replace(value=json.dumps(body).encode()))
        else:
            moved.append(record)
    return moved


@pytest.mark.timeout(1800)
async def test_hot_segment(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """Nine tenths of all tickets in one team, and all within an hour: no difference."""
    events = 200_000 if is_long else 5_000
    stage = new_stage(kafka.bootstrap_servers)
    load = standard_load(events, seed=seed, start=real_ms() - 2 * HOUR, span=HOUR)
    await stage.case.create_topics()
    await fill(stage.case.settings, on_one_team(load, random.Random(seed)))
    found = await judged(stage, Counter())
    note("input: nine tenths of the load in one team and hour", events, found.differences)


def flood(records: int, rng: random.Random) -> tuple[list[LoadRecord], Counter[str]]:
    """Nothing but bad records, of every kind that needs no other record before it."""
    sound = standard_load(2_000, seed=rng.randrange(1_000), start=real_ms() - DAY, span=DAY - HOUR)
    bad, classes = of_each_kind(sound, records / len(sound) / len(ALONE), rng, ALONE)
    rng.shuffle(bad)
    return bad, classes


@pytest.mark.timeout(1800)
async def test_flood(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """Bad records only, tens of thousands of them: each has its dead letter, they pass at speed, and the few good ones count at once."""
    size = 50_000 if is_long else 5_000
    stage = new_stage(kafka.bootstrap_servers)
    await stage.case.create_topics()
    good = [
        Input(RATINGS, f"t-{number}".encode(), event("rating.submitted", f"t-{number}", real_ms() - MINUTE, f"r-{number}", score=5, team="calm"))
        for number in range(20)
    ]
    await stage.case.produce(good)
    bad, classes = flood(size, random.Random(seed))
    await fill(stage.case.settings, bad)
    begun = time.monotonic()
    await stage.joined()
    await stage.case.until_read(size / FLOOD_A_SECOND + 20)
    seconds = time.monotonic() - begun
    last = event("rating.submitted", "t-last", real_ms(), "r-last", score=1, team="calm")
    await stage.case.produce([Input(RATINGS, b"t-last", last)])
    assert await until(lambda: _counts(stage.case, len(good) + 1), 10, poll=0.2), "good records wait behind bad ones"
    found = await judged(stage, classes)
    assert len(bad) / seconds > FLOOD_A_SECOND or not is_long, f"{len(bad) / seconds:.0f} bad records a second"
    note("input: nothing but bad records", len(bad), found.differences, seconds={"with the start": round(seconds, 1)})


async def _counts(case: Case, n: int) -> bool:
    score = await case.score("csat", {"team": "calm"}, "1h")
    return score is not None and score.n == n
