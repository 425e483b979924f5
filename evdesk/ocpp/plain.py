"""The short way for the message that makes up nearly all traffic: a MeterValues exactly as its schema wants it.

One typed decoding checks everything the schema of OCPP 1.6 checks. Whatever is odd, in form or in value, is left to
the tolerant way, which names it; both ways give the same readings.
"""

from typing import Annotated, Any, Literal

import msgspec

from evdesk.ocpp.frame import Call
from evdesk.ocpp.meter import Bag, Sampled, sampled
from evdesk.ocpp.timestamps import is_strict

_MAX_CHARS = 1 << 16
_ABSENT: Any = None  # not in the type: the schema wants a field left out, never null

Context = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
    "Other",
]
Measurand = Literal[
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "Power.Factor",
    "Current.Import",
    "Current.Export",
    "Current.Offered",
    "Voltage",
    "Frequency",
    "Temperature",
    "SoC",
    "RPM",
]
Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]
Unit = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "K",
    "Celcius",
    "Celsius",
    "Fahrenheit",
    "Percent",
    "Hertz",
]


class _Sample(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    value: str
    context: Context = _ABSENT
    format: Literal["Raw", "SignedData"] = _ABSENT
    measurand: Measurand = _ABSENT
    phase: Phase = _ABSENT
    location: Literal["Cable", "EV", "Inlet", "Outlet", "Body"] = _ABSENT
    unit: Unit = _ABSENT


class _Entry(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    timestamp: str
    sampled_value: Annotated[list[_Sample], msgspec.Meta(min_length=1)]


class _Payload(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    connector_id: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    meter_value: Annotated[list[_Entry], msgspec.Meta(min_length=1)]
    transaction_id: Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)] = _ABSENT


class _Frame(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    kind: Literal[2]
    id: Annotated[str, msgspec.Meta(max_length=36)]
    action: Literal["MeterValues"]
    payload: _Payload


_decode = msgspec.json.Decoder(_Frame).decode


def plain_meter_values(text: str) -> Call | None:
    """The CALL, its `meterValue` read to a list of `Sampled`; None for every other message and for anything odd."""
    if '"MeterValues"' not in text[:80] or len(text) > _MAX_CHARS:
        return None
    try:
        frame = _decode(text)
    except (ValueError, RecursionError):
        return None
    payload = frame.payload
    entries = [_entry(entry) for entry in payload.meter_value]
    if None in entries:
        return None
    read = {
        "connectorId": payload.connector_id,
        "transactionId": payload.transaction_id,
        "meterValue": entries,
    }
    return Call(frame.id, frame.action, read, frame.id, plain=True)


def _entry(entry: _Entry) -> Sampled | None:
    """None where anything has to be named."""
    bag = Bag([])
    put = bag.put
    for sample in entry.sampled_value:
        put((sample.measurand, sample.phase, sample.unit, sample.location, sample.format), sample.value, sample)
    result = sampled(entry.timestamp, bag)
    return None if bag.odd or not is_strict(entry.timestamp) else result
