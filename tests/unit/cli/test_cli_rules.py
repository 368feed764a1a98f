"""`rules`: who is quiet, from the memories of the book and the silences that stand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from stream.alerts.memory import State
from stream.alerts.shipped import rules_in_force
from stream.alerts.silences import Silence
from stream.alerts.verdict import Key
from stream.cli import rules as module
from stream.cli.rule_lines import Line
from stream.cli.rules import lines_of, lines_shown
from stream.durations import HOUR
from stream.engine.control import FIRST
from stream.segments import segment_key
from stream.settings import Settings
from stream.state import marker
from stream.state.marker import Marker
from stream.windows.board import STATUS_KEY
from tests.docs.worked_example import FIRED, Afternoon

BILLING, CHAT = {"team": "billing"}, {"channel": "chat", "team": "billing"}
DIP = Key("csat_dip", segment_key(BILLING))


@pytest.fixture(scope="module")
def afternoon() -> Afternoon:
    """The minute in which csat_dip of billing fires."""
    return Afternoon(FIRED)


def dip(found: Afternoon, silences: Sequence[Silence] = (), **changed: object) -> Line:
    """The line of csat_dip in billing, with its memory changed."""
    tick, memories = found.book.snapshot()
    known = {**memories, DIP: replace(memories[DIP], **changed)}
    lines = lines_of(rules_in_force(found.settings), found.settings, found.board, tick, known, silences)
    (line,) = [line for line in lines if line.rule == DIP.rule and line.segment == BILLING]
    return line


def test_a_firing_rule_has_figures_and_speaks(afternoon: Afternoon) -> None:
    """Nothing keeps it quiet."""
    line = dip(afternoon)
    assert (line.state, line.unit, line.inhibited_by, line.silence, line.is_quiet) == ("firing", "percent", None, None, False)


def test_an_inhibited_rule_names_who_speaks_for_it(afternoon: Afternoon) -> None:
    """While it is under way: of what is over nobody speaks."""
    line = dip(afternoon, inhibited_by=segment_key(CHAT))
    assert (line.inhibited_by, line.is_quiet) == (CHAT, True)
    assert "         quiet: team=billing, channel=chat speaks for it" in "\n".join(lines_shown([line], everything=False))
    assert dip(afternoon, inhibited_by=segment_key(CHAT), state=State.RESOLVED).inhibited_by is None


@pytest.mark.parametrize(
    ("segment", "rule", "ahead", "holds"),
    [(BILLING, "csat_dip", HOUR, True), ({}, "", HOUR, True), (CHAT, "", HOUR, False), ({}, "csat_low", HOUR, False), ({}, "", 0, False)],
)
def test_a_silenced_rule_names_the_silence(afternoon: Afternoon, segment: dict[str, str], rule: str, ahead: int, holds: bool) -> None:
    """The one that holds for it at the tick that the rules were judged at."""
    tick, _ = afternoon.book.snapshot()
    silence = Silence("a", rule, segment, tick + ahead, "ann", "known")
    line = dip(afternoon, [silence])
    assert (line.silence == silence, line.is_quiet) == (holds, holds)


async def test_half_a_flush_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come of a flush without its end is held back, as a scorer does."""
    end = marker.encode(Marker(marker.FORMAT, "", 1, {}, {}, 0, 0))
    log = [(b"C", b"claimed"), (b"H1|0", None), (STATUS_KEY, end), (b"C", b"claimed"), (b"H1|0", b"half a flush")]

    async def read_all(_settings: Settings, _topic: str) -> AsyncIterator[SimpleNamespace]:
        for key, value in log:
            yield SimpleNamespace(partition=0, key=key, value=value)

    async def generation(_settings: Settings) -> object:
        return FIRST

    monkeypatch.setattr(module, "read_all", read_all)
    monkeypatch.setattr(module, "current_generation", generation)
    board = await module._board(Settings(), {})
    assert board.status[0].flush == 1
    assert board.unfinished() == {0: board.status[0]}
