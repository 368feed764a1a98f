"""A contestant of the peer bench in plain Python, to test the bench itself; PLAIN_FAULT makes it misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.peers.job import FirstRecord, Job, from_environment, hour_of, is_public_answer, is_satisfied, milliseconds

NAMES = ("n", "satisfied", "n_frt", "sum_frt")
HALTS = {"halt": 3.0, "stick": 600.0}
"""Seconds between one half of the results and the other, by fault."""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


async def read(job: Job) -> list[dict[str, Any]]:
    """All events of the job's topics."""
    first = FirstRecord()
    partitions = [TopicPartition(topic, partition) for topic in job.inputs for partition in range(4)]
    async with AIOKafkaConsumer(bootstrap_servers=job.broker, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        events: list[dict[str, Any]] = []
        while len(events) < sum(ends.values()):
            chunks = await consumer.getmany(timeout_ms=500)
            events += [json.loads(record.value) for chunk in chunks.values() for record in chunk]
            if events:
                first.seen()
    return events


def scores(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the job asks for, by team and hour."""
    sums: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    answers: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        if event["type"] == "ticket.replied" and is_public_answer(event["data"]):
            answers[event["data"]["ticket_id"]].append(milliseconds(event["time"]))
    for event in events:
        data, moment = event["data"], milliseconds(event["time"])
        if event["type"] == "rating.submitted":
            more = [1, is_satisfied(data["score"]), 0, 0]
        elif event["type"] == "ticket.opened" and data["ticket_id"] in answers:
            more = [0, 0, 1, min(answers[data["ticket_id"]]) - moment]
        else:
            continue
        place = (data["team"], hour_of(moment))
        sums[place] = [one + other for one, other in zip(sums[place], more, strict=True)]
    return [{"team": team, "window": hour, **dict(zip(NAMES, found, strict=True))} for (team, hour), found in sums.items()]


async def main(fault: str) -> None:
    """Read, add up, write; or do what the fault says."""
    job = from_environment()
    results = scores(await read(job))
    if fault == "crash":
        sys.exit(3)
    if fault == "lose":
        next(result for result in results if result["n"])["n"] -= 1
    async with AIOKafkaProducer(bootstrap_servers=job.broker) as producer:
        for number, result in enumerate(results):
            if fault in HALTS and number == len(results) // 2:
                await producer.flush()
                await asyncio.sleep(HALTS[fault])
            # The broker's own stamp counts, not what a contestant says of the time.
            await producer.send(job.out, json.dumps(result).encode(), key=result["team"].encode(), timestamp_ms=1)


def stay(child_file: Path) -> None:
    """Go on for ten minutes beside a child that does not listen to SIGTERM; its process id is in the file."""
    child = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE)
    if child.stdout is not None:
        child.stdout.readline()
    child_file.write_text(str(child.pid), encoding="utf-8")
    time.sleep(600)


if __name__ == "__main__":
    FAULT = os.environ.get("PLAIN_FAULT", "")
    asyncio.run(main(FAULT))
    if FAULT == "stay":
        stay(Path(os.environ["PLAIN_CHILD"]))
