"""Sites change for years: what is gone is forgotten."""

import pickle

from evdesk.balance import Balancer, Demand, Line, LineSample, Sharing
from evdesk.model import BalanceSettings, Bay, Breaker, Circuit, MeterSource, PowerCap, ShareBy, Site


def site(n):
    """Every circuit and every charger is another one; the supply is too small, so that lines are cut."""
    circuits = (
        Circuit(f"Main {n}", (20.0,) * 3, meter=MeterSource(), other_max_a=(9.0,) * 3, breaker=Breaker.C),
        Circuit(f"Sub {n}", (16.0,) * 3, f"Main {n}", meter=MeterSource(), breaker=Breaker.B),
    )
    bays = tuple(Bay(f"C{n}-{k}", 1, f"Bay {k}", f"Sub {n}", rotation="RST") for k in range(3))
    settings = BalanceSettings(share_by=(ShareBy.EQUAL, ShareBy.LEAVING)[n % 2])
    return Site(circuits=circuits, bays=bays, balance=settings, assumed=False)


def test_a_balancer_does_not_grow_over_a_thousand_changed_sites():
    balancer = Balancer(site(0), strict=False)
    sizes = []
    for n in range(1000):
        where, now = site(n), 1000.0 + 300.0 * n
        balancer.reconfigure(where)
        balancer.limit_power([PowerCap(f"source {n}", 9000.0)])
        for second in range(3):
            at = now + second
            demands = [
                Demand((f"C{n}-{k}", 1), confirmed_a=9.0, worst_a=9.0, charging=True, drawn_a=(9.0,) * 3, drawn_at=at)
                for k in range(3)
            ]
            samples = [LineSample(f"{name} {n}", at, (31.0,) * 3) for name in ("Main", "Sub")]
            balancer.step(at, demands, samples)
        if n in (500, 501, 998, 999):  # the history of charges is full by then
            sizes.append(len(pickle.dumps(balancer)))
    assert max(sizes[2:]) <= 1.02 * max(sizes[:2]), sizes


def test_the_library_does_not_grow_over_a_thousand_cars():
    lines = [Line("Main", limit_a=20.0, coef={(f"C{n}", 1): 1 for n in range(3)})]
    sharing, sizes = Sharing(lines), []
    for n in range(1000):
        at = 3600.0 * n
        for second in (0.0, 300.0):
            cars = [Demand((f"C{(n + k) % 3}", 1), plugged_at=at) for k in range(2)]
            sharing.decide(at + second, [*cars, Demand((f"stray {n}", 1))])
        if n in (500, 501, 998, 999):
            sizes.append(len(pickle.dumps(sharing)))
    assert max(sizes[2:]) <= 1.02 * max(sizes[:2]), sizes
