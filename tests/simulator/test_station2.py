"""A simulated 2.0.1 and 2.1 station against a real WebSocket server: every message checked against the schemas."""

import pytest

from evdesk.simulator.makers import AMPERION, KESTREL, NORDLADE
from evdesk.simulator.moments import from_text, to_text
from evdesk.simulator.simulate import run_simulate
from tests.simulator.running import charge2, let_pass, powered2, quick_car, reached

VERSIONS = ("2.0.1", "2.1")


@pytest.fixture
def csms(strict_csms):
    return strict_csms


def profile(purpose: str, amps: float, level: int = 0, number: int = 1, evse: int = 0, transaction=None, **schedule):
    made = {
        "id": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {"id": 7, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amps}]} | schedule
        ],
    }
    if transaction:
        made["transactionId"] = transaction
    return {"evseId": evse, "chargingProfile": made}


def token(tag: str, kind: str = "ISO14443"):
    return {"idToken": tag, "type": kind}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("maker", [NORDLADE, KESTREL, AMPERION])
async def test_a_charge_from_boot_to_unplug(csms, clock, version, maker) -> None:
    async with powered2(csms, clock, maker, version=version, register_wh=50_000.0) as station:
        transaction = await charge2(station, csms)
        await csms.until(lambda c: sum(e["triggerReason"] == "MeterValuePeriodic" for e in c.events()) >= 3)
        station.unplug()
        await csms.until(lambda c: c.events("Ended") and c.statuses2()[-1] == "Available")
    assert csms.protocols == [f"ocpp{version}"]
    assert csms.calls[0][0] == "BootNotification"
    assert csms.of("BootNotification")[0]["reason"] == "PowerUp"
    assert csms.statuses2() == ["Available", "Occupied", "Available"]
    events = csms.events()
    assert [e["seqNo"] for e in events] == list(range(len(events)))
    assert {e["transactionInfo"]["transactionId"] for e in events} == {transaction}
    assert events[0]["triggerReason"] == "Authorized"
    assert events[0]["idToken"] == token("TAG")
    assert events[0]["evse"] == {"id": 1, "connectorId": 1}
    assert events[0]["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert events[-1]["triggerReason"] == "EVDeparted"
    assert events[-1]["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert not any(e.get("offline") for e in events)
    assert bool(csms.of("NotifyEvent")) == (version == "2.1")


@pytest.mark.parametrize(
    ("maker", "unit"), [(NORDLADE, {"unit": "Wh"}), (KESTREL, {"unit": "Wh", "multiplier": 3}), (AMPERION, None)]
)
async def test_makers_write_units_in_their_own_way(csms, clock, maker, unit) -> None:
    async with powered2(csms, clock, maker, register_wh=50_000.0) as station:
        await charge2(station, csms)
        await csms.until(lambda c: any(e["triggerReason"] == "MeterValuePeriodic" for e in c.events()))
        flowing = station.outlets[1].current_a
    samples = next(e for e in csms.events() if e["triggerReason"] == "MeterValuePeriodic")["meterValue"][0][
        "sampledValue"
    ]
    energy = next(s for s in samples if s["measurand"].startswith("Energy"))
    assert energy.get("unitOfMeasure") == unit
    assert energy["value"] == pytest.approx(50 if unit and "multiplier" in unit else 50_000, rel=0.02)
    currents = [s for s in samples if s["measurand"] == "Current.Import"]
    assert [s["phase"] for s in currents] == ["L1", "L2", "L3"]
    assert currents[0]["value"] <= flowing[0] * 1.05


async def test_remote_start_with_a_profile_waits_for_a_car_and_obeys(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses2())
        start = {"evseId": 1, "remoteStartId": 42, "idToken": token("APP", "Central")}
        start["chargingProfile"] = profile("TxProfile", 10)["chargingProfile"]
        assert await csms.call("RequestStartTransaction", start) == {"status": "Accepted"}
        await reached(station, lambda s: s.outlets[1].waiting_tag)
        station.plug(quick_car())
        await csms.until(lambda c: "Charging" in c.states())
        first = csms.events("Started")[0]
        assert first["triggerReason"] == "RemoteStart"
        assert first["transactionInfo"]["remoteStartId"] == 42
        assert first["idToken"] == token("APP", "Central")
        await reached(station, lambda s: s.outlets[1].current_a[0] == pytest.approx(10.0))
        wrong = await csms.call("RequestStopTransaction", {"transactionId": "nobody"})
        assert wrong["status"] == "Rejected"
        status = await csms.call("GetTransactionStatus", {"transactionId": station.outlets[1].transaction.id})
        assert status["ongoingIndicator"] is True
        stop = {"transactionId": first["transactionInfo"]["transactionId"]}
        assert await csms.call("RequestStopTransaction", stop) == {"status": "Accepted"}
        await csms.until(lambda c: c.events("Ended"))
        assert csms.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "Remote"
        assert csms.statuses2()[-1] == "Occupied"


async def test_a_remote_start_lapses_without_a_car(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses2())
        await csms.call("RequestStartTransaction", {"remoteStartId": 1, "idToken": token("APP")})
        await reached(station, lambda s: s.outlets[1].waiting_tag)
        await let_pass(station, 62)
        station.plug(quick_car())
        await csms.until(lambda c: c.statuses2()[-1] == "Occupied")
        await let_pass(station, 3)
        assert csms.events() == []


async def test_limits_stack_and_the_live_one_expires_without_the_csms(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        transaction = await charge2(station, csms)
        await csms.call("SetChargingProfile", profile("ChargingStationMaxProfile", 16, number=1))
        await csms.call("SetChargingProfile", profile("TxDefaultProfile", 6, number=2))
        start = to_text(station.core.now())
        live = profile("TxProfile", 13, 1, 3, 1, transaction, duration=60, startSchedule=start)
        assert await csms.call("SetChargingProfile", live) == {"status": "Accepted"}
        await reached(station, lambda s: s.outlets[1].current_a[0] == pytest.approx(13.0))
        await csms.until(lambda c: any(e["triggerReason"] == "ChargingRateChanged" for e in c.events()))
        told = await csms.call("GetCompositeSchedule", {"evseId": 1, "duration": 120, "chargingRateUnit": "A"})
        assert [p["limit"] for p in told["schedule"]["chargingSchedulePeriod"]] == [13.0, 6.0]
        begun = from_text(start)
        await csms.close()
        await reached(station, lambda s: s.outlets[1].pilot_a == 6.0)
        assert 59.5 <= station.core.now() - begun <= 75


async def test_profiles_are_reported_by_evse_and_cleared(csms, clock) -> None:
    async with powered2(csms, clock, evses=2) as station:
        await csms.until(lambda c: "Available" in c.statuses2(2))
        for number, evse in ((1, 0), (2, 1), (3, 2)):
            await csms.call("SetChargingProfile", profile("TxDefaultProfile", 8, number=number, evse=evse))
        assert await csms.call("GetChargingProfiles", {"requestId": 9, "chargingProfile": {}}) == {"status": "Accepted"}
        await csms.until(lambda c: len(c.of("ReportChargingProfiles")) == 3)
        parts = csms.of("ReportChargingProfiles")
        assert [(p["evseId"], p["tbc"]) for p in parts] == [(0, True), (1, True), (2, False)]
        assert {p["requestId"] for p in parts} == {9}
        assert parts[1]["chargingProfile"][0]["chargingSchedule"][0]["id"] == 7
        clear = {"chargingProfileCriteria": {"evseId": 2}}
        assert await csms.call("ClearChargingProfile", clear) == {"status": "Accepted"}
        assert await csms.call("ClearChargingProfile", {"chargingProfileId": 3}) == {"status": "Unknown"}
        assert [p.id for p in station.profiles.items] == [1, 2]
        nothing = await csms.call("GetChargingProfiles", {"requestId": 1, "evseId": 2, "chargingProfile": {}})
        assert nothing == {"status": "NoProfiles"}


async def test_refused_profiles_say_why(csms, clock) -> None:
    async with powered2(csms, clock, KESTREL):
        await csms.until(lambda c: "Available" in c.statuses2())
        for request, code in (
            (profile("TxProfile", 10, evse=1, transaction="x"), "TxNotFound"),
            (profile("TxDefaultProfile", 10, chargingRateUnit="W"), "UnsupportedRateUnit"),
            (profile("TxDefaultProfile", 10, evse=7), "UnknownEvse"),
            (profile("TxDefaultProfile", 10, level=9), "InvalidProfile"),
            (profile("ChargingStationExternalConstraints", 10), "InvalidProfile"),
        ):
            answer = await csms.call("SetChargingProfile", request)
            assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", code)


async def test_two_evses_share_what_the_station_may_take(csms, clock) -> None:
    async with powered2(csms, clock, evses=2) as station:
        await csms.call("SetChargingProfile", profile("ChargingStationMaxProfile", 20))
        await charge2(station, csms)
        await reached(station, lambda s: s.outlets[1].limit_a == pytest.approx(20.0))
        station.plug(quick_car(), 2)
        station.charges.present(station.outlets[2], "TWO")
        await reached(station, lambda s: [o.limit_a for o in s.outlets.values()] == [10.0, 10.0])
        await csms.until(lambda c: len(c.events("Started")) == 2)
        assert csms.events("Started")[1]["evse"]["id"] == 2


async def test_offline_events_are_replayed_in_order_and_say_so(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses2())
        port = csms.port
        await csms.close()
        await reached(station, lambda s: not s.link.online)
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "OFFLINE")
        await reached(station, lambda s: len(s.link.queued()) >= 5)
        station.unplug()
        count = len(station.link.queued())
        began = clock.now()
        await csms.listen(port)
        await csms.until(lambda c: c.events("Ended"))
    events = csms.events()
    assert len(events) == count
    assert [e["seqNo"] for e in events] == list(range(count))
    assert all(e["offline"] for e in events)
    assert all(from_text(e["timestamp"]) < began + 1 for e in events)
    assert len(csms.of("BootNotification")) == 1  # a lost link is no restart


async def test_refused_token_ends_the_transaction(csms, clock) -> None:
    csms.answers["TransactionEvent"] = {"idTokenInfo": {"status": "Blocked"}}
    async with powered2(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses2())
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "BAD")
        await csms.until(lambda c: c.events("Ended"))
        ended = csms.events("Ended")[0]
        assert ended["triggerReason"] == "Deauthorized"
        assert ended["transactionInfo"]["stoppedReason"] == "DeAuthorized"


@pytest.mark.parametrize(
    ("point", "reasons"),
    [("EVConnected", ["CablePluggedIn", "Authorized"]), ("Authorized", ["Authorized", "CablePluggedIn"])],
)
async def test_other_start_and_stop_points(csms, clock, point, reasons) -> None:
    async with powered2(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses2())
        for variable, value in (("TxStartPoint", point), ("TxStopPoint", "EVConnected")):
            item = {"attributeValue": value, "component": {"name": "TxCtrlr"}, "variable": {"name": variable}}
            done = await csms.call("SetVariables", {"setVariableData": [item]})
            assert done["setVariableResult"][0]["attributeStatus"] == "Accepted"
        steps = [lambda: station.plug(quick_car()), lambda: station.charges.present(station.outlets[1], "T")]
        for step in steps if point == "EVConnected" else reversed(steps):
            step()
            await let_pass(station, 1)
        await csms.until(lambda c: "Charging" in c.states())
        told = [e["triggerReason"] for e in csms.events() if e["triggerReason"] != "MeterValuePeriodic"]
        assert told[:2] == reasons
        transaction = csms.events()[0]["transactionInfo"]["transactionId"]
        await csms.call("RequestStopTransaction", {"transactionId": transaction})
        await csms.until(lambda c: any(e["triggerReason"] == "RemoteStop" for e in c.events("Updated")))
        await reached(station, lambda s: s.outlets[1].current_a[0] == 0.0)
        assert not csms.events("Ended")
        station.unplug()
        await csms.until(lambda c: c.events("Ended"))
        assert csms.states()[-1] == "Idle"


async def test_triggers_and_control(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        await charge2(station, csms)
        for what, seen in (
            ("Heartbeat", "Heartbeat"),
            ("MeterValues", "MeterValues"),
            ("StatusNotification", "StatusNotification"),
            ("TransactionEvent", "TransactionEvent"),
        ):
            before = len(csms.of(seen))
            assert await csms.call("TriggerMessage", {"requestedMessage": what}) == {"status": "Accepted"}
            await csms.until(lambda c, seen=seen, before=before: len(c.of(seen)) > before)
        assert any(e["triggerReason"] == "Trigger" and e["meterValue"] for e in csms.events())
        assert (await csms.call("UnlockConnector", {"evseId": 1, "connectorId": 1}))["status"] == (
            "OngoingAuthorizedTransaction"
        )
        change = {"evse": {"id": 1}, "operationalStatus": "Inoperative"}
        assert await csms.call("ChangeAvailability", change) == {"status": "Scheduled"}
        station.unplug()
        await csms.until(lambda c: c.statuses2()[-1] == "Unavailable")
        assert (await csms.call("UnlockConnector", {"evseId": 1, "connectorId": 2}))["status"] == "UnknownConnector"
        assert (await csms.call("NoSuchThing", {}))[0] == "NotImplemented"


async def test_reset_on_idle_waits_for_the_transaction(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        await charge2(station, csms)
        assert await csms.call("Reset", {"type": "OnIdle"}) == {"status": "Scheduled"}
        await let_pass(station, 5)
        assert not csms.events("Ended")
        station.unplug()
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)
        assert csms.of("BootNotification")[1]["reason"] == "ScheduledReset"


async def test_immediate_reset_ends_the_charge(csms, clock) -> None:
    async with powered2(csms, clock) as station:
        await charge2(station, csms)
        assert await csms.call("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
        await csms.until(lambda c: len(c.of("BootNotification")) == 2 and c.events("Ended"))
        assert csms.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "ImmediateReset"
        assert csms.of("BootNotification")[1]["reason"] == "RemoteReset"


async def test_reports_while_pending(csms, clock) -> None:
    csms.answers["BootNotification"] = {"status": "Pending", "currentTime": to_text(clock.now()), "interval": 30}
    async with powered2(csms, clock):
        base = {"requestId": 4, "reportBase": "FullInventory"}
        assert await csms.call("GetBaseReport", base) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("NotifyReport") and not c.of("NotifyReport")[-1]["tbc"])
        parts = csms.of("NotifyReport")
        assert [p["seqNo"] for p in parts] == list(range(len(parts)))
        assert sum(len(p["reportData"]) for p in parts) > 150
        assert {name for name, _ in csms.calls} == {"BootNotification", "NotifyReport"}


async def test_ground_failure_is_told(csms, clock) -> None:
    async with powered2(csms, clock, faults=["ground_failure"]) as station:
        await charge2(station, csms)
        await csms.until(lambda c: "Faulted" in c.statuses2() and c.events("Ended") and c.of("NotifyEvent"))
        assert csms.events("Ended")[0]["transactionInfo"]["stoppedReason"] == "GroundFault"
        problem = csms.of("NotifyEvent")[0]["eventData"][0]
        assert (problem["variable"], problem["actualValue"]) == ({"name": "Problem"}, "true")


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_run_simulate_charges(csms, clock, protocol) -> None:
    lines: list[str] = []
    code = await run_simulate(csms.url, on_line=lines.append, count=3, seconds=45, clock=clock, protocol=protocol)
    assert code == 0
    assert len(csms.of("BootNotification")) == 3
    assert len(csms.events("Started")) == 3
