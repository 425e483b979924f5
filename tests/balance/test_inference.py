"""What steps say about wiring and meter, on a house that does what it likes."""

import math
import random

import pytest

from evdesk.balance.inference import (
    Evidence,
    MeterVerdict,
    Step,
    WiringVerdict,
    judge_meter,
    meter_or_wiring,
    step_of,
)
from evdesk.model import ACROSS

V = WiringVerdict


def put(terminals, rotation):
    """Kirchhoff for one connector's change, in phase with what flows."""
    phases = [0.0, 0.0, 0.0]
    if rotation in ACROSS:
        for phase in ACROSS[rotation]:
            phases[phase] = terminals[0]
    else:
        for terminal, letter in enumerate(rotation):
            phases["RST".index(letter)] += terminals[terminal]
    return phases


def steps(rng, rotation, count, size=10.0, used=(1, 0, 0), house=0.6, kettle=0.1, meter=lambda phases: phases):
    """`count` steps down and up; the house is noisy, and now and then steps itself."""
    made = []
    for n in range(count):
        change = size * rng.uniform(0.7, 1.3) * (1 if n % 2 else -1)
        terminals = tuple(change * u for u in used)
        flows = [f + rng.gauss(0, house) for f in put(terminals, rotation)]
        if rng.random() < kettle:
            flows[rng.randrange(3)] += rng.choice([-1, 1]) * rng.uniform(5, 20)
        made.append(Step(terminals, tuple(meter(flows)), noise_a=house))
    return made


def learn(made, across=False):
    evidence = Evidence()
    for step in made:
        evidence.add(step, across)
    return evidence


@pytest.mark.parametrize("rotation", ["RST", "STR", "TRS", "RTS"])
def test_a_one_phase_car_shows_where_terminal_one_is(rotation):
    seen = learn(steps(random.Random(1), rotation, 4)).seen("")
    assert (seen.rotation, seen.verdict, seen.phases) == (rotation[0] + "??", V.LEARNT, 1)
    assert seen.confidence > 0.98


@pytest.mark.parametrize("rotation", ["RST", "STR", "TRS", "RTS", "SRT", "TSR"])
def test_a_car_that_loads_phases_differently_shows_the_whole_order(rotation):
    seen = learn(steps(random.Random(2), rotation, 4, used=(1, 0.5, 0))).seen(rotation)
    assert (seen.rotation, seen.verdict) == (rotation, V.AGREES)


@pytest.mark.parametrize("rotation", list(ACROSS))
def test_an_outlet_between_two_phases_is_recognised(rotation):
    seen = learn(steps(random.Random(3), rotation, 4), across=True).seen("")
    assert (seen.rotation, seen.verdict) == (rotation, V.LEARNT)


def test_three_equal_currents_say_nothing_about_the_order():
    seen = learn(steps(random.Random(4), "STR", 8, used=(1, 1, 1))).seen("RST")
    assert (seen.rotation, seen.verdict, seen.phases) == ("", V.SAME_ALWAYS, 3)


def test_a_wrong_entry_is_contradicted_and_a_right_one_is_not():
    evidence = learn(steps(random.Random(5), "STR", 6))
    assert evidence.seen("RST").verdict is V.CONTRADICTS
    assert evidence.seen("STR").verdict is V.AGREES


def test_one_step_is_not_enough():
    assert learn(steps(random.Random(6), "RST", 1)).seen("STR").verdict is V.UNKNOWN


def test_a_false_alarm_is_rare_and_so_is_silence():
    """500 chargers in a restless house: a contradiction of a right entry would send a technician for nothing."""
    rng = random.Random(7)
    verdicts = []
    for _ in range(500):
        rotation = rng.choice(["RST", "STR", "TRS"])
        made = steps(rng, rotation, 6, size=8.0, house=1.2, kettle=0.25)
        verdicts.append(learn(made).seen(rotation).verdict)
    assert verdicts.count(V.CONTRADICTS) <= 2
    assert verdicts.count(V.AGREES) >= 470


def test_what_was_seen_never_becomes_certain_beyond_repair():
    """Rewired: the new truth wins after a handful of steps."""
    evidence = learn(steps(random.Random(8), "RST", 40))
    for step in steps(random.Random(9), "STR", 14):
        evidence.add(step, across=False)
    assert evidence.seen("RST").verdict is V.CONTRADICTS


def site(meter, rotations=("RST", "STR", "TRS"), count=5):
    rng = random.Random(10)
    entered = {(f"B{n}", 1): rotation for n, rotation in enumerate(rotations)}
    found = {key: learn(steps(rng, rotation, count, kettle=0.05, meter=meter)) for key, rotation in entered.items()}
    return found, entered


@pytest.mark.parametrize(
    ("meter", "verdict", "factor"),
    [
        (lambda p: p, MeterVerdict.RIGHT, 1.0),
        (lambda p: [-x for x in p], MeterVerdict.BACKWARDS, -1.0),
        (lambda p: [x * 1000 for x in p], MeterVerdict.UNIT, 1000.0),
        (lambda p: [x / 10 for x in p], MeterVerdict.UNIT, 0.1),
        (lambda p: [x * 2 for x in p], MeterVerdict.RATIO, 2.0),
        (lambda p: [0.0, 0.0, 0.0], MeterVerdict.BLIND, 0.0),
        (lambda p: [p[1], p[0], p[2]], MeterVerdict.SWAPPED, 1.0),
    ],
)
def test_a_fault_of_the_meter_shows_on_all_connectors_alike(meter, verdict, factor):
    seen = judge_meter(*site(meter))
    assert seen.verdict is verdict
    assert seen.factor == pytest.approx(factor, abs=max(0.15 * abs(factor), 0.1))
    assert (seen.swapped == "SRT") is (verdict is MeterVerdict.SWAPPED)


def test_one_wrong_entry_is_not_blamed_on_the_meter():
    found, entered = site(lambda p: p)
    entered["B0", 1] = "SRT"
    assert judge_meter(found, entered).verdict is MeterVerdict.RIGHT
    assert found["B0", 1].seen("SRT").verdict is V.CONTRADICTS


def stepped(*factors, used=(1, 1, 1)):
    """One connector's steps, seconds apart, by a meter that reads so many ampere of one."""
    evidence = Evidence()
    for n, factor in enumerate(factors):
        change = 10.0 if n % 2 else -10.0
        terminals = tuple(change * u for u in used)
        evidence.add(Step(terminals, tuple(t * factor for t in terminals)), False, at=float(n))
    return evidence


@pytest.mark.parametrize(
    ("factors", "verdict"),
    [
        ((1,) * 4 + (-1,) * 4, MeterVerdict.BACKWARDS),  # once right, then turned: never the mean of both
        ((1,) * 40 + (-1,) * 3, MeterVerdict.BACKWARDS),
        ((-1,) * 9 + (1,) * 3, MeterVerdict.RIGHT),
        ((1,) * 20 + (0.0,) * 3, MeterVerdict.BLIND),
        ((1,) * 8 + (-1,), MeterVerdict.RIGHT),  # one odd step proves nothing
        ((1, -1), MeterVerdict.UNKNOWN),
        ((1, 10.9), MeterVerdict.UNKNOWN),  # no ratio of 5.9 out of two that contradict each other
        ((1, 1, 1, 2.3, -1.5, 0.4), MeterVerdict.RIGHT),  # the house joined in thrice, each time differently
    ],
)
def test_the_newest_steps_decide(factors, verdict):
    assert judge_meter({("A", 1): stepped(*factors)}, {}).verdict is verdict


@pytest.mark.parametrize(
    ("terminals", "meter", "alike"),
    [
        ((5.9, 0.0, 0.0), (-29.0, -40.0, -40.0), False),  # the sun came out on three phases while one car rose
        ((5.9, 0.0, 0.0), (0.4, 6.1, -0.3), True),
        ((5.9, 0.0, 0.0), (0.4, -59.0, -0.3), True),  # turned, and ten times too much
        ((8.0, 8.0, 8.0), (8.0, -8.0, 8.0), True),  # one of three transformers is turned
        ((8.0, 8.0, 8.0), (8.0, 0.2, 8.0), True),  # one is not connected
        ((8.0, 8.0, 8.0), (0.3, 0.1, -0.2), True),  # the meter sits elsewhere
        ((0.0, 0.0, -10.0), (-9.0, 14.0, 21.0), False),
    ],
)
def test_only_what_one_connector_can_have_caused_tells_of_the_meter(terminals, meter, alike):
    evidence = Evidence()
    evidence.add(Step(terminals, meter, noise_a=0.5), False)
    assert (len(evidence.told()) == 1) is alike


@pytest.mark.parametrize(
    ("shown", "verdict", "phases"),
    [
        ((1.06, 1.06, 0.0), MeterVerdict.MISSES, "T"),  # 0.707 on the whole: nearly right, and one phase is not seen
        ((1.0, -1.0, 1.0), MeterVerdict.MISSES, "S"),
        ((0.0, 0.0, 0.0), MeterVerdict.BLIND, ""),
        ((0.5, 0.5, 0.5), MeterVerdict.RATIO, ""),
        ((-1.0, -1.0, -1.0), MeterVerdict.BACKWARDS, ""),
        ((1.1, 0.9, 1.0), MeterVerdict.RIGHT, ""),
    ],
)
def test_a_transformer_that_is_open_or_turned_shows_by_steps_on_all_phases(shown, verdict, phases):
    evidence = Evidence()
    for n, size in enumerate((9.0, -9.0, 8.0)):
        evidence.add(Step((size,) * 3, tuple(s * size for s in shown), noise_a=0.5), False, at=100.0 + n)
    seen = judge_meter({("A", 1): evidence}, {})
    assert (seen.verdict, seen.swapped) == (verdict, phases)
    evidence.add(Step((9.0, 9.0, 9.0), (9.0, 9.0, 9.0), noise_a=0.5), False, at=200.0)
    evidence.add(Step((9.0, 9.0, 9.0), (9.0, 9.0, 9.0), noise_a=0.5), False, at=210.0)
    assert judge_meter({("A", 1): evidence}, {}).verdict is not MeterVerdict.MISSES, "mended"


def test_steps_of_several_connectors_count_in_the_order_they_were_seen():
    found = {("A", 1): stepped(*(1,) * 12), ("B", 1): Evidence()}
    for n in range(3):
        found["B", 1].add(Step((8.0, 8.0, 8.0), (-8.0, -8.0, -8.0)), False, at=100.0 + n)
    assert judge_meter(found, {}).verdict is MeterVerdict.BACKWARDS
    assert found["A", 1].drop_before(50.0)
    assert (found["A", 1].told(), found["A", 1].steps) == ([], 12)
    assert not found["B", 1].drop_before(50.0)


def test_evidence_kept_by_an_older_version_is_older_than_what_is_seen_now():
    old = Evidence(steps=4, ratios=[1.0, 1.0, 1.0, 1.0])
    for n in range(3):
        old.add(Step((8.0, 8.0, 8.0), (-8.0, -8.0, -8.0)), False, at=100.0 + n)
    assert judge_meter({("A", 1): old}, {}).verdict is MeterVerdict.BACKWARDS
    assert old.drop_before(1.0)
    assert len(old.told()) == 3


def test_a_meter_that_was_turned_does_not_spoil_what_is_known_of_the_wiring():
    evidence = stepped(*(1,) * 6, *(-1,) * 3, used=(1, 0, 0))
    assert evidence.seen("RST").verdict is V.AGREES


def test_one_charger_cannot_tell_its_rotation_from_the_meters_phases():
    found, entered = site(lambda p: [p[1], p[2], p[0]], rotations=("RST",))
    assert found["B0", 1].seen("RST").verdict is V.CONTRADICTS
    assert meter_or_wiring(found, entered) == {("B0", 1)}
    found["B1", 1], entered["B1", 1] = stepped(1, 1, used=(1, 0, 0)), "RST"  # it is as entered: the meter is too
    assert meter_or_wiring(found, entered) == set()
    assert meter_or_wiring(*site(lambda p: p)) == set()


@pytest.mark.parametrize(("noise", "says"), [(0.5, True), (0.8, False)])
def test_a_small_step_says_something_on_a_calm_meter_only(noise, says):
    evidence = Evidence()
    for n in range(2):
        change = 2.7 if n else -2.7
        assert evidence.add(Step((change, 0.0, 0.0), (0.2, change + 0.3, 0.1), noise), False) is says
    assert evidence.seen("STR").verdict is (V.AGREES if says else V.UNKNOWN)


def test_small_unknown_and_odd_steps_are_left_out():
    evidence = Evidence()
    assert not evidence.add(Step((1.0, 0.0, 0.0), (1.0, 0.0, 0.0)), False)
    assert not evidence.add(Step((math.nan, 0.0, 0.0), (1.0, 0.0, 0.0)), False)
    assert not evidence.add(Step((9.0, 0.0, 0.0), (math.inf, 0.0, 0.0)), False)
    assert step_of((1.0, None, 0.0), (1.0, 2.0, 0.0), (0.0,) * 3, (0.0,) * 3) is None
    assert step_of((1.0, 2.0, 3.0), (5.0, 2.0, 3.0), (0.0,) * 3, (4.0, 0.0, 0.0)).terminals == (4.0, 0.0, 0.0)
    assert evidence.seen("RST").steps == 0
