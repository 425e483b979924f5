"""What a building draws besides its cars, per phase: base, appliances, a heat pump, a cycling load.

A pure function of time and seed, so that the live site and its history agree. `WORST_A` bounds it on every phase.
"""

import math
import random
from dataclasses import dataclass
from functools import lru_cache

WORST_A = 14.0
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Appliance:
    """Switched on once per `slot_s` with a chance that follows the hour; `cycle_s` > 0: half on, half off meanwhile."""

    name: str
    amps: tuple[float, float, float]
    slot_s: float
    run_s: tuple[float, float]
    chance_day: float
    chance_busy: float
    cycle_s: float = 0.0


APPLIANCES = (
    Appliance("heat pump", (3.6, 3.6, 3.6), 1500.0, (500.0, 1100.0), 0.35, 0.9),
    Appliance("oven", (6.2, 0.0, 0.0), 2700.0, (600.0, 1800.0), 0.06, 0.6),
    Appliance("boiler", (0.0, 6.0, 0.0), 1800.0, (400.0, 900.0), 0.2, 0.6, cycle_s=45.0),
    Appliance("kettle", (0.0, 0.0, 7.4), 600.0, (60.0, 150.0), 0.1, 0.45),
    Appliance("workshop", (0.0, 2.2, 2.2), 3600.0, (900.0, 2400.0), 0.4, 0.2),
)


@lru_cache(maxsize=4096)
def _run(seed: int, index: int, slot: int) -> tuple[float, float, float]:
    """(draw, start, end) of one appliance in one slot, seconds inside the slot."""
    appliance = APPLIANCES[index]
    rng = random.Random(f"{seed}:{appliance.name}:{slot}")
    draw, length = rng.random(), rng.uniform(*appliance.run_s)
    begin = rng.uniform(0.0, max(0.0, appliance.slot_s - length))
    return draw, begin, begin + length


class House:
    """`evening_at` is the moment that counts as 18:30, so that a site is busy whatever the hour it is started."""

    def __init__(self, seed: int, evening_at: float) -> None:
        self.seed = seed
        self.shift = 18.5 * 3600 - evening_at

    def hour(self, at: float) -> float:
        """The site's own hour of the day, 0-24."""
        return ((at + self.shift) % DAY_S) / 3600.0

    def busy(self, at: float) -> float:
        """0 at night, near 1 in the morning and evening peaks."""
        hour = self.hour(at)
        morning = math.exp(-(((hour - 7.3) / 1.3) ** 2))
        evening = math.exp(-(((hour - 19.0) / 2.6) ** 2))
        return min(1.0, 0.75 * morning + evening)

    def running(self, at: float) -> list[str]:
        """Names of the appliances that are on."""
        return [APPLIANCES[k].name for k in range(len(APPLIANCES)) if self._is_on(k, at)]

    def current_a(self, at: float) -> tuple[float, float, float]:
        """Ampere per site phase at Unix time `at`; never above WORST_A."""
        busy = self.busy(at)
        base = 0.7 + 1.1 * busy
        ripple = 0.12 * math.sin(at / 17.0) + 0.08 * math.sin(at / 5.3)
        amps = [base + ripple, base * 1.3 - ripple, base * 0.8 + ripple / 2]
        for index, appliance in enumerate(APPLIANCES):
            if self._is_on(index, at):
                amps = [have + more for have, more in zip(amps, appliance.amps, strict=True)]
        one, two, three = (max(0.1, min(WORST_A, value)) for value in amps)
        return (one, two, three)

    def _is_on(self, index: int, at: float) -> bool:
        appliance = APPLIANCES[index]
        local = at + self.shift
        slot, inside = divmod(local, appliance.slot_s)
        draw, begin, end = _run(self.seed, index, int(slot))
        if not begin <= inside < end:
            return False
        busy = self.busy(at - inside + begin)
        if draw >= appliance.chance_day + (appliance.chance_busy - appliance.chance_day) * busy:
            return False
        return appliance.cycle_s == 0.0 or (inside - begin) % appliance.cycle_s < appliance.cycle_s / 2
