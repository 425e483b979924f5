"""The last minute and a half of one meter."""

import itertools
import math
import statistics
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from evdesk.model import Phases

KEPT_S = 90.0
NEAR_S = 1.6


@dataclass(slots=True)
class Trail:
    """Samples of one meter, newest last."""

    samples: deque[tuple[float, Phases]] = field(default_factory=deque)

    def take(self, at: float, amps: Phases, now: float) -> None:
        """Adds a sample; one that is known already is left out."""
        if not self.samples or at > self.samples[-1][0]:
            self.samples.append((at, amps))
        while self.samples and self.samples[0][0] < now - KEPT_S:
            self.samples.popleft()

    def at(self, moment: float) -> Phases | None:
        """The mean around a moment; None where nothing is known of it."""
        near = self._near(moment)
        return mean_of(near) if near else None

    def moves(self, moment: float) -> float:
        """By how much it changed around a moment."""
        columns = [[a for a in column if a is not None] for column in zip(*self._near(moment), strict=True)]
        return max((max(column) - min(column) for column in columns if column), default=0.0)

    def _near(self, moment: float) -> list[Phases]:
        return [amps for at, amps in self.samples if abs(at - moment) <= NEAR_S]

    def noise(self, before: float) -> float:
        """By how much it moves from second to second in the time before, at least half an ampere."""
        span = [amps for at, amps in self.samples if before - 12.0 <= at <= before]
        moves = [
            b - a
            for one, two in itertools.pairwise(span)
            for a, b in zip(one, two, strict=True)
            if a is not None and b is not None
        ]
        return max(statistics.pstdev(moves) if len(moves) > 3 else 1.0, 0.5)


def mean_of(samples: Iterable[Phases]) -> Phases | None:
    """Mean per phase; None where one is unknown in one of them."""
    columns = list(zip(*samples, strict=True))
    if len(columns) != 3 or any(v is None or not math.isfinite(v) for column in columns for v in column):
        return None
    a, b, c = (statistics.fmean(float(v or 0.0) for v in column) for column in columns)
    return (a, b, c)
