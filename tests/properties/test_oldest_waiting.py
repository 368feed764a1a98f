"""The ticket that is named as the one that waits longest is that one, in every segment, whatever comes between."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from hypothesis import given
from hypothesis import strategies as st

from stream.audit.facts import ticket_dimensions
from stream.audit.figures_open import open_life
from stream.audit.lives import cut
from stream.audit.log import judge
from stream.durations import HOUR
from stream.segments import segment_key
from stream.settings import Settings
from tests.helpdesk import MIDNIGHT, Event, Record, log, of_ticket, opened
from tests.pipeline import Pipeline
from tests.properties import strategies
from tests.properties.feeding import feed_interrupted

Longest = dict[str, tuple[int, str]]
"""Opening (ms) and name of the ticket that waits longest, by segment."""


_TEAMS = Settings(segments=((), ("team",)))
_turns = st.tuples(
    st.sampled_from(("T-1", "T-2", "T-3", "T-4", "T-5")),
    st.sampled_from(("ticket.opened",) * 3 + ("ticket.replied", "ticket.closed")),
    st.integers(0, 3),
    st.sampled_from(("blue", "red")),
)
"""What happens to one ticket, in which of four hours, with which team: half of it opens one, so that many wait, some of them equally long."""


def _queue(turns: list[tuple[str, str, int, str]]) -> list[Event]:
    more = {"ticket.replied": {"author": "agent", "public": True}}
    return [
        Event(kind, MIDNIGHT + hour * HOUR, {"team": team, **more.get(kind, {})}, ticket, f"{number}")
        for number, (ticket, kind, hour, team) in enumerate(turns)
    ]


_then = st.sampled_from(("read on", "flush", "flush", "restart", "restart compacted", "new board"))


@given(st.lists(st.tuples(_turns, _then), min_size=3, max_size=12), st.integers(1, 3))
def test_the_named_ticket_waits_longest_of_many(steps: list[tuple[tuple[str, str, int, str], str]], partitions: int) -> None:
    """Of a few tickets that come and go, after every flush, whatever was restarted before."""
    records = log(_queue([turn for turn, _ in steps]), partitions)
    pipeline = Pipeline(_TEAMS, partitions)
    for number, (_, then) in enumerate(steps):
        pipeline.feed(records[number : number + 1])
        if then == "read on":
            continue
        pipeline.flush()
        assert _named(pipeline) == _plainly(records[: number + 1], _TEAMS)
        if then == "new board":
            pipeline.restart_board()
        elif then != "flush":
            pipeline.restart(compacted=then == "restart compacted")


@given(strategies.doubled(), strategies.settings(), st.integers(1, 3), st.data())
def test_the_named_ticket_waits_longest_whatever_happens(events: list[Event], settings: Settings, partitions: int, data: st.DataObject) -> None:
    """With lives, merges, spam, conflicts and tickets that grow too old: on the board that followed, and on one made anew."""
    records = log(events, partitions)
    pipeline = Pipeline(settings, partitions)
    feed_interrupted(pipeline, records, data)
    expected = _plainly(records, settings)
    assert _named(pipeline) == expected
    pipeline.restart_board()
    assert _named(pipeline) == expected


@given(st.permutations(["T-1", "T-2", "T-3"]), st.integers(1, 3), st.booleans())
def test_of_two_opened_at_once_the_smaller_name_is_told(tickets: list[str], partitions: int, restarts: bool) -> None:
    """In whatever order and partitions they come, and after a restart."""
    pipeline = Pipeline(Settings(segments=((),)), partitions)
    for record in log([event for ticket in tickets for event in of_ticket(ticket, opened(MIDNIGHT))], partitions):
        pipeline.feed([record])
        pipeline.flush()
    if restarts:
        pipeline.restart(compacted=True)
        pipeline.flush()
        pipeline.restart_board()
    assert _named(pipeline) == {"{}": (MIDNIGHT, "T-1")}


def _named(pipeline: Pipeline) -> Longest:
    """What the board says."""
    pipeline.board.move(MIDNIGHT)
    figures = pipeline.board.figures()
    found: Longest = {}
    for row, (segment, since) in enumerate(zip(figures.segments, figures.oldest().tolist(), strict=True)):
        ticket = figures.oldest_ticket(row)
        assert (ticket is None) == isnan(since)
        if ticket is not None:
            found[segment_key(segment)] = int(since), ticket
    return found


def _plainly(records: Sequence[Record], settings: Settings) -> Longest:
    """The same, from the auditor's view of all tickets: the least pair of opening and name."""
    judged = judge(records, settings)
    found: Longest = {}
    for ticket, events in judged.tickets.items():
        life = cut(events, settings.life_gap, settings.max_open_age, ticket.partition)[-1]
        standing = open_life(life, settings, judged.slowest.get(ticket.partition))
        if standing is None or standing.due is None:
            continue
        values = ticket_dimensions(life)._asdict()
        for dimensions in settings.segments:
            if "agent" not in dimensions:
                segment = segment_key({name: values[name] for name in dimensions})
                found[segment] = min(found.get(segment, (standing.opened, ticket.ticket_id)), (standing.opened, ticket.ticket_id))
    return found
