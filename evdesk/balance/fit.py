"""Whether currents fit, exactly and fast: every line as a few complex rows, all of them checked at once.

A line must hold whatever each car draws between 0 and its limit. Which of them then make its worst case depends on the
directions of the coefficients only (cars on one side of some half-plane), so those choices are made once, here; what is
left per check is |rows x amps| + loose x amps <= limits. The same rows are the constraints of the linear program
(`optimum`). The values are those of `Wire.load`.
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evdesk.balance.lines import EPS, Net, Wire

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


def rows_of(w: int, wire: Wire) -> list[Row]:
    """The choices of members that can be a line's worst case, none of which another covers."""
    parts = [(i, c) for i, c in zip(wire.members, wire.coefs, strict=True) if i not in wire.loose and abs(c) > 0]
    angles = sorted({round(cmath.phase(c), 9) for _, c in parts})
    if not parts:
        return [Row(w, (), (), 0.0, 0.0)] if wire.members else []
    if wire.acute or wire.nominal:
        return [_row(w, parts, frozenset(angles))]
    sets: list[frozenset[float]] = []
    for angle in angles:
        for turn in (math.pi / 2, -math.pi / 2):
            for tilt in (1e-6, -1e-6):
                normal = angle + turn + tilt
                chosen = frozenset(a for a in angles if math.cos(a - normal) > 0)
                if chosen and chosen not in sets:
                    sets.append(chosen)
    kept = [one for one in sets if not any(_covers(other, one) for other in sets if other is not one)]
    return [_row(w, parts, chosen) for chosen in kept]


def _covers(large: frozenset[float], small: frozenset[float]) -> bool:
    """`large` is never below `small`: everything it has on top points within 90 degrees of all the rest."""
    if not small < large:
        return False
    extra = large - small
    return all(math.cos(a - b) >= -1e-9 for a in extra for b in large)


def _row(w: int, parts: Sequence[tuple[int, complex]], chosen: frozenset[float]) -> Row:
    middle = cmath.phase(sum(cmath.rect(1.0, a) for a in chosen))
    offsets = [cmath.phase(cmath.rect(1.0, a - middle)) for a in chosen]
    own = [(i, c) for i, c in parts if round(cmath.phase(c), 9) in chosen]
    low, high = middle + min(offsets), middle + max(offsets)
    return Row(w, tuple(i for i, _ in own), tuple(c for _, c in own), low, high)


Split = tuple[Reals, Reals]
"""A complex matrix as its real and its imaginary part."""


def split(matrix: Complexes) -> Split:
    return np.ascontiguousarray(matrix.real), np.ascontiguousarray(matrix.imag)


def times(matrix: Split, amps: Reals) -> Complexes:
    """The product with real currents. A complex one is handed to several threads, however small; on a busy machine they
    wait for each other a thousand times as long as they compute."""
    return np.asarray(matrix[0] @ amps + 1j * (matrix[1] @ amps))


class Fit:
    """All rows of a net as one matrix. Position in the net -> column."""

    def __init__(self, net: Net) -> None:
        self.rows = tuple(row for w, wire in enumerate(net.wires) for row in rows_of(w, wire))
        self.wire = np.array([row.wire for row in self.rows], dtype=np.int64)
        shape = (len(self.rows), len(net.keys))
        self.matrix: Complexes = np.zeros(shape, dtype=np.complex128)
        self.loose: Reals = np.zeros(shape)
        for r, row in enumerate(self.rows):
            wire = net.wires[row.wire]
            self.matrix[r, list(row.members)] = row.coefs
            for i, size in zip(wire.members, wire.sizes, strict=True):
                if i in wire.loose:
                    self.loose[r, i] = size
        self._split = split(self.matrix)
        columns = range(len(net.keys))
        self.over = [np.nonzero((self.matrix[:, i] != 0) | (self.loose[:, i] != 0))[0] for i in columns]
        self._parts = [self.matrix[rows, i] for i, rows in enumerate(self.over)]
        self._squares = [np.maximum(part.real**2 + part.imag**2, 1e-18) for part in self._parts]
        sizes = [self.loose[rows, i] for i, rows in enumerate(self.over)]
        self._sizes = [size if size.any() else None for size in sizes]

    def limits(self, rooms: Sequence[float]) -> Reals:
        """Ampere per row from ampere per line."""
        return np.asarray(rooms, dtype=np.float64)[self.wire] if len(self.rows) else np.zeros(0)

    def load(self, amps: Reals) -> "Load":
        return Load(times(self._split, amps), self.loose @ amps)

    def fits(self, amps: Reals, limits: Reals) -> bool:
        return bool(np.all(self.load(amps).size() <= limits + EPS))

    def room(self, load: "Load", limits: Reals, i: int, tolerance_a: float = EPS) -> float:
        """How much connector `i` can rise from this load before a row over it is full; below 0: one is already.
        `tolerance_a`: by so much a row may be above, for rounding."""
        rows, part, size = self.over[i], self._parts[i], self._sizes[i]
        if not len(rows):
            return math.inf
        here, spare = load.known[rows], limits[rows] - load.loose[rows] + tolerance_a
        left = spare * spare - (here.real**2 + here.imag**2)
        if spare.min() < 0 or left.min() < 0:
            return -1.0
        along = here.real * part.real + here.imag * part.imag
        square = self._squares[i]
        known = (np.sqrt(along * along + square * left) - along) / square
        if size is None:
            return float(known.min())
        free = (spare - np.abs(here)) / np.maximum(size, 1e-18)
        return float(np.where(size > 0, free, known).min())

    def add(self, load: "Load", i: int, amps: float) -> None:
        """Puts `amps` more on connector `i`, in place."""
        load.known[self.over[i]] += self._parts[i] * amps
        size = self._sizes[i]
        if size is not None:
            load.loose[self.over[i]] += size * amps


@dataclass(frozen=True, slots=True)
class Load:
    """What each row carries: the sum of the currents whose angle is known, and the magnitudes of the others."""

    known: Complexes
    loose: Reals

    def size(self) -> Reals:
        return np.asarray(np.abs(self.known) + self.loose)
