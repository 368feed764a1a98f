"""Numbers as options of commands."""

from __future__ import annotations

import math

import typer


def finite(value: float | None) -> float | None:
    """The number that was given; one that is none (nan) would pass every bound, so it is refused, as what has no end is."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter("must be a finite number")
    return value
