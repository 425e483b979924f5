"""A car as the charging station sees it (IEC 61851-1): it follows the pilot late, wakes up slowly, tapers, stops."""

import random
from collections import deque
from dataclasses import dataclass, field

RAMP_UP_A_PER_S = 2.0
RAMP_DOWN_A_PER_S = 15.0
MIN_PILOT_A = 6.0
TAPER_FROM = 0.92  # of the battery; above, the car takes less and less
TAPER_FLOOR = 0.25
AC_TO_BATTERY = 0.91


@dataclass(slots=True)
class Car:
    """`phases` 1, 2 or 3; energies in Wh; `wants_wh` is the battery level it stops at.

    `reaction_s` is the time to follow a changed pilot (with the ramp below the 5 s the standard allows);
    `wake_s` passes between an offer and the first current. `diligence` is the share of the pilot it takes.
    """

    phases: int = 3
    battery_wh: float = 60_000.0
    level_wh: float = 20_000.0
    wants_wh: float = 60_000.0
    max_a: float = 16.0
    wake_s: float = 12.0
    reaction_s: float = 2.0
    diligence: float = 0.985
    tag: str = "DRIVER-1"
    leaves_at: float | None = None
    current_a: float = 0.0
    _pilot_a: float = 0.0
    _awake_for: float = 0.0
    _heard: deque[tuple[float, float]] = field(default_factory=deque)
    _age: float = 0.0

    @property
    def full(self) -> bool:
        return self.level_wh >= min(self.wants_wh, self.battery_wh)

    @property
    def soc_pct(self) -> float:
        return 100.0 * self.level_wh / self.battery_wh

    def ceiling_a(self) -> float:
        """The most it would take now, whatever is offered."""
        if self.full:
            return 0.0
        part = self.level_wh / self.battery_wh
        if part <= TAPER_FROM:
            return self.max_a
        slope = (1.0 - part) / (1.0 - TAPER_FROM)
        return self.max_a * max(TAPER_FLOOR, slope)

    def step(self, dt: float, pilot_a: float, voltage_v: float = 230.0) -> float:
        """Let `dt` seconds pass under a pilot of `pilot_a` (0 = no offer); returns ampere per used phase."""
        self._age += dt
        self._follow(pilot_a)
        self._awake_for = self._awake_for + dt if self._pilot_a >= MIN_PILOT_A else 0.0
        target = 0.0
        if self._awake_for > self.wake_s:
            target = min(self._pilot_a * self.diligence, self.ceiling_a())
        low = self.current_a - RAMP_DOWN_A_PER_S * dt
        high = self.current_a + RAMP_UP_A_PER_S * dt
        self.current_a = max(low, min(high, target), 0.0)
        self.level_wh += self.power_w(voltage_v) * AC_TO_BATTERY * dt / 3600.0
        return self.current_a

    def power_w(self, voltage_v: float = 230.0) -> float:
        return self.current_a * voltage_v * self.phases

    def unplug(self) -> None:
        self.current_a = self._pilot_a = self._awake_for = 0.0
        self._heard.clear()

    def _follow(self, pilot_a: float) -> None:
        last = self._heard[-1][1] if self._heard else self._pilot_a
        if pilot_a != last:
            self._heard.append((self._age + self.reaction_s, pilot_a))
        while self._heard and self._heard[0][0] <= self._age:
            self._pilot_a = self._heard.popleft()[1]


def make_car(rng: random.Random, phases: int | None = None, number: int = 0) -> Car:
    """A car out of a small, usual fleet: 11 kW mostly, some one-phase hybrids, a few two-phase."""
    if phases is None:
        phases = rng.choices((1, 2, 3), (0.22, 0.10, 0.68))[0]
    battery = rng.choice((12_000.0, 38_000.0) if phases == 1 else (42_000.0, 58_000.0, 77_000.0))
    level = battery * rng.uniform(0.15, 0.55)
    return Car(
        phases=phases,
        battery_wh=battery,
        level_wh=level,
        wants_wh=battery * rng.choice((0.8, 0.9, 1.0)),
        max_a=rng.choice({1: (16.0, 16.0, 9.8, 32.0), 2: (16.0,), 3: (16.0, 16.0, 16.0, 11.0)}[phases]),
        wake_s=rng.uniform(5.0, 40.0),
        reaction_s=rng.uniform(1.0, 2.8),
        diligence=rng.uniform(0.965, 0.995),
        tag=_card(number or rng.randint(100, 999)),
    )


def _card(number: int) -> str:
    """A card's number of 7 bytes as its maker gives them out: begins with 04."""
    return f"04{number * 2_654_435_761 % (1 << 40):010X}80"
