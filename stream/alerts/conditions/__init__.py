"""Conditions: what a rule says of every segment, by kind of rule. `judge` is the way in. Pure."""

from stream.alerts.conditions.dispatch import judge

__all__ = ["judge"]
