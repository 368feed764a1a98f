"""The wall clock: real, standing still, or simulated until it has caught up."""

from __future__ import annotations

from stream.clock import WallClock, real_ms, steady_ms
from stream.durations import DAY, HOUR, MINUTE
from stream.setting_parts import Clock


def test_real_time() -> None:
    """The machine's, in whole milliseconds."""
    before = real_ms()
    assert before <= WallClock(Clock()).wall() <= real_ms()
    assert not WallClock(Clock()).is_fixed


def test_fixed_time_stands_still() -> None:
    """Whatever the machine says."""
    clock = WallClock(Clock(fixed=7))
    assert (clock.wall(), clock.is_fixed) == (7, True)


def test_simulated_time_runs_faster() -> None:
    """An hour ago it was yesterday; at ten times the speed it is now ten hours later."""
    now = real_ms()
    clock = WallClock(Clock(simulated_from=now - DAY, simulated_at=now - HOUR, simulated_speed=10))
    passed = clock.wall() - (now - DAY)
    assert 10 * HOUR <= passed <= 10 * (HOUR + real_ms() - now)


def test_simulated_time_never_passes_the_machines() -> None:
    """Once it has caught up it is real."""
    now = real_ms()
    clock = WallClock(Clock(simulated_from=now - HOUR, simulated_at=now - HOUR, simulated_speed=100))
    assert now <= clock.wall() <= real_ms()


def test_live_is_near_the_wall_clock() -> None:
    """A quarter of an hour; and whatever time it is where the clock stands still."""
    clock, now = WallClock(Clock()), real_ms()
    assert (clock.is_live(now - 14 * MINUTE), clock.is_live(now - 16 * MINUTE)) == (True, False)
    assert WallClock(Clock(fixed=now)).is_live(now - DAY)


def test_steady_time_never_goes_back() -> None:
    """For intervals."""
    readings = [steady_ms() for _ in range(100)]
    assert readings == sorted(readings)
