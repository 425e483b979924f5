"""Whether currents fit, exactly and fast: every line as a few complex rows, all of them checked at once.

A line must hold whatever each car draws between 0 and its limit. Which of them then make its worst case depends on the
directions of the coefficients only (cars on one side of some half-plane), so those choices are made once, here; what is
left per check is |rows x amps| <= limits. The same rows are the constraints of the linear program (`optimum`).
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evdesk.balance.lines import EPS, Net

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Row:
    """Part of a line that can be its worst case: the coefficients on one side. `low`, `high`: the directions (rad)
    between which the sum of these currents lies."""

    wire: int
    members: tuple[int, ...]
    coefs: tuple[complex, ...]
    low: float
    high: float


def rows_of(wire: int, members: Sequence[int], coefs: Sequence[complex]) -> list[Row]:
    """The choices of members that can be a line's worst case, none of which another covers."""
    parts = [(i, c) for i, c in zip(members, coefs, strict=True) if abs(c) > 0]
    if not parts:
        return []
    angles = sorted({round(cmath.phase(c), 9) for _, c in parts})
    sets: list[frozenset[float]] = []
    for angle in angles:
        for turn in (math.pi / 2, -math.pi / 2):
            for tilt in (1e-6, -1e-6):
                normal = angle + turn + tilt
                chosen = frozenset(a for a in angles if math.cos(a - normal) > 0)
                if chosen and chosen not in sets:
                    sets.append(chosen)
    kept = [one for one in sets if not any(_covers(other, one) for other in sets if other is not one)]
    return [_row(wire, parts, chosen) for chosen in kept]


def _covers(large: frozenset[float], small: frozenset[float]) -> bool:
    """`large` is never below `small`: everything it has on top points within 90 degrees of all the rest."""
    if not small < large:
        return False
    extra = large - small
    return all(math.cos(a - b) >= -1e-9 for a in extra for b in large)


def _row(wire: int, parts: Sequence[tuple[int, complex]], chosen: frozenset[float]) -> Row:
    middle = cmath.phase(sum(cmath.rect(1.0, a) for a in chosen))
    offsets = [cmath.phase(cmath.rect(1.0, a - middle)) for a in chosen]
    own = [(i, c) for i, c in parts if round(cmath.phase(c), 9) in chosen]
    low, high = middle + min(offsets), middle + max(offsets)
    return Row(wire, tuple(i for i, _ in own), tuple(c for _, c in own), low, high)


class Fit:
    """All rows of a net as one matrix. Position in the net -> column."""

    def __init__(self, net: Net) -> None:
        self.rows = tuple(r for w, wire in enumerate(net.wires) for r in rows_of(w, wire.members, wire.coefs))
        self.wire = np.array([row.wire for row in self.rows], dtype=np.int64)
        self.matrix: Complexes = np.zeros((len(self.rows), len(net.keys)), dtype=np.complex128)
        for r, row in enumerate(self.rows):
            self.matrix[r, list(row.members)] = row.coefs
        self.over = [np.nonzero(self.matrix[:, i])[0] for i in range(len(net.keys))]
        self.parts = [self.matrix[rows, i] for i, rows in enumerate(self.over)]

    def limits(self, rooms: Sequence[float]) -> Reals:
        """Ampere per row from ampere per line."""
        return np.asarray(rooms, dtype=np.float64)[self.wire] if len(self.rows) else np.zeros(0)

    def load(self, amps: Reals) -> Complexes:
        return self.matrix @ amps

    def above(self, amps: Reals, limits: Reals) -> Reals:
        """Ampere above the limit per row; nothing above 0: it fits."""
        return np.abs(self.load(amps)) - limits

    def fits(self, amps: Reals, limits: Reals) -> bool:
        return bool(np.all(self.above(amps, limits) <= EPS))

    def room(self, load: Complexes, limits: Reals, i: int) -> float:
        """How much connector `i` can rise from this load before a row over it is full; below 0: one is already."""
        rows, part = self.over[i], self.parts[i]
        if not len(rows):
            return math.inf
        here = load[rows]
        square = part.real**2 + part.imag**2
        along = here.real * part.real + here.imag * part.imag
        spare = (limits[rows] + EPS) ** 2 - (here.real**2 + here.imag**2)
        bad = (spare < 0) | (limits[rows] < 0)
        if bad.any():
            return -1.0
        return float(np.min((np.sqrt(along**2 + square * spare) - along) / square))

    def add(self, load: Complexes, i: int, amps: float) -> None:
        """Puts `amps` more on connector `i`, in place."""
        load[self.over[i]] += self.parts[i] * amps
