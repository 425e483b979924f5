"""Meter values of every shape seen in the field; the thread stands in the test's id."""

import math

import pytest

from evdesk.ocpp.meter import read_meter_values

CURRENT, U, P, E = "Current.Import", "Voltage", "Power.Active.Import", "Energy.Active.Import.Register"


def sample(value, measurand=None, phase=None, unit=None, **more):
    named = {"measurand": measurand, "phase": phase, "unit": unit}
    return {"value": value} | {k: v for k, v in named.items() if v is not None} | more


def read(*samples):
    (entry,), odd = read_meter_values([{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": list(samples)}])
    return entry, {o.rule for o in odd}


def three(measurand, values, unit=None, suffix=""):
    return [sample(v, measurand, f"L{n + 1}{suffix}", unit) for n, v in enumerate(values) if v is not None]


def test_a_plain_three_phase_message():
    entry, odd = read(
        *three(CURRENT, ["16.1", "15.9", "16.0"], "A"),
        *three(U, ["230.1", "229.9", "231"], "V", "-N"),
        sample("11040", P, unit="W"),
        sample("123456", E, unit="Wh"),
        sample("55", "SoC", unit="Percent", location="EV"),
        sample("16", "Current.Offered", unit="A"),
        sample("31.5", "Temperature", unit="Celsius"),
    )
    assert entry.current_a == (16.1, 15.9, 16.0)
    assert entry.voltage_v == (230.1, 229.9, 231.0)
    assert (entry.power_w, entry.energy_wh, entry.partial) == (11040.0, 123456.0, False)
    assert (entry.soc_pct, entry.offered_a, entry.temperature_c) == (55.0, 16.0, 31.5)
    assert odd == set()


VALUES = [
    pytest.param([sample("100")], "energy_wh", 100.0, set(), id="measurand absent means the register"),
    pytest.param([sample("12.5", E, unit="kWh")], "energy_wh", 12500.0, set(), id="kWh, evcc-io/evcc #15383"),
    pytest.param([sample("7.4", P, unit="kW")], "power_w", 7400.0, set(), id="kW, lbbrhzn/ocpp PR #1925"),
    pytest.param([sample("7400", P)], "power_w", 7400.0, set(), id="unit absent"),
    pytest.param([sample(7400, P)], "power_w", 7400.0, set(), id="number, lbbrhzn/ocpp #210"),
    pytest.param([sample(" 9.6", P)], "power_w", 9.6, set(), id="leading blank, evcc-io/evcc PR #16523"),
    pytest.param([sample("9,6", P)], "power_w", 9.6, {"decimal_comma"}, id="decimal comma"),
    pytest.param([sample("1e3", P)], "power_w", 1000.0, set(), id="exponent"),
    pytest.param([sample("5", P, unit="Hz")], "power_w", 5.0, {"unit_unknown"}, id="odd unit, lbbrhzn/ocpp #1499"),
    pytest.param([sample("NaN", P)], "power_w", None, {"value_not_a_number"}, id="NaN"),
    pytest.param([sample("inf", P)], "power_w", None, {"value_not_a_number"}, id="infinite"),
    pytest.param([sample("", P)], "power_w", None, {"value_not_a_number"}, id="empty text"),
    pytest.param([sample(None, P)], "power_w", None, {"value_not_a_number"}, id="null"),
    pytest.param([sample(True, P)], "power_w", None, {"value_absurd"}, id="boolean"),
    pytest.param([sample([1], P)], "power_w", None, {"value_not_a_number"}, id="list"),
    pytest.param([sample("9e12", P)], "power_w", None, {"value_absurd"}, id="absurd power"),
    pytest.param([sample("-5", E)], "energy_wh", None, {"value_absurd"}, id="negative register"),
    pytest.param([sample("104", "SoC")], "soc_pct", None, {"value_absurd"}, id="absurd state of charge"),
    pytest.param([sample("300", "Temperature", unit="K")], "temperature_c", 26.85, set(), id="kelvin"),
    pytest.param([sample("86", "Temperature", unit="Fahrenheit")], "temperature_c", 30.0, set(), id="fahrenheit"),
    pytest.param(
        [sample("AAAA", E, format="SignedData"), sample("42", E)], "energy_wh", 42.0, set(), id="signed data beside"
    ),
    pytest.param([sample("42", E, format="Raw")], "energy_wh", 42.0, set(), id="format Raw"),
    pytest.param(
        three(E, ["10", "20", "30"]), "energy_wh", 60.0, set(), id="per-phase energy only, lbbrhzn/ocpp #2117"
    ),
    pytest.param(
        three(P, ["1000", "2000", None]), "power_w", 3000.0, set(), id="some phases absent, evcc-io/evcc #16966"
    ),
    pytest.param([*three(P, ["1000", "2000"]), sample("3100", P)], "power_w", 3100.0, set(), id="total wins over sum"),
    pytest.param(
        [sample("7", E, location="Inlet"), sample("9", E, location="Outlet")], "energy_wh", 9.0, set(), id="outlet wins"
    ),
    pytest.param([sample("7", E, location="Inlet")], "energy_wh", 7.0, set(), id="inlet alone"),
    pytest.param(
        [sample("5", "Energy.Active.Import.Interval")], "energy_wh", None, set(), id="interval is no register"
    ),
    pytest.param([sample("5", "X.Vendor")], "energy_wh", None, set(), id="vendor measurand"),
    pytest.param([sample("5", 17)], "energy_wh", None, {"measurand_not_text"}, id="measurand a number"),
    pytest.param([sample("5", P, phase="L9")], "power_w", None, {"phase_unknown"}, id="phase unknown"),
]


@pytest.mark.parametrize(("samples", "field", "value", "rules"), VALUES)
def test_values(samples, field, value, rules):
    entry, odd = read(*samples)
    got = getattr(entry, field)
    assert got == (value if value is None else pytest.approx(value))
    assert odd == rules


CURRENTS = [
    pytest.param(three(CURRENT, ["6", "7", "8"]), (6.0, 7.0, 8.0), set(), id="three phases"),
    pytest.param(three(CURRENT, ["6", "7", "8"], "A", "-N"), (6.0, 7.0, 8.0), set(), id="L1-N, evcc-io/evcc PR #16523"),
    pytest.param(three(CURRENT, ["6", None, "8"]), (6.0, None, 8.0), set(), id="a missing phase stays unknown"),
    pytest.param([sample("16000", CURRENT, "L1", "mA")], (16.0, None, None), set(), id="milliampere"),
    pytest.param(
        [sample("9", CURRENT + ".L2")], (None, 9.0, None), {"phase_in_measurand"}, id="glued phase, lbbrhzn/ocpp #19"
    ),
    pytest.param(
        [sample("9", CURRENT, "N")], (9.0, None, None), {"current_on_n_only"}, id="N only, lbbrhzn/ocpp #1311"
    ),
    pytest.param(
        [*three(CURRENT, ["9", "8", "7"]), sample("1", CURRENT, "N")],
        (9.0, 8.0, 7.0),
        set(),
        id="N beside phases is ignored",
    ),
    pytest.param([sample("16", CURRENT)], (16.0, None, None), set(), id="one current is never spread blindly"),
    pytest.param([sample("0.0", CURRENT)], (0.0, 0.0, 0.0), set(), id="no current at all is none on every phase"),
    pytest.param(
        [sample("16", CURRENT), sample("3680", P)],
        (16.0, None, None),
        set(),
        id="power of one phase proves nothing of others",
    ),
    pytest.param(
        [sample("16", CURRENT), sample("11040", P), *three(U, ["230", "230", "230"])],
        (16.0, 16.0, 16.0),
        set(),
        id="power of three phases proves them, lbbrhzn/ocpp #1311",
    ),
    pytest.param([sample("16", CURRENT), sample("7360", P)], (16.0, 16.0, None), set(), id="power of two phases"),
    pytest.param(
        [sample("16", CURRENT), *three(U, ["1", "231", "2"])],
        (0.0, 16.0, 0.0),
        set(),
        id="only one voltage is there, evcc-io/evcc #16966",
    ),
    pytest.param(
        [sample("16", CURRENT), *three(U, ["230", "231", "229"])],
        (16.0, None, None),
        set(),
        id="three voltages, no power",
    ),
]


@pytest.mark.parametrize(("samples", "current", "rules"), CURRENTS)
def test_currents(samples, current, rules):
    entry, odd = read(*samples)
    assert entry.current_a == current
    assert odd == rules


def test_sums_and_derived_values_are_marked_partial():
    assert read(*three(E, ["1", "2", "3"]))[0].partial
    assert not read(sample("3", E))[0].partial
    entry, _ = read(*three(CURRENT, ["10", "10", "10"]), *three(U, ["230", "230", "230"]))
    assert (entry.power_w, entry.partial) == (6900.0, True)


def test_single_phase_voltage_is_not_averaged_over_three():
    entry, _ = read(sample("230", U, "L1-N"), sample("10", CURRENT, "L1"))
    assert (entry.voltage_v, entry.power_w) == ((230.0, None, None), 2300.0)


def test_line_to_line_voltage_is_no_phase_voltage():
    entry, odd = read(sample("400", U, "L1-L2"), sample("16", CURRENT, "L1"))
    assert (entry.voltage_v, entry.power_w, odd) == ((None, None, None), None, set())


@pytest.mark.parametrize(("written", "unit"), [("11.04", "W"), ("11040", "kW"), ("11040000", "W")])
def test_power_that_does_not_fit_current_and_voltage_is_repaired(written, unit):
    entry, odd = read(
        *three(CURRENT, ["16", "16", "16"]), *three(U, ["230", "230", "230"]), sample(written, P, unit=unit)
    )
    if "value_absurd" in odd:  # beyond any charger: no value, then derived from U x I
        assert entry.partial
    else:
        assert odd == {"power_unit_wrong"}
    assert entry.power_w == pytest.approx(11040.0)


def test_object_instead_of_lists_huawei():
    """lbbrhzn/ocpp #1144."""
    entries, odd = read_meter_values({"timestamp": "t", "sampledValue": {"value": "5"}})
    assert entries[0].energy_wh == 5.0
    assert {o.rule for o in odd} == {"meter_value_not_a_list", "sampled_value_not_a_list"}


@pytest.mark.parametrize(
    "value", [None, 5, "x", [], [1, None, "x", []], [{}], [{"sampledValue": 5}], [{"sampledValue": [1]}]]
)
def test_nonsense_gives_nothing(value):
    entries, _ = read_meter_values(value)
    assert all(entry.empty for entry in entries)


def test_no_finite_value_is_ever_lost_to_infinity():
    entry, _ = read(sample("1e308", E, unit="kWh"), *three(CURRENT, ["1e999", "-1e999", "nan"]))
    assert entry.empty
    assert not any(isinstance(v, float) and math.isinf(v) for v in entry.current_a)
