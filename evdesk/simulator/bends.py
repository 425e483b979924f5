"""Faults that only change what goes over the wire: each bends the payload of some calls or answers a little.

Both tables: fault -> action -> what happens to the payload (a fresh one, which may be changed in place). Faults that
change what the station *does* are where it does it.
"""

import json
import math
from collections.abc import Callable
from typing import Any, TypeAlias

from evdesk.simulator.core import Core
from evdesk.simulator.link import CallFault, Payload

Bend: TypeAlias = Callable[[Core, Payload], None]
Sample: TypeAlias = dict[str, Any]
PHASES = ("L1", "L2", "L3")
MESSAGES = ("MeterValues", "TransactionEvent", "StopTransaction")
SITE_A = 41.7


def bend_call(core: Core, action: str, payload: Payload) -> None:
    """Bend what the station is about to send."""
    for fault in core.faults:
        bend = CALLS.get(fault, {}).get(action)
        if bend is not None:
            bend(core, payload)


def bend_answer(core: Core, action: str, payload: Payload) -> None:
    """Bend what the station is about to answer; raises CallFault where it answers with an error instead."""
    for fault in core.faults:
        bend = ANSWERS.get(fault, {}).get(action)
        if bend is not None:
            bend(core, payload)


# meter values


def _entries(payload: Payload) -> list[Payload]:
    found = payload.get("meterValue") or payload.get("transactionData") or []
    return [found] if isinstance(found, dict) else list(found)


def _each(change: Callable[[Core, list[Sample]], list[Sample]]) -> dict[str, Bend]:
    """A bend of every list of samples."""

    def bend(core: Core, payload: Payload) -> None:
        for entry in _entries(payload):
            entry["sampledValue"] = change(core, entry["sampledValue"]) or entry["sampledValue"]

    return dict.fromkeys(MESSAGES, bend)


def _of(samples: list[Sample], measurand: str) -> list[Sample]:
    return [s for s in samples if s.get("measurand") == measurand]


def _others(samples: list[Sample], measurand: str) -> list[Sample]:
    return [s for s in samples if s.get("measurand") != measurand]


def _value(sample: Sample, number: float, digits: int) -> Sample:
    """The sample with another figure, as text where it was text."""
    sample["value"] = f"{number:.{digits}f}" if isinstance(sample["value"], str) else round(number, digits)
    return sample


def _one_current(phase: str) -> dict[str, Bend]:
    def change(_core: Core, samples: list[Sample]) -> list[Sample]:
        currents = _of(samples, "Current.Import")
        if not currents:
            return samples
        largest = max(currents, key=lambda s: float(s["value"]))
        return [largest | {"phase": phase}, *_others(samples, "Current.Import")]

    return _each(change)


def _averaged(_core: Core, samples: list[Sample]) -> list[Sample]:
    voltages = _of(samples, "Voltage")
    if not voltages:
        return samples
    one = _value(dict(voltages[0]), float(voltages[0]["value"]) / 3, 1)
    one.pop("phase", None)
    return [*_others(samples, "Voltage"), one]


def _scale_of(sample: Sample) -> float:
    unit = sample.get("unitOfMeasure") or {}
    return 1000.0 if str(sample.get("unit", "")).startswith("k") or unit.get("multiplier") == 3 else 1.0


def _kilowatt(_core: Core, samples: list[Sample]) -> list[Sample]:
    for sample in _of(samples, "Power.Active.Import"):
        _value(sample, float(sample["value"]) * _scale_of(sample) / 1000.0, 3)
        if "unit" in sample:
            sample["unit"] = "W"
        if "unitOfMeasure" in sample:
            sample["unitOfMeasure"] = {"unit": "W"}
    return samples


def _no_units(_core: Core, samples: list[Sample]) -> list[Sample]:
    for sample in samples:
        sample.pop("unit", None)
        sample.pop("unitOfMeasure", None)
    return samples


def _per_phase(core: Core, samples: list[Sample]) -> list[Sample]:
    made: list[Sample] = []
    for sample in samples:
        whole = str(sample.get("measurand", "")).startswith(("Energy", "Power")) and "phase" not in sample
        if not whole:
            made.append(sample)
            continue
        for phase in PHASES[: core.maker.phases]:
            made.append(_value(sample | {"phase": phase}, float(sample["value"]) / core.maker.phases, 3))
    return made


def _site(core: Core, samples: list[Sample]) -> list[Sample]:
    for sample in _of(samples, "Current.Import"):
        _value(sample, SITE_A + core.rng.uniform(-2, 2), 1)
    return samples


def _glued(_core: Core, samples: list[Sample]) -> list[Sample]:
    for sample in samples:
        if "phase" in sample:
            sample["measurand"] = f"{sample['measurand']}.{sample.pop('phase').partition('-')[0]}"
    return samples


def _blanks(_core: Core, samples: list[Sample]) -> list[Sample]:
    for sample in samples:
        sample["value"] = f" {sample['value']}"
    return samples


def _frequency(_core: Core, samples: list[Sample]) -> list[Sample]:
    text = isinstance(samples[0]["value"], str)
    unit: Sample = {"unit": "Hz"} if text else {"unitOfMeasure": {"unit": "Hz"}}
    return [*samples, {"value": "49.98" if text else 49.98, "measurand": "Frequency"} | unit]


def _object(_core: Core, payload: Payload) -> None:
    values = payload.get("meterValue")
    if isinstance(values, list) and values:
        payload["meterValue"] = values[0]


# boot, status, errors


def _serials(_core: Core, payload: Payload) -> None:
    if "chargingStation" in payload:
        payload["chargingStation"]["serialNumber"] = "SN-" + "0123456789" * 3 + "X"
    else:
        payload["chargePointSerialNumber"] = "SN-" + "0123456789" * 2 + "XYZ"  # 26
        payload["chargeBoxSerialNumber"] = "CB-" + "0123456789" * 3 + "X"  # 34


def _bare(_core: Core, payload: Payload) -> None:
    for name in ("serialNumber", "firmwareVersion", "chargePointSerialNumber", "chargeBoxSerialNumber"):
        payload.pop(name, None)
        payload.get("chargingStation", {}).pop(name, None)


def _long_model(_core: Core, payload: Payload) -> None:
    if "chargingStation" in payload:
        payload["chargingStation"]["model"] = "The Long Model Name of a Wallbox"
    else:
        payload["chargePointModel"] = "The Long Model Name of a Wallbox"


def _long_info(_core: Core, payload: Payload) -> None:
    if payload.get("errorCode", "NoError") != "NoError":
        payload["info"] = ("residual current above 30 mA on L2; " * 6)[:200]


def _json_info(_core: Core, payload: Payload) -> None:
    if payload.get("errorCode", "NoError") != "NoError":
        payload |= {"info": json.dumps({"rcd": 1, "ma": 31}), "vendorErrorCode": "0" * 31 + "4"}


def _json_event(_core: Core, payload: Payload) -> None:
    for event in payload["eventData"]:
        event |= {"techInfo": json.dumps({"rcd": 1, "ma": 31}), "techCode": "0" * 31 + "4"}


def _old_status(core: Core, payload: Payload) -> None:
    status = payload.pop("connectorStatus")
    outlet = core.outlets.get(payload.pop("evseId"))
    shown = outlet.status().value if outlet is not None else status
    payload |= {"status": shown, "errorCode": "NoError", "connectorId": outlet.id if outlet else 0}


def _set(**values: Any) -> Bend:
    return lambda _core, payload: payload.update(values)


def _without(name: str) -> Bend:
    return lambda _core, payload: payload.pop(name, None)


def _no_start_meter(_core: Core, payload: Payload) -> None:
    if payload["eventType"] == "Started":
        payload.pop("meterValue", None)


def _no_mutability(_core: Core, payload: Payload) -> None:
    for entry in payload.get("reportData", []):
        for attribute in entry["variableAttribute"]:
            attribute.pop("mutability", None)


CALLS: dict[str, dict[str, Bend]] = {
    "averaged_voltage": _each(_averaged),
    "bare_boot": {"BootNotification": _bare},
    "current_on_l1_n": _one_current("L1-N"),
    "current_on_n": _one_current("N"),
    "error_code_error": {"StatusNotification": _set(errorCode="Error")},
    "glued_phases": _each(_glued),
    "json_in_info": {"StatusNotification": _json_info, "NotifyEvent": _json_event},
    "kw_as_w": _each(_kilowatt),
    "leading_blanks": _each(_blanks),
    "long_serials": {"BootNotification": _serials},
    "long_texts": {"BootNotification": _long_model, "StatusNotification": _long_info},
    "no_mutability": {"NotifyReport": _no_mutability},
    "no_seqno": {"TransactionEvent": _without("seqNo")},
    "no_status_timestamp": {"StatusNotification": _without("timestamp")},
    "no_units": _each(_no_units),
    "object_meter_value": dict.fromkeys(("MeterValues", "TransactionEvent"), _object),
    "phases_only": _each(_per_phase),
    "site_currents": _each(_site),
    "started_without_meter": {"TransactionEvent": _no_start_meter},
    "unknown_unit": _each(_frequency),
    "wrong_shapes": {"StatusNotification": _old_status},
}


# answers


def _no_values(_core: Core, payload: Payload) -> None:
    for result in payload["getVariableResult"]:
        result.pop("attributeValue", None)


def _numbers(_core: Core, payload: Payload) -> None:
    for key in payload["configurationKey"]:
        if str(key.get("value", "")).isdecimal():
            key["value"] = int(key["value"])


def _error(code: str, text: str = "not known here") -> Bend:
    def bend(_core: Core, _payload: Payload) -> None:
        raise CallFault(code, text)

    return bend


def _schedule(payload: Payload) -> Payload | None:
    found: Payload | None = payload.get("schedule") or payload.get("chargingSchedule")
    return found


def _minus_one(_core: Core, payload: Payload) -> None:
    schedule = _schedule(payload)
    if schedule is not None:
        schedule["chargingSchedulePeriod"] = [{"startPeriod": 0, "limit": -1, "numberPhases": -1}]


def _empty(_core: Core, payload: Payload) -> None:
    schedule = _schedule(payload)
    if schedule is not None:
        schedule["chargingSchedulePeriod"] = []


def _huge(_core: Core, payload: Payload) -> None:
    schedule = _schedule(payload)
    if schedule is not None:
        schedule["duration"] = int(math.pow(2, 40))


ANSWERS: dict[str, dict[str, Bend]] = {
    "checks_old_schema": {"SetChargingProfile": _error("FormatViolation", "csChargingProfiles is missing")},
    "composite_empty": {"GetCompositeSchedule": _empty},
    "composite_huge": {"GetCompositeSchedule": _huge},
    "composite_minus_one": {"GetCompositeSchedule": _minus_one},
    "firmware_missing": dict.fromkeys(("UpdateFirmware", "SignedUpdateFirmware", "GetLog"), _error("NotImplemented")),
    "integer_values": {"GetConfiguration": _numbers},
    "profiles_missing": {"SetChargingProfile": _error("NotImplemented")},
    "trigger_missing": {"TriggerMessage": _error("NotImplemented")},
    "variables_without_value": {"GetVariables": _no_values},
}
"""An error here must come before the station acts: `handle` asks `refuses` first."""

REFUSALS = ("checks_old_schema", "firmware_missing", "profiles_missing", "trigger_missing")


def refuse_first(core: Core, action: str) -> None:
    """Raise the CALLERROR of a fault before the station does anything."""
    for fault in REFUSALS:
        if fault in core.faults and action in ANSWERS[fault]:
            ANSWERS[fault][action](core, {})
