"""Parts of an alert record: why, the loss, the segment's other figures, a single rating, the all-clear."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.scores import Finite, Timestamp

Count = Annotated[int, Field(ge=0)]
Comparison = Literal["previous_window", "last_week"]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)


class CountsOut(_Part):
    """A proportion: `part` of `whole` cases."""

    part: Count
    """Cases that count as good for most figures, such as satisfied ratings; the figure's own definition says which."""
    whole: Count
    """All cases."""


class ChildOut(_Part):
    """What one child explains of the change, in points with one decimal."""

    name: str
    """Its value in the dimension; `(none)` for cases without one."""
    rate: Finite
    """Explained by its own change."""
    mix: Finite
    """Explained by the change of its share of the cases."""
    before: CountsOut
    """In the window compared with."""
    after: CountsOut
    """In the window itself."""


class OthersOut(_Part):
    """Children that are not listed, together."""

    children: Annotated[int, Field(ge=1)]
    """Their number."""
    rate: Finite
    """Explained by their own changes, in points."""
    mix: Finite
    """Explained by the changes of their shares, in points."""


class WhyOut(_Part):
    """The change of a proportion, split over the children of one dimension. The effects listed and those of `others` add up to `points`."""

    dimension: str
    """The dimension."""
    compared_with: Comparison
    """The window compared with: the one before of the same length, or the same hours a week before."""
    before: CountsOut
    """The whole in the window compared with."""
    after: CountsOut
    """The whole in the window itself."""
    points: Finite
    """The change, in points with one decimal."""
    children: list[ChildOut]
    """Those that explain most of it first."""
    others: OthersOut | None
    """The rest; null where all are listed."""
    simpson: bool
    """Every large enough child moved against the whole: the change is one of the mix (Simpson's paradox)."""


class Lost(_Part):
    """The loss in cases: 19 unhappy of 40, 8 expected."""

    bad: Count
    """Bad cases."""
    of: Annotated[int, Field(ge=1)]
    """All cases."""
    expected: Annotated[Finite, Field(ge=0)]
    """Bad cases if the figure were exactly at its target, with one decimal."""


class Context(_Part):
    """Other figures of the same segment; null where nothing is counted."""

    backlog: int | None
    """Open tickets."""
    oldest_waiting: Timestamp | None
    """Opening of the ticket that has waited longest for a reply."""
    first_response: Finite | None
    """Mean first-response time in seconds, over the last 24h."""
    first_response_n: Count
    """Number of first responses in it."""


class RatingOut(_Part):
    """A single rating, without its text."""

    ticket_id: str
    """Ticket."""
    survey_id: str | None
    """Survey; null where it has no id."""
    score: int
    """The score that was given."""
    scale_min: int
    """Lowest score of its scale."""
    scale_max: int
    """Highest score of its scale."""
    rated_at: Timestamp
    """When the survey was first rated."""


class Silenced(_Part):
    """Who asked that nobody be notified, until when, and why."""

    until: Timestamp
    """End of the silence."""
    who: str
    """Who asked for it."""
    why: str
    """Why."""


class LinksOut(_Part):
    """Links; null where none is configured."""

    panel: str | None
    """Dashboard of the rule and segment."""
    runbook: str | None
    """What to do."""


class AllClear(_Part):
    """A whole episode in figures."""

    duration_ms: Count
    """From the start of the episode to its end, ms."""
    bad: Count | None
    """Bad cases in that time; null where the figure is no proportion."""
    n: Count | None
    """All cases in that time; null likewise."""
