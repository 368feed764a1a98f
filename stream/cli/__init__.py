"""The command `csat-stream`: `app` says what can be typed, `edge` how errors are told, the other modules do the work."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its code."""
    from stream.cli.app import app
    from stream.cli.edge import error_edge

    with error_edge():
        app()
