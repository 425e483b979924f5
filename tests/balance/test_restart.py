"""A balancer that begins while cars charge: it knows their limits and the meter, but no reading of a car yet."""

import pytest

from evdesk.balance import Balancer, Demand, LineSample
from evdesk.model import Bay, Circuit, MeterSource, Site

SITE = Site(
    circuits=(Circuit("Main", (63.0,) * 3, meter=MeterSource(), other_max_a=(20.0,) * 3),),
    bays=tuple(Bay(name, 1, name, "Main", max_a=32.0, rotation="RST") for name in ("A", "B")),
)
KEYS = (("A", 1), ("B", 1))
DIALS_S = 3


def run(
    house: list[float], tells_after_s: dict[str, int], seconds: int, drawn_a: float = 25.0
) -> list[tuple[float, float]]:
    """The limits second by second. The chargers dial in after 3 s and confirm what they have after 5 s; `tells_after_s`:
    each one's first reading, from then on. `house`: ampere per second, the last for the rest."""
    balancer = Balancer(SITE)
    limits: dict[tuple[str, int], float] = dict.fromkeys(KEYS, 25.0)
    seen = []
    for second in range(seconds):
        now = 1000.0 + second
        demands = []
        for key, amps in limits.items():
            first = DIALS_S + tells_after_s[key[0]]
            told_at = 1000.0 + second - (second - first) % 10 if second >= first else None
            drawn = (min(drawn_a, amps),) * 3 if told_at is not None else (None, None, None)
            there = second >= DIALS_S
            held = None if second < 5 else amps
            worst = 25.0 if second < 5 else amps
            demands.append(
                Demand(
                    key,
                    commandable=there,
                    confirmed_a=held,
                    worst_a=worst,
                    charging=True,
                    drawn_a=drawn,
                    drawn_at=told_at,
                )
            )
        total = house[min(second, len(house) - 1)] + sum(min(drawn_a, a) for a in limits.values())
        decision = balancer.step(now, demands, [LineSample("Main", now, (total,) * 3)])
        if second >= DIALS_S:
            limits = {key: decision.limits[key][0] for key in KEYS}
        seen.append((limits["A", 1], limits["B", 1]))
    return seen


@pytest.mark.parametrize("house_a", [5.0, 10.0, 12.0])
@pytest.mark.parametrize(("a", "b"), [(1, 1), (4, 4), (11, 11), (1, 9), (0, 11)])
def test_cars_that_charge_go_on_until_each_has_told_what_it_draws(house_a, a, b):
    seen = run([house_a], {"A": a, "B": b}, 120)
    assert min(min(pair) for pair in seen) >= 25.0
    assert all(first <= 25.0 for pair in seen[: DIALS_S + max(a, b)] for first in pair), "nothing rises meanwhile"
    assert max(sum(pair) for pair in seen) + house_a <= 63.0


def test_a_house_that_grows_meanwhile_is_seen_by_the_meter():
    seen = run([5.0] * 6 + [20.0], {"A": 11, "B": 11}, 20)
    assert seen[5] == (25.0, 25.0)
    assert all(sum(pair) + 20.0 <= 63.0 for pair in seen[6:])
    assert min(min(pair) for pair in seen) >= 20.0, "by the excess, not to nothing"


def test_one_that_does_not_tell_within_its_interval_counts_at_its_worst():
    """Its current may then be anything: so may the house's."""
    seen = run([40.0], {"A": 11, "B": 1000}, 60, drawn_a=10.0)
    assert seen[DIALS_S + 10] == (25.0, 25.0)
    assert sum(seen[40]) + 40.0 <= 63.0


def test_a_charger_that_never_dials_in_is_waited_for_a_minute():
    balancer = Balancer(SITE)
    seen = []
    for second in range(120):
        now = 1000.0 + second
        demands = [
            Demand(
                KEYS[0], confirmed_a=25.0, worst_a=25.0, charging=True, drawn_a=(25.0,) * 3, drawn_at=now - second % 10
            ),
            Demand(KEYS[1], commandable=False, worst_a=25.0, charging=True),
        ]
        decision = balancer.step(now, demands, [LineSample("Main", now, (55.0,) * 3)])
        seen.append(decision.limits[KEYS[0]][0])
    assert set(seen[:60]) == {25.0}
    assert seen[-1] < 25.0
