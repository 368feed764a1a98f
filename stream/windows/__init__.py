"""Panes, sliding windows, now. Pure."""
