"""The functional blocks of OCPP 2.0.1 and 2.1 that a simulated station answers; everything checked against the schemas."""

import pytest

from evdesk.simulator.inventory2 import inventory
from evdesk.simulator.makers import NORDLADE
from evdesk.simulator.model2 import wrong
from evdesk.simulator.moments import to_text
from tests.simulator.pki import Authority
from tests.simulator.running import charge2, let_pass, powered2, quick_car, reached
from tests.simulator.test_station2 import profile, token


@pytest.fixture
def csms(strict_csms):
    return strict_csms


def item(path: str, value: str | None = None, **more):
    """`Component.Variable[instance]` as an item of Get- or SetVariables."""
    name, _, instance = path.rstrip("]").partition("[")
    component, _, variable = name.partition(".")
    made = {"component": {"name": component}, "variable": {"name": variable}} | more
    if instance:
        made["variable"]["instance"] = instance
    if value is not None:
        made["attributeValue"] = value
    return made


async def get(csms, *paths, **more):
    answer = await csms.call("GetVariables", {"getVariableData": [item(p, **more) for p in paths]})
    return answer["getVariableResult"]


async def put(csms, path, value):
    answer = await csms.call("SetVariables", {"setVariableData": [item(path, value)]})
    return answer["setVariableResult"][0]


# provisioning


@pytest.mark.parametrize(
    ("base", "least"), [("ConfigurationInventory", 60), ("FullInventory", 150), ("SummaryInventory", 8)]
)
async def test_base_reports(csms, clock, base, least) -> None:
    async with powered2(csms, clock, evses=2):
        assert await csms.call("GetBaseReport", {"requestId": 4, "reportBase": base}) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("NotifyReport") and not c.of("NotifyReport")[-1]["tbc"])
        parts = csms.of("NotifyReport")
        entries = [entry for part in parts for entry in part["reportData"]]
        assert [p["seqNo"] for p in parts] == list(range(len(parts)))
        assert len(entries) >= least
        connectors = {e["component"]["evse"]["id"] for e in entries if e["component"]["name"] == "Connector"}
        assert connectors == (set() if base == "ConfigurationInventory" else {1, 2})
        if base == "ConfigurationInventory":
            assert not any(e["variableAttribute"][0]["mutability"] == "ReadOnly" for e in entries)
            secret = next(e for e in entries if e["variable"]["name"] == "BasicAuthPassword")
            assert "value" not in secret["variableAttribute"][0]


async def test_reports_by_component_and_criteria(csms, clock) -> None:
    async with powered2(csms, clock, evses=2):
        wanted = {"requestId": 5, "componentVariable": [{"component": {"name": "Connector", "evse": {"id": 2}}}]}
        assert await csms.call("GetReport", wanted) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("NotifyReport"))
        entries = csms.of("NotifyReport")[0]["reportData"]
        assert {e["component"]["evse"]["id"] for e in entries} == {2}
        wanted |= {"componentCriteria": ["Problem"]}
        assert await csms.call("GetReport", wanted) == {"status": "EmptyResultSet"}


async def test_a_model_of_fifteen_hundred_variables(csms, clock) -> None:
    async with powered2(csms, clock, variables=1500):
        await csms.call("GetBaseReport", {"requestId": 4, "reportBase": "FullInventory"})
        await csms.until(lambda c: c.of("NotifyReport") and not c.of("NotifyReport")[-1]["tbc"])
        assert sum(len(p["reportData"]) for p in csms.of("NotifyReport")) == 1500


def test_the_model_fits_its_own_rules_and_is_shared() -> None:
    specs = inventory(NORDLADE, 2, 10, "2.1", 1500)
    assert inventory(NORDLADE, 2, 10, "2.1", 1500) is specs
    assert [s for s in specs.values() if s.value and "@" not in s.value and wrong(s, s.value)] == []


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("SampledDataCtrlr.TxUpdatedInterval", "5", "Accepted"),
        ("sampleddatactrlr.txupdatedinterval", "5", "Accepted"),
        ("SampledDataCtrlr.TxUpdatedInterval", "often", "Rejected"),
        ("OCPPCommCtrlr.HeartbeatInterval", "0", "Rejected"),
        ("OCPPCommCtrlr.NetworkConfigurationPriority", "1,0", "RebootRequired"),
        ("OCPPCommCtrlr.NetworkConfigurationPriority", "7", "Rejected"),
        ("AuthCtrlr.LocalPreAuthorize", "TRUE", "Accepted"),
        ("AuthCtrlr.LocalPreAuthorize", "yes", "Rejected"),
        ("SampledDataCtrlr.TxUpdatedMeasurands", "Current.Import,Power.Offered", "Rejected"),
        ("SecurityCtrlr.SecurityProfile", "2", "Rejected"),
        ("SecurityCtrlr.BasicAuthPassword", "short", "Rejected"),
        ("SecurityCtrlr.BasicAuthPassword", "long-enough-password", "Accepted"),
        ("NoSuchCtrlr.X", "1", "UnknownComponent"),
        ("AuthCtrlr.NoSuch", "1", "UnknownVariable"),
    ],
)
async def test_set_variables(csms, clock, path, value, status) -> None:
    async with powered2(csms, clock):
        assert (await put(csms, path, value))["attributeStatus"] == status


async def test_get_variables_item_by_item(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        told = await get(csms, "ChargingStation.SerialNumber", "SecurityCtrlr.BasicAuthPassword", "X.Y", "AuthCtrlr.Z")
        assert [r["attributeStatus"] for r in told] == ["Accepted", "Rejected", "UnknownComponent", "UnknownVariable"]
        assert told[0]["attributeValue"] == station.core.serial
        other = await get(csms, "AuthCtrlr.Enabled", attributeType="Target")
        assert other[0]["attributeStatus"] == "NotSupportedAttributeType"
        too_many = await csms.call("GetVariables", {"getVariableData": [item("AuthCtrlr.Enabled")] * 51})
        assert too_many[0] == "OccurrenceConstraintViolation"
        too_many = await csms.call("SetVariables", {"setVariableData": [item("AuthCtrlr.Enabled", "true")] * 21})
        assert too_many[0] == "OccurrenceConstraintViolation"


async def test_a_changed_interval_counts_at_once(csms, clock) -> None:
    async with powered2(csms, clock, sample_s=600) as station:
        await charge2(station, csms)
        before = len(csms.events())
        await put(csms, "SampledDataCtrlr.TxUpdatedInterval", "2")
        station.meter.restart(station.outlets[1])
        await csms.until(lambda c: len(c.events()) > before + 3)


async def test_network_profile_priority_and_fall_back(csms, clock) -> None:
    data = {
        "ocppCsmsUrl": "ws://127.0.0.1:9",
        "ocppTransport": "JSON",
        "ocppVersion": "OCPP20",
        "ocppInterface": "Wired0",
        "messageTimeout": 30,
        "securityProfile": 1,
    }
    async with powered2(csms, clock) as station:
        for slot, change, code in (
            (0, {}, "InvalidConfSlot"),
            (9, {}, "InvalidConfSlot"),
            (1, {"securityProfile": 2, "ocppCsmsUrl": "wss://x"}, "InvalidNetworkConf"),
            (1, {"ocppVersion": "OCPP16"}, "InvalidNetworkConf"),
        ):
            request = {"configurationSlot": slot, "connectionData": data | change}
            answer = await csms.call("SetNetworkProfile", request)
            assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", code)
        good = {"configurationSlot": 1, "connectionData": data}
        assert await csms.call("SetNetworkProfile", good) == {"status": "Accepted"}
        assert (await put(csms, "OCPPCommCtrlr.NetworkConfigurationPriority", "1,0"))[
            "attributeStatus"
        ] == "RebootRequired"
        await csms.call("Reset", {"type": "OnIdle"})
        await reached(station, lambda s: s.networks.active == 1)
        assert station.link.url == "ws://127.0.0.1:9"
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)  # nobody there: back to the old one
        assert (await get(csms, "OCPPCommCtrlr.ActiveNetworkProfile"))[0]["attributeValue"] == "0"


async def test_credentials_in_a_network_profile(csms, clock) -> None:
    data = {
        "ocppCsmsUrl": csms.url,
        "ocppTransport": "JSON",
        "ocppInterface": "Any",
        "messageTimeout": 30,
        "securityProfile": 1,
        "identity": "CP-NEW",
        "basicAuthPassword": "another-password-1",
    }
    async with powered2(csms, clock, version="2.1"):
        good = {"configurationSlot": 2, "connectionData": data}
        assert await csms.call("SetNetworkProfile", good) == {"status": "Accepted"}
        await put(csms, "OCPPCommCtrlr.NetworkConfigurationPriority", "2,0")
        await csms.call("Reset", {"type": "Immediate"})
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)
        assert csms.requests[-1].path == "/CP-NEW"
        assert csms.requests[-1].headers["Authorization"].startswith("Basic ")


# tokens and reservations


async def test_local_list_decides_offline_and_before_asking(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        good = {"idToken": token("GOOD"), "idTokenInfo": {"status": "Accepted"}}
        bad = {"idToken": token("BAD"), "idTokenInfo": {"status": "Blocked"}}
        send = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": [good, bad]}
        assert await csms.call("SendLocalList", send) == {"status": "Accepted"}
        assert await csms.call("GetLocalListVersion", {}) == {"versionNumber": 3}
        old = {"versionNumber": 3, "updateType": "Differential"}
        assert await csms.call("SendLocalList", old) == {"status": "VersionMismatch"}
        await put(csms, "AuthCtrlr.LocalPreAuthorize", "true")
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "good")
        await csms.until(lambda c: c.events("Started"))
        assert not csms.of("Authorize")
        station.unplug()
        await csms.close()
        await reached(station, lambda s: not s.link.online)
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "BAD")
        assert station.outlets[1].transaction is None
        station.charges.present(station.outlets[1], "GOOD")
        assert station.outlets[1].transaction is not None


async def test_reservations(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses2())
        reserve = {"id": 5, "idToken": token("MINE"), "expiryDateTime": to_text(clock.now() + 600), "evseId": 1}
        assert await csms.call("ReserveNow", reserve) == {"status": "Accepted"}
        await csms.until(lambda c: c.statuses2()[-1] == "Reserved")
        assert await csms.call("ReserveNow", reserve | {"id": 6}) == {"status": "Occupied"}
        start = {"remoteStartId": 1, "idToken": token("OTHER"), "evseId": 1}
        assert (await csms.call("RequestStartTransaction", start))["status"] == "Rejected"
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "OTHER")
        await csms.until(lambda c: c.of("Authorize"))
        await let_pass(station, 2)
        assert not csms.events()
        station.charges.present(station.outlets[1], "MINE")
        await csms.until(lambda c: c.events("Started"))
        assert csms.events("Started")[0]["reservationId"] == 5
        assert (await csms.call("CancelReservation", {"reservationId": 5}))["status"] == "Rejected"
        station.unplug()
        short = reserve | {"id": 7, "expiryDateTime": to_text(station.core.now() + 20)}
        await let_pass(station, 1)
        assert await csms.call("ReserveNow", short) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("ReservationStatusUpdate"))
        assert csms.of("ReservationStatusUpdate")[0] == {"reservationId": 7, "reservationUpdateStatus": "Expired"}


# certificates, logs, firmware


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_certificates(csms, clock, version) -> None:
    root, stranger = Authority(), Authority("Somebody")
    async with powered2(csms, clock, version=version) as station:
        assert await csms.call("GetInstalledCertificateIds", {}) == {"status": "NotFound"}
        install = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
        assert await csms.call("InstallCertificate", install) == {"status": "Accepted"}
        bad = await csms.call("InstallCertificate", install | {"certificate": "no certificate"})
        assert bad["status"] == "Rejected"
        told = await csms.call("GetInstalledCertificateIds", {"certificateType": ["CSMSRootCertificate"]})
        data = told["certificateHashDataChain"][0]["certificateHashData"]
        assert data["serialNumber"] == f"{root.certificate.serial_number:x}"
        trigger = {"requestedMessage": "SignChargingStationCertificate"}
        assert await csms.call("TriggerMessage", trigger) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("SignCertificate"))
        request = csms.of("SignCertificate")[0]
        more = {"requestId": request["requestId"]} if version == "2.1" else {}
        wrong_chain = {"certificateChain": stranger.sign_csr(request["csr"])} | more
        assert (await csms.call("CertificateSigned", wrong_chain))["status"] == "Rejected"
        await csms.until(
            lambda c: any(e["type"] == "InvalidChargingStationCertificate" for e in c.of("SecurityEventNotification"))
        )
        right_chain = {"certificateChain": root.sign_csr(request["csr"])} | more
        assert await csms.call("CertificateSigned", right_chain) == {"status": "Accepted"}
        assert station.link.access.chain.startswith("-----BEGIN CERTIFICATE")
        assert await csms.call("DeleteCertificate", {"certificateHashData": data}) == {"status": "Accepted"}
        assert await csms.call("DeleteCertificate", {"certificateHashData": data}) == {"status": "NotFound"}


async def test_a_certificate_that_does_not_come_is_asked_for_again(csms, clock) -> None:
    async with powered2(csms, clock):
        await csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
        await csms.until(lambda c: len(c.of("SignCertificate")) == 3)
        assert len({r["csr"] for r in csms.of("SignCertificate")}) == 1


async def test_log_and_firmware_fail_honestly(csms, clock) -> None:
    async with powered2(csms, clock):
        log = {"requestId": 8, "logType": "DiagnosticsLog", "log": {"remoteLocation": "http://127.0.0.1:9/up/"}}
        first = await csms.call("GetLog", log)
        assert first["status"] == "Accepted"
        assert (await csms.call("GetLog", log | {"requestId": 9}))["status"] == "AcceptedCanceled"
        await csms.until(lambda c: any(p["status"] == "UploadFailure" for p in c.of("LogStatusNotification")))
        assert {p["requestId"] for p in csms.of("LogStatusNotification")} == {9}
        firmware = {"location": "http://127.0.0.1:9/f", "retrieveDateTime": to_text(clock.now() + 15)}
        assert await csms.call("UpdateFirmware", {"requestId": 3, "firmware": firmware}) == {"status": "Accepted"}
        await csms.until(lambda c: len(c.of("FirmwareStatusNotification")) == 3)
        told = [p["status"] for p in csms.of("FirmwareStatusNotification")]
        assert told == ["DownloadScheduled", "Downloading", "DownloadFailed"]
        await csms.call("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
        await csms.until(lambda c: c.of("FirmwareStatusNotification")[-1] == {"status": "Idle"})
        unsafe = await csms.call(
            "UpdateFirmware", {"requestId": 4, "firmware": firmware | {"signingCertificate": "nonsense"}}
        )
        assert unsafe["status"] == "InvalidCertificate"


# monitoring, streams, displays, customers


def watch(path: str, kind: str, value: float, **more):
    made = item(path) | {"type": kind, "value": value, "severity": 4} | more
    if path.startswith(("Connector", "EVSE")):
        made["component"]["evse"] = {"id": 1} | ({"connectorId": 1} if path.startswith("C") else {})
    return made


async def test_monitors_see_what_they_watch(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        data = [
            watch("EVSE.Power", "UpperThreshold", 3000),
            watch("Connector.AvailabilityState", "Delta", 1),
            watch("ChargingStation.Temperature", "Periodic", 5),
            watch("AuthCtrlr.Enabled", "Delta", 1),
            watch("No.Such", "Delta", 1),
        ]
        told = await csms.call("SetVariableMonitoring", {"setMonitoringData": data})
        statuses = [r["status"] for r in told["setMonitoringResult"]]
        assert statuses == ["Accepted"] * 3 + ["UnsupportedMonitorType", "UnknownComponent"]
        again = await csms.call("SetVariableMonitoring", {"setMonitoringData": data[:1]})
        assert again["setMonitoringResult"][0]["status"] == "Duplicate"
        await charge2(station, csms)
        await reached(station, lambda s: s.outlets[1].power_w > 5000)
        station.unplug()

        def seen(c):
            return [e for p in c.of("NotifyEvent") for e in p["eventData"]]

        await csms.until(lambda c: any(e.get("cleared") for e in seen(c)))
        triggers = {e["trigger"] for e in seen(csms)}
        assert triggers == {"Alerting", "Delta", "Periodic"}
        assert next(e["actualValue"] for e in seen(csms) if e["trigger"] == "Delta") == "Occupied"
        assert len({e["eventId"] for e in seen(csms)}) == len(seen(csms))
        assert await csms.call("GetMonitoringReport", {"requestId": 2}) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("NotifyMonitoringReport"))
        assert len(csms.of("NotifyMonitoringReport")[0]["monitor"]) == 4
        cleared = await csms.call("ClearVariableMonitoring", {"id": [1, 2, 99]})
        assert [r["status"] for r in cleared["clearMonitoringResult"]] == ["Rejected", "Accepted", "NotFound"]
        assert await csms.call("SetMonitoringLevel", {"severity": 3}) == {"status": "Accepted"}
        assert (await csms.call("SetMonitoringLevel", {"severity": 12}))["status"] == "Rejected"
        assert await csms.call("SetMonitoringBase", {"monitoringBase": "HardWiredOnly"}) == {"status": "Accepted"}
        assert list(station.monitors.items) == [1]


async def test_event_streams_are_send_frames(csms, clock) -> None:
    async with powered2(csms, clock, version="2.1"):
        data = watch("EVSE.Power", "Periodic", 1, periodicEventStream={"values": 4})
        told = await csms.call("SetVariableMonitoring", {"setMonitoringData": [data]})
        number = told["setMonitoringResult"][0]["id"]
        await csms.until(lambda c: len(c.sends) >= 2)
        action, sent = csms.sends[0]
        assert action == "NotifyPeriodicEventStream"
        assert len(sent["data"]) == 4
        assert csms.of("OpenPeriodicEventStream")[0]["constantStreamData"]["variableMonitoringId"] == number
        adjust = {"id": number, "params": {"values": 2}}
        assert await csms.call("AdjustPeriodicEventStream", adjust) == {"status": "Accepted"}
        running = await csms.call("GetPeriodicEventStream", {})
        assert running["constantStreamData"][0]["params"] == {"values": 2}
        await csms.until(lambda c: len(c.sends[-1][1]["data"]) == 2)
        await csms.call("ClearVariableMonitoring", {"id": [number]})
        await csms.until(lambda c: c.of("ClosePeriodicEventStream"))


async def test_an_answer_it_cannot_use_gets_a_callresulterror(csms, clock) -> None:
    csms.answers["Authorize"] = {}
    async with powered2(csms, clock, version="2.1") as station:
        await csms.until(lambda c: "Available" in c.statuses2())
        station.charges.present(station.outlets[1], "X")
        await csms.until(lambda c: c.result_errors)
        assert csms.result_errors[0][2] == "FormatViolation"
        assert "idTokenInfo" in csms.result_errors[0][3]


async def test_offline_duration_ends_a_profile(csms, clock) -> None:
    async with powered2(csms, clock, version="2.1") as station:
        await charge2(station, csms)
        await csms.call("SetChargingProfile", profile("TxDefaultProfile", 7, number=1))
        live = profile("TxDefaultProfile", 14, level=1, number=2)
        live["chargingProfile"] |= {"maxOfflineDuration": 20, "invalidAfterOfflineDuration": True}
        assert await csms.call("SetChargingProfile", live) == {"status": "Accepted"}
        await reached(station, lambda s: s.outlets[1].limit_a == 14)
        port = csms.port
        await csms.close()
        await let_pass(station, 10)
        assert station.outlets[1].limit_a == 14
        await reached(station, lambda s: s.outlets[1].limit_a == 7)
        await csms.listen(port)
        await reached(station, lambda s: s.core.ready)
        await let_pass(station, 2)
        assert [p.id for p in station.profiles.items] == [1]
        assert station.outlets[1].limit_a == 7


async def test_displays_customers_and_costs(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        transaction = await charge2(station, csms)
        message = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}
        assert await csms.call("SetDisplayMessage", {"message": message}) == {"status": "Accepted"}
        html = message | {"message": {"format": "HTML", "content": "<b>"}}
        assert await csms.call("SetDisplayMessage", {"message": html}) == {"status": "NotSupportedMessageFormat"}
        gone = message | {"transactionId": "nobody"}
        assert await csms.call("SetDisplayMessage", {"message": gone}) == {"status": "UnknownTransaction"}
        assert await csms.call("GetDisplayMessages", {"requestId": 1}) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("NotifyDisplayMessages"))
        assert csms.of("NotifyDisplayMessages")[0]["messageInfo"] == [message]
        assert await csms.call("ClearDisplayMessage", {"id": 1}) == {"status": "Accepted"}
        assert await csms.call("GetDisplayMessages", {"requestId": 1}) == {"status": "Unknown"}
        about = {"requestId": 6, "report": True, "clear": True, "idToken": token("TAG")}
        assert await csms.call("CustomerInformation", about) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("NotifyCustomerInformation"))
        assert transaction in csms.of("NotifyCustomerInformation")[0]["data"]
        assert (await csms.call("CustomerInformation", {"requestId": 6, "report": True, "clear": False}))["status"] == (
            "Invalid"
        )
        assert await csms.call("CostUpdated", {"totalCost": 1.5, "transactionId": transaction}) == {}
        assert station.display.costs == {transaction: 1.5}
        assert await csms.call("ClearCache", {}) == {"status": "Accepted"}
        assert (await csms.call("DataTransfer", {"vendorId": "nordlade"}))["status"] == "Accepted"
