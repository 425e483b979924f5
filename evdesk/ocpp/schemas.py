"""The JSON schemas of every OCPP message, by version: for reading, for completing, for saying what is wrong and where.

`check` holds live traffic to the same schemas; this module looks at single messages, closely and without hurry.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from evdesk.ocpp import check
from evdesk.ocpp.version import Version

PROTOCOLS = tuple(version.value for version in Version)
MAX_BREACHES = 100

FROM_CHARGER = {
    "Authorize",
    "BatterySwap",
    "BootNotification",
    "ClearedChargingLimit",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Get15118EVCertificate",
    "GetCertificateChainStatus",
    "GetCertificateStatus",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "NotifyChargingLimit",
    "NotifyCustomerInformation",
    "NotifyDERAlarm",
    "NotifyDERStartStop",
    "NotifyDisplayMessages",
    "NotifyEVChargingNeeds",
    "NotifyEVChargingSchedule",
    "NotifyEvent",
    "NotifyMonitoringReport",
    "NotifyPeriodicEventStream",
    "NotifyPriorityCharging",
    "NotifyReport",
    "NotifySettlement",
    "OpenPeriodicEventStream",
    "ClosePeriodicEventStream",
    "PublishFirmwareStatusNotification",
    "PullDynamicScheduleUpdate",
    "ReportChargingProfiles",
    "ReportDERControl",
    "ReservationStatusUpdate",
    "SecurityEventNotification",
    "SignCertificate",
    "SignedFirmwareStatusNotification",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
    "TransactionEvent",
    "VatNumberValidation",
}
"""What only the charging station sends; every other message is the CSMS's. DataTransfer goes both ways."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach of a schema at its place: `path` as a JSON pointer ("/meterValue/0/sampledValue"), "" for the whole.
    `rule` as in findings; `title` in words; `raw` the offending value, cut."""

    path: str
    rule: str
    title: str
    raw: str = ""


def words(protocol: str) -> str:
    """ "OCPP 2.0.1" """
    return f"OCPP {protocol.removeprefix('ocpp')}" if protocol else "OCPP"


def known(protocol: str) -> str:
    """The protocol, or 1.6 where it is none of ours (rows of an older log)."""
    return protocol if protocol in PROTOCOLS else PROTOCOLS[0]


def sendable(protocol: str) -> list[str]:
    """The actions a CSMS sends in this version."""
    return sorted(check.actions(Version(protocol)) - FROM_CHARGER)


@cache
def schema(protocol: str, action: str, answer: bool = False) -> dict[str, Any] | None:
    """None where the version has no such message. Treat it as read-only."""
    try:
        return check.schema(Version(protocol), action, answer)
    except KeyError:
        return None


@cache
def _validator(protocol: str, action: str, answer: bool) -> Any:
    found = schema(protocol, action, answer)
    return None if found is None else jsonschema_rs.validator_for(found)


def inspect(protocol: str, action: str, payload: Any, answer: bool = False) -> list[Breach]:
    """Where this payload breaks its schema; empty where it does not, or where there is no schema."""
    validator = _validator(known(protocol), action, answer)
    return [] if validator is None else _breaches(validator, action + "Response" if answer else action, payload)


def inspect_with(schema_: dict[str, Any], action: str, payload: Any) -> list[Breach]:
    """The same by a schema at hand."""
    return _breaches(jsonschema_rs.validator_for(schema_), action, payload)


def _breaches(validator: Any, name: str, payload: Any) -> list[Breach]:
    found: list[Breach] = []
    for error in validator.iter_errors(payload):
        found += _breach(name, error)
        if len(found) >= MAX_BREACHES:
            break
    return found


def _breach(name: str, error: Any) -> list[Breach]:
    keyword = str(error.schema_path[-1]) if error.schema_path else "schema"
    steps = list(error.instance_path)
    where = ".".join(str(part) for part in steps if not isinstance(part, int))
    rule = ".".join(part for part in (name, where, keyword) if part)[:200]
    field = str(steps[-1]) if steps and isinstance(steps[-1], str) else where.rpartition(".")[2]
    if keyword == "additionalProperties":
        extra = [str(one) for one in getattr(error.kind, "unexpected", [])]
        return [
            Breach(pointer([*steps, one]), rule, f"“{one}” is no field of {field or 'this message'}", one)
            for one in extra[:20]
        ]
    title = _title(keyword, field, error)
    raw = "" if keyword == "required" else str(error.instance)[:500]
    return [Breach(pointer(steps), rule, title, raw)]


def _title(keyword: str, field: str, error: Any) -> str:
    value, kind = str(error.instance)[:60], error.kind
    named = field or "the message"
    if keyword == "required":
        return f"{getattr(kind, 'property', '')} is missing" + (f" in {field}" if field else "")
    if keyword == "enum":
        return f"{named} “{value}” is not in the list"
    if keyword == "type":
        wanted = " or ".join(_TYPES.get(str(one), str(one)) for one in getattr(kind, "types", []))
        return f"{named} is {_TYPES.get(_type_of(error.instance), 'something else')} instead of {wanted}"
    if keyword in ("maxLength", "minLength"):
        side = "longer" if keyword == "maxLength" else "shorter"
        return f"{named} is {side} than {kind.limit} characters ({len(str(error.instance))})"
    if keyword == "format":
        return f"{named} “{value}” is no {str(getattr(kind, 'format', '')).replace('-', ' and ')}"
    if keyword in ("minimum", "maximum", "multipleOf"):
        limit = getattr(kind, "limit", getattr(kind, "multiple_of", ""))
        return f"{named} {value} is {_NUMBERS[keyword]} {limit}"
    return f"{named}: {str(error.message)[:200]}"


_NUMBERS = {"minimum": "below", "maximum": "above", "multipleOf": "no multiple of"}
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = ((dict, "object"), (list, "array"), (str, "string"), (int, "integer"), (float, "number"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def pointer(steps: list[Any]) -> str:
    """RFC 6901."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
