"""Every named fault shows on the wire (or in the current) as its sentence says."""

import asyncio
import json
import re
from pathlib import Path

import pytest

import evdesk.simulator
from evdesk.model import Clock
from evdesk.simulator import base
from evdesk.simulator.access import Access
from evdesk.simulator.bends import bend_answer, bend_call
from evdesk.simulator.core import Core16
from evdesk.simulator.core2 import Core2
from evdesk.simulator.faults import ALL, BY_NAME, FAULTS, GROUPS, check_fault, fault_lines, fault_tables
from evdesk.simulator.handshake import address, authorization
from evdesk.simulator.link import CallFault, Outgoing
from evdesk.simulator.makers import KESTREL, NORDLADE
from evdesk.simulator.odd import OddLimits
from evdesk.simulator.order import Order
from evdesk.simulator.profiles import Hardware, Period, Profile, ProfileStack
from evdesk.simulator.simulate import run_simulate
from tests.simulator.csms import Csms
from tests.simulator.pki import Authority
from tests.simulator.running import (
    SPEED,
    charge2,
    let_pass,
    make_station,
    powered2,
    powered16,
    quick_car,
    reached,
    running,
)
from tests.simulator.test_station2 import profile

DOCS = Path(__file__).parents[2] / "docs" / "simulator.md"


@pytest.fixture
def clock() -> Clock:
    return Clock(speed=80.0)


# the list itself


def test_each_fault_is_done_somewhere() -> None:
    folder = Path(evdesk.simulator.__file__).parent
    code = "\n".join(path.read_text() for path in folder.glob("*.py") if path.name != "faults.py")
    assert [name for name in FAULTS if f'"{name}"' not in code and f"'{name}'" not in code] == []


def test_each_fault_that_is_done_is_listed() -> None:
    folder = Path(evdesk.simulator.__file__).parent
    asked = {name for path in folder.glob("*.py") for name in re.findall(r'(?:has|_has)\("(\w+)"\)', path.read_text())}
    assert asked - set(FAULTS) == set()


def test_names_are_unique_and_told_in_one_sentence() -> None:
    listed = [fault.name for _, faults in GROUPS for fault in faults]
    assert len(listed) == len(set(listed)) == len(BY_NAME)
    assert all(re.fullmatch(r"[A-Z][^.]*(\.[^ .]+)*[^.]*\.", sentence) for sentence in FAULTS.values())
    assert len(fault_lines()) == len(listed) + len(GROUPS)


def test_a_fault_of_another_version_is_refused_in_words() -> None:
    assert check_fault("report_gap", "2.1") == "report_gap"
    with pytest.raises(ValueError, match=r"2\.0\.1 and 2\.1 only"):
        check_fault("report_gap", "1.6")


def test_the_documentation_lists_them_all() -> None:
    assert fault_tables() in DOCS.read_text()


# what goes over the wire


def cores(*faults):
    more = {"seed": 1, "faults": faults, "sample_s": 10, "say": lambda _line: None}
    return Core16("CP", NORDLADE, Clock(), **more), Core2("CP", NORDLADE, Clock(), version="2.1", **more)


def meter_16():
    made = []
    for n, amps in ((1, "16.0"), (2, "15.0"), (3, "14.0")):
        made.append({"value": amps, "measurand": "Current.Import", "phase": f"L{n}", "unit": "A"})
        made.append({"value": "230.0", "measurand": "Voltage", "phase": f"L{n}-N", "unit": "V"})
    made.append({"value": "10350", "measurand": "Power.Active.Import", "unit": "W"})
    made.append({"value": "50000", "measurand": "Energy.Active.Import.Register", "unit": "Wh"})
    return {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": made}]}


def meter_2():
    old = meter_16()["meterValue"]
    for sample in old[0]["sampledValue"]:
        sample["value"] = float(sample["value"])
        sample["unitOfMeasure"] = {"unit": sample.pop("unit")}
    return {"evseId": 1, "meterValue": old}


def bent(fault: str):
    """The samples of 1.6 and of 2.x after the fault."""
    old, new = cores(fault)
    payloads = (meter_16(), meter_2())
    bend_call(old, "MeterValues", payloads[0])
    bend_call(new, "MeterValues", payloads[1])
    return [payload["meterValue"][0]["sampledValue"] for payload in payloads]


def of(samples, measurand):
    return [s for s in samples if s["measurand"] == measurand]


@pytest.mark.parametrize(("fault", "phase"), [("current_on_n", "N"), ("current_on_l1_n", "L1-N")])
def test_one_current_on_a_strange_phase(fault, phase) -> None:
    for samples in bent(fault):
        (current,) = of(samples, "Current.Import")
        assert (current["phase"], float(current["value"])) == (phase, 16.0)


def test_meter_values_bent() -> None:
    for samples in bent("averaged_voltage"):
        (voltage,) = of(samples, "Voltage")
        assert float(voltage["value"]) == 76.7
        assert "phase" not in voltage
    for samples in bent("kw_as_w"):
        (power,) = of(samples, "Power.Active.Import")
        assert float(power["value"]) == 10.35
        assert (power.get("unit") or power["unitOfMeasure"]["unit"]) == "W"
    for samples in bent("no_units"):
        assert not any("unit" in s or "unitOfMeasure" in s for s in samples)
    for samples in bent("phases_only"):
        energies = of(samples, "Energy.Active.Import.Register")
        assert [s["phase"] for s in energies] == ["L1", "L2", "L3"]
        assert sum(float(s["value"]) for s in energies) == pytest.approx(50_000, abs=1)
    for samples in bent("site_currents"):
        assert all(float(s["value"]) > 35 for s in of(samples, "Current.Import"))
    for samples in bent("glued_phases"):
        assert {"Current.Import.L1", "Voltage.L2"} <= {s["measurand"] for s in samples}
        assert not any("phase" in s for s in samples)
    assert all(s["value"].startswith(" ") for samples in bent("leading_blanks") for s in samples)
    for samples in bent("unknown_unit"):
        (frequency,) = of(samples, "Frequency")
        assert "Hz" in json.dumps(frequency)


def test_kilo_by_multiplier_counts() -> None:
    _, new = cores("kw_as_w")
    sample = {"value": 10.35, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W", "multiplier": 3}}
    payload = {"meterValue": [{"timestamp": "", "sampledValue": [sample]}]}
    bend_call(new, "TransactionEvent", payload)
    assert payload["meterValue"][0]["sampledValue"][0] == {
        "value": 10.35,
        "measurand": "Power.Active.Import",
        "unitOfMeasure": {"unit": "W"},
    }


@pytest.mark.parametrize(
    ("fault", "action", "payload", "shows"),
    [
        ("object_meter_value", "MeterValues", meter_16(), lambda p: isinstance(p["meterValue"], dict)),
        ("error_code_error", "StatusNotification", {"errorCode": "NoError"}, lambda p: p["errorCode"] == "Error"),
        ("no_status_timestamp", "StatusNotification", {"timestamp": "x"}, lambda p: "timestamp" not in p),
        ("long_serials", "BootNotification", {}, lambda p: len(p["chargeBoxSerialNumber"]) == 34),
        ("long_serials", "BootNotification", {"chargingStation": {}}, lambda p: len(json.dumps(p)) > 60),
        ("long_texts", "BootNotification", {}, lambda p: len(p["chargePointModel"]) > 20),
        ("long_texts", "StatusNotification", {"errorCode": "GroundFailure"}, lambda p: len(p["info"]) == 200),
        ("bare_boot", "BootNotification", {"firmwareVersion": "1", "chargePointSerialNumber": "2"}, lambda p: p == {}),
        (
            "bare_boot",
            "BootNotification",
            {"chargingStation": {"serialNumber": "1", "firmwareVersion": "2", "model": "M"}},
            lambda p: p["chargingStation"] == {"model": "M"},
        ),
        (
            "json_in_info",
            "StatusNotification",
            {"errorCode": "GroundFailure"},
            lambda p: json.loads(p["info"]) and len(p["vendorErrorCode"]) == 32,
        ),
        ("json_in_info", "NotifyEvent", {"eventData": [{}]}, lambda p: json.loads(p["eventData"][0]["techInfo"])),
        ("no_seqno", "TransactionEvent", {"seqNo": 1}, lambda p: "seqNo" not in p),
        (
            "started_without_meter",
            "TransactionEvent",
            {"eventType": "Started", "meterValue": []},
            lambda p: len(p) == 1,
        ),
        (
            "no_mutability",
            "NotifyReport",
            {"reportData": [{"variableAttribute": [{"mutability": "ReadOnly", "value": "1"}]}]},
            lambda p: p["reportData"][0]["variableAttribute"] == [{"value": "1"}],
        ),
        (
            "wrong_shapes",
            "StatusNotification",
            {"evseId": 1, "connectorId": 1, "connectorStatus": "Occupied"},
            lambda p: p == {"connectorId": 1, "status": "Available", "errorCode": "NoError"},
        ),
    ],
)
def test_calls_bent(fault, action, payload, shows) -> None:
    bend_call(cores(fault)[1], action, payload)
    assert shows(payload)


PERIODS = {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}], "duration": 60}


@pytest.mark.parametrize(
    ("fault", "action", "payload", "shows"),
    [
        ("integer_values", "GetConfiguration", {"configurationKey": [{"value": "10"}]}, lambda t: '"value": 10}' in t),
        (
            "variables_without_value",
            "GetVariables",
            {"getVariableResult": [{"attributeValue": "1"}]},
            lambda t: "[{}]" in t,
        ),
        ("composite_minus_one", "GetCompositeSchedule", {"schedule": PERIODS}, lambda t: '"limit": -1' in t),
        ("composite_empty", "GetCompositeSchedule", {"chargingSchedule": PERIODS}, lambda t: "[]" in t),
        ("composite_huge", "GetCompositeSchedule", {"chargingSchedule": PERIODS}, lambda t: "1099511627776" in t),
    ],
)
def test_answers_bent(fault, action, payload, shows) -> None:
    payload = json.loads(json.dumps(payload))
    bend_answer(cores(fault)[0], action, payload)
    assert shows(json.dumps(payload))


@pytest.mark.parametrize(
    ("fault", "version", "action", "code"),
    [
        ("profiles_missing", "1.6", "SetChargingProfile", "NotImplemented"),
        ("checks_old_schema", "2.0.1", "SetChargingProfile", "FormatViolation"),
        ("trigger_missing", "2.1", "TriggerMessage", "NotImplemented"),
        ("firmware_missing", "1.6", "UpdateFirmware", "NotImplemented"),
    ],
)
def test_calls_answered_with_an_error(csms, clock, fault, version, action, code) -> None:
    with pytest.raises(CallFault, match=code):
        make_station(version, csms, clock, faults=[fault]).handle(action, {})


# order


def kinds(order: Order, *names: str) -> list[str]:
    sent = []
    for number, name in enumerate(names):
        item = Outgoing("TransactionEvent", {"eventType": name, "seqNo": number}, keep=True)
        sent += [f"{i.payload['eventType'][0]}{i.payload['seqNo']}" for i in order.arrange(item)]
    return sent


EVENTS = ("Started", "Updated", "Updated", "Updated", "Updated", "Ended")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("silent", ["S0", "U1", "U2", "U3", "U4", "E5"]),
        ("repeated_event", ["S0", "S0", "U1", "U1", "U2", "U2", "U3", "U3", "U4", "U4", "E5", "E5"]),
        ("shuffled_events", ["S0", "U1", "U3", "U2", "E5", "U4"]),
        ("missing_event", ["S0", "U1", "U2", "U3", "E5"]),
        ("only_the_end", ["E5"]),
    ],
)
def test_transaction_events_out_of_order(fault, told) -> None:
    assert kinds(Order(cores(fault)[1]), *EVENTS) == told


def test_messages_twice_or_never() -> None:
    order = Order(cores("duplicate_status", "only_the_stop")[0])
    assert len(order.arrange(Outgoing("StatusNotification", {}))) == 2
    assert order.arrange(Outgoing("StartTransaction", {})) == []
    assert len(order.arrange(Outgoing("StopTransaction", {}))) == 1


# limits


class Socket:
    id, max_a = 1, 16.0


def stack_with(*amps: float) -> ProfileStack:
    stack = ProfileStack(Hardware())
    for number, limit in enumerate(amps):
        stack.add(Profile(number, 0, 0, "TxDefaultProfile", "Absolute", (Period(0, limit),)))
    return stack


@pytest.mark.parametrize(
    ("fault", "limit", "told"),
    [
        ("no_power", 16.0, 0.0),
        ("ignores_limit", 8.0, 16.0),
        ("zero_is_six", 0.0, 6.0),
        ("current_steps", 12.5, 10.0),
        ("current_steps", 5.0, 0.0),
    ],
)
def test_odd_limits(fault, limit, told) -> None:
    assert OddLimits({fault}).limit_a(Socket(), limit, 0.0, stack_with(limit)) == told


def test_spike_and_pause() -> None:
    odd, stack = OddLimits({"current_spike"}), stack_with(8.0)
    assert [odd.limit_a(Socket(), 8.0, at, stack) for at in (0.0, 2.9, 3.1)] == [16.0, 16.0, 8.0]
    odd, stack = OddLimits({"ignored_after_pause"}), stack_with(0.0)
    assert odd.limit_a(Socket(), 0.0, 0.0, stack) == 0.0
    stack.add(Profile(5, 0, 0, "TxDefaultProfile", "Absolute", (Period(0, 8.0),)))
    assert odd.limit_a(Socket(), 8.0, 1.0, stack) == 16.0
    stack.add(Profile(6, 0, 0, "TxDefaultProfile", "Absolute", (Period(0, 9.0),)))
    assert odd.limit_a(Socket(), 9.0, 2.0, stack) == 9.0


@pytest.mark.parametrize(
    ("fault", "change", "status"),
    [
        ("amperes_only", {"chargingRateUnit": "W"}, "Rejected"),
        ("watts_only", {}, "Rejected"),
        ("level_zero_only", {"level": 1}, "Rejected"),
        ("three_levels_announced", {"level": 1}, "Rejected"),
        ("three_levels_announced", {"level": 0}, "Accepted"),
        ("no_station_maximum", {"purpose": "ChargingStationMaxProfile"}, "Rejected"),
        ("rejects_profiles", {}, "Rejected"),
    ],
)
def test_profiles_refused(csms, clock, fault, change, status) -> None:
    station = make_station("2.0.1", csms, clock, faults=[fault])
    change = {"purpose": "TxDefaultProfile", "amps": 10} | change
    assert station.handle("SetChargingProfile", profile(**change))["status"] == status


def test_what_old_stations_say_about_profiles(csms, clock) -> None:
    def key(name, *faults):
        station = make_station("1.6", csms, clock, faults=faults)
        return station.handle("GetConfiguration", {"key": [name]})["configurationKey"][0]

    assert key("ChargingScheduleAllowedChargingRateUnit", "rate_unit_letters")["value"] == "A,W"
    assert key("ChargingScheduleAllowedChargingRateUnit", "watts_only")["value"] == "Power"
    assert key("ChargeProfileMaxStackLevel", "three_levels_announced")["value"] == "3"
    sampling = key("MeterValueSampleInterval", "sampling_fixed")
    assert (sampling["value"], sampling["readonly"]) == ("0", True)


async def test_profile_dropped_while_suspended_and_an_old_one_on_top(csms, clock) -> None:
    async with powered2(csms, clock, faults=["drops_while_suspended", "old_profile"]) as station:
        transaction = await charge2(station, csms)
        assert station.outlets[1].limit_a == 8.0
        await csms.call("SetChargingProfile", profile("TxProfile", 0, 6, 4, 1, transaction))
        await reached(station, lambda s: s.outlets[1].pilot_a == 0.0)
        again = profile("TxProfile", 12, 7, 5, 1, transaction)
        assert await csms.call("SetChargingProfile", again) == {"status": "Accepted"}
        assert [p.id for p in station.profiles.items] == [9001, 4]


# handshakes


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("double_slash", "ws://h/ocpp//A%20B"),
        ("trailing_slash", "ws://h/ocpp/A%20B/"),
        ("id_in_query", "ws://h/ocpp/?station=A%20B"),
        ("id_as_user", "ws://h/ocpp/"),
        ("no_id", "ws://h/ocpp/"),
        ("encoded_id", "ws://h/ocpp/%41%20%42"),
        ("tls_on_plain", "wss://h/ocpp/A%20B"),
        ("plain_on_tls", "ws://h/ocpp/A%20B"),
    ],
)
def test_addresses(fault, told) -> None:
    assert address("ws://h/ocpp/", "A B", lambda name: name == fault) == told


@pytest.mark.parametrize(
    ("fault", "access", "told"),
    [
        ("empty_password", Access(), "Basic QTo="),
        ("id_as_user", Access(), "Basic QTo="),
        ("hex_password", Access(1, "00ff"), "Basic QTowMGZm"),
        ("silent", Access(), None),
    ],
)
def test_authorizations(fault, access, told) -> None:
    assert authorization(access, "A", lambda name: name == fault) == told


@pytest.mark.parametrize(
    ("fault", "shows"),
    [
        ("foreign_origin", lambda r: r.headers["Origin"] == "http://wallbox.example"),
        ("no_subprotocol", lambda r: "Sec-WebSocket-Protocol" not in r.headers),
        ("absolute_uri", lambda r: r.path.startswith("http://127.0.0.1:")),
        ("tcp_probe", lambda r: r.path == "/CP-1"),
        ("id_in_query", lambda r: r.path == "/?station=CP-1"),
    ],
)
async def test_handshakes(csms, clock, fault, shows) -> None:
    async with running(make_station("1.6", csms, clock, faults=[fault])):
        await csms.until(lambda c: c.of("BootNotification"))
    assert shows(csms.requests[0])


async def first_bytes(clock, **more) -> bytes:
    """What a station writes first, to a server that only listens."""
    got = asyncio.get_running_loop().create_future()

    async def take(reader, writer):
        data = await reader.read(2000)
        if not got.done() and data:
            got.set_result(data)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    place = type("Place", (), {"url": f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"})
    async with running(make_station("1.6", place, clock, **more)):
        data = await asyncio.wait_for(got, 10)
    server.close()
    return data


async def test_no_connection_header_and_tls_on_a_plain_port(clock) -> None:
    head = await first_bytes(clock, faults=["no_connection_header"])
    assert head.startswith(b"GET /CP-1 HTTP/1.1")
    assert b"\nConnection:" not in head
    assert (await first_bytes(clock, faults=["tls_on_plain"]))[:2] == b"\x16\x03"


@pytest.mark.parametrize(("faults", "connects"), [(["trusts_anybody"], True), (["plain_on_tls"], False), ([], False)])
async def test_trust(clock, tmp_path, faults, connects) -> None:
    lines: list[str] = []
    access = Access(2, "secret-password-1", roots=[Authority("Other").pem])
    async with Csms(clock, Authority().server(tmp_path)) as csms:
        async with running(make_station("1.6", csms, clock, faults=faults, access=access, say=lines.append)) as station:
            await reached(station, lambda _s: csms.calls or any("no connection" in line for line in lines))
        assert bool(csms.calls) == connects


async def test_no_pong(csms, clock) -> None:
    async with running(make_station("1.6", csms, clock, faults=["no_pong"])) as station:
        await csms.until(lambda c: c.of("BootNotification"))
        pong = await csms.sockets[0].ping()
        await let_pass(station, 10)
        assert not pong.done()
        pong.cancel()


async def test_short_probe_then_the_newer_version(csms, clock) -> None:
    async with running(make_station("2.0.1", csms, clock, faults=["short_probe"])):
        await csms.until(lambda c: c.of("BootNotification"))
    assert csms.protocols == ["ocpp1.6", "ocpp2.0.1"]


async def test_half_open_connections_stay(csms, clock) -> None:
    async with running(make_station("1.6", csms, clock, faults=["half_open"])):
        await csms.until(lambda c: len(c.sockets) == 3)


@pytest.mark.parametrize("fault", ["never_redials", "slow_redial"])
async def test_no_second_dial(csms, clock, fault) -> None:
    async with running(make_station("1.6", csms, clock, faults=[fault])) as station:
        await csms.until(lambda c: c.of("BootNotification"))
        csms.sockets[0].transport.abort()
        await reached(station, lambda s: not s.link.online)
        await let_pass(station, 60)
        assert len(csms.protocols) == 1


async def test_frames_nobody_should_send(csms, clock) -> None:
    async with running(make_station("1.6", csms, clock, faults=["monster_frames"])):
        await csms.until(lambda c: c.of("BootNotification"))
    assert csms.frames[0] == "[" * 5000 + "]" * 5000
    assert len(csms.frames[1]) > 1_048_576


async def test_reserved_bits_end_the_connection(csms, clock) -> None:
    lines: list[str] = []
    async with running(make_station("1.6", csms, clock, faults=["reserved_bits"], say=lines.append)) as station:
        await reached(station, lambda _s: any("1002" in line for line in lines))
    assert len(csms.protocols) >= 1


async def test_same_id(csms, clock) -> None:
    await run_simulate(csms.url, on_line=lambda _line: None, count=2, seconds=8, clock=clock, fault="same_id")
    assert [r.path for r in csms.requests] == ["/SIM-001", "/SIM-001"]


# behaviour


async def test_no_boot_and_stuck_status(csms, clock) -> None:
    async with running(make_station("2.0.1", csms, clock, faults=["no_boot", "status_stuck"])) as station:
        await csms.until(lambda c: c.of("StatusNotification"))
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "T")
        await csms.until(lambda c: "Charging" in c.states())
        assert not csms.of("BootNotification")
        assert set(csms.statuses2()) == {"Available"}


@pytest.fixture
def early(monkeypatch):
    """As much time as there really is after a boot: the clock here runs much faster."""
    for name in ("EARLY_S", "EARLY_REPORT_S"):
        monkeypatch.setattr(base, name, getattr(base, name) * SPEED)


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("version", ALL)
async def test_early_calls_restart_it(csms, clock, version) -> None:
    async with running(make_station(version, csms, clock, faults=["early_call_restarts"])):
        await csms.until(lambda c: c.of("StatusNotification"))
        await csms.call("ClearCache", {})
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)


@pytest.mark.usefixtures("early")
async def test_early_report_silences(csms, clock) -> None:
    async with powered2(csms, clock, faults=["early_report_silences"]) as station:
        await csms.until(lambda c: c.of("StatusNotification"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
        assert station.link.mute


async def test_settings_forgotten(csms, clock) -> None:
    async with powered16(csms, clock, KESTREL, faults=["forgets_settings"]) as station:
        await csms.until(lambda c: c.statuses())
        await csms.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "7"})
        await csms.call("Reset", {"type": "Hard"})
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)
        assert station.config["MeterValueSampleInterval"] == "10"


async def test_measurands_restart(csms, clock) -> None:
    async with powered16(csms, clock, faults=["measurands_restart"]):
        await csms.until(lambda c: c.statuses())
        await csms.call("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "Voltage"})
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)


async def test_calls_at_the_wrong_moment(csms, clock) -> None:
    async with powered16(csms, clock, faults=["calls_before_answers", "unknown_result", "long_error_text"]):
        await csms.until(lambda c: c.statuses())
        before = len(csms.frames)
        code, text = await csms.call("NoSuchThing", {"a": 1})
        kinds = [json.loads(frame)[:2] for frame in csms.frames[before:]]
        assert kinds[0][0] == 2  # its own Heartbeat comes first
        assert [3, "nobody-asked"] in kinds
        assert code == "NotImplemented"
        assert len(text) >= 300


async def test_two_calls_at_once(csms, clock) -> None:
    waiting: list[str] = []
    async with powered16(csms, clock, faults=["two_calls"], evses=2):
        await csms.until(lambda c: len(c.statuses()) and len(c.statuses(2)))
        order = [json.loads(frame) for frame in csms.frames]
        waiting = [frame[2] for frame in order if frame[0] == 2]
        assert waiting.count("StatusNotification") == 3


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_triggers_and_remotes_that_do_not_work(csms, clock, version) -> None:
    faults = ["trigger_refuses_meters", "trigger_does_nothing", "remote_refused"]
    start = {"idTag": "T"} if version == "1.6" else {"idToken": {"idToken": "T", "type": "Local"}, "remoteStartId": 1}
    action = "RemoteStartTransaction" if version == "1.6" else "RequestStartTransaction"
    reset = {"type": "Hard" if version == "1.6" else "Immediate"}
    async with running(make_station(version, csms, clock, faults=faults)) as station:
        await csms.until(lambda c: c.of("StatusNotification"))
        assert (await csms.call("TriggerMessage", {"requestedMessage": "MeterValues"}))["status"] == "Rejected"
        assert (await csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}))["status"] == "Accepted"
        await let_pass(station, 2)
        assert not csms.of("Heartbeat")
        assert (await csms.call(action, start))["status"] == "Rejected"
        await csms.call("Reset", reset)
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)
        assert (await csms.call(action, start))["status"] == "Accepted"


async def test_triggered_fault(csms, clock) -> None:
    async with powered16(csms, clock, faults=["triggered_fault"]):
        await csms.until(lambda c: c.statuses())
        await csms.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1})
        await csms.until(lambda c: c.statuses()[-1] == "Faulted")
        assert csms.of("StatusNotification")[-1]["errorCode"] == "NoError"


@pytest.mark.parametrize(("fault", "number"), [("transaction_zero", 0), ("transaction_minus_one", -1)])
async def test_transaction_numbers(csms, clock, fault, number) -> None:
    async with powered16(csms, clock, faults=[fault, "meter_at_end"]) as station:
        await csms.until(lambda c: c.statuses())
        station.plug(quick_car())
        station.charges.present(station.outlets[1], "T")
        await csms.until(lambda c: "Charging" in c.statuses())
        await let_pass(station, 30)
        assert not csms.of("MeterValues")
        station.unplug()
        await csms.until(lambda c: c.of("StopTransaction"))
        assert csms.of("StopTransaction")[0]["transactionId"] == number
        assert len(csms.of("MeterValues")) == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("firmware_silent", []),
        ("firmware_twice", ["Downloading", "Installed", "Installed"]),
        ("unavailable_afterwards", ["Downloading", "DownloadFailed"]),
    ],
)
async def test_firmware(csms, clock, fault, told) -> None:
    async with powered2(csms, clock, faults=[fault]) as station:
        await csms.until(lambda c: c.statuses2())
        firmware = {"location": "http://127.0.0.1:9/f", "retrieveDateTime": "2020-01-01T00:00:00Z"}
        await csms.call("UpdateFirmware", {"requestId": 1, "firmware": firmware})
        await let_pass(station, 12)
        assert [p["status"] for p in csms.of("FirmwareStatusNotification")] == told
        assert (csms.statuses2()[-1] == "Unavailable") == (fault == "unavailable_afterwards")


@pytest.mark.parametrize(("fault", "told"), [("upload_flood", 20), ("upload_silent", 1)])
async def test_uploads(csms, clock, fault, told) -> None:
    async with powered16(csms, clock, faults=[fault]) as station:
        await csms.until(lambda c: c.statuses())
        await csms.call("GetDiagnostics", {"location": "http://127.0.0.1:9/"})
        await csms.until(lambda c: len(c.of("DiagnosticsStatusNotification")) >= told)
        await let_pass(station, 8)
        statuses = [p["status"] for p in csms.of("DiagnosticsStatusNotification")]
        assert statuses.count("Uploading") == told
        assert ("UploadFailed" in statuses) == (fault == "upload_flood")


@pytest.mark.parametrize(
    ("fault", "shows"),
    [
        ("report_refused", lambda n, last: n == []),
        ("report_unfinished", lambda n, last: n == list(range(len(n))) and last not in n),
        ("report_shuffled", lambda n, last: n != sorted(n) and sorted(n) == list(range(last + 1))),
        ("report_gap", lambda n, last: 1 not in n and n[-1] == last),
    ],
)
async def test_reports(csms, clock, fault, shows) -> None:
    async with powered2(csms, clock, faults=[fault]) as station:
        last = (len(station.model.specs) - 1) // 25
        await csms.until(lambda c: c.statuses2())
        await csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
        await let_pass(station, 5)
        await csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        await csms.until(lambda c: c.of("Heartbeat"))
        assert shows([p["seqNo"] for p in csms.of("NotifyReport")], last)


async def test_inventory_without_evse_and_a_status_of_evse_zero(csms, clock) -> None:
    async with powered2(csms, clock, faults=["no_evse_in_inventory", "status_evse_zero"]):
        await csms.until(lambda c: c.statuses2(0))
        await csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
        await csms.until(lambda c: c.of("NotifyReport") and not c.of("NotifyReport")[-1]["tbc"])
        parts = csms.of("NotifyReport")
        assert not any("evse" in e["component"] for p in parts for e in p["reportData"])


async def test_local_time_called_utc(csms, clock) -> None:
    station = make_station("1.6", csms, clock, faults=["local_time_as_utc"])
    other = make_station("1.6", csms, clock)
    assert station.core.stamp(0.0) == "1970-01-01T02:00:00.000Z"
    assert other.core.stamp(0.0) == "1970-01-01T00:00:00.000Z"
    assert make_station("1.6", csms, clock, faults=["answers_after_a_minute"]).answer_delay_s() == 65.0
