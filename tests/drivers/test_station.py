"""The verbs of a station against a scripted charger."""

import asyncio
from dataclasses import replace

import pytest

from evdesk.drivers.base import Unanswered
from evdesk.drivers.ocpp_station import ALL
from evdesk.model import (
    CapabilitiesChanged,
    Capability,
    ChargerError,
    Disconnected,
    FindingSeen,
    LiveProfile,
    MessageSeen,
    Reason,
)
from evdesk.ocpp.timestamps import format_time, parse_time
from tests.drivers.helpers import BOOT, charger, desk, slower

ONE = LiveProfile(1, 10.0, 180, 5)
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def config(**values):
    """A GetConfiguration that knows these keys."""

    def answer(request):
        names = request.get("key") or list(values)
        low = {name.lower(): (name, value) for name, value in values.items()}
        known = [low[n.lower()] for n in names if n.lower() in low]
        return {
            "configurationKey": [{"key": name, "readonly": False, "value": value} for name, value in known],
            "unknownKey": [n for n in names if n.lower() not in low],
        }

    return answer


def watts(limit, phases):
    period = {"startPeriod": 0, "limit": limit, "numberPhases": phases}
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
    return {"status": "Accepted", "connectorId": 1, "chargingSchedule": schedule}


def profiles(peer):
    """(purpose, level, limit) of each SetChargingProfile the charger got."""
    bodies = [request["csChargingProfiles"] for request in peer.requests("SetChargingProfile")]
    return [
        (b["chargingProfilePurpose"], b["stackLevel"], b["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"])
        for b in bodies
    ]


def accept_only(*wanted, status="Rejected"):
    """Accepts charging profiles of these (purpose, level), None standing for any."""

    def answer(request):
        body = request["csChargingProfiles"]
        got = (body["chargingProfilePurpose"], body["stackLevel"])
        fits = any((p is None or p == got[0]) and (n is None or n == got[1]) for p, n in wanted)
        return {"status": "Accepted" if fits else status}

    return answer


# -- simple verbs -------------------------------------------------------------------------------------------------

SIMPLE = [
    ("start", (1, "TAG"), "RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG"}, "Accepted"),
    ("stop", (1, 7), "RemoteStopTransaction", {"transactionId": 7}, "Accepted"),
    ("reset", ("hard",), "Reset", {"type": "Hard"}, "Accepted"),
    ("unlock", (1,), "UnlockConnector", {"connectorId": 1}, "Unlocked"),
    ("trigger", ("Heartbeat", None), "TriggerMessage", {"requestedMessage": "Heartbeat"}, "Accepted"),
    (
        "trigger",
        ("MeterValues", 2),
        "TriggerMessage",
        {"requestedMessage": "MeterValues", "connectorId": 2},
        "Accepted",
    ),
]


@pytest.mark.parametrize(("verb", "args", "action", "payload", "good"), SIMPLE)
async def test_simple_verbs(verb, args, action, payload, good):
    async with desk() as made, charger(made, script={action: {"status": good}}) as (peer, station):
        answer = await getattr(station, verb)(*args)
        assert (answer.status, answer.ms > 0) == (good, True)
        assert peer.asked == [(action, payload)]


@pytest.mark.parametrize(("verb", "args", "action", "payload", "good"), SIMPLE[:5])
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ({"status": "Rejected"}, Reason.REFUSED),
        ({}, Reason.BAD_REPLY),
        ({"status": 5}, Reason.BAD_REPLY),
        (("error", "NotImplemented"), Reason.UNSUPPORTED),
        (("error", "NotSupported"), Reason.UNSUPPORTED),
        (("error", "InternalError"), Reason.REFUSED),
        (("error", "SomethingOwn"), Reason.REFUSED),
        (("text", "rubbish"), Reason.TIMEOUT),
        (None, Reason.TIMEOUT),
    ],
)
async def test_refusals_have_a_reason_and_a_sentence(verb, args, action, payload, good, reply, reason):
    async with desk(slower(call_s=0.1)) as made, charger(made, script={action: reply}) as (_, station):
        with pytest.raises(ChargerError) as caught:
            await getattr(station, verb)(*args)
        assert caught.value.reason is reason
        assert caught.value.sentence.endswith((".", ")"))


async def test_stop_finds_the_transaction_by_itself():
    async with desk() as made, charger(made) as (peer, station):
        with pytest.raises(ChargerError, match="No transaction"):
            await station.stop(1, None)
        await peer.call("StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "x"})
        await station.stop(1, None)
        assert peer.asked == [("RemoteStopTransaction", {"transactionId": 1})]


async def test_reset_kinds_are_checked():
    async with desk() as made, charger(made) as (_, station):
        with pytest.raises(ChargerError, match="soft"):
            await station.reset("gentle")


async def test_what_is_not_implemented_is_no_capability_any_more():
    async with desk() as made, charger(made, script={"UnlockConnector": ("error", "NotImplemented")}) as (_, station):
        assert station.capabilities == ALL
        with pytest.raises(ChargerError):
            await station.unlock(1)
        event = await made.event(CapabilitiesChanged)
        assert event.capabilities == station.capabilities == ALL - {Capability.UNLOCK}
        with pytest.raises(ChargerError):
            await station.unlock(1)
        assert len(made.every(CapabilitiesChanged)) == 1


# -- order --------------------------------------------------------------------------------------------------------


async def test_nothing_is_sent_before_the_boot_is_answered():
    """lbbrhzn/ocpp #1503."""
    async with desk() as made, charger(made, boot=False) as (peer, station):
        asked = asyncio.create_task(station.reset("soft"))
        marker = await peer.ws.ping()
        await marker
        assert peer.asked == []
        await peer.call("BootNotification", BOOT)
        await asked
        sent = [(e.direction, e.action) for e in made.every(MessageSeen)]
        assert sent == [("in", "BootNotification"), ("out", "BootNotification"), ("out", "Reset"), ("in", "Reset")]


async def test_a_charger_that_never_pauses_is_asked_all_the_same():
    options = slower(quiet_s=0.2, talking_s=0.4, grace_s=60)
    async with desk(options) as made, charger(made, boot=False) as (peer, station):
        asking = asyncio.ensure_future(station.trigger("Heartbeat", None))
        talked = 0
        async with asyncio.timeout(5):
            while not asking.done():
                await peer.call("Heartbeat", {})
                talked += 1
                await asyncio.wait((asking,), timeout=0.05)
        assert (await asking).status == "Accepted"
        assert talked > 3


async def test_without_a_boot_a_quiet_moment_after_another_message_is_enough():
    """evcc-io/evcc PR #27309."""
    async with desk(slower(quiet_s=0.05, grace_s=60)) as made, charger(made, boot=False) as (peer, station):
        asked = asyncio.create_task(station.reset("soft"))
        await peer.call("StatusNotification", STATUS)
        await asyncio.wait_for(asked, 5)


async def test_another_message_than_boot_does_not_open_the_way_at_once():
    async with desk(slower(quiet_s=60, grace_s=60)) as made, charger(made, boot=False) as (peer, station):
        asked = asyncio.create_task(station.reset("soft"))
        await peer.call("StatusNotification", STATUS)
        await peer.call("Heartbeat", {})
        assert peer.asked == []
        await peer.boot()
        await asked


async def test_without_any_message_the_grace_ends_the_waiting():
    async with desk(slower(grace_s=0.1)) as made, charger(made, boot=False) as (_, station):
        await asyncio.wait_for(station.reset("soft"), 5)


async def test_a_charger_that_never_stops_talking_is_spoken_to_after_the_grace():
    async with desk(slower(quiet_s=10, grace_s=0.2)) as made, charger(made, boot=False) as (peer, station):
        asked = asyncio.create_task(station.reset("soft"))
        for _ in range(400):
            await peer.call("Heartbeat", {})
            if asked.done():
                break
        assert (await asked).status == "Accepted"


async def test_one_call_at_a_time_and_reductions_first():
    hold = asyncio.Event()

    async def slow(_):
        await hold.wait()
        return {"status": "Accepted"}

    async with desk(slower(call_s=20)) as made, charger(made, script={}) as (peer, station):
        station.memory.rate_unit, station.memory.max_level = "Current", 1
        await station.set_limit(ONE)
        peer.script["TriggerMessage"] = slow
        first = asyncio.create_task(station.trigger("Heartbeat", None))
        await made.event(MessageSeen, direction="out", action="TriggerMessage")
        await peer.call("Heartbeat", {})  # its answer comes after everything sent before
        peer.asked.clear()
        waiting = [
            asyncio.create_task(station.unlock(1)),
            asyncio.create_task(station.set_limit(LiveProfile(1, 6, 180, 5))),
        ]
        peer.script["UnlockConnector"] = {"status": "Unlocked"}
        await peer.call("Heartbeat", {})
        assert peer.asked == []
        hold.set()
        await asyncio.gather(first, *waiting)
        assert [action for action, _ in peer.asked] == ["SetChargingProfile", "UnlockConnector"]


async def test_a_reduction_that_cannot_wait_gives_up_what_is_open():
    hold = asyncio.Event()

    async def slow(_):
        await hold.wait()
        return {"status": "Accepted"}

    async with desk(slower(call_s=20)) as made, charger(made, script={}) as (peer, station):
        station.memory.rate_unit, station.memory.max_level = "Current", 1
        await station.set_limit(ONE)
        peer.script["TriggerMessage"] = slow
        first = asyncio.create_task(station.trigger("Heartbeat", None))
        await made.event(MessageSeen, direction="out", action="TriggerMessage")
        reduction = asyncio.create_task(station.set_limit(LiveProfile(1, 6, 180, 5)))
        station.hurry(0.05, reductions=False)
        with pytest.raises(ChargerError, match=r"within 0 s") as caught:
            await first
        assert caught.value.reason is Reason.TIMEOUT
        await made.event(MessageSeen, direction="out", action="SetChargingProfile")
        hold.set()
        assert (await reduction).status == "Accepted"
        await made.event(FindingSeen, rule="late_answer")


async def test_a_limit_that_is_accepted_late_is_told_late():
    hold = asyncio.Event()

    async def slow(_):
        await hold.wait()
        return {"status": "Accepted"}

    async with desk(slower(call_s=0.1)) as made, charger(made, script={"SetChargingProfile": slow}) as (_, station):
        station.memory.rate_unit, station.memory.max_level = "Current", 1
        with pytest.raises(Unanswered) as caught:
            await station.set_limit(ONE)
        assert caught.value.reason is Reason.TIMEOUT
        hold.set()
        answer = await caught.value.late
        assert (answer.status, answer.payload["unit"]) == ("Accepted", "A")
        assert station.memory.tx_live == {1: ONE.transaction_id}, "it holds, and would overrule a default"


async def test_what_is_refused_late_or_never_answered_is_no_answer():
    hold = asyncio.Event()

    async def slow(_):
        await hold.wait()
        return {"status": "Rejected"}

    async with desk(slower(call_s=0.1)) as made:
        async with charger(made, script={"SetChargingProfile": slow}) as (_, station):
            station.memory.rate_unit, station.memory.max_level = "Current", 1
            late = []
            for _ in range(2):
                with pytest.raises(Unanswered) as caught:
                    await station.set_limit(ONE)
                late.append(caught.value.late)
            hold.set()
            await asyncio.wait((late[0],))
            station.link.end("over")
        await asyncio.wait(late)
        assert [one.cancelled() for one in late] == [True, True]


async def test_a_late_answer_does_not_disturb_the_next_call():
    """evcc-io/evcc #22087, #26837."""
    late = asyncio.Event()

    async def slow(_):
        await late.wait()
        return {"status": "Accepted"}

    async with desk(slower(call_s=0.1)) as made, charger(made, script={"Reset": slow}) as (_, station):
        with pytest.raises(ChargerError) as caught:
            await station.reset("soft")
        assert caught.value.reason is Reason.TIMEOUT
        late.set()
        await made.event(FindingSeen, rule="late_answer")
        assert (await station.trigger("Heartbeat", None)).status == "Accepted"


async def test_a_command_given_up_before_it_left_is_never_sent():
    async with desk() as made, charger(made, boot=False) as (peer, station):
        asked = asyncio.create_task(station.reset("hard"))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await peer.boot()
        await station.trigger("Heartbeat", None)
        assert peer.requests("Reset") == []


# -- transactions -------------------------------------------------------------------------------------------------


async def test_a_start_is_answered_when_it_is_durable_and_other_calls_meanwhile():
    async with desk(hold=asyncio.Event()) as made, charger(made) as (peer, _):
        payload = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": format_time(made.host.clock.now())}
        starting = asyncio.create_task(peer.call("StartTransaction", payload))
        assert (await peer.call("Heartbeat", {}))[0] == 3
        assert not starting.done()
        made.host.hold.set()
        assert (await starting)[2] == {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
        stopped = await peer.call(
            "StopTransaction", {"transactionId": 1, "meterStop": 9, "timestamp": "x", "idTag": "T"}
        )
        assert stopped[2] == {"idTagInfo": {"status": "Accepted"}}
        assert (made.host.closed[0].transaction_id, made.host.closed[0].connector_id) == (1, 1)


async def test_a_start_that_cannot_be_recorded_is_refused_so_that_it_comes_again():
    async with desk(fails=True) as made, charger(made) as (peer, _):
        payload = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": format_time(made.host.clock.now())}
        frame = await peer.call("StartTransaction", payload, "same")
        assert frame[:3] == [4, "same", "InternalError"]
        made.host.fails = False
        assert (await peer.call("StartTransaction", payload, "same"))[0] == 3


async def test_an_unforeseen_error_while_recording_reaches_the_supervisor():
    async with desk() as made, charger(made) as (peer, _):
        made.host.open_transaction = None
        await peer.ws.send('[2,"a","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":0,"timestamp":"x"}]')
        with pytest.raises(TypeError):
            await asyncio.wait_for(made.runs[0], 5)
        await made.event(Disconnected)


# -- limits -------------------------------------------------------------------------------------------------------

LIMITS = [
    pytest.param({}, (None, None), [("TxProfile", 1, 10.0)], id="plain"),
    pytest.param({"ChargeProfileMaxStackLevel": "8"}, (None, None), [("TxProfile", 8, 10.0)], id="highest level"),
    pytest.param(
        {"ChargeProfileMaxStackLevel": "3"},
        (None, 0),
        [("TxProfile", 3, 10.0), ("TxProfile", 1, 10.0), ("TxProfile", 0, 10.0)],
        id="says 3, takes 0, lbbrhzn/ocpp #1737",
    ),
    pytest.param({"ChargeProfileMaxStackLevel": "0"}, (None, 0), [("TxProfile", 0, 10.0)], id="level 0 only"),
    pytest.param(
        {"ChargeProfileMaxStackLevel": "2"},
        ("TxDefaultProfile", None),
        [("TxProfile", 2, 10.0), ("TxProfile", 1, 10.0), ("TxProfile", 0, 10.0), ("TxDefaultProfile", 2, 10.0)],
        id="no TxProfile",
    ),
]


@pytest.mark.parametrize(("keys", "accepts", "tried"), LIMITS)
async def test_limits_try_what_the_charger_takes_and_remember_it(keys, accepts, tried):
    script = {"GetConfiguration": config(**keys), "SetChargingProfile": accept_only(accepts)}
    async with desk() as made, charger(made, script=script) as (peer, station):
        answer = await station.set_limit(ONE)
        assert answer.status == "Accepted"
        assert profiles(peer) == tried
        peer.asked.clear()
        await station.set_limit(LiveProfile(1, 8.0, 180, 5))
        assert profiles(peer) == [(*tried[-1][:2], 8.0)]
        assert peer.requests("GetConfiguration") == []


async def test_what_worked_is_remembered_over_a_reconnect():
    script = {"GetConfiguration": config(ChargeProfileMaxStackLevel="3"), "SetChargingProfile": accept_only((None, 0))}
    async with desk() as made:
        async with charger(made, script=script) as (peer, station):
            await station.set_limit(ONE)
        async with charger(made, script=script) as (peer, station):
            await station.set_limit(ONE)
            assert profiles(peer) == [("TxProfile", 0, 10.0)]


async def test_a_limit_nothing_takes_is_refused_with_everything_tried():
    script = {"GetConfiguration": config(ChargeProfileMaxStackLevel="1"), "SetChargingProfile": {"status": "Rejected"}}
    async with desk() as made, charger(made, script=script) as (_, station):
        with pytest.raises(ChargerError, match="TxDefaultProfile level 1: Rejected") as caught:
            await station.set_limit(ONE)
        assert caught.value.reason is Reason.REFUSED
        assert len(caught.value.detail["refused"]) == 3


async def test_without_a_transaction_level_zero_is_never_overwritten():
    script = {"GetConfiguration": config(ChargeProfileMaxStackLevel="0")}
    async with desk() as made, charger(made, script=script) as (peer, station):
        with pytest.raises(ChargerError, match="without a running transaction"):
            await station.set_limit(LiveProfile(1, 10, 180, None))
        assert profiles(peer) == []


async def test_a_fallback_takes_the_old_transaction_profile_away_first():
    script = {"GetConfiguration": config(ChargeProfileMaxStackLevel="1")}
    async with desk() as made, charger(made, script=script) as (peer, station):
        await station.set_limit(ONE)
        peer.script["SetChargingProfile"] = accept_only(("TxDefaultProfile", None))
        peer.asked.clear()
        answer = await station.set_limit(LiveProfile(1, 6, 180, 5))
        assert answer.payload["cleared"]
        assert [action for action, _ in peer.asked] == ["SetChargingProfile"] * 2 + [
            "ClearChargingProfile",
            "SetChargingProfile",
        ]


async def test_a_silent_charger_is_not_tried_again_and_again():
    script = {"GetConfiguration": config(), "SetChargingProfile": None}
    async with desk(slower(call_s=0.1)) as made, charger(made, script=script) as (peer, station):
        with pytest.raises(ChargerError) as caught:
            await station.set_limit(ONE)
        assert caught.value.reason is Reason.TIMEOUT
        assert len(profiles(peer)) == 1


async def test_no_smart_charging_at_all_drops_the_capabilities():
    script = {"GetConfiguration": config(), "SetChargingProfile": ("error", "NotImplemented")}
    async with desk() as made, charger(made, script=script) as (peer, station):
        with pytest.raises(ChargerError) as caught:
            await station.set_limit(ONE)
        assert caught.value.reason is Reason.UNSUPPORTED
        assert not station.capabilities & {Capability.SET_LIMIT, Capability.FAILSAFE}
        assert len(profiles(peer)) == 1


async def test_watts_where_only_watts_are_allowed():
    script = {"GetConfiguration": config(ChargingScheduleAllowedChargingRateUnit="Power")}
    async with desk() as made, charger(made, script=script) as (peer, station):
        answer = await station.set_limit(ONE)
        assert (profiles(peer)[0][2], answer.payload["unit"]) == (6900.0, "W")
        await station.set_limit(replace(ONE, phases=1))
        assert profiles(peer)[1][2] == 2300.0


async def test_a_default_in_watts_holds_for_a_car_on_one_phase():
    """4140 W "for three phases" may be 18 A on one where a charger takes it for the power of all: counted over one phase it
    is 6 A for both readings. The charger may show it over three."""
    script = {
        "GetConfiguration": config(ChargingScheduleAllowedChargingRateUnit="Power"),
        "GetCompositeSchedule": watts(4140.0, 3),
    }
    async with desk() as made, charger(made, script=script) as (peer, station):
        answer = await station.install_failsafe(16.0, 6.0, [1])
        told = {purpose: limit for purpose, _, limit in profiles(peer)}
        assert told == {"ChargePointMaxProfile": 11040.0, "TxDefaultProfile": 1380.0}
        assert answer.status == "verified"
    async with (
        desk() as made,
        charger(made, script=script | {"GetCompositeSchedule": watts(4140.0, 1)}) as (_, station),
    ):
        answer = await station.install_failsafe(16.0, 6.0, [1])
        assert answer.status == "untested"
        assert "18 A instead of 6 A" in answer.payload["detail"]


async def test_profiles_start_by_a_clock_that_was_never_set():
    """By 1970 a start in 2026, or 2020, lies ahead: no limit at all would hold."""
    async with desk() as made, charger(made, script={"GetConfiguration": config()}) as (peer, station):
        await peer.call("StatusNotification", STATUS | {"timestamp": "1970-01-01T02:00:00Z"})
        await station.set_limit(ONE)
        await station.install_failsafe(16.0, 6.0, [1])
        sent = [call["csChargingProfiles"]["chargingSchedule"] for call in peer.requests("SetChargingProfile")]
        assert all(schedule["startSchedule"] < "1970-01-01T02:00:01Z" for schedule in sent)
        assert len(sent) == 3


async def test_the_schedule_starts_by_the_chargers_own_clock():
    async with desk() as made, charger(made, script={"GetConfiguration": config()}) as (peer, station):
        ahead = 7200.0
        await peer.call("StatusNotification", STATUS | {"timestamp": format_time(made.host.clock.now() + ahead)})
        await station.set_limit(ONE)
        schedule = peer.requests("SetChargingProfile")[0]["csChargingProfiles"]["chargingSchedule"]
        start = parse_time(schedule["startSchedule"]).at
        assert start == pytest.approx(made.host.clock.now() + ahead, abs=10)
        assert start + schedule["duration"] == pytest.approx(made.host.clock.now() + ahead + 180, abs=3)


async def test_clearing_takes_both_live_profiles():
    script = {"ClearChargingProfile": lambda r: {"status": "Accepted" if r["id"] == 1801 else "Unknown"}}
    async with desk() as made, charger(made, script=script) as (peer, station):
        assert (await station.clear_limit(1)).status == "Accepted"
        assert peer.requests("ClearChargingProfile") == [{"id": 1801}, {"id": 1701}]


# -- failsafe -----------------------------------------------------------------------------------------------------


def schedule(*limits, **more):
    periods = [{"startPeriod": n * 180, "limit": limit} for n, limit in enumerate(limits)]
    return {
        "status": "Accepted",
        "connectorId": 1,
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, **more},
    }


FAILSAFES = [
    pytest.param({}, schedule(16.0, 6.0), "verified", None, id="shown"),
    pytest.param({}, schedule(6.0), "verified", None, id="shown without a live limit"),
    pytest.param({}, schedule(16.0), "untested", "16 A instead of 6 A", id="another limit stands above"),
    pytest.param({}, schedule(-1), "untested", "no limit", id="no limit, MicroOcpp"),
    pytest.param({}, schedule(6.0, duration=180), "untested", "too short", id="shows the live limit only"),
    pytest.param({}, {"status": "Rejected"}, "untested", "no composite schedule", id="rejected"),
    pytest.param({}, ("error", "NotImplemented"), "untested", "no composite schedule", id="not implemented"),
    pytest.param(
        {"refuse": ("ChargePointMaxProfile",)},
        schedule(6.0),
        "verified",
        "No static maximum",
        id="Elvi, lbbrhzn/ocpp #221",
    ),
    pytest.param(
        {"refuse": ("TxDefaultProfile",)}, schedule(6.0), "cannot", "refused the safe default", id="no default"
    ),
]


@pytest.mark.parametrize(("how", "composite", "status", "detail"), FAILSAFES)
async def test_failsafe(how, composite, status, detail):
    refuse = how.get("refuse", ())

    def profile(request):
        purpose = request["csChargingProfiles"]["chargingProfilePurpose"]
        return {"status": "NotSupported" if purpose in refuse else "Accepted"}

    script = {"GetConfiguration": config(), "SetChargingProfile": profile, "GetCompositeSchedule": composite}
    async with desk() as made, charger(made, script=script) as (peer, station):
        answer = await station.install_failsafe(32, 6, [1])
        assert answer.status == status
        assert (detail or "") in answer.payload.get("detail", "")
        assert bool(answer.payload.get("detail")) is bool(detail)
        wanted = [("ChargePointMaxProfile", 0, 32.0), ("TxDefaultProfile", 0, 6.0)]
        assert profiles(peer)[:2] == wanted


async def test_failsafe_is_put_on_each_connector_where_the_station_refuses():
    def profile(request):
        wrong = (
            request["csChargingProfiles"]["chargingProfilePurpose"] == "TxDefaultProfile" and not request["connectorId"]
        )
        return {"status": "Rejected" if wrong else "Accepted"}

    script = {"GetConfiguration": config(), "SetChargingProfile": profile, "GetCompositeSchedule": schedule(6.0)}
    async with desk() as made, charger(made, script=script) as (peer, station):
        answer = await station.install_failsafe(32, 6, [5, 2])
        assert (answer.status, answer.payload["default"]) == ("verified", "per connector")
        assert [n for r in peer.requests("SetChargingProfile") if (n := r["connectorId"])] == [2, 5]
        assert [r["connectorId"] for r in peer.requests("GetCompositeSchedule")] == [2, 5]


# -- settings -----------------------------------------------------------------------------------------------------


async def test_settings_are_explained():
    keys = {"MeterValueSampleInterval": "10", "vendorThing": "x", "AuthorizationKey": "secret-secret-secret"}
    async with desk() as made, charger(made, script={"GetConfiguration": config(**keys)}) as (_, station):
        found = {setting.name: setting for setting in await station.settings()}
        interval = found["MeterValueSampleInterval"]
        assert (interval.value, interval.type, interval.unit, interval.known) == ("10", "integer", "s", True)
        assert interval.meaning
        assert (found["vendorThing"].value, found["vendorThing"].known) == ("x", False)
        assert found["AuthorizationKey"].value is None
        assert station.memory.sample_s == 10.0


async def test_settings_in_pages_where_the_charger_tells_only_some():
    keys = {"GetConfigurationMaxKeys": "2", "HeartbeatInterval": "60", "NumberOfConnectors": "2", "ResetRetries": "1"}

    def paged(request):
        names = request.get("key")
        if names is None:
            return config(**dict(list(keys.items())[:2]))({})
        assert len(names) <= 2
        return config(**keys)(request)

    async with desk() as made, charger(made, script={"GetConfiguration": paged}) as (peer, station):
        found = {setting.name: setting for setting in await station.settings()}
        assert {name for name, setting in found.items() if setting.known} == set(keys)
        assert not found["BlinkRepeat"].known
        assert "AuthorizationKey" not in str(peer.asked)


SLOPPY = {"configurationKey": {"key": "HeartbeatInterval", "value": 60, "readonly": "true"}, "unknownKey": "What"}


async def test_sloppy_settings_are_read():
    async with desk() as made, charger(made, script={"GetConfiguration": SLOPPY}) as (_, station):
        found = {setting.name: setting for setting in await station.settings()}
        assert (found["HeartbeatInterval"].value, found["HeartbeatInterval"].writable) == ("60", False)
        assert not found["What"].known


async def test_writing_reads_back_and_shows_the_difference():
    store = {"HeartbeatInterval": "60"}

    def change(request):
        store[request["key"]] = "30"  # clamps silently
        return {"status": "Accepted"}

    script = {"GetConfiguration": lambda r: config(**store)(r), "ChangeConfiguration": change}
    async with desk() as made, charger(made, script=script) as (_, station):
        answer = await station.write_setting("HeartbeatInterval", "10")
        assert (answer.status, answer.before, answer.after) == ("Accepted", "60", "30")


@pytest.mark.parametrize(
    ("status", "reason"),
    [("Rejected", Reason.REFUSED), ("NotSupported", Reason.UNSUPPORTED), ("Perhaps", Reason.BAD_REPLY)],
)
async def test_writing_refused(status, reason):
    script = {"GetConfiguration": config(X="1"), "ChangeConfiguration": {"status": status}}
    async with desk() as made, charger(made, script=script) as (_, station):
        with pytest.raises(ChargerError) as caught:
            await station.write_setting("X", "2")
        assert caught.value.reason is reason
        assert Capability.WRITE_SETTING in station.capabilities


async def test_reboot_required_is_an_answer():
    script = {"GetConfiguration": config(X="1"), "ChangeConfiguration": {"status": "RebootRequired"}}
    async with desk() as made, charger(made, script=script) as (_, station):
        answer = await station.write_setting("X", "2")
        assert (answer.status, answer.payload) == ("RebootRequired", {"reboot": True})


async def test_secrets_are_written_and_never_read_or_told():
    secret = "0123456789abcdef"
    async with desk() as made, charger(made, script={"GetConfiguration": config()}) as (peer, station):
        answer = await station.write_setting("AuthorizationKey", secret)
        assert (answer.before, answer.after) == (None, None)
        assert peer.asked == [("ChangeConfiguration", {"key": "AuthorizationKey", "value": secret})]
        assert secret not in repr(made.events)
        with pytest.raises(ChargerError, match="16 to 40"):
            await station.write_setting("AuthorizationKey", "short")


@pytest.mark.parametrize(("name", "value"), [("", "1"), ("x" * 51, "1"), ("X", "y" * 501)])
async def test_writing_is_checked_first(name, value):
    async with desk() as made, charger(made) as (peer, station):
        with pytest.raises(ChargerError) as caught:
            await station.write_setting(name, value)
        assert caught.value.reason is Reason.INVALID
        assert peer.asked == []


# -- raw ----------------------------------------------------------------------------------------------------------


async def test_raw_sends_anything_valid():
    script = {"GetLocalListVersion": {"listVersion": 3}}
    async with desk() as made, charger(made, script=script) as (_, station):
        assert await station.raw("GetLocalListVersion", {}) == {"listVersion": 3}


@pytest.mark.parametrize(
    ("action", "payload", "word"),
    [("Reset", {"type": "Gentle"}, "Gentle"), ("MakeCoffee", {}, "MakeCoffee"), ("ResetResponse", {}, "ResetResponse")],
)
async def test_raw_refuses_what_breaks_ocpp(action, payload, word):
    async with desk() as made, charger(made) as (peer, station):
        with pytest.raises(ChargerError, match=word) as caught:
            await station.raw(action, payload)
        assert caught.value.reason is Reason.INVALID
        assert peer.asked == []


async def test_raw_answers_come_without_secrets():
    script = {"GetConfiguration": config(AuthorizationKey="0123456789abcdef", HeartbeatInterval="60")}
    async with desk() as made, charger(made, script=script) as (_, station):
        answer = await station.raw("GetConfiguration", {})
        assert "0123456789abcdef" not in repr(answer)
        assert "60" in repr(answer)


def tx_then_default(clear):
    """Takes TxProfiles until `only_default` is set on it; answers ClearChargingProfile as told."""
    state = {"only_default": False}

    def profile(request):
        purpose = request["csChargingProfiles"]["chargingProfilePurpose"]
        refused = state["only_default"] and purpose == "TxProfile"
        return {"status": "Rejected" if refused else "Accepted"}

    script = {"GetConfiguration": config(), "SetChargingProfile": profile, "ClearChargingProfile": clear}
    return state, script


@pytest.mark.parametrize("clear", [("error", "InternalError"), {"status": "Rejected"}, {}])
async def test_a_default_is_no_limit_while_our_older_limit_overrules_it(clear):
    """The TxProfile of 10 A still runs: a default of 8 A below it would not hold."""
    state, script = tx_then_default(clear)
    async with desk() as made, charger(made, script=script) as (peer, station):
        await station.set_limit(ONE)
        state["only_default"] = True
        for _ in range(2):
            with pytest.raises(ChargerError) as caught:
                await station.set_limit(replace(ONE, limit_a=8.0))
            assert caught.value.reason is Reason.REFUSED
        assert len(peer.requests("ClearChargingProfile")) == 2
        assert {purpose for purpose, _, _ in profiles(peer)} == {"TxProfile"}


async def test_an_older_limit_is_remembered_over_connections():
    state, script = tx_then_default({"status": "Accepted"})
    async with desk() as made:
        async with charger(made, script=script) as (_, station):
            await station.set_limit(ONE)
        state["only_default"] = True
        async with charger(made, script=script) as (peer, _):
            await peer.call("BootNotification", BOOT)
            station = made.stations[-1]
            await station.set_limit(replace(ONE, limit_a=8.0))
            assert peer.requests("ClearChargingProfile") == [{"id": 1801}]
            assert profiles(peer)[-1][0] == "TxDefaultProfile"
            await station.set_limit(replace(ONE, limit_a=7.0))
            assert len(peer.requests("ClearChargingProfile")) == 1  # it is gone


async def test_the_limit_of_a_charge_that_ended_is_not_cleared():
    state, script = tx_then_default({"status": "Accepted"})
    async with desk() as made, charger(made, script=script) as (peer, station):
        await station.set_limit(ONE)
        state["only_default"] = True
        await station.set_limit(replace(ONE, transaction_id=6))
        assert peer.requests("ClearChargingProfile") == []
