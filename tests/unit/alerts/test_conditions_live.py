"""The shipped rules on the running board."""

from __future__ import annotations

from stream.alerts.conditions import judge
from stream.alerts.live import LiveSight
from stream.alerts.needs import needs_of
from stream.alerts.rules import Rating
from stream.alerts.shipped import merged
from stream.alerts.targets import Targets
from stream.alerts.verdict import Verdicts
from stream.durations import HOUR, MINUTE
from stream.settings import Settings
from tests.helpdesk import NOON, Event, log, of_ticket, opened, rated
from tests.pipeline import Pipeline

SETTINGS = Settings(segments=((), ("team",)), windows=("24h",))


def judged(events: list[Event], now: int) -> tuple[list[dict[str, str]], dict[str, Verdicts]]:
    """The segments, and what every shipped rule says of them."""
    rules = {name: rule for name, rule in merged({}).items() if not isinstance(rule, Rating)}
    pipeline = Pipeline(SETTINGS, 2, needs_of(rules.values()))
    pipeline.feed(log(events, 2))
    pipeline.flush()
    pipeline.board.move(now)
    sight = LiveSight(pipeline.board.figures())
    return [dict(segment) for segment in sight.segments], {name: judge(rule, name, sight, Targets.of(SETTINGS), {}) for name, rule in rules.items()}


def ratings(team: str, *scores: int) -> list[Event]:
    """Ratings of a team in the last minutes, each of a ticket of its own."""
    return [event for place, score in enumerate(scores) for event in of_ticket(f"{team}{place}", rated(NOON - place * MINUTE, score, team=team))]


def test_a_dip_of_one_team_is_seen_there_alone() -> None:
    """10 of 20 for one team, 20 of 20 for the other: 30 of 40 in all are not sure to be below 80."""
    segments, found = judged(ratings("red", *[1, 5] * 10) + ratings("blue", *[5] * 20), NOON)
    hot = {name: [segments[row] for row in range(len(segments)) if verdicts.hot[row]] for name, verdicts in found.items()}
    assert hot.pop("csat_dip") == [{"team": "red"}]
    assert {name: places for name, places in hot.items() if places} == {}


def test_a_ticket_that_waits_too_long_is_seen() -> None:
    """Twice its target of 1 h; one minute more and it is hot."""
    events = of_ticket("t", opened(NOON - 2 * HOUR))
    segments, at_two = judged(events, NOON)
    assert at_two["oldest_waiting"].applies.all()
    assert not at_two["oldest_waiting"].hot.any()
    assert judged(events, NOON + MINUTE)[1]["oldest_waiting"].hot.tolist() == [True] * len(segments)


def test_every_shipped_rule_can_be_judged_on_the_board() -> None:
    """Each finds its windows there; those of figures to come, and those that need weeks behind them, apply nowhere yet."""
    _, found = judged(ratings("red", *[1, 5] * 10), NOON)
    nowhere = {name for name, verdicts in found.items() if not verdicts.applies.any()}
    assert nowhere == {"nps", "ces", "csat_drift", "target_missed", "signal_lost", "signal_low"}
