"""`silence` and `silences`: their table, and the end of a silence."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from schemas.silences import Silence
from schemas.times import iso
from stream.cli.silence import LONGEST, end_of, silences_table
from stream.clock import real_ms
from stream.durations import DAY, HOUR, SECOND
from stream.errors import UsageError

UNTIL = "2026-11-22T08:55:20.499Z"


def silence(name: str, why: str, **changed: object) -> Silence:
    """A silence of csat_dip in the team billing."""
    fields = {"id": name, "rule": "csat_dip", "segment": {"team": "billing"}, "until": UNTIL, "who": "ann", "why": why, "created": UNTIL}
    return Silence.model_validate({**fields, **changed})


def printed(width: int, *silences: Silence) -> list[str]:
    """What a terminal of this width shows."""
    written = StringIO()
    Console(file=written, width=width).print(silences_table(silences))
    return written.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_neither_times_nor_ids_are_broken(width: int) -> None:
    """Nor rules and segments of usual length; the reason wraps between words."""
    (row,) = [line for line in printed(width, silence("4f1c2a9be07d", "the provider of billing " * 9)) if "4f1c" in line]
    assert row.strip().startswith("4f1c2a9be07d  2026-11-22 08:55 UTC  csat_dip  team=billing  ann: the provider")


def test_a_long_id_is_whole() -> None:
    """One that another program made: over several lines, none of it left out."""
    lines = printed(80, silence("made-by-another-program-1", "a reason"))
    assert "".join(line[:13].strip() for line in lines if not line.strip().startswith(("id", "─"))) == "made-by-another-program-1"


@pytest.mark.parametrize(("length", "ahead"), [("1s", SECOND), ("4h", 4 * HOUR), ("366d", 366 * DAY)])
def test_a_length_counts_from_now(length: str, ahead: int) -> None:
    """In ms."""
    before = real_ms()
    assert before + ahead <= end_of(length, None) <= real_ms() + ahead


def test_an_end_is_taken_as_it_is() -> None:
    """To the millisecond."""
    end = real_ms() + HOUR
    assert end_of(None, iso(end)) == end


@pytest.mark.parametrize("length", ["0s", "0d", "367d", "99999d", "999999999d", "-1h", "nan"])
def test_lengths_that_cannot_be(length: str) -> None:
    """Nothing, for ever, and no length."""
    with pytest.raises(UsageError, match=r"^--for: "):
        end_of(length, None)


def test_an_end_must_lie_ahead_but_not_too_far() -> None:
    """366 days at most."""
    for end, told in ((real_ms() - 1, "--until lies in the past"), (real_ms() + LONGEST + HOUR, "--until: at most 366d ahead")):
        with pytest.raises(UsageError, match=f"^{told}"):
            end_of(None, iso(end))
