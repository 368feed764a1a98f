"""The examples: our own table reads without a fault, and the public data sets give their known figures."""

from __future__ import annotations

import importlib.util
import io
import sys
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from schemas.essence import Closed, Essence, Opened, Rated, Replied, order
from schemas.read import Reader
from stream import settings as stream_settings
from stream.intake.events import Intake, read_events
from stream.intake.load import load_mapping
from stream.settings import Settings

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SETTINGS = Settings()
HOUR = 3_600_000


def read(table: Path, mapping: str) -> Intake:
    """A table by one of the example mappings."""
    return read_events([table], load_mapping(EXAMPLES / mapping), SETTINGS)


def tickets(found: Intake) -> dict[str, list[Essence]]:
    """What each ticket's events say, in their order."""
    reader = Reader(SETTINGS.scale_rules)
    by_ticket: dict[str, list[Essence]] = {}
    for event in found.events:
        ticket_id, essence = reader.read(event.key, event.value, ())
        by_ticket.setdefault(ticket_id, []).append(essence)
    return {ticket_id: sorted(essences, key=order) for ticket_id, essences in by_ticket.items()}


def first_life(essences: Sequence[Essence]) -> list[Essence]:
    """The events up to the first gap of more than `life_gap` after a close; no ticket here is ever reopened."""
    life: list[Essence] = []
    for essence in essences:
        if any(isinstance(one, Closed) for one in life) and essence.time - life[-1].time > SETTINGS.life_gap:
            break
        life.append(essence)
    return life


@pytest.mark.parametrize("mapping", ["helpdesk.yaml", "pwc.yaml", "helpdesk_italy.yaml"])
def test_settings_of_a_mapping_are_whole(mapping: str) -> None:
    """`try` can take the settings block as it is."""
    block = load_mapping(EXAMPLES / mapping).settings
    assert stream_settings.load(None, block).segments == tuple(map(tuple, block["segments"]))


def generator(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script that made helpdesk.csv, as a module."""
    spec = importlib.util.spec_from_file_location("make_helpdesk_csv", EXAMPLES / "make_helpdesk_csv.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_helpdesk_csv_is_what_its_script_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The committed table has the bytes of the seed."""
    module = generator(monkeypatch)
    made = io.StringIO(newline="")
    module.write(made, module.rows())
    assert made.getvalue() == (EXAMPLES / "helpdesk.csv").read_bytes().decode()


def test_helpdesk_has_every_kind_of_event() -> None:
    """300 tickets of 3 teams on 3 channels, all seven kinds, no row with a fault."""
    found = read(EXAMPLES / "helpdesk.csv", "helpdesk.yaml")
    assert not found.faults
    by_ticket = tickets(found)
    kinds = Counter(type(essence).__name__ for essences in by_ticket.values() for essence in essences)
    opened = [essence for essences in by_ticket.values() for essence in essences if isinstance(essence, Opened)]
    assert set(kinds) == {"Opened", "Offered", "Replied", "Closed", "Reopened", "Merged", "Rated"}
    assert len(by_ticket) == len(opened) == 300
    assert {essence.team for essence in opened} == {"billing", "shipping", "technical"}
    assert {essence.channel for essence in opened} == {"email", "chat", "phone"}
    assert max(event.time_ms for event in found.events) - min(event.time_ms for event in found.events) < 16 * 24 * HOUR


def test_bad_csv_names_every_bad_row() -> None:
    """Three good rows make events, each of the other nine has its own reason."""
    found = read(EXAMPLES / "bad.csv", "helpdesk.yaml")
    assert [event.line for event in found.events] == [2, 3, 13]
    assert [fault.line for fault in found.faults] == list(range(4, 13))
    assert len({fault.message for fault in found.faults}) == 9


def ratings_by(by_ticket: dict[str, list[Essence]], name: str) -> dict[str | None, tuple[int, int]]:
    """Rated and satisfied by agent (of the rating) or product (of the opening)."""
    counts: dict[str | None, tuple[int, int]] = {}
    for essences in by_ticket.values():
        rating = next((essence for essence in essences if isinstance(essence, Rated)), None)
        opened = next(essence for essence in essences if isinstance(essence, Opened))
        if rating is not None:
            value = rating.agent if name == "agent" else opened.product
            rated, satisfied = counts.get(value, (0, 0))
            counts[value] = rated + 1, satisfied + (rating.score >= 4)
    return counts


def test_pwc_figures(shared_data: Path) -> None:
    """The figures that a plain loop over the file gives, from the events alone."""
    found = read(shared_data / "pwc_callcenter" / "calls.csv", "pwc.yaml")
    assert (found.rows, found.skipped, found.faults) == (5000, 0, [])
    by_ticket = tickets(found)
    stars = Counter(essence.score for essences in by_ticket.values() for essence in essences if isinstance(essence, Rated))
    assert stars == {1: 417, 2: 396, 3: 1218, 4: 1180, 5: 843}
    waits = [
        essence.time - essences[0].time for essences in by_ticket.values() for essence in essences if isinstance(essence, Replied) and essence.human
    ]
    assert len(waits) == 4054
    assert round(Fraction(sum(waits), 4054 * 1000), 2) == Fraction("67.52")
    assert sum(any(isinstance(essence, Closed) and essence.by == "agent" for essence in essences) for essences in by_ticket.values()) == 3646
    assert ratings_by(by_ticket, "agent") == {
        "Diane": (501, 246), "Becky": (517, 261), "Stewart": (477, 245), "Greg": (502, 241),
        "Jim": (536, 268), "Joe": (484, 230), "Martha": (514, 271), "Dan": (523, 261),
    }  # fmt: skip
    assert ratings_by(by_ticket, "product") == {
        "Contract related": (789, 397), "Technical Support": (805, 404), "Payment related": (818, 417),
        "Admin Support": (795, 388), "Streaming": (847, 417),
    }  # fmt: skip


def test_pwc_nobody_is_left_waiting(shared_data: Path) -> None:
    """A call without an answer is closed by the system; only the 408 that settled nothing stay open."""
    by_ticket = tickets(read(shared_data / "pwc_callcenter" / "calls.csv", "pwc.yaml"))
    unanswered = [essences for essences in by_ticket.values() if not any(isinstance(essence, Replied) for essence in essences)]
    assert len(unanswered) == 946
    assert all(isinstance(essences[-1], Closed) and essences[-1].by == "auto" for essences in unanswered)
    assert sum(not any(isinstance(essence, Closed) for essence in essences) for essences in by_ticket.values()) == 408


def test_italian_resolution_times(shared_data: Path, tmp_path: Path) -> None:
    """4,559 tickets with a close, 979.93 h on average, lives that end included; the file's rows twice over give the same."""
    table = shared_data / "helpdesk_italy" / "Helpdesk.csv"
    found = read(table, "helpdesk_italy.yaml")
    assert (found.rows, found.skipped, found.faults) == (21348, 0, [])
    header, *rows = table.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    (tmp_path / "Helpdesk.csv").write_text(header + "".join(row.rstrip("\n") + "\n" for row in rows) * 2, encoding="utf-8")
    for one in (found, read(tmp_path / "Helpdesk.csv", "helpdesk_italy.yaml")):
        assert sum(event.topic_name == SETTINGS.topics.opened for event in one.events) == 4580
        times = resolution_times(one)
        assert len(times) == 4559
        assert round(Fraction(sum(times), 4559 * HOUR), 2) == Fraction("979.93")
        assert round(Fraction(sorted(times)[(4559 + 1) // 2 - 1], HOUR), 2) == Fraction("953.16")


def resolution_times(found: Intake) -> list[int]:
    """From the opening to the first close of each ticket's first life, in ms."""
    lives = [first_life(essences) for essences in tickets(found).values()]
    closes = [(life, next((essence for essence in life if isinstance(essence, Closed)), None)) for life in lives]
    assert all(isinstance(life[0], Opened) for life in lives)
    return [close.time - life[0].time for life, close in closes if close is not None]
