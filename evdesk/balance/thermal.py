"""How long a breaker bears how much overload: a budget per conductor, so that a kettle does not stop a car.

A miniature breaker holds 1.13 of its rating for an hour (IEC 60898-1, conventional non-tripping current), a gG fuse 1.25
(IEC 60269-1); of that a sixth is used. Above, the standards name no shortest times up to 2.55: the 60 and 30 s here are
assumed, far less than products show. Above 1.4 nothing is waited for. Where nobody has entered what
protects a circuit, or its meter is silent, there is no budget.
"""

from dataclasses import dataclass

from evdesk.model import Breaker

HOLDS_S: dict[Breaker, tuple[tuple[float, float], ...]] = {
    Breaker.B: ((1.13, 600.0), (1.25, 60.0), (1.4, 30.0)),
    Breaker.C: ((1.13, 600.0), (1.25, 60.0), (1.4, 30.0)),
    Breaker.D: ((1.13, 600.0), (1.25, 60.0), (1.4, 30.0)),
    Breaker.GG: ((1.25, 600.0), (1.4, 60.0)),
}
"""(times the rating, seconds it may last from cold): the first that is not exceeded counts."""

COOLS_S = 900.0
"""From spent to fresh at or below the rating."""

ACT_S = 10.0
"""What a meter, a command and a car need to take back an overload: that much of the budget is never spent on waiting."""

LOOKS_S = 10.0
"""What flowed between two looks further apart nobody knows."""

AGAIN = 0.5
"""Once spent, nothing is borrowed again until this much of the budget is back."""


def holds_s(breaker: Breaker, times: float) -> float:
    """Seconds this many times the rating may last from cold; inf at or below the rating, 0 where nothing is sure."""
    if times <= 1.0:
        return float("inf")
    return next((seconds for most, seconds in HOLDS_S.get(breaker, ()) if times <= most), 0.0)


@dataclass(slots=True)
class Heat:
    """The budget of one conductor. `used`: 0 cold, 1 spent; nobody knows what flowed before: it begins spent."""

    used: float = 1.0
    spent: bool = True
    at: float | None = None

    def update(self, now: float, breaker: Breaker, amps: float | None, rating_a: float) -> None:
        """A second of current. Unknown current counts as spent, and so does a time nobody looked: the budget cannot be
        vouched for."""
        passed = 0.0 if self.at is None else max(now - self.at, 0.0)
        self.at = now
        if amps is None or rating_a <= 0 or passed > LOOKS_S:
            self.used, self.spent = 1.0, True
            return
        bears = holds_s(breaker, amps / rating_a)
        if bears == float("inf"):
            self.used = max(self.used - passed / COOLS_S, 0.0)
        else:
            self.used = min(self.used + (passed / bears if bears > 0 else 1.0), 1.0)
        if self.used >= 1.0:
            self.spent = True
        elif self.used <= 1.0 - AGAIN:
            self.spent = False

    def extra_a(self, breaker: Breaker, rating_a: float) -> float:
        """Ampere above the rating that may flow for now rather than switching a car off."""
        if self.spent or self.at is None:
            return 0.0
        bearable = [most for most, seconds in HOLDS_S.get(breaker, ()) if (1.0 - self.used) * seconds >= 2 * ACT_S]
        return rating_a * (max(bearable, default=1.0) - 1.0)

    @property
    def left(self) -> float:
        return 0.0 if self.spent else 1.0 - self.used
