"""Certificates and network profiles over 1.6, 2.0.1 and 2.1: what is sent is valid, what comes back is read."""

import json

import pytest

from evdesk.drivers.base import CertificateHash
from evdesk.model import CertificateAsked, ChargerError, Reason
from evdesk.ocpp.check import breaches
from evdesk.ocpp.version import Version
from tests.drivers.helpers import BOOT, charger, desk, slower
from tests.drivers.tls_kit import make, root

BOOT_2 = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
VERSIONS = [Version.V16, Version.V201, Version.V21]
SECOND = VERSIONS[1:]
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa" * 32, "issuerKeyHash": "bb" * 32, "serialNumber": "1f"}
WHICH = CertificateHash("CSMSRootCertificate", "SHA256", "aa" * 32, "bb" * 32, "1f")


async def talk(version, script, act):
    """(what `act` gave, the scripted charger, the desk); everything sent was valid."""
    async with (
        desk(slower(call_s=20.0)) as made,
        charger(made, script=script, boot=False, subprotocols=[version.value]) as (peer, driver),
    ):
        await peer.call("BootNotification", BOOT if version is Version.V16 else BOOT_2)
        try:
            return await act(driver), peer, made
        finally:
            for action, payload in peer.asked:
                assert breaches(action, payload, version=version) == [], action


@pytest.mark.parametrize("version", VERSIONS)
async def test_installed_certificates_are_listed(version):
    if version is Version.V16:

        def answer(payload):
            found = "Central" in payload["certificateType"]
            return {"status": "Accepted", "certificateHashData": [HASH]} if found else {"status": "NotFound"}

    else:
        chain = {
            "certificateType": "CSMSRootCertificate",
            "certificateHashData": HASH,
            "childCertificateHashData": [HASH | {"serialNumber": "2f"}],
        }
        answer = {"status": "Accepted", "certificateHashDataChain": [chain]}
    script = {"GetInstalledCertificateIds": answer}
    found, _, _ = await talk(version, script, lambda driver: driver.certificates())
    assert [each.serial_number for each in found] == (["1f"] if version is Version.V16 else ["1f", "2f"])
    assert all("Root" in each.use for each in found)


@pytest.mark.parametrize("version", [v for v in VERSIONS if v is not Version.V16])
async def test_a_charger_that_wants_each_kind_named_is_asked_again(version):
    """Seen in MicroOcpp 1.2.0: GetInstalledCertificateIds without certificateType is answered FormationViolation."""

    def answer(payload):
        if "certificateType" not in payload:
            return "error", "FormationViolation"
        chain = {"certificateType": "CSMSRootCertificate", "certificateHashData": HASH}
        return {"status": "Accepted", "certificateHashDataChain": [chain]}

    found, _, _ = await talk(version, {"GetInstalledCertificateIds": answer}, lambda driver: driver.certificates())
    assert [each.serial_number for each in found] == ["1f"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_certificates_is_an_empty_list(version):
    script = {"GetInstalledCertificateIds": {"status": "NotFound"}}
    found, _, _ = await talk(version, script, lambda driver: driver.certificates())
    assert found == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "answer", [{"status": "Accepted", "certificateHashData": "x"}, {"certificateHashDataChain": [3]}]
)
async def test_absurd_lists_are_no_disaster(version, answer):
    script = {"GetInstalledCertificateIds": answer}
    found, _, _ = await talk(version, script, lambda driver: driver.certificates())
    assert found == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_root_is_installed_and_deleted(version):
    async def act(driver):
        await driver.install_certificate("csms", root().pem)
        return await driver.delete_certificate(WHICH)

    _, peer, _ = await talk(version, {}, act)
    wanted = "CentralSystemRootCertificate" if version is Version.V16 else "CSMSRootCertificate"
    assert peer.requests("InstallCertificate") == [{"certificateType": wanted, "certificate": root().pem}]
    assert peer.requests("DeleteCertificate") == [{"certificateHashData": HASH}]


@pytest.mark.parametrize("version", VERSIONS)
async def test_refusals_say_what_to_do(version):
    script = {"InstallCertificate": {"status": "Rejected"}, "DeleteCertificate": {"status": "NotFound"}, "X": {}}

    async def act(driver):
        with pytest.raises(ChargerError, match="delete one first") as caught:
            await driver.install_certificate("csms", root().pem)
        assert caught.value.reason is Reason.REFUSED
        with pytest.raises(ChargerError, match="NotFound"):
            await driver.delete_certificate(WHICH)
        with pytest.raises(ChargerError, match="csms, manufacturer") as caught:
            await driver.install_certificate("nonsense", root().pem)
        with pytest.raises(ChargerError, match="takes"):
            await driver.install_certificate("csms", "x" * 20_000)

    await talk(version, script, act)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_certificate_is_asked_for_and_sent_back(version):
    chain = make("CP1", root()).pem + root().pem

    async def act(driver):
        await driver.request_certificate()
        return await driver.certificate_signed(chain, 7)

    _, peer, _ = await talk(version, {}, act)
    (sent,) = peer.requests("CertificateSigned")
    assert sent["certificateChain"] == chain
    assert sent.get("requestId") == (7 if version is Version.V21 else None)
    action, word = (
        ("ExtendedTriggerMessage", "SignChargePoint")
        if version is Version.V16
        else ("TriggerMessage", "SignChargingStation")
    )
    assert peer.requests(action)[0]["requestedMessage"] == f"{word}Certificate"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_chain_that_is_too_long_goes_without_its_root(version):
    leaf = make("CP1", root()).pem
    _, peer, _ = await talk(version, {}, lambda driver: driver.certificate_signed(leaf + root().pem * 20))
    assert peer.requests("CertificateSigned")[0]["certificateChain"].strip() == leaf.strip()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("accepted", [True, False])
async def test_a_request_reaches_the_engine_where_it_may_sign(version, accepted):
    async with (
        desk(accepted=accepted) as made,
        charger(made, boot=False, subprotocols=[version.value]) as (peer, _),
    ):
        csr = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"
        answer = (await peer.call("SignCertificate", {"csr": csr}))[2]
        assert answer["status"] == ("Accepted" if accepted else "Rejected")
        if accepted:
            assert (await made.event(CertificateAsked)).csr.strip() == csr.strip()


async def test_the_profile_of_1_6_is_a_key():
    script = {"GetConfiguration": {"configurationKey": [{"key": "SecurityProfile", "readonly": False, "value": "1"}]}}
    _, peer, _ = await talk(Version.V16, script, lambda driver: driver.change_profile(2, "wss://h:1/"))
    assert peer.requests("ChangeConfiguration") == [{"key": "SecurityProfile", "value": "2"}]


def variables(values):
    """Answers GetVariables from `values`, and keeps what SetVariables writes."""

    def get(payload):
        results = []
        for item in payload["getVariableData"]:
            value = values.get(item["variable"]["name"])
            known = (
                {"attributeStatus": "Accepted", "attributeValue": value}
                if value
                else {"attributeStatus": "UnknownVariable"}
            )
            results.append(item | known)
        return {"getVariableResult": results}

    def put(payload):
        results = []
        for item in payload["setVariableData"]:
            values[item["variable"]["name"]] = item["attributeValue"]
            address = {"component": item["component"], "variable": item["variable"]}
            results.append(address | {"attributeStatus": "Accepted"})
        return {"setVariableResult": results}

    return {"GetVariables": get, "SetVariables": put}


@pytest.mark.parametrize("version", SECOND)
async def test_2_x_gets_a_new_slot_first_in_the_list_and_restarts_when_idle(version):
    values = {"NetworkConfigurationPriority": "1,2", "ActiveNetworkProfile": "1"}
    _, peer, _ = await talk(version, variables(values), lambda driver: driver.change_profile(2, "wss://desk:9443/"))
    (sent,) = peer.requests("SetNetworkProfile")
    assert sent["configurationSlot"] == 2
    assert sent["connectionData"]["securityProfile"] == 2
    assert sent["connectionData"]["ocppCsmsUrl"] == "wss://desk:9443/"
    assert values["NetworkConfigurationPriority"] == "2,1"
    assert peer.requests("Reset") == [{"type": "OnIdle"}]
    order = [action for action, _ in peer.asked if action in ("SetNetworkProfile", "SetVariables", "Reset")]
    assert order == ["SetNetworkProfile", "SetVariables", "Reset"]


@pytest.mark.parametrize("version", SECOND)
async def test_the_active_slot_is_never_overwritten(version):
    values = {"NetworkConfigurationPriority": "3", "ActiveNetworkProfile": "3"}
    _, peer, _ = await talk(version, variables(values), lambda driver: driver.change_profile(3, "wss://desk:9443/"))
    assert peer.requests("SetNetworkProfile")[0]["configurationSlot"] == 4
    assert values["NetworkConfigurationPriority"] == "4,3"


@pytest.mark.parametrize("version", SECOND)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SetNetworkProfile": {"status": "Rejected"}}, "another interface"),
        ({"Reset": {}}, "holds no status"),
    ],
)
async def test_2_x_refusals_say_what_to_do(version, change, words):
    script = variables({"NetworkConfigurationPriority": "1,2", "ActiveNetworkProfile": "1"}) | change

    async def act(driver):
        with pytest.raises(ChargerError, match=words):
            await driver.change_profile(2, "wss://desk:9443/")

    await talk(version, script, act)


@pytest.mark.parametrize("version", SECOND)
async def test_2_x_that_will_not_restart_has_the_new_profile_all_the_same(version):
    script = variables({"NetworkConfigurationPriority": "1,2", "ActiveNetworkProfile": "1"})
    script["Reset"] = {"status": "Rejected"}
    answer, _, _ = await talk(version, script, lambda driver: driver.change_profile(2, "wss://desk:9443/"))
    assert (answer.status, answer.after) == ("Rejected", "2,1")
    assert "restart it by hand" in answer.payload["advice"]


@pytest.mark.parametrize("version", SECOND)
async def test_a_charger_without_network_profiles_says_so(version):
    async def act(driver):
        with pytest.raises(ChargerError, match="network profiles") as caught:
            await driver.change_profile(2, "wss://desk:9443/")
        assert caught.value.reason is Reason.UNSUPPORTED

    _, peer, _ = await talk(version, variables({}), act)
    assert "SetNetworkProfile" not in json.dumps(peer.asked)
