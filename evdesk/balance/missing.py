"""Whether a meter shows less than the cars under it draw, and what that means.

A transformer that is open or around another cable, or a meter that hangs, misses current. So does, to the eye, one beside
a roof or a battery that feeds the cars. What decides is the next change of the cars, mostly the one that the doubt itself
brings, because then the worst is reserved: a right meter shows it in full.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

MISSED_A, MISSED_PART = 3.0, 0.1
"""So much less, and this part of what the cars draw, may be the errors of both."""

LATE_S, AGAIN_S = 20.0, 5.0
"""A charger may tell what was so long ago, or a mean: two readings in a row must say it, the first so much later."""

CARS_A = 6.0
SETTLED_S = 30.0
SHOWN = (0.75, 1.3)
TIMES_BESIDE = 3.0
CALM_S, AS_MUCH = 60.0, 0.8
Four = tuple[float, float, float, float]
"""Per phase, and all phases together."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one connector surely drew, and when it said so; None: it never did."""

    at: float | None
    amps: Four


@dataclass(slots=True)
class Missing:
    """One meter. `look` once a second; `doubted` until something speaks for the meter. `beside_a`: what once fed the cars
    beside it, as a change of theirs or a person has shown."""

    beside_a: list[float] = field(default_factory=lambda: [0.0] * 4)
    doubted: bool = False
    _since: list[float | None] = field(default_factory=lambda: [None] * 4)
    _again: list[float | None] = field(default_factory=lambda: [None] * 4)
    _most_a: list[float] = field(default_factory=lambda: [0.0] * 4)
    _base: tuple[float, Four, Four] | None = None  # when the doubt began, what was drawn and what was shown
    _hit: float | None = None
    _calm: float | None = None

    def look(self, at: float, shown: Four, cars: Sequence[Told], allowed_a: Four) -> None:
        """`allowed_a`: what a roof may give."""
        drawn, found = drawn_a(cars, at - 90.0), False
        for k in range(4):
            may = allowed_a[k] + TIMES_BESIDE * self.beside_a[k] + (MISSED_A if k < 3 else 3.0 * MISSED_A)
            found = self._look_at(k, at, shown[k], drawn[k], cars, may) or found
        if found and not self.doubted:
            self.doubted, self._base, self._hit, self._calm = True, (at, drawn, shown), None, None
        elif self.doubted:
            self._look_for_end(at, shown, cars, drawn, found)

    def believe(self) -> None:
        """Steps or a person say that the meter is right: something feeds the cars beside it."""
        self.beside_a = [max(b, m) for b, m in zip(self.beside_a, self._most_a, strict=True)]
        self.end()

    def end(self) -> None:
        self.doubted, self._base, self._hit, self._calm = False, None, None, None
        self._since, self._again, self._most_a = [None] * 4, [None] * 4, [0.0] * 4

    def explained(self, allowed_a: Four) -> bool:
        """By a roof that has shown itself since."""
        return any(self._most_a) and all(a >= m for a, m in zip(allowed_a, self._most_a, strict=True))

    def _look_at(self, k: int, at: float, shown_a: float, drawn_now: float, cars: Sequence[Told], may_a: float) -> bool:
        since, again = self._since[k], self._again[k]
        if not _misses(drawn_now, shown_a, may_a):
            self._since[k] = self._again[k] = None
        elif since is None:
            self._since[k] = at
        elif again is None:
            if _misses(drawn_a(cars, since + LATE_S)[k], shown_a, may_a):
                self._again[k] = at
        elif _misses(new := drawn_a(cars, again + AGAIN_S)[k], shown_a, may_a):
            self._most_a[k] = max(self._most_a[k], new - shown_a)
            return True
        return False

    def _look_for_end(self, at: float, shown: Four, cars: Sequence[Told], drawn: Four, found: bool) -> None:
        if self._base is None:
            self._base = (at, drawn, shown) if found else None
            return
        began, had, showed = self._base
        if all(car.at is None or car.at >= began + SETTLED_S for car in cars) and self._shows(
            had, drawn, showed, shown
        ):
            if self._hit is None:
                self._hit = at
            if all(car.at is None or car.at >= self._hit + AGAIN_S for car in cars):
                self.believe()
                return
        else:
            self._hit = None
        as_much = all(d >= AS_MUCH * h for d, h, m in zip(drawn, had, self._most_a, strict=True) if m > 0.0)
        if not as_much or any(since is not None for since in self._since):
            self._calm = None
        elif self._calm is None:
            self._calm = at
        elif at - self._calm >= CALM_S:
            self.end()

    def _shows(self, had: Four, draw: Four, showed: Four, show: Four) -> bool:
        """Whether what the cars have changed by since then is what it shows, wherever it missed something."""
        told = [k for k in range(4) if self._most_a[k] > 0.0]
        changes = [(had[k] - draw[k], showed[k] - show[k], CARS_A if k < 3 else 2.0 * CARS_A) for k in told]
        return bool(told) and all(abs(d) >= least and SHOWN[0] <= s / d <= SHOWN[1] for d, s, least in changes)


def _misses(drawn: float, shown: float, may_a: float) -> bool:
    return drawn >= CARS_A and drawn - shown > may_a + MISSED_PART * drawn


def drawn_a(cars: Sequence[Told], since: float) -> Four:
    """The sum of what was read since then."""
    found = [0.0] * 4
    for car in cars:
        if car.at is not None and car.at >= since:
            found = [f + a for f, a in zip(found, car.amps, strict=True)]
    return (found[0], found[1], found[2], found[3])
