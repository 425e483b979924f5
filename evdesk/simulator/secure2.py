"""Certificates, logs and firmware of a 2.x station (2.0.1 part 2, blocks A, L, M, N)."""

from evdesk.simulator.certificates import readable
from evdesk.simulator.jobs import firmware_steps, upload_steps
from evdesk.simulator.link import Payload
from evdesk.simulator.moments import from_text
from evdesk.simulator.target2 import Handler2, Target2, refused

TRANSFERS = ("http://", "https://", "ftp://")


def _install(station: Target2, payload: Payload) -> Payload:
    kind = str(payload["certificateType"])
    status = station.security.store.install(kind, str(payload["certificate"]), station.core.now())
    return {"status": status} if status == "Accepted" else refused("InvalidCertificate", status=status)


def _installed(station: Target2, payload: Payload) -> Payload:
    found = station.security.store.ids(payload.get("certificateType"))
    if not found:
        return {"status": "NotFound"}
    chains = [{"certificateType": kind, "certificateHashData": data} for kind, data in found]
    return {"status": "Accepted", "certificateHashDataChain": chains}


def _delete(station: Target2, payload: Payload) -> Payload:
    return {"status": station.security.store.delete(payload["certificateHashData"])}


def _signed(station: Target2, payload: Payload) -> Payload:
    chain, number = str(payload["certificateChain"]), payload.get("requestId")
    problem = station.security.signed(chain, number, "InvalidChargingStationCertificate")
    return refused("InvalidCertificate", problem) if problem else {"status": "Accepted"}


def _log(station: Target2, payload: Payload) -> Payload:
    """There is no transfer in this station: it says so as a real one without a way to the server does."""
    location = str(payload["log"]["remoteLocation"])
    if not location.startswith(TRANSFERS):
        return refused("UnsupportedScheme")
    if station.uploads.start(int(payload["requestId"]), upload_steps(station.core)):
        status = "AcceptedCanceled"
    else:
        status = "Accepted"
    return {"status": status, "filename": f"{station.core.serial}-{payload['requestId']}.log"}


def _update(station: Target2, payload: Payload) -> Payload:
    firmware = payload["firmware"]
    if not str(firmware["location"]).startswith(TRANSFERS):
        return refused("UnsupportedScheme")
    certificate = firmware.get("signingCertificate")
    if certificate is not None and not readable(str(certificate)):
        station.security.event("InvalidFirmwareSigningCertificate")
        return refused("InvalidCertificate", status="InvalidCertificate")
    wait_s = max(0.0, from_text(str(firmware["retrieveDateTime"])) - station.core.now())
    steps = [(0.5, "DownloadScheduled")] if wait_s > 1.0 else []
    dropped = station.updates.start(int(payload["requestId"]), [*steps, *firmware_steps(station.core, wait_s)])
    return {"status": "AcceptedCanceled" if dropped else "Accepted"}


def _network(station: Target2, payload: Payload) -> Payload:
    """SetNetworkProfile (B09). Checked as OCPP wants; never the slot in use, never less security."""
    data = payload["connectionData"]
    profile, slot = int(data["securityProfile"]), int(payload["configurationSlot"])
    store = station.security.store
    spec = station.model.specs[("ocppcommctrlr", "", 0, 0, "networkconfigurationpriority", "")]
    if str(slot) not in spec.values or slot == station.networks.active:
        return refused("InvalidConfSlot")
    if data["ocppTransport"] != "JSON" or data.get("ocppVersion") in ("OCPP12", "OCPP15", "OCPP16"):
        return refused("InvalidNetworkConf", "only JSON and this version are spoken")
    if profile < station.core.link.access.profile:
        return refused("NoSecurityDowngrade")
    if profile >= 2 and not store.can_verify_csms:
        return refused("InvalidNetworkConf", "no CSMS root certificate is installed")
    if profile == 3 and not store.has_own:
        return refused("InvalidNetworkConf", "no charging station certificate is installed")
    if not str(data["ocppCsmsUrl"]).startswith("wss://" if profile >= 2 else "ws://"):
        return refused("InvalidNetworkConf", "the address does not go with the security profile")
    station.slots[slot] = dict(data)
    return {"status": "Accepted"}


HANDLERS: dict[str, Handler2] = {
    "CertificateSigned": _signed,
    "DeleteCertificate": _delete,
    "GetInstalledCertificateIds": _installed,
    "GetLog": _log,
    "InstallCertificate": _install,
    "SetNetworkProfile": _network,
    "UpdateFirmware": _update,
}
