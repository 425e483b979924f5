"""Addresses of 2.x variables, report data as settings, reports in parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evdesk.model import Setting
from evdesk.ocpp.device_model import Address, Report, address_of, parse_address, settings_of

NAMES = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text and text.isprintable())
PLACES = st.one_of(st.none(), st.integers(0, 99))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("OCPPCommCtrlr/HeartbeatInterval", Address("OCPPCommCtrlr", "HeartbeatInterval")),
        ("Connector@1.2/Available", Address("Connector", "Available", evse=1, connector=2)),
        ("EVSE@1/Power#MaxSet", Address("EVSE", "Power", evse=1, attribute="MaxSet")),
        (
            "DeviceDataCtrlr/ItemsPerMessage[GetReport]",
            Address("DeviceDataCtrlr", "ItemsPerMessage", variable_instance="GetReport"),
        ),
        ("AcMeter[main]@2/Energy", Address("AcMeter", "Energy", component_instance="main", evse=2)),
    ],
)
def test_addresses(text, address):
    assert parse_address(text) == address
    assert address.text == text


@given(NAMES, NAMES, st.one_of(st.just(""), NAMES), PLACES, PLACES, st.sampled_from(["Actual", "Target", "MinSet"]))
def test_any_name_survives_the_way_there_and_back(component, variable, instance, evse, connector, attribute):
    connector = connector if evse is not None else None
    address = Address(component, variable, instance, evse, connector, instance, attribute)
    assert parse_address(address.text) == address
    assert address_of(address.to_item()) == address


@pytest.mark.parametrize("text", ["", "HeartbeatInterval", "/x", "a/", "a@b/c", "a[b/c", "a/b#"])
def test_what_is_no_address_is_said_in_words(text):
    with pytest.raises(ValueError, match="Component/Variable"):
        parse_address(text)


def item(attribute, traits=None, name="HeartbeatInterval"):
    component = {"name": "OCPPCommCtrlr"}
    told = {"component": component, "variable": {"name": name}, "variableAttribute": [attribute]}
    return told | ({"variableCharacteristics": traits} if traits else {})


def test_characteristics_become_type_unit_range_and_choices():
    traits = {"dataType": "integer", "unit": "s", "minLimit": 1, "maxLimit": 86400, "supportsMonitoring": False}
    (setting,) = settings_of(item({"value": "300", "mutability": "ReadWrite"}, traits))
    assert (setting.type, setting.unit, setting.low, setting.high) == ("integer", "s", 1.0, 86400.0)
    assert (setting.value, setting.writable, setting.group) == ("300", True, "OCPPCommCtrlr")
    traits = {"dataType": "MemberList", "valuesList": "A, W ,", "supportsMonitoring": False}
    (setting,) = settings_of(item({"value": "A"}, traits))
    assert (setting.type, setting.choices) == ("list", ("A", "W"))


def test_missing_mutability_means_read_and_write():
    """Seen in MicroOcpp 1.2.0."""
    (setting,) = settings_of(item({"value": "1"}))
    assert setting.writable
    assert setting.readable


def test_read_only_constant_and_write_only():
    assert not settings_of(item({"value": "1", "mutability": "ReadOnly"}))[0].writable
    assert not settings_of(item({"value": "1", "constant": True}))[0].writable
    (secret,) = settings_of(
        item({"value": "hunter2hunter2hunter2", "mutability": "WriteOnly"}, name="BasicAuthPassword")
    )
    assert secret.value is None
    assert secret.secret
    assert not secret.readable


def test_several_attributes_are_several_settings():
    told = item({"type": "Actual", "value": "1"})
    told["variableAttribute"].append({"type": "Target", "value": "2"})
    assert [(s.name[-7:], s.value) for s in settings_of(told)] == [("nterval", "1"), ("#Target", "2")]


@pytest.mark.parametrize("odd", [None, 1, {}, {"component": {}}, {"component": {"name": "A"}, "variable": "B"}, []])
def test_odd_report_data_gives_nothing(odd):
    assert settings_of(odd) == []


def test_numbers_for_text_are_read():
    assert settings_of(item({"value": True}))[0].value == "true"
    assert settings_of(item({"value": 5}))[0] == Setting("OCPPCommCtrlr/HeartbeatInterval", "5", group="OCPPCommCtrlr")


def part(seq, tbc, *data):
    return {"requestId": 1, "seqNo": seq, "tbc": tbc, "reportData": list(data)}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0), (0, 0, 2, 1)])
def test_parts_in_any_order_and_twice(order):
    """SAP/e-mobility-charging-stations-simulator #948."""
    parts = [part(0, True, "a"), part(1, True, "b"), part(2, False, "c")]
    report = Report(1)
    for count, seq in enumerate(order):
        assert report.complete is False, count
        report.add(parts[seq])
    assert report.complete
    assert report.items == ["a", "b", "c"]


def test_a_missing_part_is_named():
    """lbbrhzn/ocpp PR #2023."""
    report = Report(1)
    report.add(part(0, True, "a"))
    report.add(part(2, False, "c"))
    assert not report.complete
    assert report.missing == (1,)
    assert report.items == ["a", "c"]


def test_a_report_whose_last_part_never_comes_is_not_complete():
    report = Report(1)
    report.add(part(0, True, "a"))
    assert not report.complete
    assert report.missing == ()


def test_parts_without_numbers_count_as_they_come():
    report = Report(1)
    report.add({"reportData": ["a"], "tbc": True})
    report.add({"reportData": ["b"]})
    assert report.complete
    assert report.items == ["a", "b"]
