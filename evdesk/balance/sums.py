"""What the connectors on each line sum to, lowest and highest, second by second: a few products for all lines."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from evdesk.balance.habit import OBEYS_A
from evdesk.balance.lines import Wire
from evdesk.balance.track import Bounds

Span = tuple[float, float]
"""(least, most) ampere."""

_SIN30, _COS30 = 0.5, math.sqrt(0.75)


class Sums:
    """Of the lines at the positions `watched`. Of the bounds only those that are new are looked at."""

    def __init__(self, wires: Sequence[Wire], watched: Iterable[int]) -> None:
        self._wires = wires
        rows = list(watched)
        flat, turned = [w for w in rows if wires[w].aligned], [w for w in rows if not wires[w].aligned]
        self._flat, self._turned = {w: r for r, w in enumerate(flat)}, {w: r for r, w in enumerate(turned)}
        count = 1 + max((i for wire in wires for i in wire.members), default=-1)
        # Magnitudes where all is in phase; else real and imaginary parts and magnitudes of what has a known angle, and
        # magnitudes of the rest.
        self._matrix = np.zeros((len(flat) + 4 * len(turned), 4 * count))
        parts = self._matrix[len(flat) :].reshape(4, len(turned), 4 * count)
        for w in rows:
            wire = wires[w]
            for i, t, coef, size in zip(wire.members, wire.terminals, wire.coefs, wire.sizes, strict=True):
                at = 4 * i + t % 4
                if wire.aligned:
                    self._matrix[self._flat[w], at] = size
                elif i in wire.loose:
                    parts[3, self._turned[w], at] = size
                else:
                    parts[:3, self._turned[w], at] = coef.real, coef.imag, size
        self._acute = np.array([wires[w].acute for w in turned], dtype=bool)
        self._near = np.array([wires[w].line.near and not wires[w].loose for w in turned], dtype=bool)
        self._amps = np.zeros((2, 4 * count))
        self._had: list[Bounds | None] = [None] * count
        self._bounds: Sequence[Bounds] = ()
        self.more: dict[int, float] = {}
        """Position -> ampere it was seen to draw above what it was taken for a second ago."""

    def take(self, bounds: Sequence[Bounds]) -> None:
        self._bounds = bounds
        self.more = {}
        for i, (new, had) in enumerate(zip(bounds, self._had, strict=False)):  # behind them: on no line
            if new is not had:
                if had is not None and (above := _above(new, had)) > OBEYS_A:
                    self.more[i] = above
                self._had[i] = new
                self._amps[:, 4 * i : 4 * i + 4] = new
        found = self._amps @ self._matrix.T
        self._spans: list[list[float]] = found[:, : len(self._flat)].tolist()
        if not self._turned:
            return
        real, imag, size, loose = found[:, len(self._flat) :].reshape(2, 4, -1).transpose(1, 0, 2)
        middle, to_side = (real[0] + real[1]) / 2.0, (imag[0] + imag[1]) / 2.0
        unsure = (size[1] - size[0]) / 2.0
        # At least the sum of the middles less what is unsure of each; where no two are over 90 degrees apart, of the lows.
        each = np.hypot(real, imag)
        least = np.hypot(middle, to_side) - unsure
        least = np.where(self._acute, np.maximum(least, each[0]), least)
        self._least: list[float] = np.maximum(least - loose[1], 0.0).tolist()
        self._most: list[float] = (each[1] + loose[1]).tolist()
        self._beside: list[bool] = (self._near & (middle * _SIN30 - np.abs(to_side) * _COS30 >= unsure)).tolist()

    def of(self, w: int) -> Span:
        """(lowest, highest) of the wire at this position; the fourth bound stands for an unknown terminal."""
        row = self._flat.get(w)
        if row is not None:
            return self._spans[0][row], self._spans[1][row]
        row, wire = self._turned[w], self._wires[w]
        if wire.acute or wire.nominal:
            return self._least[row], self._most[row]
        highs = [self._bounds[i][1][t] for i, t in zip(wire.members, wire.terminals, strict=True)]
        return self._least[row], wire.sum(highs)

    def beside(self, w: int) -> bool:
        """Whether what is no charger is at most 60 degrees off the sum of the connectors: both are within 30 of the
        conductor's own voltage, wherever in their bounds the connectors are."""
        row = self._turned.get(w)
        return row is not None and self._beside[row]


def _above(new: Bounds, had: Bounds) -> float:
    return max(low - high for low, high in zip(new[0][:3], had[1][:3], strict=True))


def rest(wire: Wire, total: float, cars: Span, near: bool = False) -> Span:
    """(least, most) of what is no charger, from the measured sum and what the connectors may be drawing together.

    In phase, magnitudes subtract. Else only the sides of a triangle are known, and its angle is bounded: where outlets sit
    between phases, the rest is at most 60 degrees off their sum, also where they are behind a transformer but nothing else
    is and their sum is `near` (`Sums.beside`); else behind a transformer 90. (What is over the rating by the meter is cut
    in any case.)"""
    low, high = cars
    if wire.aligned:
        return total - high, total - low
    square = total * total
    if wire.acute or near:
        return total - high, max(math.sqrt(max(square - 0.75 * low * low, 0.0)) - low / 2.0, total - low)
    return total - high, max(math.sqrt(max(square - low * low, 0.0)), total - low)
