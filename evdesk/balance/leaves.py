"""What a car leaves of its limit, and since when. `Sharing` sees it whenever it is called, the balancer with each reading;
how much is clearly less, and what then happens to the limit, is their own.
"""

from dataclasses import dataclass

WAKE_S = 90.0
"""A car just started may sleep this long (15-45 s are usual) before its limit is reclaimed."""

ASLEEP_S = 180.0
"""A car on that draws nothing for this long gives way to one that waits: it is full or timed."""

RISES_A = 1.0
"""A car that rises by more than this is not one that draws less."""


@dataclass(slots=True)
class Leaves:
    """`since_at`: since when it draws clearly less than it may, None: it does not; `top_a`: the most it drew meanwhile."""

    since_at: float | None = None
    top_a: float = 0.0

    def less(self, drawn_a: float, began_at: float) -> None:
        """It draws clearly less; where that is new, it began at `began_at`."""
        if self.since_at is None or drawn_a > self.top_a + RISES_A:
            self.since_at, self.top_a = began_at, drawn_a
        self.top_a = max(self.top_a, drawn_a)

    def lasts_s(self, at: float, since_at: float) -> float:
        """For how long by then, counted from `since_at` at the earliest; below 0: it does not."""
        return at - max(self.since_at, since_at) if self.since_at is not None else -1.0

    def stop(self) -> None:
        """It takes what it may, or nobody knows. What it took at most stays."""
        self.since_at = None
