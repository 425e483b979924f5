"""The short way for ordinary MeterValues says exactly what the tolerant way says, and takes nothing odd."""

import json
from importlib.resources import files
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.ocpp import plain
from evdesk.ocpp.check import breaches
from tests.ocpp.helpers import Wire

FORMS = [
    {"measurand": "Current.Import", "unit": "A", "phase": "L1"},
    {"measurand": "Current.Import", "unit": "A", "phase": "L2", "context": "Sample.Periodic", "location": "Outlet"},
    {"measurand": "Current.Import"},
    {"measurand": "Current.Import", "phase": "N", "unit": "A"},
    {"measurand": "Voltage", "phase": "L1-N", "unit": "V", "format": "Raw"},
    {"measurand": "Voltage", "phase": "L1-L2", "unit": "V"},
    {"measurand": "Power.Active.Import", "unit": "kW", "location": "Inlet"},
    {"measurand": "Power.Active.Import", "unit": "W", "context": "Trigger"},
    {"unit": "Wh"},
    {"measurand": "Energy.Active.Import.Register", "unit": "kWh", "format": "SignedData"},
    {"measurand": "Temperature", "unit": "K", "location": "Body"},
    {"measurand": "SoC", "unit": "Percent", "location": "EV"},
    {"measurand": "Frequency", "unit": "Hertz"},
]
STAMPS = ["2026-05-28T20:26:40Z", "2026-05-28T20:26:35.25Z", "2026-05-28T22:26:30+02:00"]
ODD_STAMPS = [
    "2026-05-28T20:26:60Z",
    "2026-02-30T20:26:40Z",
    "2026-W22-4T20:26:40Z",
    "2026-05-28T24:00:00Z",
    "2026-05-28T20:26:30+23:75",
    "2026-05-28t20:26:40z",
    "2026-05-28T20:26:40",
    "\u0662026-05-28T20:26:40Z",
    "",
    None,
]
# (where, field, value): what a message may have wrong; "frame" counts its places
WRONG: list[tuple[str, Any, Any]] = [
    *[("entry", "timestamp", stamp) for stamp in [*ODD_STAMPS, "1970-01-01T00:00:12Z"]],
    *[
        ("sample", "value", value)
        for value in ["1,5", "nan", "", "x", "1_0", " 7 ", "99999999", "-inf", 16, None, True]
    ],
    *[("sample", field, word) for field in ("measurand", "unit", "phase", "format") for word in (None, 1, "mA", "l1")],
    *[("sample", field, word) for field in ("location", "context", "extra") for word in (None, "Roof")],
    ("sample", "measurand", "Current.Import.L1"),
    *[("payload", "connectorId", value) for value in (-1, 1.0, "1", None, 1 << 60, True)],
    *[("payload", "transactionId", value) for value in (0, -1, None, "7", 2.5, 1 << 60)],
    *[("payload", "meterValue", value) for value in ([], None, {})],
    *[("entry", "sampledValue", value) for value in ([], None, {"value": "1"})],
    *[(where, "more", 1) for where in ("payload", "entry")],
    *[("frame", 1, ident) for ident in ("x" * 37, 5, None, "\u00e9")],
    *[("frame", 0, 3), ("frame", 0, "2"), ("frame", 2, "metervalues"), ("frame", 4, {})],
]
VALUES = st.sampled_from(["0", "13.8", "231.5", "9500", "-4", "1e3", "0.4"])
SAMPLES = st.builds(lambda form, value: {**form, "value": value}, st.sampled_from(FORMS), VALUES)
ENTRIES = st.builds(
    lambda stamp, samples: {"timestamp": stamp, "sampledValue": samples},
    st.sampled_from(STAMPS),
    st.lists(SAMPLES, min_size=1, max_size=8),
)
PAYLOADS = st.fixed_dictionaries(
    {"connectorId": st.sampled_from([0, 1, 2]), "meterValue": st.lists(ENTRIES, min_size=1, max_size=3)},
    optional={"transactionId": st.just(7)},
)


def both_ways(frame: list[Any]) -> bool:
    """Asserts that they agree. True where the short way took the message."""
    text = json.dumps(frame, ensure_ascii=False)
    short, long = Wire(), Wire()
    long.dialogue._plain = lambda _: None
    assert short.text(text) == long.text(text)
    assert short.memory == long.memory
    return plain.plain_meter_values(text) is not None


@settings(max_examples=200, deadline=None)
@given(PAYLOADS)
def test_both_ways_read_the_same(payload: dict[str, Any]) -> None:
    assert breaches("MeterValues", payload) == []
    both_ways([2, "m1", "MeterValues", payload])


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_odd_messages_are_flagged_as_ever(wrong: tuple[str, Any, Any]) -> None:
    where, field, value = wrong
    sample = {**FORMS[1], "value": "7"}
    entry = {"timestamp": STAMPS[0], "sampledValue": [{**FORMS[0], "value": "8"}, sample]}
    payload = {"connectorId": 1, "meterValue": [entry]}
    frame: list[Any] = [2, "m1", "MeterValues", payload]
    if where == "frame":
        frame[field : field + 1] = [value]
    else:
        {"payload": payload, "entry": entry, "sample": sample}[where][field] = value
    if both_ways(frame):
        assert breaches("MeterValues", payload) == []


def test_ordinary_message_goes_the_short_way() -> None:
    for form in FORMS[:3]:
        entry = {"timestamp": STAMPS[1], "sampledValue": [{**form, "value": "16"}]}
        assert both_ways([2, "m1", "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [entry, entry]}])


def test_same_words_as_the_schema() -> None:
    source = files("ocpp.v16").joinpath("schemas", "MeterValues.json").read_text(encoding="utf-8-sig")
    entry = json.loads(source)["properties"]["meterValue"]["items"]
    fields = entry["properties"]["sampledValue"]["items"]["properties"]
    typed = get_type_hints(plain._Sample)
    assert typed.keys() == fields.keys()
    for name, rule in fields.items():
        assert set(get_args(typed[name])) == set(rule.get("enum", [])), name
