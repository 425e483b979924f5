"""A simulated station against a real WebSocket server: messages, their order, profiles over time, the offline queue."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import pytest

from evdesk.model import Clock
from evdesk.simulator import simulate
from evdesk.simulator.car import Car
from evdesk.simulator.faults import FAULTS, check_fault
from evdesk.simulator.link import Link
from evdesk.simulator.makers import AMPERION, KESTREL, NORDLADE
from evdesk.simulator.moments import from_text, to_text
from evdesk.simulator.simulate import run_simulate
from evdesk.simulator.station import Station
from tests.simulator.csms import Csms

SPEED = 40.0


@pytest.fixture
def clock() -> Clock:
    return Clock(speed=SPEED)


@pytest.fixture
async def csms(clock):
    async with Csms(clock) as running:
        yield running


@asynccontextmanager
async def powered(csms: Csms, clock: Clock, maker=NORDLADE, faults=(), **more):
    station = Station("CP-1", maker, csms.url, clock, faults=faults, **more)
    station.ticked = asyncio.Event()

    async def tick() -> None:
        last = clock.now()
        while True:
            await asyncio.sleep(clock.wall_s(0.25))
            now = clock.now()
            station.tick(now - last)
            last = now
            station.ticked.set()
            station.ticked.clear()

    tasks = [asyncio.ensure_future(station.link.run()), asyncio.ensure_future(tick())]
    try:
        yield station
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def charge(station: Station, csms: Csms, tag: str = "TAG") -> None:
    """Plug in, swipe, wait until current flows."""
    await csms.until(lambda c: "Available" in c.statuses())
    station.plug(Car(wake_s=3.0, reaction_s=1.0, level_wh=10_000, diligence=1.0))
    await csms.until(lambda c: "Preparing" in c.statuses())
    station.charges.present(station.outlets[1], tag)
    await csms.until(lambda c: "Charging" in c.statuses())


def limit(purpose: str, amps: float, level: int = 0, connector: int = 1, number: int = 1, **schedule):
    schedule |= {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amps}]}
    profile = {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    if purpose == "TxProfile":
        profile["transactionId"] = 1
    return {"connectorId": connector, "csChargingProfiles": profile}


async def reached(station: Station, test, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not test(station):
            await station.ticked.wait()


async def let_pass(station: Station, seconds: float) -> None:
    """Until `seconds` of the station's time have passed."""
    end = station.clock.now() + seconds
    await reached(station, lambda s: s.clock.now() >= end)


async def test_a_charge_from_boot_to_unplug(csms, clock) -> None:
    async with powered(csms, clock) as station:
        await charge(station, csms)
        await csms.until(lambda c: len(c.of("MeterValues")) >= 3)
        station.unplug()
        await csms.until(lambda c: c.of("StopTransaction") and c.statuses()[-1] == "Available")
    names = [name for name, _ in csms.calls]
    assert names[0] == "BootNotification"
    assert names.index("Authorize") < names.index("StartTransaction") < names.index("MeterValues")
    assert csms.statuses() == ["Available", "Preparing", "SuspendedEV", "Charging", "Available"]
    stop = csms.of("StopTransaction")[0]
    assert stop["transactionId"] == 1
    assert stop["reason"] == "EVDisconnected"
    assert stop["meterStop"] >= csms.of("StartTransaction")[0]["meterStart"]


def sampled(request, measurand: str) -> list[dict]:
    return [s for s in request["meterValue"][0]["sampledValue"] if s["measurand"] == measurand]


@pytest.mark.parametrize(
    ("maker", "energy_unit", "power_phases"), [(NORDLADE, "Wh", 1), (KESTREL, "kWh", 1), (AMPERION, None, 3)]
)
async def test_makers_write_meter_values_in_their_own_way(csms, clock, maker, energy_unit, power_phases) -> None:
    async with powered(csms, clock, maker, register_wh=50_000.0) as station:
        await charge(station, csms)
        before = len(csms.of("MeterValues"))
        await csms.until(lambda c: len(c.of("MeterValues")) > before + 1)
        request = csms.of("MeterValues")[-1]
        flowing = station.outlets[1].current_a
    currents = sampled(request, "Current.Import")
    assert [s["phase"] for s in currents] == ["L1", "L2", "L3"]
    assert float(currents[0]["value"]) == pytest.approx(flowing[0], rel=0.05)
    energy = sampled(request, "Energy.Active.Import.Register")[0]
    assert energy.get("unit") == energy_unit
    assert float(energy["value"]) == pytest.approx(50 if energy_unit == "kWh" else 50_000, rel=0.02)
    assert len(sampled(request, "Power.Active.Import")) == power_phases


async def test_live_limit_expires_by_the_stations_own_clock_when_the_csms_is_silent(csms, clock) -> None:
    async with powered(csms, clock) as station:
        await charge(station, csms)
        await csms.call("SetChargingProfile", limit("ChargePointMaxProfile", 16, connector=0, number=1))
        await csms.call("SetChargingProfile", limit("TxDefaultProfile", 6, connector=0, number=2))
        start = to_text(station.core.now())
        live = limit("TxProfile", 13, level=1, number=3, duration=60, startSchedule=start)
        assert await csms.call("SetChargingProfile", live) == {"status": "Accepted"}
        await reached(station, lambda s: s.outlets[1].current_a[0] == pytest.approx(13.0))
        told = await csms.call("GetCompositeSchedule", {"connectorId": 1, "duration": 120, "chargingRateUnit": "A"})
        periods = told["chargingSchedule"]["chargingSchedulePeriod"]
        assert [p["limit"] for p in periods] == [13.0, 6.0]
        assert periods[1]["startPeriod"] <= 60
        begun = from_text(start)
        await csms.close()  # the CSMS dies: nobody tells the station anything
        await reached(station, lambda s: s.outlets[1].pilot_a == 6.0)
        assert 59.5 <= station.core.now() - begun <= 75
        await reached(station, lambda s: s.outlets[1].current_a[0] <= 6.0)
        assert station.outlets[1].transaction is not None


async def test_profiles_survive_a_soft_reset(csms, clock) -> None:
    async with powered(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses())
        await csms.call("SetChargingProfile", limit("TxDefaultProfile", 7, connector=0))
        assert await csms.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)
        assert [p.periods[0].limit for p in station.profiles.items] == [7.0]


async def test_reset_ends_the_charge_and_drops_the_socket(csms, clock) -> None:
    async with powered(csms, clock) as station:
        await charge(station, csms)
        first = csms.sockets[-1]
        await csms.call("Reset", {"type": "Soft"})
        await csms.until(lambda c: len(c.of("BootNotification")) == 2 and c.of("StopTransaction"))
        assert csms.of("StopTransaction")[0]["reason"] == "SoftReset"
        assert first not in csms.sockets


async def test_offline_charge_is_queued_and_replayed_in_order(clock) -> None:
    csms = Csms(clock)
    await csms.listen(0)
    async with powered(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses())
        await csms.close()
        await reached(station, lambda s: not s.link.online)
        port, csms.calls = csms.port, []
        station.plug(Car(wake_s=3.0, reaction_s=1.0))
        station.charges.present(station.outlets[1], "OFFLINE")
        await reached(station, lambda s: s.link.queued().count("MeterValues") >= 3)
        station.unplug()
        queued = station.link.queued()
        assert queued[0] == "StartTransaction"
        assert queued[-1] == "StopTransaction"
        began = clock.now()
        await csms.listen(port)
        await csms.until(lambda c: c.of("StopTransaction"))
    await csms.close()
    kept = [(name, p) for name, p in csms.calls if name in ("StartTransaction", "MeterValues", "StopTransaction")]
    assert [name for name, _ in kept] == queued
    given = {p["transactionId"] for name, p in kept if name != "StartTransaction"}
    assert given == {1}  # the id the CSMS gave to the replayed start
    assert all(from_text(p["timestamp"]) < began for name, p in kept if name == "StartTransaction")
    assert not csms.of("BootNotification")  # a lost link is no restart


async def test_pending_station_sends_nothing_else(csms, clock) -> None:
    csms.answers["BootNotification"] = {"status": "Pending", "currentTime": to_text(clock.now()), "interval": 3}
    async with powered(csms, clock):
        await csms.until(lambda c: len(c.of("BootNotification")) >= 2)
        assert {name for name, _ in csms.calls} == {"BootNotification"}
        del csms.answers["BootNotification"]
        await csms.until(lambda c: "Available" in c.statuses())


async def test_refused_tag_starts_nothing(csms, clock) -> None:
    csms.answers["Authorize"] = {"idTagInfo": {"status": "Invalid"}}
    async with powered(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses())
        station.plug(Car())
        station.charges.present(station.outlets[1], "NOBODY")
        await csms.until(lambda c: c.of("Authorize") and "Preparing" in c.statuses())
        await csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await csms.until(lambda c: c.of("Heartbeat"))
        assert not csms.of("StartTransaction")


async def test_remote_start_waits_for_a_car_and_remote_stop_ends(csms, clock) -> None:
    async with powered(csms, clock) as station:
        await csms.until(lambda c: "Available" in c.statuses())
        assert await csms.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "APP"}) == {"status": "Accepted"}
        await csms.until(lambda c: "Preparing" in c.statuses())
        station.plug(Car(wake_s=1.0))
        await csms.until(lambda c: c.of("StartTransaction") and "Charging" in c.statuses())
        assert csms.of("StartTransaction")[0]["idTag"] == "APP"
        assert await csms.call("RemoteStopTransaction", {"transactionId": 99}) == {"status": "Rejected"}
        assert await csms.call("RemoteStopTransaction", {"transactionId": 1}) == {"status": "Accepted"}
        await csms.until(lambda c: c.of("StopTransaction") and c.statuses()[-1] == "Finishing")
        assert csms.of("StopTransaction")[0]["reason"] == "Remote"


async def test_configuration(csms, clock) -> None:
    async with powered(csms, clock, KESTREL):
        await csms.until(lambda c: c.of("BootNotification"))
        told = await csms.call("GetConfiguration", {"key": ["heartbeatinterval", "NoSuchKey"]})
        assert told["configurationKey"] == [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
        assert told["unknownKey"] == ["NoSuchKey"]
        everything = await csms.call("GetConfiguration", {})
        assert {"MeterValueSampleInterval", "ChargeProfileMaxStackLevel", "KestrelServerURL"} <= {
            k["key"] for k in everything["configurationKey"]
        }
        for key, value, status in (
            ("MeterValueSampleInterval", "5", "Accepted"),
            ("MeterValueSampleInterval", "often", "Rejected"),
            ("NumberOfConnectors", "2", "Rejected"),
            ("KestrelServerURL", "ws://x", "RebootRequired"),
            ("NoSuchKey", "1", "NotSupported"),
            ("MeterValuesSampledData", "Current.Import,Power.Offered", "Rejected"),
            ("LocalPreAuthorize", "TRUE", "Accepted"),
        ):
            assert await csms.call("ChangeConfiguration", {"key": key, "value": value}) == {"status": status}, key


async def test_calls_answered_with_errors_in_words(csms, clock) -> None:
    async with powered(csms, clock):
        await csms.until(lambda c: c.of("BootNotification"))
        assert (await csms.call("NoSuchThing", {}))[0] == "NotImplemented"
        assert (await csms.call("ChangeConfiguration", {"key": "X"}))[0] == "FormationViolation"
        assert (await csms.call("Reset", ["no object"]))[0] == "FormationViolation"


async def test_firmware_and_diagnostics_fail_honestly(csms, clock) -> None:
    async with powered(csms, clock):
        await csms.until(lambda c: "Available" in c.statuses())
        when = to_text(clock.now())
        assert await csms.call("UpdateFirmware", {"location": "http://127.0.0.1/x", "retrieveDate": when}) == {}
        assert "fileName" in await csms.call("GetDiagnostics", {"location": "http://127.0.0.1/up/"})
        await csms.until(lambda c: len(c.of("FirmwareStatusNotification")) == 2)
        await csms.until(lambda c: len(c.of("DiagnosticsStatusNotification")) == 2)
    assert [p["status"] for p in csms.of("FirmwareStatusNotification")] == ["Downloading", "DownloadFailed"]
    assert [p["status"] for p in csms.of("DiagnosticsStatusNotification")] == ["Uploading", "UploadFailed"]


async def test_availability_unlock_and_data_transfer(csms, clock) -> None:
    async with powered(csms, clock) as station:
        await charge(station, csms)
        change = {"connectorId": 1, "type": "Inoperative"}
        assert await csms.call("ChangeAvailability", change) == {"status": "Scheduled"}
        assert await csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
        await csms.until(lambda c: c.statuses()[-1] == "Unavailable")
        assert csms.of("StopTransaction")[0]["reason"] == "UnlockCommand"
        assert (await csms.call("DataTransfer", {"vendorId": "nordlade"}))["status"] == "Accepted"
        assert (await csms.call("DataTransfer", {"vendorId": "else"}))["status"] == "UnknownVendorId"


async def test_tx_profile_needs_its_transaction_and_the_right_unit(csms, clock) -> None:
    async with powered(csms, clock, KESTREL) as station:
        await csms.until(lambda c: "Available" in c.statuses())
        assert await csms.call("SetChargingProfile", limit("TxProfile", 10)) == {"status": "Rejected"}
        watts = limit("TxDefaultProfile", 4000)
        watts["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] = "W"
        assert await csms.call("SetChargingProfile", watts) == {"status": "Rejected"}
        assert await csms.call("SetChargingProfile", limit("TxDefaultProfile", 9.7, level=4)) == {"status": "Rejected"}
        assert await csms.call("SetChargingProfile", limit("TxDefaultProfile", 9.7, level=3)) == {"status": "Accepted"}
        await charge(station, csms)
        await reached(station, lambda s: s.outlets[1].current_a[0] == pytest.approx(9.0))  # whole ampere


# faults


async def test_every_fault_is_told_and_checked() -> None:
    assert all(sentence.endswith(".") for sentence in FAULTS.values())
    with pytest.raises(ValueError, match="ignores_limit"):
        check_fault("nonsense")


@pytest.mark.parametrize(
    ("fault", "status", "flows"),
    [
        ("ignores_limit", "Accepted", 16),
        ("accepts_and_does_nothing", "Accepted", 16),
        ("rejects_profiles", "Rejected", 16),
    ],
)
async def test_limits_that_do_not_work(csms, clock, fault, status, flows) -> None:
    async with powered(csms, clock, faults=[fault]) as station:
        assert_after = limit("TxDefaultProfile", 8, connector=0)
        await charge(station, csms)
        assert await csms.call("SetChargingProfile", assert_after) == {"status": status}
        await reached(station, lambda s: s.outlets[1].current_a[0] == pytest.approx(flows))
        await let_pass(station, 15)
        assert station.outlets[1].current_a[0] == pytest.approx(flows)


async def test_clock_of_1970_until_the_boot_answer(csms, clock) -> None:
    async with powered(csms, clock, faults=["clock_1970"]) as station:
        assert station.core.stamp().startswith("1970-01-01")
        await csms.until(lambda c: c.of("StatusNotification"))
        assert abs(station.core.now() - clock.now()) < 2.0


async def test_clock_offset_cannot_be_set(csms, clock) -> None:
    async with powered(csms, clock, faults=["clock_offset"]) as station:
        await csms.until(lambda c: c.of("StatusNotification"))
        assert station.core.now() - clock.now() == pytest.approx(300, abs=1)


async def test_silent_keeps_the_socket_but_says_nothing(csms, clock) -> None:
    async with powered(csms, clock) as station:
        await charge(station, csms)
        station.set_silent(True)
        await let_pass(station, 2)
        before = len(csms.frames)
        await let_pass(station, 25)
        assert len(csms.frames) == before
        assert csms.sockets
        station.set_silent(False)
        await csms.until(lambda c: len(c.frames) > before)


async def test_ground_failure_ends_the_charge_and_clears(csms, clock) -> None:
    async with powered(csms, clock, faults=["ground_failure"]) as station:
        await charge(station, csms)
        await csms.until(lambda c: "Faulted" in c.statuses() and c.of("StopTransaction"))
        fault = next(p for p in csms.of("StatusNotification") if p["status"] == "Faulted")
        assert fault["errorCode"] == "GroundFailure"
        assert station.outlets[1].current_a == (0.0, 0.0, 0.0)
        await csms.until(lambda c: c.statuses()[-1] == "Finishing")


async def test_small_deviations_show_on_the_wire(csms, clock) -> None:
    faults = ["numbers_for_text", "kwh_as_wh", "total_only", "duplicate_stop", "local_time", "no_subprotocol"]
    async with powered(csms, clock, faults=[*faults, "garbage_frames"], register_wh=50_000.0) as station:
        await charge(station, csms)
        await csms.until(lambda c: len(c.of("MeterValues")) >= 3)
        station.unplug()
        await csms.until(lambda c: len(c.of("StopTransaction")) == 2)
    assert csms.protocols == [None]
    entry = csms.of("MeterValues")[-1]["meterValue"]
    assert isinstance(entry, dict)
    currents = [s for s in entry["sampledValue"] if s["measurand"] == "Current.Import"]
    assert len(currents) == 1
    assert "phase" not in currents[0]
    assert isinstance(currents[0]["value"], float)
    energy = next(s for s in entry["sampledValue"] if s["measurand"].startswith("Energy"))
    assert energy["unit"] == "Wh"
    assert energy["value"] < 60
    assert not csms.of("StartTransaction")[0]["timestamp"].endswith("Z")
    assert any(not frame.startswith('[2,"') and not frame.startswith("[3,") for frame in csms.frames)


@pytest.mark.parametrize(("fault", "most"), [("no_meter_values", 0), ("meter_silent", 3)])
async def test_missing_meter_values(csms, clock, fault, most) -> None:
    async with powered(csms, clock, faults=[fault]) as station:
        await charge(station, csms)
        await let_pass(station, 60)
        assert len(csms.of("MeterValues")) == most


async def test_drop_comes_back_without_a_boot(csms, clock) -> None:
    async with powered(csms, clock, faults=["drop"]):
        await csms.until(lambda c: len(c.protocols) >= 3)
        assert len(csms.of("BootNotification")) == 1


# the command


async def test_run_simulate_charges_and_reports(csms, clock) -> None:
    lines: list[str] = []
    code = await run_simulate(csms.url, on_line=lines.append, count=3, seconds=45, clock=clock, id_tag="ME")
    assert code == 0
    assert len(csms.of("BootNotification")) == 3
    assert {p["idTag"] for p in csms.of("StartTransaction")} == {"ME"}
    assert any("SIM-001: StartTransaction Accepted" in line for line in lines)


@pytest.mark.parametrize(
    ("url", "more", "says"),
    [
        ("http://x", {}, "ws://"),
        ("ws://127.0.0.1:1", {"fault": "x"}, "no fault"),
        ("ws://127.0.0.1:1", {"protocol": "3"}, "2.0.1"),
        ("ws://127.0.0.1:1", {"maker": "x"}, "no maker “x”. Known: Nordlade"),
    ],
)
async def test_run_simulate_refuses_in_words(url, more, says) -> None:
    with pytest.raises(ValueError, match=says):
        await run_simulate(url, on_line=lambda _line: None, **more)


async def test_run_simulate_without_a_csms_is_a_failure(clock) -> None:
    lines: list[str] = []
    assert await run_simulate("ws://127.0.0.1:9", on_line=lines.append, seconds=5, clock=clock) == 1
    assert any("no connection" in line for line in lines)


def test_identity_is_encoded_into_the_address(clock) -> None:
    link = Link("ws://h:1/ocpp/", "a b/c", None, clock, None)
    assert link.address == "ws://h:1/ocpp/a%20b%2Fc"
    assert json.dumps(link.address)


async def test_all_of_one_maker_at_a_given_rate(csms, clock) -> None:
    more = {"maker": "kestrel", "rate_bps": 1000.0, "plugged": False}
    await run_simulate(csms.url, on_line=lambda _line: None, count=2, seconds=8, clock=clock, **more)
    assert {boot["chargePointModel"] for boot in csms.of("BootNotification")} == {"K11"}


async def test_a_hundred_of_one_maker_have_serial_numbers_of_their_own(monkeypatch) -> None:
    made = []

    async def keep(stations, *_rest) -> int:
        made.extend(station.core.serial for station in stations)
        return 0

    monkeypatch.setattr(simulate, "_run", keep)
    await run_simulate("ws://127.0.0.1:1", on_line=lambda _line: None, count=100, maker="nordlade")
    assert len(set(made)) == 100
