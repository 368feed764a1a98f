"""For each check one situation in which it matters: what went wrong is told in a few words, nothing where the check did its work."""

from __future__ import annotations

import asyncio

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from engine_worker import REFUSED, WorkerProcess, until

from schemas.scores import Score, score_key
from stream.clock import real_ms
from stream.devkit.fill import fill
from stream.devkit.load import standard_load
from stream.durations import DAY, HOUR, MINUTE
from stream.engine import topics
from stream.engine.alert_log import CLAIM_KEY as ALERT_CLAIM
from stream.engine.fault_points import Point
from stream.engine.scorer import CLAIM
from stream.state.partition import CLAIM_KEY, TICKET_KEY
from stream.windows.published import REVISION_HEADER
from tests.faults.scenarios_start import AT_START
from tests.faults.situation import MODULE, RATINGS, Run, Scenario, differences, make_anew, rate
from tests.faults.without import LOSES, SEPARATOR, SPREADS, VARIABLE

EVENTS = 6_000
LATER_THAN_A_LOOK = "0.5"
_CSAT = score_key("csat", {}, "24h")

# -- fences


async def zombie_flush(run: Run) -> str:
    """A worker wakes up with an unsent flush when another has gone on; then a third one starts from the log."""
    await run.case.create_topics()
    await rate(run.case, 0)
    zombie = await run.stopped_at("before-flush", 2)
    other = await run.joined()
    await rate(run.case, RATINGS)
    await run.case.until_read()
    zombie.resume()
    assert await zombie.until_logged(REFUSED), zombie.log
    zombie.kill()
    other.kill()
    await run.joined()
    await run.case.until_read()
    return await differences(run)


async def zombie_scores(run: Run) -> str:
    """A scorer wakes up with unsent scores when another has published newer ones."""
    await run.case.create_topics()
    await rate(run.case, 0)
    zombie = await run.stopped_at("before-scores", 1)
    await run.joined()
    assert await until(lambda: _has_counted(run, RATINGS), 20, poll=0.3)  # what comes now is a revision of that
    await rate(run.case, RATINGS)
    await run.case.until_read()
    assert await until(lambda: _has_counted(run, 2 * RATINGS), 20, poll=0.3)
    await _until_quiet(run)
    written = len(zombie.log)
    zombie.resume()

    async def has_ended() -> bool:
        return "scorer: refused" in zombie.log[written:] or bool(await _gone_back(run))

    await until(has_ended, 15, poll=0.3)
    await _until_quiet(run)
    back = await _gone_back(run)
    return f"{back} scores go back to what they were" if back else await differences(run)


async def _gone_back(run: Run) -> int:
    """Scores behind a newer revision of their own. They may be healed in a moment, by the zombie itself, but readers have seen them."""
    newest: dict[bytes | None, int] = {}
    back = 0
    for record in await run.case.score_records():
        revision = int(dict(record.headers)[REVISION_HEADER])
        back += revision < newest.get(record.key, 0)
        newest[record.key] = max(revision, newest.get(record.key, 0))
    return back


async def _until_quiet(run: Run) -> None:
    written = -1
    while written != (found := len(await run.case.score_records())):
        written = found
        await asyncio.sleep(1.5)


async def _has_counted(run: Run, ratings: int) -> bool:
    score = await run.case.score("csat", {}, "24h")
    return score is not None and score.n == ratings


async def _behind_the_claim(run: Run, point: Point, topic: str, key: bytes, then: Point) -> str:
    """A worker wakes up with something unsent when another has claimed its partitions and written nothing else yet."""
    await run.case.create_topics()
    await rate(run.case, 0, stars=1, ago=MINUTE)
    zombie = await run.stopped_at(point, 1 if then == "before-look" else 2)
    await run.stopped_at(then, 1)
    written = len(zombie.log)
    zombie.resume()
    await until(lambda: len(zombie.log) > written, 5)
    await asyncio.sleep(1)
    behind = 0
    for record in await run.case.read(topic):
        behind = 0 if record.key == key else behind + 1
    return f"{behind} records of a former owner behind the claim" if behind else ""


async def flush_behind_the_claim(run: Run) -> str:
    """The unsent flush of a former owner."""
    return await _behind_the_claim(run, "before-flush", run.case.names.changelog, CLAIM_KEY, "in-recovery")


async def sums_behind_the_claim(run: Run) -> str:
    """The unsent sums of a former owner."""
    return await _behind_the_claim(run, "before-sums", run.case.names.sums, CLAIM_KEY, "in-recovery")


async def scores_behind_the_claim(run: Run) -> str:
    """The unsent scores of a former scorer."""
    return await _behind_the_claim(run, "before-scores", run.case.settings.topics.scores, CLAIM, "before-look")


async def alerts_behind_the_claim(run: Run) -> str:
    """The unsent alerts and memory of a former scorer."""
    return await _behind_the_claim(run, "before-alerts", run.case.settings.topics.alerts, ALERT_CLAIM, "before-look")


async def outbox_behind_the_claim(run: Run) -> str:
    """What a former scorer still wants to be delivered."""
    return await _behind_the_claim(run, "before-outbox", run.case.names.outbox, ALERT_CLAIM, "before-look")


async def follow_ups_behind_the_claim(run: Run) -> str:
    """The unsent follow-ups of a former scorer."""
    return await _behind_the_claim(run, "before-follow-ups", run.case.settings.topics.followups, ALERT_CLAIM, "before-look")


async def changelog_made_anew(run: Run) -> str:
    """The changelog is deleted and made anew under a worker; what was durable is gone, so nothing behind it may count as durable."""
    await run.case.create_topics()
    await rate(run.case, 0)
    worker = await run.joined()
    await run.case.until_read()
    await make_anew(run.case, run.case.names.changelog)
    await rate(run.case, RATINGS)
    await until(lambda: _is_over(run, worker), 15, poll=0.3)
    done, held = await _done(run), await _tickets_in_the_log(run)
    return f"{done} ratings count as durable, {held} are" if done > RATINGS else ""


async def _is_over(run: Run, worker: WorkerProcess) -> bool:
    return not worker.is_running or await _done(run) > RATINGS


async def _done(run: Run) -> int:
    return (await run.case.markers())[0].next_offsets[run.case.settings.topics.ratings]


async def _tickets_in_the_log(run: Run) -> int:
    return len({record.key for record in await run.case.read(run.case.names.changelog) if (record.key or b"").startswith(TICKET_KEY)})


async def source_made_anew_beside_a_worker(run: Run) -> str:
    """A source topic is deleted and made anew under a worker: under the offsets that it knows there are other events now."""
    await run.case.create_topics()
    await rate(run.case, 0)
    worker = await run.joined()
    await run.case.until_read()
    await make_anew(run.case, run.case.settings.topics.ratings)
    await rate(run.case, RATINGS, stars=1)
    await until(lambda: not worker.is_running, 10 if run.without else 20)
    return await differences(run) if worker.is_running else ""


# -- continuity


async def lost_source_chunks(run: Run) -> str:
    """The transport loses chunks of the source topics, and others come behind them."""
    await run.case.create_topics()
    await run.stage.joined(module=MODULE, **run.without, **{LOSES: "source"})
    for seed in (1, 2):
        await fill(run.case.settings, standard_load(EVENTS // 2, seed=seed, prefix=f"{seed}-", start=real_ms() - DAY - HOUR, span=DAY))
        await asyncio.sleep(1)
    await run.case.until_read()
    return await differences(run)


async def lost_changelog_chunk(run: Run) -> str:
    """The transport loses a chunk of the changelog during a recovery: tickets and sums that nothing behind it writes anew."""
    await run.case.create_topics()
    first = await run.joined()
    await rate(run.case, 0)
    await run.case.until_read()
    await fill(run.case.settings, standard_load(EVENTS, start=real_ms() - 5 * DAY, span=DAY))
    await run.case.until_read()
    first.kill()
    await run.stage.joined(module=MODULE, **run.without, **{LOSES: "changelog"})
    await rate(run.case, RATINGS)
    await run.case.until_read()
    return await differences(run)


async def cut_under_a_worker(run: Run) -> str:
    """Retention removes records before a worker that stands still has come to them."""
    await run.case.create_topics()
    await rate(run.case, 0)
    worker = await run.joined()
    await run.case.until_read()
    worker.pause()
    await rate(run.case, RATINGS)  # these answer the fetch that is under way
    await rate(run.case, 2 * RATINGS)
    place = TopicPartition(run.case.settings.topics.ratings, 0)
    async with topics.admin(run.case.settings) as client:
        await client.delete_records({place: RecordsToDelete(3 * RATINGS - 1)})
    worker.resume()
    await run.case.until_read()
    told = await worker.until_logged("removed by retention before they were read; they are lost", 5)
    return "" if told else "goes on without a word of it"


# -- whole flushes


async def sums_one_by_one(run: Run) -> str:
    """Earlier ratings of the same surveys arrive: the cases move to another hour, and the two sums come to the scorer one after the other."""
    await run.case.create_topics()
    await run.stage.joined(module=MODULE, **run.without, **{SPREADS: LATER_THAN_A_LOOK})
    await rate(run.case, 0)
    assert await until(lambda: _has_counted(run, RATINGS), 60, poll=0.3)
    await rate(run.case, 0, ago=3 * HOUR, prefix="earlier")
    await run.case.until_read(60)
    left = await differences(run)
    found = [Score.model_validate_json(record.value) for record in await run.case.score_records() if record.value and record.key == _CSAT]
    twice = sum(score.n != RATINGS for score in found if score.n)
    return f"{twice} of {len(found)} scores count cases twice or not at all" if twice else left


SCENARIOS: dict[str, Scenario] = {
    "fence of a partition's owner": zombie_flush,
    "fence of the scorer": zombie_scores,
    "claim in the changelog": flush_behind_the_claim,
    "claim in the sums": sums_behind_the_claim,
    "claim in the scores": scores_behind_the_claim,
    "claim in the alerts": alerts_behind_the_claim,
    "claim in the outbox": outbox_behind_the_claim,
    "claim in the follow-ups": follow_ups_behind_the_claim,
    "place of a flush in the changelog": changelog_made_anew,
    "watch of the topics": source_made_anew_beside_a_worker,
    "continuity of source chunks": lost_source_chunks,
    "continuity of changelog chunks": lost_changelog_chunk,
    "explanation of gaps": cut_under_a_worker,
    "sums of a flush together": sums_one_by_one,
    **AT_START,
}
"""The situation for each check, by the name under which it is taken out."""


ALSO = {
    "place of a flush in the changelog": "watch of the topics",
    "beginning of a source log": "explanation of gaps",
    "one number of partitions": "partitions of internal topics",
}
"""What would find the same a moment later, and is taken out of both runs."""


def without(check: str, *, removed: bool) -> dict[str, str]:
    """The environment of workers without a check, or with it."""
    names = [*([check] if removed else []), *([ALSO[check]] if check in ALSO else [])]
    return {VARIABLE: SEPARATOR.join(names)} if names else {}
