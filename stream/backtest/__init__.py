"""Backtest: history through the real rules on simulated time, and what they would have said. Nothing here runs in a worker."""
