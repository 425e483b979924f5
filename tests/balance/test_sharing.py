"""The sharing as a library: what holds for any lines and cars, and that each rule does what it says."""

import cmath
import importlib
import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.balance import Demand, Line, Rules, Sharing, optimum
from evdesk.balance.fit import Fit
from evdesk.balance.lines import Net
from evdesk.balance.outlook import History, Stay, Told
from evdesk.balance.types import LineKind
from evdesk.model import ChargeMode, WhyCode

ANGLES = (0.0, 30.0, 90.0, 120.0, 150.0, 180.0, -30.0, -90.0, -120.0)


def random_lines(rng: random.Random, keys: list[tuple[str, int]], kinds: bool = True) -> list[Line]:
    found = []
    for n in range(rng.randint(1, 6)):
        members = rng.sample(keys, rng.randint(1, len(keys)))
        angle = [rng.choice(ANGLES) if rng.random() < 0.8 else rng.uniform(0, 360) for _ in members]
        coef = {
            k: cmath.rect(rng.choice([1, 1, 1, 2, 0.43]), math.radians(a)) for k, a in zip(members, angle, strict=True)
        }
        loose = frozenset(k for k in members if kinds and rng.random() < 0.1)
        kind = LineKind.UNBALANCE if kinds and rng.random() < 0.1 else LineKind.PHASE
        found.append(Line(f"Line {n}", limit_a=rng.uniform(4, 90), coef=coef, loose=loose, kind=kind))
    placed = {key for line in found for key in line.coef}
    rest = {key: 1 + 0j for key in keys if key not in placed}
    return [*found, Line("Rest", limit_a=40.0, coef=rest)] if rest else found


def load(line: Line, limits: dict[tuple[str, int], float]) -> float:
    net = Net((line,), tuple(sorted(line.coef)))
    return net.wires[0].load([limits.get(key, 0.0) for key in net.keys])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_the_matrix_says_what_the_lines_say(seed):
    rng = random.Random(seed)
    keys = [(f"C{n}", 1) for n in range(rng.randint(1, 7))]
    net = Net(tuple(random_lines(rng, keys)), keys)
    fit = Fit(net)
    amps = np.array([rng.choice([0.0, rng.uniform(0, 32)]) for _ in keys])
    sizes = fit.load(amps).size()
    for w, wire in enumerate(net.wires):
        assert max(sizes[fit.wire == w], default=0.0) == pytest.approx(wire.load(amps.tolist()), abs=1e-3)
    limits = sizes + rng.uniform(0.5, 9)
    i = rng.randrange(len(keys))
    room = fit.room(fit.load(amps), limits, i)
    if math.isfinite(room):
        amps[i] += room
        assert fit.fits(amps, limits + 1e-5)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_no_line_is_above_its_limit_whatever_cars_draw(seed):
    rng = random.Random(seed)
    keys = [(f"C{n:02d}", 1) for n in range(rng.randint(1, 14))]
    lines = random_lines(rng, keys)
    steps = rng.choice([(), None, (6.0, 8.0, 16.0, 24.0, 32.0)])
    rules = Rules(steps, rng.choice([0, 1, None]), rng.choice([0.0, 300.0]), solver=rng.random() < 0.8)
    sharing = Sharing(lines, rules)
    got = dict.fromkeys(keys, 0.0)
    for step in range(6):
        here = [key for key in keys if rng.random() < 0.8]
        rooms = {line.name: line.limit_a * rng.choice([1, 1, 1, 0.4, -1]) for line in lines}
        demands = [
            Demand(
                key,
                ceiling_a=rng.choice([32.0, 16.0, 7.5, 0.0, math.nan]),
                min_a=rng.choice([6.0, 6.0, 8.0]),
                drawn_a=(rng.choice([got[key], 0.0, math.nan, 3.0]), None, None),
                priority=rng.randint(-1, 2),
                mode=rng.choice([*ChargeMode]),
                departure_at=rng.choice([None, 9000.0, math.nan, -5.0]),
                needs_kwh=rng.choice([None, 5.0, 0.0, math.inf]),
                trust=rng.choice([None, 0.0, 1.0, math.nan]),
            )
            for key in here
        ]
        surplus = rng.choice([None, 0.0, 5000.0])
        found = sharing.decide(1000.0 + 300 * step, demands, rooms=rooms, surplus_w=surplus, price=0.2)
        assert set(found) == set(here)
        got = dict.fromkeys(keys, 0.0) | {key: amps for key, (amps, _) in found.items()}
        for line in lines:
            if any(got[key] > 0 for key in line.coef):
                assert load(line, got) <= rooms[line.name] + 1e-4, line.name
        for demand in demands:
            amps, why = found[demand.key]
            assert amps == 0 or demand.min_a - 1e-6 <= amps <= demand.ceiling_a
            assert steps is None or amps == 0 or amps in (steps or range(60))
            assert why.since_at is not None
        sunny = sum(got[d.key] * d.kw_per_a for d in demands if d.mode is ChargeMode.SOLAR_ONLY)
        assert sunny <= (surplus or 0.0) / 1000 + 1e-5


def plain(limit: float, names: str = "ABCD") -> list[Line]:
    return [Line("Main/L1", limit_a=limit, coef={(n, 1): 1 + 0j for n in names})]


def cars(names: str = "ABCD", **more: object) -> list[Demand]:
    return [Demand((n, 1), plugged_at=0.0, **more) for n in names]


def drive(sharing: Sharing, demands: list[Demand], hours: float, step_s: float = 300.0, start: float = 0.0):
    """Cars that draw all they may: limits per step."""
    found, drawn = [], {}
    for n in range(int(hours * 3600 / step_s)):
        given_ = [
            Demand(**{f: getattr(d, f) for f in d.__slots__} | {"drawn_a": (drawn.get(d.key), None, None)})
            for d in demands
        ]
        limits = {key: amps for key, (amps, _) in sharing.decide(start + n * step_s, given_).items()}
        found.append(limits)
        drawn = limits
    return found


def pauses(series: list[float]) -> int:
    return sum(a > 0 and b == 0 for a, b in itertools.pairwise(series))


@pytest.mark.parametrize("solver", [True, False])
def test_the_whole_room_is_given_out(solver):
    sharing = Sharing(plain(50.0, "AB"), Rules(solver=solver))
    limits = sharing.decide(0.0, cars("AB"))
    assert sum(amps for amps, _ in limits.values()) == 50.0
    assert limits["A", 1][1].code in (WhyCode.LINE, WhyCode.CHARGER)


def test_a_missing_or_failing_solver_is_replaced_by_equal_shares(monkeypatch):
    want = Sharing(plain(48.0), Rules(solver=False)).decide(0.0, cars())
    assert {amps for amps, _ in want.values()} == {12.0}

    def missing(name: str) -> None:
        raise ImportError(name)

    optimum._highs.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(importlib, "import_module", missing)
        assert Sharing(plain(48.0)).decide(0.0, cars()) == want
    optimum._highs.cache_clear()

    class Broken:
        def setOptionValue(self, *args: object) -> None: ...
        def passModel(self, *args: object) -> None: ...
        def run(self) -> None:
            raise RuntimeError("no memory")

    class Wrapper(Broken): ...

    monkeypatch.setattr(importlib.import_module("highspy"), "Highs", Wrapper)
    assert Sharing(plain(48.0)).decide(0.0, cars()) == want


def test_same_calls_give_the_same_answers():
    one, two = (drive(Sharing(plain(20.0)), cars(), 6) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("most", [0, 1])
def test_nobody_is_paused_more_often_than_allowed(most):
    rng = random.Random(most)
    names = "ABCDEFGHIJ"
    sharing = Sharing(plain(40.0, names), Rules(interruptions=most))
    series: dict[str, list[float]] = {n: [] for n in names}
    here: set[str] = set()
    for step in range(150):
        here = here ^ set(rng.sample(names, 1)) if step % 5 == 0 else here
        for n in names:
            if n not in here:
                series[n] = []
        found = sharing.decide(step * 300.0, [Demand((n, 1)) for n in sorted(here)])
        for n in here:
            series[n].append(found[n, 1][0])
            assert pauses(series[n]) <= most


def test_cars_take_turns_where_six_ampere_is_not_there_for_all():
    found = drive(Sharing(plain(13.0), Rules(interruptions=None)), cars(), 24)
    energy = {n: sum(limits[n, 1] for limits in found) for n in "ABCD"}
    assert all(sum(amps > 0 for amps in limits.values()) <= 2 for limits in found)
    assert min(energy.values()) > 0.6 * max(energy.values())


def test_on_and_off_last_at_least_the_dwell():
    found = drive(Sharing(plain(13.0), Rules(interruptions=None, dwell_s=900.0, turn_s=1800.0)), cars(), 8, 60.0)
    for n in "ABCD":
        states = [limits[n, 1] > 0 for limits in found]
        turns = [k for k in range(1, len(states)) if states[k] != states[k - 1]]
        assert all(b - a >= 15 for a, b in itertools.pairwise(turns))
        assert len(turns) >= 1


def test_what_a_car_leaves_is_given_on_within_a_minute_and_given_back_at_once():
    sharing = Sharing(plain(38.0, "AB"))
    drawn = {"A": 0.0, "B": 0.0}
    history = []
    for now in range(400):
        able = 7.0 if now < 200 else 32.0
        given_ = [Demand((n, 1), drawn_a=(drawn[n], None, None), priority=int(n == "A")) for n in "AB"]
        limits = {key[0]: amps for key, (amps, _) in sharing.decide(float(now), given_).items()}
        drawn = {"A": min(limits["A"], able), "B": limits["B"]}
        history.append((limits["A"], limits["B"]))
    assert history[5] == (32.0, 6.0)
    assert history[75] == (8.0, 30.0)
    assert any(a >= 9 for a, _ in history[200:203])
    assert history[215] == (32.0, 6.0)


def test_a_line_that_gets_tighter_pauses_as_few_as_needed():
    sharing = Sharing(plain(50.0))
    assert sum(amps for amps, _ in sharing.decide(0.0, cars()).values()) == 50.0
    limits = sharing.decide(60.0, cars(), rooms={"Main/L1": 8.0})
    assert sum(amps for amps, _ in limits.values()) == 8.0
    assert all(why.line == "Main/L1" for amps, why in limits.values() if amps == 0 and why.detail != "dwell")


def test_priority_comes_first():
    demands = [*cars("ABC"), Demand(("D", 1), plugged_at=0.0, priority=2)]
    limits = Sharing(plain(34.0), Rules(all_on=False)).decide(0.0, demands)
    assert limits["D", 1][0] >= 26.0
    fair = Sharing(plain(34.0)).decide(0.0, demands)
    assert [fair[name, 1][0] for name in "ABCD"] == [6.0, 6.0, 6.0, 16.0]


def four_hours(count: int, room: float, rules: Rules) -> tuple[list[float], int]:
    """kWh of each of so many identical cars of which nothing is known, and how often a limit changed."""
    keys = [(f"C{n:02d}", 1) for n in range(count)]
    sharing = Sharing([Line("Main", limit_a=room, coef=dict.fromkeys(keys, 1))], rules)
    drawn, got, changes = dict.fromkeys(keys, 0.0), dict.fromkeys(keys, 0.0), 0
    for minute in range(240):
        asks = [Demand(key, drawn_a=(drawn[key], None, None), plugged_at=0.0) for key in keys]
        for key, (amps, _why) in sharing.decide(60.0 * minute, asks).items():
            changes += amps != drawn[key]
            drawn[key] = amps
            got[key] += amps * 0.23 / 60.0
    return list(got.values()), changes


@pytest.mark.parametrize("solver", [True, False])
@pytest.mark.parametrize("interruptions", [1, None])
@pytest.mark.parametrize(("count", "room"), [(2, 32.0), (2, 10.0), (2, 12.0), (9, 40.0), (10, 100.0)])
def test_identical_cars_of_which_nothing_is_known_get_alike(count, room, interruptions, solver):
    got, changes = four_hours(count, room, Rules(interruptions=interruptions, solver=solver, turn_s=900.0))
    assert sum(got) ** 2 / len(got) / sum(kwh * kwh for kwh in got) >= 0.95  # Jain
    assert min(got) >= 0.6 * max(got)
    if 6.0 * count <= room:  # nobody waits, and nothing is passed to and fro
        assert max(got) - min(got) < 0.3
        assert changes == count


@pytest.mark.parametrize("solver", [True, False])
@pytest.mark.parametrize(("count", "room"), [(2, 32.0), (2, 12.0), (10, 100.0)])
def test_by_default_nobody_waits_where_all_minimums_fit(count, room, solver):
    got, changes = four_hours(count, room, Rules(solver=solver))
    assert max(got) - min(got) < 0.3
    assert changes == count


def test_a_car_that_must_not_be_paused_is_not_paused_for_a_turn():
    got, changes = four_hours(2, 10.0, Rules(interruptions=0, turn_s=900.0))
    assert sorted(got)[0] == 0.0
    assert changes == 1


def test_who_leaves_soon_comes_first_if_that_is_to_be_believed():
    def given(trust: float) -> dict:
        hurry = Demand(("A", 1), departure_at=3600.0, needs_kwh=7.0, trust=trust, plugged_at=0.0)
        calm = [Demand((n, 1), departure_at=36000.0, needs_kwh=7.0, trust=trust, plugged_at=0.0) for n in "BCD"]
        return Sharing(plain(32.0)).decide(0.0, [*calm, hurry])

    assert given(1.0)["A", 1][0] >= 26.0


def test_words_are_trusted_as_far_as_they_were_right():
    liar, honest = History(), History()
    for n in range(30):
        start = n * 3600.0
        liar.ended(start, start + 3600, 8.0, Told(start + 20000, 30.0))
        honest.ended(start, start + 3600, 8.0, Told(start + 3700, 8.2))
    said = Told(1e6, 10.0)
    assert max(liar.trust(said)) < 0.15
    assert min(honest.trust(said)) > 0.85
    assert honest.trust(Told(1e6, 10.0, 0.3)) == (0.3, 0.3)
    assert honest.trust(Told()) == (0.0, 0.0)


def test_what_was_seen_here_says_how_long_cars_stay():
    history = History()
    for n in range(60):
        history.ended(n * 86400.0 + 30000, n * 86400.0 + 30000 + 7200, 5.0, Told())
    edges = np.array([0.0, 300.0, 7200.0, 20000.0])
    ahead = history.ahead(60 * 86400.0 + 30000, [Stay(60 * 86400.0 + 30000, 0.0)], edges)
    assert ahead.stays[0, 2] < 0.2
    assert 4.0 < ahead.left_kwh[0] < 7.0


def test_exact_phases_give_more_than_equal_shares():
    """Between two phases: an ampere less on the crowded pair is more than one on the two others."""
    ab, bc, ca = (cmath.rect(1, math.radians(a)) for a in (30, -90, 150))
    pairs = {("A1", 1): "ab", ("A2", 1): "ab", ("A3", 1): "ab", ("B", 1): "bc", ("C", 1): "ca"}
    value = {"ab": ab, "bc": bc, "ca": ca}
    signs = (("ab", 1, "ca", -1), ("bc", 1, "ab", -1), ("ca", 1, "bc", -1))
    lines = []
    for n, (plus, p, minus, m) in enumerate(signs):
        coef = {k: (p if v == plus else m) * value[v] for k, v in pairs.items() if v in (plus, minus)}
        lines.append(Line(f"Main/L{n + 1}", limit_a=50.0, coef=coef))
    demands = [Demand(key) for key in pairs]
    best = Sharing(lines).decide(0.0, demands)
    equal = Sharing(lines, Rules(solver=False)).decide(0.0, demands)
    assert sum(a for a, _ in best.values()) >= sum(a for a, _ in equal.values()) + 3


def test_sun_and_price():
    sun = [Demand(("A", 1), mode=ChargeMode.SOLAR_ONLY), Demand(("B", 1), mode=ChargeMode.SOLAR_FIRST)]
    sharing = Sharing(plain(60.0), Rules(dwell_s=0.0, interruptions=None, cheap_below=0.2))
    dark = sharing.decide(0.0, sun, surplus_w=0.0)
    assert dark["A", 1][0] == 0
    assert dark["A", 1][1].code is WhyCode.SOLAR
    assert dark["B", 1][0] == 6
    bright = sharing.decide(300.0, sun, surplus_w=6000.0)
    assert 20 <= bright["A", 1][0] + bright["B", 1][0] <= 6000 / 230 + 6
    cheap = [Demand(("C", 1), mode=ChargeMode.CHEAP)]
    assert sharing.decide(600.0, cheap, price=0.3)["C", 1][1].code is WhyCode.PRICE
    assert sharing.decide(900.0, cheap, price=0.1)["C", 1][0] == 32


def test_lines_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        Sharing([Line("X", limit_a=math.nan)])


@pytest.mark.parametrize("gap", [1.0, 10.0, 30.0, 59.0, 60.0])
def test_a_car_that_is_replaced_between_two_decisions(gap):
    a = ("A", 1)
    sharing = Sharing([Line("M", limit_a=32, coef={a: 1})])
    sharing.decide(0.0, [Demand(a, plugged_at=0.0)])
    assert sharing.decide(gap, [Demand(a, plugged_at=gap)])[a][0] == 32


def test_a_car_that_draws_nowhere_counts_everywhere():
    terminals = (False, False, False)
    keys = [("A", 1), ("B", 1)]
    sharing = Sharing([Line("M", limit_a=32, coef=dict.fromkeys(keys, 1))])
    assert (
        sum(amps for amps, _why in sharing.decide(0.0, [Demand(k, terminals=terminals) for k in keys]).values()) <= 32
    )
