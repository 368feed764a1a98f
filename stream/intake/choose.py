"""What only all rows together show: which event of a ticket is its first, and which ids stand for two different events."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.essence import canonical
from stream.intake.drafts import Draft, FileDrafts


def keep_first(files: Sequence[FileDrafts]) -> None:
    """Of the rules marked `first` keep each ticket's earliest event; a row that is left without an event counts as skipped."""
    earliest: dict[tuple[str, str], Draft] = {}
    for file in files:
        for draft in file.drafts:
            if draft.first_of is not None:
                known = earliest.setdefault((draft.first_of, draft.ticket_id), draft)
                if draft.essence.time < known.essence.time:
                    earliest[draft.first_of, draft.ticket_id] = draft
    for file in files:
        lines = {draft.line for draft in file.drafts}
        file.drafts = [draft for draft in file.drafts if draft.first_of is None or earliest[draft.first_of, draft.ticket_id] is draft]
        file.skipped += len(lines - {draft.line for draft in file.drafts})


def refuse_conflicts(files: Sequence[FileDrafts]) -> None:
    """Refuse events whose source and id stand for another content in the same ticket: the stream would call them a conflict."""
    seen: dict[tuple[str, str, str], tuple[bytes, str]] = {}
    for file in files:
        kept = []
        for draft in file.drafts:
            essence = draft.essence
            content = canonical(essence)
            first, place = seen.setdefault((draft.ticket_id, essence.source, essence.id), (content, f"{file.file.name}, line {draft.line}"))
            if first == content:
                kept.append(draft)
            else:
                file.refuse(draft.line, f"the source and id of this event are those of another one ({place})")
        file.drafts = kept
