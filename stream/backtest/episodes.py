"""What rules did in a replay: every time one fired, until when, and whether somebody was told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stream.alerts.verdict import Key


class Episode(NamedTuple):
    """One time that a rule fired in a segment; times in ms, `ended_at` None where it fires at the end of history.

    `said`: somebody was told. What was inhibited (`spoken_for`: another segment spoke for it), or came back within the cooldown, was not.
    """

    key: Key
    since: int
    fired_at: int
    ended_at: int | None
    said: bool
    spoken_for: bool = False


class Recorder:
    """Collects episodes, one under way for a key at a time."""

    def __init__(self) -> None:
        self._open: dict[Key, Episode] = {}
        self._done: list[Episode] = []

    def fired(self, key: Key, since: int, at: int) -> None:
        """An episode begins."""
        self._open[key] = Episode(key, since, at, None, said=False)

    def said(self, key: Key) -> None:
        """Somebody is told of the episode under way."""
        if key in self._open:
            self._open[key] = self._open[key]._replace(said=True)

    def spoken_for(self, key: Key) -> None:
        """Another segment speaks for the episode under way."""
        if key in self._open:
            self._open[key] = self._open[key]._replace(spoken_for=True)

    def ended(self, key: Key, at: int) -> None:
        """The episode under way ends."""
        episode = self._open.pop(key, None)
        if episode is not None:
            self._done.append(episode._replace(ended_at=at))

    def episodes(self) -> list[Episode]:
        """All of them, in the order in which they fired."""
        return sorted([*self._done, *self._open.values()], key=lambda episode: (episode.fired_at, episode.key))


def by_key(episodes: Iterable[Episode]) -> Mapping[Key, list[Episode]]:
    """The episodes of every key, in order."""
    found: dict[Key, list[Episode]] = {}
    for episode in episodes:
        found.setdefault(episode.key, []).append(episode)
    return found
