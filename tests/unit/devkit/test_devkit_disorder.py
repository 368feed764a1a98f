"""Disorder adds what it says, keeps every original, and each kind of damage makes its class of dead letter."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.read import Reader, Refused
from stream.devkit.disorder import DAMAGES, FAR_AHEAD, damaged, disordered
from stream.devkit.load import LoadRecord, standard_load
from stream.durations import HOUR, MINUTE
from stream.settings import Settings

START = 1_792_454_400_000
LOAD = standard_load(600, start=START)


def verdict(record: LoadRecord) -> str:
    """The class of a record's dead letter, `ok` for none; `future` against a broker that got it an hour after its time."""
    reader = Reader(Settings().scale_rules)
    try:
        _, essence = reader.read(record.partition_key, record.value, [])
    except Refused as refused:
        return str(refused.kind)
    return "future" if essence.time > record.time_ms + HOUR + 5 * MINUTE else "ok"


@pytest.mark.parametrize("kind", list(DAMAGES))
def test_damage_makes_its_dead_letter(kind: str) -> None:
    """Records of all topics, damaged in one way, are all dead letters of that class."""
    assert {verdict(damaged(record, kind, serial)) for serial, record in enumerate(LOAD[:100])} == {kind}


def test_counts_of_what_was_added() -> None:
    """A tenth malformed: every class as often as it says, and as many copies as it says."""
    result = disordered(LOAD, shuffle=HOUR, duplicates=0.05, malformed=0.1)
    found = Counter(verdict(record) for record in result.records)
    assert (result.duplicates, found.pop("ok")) == (30, 630)
    assert found == result.malformed
    assert set(result.malformed) == set(DAMAGES)
    assert sum(result.malformed.values()) == 60


@given(seed=st.integers(0, 1_000), shuffle=st.integers(1, 2 * HOUR))
def test_nothing_is_lost(seed: int, shuffle: int) -> None:
    """Every original is there; none is delayed by more than `shuffle`."""
    result = disordered(LOAD, seed=seed, shuffle=shuffle)
    assert sorted((record.partition_key, record.value) for record in result.records) == sorted(
        (record.partition_key, record.value) for record in LOAD
    )
    delays = [record.order_ms - record.time_ms for record in result.records]
    assert max(delays) < shuffle + 4_000
    assert [record.order_ms for record in result.records] == sorted(record.order_ms for record in result.records)


def test_shuffling_changes_the_order() -> None:
    """Within an hour of delay many records overtake others."""
    times = [record.time_ms for record in disordered(standard_load(600, start=START, span=2 * HOUR), shuffle=HOUR).records]
    assert sum(later < earlier for earlier, later in pairwise(times)) > 100


def test_same_seed_same_disorder() -> None:
    """A seed makes one disorder; another makes another."""
    assert disordered(LOAD, seed=2, shuffle=HOUR, malformed=0.1) == disordered(LOAD, seed=2, shuffle=HOUR, malformed=0.1)
    assert disordered(LOAD, seed=2, shuffle=HOUR) != disordered(LOAD, seed=3, shuffle=HOUR)


def test_the_future_is_ahead_of_any_present() -> None:
    """A simulated past of a year still damages into the broker's future."""
    assert FAR_AHEAD > 365 * 24 * HOUR
