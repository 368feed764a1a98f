"""The simulated helpdesk: reproducible by seed, busy by day, with one team's dip and the usual disorder."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.read import Reader, Refused
from stream.devkit.helpdesk import DEFAULT_CHANNELS, DEFAULT_TEAMS, NO_DISORDER, Dip, Disorder, Helpdesk
from stream.devkit.load import CLOSED, RATINGS, LoadRecord
from stream.devkit.stories import Mood
from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings

START = 1_792_454_400_000


def verdicts(records: list[LoadRecord]) -> Counter[str]:
    """How many records the reader accepts (`ok`), and refuses by class."""
    reader, found = Reader(Settings().scale_rules), Counter[str]()
    for record in records:
        try:
            _, essence = reader.read(record.partition_key, record.value, [])
        except Refused as refused:
            found[str(refused.kind)] += 1
        else:
            found["future" if essence.time > record.order_ms + DAY else "ok"] += 1
    return found


def satisfied_share(records: list[LoadRecord], since_ms: int = 0) -> dict[str, float]:
    """The share of satisfied ratings by team, of ratings given from a time on."""
    outcomes = defaultdict[str, list[bool]](list)
    for record in records:
        event = json.loads(record.value)
        if event["type"] == "rating.submitted" and record.time_ms >= since_ms:
            outcomes[event["data"]["team"]].append(event["data"]["score"] >= 4)
    return {team: sum(found) / len(found) for team, found in outcomes.items()}


@settings(max_examples=15)
@given(steps=st.lists(st.integers(0, 3 * HOUR), min_size=1, max_size=12), seed=st.integers(0, 100))
def test_steps_do_not_matter(steps: list[int], seed: int) -> None:
    """Pulled in many steps or in one, the same events arrive in the same order, each once it is due."""
    end = START + sum(steps)
    many = Helpdesk(seed, start_ms=START, dip=Dip("billing", START + HOUR))
    pulled, now = [], START
    for step in steps:
        now += step
        batch = many.until(now)
        assert all(record.order_ms <= now for record in batch)
        pulled += batch
    assert pulled == Helpdesk(seed, start_ms=START, dip=Dip("billing", START + HOUR)).until(end)


def test_every_event_is_sound_without_disorder() -> None:
    """Without disorder the reader accepts everything, and nothing arrives more than half a second after it happened."""
    records = Helpdesk(1, start_ms=START, disorder=NO_DISORDER).until(START + DAY)
    assert set(verdicts(records)) == {"ok"}
    assert all(0 <= record.order_ms - record.time_ms < 500 for record in records)


def test_all_kinds_of_events_happen() -> None:
    """A day has every event type, internal notes, bots, spam, and customers who think again."""
    records = Helpdesk(1, start_ms=START, disorder=NO_DISORDER).until(START + DAY)
    events = [json.loads(record.value) for record in records]
    replies = [event["data"] for event in events if event["type"] == "ticket.replied"]
    surveys = Counter((event["data"]["ticket_id"], event["data"]["survey_id"]) for event in events if event["type"] == "rating.submitted")
    assert {event["type"] for event in events} == {
        "ticket.opened", "ticket.replied", "ticket.closed", "ticket.reopened", "ticket.merged", "rating.submitted", "survey.offered",
    }  # fmt: skip
    assert {reply["author"] for reply in replies} == {"agent", "bot", "auto", "customer"}
    assert any(not reply["public"] for reply in replies)
    assert any(event["data"].get("spam") for event in events)
    assert max(surveys.values()) == 2


def test_tickets_keep_the_rate_and_the_hour_of_the_day() -> None:
    """As many tickets as the rate says over whole days, most of them by day."""
    records = Helpdesk(1, start_ms=START, rate_per_hour=200, disorder=NO_DISORDER).until(START + 2 * DAY)
    by_hour = Counter(record.time_ms // HOUR % 24 for record in records if record.topic_index == 0)
    assert abs(sum(by_hour.values()) - 2 * 24 * 200) < 400
    assert by_hour[10] > 4 * by_hour[3]


def test_dip_of_one_team() -> None:
    """From its beginning on one team's ratings fall, those of the others and its own before do not."""
    dip = Dip("shipping", START + DAY)
    records = Helpdesk(1, start_ms=START, rate_per_hour=300, dip=dip, disorder=NO_DISORDER).until(START + 2 * DAY)
    before = satisfied_share([record for record in records if record.time_ms < dip.start_ms])
    after = satisfied_share(records, dip.start_ms)
    assert set(before) == set(after) == set(DEFAULT_TEAMS)
    assert all(share > 0.78 for share in before.values())
    assert after.pop("shipping") < 0.55
    assert all(share > 0.78 for share in after.values())


def test_dip_ends() -> None:
    """A dip covers its own team from its start, its end left out."""
    dip = Dip("billing", START, START + HOUR)
    assert [dip.covers("billing", START + offset) for offset in (-1, 0, HOUR - 1, HOUR)] == [False, True, True, False]
    assert not dip.covers("shipping", START)


@pytest.mark.parametrize("dip", [None, Dip("billing", START, mood=Mood(satisfied=0.15, slower=4.0))])
def test_nobody_waits_twice_the_target(dip: Dip | None) -> None:
    """By day and by night, in a bad hour and with the usual disorder: the first answer or end has arrived by then, on every channel."""
    records = Helpdesk(1, start_ms=START, rate_per_hour=300, dip=dip, disorder=Disorder(damaged=0.0)).until(START + 2 * DAY)
    opened, ended = dict[str, tuple[int, str]](), dict[str, int]()
    for record in records:
        event = json.loads(record.value)
        ticket, data = event["data"]["ticket_id"], event["data"]
        if event["type"] == "ticket.opened":
            opened[ticket] = record.time_ms, data["channel"]
        elif record.topic_index == CLOSED or (data.get("author") == "agent" and data["public"]):
            ended[ticket] = min(ended.get(ticket, record.order_ms), record.order_ms)
    targets = Settings().targets.first_response
    until = START + 2 * DAY
    waited = {channel: [ended.get(ticket, until) - time for ticket, (time, on) in opened.items() if on == channel] for channel in DEFAULT_CHANNELS}
    assert min(map(len, waited.values())) > 4_000
    assert [channel for channel, times in waited.items() if max(times) >= 2 * targets[channel]] == []


def test_usual_disorder_is_a_small_share() -> None:
    """About 1 % late by minutes to hours, 1 % twice, 0.4 % damaged in every way."""
    records = Helpdesk(1, start_ms=START, rate_per_hour=300).until(START + 2 * DAY)
    found = verdicts(records)
    copies = sum(count - 1 for count in Counter((record.partition_key, record.value) for record in records).values())
    late = sum(record.order_ms - record.time_ms >= 5 * MINUTE for record in records)
    total = len(records)
    assert set(found) == {"ok", "not_json", "unknown_type", "schema", "score", "wrong_key", "future"}
    assert 0.002 < (total - found["ok"]) / total < 0.007
    assert 0.006 < copies / total < 0.014
    assert 0.01 < late / total < 0.025
    assert max(record.order_ms - record.time_ms for record in records) < 5 * HOUR
    assert any(record.topic_index == RATINGS for record in records)
