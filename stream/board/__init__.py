"""Scores for people to read: tables and plain lines for the terminal."""
