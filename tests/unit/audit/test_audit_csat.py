"""CSAT: surveys, locks, scales, attribution."""

from __future__ import annotations

from fractions import Fraction

import pytest
from audit_cases import DAY, HOUR, LATER, MINUTE, NOON, ask, auditor, closed, counts, offered, opened, rated, reply, seen

from schemas.essence import Rated
from stream.audit.figures_csat import stars

LOCK = 14 * DAY


def teams(*events: object, **settings: object) -> list[str]:
    """Teams that `csat` has figures for, of one ticket."""
    found = auditor(events, segments=[["team"]], **settings)  # type: ignore[arg-type]
    return [segment["team"] for metric, segment, window in found.keys(LATER) if metric == "csat" and window == "all"]


def agents(*events: object, **settings: object) -> list[str]:
    """Agents that `csat` knows, of one ticket; a single one is withheld, so look at what was entered."""
    found = auditor(events, segments=[["agent"]], agents="on", min_group=2, **settings)  # type: ignore[arg-type]
    entered = found._columns["csat"]
    return [dict(key)["agent"] for key in entered]


def test_worked_example() -> None:
    """Scores 5, 4, 3, 1: 2 of 4 satisfied, mean 3.25."""
    found = ask("csat", *([rated(NOON + place, score)] for place, score in enumerate((5, 4, 3, 1))))
    assert found is not None
    assert seen(found.value, found.n, found.unit) == (50, 4, "percent")
    assert found.counts == {"satisfied": 2, "rated": 4, "star_1": 1, "star_2": 0, "star_3": 1, "star_4": 1, "star_5": 1, "locked": 0}
    assert found.stats == {"mean": Fraction(13, 4)}
    assert seen(found.low, found.high) == (pytest.approx(15.0036, abs=1e-3), pytest.approx(84.9964, abs=1e-3))


def test_latest_of_a_survey_counts_at_the_time_of_the_first() -> None:
    """A correction an hour later changes the value in the first rating's window, and is no new traffic."""
    #   1h window at NOON + 1 h:  (-----------]   first at NOON is out by a minute, the correction inside
    events = [rated(NOON, 1), rated(NOON + HOUR, 5)]
    assert counts("csat", events) == {"satisfied": 1, "rated": 1, "star_5": 1}
    assert counts("csat_first", events) == {"rated": 1, "star_1": 1}
    assert counts("csat", events, window="1h", as_of=NOON + HOUR) is None
    assert counts("csat", events, window="1h", as_of=NOON + HOUR - 1) == {"satisfied": 1, "rated": 1, "star_5": 1}


def test_surveys_are_apart_and_missing_ids_are_one() -> None:
    """Two survey ids are two ratings; two without an id are one."""
    assert counts("csat", [rated(NOON, 5, "a"), rated(NOON + 1, 5, "b")]) == {"satisfied": 2, "rated": 2, "star_5": 2}
    assert counts("csat", [rated(NOON, 5), rated(NOON + 1, 2)]) == {"rated": 1, "star_2": 1}


def test_equal_times_are_ordered_by_id() -> None:
    """Of two ratings at one time the greater id is the latest, the lesser the first."""
    events = [rated(NOON, 5), rated(NOON, 2)]
    assert counts("csat", events) == {"satisfied": 1, "rated": 1, "star_5": 1}
    assert counts("csat_first", events) == {"rated": 1, "star_2": 1}


def test_lock_after_the_first_rating_where_no_offer_is_known() -> None:
    """Exactly 14 days later still counts, a millisecond more is locked."""
    assert counts("csat", [rated(NOON, 1), rated(NOON + LOCK, 5)]) == {"satisfied": 1, "rated": 1, "star_5": 1}
    assert counts("csat", [rated(NOON, 1), rated(NOON + LOCK + 1, 5)]) == {"rated": 1, "star_1": 1, "locked": 1}


def test_lock_after_the_earliest_offer_of_the_survey() -> None:
    """Other surveys' offers don't count."""
    events = [offered(NOON, "a"), offered(NOON + DAY, "a"), offered(NOON - 9 * DAY, "b"), rated(NOON + DAY, 1, "a")]
    assert counts("csat", [*events, rated(NOON + LOCK, 5, "a")]) == {"satisfied": 1, "rated": 1, "star_5": 1}
    assert counts("csat", [*events, rated(NOON + LOCK + 1, 5, "a")]) == {"rated": 1, "star_1": 1, "locked": 1}


def test_survey_past_its_lock_has_only_locked_ratings() -> None:
    """They make no score on their own, and stand beside others at their own time."""
    late = [offered(NOON, "a"), rated(NOON + LOCK + 1, 5, "a")]
    assert counts("csat", late) is None
    assert counts("csat", late, [rated(NOON, 1)]) == {"rated": 1, "star_1": 1, "locked": 1}
    assert counts("csat", late, [rated(NOON, 1)], window="24h", as_of=NOON) == {"rated": 1, "star_1": 1}


def test_only_kind_csat_counts() -> None:
    """Ratings of other kinds are no CSAT."""
    assert counts("csat", [rated(NOON, 9, low=0, high=10, kind="nps")]) is None


@pytest.mark.parametrize(
    ("low", "high", "score", "star", "fine", "satisfied"),
    [
        (1, 5, 4, 4, 40_000, True),
        (0, 1, 1, 5, 50_000, True),
        (0, 1, 0, 1, 10_000, False),
        (1, 3, 2, 3, 30_000, False),
        (1, 7, 5, 4, 36_667, False),
        (1, 7, 4, 3, 30_000, False),
        (1, 7, 6, 4, 43_333, True),
        (0, 10, 8, 4, 42_000, True),
        (0, 100, 88, 5, 45_200, True),
        (0, 100, 37, 2, 24_800, False),
        (0, 100, 38, 3, 25_200, False),
    ],
)
def test_scales(low: int, high: int, score: int, star: int, fine: int, satisfied: bool) -> None:
    """Every scale is moved to stars, rounded half up."""
    rating = rated(NOON, score, low=low, high=high)
    assert isinstance(rating, Rated)
    assert (stars(rating, 1), stars(rating, 10_000)) == (star, fine)
    assert counts("csat", [rating]) == {"rated": 1, f"star_{star}": 1} | ({"satisfied": 1} if satisfied else {})


def test_half_a_star_is_rounded_up() -> None:
    """37.5 % of the way is 2.5 stars: 3."""
    rating = rated(NOON, 3, low=0, high=8)
    assert isinstance(rating, Rated)
    assert stars(rating, 1) == 3


def test_attribution_takes_the_first_source_that_has_a_value() -> None:
    """Snapshot, then the last human replier before, then the ticket."""
    ticket = [
        opened(NOON - 9, team="ticket"),
        reply(NOON - 8, "bob", team="first"),
        reply(NOON - 5, "cid", team="replier"),
        closed(NOON - 3, agent="dan"),
    ]
    assert teams(*ticket, rated(NOON, 5, team="own")) == ["own"]
    assert teams(*ticket, rated(NOON, 5)) == ["replier"]
    assert teams(*ticket, rated(NOON, 5), attribution=["ticket", "snapshot"]) == ["ticket"]
    assert agents(*ticket, rated(NOON, 5, agent="eve")) == ["eve"]
    assert agents(*ticket, rated(NOON, 5)) == ["cid"]
    assert agents(*ticket, rated(NOON, 5), attribution=["ticket"]) == ["dan"]
    assert teams(rated(NOON, 5)) == ["(none)"]


def test_replies_and_closes_at_or_after_the_rating_do_not_attribute() -> None:
    """Only what is before the rating's time."""
    assert teams(opened(NOON - 9, team="ticket"), reply(NOON, team="replier"), rated(NOON, 5)) == ["ticket"]
    assert agents(opened(NOON - 9), closed(NOON, agent="dan"), rated(NOON, 5)) == ["(none)"]


def test_csat_first_is_attributed_by_the_first_rating() -> None:
    """And `csat` by the latest."""
    found = auditor([rated(NOON, 5, team="one"), rated(NOON + 1, 5, team="two")], segments=[["team"]])
    assert found.answer("csat", {"team": "two"}, "all", LATER)
    assert found.answer("csat_first", {"team": "one"}, "all", LATER)
    assert not found.answer("csat", {"team": "one"}, "all", LATER)


def test_channel_is_the_tickets_before_the_ratings() -> None:
    """The other way round from the team."""
    found = auditor([opened(NOON, channel="email"), rated(NOON + 1, 5, channel="chat")], [rated(NOON, 5, channel="phone")], segments=[["channel"]])
    channels = {segment["channel"] for metric, segment, _ in found.keys(LATER) if metric == "csat"}
    assert channels == {"email", "phone"}


def test_windows_of_minutes() -> None:
    """15m at 12:00:30: minutes 11:46 to 12:00 are in, 11:45 and 12:01 are out."""
    tickets = [[rated(NOON + minutes * MINUTE, 5)] for minutes in (-15, -14, 0, 1)]
    assert counts("csat", *tickets, window="15m", as_of=NOON + 30_000) == {"satisfied": 2, "rated": 2, "star_5": 2}
