"""Why a replay says nothing of a rule, or nothing that means much."""

from __future__ import annotations

from stream.alerts.shipped import merged
from stream.alerts.targets import Targets
from stream.backtest.history import History
from stream.backtest.notes import Note, notes_of
from stream.backtest.proposals import Proposal, left_out
from stream.backtest.run import replay
from stream.backtest.sight import Replay
from stream.backtest.simulate import Step, Traffic, simulate
from stream.durations import DAY, MINUTE
from stream.segments import segment_key
from stream.settings import Settings

A_DAY = DAY // MINUTE
BUSY, QUIET = {"team": "busy"}, {"team": "quiet"}
BAD_DAY = Step(15 * A_DAY, 16 * A_DAY, satisfied=0.2, rate=100)


def proposal(**changes: dict[str, object]) -> Proposal:
    """The shipped rules with some changes."""
    return Proposal("new", merged(changes), Targets.of(Settings()))


def notes(history: History, chosen: Proposal, rule: str) -> list[Note]:
    """The notes of one rule after a replay."""
    past = Replay(history)
    own = Proposal(chosen.name, {rule: chosen.rules[rule]}, chosen.targets)
    reasons = left_out(own, dead_letters=False)
    outcome = replay(past, {name: found for name, found in own.rules.items() if name not in reasons}, own.targets, history.first, history.last)
    return notes_of(own, outcome, past, dead_letters=False)


def test_a_rule_that_fired_is_not_dormant() -> None:
    """Two teams with hardly any ratings; one has a day with many bad ones."""
    teams = [Traffic(BUSY, 0.2, 0.9, steps=(BAD_DAY,)), Traffic(QUIET, 0.2, 0.9)]
    (note,) = notes(simulate(teams, 28, 3, (("team",),)), proposal(), "csat_dip")
    assert note == Note("new", "csat_dip", "dormant: 20 cases within 4h on fewer than 1 day in 7", True, (segment_key(QUIET),), 2)


def test_reasons_by_segment() -> None:
    """One team has a usual value, the other has too few ratings; equal reasons stand together."""
    history = simulate([Traffic(BUSY, 10, 0.9), Traffic(QUIET, 0.5, 0.9), Traffic({"team": "calm"}, 0.5, 0.9)], 28, 3, (("team",),))
    (note,) = notes(history, proposal(), "csat_drift")
    assert note.text.startswith("no usual value yet")
    assert (set(note.segments), note.of, note.judged) == ({segment_key(QUIET), segment_key({"team": "calm"})}, 3, False)


def test_rules_that_cannot_be_replayed() -> None:
    """Each with its own reason; with dead letters in the history the rule about them is replayed."""
    chosen = proposal(csat_low={"enabled": False})
    found = left_out(chosen, dead_letters=False)
    assert found == {
        "csat_low": "switched off",
        "nps": "there is no figure called nps yet",
        "ces": "there is no figure called ces yet",
        "rating_lowest": "single ratings are events, not a state",
        "intake_broken": "files hold no dead letters; --from-topics does",
    }
    assert found.keys() - left_out(chosen, dead_letters=True).keys() == {"intake_broken"}
