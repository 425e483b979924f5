"""Measurements and statements that cannot be are taken for unknown, before a linear program is built of them: with
infinite or absurdly large numbers a solver may not come back.
"""

from dataclasses import replace

from evdesk.balance.types import Demand

MOST_A = 1e4
MOST_ROOM_A = 1e6
MOST_KW_PER_A = 1e3
MOST_KWH = 1e6
MOST_S = 1e12
"""No charger, no car and no clock has more."""

KW_PER_A = 0.23
"""One phase of 230 V, where what is said cannot be."""

MOST_PRIORITY = 1e6
_ALL = (True, True, True)


def within(value: float | None, least: float, most: float) -> bool:
    """False for None and NaN too."""
    return value is not None and least <= value <= most


def power_kw(kw_per_a: float) -> float:
    """kW per ampere."""
    return kw_per_a if within(kw_per_a, 1.0 / MOST_KW_PER_A, MOST_KW_PER_A) else KW_PER_A


def plausible(demand: Demand) -> Demand:
    """The demand with what cannot be left unsaid: limits count as 0, infinite ones as none, all else as
    unknown; a car that draws nowhere counts
    everywhere."""
    return replace(
        demand,
        ceiling_a=min(demand.ceiling_a, MOST_A) if demand.ceiling_a > 0 else 0.0,
        min_a=min(demand.min_a, MOST_A) if demand.min_a > 0 else 0.0,
        kw_per_a=power_kw(demand.kw_per_a),
        drawn_a=tuple(a if within(a, 0.0, MOST_A) else None for a in demand.drawn_a),  # type: ignore[arg-type]
        plugged_at=_or_none(demand.plugged_at, -MOST_S, MOST_S),
        departure_at=_or_none(demand.departure_at, -MOST_S, MOST_S),
        got_kwh=_or_none(demand.got_kwh, 0.0, MOST_KWH),
        needs_kwh=_or_none(demand.needs_kwh, 0.0, MOST_KWH),
        priority=demand.priority if within(demand.priority, -MOST_PRIORITY, MOST_PRIORITY) else 0,
        terminals=demand.terminals if any(demand.terminals) else _ALL,
    )


def _or_none(value: float | None, least: float, most: float) -> float | None:
    return value if within(value, least, most) else None
