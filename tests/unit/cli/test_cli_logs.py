"""The worker's log: one plain line a message, and no noise about connections."""

from __future__ import annotations

import logging
import re

import pytest

from stream.cli.logs import ConnectionNoise, PlainFormatter


def record(name: str, level: int, text: str) -> logging.LogRecord:
    """A log record as a library makes it."""
    return logging.LogRecord(name, level, "file.py", 1, text, None, None)


def test_a_line_says_when_how_bad_and_what() -> None:
    """UTC, to the second."""
    line = PlainFormatter().format(record("stream.engine", logging.INFO, "partition 0: 12 tickets recovered"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO partition 0: 12 tickets recovered", line)


def test_many_lines_become_one() -> None:
    """Of foreign messages the first line is kept, cut to a length; own ones are joined; tracebacks are left out."""
    assert PlainFormatter().format(record("faust.app", logging.ERROR, "it broke\nin many\nlines")).endswith("ERROR faust.app: it broke")
    assert PlainFormatter().format(record("stream.x", logging.ERROR, "one\ntwo")).endswith("ERROR one two")
    assert len(PlainFormatter().format(record("mode.x", logging.ERROR, "long " * 1000))) < 250
    failed = record("stream.x", logging.ERROR, "failed")
    failed.exc_info = (ValueError, ValueError("hidden"), None)
    assert "hidden" not in PlainFormatter().format(failed)


@pytest.mark.parametrize(
    "text",
    [
        "Unable connect to node with id 1: [Errno 111]",
        "Group Coordinator Request failed: GroupCoordinatorNotAvailableError",
        "Unclosed AIOKafkaConsumer",
    ],
)
def test_noise_is_held_back(text: str) -> None:
    """Libraries repeat these; the watch says them once."""
    assert not ConnectionNoise().filter(record("aiokafka.client", logging.ERROR, text))


def test_broken_connections_are_remembered() -> None:
    """So that the watch can look at the broker."""
    noise = ConnectionNoise()
    noise.filter(record("aiokafka.consumer", logging.ERROR, "GroupCoordinatorNotAvailableError"))
    assert not noise.broken
    noise.filter(record("aiokafka.client", logging.ERROR, "Unable connect to node with id 1"))
    assert noise.broken


def test_the_rest_passes() -> None:
    """What we say, and errors of others; not their remarks, Faust's through our loggers among them."""
    noise = ConnectionNoise()
    assert noise.filter(record("stream.engine.slots", logging.INFO, "Unable to connect is our own text here"))
    assert noise.filter(record("faust.agents", logging.ERROR, "something else broke"))
    assert not noise.filter(record("stream.engine.app", logging.INFO, "[^App]: Starting..."))
