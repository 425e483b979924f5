"""Figures of the days before the simulated past begins: made up, in the shape a site of that size has (demo only)."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from evdesk.model.insights import ChargerDay, DayFigures
from evdesk.simulator.layout import places, ratings

DAY_S = 86_400.0
VOLTAGE_V = 230.0
DARK_DAY = 11
"""One day nothing was recorded: the computer was off."""
OVEN_DAYS = (4, 19)
"""Days on which a line was above its rating for some seconds."""


def past_days(last: date, *, seed: int = 1, chargers: int = 8, days: int = 44) -> Iterator[tuple[date, DayFigures]]:
    """The `days` up to `last`, oldest first; the site fills up over the weeks, and weekends are quieter."""
    for back in range(days - 1, -1, -1):
        if back != DARK_DAY:
            day = last - timedelta(days=back)
            yield day, _day(random.Random(f"{seed}:{day}"), day, chargers, 1.0 - back / (days * 2.2), back in OVEN_DAYS)


def _day(rng: random.Random, day: date, chargers: int, busy: float, over: bool) -> DayFigures:
    weekend = day.weekday() >= 5
    busy *= rng.uniform(0.86, 1.04) * (0.55 if weekend else 1.0)
    sessions = max(2, round(chargers * 3.4 * busy))
    rating_w = ratings(chargers)["Main"] * 3 * VOLTAGE_V
    delivered = sessions * rng.uniform(13_000, 15_500)
    short = rng.uniform(0.03, 0.07) + 0.35 * max(busy - 0.45, 0.0)
    shares = tuple(
        round(min(1.0, max(0.3, rng.gauss(1.0 - short * 1.1, 0.03 + short * 0.5))), 4) for _ in range(sessions)
    )
    could = delivered * (1.0 + short * 0.55)
    peak = rating_w * min(0.97, 0.44 + 0.55 * busy * rng.uniform(0.9, 1.0))
    return DayFigures(
        length_s=DAY_S,
        up_s=DAY_S,
        delivered_wh=round(delivered),
        could_wh=round(could),
        room_wh=round(rating_w * 24 * 0.62),
        wanted_wh=round(delivered * (1.0 + short)),
        sessions=sessions,
        shares=shares,
        held_back_s=round(sessions * rng.uniform(2400, 7000) * busy),
        restarts=sum(rng.random() < 0.08 for _ in range(sessions)),
        held_back_hours=round(1 + 7 * busy * rng.uniform(0.6, 1.1)),
        peak_w=round(peak),
        free_peak_w=round(max(peak, rating_w * (0.5 + 0.95 * busy * rng.uniform(0.9, 1.1)))),
        rating_w=rating_w,
        over_s=float(rng.randint(3, 7)) if over else 0.0,
        meter_lost_s=0.0 if rng.random() < 0.9 else round(rng.uniform(20, 200)),
        chargers=_chargers(rng, chargers, delivered, sessions),
    )


def _chargers(rng: random.Random, count: int, delivered: float, sessions: int) -> tuple[ChargerDay, ...]:
    """The energy spread over the bays: those near the door are used more."""
    weights = [rng.uniform(0.7, 1.2) * (1.35 if n % 8 < 3 else 0.9 if n % 8 < 6 else 0.55) for n in range(count)]
    total = sum(weights)
    return tuple(
        ChargerDay(
            place.charger_id,
            1,
            energy_wh=round(delivered * weight / total),
            plugged_s=round(DAY_S * min(0.92, 0.38 * weight)),
            charging_s=round(DAY_S * min(0.85, 0.22 * weight)),
            held_back_s=round(DAY_S * 0.03 * weight),
            sessions=round(sessions * weight / total),
        )
        for place, weight in zip(places(count), weights, strict=True)
    )
