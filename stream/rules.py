"""What contributions depend on: the part of the settings that state is made under, and its fingerprint. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from stream.segments import NONE, Segmenter
from stream.setting_parts import ScheduleRule
from stream.settings import Settings
from stream.stats.business_hours import Hours


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of one state. Times in ms. Two states with the same fingerprint can be added and taken back from each other.

    `low_scores`: the highest score that somebody should follow up, by (lowest, highest) score of a scale.
    """

    segmenter: Segmenter
    life_gap: int
    max_open_age: int
    lateness: int
    future: int
    rating_lock: int
    scales: dict[tuple[int, int], int]
    attribution: tuple[str, ...]
    first_response_targets: dict[str, int]
    low_scores: dict[tuple[int, int], int]
    follow_up_due: int
    follow_up_tags: frozenset[str]
    schedule_of: tuple[tuple[ScheduleRule, Hours], ...]
    fingerprint: str = field(compare=False)

    def first_response_target(self, channel: str | None) -> int:
        """Target of a channel in ms."""
        targets = self.first_response_targets
        return targets.get(channel or "default", targets["default"])

    def follow_up_due_at(self, since: int, team: str | None, channel: str | None) -> int:
        """When a low rating of a team and channel should have been followed up (ms): by their schedule, else by the calendar."""
        hours = self._hours(team or NONE, channel or NONE)
        return since + self.follow_up_due if hours is None else hours.after(since, self.follow_up_due)

    def _hours(self, team: str, channel: str) -> Hours | None:
        """Hours of the first schedule rule that fits."""
        fitting = (hours for rule, hours in self.schedule_of if rule.team in (None, team) and rule.channel in (None, channel))
        return next(fitting, None)


def rules_of(settings: Settings, *, layout: str) -> Rules:
    """Rules of these settings; `layout` names the figures and their cells (a new KPI changes it)."""
    secret = settings.agent_key_file.read_bytes().strip() if settings.agents == "pseudonymous" and settings.agent_key_file else None
    part = settings.model_dump(
        mode="json",
        include={
            "segments",
            "agents",
            "scales",
            "attribution",
            "targets",
            "lateness",
            "future",
            "life_gap",
            "max_open_age",
            "rating_lock",
            "schedules",
            "schedule_of",
            "follow_up",
        },
    )
    secret_digest = hashlib.sha256(secret).hexdigest() if secret else None
    hours = {name: Hours(schedule) for name, schedule in settings.schedules.items()}
    text = json.dumps([part, secret_digest, layout], sort_keys=True)
    return Rules(
        segmenter=Segmenter(settings.segments, secret),
        life_gap=settings.life_gap,
        max_open_age=settings.max_open_age,
        lateness=settings.lateness,
        future=settings.future,
        rating_lock=settings.rating_lock,
        scales=settings.scale_rules,
        attribution=settings.attribution,
        first_response_targets=dict(settings.targets.first_response),
        low_scores={(scale.min, scale.max): _low_up_to(scale.min, scale.max, settings.follow_up.at_most_stars) for scale in settings.scales},
        follow_up_due=settings.follow_up.due,
        follow_up_tags=frozenset(settings.follow_up.tags),
        schedule_of=tuple((rule, hours[rule.schedule]) for rule in settings.schedule_of),
        fingerprint=hashlib.sha256(text.encode()).hexdigest()[:16],
    )


def _low_up_to(low: int, high: int, stars: int) -> int:
    """The highest score on low..high that is at most so many stars: 1 + 4 (score - low) / (high - low) < stars + 1/2, in whole numbers."""
    return low + ((2 * stars - 1) * (high - low) - 1) // 8
