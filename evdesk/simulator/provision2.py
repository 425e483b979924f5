"""Provisioning of a 2.x station: base reports, reports, variables, network profiles (2.0.1 part 2, block B)."""

from evdesk.simulator.link import CallFault, Outgoing, Payload
from evdesk.simulator.model2 import Item, Spec
from evdesk.simulator.target2 import Handler2, Target2

PART = 25  # variables in one NotifyReport
BASES = ("ConfigurationInventory", "FullInventory", "SummaryInventory")


def _base_report(station: Target2, payload: Payload) -> Payload:
    base = str(payload["reportBase"])
    if station.core.has("report_refused"):
        return {"status": "Rejected"}
    if base not in BASES:
        return {"status": "NotSupported"}
    return _report(station, int(payload["requestId"]), station.model.report(base))


def _get_report(station: Target2, payload: Payload) -> Payload:
    wanted = payload.get("componentVariable") or []
    _not_more_than(station, "GetReport", len(wanted))
    found = station.model.select(wanted, payload.get("componentCriteria") or [])
    return _report(station, int(payload["requestId"]), found)


def _report(station: Target2, request_id: int, specs: list[Spec]) -> Payload:
    if not specs:
        return {"status": "EmptyResultSet"}
    if station.core.has("no_evse_in_inventory"):
        specs = [spec for spec in specs if not spec.evse and spec.component not in ("EVSE", "Connector")]
    entries = [station.model.entry(spec) for spec in specs]
    station.core.later(0.2, lambda: send_parts(station, "NotifyReport", "reportData", request_id, entries))
    return {"status": "Accepted"}


def send_parts(station: Target2, action: str, field: str, request_id: int, entries: list[Item]) -> None:
    """A list in numbered parts; all but the last say `tbc`."""
    parts = [entries[n : n + PART] for n in range(0, len(entries), PART)] or [[]]
    for number, part in _disordered(station, list(enumerate(parts))):
        request: Payload = {"requestId": request_id, "seqNo": number, "generatedAt": station.core.stamp()}
        if part:
            request[field] = part
        request["tbc"] = number + 1 < len(parts)
        station.core.link.post(Outgoing(action, request, early=True))


def _disordered(station: Target2, parts: list[tuple[int, list[Item]]]) -> list[tuple[int, list[Item]]]:
    """The parts as a faulty station sends them."""
    core = station.core
    if core.has("report_unfinished"):
        parts = parts[:-1]
    if core.has("report_gap") and len(parts) > 2:
        del parts[1]
    if core.has("report_shuffled"):
        core.rng.shuffle(parts)
    return parts


def _not_more_than(station: Target2, what: str, count: int) -> None:
    """ItemsPerMessage: more is answered with a CALLERROR (2.0.1 B05.FR.11, B06.FR.16)."""
    most = station.model.number("DeviceDataCtrlr", "ItemsPerMessage", what)
    if count > most:
        raise CallFault("OccurrenceConstraintViolation", f"{what} takes {most} items, not {count}")


def _get_variables(station: Target2, payload: Payload) -> Payload:
    items = payload["getVariableData"]
    _not_more_than(station, "GetVariables", len(items))
    return {"getVariableResult": [station.model.get(item) for item in items]}


def _set_variables(station: Target2, payload: Payload) -> Payload:
    items = payload["setVariableData"]
    _not_more_than(station, "SetVariables", len(items))
    results = []
    for item in items:
        result, spec = station.model.set(item)
        if spec is not None:
            _apply(station, spec, str(item["attributeValue"]))
        results.append(result)
    return {"setVariableResult": results}


def _apply(station: Target2, spec: Spec, value: str) -> None:
    """Settings that other parts must hear of at once."""
    name = f"{spec.component}.{spec.variable}"
    if station.core.has("measurands_restart") and name == "SampledDataCtrlr.TxUpdatedMeasurands":
        station.core.later(0.2, lambda: station.reset(immediate=True))
    if name == "SmartChargingCtrlr.IgnoredProfilePurposesOffline":
        purposes = value.replace("ChargingStationMaxProfile", "ChargePointMaxProfile").split(",")
        station.core.profiles.ignored_offline = frozenset(part.strip() for part in purposes)
    elif name == "SecurityCtrlr.BasicAuthPassword":
        access = station.core.link.access
        access.password, access.form = value, "hex" if station.core.has("hex_password") else "text"
        station.security.event("ReconfigurationOfSecurityParameters")
        if access.profile in (1, 2):
            station.security.reconnect()


HANDLERS: dict[str, Handler2] = {
    "GetBaseReport": _base_report,
    "GetReport": _get_report,
    "GetVariables": _get_variables,
    "SetVariables": _set_variables,
}
