"""Cars that are nearly full: what they no longer take goes to others, at once and hardly any of it lost."""

import math

from evdesk.balance import Demand, Line, Rules, Sharing
from evdesk.balance.taper import Taper

KW = 0.208
STEP_S = 300.0


def share_beside(kwh_to_full: float, battery_kwh: float, tail: float, steps: int = 24) -> tuple[float, list[float]]:
    """One car near full and one that takes all: ampere-steps the first was left and did not take, and its limits."""
    sharing = Sharing([Line("Main", limit_a=38.0, coef={("A", 1): 1, ("B", 1): 1})], Rules(interruptions=None))
    left, took, lost, limits = kwh_to_full, {"A": 0.0, "B": 0.0}, 0.0, []
    for step in range(steps):
        demands = [
            Demand((n, 1), drawn_a=(took[n], None, None), kw_per_a=KW, plugged_at=0.0, priority=int(n == "A"))
            for n in "AB"
        ]
        given = {key[0]: amps for key, (amps, _) in sharing.decide(step * STEP_S, demands).items()}
        able = 32.0 * min(1.0, left / battery_kwh / (1.0 - tail))
        took = {"A": min(given["A"], able), "B": given["B"]}
        left -= took["A"] * KW * STEP_S / 3600.0
        if given["A"] > 6.0:
            lost += given["A"] - took["A"]
            limits.append(given["A"])
    return lost, limits


def test_little_is_left_unused_beside_a_car_that_gets_full():
    for battery_kwh, tail in ((20.0, 0.9), (40.0, 0.9), (30.0, 0.75), (60.0, 0.8)):
        lost, limits = share_beside(0.97 * battery_kwh * (1.0 - tail), battery_kwh, tail)
        assert lost < 25.0
        assert min(limits) <= 14.0


def test_the_fall_goes_on_behind_a_lower_limit_and_stands_still_in_a_pause():
    taper = Taper()
    taper.see(30.0, 5.0)
    taper.see(26.0, 6.0)
    assert taper.next_a(6.0, 0.0) == 26.0
    assert taper.next_a(6.0, 0.5) == 26.0 / 2.0  # falls by 4 A/kWh while it takes 0.5 kWh for each ampere
    assert taper.next_a(8.0, 0.0) == 18.0
    assert taper.left_kwh(6.0, KW) == 26.0 / 4.0
    assert taper.left_kwh(8.0, KW) == 18.0 / 4.0
    assert taper.next_a(1e9, 0.0) > 0
    assert taper.left_kwh(1e9, KW) == 0.0


def test_a_small_charger_in_the_car_is_not_taken_for_a_full_battery():
    taper = Taper()
    assert taper.left_kwh(0.0, KW) == math.inf
    taper.see(16.0, 1.0)
    assert taper.left_kwh(1.0, KW) == 16.0 * KW  # seen once, for all one knows it is nearly full
    for kwh in (1.3, 1.6, 1.9):
        taper.see(15.9 if kwh == 1.6 else 16.0, kwh)
    assert taper.left_kwh(2.0, KW) > 50.0
    assert taper.next_a(2.0, 0.2) > 15.5


def test_a_car_that_takes_more_again_has_all_within_a_few_steps():
    sharing = Sharing([Line("Main", limit_a=60.0, coef={("A", 1): 1})], Rules())
    took, limits = 0.0, []
    for step in range(12):
        found = sharing.decide(
            step * STEP_S, [Demand(("A", 1), drawn_a=(took, None, None), kw_per_a=KW, plugged_at=0.0)]
        )
        limits.append(found["A", 1][0])
        took = min(limits[-1], 7.0 if step < 5 else 32.0)
    assert limits[4] == 8.0
    assert limits[-3:] == [32.0] * 3


def test_what_a_car_left_is_remembered_over_a_long_pause():
    sharing = Sharing([Line("Main", limit_a=60.0, coef={("A", 1): 1, ("B", 1): 1})], Rules(interruptions=None))
    took, seen = {"A": 0.0, "B": 0.0}, []
    for step in range(60):
        room = 60.0 if step < 6 or step > 50 else 0.0
        demands = [Demand((n, 1), drawn_a=(took[n], None, None), kw_per_a=KW, plugged_at=0.0) for n in "AB"]
        found = sharing.decide(step * STEP_S, demands, rooms={"Main": room})
        took = {"A": min(found["A", 1][0], 12.0), "B": found["B", 1][0]}
        seen.append(found["A", 1][0])
    assert seen[5] == 13.0
    assert max(seen[51:]) <= 14.0
