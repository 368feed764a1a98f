"""Which agents' figures are withheld, so that no single one can be worked out from the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def withheld(cases: Mapping[int, int], min_group: int) -> set[int]:
    """Rows to withhold among the agents of one parent, by their number of cases.

    Everyone below `min_group`; and if that is a single one, or together they have less than `min_group`, the next smallest too.
    """
    present = sorted((n, row) for row, n in cases.items() if n > 0)
    hidden = [row for n, row in present if n < min_group]
    total = sum(n for n, _ in present[: len(hidden)])
    while hidden and len(hidden) < len(present) and (len(hidden) == 1 or total < min_group):
        n, row = present[len(hidden)]
        hidden.append(row)
        total += n
    return set(hidden)
