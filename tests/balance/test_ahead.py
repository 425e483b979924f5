"""Looking ahead, some come first: those held back are told so, until when, and are not left at nothing for long."""

import pytest

from evdesk.balance import Balancer, Demand, Line, LineSample, Sharing
from evdesk.gui.sentences import why_look, why_next, why_short
from evdesk.model import BalanceSettings, Bay, Circuit, MeterSource, ShareBy, Site, Why, WhyCode
from tests.balance.test_modes import HOUR, Run, site

SOON = {"needs_kwh": 40.0, "departure_at": 1000.0 + 2 * HOUR, "trust": 1.0}
LATE = {"needs_kwh": 5.0, "departure_at": 1000.0 + 12 * HOUR, "trust": 1.0}
UNSAID = {"needs_kwh": 5.0, "trust": 1.0}


def two(other, rating=14.0, turn_s=900.0):
    """14 A: both could have 6 A, but one is in a hurry."""
    where = site(None, None, rating=rating, share_by=ShareBy.LEAVING, turn_s=turn_s)
    return Run(where, {("B0", 1): SOON, ("B1", 1): other})


def reason(run, n):
    return run.decision.limits[(f"B{n}", 1)][1]


def test_who_has_nothing_because_others_leave_sooner_is_told_until_when():
    run = two(LATE)
    assert run.seconds(120) == [14.0, 0.0]
    why = reason(run, 1)
    assert (why.code, why.line, why.detail) == (WhyCode.WAITING, "Main/L1", "ahead")
    assert why.until_at == pytest.approx(1001.0 + 4 * 900.0, abs=2.0)
    assert why.text == "others come first on Main/L1"
    assert reason(run, 0).detail != "ahead"


def test_a_line_that_is_too_small_for_all_is_still_the_reason():
    run = two(LATE, rating=11.0)
    assert run.seconds(120) == [11.0, 0.0]
    why = reason(run, 1)
    assert (why.code, why.detail, why.until_at) == (WhyCode.WAITING, "", None)


@pytest.mark.parametrize(("said", "waits_s"), [(UNSAID, 900.0), (LATE, 3600.0), ({**LATE, "trust": 0.0}, 900.0)])
def test_nobody_is_left_at_nothing_for_longer_than_told(said, waits_s):
    """A turn where nobody knows until when it stays; longer where it is known to stay long; 6 A fit all the time."""
    run = two(said)
    got_at = None
    while run.now < 1000.0 + waits_s + 200.0:
        run.now += 9
        amps = run.seconds(1)
        assert sum(amps) <= 14.0
        if got_at is None and amps[1] >= 6.0:
            got_at = run.now - 1000.0
    assert got_at is not None
    assert got_at <= waits_s + 90.0
    if said is LATE:
        assert got_at >= waits_s - 30.0
    assert run.have[("B0", 1)] >= 6.0


def test_it_goes_on_after_its_turn_has_come():
    """Being given its turn is not a minute on and a turn off again."""
    run = two(LATE)
    run.now += 3600
    for _ in range(120):
        run.now += 50
        run.seconds(10)
    assert run.starts[("B1", 1)] == 1
    assert run.have[("B1", 1)] >= 6.0


def test_who_has_less_than_another_on_a_full_line_is_told_so():
    run = two(UNSAID, rating=24.0)
    for _ in range(120):
        run.now += 9
        soon, late = run.seconds(1)
    assert soon > late + 1 >= 7
    assert (reason(run, 1).code, reason(run, 1).detail) == (WhyCode.LINE, "ahead")
    assert reason(run, 1).until_at is None
    assert (reason(run, 0).code, reason(run, 0).detail) == (WhyCode.LINE, "")


def test_equal_shares_never_say_so():
    where = site(None, None, None, rating=20.0)
    run = Run(where, {("B0", 1): SOON, ("B1", 1): LATE})
    run.seconds(120)
    assert {reason(run, n).detail for n in range(3)} == {""}


def test_the_library_says_it_too():
    lines = [Line("Main", limit_a=14.0, coef={("A", 1): 1, ("B", 1): 1})]
    cars = [Demand(("A", 1), plugged_at=1000.0, **SOON), Demand(("B", 1), plugged_at=1000.0, **LATE)]
    limits = Sharing(lines).decide(1000.0, cars)
    assert limits["B", 1][0] == 0.0
    assert (limits["B", 1][1].code, limits["B", 1][1].detail) == (WhyCode.WAITING, "ahead")
    tight = [Line("Main", limit_a=11.0, coef={("A", 1): 1, ("B", 1): 1})]
    assert Sharing(tight).decide(1000.0, cars)["B", 1][1].detail == ""


def test_the_desk_says_it_in_words():
    why = Why(WhyCode.WAITING, "Main/L1", 62.0, 63.0, 1000.0, "ahead")
    assert why_look(why).word == "Others leave sooner or lack more"
    assert "6 A" not in why_short(why)
    assert "departure" in why_next(why)
    assert "priority" in why_next(why)
    told = Why(WhyCode.WAITING, "Main/L1", 62.0, 63.0, 1000.0, "ahead", 1000.0 + HOUR)
    assert "turn by" in why_look(told).word
    low = Why(WhyCode.LINE, "Main/L1", 62.0, 63.0, 1000.0, "ahead")
    assert why_look(low).word == "Others come first on Main L1"
    assert why_short(low) == "Others come first"


class Metered:
    """Two cars that charge already, behind a meter that shows them and a house."""

    def __init__(self, house_a):
        bays = tuple(Bay(f"B{n}", 1, f"Bay {n}", "Main", phases=1, max_a=32.0, rotation="RST") for n in range(2))
        main = Circuit("Main", (32.0,) * 3, meter=MeterSource(), other_max_a=(25.0,) * 3)
        settings = BalanceSettings(margin_a=0.0, share_by=ShareBy.LEAVING)
        self.balancer = Balancer(Site(circuits=(main,), bays=bays, balance=settings, assumed=False))
        self.house_a, self.now, self.stops = house_a, 1000.0, 0
        self.have = {(f"B{n}", 1): 6.0 for n in range(2)}

    def run(self, seconds):
        for _ in range(seconds):
            self.now += 1
            given = [
                Demand(key, confirmed_a=amps, worst_a=amps, charging=amps > 0, terminals=(True, False, False),
                       drawn_a=(amps, 0.0, 0.0), drawn_at=self.now, sample_s=2.0, plugged_at=0.0,
                       departure_at=self.now + (HOUR if key[0] == "B0" else 9 * HOUR), trust=1.0)
                for key, amps in self.have.items()
            ]  # fmt: skip
            flows = (self.house_a + sum(self.have.values()), self.house_a, self.house_a)
            decision = self.balancer.step(self.now, given, [LineSample("Main", self.now, flows)])
            limits = {key: amps for key, (amps, _why) in decision.limits.items()}
            self.stops += sum(self.have[key] > 0 >= limits[key] for key in limits)
            self.have = limits
        return list(self.have.values())


def test_who_charges_goes_on_in_the_whole_of_the_room():
    """12.3 A for two: half an ampere less is what limits rise into, not what ends a charge."""
    one = Metered(19.7)
    assert one.run(1800) == [6.0, 6.0]
    assert one.stops == 0


def test_less_than_the_minimums_still_ends_one():
    one = Metered(20.3)
    assert sorted(one.run(600))[0] == 0.0
    assert one.stops <= 2  # the hurried one is given its place back
