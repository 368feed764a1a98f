"""What an alert offers to click and to paste: panel, runbook, and the command that silences it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import get_args
from urllib.parse import quote

from stream.durations import HOUR, text
from stream.setting_parts import Dimension

EVERY_VALUE = "All"
"""What a dimension that the segment does not name is filled in with: the name of every value in Grafana."""
SILENCE_FOR = 4 * HOUR
_PLACE = re.compile(r"\{(\w+)\}")


def panel_link(template: str | None, rule: str, segment: Mapping[str, str]) -> str | None:
    """The template with {rule} and every dimension filled in, URL-encoded; other braces stay as they are."""
    values = {**dict.fromkeys(get_args(Dimension), EVERY_VALUE), **segment, "rule": rule}
    return None if template is None else _filled(template, values)


def runbook_link(template: str | None, rule: str) -> str | None:
    """The template with {rule} filled in, URL-encoded."""
    return None if template is None else _filled(template, {"rule": rule})


def silence_command(rule: str, segment: Mapping[str, str]) -> str:
    """The command that silences a rule in a segment and all within it, for a shell; YOU and the reason are to be filled in."""
    chosen = [part for name in sorted(segment) for part in ("--segment", in_shell(f"{name}={segment[name]}"))]
    return " ".join(["csat-stream silence --rule", in_shell(rule), *chosen, "--for", text(SILENCE_FOR), "--who YOU", '--why "..."'])


def in_shell(word: str) -> str:
    """A word as a shell reads it back. What can't be seen, or could end a paste in a terminal, is escaped (bash, zsh, ksh)."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(letter if letter.isalnum() or letter in " =._-" else _escaped(letter) for letter in word) + "'"


def _escaped(letter: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in letter.encode())


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: quote(values[found[1]], safe="") if found[1] in values else found[0], template)
