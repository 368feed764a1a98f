"""`python -m stream.cli`, the same as `csat-stream`."""

from __future__ import annotations

from stream.cli import main

main()
