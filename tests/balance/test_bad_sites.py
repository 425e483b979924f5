"""Sites that cannot be: told in sentences by the check, refused by the balancer, and where there is no choice (one that is
stored) taken at their worst."""

import math
import time

import pytest

from evdesk.balance import Balancer, Demand, LineSample, validate_site
from evdesk.model import BalanceSettings, Bay, CapRule, Circuit, MeterSource, PowerCap, PriceRule, Site

NAN = math.nan
HUGE = 10**400


def main(name="Main", rating=16.0, parent="", **more):
    return Circuit(name, (rating,) * 3, parent, **more)


def bay(charger="W1", circuit="Main", **more):
    return Bay(charger, 1, charger, circuit, **{"rotation": "RST", **more})


def of(*circuits, bays=None, **more):
    return Site(circuits=circuits, bays=(bay(), bay("W2")) if bays is None else bays, **more)


DEEP = (main("c0"), *(main(f"c{n}", parent=f"c{n - 1}") for n in range(1, 3000)))
BAD = {
    "feeds itself": of(main(), main("A", parent="B"), main("B", parent="A")),
    "which does not exist": of(main(), main("A", parent="Nope")),
    "hangs on circuit 'Nix'": of(main(), bays=(bay(circuit="Nix"),)),
    "is placed 2 times": of(main(), main("A", parent="Main"), bays=(bay(), bay(circuit="A"))),
    "The rating of Main/L1 is nan A": of(main(rating=NAN)),
    "The rating of Main/L1 is -16 A": of(main(rating=-16.0)),
    "are all fed by nothing": of(main(), main("Two")),
    "Two circuits are called 'A'": of(main(), main("A", parent="Main"), main("A", 12.0, "Main")),
    "at most 200 circuits": of(*DEEP, bays=(bay(circuit="c2999"),)),
    "The margin is nan A": of(main(), balance=BalanceSettings(margin_a=NAN)),
}


@pytest.mark.parametrize("words", BAD)
def test_a_bad_site_is_refused_by_the_balancer_in_the_words_of_the_check(words):
    start = time.process_time()
    with pytest.raises(ValueError, match=words):
        Balancer(BAD[words])
    good = of(main())
    balancer = Balancer(good)
    with pytest.raises(ValueError, match=words):
        balancer.reconfigure(BAD[words])
    decision = balancer.step(0.0, [Demand(("W1", 1))], [])
    assert set(decision.limits) == {("W1", 1), ("W2", 1)}, "what was refused has changed nothing"
    assert time.process_time() - start < 5


@pytest.mark.parametrize("words", BAD)
def test_one_that_is_taken_all_the_same_is_taken_at_its_worst(words):
    site, start = BAD[words], time.process_time()
    balancer, have = Balancer(site, strict=False), {}
    keys = sorted({(b.charger_id, b.connector_id) for b in site.bays})
    for second in range(40):
        cars = [Demand(key, confirmed_a=have.get(key), worst_a=have.get(key, 0.0)) for key in keys]
        have = {key: amps for key, (amps, _) in balancer.step(1000.0 + second, cars, []).limits.items()}
    known = {circuit.name: circuit.rating_a[0] for circuit in site.circuits}
    on_main = [key for b in site.bays if b.circuit == "Main" for key in [(b.charger_id, b.connector_id)]]
    rating = known.get("Main", 0.0)
    assert sum(have[key] for key in on_main) <= (rating if rating > 0 else 0.0)
    assert all(amps == 0 for key, amps in have.items() if key not in on_main)
    assert time.process_time() - start < 20


def test_of_two_circuits_of_one_name_the_smaller_counts():
    site = of(main(rating=63.0), main("A", 63.0, "Main"), main("A", 16.0, "Main"), bays=(bay(circuit="A", max_a=32.0),))
    for order in (site.circuits, site.circuits[::-1]):
        balancer = Balancer(of(*order, bays=site.bays), strict=False)
        assert {line.limit_a for line in balancer.lines if line.circuit == "A"} == {16.0}


def wrong(**more):
    return of(main(), bays=(bay(**more),))


TYPES = {
    "site must be a Site, not None": None,
    "site must be a Site, not {}": {},
    "rating_a is \\(63, 63\\)": of(Circuit("Main", (63, 63))),
    "rating_a is \\(63, 63, 63, 63\\)": of(Circuit("Main", (63,) * 4)),
    "rating_a is \\('63', 63, 63\\)": of(Circuit("Main", ("63", 63, 63))),
    "rating_a is None": of(Circuit("Main", None)),
    "Circuit None: name is None. Enter text": of(main(None)),
    "parent is 5": of(main(parent=5)),
    "continuous is None": of(main(continuous=None)),
    "breaker is 'C'": of(main(breaker="C")),
    "meter is 'modbus'": of(main(meter="modbus")),
    "port is '502'": of(main(meter=MeterSource(port="502"))),
    "circuits is None": Site(circuits=None),
    "circuits\\[0\\] is 'Main'": Site(circuits=("Main",)),
    "bays\\[0\\] is None": Site(bays=(None,)),
    "voltage_v is '230'": Site(voltage_v="230"),
    "voltage_v is a number of 1329 bits": Site(voltage_v=HUGE),
    "grid is nan": Site(grid=NAN),
    "balance is None": Site(balance=None),
    "charger_id is None": wrong(charger=None),
    "connector_id is 1.5. Enter a whole number": of(main(), bays=(Bay("W1", 1.5, "W1", "Main"),)),
    "max_a is True": wrong(max_a=True),
    "phases is '3'": wrong(phases="3"),
    "phases is 1.5": wrong(phases=1.5),
    "rotation is 7": wrong(rotation=7),
    "user_limit_a is '9'": wrong(user_limit_a="9"),
    "priority is nan": wrong(priority=NAN),
    "mode is 'fast'": wrong(mode="fast"),
    "power_w is None": of(main(), caps=(CapRule("x", None),)),
    "days is 5": of(main(), prices=(PriceRule(0.2, 5),)),
    **{
        f"{name} is nan. Enter": of(main(), balance=BalanceSettings(**{name: NAN}))
        for name in ("enabled", "mode", "share_by")
    },
    **{
        f"{name} is '5'. Enter a number": of(main(), balance=BalanceSettings(**{name: "5"}))
        for name in ("margin_a", "share_every_s", "profile_valid_s", "turn_s", "cheap_below", "silent_times")
    },
}


@pytest.mark.parametrize("words", TYPES)
def test_a_wrong_type_anywhere_is_a_sentence_of_the_check_and_a_type_error_of_the_balancer(words):
    problems = validate_site(TYPES[words])
    assert problems
    with pytest.raises(TypeError, match=words) as told:
        Balancer(TYPES[words])
    assert str(told.value) == " ".join(problems)


class TestNames:
    """A name nobody knows must not pass unseen."""

    def balancer(self):
        return Balancer(of(main(meter=MeterSource(), other_max_a=(9.0,) * 3), main("Garage", parent="Main")))

    def step(self, demands=(), samples=()):
        return self.balancer().step(1000.0, demands, samples)

    def test_a_sample_of_an_unknown_circuit(self):
        words = r"^samples names the circuit 'main', which is none of \['Main', 'Garage'\]\.$"
        with pytest.raises(ValueError, match=words):
            self.step(samples=[LineSample("main", 1000.0, (62.0,) * 3)])

    def test_a_meter_that_is_never_heard_counts_at_its_worst(self):
        for samples in ([], [LineSample("Garage", 1000.0, (0.0,) * 3)]):
            (one, *_), at = self.step(samples=samples).lines, self.balancer().lines
            assert one.reserved_a >= 9.0 or one.free_a <= 16.0 - 9.0
            assert at[0].metered

    def test_a_demand_of_an_unknown_connector(self):
        words = r"^demands names the connector \('W3', 1\), which is none of \[\('W1', 1\), \('W2', 1\)\]\.$"
        with pytest.raises(ValueError, match=words):
            self.step([Demand(("W3", 1))])

    def test_who_must_go_on_is_told_them_and_decides_as_without(self):
        site = of(main(meter=MeterSource(), other_max_a=(9.0,) * 3), main("Garage", parent="Main"))
        samples = [LineSample("Main", 1000.0, (5.0,) * 3)]
        plain, odd = (Balancer(site, strict=False) for _ in range(2))
        decided = odd.step(
            1000.0, [Demand(("W3", 1)), Demand(("W1", 1))], [LineSample("main", 1000.0, (62.0,) * 3), *samples]
        )
        assert decided.unknown == ("main", ("W3", 1))
        without = plain.step(1000.0, [Demand(("W1", 1))], samples)
        assert without.unknown == ()
        assert (decided.limits, decided.lines) == (without.limits, without.lines)
        with pytest.raises(ValueError, match="twice"):
            odd.step(1001.0, [Demand(("W1", 1))] * 2, [])

    def test_two_demands_of_one_connector(self):
        with pytest.raises(ValueError, match=r"^demands has \('W1', 1\) twice\.$"):
            self.step([Demand(("W1", 1)), Demand(("W1", 1), ceiling_a=10.0)])


@pytest.mark.parametrize(
    ("cap", "error", "words"),
    [
        (PowerCap("x", NAN), ValueError, "^power_w of the power limit x must be a finite number, at least 0"),
        (PowerCap("x", -1.0), ValueError, "^power_w of the power limit x must be a finite number, at least 0"),
        (PowerCap("x", math.inf), ValueError, "^power_w of the power limit x must be a finite number, at least 0"),
        (PowerCap("x", HUGE), ValueError, "^power_w of the power limit x must be a number below 1e308"),
        (PowerCap(None, 4200.0), TypeError, "^source of a power limit must be a str"),
        (PowerCap("x", 4200.0, "chargers"), TypeError, "^group of the power limit x must be a CapGroup"),
    ],
)
def test_a_power_limit_that_cannot_be_is_refused_by_name(cap, error, words):
    balancer = Balancer(of(main()))
    with pytest.raises(error, match=words):
        balancer.limit_power([PowerCap("y", 4200.0), cap])
    assert len(balancer.lines) == 3, "and none of them is taken"
