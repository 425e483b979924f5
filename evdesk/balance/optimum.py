"""The linear program behind the sharing: the most useful currents now, seen a few spans of time ahead.

Columns are the ampere of each car in each span, and the kWh it gets in each of a few worths (the first half of what a
car needs is worth more than the last tenth: that is all there is to fairness, and it costs next to nothing). Rows are
the lines, in each span, as tangents of |sum coef x| <= limit; in the first span they are added until the true limits hold.
Nothing here knows of whole ampere, dwell or starts: see `repair`.
"""

import contextlib
import importlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evdesk.balance.fit import Fit, Reals, split, times

Ints = NDArray[np.int32]

CLOSE = 1.002
"""Tangents are added until the first span is this near its limits; the repair takes the rest."""

ROUNDS = 4
OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "presolve": "off",
    "solver": "simplex",
    "simplex_iteration_limit": 20_000,  # many times what 200 cars take; a limit of time would not be repeatable
}
SPACING_RAD = math.radians(20.0)
LATER_RAD = math.radians(30.0)


class NoSolver(Exception):
    """The solver is not installed, or found no optimum: the caller falls back on water-filling."""


@cache
def _highs() -> Any:
    try:
        return importlib.import_module("highspy")
    except (ImportError, OSError) as error:
        raise NoSolver("highspy is not installed") from error


@contextlib.contextmanager
def _calls() -> Iterator[None]:
    """A version of the solver that answers otherwise than the ones known is as good as none."""
    try:
        yield
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise NoSolver(str(error)) from error


@dataclass(slots=True)
class Program:
    """What to solve: n cars, B spans, S worths.

    `columns` (n): position of each car in the net. `low`, `top` (n): ampere now. `later` (n): most ampere in later spans.
    `hours` (B): length of the spans. `present` (n x B): part of a span a car can be there; `stays` (n x B): part it is
    likely to be there. What it is given in the difference of the two is lost: that is why waiting costs. `kw` (n): kW
    per ampere of limit. `needs`, `worth` (n x S): kWh, and the value of each of them; worths fall from left to right.
    `bonus` (n): value per kWh on top, now. `fade` (B): what a kWh is worth less in a later span, for others will come.
    """

    columns: Sequence[int]
    low: Reals
    top: Reals
    later: Reals
    hours: Reals
    present: Reals
    stays: Reals
    kw: Reals
    needs: Reals
    worth: Reals
    bonus: Reals
    fade: Reals


@dataclass(slots=True)
class Tangents:
    """Lines as rows of real numbers: `values` (rows x cars) . ampere <= `limits`."""

    values: Reals
    limits: Reals


def tangents(fit: Fit, columns: Sequence[int], limits: Reals, top: Reals, spacing: float) -> Tangents:
    """Evenly spaced ones over the directions a row can have; those no currents up to `top` can reach are left out."""
    matrix = fit.matrix[:, columns]
    directions: list[complex] = []
    rows: list[int] = []
    for r, row in enumerate(fit.rows):
        count = max(1, math.ceil((row.high - row.low) / spacing - 1e-9))
        step = (row.high - row.low) / count
        for k in range(count):
            angle = row.low + (k + 0.5) * step
            directions.append(complex(math.cos(angle), -math.sin(angle)))
            rows.append(r)
    if not rows:
        return Tangents(np.zeros((0, len(columns))), np.zeros(0))
    values = (matrix[rows] * np.array(directions)[:, None]).real + fit.loose[rows][:, columns]
    bound = np.maximum(limits[rows], 0.0)
    needed = np.maximum(values, 0.0) @ top > bound
    return Tangents(values[needed], bound[needed])


class Optimum:
    """One program in the solver; solved again with other bounds it starts from where it was."""

    def __init__(self, fit: Fit, limits: Reals, program: Program) -> None:
        self._highs = _highs()
        self._limits = np.maximum(limits, 0.0)
        self._matrix, self._loose = fit.matrix[:, program.columns], fit.loose[:, program.columns]
        self._split = split(self._matrix)
        self._n = len(program.columns)
        with _calls():
            self._solver = self._highs.Highs.__base__()  # the wrapper prints its name, which nothing switches off
            for option, value in OPTIONS.items():
                self._solver.setOptionValue(option, value)
            self._solver.passModel(_model(self._highs, fit, limits, program))

    def bound(self, low: Reals, top: Reals) -> None:
        """Other least and most amperes in the first span."""
        with _calls():
            columns = np.arange(self._n, dtype=np.int32)
            self._solver.changeColsBounds(self._n, columns, low, np.maximum(top, low))

    def solve(self) -> tuple[Reals, Reals]:
        """Ampere of each car in the first span (continuous), and what one more would be worth. Raises NoSolver."""
        with _calls():
            for _ in range(ROUNDS):
                self._solver.run()
                status = self._solver.getModelStatus()
                if status != self._highs.HighsModelStatus.kOptimal:
                    raise NoSolver(f"no optimum: {status}")
                solution = self._solver.getSolution()
                found = np.asarray(solution.col_value[: self._n])
                if not self._cut(found):
                    break
            return np.maximum(found, 0.0), -np.asarray(solution.col_dual[: self._n])

    def _cut(self, found: Reals) -> bool:
        load = times(self._split, found)
        size = np.abs(load)
        over = np.nonzero(size + self._loose @ found > self._limits * CLOSE + 1e-3)[0]
        for r in over:
            values = (self._matrix[r] * (load[r].conjugate() / max(size[r], 1e-9))).real + self._loose[r]
            at = np.nonzero(values)[0].astype(np.int32)
            self._solver.addRow(-self._highs.kHighsInf, float(self._limits[r]), len(at), at, values[at])
        return bool(len(over))


def _model(highs: Any, fit: Fit, limits: Reals, p: Program) -> Any:
    """Columns: ampere span by span (n each), then kWh worth by worth (n each)."""
    n, spans = p.stays.shape
    energy = p.kw[:, None] * p.hours[None, :] * p.present  # kWh per ampere, if it stays
    lost = np.maximum(p.present - p.stays, 0.0) / np.maximum(p.present, 1e-9)
    worth = energy * (-p.fade[None, :] - lost)
    worth[:, 0] += energy[:, 0] * p.bonus
    later = [np.where(p.present[:, b] > 0, p.later, 0.0) for b in range(1, spans)]
    now = tangents(fit, p.columns, limits, p.top, SPACING_RAD)
    blocks = [(now.values, now.limits)]
    for b in range(1, spans):
        ahead = tangents(fit, p.columns, limits, p.later * p.stays[:, b], LATER_RAD)
        blocks.append((ahead.values * p.stays[None, :, b], ahead.limits))
    starts, index, value, row_low, row_high = _rows(blocks, energy, p.needs.shape[1])
    lp = highs.HighsLp()
    lp.num_col_, lp.num_row_ = n * spans + p.needs.size, len(row_high)
    lp.col_cost_ = -np.concatenate([worth.T.ravel(), p.worth.T.ravel()])
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_lower_[:n] = p.low
    lp.col_upper_ = np.concatenate([np.maximum(p.top, p.low), *later, p.needs.T.ravel()])
    lp.row_lower_, lp.row_upper_ = row_low, row_high
    lp.a_matrix_.format_ = highs.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
    return lp


def _rows(blocks: Sequence[tuple[Reals, Reals]], energy: Reals, worths: int) -> tuple[Ints, Ints, Reals, Reals, Reals]:
    """Row-wise matrix: the lines span by span, then one balance per car: energy of the spans = energy by worth."""
    n, spans = energy.shape
    counts: list[NDArray[np.int64]] = []
    index: list[NDArray[np.int64]] = []
    value: list[Reals] = []
    for b, (values, bound) in enumerate(blocks):
        r, c = np.nonzero(values)
        counts.append(np.bincount(r, minlength=len(bound)))
        index.append(c + b * n)
        value.append(values[r, c])
    car = np.arange(n)
    left = car[:, None] + n * np.arange(spans)[None, :]
    right = n * spans + car[:, None] + n * np.arange(worths)[None, :]
    counts.append(np.full(n, spans + worths))
    index.append(np.concatenate([left, right], axis=1).ravel())
    value.append(np.concatenate([energy, -np.ones((n, worths))], axis=1).ravel())
    starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int32)
    high = np.concatenate([*(bound for _, bound in blocks), np.zeros(n)])
    low = np.concatenate([np.full(len(high) - n, -np.inf), np.zeros(n)])
    return starts, np.concatenate(index).astype(np.int32), np.concatenate(value), low, high
