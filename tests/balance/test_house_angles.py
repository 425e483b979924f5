"""What is no charger, on lines whose currents are not in phase: never too little, and not so much that it stops cars."""

import cmath
import math
import random

import pytest

from evdesk.balance import Balancer, Demand, LineSample
from evdesk.balance.house import line_bounds, rest
from evdesk.balance.lines import Net
from evdesk.balance.wiring import build_lines
from evdesk.model import Bay, Circuit, GridType, MeterSource, Site, Transformer
from tests.balance.physics import conductors


def delta(transformer=Transformer.NONE, rating=60.0):
    meter = MeterSource()
    if transformer is Transformer.NONE:
        circuits = (Circuit("Main", (rating,) * 3, meter=meter, other_max_a=(20.0,) * 3),)
    else:
        circuits = (
            Circuit("Main", (rating,) * 3, meter=meter, other_max_a=(20.0,) * 3),
            Circuit("Low", (200.0,) * 3, "Main", grid=GridType.DELTA, transformer=transformer),
        )
    where = circuits[-1].name
    bays = tuple(
        Bay(f"B{n}", 1, "x", where, max_a=40.0, phases=1, rotation=r) for n, r in enumerate(("RS", "ST", "TR"))
    )
    return Site(grid=GridType.DELTA, circuits=circuits, bays=bays, assumed=False)


def exact(amps):
    return [((a,) * 4, (a,) * 4) for a in amps]


@pytest.mark.parametrize(("kind", "angle"), [(Transformer.NONE, 60.0), (Transformer.DYN11, 90.0)])
def test_the_rest_is_never_thought_smaller_than_it_is(kind, angle):
    rng = random.Random(1)
    site = delta(kind)
    net = Net(build_lines(site), [(f"B{n}", 1) for n in range(3)])
    for _ in range(500):
        amps = [rng.choice([0.0, rng.uniform(6, 40)]) for _ in range(3)]
        for wire in net.wires[:3]:
            cars = sum(c * amps[i] for c, i in zip(wire.coefs, wire.members, strict=True))
            towards = cmath.phase(cars) if abs(cars) > 1e-9 else 0.0
            house = cmath.rect(rng.uniform(0, 30), towards + math.radians(rng.uniform(-angle, angle)))
            least, most = rest(wire, abs(cars + house), line_bounds(wire, exact(amps)))
            assert least - 1e-6 <= abs(house) <= most + 1e-6


@pytest.mark.parametrize("kind", [Transformer.NONE, Transformer.DYN1, Transformer.DYN11])
def test_cars_alone_are_not_taken_for_a_house(kind):
    """A meter that sees the cars only leaves them what the line carries."""
    site = delta(kind)
    balancer = Balancer(site)
    keys = [(b.charger_id, 1) for b in site.bays]
    have = dict.fromkeys(keys, 0.0)
    for n in range(300):
        now = 1000.0 + n
        flows = conductors(site, {key: [amps, 0.0, 0.0] for key, amps in have.items()})["Main"]
        sample = LineSample("Main", now, tuple(abs(flow) for flow in flows))
        used = (True, False, False)
        demands = [
            Demand(key, True, True, amps, amps, 40.0, charging=amps > 0, terminals=used, sample_s=2.0,
                   drawn_a=(amps, 0.0, 0.0), drawn_at=now if n % 2 else now - 1.0)
            for key, amps in have.items()
        ]  # fmt: skip
        have = {key: amps for key, (amps, _why) in balancer.step(now, demands, [sample]).limits.items()}
    peak = max(abs(flow) for flow in conductors(site, {k: [a, 0.0, 0.0] for k, a in have.items()})["Main"])
    assert 0.75 * 60.0 <= peak <= 59.0, have
