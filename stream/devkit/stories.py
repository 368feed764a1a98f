"""What happens to one simulated ticket, from its opening to its last rating."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stream.devkit.load import CLOSED, OPENED, RATINGS, REPLIED
from stream.durations import HOUR, MINUTE, SECOND

PRODUCTS = ("webshop", "app", "subscription")
PRIORITIES = ("low", "normal", "normal", "normal", "high")
LANGUAGES = ("en", "en", "de", "nl")
AGENTS_PER_TEAM = 6
# Median time to a first human reply and to each later one, by channel; other channels are answered like e-mail.
_FIRST_REPLY = {"phone": 40 * SECOND, "chat": 2 * MINUTE, "email": 25 * MINUTE}
_NEXT_REPLY = {"phone": MINUTE, "chat": 3 * MINUTE, "email": 40 * MINUTE}
# Agents take what nears twice its target (3 min by phone, 1 h elsewhere) before anything else: nobody waits longer, by day or by night.
_LONGEST_WAIT = {"phone": 5 * MINUTE}
_LONGEST_WAIT_ELSEWHERE = 110 * MINUTE


@dataclass(frozen=True)
class Mood:
    """How a team does: the share of its ratings that are satisfied, and by how much its first replies are slower than usual."""

    satisfied: float
    slower: float = 1.0


@dataclass(frozen=True)
class Happening:
    """One event of a ticket before it is encoded; `topic_index` as in `Topics.sources`, time in ms."""

    topic_index: int
    type: str
    time_ms: int
    data: dict[str, Any]


MoodAt = Callable[[int], Mood]


def story(rng: random.Random, *, team: str, channel: str, opened_ms: int, mood_at: MoodAt) -> list[Happening]:
    """Everything that happens to one ticket, in the order in which it is told; about one in twenty takes an unusual turn."""
    ticket = _Ticket(rng, team, channel, opened_ms, mood_at)
    ticket.open()
    (turn,) = rng.choices(list(_TURNS), weights=list(_TURNS.values()))
    turn(ticket)
    return ticket.told


@dataclass
class _Ticket:
    """A ticket while its story is told; `now_ms` moves on with every event."""

    rng: random.Random
    team: str
    channel: str
    now_ms: int
    mood_at: MoodAt
    told: list[Happening] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.agent = self._any_agent()

    def open(self) -> None:
        rng = self.rng
        self._tell(
            OPENED,
            "ticket.opened",
            customer_id=f"C-{rng.randrange(5_000)}",
            channel=self.channel,
            team=self.team,
            product=rng.choice(PRODUCTS),
            priority=rng.choice(PRIORITIES),
            language=rng.choice(LANGUAGES),
            initiated_by="agent" if _chance(rng, 0.04) else "customer",
            bot=_chance(rng, 0.01),
        )
        if self.channel != "phone" and _chance(rng, 0.5):
            self._wait(3 * SECOND)
            self._reply("auto")

    def serve(self) -> None:
        """A first reply, a conversation, a close, perhaps a reopening, perhaps ratings."""
        self._queue()
        self._reply("agent")
        self._talk()
        self._close("agent")
        self._survey()
        if _chance(self.rng, 0.06):
            self._come_back()

    def solve_by_bot(self) -> None:
        self._wait(10 * SECOND, MINUTE)
        self._reply("bot")
        self._wait(MINUTE, 3 * MINUTE)
        self._close("bot")

    def end_as_spam(self) -> None:
        self._queue()
        self._tell(CLOSED, "ticket.closed", closed_by="agent", agent=self.agent, spam=True)

    def merge(self) -> None:
        self._queue()
        self._tell(CLOSED, "ticket.merged", merged_into=f"H-{self.rng.randrange(1_000)}")

    def give_up(self) -> None:
        """The customer hangs up or writes that it is solved before it is anybody's turn; a rule closes the ticket."""
        self._queue(0.5)
        self._close("auto")

    def _queue(self, share: float = 1.0) -> None:
        """Wait for one's turn, or a share of that."""
        median = _FIRST_REPLY.get(self.channel, 25 * MINUTE) * self.mood_at(self.now_ms).slower
        self._wait(share * median, _LONGEST_WAIT.get(self.channel, _LONGEST_WAIT_ELSEWHERE))

    def _talk(self) -> None:
        between = _NEXT_REPLY.get(self.channel, 40 * MINUTE)
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2))):
            self._wait(between)
            self._reply("customer")
            if _chance(self.rng, 0.2):
                self._wait(MINUTE)
                self._reply("agent", public=False)
            if _chance(self.rng, 0.1):
                self.agent = self._any_agent()
            self._wait(between)
            self._reply("agent")
        self._wait(between)

    def _come_back(self) -> None:
        """The customer writes again: one in three only to say thanks, which needs no answer."""
        self._wait(5 * HOUR)
        self._tell(CLOSED, "ticket.reopened")
        self._reply("customer")
        self._wait(20 * MINUTE)
        if not _chance(self.rng, 1 / 3):
            self._reply("agent")
            self._wait(20 * MINUTE)
        self._close("agent")

    def _survey(self) -> None:
        """An offer after most closes; under half are answered, and a few think again."""
        if _chance(self.rng, 0.1):
            return
        closed_ms, survey = self.now_ms, f"s-{len(self.told)}"
        self._wait(MINUTE)
        self._tell(RATINGS, "survey.offered", survey_id=survey)
        if _chance(self.rng, 0.45):
            self._wait(20 * MINUTE)
            self._rate(survey)
            if _chance(self.rng, 0.04):
                self._wait(HOUR)
                self._rate(survey)
        self.now_ms = closed_ms

    def _rate(self, survey: str) -> None:
        satisfied = _chance(self.rng, self.mood_at(self.now_ms).satisfied)
        score = self.rng.choice((4, 5, 5) if satisfied else (1, 2, 3))
        rating = {"survey_id": survey, "kind": "csat", "score": score, "scale_max": 5}
        self._tell(RATINGS, "rating.submitted", **rating, team=self.team, channel=self.channel, agent=self.agent)

    def _reply(self, author: str, *, public: bool = True) -> None:
        self._tell(REPLIED, "ticket.replied", author=author, public=public, agent=self.agent if author == "agent" else None, team=self.team)

    def _close(self, by: str) -> None:
        self._tell(CLOSED, "ticket.closed", closed_by=by, agent=self.agent if by == "agent" else None)

    def _tell(self, topic_index: int, type_name: str, **data: Any) -> None:
        present = {name: value for name, value in data.items() if value is not None}
        self.told.append(Happening(topic_index, type_name, self.now_ms, present))

    def _wait(self, median_ms: float, longest_ms: float = math.inf) -> None:
        """Time goes by: log-normal around its median, as waiting times are, up to the longest."""
        self.now_ms += SECOND + int(min(longest_ms, median_ms * math.exp(self.rng.gauss(0, 0.6))))

    def _any_agent(self) -> str:
        return f"{self.team}-{self.rng.randrange(AGENTS_PER_TEAM)}"


def _chance(rng: random.Random, share: float) -> bool:
    return rng.random() < share


# How a ticket goes on, in percent of all.
_TURNS: dict[Callable[[_Ticket], None], float] = {
    _Ticket.serve: 90,
    _Ticket.solve_by_bot: 4,
    _Ticket.give_up: 3,
    _Ticket.end_as_spam: 2,
    _Ticket.merge: 1,
}
