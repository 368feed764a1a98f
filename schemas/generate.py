"""Writes the JSON Schemas and the AsyncAPI document made from the models: `python -m schemas.generate [--check]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from schemas import asyncapi
from schemas.alerts import Alert
from schemas.deadletters import DeadLetter
from schemas.events import CUSTOMER_EVENTS, TICKET_EVENTS
from schemas.followups import FollowUp
from schemas.scores import Score
from schemas.silences import Silence
from stream.setting_parts import Topics

FOLDER = Path(__file__).parent / "generated"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def contents() -> dict[str, str]:
    """The text of each generated file, by file name."""
    outputs: dict[str, type[BaseModel]] = {
        asyncapi.SCORE: Score,
        asyncapi.DEAD_LETTER: DeadLetter,
        asyncapi.ALERT: Alert,
        asyncapi.FOLLOW_UP: FollowUp,
        asyncapi.SILENCE: Silence,
    }
    models: dict[str, type[BaseModel]] = {**TICKET_EVENTS, **CUSTOMER_EVENTS, **outputs}
    schemas = {f"{name}.schema.json": _text({"$schema": _DIALECT, **model.model_json_schema()}) for name, model in models.items()}
    return {**schemas, "asyncapi.json": _text(asyncapi.document(Topics()))}


def differences(folder: Path) -> list[str]:
    """One line for each file of a folder that is not as generated."""
    wanted = contents()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    missing = [f"{name}: is missing" for name in wanted.keys() - there.keys()]
    needless = [f"{name}: is not generated any more" for name in there.keys() - wanted.keys()]
    stale = [f"{name}: differs" for name in wanted.keys() & there.keys() if wanted[name] != there[name]]
    return sorted(missing + needless + stale)


def write(folder: Path) -> None:
    """Writes every file; files that are not generated any more are removed."""
    wanted = contents()
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Writes, or with --check compares; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description="Writes the JSON Schemas and the AsyncAPI document.")
    parser.add_argument("--check", action="store_true", help="only compare; exit code 1 with one line for each file that differs")
    if not parser.parse_args(arguments).check:
        write(folder)
        return 0
    found = differences(folder)
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
