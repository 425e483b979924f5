"""Coefficients against currents worked out by hand, and random sites against Kirchhoff."""

import math

import pytest

from evdesk.balance import Balancer, Demand, LineSample, build_lines, safe_share, validate_site
from evdesk.balance.lines import Net
from evdesk.model import (
    Bay,
    CapGroup,
    ChargeMode,
    Circuit,
    GridType,
    MeterSource,
    PowerCap,
    Site,
    Transformer,
    Why,
    WhyCode,
)
from tests.balance.physics import conductors
from tests.balance.random_sites import try_site

MAIN = Circuit("Main", (63.0,) * 3)


def loads(site, amps, used=None, caps=()):
    """Line -> load with these ampere per bay."""
    keys = [(b.charger_id, b.connector_id) for b in site.bays]
    net = Net(build_lines(site, caps), keys)
    net.use(used or [(True, True, True)] * len(keys))
    return {wire.line.name: wire.load(amps) for wire in net.wires}


def bays(*wirings, circuit="Main"):
    return tuple(
        Bay(f"B{n}", 1, f"Bay {n}", circuit, max_a=40.0, phases=1 if len(w) == 2 else 3, rotation=w)
        for n, w in enumerate(wirings)
    )


def test_two_outlets_between_phases_meet_at_sixty_degrees():
    site = Site(grid=GridType.DELTA, circuits=(MAIN,), bays=bays("RS", "TR"))
    found = loads(site, [20.0, 20.0])
    assert found["Main/L1"] == pytest.approx(20 * math.sqrt(3))
    assert found["Main/L2"] == found["Main/L3"] == pytest.approx(20)


def test_a_balanced_triangle_takes_root_three_per_line():
    site = Site(grid=GridType.DELTA, circuits=(MAIN,), bays=bays("RS", "ST", "TR"))
    assert loads(site, [10.0] * 3) == pytest.approx(dict.fromkeys(("Main/L1", "Main/L2", "Main/L3"), 10 * math.sqrt(3)))


def test_a_star_car_and_one_between_phases_share_a_conductor():
    site = Site(circuits=(MAIN,), bays=bays("RST", "RS"))
    assert loads(site, [10.0, 10.0])["Main/L1"] == pytest.approx(abs(10 + 10 * complex(math.cos(math.pi / 6), 0.5)))


def test_split_phase_adds_240_and_120_volt_outlets_on_a_leg():
    main = Circuit("Main", (100.0, 100.0, 0.0))
    one_leg = Bay("B1", 1, "x", "Main", phases=1, rotation="SRT")
    site = Site(grid=GridType.SPLIT, voltage_v=120.0, circuits=(main,), bays=(*bays("RS"), one_leg))
    assert validate_site(site) == []
    assert loads(site, [30.0, 12.0]) == pytest.approx({"Main/L1": 30.0, "Main/L2": 42.0})


@pytest.mark.parametrize("kind", [Transformer.DYN1, Transformer.DYN11])
def test_a_one_phase_car_behind_a_delta_star_transformer_loads_two_lines(kind):
    circuits = (Circuit("Main", (60.0,) * 3), Circuit("Low", (160.0,) * 3, "Main", transformer=kind, ratio=2.0))
    site = Site(circuits=circuits, bays=bays("RST", circuit="Low"))
    assert validate_site(site) == []
    one = loads(site, [24.0], [(True, False, False)])
    high = sorted(one[f"Main/L{n}"] for n in (1, 2, 3))
    assert high == pytest.approx([0.0, 24 / (2 * math.sqrt(3)), 24 / (2 * math.sqrt(3))])
    three = loads(site, [24.0])
    assert [three[f"Main/L{n}"] for n in (1, 2, 3)] == pytest.approx([12.0] * 3)


@pytest.mark.parametrize("beside", [Transformer.NONE, Transformer.DYN1, Transformer.DYN11])
def test_balanced_loads_are_in_phase_on_every_side_of_a_transformer(beside):
    """Two three-phase chargers on one main, behind different transformers: their currents add up as numbers."""
    circuits = (
        Circuit("Main", (100.0,) * 3),
        Circuit("One", (100.0,) * 3, "Main", transformer=Transformer.DYN11),
        Circuit("Two", (100.0,) * 3, "Main", transformer=beside),
    )
    chargers = tuple(Bay(name, 1, name, name, max_a=80.0, rotation="RST") for name in ("One", "Two"))
    site = Site(circuits=circuits, bays=chargers)
    assert loads(site, [40.0, 40.0])["Main/L1"] == pytest.approx(80.0)
    _balancer, _decision, have = run(site, [(True, True, True)] * 2)
    assert sum(have.values()) <= 99.0


def test_a_car_that_hides_the_current_of_another_may_stop():
    """Behind the transformer the two are 120 degrees apart: together they load the line less than one alone."""
    circuits = (
        Circuit("Main", (11.0, 60.0, 60.0)),
        Circuit("Low", (80.0,) * 3, "Main", grid=GridType.DELTA, transformer=Transformer.DYN1),
    )
    assert validate_site(Site(circuits=circuits)) == []
    small = Bay("B1", 1, "x", "Low", max_a=10.0, phases=1, rotation="TR")
    site = Site(circuits=circuits, bays=(*bays("ST", circuit="Low"), small))
    _balancer, _decision, have = run(site, [(True, False, False)] * 2)
    assert have["B1", 1] == 10.0
    for drawn in ([have["B0", 1], 10.0], [have["B0", 1], 0.0], [0.0, 10.0]):
        assert max(loads(site, drawn).values()) <= 80
        amps = {("B0", 1): [drawn[0], 0, 0], ("B1", 1): [drawn[1], 0, 0]}
        assert abs(conductors(site, amps)["Main"][0]) <= 10.0


def test_unbalance_counts_one_phase_cars_only_and_the_other_phase_helps():
    site = Site(circuits=(Circuit("Main", (63.0,) * 3, unbalance_a=20.0),), bays=bays("RST", "STR", "RST"))
    used = [(True, False, False), (True, False, False), (True, True, True)]
    found = loads(site, [30.0, 16.0, 32.0], used)
    assert [found[f"Main/{pair}"] for pair in ("L1-L2", "L2-L3", "L3-L1")] == [14.0, 16.0, 30.0]


def demand(key, limit=None, used=(True, True, True), top=32.0):
    return Demand(key, True, True, limit, limit or 0.0, top, Why(WhyCode.CHARGER), terminals=used, charging=True)


def run(site, used, seconds=400, caps=()):
    balancer = Balancer(site)
    balancer.limit_power(caps)
    keys = [(b.charger_id, b.connector_id) for b in site.bays]
    have, decision = dict.fromkeys(keys), None
    for n in range(seconds):
        decision = balancer.step(1000.0 + n, [demand(k, have[k], u) for k, u in zip(keys, used, strict=True)], [])
        have = {k: a for k, (a, _why) in decision.limits.items()}
    return balancer, decision, have


def test_an_unbalance_limit_holds_and_falls_at_once_when_the_other_phase_goes():
    site = Site(circuits=(Circuit("Main", (63.0,) * 3, unbalance_a=20.0),), bays=bays("RST", "STR", "TRS"))
    one = (True, False, False)
    balancer, decision, have = run(site, [one] * 3)
    assert have == {("B0", 1): 32.0, ("B1", 1): 32.0, ("B2", 1): 32.0}
    alone = [demand(("B0", 1), 32.0, one)]
    alone += [Demand((f"B{n}", 1), False, True, None, 0.0, 32.0, Why(WhyCode.NO_CAR)) for n in (1, 2)]
    decision = balancer.step(1400.0, alone, [])
    assert decision.limits["B0", 1][0] == 20.0
    assert decision.limits["B0", 1][1].line in ("Main/L1-L2", "Main/L3-L1")


@pytest.mark.parametrize(("watts", "each"), [(11_040.0, 8.0), (4200.0, 6.0), (0.0, 0.0)])
def test_a_power_limit_holds_for_all_chargers_and_says_who_gave_it(watts, each):
    site = Site(circuits=(MAIN,), bays=bays("RST", "STR"))
    three = (True, True, True)
    balancer, decision, have = run(site, [three] * 2, caps=(PowerCap("grid operator", watts),))
    assert sum(have.values()) * 690 <= (watts if watts > 0 else 0) + 1
    assert max(have.values()) == each
    limited = [why for amps, why in decision.limits.values() if amps < 32]
    assert limited
    assert all((why.code, why.line) == (WhyCode.CAP, "grid operator") for why in limited)
    balancer.limit_power(())
    for n in range(200):
        decision = balancer.step(2000.0 + n, [demand(k, decision.limits[k][0]) for k in have], [])
    assert {amps for amps, _why in decision.limits.values()} == {31.0}


def test_a_power_limit_of_the_connection_counts_the_house():
    circuits = (Circuit("Main", (63.0,) * 3, other_max_a=(10.0, 5.0, 5.0)),)
    site = Site(circuits=circuits, bays=bays("RST"))
    cap = PowerCap("schedule", 230.0 * 50, CapGroup.CONNECTION)
    assert run(site, [(True, True, True)], caps=(cap,))[2] == {("B0", 1): 10.0}


def test_only_a_part_of_the_rating_may_flow_for_hours():
    site = Site(circuits=(Circuit("Main", (40.0,) * 3, continuous=0.8),), bays=bays("RST"))
    assert run(site, [(True, True, True)])[2] == {("B0", 1): 31.0}


@pytest.mark.parametrize("block", range(4))
def test_random_sites_keep_every_conductor_below_its_limit(block):
    found = [said for seed in range(block * 50, block * 50 + 50) if (said := try_site(seed))]
    assert found == []


WRONG = [
    (Circuit("Low", (10.0,) * 3, "Main", grid=GridType.SPLIT), "Use the same grid"),
    (Circuit("Low", (10.0,) * 3, "Main", continuous=1.2), "Enter 0.5 to 1"),
    (Circuit("Low", (10.0,) * 3, "Main", unbalance_a=-1.0), "Enter a current above 0"),
    (Circuit("Low", (10.0,) * 3, "Main", transformer=Transformer.DYN11, ratio=0.0), "Enter the volts of the feeding"),
    (Circuit("Low", (10.0,) * 3, "", transformer=Transformer.DYN11), "Add the circuit before the transformer"),
]


@pytest.mark.parametrize(("circuit", "words"), WRONG)
def test_a_circuit_that_cannot_be_is_refused_in_words(circuit, words):
    found = validate_site(Site(circuits=(MAIN, circuit)))
    assert any(words in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("grid", "phases", "rotation", "words"),
    [
        (GridType.DELTA, 1, "RST", "without neutral"),
        (GridType.SPLIT, 1, "ST", "does not have"),
        (GridType.SPLIT, 3, "RST", "split-phase"),
        (GridType.WYE, 3, "RS", "Enter 1 phase"),
        (GridType.WYE, 1, "RR", "Write R, S and T"),
    ],
)
def test_wiring_that_cannot_be_is_refused_in_words(grid, phases, rotation, words):
    site = Site(grid=grid, circuits=(MAIN,), bays=(Bay("A", 1, "x", "Main", phases=phases, rotation=rotation),))
    assert any(words in sentence for sentence in validate_site(site)), validate_site(site)


def test_a_limit_nobody_uses_is_no_counterweight():
    """Two cars on other phases are full and keep their limits: the one on L1 may not lean on them."""
    site = Site(circuits=(Circuit("Main", (63.0,) * 3, unbalance_a=20.0),), bays=bays("RST", "STR", "TRS"))
    one = (True, False, False)
    balancer = Balancer(site)
    have = {(f"B{n}", 1): 0.0 for n in range(3)}
    for n in range(400):
        now = 1000.0 + n
        given = []
        for key, amps in have.items():
            draws = 0.0 if key[0] != "B0" and n > 120 else amps
            given.append(
                Demand(key, True, True, amps, amps, 32.0, charging=amps > 0, terminals=one,
                       drawn_a=(draws, 0.0, 0.0), drawn_at=now)
            )  # fmt: skip
        have = {key: amps for key, (amps, _why) in balancer.step(now, given, []).limits.items()}
        if n == 110:
            assert have["B0", 1] == 32.0
    assert have["B0", 1] <= 20.0


def test_what_hangs_below_a_transformer_counts_with_its_ratio_on_a_line_without_a_meter():
    circuits = (
        Circuit("Main", (100.0,) * 3),
        Circuit("Low", (200.0,) * 3, "Main", MeterSource(), (100.0,) * 3, transformer=Transformer.DYN11, ratio=2.31),
    )
    site = Site(circuits=circuits, bays=bays("RST"))
    balancer = Balancer(site)
    have, now = 0.0, 1000.0
    for n in range(120):
        now = 1000.0 + n
        car = Demand(("B0", 1), True, True, have, have, 40.0, charging=have > 0, drawn_a=(have,) * 3, drawn_at=now)
        decision = balancer.step(now, [car], [LineSample("Low", now, (90.0,) * 3)])
        have = decision.limits["B0", 1][0]
    assert have == 40.0  # 90 A below are at most 45 A above


@pytest.mark.parametrize("mode", [ChargeMode.SOLAR_FIRST, ChargeMode.SOLAR_ONLY])
def test_charging_from_the_roof_takes_nobody_the_safe_default(mode):
    chargers = tuple(Bay(f"B{n}", 1, "x", "Main", rotation="RST", mode=mode) for n in range(4))
    site = Site(circuits=(Circuit("Main", (100.0,) * 3),), bays=chargers)
    assert set(safe_share(site).values()) == {16.0}
