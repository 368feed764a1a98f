"""Bad input of every class on a real broker: a dead letter that holds the record whole, and nothing else disturbed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import NamedTuple

import pytest
from engine_case import Case, Input, event, original, this_minute
from engine_worker import WorkerProcess

from stream.durations import DAY, HOUR, MINUTE

OPENED, REPLIED, CLOSED, RATINGS = range(4)
TELLTALE = "rosebud-1941"
HEADERS = [("trace", TELLTALE.encode()), ("empty", b"")]
FLOOD = 20_000
FLOOD_SECONDS = 20


class Bad(NamedTuple):
    """A record, the class of its dead letter, and the paths of its faults."""

    name: str
    record: Input
    kind: str
    paths: tuple[str, ...]


def rating(ticket: str, time_ms: int, name: str, score: int = 5, **data: object) -> bytes:
    """A rating in structured mode."""
    return event("rating.submitted", ticket, time_ms, name, score=score, **data)


def without(body: bytes, **changes: object) -> bytes:
    """An event with some of its fields replaced, or removed where they are None."""
    fields = {**json.loads(body), **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def bad_records(now: int) -> list[Bad]:
    """One record, or more, of each class."""
    key, then = b"bad", now - HOUR
    good = rating("bad", then, "unused", comment=TELLTALE)
    two_faults = {"ticket_id": "bad", "score": "five", "comment": TELLTALE}
    return [
        Bad("text", Input(OPENED, key, TELLTALE.encode(), HEADERS), "not_json", ("",)),
        Bad("bytes", Input(OPENED, key, b"\xff\x00", HEADERS), "not_json", ("",)),
        Bad("list", Input(REPLIED, key, json.dumps([TELLTALE]).encode(), HEADERS), "not_json", ("",)),
        Bad("nothing", Input(CLOSED, key, None, HEADERS), "not_json", ("",)),
        Bad("nested", Input(CLOSED, key, b"[" * 5000, HEADERS), "not_json", ("",)),
        Bad("type", Input(RATINGS, key, without(good, type=TELLTALE), HEADERS), "unknown_type", ("type",)),
        Bad("no time", Input(RATINGS, key, without(good, time=None), HEADERS), "schema", ("time",)),
        Bad("two faults", Input(RATINGS, key, without(good, time=TELLTALE, data=two_faults), HEADERS), "schema", ("time", "data.score")),
        Bad(
            "author",
            Input(REPLIED, key, event("ticket.replied", "bad", then, "x", author=TELLTALE, public=True), HEADERS),
            "schema",
            ("data.author",),
        ),
        Bad("score", Input(RATINGS, key, rating("bad", then, "x", 6, comment=TELLTALE), HEADERS), "score", ("data.score",)),
        Bad("wrong key", Input(RATINGS, TELLTALE.encode(), good, HEADERS), "wrong_key", ("key",)),
        Bad("no key", Input(RATINGS, None, good, HEADERS), "wrong_key", ("key",)),
        Bad("future", Input(RATINGS, key, rating("bad", now + HOUR, "x", comment=TELLTALE), HEADERS), "future", ("time",)),
        Bad("late", Input(RATINGS, b"steady", rating("steady", now - 9 * DAY, "x", comment=TELLTALE), HEADERS), "late", ("time",)),
        Bad("conflict", Input(RATINGS, b"steady", rating("steady", then, "r-steady", 1, comment=TELLTALE), HEADERS), "conflict", ("id",)),
        Bad("conflict again", Input(RATINGS, b"steady", rating("steady", then, "r-steady", 3, comment=TELLTALE), HEADERS), "conflict", ("id",)),
    ]


def good_records(now: int) -> list[Input]:
    """What is to be counted: the rating that others come in conflict with, and one besides."""
    return [
        Input(RATINGS, b"steady", rating("steady", now - HOUR, "r-steady")),
        Input(RATINGS, b"other", rating("other", now - 30 * MINUTE, "r-other", 4)),
    ]


async def test_each_class(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """The dead letter names class, place and the path of every fault, and gives back the very bytes; scores are undisturbed."""
    now = this_minute()
    case = new(clock={"fixed": now})
    await case.create_topics()
    bad = bad_records(now)
    await case.produce([*good_records(now), *(one.record for one in bad)])
    worker = start(case, "a")
    await worker.until_ready()
    letters = await case.audit_letters(await case.audit())

    assert len(letters) == len(bad)
    found = {(letter.topic, *original(letter)[:2]): letter for letter in letters.values()}
    for one in bad:
        letter = found[case.settings.topics.sources[one.record.topic], one.record.key, one.record.value]
        assert (one.name, letter.kind.value, {fault.path for fault in letter.faults}) == (one.name, one.kind, set(one.paths))
        assert original(letter) == (one.record.key, one.record.value, HEADERS)
        assert letters[f"{letter.topic}/{letter.partition}/{letter.offset}"] is letter
        assert abs(letter.timestamp - now) < 10 * MINUTE
        assert TELLTALE not in str(letter.faults)
    assert TELLTALE not in worker.log
    csat = await case.score("csat", {}, "4h")
    assert csat is not None
    assert csat.n == 2


async def test_conflict_whichever_comes_first(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Of two bodies under one id the one that sorts first counts, whatever the order of arrival; the second to arrive is the dead letter."""
    now = this_minute()
    case = new(clock={"fixed": now}, publish={"min": "1s", "max": "1s"})
    await case.create_topics()
    low, high = rating("t", now - HOUR, "r", 1), rating("t", now - HOUR, "r", 5)
    low_u, high_u = rating("u", now - HOUR, "r", 1), rating("u", now - HOUR, "r", 5)
    await case.produce([Input(RATINGS, b"t", low), Input(RATINGS, b"u", high_u)])
    worker = start(case, "a")
    await worker.until_ready()
    await case.produce([Input(RATINGS, b"t", high), Input(RATINGS, b"u", low_u)])
    await case.until_read()
    letters = await case.audit_letters(await case.audit())
    assert {(letter.kind.value, original(letter)[1]) for letter in letters.values()} == {("conflict", high), ("conflict", low_u)}
    csat = await case.score("csat", {}, "4h")
    assert csat is not None
    assert (csat.n, csat.counts["star_1"]) == (2, 2)


@pytest.mark.timeout(90)
async def test_flood(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """20,000 bad records pass at speed, each with its dead letter, and the good ones among them count."""
    now = this_minute()
    case = new(clock={"fixed": now})
    await case.create_topics()
    bad = [Input(number % 4, b"bad-%d" % number, b"%d is no object" % number) for number in range(FLOOD)]
    good = [Input(RATINGS, b"t-%d" % number, rating(f"t-{number}", now - HOUR, f"r-{number}")) for number in range(20)]
    await case.produce([*bad[: FLOOD // 2], *good, *bad[FLOOD // 2 :]])
    begun = time.monotonic()
    worker = start(case, "a")
    await worker.until_ready()
    seconds = time.monotonic() - begun
    letters = await case.audit_letters(await case.audit())
    assert len(letters) == FLOOD
    assert seconds < FLOOD_SECONDS, f"{FLOOD} bad records took {seconds:.1f} s, the start included"
    csat = await case.score("csat", {}, "4h")
    assert csat is not None
    assert csat.n == 20
