"""The CSMS's calls about monitoring and event streams of a 2.x station."""

from evdesk.simulator.link import CallFault, Payload
from evdesk.simulator.monitors2 import stream_data
from evdesk.simulator.provision2 import send_parts
from evdesk.simulator.target2 import Handler2, Target2, refused


def _set(station: Target2, payload: Payload) -> Payload:
    items = payload["setMonitoringData"]
    most = station.model.number("MonitoringCtrlr", "ItemsPerMessage", "SetVariableMonitoring")
    if len(items) > most:
        raise CallFault("OccurrenceConstraintViolation", f"SetVariableMonitoring takes {most} items, not {len(items)}")
    return {"setMonitoringResult": [station.monitors.set(item) for item in items]}


def _clear(station: Target2, payload: Payload) -> Payload:
    return {"clearMonitoringResult": [{"id": n, "status": station.monitors.clear(int(n))} for n in payload["id"]]}


def _base(station: Target2, payload: Payload) -> Payload:
    base = str(payload["monitoringBase"])
    if base != "All":
        station.monitors.only_built_in()
    station.model.put("MonitoringCtrlr", "ActiveMonitoringBase", base)
    return {"status": "Accepted"}


def _level(station: Target2, payload: Payload) -> Payload:
    level = int(payload["severity"])
    if not 0 <= level <= 9:
        return refused("OutOfRange")
    station.monitors.level = level
    station.model.put("MonitoringCtrlr", "ActiveMonitoringLevel", str(level))
    return {"status": "Accepted"}


def _report(station: Target2, payload: Payload) -> Payload:
    wanted, criteria = payload.get("componentVariable") or [], payload.get("monitoringCriteria") or []
    found = station.monitors.report(wanted, criteria)
    if not found:
        return {"status": "EmptyResultSet"}
    request_id = int(payload["requestId"])
    station.core.later(0.2, lambda: send_parts(station, "NotifyMonitoringReport", "monitor", request_id, found))
    return {"status": "Accepted"}


def _adjust(station: Target2, payload: Payload) -> Payload:
    stream = next((s for s in station.monitors.streams() if s.id == payload["id"]), None)
    if stream is None:
        return refused("UnknownStream")
    stream.interval = float(payload["params"].get("interval") or 0)
    stream.values = int(payload["params"].get("values") or 0)
    return {"status": "Accepted"}


def _streams(station: Target2, _payload: Payload) -> Payload:
    running = [stream_data(stream) for stream in station.monitors.streams()]
    return {"constantStreamData": running} if running else {}


HANDLERS: dict[str, Handler2] = {
    "ClearVariableMonitoring": _clear,
    "GetMonitoringReport": _report,
    "SetMonitoringBase": _base,
    "SetMonitoringLevel": _level,
    "SetVariableMonitoring": _set,
}
NEWEST: dict[str, Handler2] = {
    "AdjustPeriodicEventStream": _adjust,
    "GetPeriodicEventStream": _streams,
}
"""Of 2.1 only."""
