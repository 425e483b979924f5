"""Certificates, logs and firmware of a 2.x station (2.0.1 part 2, blocks A, L, M, N)."""

from evdesk.simulator.link import Payload
from evdesk.simulator.target2 import Handler2, Target2, refused
from evdesk.simulator.updater import update_of
from evdesk.simulator.uploader import upload_of


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
    status, name = station.uploader.begin(station.jobs.log, upload_of(payload))
    if status == "Rejected":
        return refused("UnsupportedScheme")
    return {"status": status} | ({"filename": name} if name else {})


def _update(station: Target2, payload: Payload) -> Payload:
    status, reason = station.updater.begin(station.jobs.firmware, update_of(payload))
    return refused(reason, status=status) if reason else {"status": status}


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
