"""What a simulated station answers to the CSMS's calls (OCPP 1.6 chapter 5)."""

from collections.abc import Callable

from evdesk.simulator import odd, whitepaper
from evdesk.simulator.link import CallFault, Payload
from evdesk.simulator.moments import from_text, to_text
from evdesk.simulator.profiles import TX_PURPOSE, Profile, ProfileError, parse_profile
from evdesk.simulator.tags import Reservation, known_of16
from evdesk.simulator.target import Handler, Target, outlet_of
from evdesk.simulator.updater import Update
from evdesk.simulator.uploader import Upload, span


def handle(station: Target, action: str, payload: Payload) -> Payload:
    """The answer's payload; raises CallFault where the answer is a CALLERROR."""
    handler = HANDLERS.get(action)
    if handler is None:
        raise CallFault("NotImplemented", f"{action} is not known here")
    answer = handler(station, payload)
    station.core.say(f"{action} {answer.get('status', '')}".rstrip())
    return answer


def _get_configuration(station: Target, payload: Payload) -> Payload:
    return station.core.config.get(payload.get("key"))


def _change_configuration(station: Target, payload: Payload) -> Payload:
    name, value = str(payload["key"]), str(payload["value"])
    if station.core.has("measurands_restart") and name.lower() == "metervaluessampleddata":
        station.core.later(0.2, lambda: station.restart("hard"))
    guard = whitepaper.GUARDED.get(name.lower())
    return {"status": guard(station, value) if guard else station.core.config.change(name, value)}


def _reset(station: Target, payload: Payload) -> Payload:
    kind = "hard" if payload["type"] == "Hard" else "soft"
    station.core.later(0.3, lambda: station.restart(kind))
    return {"status": "Accepted"}


def _unlock(station: Target, payload: Payload) -> Payload:
    outlet = outlet_of(station, payload)
    if outlet is None:
        return {"status": "NotSupported"}
    station.charges.stop(outlet, "UnlockCommand")
    return {"status": "Unlocked"}


def _remote_start(station: Target, payload: Payload) -> Payload:
    if station.core.has("remote_refused") and not station.core.was_reset:
        return {"status": "Rejected"}
    outlet = outlet_of(station, payload)
    if outlet is None or outlet.transaction or outlet.fault or not outlet.usable:
        return {"status": "Rejected"}
    held = station.core.reservations.items.get(outlet.id)
    if held is not None and held.tag.lower() != str(payload["idTag"]).lower():
        return {"status": "Rejected"}
    if payload.get("chargingProfile"):
        try:
            profile = parse_profile(outlet.id, payload["chargingProfile"], station.core.now())
            if profile.purpose != TX_PURPOSE:
                return {"status": "Rejected"}
            station.core.profiles.add(profile)
        except ProfileError:
            return {"status": "Rejected"}
    tag = str(payload["idTag"])
    station.core.later(0.5, lambda: station.charges.remote_start(outlet, tag))
    return {"status": "Accepted"}


def _remote_stop(station: Target, payload: Payload) -> Payload:
    wanted = payload["transactionId"]
    if station.core.has("remote_refused") and not station.core.was_reset:
        return {"status": "Rejected"}
    outlets = station.core.outlets.values()
    running = next((o for o in outlets if o.transaction is not None and o.transaction.id == wanted), None)
    if running is None:
        return {"status": "Rejected"}
    found = running
    station.core.later(0.5, lambda: station.charges.stop(found, "Remote"))
    return {"status": "Accepted"}


def _trigger(station: Target, payload: Payload) -> Payload:
    what = payload["requestedMessage"]
    chosen = outlet_of(station, payload)
    if chosen is None and payload.get("connectorId") != 0:
        return {"status": "Rejected"}
    acts: dict[str, Callable[[], None]] = {
        "BootNotification": station.boot,
        "Heartbeat": station.heartbeat,
        "StatusNotification": lambda: station.tell_status(chosen.id if chosen else 0, triggered=True),
        "MeterValues": lambda: station.meter.send(chosen or station.core.outlets[1], "Trigger"),
        "FirmwareStatusNotification": station.jobs.firmware.tell_asked,
        "DiagnosticsStatusNotification": station.jobs.diagnostics.tell_asked,
    }
    if what not in acts:
        return {"status": "NotImplemented"}
    if station.core.has("trigger_refuses_meters") and what == "MeterValues":
        return {"status": "Rejected"}
    if not station.core.has("trigger_does_nothing"):
        station.core.later(0.1, acts[what])
    return {"status": "Accepted"}


def _availability(station: Target, payload: Payload) -> Payload:
    number = int(payload["connectorId"])
    outlets = list(station.core.outlets.values()) if number == 0 else [station.core.outlets.get(number)]
    status = "Accepted"
    for outlet in outlets:
        if outlet is None:
            return {"status": "Rejected"}
        outlet.operative = payload["type"] == "Operative"
        if outlet.transaction is not None and not outlet.operative:
            status = "Scheduled"
    return {"status": status}


def _clear_cache(station: Target, _payload: Payload) -> Payload:
    if not station.core.config.flag("AuthorizationCacheEnabled"):
        return {"status": "Rejected"}
    station.core.tags.cache.clear()
    return {"status": "Accepted"}


def _send_list(station: Target, payload: Payload) -> Payload:
    items = payload.get("localAuthorizationList") or []
    config = station.core.config
    if not config.flag("LocalAuthListEnabled"):
        return {"status": "NotSupported"}
    if len(items) > config.number("SendLocalListMaxLength"):
        raise CallFault("OccurenceConstraintViolation", f"{len(items)} tags are too many for one message")
    changes = [(str(item["idTag"]), known_of16(item["idTagInfo"]) if item.get("idTagInfo") else None) for item in items]
    full = payload["updateType"] == "Full"
    return {"status": station.core.tags.update(int(payload["listVersion"]), full, changes)}


def _list_version(station: Target, _payload: Payload) -> Payload:
    enabled = station.core.config.flag("LocalAuthListEnabled")
    return {"listVersion": station.core.tags.version if enabled else -1}


def _reserve(station: Target, payload: Payload) -> Payload:
    core = station.core
    until = from_text(str(payload["expiryDate"]))
    if until <= core.now():
        return {"status": "Rejected"}
    parent = str(payload.get("parentIdTag", ""))
    wanted = Reservation(int(payload["reservationId"]), str(payload["idTag"]), until, 0, parent)
    return {"status": core.reservations.reserve(core.outlets, int(payload["connectorId"]), wanted)}


def _cancel(station: Target, payload: Payload) -> Payload:
    core = station.core
    known = core.reservations.cancel(core.outlets, int(payload["reservationId"]))
    return {"status": "Accepted" if known else "Rejected"}


def _data_transfer(station: Target, payload: Payload) -> Payload:
    known = str(payload["vendorId"]).lower() == station.core.maker.vendor.lower()
    if not known:
        return {"status": "UnknownVendorId"}
    return {"status": "Accepted", "data": f"{station.core.maker.model} {station.core.firmware}"}


def _set_profile(station: Target, payload: Payload) -> Payload:
    if station.core.has("rejects_profiles"):
        return {"status": "Rejected"}
    try:
        profile = parse_profile(int(payload["connectorId"]), payload["csChargingProfiles"], station.core.now())
        if not _takes(station, profile):
            return {"status": "Rejected"}
        outlet = station.core.outlets.get(profile.connector_id)
        pilot_a, charging = (outlet.pilot_a, outlet.charging) if outlet else (0.0, False)
        if not odd.discards(station.core.faults, profile, pilot_a, charging):
            station.core.profiles.add(profile)
    except ProfileError as problem:
        station.core.say(f"profile refused: {problem}")
        return {"status": "Rejected"}
    return {"status": "Accepted"}


def _takes(station: Target, profile: Profile) -> bool:
    """What real stations refuse: unknown connectors, other units, a TxProfile without its transaction."""
    units = {"Current": "A", "Power": "W"}
    allowed = {units.get(u.strip(), u.strip()) for u in station.core.maker.rate_units.split(",")}
    if profile.unit not in allowed or odd.objection(station.core.faults, profile):
        return False
    if profile.connector_id and profile.connector_id not in station.core.outlets:
        return False
    if profile.purpose != TX_PURPOSE:
        return True
    charge = station.core.outlets[profile.connector_id].transaction
    return charge is not None and profile.transaction_id in (None, charge.id)


def _clear_profile(station: Target, payload: Payload) -> Payload:
    return {"status": "Accepted" if station.core.profiles.clear(payload) else "Unknown"}


def _composite(station: Target, payload: Payload) -> Payload:
    number, duration = int(payload["connectorId"]), int(payload["duration"])
    unit = payload.get("chargingRateUnit", "A")
    outlet = station.core.outlets.get(number)
    if number and outlet is None:
        return {"status": "Rejected"}
    now = station.core.now()
    told = station.core.profiles.composite(number, now, duration, outlet.tx if outlet else None)
    hardware = station.core.profiles.hardware
    scale = hardware.voltage_v * hardware.phases if unit == "W" else 1.0
    periods = [
        {"startPeriod": offset, "limit": int(limit * scale * 10 + 1e-6) / 10, "numberPhases": hardware.phases}
        for offset, limit in told
    ]
    schedule = {
        "duration": duration,
        "startSchedule": to_text(now),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    return {"status": "Accepted", "connectorId": number, "scheduleStart": to_text(now), "chargingSchedule": schedule}


def _update_firmware(station: Target, payload: Payload) -> Payload:
    if not payload["location"] or not payload["retrieveDate"]:
        raise CallFault("PropertyConstraintViolation", "location and retrieveDate are needed")
    update = Update(
        str(payload["location"]),
        from_text(str(payload["retrieveDate"])),
        retries=payload.get("retries"),
        retry_s=payload.get("retryInterval"),
        plain=True,
    )
    _, reason = station.updater.begin(station.jobs.firmware, update)
    if reason:
        raise CallFault("GenericError", f"no update now: {reason}")  # its answer has no word for no
    return {}


def _get_diagnostics(station: Target, payload: Payload) -> Payload:
    if not payload["location"]:
        raise CallFault("PropertyConstraintViolation", "location is needed")
    oldest, latest = span(payload.get("startTime"), payload.get("stopTime"))
    upload = Upload(
        str(payload["location"]),
        oldest=oldest,
        latest=latest,
        retries=payload.get("retries"),
        retry_s=payload.get("retryInterval"),
        plain=True,
    )
    _, name = station.uploader.begin(station.jobs.diagnostics, upload)
    return {"fileName": name} if name else {}


HANDLERS: dict[str, Handler] = {
    "ChangeAvailability": _availability,
    "ChangeConfiguration": _change_configuration,
    "CancelReservation": _cancel,
    "ClearCache": _clear_cache,
    "ClearChargingProfile": _clear_profile,
    "DataTransfer": _data_transfer,
    "GetCompositeSchedule": _composite,
    "GetConfiguration": _get_configuration,
    "GetDiagnostics": _get_diagnostics,
    "GetLocalListVersion": _list_version,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "ReserveNow": _reserve,
    "Reset": _reset,
    "SendLocalList": _send_list,
    "SetChargingProfile": _set_profile,
    "TriggerMessage": _trigger,
    "UnlockConnector": _unlock,
    "UpdateFirmware": _update_firmware,
    **whitepaper.HANDLERS,
}
