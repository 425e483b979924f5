"""Smart charging of a 2.x station: profiles set, cleared, reported, and what they come to (2.0.1 part 2, block K)."""

from evdesk.simulator import odd
from evdesk.simulator.link import Outgoing, Payload
from evdesk.simulator.moments import to_text
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.profiles import TX_PURPOSE, Profile, ProfileError
from evdesk.simulator.profiles2 import CURRENT_UNITS, fits, parse_profile2, to_wire2
from evdesk.simulator.target2 import Handler2, Target2, refused


def _set(station: Target2, payload: Payload) -> Payload:
    core = station.core
    if core.has("rejects_profiles"):
        return refused("NotEnabled")
    try:
        profile = parse_profile2(int(payload["evseId"]), payload["chargingProfile"], core.now())
        problem = objection(station, profile)
        if problem:
            return refused(problem)
        outlet = core.outlets.get(profile.connector_id)
        pilot_a, charging = (outlet.pilot_a, outlet.charging) if outlet else (0.0, False)
        if not odd.discards(core.faults, profile, pilot_a, charging):
            core.profiles.add(profile)
    except ProfileError as problem:
        core.say(f"profile refused: {problem}")
        return refused("InvalidProfile", str(problem))
    return {"status": "Accepted"}


def objection(station: Target2, profile: Profile) -> str:
    """The reasonCode why a well-formed profile is not taken, "" when it is."""
    core = station.core
    allowed = {CURRENT_UNITS.get(u.strip(), u.strip()) for u in core.maker.rate_units.split(",")}
    if profile.unit not in allowed:
        return "UnsupportedRateUnit"
    strange = odd.objection(core.faults, profile)
    if strange:
        return strange
    if profile.connector_id and profile.connector_id not in core.outlets:
        return "UnknownEvse"
    if profile.purpose != TX_PURPOSE:
        return ""
    charge = core.outlets[profile.connector_id].transaction
    if charge is None:
        return "TxNotFound"
    return "" if profile.transaction_id == charge.id else "TxNotFound"


def start_profile(station: Target2, outlet: Outlet, payload: Payload) -> str:
    """The profile of RequestStartTransaction; returns why it cannot be used, "" when it is stored."""
    try:
        profile = parse_profile2(outlet.id, payload["chargingProfile"], station.core.now())
        if profile.purpose != TX_PURPOSE or profile.transaction_id is not None:
            return "InvalidProfile"
        station.core.profiles.add(profile)
    except ProfileError as problem:
        station.core.say(f"profile refused: {problem}")
        return "InvalidProfile"
    return ""


def _clear(station: Target2, payload: Payload) -> Payload:
    criteria = dict(payload.get("chargingProfileCriteria") or {})
    evse_id = criteria.get("evseId")
    if payload.get("chargingProfileId") is not None:
        criteria, evse_id = {"chargingProfileId": [payload["chargingProfileId"]]}, None
    stack = station.core.profiles
    kept = [p for p in stack.items if not fits(p, criteria, evse_id)]
    gone, stack.items = len(stack.items) - len(kept), kept
    return {"status": "Accepted" if gone else "Unknown"}


def _get(station: Target2, payload: Payload) -> Payload:
    evse_id = payload.get("evseId")
    found = [p for p in station.core.profiles.items if fits(p, payload["chargingProfile"], evse_id)]
    if not found:
        return {"status": "NoProfiles"}
    request_id = int(payload["requestId"])
    station.core.later(0.2, lambda: _report(station, request_id, found))
    return {"status": "Accepted"}


def _report(station: Target2, request_id: int, found: list[Profile]) -> None:
    """One ReportChargingProfiles for each EVSE."""
    evses = sorted({profile.connector_id for profile in found})
    for evse_id in evses:
        request: Payload = {
            "requestId": request_id,
            "chargingLimitSource": "CSO",
            "evseId": evse_id,
            "chargingProfile": [to_wire2(p) for p in found if p.connector_id == evse_id],
            "tbc": evse_id != evses[-1],
        }
        station.core.link.post(Outgoing("ReportChargingProfiles", request))


def _composite(station: Target2, payload: Payload) -> Payload:
    evse_id, duration = int(payload["evseId"]), int(payload["duration"])
    core = station.core
    outlet = core.outlets.get(evse_id)
    if evse_id and outlet is None:
        return refused("UnknownEvse")
    unit = payload.get("chargingRateUnit", "A")
    now = core.now()
    hardware = core.profiles.hardware
    scale = hardware.voltage_v * hardware.phases if unit == "W" else 1.0
    periods = [
        {"startPeriod": offset, "limit": int(limit * scale * 10 + 1e-6) / 10, "numberPhases": hardware.phases}
        for offset, limit in core.profiles.composite(evse_id, now, duration, outlet.tx if outlet else None)
    ]
    schedule = {
        "evseId": evse_id,
        "duration": duration,
        "scheduleStart": to_text(now),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    return {"status": "Accepted", "schedule": schedule}


HANDLERS: dict[str, Handler2] = {
    "ClearChargingProfile": _clear,
    "GetChargingProfiles": _get,
    "GetCompositeSchedule": _composite,
    "SetChargingProfile": _set,
}
