"""Days put together: to a month, or to everything that was asked for."""

import math
from collections.abc import Callable, Iterable, Sequence

from evdesk.model.insights import ChargerDay, DayFigures
from evdesk.wire.insights import ChargerUse, InsightRow


def jain(shares: Sequence[float]) -> float | None:
    """Jain's index of fairness: 1 where all are served alike, 1/n where one gets everything (Jain, Chiu, Hawe 1984)."""
    squares = math.fsum(s * s for s in shares)
    if not shares or squares <= 0:
        return None
    return min(math.fsum(shares) ** 2 / (len(shares) * squares), 1.0)


def worst_decile(shares: Sequence[float]) -> float | None:
    """Mean of the worst tenth, of one at least."""
    if not shares:
        return None
    worst = sorted(shares)[: max(1, len(shares) // 10)]
    return math.fsum(worst) / len(worst)


def row_of(name: str, span: tuple[float, float], days: Sequence[DayFigures]) -> InsightRow:
    """`days`: those that are known; without any the row is unknown."""
    if not days:
        return InsightRow(name, *span)
    shares = [share for day in days for share in day.shares]
    sessions = sum(day.sessions for day in days)
    length_s = math.fsum(day.length_s for day in days)
    delivered, could = _both(days)
    best = max((d for d in days if d.peak_w is not None), key=lambda d: d.peak_w or 0.0, default=None)
    return InsightRow(
        name,
        *span,
        known=True,
        coverage=min((_sum(d.up_s for d in days) or 0.0) / length_s, 1.0) if length_s else None,
        delivered_wh=_sum(d.delivered_wh for d in days),
        could_wh=_sum(d.could_wh for d in days),
        room_wh=_sum(d.room_wh for d in days),
        wanted_wh=_sum(d.wanted_wh for d in days),
        used=delivered / could if could else None,
        sessions=sessions,
        jain=jain(shares),
        worst_decile=worst_decile(shares),
        demand_told=sum(d.told for d in days) / sessions if sessions else None,
        held_back_min=math.fsum(d.held_back_s for d in days) / 60.0 / sessions if sessions else None,
        restarts=sum(d.restarts for d in days) / sessions if sessions else None,
        held_back_hours=sum(d.held_back_hours for d in days),
        peak_w=best.peak_w if best is not None else None,
        peak_at=best.peak_at if best is not None else None,
        free_peak_w=_max(d.free_peak_w for d in days),
        peak_saved_w=_saved(days),
        rating_w=next((d.rating_w for d in reversed(days) if d.rating_w is not None), None),
        over_s=_sum(d.over_s for d in days),
        meter_lost_s=_sum(d.meter_lost_s for d in days),
        loss_wh=_sum(d.loss_wh for d in days),
        standby_w=_mean(d.standby_w for d in days),
    )


def uses(days: Sequence[DayFigures], label: Callable[[str, int], str]) -> list[ChargerUse]:
    """Every connector over all days; `utilisation` against the time evdesk ran."""
    up_s = _sum(d.up_s for d in days)
    summed: dict[tuple[str, int], list[ChargerDay]] = {}
    for day in days:
        for one in day.chargers:
            summed.setdefault((one.charger_id, one.connector_id), []).append(one)
    return [
        ChargerUse(
            *key,
            label(*key),
            energy_wh=math.fsum(c.energy_wh for c in parts),
            sessions=sum(c.sessions for c in parts),
            charging_s=(charging_s := math.fsum(c.charging_s for c in parts)),
            plugged_s=(plugged_s := math.fsum(c.plugged_s for c in parts)),
            held_back_s=math.fsum(c.held_back_s for c in parts),
            utilisation=min(charging_s / up_s, 1.0) if up_s else None,
            occupied=min(plugged_s / up_s, 1.0) if up_s else None,
        )
        for key, parts in summed.items()
    ]


def _both(days: Iterable[DayFigures]) -> tuple[float, float]:
    """Delivered and possible energy over the days that know both: a ratio of different days says nothing."""
    pairs = [(d.delivered_wh, d.could_wh) for d in days if d.delivered_wh is not None and d.could_wh is not None]
    return math.fsum(p[0] for p in pairs), math.fsum(p[1] for p in pairs)


def _saved(days: Sequence[DayFigures]) -> float | None:
    peak, free = _max(d.peak_w for d in days), _max(d.free_peak_w for d in days)
    return max(free - peak, 0.0) if peak is not None and free is not None else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [v for v in values if v is not None]


def _sum(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return math.fsum(known) if known else None


def _max(values: Iterable[float | None]) -> float | None:
    return max(_known(values), default=None)


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return math.fsum(known) / len(known) if known else None
