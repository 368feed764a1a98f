"""First-contact resolution, in two profiles, provisional and final, and tickets that bots closed alone."""

from __future__ import annotations

from collections.abc import Callable

from stream.kpis.definition import HOURLY, Contribution, Kpi, Metric, Proportion, Reading, Span, Sums, cell
from stream.kpis.readings import percentage
from stream.rules import Rules
from stream.tickets.lives import Life

BLOCK = 7
_RESOLVED, _ONE_TOUCH, _NEVER_REOPENED, _BOT_ONLY = (cell(BLOCK, index) for index in range(4))
_HUMAN_REPLIES_OF_ONE_TOUCH = 1


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """One resolved ticket at the first close, with the profiles it fulfils; or one that bots closed alone."""
    if life.opened is None or not life.closes:
        return
    close = life.closes[0]
    keys = life.keys(rules.segmenter, life.agent_of_close(close))
    if not life.humans and close.by != "agent":
        add((close.time, keys, HOURLY, ((_BOT_ONLY, 1),)))
        return
    cells = [(_RESOLVED, 1)]
    if len(life.humans) <= _HUMAN_REPLIES_OF_ONE_TOUCH:
        cells.append((_ONE_TOUCH, 1))
    if _never_reopened(life):
        cells.append((_NEVER_REOPENED, 1))
    add((close.time, keys, HOURLY, tuple(cells)))


def _never_reopened(life: Life) -> bool:
    """At most one agent replied, and every reopening was closed again without a human reply between (a "thanks")."""
    if len(life.humans) > 1 and len({reply.agent for reply in life.humans if reply.agent is not None}) > 1:
        return False
    return all(_is_thanks(life, reopening.time) for reopening in life.reopens)


def _is_thanks(life: Life, reopened: int) -> bool:
    closed = next((close.time for close in life.closes if close.time > reopened), None)
    return closed is not None and not any(reopened < reply.time <= closed for reply in life.humans)


def _reader(kept: int) -> Callable[[Sums], Reading | None]:
    def read(sums: Sums) -> Reading | None:
        resolved, first_contact = sums[_RESOLVED], sums[kept]
        return percentage(first_contact, resolved, {"first_contact": first_contact, "resolved": resolved})

    return read


def _read_bot_only(sums: Sums) -> Reading | None:
    bot_only, closed = sums[_BOT_ONLY], sums[_BOT_ONLY] + sums[_RESOLVED]
    return percentage(bot_only, closed, {"bot_only": bot_only, "closed": closed})


def _profile(name: str, kept: int, meaning: str) -> tuple[Metric, Metric]:
    ratio = Proportion((kept,), (_RESOLVED,))
    return (
        Metric(
            f"fcr_{name}",
            "percent",
            Span.MATURED,
            _reader(kept),
            lambda _: f"fcr/{name}/final",
            f"{meaning}, of tickets closed at least 7 days ago",
            ratio=ratio,
        ),
        Metric(
            f"fcr_{name}_provisional",
            "percent",
            Span.PROVISIONAL,
            _reader(kept),
            lambda _: f"fcr/{name}/provisional",
            f"{meaning}, of tickets closed lately",
            ratio=ratio,
        ),
    )


KPI = Kpi(
    name="fcr",
    block=BLOCK,
    cells=("resolved", "one_touch", "never_reopened", "bot_only"),
    contribute=contribute,
    metrics=(
        *_profile("one_touch", _ONE_TOUCH, "resolved with at most one human reply"),
        *_profile("never_reopened", _NEVER_REOPENED, "resolved by at most one agent and never reopened"),
        Metric(
            "bot_only",
            "percent",
            Span.MATURED,
            _read_bot_only,
            lambda _: "bot_only/final",
            "closed by bots without any human reply",
            ratio=Proportion((_BOT_ONLY,), (_BOT_ONLY, _RESOLVED)),
        ),
    ),
)
