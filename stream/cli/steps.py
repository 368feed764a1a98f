"""What a command is busy with: a spinner on a terminal, one line a step elsewhere; always on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.status import Status
from rich.text import Text

from stream.cli.common import err, remark


class Steps:
    """The step under way."""

    def __init__(self, status: Status | None) -> None:
        self._status = status

    def say(self, text: str) -> None:
        """The next step."""
        if self._status is None:
            remark(f"{text} ...")
        else:
            self.update(text)

    def update(self, text: str) -> None:
        """More about the same step; only a terminal shows it."""
        if self._status is not None:
            self._status.update(Text(text))  # of plain text a spinner would read the markup

    def end(self) -> None:
        """No more steps; the terminal is free for something else."""
        if self._status is not None:
            self._status.stop()


@contextmanager
def steps() -> Iterator[Steps]:
    """Steps for the length of a block; a terminal shows nothing of them afterwards."""
    if not err().is_terminal:
        yield Steps(None)
        return
    with err().status("") as status:
        yield Steps(status)
