"""What a setting means and takes, over 1.6 keys and 2.x variables."""

import pytest

from evdesk.model import Setting
from evdesk.ocpp import keys, variables
from evdesk.ocpp.dictionary import describe, fault, same


def told(name, value="", protocol="ocpp1.6", **more):
    return describe(Setting(name, value, **more), protocol)


def test_a_key_gets_its_profile_range_and_warning():
    one = told("WebSocketPingInterval", "30")
    assert (one.group, one.type, one.unit, one.low) == ("Core", "integer", "s", 0.0)
    assert "ping" in one.warning
    assert told("ChargeProfileMaxStackLevel", "3").group == "SmartCharging"
    assert told("AuthorizationKey").secret
    assert not told("AuthorizationKey").readable


def test_a_vendors_key_is_shown_as_such():
    one = told("NordladeLedTheme", "calm")
    assert (one.known, one.group, one.type) == (False, "Vendor", "string")
    assert told("amp_plug_lock", "true").type == "boolean"
    assert told("amp_pin", "007").type == "string"


def test_a_variable_keeps_what_the_charger_says_of_it():
    one = told("OCPPCommCtrlr/HeartbeatInterval", "60", "ocpp2.0.1", unit="", low=10.0, high=900.0)
    assert (one.type, one.unit, one.low, one.high, one.known) == ("integer", "s", 10.0, 900.0, True)
    assert one.group == "OCPPCommCtrlr"
    assert told("MyPart/MyThing", "1", "ocpp2.0.1").known is False
    assert told("SecurityCtrlr/BasicAuthPassword", None, "ocpp2.1").secret
    assert told("EVSE@1/Power", "7", "ocpp2.0.1").unit == "W"
    assert told("Connector@1.2/AvailabilityState", "Available", "ocpp2.0.1").choices[0] == "Available"


def test_an_unreadable_address_is_left_alone():
    assert told("not an address", "x", "ocpp2.0.1").known is False


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("HeartbeatInterval", ["1", "300", "+5"], ["0", "ten", "1.5", "", "9999999"]),
        ("LocalPreAuthorize", ["true", "FALSE"], ["yes", "1", ""]),
        ("MeterValuesSampledData", ["", "Voltage", "Voltage,SoC"], ["Voltage,,SoC", "SoC,SoC", "x" * 501]),
        ("SecurityProfile", ["0", "3"], ["4", "-1"]),
    ],
)
def test_values_are_checked_before_they_are_sent(name, good, bad):
    setting = told(name, "0")
    assert [value for value in good if fault(setting, value)] == []
    assert [value for value in bad if not fault(setting, value)] == []


def test_a_fault_says_what_is_right_instead():
    assert fault(told("LightIntensity", "80"), "120") == "LightIntensity takes 0 to 100 %."
    assert "one of: " in fault(told("ClockCtrlr/NtpSource", "DHCP", "ocpp2.0.1"), "radio", "ocpp2.0.1")
    assert fault(told("NumberOfConnectors", "1", writable=False), "2").endswith("read-only.")
    assert "16 to 40" in fault(told("AuthorizationKey"), "short")
    assert fault(told("ClockCtrlr/DateTime", "", "ocpp2.0.1"), "noon", "ocpp2.0.1")


def test_a_charger_may_write_a_value_its_own_way():
    assert same(told("LocalPreAuthorize"), "TRUE", "true")
    assert same(told("HeartbeatInterval"), "10", "10.0")
    assert same(told("MeterValuesSampledData"), "Voltage, SoC", "Voltage,SoC")
    assert not same(told("HeartbeatInterval"), "10", "30")
    assert not same(told("CpoName"), None, "")


def test_every_row_of_the_dictionaries_can_be_read():
    types = {"string", "integer", "decimal", "boolean", "datetime", "choice", "list"}
    for one in [*keys.STANDARD.values(), *variables.STANDARD.values()]:
        assert one.type in types, one
        assert one.meaning.endswith("."), one
        assert one.low is None or one.high is None or one.low < one.high, one
    assert {name.lower() for name in keys.WARNINGS} <= keys.STANDARD.keys()
    assert {name.lower() for name in variables.WARNINGS} <= variables.STANDARD.keys()
    assert len(variables.STANDARD) > 200
