"""A car that begins to ignore its limit, and one that takes less and then more again, beside obedient ones."""

from collections.abc import Callable

import pytest

from evdesk.balance import Balancer, Demand, LineSample
from evdesk.model import BalanceSettings, Bay, Circuit, MeterSource, Site, Why

Drawn = Callable[[int, int, float, float], float]
"""(connector, second, limit in force, current so far) -> ampere."""
Moment = tuple[list[float], float, tuple[float, ...]]
"""(limits, ampere on the line, currents)."""


def follow(
    count: int, rating: float, house: float, drawn: Drawn, seconds: int, *, lag: int, every: int, late: int
) -> list[Moment]:
    """Three-phase cars behind a metered line; the meter is `lag` seconds old, each connector tells its current each `every`
    seconds, three seconds after the one before it, and takes a limit `late` seconds after it was decided."""
    keys = [(f"W{n}", 1) for n in range(count)]
    site = Site(
        circuits=(Circuit("Main", (rating,) * 3, meter=MeterSource(), other_max_a=(30.0,) * 3),),
        bays=tuple(Bay(name, 1, name, "Main", phases=3, max_a=32.0, rotation="RST") for name, _ in keys),
        balance=BalanceSettings(),
        assumed=False,
    )
    balancer = Balancer(site)
    force, amps = [0.0] * count, [0.0] * count
    told: list[tuple[float, float]] = [(0.0, 1000.0)] * count
    decided: list[list[float]] = []
    total: list[float] = []
    found: list[Moment] = []
    for t in range(seconds):
        now = 1000.0 + t
        if t >= late:
            force = decided[t - late]
        amps = [drawn(n, t, force[n], amps[n]) for n in range(count)]
        told = [(amps[n], now) if (t + 3 * n) % every == 0 else told[n] for n in range(count)]
        total.append(house + sum(amps))
        open_a = [max([force[n], *(row[n] for row in decided[t - late :])]) for n in range(count)]
        demands = [
            Demand(
                key, True, True, force[n], open_a[n], 32.0, Why(), charging=amps[n] > 1, drawn_a=(told[n][0],) * 3,
                drawn_at=told[n][1], plugged_at=1000.0, kw_per_a=0.69, sample_s=float(every),
            )
            for n, key in enumerate(keys)
        ]  # fmt: skip
        sample = LineSample("Main", now - lag, (total[max(t - lag, 0)],) * 3)
        limits = balancer.step(now, demands, [sample]).limits
        decided.append([limits[key][0] for key in keys])
        found.append((decided[-1], total[-1], tuple(amps)))
    return found


def ramp(to: float, amps: float) -> float:
    return max(to, amps - 8.0) if to < amps else min(to, amps + 4.0)


@pytest.mark.parametrize("began", [400, 403, 406, 409, 433])
def test_who_begins_to_ignore_its_limit_pauses_nobody_who_fits(began):
    """Its overdraw is first taken for the house; once it is known for a car's it is not kept free twice."""

    def drawn(n: int, t: int, limit: float, amps: float) -> float:
        return ramp(32.0 if n == 0 and t >= began else limit, amps)

    seen = follow(4, 63.0, 5.0, drawn, began + 120, lag=1, every=10, late=1)[began:]
    assert min(min(limits[1:]) for limits, _, _ in seen) >= 6.0
    assert sum(total > 63.0 for _, total, _ in seen) <= 16
    assert all(total <= 63.0 for _, total, _ in seen[20:])


@pytest.mark.parametrize("lag", [0, 1, 2])
@pytest.mark.parametrize(("every", "phase"), [(1, 0), (5, 3), (10, 3), (10, 8)])
def test_what_a_car_leaves_goes_on_and_comes_back(lag, every, phase):
    """A meter older than the reading of a car that fell is not that of a house that rose; and its first ampere back are
    its own."""
    fell, back = 400, 700 + phase

    def drawn(n: int, t: int, limit: float, amps: float) -> float:
        return min(limit, 7.0 if n == 0 and fell <= t < back else 32.0)

    seen = follow(2, 40.0, 3.0, drawn, back + 60, lag=lag, every=every, late=1)
    other = [limits[1] for limits, _, _ in seen]
    assert min(other[fell : fell + 100]) >= other[fell - 1]  # nobody is cut for it
    assert other[fell + 60] >= 25.0
    first = next(t for t in range(back, back + 60) if seen[t][0][0] > 9.0)
    assert first - back <= 8 + every
    assert max(total for _, total, _ in seen) <= 40.0
