"""The reference pages: committed as the code says, and complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream import reference
from stream.kpis.registry import all_metrics
from stream.settings import Settings


def test_the_committed_pages_are_what_the_code_says() -> None:
    """Otherwise: python -m stream.reference."""
    assert reference.main(["--check"]) == 0


def test_a_page_that_differs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And written without --check."""
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    assert reference.main(["--check"]) == 1
    assert "docs/settings.md" in capsys.readouterr().out
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0


def test_every_setting_has_a_meaning() -> None:
    """Taken from its docstring."""
    fields = dict(reference.settings_fields(Settings))
    assert "kafka.bootstrap_servers" in fields
    assert [path for path, field in fields.items() if not field.description] == []
    assert reference.variable_of("kafka.bootstrap_servers") == "CSAT_KAFKA__BOOTSTRAP_SERVERS"


def test_every_metric_is_listed() -> None:
    """One row each."""
    page = reference.kpis_page()
    assert all(f"\n| `{metric.name}` | " in page for _, metric in all_metrics())
