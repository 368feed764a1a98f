"""The ways to break the code on purpose: each still finds its place. `make broken` does the rest."""

from __future__ import annotations

import pytest

from tests.broken.__main__ import ROOT
from tests.broken.breakages import BREAKAGES, Breakage


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_the_snippet_stands_once(breakage: Breakage) -> None:
    """Code that has moved on would otherwise be noticed only by who breaks it next."""
    assert (ROOT / breakage.file).read_text(encoding="utf-8").count(breakage.old) == 1
    assert (ROOT / breakage.test.partition("::")[0]).exists()
