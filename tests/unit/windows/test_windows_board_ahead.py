"""A board that is only read ahead keeps the low ratings that stand for whoever takes over, and none of those that are over."""

from __future__ import annotations

from stream.settings import Settings
from stream.state import marker, panes
from stream.state.beside import LOW
from stream.state.marker import Marker
from stream.windows.board import STATUS_KEY, Board

END = STATUS_KEY, marker.encode(Marker(marker.FORMAT, "", 1, {}, {}, 0, 0))


def key(name: str) -> bytes:
    """The key of a low rating."""
    return panes.encode_key(LOW, 0, name)


def test_what_is_over_is_forgotten() -> None:
    """Of three low ratings the one that ended is gone, also where its end came in another piece than its beginning."""
    board = Board(Settings())
    board.apply(0, [(key("a"), b"1"), (key("b"), b"2"), (key("b"), None), END])
    board.settle()
    board.forget_what_is_over()
    board.apply(0, [(key("c"), b"3"), (key("a"), None), END])
    board.settle()
    board.forget_what_is_over()
    assert board.take_low_ratings() == [("c", b"3")]


def test_the_end_is_told_to_who_publishes() -> None:
    """Without forgetting, an end is told as None: follow-ups have to be closed."""
    board = Board(Settings())
    board.apply(0, [(key("a"), b"1"), END])
    board.settle()
    board.take_low_ratings()
    board.apply(0, [(key("a"), None), END])
    board.settle()
    assert board.take_low_ratings() == [("a", None)]
