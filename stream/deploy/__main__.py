"""Writes `deploy/` and `docs/metrics.md`, or compares them: `python -m stream.deploy [--check] [--teams a,b] [--receiver URL] [--out DIR]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from stream.deploy import files
from stream.deploy.alertmanager import RECEIVER_URL
from stream.devkit.helpdesk import DEFAULT_TEAMS

ROOT = Path(__file__).resolve().parent.parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes, or with --check compares; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m stream.deploy", description="Writes deploy/ and docs/metrics.md.")
    parser.add_argument("--check", action="store_true", help="only compare; exit code 1 with one line for each file that differs")
    parser.add_argument("--teams", default=",".join(DEFAULT_TEAMS), help="teams with a route of their own, separated by commas (default: the demo's)")
    parser.add_argument("--receiver", default=RECEIVER_URL, help="URL under which Alertmanager's webhooks listen")
    parser.add_argument("--out", type=Path, default=ROOT, help="folder in which deploy/ and docs/ are (default: this repository)")
    given = parser.parse_args(arguments)
    wanted = files.contents([team for team in given.teams.split(",") if team], given.receiver.rstrip("/"))
    if not given.check:
        files.write(given.out, wanted)
        return 0
    found = files.differences(given.out, wanted)
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
