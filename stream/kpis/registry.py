"""All KPIs: every module of this folder that has a constant `KPI`. A new KPI is one new file and needs no entry anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import stream.kpis
from stream.kpis.definition import SKETCH_FROM, SKETCH_ROOM, Contribution, Kpi, Metric, cell
from stream.rules import Rules
from stream.tickets.lives import Life


@cache
def all_kpis() -> tuple[Kpi, ...]:
    """Every KPI, by block; two files with one block are a mistake of the programmer."""
    modules = [import_module(f"{stream.kpis.__name__}.{found.name}") for found in iter_modules(stream.kpis.__path__)]
    kpis = sorted((module.KPI for module in modules if hasattr(module, "KPI")), key=lambda kpi: kpi.block)
    if len({kpi.block for kpi in kpis}) != len(kpis):
        raise ValueError("two KPIs use the same block of cells")
    return tuple(kpis)


def kpi_cells(name: str) -> tuple[int, ...]:
    """The single cells of a KPI, in order. StopIteration where there is no such KPI."""
    kpi = next(kpi for kpi in all_kpis() if kpi.name == name)
    return tuple(cell(kpi.block, index) for index, found in enumerate(kpi.cells) if found)


def all_metrics() -> Iterator[tuple[Kpi, Metric]]:
    """Every metric with its KPI."""
    return ((kpi, metric) for kpi in all_kpis() for metric in kpi.metrics)


def layout() -> str:
    """Text that changes when cells change their meaning; part of the fingerprint of a state."""
    return ";".join(f"{kpi.name}:{kpi.block}:{','.join(kpi.cells)}:{kpi.sketches}" for kpi in all_kpis())


def block_of(cell: int) -> int:
    """Block of the KPI that a cell belongs to."""
    return cell // 100 if cell < SKETCH_FROM else (cell - SKETCH_FROM) // SKETCH_ROOM // 5


def contributions(lives: Sequence[Life], rules: Rules) -> list[list[Contribution]]:
    """What the lives of a ticket add, a list for every KPI. A void life is in no figure."""
    counting = [life for life in lives if not life.void]
    found = []
    for contribute in _contributors():
        own: list[Contribution] = []
        for life in counting:
            contribute(life, rules, own.append)
        found.append(own)
    return found


@cache
def _contributors() -> tuple[Callable[[Life, Rules, Callable[[Contribution], None]], None], ...]:
    return tuple(kpi.contribute for kpi in all_kpis())
