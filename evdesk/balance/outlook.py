"""How long a car will stay and how much it still wants: from what was said, as far as that was true so far, and from
what earlier charges at this place were like.

Nobody's word is taken for granted: of real statements a sixth are right within a quarter, three in four drivers leave
earlier than they said. So each statement is weighed with its trust; the rest of the weight goes to the charges seen
here, of cars that came at about this time of day and had stayed this long and taken this much already.
"""

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
class Ahead:
    """Of one car, per span: `present`, the part of it the car can be there by what is known for sure; `stays`, by what is
    likely (never more). `left_kwh`: what it is still expected to take."""

    present: Reals
    stays: Reals
    left_kwh: float


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

    def ahead(self, now: float, plugged_at: float, got_kwh: float, told: Told, edges_s: Reals) -> Ahead:
        """`edges_s` (B + 1): the bounds of the spans, s from now. Never raises; odd words count for nothing."""
        clock, stay, kwh = self._seen()
        apart = np.abs((clock - plugged_at + DAY_S / 2) % DAY_S - DAY_S / 2)
        weight = np.where(np.isnan(apart), PRIOR_WEIGHT / len(PRIOR), 0.05 + np.exp2(-np.square(apart / CLOCK_S)))
        age = max(now - plugged_at, 0.0)
        stay_trust, need_trust = self.trust(told)
        present = np.ones(len(edges_s) - 1)
        stays = _staying(stay - age, weight * (stay > age + 60.0), edges_s)
        if stay_trust > 0.0 and told.departure_at is not None:
            said = _present(told.departure_at - now, edges_s)
            present = 1.0 - stay_trust * (1.0 - said)
            stays = stay_trust * said + (1.0 - stay_trust) * stays
        more = weight * (kwh > got_kwh + 0.2)
        left = float(np.dot(more, kwh - got_kwh) / more.sum()) if more.sum() > 1e-3 else max(3.0, 0.25 * got_kwh)
        if need_trust > 0.0 and told.needs_kwh is not None:
            left = need_trust * max(told.needs_kwh - got_kwh, 0.0) + (1 - need_trust) * left
        present[0] = stays[0] = 1.0
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


def _present(left_s: float, edges_s: Reals) -> Reals:
    return np.clip((left_s - edges_s[:-1]) / (edges_s[1:] - edges_s[:-1]), 0.0, 1.0)


def _staying(left_s: Reals, weight: Reals, edges_s: Reals) -> Reals:
    """Mean part of each span in which it is still there. One that stayed longer than anybody: an hour more."""
    total = float(weight.sum())
    if total <= 1e-3:
        return _present(3600.0, edges_s)
    width = edges_s[1:] - edges_s[:-1]
    part = np.clip((left_s[:, None] - edges_s[None, :-1]) / width[None, :], 0.0, 1.0)
    return np.asarray(weight @ part / total)
