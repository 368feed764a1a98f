"""The demo's story, told by the shipped rules: nothing until the bad hour, then the page of its team, in the end its all-clear."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from schemas.times import from_iso
from stream.alerts.book import Book, Change
from stream.alerts.live import LiveSight
from stream.alerts.needs import needs_of
from stream.alerts.rules import Rating
from stream.alerts.shipped import rules_in_force
from stream.alerts.targets import Targets
from stream.alerts.verdict import Key
from stream.cli.demo import settings_of
from stream.cli.simulation import HISTORY, SEED, TEAM, Plan, plan_of
from stream.devkit.helpdesk import Helpdesk
from stream.devkit.load import LoadRecord
from stream.durations import HOUR, MINUTE
from stream.segments import segment_key
from stream.settings import Settings
from tests.helpdesk import Record
from tests.judging import verdicts_of
from tests.pipeline import Pipeline

REAL = from_iso("2026-11-22T17:30:00Z")
PLAN = plan_of(REAL, 60, 480)
PAGE = Key("csat_dip", segment_key({"team": TEAM}))


def changes(plan: Plan, begin: int, end: int) -> Iterator[tuple[int, Change]]:
    """What the rules say minute by minute from one time to another (ms), of the events that have arrived by then."""
    settings = settings_of(plan, {"kafka": {"bootstrap_servers": "unused:1"}}, REAL)
    rules = {name: rule for name, rule in rules_in_force(settings).items() if rule.enabled and not isinstance(rule, Rating)}
    pipeline, book, targets = Pipeline(settings, needs=needs_of(rules.values())), Book(rules), Targets.of(settings)
    helpdesk = Helpdesk(SEED, start_ms=plan.start - HISTORY, rate_per_hour=plan.rate, dip=plan.dip)
    offsets = dict.fromkeys(settings.topics.sources, 0)
    for tick in range(begin, end, MINUTE):
        records = [_record(event, settings, offsets) for event in helpdesk.until(tick)]
        pipeline.feed(sorted(records, key=lambda record: record.topic))
        pipeline.flush(tick)
        pipeline.board.move(tick)
        found = verdicts_of(LiveSight(pipeline.board.figures()), rules, book, targets)
        yield from ((tick, change) for change in book.tick(tick, found, live=True))


def _record(event: LoadRecord, settings: Settings, offsets: dict[str, int]) -> Record:
    topic = settings.topics.sources[event.topic_index]
    offsets[topic] += 1
    return Record(topic, 0, offsets[topic] - 1, event.order_ms, event.partition_key, event.value)


@cache
def told() -> list[tuple[int, Change]]:
    """The last two hours before the demo, and the first six of it."""
    return list(changes(PLAN, PLAN.start - 2 * HOUR, PLAN.start + 375 * MINUTE))


def test_all_is_quiet_until_the_bad_hour() -> None:
    """Nothing fires, nothing is even pending, in any segment: what the night left has been answered."""
    assert [change.key for tick, change in told() if tick < PLAN.dip.start_ms] == []


def test_the_first_alert_is_that_of_the_story() -> None:
    """The page of the team as a whole, while its bad hour lasts; its channels come later and it speaks for them."""
    fired = [(tick, change) for tick, change in told() if change.event == "fired"]
    assert (fired[0][1].key, fired[0][1].notify) == (PAGE, True)
    assert PLAN.dip.start_ms < fired[0][0] < (PLAN.dip.end_ms or 0)
    channels = [change for _, change in fired if change.key.rule == "csat_dip" and change.key != PAGE]
    assert channels != []
    assert {change.memory.inhibited_by for change in channels} == {PAGE.segment}


def test_everything_that_is_told_is_of_that_team() -> None:
    """And its all-clear comes."""
    notified = [change for _, change in told() if change.notify]
    assert {TEAM in change.key.segment for change in notified} == {True}
    assert [change.event for change in notified if change.key == PAGE] == ["fired", "resolved"]


def test_it_opens_quiet_at_the_clocks_own_speed_too() -> None:
    """There it begins at any hour: here in the quiet of the night."""
    plan = plan_of(REAL - 14 * HOUR, 1, 480)
    assert list(changes(plan, plan.start - HOUR, plan.dip.start_ms)) == []
