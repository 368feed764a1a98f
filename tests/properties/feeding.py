"""Ways for records to reach the stream: cut anywhere, with flushes and restarts between."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.helpdesk import Record
from tests.pipeline import Pipeline


def parts_of(records: Sequence[Record], data: st.DataObject) -> list[Sequence[Record]]:
    """The records cut anywhere."""
    cuts = sorted(data.draw(st.sets(st.integers(1, len(records)), max_size=4)))
    return [records[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True) if begin < end]


def feed_interrupted(pipeline: Pipeline, records: Sequence[Record], data: st.DataObject) -> None:
    """Feed the records in parts, with a flush or a restart behind some of them, and flush the rest."""
    for part in parts_of(records, data):
        pipeline.feed(part)
        if data.draw(st.booleans()):
            pipeline.flush()
        if data.draw(st.booleans()):
            pipeline.restart(compacted=data.draw(st.booleans()))
    pipeline.flush()
