"""What is expected of each car, for the program: how long it stays, what it still takes, and what a kWh of that is worth.
From what was said, as far as such words count, from earlier charges here, and from how its current falls.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evdesk.balance.fit import Reals
from evdesk.balance.outlook import History, Stay, Told
from evdesk.balance.plan import Prospect
from evdesk.balance.plausible import power_kw
from evdesk.balance.types import Demand

SURE = 0.6
"""A stated need that counts this much is not exceeded."""

FAIR = 0.1
FAIR_KWH = 6.0
"""Without a departure to plan for, who got little so far comes first: worth this much more per kWh, fading with what it
got. It makes cars take turns; more of it costs energy."""

PRIORITY = 1.6
MOST_PRIORITY = 5
"""One more of `priority` multiplies the value of a kWh by this, within so many up and down."""

LEAST_PART = 0.05


@dataclass(frozen=True, slots=True)
class Car:
    """One car as it is known. `part`: of its limit that it uses; `tail_kwh`: what it still takes by how its current falls,
    infinite: that does not show. Value of a kWh on top because it waited: `turn`, and `turn_unsure` as far as nobody knows
    until when it stays."""

    plugged_at: float
    got_kwh: float
    told: Told
    kw_per_a: float
    part: float = 1.0
    tail_kwh: float = math.inf
    priority: float = 0
    turn: float = 0.0
    turn_unsure: float = 0.0


def prospects(history: History, cars: Sequence[Car], now: float, edges_s: Reals) -> list[Prospect]:
    """One per car. `edges_s` (B + 1): the bounds of the spans looked ahead, s from now."""
    if not cars:
        return []
    ahead = history.ahead(now, [Stay(car.plugged_at, car.got_kwh, car.told) for car in cars], edges_s)
    found = []
    for k, car in enumerate(cars):
        stay_trust, need_trust = history.trust(car.told)
        sure, left = need_trust >= SURE, float(ahead.left_kwh[k])
        fair = FAIR * math.exp(-car.got_kwh / FAIR_KWH)
        weight = PRIORITY ** min(max(car.priority, -MOST_PRIORITY), MOST_PRIORITY)
        found.append(
            Prospect(
                present=ahead.present[k],
                stays=ahead.stays[k],
                kw=power_kw(car.kw_per_a) * min(max(car.part, LEAST_PART), 1.0),
                got_kwh=car.got_kwh,
                left_kwh=left if sure else min(left, car.tail_kwh),
                sure=sure,
                bonus=((1.0 - stay_trust) * (fair + car.turn_unsure) + car.turn) * weight,
                weight=weight,
            )
        )
    return found


def energy_kwh(demand: Demand, had_kwh: float, flowing_a: float, seconds: float) -> float:
    """What a car has got by now: what is said, else what flowed since the last look on top. `demand`: a plausible one."""
    if demand.got_kwh is not None:
        return demand.got_kwh
    return had_kwh + flowing_a * power_kw(demand.kw_per_a) * seconds / 3600.0
