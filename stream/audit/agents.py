"""The agent level: pseudonyms, and which agents of a parent are withheld."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from stream.audit.facts import NONE


def pseudonym(agent: str, key: bytes) -> str:
    """Keyed hash of an agent, 16 hexadecimal digits; the missing agent is no person and stays."""
    return agent if agent == NONE else blake2b(agent.encode(), digest_size=8, key=key).hexdigest()


def withheld(sizes: Mapping[str, int], min_group: int) -> frozenset[str]:
    """Agents of one parent, metric and window that must not be shown, by their n; of equal ones the first by name goes first."""
    ordered = sorted(sizes, key=lambda agent: (sizes[agent], agent))
    hidden = [agent for agent in ordered if sizes[agent] < min_group]
    if not hidden:
        return frozenset()
    for agent in ordered[len(hidden) :]:
        if len(hidden) > 1 and sum(sizes[each] for each in hidden) >= min_group:
            break
        hidden.append(agent)
    return frozenset(hidden)
