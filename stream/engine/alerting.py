"""What the scorer does beside scores: lets the rules look at every tick, keeps the book of alerts, follows low ratings up, has people notified.

The order at a tick is fixed: what is to be delivered goes into the outbox, then alerts and memory into the alert topic as one batch. Whoever takes
over after a crash begins at the tick of the last memory, so a transition that was not recorded is found again, under the same idempotency key.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
import numpy as np
from aiokafka.partitioner import murmur2

from schemas.alert_parts import RatingOut
from schemas.alerts import Alert, alert_key, parse_key, rating_key
from schemas.times import from_iso, iso
from stream.alerts.book import NOTHING_TO_JUDGE, Book, Change
from stream.alerts.conditions import judge
from stream.alerts.content import alert_record, rating_record
from stream.alerts.gather import Gatherer
from stream.alerts.holidays import Holidays
from stream.alerts.live import LiveSight
from stream.alerts.low_ratings import LowRatings
from stream.alerts.memory import Memory, State, encode
from stream.alerts.message import message
from stream.alerts.needs import needs_of
from stream.alerts.rules import Rating, Rule
from stream.alerts.shipped import rules_in_force
from stream.alerts.silences import matching
from stream.alerts.targets import Targets
from stream.alerts.verdict import Key, Verdict
from stream.clock import real_ms
from stream.durations import MINUTE, SECOND
from stream.engine.alert_log import AlertLog, clock_of
from stream.engine.fenced import Record
from stream.engine.followups import FollowUps
from stream.engine.silence_log import Silences
from stream.outlets.deliver import Deliverer, Message
from stream.outlets.health import OUTCOMES, Health
from stream.outlets.outbox import Outbox
from stream.segments import parse_segment, segment_key
from stream.settings import Settings
from stream.state.lows import Low
from stream.windows.board import Board

_MOST_STEPS = 30
"""Ticks that a leap of now is taken in; where it is longer than half an hour they are further apart than minutes."""
_WRITE_EVERY = 10 * MINUTE
"""The memory is written at least this often, so that whoever takes over need not look far back."""

_REMINDERS = ("worse", "still")
_NEWS_FOR = 15 * MINUTE
"""What happened longer ago than this is no news any more: a single rating, or what is found on the way to now."""
_RECORDS_A_BATCH = 200
"""Records of single ratings that are written together; a batch must fit the topic, and after an outage there may be thousands."""

_Item = TypeVar("_Item")


class _Known(msgspec.Struct):
    revision: int


class Alerting:
    """The alerts of one run of the scorer."""

    def __init__(self, settings: Settings, health: Health) -> None:
        self._settings = settings
        self._health = health
        self.rules: dict[str, Rule] = {name: rule for name, rule in rules_in_force(settings).items() if rule.enabled}
        self.needs = needs_of(self.rules.values())
        self._judged = {name: rule for name, rule in self.rules.items() if not isinstance(rule, Rating)}
        self._ratings = {name: rule for name, rule in self.rules.items() if isinstance(rule, Rating)}
        self._book = Book(self.rules)
        self._targets = Targets.of(settings)
        self._holidays = Holidays(settings)
        self._lows = LowRatings()
        self.silences = Silences()
        self._follow_ups = FollowUps({})
        self._revisions: dict[bytes, int] = {}
        self._tick = 0
        self._now = 0
        self._written = 0
        self._has_followed = False

    # -- taking over

    async def take_over(self, log: AlertLog) -> None:
        """Fence the scorer before and go on where it was."""
        self._log = log
        left = await log.take_over()
        self._revisions = dict(_revisions(left.alerts))
        self._follow_ups = FollowUps(left.followups)
        outbox = Outbox([receiver.name for receiver in self._settings.notify], random.Random())  # noqa: S311 (it spreads attempts, it hides nothing)
        limits = {name: rule.at_most_an_hour for name, rule in self._ratings.items()}
        self.deliverer = Deliverer(self._settings, outbox, log.write_outbox, self._health, rule_limits=limits)
        await self.deliverer.load(left.outbox)
        for receiver in self._settings.notify:
            for outcome in OUTCOMES:
                self._health.notifications[receiver.name, outcome] += 0
        if left.clock is not None:
            self._tick, memories = clock_of(left.clock, self._settings.topics.alerts)
            self._book.load(self._tick, memories)
        # Rules that are no more: what they said leaves the topic.
        await self._forget([key for key in self._revisions if parse_key(key).rule not in self.rules])

    # -- ticks

    def ticks(self, now: int) -> list[int]:
        """The whole seconds to look at on the way to now (ms): where it has leapt, minutes or wider steps between, then now itself."""
        now -= now % SECOND
        self._now = now
        if now < self._tick:
            return []
        if not self._tick or now - self._tick <= MINUTE:
            return [now]
        step = max(MINUTE, -(-(now - self._tick) // _MOST_STEPS // MINUTE) * MINUTE)
        first = (self._tick // MINUTE + 1) * MINUTE
        return [*range(first, now, step), now]

    async def look(self, board: Board, tick: int, *, live: bool) -> None:
        """Let the rules look at the board, which stands at this tick (ms); `live`: people may be notified of what is now."""
        live = live and tick >= self._now - _NEWS_FOR
        figures = board.figures()
        silences = self.silences.standing(tick)
        changes = self._book.tick(tick, self._verdicts(LiveSight(figures)), live=live, silences=silences)
        minute_over, self._tick = tick // MINUTE != self._tick // MINUTE, tick
        self._health.rules_evaluated = real_ms()
        if changes:
            gatherer = Gatherer(self._settings, figures, self._lows, self._book, silences)
            alerts = [self._alert(change, gatherer) for change in changes]
            await self._record(alerts, [_told(alert, change) for alert, change in zip(alerts, changes, strict=True)])
        elif (minute_over and self._book.busy()) or tick - self._written >= _WRITE_EVERY:
            await self._record([], [])

    def _verdicts(self, sight: LiveSight) -> dict[Key, Verdict]:
        """What is hot, and what must be judged because something is under way."""
        lowered, busy = self._book.lowered(), self._book.busy()
        keys = [segment_key(segment) for segment in sight.segments]
        rows = {key: row for row, key in enumerate(keys)}
        active = self._holidays.active(sight.segments, sight.ticks)
        found: dict[Key, Verdict] = {}
        for name, rule in self._judged.items():
            verdicts = judge(rule, name, sight, self._targets, lowered, active)
            for row in np.nonzero(verdicts.applies & verdicts.hot)[0].tolist():
                found[Key(name, keys[row])] = verdicts.at(row)
            for key in busy:
                known = rows.get(key.segment)
                if key.rule == name and key not in found:
                    found[key] = NOTHING_TO_JUDGE if known is None or not verdicts.applies[known] else verdicts.at(known)
        return found

    def _alert(self, change: Change, gatherer: Gatherer) -> Alert:
        rule = self.rules[change.key.rule]
        return alert_record(change, gatherer.facts(rule, change, self._next_revision(alert_key(change.key.rule, parse_segment(change.key.segment)))))

    def _next_revision(self, key: bytes) -> int:
        self._revisions[key] = self._revisions.get(key, 0) + 1
        return self._revisions[key]

    async def _record(self, alerts: Sequence[Alert], told: Iterable[Message | None]) -> None:
        """Make what changed known: the outbox first, then the alerts with the memory."""
        await self.deliverer.submit_all([message for message in told if message is not None])
        self._written = self._tick
        records: list[Record] = [(_key(alert), alert.model_dump_json().encode()) for alert in alerts]
        await self._log.write_alerts(records, encode(*self._book.snapshot()))

    # -- low ratings

    async def follow(self, board: Board, *, live: bool) -> None:
        """Publish follow-ups, and the ratings on the lowest step of their scale, of what has changed."""
        for name, packed in board.take_low_ratings():
            self._lows.put(name, packed)
        changes = list(self._lows.changes())
        records = list(self._follow_ups.records(changes))
        if not self._has_followed:
            records += self._follow_ups.orphans(self._lows.held())
            await self._forget(self._orphans())
            self._has_followed = True
        await self._publish_follow_ups(records)
        for name, rule in self._ratings.items():
            await self._forget([rating_key(name, {}, low.ticket, low.survey) for low, after in changes if low is not None and after is None])
            await self._record_ratings(board, name, rule, [after for _, after in changes if after is not None and after.lowest], live=live)

    async def _publish_follow_ups(self, records: Iterable[Record]) -> None:
        by_partition: dict[int, list[Record]] = {}
        for key, value in records:
            by_partition.setdefault((murmur2(key) & 0x7FFFFFFF) % self._log.followup_partitions, []).append((key, value))
        for number, own in by_partition.items():
            await self._log.write_followups(number, own)

    def _orphans(self) -> list[bytes]:
        """Keys of records of single ratings that are low no more."""
        held = {rating_key(name, {}, low.ticket, low.survey) for low in self._lows.held() for name in self._ratings}
        return [key for key in self._revisions if parse_key(key).ticket is not None and key not in held]

    async def _forget(self, keys: Iterable[bytes]) -> None:
        """What stands under these keys leaves the topic."""
        for some in _in_batches([key for key in keys if key in self._revisions]):
            for key in some:
                del self._revisions[key]
            await self._log.write_alerts([(key, None) for key in some], encode(*self._book.snapshot()))

    async def _record_ratings(self, board: Board, name: str, rule: Rule, lowest: list[Low], *, live: bool) -> None:
        new = [low for low in lowest if rating_key(name, {}, low.ticket, low.survey) not in self._revisions]
        if not new:
            return
        gatherer = Gatherer(self._settings, board.figures(), self._lows, self._book, self.silences.standing(self._tick))
        common = gatherer.common(rule, Key(name, segment_key({})), 1)
        for low in new:
            self._revisions[rating_key(name, {}, low.ticket, low.survey)] = 1
        may_speak = live and common.silence is None
        since = self._tick - _NEWS_FOR
        for some in _in_batches(new):
            alerts = [rating_record(name, _rating(low), common, notify=may_speak and low.rated_at >= since) for low in some]
            await self._record(alerts, [_message(alert) for alert in alerts if alert.notify])

    # -- for metrics

    def standing(self) -> Iterable[tuple[Key, Memory, Rule]]:
        """Alerts that are not at rest."""
        _, memories = self._book.snapshot()
        return [(key, memory, self.rules[key.rule]) for key, memory in memories.items() if memory.state in {State.PENDING, State.FIRING, State.STALE}]

    def speaks_for(self, key: Key) -> tuple[str, ...]:
        """Segments that an alert speaks for."""
        return self._book.inhibited(key)

    def is_silenced(self, key: Key) -> bool:
        """Whether nobody is to be notified of an alert now."""
        return matching(self.silences.standing(self._tick), key, self._tick) is not None


def _in_batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[begin : begin + _RECORDS_A_BATCH] for begin in range(0, len(items), _RECORDS_A_BATCH))


def _revisions(left: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, int]]:
    """Revisions by key; what is no alert of ours is left alone."""
    for key, value in left.items():
        with contextlib.suppress(ValueError, msgspec.DecodeError):
            parse_key(key)
            yield key, msgspec.json.decode(value, type=_Known).revision


def _key(alert: Alert) -> bytes:
    if alert.rating is None:
        return alert_key(alert.rule, alert.segment)
    return rating_key(alert.rule, alert.segment, alert.rating.ticket_id, alert.rating.survey_id or "")


def _rating(low: Low) -> RatingOut:
    return RatingOut(
        ticket_id=low.ticket, survey_id=low.survey or None, score=low.score, scale_min=low.low, scale_max=low.high, rated_at=iso(low.rated_at)
    )


def _told(alert: Alert, change: Change) -> Message | None:
    """What receivers are told of a change: all of them, or those who hear nothing of the segment that speaks for it; None for nobody."""
    if alert.notify:
        return _message(alert)
    return _message(alert, parse_segment(change.spoken_for)) if change.spoken_for else None


def _message(alert: Alert, spoken_for: Mapping[str, str] | None = None) -> Message:
    words = message(alert)
    return Message(alert.model_dump(mode="json"), _delivery_key(alert), words.title, words.body, spoken_for)


def _delivery_key(alert: Alert) -> str:
    """Idempotency key: the alert's id, one for each state of an episode. A reminder has one of its own, or receivers would take it for a repeat."""
    if alert.event not in _REMINDERS:
        return alert.id
    minute = from_iso(alert.as_of) // MINUTE
    return hashlib.sha256(f"{alert.id}/{alert.event}/{minute}".encode()).hexdigest()
