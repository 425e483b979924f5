"""What a simulated 2.x station answers to the CSMS's calls: remote control, availability, triggers; the rest by block."""

from collections.abc import Callable

from evdesk.simulator import charging2, extras2, monitoring2, provision2, secure2
from evdesk.simulator.charges2 import Permit
from evdesk.simulator.link import CallFault, Payload
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.target2 import Handler2, Target2, chosen, names_evse, refused


def handle(station: Target2, action: str, payload: Payload) -> Payload:
    """The answer's payload; raises CallFault where the answer is a CALLERROR."""
    handler = HANDLERS.get(action) or (monitoring2.NEWEST.get(action) if station.core.newest else None)
    if handler is None:
        raise CallFault("NotImplemented", f"{action} is not known here")
    answer = handler(station, payload)
    station.core.say(f"{action} {answer.get('status', '')}".rstrip())
    return answer


def _request_start(station: Target2, payload: Payload) -> Payload:
    if _remote_refused(station):
        return refused("NotReady")
    outlets = station.core.outlets
    outlet = chosen(station, payload)
    if not names_evse(payload):
        outlet = next((o for o in outlets.values() if not o.authorized and not o.fault), None)
    if outlet is None:
        return refused("UnknownEvse")
    if outlet.authorized or outlet.fault or not outlet.usable:
        return refused("Occupied" if outlet.authorized else "NotOperative")
    held = station.core.reservations.items.get(outlet.id)
    if held is not None and held.tag.lower() != str(payload["idToken"]["idToken"]).lower():
        return refused("Reserved")
    if payload.get("chargingProfile"):
        problem = charging2.start_profile(station, outlet, payload)
        if problem:
            return refused(problem)
    token, target = payload["idToken"], outlet
    permit = Permit(str(token["idToken"]), str(token["type"]), "RemoteStart", int(payload["remoteStartId"]))
    station.core.later(0.5, lambda: station.charges.remote_start(target, permit))
    running = outlet.transaction
    return {"status": "Accepted"} | ({"transactionId": running.id} if running is not None else {})


def _request_stop(station: Target2, payload: Payload) -> Payload:
    if _remote_refused(station):
        return refused("NotReady")
    running = _running(station, payload["transactionId"])
    if running is None:
        return refused("TxNotFound")
    station.core.later(0.5, lambda: station.charges.stop(running, "Remote"))
    return {"status": "Accepted"}


def _remote_refused(station: Target2) -> bool:
    return station.core.has("remote_refused") and not station.core.was_reset


def _running(station: Target2, transaction_id: str) -> Outlet | None:
    outlets = station.core.outlets.values()
    return next((o for o in outlets if o.transaction is not None and o.transaction.id == transaction_id), None)


def _transaction_status(station: Target2, payload: Payload) -> Payload:
    wanted = payload.get("transactionId")
    queued = station.core.link.queued_for(wanted)
    if wanted is None:
        return {"messagesInQueue": queued}
    return {"ongoingIndicator": _running(station, wanted) is not None, "messagesInQueue": queued}


def _reset(station: Target2, payload: Payload) -> Payload:
    if names_evse(payload):
        return refused("NotSupported", "single EVSEs cannot be reset here")
    immediate = payload["type"] == "Immediate"
    busy = any(outlet.transaction is not None for outlet in station.core.outlets.values())
    station.core.later(0.3, lambda: station.reset(immediate))
    return {"status": "Scheduled" if busy and not immediate else "Accepted"}


def _availability(station: Target2, payload: Payload) -> Payload:
    outlets = list(station.core.outlets.values())
    if names_evse(payload):
        outlet = chosen(station, payload)
        if outlet is None:
            return refused("UnknownEvse")
        outlets = [outlet]
    status = "Accepted"
    for outlet in outlets:
        outlet.operative = payload["operationalStatus"] == "Operative"
        if outlet.transaction is not None and not outlet.operative:
            status = "Scheduled"
    return {"status": status}


def _unlock(station: Target2, payload: Payload) -> Payload:
    outlet = chosen(station, payload)
    if outlet is None or int(payload["connectorId"]) != 1:
        return refused("UnknownConnectorId", status="UnknownConnector")
    if outlet.authorized:
        return {"status": "OngoingAuthorizedTransaction"}
    return {"status": "Unlocked"}


def _trigger(station: Target2, payload: Payload) -> Payload:
    what = str(payload["requestedMessage"])
    outlets = list(station.core.outlets.values())
    if names_evse(payload):
        outlet = chosen(station, payload)
        if outlet is None:
            return refused("UnknownEvse")
        outlets = [outlet]
    act = TRIGGERS.get(what)
    if act is None:
        return {"status": "NotImplemented"}
    if what == "MeterValues" and station.core.has("trigger_refuses_meters"):
        return refused("NotNow")
    if what == "TransactionEvent" and not any(o.transaction for o in outlets):
        return refused("NoTransaction")
    if not station.core.has("trigger_does_nothing"):
        station.core.later(0.1, lambda: act(station, outlets))
    return {"status": "Accepted"}


def _tell_statuses(station: Target2, outlets: list[Outlet]) -> None:
    for outlet in outlets:
        station.tell_status(outlet)


def _tell_meters(station: Target2, outlets: list[Outlet]) -> None:
    for outlet in outlets:
        station.meter.send(outlet, "Trigger")


def _tell_transactions(station: Target2, outlets: list[Outlet]) -> None:
    for outlet in outlets:
        if outlet.transaction is not None:
            station.charges.sample(outlet, "Trigger")


TRIGGERS: dict[str, Callable[[Target2, list[Outlet]], None]] = {
    "BootNotification": lambda station, _outlets: station.trigger_boot(),
    "Heartbeat": lambda station, _outlets: station.heartbeat(),
    "FirmwareStatusNotification": lambda station, _outlets: station.jobs.firmware.tell_asked(),
    "LogStatusNotification": lambda station, _outlets: station.jobs.log.tell_asked(),
    "MeterValues": _tell_meters,
    "SignChargingStationCertificate": lambda station, _outlets: station.security.sign("ChargingStationCertificate"),
    "StatusNotification": _tell_statuses,
    "TransactionEvent": _tell_transactions,
}


def _data_transfer(station: Target2, payload: Payload) -> Payload:
    if str(payload["vendorId"]).lower() != station.core.maker.vendor.lower():
        return {"status": "UnknownVendorId"}
    return {"status": "Accepted", "data": f"{station.core.maker.model} {station.core.firmware}"}


HANDLERS: dict[str, Handler2] = {
    "ChangeAvailability": _availability,
    "DataTransfer": _data_transfer,
    "GetTransactionStatus": _transaction_status,
    "RequestStartTransaction": _request_start,
    "RequestStopTransaction": _request_stop,
    "Reset": _reset,
    "TriggerMessage": _trigger,
    "UnlockConnector": _unlock,
    **charging2.HANDLERS,
    **extras2.HANDLERS,
    **monitoring2.HANDLERS,
    **provision2.HANDLERS,
    **secure2.HANDLERS,
}
