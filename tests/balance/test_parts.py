"""The parts on their own: wiring, the exact worst case, shares against brute force, failsafe figures, reasons."""

import cmath
import itertools
import math
import random
from dataclasses import replace

import pytest

from evdesk.balance import ANY_TERMINAL, Balancer, Demand, Line, LineSample, build_lines, failsafe_plans, validate_site
from evdesk.balance.filters import MaxWindow
from evdesk.balance.habit import Pull
from evdesk.balance.lines import Net, worst_magnitude
from evdesk.balance.safety import Cut, Cuttable, enforce
from evdesk.balance.sharing import Bidder, share
from evdesk.model import BalanceSettings, Bay, Circuit, GridType, MeterSource, Site, Why, WhyCode


def tree(**more: object) -> Site:
    circuits = (
        Circuit("Main", (63.0, 50.0, 63.0), other_max_a=(10.0, 10.0, 10.0)),
        Circuit("Garage", (32.0, 32.0, 32.0), "Main", other_max_a=(3.0, 0.0, 0.0)),
    )
    bays = (Bay("A", 1, "a", "Garage", rotation="STR"), Bay("B", 1, "b", "Main", phases=1, rotation="TRS"))
    return Site(circuits=circuits, bays=bays, **more)  # type: ignore[arg-type]


def test_lines_follow_tree_rotation_and_number_of_phases():
    lines = {line.name: line for line in build_lines(tree())}
    assert len(lines) == 6
    assert lines["Main/L2"].limit_a == 50.0
    assert lines["Main/L1"].terminal == {("A", 1): 2}
    assert lines["Main/L3"].terminal == {("A", 1): 1, ("B", 1): 0}
    assert lines["Garage/L2"].terminal == {("A", 1): 0}
    assert lines["Main/L1"].other_max_a == 10.0


def test_unknown_rotation_is_on_every_phase():
    site = Site(bays=(Bay("A", 1, "a", "Main", phases=1),))
    assert [line.terminal for line in build_lines(site)] == [{("A", 1): ANY_TERMINAL}] * 3


def test_single_phase_site_has_one_conductor():
    site = Site(grid=GridType.SINGLE, circuits=(Circuit("Main", (40.0, 0.0, 0.0)),), bays=(Bay("A", 1, "a", "Main"),))
    (line,) = build_lines(site)
    assert (line.name, line.terminal) == ("Main/L1", {("A", 1): 0})


@pytest.mark.parametrize("seed", range(20))
def test_worst_magnitude_is_that_of_all_combinations(seed):
    rng = random.Random(seed)
    parts = [
        (cmath.rect(rng.choice([1, 2]), math.radians(rng.choice(range(0, 360, 30)))), rng.uniform(0, 20))
        for _ in range(7)
    ]
    brute = max(
        abs(sum(c * a for (c, a), on in zip(parts, chosen, strict=True) if on))
        for chosen in itertools.product((0, 1), repeat=7)
    )
    assert worst_magnitude(parts) == pytest.approx(brute)


def test_line_to_line_loads_are_counted_with_their_angle():
    """Two chargers between L1-L2 and L1-L3: L1 carries sqrt(3) times, not twice."""
    keys = (("A", 1), ("B", 1))
    line = Line("Main/L1", "Main", 0, 60.0, {keys[0]: cmath.rect(1, 0), keys[1]: cmath.rect(1, math.pi / 3)})
    net = Net((line,), keys)
    assert net.wires[0].load([20.0, 20.0]) == pytest.approx(20 * math.sqrt(3))
    shares = share(net, [28.0], [28.0], [0.0, 0.0], [Bidder(0, 6, 32, 0), Bidder(1, 6, 32, 0)])
    assert shares.amps == [16.0, 16.0]


@pytest.mark.parametrize("seed", range(30))
def test_shares_are_max_min(seed):
    """Nobody can have one ampere more without a line breaking or somebody with less or equal losing."""
    rng = random.Random(seed)
    keys = tuple((f"K{n}", 1) for n in range(4))
    lines = tuple(
        Line(f"L{n}", "x", n, 1.0, dict.fromkeys(rng.sample(keys, rng.randint(2, 4)), 1 + 0j)) for n in range(3)
    )
    net = Net(lines, keys)
    rooms = [float(rng.randint(24, 50)) for _ in lines]
    tops = [rng.choice([10, 16, 32]) for _ in keys]
    ranked = [Bidder(n, 6, tops[n], 0) for n in range(4) if any(keys[n] in line.coef for line in lines)]
    got = share(net, rooms, rooms, [0.0] * 4, ranked).amps
    mine = [got[b.index] for b in ranked]
    best = sorted(mine)
    for vector in itertools.product(*(range(6, b.top_a + 1) for b in ranked)):
        amps = [0.0] * 4
        for b, a in zip(ranked, vector, strict=True):
            amps[b.index] = float(a)
        if all(w.load(amps) <= r for w, r in zip(net.wires, rooms, strict=True)):
            assert sorted(vector) <= best


def test_failsafe_figures():
    site = tree()
    plans = failsafe_plans(site)
    assert plans["A"].max_a == 16.0
    assert plans["A"].safe_a == 16.0
    small = replace(site, circuits=(replace(site.circuits[0], rating_a=(20.0,) * 3), site.circuits[1]))
    assert failsafe_plans(small)["A"].safe_a == 0.0, "4.5 A each is below what a car can take"
    forced = replace(site, balance=BalanceSettings(safe_share_a=8.0))
    assert failsafe_plans(forced)["A"].safe_a == 8.0
    above = replace(site, balance=BalanceSettings(safe_share_a=60.0))
    assert failsafe_plans(above)["A"].safe_a == 16.0, "a figure set by hand never exceeds what fits"


def test_window_keeps_the_largest_as_long_as_asked():
    window = MaxWindow(10.0)
    assert window.max(0.0) is None
    for at, value in ((0.0, 5.0), (4.0, 3.0), (9.0, 1.0)):
        window.push(at, value)
    assert [window.max(t) for t in (9.0, 10.5, 14.5, 25.0)] == [5.0, 3.0, 1.0, None]


def metered(**source):
    return Circuit("M", (16.0,) * 3, other_max_a=(1.0,) * 3, meter=MeterSource(**source))


BAD = {
    "has no circuit": Site(circuits=()),
    "No circuit is fed from the supply": Site(
        circuits=(Circuit("A", (16.0,) * 3, "B"), Circuit("B", (16.0,) * 3, "A"))
    ),
    "feeds itself": Site(circuits=(Circuit("M", (16.0,) * 3), Circuit("A", (16.0,) * 3, "A"))),
    "which does not exist": Site(circuits=(Circuit("M", (16.0,) * 3), Circuit("A", (16.0,) * 3, "X"))),
    "that feeds it": Site(circuits=(Circuit("M", (16.0,) * 3), Circuit("A", (20.0,) * 3, "M"))),
    "above 0": Site(circuits=(Circuit("M", (0.0, 16.0, math.nan)),)),
    "Two circuits are called": Site(circuits=(Circuit("M", (16.0,) * 3), Circuit("M", (16.0,) * 3))),
    "above its rating": Site(circuits=(Circuit("M", (16.0,) * 3, other_max_a=(17.0, 0.0, 0.0)),)),
    "placed 2 times": Site(bays=(Bay("X", 1, "x", "Main"), Bay("X", 1, "y", "Main"))),
    "hangs on circuit": Site(bays=(Bay("X", 1, "x", "Nowhere"),)),
    "at least 6 A": Site(bays=(Bay("X", 1, "x", "Main", max_a=5.0),)),
    "R, S and T once each": Site(bays=(Bay("X", 1, "x", "Main", rotation="RSS"),)),
    "twice the refresh at least": Site(balance=BalanceSettings(profile_refresh_s=60, profile_valid_s=119)),
    "failsafe share": Site(balance=BalanceSettings(safe_share_a=3.0)),
    "The margin": Site(balance=BalanceSettings(margin_a=-1.0)),
    "The margin is 1e+300 A": Site(balance=BalanceSettings(margin_a=1e300)),
    "The hold is 1e+308 s": Site(balance=BalanceSettings(raise_hold_s=1e308)),
    "The window is nan s": Site(balance=BalanceSettings(house_window_s=math.nan)),
    "a name of 101 characters": Site(bays=(Bay("X", 1, "x" * 101, "Main"),)),
    "The site has a name of 101": Site(name="x" * 101),
    "characters in its name that cannot be seen": Site(circuits=(Circuit("M\nain", (16.0,) * 3),)),
    "'M\\nain' has characters": Site(circuits=(Circuit("M\nain", (16.0,) * 3),)),
    "Enter the name that its charger dials in with": Site(bays=(Bay(" ", 1, "x", "Main"),)),
    "no charger can have that name": Site(bays=(Bay("X\x00Y", 1, "x", "Main"),)),
    "1 A to 10000 A": Site(circuits=(Circuit("M", (1e-9, 16.0, 16.0)),)),
    "all that Main/L1 carries (16 A)": Site(balance=BalanceSettings(margin_a=16.0)),
    "has the address ''": Site(circuits=(metered(host=""),)),
    "has the address 'a b'": Site(circuits=(metered(host="a b"),)),
    "has the port 0": Site(circuits=(metered(port=0),)),
    "has the port 70000": Site(circuits=(metered(port=70_000),)),
    "has the unit 300": Site(circuits=(metered(unit=300),)),
    "of the kind 'rs485'": Site(circuits=(metered(driver="rs485"),)),
    "a split grid has no L3": Site(grid=GridType.SPLIT, circuits=(Circuit("M", (16.0,) * 3),)),
    "a single grid has no L2": Site(grid=GridType.SINGLE, circuits=(Circuit("M", (16.0, 16.0, 0.0)),)),
    "on a grid with one": Site(
        grid=GridType.SINGLE,
        circuits=(Circuit("Main", (40.0, 0.0, 0.0)),),
        bays=(Bay("X", 1, "x", "Main", rotation="STR"),),
    ),
}


TIMES = {
    "share_every_s": ("The sharing interval", 1, 3600),
    "meter_stale_s": ("The time after which a silent meter counts as stale", 1, 60),
    "profile_valid_s": ("The validity of the live profile", 30, 900),
    "profile_refresh_s": ("The refresh of the live profile", 15, 900),
    "turn_s": ("The length of a turn", 60, 86400),
    "reclaim_s": ("The time after which unused current is given on", 5, 3600),
}


@pytest.mark.parametrize("field", TIMES)
def test_a_time_nobody_can_mean_is_refused_with_what_is_allowed(field):
    name, least, most = TIMES[field]
    for seconds in (0.0, -1.0, 1e-300, least - 0.001, most + 1, 1e9, math.inf, math.nan):
        problems = validate_site(Site(balance=replace(BalanceSettings(), **{field: seconds})))
        assert [p for p in problems if p.startswith(f"{name} is {seconds:g} s. Enter {least} to {most} s: ")], problems
    for seconds in (least, most):
        problems = validate_site(Site(balance=replace(BalanceSettings(), **{field: seconds})))
        assert not any("Enter" in p for p in problems), problems


@pytest.mark.parametrize("words", BAD)
def test_a_bad_site_is_explained(words):
    problems = validate_site(BAD[words])
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize(("grid", "left"), [(GridType.SINGLE, 1), (GridType.SPLIT, 2), (GridType.DELTA, 3)])
def test_a_site_fitted_to_its_grid_has_no_fuse_that_is_not_there(grid, left):
    sub = Circuit("Sub", (16.0,) * 3, "Main", other_max_a=(2.0,) * 3)
    site = Site(grid=grid, circuits=(Circuit("Main", (20.0,) * 3), sub)).fitted()
    assert validate_site(site) == []
    assert [sum(amps > 0 for amps in c.rating_a) for c in site.circuits] == [left, left]
    assert site.fitted() is site


def test_a_good_site_is_fine():
    assert validate_site(tree()) == []


def demand(name: str, limit: float = 0.0, **more: object) -> Demand:
    values = {
        "key": (name, 1),
        "wants": True,
        "commandable": True,
        "confirmed_a": limit,
        "worst_a": limit,
        "ceiling_a": 16.0,
        "ceiling_why": Why(WhyCode.CHARGER),
    }
    return Demand(**(values | more))  # type: ignore[arg-type]


def two(rating: float, meter: bool = False) -> Site:
    source = MeterSource() if meter else None
    circuit = Circuit("Main", (rating,) * 3, meter=source, other_max_a=(2.0,) * 3)
    return Site(circuits=(circuit,), bays=tuple(Bay(n, 1, n, "Main", rotation="RST") for n in ("A", "B")))


def test_a_reason_keeps_its_age_while_it_says_the_same():
    balancer = Balancer(two(23.0))
    have = {"A": 0.0, "B": 0.0}
    ages = []
    for n in range(40):
        decision = balancer.step(100.0 + n, [demand(k, v) for k, v in have.items()], [])
        have = {k: decision.limits[(k, 1)][0] for k in have}
        ages.append(decision.limits[("A", 1)][1].since_at)
    why = decision.limits[("A", 1)][1]
    assert (why.code, why.rating_a) == (WhyCode.LINE, 23.0)
    assert why.line.startswith("Main/L")
    assert len(set(ages[-30:])) == 1


def test_a_restarted_balancer_takes_over_what_runs():
    """No car is paused because the engine was restarted."""
    balancer = Balancer(two(40.0, meter=True))
    sample = LineSample("Main", 100.0, (30.0, 30.0, 30.0))
    decision = balancer.step(
        100.0,
        [
            demand("A", 16.0, drawn_a=(14.0,) * 3, drawn_at=99.0, charging=True),
            demand("B", 14.0, drawn_a=(14.0,) * 3, drawn_at=99.0, charging=True),
        ],
        [sample],
    )
    assert decision.limits[("A", 1)][0] == 16.0
    assert decision.limits[("B", 1)][0] >= 14.0
    assert not decision.urgent


def test_a_persons_limit_takes_effect_at_once_and_says_so():
    balancer = Balancer(two(63.0))
    have = {"A": 0.0, "B": 0.0}
    for n in range(10):
        decision = balancer.step(100.0 + n, [demand(k, v) for k, v in have.items()], [])
        have = {k: decision.limits[(k, 1)][0] for k in have}
    assert have == {"A": 16.0, "B": 16.0}
    user = Why(WhyCode.USER)
    decision = balancer.step(111.0, [demand("A", 16.0, ceiling_a=10.0, ceiling_why=user), demand("B", 16.0)], [])
    assert decision.limits[("A", 1)][0] == 10.0
    assert decision.limits[("A", 1)][1].code is WhyCode.USER
    assert ("A", 1) in decision.urgent
    decision = balancer.step(112.0, [demand("A", 10.0, ceiling_a=0.0, ceiling_why=user), demand("B", 16.0)], [])
    assert decision.limits[("A", 1)] == (0.0, replace(user, since_at=112.0))


def test_a_changed_site_keeps_who_charges():
    site = two(63.0)
    balancer = Balancer(site)
    have = {"A": 0.0, "B": 0.0}
    for n in range(10):
        decision = balancer.step(100.0 + n, [demand(k, v) for k, v in have.items()], [])
        have = {k: decision.limits[(k, 1)][0] for k in have}
    balancer.reconfigure(replace(site, circuits=(replace(site.circuits[0], rating_a=(23.0,) * 3),)))
    decision = balancer.step(110.0, [demand(k, v) for k, v in have.items()], [])
    assert {decision.limits[(k, 1)][0] for k in have} == {10.0}


def test_switched_off_means_the_failsafe_share_and_says_so():
    site = replace(two(16.0), balance=BalanceSettings(enabled=False))
    decision = Balancer(site).step(1.0, [demand("A"), demand("B")], [])
    assert decision.limits[("A", 1)][0] == 6.0
    assert decision.limits[("A", 1)][1].code is WhyCode.OFF


def test_unconfirmed_reduction_holds_back_others_and_counts_after_ten_seconds():
    """A charger that answers nothing is as good as silent: the other gives way."""
    site = two(40.0)
    balancer = Balancer(site)
    for n in range(10):
        decision = balancer.step(100.0 + n, [demand("A", 16.0), demand("B", 16.0)], [])
    assert decision.limits[("B", 1)][0] == 16.0
    balancer.reconfigure(replace(site, circuits=(replace(site.circuits[0], rating_a=(27.0,) * 3),)))
    decision = balancer.step(110.0, [demand("A", 16.0), demand("B", 16.0)], [])
    assert decision.limits[("A", 1)][0] == 12.0
    b = decision.limits[("B", 1)][0]
    for n in range(1, 14):
        decision = balancer.step(110.0 + n, [demand("A", 16.0), demand("B", b)], [])
        b = decision.limits[("B", 1)][0]
    assert b == 8.0


def test_above_the_fuse_real_current_is_cut_not_a_limit_nobody_uses():
    """A sleeps with 16 A allowed, B draws 16 A. The house steps: only lowering B helps."""
    site = Site(
        circuits=(Circuit("Main", (40.0,) * 3, meter=MeterSource(), other_max_a=(6.0,) * 3),),
        bays=tuple(Bay(n, 1, n, "Main", rotation="RST") for n in ("A", "B")),
    )
    balancer = Balancer(site)
    for n in range(80):
        now = 100.0 + n
        total = 21.0 if n < 79 else 46.0
        told = [
            demand("A", 16.0, drawn_a=(0.0,) * 3, drawn_at=now - n % 10),
            demand("B", 16.0, drawn_a=(16.0,) * 3, drawn_at=now - n % 10),
        ]
        decision = balancer.step(now, told, [LineSample("Main", now, (total,) * 3)])
        if n == 20:
            assert decision.limits[("A", 1)][0] == decision.limits[("B", 1)][0] == 16.0
    assert 46.0 - (16.0 - decision.limits[("B", 1)][0]) <= 39.0
    assert ("B", 1) in decision.urgent


def test_a_charger_that_tells_one_current_without_a_phase_is_not_taken_for_a_house():
    """Its other terminals may carry what they may: the meter's rest is not all house."""
    site = Site(
        circuits=(Circuit("Main", (40.0,) * 3, meter=MeterSource(), other_max_a=(30.0,) * 3),),
        bays=(Bay("A", 1, "x", "Main", max_a=32.0, rotation="RST"),),
        assumed=False,
    )
    balancer, have, low = Balancer(site), 0.0, []
    for n in range(400):
        now = 1000.0 + n
        at = now - now % 10
        car = Demand(("A", 1), True, True, have, have, 32.0, charging=have > 0, drawn_a=(have, None, None), drawn_at=at)
        total = (5.0 + have,) * 3
        have = balancer.step(now, [car], [LineSample("Main", now, total)]).limits["A", 1][0]
        low.append(have)
    assert min(low[60:]) >= 30.0


def test_lowering_a_ceiling_accuses_nobody_who_follows_in_time():
    site = Site(circuits=(Circuit("Main", (63.0,) * 3),), bays=(Bay("A", 1, "x", "Main", max_a=32.0, rotation="RST"),))
    balancer, have, drawn, blamed = Balancer(site), 0.0, 0.0, []
    at = 1000.0
    for n in range(200):
        now = 1000.0 + n
        if n % 10 == 0:
            at, drawn = now, have
        top = 32.0 if n < 103 else 10.0
        car = Demand(("A", 1), True, True, have, have, top, charging=have > 0, drawn_a=(drawn,) * 3, drawn_at=at)
        decision = balancer.step(now, [car], [])
        have = decision.limits["A", 1][0]
        blamed += decision.ignoring
    assert blamed == []
    assert have == 10.0


@pytest.mark.parametrize("seed", range(200))
def test_no_more_give_up_than_it_takes(seed):
    """Whoever is switched off would not fit with its minimum beside the minimums of those that stay."""
    rng = random.Random(seed)
    keys = tuple((f"C{n}", 1) for n in range(rng.randint(2, 9)))
    lines = []
    for n in range(rng.randint(2, 5)):
        members = rng.sample(keys, rng.randint(1, len(keys)))
        angles = (0.0,) if rng.random() < 0.5 else (0.0, 60.0, 120.0)
        coef = {key: cmath.rect(1.0, math.radians(rng.choice(angles))) for key in members}
        lines.append(Line(f"Line {n}", limit_a=rng.uniform(3.0, 40.0), coef=coef))
    net = Net(tuple(lines), keys)
    rooms = [line.limit_a for line in lines]
    limits = [rng.randint(6, 16) for _ in keys]
    cut = Cut(list(limits))
    enforce(
        net,
        rooms,
        Pull([0.0] * len(keys), [0.0] * len(keys), [0.0] * len(keys)),
        cut,
        Cuttable(dict.fromkeys(range(len(keys)), 6), rng.sample(range(len(keys)), len(keys))),
    )
    assert all(load <= room + 1e-6 for load, room in zip(net.loads([float(a) for a in cut.limits]), rooms, strict=True))
    least = [6.0 if amps else 0.0 for amps in cut.limits]
    for i, amps in enumerate(cut.limits):
        tried = [6.0 if k == i else a for k, a in enumerate(least)]
        fits = all(load <= room + 1e-6 for load, room in zip(net.loads(tried), rooms, strict=True))
        assert amps > 0 or not fits
        assert amps == limits[i] or net.wires[cut.by[i]].line.coef[keys[i]]
