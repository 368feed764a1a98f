"""Pytest plugin with the Hypothesis profile `broken`: the same examples every time, and no search for a smaller one once a test fails."""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile("broken", max_examples=400, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
