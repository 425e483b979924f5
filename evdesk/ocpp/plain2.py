"""The short way for the ordinary traffic of 2.0.1 and 2.1: MeterValues and TransactionEvent exactly as their schemas want
them, and without an id token. One typed decoding checks what the schema checks; the enumerations are the schemas' own.

Whatever is odd, in form or in value, is left to the tolerant way, which names it; both ways give the same readings.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from evdesk.ocpp.check import schema
from evdesk.ocpp.frame import Call
from evdesk.ocpp.meter import Bag, Sampled, sampled
from evdesk.ocpp.timestamps import is_strict
from evdesk.ocpp.version import Version

_MAX_CHARS = 1 << 16
_ABSENT: Any = None  # not in the type: the schemas want a field left out, never null
_Id = Annotated[str, msgspec.Meta(max_length=36)]


class _Unit(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    unit: Annotated[str, msgspec.Meta(max_length=20)] = _ABSENT
    multiplier: int = 0


class _Evse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: Annotated[int, msgspec.Meta(ge=0)]
    connectorId: Annotated[int, msgspec.Meta(ge=0)] = _ABSENT


def _word(definitions: dict[str, Any], name: str) -> Any:
    return Literal[tuple(definitions[name]["enum"])]


def _meter_value(definitions: dict[str, Any]) -> Any:
    sample = msgspec.defstruct(
        "Sample",
        [
            ("value", float),
            ("context", _word(definitions, "ReadingContextEnumType"), _ABSENT),
            ("measurand", _word(definitions, "MeasurandEnumType"), _ABSENT),
            ("phase", _word(definitions, "PhaseEnumType"), _ABSENT),
            ("location", _word(definitions, "LocationEnumType"), _ABSENT),
            ("unitOfMeasure", _Unit, _ABSENT),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
    samples: Any = Annotated[list[sample], msgspec.Meta(min_length=1)]  # type: ignore[valid-type]
    entry = msgspec.defstruct("Entry", [("timestamp", str), ("sampledValue", samples)], forbid_unknown_fields=True)
    return Annotated[list[entry], msgspec.Meta(min_length=1)]  # type: ignore[valid-type]


def _frame(name: str, fields: list[Any]) -> Any:
    payload = msgspec.defstruct("Payload", fields, forbid_unknown_fields=True)
    return msgspec.defstruct(
        "Frame",
        [("kind", Literal[2]), ("id", _Id), ("action", Literal[name]), ("payload", payload)],
        array_like=True,
        forbid_unknown_fields=True,
    )


def _event_decoder(version: Version) -> Callable[[str], Any]:
    whole = schema(version, "TransactionEvent")
    definitions = whole["definitions"]
    info = msgspec.defstruct(
        "Info",
        [
            ("transactionId", _Id),
            ("chargingState", _word(definitions, "ChargingStateEnumType"), _ABSENT),
            ("timeSpentCharging", int, _ABSENT),
            ("remoteStartId", int, _ABSENT),
        ],
        forbid_unknown_fields=True,
        gc=False,
    )
    fields: list[Any] = [
        ("eventType", Literal["Updated"]),
        ("timestamp", str),
        ("triggerReason", _word(definitions, "TriggerReasonEnumType")),
        ("seqNo", Annotated[int, msgspec.Meta(ge=0)]),
        ("transactionInfo", info),
        ("meterValue", _meter_value(definitions)),
        ("offline", bool, False),
        ("numberOfPhasesUsed", Annotated[int, msgspec.Meta(ge=0, le=3)], _ABSENT),
        ("cableMaxCurrent", int, _ABSENT),
        ("evse", _Evse, _ABSENT),
    ]
    return msgspec.json.Decoder(_frame("TransactionEvent", fields)).decode


def _values_decoder(version: Version) -> Callable[[str], Any]:
    definitions = schema(version, "MeterValues")["definitions"]
    fields: list[Any] = [
        ("evseId", Annotated[int, msgspec.Meta(ge=0)]),
        ("meterValue", _meter_value(definitions)),
    ]
    return msgspec.json.Decoder(_frame("MeterValues", fields)).decode


def plain_reader(version: Version) -> Callable[[str], Call | None]:
    """A function from a frame's text to the CALL, its `meterValue` read to a list of `Sampled`; None for every other
    message and for anything odd. The decoders are made when the first such message comes."""
    decoders: dict[str, Callable[[str], Any]] = {}
    makers = {"TransactionEvent": _event_decoder, "MeterValues": _values_decoder}

    def read(text: str) -> Call | None:
        head = text[:80]
        action = (
            "TransactionEvent" if '"TransactionEvent"' in head else "MeterValues" if '"MeterValues"' in head else ""
        )
        if not action or len(text) > _MAX_CHARS:
            return None
        decode = decoders.get(action)
        if decode is None:
            decode = decoders[action] = makers[action](version)
        try:
            frame = decode(text)
        except (ValueError, RecursionError):
            return None
        payload = frame.payload
        entries = [_entry(entry) for entry in payload.meterValue]
        if None in entries:
            return None
        told: dict[str, Any] = {"meterValue": entries}
        if action == "MeterValues":
            told["evseId"] = payload.evseId
        elif is_strict(payload.timestamp):
            _event(payload, told)
        else:
            return None
        return Call(frame.id, action, told, frame.id, plain=True)

    return read


def _event(payload: Any, told: dict[str, Any]) -> None:
    info = payload.transactionInfo
    told["eventType"] = "Updated"
    told["timestamp"] = payload.timestamp
    told["seqNo"] = payload.seqNo
    told["offline"] = payload.offline
    told["transactionInfo"] = {"transactionId": info.transactionId, "chargingState": info.chargingState}
    if payload.evse is not None:
        told["evse"] = {"id": payload.evse.id}


def _entry(entry: Any) -> Sampled | None:
    """None where anything has to be named."""
    bag = Bag([])
    put = bag.put
    for sample in entry.sampledValue:
        unit, value = sample.unitOfMeasure, sample.value
        if unit is not None and unit.multiplier:
            if abs(unit.multiplier) > 12:
                return None
            value *= 10.0**unit.multiplier
        put((sample.measurand, sample.phase, unit and unit.unit, sample.location, None), value, sample)
    result = sampled(entry.timestamp, bag)
    return None if bag.odd or not is_strict(entry.timestamp) else result


plain_event_201 = plain_reader(Version.V201)
plain_event_21 = plain_reader(Version.V21)
