"""The offline optimum: the most energy any rule could deliver, with perfect foresight, continuous currents, ideal cars.

A linear program over all steps at once; each line's circle |sum coef x| <= limit is cut by tangents (so the optimum is
never understated, and overstated by at most 1/cos(half the angle between two tangents) - 1 on the lines that bind).
"""

import cmath
import math
from collections.abc import Sequence

import highspy
import numpy as np

from benchmarks.balance.park import KW_PER_A, STEP_H, Car
from evdesk.balance import Line

TANGENT_DEG = 7.5


def overstated() -> float:
    """Upper bound of the relative error of the polygons."""
    return 1.0 / math.cos(math.radians(TANGENT_DEG) / 2) - 1.0


def optimum(cars: Sequence[Car], wires: Sequence[Line]) -> float:
    """kWh delivered by the best plan there is (an upper bound, see the module)."""
    column: dict[tuple[int, int], int] = {}
    for number, car in enumerate(cars):
        for step in range(car.arrives, car.leaves):
            column[number, step] = len(column)
    rows: list[tuple[list[int], list[float], float]] = []
    for number, car in enumerate(cars):
        steps = range(car.arrives, car.leaves)
        rows.append(([column[number, s] for s in steps], [KW_PER_A * STEP_H] * len(steps), car.kwh))
    for step in range(max(car.leaves for car in cars)):
        here = [n for n, car in enumerate(cars) if car.arrives <= step < car.leaves]
        for line in wires:
            rows += _tangents(line, [(column[n, step], cars[n]) for n in here])
    return _solve([car.max_a for car in cars for _ in range(car.arrives, car.leaves)], rows)


def _tangents(line: Line, here: Sequence[tuple[int, Car]]) -> list[tuple[list[int], list[float], float]]:
    parts = [(c, line.coef[car.key], car.max_a) for c, car in here if car.key in line.coef]
    if sum(abs(coef) * top for _, coef, top in parts) <= line.limit_a:
        return []
    found: dict[tuple[float, ...], tuple[list[int], list[float], float]] = {}
    middle = cmath.phase(sum(coef / abs(coef) for _, coef, _ in parts))
    wide = max(abs(cmath.phase(coef * cmath.rect(1.0, -middle))) for _, coef, _ in parts) + 1e-9
    count = math.ceil(math.degrees(wide) / TANGENT_DEG)
    for k in range(-count, count + 1):  # beyond the outermost currents a tangent cuts nothing the others leave
        toward = cmath.rect(1.0, middle + k * wide / max(count, 1))
        values = [round((coef * toward.conjugate()).real, 7) for _, coef, _ in parts]
        if sum(max(v, 0.0) * top for v, (_, _, top) in zip(values, parts, strict=True)) > line.limit_a:
            found.setdefault(tuple(values), ([c for c, _, _ in parts], values, line.limit_a))
    return list(found.values())


def _solve(tops: Sequence[float], rows: Sequence[tuple[list[int], list[float], float]]) -> float:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(tops), len(rows)
    lp.col_cost_ = np.full(len(tops), -KW_PER_A * STEP_H)
    lp.col_lower_, lp.col_upper_ = np.zeros(len(tops)), np.array(tops, float)
    lp.row_lower_ = np.full(len(rows), -highspy.kHighsInf)
    lp.row_upper_ = np.array([limit for _, _, limit in rows])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(index) for index, _, _ in rows)]).astype(np.int32)
    lp.a_matrix_.index_ = np.array([i for index, _, _ in rows for i in index], np.int32)
    lp.a_matrix_.value_ = np.array([v for _, values, _ in rows for v in values])
    solver = highspy.Highs.__base__()  # the wrapper prints its name
    solver.setOptionValue("output_flag", False)
    for option, value in (("threads", 1), ("solver", "ipm"), ("run_crossover", "off")):
        solver.setOptionValue(option, value)
    solver.passModel(lp)
    solver.run()
    return float(-solver.getInfo().objective_function_value)
