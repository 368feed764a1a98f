"""Follow-ups: which ratings wait, since when, until when, and what ends it."""

from __future__ import annotations

import pytest

from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings
from tests.helpdesk import NOON, Event, closed, log, merged, of_ticket, offered, opened, rated, reopened, replied
from tests.pipeline import Pipeline, figure, latest, run

NOW = NOON + 2 * HOUR
PLAIN = Settings(segments=((),))
TAG = ["vip", "followed-up"]


def read(metric: str, *events: Event, now: int = NOW, settings: Settings = PLAIN) -> tuple[float, int] | None:
    """Value and n at `now`."""
    found = figure(metric, *events, now=now, window="now", settings=settings)
    return None if found is None else (found.value, found.n)


def waiting(*events: Event, now: int = NOW, settings: Settings = PLAIN) -> int:
    """How many low ratings wait."""
    found = read("follow_ups", *events, now=now, settings=settings)
    return 0 if found is None else found[1]


def test_worked_example() -> None:
    """Two low ratings wait, one of them past its day; a good one and one that was answered do not."""
    events = [
        *of_ticket("T-1", rated(NOON - DAY, 1)),
        *of_ticket("T-2", rated(NOON, 2)),
        *of_ticket("T-3", rated(NOON, 3)),
        *of_ticket("T-4", rated(NOON, 1), replied(NOON + 1)),
    ]
    assert read("follow_ups", *events) == (2, 2)
    assert read("follow_ups_overdue", *events) == (1, 2)
    assert read("oldest_follow_up", *events) == ((NOON - DAY) / 1000, 2)


def test_nothing_waits() -> None:
    """Absent, never 0; and no other window."""
    for metric in ("follow_ups", "follow_ups_overdue", "oldest_follow_up"):
        assert read(metric, rated(NOON, 5)) is None
        assert figure(metric, rated(NOON, 1), now=NOW, window="24h") is None


@pytest.mark.parametrize(("score", "low", "high", "at_most", "is_low"), [
    (2, 1, 5, 2, True), (3, 1, 5, 2, False), (3, 1, 5, 3, True), (2, 1, 5, 1, False),
    (0, 0, 1, 1, True), (1, 0, 1, 4, False), (3, 0, 10, 2, True), (4, 0, 10, 2, False), (1, 1, 3, 1, True), (2, 1, 3, 2, False),
])  # fmt: skip
def test_low_is_by_stars(score: int, low: int, high: int, at_most: int, is_low: bool) -> None:
    """Any scale moved to 1..5, rounded half up as CSAT does."""
    settings = Settings.model_validate({"segments": ((),), "follow_up": {"at_most_stars": at_most}})
    assert waiting(rated(NOON, score, scale_min=low, scale_max=high), settings=settings) == is_low


def test_only_csat_is_followed_up() -> None:
    """A detractor of NPS is no low rating."""
    assert waiting(rated(NOON, 0, kind="nps", scale_max=10)) == 0


def test_each_survey_is_a_follow_up_of_its_own() -> None:
    """Two surveys of a ticket are two; a reply after both ends both."""
    ratings = [rated(NOON, 1, "a"), rated(NOON + 1, 2, "b"), rated(NOON + 2, 5, "c")]
    assert waiting(*ratings) == 2
    assert waiting(*ratings, replied(NOON + 1)) == 1
    assert waiting(*ratings, replied(NOON + 2)) == 0


def test_only_a_public_human_reply_after_the_rating_is_one() -> None:
    """One before, or at the same millisecond, is none; neither is a note, a bot or the customer."""
    low = rated(NOON, 1)
    assert waiting(low, replied(NOON)) == 1
    assert waiting(low, replied(NOON + 1, public=False)) == 1
    assert waiting(low, replied(NOON + 1, author="bot"), replied(NOON + 2, author="customer")) == 1
    assert waiting(low, closed(NOON + 1), reopened(NOON + 2)) == 1
    assert waiting(low, replied(NOON + 1)) == 0


def test_a_tag_after_the_rating_ends_it() -> None:
    """On a note, a bot's reply or a close, whoever set it; another tag, or one set before, does not. The order of arrival makes no difference."""
    low = rated(NOON, 1)
    assert waiting(low, replied(NOON + 1, public=False, tags=TAG)) == 0
    assert waiting(replied(NOON + 1, author="auto", tags=TAG), low) == 0
    assert waiting(low, closed(NOON + 1, tags=TAG)) == 0
    assert waiting(low, closed(NOON + 1, tags=["vip"]), replied(NOON + 2, public=False, tags=None)) == 1
    assert waiting(low, replied(NOON, public=False, tags=TAG), closed(NOON - 1, tags=TAG)) == 1


def test_the_latest_rating_of_a_survey_decides() -> None:
    """Corrected upwards nobody need reply; corrected downwards it waits from then on, and what was said before is no answer to it."""
    assert waiting(rated(NOON, 1), rated(NOON + 1, 5)) == 0
    assert read("oldest_follow_up", rated(NOON, 5), replied(NOON + 1), rated(NOON + 2, 1)) == ((NOON + 2) / 1000, 1)
    assert waiting(rated(NOON, 1), replied(NOON + 1), rated(NOON + 2, 2)) == 0
    assert waiting(rated(NOON, 1), replied(NOON + 1), rated(NOON + 2, 5), rated(NOON + 3, 1)) == 1


def test_a_rating_after_the_lock_changes_nothing() -> None:
    """Neither makes a low one good nor a good one low."""
    late = NOON + 14 * DAY + 1
    assert waiting(rated(NOON, 1), rated(late, 5), now=late) == 1
    assert waiting(rated(NOON, 5), rated(late, 1), now=late) == 0
    assert waiting(offered(NOON), rated(late, 1), now=late) == 0


def test_void_lives_are_not_followed_up() -> None:
    """Merged away, or spam."""
    assert waiting(rated(NOON, 1), merged(NOON + 1)) == 0
    assert waiting(rated(NOON, 1), closed(NOON + 1, spam=True)) == 0


def test_overdue_by_the_last_full_minute() -> None:
    """Due a day later: a rating at 12:00 is overdue at 12:00:00.000, one at 12:00:30 from 12:01."""
    assert read("follow_ups_overdue", rated(NOON, 1), now=NOON + DAY - 1) == (0, 1)
    assert read("follow_ups_overdue", rated(NOON, 1), now=NOON + DAY) == (1, 1)
    assert read("follow_ups_overdue", rated(NOON + 30_000, 1), now=NOON + DAY + MINUTE - 1) == (0, 1)
    assert read("follow_ups_overdue", rated(NOON + 30_000, 1), now=NOON + DAY + MINUTE) == (1, 1)


def test_overdue_by_business_hours_of_the_team() -> None:
    """24 business hours of a Friday noon are over on Wednesday noon; a team without a schedule has until Saturday noon.

    |Fri 12-17: 5 h|Mon 9-17: 8 h|Tue 9-17: 8 h|Wed 9-12: 3 h|
    """
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("09:00", "17:00"),))
    settings = Settings.model_validate(
        {"segments": ((),), "schedules": {"office": {"timezone": "UTC", "weekly": week}}, "schedule_of": ({"schedule": "office", "team": "red"},)}
    )
    red, blue = of_ticket("T-1", rated(NOON, 1, team="red")), of_ticket("T-2", rated(NOON, 1, team="blue"))
    assert read("follow_ups_overdue", *red, now=NOON + 5 * DAY - 1, settings=settings) == (0, 1)
    assert read("follow_ups_overdue", *red, now=NOON + 5 * DAY, settings=settings) == (1, 1)
    assert read("follow_ups_overdue", *blue, now=NOON + DAY, settings=settings) == (1, 1)


def test_it_counts_from_its_hour_pane() -> None:
    """A rating of the current hour counts at once, one of the next hour only then."""
    assert waiting(rated(NOON + HOUR - 1, 1), now=NOON) == 1
    assert waiting(rated(NOON + HOUR, 1), now=NOON + HOUR - 1) == 0
    assert waiting(rated(NOON + HOUR, 1), now=NOON + HOUR) == 1


def test_segments_are_those_of_the_rating_but_for_the_agent() -> None:
    """Team by attribution, channel of the ticket; never at agent level."""
    settings = Settings.model_validate({"segments": (("team", "channel"), ("agent",)), "agents": "on"})
    found = run(log([opened(channel="email", team="blue"), replied(NOON + 1), rated(NOON + 2, 1, team="red")]), settings).scores(NOW)
    assert [score.segment for score in found.values() if score.metric == "follow_ups"] == [{"team": "red", "channel": "email"}]


def test_the_next_oldest_once_the_oldest_is_answered() -> None:
    """In every segment on its own, after a restart too."""
    pipeline = Pipeline(PLAIN)
    records = log([rated(NOON, 1), *of_ticket("T-2", rated(NOON + 1, 1)), replied(NOON + 2), *of_ticket("T-2", replied(NOON + 3))])
    oldest = []
    for record in records:
        pipeline.feed([record])
        pipeline.flush()
        pipeline.restart(compacted=True)
        oldest.append([since for _, (since, _) in pipeline.partitions[0].lows.oldest.items()])
    assert oldest == [[NOON], [NOON], [NOON + 1], []]


def test_another_oldest_is_published_though_no_count_has_changed() -> None:
    """One is answered and another begins in the same minute: only the minimum tells."""
    pipeline = Pipeline(PLAIN)
    records = log([rated(NOON, 1), *of_ticket("T-2", rated(NOON + 1, 1)), replied(NOON + 2)])
    published: list[list[float]] = []
    for part in (records[:1], records[1:]):
        pipeline.feed(part)
        pipeline.flush()
        pipeline.board.move(NOW)
        found = latest(pipeline.board.due(len(published) * MINUTE)).values()
        published.append([score.value for score in found if score.metric == "oldest_follow_up"])
    assert published == [[NOON / 1000], [(NOON + 1) / 1000]]


def everywhere(time: int) -> list[Event]:
    """An event of another ticket on every topic: all clocks stand there."""
    return [Event("survey.offered", time, {}, f"T-{topic}-{time}", f"{topic}", topic=topic) for topic in range(4)]


def test_it_is_given_up_when_its_life_is_over() -> None:
    """28 days after the last event of a closed ticket nothing can join it any more; or when another life follows."""
    low = [opened(), closed(NOON), rated(NOON, 1)]
    end = NOON + 28 * DAY
    assert waiting(*low, *everywhere(end), now=end) == 1
    assert waiting(*low, *everywhere(end + 1), now=end + 1) == 0
    assert waiting(*low, opened(NOON + 21 * DAY), now=end) == 1
    assert waiting(*low, opened(NOON + 21 * DAY + 1), now=end) == 0


def test_an_open_ticket_is_followed_up_until_it_is_too_old() -> None:
    """400 days, by the slowest clock."""
    age = NOON + 400 * DAY
    assert waiting(opened(), rated(NOON, 1), *everywhere(age), now=age) == 1
    assert waiting(opened(), rated(NOON, 1), *everywhere(age + 1), now=age + 1) == 0
