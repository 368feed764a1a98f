"""Numbers, names and times as people read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.times import from_iso, iso
from stream.segments import Dimensions

LONGEST_NAME = 40
_MARKUP = frozenset('<>@|[]*~`\\"')
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_TITLES = {
    "csat": "CSAT",
    "csat_first": "CSAT by first ratings",
    "nps": "NPS",
    "ces": "CES",
    "first_response_within": "first response within target",
    "fcr_one_touch": "first-contact resolution",
    "fcr_never_reopened": "first-contact resolution",
}
_BAD = {
    "csat": "unhappy",
    "csat_first": "unhappy",
    "first_response_within": "late",
    "fcr_one_touch": "not solved at first contact",
    "fcr_never_reopened": "not solved at first contact",
}
_RATED = frozenset({"csat", "csat_first", "nps", "ces"})


def title(metric: str) -> str:
    """Name of a figure in a sentence; one that is not known here by its own name, in words."""
    return _TITLES.get(metric, metric.replace("_", " "))


def bad(metric: str | None) -> str:
    """What a bad case of a figure is, as in `19 unhappy of 40`."""
    return _BAD.get(metric or "", "bad")


def cases(metric: str | None) -> str:
    """What the cases of a figure are."""
    return "ratings" if metric in _RATED else "cases"


def named(text: str, longest: int = LONGEST_NAME) -> str:
    """A name or words of somebody else, fit for a line of a chat or mail: short, one line, without what is read as a link or a call to somebody.

    In quotes where it is not a plain word.
    """
    plain = "".join("?" if letter in _MARKUP or not letter.isprintable() else letter for letter in text)
    short = plain if len(plain) <= longest else plain[: longest - 3] + "..."
    is_word = bool(short) and all(letter.isalnum() or letter in "-_." for letter in short)
    return short if is_word or short == "(none)" else f'"{short}"'


def place(segment: Mapping[str, str]) -> str:
    """A segment: `team billing, channel chat`, or `everything`."""
    order = [*Dimensions._fields, *sorted(segment.keys() - set(Dimensions._fields))]
    return ", ".join(f"{name} {named(segment[name])}" for name in order if name in segment) or "everything"


def figure(value: float, unit: str | None) -> str:
    """A measured value with its unit; shares with one decimal."""
    match unit:
        case "percent":
            return f"{value:.1f} %"
        case "seconds":
            return duration(value)
        case "unix_seconds":
            return moment(iso(int(value * 1000)))
        case "tickets" | "cases":
            return f"{value:.0f}"
        case _:
            return f"{value:.1f}"


def limit(value: float, unit: str | None) -> str:
    """A target with its unit: as `figure`, but no more decimals than it has."""
    if unit in {"percent", None}:
        return f"{round(value, 1):g}{' %' if unit else ''}"
    return figure(value, unit)


def expected(count: float) -> str:
    """An expected number of cases: whole, or with one decimal below one."""
    return f"{count:.1f}" if 0 < count < 1 else f"{int(count + 0.5)}"


def points(value: float) -> str:
    """A difference of percentages, with its sign."""
    return f"{value:+.1f} points" if value else "0 points"


def duration(seconds: float) -> str:
    """A time span in its two largest units: `2 h 5 min`."""
    rest = max(0, int(seconds + 0.5))
    parts = []
    for name, size in _UNITS:
        parts.append((rest // size, name))
        rest %= size
    largest = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {name}" for count, name in parts[largest : largest + 2] if count) or "0 s"


def moment(time: str) -> str:
    """An RFC 3339 time to the minute: `2026-11-22 10:00 UTC`."""
    return iso(from_iso(time))[:16].replace("T", " ") + " UTC"
