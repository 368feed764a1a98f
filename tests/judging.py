"""What the rules say of figures, as the book of alerts asks for it."""

from __future__ import annotations

from collections.abc import Mapping

from stream.alerts.book import NOTHING_TO_JUDGE, Book
from stream.alerts.conditions import judge
from stream.alerts.live import LiveSight
from stream.alerts.rules import Rule
from stream.alerts.targets import Targets
from stream.alerts.verdict import Key, Verdict
from stream.segments import segment_key


def verdicts_of(sight: LiveSight, rules: Mapping[str, Rule], book: Book, targets: Targets) -> dict[Key, Verdict]:
    """What is hot, and what must be judged because something is under way."""
    found = dict.fromkeys(book.busy(), NOTHING_TO_JUDGE)
    for name, rule in rules.items():
        verdicts = judge(rule, name, sight, targets, book.lowered())
        for row, segment in enumerate(sight.segments):
            key = Key(name, segment_key(segment))
            if verdicts.applies[row] and (verdicts.hot[row] or key in found):
                found[key] = verdicts.at(row)
    return found
