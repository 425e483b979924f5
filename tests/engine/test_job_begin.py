"""Between the first look at a charger and the request lie a backup and a file to offer: what happens in that time."""

import asyncio
import contextlib
import json
import logging
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from evdesk.engine.jobs.asking import not_confirmed
from evdesk.engine.jobs.base import MOST_BROKEN, Run
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model import Clock
from evdesk.model.jobs import Cause, JobCharger, Result, Step
from evdesk.wire.firmware import Preflight
from tests.engine.harness import until
from tests.engine.test_jobs import site, step_of
from tests.peers.test_flashing import outcome_of


@contextlib.asynccontextmanager
async def while_backed_up(folder):
    """(api, job, station, gate) while the station is slow to tell its settings."""
    async with site(folder, "A") as (api, image, ones):
        one = ones["A"]
        gate, link = asyncio.Event(), one.link

        async def slowly(key=None, **_more):
            await gate.wait()
            return type(link).on_get(link, key)

        link.route_map["GetConfiguration"]["_on_action"] = slowly
        ask = {"charger_ids": ["A"], "image_id": image, "override": "x"}
        job = (await api.call("firmware.start", ask))["job_id"]

        async def backs_up():
            rows = await api.call("audit.list", {"target": "A"})
            return any(row["what"] == "charger.settings" and row["args"].get("job_id") == job for row in rows)

        await until(backs_up)
        yield api, job, one, gate


async def asked_to_update(api):
    return [row for row in await api.call("audit.list", {"target": "A"}) if row["what"] == "charger.update_firmware"]


async def test_stopped_while_its_settings_are_read_it_is_not_asked(tmp_path):
    async with while_backed_up(tmp_path) as (api, job, one, gate):
        await api.call("job.cancel", {"job_id": job})
        gate.set()
        assert (await outcome_of(api, job))["chargers"]["A"]["cause"] == "stopped"

        async def kept():
            lines = await api.call("job.lines", {"job_id": job, "charger_id": "A"})
            return any("Settings kept" in line["text"] for line in lines)

        await until(kept)
        await api.call("charger.settings", {"charger_id": "A"})  # what was to be sent has been sent by then
        assert not one.requests
        assert not await asked_to_update(api)


async def test_a_car_that_comes_while_its_settings_are_read_keeps_it(tmp_path):
    async with while_backed_up(tmp_path) as (api, job, one, gate):
        told = asyncio.create_task(one.link.tell("Charging"))

        async def charges():
            found = await api.call("charger.list")
            return any(c["status"] == "Charging" for c in found[0]["connectors"])

        await until(charges)
        gate.set()

        async def waits():
            found = await step_of(api, job, "A")
            return found if found["step"] != "waiting" else None

        found = await until(waits)
        assert found["step"] == "preflight", found
        assert "A car charges" in found["reason"]
        assert not one.requests
        await told
        await one.link.tell("Available")
        assert (await outcome_of(api, job))["chargers"]["A"]["outcome"] == "succeeded"


async def held_to(data: Path) -> str:
    """The safe default that it had, as remembered of the request."""
    with contextlib.closing(sqlite3.connect(f"file:{data / 'evdesk.db'}?mode=ro", uri=True)) as base:
        (body,) = base.execute("SELECT body FROM job_charger").fetchone()
    return json.loads(body)[1]["failsafe_before"]


async def test_one_whose_safe_default_is_just_written_waits_and_is_held_to_it(tmp_path):
    async with site(tmp_path, "A") as (api, image, ones):
        one, gate, asked = ones["A"], asyncio.Event(), asyncio.Event()
        link = one.link

        async def slowly(connector_id, cs_charging_profiles, **_more):
            asked.set()
            await gate.wait()
            return type(link).on_profile(link, connector_id, cs_charging_profiles)

        link.route_map["SetChargingProfile"]["_on_action"] = slowly
        await link.tell_boot(one.version, one.serial)
        await asyncio.wait_for(asked.wait(), 20)
        ask = {"charger_ids": ["A"], "image_id": image, "override": "x"}
        job = (await api.call("firmware.start", ask))["job_id"]

        async def waits():
            found = await step_of(api, job, "A")
            return found["step"] == "preflight" and "just being prepared" in found["reason"]

        await until(waits)
        assert not one.requests
        gate.set()
        assert (await outcome_of(api, job))["chargers"]["A"]["outcome"] == "succeeded"
        assert await held_to(tmp_path / "data") in ("verified", "untested")


def hidden_change(path):
    """Another byte in it, and looking as before."""
    status = path.stat()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [hidden_change, lambda path: path.write_bytes(b"short"), lambda path: path.unlink()])
async def test_a_file_that_is_another_by_the_time_it_is_sent_is_not_sent(tmp_path, change):
    async with while_backed_up(tmp_path) as (api, job, one, gate):
        change(tmp_path / "data" / "firmware" / "x-2.4.1.bin")
        gate.set()
        found = (await outcome_of(api, job))["chargers"]["A"]
        assert (found["outcome"], found["cause"]) == ("cancelled", "not_ready")
        assert "x-2.4.1.bin" in found["reason"]
        assert not one.requests
        assert not await asked_to_update(api)


async def test_a_file_that_was_only_touched_is_sent(tmp_path):
    async with while_backed_up(tmp_path) as (api, job, _one, gate):
        os.utime(tmp_path / "data" / "firmware" / "x-2.4.1.bin")
        await api.call("firmware.images")
        gate.set()
        found = (await outcome_of(api, job))["chargers"]["A"]
        assert found["outcome"] == "succeeded", (found["cause"], found["reason"])


def looked(serial="S1", version="2.4.0", downgrade=False) -> Preflight:
    return Preflight(
        "A", "A", serial=serial, from_version=version, to_version="2.4.1", downgrade=downgrade, checks=[], ready=True
    )


def test_only_what_was_confirmed_is_updated():
    one = JobCharger("A", serial="S1", from_version="2.4.0", to_version="2.4.1")
    assert not_confirmed(one, looked()) == ""
    assert "S2" in not_confirmed(one, looked("S2"))
    assert "tells none" in not_confirmed(one, looked(""))
    assert "nobody confirmed" in not_confirmed(one, looked(version="3.0.0", downgrade=True))
    assert "by another way" in not_confirmed(one, looked(version="V2.4.1"))
    again = JobCharger("A", serial="S1", from_version="2.4.1", to_version="2.4.1")
    assert not_confirmed(again, looked(version="2.4.1")) == "", "that was confirmed"
    typed = JobCharger("A", serial="S1", from_version="3.0.0", to_version="2.4.1")
    assert not_confirmed(typed, looked(version="3.0.0", downgrade=True)) == ""


class Faulty(Run):
    """What evdesk itself does wrong."""

    async def begin(self):
        raise KeyError("a fault of evdesk")

    async def resume(self): ...

    async def act(self, act): ...


async def test_a_fault_of_evdesk_while_beginning_has_an_end(caplog):
    lines = []
    fleet = SimpleNamespace(clock=Clock(), chargers={})
    parts = SimpleNamespace(fleet=fleet, line=lines.append, changed=lambda *_: None, note=lambda *_: None)
    one = Faulty(parts, 1, Watch(JobCharger("A", step=Step.WAITING), Memory(), Times()))
    with caplog.at_level(logging.CRITICAL, "evdesk.jobs"):
        for number in range(MOST_BROKEN):
            assert one.charger.outcome is None, number
            one.try_begin()
            await asyncio.wait({one._beginning})
            await asyncio.sleep(0)  # its end is told in the next turn
            assert one.charger.step is not Step.WAITING
    assert (one.charger.outcome, one.charger.cause) == (Result.CANCELLED, Cause.NOT_READY)
    assert "KeyError" in one.charger.reason
    assert "evdesk itself failed" in lines[0].text
