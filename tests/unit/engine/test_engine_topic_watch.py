"""A topic that is another one now is told apart from the one a worker has started on."""

from __future__ import annotations

import pytest

from stream.engine.topic_watch import TopicWatch
from stream.engine.topics import MORE_PARTITIONS, Found
from stream.errors import StartRefused

BEFORE = {"source": Found("a", 2, 1), "scores": Found("b", 2, 1)}


def watch() -> TopicWatch:
    """A watch over two topics, of which the state needs one."""
    return TopicWatch(BEFORE, ("source",))


def test_nothing_has_changed() -> None:
    """The same ids and numbers of partitions, whatever else is there, and fewer replicas."""
    watch().verify({**BEFORE, "source": Found("a", 2, 0), "other": Found("c", 1, 1)})


@pytest.mark.parametrize(("name", "remedy"), [("source", "run `csat-stream rebuild`"), ("scores", "start the workers again")])
def test_made_anew(name: str, remedy: str) -> None:
    """Another id: it is named, and what helps depends on whether the state is made of it."""
    with pytest.raises(StartRefused, match=f"topic {name} was deleted and made anew") as refused:
        watch().verify({**BEFORE, name: Found("z", 2, 1)})
    assert refused.value.remedy == remedy


def test_more_partitions() -> None:
    """Both numbers, and why that can't be."""
    with pytest.raises(StartRefused, match="topic source has 3 partitions, it had 2") as refused:
        watch().verify({**BEFORE, "source": Found("a", 3, 1)})
    assert refused.value.remedy == MORE_PARTITIONS


def test_missing_once_is_nothing() -> None:
    """A broker that has just started may not know a topic yet; missing twice in a row is deleted."""
    looking = watch()
    looking.verify({"scores": BEFORE["scores"]})
    looking.verify(BEFORE)
    looking.verify({"scores": BEFORE["scores"]})
    with pytest.raises(StartRefused, match="topics were deleted: source") as refused:
        looking.verify({"scores": BEFORE["scores"]})
    assert refused.value.remedy.endswith("run `csat-stream rebuild`")


def test_deleted_beside_the_state() -> None:
    """What is only written for others needs no rebuild."""
    looking = watch()
    looking.verify({"source": BEFORE["source"]})
    with pytest.raises(StartRefused, match="topics were deleted: scores") as refused:
        looking.verify({"source": BEFORE["source"]})
    assert "rebuild" not in refused.value.remedy
