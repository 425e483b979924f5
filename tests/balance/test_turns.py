"""Where the minimum is not there for all: who gets a turn, and what everybody has in the end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.balance import Balancer, Decision, Demand
from evdesk.model import BalanceSettings, Bay, Circuit, ShareBy, Site, WhyCode

START = 1.8e9
STEP_S = 60
KW_PER_A = 0.69


def charged(
    room_a: float,
    cars: int,
    hours: float,
    by: ShareBy = ShareBy.EQUAL,
    *,
    told: dict[int, dict[str, float]] | None = None,
    counts: bool = True,
    priorities: tuple[int, ...] = (),
    seen: list[Decision] | None = None,
) -> list[float]:
    """kWh of each of these cars, which take all they may. `counts`: the caller says what each has got."""
    ranks = priorities or (0,) * cars
    bays = tuple(Bay(f"B{k}", 1, f"{k}", "Main", rotation="RST", priority=ranks[k]) for k in range(cars))
    rules = BalanceSettings(share_by=by, margin_a=0.0)
    balancer = Balancer(Site(circuits=(Circuit("Main", (room_a,) * 3),), bays=bays, balance=rules))
    have, kwh = [0.0] * cars, [0.0] * cars
    for s in range(0, int(hours * 3600), STEP_S):
        now = START + s
        demands = [
            Demand(
                (f"B{k}", 1),
                confirmed_a=a,
                worst_a=a,
                ceiling_a=32.0,
                drawn_a=(a,) * 3,
                drawn_at=now,
                charging=a > 0,
                plugged_at=START,
                kw_per_a=KW_PER_A,
                got_kwh=kwh[k] if counts else None,
                priority=ranks[k],
                **(told or {}).get(k, {}),  # type: ignore[arg-type]
            )
            for k, a in enumerate(have)
        ]
        decision = balancer.step(now, demands, [])
        limits = decision.limits
        if seen is not None:
            seen.append(decision)
        have = [limits[(f"B{k}", 1)][0] for k in range(cars)]
        kwh = [e + a * KW_PER_A * STEP_S / 3600 for e, a in zip(kwh, have, strict=True)]
    return kwh


@settings(max_examples=8, deadline=None)
@given(
    st.integers(2, 6),
    st.integers(1, 4),
    st.sampled_from([0.0, 1.0, 3.0]),
    st.booleans(),
    st.sampled_from([ShareBy.EQUAL, ShareBy.PRIORITY]),
)
def test_identical_cars_differ_by_less_than_two_turns_after_many_hours(cars, places, more, counts, by):
    places = min(places, cars - 1)
    room = 6.0 * places + min(more, 5.0)
    kwh = charged(room, cars, 6.0, by, counts=counts)
    most_a = room - 6.0 * (places - 1)
    assert max(kwh) - min(kwh) < 2 * most_a * KW_PER_A * 0.25 + 0.1
    assert sum(kwh) > 0.9 * 6.0 * places * KW_PER_A * 6.0


def test_within_one_priority_too():
    kwh = charged(13.0, 5, 10.0, ShareBy.PRIORITY, priorities=(0, 0, 0, 0, 1))
    assert max(kwh[:4]) - min(kwh[:4]) < 2 * 7.0 * KW_PER_A * 0.25
    assert kwh[4] > max(kwh) - 1e-9


@pytest.mark.parametrize(("cars", "room"), [(3, 14.0), (5, 14.0), (5, 20.0), (4, 26.0)])
@settings(max_examples=2, deadline=None)
@given(
    st.sampled_from([2.0, 4.0, 5.0]),
    st.sampled_from([4.0, 10.0, 20.0, 40.0]),
    st.integers(0, 2),
)
def test_the_truth_never_gives_a_car_less_than_silence(cars, room, hours, needs, car):
    silent = charged(room, cars, hours, ShareBy.LEAVING)[car]
    words = {"departure_at": START + 3600 * hours, "needs_kwh": needs, "trust": 1.0}
    told = charged(room, cars, hours, ShareBy.LEAVING, told={car: words})[car]
    two_turns = 2 * 8.0 * KW_PER_A * 0.25
    assert told >= min(silent, needs) - two_turns


def test_who_must_charge_from_now_on_to_get_what_it_needs_comes_first():
    words = {"departure_at": START + 5 * 3600, "needs_kwh": 20.0, "trust": 1.0}
    seen: list[Decision] = []
    told = charged(14.0, 5, 5.0, ShareBy.LEAVING, told={0: words}, seen=seen)
    assert told[0] == max(told)
    waits = [why for d in seen for a, why in [d.limits[("B0", 1)]] if a == 0 and why.code is WhyCode.WAITING]
    assert waits
    assert all(why.detail or why.until_at is not None for why in waits)


def test_who_has_plenty_of_time_gets_what_it_needs_all_the_same():
    hours = 6.0
    words = {"departure_at": START + hours * 3600, "needs_kwh": 6.0, "trust": 1.0}
    told = charged(14.0, 4, hours, ShareBy.LEAVING, told={1: words})
    assert told[1] >= 5.7
