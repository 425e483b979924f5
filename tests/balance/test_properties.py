"""No vector of limits ever breaks a line: random trees, wirings, demands and gaps in what is known."""

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evdesk.balance import Balancer, Demand, LineSample, build_lines, failsafe_plans, safe_share, validate_site
from evdesk.model import BalanceSettings, Bay, Circuit, MeterSource, Site, Why, WhyCode

ROTATIONS = ["RST", "STR", "TRS", "RTS", "SRT", "TSR", ""]
amps = st.floats(0, 80, allow_nan=False)
odd_amps = st.one_of(st.none(), amps, st.sampled_from([math.nan, math.inf, -5.0, 1e9]))


@st.composite
def sites(draw):
    count = draw(st.integers(1, 4))
    circuits = []
    for n in range(count):
        parent = "" if n == 0 else draw(st.sampled_from([c.name for c in circuits]))
        top = 100.0 if n == 0 else min(next(c for c in circuits if c.name == parent).rating_a)
        rating = float(draw(st.integers(6, max(int(top), 6))))
        meter = MeterSource() if draw(st.booleans()) else None
        other = float(draw(st.integers(0, int(rating)))) if n == 0 else 0.0
        circuits.append(Circuit(f"C{n}", (rating,) * 3, parent, meter, (other,) * 3))
    bays = tuple(
        Bay(
            f"B{n}",
            1,
            f"Bay {n}",
            draw(st.sampled_from([c.name for c in circuits])),
            max_a=float(draw(st.sampled_from([10, 16, 32]))),
            phases=draw(st.sampled_from([1, 3])),
            rotation=draw(st.sampled_from(ROTATIONS)),
        )
        for n in range(draw(st.integers(1, 6)))
    )
    return Site(circuits=tuple(circuits), bays=bays, balance=BalanceSettings(), assumed=False)


@st.composite
def demands(draw, site, now):
    found = []
    for bay in site.bays:
        wants, online = draw(st.booleans()), draw(st.booleans())
        confirmed = draw(st.one_of(st.none(), st.integers(6, 32).map(float)))
        found.append(
            Demand(
                key=(bay.charger_id, 1),
                wants=wants,
                commandable=online and wants,
                confirmed_a=confirmed,
                worst_a=draw(st.sampled_from([0.0, 6.0, bay.max_a, confirmed or 0.0])),
                ceiling_a=draw(st.sampled_from([0.0, 7.5, bay.max_a, math.nan])),
                ceiling_why=Why(WhyCode.CHARGER),
                drawn_a=draw(st.tuples(odd_amps, odd_amps, odd_amps)),
                drawn_at=draw(st.one_of(st.none(), st.floats(now - 40, now + 2))),
                charging=wants,
            )
        )
    return found


def reach(site, line, limits):
    """The most a line's connectors draw when each takes its full limit."""
    return sum(limits[key] * abs(c) for key, c in line.coef.items())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_limits_fit_every_line_in_every_step(data):
    site = data.draw(sites())
    lines = build_lines(site)
    balancer = Balancer(site, strict=False)
    for step in range(data.draw(st.integers(1, 6))):
        now = 1000.0 + step
        given_ = data.draw(demands(site, now))
        samples = [
            LineSample(c.name, data.draw(st.floats(now - 10, now)), data.draw(st.tuples(odd_amps, odd_amps, odd_amps)))
            for c in site.circuits
            if c.meter and data.draw(st.booleans())
        ]
        decision = balancer.step(now, given_, samples)
        assert set(decision.limits) == {d.key for d in given_}
        by_key = {d.key: d for d in given_}
        active = {k: a for k, (a, _why) in decision.limits.items() if by_key[k].wants and by_key[k].commandable}
        for key, limit in active.items():
            bay = site.bay(*key)
            assert limit == int(limit)
            assert limit == 0 or limit >= 6
            ceiling = by_key[key].ceiling_a
            assert limit <= bay.max_a
            assert limit <= (0 if math.isnan(ceiling) else max(ceiling, 0))
        for line in lines:
            silent = sum(by_key[k].worst_a for k in line.coef if k not in active)
            fixed = silent + (line.other_max_a if not line.metered else 0.0)
            load = sum(active.get(k, 0.0) for k in line.coef)
            if load > 0:
                assert load + fixed <= line.limit_a - site.balance.margin_a + 1e-6, (line.name, decision.limits)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_same_input_gives_the_same_answer(data):
    site = data.draw(sites())
    steps = [(1000.0 + n, data.draw(demands(site, 1000.0 + n))) for n in range(4)]
    one, two = Balancer(site, strict=False), Balancer(site, strict=False)
    assert [one.step(now, d, []) for now, d in steps] == [two.step(now, d, []) for now, d in steps]


@settings(max_examples=100, deadline=None)
@given(sites(), st.data())
def test_safe_shares_fit_with_everybody_on_their_own(site, data):
    """Also where some cannot fall back and draw their full rating."""
    names = sorted({bay.charger_id for bay in site.bays})
    unable = frozenset(data.draw(st.sets(st.sampled_from(names))) if names else ())
    shares = safe_share(site, unable)
    full = {(b.charger_id, b.connector_id): b.max_a for b in site.bays}
    assert all(a == 0 or a >= 6 for a in shares.values())
    for line in build_lines(site):
        reserved = sum(full[key] * abs(c) for key, c in line.coef.items() if key[0] in unable)
        load = sum(shares[key] * abs(c) for key, c in line.coef.items() if key[0] not in unable)
        assert load == 0 or load + reserved + line.other_max_a <= line.limit_a - site.balance.margin_a + 1e-6
    for plan in failsafe_plans(site, unable).values():
        assert plan.safe_a <= plan.max_a
    alone = safe_share(site)
    assert all(shares[key] <= alone[key] for key in shares if key[0] not in unable)


def car(key, confirmed=None, drawn=None, at=None, **more):
    used = more.get("terminals", (True, True, True))
    base = {
        "key": key,
        "wants": True,
        "commandable": True,
        "confirmed_a": confirmed,
        "worst_a": confirmed or 0.0,
        "ceiling_a": 16.0,
        "ceiling_why": Why(WhyCode.CHARGER),
        "drawn_a": tuple(drawn if on else 0.0 for on in used),
        "drawn_at": at,
        "charging": True,
    }
    return Demand(**(base | more))


def yard(rating=20.0, bays=2, rotation="RST", meter=None, **more):
    return Site(
        circuits=(Circuit("Main", (rating,) * 3, meter=meter, **more),),
        bays=tuple(Bay(f"B{n}", 1, f"Bay {n}", "Main", rotation=rotation) for n in range(bays)),
        assumed=False,
    )


def run(balancer, keys, seconds, start=1000.0, samples=None, **more):
    """Chargers that obey at once."""
    have = dict.fromkeys(keys, 0.0)
    decision = None
    for n in range(seconds):
        now = start + n
        given_ = [car(k, have[k] or None, have[k], now, **more) for k in keys]
        decision = balancer.step(now, given_, samples(now, have) if samples else [])
        have = {k: decision.limits[k][0] for k in keys}
    return decision, have


def test_whole_room_is_given_out_equally():
    keys = [("B0", 1), ("B1", 1), ("B2", 1)]
    decision, have = run(Balancer(yard(50.0, 3)), keys, 60)
    assert have == dict.fromkeys(keys, 16.0)
    decision, have = run(Balancer(yard(37.0, 3)), keys, 60)
    assert have == dict.fromkeys(keys, 12.0)
    assert decision.limits[keys[0]][1].line.startswith("Main/L")


def test_six_ampere_or_nothing_and_who_waits_is_told_where():
    keys = [("B0", 1), ("B1", 1), ("B2", 1)]
    decision, have = run(Balancer(yard(17.0, 3)), keys, 30)
    assert sorted(have.values()) == [0.0, 8.0, 8.0]
    waiting = next(why for k, (a, why) in decision.limits.items() if a == 0)
    assert waiting.code is WhyCode.WAITING
    assert waiting.line.startswith("Main/L")


def test_one_phase_cars_on_rotated_wiring_do_not_add_up():
    """evcc-io/evcc #19306: three one-phase cars on three phases are 16/16/16, not 48."""
    site = Site(
        circuits=(Circuit("Main", (17.0,) * 3),),
        bays=tuple(Bay(f"B{n}", 1, "x", "Main", rotation=r) for n, r in enumerate(("RST", "STR", "TRS"))),
        assumed=False,
    )
    keys = [(f"B{n}", 1) for n in range(3)]
    _decision, have = run(Balancer(site), keys, 60, terminals=(True, False, False))
    assert set(have.values()) == {16.0}


def test_silent_charger_keeps_its_worst_case_and_the_others_give_way():
    balancer = Balancer(yard(33.0, 2))
    keys = [("B0", 1), ("B1", 1)]
    _decision, have = run(balancer, keys, 30)
    assert have == dict.fromkeys(keys, 16.0)
    silent = car(keys[1], 16.0, None, None, commandable=False, worst_a=16.0)
    decision = balancer.step(1040.0, [car(keys[0], 16.0, 16.0, 1040.0), silent], [])
    assert decision.limits[keys[0]][0] == 16.0
    silent = car(keys[1], None, None, None, commandable=False, worst_a=32.0)
    decision = balancer.step(1041.0, [car(keys[0], 16.0, 16.0, 1041.0), silent], [])
    assert decision.limits[keys[0]][0] == 0.0
    assert keys[0] in decision.urgent


def test_meter_above_the_fuse_cuts_in_the_same_second():
    site = yard(33.0, 2, meter=MeterSource(), other_max_a=(0.0, 0.0, 0.0))
    keys = [("B0", 1), ("B1", 1)]
    balancer = Balancer(site, strict=False)

    def quiet(now, have):
        return [LineSample("Main", now, (sum(have.values()) + 2.0,) * 3)]

    _decision, have = run(balancer, keys, 240, samples=quiet)
    assert 28.0 <= sum(have.values()) <= 30.0
    now = 1240.0
    given_ = [car(k, have[k], have[k], now) for k in keys]
    decision = balancer.step(now, given_, [LineSample("Main", now, (32.0, 50.0, 32.0))])
    after = sum(decision.limits[k][0] for k in keys)
    assert sum(have.values()) - after >= 50.0 - 33.0
    assert decision.urgent


def test_silent_meter_counts_the_worst_case_and_raises_nobody():
    site = yard(40.0, 2, meter=MeterSource(), other_max_a=(20.0, 20.0, 20.0))
    keys = [("B0", 1), ("B1", 1)]
    _decision, have = run(Balancer(site), keys, 60)
    assert sum(have.values()) <= 40 - 1 - 20
    assert set(have.values()) == {9.0}, "the failsafe share fits without knowing anything"


def test_bad_sites_are_refused_in_words():
    ok = yard()
    assert validate_site(ok) == []
    loop = Site(circuits=(Circuit("A", (16.0,) * 3, "B"), Circuit("B", (16.0,) * 3, "A")))
    above = Site(circuits=(Circuit("A", (16.0,) * 3), Circuit("B", (32.0,) * 3, "A")))
    for bad in (
        loop,
        above,
        Site(circuits=()),
        Site(circuits=(Circuit("A", (0.0, 16.0, 16.0)),)),
        Site(circuits=(Circuit("A", (math.nan,) * 3),)),
        Site(bays=(Bay("X", 1, "x", "Nowhere"),)),
        Site(bays=(Bay("X", 1, "x", "Main"), Bay("X", 1, "y", "Main"))),
        Site(bays=(Bay("X", 1, "x", "Main", rotation="RRR"),)),
        Site(balance=BalanceSettings(profile_refresh_s=600)),
    ):
        problems = validate_site(bad)
        assert problems
        assert all(p.endswith(".") for p in problems)
