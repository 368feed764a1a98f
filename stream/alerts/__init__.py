"""Alerts: rules, what they see, the state of each rule and segment, and why. Pure."""
