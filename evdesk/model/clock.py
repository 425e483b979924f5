"""The one source of time above the sans-I/O floor."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Clock:
    """Wall and monotonic time, optionally faster than real (the compressed demo runs everything on one such clock).

    `now()` is anchored to the monotonic clock, so that a jump of the computer's clock never moves a deadline.
    """

    speed: float = 1.0
    _wall: float = field(default_factory=time.time)
    _mono: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Unix seconds, UTC."""
        return self._wall + (time.monotonic() - self._mono) * self.speed

    def wall_s(self, seconds: float) -> float:
        """How long to really wait so that `seconds` pass on this clock."""
        return seconds / self.speed

    def resync(self) -> float:
        """Take the computer's clock again (real time only); returns the jump in seconds."""
        if self.speed != 1.0:
            return 0.0
        before = self.now()
        self._wall, self._mono = time.time(), time.monotonic()
        return self._wall - before
