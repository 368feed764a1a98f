"""What contributions depend on: the part of the settings that state is made under, and its fingerprint. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from stream.segments import Segmenter
from stream.settings import Settings


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of one state. Times in ms. Two states with the same fingerprint can be added and taken back from each other."""

    segmenter: Segmenter
    life_gap: int
    max_open_age: int
    lateness: int
    future: int
    rating_lock: int
    scales: dict[tuple[int, int], int]
    attribution: tuple[str, ...]
    first_response_targets: dict[str, int]
    fingerprint: str = field(compare=False)

    def first_response_target(self, channel: str | None) -> int:
        """Target of a channel in ms."""
        targets = self.first_response_targets
        return targets.get(channel or "default", targets["default"])


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
        fingerprint=hashlib.sha256(text.encode()).hexdigest()[:16],
    )
