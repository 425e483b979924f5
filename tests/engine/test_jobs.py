"""Jobs over the API: what is refused before anything is sent, what waits, what a person can do in the middle."""

import asyncio
import contextlib
import json

import pytest

from evdesk.wire import RpcError
from tests.engine.harness import engine, until
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import BODY, NEW, OLD, good, outcome_of, seed, set_up

SPEED = "60"
NIGHT_S = 86_400.0
PATIENT = """
from evdesk.drivers.ocpp_link import LinkOptions
made = LinkOptions.__init__
LinkOptions.__init__ = lambda self, call_s=3600.0, **more: made(self, call_s, **more)
"""
"""For a charger that answers when the test lets it: a minute is an hour of the engine's."""


@contextlib.asynccontextmanager
async def site(folder, *ones, life=good, body=BODY, first="", **more):
    """(api, image, flashers by name): set up, with one signed image in the library."""
    image = seed(folder / "data", body)
    with engine(folder / "data", "--accept-unknown", "--speed", SPEED, first=first) as running:
        async with running.client() as api:
            made = [Flasher(running.ocpp, name, life, **more) for name in ones]
            async with flashers(*made):
                await set_up(api, *ones)
                await until(lambda: prepared(api, image))
                yield api, image, {one.name: one for one in made}


async def prepared(api, image) -> bool:
    """Nothing is under way with any of them: what evdesk reads and writes of its own when they come is through."""
    looked = await api.call("firmware.preflight", {"image_id": image, "charger_ids": []})
    return all(check["verdict"] == "ok" for one in looked for check in one["checks"] if check["code"] == "job")


async def refused(api, method, params) -> str:
    with pytest.raises(RpcError) as caught:
        await api.call(method, params)
    assert caught.value.reason in ("invalid", "unreachable", "unsupported"), caught.value.sentence
    return caught.value.sentence


async def step_of(api, job_id, charger_id):
    return (await api.call("job.get", {"job_id": job_id}))["chargers"][charger_id]


async def test_what_is_refused_before_anything_is_sent(tmp_path):
    async with site(tmp_path, "A", "B") as (api, image, ones):
        ask = {"charger_ids": ["A"], "image_id": image, "override": "a test"}
        now = (await api.call("balance.get"))["load"]["at"]
        for change, words in (
            ({"charger_ids": []}, "charger_ids is empty"),
            ({"charger_ids": ["A", "A"]}, "named twice"),
            ({"charger_ids": ["NOBODY"]}, "There is no charger “NOBODY”"),
            ({"image_id": "0000"}, "There is no image"),
            ({"override": ""}, "Say with override why"),
            ({"override": "   "}, "Say with override why"),
            ({"waves": {"sizes": [0]}}, "A wave has at least one charger"),
            ({"waves": {"canary": -1}}, "A wave has at least one charger"),
            ({"waves": {"canary": 2}}, "more chargers than the job, which has 1"),
            ({"waves": {"canary": 10**30}}, "more chargers than the job, which has 1"),
            ({"waves": {"sizes": [10**30]}}, "are at most 1000"),
            ({"waves": {"sizes": [1] * 1001}}, "so many sizes are enough"),
            ({"waves": {"stop_after": 10**30}}, "are at most 1000"),
            ({"waves": {"parallel": 1001}}, "are at most 1000"),
            ({"waves": {"soak_s": 1e300}}, "The soak lasts"),
            ({"waves": {"stop_after": 0}}, "at least 1"),
            ({"waves": {"parallel": 0}}, "at least 1"),
            ({"waves": {"soak_s": 1e9}}, "The soak lasts"),
            ({"not_before_at": now - NIGHT_S}, "a moment in the next 14 days"),
            ({"not_before_at": now + 60 * NIGHT_S}, "a moment in the next 14 days"),
        ):
            assert words in await refused(api, "firmware.start", ask | change), change
        assert "no job 7" in await refused(api, "job.get", {"job_id": 7})
        assert "no job 7" in await refused(api, "job.lines", {"job_id": 7, "charger_id": "A"})
        for bad in ({"limit": -1}, {"limit": 0}, {"after_id": -1}):
            assert "from 0" in await refused(api, "job.lines", {"job_id": 7, "charger_id": "A"} | bad), bad
        assert "at least one" in await refused(api, "job.list", {"limit": -1})
        for at in (1e300, now - 5, 0.0):
            look = {"image_id": image, "charger_ids": ["A"], "install_at": at}
            assert "install_at is a moment in the next 14 days" in await refused(api, "firmware.preflight", look), at
        for method in ("job.cancel", "job.pause", "job.resume"):
            assert "No job 7 is under way" in await refused(api, method, {"job_id": 7})
        assert "diagnostics" in await refused(api, "log.fetch", {"charger_id": "A", "kind": "gossip"})
        bad = {"charger_id": "A", "from_at": now, "to_at": now - 5}
        assert "ends before it begins" in await refused(api, "log.fetch", bad)
        for name in ("from_at", "to_at"):
            for at in (1e300, now + 2 * 86_400, -1.0):
                words = f"{name} is a moment from 1970 until tomorrow"
                assert words in await refused(api, "log.fetch", {"charger_id": "A", name: at}), at
        assert await api.call("job.list", {}) == []
        assert not ones["A"].requests

        # older than what it has: typed, or not at all; here the manifest forbids it whatever is typed
        ones["A"].version = "3.0.0"
        await ones["A"].reboot()

        async def newer():
            return next(c for c in await api.call("charger.list") if c["id"] == "A")["firmware"] == "3.0.0"

        await until(newer)
        sentence = await refused(api, "firmware.start", ask | {"typed": NEW})
        assert "3.0.0" in sentence
        assert " cannot be updated with this: " in sentence
        assert "1 of 1" not in sentence
        assert sentence.endswith("See to it first."), sentence
        both = await refused(api, "firmware.start", ask | {"charger_ids": ["A", "B"], "typed": NEW})
        assert both.startswith("1 of 2 cannot be updated with this: "), both
        assert both.endswith("Leave it out, or see to it first."), both

        # the file was changed since it was added
        (tmp_path / "data" / "firmware" / "x-2.4.1.bin").write_bytes(b"something else")
        assert "There is no image" in await refused(api, "firmware.start", ask | {"charger_ids": ["B"]})
        assert not ones["B"].requests


async def test_waits_for_the_car_and_begins_when_it_leaves(tmp_path):
    async with site(tmp_path, "A") as (api, image, ones):
        number = await ones["A"].link.start_charge()
        job = (await api.call("firmware.start", {"charger_ids": ["A"], "image_id": image, "override": "x"}))["job_id"]

        async def waits():
            one = await step_of(api, job, "A")
            return one if one["step"] == "preflight" else None

        one = await until(waits)
        assert "A car charges" in one["reason"]

        async def counted():  # with the next beat
            return (await api.call("job.get", {"job_id": job}))["job"]["counts"] == {"blocked": 1}

        await until(counted)
        assert not ones["A"].requests
        assert "is in job" in await refused(
            api, "firmware.start", {"charger_ids": ["A"], "image_id": image, "override": "x"}
        )
        assert "is in a job" in await refused(api, "charger.forget", {"charger_id": "A"})
        await ones["A"].link.end_charge(number, 2000)
        view = await outcome_of(api, job)
        assert view["chargers"]["A"]["outcome"] == "succeeded"
        assert view["chargers"]["A"]["from_version"] == OLD
        history = await api.call("firmware.history", {"charger_id": "A"})
        assert (history[0]["version"], history[0]["cause"], history[0]["job_id"]) == (NEW, "job", job)


async def test_nobody_restarts_a_charger_that_is_being_updated_and_cancelling_ends_the_download(tmp_path):
    gate = asyncio.Event()

    async def slowly(one: Flasher, url: str) -> None:
        await one.status("Downloading")
        await one.fetch(url, most=40_000)
        await gate.wait()
        with contextlib.suppress(Exception):
            await one.fetch(url)

    async with site(tmp_path, "A", "B", "C", life=slowly, body=BODY * 120) as (api, image, ones):
        ask = {"charger_ids": ["A", "B", "C"], "image_id": image, "override": "x", "waves": {"sizes": [1]}}
        job = (await api.call("firmware.start", ask))["job_id"]

        async def fetching():
            return (await step_of(api, job, "A"))["transfer"]["bytes"] >= 40_000

        await until(fetching)
        for method, params in (
            ("charger.reset", {"kind": "hard"}),
            ("charger.start", {"connector_id": 1, "id_tag": "T"}),
            ("charger.unlock", {"connector_id": 1}),
            ("charger.availability", {"connector_id": 1, "operative": False}),
            ("charger.raw", {"action": "ChangeAvailability", "payload": {"connectorId": 1, "type": "Inoperative"}}),
            ("charger.raw", {"action": "Reset", "payload": {"type": "Hard"}}),
            ("charger.raw", {"action": "UpdateFirmware", "payload": {"location": "x", "retrieveDate": "x"}}),
        ):
            words = await refused(api, method, {"charger_id": "A", **params})
            assert "being updated" in words, method
        assert "Reset" not in " ".join(ones["A"].link.seen.calls)
        await api.call("job.pause", {"job_id": job})
        await api.call("job.skip", {"job_id": job, "charger_id": "B"})
        assert (await step_of(api, job, "B"))["outcome"] == "cancelled"
        assert "begun already" in await refused(api, "job.skip", {"job_id": job, "charger_id": "A"})
        await api.call("job.cancel", {"job_id": job})
        view = await outcome_of(api, job)
        assert {n: (c["outcome"], c["cause"]) for n, c in view["chargers"].items()} == dict.fromkeys(
            "ABC", ("cancelled", "stopped")
        )
        gate.set()  # its address is gone by now

        async def gone():
            lines = await api.call("job.lines", {"job_id": job, "charger_id": "A"})
            return "Cancelled" in lines[-1]["text"]

        await until(gone)
        assert len(ones["A"].requests) == 1
        assert not ones["B"].requests
        assert not ones["C"].requests
        assert ones["A"].version == OLD


async def test_who_is_ended_or_paused_during_the_look_is_sent_nothing(tmp_path):
    async with site(tmp_path, "A", "B", "C", "R", first=PATIENT) as (api, image, ones):
        asked, gate, counted = {}, asyncio.Event(), asyncio.Event()

        async def unrested(one: Flasher, url: str) -> None:
            """It says Installed, and takes the new version only when somebody restarts it."""
            await one.fetch(url)
            await counted.wait()  # said before that, it may be of an update before, and nobody restarts it
            await one.status("Installed")

        ones["R"].life = unrested
        for name in "ABC":
            asked[name] = asyncio.Event()

            async def slowly(key=None, one=ones[name].link, event=asked[name], **_more):
                event.set()
                await gate.wait()
                return type(one).on_get(one, key)

            ones[name].link.route_map["GetConfiguration"]["_on_action"] = slowly
        ask = {"image_id": image, "override": "x"}
        jobs = {
            name: (await api.call("firmware.start", ask | {"charger_ids": [name]}))["job_id"] for name in (*"ABC", "R")
        }

        async def whole():
            return (await step_of(api, jobs["R"], "R"))["transfer"]["complete_at"]

        await until(whole, 40)
        counted.set()
        async with asyncio.timeout(40):  # their settings are read
            await asyncio.gather(*(event.wait() for event in asked.values()))
        await api.call("job.cancel", {"job_id": jobs["A"]})
        await api.call("job.skip", {"job_id": jobs["B"], "charger_id": "B"})
        await api.call("job.pause", {"job_id": jobs["C"]})
        gate.set()
        for name in "AB":
            view = await outcome_of(api, jobs[name])
            assert (view["chargers"][name]["outcome"], view["chargers"][name]["cause"]) == ("cancelled", "stopped")

        async def kept():
            return (await step_of(api, jobs["C"], "C"))["backup_id"]

        await until(kept)
        # 1.6 has no variable to read the version from: the BootNotification asked for is no restart, so it is restarted

        async def restarted():
            return "Reset Soft" in ones["R"].link.seen.calls

        await until(restarted, 40)
        assert not any(ones[name].requests for name in "ABC")
        await api.call("job.resume", {"job_id": jobs["C"]})
        assert (await outcome_of(api, jobs["C"]))["state"] == "finished"
        assert len(ones["C"].requests) == 1
        report = json.loads((await api.call("job.report", {"job_id": jobs["C"]}))["text"])
        named = {row["row"] for row in report["audit"]}
        told = {row["what"]: row["id"] for row in await api.call("audit.list", {"target": f"job {jobs['C']}"})}
        assert {told["job.pause"], told["job.resume"]} <= named
        assert not ones["A"].requests + ones["B"].requests
