"""The series of a snapshot: golden texts, absence, partitions and scorers that leave, the histogram."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.kpis.definition import Reading
from stream.outlets import metric_names as names
from stream.outlets.health import Health
from stream.outlets.snapshot import Alert, Score, Snapshot, Spread
from stream.stats.sketch import bucket
from tests import metrics_sample as sample
from tests.metrics_golden import CASES, FOLDER
from tests.metrics_text import series, text


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_as_it_was(name: str) -> None:
    """Byte for byte: whoever changes a name or a label breaks somebody's dashboard."""
    assert text(CASES[name]) == (FOLDER / f"{name}.prom").read_text(encoding="utf-8")


def test_a_worker_without_the_scorer_shows_no_scores() -> None:
    """Neither scores nor alerts nor the scorer's own figures: only its health."""
    found = series(text(CASES["no_scorer"]))
    assert found["cx_scorer_owner"] == 0
    own = {"cx_events_total", "cx_dead_letters_total", "cx_notifications_total", "cx_lag_records", "cx_state_tickets", "cx_state_sums"}
    others = {name for name in found if name.partition("{")[0] not in own and not name.startswith(("cx_flush_seconds", "cx_recovery_seconds"))}
    assert others == {"cx_scorer_owner"}


def test_series_leave_with_their_partition() -> None:
    """What was said of a partition is gone, what is said of others stays."""
    health = sample.health()
    health.lag["support.ticket.opened.v1", 1] = 5
    health.tickets[1] = health.sums[1] = 1
    health.forget(0)
    found = series(text(Snapshot(health)))
    assert not [name for name in found if 'partition="0"' in name]
    assert len([name for name in found if 'partition="1"' in name]) == 3


def test_what_has_not_happened_is_zero() -> None:
    """Counters of every event type, class and outcome exist from the start, so that the first time is an increase."""
    health = Health()
    health.notifications["on-call", "sent"] = 0
    found = series(text(Snapshot(health)))
    assert found['cx_dead_letters_total{class="not_json"}'] == 0
    assert found['cx_events_total{type="rating.submitted"}'] == 0
    assert found['cx_notifications_total{outcome="dropped",receiver="on-call"}'] == 0


def test_agents_stay_out_unless_asked_for() -> None:
    """An agent-level score is shown only where the settings say so."""
    score = Score(sample.metric("csat"), {"agent": "3f2a"}, "24h", Reading(90.0, 10, {}))
    shown = Snapshot(Health(), [score])
    assert "3f2a" not in text(shown)
    assert 'cx_csat_ratio{agent="3f2a",level="agent",window="24h"} 0.9' in text(shown, agents=True)


def test_other_dimensions_stay_out() -> None:
    """Scores, spreads and alerts of a priority, language or campaign have no series; the count of alerts still counts them."""
    segment = {"campaign": "spring"}
    alert = Alert("csat_dip", segment, "page", "firing", 0)
    found = text(Snapshot(Health(owns_scorer=True), sample.scores(segment), [sample.spread(segment, "1h")], (alert,)))
    assert "spring" not in found
    assert series(found)['cx_alerts{severity="page",state="firing"}'] == 1


def test_an_alert_names_its_family() -> None:
    """Child and parent have the labels by which Alertmanager finds them, and who explains whom."""
    found = series(text(CASES["full"]))
    child = 'level="team",parent="{}",rule="csat_dip",segment="{\\"team\\":\\"billing\\"}",severity="page"'
    assert found[f'cx_alert_state{{{child},state="firing",team="billing"}}'] == 1
    assert found[f'cx_alert_explains{{explains="{{}}",{child},team="billing"}}'] == 1
    assert found['cx_alert_inhibited{by_team="billing",level="all",rule="csat_dip",segment="{}",severity="page"}'] == 1
    assert f'cx_alert_inhibited{{{child},team="billing"}}' not in found


def test_values_are_escaped() -> None:
    """Names with quotes, backslashes and line ends stay one label."""
    team = 'a"b\\c\nd'
    score = Score(sample.metric("csat"), {"team": team}, "1h", Reading(50.0, 2, {}))
    assert 'team="a\\"b\\\\c\\nd"' in text(Snapshot(Health(), [score]))


@given(st.lists(st.integers(0, 10**9), max_size=30))
def test_the_histogram_counts_what_lies_within_each_bound(waits: list[int]) -> None:
    """Every wait that is not within 1 % of a bound is counted on its side of it; count and sum are exact."""
    counts: dict[int, int] = {}
    for wait in waits:
        counts[bucket(wait)] = counts.get(bucket(wait), 0) + 1
    spread = Spread(sample.metric("first_response"), {}, "1h", sorted(counts.items()), sum(waits))
    found = series(text(Snapshot(Health(), (), [spread])))
    name = names.histogram_name("first_response")
    for bound in names.FIRST_RESPONSE_BUCKETS:
        shown = found[f'{name}_bucket{{le="{bound}.0",level="all",window="1h"}}']
        assert sum(wait <= bound * 990 for wait in waits) <= shown <= sum(wait <= bound * 1010 for wait in waits)
    assert found[f'{name}_bucket{{le="+Inf",level="all",window="1h"}}'] == found[f'{name}_gcount{{level="all",window="1h"}}'] == len(waits)
    assert found[f'{name}_gsum{{level="all",window="1h"}}'] == sum(waits) / 1000
