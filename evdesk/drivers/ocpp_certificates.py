"""Certificates in the charger: list, install, delete, have one signed (OCPP 1.6 security whitepaper 4.3 to 4.6; 2.x M03 to
M05, A02, A03), and the network profiles by which 2.x changes its security profile (B09, B10)."""

import re
from typing import Any, cast

from evdesk.drivers.base import Answer, CertificateHash, CertificateVerbs
from evdesk.drivers.ocpp_late import Reply
from evdesk.drivers.ocpp_link import Caller
from evdesk.drivers.ocpp_settings import write_key
from evdesk.drivers.ocpp_variables import read_variables, write_variable
from evdesk.model import ChargerError, Reason

OCPP16, OCPP201 = "ocpp1.6", "ocpp2.0.1"
_USES_16 = {"csms": "CentralSystemRootCertificate", "manufacturer": "ManufacturerRootCertificate"}
_USES_2 = {
    "csms": "CSMSRootCertificate",
    "manufacturer": "ManufacturerRootCertificate",
    "v2g": "V2GRootCertificate",
    "mo": "MORootCertificate",
    "oem": "OEMRootCertificate",
}
_KINDS_201 = (
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "V2GCertificateChain",
    "ManufacturerRootCertificate",
)
_MAX_ROOT = {OCPP16: 5500, OCPP201: 5500}
_MAX_CHAIN = 10_000
_MESSAGE_TIMEOUT_S = 30
_PRIORITY, _ACTIVE = "OCPPCommCtrlr/NetworkConfigurationPriority", "OCPPCommCtrlr/ActiveNetworkProfile"
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)


class OcppCertificates(CertificateVerbs):
    """The verbs of a charger that dialled in; the version decides the shape of the messages."""

    async def certificates(self) -> list[CertificateHash]:
        return await installed(_caller(self))

    async def install_certificate(self, use: str, pem: str) -> Answer:
        return await install(_caller(self), use, pem)

    async def delete_certificate(self, which: CertificateHash) -> Answer:
        return await delete(_caller(self), which)

    async def request_certificate(self) -> Answer:
        return await request(_caller(self))

    async def certificate_signed(self, chain: str, request_id: int | None = None) -> Answer:
        return await signed(_caller(self), chain, request_id)

    async def change_profile(self, profile: int, url: str) -> Answer:
        return await change_profile(_caller(self), profile, url)


def _caller(verbs: CertificateVerbs) -> Caller:
    return cast(Caller, verbs)


async def installed(caller: Caller) -> list[CertificateHash]:
    """Every certificate the charger lists. 1.6 must be asked use by use."""
    if caller.protocol == OCPP16:
        found: list[CertificateHash] = []
        for use in _USES_16.values():
            reply = await caller.call("GetInstalledCertificateIds", {"certificateType": use})
            found += [_hash(use, each) for each in _list(reply, "certificateHashData")]
        return found
    try:
        reply = await caller.call("GetInstalledCertificateIds", {})
    except ChargerError as error:
        if error.reason is not Reason.REFUSED:
            raise
        # Some want to be asked for each use by name, although the field may be left out (seen in MicroOcpp 1.2.0).
        reply = await caller.call("GetInstalledCertificateIds", {"certificateType": list(_KINDS_201)})
    found = []
    for chain in _list(reply, "certificateHashDataChain"):
        use = str(chain.get("certificateType", ""))
        found.append(_hash(use, chain.get("certificateHashData")))
        children = chain.get("childCertificateHashData")
        found += [_hash(use, each) for each in children] if isinstance(children, list) else []
    return found


async def install(caller: Caller, use: str, pem: str) -> Answer:
    """`use`: "csms", "manufacturer", and for 2.x "v2g", "mo", "oem"."""
    uses = _USES_16 if caller.protocol == OCPP16 else _USES_2
    if use not in uses or (use == "oem" and caller.protocol == OCPP201):
        raise ChargerError(Reason.INVALID, f"This charger takes root certificates for: {', '.join(uses)}.")
    most = _MAX_ROOT.get(caller.protocol, 10_000)
    if len(pem) > most:
        raise ChargerError(Reason.INVALID, f"The certificate has {len(pem)} characters; the charger takes {most}.")
    reply = await caller.call("InstallCertificate", {"certificateType": uses[use], "certificate": pem})
    advice = "It may keep no more of them: delete one first. Or its own page wants the file."
    return _accepted(reply, "installing a certificate", advice)


async def delete(caller: Caller, which: CertificateHash) -> Answer:
    data = {
        "hashAlgorithm": which.hash_algorithm,
        "issuerNameHash": which.issuer_name_hash,
        "issuerKeyHash": which.issuer_key_hash,
        "serialNumber": which.serial_number,
    }
    reply = await caller.call("DeleteCertificate", {"certificateHashData": data})
    return _accepted(reply, "deleting a certificate", "It may be the one in use, or be gone already.")


async def request(caller: Caller) -> Answer:
    """Asks the charger to ask: SignCertificate follows by itself."""
    if caller.protocol == OCPP16:
        payload = {"requestedMessage": "SignChargePointCertificate"}
        reply = await caller.call("ExtendedTriggerMessage", payload)
    else:
        reply = await caller.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    advice = "Start it at the charger itself, or see whether its CpoName or OrganizationName must be set first."
    return _accepted(reply, "asking for a certificate", advice)


async def signed(caller: Caller, chain: str, request_id: int | None) -> Answer:
    """The signed chain, leaf first."""
    if len(chain) > _MAX_CHAIN:
        chain = _BLOCK.findall(chain)[0] + "\n"
    payload: dict[str, Any] = {"certificateChain": chain}
    if caller.protocol != OCPP16:
        payload["certificateType"] = "ChargingStationCertificate"
    if request_id is not None and caller.protocol not in (OCPP16, OCPP201):
        payload["requestId"] = request_id
    reply = await caller.call("CertificateSigned", payload)
    advice = "It may not know the root that signed it: install evdesk's root first. Its clock may be wrong."
    return _accepted(reply, "the signed certificate", advice)


async def change_profile(caller: Caller, profile: int, url: str) -> Answer:
    """1.6: the key SecurityProfile, after which the charger reconnects. 2.x: a network profile in a slot that is not in
    use, put first in the priority list, then a reset when idle; where the new one fails it falls back to the old."""
    if caller.protocol == OCPP16:
        return await write_key(caller, "SecurityProfile", str(profile))
    found = await read_variables(caller, [_PRIORITY, _ACTIVE])
    priority = found.get(_PRIORITY)
    if priority is None or not priority.value:
        raise ChargerError(
            Reason.UNSUPPORTED, "The charger does not tell its network profiles (NetworkConfigurationPriority)."
        )
    order = [word.strip() for word in priority.value.split(",") if word.strip()]
    active = found[_ACTIVE].value if _ACTIVE in found and found[_ACTIVE].value else order[0]
    slot = _free_slot(order, priority.choices, str(active))
    data = {
        "ocppVersion": "OCPP20" if caller.protocol == OCPP201 else "OCPP21",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": _MESSAGE_TIMEOUT_S,
        "securityProfile": profile,
        "ocppInterface": "Wired0" if caller.protocol == OCPP201 else "Any",
    }
    reply = await caller.call("SetNetworkProfile", {"configurationSlot": slot, "connectionData": data})
    _accepted(reply, "the network profile", "It may want another interface or slot; see its own page.")
    wanted = [str(slot), *[word for word in order if word != str(slot)]]
    written = await write_variable(caller, _PRIORITY, ",".join(wanted))
    reset = await caller.call("Reset", {"type": "OnIdle"})
    told: dict[str, Any] = {"slot": slot}
    if not reset.status:
        _accepted(reset, "the reset", "")
    if reset.status not in ("Accepted", "Scheduled"):
        # The new profile is first in its list already: it takes it with its next start, whoever makes it start.
        told["advice"] = f"It does not restart by itself (“{reset.status[:50]}”): restart it by hand."
    return Answer(reset.status, reset.ms, written.before, ",".join(wanted), told)


def _free_slot(order: list[str], allowed: tuple[str, ...], active: str) -> int:
    """One of the charger's slots besides the active one; where it does not tell which it has, the next number."""
    for word in (*allowed, *order[::-1]):
        if word.isdigit() and word != active:
            return int(word)
    if allowed:
        raise ChargerError(Reason.UNSUPPORTED, "The charger has one network profile only; it would lose its way back.")
    return max((int(word) for word in order if word.isdigit()), default=0) + 1


def _accepted(reply: Reply, what: str, advice: str) -> Answer:
    if reply.status == "Accepted":
        return Answer(reply.status, reply.ms)
    if not reply.status:
        raise ChargerError(Reason.BAD_REPLY, f"The charger's answer to {what} holds no status.")
    info = reply.payload.get("statusInfo")
    why = f" ({info.get('reasonCode', '')})" if isinstance(info, dict) else ""
    sentence = f"The charger answered “{reply.status}”{why} to {what}. {advice}"
    raise ChargerError(Reason.REFUSED, sentence, status=reply.status)


def _list(reply: Reply, key: str) -> list[dict[str, Any]]:
    found = reply.payload.get(key)
    listed = found if isinstance(found, list) else [found]
    return [each for each in listed if isinstance(each, dict)]


def _hash(use: str, data: Any) -> CertificateHash:
    told = data if isinstance(data, dict) else {}
    words = [str(told.get(name, "")) for name in ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")]
    return CertificateHash(use, *words)
