"""What is kept from second to second changes nothing but the time it takes."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.balance import Balancer, Demand, LineSample
from evdesk.balance.intake import Intake
from evdesk.balance.track import Track
from evdesk.model import Bay, Circuit, Site
from tests.balance.test_invariants import Chaos


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_a_seat_that_stands_says_what_a_new_one_would(seed):
    """Long stretches in which demands repeat, and holes in the calls; against a balancer that makes every seat anew."""

    class Fresh(Track):
        def same_until(self, demand: Demand, now: float) -> float:
            return float("-inf")

    rng, chaos = random.Random(seed), Chaos(seed)
    quick, slow = Balancer(chaos.site, strict=False), Balancer(chaos.site, strict=False)
    slow._intake.tracks = {key: Fresh(key) for key in slow._intake.tracks}
    now, demands = 5000.0, chaos.demands(5000.0)
    samples: list[LineSample] = []
    for _ in range(60):
        now += rng.choice([1.0, 1.0, 1.0, 1.0, 1.0, 0.2, 3.0, 40.0, -2.0])
        if rng.random() < 0.3:
            demands = chaos.demands(now)
        if rng.random() < 0.8:
            samples = chaos.samples(now)
        one, two = quick.step(now, demands, samples), slow.step(now, demands, samples)
        assert one == two
        assert one.lines == two.lines
        chaos.obey(one)


def test_most_seats_stand():
    """Chargers that report each ten seconds: in nine of ten nothing is made anew, and a car that comes is."""
    site = Site(
        circuits=(Circuit("Main", (63.0,) * 3),), bays=tuple(Bay(f"B{n}", 1, f"{n}", "Main") for n in range(10))
    )
    intake = Intake()
    intake.reconfigure(site, {(f"B{n}", 1): 6.0 for n in range(10)})

    def demands(now: float, wants: int) -> list[Demand]:
        return [
            Demand(
                (f"B{n}", 1),
                n < wants,
                confirmed_a=0.0,
                worst_a=0.0,
                drawn_a=(0.0, 0.0, 0.0),
                drawn_at=now - (now + n) % 10,
            )
            for n in range(10)
        ]

    before = intake.take(1000.0, demands(1000.0, 5))
    assert intake.changed
    for second in range(1, 40):
        seats = intake.take(1000.0 + second, demands(1000.0 + second, 5))
        assert not intake.changed
        if second > 10:  # each has said something by then
            assert sum(new is not old for new, old in zip(seats, before, strict=True)) == 1
        before = seats
    seats = intake.take(1040.0, demands(1040.0, 6))
    assert intake.changed
    assert seats[5].active
