"""The short way for the ordinary messages of 2.x says exactly what the tolerant way says, and takes nothing odd."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.ocpp.check import breaches
from evdesk.ocpp.plain2 import plain_reader
from evdesk.ocpp.version import Version
from tests.ocpp.helpers import Wire
from tests.ocpp.test_plain import ODD_STAMPS, STAMPS

VERSIONS = (Version.V201, Version.V21)
READERS = {version: plain_reader(version) for version in VERSIONS}
FORMS: list[dict[str, Any]] = [
    {"measurand": "Current.Import", "phase": "L1", "unitOfMeasure": {"unit": "A"}},
    {"measurand": "Current.Import", "phase": "L2", "context": "Sample.Periodic", "location": "Outlet"},
    {"measurand": "Current.Import", "unitOfMeasure": {"unit": "A", "multiplier": -1}},
    {"measurand": "Voltage", "phase": "L1-N", "unitOfMeasure": {"unit": "V"}},
    {"measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W", "multiplier": 3}, "location": "Inlet"},
    {"measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "furlong"}},
    {},
    {"measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "kWh"}},
    {"measurand": "SoC", "unitOfMeasure": {"unit": "Percent"}, "location": "EV"},
    {"measurand": "Frequency", "unitOfMeasure": {"unit": "Hz"}},
]
SAMPLES = st.builds(
    lambda form, value: {**form, "value": value},
    st.sampled_from(FORMS),
    st.sampled_from([0, 13.8, 231.5, 9500, -4, 0.4]),
)
ENTRIES = st.builds(
    lambda stamp, samples: {"timestamp": stamp, "sampledValue": samples},
    st.sampled_from(STAMPS),
    st.lists(SAMPLES, min_size=1, max_size=8),
)
VALUES = st.lists(ENTRIES, min_size=1, max_size=3)
METER = st.fixed_dictionaries({"evseId": st.sampled_from([0, 1, 2]), "meterValue": VALUES})
EVENTS = st.fixed_dictionaries(
    {
        "eventType": st.sampled_from(["Updated", "Started", "Ended"]),
        "timestamp": st.sampled_from(STAMPS),
        "triggerReason": st.sampled_from(["MeterValuePeriodic", "ChargingStateChanged"]),
        "seqNo": st.sampled_from([0, 1, 7]),
        "transactionInfo": st.fixed_dictionaries(
            {"transactionId": st.sampled_from(["T1", "T2"])},
            optional={"chargingState": st.sampled_from(["Charging", "SuspendedEV"]), "timeSpentCharging": st.just(4)},
        ),
        "meterValue": VALUES,
    },
    optional={
        "offline": st.booleans(),
        "evse": st.sampled_from([{"id": 1}, {"id": 2, "connectorId": 1}]),
        "numberOfPhasesUsed": st.just(3),
        "idToken": st.just({"idToken": "A", "type": "Central"}),
    },
)
ENTRY = {"timestamp": STAMPS[0], "sampledValue": [{**FORMS[0], "value": 8}, {**FORMS[1], "value": 7.5}]}
WRONG: list[tuple[str, str, Any]] = [
    *[("entry", "timestamp", stamp) for stamp in ODD_STAMPS],
    *[("sample", "value", value) for value in ["1.5", None, True, [], 1e300]],
    *[("sample", name, word) for name in ("measurand", "phase", "location", "context") for word in (None, 1, "Roof")],
    *[
        ("sample", "unitOfMeasure", unit)
        for unit in (None, "A", {"unit": None}, {"unit": "x" * 21}, {"multiplier": 99})
    ],
    ("sample", "extra", 1),
    ("sample", "signedMeterValue", {}),
    *[("payload", "meterValue", value) for value in ([], None, {})],
    *[("entry", "sampledValue", value) for value in ([], None)],
    *[("payload", name, value) for name in ("seqNo", "evse", "timestamp") for value in (-1, None, "1", 2.5)],
    ("payload", "transactionInfo", {}),
    ("payload", "transactionInfo", {"transactionId": "x" * 37}),
    ("payload", "triggerReason", "Boredom"),
    ("payload", "more", 1),
]


def both_ways(version: Version, frame: list[Any]) -> bool:
    """Asserts that they agree. True where the short way took the message."""
    text = json.dumps(frame)
    short, long = Wire(version=version), Wire(version=version)
    long.dialogue._plain = lambda _: None
    by_short, by_long = short.text(text), long.text(text)
    assert [item.event for item in by_short.deferred] == [item.event for item in by_long.deferred]
    by_short.deferred, by_long.deferred = [], []  # their calls hold the payload, read or as it came
    assert by_short == by_long
    assert short.memory == long.memory
    return READERS[version](text) is not None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VERSIONS), METER)
def test_meter_values_read_the_same(version: Version, payload: dict[str, Any]) -> None:
    assert breaches("MeterValues", payload, version=version) == []
    both_ways(version, [2, "m1", "MeterValues", payload])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VERSIONS), EVENTS)
def test_events_read_the_same(version: Version, payload: dict[str, Any]) -> None:
    assert breaches("TransactionEvent", payload, version=version) == []
    took = both_ways(version, [2, "m1", "TransactionEvent", payload])
    assert not (took and ("idToken" in payload or payload["eventType"] != "Updated"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_odd_messages_are_flagged_as_ever(version: Version, wrong: tuple[str, str, Any]) -> None:
    where, name, value = wrong
    entry = json.loads(json.dumps(ENTRY))
    payload = {
        "eventType": "Updated",
        "timestamp": STAMPS[0],
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 3,
        "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"},
        "evse": {"id": 1},
        "meterValue": [entry],
    }
    {"payload": payload, "entry": entry, "sample": entry["sampledValue"][1]}[where][name] = value
    if both_ways(version, [2, "m1", "TransactionEvent", payload]):
        assert breaches("TransactionEvent", payload, version=version) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_ordinary_messages_go_the_short_way(version: Version) -> None:
    payload = {
        "eventType": "Updated",
        "timestamp": STAMPS[0],
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 3,
        "transactionInfo": {"transactionId": "T1", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [ENTRY, ENTRY],
    }
    assert both_ways(version, [2, "m1", "TransactionEvent", payload])
    assert both_ways(version, [2, "m1", "MeterValues", {"evseId": 1, "meterValue": [ENTRY]}])


def test_an_enumeration_of_2_1_is_none_of_2_0_1() -> None:
    entry = {"timestamp": STAMPS[0], "sampledValue": [{"value": 5, "measurand": "Display.PresentSOC"}]}
    frame = [2, "m1", "MeterValues", {"evseId": 1, "meterValue": [entry]}]
    assert both_ways(Version.V21, frame)
    assert not both_ways(Version.V201, frame)
