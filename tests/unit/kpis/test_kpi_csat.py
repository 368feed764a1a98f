"""CSAT: which ratings count, when, for whom, and what their scores are worth."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import pytest

from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings
from tests.helpdesk import NOON, closed, merged, of_ticket, offered, opened, rated, reopened, replied
from tests.pipeline import counts, figure, segments_of

LOCK = 14 * DAY


def test_value_is_satisfied_of_rated() -> None:
    """4 and 5 of 1-5 are satisfied; the distribution and the mean are published too."""
    ratings = [of_ticket(f"T-{score}", rated(NOON, score)) for score in (1, 3, 4, 5)]
    found = figure("csat", *chain(*ratings))
    assert found is not None
    assert (found.value, found.n, found.unit, found.stats) == (50, 4, "percent", {"mean": 3.25})
    assert found.counts == {"satisfied": 2, "rated": 4, "star_1": 1, "star_2": 0, "star_3": 1, "star_4": 1, "star_5": 1, "locked": 0}


def test_interval_is_wilsons() -> None:
    """1 of 1 satisfied: 95 % Wilson, from 20.65 to 100."""
    found = figure("csat", rated(NOON, 5))
    assert found is not None
    assert [found.low, found.high] == pytest.approx([20.6543, 100], abs=1e-3)


def test_nothing_rated_is_absent() -> None:
    """N = 0 is no record, never 0 percent."""
    assert figure("csat", opened(), replied(NOON + HOUR), closed(NOON + HOUR)) is None


def test_rating_counts_without_its_ticket() -> None:
    """A rating whose `opened` has not arrived counts all the same."""
    assert counts("csat", rated(NOON, 5)) == {"satisfied": 1, "rated": 1, "star_5": 1}


def test_latest_rating_of_a_survey_counts_at_the_time_of_the_first() -> None:
    """A correction takes the old value back; it never looks like new traffic."""
    ratings = rated(NOON, 1, "s"), rated(NOON + 3 * HOUR, 5, "s")
    assert counts("csat", *ratings) == {"satisfied": 1, "rated": 1, "star_5": 1}
    assert figure("csat", *ratings, now=NOON + 3 * HOUR, window="1h") is None
    assert figure("csat", *ratings, now=NOON, window="1h") is not None


def test_first_rating_is_kept_as_csat_first() -> None:
    """`csat_first` does not follow corrections."""
    assert counts("csat_first", rated(NOON, 1, "s"), rated(NOON + HOUR, 5, "s")) == {"rated": 1, "star_1": 1}


def test_ratings_at_one_time_are_ordered_by_source_and_id() -> None:
    """The latest by (time, source, id) wins, whatever the order of arrival."""
    bad, good = replace(rated(NOON, 1), id="b"), replace(rated(NOON, 5), id="a")
    assert counts("csat", bad, good) == {"rated": 1, "star_1": 1}
    assert counts("csat", replace(bad, source="chat"), good) == {"satisfied": 1, "rated": 1, "star_5": 1}


def test_surveys_count_one_by_one() -> None:
    """A second survey is a new rating; ratings that name none are one survey a life."""
    assert counts("csat", rated(NOON, 5, "a"), rated(NOON, 5, "b"), rated(NOON, 1), rated(NOON + 1, 5)) == {"satisfied": 3, "rated": 3, "star_5": 3}


def test_lock_after_the_first_rating() -> None:
    """Exactly 14 days later still counts, a millisecond more is `locked`, at its own time."""
    first = rated(NOON, 1)
    assert counts("csat", first, rated(NOON + LOCK, 5)) == {"satisfied": 1, "rated": 1, "star_5": 1}
    assert counts("csat", first, rated(NOON + LOCK + 1, 5)) == {"rated": 1, "star_1": 1, "locked": 1}
    assert counts("csat", first, rated(NOON + LOCK + 1, 5), now=NOON + LOCK - HOUR) == {"rated": 1, "star_1": 1}


def test_lock_after_the_earliest_offer_of_the_same_survey() -> None:
    """A known offer moves the lock to 14 days after it; offers of other surveys don't."""
    first, second = rated(NOON + DAY, 1, "s"), rated(NOON + LOCK + 1, 5, "s")
    assert counts("csat", offered(NOON, "s"), offered(NOON + DAY, "s"), first, second) == {"rated": 1, "star_1": 1, "locked": 1}
    assert counts("csat", offered(NOON, "other"), first, second) == {"satisfied": 1, "rated": 1, "star_5": 1}


def test_survey_past_its_lock_has_only_locked_ratings() -> None:
    """A first rating after the lock is locked, in both figures, beside what else was rated."""
    late = offered(NOON, "s"), rated(NOON, 2, "other"), rated(NOON + LOCK + 1, 5, "s")
    assert counts("csat", *late) == {"rated": 1, "star_2": 1, "locked": 1}
    assert counts("csat_first", *late) == {"rated": 1, "star_2": 1, "locked": 1}


def test_locked_rating_is_attributed_like_any_other() -> None:
    """The team of a locked rating is its snapshot, else the last replier's, else the ticket's."""
    settings = Settings(segments=(("team",),))
    events = opened(NOON, team="red"), replied(NOON + HOUR, team="blue"), rated(NOON + DAY, 1), rated(NOON + DAY + LOCK + 1, 5)
    found = figure("csat", *events, segment={"team": "blue"}, settings=settings)
    assert found is not None
    assert found.counts["locked"] == 1


def test_reopening_does_not_void_a_rating() -> None:
    """What was rated stays rated."""
    assert counts("csat", opened(), closed(NOON + 1), rated(NOON + 2, 5), reopened(NOON + 3)) == {"satisfied": 1, "rated": 1, "star_5": 1}


@pytest.mark.parametrize("void", [merged(NOON + DAY), closed(NOON + DAY, spam=True)])
def test_void_life_has_no_ratings(void: object) -> None:
    """A merged ticket and spam are in no figure, their ratings included."""
    assert figure("csat", opened(), rated(NOON + HOUR, 5), void) is None  # type: ignore[arg-type]


def test_only_the_last_close_says_spam() -> None:
    """A close without the flag, later than one with it, takes the verdict back."""
    assert counts("csat", opened(), closed(NOON + 1, spam=True), closed(NOON + 2), rated(NOON + 3, 5)) == {"satisfied": 1, "rated": 1, "star_5": 1}


@pytest.mark.parametrize("kind", ["nps", "ces"])
def test_other_kinds_are_no_csat(kind: str) -> None:
    """Recommendation and effort are other figures."""
    assert figure("csat", rated(NOON, 9, kind=kind, scale_min=0, scale_max=10)) is None


@pytest.mark.parametrize(
    ("low", "high", "score", "satisfied", "star", "mean"),
    [
        (0, 1, 1, True, 5, 5),
        (0, 1, 0, False, 1, 1),
        (1, 3, 2, False, 3, 3),
        (1, 7, 6, True, 4, 4.3333),
        (1, 7, 4, False, 3, 3),
        (0, 10, 8, True, 4, 4.2),
        (0, 10, 7, False, 4, 3.8),
        (0, 100, 80, True, 4, 4.2),
        (0, 100, 12, False, 1, 1.48),
        (0, 100, 13, False, 2, 1.52),
    ],
)
def test_scales(low: int, high: int, score: int, satisfied: bool, star: int, mean: float) -> None:
    """Other scales map by their own rule; the star is the score moved to 1..5, rounded half up, and the mean is not rounded to stars."""
    found = figure("csat", rated(NOON, score, scale_min=low, scale_max=high))
    assert found is not None
    assert found.counts["satisfied"] == satisfied
    assert found.counts[f"star_{star}"] == 1
    assert found.stats["mean"] == mean


def test_a_half_star_is_rounded_up() -> None:
    """1 of 0..8 is 1.5 stars, which is 2."""
    settings = Settings(scales=({"min": 0, "max": 8, "satisfied": 6},))
    assert counts("csat", rated(NOON, 1, scale_min=0, scale_max=8), settings=settings) == {"rated": 1, "star_2": 1}


def test_attribution_takes_the_first_source_that_has_a_value() -> None:
    """By default: the rating's own team, else the last human replier's before the rating, else the ticket's."""
    ticket, replier = opened(NOON, team="red"), replied(NOON + HOUR, team="blue")
    assert segments_of("csat", "team", ticket, replier, rated(NOON + 2 * HOUR, 5, team="own")) == {"own": 1}
    assert segments_of("csat", "team", ticket, replier, rated(NOON + 2 * HOUR, 5)) == {"blue": 1}
    assert segments_of("csat", "team", ticket, rated(NOON + 2 * HOUR, 5)) == {"red": 1}
    assert segments_of("csat", "team", rated(NOON, 5)) == {"(none)": 1}


def test_attribution_of_team_and_agent_is_separate() -> None:
    """A replier without a team gives the agent all the same."""
    events = *(opened(NOON, team="red"), replied(NOON + HOUR, "ann")), rated(NOON + 2 * HOUR, 5), rated(NOON + 2 * HOUR, 5, "b")
    assert segments_of("csat", "team", *events) == {"red": 2}
    assert segments_of("csat", "agent", *events) == {"ann": 2}


def test_attribution_looks_before_the_rating() -> None:
    """A reply or a close at the very time of the rating is not before it."""
    events = opened(NOON, team="red"), replied(NOON + HOUR, "ann", team="blue"), closed(NOON + HOUR, "bob")
    surveys = rated(NOON + HOUR, 5, "a"), rated(NOON + HOUR, 5, "b")
    assert segments_of("csat", "team", *events, *surveys) == {"red": 2}
    assert segments_of("csat", "agent", *events, *surveys) == {"(none)": 2}


def test_attribution_follows_the_rating_that_counts() -> None:
    """`csat` looks before the latest rating, `csat_first` before the first."""
    surveys = [rated(NOON + minutes * MINUTE, 5, survey) for minutes in (1, 3) for survey in ("a", "b")]
    events = opened(NOON, team="red"), replied(NOON + 2 * MINUTE, team="blue"), *surveys
    assert segments_of("csat", "team", *events) == {"blue": 2}
    assert segments_of("csat_first", "team", *events) == {"red": 2}


def test_attribution_to_the_ticket_is_the_last_close_before() -> None:
    """The agent of the ticket is the agent of its last close before the rating."""
    events = opened(), closed(NOON + 1, "ann"), closed(NOON + 2, "bob"), rated(NOON + 3, 5, "a"), rated(NOON + 3, 5, "b"), closed(NOON + 4, "cem")
    assert segments_of("csat", "agent", *events) == {"bob": 2}


def test_attribution_is_configured() -> None:
    """The order of the sources is a setting; a source that is not listed is never asked."""
    events = opened(NOON, team="red"), replied(NOON + HOUR, team="blue"), rated(NOON + 2 * HOUR, 5, team="own")
    assert segments_of("csat", "team", *events, attribution=("ticket",)) == {"red": 1}
    assert segments_of("csat", "team", *events[1:], attribution=("ticket",)) == {"(none)": 1}


def test_bots_are_no_last_replier() -> None:
    """Only public replies of agents count."""
    bot = replied(NOON + 2, "hal", author="bot", team="robots")
    note = replied(NOON + 3, "ann", public=False, team="red")
    assert segments_of("csat", "team", opened(NOON, team="blue"), bot, note, rated(NOON + HOUR, 5)) == {"blue": 1}


def test_channel_is_the_tickets_before_the_ratings() -> None:
    """The rating's own channel serves where the ticket has none."""
    own = rated(NOON + HOUR, 5, channel="web")
    assert segments_of("csat", "channel", opened(NOON, channel="email"), own) == {"email": 1}
    assert segments_of("csat", "channel", opened(NOON), own) == {"web": 1}
    assert segments_of("csat", "channel", own) == {"web": 1}


@pytest.mark.parametrize("dimension", ["product", "priority", "language", "campaign"])
def test_other_dimensions_are_the_tickets(dimension: str) -> None:
    """They come from the opening alone, `(none)` where it says nothing."""
    assert segments_of("csat", dimension, opened(NOON, **{dimension: "x"}), rated(NOON + 1, 5)) == {"x": 1}
    assert segments_of("csat", dimension, opened(NOON), rated(NOON + 1, 5)) == {"(none)": 1}


def test_definition_and_attribution_are_named() -> None:
    """The record says which definition and attribution it was made by."""
    found = figure("csat", rated(NOON, 5))
    assert found is not None
    assert (found.definition, found.attribution) == ("csat/4-5-of-5", ["snapshot", "last_replier", "ticket"])
    assert figure("csat_first", rated(NOON, 5)).definition == "csat/4-5-of-5/first"  # type: ignore[union-attr]
