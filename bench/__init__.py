"""Benchmarks: how fast the stream is on the standard load, and how soon a rating shows in a score."""
