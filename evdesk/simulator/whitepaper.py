"""The messages of the OCPP 1.6 Security Whitepaper, and the two keys with a gate: AuthorizationKey, SecurityProfile."""

import string
from collections.abc import Callable
from dataclasses import replace

from evdesk.simulator.link import Payload
from evdesk.simulator.networks import Way, with_scheme
from evdesk.simulator.target import Handler, Target, outlet_of
from evdesk.simulator.updater import update_of
from evdesk.simulator.uploader import upload_of

HEX_FROM = 32  # so many hex digits stand for bytes (whitepaper), fewer characters for themselves


def _change_password(station: Target, value: str) -> str:
    """AuthorizationKey: used from the next connection on, which comes at once where it matters."""
    if not 16 <= len(value) <= 40:
        return "Rejected"
    access = station.core.link.access
    is_hex = len(value) >= HEX_FROM and len(value) % 2 == 0 and set(value) <= set(string.hexdigits)
    right = "bytes" if is_hex else "text"
    access.password, access.form = value, "hex" if station.core.has("hex_password") else right
    station.security.event("ReconfigurationOfSecurityParameters")
    if access.profile in (1, 2):
        station.security.reconnect()
    return "Accepted"


def _change_profile(station: Target, value: str) -> str:
    """SecurityProfile goes up only (but 3 to 2 where AllowSecurityProfileDowngrade says so); then it reconnects, and
    falls back to the old one when the new one does not come about."""
    if value not in ("0", "1", "2", "3"):
        return "Rejected"
    access, store, wanted = station.core.link.access, station.security.store, int(value)
    down = access.profile == 3 and wanted == 2 and station.core.config.flag("AllowSecurityProfileDowngrade")
    missing = (
        wanted <= access.profile and not down,
        wanted in (1, 2) and not access.password,
        wanted >= 2 and not store.can_verify_csms,
        wanted == 3 and not store.has_own,
    )
    if any(missing):
        return "Rejected"
    old = station.networks.current(0)
    new = replace(old, slot=1, profile=wanted, url=with_scheme(old.url, wanted))
    station.core.later(1.0, lambda: _switch(station, [new, old]))
    return "Accepted"


def _switch(station: Target, ways: list[Way]) -> None:
    station.networks.go(ways)
    station.core.link.drop(0.5)


GUARDED: dict[str, Callable[[Target, str], str]] = {
    "authorizationkey": _change_password,
    "securityprofile": _change_profile,
}
"""Lower case key to what ChangeConfiguration does with it."""


def _install(station: Target, payload: Payload) -> Payload:
    store, now = station.security.store, station.core.now()
    return {"status": store.install(str(payload["certificateType"]), str(payload["certificate"]), now)}


def _installed(station: Target, payload: Payload) -> Payload:
    found = station.security.store.ids(_kinds(str(payload["certificateType"])))
    if not found:
        return {"status": "NotFound"}
    return {"status": "Accepted", "certificateHashData": [data for _, data in found]}


def _kinds(kind: str) -> list[str]:
    """A root that came with the station counts as the central system's."""
    return [kind, "CSMSRootCertificate"] if kind == "CentralSystemRootCertificate" else [kind]


def _delete(station: Target, payload: Payload) -> Payload:
    return {"status": station.security.store.delete(payload["certificateHashData"])}


def _signed(station: Target, payload: Payload) -> Payload:
    problem = station.security.signed(str(payload["certificateChain"]), None, "InvalidChargePointCertificate")
    station.core.say(problem or "a new certificate is in use")
    return {"status": "Rejected" if problem else "Accepted"}


def _log(station: Target, payload: Payload) -> Payload:
    status, name = station.uploader.begin(station.jobs.log, upload_of(payload))
    return {"status": status} | ({"filename": name} if name else {})


def _update(station: Target, payload: Payload) -> Payload:
    return {"status": station.updater.begin(station.jobs.signed, update_of(payload))[0]}


def _trigger(station: Target, payload: Payload) -> Payload:
    chosen = outlet_of(station, payload)
    if chosen is None and payload.get("connectorId") != 0:
        return {"status": "Rejected"}
    acts: dict[str, Callable[[], None]] = {
        "BootNotification": station.boot,
        "FirmwareStatusNotification": station.jobs.signed.tell_asked,
        "Heartbeat": station.heartbeat,
        "LogStatusNotification": station.jobs.log.tell_asked,
        "MeterValues": lambda: station.meter.send(chosen or station.core.outlets[1], "Trigger"),
        "SignChargePointCertificate": station.security.sign,
        "StatusNotification": lambda: station.tell_status(chosen.id if chosen else 0),
    }
    act = acts.get(str(payload["requestedMessage"]))
    if act is None:
        return {"status": "NotImplemented"}
    station.core.later(0.1, act)
    return {"status": "Accepted"}


HANDLERS: dict[str, Handler] = {
    "CertificateSigned": _signed,
    "DeleteCertificate": _delete,
    "ExtendedTriggerMessage": _trigger,
    "GetInstalledCertificateIds": _installed,
    "GetLog": _log,
    "InstallCertificate": _install,
    "SignedUpdateFirmware": _update,
}
