"""The whole path with nothing replaced: a real engine process, a third-party station, the API."""

import asyncio
import sqlite3

import pytest
from ocpp.v16 import call

from evdesk.model import EvdeskError
from tests.engine.harness import engine, start_engine, station, until

SITE = {
    "name": "Test yard",
    "circuits": [{"name": "Main", "rating_a": [20, 20, 20]}],
    "bays": [
        {"charger_id": "A1", "connector_id": 1, "label": "Bay 1", "circuit": "Main", "rotation": "RST"},
        {"charger_id": "A2", "connector_id": 1, "label": "Bay 2", "circuit": "Main", "rotation": "STR"},
    ],
}


async def charger(client, charger_id="A1"):
    return next((c for c in await client.call("charger.list") if c["id"] == charger_id), None)


async def test_unknown_charger_waits_for_a_person_then_joins(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            answer = await one.call(call.BootNotification("Model X", "Maker Y"))
            assert answer.status == "Pending"
            pending = await until(lambda: charger(client))
            assert pending["state"] == "pending"
            with pytest.raises(EvdeskError, match="accept"):
                await client.call("charger.start", {"charger_id": "A1", "connector_id": 1})
            await client.call("charger.accept", {"charger_id": "A1", "label": "Bay 1"})
            answer = await one.call(call.BootNotification("Model X", "Maker Y"))
            assert answer.status == "Accepted"
            assert (await charger(client))["state"] == "online"
            site = await client.call("site.get")
            assert [b["label"] for b in site["bays"]] == ["Bay 1"]
            rows = await client.call("audit.list", {"search": "charger.accept"})
            assert {r["kind"] for r in rows} == {"asked", "answered"}


async def test_charge_is_limited_shared_and_recorded(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A1") as one, station(running.ocpp, "A2") as two:
            await one.begin()
            await two.begin()
            await client.call("site.put", {"site": SITE})
            first = await one.start_charge(meter_wh=1000)
            await one.measure(first, 15.8, 1100)
            await until(lambda: limit_is(one, 16.0, 14.0, 13.0), 20)
            second = await two.start_charge(meter_wh=5000)
            # 20 A less the margin of 1 A for two three-phase cars: 10 A for who has it already, 9 A for the other.
            await until(lambda: limit_is(one, 10.0), 25)
            await until(lambda: limit_is(two, 9.0), 40)
            await one.measure(first, 8.9, 1500)
            view = await until(lambda: limited(client, "A1", 10.0))
            connector = view["connectors"][0]
            assert connector["limit_reason"].startswith("line Main/")
            assert connector["session_wh"] == 500
            assert connector["site_current_a"] == [8.9, 8.9, 8.9]
            await one.end_charge(first, 2500)
            await two.end_charge(second, 5100)
            sessions = await client.call("session.list")
            assert {s["id"]: s["energy_wh"] for s in sessions} == {first: 1500, second: 100}
            asked = [r for r in await client.call("audit.list", {"search": "balance."}) if r["kind"] == "asked"]
            assert asked, "every limit has its row"
            assert (await client.call("audit.verify"))["holds"]


async def limit_is(one, *amps):
    return one.live_limit() in amps


async def limited(client, charger_id, amps):
    view = await charger(client, charger_id)
    return view if view["connectors"] and view["connectors"][0]["limit_a"] == amps else None


async def test_failsafe_is_installed_once_and_live_limits_expire(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await client.call("site.put", {"site": SITE})
            await one.begin()
            await until(lambda: purposes(one, {"ChargePointMaxProfile", "TxDefaultProfile"}))
            static = [p for p in one.seen.profiles if p["charging_profile_purpose"] != "TxProfile"]
            assert all("duration" not in p["charging_schedule"] for p in static)
            default = next(p for p in static if p["charging_profile_purpose"] == "TxDefaultProfile")
            assert default["stack_level"] == 0
            # 20 A for two bays: 10 A each at most, whatever else happens.
            assert default["charging_schedule"]["charging_schedule_period"][0]["limit"] <= 10
            await one.start_charge()
            await until(lambda: purposes(one, {"TxProfile"}))
            live = next(p for p in one.seen.profiles if p["charging_profile_purpose"] == "TxProfile")
            # A little more than asked, by what the start lies in the past: clocks differ by a second or two.
            assert 180 <= live["charging_schedule"]["duration"] <= 190
            assert live["charging_schedule"]["start_schedule"]


async def purposes(one, wanted):
    return wanted <= {p["charging_profile_purpose"] for p in one.seen.profiles}


async def test_commands_reach_the_charger_and_refusals_are_said_in_words(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await one.begin("Preparing")
            await until(lambda: online(client, "A1"))
            target = {"charger_id": "A1", "connector_id": 1}
            assert (await client.call("charger.start", target | {"id_tag": "T"}))["status"] == "Accepted"
            assert (await client.call("charger.reset", {"charger_id": "A1", "kind": "soft"}))["status"] == "Accepted"
            assert (await client.call("charger.unlock", target))["status"] == "Unlocked"
            names = {s["name"] for s in await client.call("charger.settings", {"charger_id": "A1"})}
            assert "MeterValueSampleInterval" in names
            wrote = await client.call(
                "charger.write_setting", {"charger_id": "A1", "name": "MeterValueSampleInterval", "value": "5"}
            )
            assert (wrote["before"], wrote["after"]) == ("10", "5")
            raw = await client.call(
                "charger.raw",
                {"charger_id": "A1", "action": "TriggerMessage", "payload": {"requestedMessage": "Heartbeat"}},
            )
            assert raw["payload"] == {"status": "Accepted"}
            with pytest.raises(EvdeskError, match="not"):
                await client.call("charger.write_setting", {"charger_id": "A1", "name": "Nonsense", "value": "1"})
            with pytest.raises(EvdeskError, match="between 0 and 6"):
                await client.call("charger.set_limit", target | {"limit_a": 3})
            with pytest.raises(EvdeskError, match="no charger"):
                await client.call("charger.start", {"charger_id": "ZZ", "connector_id": 1})
            rows = await client.call("audit.list", {"limit": 500})
            asked = {r["id"] for r in rows if r["kind"] == "asked" and r["what"] == "charger.write_setting"}
            answered = {r["ref"]: r["outcome"] for r in rows if r["kind"] == "answered"}
            assert sorted(answered[i] for i in asked) == ["accepted", "unsupported"]


async def online(client, charger_id):
    view = await charger(client, charger_id)
    return view if view and view["state"] == "online" and view["connectors"] else None


async def test_kill_and_restart_lose_nothing_that_was_acknowledged(tmp_path):
    running = start_engine(tmp_path, "--accept-unknown")
    async with station(running.ocpp, "A1") as one:
        await one.begin()
        async with running.client() as client:
            await client.call("site.put", {"site": SITE})
            transaction = await one.start_charge(meter_wh=1000)
            await one.measure(transaction, 9.0, 2000)
            before = await client.call("audit.list", {"limit": 1000})
        running.kill()
    with engine(tmp_path, "--accept-unknown") as again:
        async with again.client() as client, station(again.ocpp, "A1") as one:
            # No boot: the charger only lost its link.
            await one.tell("Charging")
            await one.measure(transaction, 9.0, 3000)
            view = await until(lambda: online(client, "A1"))
            assert view["connectors"][0]["session_id"] == transaction
            assert view["connectors"][0]["session_wh"] == 2000
            after = {r["id"]: r["hash"] for r in await client.call("audit.list", {"limit": 2000})}
            assert {r["id"]: r["hash"] for r in before}.items() <= after.items()
            assert (await client.call("audit.verify"))["holds"]
            await until(lambda: purposes(one, {"TxProfile"}))
            await one.end_charge(transaction, 3500)
            assert (await client.call("session.list"))[0]["energy_wh"] == 2500


async def test_duplicate_start_and_stop_count_once(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await one.begin()
            start = call.StartTransaction(1, "TAG1", 100, "2026-01-01T10:00:00Z")
            first, again = await one.call(start), await one.call(start)
            assert first.transaction_id == again.transaction_id
            stop = call.StopTransaction(900, "2026-01-01T11:00:00Z", first.transaction_id)
            await one.call(stop)
            await one.call(stop)
            late = await one.call(call.StopTransaction(777, "2026-01-01T11:00:00Z", 424242))
            assert late is not None
            sessions = {s["id"]: s for s in await client.call("session.list")}
            assert sessions[first.transaction_id]["energy_wh"] == 800
            assert len(sessions) == 2, "a stop without a start is kept as incomplete"
            assert [s["incomplete"] for i, s in sessions.items() if i != first.transaction_id] == [True]


async def test_newest_connection_wins_and_two_desks_see_the_same(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client("desk") as desk, running.client("desk") as other, station(running.ocpp, "A1") as old:
            await old.begin()
            async with station(running.ocpp, "A1") as new:
                await new.tell("Available")
                await until(lambda: online(desk, "A1"))
                await client_closed(old)
                answer = await desk.call("charger.trigger", {"charger_id": "A1", "what": "Heartbeat"})
                assert answer["status"] == "Accepted"
                assert "TriggerMessage Heartbeat" in new.seen.calls
                seen = [c["id"] for c in await other.call("charger.list")]
                assert seen == ["A1"]


async def client_closed(one):
    async with asyncio.timeout(10):
        await one._connection.wait_closed()


def test_second_engine_and_port_in_use_are_refused_in_words(tmp_path):
    with engine(tmp_path / "a") as running:
        with pytest.raises(RuntimeError, match=r"Another engine \(process \d+\)"):
            start_engine(tmp_path / "a")
        port = running.ready["ocpp_port"]
        with pytest.raises(RuntimeError, match=f"{port}.*in use|in use.*{port}"):
            start_engine(tmp_path / "b", ocpp=f"127.0.0.1:{port}")


def test_damaged_database_is_refused_and_kept(tmp_path):
    with engine(tmp_path):
        pass
    path = tmp_path / "evdesk.db"
    broken = b"this is not a database" * 100
    path.write_bytes(broken)
    with pytest.raises(RuntimeError, match=r"damaged|not a database"):
        start_engine(tmp_path)
    assert path.read_bytes() == broken


def test_newer_database_is_refused(tmp_path):
    with engine(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "evdesk.db") as db:
        db.execute("pragma user_version = 999")
    db.close()
    with pytest.raises(RuntimeError, match="newer"):
        start_engine(tmp_path)


async def test_many_unknown_chargers_at_once_each_get_their_own_bay(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            names = [f"C{n}" for n in range(6)]
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(join(running, client, name))
            site = await client.call("site.get")
            assert sorted(b["charger_id"] for b in site["bays"]) == names
            assert len({b["label"] for b in site["bays"]}) == 6


async def join(running, client, name):
    async with station(running.ocpp, name) as one:
        await one.begin()
        await until(lambda: online(client, name))


async def test_a_charger_placed_beforehand_keeps_its_place_when_it_joins(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            await client.call("site.put", {"site": SITE})
            async with station(running.ocpp, "A2") as two:
                await two.begin()
                await until(lambda: online(client, "A2"))
            site = await client.call("site.get")
            assert {b["charger_id"]: b["rotation"] for b in site["bays"]} == {"A1": "RST", "A2": "STR"}


async def test_a_site_that_forgets_an_accepted_charger_keeps_it_in_the_balance(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await one.begin()
            await until(lambda: online(client, "A1"))
            put = await client.call(
                "site.put", {"site": {"name": "New", "circuits": [{"name": "X", "rating_a": [25] * 3}]}}
            )
            assert [(b["charger_id"], b["circuit"]) for b in put["bays"]] == [("A1", "X")]


async def test_limits_set_at_the_same_time_all_hold(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            site = SITE | {"bays": [SITE["bays"][0] | {"charger_id": f"A{n}", "label": f"Bay {n}"} for n in range(6)]}
            await client.call("site.put", {"site": site})
            names = [f"A{n}" for n in range(6)]
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(join(running, client, name))
            async with asyncio.TaskGroup() as group:
                for name in names:
                    ask = {"charger_id": name, "connector_id": 1, "limit_a": 0}
                    group.create_task(client.call("charger.set_limit", ask))
            bays = (await client.call("site.get"))["bays"]
            assert [b["user_limit_a"] for b in bays] == [0.0] * 6


async def test_a_forgotten_charger_is_gone_also_after_a_restart(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            await join(running, client, "A1")
            await client.call("charger.forget", {"charger_id": "A1"})
            assert await client.call("charger.list") == []
    with engine(tmp_path) as again:
        async with again.client() as client:
            assert await client.call("charger.list") == []
            assert (await client.call("site.get"))["bays"] == []


async def test_a_car_is_not_forgotten(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await one.begin("Preparing")
            await until(lambda: online(client, "A1"))
            with pytest.raises(EvdeskError, match="unplug"):
                await client.call("charger.forget", {"charger_id": "A1"})


async def test_a_car_at_a_charger_nobody_accepted_takes_from_the_others(tmp_path):
    """It cannot be commanded and was blocked, and draws all the same: 12 of 20 A are left for nobody else."""
    with engine(tmp_path) as running:
        async with (
            running.client() as client,
            station(running.ocpp, "A1") as one,
            station(running.ocpp, "X9") as stranger,
        ):
            await one.begin()
            await client.call("site.put", {"site": SITE | {"bays": SITE["bays"][:1]}})
            await client.call("charger.accept", {"charger_id": "A1"})
            await one.begin()
            await one.start_charge()
            await until(lambda: limit_is(one, 16.0), 25)
            await stranger.begin("Charging")
            await stranger.measure(None, 11.6, 500)
            await until(lambda: limit_is(one, 7.0), 10)
