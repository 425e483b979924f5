"""OCPP 1.6: the Security Whitepaper, local list and reservations; everything checked against the schemas."""

import base64

import pytest

from evdesk.simulator.makers import KESTREL
from evdesk.simulator.moments import to_text
from tests.simulator.csms import Csms
from tests.simulator.pki import Authority
from tests.simulator.running import let_pass, powered16, quick_car, reached


@pytest.fixture
def csms(strict_csms):
    return strict_csms


async def change(csms, key: str, value: str) -> str:
    return (await csms.call("ChangeConfiguration", {"key": key, "value": value}))["status"]


async def test_a_whole_charge_is_valid(csms, clock) -> None:
    async with powered16(csms, clock, KESTREL, evses=2) as station:
        await csms.until(lambda c: "Available" in c.statuses(2))
        station.plug(quick_car(), 2)
        station.charges.present(station.outlets[2], "TAG")
        await csms.until(lambda c: len(c.of("MeterValues")) > 2)
        station.unplug(2)
        await csms.until(lambda c: c.of("StopTransaction"))
        assert csms.of("StartTransaction")[0]["connectorId"] == 2
        told = await csms.call("GetConfiguration", {"key": ["NumberOfConnectors", "AuthorizationKey"]})
        assert told["configurationKey"] == [
            {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
            {"key": "AuthorizationKey", "readonly": False},
        ]


async def test_local_list_and_cache(csms, clock) -> None:
    async with powered16(csms, clock) as station:
        assert await csms.call("GetLocalListVersion", {}) == {"listVersion": 0}
        entries = [
            {"idTag": "GOOD", "idTagInfo": {"status": "Accepted"}},
            {"idTag": "OLD", "idTagInfo": {"status": "Accepted", "expiryDate": to_text(clock.now() - 60)}},
        ]
        send = {"listVersion": 2, "updateType": "Full", "localAuthorizationList": entries}
        assert await csms.call("SendLocalList", send) == {"status": "Accepted"}
        assert await csms.call("SendLocalList", {"listVersion": 1, "updateType": "Differential"}) == {
            "status": "VersionMismatch"
        }
        gone = {"listVersion": 3, "updateType": "Differential", "localAuthorizationList": [{"idTag": "NOBODY"}]}
        assert await csms.call("SendLocalList", gone) == {"status": "Accepted"}
        assert await csms.call("GetLocalListVersion", {}) == {"listVersion": 3}
        await csms.close()
        await reached(station, lambda s: not s.link.online)
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "OLD")
        assert station.outlets[1].transaction is None
        station.charges.present(station.outlets[1], "GOOD")
        assert station.outlets[1].transaction is not None


async def test_reservations(csms, clock) -> None:
    async with powered16(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses())
        until = to_text(clock.now() + 900)
        reserve = {"connectorId": 0, "expiryDate": until, "idTag": "MINE", "reservationId": 4}
        assert await csms.call("ReserveNow", reserve) == {"status": "Accepted"}
        await csms.until(lambda c: c.statuses()[-1] == "Reserved")
        start = {"connectorId": 1, "idTag": "OTHER"}
        assert await csms.call("RemoteStartTransaction", start) == {"status": "Rejected"}
        assert await csms.call("CancelReservation", {"reservationId": 4}) == {"status": "Accepted"}
        assert await csms.call("CancelReservation", {"reservationId": 4}) == {"status": "Rejected"}
        assert await csms.call("ReserveNow", reserve) == {"status": "Accepted"}
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "OTHER")
        await csms.until(lambda c: c.of("Authorize"))
        await let_pass(station, 2)
        station.charges.present(station.outlets[1], "MINE")
        await csms.until(lambda c: c.of("StartTransaction"))
        assert csms.of("StartTransaction")[0]["idTag"] == "MINE"
        assert csms.of("StartTransaction")[0]["reservationId"] == 4
        assert await csms.call("ReserveNow", reserve | {"reservationId": 5}) == {"status": "Occupied"}


async def test_certificates_by_extended_trigger(csms, clock) -> None:
    root = Authority()
    kind = "CentralSystemRootCertificate"
    async with powered16(csms, clock) as station:
        install = {"certificateType": kind, "certificate": root.pem}
        assert await csms.call("InstallCertificate", install) == {"status": "Accepted"}
        told = await csms.call("GetInstalledCertificateIds", {"certificateType": kind})
        trigger = {"requestedMessage": "SignChargePointCertificate"}
        assert await csms.call("ExtendedTriggerMessage", trigger) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("SignCertificate"))
        chain = {"certificateChain": root.sign_csr(csms.of("SignCertificate")[0]["csr"], days=(-9, -1))}
        assert await csms.call("CertificateSigned", chain) == {"status": "Rejected"}  # out of date
        await csms.until(lambda c: c.of("SecurityEventNotification"))
        assert csms.of("SecurityEventNotification")[0]["type"] == "InvalidChargePointCertificate"
        chain = {"certificateChain": root.sign_csr(csms.of("SignCertificate")[0]["csr"])}
        assert await csms.call("CertificateSigned", chain) == {"status": "Accepted"}
        assert station.security.store.has_own
        data = told["certificateHashData"][0]
        assert await csms.call("DeleteCertificate", {"certificateHashData": data}) == {"status": "Accepted"}
        assert await csms.call("GetInstalledCertificateIds", {"certificateType": kind}) == {"status": "NotFound"}


async def test_log_and_signed_firmware(csms, clock) -> None:
    certificate, _ = Authority().issue("maker")
    async with powered16(csms, clock):
        log = {"requestId": 1, "logType": "SecurityLog", "log": {"remoteLocation": "http://127.0.0.1:9/"}}
        assert (await csms.call("GetLog", log))["status"] == "Accepted"
        await csms.until(lambda c: len(c.of("LogStatusNotification")) == 2)
        firmware = {
            "location": "http://127.0.0.1:9/f",
            "retrieveDateTime": to_text(clock.now()),
            "signingCertificate": certificate,
            "signature": "c2ln",
        }
        update = {"requestId": 2, "firmware": firmware}
        assert await csms.call("SignedUpdateFirmware", update) == {"status": "Accepted"}
        again = await csms.call("SignedUpdateFirmware", update | {"requestId": 3})
        assert again == {"status": "AcceptedCanceled"}
        await csms.until(lambda c: len(c.of("SignedFirmwareStatusNotification")) == 2)
        told = csms.of("SignedFirmwareStatusNotification")
        assert [(p["status"], p["requestId"]) for p in told] == [("Downloading", 3), ("DownloadFailed", 3)]
        bad = {"requestId": 4, "firmware": firmware | {"signingCertificate": "x"}}
        assert await csms.call("SignedUpdateFirmware", bad) == {"status": "InvalidCertificate"}
        await csms.call("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification"})
        await csms.until(lambda c: c.of("LogStatusNotification")[-1] == {"status": "Idle"})


@pytest.mark.parametrize(
    ("password", "sent"), [("plain-password-16", b"plain-password-16"), ("00ff" * 8, b"\x00\xff" * 8)]
)
async def test_the_security_profile_goes_up_with_a_password(csms, clock, password, sent) -> None:
    async with powered16(csms, clock):
        assert await change(csms, "SecurityProfile", "1") == "Rejected"  # there is no password yet
        assert await change(csms, "AuthorizationKey", "short") == "Rejected"
        assert await change(csms, "AuthorizationKey", password) == "Accepted"
        assert await change(csms, "SecurityProfile", "2") == "Rejected"  # there is no root yet
        assert await change(csms, "SecurityProfile", "1") == "Accepted"
        await csms.until(lambda c: len(c.protocols) == 2)
        assert basic(csms.requests[-1]) == b"CP-1:" + sent
        assert await change(csms, "SecurityProfile", "0") == "Rejected"
        told = await csms.call("GetConfiguration", {"key": ["SecurityProfile"]})
        assert told["configurationKey"][0]["value"] == "1"


def basic(request) -> bytes:
    return base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))


async def test_profile_two_falls_back_when_nobody_speaks_tls(csms, clock) -> None:
    async with powered16(csms, clock) as station:
        root = {"certificateType": "CentralSystemRootCertificate", "certificate": Authority().pem}
        await csms.call("InstallCertificate", root)
        await change(csms, "AuthorizationKey", "plain-password-16")
        assert await change(csms, "SecurityProfile", "2") == "Accepted"
        await reached(station, lambda s: s.link.url.startswith("wss:"))
        await csms.until(lambda c: len(c.protocols) == 2)
        assert station.link.access.profile == 0


async def test_a_backend_address_in_the_makers_key_counts_after_a_restart(csms, clock) -> None:
    async with Csms(clock) as other, powered16(csms, clock, KESTREL) as station:
        assert await change(csms, "KestrelServerURL", other.url) == "RebootRequired"
        await csms.call("Reset", {"type": "Hard"})
        await other.until(lambda c: c.of("BootNotification"))
        assert station.link.url == other.url
