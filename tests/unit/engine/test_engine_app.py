"""How much is fetched at once."""

from __future__ import annotations

import pytest

from stream.engine.app import fetch_size


@pytest.mark.parametrize(("topic_partitions", "kilobytes"), [(4, 1024), (64, 1024), (128, 512), (4_000, 128)])
def test_all_fetches_together_fit_in_memory(topic_partitions: int, kilobytes: int) -> None:
    """A megabyte of each, less where there are many, and never so little that every record is a fetch."""
    assert fetch_size(topic_partitions) == kilobytes * 1024
