"""Which agents' figures are withheld, so that no single one can be worked out from the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def withheld(cases: Mapping[str, int], min_group: int) -> set[str]:
    """Agents to withhold among those of one parent, by their number of cases; of equal ones the first by name.

    Everyone below `min_group`; and if that is a single one, or together they have less than `min_group`, the next smallest too.
    """
    present = sorted((n, agent) for agent, n in cases.items() if n > 0)
    hidden = [agent for n, agent in present if n < min_group]
    total = sum(n for n, _ in present[: len(hidden)])
    while hidden and len(hidden) < len(present) and (len(hidden) == 1 or total < min_group):
        n, agent = present[len(hidden)]
        hidden.append(agent)
        total += n
    return set(hidden)
