"""The golden texts of /metrics: `python -m tests.metrics_golden` writes them anew after a wanted change."""

from __future__ import annotations

from pathlib import Path

from stream.outlets.health import Health
from stream.outlets.snapshot import Snapshot
from tests import metrics_sample as sample
from tests.metrics_text import text

FOLDER = Path(__file__).parent / "unit/outlets/golden"
CASES = {
    "full": sample.snapshot(),
    "no_scorer": Snapshot(sample.health(owns_scorer=False)),
    "idle": Snapshot(Health()),
}


def main() -> None:
    """Write every golden text."""
    for name, snapshot in CASES.items():
        (FOLDER / f"{name}.prom").write_text(text(snapshot), encoding="utf-8")


if __name__ == "__main__":
    main()
