"""Two clocks: one that never jumps, for when to look, and one that people set, for the time of a sample."""

import time

JUMP = 5.0
"""Seconds by which the two clocks must part at once to call it a jump: a correction by NTP is slower."""


class Clock:
    """Where the checker gets all its time from, so that a test may set it forward or back.

    ``wall``: seconds since 1970 UTC. ``steady``: seconds on a clock that nobody sets.
    """

    wall = staticmethod(time.time)
    steady = staticmethod(time.monotonic)


class JumpWatch:
    """Tells when the wall clock was set, or the machine slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart = clock.wall() - clock.steady()

    def jumped(self) -> float:
        """Seconds that the wall clock jumped since last asked; 0 when it did not."""
        apart = self._clock.wall() - self._clock.steady()
        moved, self._apart = apart - self._apart, apart
        return moved if abs(moved) > JUMP else 0.0

    def wall(self, steady: float) -> float:
        """What the wall clock, as it was set when ``jumped`` was last asked, shows at a moment of the steady one."""
        return self._apart + steady
