"""What every KPI keeps to: its cells, its definitions, and that whatever it adds can be taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.kpis.definition import LEVELS, MINUTES, Kpi, Metric, Span, cell, sketch_cell
from stream.kpis.registry import all_kpis, all_metrics, block_of, contributions, layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.stats.sketch import Counts, counts_of
from stream.tickets.lives import Life, lives_of
from stream.windows.panel import cells_of
from tests.helpdesk import NOON, Event, closed, log, opened, rated, replied
from tests.pipeline import Pipeline

SETTINGS = Settings()
METRIC_NAMES = (
    "csat",
    "csat_first",
    "first_response",
    "first_response_within",
    "waiting",
    "overdue",
    "oldest_waiting",
    "backlog",
    "resolution_first",
    "resolution_last",
    "fcr_one_touch",
    "fcr_one_touch_provisional",
    "fcr_never_reopened",
    "fcr_never_reopened_provisional",
    "bot_only",
    "reopen_rate",
    "follow_ups",
    "follow_ups_overdue",
    "oldest_follow_up",
)
RULES = rules_of(SETTINGS, layout=layout())
KPIS = pytest.mark.parametrize("kpi", all_kpis(), ids=lambda kpi: kpi.name)
METRICS = pytest.mark.parametrize(("kpi", "metric"), list(all_metrics()), ids=lambda each: each.name)


def full_life() -> Life:
    """A life that every windowed KPI says something of."""
    return life_of([opened(), replied(NOON + 1), closed(NOON + 2), rated(NOON + 3, 5)])


def life_of(events: list[Event]) -> Life:
    """The only life of some events."""
    pipeline = Pipeline(Settings(segments=((),), windows=("all",)))
    essences = [pipeline.reader.read(record.key, record.value, record.headers)[1] for record in log(events)]
    (life,) = lives_of(essences, SETTINGS.life_gap, SETTINGS.max_open_age)
    return life


def test_every_kpi_of_the_definitions_is_there() -> None:
    """19 metrics, each once."""
    names = sorted(metric.name for _, metric in all_metrics())
    assert names == sorted(METRIC_NAMES)


def test_blocks_are_of_one_kpi_each() -> None:
    """No two KPIs share a cell, and the block of a cell names its KPI."""
    cells = [(cell, kpi.block) for kpi in all_kpis() for cell in cells_of(kpi) if cell not in kpi.also_reads]
    assert len({cell for cell, _ in cells}) == len(cells)
    assert all(block_of(cell) == block for cell, block in cells)


@KPIS
def test_contributions_stay_in_their_own_cells(kpi: Kpi) -> None:
    """And are whole numbers."""
    own = set(cells_of(kpi)) - set(kpi.also_reads)
    found: list[tuple[int, int]] = []
    kpi.contribute(full_life(), RULES, lambda contribution: found.extend(contribution[3]))
    assert {cell for cell, _ in found} <= own
    assert all(type(value) is int for _, value in found)


@KPIS
def test_contributions_count_where_they_are_read(kpi: Kpi) -> None:
    """Levels among levels, what slides by minutes too: in other panes nobody would find them."""
    found: list[int] = []
    for life in (full_life(), life_of([opened(), rated(NOON + 3, 1)])):
        kpi.contribute(life, RULES, lambda contribution: found.append(contribution[2]))
    spans = {metric.span for metric in kpi.metrics}
    assert bool(found) == bool(kpi.metrics)
    assert all(bool(counted & LEVELS) == (Span.LEVEL in spans) for counted in found)
    assert Span.SLIDING not in spans or all(counted & MINUTES for counted in found)


@KPIS
def test_contributing_changes_nothing(kpi: Kpi) -> None:
    """The same life contributes the same twice."""
    life = full_life()
    first: list[object] = []
    second: list[object] = []
    kpi.contribute(life, RULES, first.append)
    kpi.contribute(life, RULES, second.append)
    assert first == second


def test_an_empty_or_void_life_contributes_nothing() -> None:
    """Nothing to count, nothing to take back, in any KPI."""
    merged = full_life()
    merged.merged = True
    assert [own for own in contributions([Life(), merged], RULES) if own] == []


class Zeros:
    """Sums in which nothing was counted."""

    def __getitem__(self, cell: int) -> int:
        return 0

    def sketch(self, first: int) -> Counts:  # noqa: ARG002 - as Sums has it
        """No bucket is filled."""
        return counts_of([])

    def oldest(self, kind: str) -> None:
        """Nothing waits."""

    def younger(self, cell: int, hours: int) -> int:  # noqa: ARG002 - as Levels has it
        """Nothing either."""
        return 0

    def to_the_minute(self, cell: int) -> int:  # noqa: ARG002 - as Levels has it
        """Nothing either."""
        return 0


@METRICS
def test_nothing_counted_is_absent(kpi: Kpi, metric: Metric) -> None:  # noqa: ARG001 - the ids show both
    """N = 0 is no reading, never 0."""
    assert metric.read(Zeros()) is None


@METRICS
def test_every_metric_says_what_it_means(kpi: Kpi, metric: Metric) -> None:
    """In words, by a profile's name, and in the window that its kind has."""
    assert metric.meaning
    assert metric.definition(SETTINGS).startswith(("csat", "bot_only", metric.name.split("_")[0]))
    assert metric.attributed is (kpi.name in ("csat", "follow_up"))
    assert (metric.span is Span.LEVEL) is (metric.unit in ("tickets", "unix_seconds"))


@given(st.integers(0, 99), st.integers(0, 4), st.integers(0, 1399))
def test_block_of_a_cell(block: int, sketch: int, bucket: int) -> None:
    """Single cells and the buckets of sketches name their block."""
    assert block_of(cell(block, bucket % 100)) == block
    assert block_of(sketch_cell(block, sketch) + bucket) == block


def test_layout_names_every_cell() -> None:
    """A KPI whose cells change changes the fingerprint of the state."""
    text = layout()
    assert all(f"{kpi.name}:{kpi.block}:" in text for kpi in all_kpis())


def test_contributions_are_listed_by_kpi() -> None:
    """One list for each KPI, in the order of the registry, for all lives together."""
    once, twice = contributions([full_life()], RULES), contributions([full_life(), full_life()], RULES)
    assert [len(own) for own in twice] == [2 * len(own) for own in once]
    assert [bool(own) for own in once] == [kpi.name not in ("waiting", "backlog", "follow_up", "intake") for kpi in all_kpis()]
