"""The book of alerts under any history: who is told what and how often, and that neither a crash nor a repetition changes it."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.book import Book, Change
from stream.alerts.memory import ACTIVE, UNDER_WAY, Memory, State, decode, encode, whole_minute
from stream.alerts.rules import Bound, Oldest, OneWindow, Point, Rule, SignalLost, TwoWindows
from stream.alerts.silences import Silence
from stream.alerts.verdict import Key, Verdict
from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.segments import parse_segment, segment_key

NAN = float("nan")
START = 1_750_000_020_000  # a whole minute
COOLDOWN = 20 * MINUTE
RULES: dict[str, Rule] = {
    "dip": TwoWindows(
        kind="two_windows",
        severity="page",
        source="test",
        wait=2 * MINUTE,
        clear_for=3 * MINUTE,
        cooldown=COOLDOWN,
        metric="csat",
        long=Bound(window="4h", z=2.88, min_n=20),
        short=Point(window="1h"),
        freezes_with_signal=True,
    ),
    "missed": OneWindow(
        kind="one_window",
        severity="ticket",
        source="test",
        wait=0,
        clear_for=0,
        cooldown=COOLDOWN,
        metric="csat",
        window=Bound(window="30d", z=2.33, min_n=30),
        lowers_page_target_by=5,
        freezes_with_signal=True,
    ),
    "oldest": Oldest(kind="oldest", severity="page", source="test", wait=MINUTE, clear_for=0, cooldown=COOLDOWN, factor=2),
}
LOST = SignalLost(
    kind="signal_lost", severity="ticket", source="test", wait=0, clear_for=0, cooldown=COOLDOWN, metric="csat", windows=("1h",), expected=15
)
SEGMENTS = [segment_key(values) for values in ({}, {"team": "a"}, {"team": "b"}, {"channel": "chat"}, {"team": "a", "channel": "chat"})]
KEYS = [Key(rule, segment) for rule, segment in product(RULES, SEGMENTS)]
SIGNALS = [Key("lost", segment) for segment in (SEGMENTS[0], SEGMENTS[3])]
WORDS = {"fired", "worse", "still", "released"}


class Tick(NamedTuple):
    """One look: now, who may be told, and what the rules say."""

    now: int
    live: bool
    silences: tuple[Silence, ...]
    verdicts: dict[Key, Verdict]

    def __repr__(self) -> str:
        bad = {f"{rule} {segment}": f"{verdict.value:g} of {verdict.n}" for (rule, segment), verdict in self.verdicts.items() if not verdict.clear}
        return f"<{(self.now - START) // SECOND} s{'' if self.live else ', not live'} {[*self.silences] or ''} {bad}>"


def _below(value: int, n: int) -> Verdict:
    return Verdict(hot=value < 75, clear=value >= 82, data=n > 0, value=float(value) if n else NAN, n=n, bound=value + 4.0, target=80.0)


def _above(value: int) -> Verdict:
    return Verdict(hot=value > 7200, clear=value <= 7200, data=True, value=float(value), n=3, bound=NAN, target=7200.0)


def _signal(lost: bool) -> Verdict:
    return Verdict(hot=lost, clear=not lost, data=True, value=0.0 if lost else 20.0, n=0 if lost else 20, bound=NAN, target=20.0)


_scores = st.builds(_below, st.sampled_from((10, 45, 56, 66, 78, 90)), st.sampled_from((0, 10, 40, 100, 100)))
_times = st.builds(_above, st.sampled_from((0, 7200, 7300, 8100, 9000)))
_gaps = st.sampled_from((SECOND, 29 * SECOND, MINUTE, MINUTE, MINUTE, 3 * MINUTE, 21 * MINUTE, 25 * HOUR))
_silences = st.lists(
    st.builds(
        Silence,
        id=st.just("1"),
        rule=st.sampled_from(("", "dip")),
        segment=st.sampled_from([parse_segment(segment) for segment in SEGMENTS]),
        until=st.sampled_from((START + 5 * MINUTE, START + HOUR, START + 2 * DAY)),
        who=st.just("ann"),
        why=st.just("known"),
    ),
    max_size=1,
)


@st.composite
def days(draw: st.DrawFn, *, quiet: bool = True, signals: bool = True) -> list[Tick]:
    """A history. Most verdicts stay as they were, as they do. Without `quiet` everybody may always be told."""
    now, verdicts = START, {key: _below(90, 100) for key in KEYS}
    ticks = []
    for _ in range(draw(st.integers(1, 25))):
        now += draw(_gaps)
        for key in draw(st.lists(st.sampled_from(KEYS), max_size=6, unique=True)):
            verdicts[key] = draw(_times if key.rule == "oldest" else _scores)
        for key in SIGNALS if signals else ():
            verdicts[key] = _signal(draw(st.integers(0, 7)) == 0)
        live = not quiet or draw(st.integers(0, 3)) > 0
        ticks.append(Tick(now, live, tuple(draw(_silences)) if quiet else (), dict(verdicts)))
    return ticks


def book() -> Book:
    """An empty book of all rules."""
    return Book({**RULES, "lost": LOST})


def turn(pages: Book, tick: Tick) -> list[Change]:
    """The changes of a look."""
    return pages.tick(tick.now, tick.verdicts, live=tick.live, silences=tick.silences)


def whole(ticks: list[Tick]) -> list[Change]:
    """The changes of a history."""
    pages = book()
    return [change for tick in ticks for change in turn(pages, tick)]


def plain(changes: list[Change]) -> list[tuple[object, ...]]:
    """Changes that can be compared: NaN is no more itself."""
    return [(*change[:4], repr(change.verdict), change.since) for change in changes]


def ended(ticks: list[Tick]) -> list[Tick]:
    """A history that ends well: everything is clear for ten minutes."""
    clear = {key: _above(0) if key.rule == "oldest" else _signal(lost=False) if key.rule == "lost" else _below(90, 100) for key in (*KEYS, *SIGNALS)}
    return ticks + [Tick(ticks[-1].now + minute * MINUTE, live=True, silences=(), verdicts=clear) for minute in range(1, 11)]


@given(days())
def test_no_two_notifications_within_the_cooldown_unless_worse(ticks: list[Tick]) -> None:
    """By key: minutes between two that tell that it fires, or ten points (ten percent of a time's target) worse than what was said."""
    last: dict[Key, tuple[int, float]] = {}
    for change in whole(ticks):
        if not change.notify or change.event not in WORDS:
            continue
        said_at, value = last.get(change.key, (0, NAN))
        now = change.memory.notified_at
        worse = change.verdict.value - value >= 720 if change.key.rule == "oldest" else value - change.verdict.value >= 10
        assert now - said_at >= COOLDOWN or worse
        last[change.key] = now, change.verdict.value


@given(days(quiet=False))
def test_every_episode_that_was_said_gets_exactly_one_all_clear(ticks: list[Tick]) -> None:
    """And no other does."""
    changes = [change for change in whole(ended(ticks)) if change.notify]
    said = {(change.key, change.since) for change in changes if change.event in WORDS}
    over = Counter((change.key, change.since) for change in changes if change.event == "resolved")
    assert over == Counter(said)


@given(days())
def test_an_all_clear_that_must_wait_comes_at_most_once(ticks: list[Tick]) -> None:
    """After the episode was said; it is missing only where a new episode began before it could be told."""
    changes = whole(ended(ticks))
    said = {(change.key, change.since) for change in changes if change.notify and change.event in WORDS}
    over = Counter((change.key, change.since) for change in changes if change.notify and change.event == "resolved")
    assert over.keys() <= said
    assert set(over.values()) <= {1}
    last = {change.key: change.since for change in changes}
    assert {(key, since) for key, since in said if last[key] == since} <= over.keys()


@given(days())
def test_nobody_is_told_while_it_is_not_live_or_silenced(ticks: list[Tick]) -> None:
    """Whatever happens."""
    pages = book()
    for tick in ticks:
        told = [change.key for change in turn(pages, tick) if change.notify]
        assert tick.live or not told
        for key, silence in product(told, tick.silences):
            inside = silence.segment.items() <= parse_segment(key.segment).items()
            assert tick.now >= silence.until or silence.rule not in {"", key.rule} or not inside


@given(days())
def test_a_frozen_rule_never_changes(ticks: list[Tick]) -> None:
    """Neither what is remembered of it, nor what is said."""
    pages = book()
    for tick in ticks:
        before = pages.snapshot()[1]
        changed = {change.key for change in turn(pages, tick)}
        after = pages.snapshot()[1]
        lost = [parse_segment(key.segment).items() for key in SIGNALS if after.get(key, Memory()).state is State.FIRING]
        frozen = [key for key in KEYS if key.rule != "oldest" and any(values <= parse_segment(key.segment).items() for values in lost)]
        assert not changed & set(frozen)
        assert [after.get(key) for key in frozen] == [before.get(key) for key in frozen]


@given(days(), st.data())
def test_a_restart_anywhere_is_undisturbed(ticks: list[Tick], data: st.DataObject) -> None:
    """Whatever was kept as bytes between two ticks: the same changes, and the same book at the end."""
    crashes = data.draw(st.sets(st.integers(0, len(ticks) - 1)))
    torn, steady = book(), book()
    for number, tick in enumerate(ticks):
        if number in crashes:
            now, memories = decode(encode(*torn.snapshot()))
            torn = book()
            assert torn.load(now, memories) == {}
        assert plain(turn(torn, tick)) == plain(turn(steady, tick))
        assert encode(*torn.snapshot()) == encode(*steady.snapshot())


@given(days())
def test_the_same_tick_twice_changes_nothing(ticks: list[Tick]) -> None:
    """Nor does an older one."""
    pages = book()
    for earlier, tick in zip([ticks[0], *ticks], ticks, strict=False):
        turn(pages, tick)
        before = encode(*pages.snapshot())
        assert turn(pages, tick) == []
        assert earlier is tick or turn(pages, earlier) == []
        assert encode(*pages.snapshot()) == before


@given(days())
def test_only_what_is_hot_or_busy_needs_to_be_judged(ticks: list[Tick]) -> None:
    """Verdicts of all that rests and is not hot change nothing."""
    full, lean = book(), book()
    for tick in ticks:
        needed = {key: verdict for key, verdict in tick.verdicts.items() if verdict.hot or key in lean.busy()}
        assert plain(turn(lean, tick._replace(verdicts=needed))) == plain(turn(full, tick))


@given(days())
def test_episodes_do_not_overlap_and_have_names_of_their_own(ticks: list[Tick]) -> None:
    """Key and start name an episode: it fires once, and ends after it began; all times are whole minutes."""
    changes = whole(ticks)
    fired = Counter((change.key, change.since) for change in changes if change.event == "fired")
    assert set(fired.values()) <= {1}
    ends: dict[Key, int] = {}
    for change in changes:
        memory = change.memory
        times = (memory.since, memory.fired_at, memory.ended_at, memory.stale_since, memory.notified_at, memory.cooldown_until)
        assert all(time == whole_minute(time) for time in times)
        assert change.event not in {"fired", "pending"} or change.since > ends.get(change.key, 0)
        if change.event == "resolved":
            assert memory.since <= memory.fired_at <= memory.ended_at
            ends[change.key] = memory.ended_at


@given(days(signals=False))
def test_somebody_speaks_for_everything_that_is_inhibited(ticks: list[Tick]) -> None:
    """Following who inhibits whom ends at an alert that has not ended and that nothing inhibits; nothing said is inhibited."""
    pages = book()
    for tick in ticks:
        turn(pages, tick)
        memories = pages.snapshot()[1]
        for key, memory in memories.items():
            assert not (memory.said and memory.inhibited_by)
            assert memory.state in UNDER_WAY or not memory.inhibited_by
            if memory.state in ACTIVE:
                _ends_at_a_speaker(memories, key)


def _ends_at_a_speaker(memories: dict[Key, Memory], key: Key) -> None:
    seen = {key}
    while by := memories[key].inhibited_by:
        key = Key(key.rule, by)
        assert key not in seen
        assert memories[key].state in ACTIVE
        seen.add(key)


@given(days(quiet=False, signals=False))
def test_what_fires_hot_was_said_or_somebody_speaks_for_it(ticks: list[Tick]) -> None:
    """Where everybody may be told: only the cooldown of what was said before keeps an alert from being said."""
    pages = book()
    for tick in ticks:
        turn(pages, tick)
        for key, memory in pages.snapshot()[1].items():
            if memory.state is State.FIRING and tick.verdicts[key].hot:
                assert memory.said or memory.inhibited_by or tick.now < memory.cooldown_until
