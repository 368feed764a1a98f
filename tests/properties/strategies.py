"""What the property tests feed in: nasty lists of events, settings, and the nows they are read at. Times in ms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings
from tests.helpdesk import MIDNIGHT, Event

STEPS = (
    0,
    1,
    999,
    MINUTE - 1,
    MINUTE,
    3 * MINUTE,
    3 * MINUTE + 1,
    HOUR - 1,
    HOUR,
    HOUR + 1,
    4 * HOUR,
    DAY - 1,
    DAY,
    7 * DAY,
    14 * DAY,
    14 * DAY + 1,
    22 * DAY,
)
"""Distances that fall on edges of panes, deadlines, locks and lives."""
SHORT_STEPS = STEPS[:11]

_step = st.sampled_from(STEPS)
_short_step = st.sampled_from(SHORT_STEPS)
_times = st.one_of(
    st.builds(lambda one, other: MIDNIGHT + one + other, _step, _short_step),
    st.builds(lambda one, other: MIDNIGHT + one + other, _short_step, _short_step),
    st.integers(MIDNIGHT, MIDNIGHT + 6 * HOUR),
)
_agents = st.sampled_from((None, "ann", "bob", "cem"))
_teams = st.sampled_from((None, "blue", "red"))
_channels = st.sampled_from((None, "email", "phone"))
_surveys = st.sampled_from((None, "s1", "s2"))
_tags = st.sampled_from((None,) * 6 + (["vip"], ["vip", "followed-up"]))
_scales = st.sampled_from(((1, 5), (1, 5), (0, 10), (1, 3), (0, 1)))


def _rating(scale: tuple[int, int], share: int, kind: str, **data: Any) -> dict[str, Any]:
    low, high = scale
    score = low + (high - low) * share // 4
    return {"kind": kind, "score": score, **data} | ({"scale_min": low, "scale_max": high} if kind == "csat" else {"scale_max": 10, "scale_min": 0})


_data: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "ticket.opened": st.fixed_dictionaries(
        {
            "team": _teams,
            "channel": _channels,
            "initiated_by": st.sampled_from(("customer", "customer", "customer", "agent")),
            "bot": st.sampled_from((False, False, False, True)),
        }
    ),
    "ticket.replied": st.fixed_dictionaries(
        {
            "author": st.sampled_from(("agent", "agent", "agent", "bot", "customer")),
            "public": st.sampled_from((True, True, True, False)),
            "agent": _agents,
            "team": _teams,
            "tags": _tags,
        }
    ),
    "ticket.closed": st.fixed_dictionaries(
        {
            "closed_by": st.sampled_from(("agent", "agent", "bot", "auto")),
            "agent": _agents,
            "spam": st.sampled_from((False,) * 7 + (True,)),
            "tags": _tags,
        }
    ),
    "ticket.reopened": st.just({}),
    "ticket.merged": st.just({"merged_into": "T-9"}),
    "rating.submitted": st.builds(
        _rating,
        _scales,
        st.integers(0, 4),
        st.sampled_from(("csat",) * 7 + ("nps",)),
        survey_id=_surveys,
        agent=_agents,
        team=_teams,
        channel=_channels,
    ),
    "survey.offered": st.fixed_dictionaries({"survey_id": _surveys}),
}
_kinds = st.sampled_from(
    ("ticket.opened",) * 5
    + ("ticket.replied",) * 5
    + ("ticket.closed",) * 4
    + ("ticket.reopened",) * 3
    + ("rating.submitted",) * 5
    + ("survey.offered",)
    + ("ticket.merged",)
)
_ids = st.one_of(st.integers(0, 2), st.integers(3, 10_000)).map(str)
"""Half of them clash often: conflicts."""


def _events(kind: str) -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        type=st.just(kind),
        time=st.integers(0, MOMENTS - 1),
        data=_data[kind],
        ticket=st.sampled_from(("T-1", "T-1", "T-2", "T-3")),
        id=_ids,
        source=st.sampled_from(("desk", "desk", "desk", "chat")),
        ahead=st.sampled_from((0,) * 15 + (6 * MINUTE,)),
        topic=st.sampled_from((None, None, None, 0, 1, 2, 3)),
    )


MOMENTS = 8
_any_event = _kinds.flatmap(_events)
_close_moments = st.lists(st.one_of(_times, st.integers(0, 16).map(lambda halves: MIDNIGHT + halves * HOUR // 2)), min_size=MOMENTS, max_size=MOMENTS)
_moments = st.lists(_times, min_size=MOMENTS, max_size=MOMENTS)


def event_lists(most: int = 24) -> st.SearchStrategy[list[Event]]:
    """Events in the order of arrival: ties, lives, conflicts, re-ratings, bots, spam, merges and future records among them.

    They happen at a few moments, so that many are at the same time.
    """
    return st.builds(_at, st.lists(_any_event, min_size=1, max_size=most), _moments)


def _at(events: list[Event], moments: list[int]) -> list[Event]:
    return [replace(event, time=moments[event.time]) for event in events]


one_event = event_lists(1).map(lambda events: events[0])
"""Any event."""


def rating_lists() -> st.SearchStrategy[list[Event]]:
    """Ratings of one hour, each a survey of its own: for windows of minutes, with much that arrives after its window has slid on."""
    return st.lists(st.integers(0, 40), min_size=2, max_size=8).map(
        lambda minutes: [
            Event("rating.submitted", MIDNIGHT + minute * MINUTE, {"score": 5, "survey_id": f"s{number}"}, id=f"{number}")
            for number, minute in enumerate(minutes)
        ]
    )


@st.composite
def doubled(draw: st.DrawFn, most: int = 20) -> list[Event]:
    """Events of which some arrive twice."""
    once = draw(event_lists(most))
    return once + draw(st.lists(st.sampled_from(once), max_size=6))


@st.composite
def histories(draw: st.DrawFn, most: int = 16) -> list[list[Event]]:
    """Events in the order of time, in parts, each followed by an event of another ticket on every topic: so that clocks move and tickets are let go.

    Every event has an identity of its own: those of a ticket that was let go are forgotten.
    """
    found = draw(st.builds(_at, st.lists(_any_event, min_size=1, max_size=most), _close_moments))
    once = [replace(event, id=f"{number}") for number, event in enumerate(sorted(found, key=lambda event: event.time))]
    size = draw(st.integers(1, 4))
    parts = [once[begin : begin + size] for begin in range(0, len(once), size)]
    return [[*part, *(_tick(part[-1].time, number, topic) for topic in range(4))] for number, part in enumerate(parts)]


def _tick(time: int, number: int, topic: int) -> Event:
    return Event("survey.offered", time, {}, f"tick-{number}", f"tick-{topic}", topic=topic)


def _rating_at(minute: int, number: int) -> Event:
    return Event("rating.submitted", MIDNIGHT + minute * MINUTE, {"score": 5, "survey_id": f"s{number}"}, id=f"{number}")


SEGMENTS: tuple[tuple[tuple[str, ...], ...], ...] = (
    ((),),
    ((), ("team",), ("channel",)),
    (("team", "channel"), ("agent",)),
    ((), ("agent",), ("team", "agent")),
)
ON_TIME = 10_000 * DAY
_WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
_SCHEDULES = {
    "office": {
        "timezone": "Europe/Amsterdam",
        "weekly": dict.fromkeys(_WORKDAYS, (("09:00", "12:30"), ("13:00", "17:00"))),
        "holidays": ("2024-10-07",),
    },
    "night": {"timezone": "America/St_Johns", "weekly": {"sat": (("00:00", "06:00"),), "sun": (("00:00", "06:00"), ("22:00", "24:00"))}},
}
_schedule_rules = st.sampled_from(
    (
        (),
        (),
        ({"schedule": "office"},),
        ({"schedule": "night", "team": "blue"}, {"schedule": "office", "team": "(none)"}, {"schedule": "night", "channel": "phone"}),
    )
)
_follow_ups = st.fixed_dictionaries({"at_most_stars": st.sampled_from((1, 2, 3)), "due": st.sampled_from((1, HOUR, 8 * HOUR))})


def settings(*, on_time: bool = False, short: bool = False) -> st.SearchStrategy[Settings]:
    """Settings of several kinds. `on_time`: nothing is ever late or of the future; `short`: tickets are soon let go."""
    lateness, future = (st.just(ON_TIME), st.just(ON_TIME)) if on_time else (st.sampled_from((DAY, 7 * DAY, ON_TIME)), st.just(5 * MINUTE))
    if short:
        lateness = st.sampled_from((HOUR, DAY))
    return st.builds(
        Settings,
        segments=st.sampled_from(SEGMENTS),
        agents=st.just("on"),
        windows=st.sampled_from((("15m", "24h", "all"), ("1h", "7d"), ("4h", "5h", "30d"))),
        min_group=st.sampled_from((2, 3)),
        min_n=st.just(2),
        attribution=st.sampled_from((("snapshot", "last_replier", "ticket"), ("ticket", "snapshot"), ("last_replier",))),
        lateness=lateness,
        future=future,
        life_gap=st.sampled_from((2 * HOUR,) if short else (2 * HOUR, 21 * DAY)),
        max_open_age=st.sampled_from((5 * HOUR, 3 * DAY) if short else (3 * DAY, 400 * DAY)),
        rating_lock=st.sampled_from((HOUR, 14 * DAY)),
        schedules=st.just(_SCHEDULES),
        schedule_of=_schedule_rules,
        follow_up=_follow_ups,
        clock=st.sampled_from(({}, {}, {"fixed": MIDNIGHT})),
    )


nows = st.lists(st.one_of(_times, st.integers(0, 60 * 24).map(lambda hours: MIDNIGHT + hours * HOUR)), min_size=1, max_size=3).map(sorted)
"""Times to read scores at, in order."""
