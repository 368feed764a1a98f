"""The oldest waiting ticket against its first-response target. Pure."""

from __future__ import annotations

import numpy as np

from stream.alerts.conditions.found import Found, beside
from stream.alerts.rules import Oldest
from stream.alerts.sight import Sight
from stream.alerts.targets import Targets
from stream.durations import SECOND


def oldest(rule: Oldest, sight: Sight, targets: Targets) -> Found:
    """It has waited more than `factor` times its target. Value: seconds waited, NaN where none waits; n: whether one does; target: seconds."""
    target = targets.first_response_of_segments(sight.segments)
    waited = sight.ticks - sight.oldest()
    hot = waited > rule.factor * beside(target, sight)
    waits = (~np.isnan(waited)).astype(np.int64)
    always = np.ones(waited.shape, dtype=np.bool_)
    return Found(~np.isnan(target), hot, ~hot, always, waited / SECOND, waits, np.full(waited.shape, np.nan), beside(target, sight) / SECOND)
