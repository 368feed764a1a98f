"""What the bench works out of its observations."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench import live
from bench.latency import latencies, percentiles
from bench.machine import machine
from bench.processes import BenchFailed, Sample, usage
from bench.standard import results_table, summary


def test_latency_to_the_first_score_that_counts() -> None:
    """Each rating ends at the first score with so many cases; one score may end several."""
    assert latencies([1.0, 2.0, 3.0], [(1.5, 1), (3.5, 3), (9.0, 3)]) == [0.5, 1.5, 0.5]


def test_a_rating_that_is_never_counted_fails() -> None:
    """A missing rating is a failure, not a short list."""
    with pytest.raises(BenchFailed, match="rating 2 of 2"):
        latencies([1.0, 2.0], [(1.5, 1)])


@given(st.lists(st.floats(0, 10), min_size=1, max_size=300))
def test_percentiles_are_observed_values(values: list[float]) -> None:
    """Half lie at or below the median, 99 % at or below p99, all at or below the maximum."""
    found = percentiles(values)
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        assert sum(value * 1000 <= found[name] + 0.05 for value in values) >= share * len(values)
        assert found[name] in {round(value * 1000, 1) for value in values}


def test_usage_between_two_moments() -> None:
    """CPU from the sample before the beginning to the one after the end; the peak of all up to then."""
    samples = [Sample(float(at), at * 2.0, at * 0.5, rss * 2**20) for at, rss in enumerate((10, 70, 30, 40, 99))]
    found = usage(samples, 1.5, 2.5)
    assert (found.cpu_seconds, found.broker_cpu_seconds, found.peak_rss_mb) == (4.0, 1.0, 70.0)


def test_medians_and_spreads() -> None:
    """Of every figure over the runs; what was not measured has no line."""
    job = {"cpu_seconds_per_million": 20.0, "broker_cpu_seconds_per_million": 2.0, "peak_rss_mb": 900.0, "startup_seconds": 2.0}
    runs = [job | {"events_per_second": speed, "latency_ms": {"p50": speed / 1000, "p99": 50.0}} for speed in (10_000.0, 30_000.0, 11_000.0)]
    found = summary(runs, machine(), {"options": {"rate": 2_000}})
    assert found["standard_job"]["events_per_second"] == 11_000.0
    assert found["spread"]["standard_job"]["events_per_second"] == [10_000.0, 30_000.0]
    assert found["latency_ms"] == {"p50": 11.0, "p99": 50.0}
    assert found["loaded_latency_ms"] == {}
    console = Console(record=True, file=io.StringIO(), width=120)
    console.print(results_table(found))
    shown = console.export_text()
    assert "11,000" in shown
    assert "10,000 to 30,000" in shown
    assert "1h at" not in shown


def test_a_live_load_goes_through_every_phase() -> None:
    """Two seconds of it: scores are made, and no phase is left out."""
    phases, made = live.run(rate=200, seconds=2)
    assert made > 0
    assert set(phases.spent) == {"read and apply", "settle", "flush", "board apply", "board settle", "board move", "look", "records"}
