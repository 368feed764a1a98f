"""Low ratings as a partition keeps them: their records, and when they change or go."""

from __future__ import annotations

from stream.durations import DAY
from stream.settings import Settings
from stream.state import panes
from stream.state.lows import Low, decode
from stream.state.partition import Record
from tests.helpdesk import NOON, Event, log, merged, opened, rated, replied
from tests.pipeline import Pipeline

SETTINGS = Settings(segments=((),), windows=("all",))
FRIDAY = NOON


def written(pipeline: Pipeline) -> list[tuple[str, Low | None]]:
    """What the last flush says of low ratings, in the changelog and in the sums topic alike."""
    flush = pipeline.partitions[0].flush(0, 0)
    assert _lows(flush.state) == _lows(flush.sums)
    return _lows(flush.sums)


def _lows(records: list[Record]) -> list[tuple[str, Low | None]]:
    return [(panes.decode_key(key).name, decode(value) if value else None) for key, value in records if key[:1] == b"L"]


def step(pipeline: Pipeline, *events: Event) -> list[tuple[str, Low | None]]:
    """What a flush after these events says."""
    done = len(pipeline.seen)
    pipeline.feed(log([*(Event("survey.offered", NOON, ticket="T-0", id=f"{number}") for number in range(done)), *events])[done:])
    return written(pipeline)


def test_a_low_rating_is_kept_with_all_that_a_follow_up_needs() -> None:
    """And with no more: no comment, no customer, no agent."""
    ((name, low),) = step(
        Pipeline(SETTINGS),
        opened(NOON - 1, customer_id="C-1", team="blue", channel="email", product="p", language="nl"),
        rated(NOON, 1, "s1", team="red", agent="ann", comment="call me at 0612345678"),
    )
    assert name == "T-1\x00s1"
    dims = {"team": "red", "channel": "email", "product": "p", "language": "nl"}
    assert low == Low("T-1", "s1", 1, 1, 5, 1, lowest=True, rated_at=NOON, since=NOON, due_at=NOON + DAY, dims=dims)


def test_it_changes_when_it_is_followed_up_and_goes_when_it_is_low_no_more() -> None:
    """Each change is one record; what changes nothing makes none."""
    pipeline = Pipeline(SETTINGS)
    records = log([rated(NOON, 2), replied(NOON + 5), replied(NOON + 3, public=False, tags=["followed-up"]), replied(NOON + 9), rated(NOON + 10, 4)])
    said = []
    for record in records:
        pipeline.feed([record])
        said.append([(name, low and (low.score, low.lowest, low.done_at, low.done_by)) for name, low in written(pipeline)])
    assert said == [
        [("T-1\x00", (2, False, 0, ""))],
        [("T-1\x00", (2, False, NOON + 5, "reply"))],
        [("T-1\x00", (2, False, NOON + 3, "tag"))],
        [],
        [("T-1\x00", None)],
    ]


def test_of_a_reply_and_a_tag_at_once_the_reply_is_said() -> None:
    """A reply that carries the tag is a reply."""
    ((_, low),) = step(Pipeline(SETTINGS), rated(NOON, 1), replied(NOON + 1, tags=["followed-up"]))
    assert low is not None
    assert (low.done_at, low.done_by) == (NOON + 1, "reply")


def test_a_rating_that_is_low_only_between_two_flushes_is_never_said() -> None:
    """Nor is that of a ticket which was merged before the flush."""
    pipeline = Pipeline(SETTINGS)
    for record in log([rated(NOON, 1), merged(NOON + 1)]):
        pipeline.feed([record])
    assert written(pipeline) == []


def test_it_goes_with_its_ticket() -> None:
    """When the ticket is let go, 28 days after its last event, its low ratings are, answered or not."""
    end = NOON + 28 * DAY + 1
    everywhere = [Event("survey.offered", end, {}, f"T-{topic}", f"{topic}", topic=topic) for topic in range(4)]
    pipeline = Pipeline(SETTINGS)
    records = log([opened(), rated(NOON, 1, "a"), Event("ticket.closed", NOON, id="c"), *everywhere])
    pipeline.feed(records[:3])
    pipeline.flush()
    pipeline.restart(compacted=True)
    pipeline.feed(records[3:])
    assert written(pipeline) == [("T-1\x00a", None)]
    assert list(pipeline.partitions[0].lows.all()) == []


def test_segments_and_values() -> None:
    """A missing value is `(none)`; an agent's segment holds none."""
    low = Low("T", "", 1, 1, 5, 1, lowest=True, rated_at=0, since=0, due_at=1, dims={"team": "red"})
    segments: list[dict[str, str]] = [
        {},
        {"team": "red"},
        {"team": "red", "channel": "(none)"},
        {"team": "blue"},
        {"channel": "email"},
        {"agent": "(none)"},
    ]
    assert [low.lies_in(segment) for segment in segments] == [True, True, True, False, False, False]


def test_the_last_flush_is_said_again_after_a_recovery() -> None:
    """Its writer may have ended before the sums topic had it."""
    pipeline = Pipeline(SETTINGS)
    pipeline.feed(log([rated(NOON, 1)]))
    pipeline.flush()
    before = {key: value for key, value in pipeline.changelogs[0] if key[:1] in (b"L", b"F")}
    pipeline.restart(compacted=False)
    again = dict(pipeline.partitions[0].sum_records())
    assert len(before) == 2
    assert before.items() <= again.items()


def test_tickets_without_a_low_rating_write_none() -> None:
    """However they are rated."""
    assert step(Pipeline(SETTINGS), opened(), rated(NOON, 3), rated(NOON, 5, "b"), rated(NOON, 0, kind="nps", scale_max=10)) == []
