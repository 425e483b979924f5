"""The one source of time above the sans-I/O floor."""

import sys
import time
from dataclasses import dataclass, field

STEP_S = 1.0
"""A correction by more than this is a jump; less is drift."""

_EXACT = 1024.0
"""Jumps are whole parts of this, so that a stamp moved by one and taken back is the very same number."""


def elapsed_s() -> float:
    """Seconds from an unknown beginning that no clock setting touches. On Linux they go on while the computer sleeps:
    what was told to a charger before then has ended by then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


@dataclass(slots=True)
class Clock:
    """Wall and monotonic time, optionally faster than real (the compressed demo runs everything on one such clock).

    `now()` is anchored to the monotonic clock, so that a jump of the computer's clock never moves a deadline before
    `resync`. `jumped`: by how much all jumps together have moved it.
    """

    speed: float = 1.0
    jumped: float = 0.0
    _wall: float = field(default_factory=time.time)
    _mono: float = field(default_factory=elapsed_s)

    def now(self) -> float:
        """Unix seconds, UTC."""
        return self._wall + (elapsed_s() - self._mono) * self.speed

    def steady(self) -> float:
        """Like `now`, as if nobody had ever set the clock: for how long something lasts, and whatever is kept in memory."""
        return self.now() - self.jumped

    def wall_s(self, seconds: float) -> float:
        """How long to really wait so that `seconds` pass on this clock."""
        return seconds / self.speed

    def resync(self) -> float:
        """Take the computer's clock again (real time only); returns the jump in seconds. Who keeps moments of `now` moves
        them by it when it is more than `STEP_S`."""
        if self.speed != 1.0:
            return 0.0
        jump = round((time.time() - self.now()) * _EXACT) / _EXACT
        self._wall += jump
        if abs(jump) > STEP_S:
            self.jumped += jump
        return jump
