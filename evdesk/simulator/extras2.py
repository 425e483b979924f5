"""Local list, reservations, displays, customers and costs of a 2.x station (2.0.1 part 2, blocks C, D, H, I, N, O)."""

from evdesk.simulator.link import CallFault, Payload
from evdesk.simulator.moments import from_text
from evdesk.simulator.tags import Reservation, known_of
from evdesk.simulator.target2 import Handler2, Target2, chosen, names_evse, refused

MESSAGES_MAX = 10
FORMATS = ("ASCII", "UTF8")
STATES = ("Charging", "Faulted", "Idle", "Unavailable")
DATA_MAX = 512


def _send_list(station: Target2, payload: Payload) -> Payload:
    items = payload.get("localAuthorizationList") or []
    most = station.model.number("LocalAuthListCtrlr", "ItemsPerMessage")
    if len(items) > most:
        raise CallFault("OccurrenceConstraintViolation", f"SendLocalList takes {most} items, not {len(items)}")
    if not station.model.flag("LocalAuthListCtrlr", "Enabled"):
        return refused("NotEnabled", status="Failed")
    changes = [
        (str(item["idToken"]["idToken"]), known_of(item["idTokenInfo"]) if item.get("idTokenInfo") else None)
        for item in items
    ]
    status = station.core.tags.update(int(payload["versionNumber"]), payload["updateType"] == "Full", changes)
    station.model.put("LocalAuthListCtrlr", "Entries", str(len(station.core.tags.entries)))
    return {"status": status}


def _list_version(station: Target2, _payload: Payload) -> Payload:
    return {"versionNumber": station.core.tags.version}


def _clear_cache(station: Target2, _payload: Payload) -> Payload:
    if not station.model.flag("AuthCacheCtrlr", "Enabled"):
        return refused("NotEnabled")
    station.core.tags.cache.clear()
    return {"status": "Accepted"}


def _reserve(station: Target2, payload: Payload) -> Payload:
    core = station.core
    if not station.model.flag("ReservationCtrlr", "Enabled"):
        return refused("NotEnabled")
    outlet = chosen(station, payload)
    if names_evse(payload) and outlet is None:
        return refused("UnknownEvse")
    kind = payload.get("connectorType")
    if kind not in (None, "cType2", "sType2", "Undetermined", "Unknown"):
        return refused("UnsupportedConnector")
    until = from_text(str(payload["expiryDateTime"]))
    if until <= core.now():
        return refused("ExpiryInThePast")
    group = str((payload.get("groupIdToken") or {}).get("idToken", ""))
    wanted = Reservation(int(payload["id"]), str(payload["idToken"]["idToken"]), until, 0, group)
    return {"status": core.reservations.reserve(core.outlets, outlet.id if outlet else 0, wanted)}


def _cancel(station: Target2, payload: Payload) -> Payload:
    core = station.core
    known = core.reservations.cancel(core.outlets, int(payload["reservationId"]))
    return {"status": "Accepted"} if known else refused("UnknownReservation")


def _set_message(station: Target2, payload: Payload) -> Payload:
    message, shown = payload["message"], station.display.messages
    if message["message"]["format"] not in FORMATS:
        return {"status": "NotSupportedMessageFormat"}
    if message.get("state") not in (None, *STATES):
        return {"status": "NotSupportedState"}
    running = {o.transaction.id for o in station.core.outlets.values() if o.transaction is not None}
    if message.get("transactionId") is not None and message["transactionId"] not in running:
        return {"status": "UnknownTransaction"}
    if len(shown) >= MESSAGES_MAX and message["id"] not in shown:
        return refused("NoSpace")
    shown[int(message["id"])] = dict(message)
    station.model.put("DisplayMessageCtrlr", "DisplayMessages", str(len(shown)))
    return {"status": "Accepted"}


def _get_messages(station: Target2, payload: Payload) -> Payload:
    tests = [(name, payload[name]) for name in ("priority", "state") if payload.get(name) is not None]
    ids = payload.get("id")
    found = [
        message
        for number, message in sorted(station.display.messages.items())
        if (not ids or number in ids) and all(message.get(name) == value for name, value in tests)
    ]
    if not found:
        return {"status": "Unknown"}
    request = {"requestId": payload["requestId"], "messageInfo": found, "tbc": False}
    station.core.later(0.2, lambda: station.core.post("NotifyDisplayMessages", request))
    return {"status": "Accepted"}


def _clear_message(station: Target2, payload: Payload) -> Payload:
    gone = station.display.messages.pop(int(payload["id"]), None)
    station.model.put("DisplayMessageCtrlr", "DisplayMessages", str(len(station.display.messages)))
    return {"status": "Unknown" if gone is None else "Accepted"}


def _customer(station: Target2, payload: Payload) -> Payload:
    """What the station knows about a customer: by token only, it knows nobody else."""
    tag = str((payload.get("idToken") or {}).get("idToken", ""))
    if not tag and not payload.get("customerIdentifier") and not payload.get("customerCertificate"):
        return refused("NoCustomer", status="Invalid")
    if not payload["report"] and not payload["clear"]:
        return refused("NothingToDo")
    tags, told = station.core.tags, []
    for name, entries in (("local list", tags.entries), ("cache", tags.cache)):
        if tag and tag.lower() in entries:
            told.append(f"{name}: {entries[tag.lower()].status}")
    running = [o.transaction for o in station.core.outlets.values() if o.transaction is not None]
    told += [f"transaction {charge.id}" for charge in running if tag and charge.tag == tag]
    if payload["clear"]:
        tags.cache.pop(tag.lower(), None)
    text = "; ".join(told) if payload["report"] else ""
    parts = [text[n : n + DATA_MAX] for n in range(0, len(text), DATA_MAX)] or [""]
    station.core.later(0.2, lambda: _tell_customer(station, int(payload["requestId"]), parts))
    return {"status": "Accepted"}


def _tell_customer(station: Target2, request_id: int, parts: list[str]) -> None:
    for number, text in enumerate(parts):
        told = {"requestId": request_id, "seqNo": number, "data": text, "tbc": number + 1 < len(parts)}
        station.core.post("NotifyCustomerInformation", told | {"generatedAt": station.core.stamp()})


def _cost(station: Target2, payload: Payload) -> Payload:
    station.display.costs[str(payload["transactionId"])] = float(payload["totalCost"])
    return {}


HANDLERS: dict[str, Handler2] = {
    "CancelReservation": _cancel,
    "ClearCache": _clear_cache,
    "ClearDisplayMessage": _clear_message,
    "CostUpdated": _cost,
    "CustomerInformation": _customer,
    "GetDisplayMessages": _get_messages,
    "GetLocalListVersion": _list_version,
    "ReserveNow": _reserve,
    "SendLocalList": _send_list,
    "SetDisplayMessage": _set_message,
}
