"""Write helpdesk.csv: a small simulated helpdesk, the same for the same seed."""

from __future__ import annotations

import csv
import random
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

SEED = 7
TICKETS = 300
FIRST_DAY = datetime(2026, 5, 4)  # noqa: DTZ001 - local times, as a helpdesk exports them; a Monday
DAYS = 14
AGENTS = {"billing": ("Kim", "Lou", "Max"), "shipping": ("Noa", "Pat", "Quinn"), "technical": ("Robin", "Sam", "Toni")}
# Minutes to the first reply, and stars, by team: technical is slower and less liked, so that the scores differ.
REPLY_MINUTES = {"email": 45.0, "chat": 4.0, "phone": 1.0}
SLOWNESS = {"billing": 0.8, "shipping": 1.0, "technical": 2.0}
STARS = {"billing": (1, 1, 3, 12, 18), "shipping": (1, 2, 3, 12, 14), "technical": (4, 4, 6, 9, 7)}
COLUMNS: tuple[str, ...] = ("Date", "Time", "Ticket", "Action", "By", "Team", "Channel", "Language", "Agent", "Survey", "Stars", "Merged into")


@dataclass(slots=True)
class Ticket:
    """One ticket as its story goes on: `at` moves with each action."""

    number: int
    team: str
    channel: str
    language: str
    agent: str
    at: datetime
    rows: list[tuple[datetime, dict[str, str]]] = field(default_factory=list)

    def add(self, action: str, by: str = "", **more: str) -> None:
        """Note an action at the current time."""
        own = {"Ticket": f"H-{self.number}", "Action": action, "By": by, "Team": self.team, "Channel": self.channel, "Language": self.language}
        self.rows.append((self.at, {**own, **more}))

    def wait(self, minutes: float) -> None:
        """Let time pass, in whole seconds, at least one."""
        self.at += timedelta(seconds=max(1, round(minutes * 60)))


def rows(seed: int = SEED, tickets: int = TICKETS) -> list[dict[str, str]]:
    """All rows of the table in the order of time."""
    dice = random.Random(seed)
    told = [row for number in range(tickets) for row in _story(_opened(1000 + number, dice), dice)]
    told.sort(key=lambda row: row[0])
    return [{"Date": f"{at:%d-%m-%Y}", "Time": f"{at:%H:%M:%S}", **cells} for at, cells in told]


def write(file: TextIO, table: list[dict[str, str]]) -> None:
    """Write the table as CSV."""
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)


def _chance(dice: random.Random, share: float) -> bool:
    return dice.random() < share


def _opened(number: int, dice: random.Random) -> Ticket:
    team = dice.choice(tuple(AGENTS))
    day = dice.choices(range(DAYS), [1 if day % 7 in (5, 6) else 4 for day in range(DAYS)])[0]
    at = FIRST_DAY + timedelta(days=day, hours=8, seconds=dice.randrange(10 * 3600))
    ticket = Ticket(number, team, dice.choice(tuple(REPLY_MINUTES)), dice.choice(("nl", "nl", "en", "de")), dice.choice(AGENTS[team]), at)
    ticket.add("created", "Agent" if _chance(dice, 0.04) else "Customer")
    return ticket


def _story(ticket: Ticket, dice: random.Random) -> list[tuple[datetime, dict[str, str]]]:
    fate = dice.choices(("spam", "merged", "unanswered", "handled"), (2, 2, 3, 93))[0]
    if fate == "spam":
        _spam(ticket)
    elif fate == "merged":
        _merged(ticket, dice)
    elif fate == "unanswered":
        ticket.add("assigned", Agent=ticket.agent)
    else:
        _handled(ticket, dice)
    return ticket.rows


def _spam(ticket: Ticket) -> None:
    ticket.wait(30)
    ticket.add("spam", "Agent", Agent=ticket.agent)


def _merged(ticket: Ticket, dice: random.Random) -> None:
    ticket.wait(15)
    ticket.add("merged", "Agent", **{"Merged into": f"H-{1000 + dice.randrange(TICKETS)}"})


def _handled(ticket: Ticket, dice: random.Random) -> None:
    if ticket.channel == "chat" and _chance(dice, 0.5):
        ticket.wait(0.05)
        ticket.add("message", "Bot")
    ticket.wait(0.5)
    ticket.add("assigned", Agent=ticket.agent)
    ticket.wait(dice.expovariate(1 / (REPLY_MINUTES[ticket.channel] * SLOWNESS[ticket.team])))
    ticket.add("message", "Agent", Agent=ticket.agent)
    while _chance(dice, 0.4):
        _talk(ticket, dice)
    if _chance(dice, 0.94):
        _solve(ticket, dice)


def _talk(ticket: Ticket, dice: random.Random) -> None:
    ticket.wait(dice.expovariate(1 / 90))
    ticket.add("message", "Customer")
    if _chance(dice, 0.3):
        ticket.wait(5)
        ticket.add("note", "Agent", Agent=dice.choice(AGENTS[ticket.team]))
    ticket.wait(dice.expovariate(1 / 60))
    ticket.add("message", "Agent", Agent=ticket.agent)


def _solve(ticket: Ticket, dice: random.Random) -> None:
    ticket.wait(dice.expovariate(1 / 120))
    by_system = _chance(dice, 0.1)
    ticket.add("solved", "System" if by_system else "Agent", Agent="" if by_system else ticket.agent)
    if _chance(dice, 0.1):
        ticket.wait(dice.expovariate(1 / 600))
        ticket.add("reopened", "Customer")
        _talk(ticket, dice)
        ticket.wait(30)
        ticket.add("solved", "Agent", Agent=ticket.agent)
    if _chance(dice, 0.8):
        _survey(ticket, dice)


def _survey(ticket: Ticket, dice: random.Random) -> None:
    survey = f"S-{ticket.number}"
    ticket.wait(10)
    ticket.add("survey sent", "System", Survey=survey)
    if _chance(dice, 0.55):
        _answer(ticket, dice, survey)
        if _chance(dice, 0.06):
            _answer(ticket, dice, survey)


def _answer(ticket: Ticket, dice: random.Random, survey: str) -> None:
    ticket.wait(dice.expovariate(1 / 240))
    stars = dice.choices((1, 2, 3, 4, 5), STARS[ticket.team])[0]
    ticket.add("survey answered", "Customer", Survey=survey, Stars=str(stars), Agent=ticket.agent)


def main() -> None:
    """Write helpdesk.csv beside this file."""
    target = Path(__file__).with_name("helpdesk.csv")
    with target.open("w", encoding="utf-8", newline="") as file:
        write(file, rows())
    sys.stdout.write(f"{target.name} written\n")


if __name__ == "__main__":
    main()
