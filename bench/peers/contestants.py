"""The contestants, in the order of the table. A new one is one entry: a name and how to get its command."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from bench.machine import versions
from bench.peers.contestant import Command, Contestant, NotToBeHad
from bench.peers.environments import python_job
from bench.peers.java_jobs import flink_sql, kafka_streams

OURS = "csat-stream"
_OUR_JOB = Path(__file__).resolve().parent / "csat_stream_job.py"
# At about a thousand events a second a million would take a quarter of an hour.
FAUST_EVENTS = 100_000


def known() -> dict[str, Contestant]:
    """All contestants by name."""
    contestants = (
        Contestant(OURS, _csat_stream),
        Contestant("flink-sql", flink_sql),
        Contestant("kafka-streams", kafka_streams),
        Contestant("bytewax", lambda: python_job("bytewax_job", "bytewax", "bytewax")),
        Contestant("quix-streams", lambda: python_job("quix_job", "quix", "quixstreams")),
        Contestant("faust", _faust, most_events=FAUST_EVENTS),
    )
    return {contestant.name: contestant for contestant in contestants}


def default_names() -> list[str]:
    """Those that run where none are named: all, ours once its job is there."""
    return [name for name in known() if name != OURS or _OUR_JOB.exists()]


def _csat_stream() -> Command:
    if not _OUR_JOB.exists():
        raise NotToBeHad("bench/peers/csat_stream_job.py is not there")
    found = versions()
    text = f"csat-stream {found['csat-stream']}, faust-streaming {found['faust-streaming']}, Python {platform.python_version()}"
    return Command((sys.executable, "-m", "bench.peers.csat_stream_job"), text)


def _faust() -> Command:
    return python_job("faust_job", "faust", "faust-streaming", "worker", "--loglevel", "error", "--without-web")
