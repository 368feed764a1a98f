"""The right answer of both jobs, by plain Python over the records produced, and how far an output is from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from schemas.times import from_iso
from stream.durations import HOUR

Place = tuple[str, int]  # team; beginning of the hour in ms
Figures = tuple[int, int, int, int]  # ratings, satisfied ones, first responses, their sum in ms
Answer = dict[Place, Figures]
NOTHING: Figures = (0, 0, 0, 0)
SATISFIED_FROM = 4


class Verdict(NamedTuple):
    """Windows in the right answer, windows of the output that differ from it, and the cases (ratings, first responses) that are missing."""

    windows: int
    wrong: int
    lost: int

    @property
    def correct(self) -> bool:
        """Whether every window is right and none is too many."""
        return self.wrong == 0


class _Row(msgspec.Struct):
    team: str
    window: int
    n: int
    satisfied: int
    n_frt: int = 0
    sum_frt: int = 0


def expected(values: Iterable[bytes]) -> Answer:
    """The figures of each team and hour: ratings in their own hour, first responses in the hour in which the ticket was opened."""
    answer: Answer = {}
    opened: dict[str, tuple[str, int]] = {}
    answered: dict[str, int] = {}
    for value in values:
        event = msgspec.json.decode(value)
        data, moment = event["data"], from_iso(event["time"])
        if event["type"] == "rating.submitted":
            _add(answer, (data["team"], moment // HOUR * HOUR), (1, int(data["score"] >= SATISFIED_FROM), 0, 0))
        elif event["type"] == "ticket.opened":
            opened[data["ticket_id"]] = (data["team"], moment)
        elif event["type"] == "ticket.replied" and data["author"] == "agent" and data["public"]:
            answered[data["ticket_id"]] = min(moment, answered.get(data["ticket_id"], moment))
    for ticket, moment in answered.items():
        if ticket in opened:
            team, begin = opened[ticket]
            _add(answer, (team, begin // HOUR * HOUR), (0, 0, 1, moment - begin))
    return answer


def verdict(values: Iterable[bytes], right: Answer) -> Verdict:
    """Compare the last value of each team and hour with the right answer; `values` in the order of their partition."""
    rows = msgspec.json.Decoder(_Row)
    decoded = (rows.decode(value) for value in values)
    found: Answer = {(row.team, row.window): (row.n, row.satisfied, row.n_frt, row.sum_frt) for row in decoded}
    wrong = sum(found.get(place, NOTHING) != right.get(place, NOTHING) for place in found.keys() | right.keys())
    return Verdict(len(right), wrong, _cases(right) - sum(_cases({place: found.get(place, NOTHING)}) for place in right))


def _add(answer: Answer, place: Place, more: Figures) -> None:
    n, satisfied, answered, waited = answer.get(place, NOTHING)
    answer[place] = (n + more[0], satisfied + more[1], answered + more[2], waited + more[3])


def _cases(answer: Answer) -> int:
    return sum(n + answered for n, _, answered, _ in answer.values())
