"""The short way for ordinary MeterValues says exactly what the tolerant way says, and takes nothing odd."""

import json
from importlib.resources import files
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.ocpp import dialogue, plain
from evdesk.ocpp.check import _compiled
from tests.ocpp.helpers import Wire

SCHEMA = _compiled("MeterValues")
SAMPLE = json.loads(
    """{"context": ["Sample.Periodic", "Trigger", "Odd"], "format": ["Raw", "SignedData"],
    "measurand": ["Current.Import", "Voltage", "Power.Active.Import", "Energy.Active.Import.Register", "SoC",
                  "Temperature", "Current.Offered", "Frequency", "Current.Import.L1", null],
    "phase": ["L1", "L2", "L3", "N", "L1-N", "L2-N", "L1-L2", "l1", null], "location": ["Outlet", "EV", "Body", 1],
    "unit": ["A", "V", "W", "kW", "Wh", "kWh", "K", "Percent", "mA", null], "extra": ["x"]}"""
)
VALUES = st.sampled_from(
    ["0", "13.8", "231", "9500", "-4", "1e3", " 7 ", "1,5", "nan", "", "x", "1_0", "99999999", 16, None, True]
)
STAMPS = st.sampled_from(
    [
        "2026-05-28T20:26:40Z",
        "2026-05-28T20:26:35.250Z",
        "2026-05-28T22:26:30+02:00",
        "2026-05-28T20:26:60Z",
        "2026-02-30T20:26:40Z",
        "2026-W22-4T20:26:40Z",
        "2026-05-28T24:00:00Z",
        "2026-05-28T22:26:30+23:75",
        "2026-05-28t20:26:40z",
        "2026-05-28T20:26:40",
        "1970-01-01T00:00:12Z",
        "٢026-05-28T20:26:40Z",
        "",
        None,
        1780000000,
    ]
)


def payloads() -> st.SearchStrategy[dict[str, Any]]:
    good = {name: st.sampled_from(words) for name, words in SAMPLE.items() if name not in ("extra", "location")}
    sample = st.fixed_dictionaries({"value": VALUES.filter(lambda v: isinstance(v, str))}, optional=good)
    wild = st.fixed_dictionaries({}, optional={n: st.sampled_from(w) for n, w in SAMPLE.items()} | {"value": VALUES})
    entry = st.fixed_dictionaries(
        {"timestamp": STAMPS, "sampledValue": st.lists(sample, max_size=6) | st.lists(wild, max_size=2) | wild}
    )
    return st.fixed_dictionaries(
        {
            "connectorId": st.sampled_from([0, 1, 2, -1, 1.0, "1", None, 1 << 60]),
            "meterValue": st.lists(entry, max_size=3),
        },
        optional={"transactionId": st.sampled_from([1, 7, 0, -1, None, "7", 2.5, 1 << 60]), "more": st.just(1)},
    )


@settings(max_examples=300, deadline=None)
@given(payloads(), st.sampled_from(["m1", "x" * 37, 5, "é"]))
def test_both_ways_say_the_same(payload: dict[str, Any], ident: Any) -> None:
    text = json.dumps([2, ident, "MeterValues", payload], ensure_ascii=False)
    short, long = Wire(), Wire()
    by_short = short.text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialogue, "plain_meter_values", lambda _: None)
        by_long = long.text(text)
    assert by_short == by_long
    assert short.memory == long.memory
    if plain.plain_meter_values(text) is not None:
        assert SCHEMA.is_valid(payload)


def test_same_words_as_the_schema() -> None:
    source = files("ocpp.v16").joinpath("schemas", "MeterValues.json").read_text(encoding="utf-8-sig")
    entry = json.loads(source)["properties"]["meterValue"]["items"]
    fields = entry["properties"]["sampledValue"]["items"]["properties"]
    typed = get_type_hints(plain._Sample)
    assert typed.keys() == fields.keys()
    for name, rule in fields.items():
        assert set(get_args(typed[name])) == set(rule.get("enum", [])), name


def test_ordinary_message_goes_the_short_way() -> None:
    entry = {"timestamp": "2026-05-28T20:26:40.5Z", "sampledValue": [{"value": "16", "context": "Other"}]}
    frame = [2, "m1", "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [entry, entry]}]
    assert plain.plain_meter_values(json.dumps(frame)) is not None
    entry["extra"] = "x"
    assert plain.plain_meter_values(json.dumps(frame)) is None
