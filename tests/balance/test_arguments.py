"""What callers hand over: a wrong type or an impossible value is told by its name, numbers of any kind are taken."""

import cmath
import math
import random

import numpy as np
import pytest

from evdesk.balance import Balancer, Demand, Line, LineSample, Rules, Sharing
from evdesk.model import Bay, Circuit, PowerCap, Site

A = ("A", 1)
LINES = [Line("Main", limit_a=32, coef={A: 1})]


def site(rating=32.0, max_a=16.0):
    return Site(circuits=(Circuit("Main", (rating,) * 3),), bays=(Bay("A", 1, "Bay 1", "Main", max_a=max_a),))


def decide(now=0.0, rules=None, demand=None, **more):
    return Sharing(LINES, rules).decide(now, [Demand(A) if demand is None else demand], **more)


def step(demand=None, samples=(), now=0.0, **more):
    return Balancer(site()).step(now, [Demand(A) if demand is None else demand], samples, **more)


NUMBERS = ("ceiling_a", "min_a", "kw_per_a", "priority", "worst_a", "sample_s")
NUMBERS_OR_NONE = ("confirmed_a", "drawn_at", "plugged_at", "got_kwh", "needs_kwh", "departure_at", "trust")


@pytest.mark.parametrize("through", [decide, step])
@pytest.mark.parametrize("value", ["16", True, [16.0], 1j, None])
@pytest.mark.parametrize("name", [*NUMBERS, *NUMBERS_OR_NONE])
def test_a_demand_with_a_wrong_type_is_refused_by_name(through, name, value):
    demand = Demand(A, **{name: value})
    if value is None and name in NUMBERS_OR_NONE:
        through(demand=demand)
        return
    with pytest.raises(TypeError, match=rf"^{name} must be a number"):
        through(demand=demand)


@pytest.mark.parametrize("through", [decide, step])
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"key": "A"}, r"^key must be a tuple \(charger id, connector id\)"),
        ({"key": ("A", 1.5)}, "^The connector id in key must be a whole number"),
        ({"wants": "no"}, "^wants must be True or False"),
        ({"drawn_a": 7.0}, "^drawn_a must be a tuple of three"),
        ({"drawn_a": [7.0, None, None]}, "^drawn_a must be a tuple of three"),
        ({"drawn_a": ("7", None, None)}, r"^drawn_a\[0\] must be a number or None"),
        ({"terminals": (True,)}, "^terminals must be a tuple of three"),
        ({"terminals": (1, 0, 0)}, r"^terminals\[0\] must be True or False"),
        ({"mode": "fast"}, "^mode must be a ChargeMode"),
    ],
)
def test_the_other_fields_of_a_demand_too(through, more, words):
    demand = Demand(**{"key": A, **more})
    if more.get("key"):  # a line of its own key is not needed to be refused
        through = decide
    with pytest.raises(TypeError, match=words):
        through(demand=demand)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, int])
def test_numbers_of_every_kind_are_taken(kind):
    demand = Demand(A, ceiling_a=kind(16), min_a=kind(6), needs_kwh=kind(8), drawn_a=(kind(0), None, None))
    assert decide(demand=demand)[A][0] == 16.0
    assert step(demand).limits[A][0] == 16.0
    line = Line("Main", limit_a=kind(16), coef={A: kind(1)})
    amps, why = Sharing([line]).decide(kind(0), [Demand(A)], rooms={"Main": kind(16)})[A]
    assert (amps, type(why.load_a), type(why.rating_a)) == (16.0, float, float)


@pytest.mark.parametrize("value", [math.nan, -5.0])
def test_odd_measurements_are_no_errors(value):
    for name in (*NUMBERS, *NUMBERS_OR_NONE):
        assert 0 <= decide(demand=Demand(A, **{name: value}))[A][0] <= 32
        assert 0 <= step(Demand(A, **{name: value})).limits[A][0] <= 32


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (
            ValueError,
            "^limit_a of line Main must be a finite number",
            lambda: Sharing([Line("Main", limit_a=math.nan)]),
        ),
        (TypeError, "^limit_a of line Main must be a number", lambda: Line("Main", limit_a="32")),
        (TypeError, "^coef of line Main must be a dict", lambda: Line("Main", coef=[A])),
        (TypeError, "real or complex number", lambda: Line("Main", coef={A: "1"})),
        (ValueError, "must be finite", lambda: Line("Main", coef={A: math.inf})),
        (TypeError, "^A key in coef of line Main", lambda: Line("Main", coef={"A": 1})),
        (ValueError, "^Each of lines must have a name of its own", lambda: Sharing(LINES * 2)),
        (TypeError, "^Each of lines must be a Line", lambda: Sharing(["Main"])),
        (TypeError, "^rules must be a Rules", lambda: Sharing(LINES, {"dwell_s": 3})),
        (TypeError, "^Each of demands must be a Demand", lambda: Sharing(LINES).decide(0.0, [A])),
        (TypeError, "^Each of demands must be a Demand", lambda: Balancer(site()).step(0.0, [A], [])),
        (TypeError, "^now must be a number", lambda: decide(now="0")),
        (ValueError, "^now must be a finite number", lambda: decide(now=math.nan)),
        (ValueError, "^now must be a finite number", lambda: step(now=math.inf)),
        (TypeError, "^surplus_w must be a number or None", lambda: decide(surplus_w="1")),
        (TypeError, "^price must be a number or None", lambda: step(price="1")),
        (TypeError, r"^rooms\['Main'\] must be a number", lambda: decide(rooms={"Main": "7"})),
        (ValueError, r"^rooms names the line 'Mian', which is none of \['Main'\]", lambda: decide(rooms={"Mian": 7})),
        (TypeError, "^steps must be a tuple", lambda: Rules(steps=16)),
        (TypeError, r"^steps\[1\] must be a number", lambda: Rules(steps=(6.0, "8"))),
        (ValueError, "^steps must rise", lambda: Rules(steps=(16, 6))),
        (ValueError, "^steps must rise, without 0", lambda: Rules(steps=(0, 6))),
        (TypeError, "^interruptions must be a whole number or None", lambda: Rules(interruptions=0.5)),
        (ValueError, "^interruptions must be at least 0", lambda: Rules(interruptions=-1)),
        (ValueError, "^dwell_s must be a finite number, at least 0", lambda: Rules(dwell_s=-1)),
        (ValueError, "^turn_s must be a finite number, at least 0", lambda: Rules(turn_s=math.nan)),
        (TypeError, "^solver must be True or False", lambda: Rules(solver="no")),
        (TypeError, "^lines must be an iterable", lambda: Sharing(None)),
        (TypeError, "^demands must be an iterable", lambda: Sharing(LINES).decide(0.0, None)),
        (TypeError, "^demands must be an iterable", lambda: Balancer(site()).step(0.0, None, [])),
        (TypeError, "^samples must be an iterable", lambda: step(samples=7)),
        (TypeError, "^Each of samples must be a LineSample", lambda: step(samples=[("Main", 0.0)])),
        (TypeError, "^caps must be an iterable", lambda: Balancer(site()).limit_power(None)),
        (TypeError, "^site must be a Site", lambda: Balancer("Main")),
        (
            TypeError,
            "^Circuit 'Main': rating_a is .* Enter a tuple of three numbers",
            lambda: Balancer(site(rating="32")),
        ),
        (TypeError, "^Connector 'Bay 1': max_a is None. Enter a number", lambda: Balancer(site(max_a=None))),
        (TypeError, "^power_w of the power limit x", lambda: Balancer(site()).limit_power([PowerCap("x", "9")])),
        (TypeError, r"^current_a\[0\] must be a number or None", lambda: LineSample("Main", 0.0, ("1", None, None))),
        (TypeError, "^current_a must be a tuple of three", lambda: LineSample("Main", 0.0, 16.0)),
    ],
)
def test_the_rest_is_refused_by_name(error, words, call):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("solver", [True, False])
def test_where_any_limit_is_allowed_no_line_is_above_its_own_by_rounding(solver):
    """Also not by a millionth; and all of it is used."""
    rng = random.Random(7)
    used = []
    for _ in range(60):
        keys = [(f"C{n}", 1) for n in range(rng.randint(1, 7))]
        lines = [
            Line(f"L{w}", limit_a=rng.uniform(10, 80), coef={
                key: cmath.rect(rng.choice([1, 1, 0.577, 1.155]), math.radians(rng.choice([0, 30, -90, 150])))
                for key in keys if rng.random() < 0.8
            })
            for w in range(3)
        ]  # fmt: skip
        rules = Rules(steps=None, solver=solver)
        limits = Sharing(lines, rules).decide(0.0, [Demand(key, ceiling_a=rng.uniform(7, 40)) for key in keys])
        for line in lines:
            for half in range(24):  # whichever of them draw
                on = [c for c in line.coef if math.cos(cmath.phase(line.coef[c]) - half * math.pi / 12) > 0]
                load = abs(sum(line.coef[c] * limits[c][0] for c in on))
                assert load <= line.limit_a
                used.append(load / line.limit_a)
    assert max(used) > 0.9999999


def test_a_continuous_limit_reaches_the_ceiling_and_minimums_fit_a_line_made_for_them():
    assert decide(rules=Rules(steps=None), demand=Demand(A, ceiling_a=31.0))[A][0] == 31.0
    assert decide(rules=Rules(steps=None))[A][0] == pytest.approx(32.0, abs=1e-9)
    line = Line("Main", limit_a=12.0, coef={A: 1, ("B", 1): 1})
    limits = Sharing([line], Rules(steps=None, solver=False)).decide(0.0, [Demand(A), Demand(("B", 1))])
    assert [amps for amps, _why in limits.values()] == [6.0, 6.0]


def test_a_room_above_the_limit_of_its_line_is_none():
    for room in (40.0, math.inf):
        assert decide(demand=Demand(A, ceiling_a=80.0), rooms={"Main": room})[A][0] == 32.0
    assert decide(rooms={"Main": 20.0})[A][0] == 20.0
    assert decide(rooms={"Main": math.nan})[A][0] == 0.0


@pytest.mark.parametrize("through", [decide, step])
def test_an_infinite_ceiling_is_none(through):
    limits = through(demand=Demand(A, ceiling_a=math.inf))
    limits = getattr(limits, "limits", limits)
    assert limits[A][0] == (32.0 if through is decide else 16.0)


@pytest.mark.parametrize("solver", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_where_any_limit_is_allowed_a_round_line_is_used_to_its_last_bit(count, solver):
    keys = [(f"C{n}", 1) for n in range(count)]
    sharing = Sharing([Line("Main", limit_a=20.5, coef=dict.fromkeys(keys, 1))], Rules(steps=None, solver=solver))
    assert sum(amps for amps, _ in sharing.decide(0.0, [Demand(key) for key in keys]).values()) == 20.5


HUGE = 10**400


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("^limit_a of line Main must be a number below", lambda: Line("Main", limit_a=HUGE)),
        ("must be finite, not a number of 1329 bits", lambda: Line("Main", coef={A: HUGE})),
        ("must be finite", lambda: Line("Main", coef={A: complex(1.7e308, 1.7e308)})),
        ("^ceiling_a must be a number below", lambda: decide(demand=Demand(A, ceiling_a=HUGE))),
        ("^trust must be a number below", lambda: step(Demand(A, trust=-HUGE))),
        ("^dwell_s must be a number below", lambda: Rules(dwell_s=HUGE)),
        ("^now must be a number below", lambda: decide(now=HUGE)),
        ("^surplus_w must be a number below", lambda: step(surplus_w=HUGE)),
        (r"^current_a\[0\] must be a number below", lambda: LineSample("Main", 0.0, (HUGE, None, None))),
        ("^limit_a of line Main must be a finite number, at least 0", lambda: Sharing([Line("Main", limit_a=-1.0)])),
        (r"^demands has \('A', 1\) twice", lambda: Sharing(LINES).decide(0.0, [Demand(A), Demand(A)])),
    ],
)
def test_what_no_number_can_hold_and_what_is_said_twice_is_refused_by_name(words, call):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("rooms", [0, [], "", False])
def test_rooms_that_are_no_mapping_are_refused(rooms):
    with pytest.raises(TypeError, match=r"^rooms must be a Mapping"):
        decide(rooms=rooms)
