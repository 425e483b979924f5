"""How long a car will stay and how much it still wants: from what was said, as far as that was true so far, and from
what earlier charges at this place were like.

Nobody's word is taken for granted: of real statements a sixth are right within a quarter, three in four drivers leave
earlier than they said. So each statement is weighed with its trust; the rest of the weight goes to the charges seen
here, of cars that came at about this time of day and had stayed this long and taken this much already.
"""

import itertools
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evdesk.balance.fit import Reals

REMEMBERED = 400
"""Charges kept; older ones are forgotten: places change."""

PRIOR_WEIGHT = 12.0
"""The built-in charges count together as many as this many seen ones."""

CLOCK_S = 5400.0
"""Charges begun this much earlier or later in the day say half as much."""

RIGHT = 0.25
"""A statement this near the truth counts as right."""

DAY_S = 86400.0

_NORMAL = (-1.73, -1.15, -0.81, -0.55, -0.32, -0.10, 0.10, 0.32, 0.55, 0.81, 1.15, 1.73)
PRIOR = tuple(
    (5.5 * 3600 * math.exp(0.7 * z), 9.0 * math.exp(0.75 * _NORMAL[(5 * k + 2) % 12])) for k, z in enumerate(_NORMAL)
)
"""(stay s, kWh) of a charge at work or in public before anything was seen: medians 5.5 h and 9 kWh, wide, unrelated."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said about one charge, and how far it counts; None: nothing was. `trust` None: as measured here."""

    departure_at: float | None = None
    needs_kwh: float | None = None
    trust: float | None = None


UNSAID = Told()


@dataclass(frozen=True, slots=True)
class Stay:
    """One car, as far as it is known: plugged in since, kWh so far, and what was said."""

    plugged_at: float
    got_kwh: float
    told: Told = UNSAID


@dataclass(frozen=True, slots=True)
class Ahead:
    """Of n cars, per span (n x B): `present`, the part of it a car can be there by what is known for sure; `stays`, by what
    is likely (never more). `left_kwh` (n): what it is still expected to take."""

    present: Reals
    stays: Reals
    left_kwh: Reals


@dataclass(slots=True)
class History:
    """Charges that ended: when begun, how long, how much, and whether statements were right (hits, of)."""

    charges: deque[tuple[float, float, float]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    stay_right: list[float] = field(default_factory=lambda: [1.5, 3.0])
    need_right: list[float] = field(default_factory=lambda: [1.5, 3.0])
    _table: tuple[Reals, Reals, Reals] | None = None

    def ended(self, began: float, at: float, kwh: float, told: Told) -> None:
        """A charge is over: the car left, or has what it wanted. Which of the two is told apart by what was said."""
        stay = max(at - began, 1.0)
        if kwh > 0.2:
            self.charges.append((began, stay, kwh))
            self._table = None
        early = told.departure_at is None or at < told.departure_at - RIGHT * stay
        if told.needs_kwh is not None and (early or kwh >= (1 - RIGHT) * told.needs_kwh):
            _count(self.need_right, abs(told.needs_kwh - kwh) <= RIGHT * max(kwh, 1e-9))
        full = told.needs_kwh is not None and kwh >= 0.9 * told.needs_kwh
        if told.departure_at is not None and not (full and early):
            _count(self.stay_right, abs(told.departure_at - at) <= RIGHT * stay)

    def trust(self, told: Told) -> tuple[float, float]:
        """How far the stated departure and energy count, 0..1 each; 0 for what was not said."""
        measured = (self.stay_right[0] / self.stay_right[1], self.need_right[0] / self.need_right[1])
        stay, need = measured if told.trust is None else (told.trust, told.trust)
        return (_part(stay) * _said(told.departure_at), _part(need) * _said(told.needs_kwh))

    def ahead(self, now: float, cars: Sequence[Stay], edges_s: Reals) -> Ahead:
        """`edges_s` (B + 1): the bounds of the spans, s from now. Never raises; odd words count for nothing."""
        clock, stay, kwh = self._seen()
        plugged = np.array([car.plugged_at for car in cars])[:, None]
        got = np.array([car.got_kwh for car in cars])[:, None]
        apart = np.abs((clock[None, :] - plugged + DAY_S / 2) % DAY_S - DAY_S / 2)
        near = 0.05 + np.exp2(-np.square(apart / CLOCK_S))
        weight = np.where(np.isnan(apart), PRIOR_WEIGHT / len(PRIOR), near)
        age = np.maximum(now - plugged, 0.0)
        stays = _staying(stay[None, :] - age, weight * (stay[None, :] > age + 60.0), edges_s)
        more = weight * (kwh[None, :] > got + 0.2)
        total = more.sum(axis=1)
        mean = (more * (kwh[None, :] - got)).sum(axis=1) / np.maximum(total, 1e-9)
        left = np.where(total > 1e-3, mean, np.maximum(3.0, 0.25 * got[:, 0]))
        trust = np.array([self.trust(car.told) for car in cars]).reshape(len(cars), 2)
        leaves = np.array([_number(car.told.departure_at) for car in cars])[:, None] - now
        needs = np.array([_number(car.told.needs_kwh) for car in cars]) - got[:, 0]
        said = _present(leaves, edges_s)
        present = 1.0 - trust[:, :1] * (1.0 - said)
        stays = trust[:, :1] * said + (1.0 - trust[:, :1]) * stays
        left = trust[:, 1] * np.maximum(needs, 0.0) + (1.0 - trust[:, 1]) * left
        present[:, 0] = stays[:, 0] = 1.0
        return Ahead(present, np.minimum(stays, present), left)

    def _seen(self) -> tuple[Reals, Reals, Reals]:
        """(clock s, stay s, kWh) of the prior, then of what was seen; clock nan: any time."""
        if self._table is None:
            rows = [(math.nan, stay, kwh) for stay, kwh in PRIOR] + [(b % DAY_S, s, k) for b, s, k in self.charges]
            clock, stay, kwh = np.array(rows, dtype=np.float64).T
            self._table = (clock, stay, kwh)
        return self._table


def edges(first_s: float, ends_s: Sequence[float]) -> Reals:
    """Bounds of the spans, s from now: a first one of this length, then up to each of `ends_s`, none shorter than it."""
    found = [0.0, first_s]
    for end in ends_s:
        found.append(max(end, found[-1] + first_s))
    return np.array(found)


def _count(right: list[float], hit: bool) -> None:
    """Forgets slowly, so that better words are noticed."""
    right[0] = right[0] * 0.98 + float(hit)
    right[1] = right[1] * 0.98 + 1.0


def _part(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0


def _said(value: float | None) -> float:
    return 1.0 if value is not None and math.isfinite(value) else 0.0


def _number(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0


def _present(left_s: Reals, edges_s: Reals) -> Reals:
    """(..., 1) -> (..., B): the part of each span that is before the end."""
    return np.clip((left_s - edges_s[:-1]) / (edges_s[1:] - edges_s[:-1]), 0.0, 1.0)


def _staying(left_s: Reals, weight: Reals, edges_s: Reals) -> Reals:
    """(n x samples) -> (n x B): mean part of each span in which a car is still there. One that stayed longer than anybody:
    an hour more."""
    total = weight.sum(axis=1)
    part = np.stack(
        [
            (weight * np.clip((left_s - start) / (end - start), 0.0, 1.0)).sum(axis=1)
            for start, end in itertools.pairwise(edges_s.tolist())
        ],
        axis=1,
    )
    hour = _present(np.array([[3600.0]]), edges_s)
    return np.where(total[:, None] > 1e-3, part / np.maximum(total, 1e-9)[:, None], hour)
