"""What a job knows at the moment it is ended or killed: the last bytes count."""

import asyncio
import contextlib
import dataclasses
import json
import socket
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp
import pytest

from evdesk.engine.files.slots import Seen
from evdesk.engine.files.slots import Served as Noted
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.store import SavedCharger
from evdesk.firmware.happenings import Sent
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model.firmware import Image
from evdesk.model.jobs import Cause, JobCharger, Step, Transfer
from tests.engine.harness import engine, until
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import BODY, NEW, OLD, free_ports, good, install, outcome_of, seed, set_up

SIZE = 1000
MIDDLE = "30"
"""A download without a byte is given up after five minutes of the engine: ten seconds, also for a busy computer."""
ALL = Transfer("http", SIZE, SIZE, SIZE, complete_at=9.0)


class Files:
    """What was counted, and what the end of it brings."""

    def __init__(self, now: Transfer, final: Transfer) -> None:
        self.now, self.final = now, final

    def transfer(self, _key: object) -> Transfer:
        return self.now

    async def withdraw(self, _key: object) -> Transfer:
        return self.final


def asked(files: Files, **memory: object) -> tuple[UpdateRun, list[tuple[int, bool]], list[Transfer]]:
    """(a charger that was asked; each change told and whether it is to be kept at once; what was saved at once)."""
    changes: list[tuple[int, bool]] = []
    saved: list[Transfer] = []

    async def save(run: UpdateRun) -> None:
        saved.append(run.charger.transfer)

    parts = SimpleNamespace(
        fleet=SimpleNamespace(chargers={}, clock=SimpleNamespace(now=lambda: 10.0)),
        files=files,
        line=lambda line: None,
        note=lambda run, what, detail: None,
        changed=lambda run, now: changes.append((run.charger.transfer.bytes, now)),
        save=save,
    )
    charger = JobCharger("C1", from_version=OLD, to_version=NEW, step=Step.PREFLIGHT)
    run = UpdateRun(
        parts, 1, SavedCharger(charger, Memory(**memory), "secret"), Times(), Image("i", "x", SIZE, ""), None
    )
    run.feed(Sent(1.0))
    return run, changes, saved


def noted(what: Seen = Seen.BYTES) -> Noted:
    return Noted(("C1", 1), 9.0, what, "")


async def test_what_makes_it_whole_is_kept_at_once():
    files = Files(Transfer("http", SIZE, 400, 400), ALL)
    run, changes, saved = asked(files)
    run.served(noted())  # the first bytes are a step
    files.now = dataclasses.replace(files.now, bytes=600, total=600)
    run.served(noted())
    assert changes[-1] == (600, False)
    files.now = ALL
    run.served(noted(Seen.COMPLETE))
    await asyncio.sleep(0)
    assert changes[-1] == (SIZE, True)
    assert saved == [ALL]
    await run.close()


async def test_a_stop_counts_what_left_in_the_last_moment():
    run, _, _ = asked(Files(Transfer("http", SIZE, 400, 400), ALL))
    run.served(noted())
    await run.stop("Ann")
    assert run.charger.outcome is None
    assert run.watch.memory.whole
    assert "it has the whole file" in run.charger.reason
    part = dataclasses.replace(ALL, bytes=900, total=900, complete_at=None)
    run, _, _ = asked(Files(Transfer("http", SIZE, 400, 400), part))
    run.served(noted())
    await run.stop("Ann")
    assert (run.charger.cause, run.charger.transfer.bytes) == (Cause.STOPPED, 900)
    await run.close()


async def kept_of(data: Path, job: int) -> dict[str, object]:
    """What the database says was fetched, {} before the first byte."""
    with contextlib.closing(sqlite3.connect(f"file:{data / 'evdesk.db'}?mode=ro", uri=True)) as base:
        (body,) = base.execute("SELECT body FROM job_charger WHERE job_id = ?", (job,)).fetchone()
    transfer = json.loads(body)[0]["transfer"]
    return transfer if transfer["bytes"] else {}


async def test_killed_right_after_the_last_byte(tmp_path):
    """What has the whole file is watched to its end, and is not asked again under another address."""
    image, more, install = seed(tmp_path / "data", BODY * 40), asyncio.Event(), asyncio.Event()

    async def life(one: Flasher, url: str) -> None:
        await one.fetch(url, most=40_000)
        await more.wait()
        await one.fetch(url, start=40_000)
        await install.wait()
        await one.reboot(NEW)

    data = tmp_path / "data"
    with engine(data, "--accept-unknown", ocpp="0.0.0.0:0") as running:  # at its own pace: kept every 5 s
        port = running.ready["ocpp_port"]
        one = Flasher(f"ws://127.0.0.1:{port}/", "KILL", life)
        async with flashers(one):
            async with running.client() as api:
                await set_up(api, "KILL")
                ask = {"charger_ids": ["KILL"], "image_id": image, "override": "a test"}
                job = (await api.call("firmware.start", ask))["job_id"]

                async def whole():
                    return (await kept_of(data, job))["complete_at"]  # told a moment before that is on the disk

                await until(lambda: kept_of(data, job), 30)
                more.set()
                await until(whole)
            running.kill()
            one.url = one.url.replace("127.0.0.1", "127.0.0.2")
            with engine(data, "--accept-unknown", "--speed", "100", ocpp=f"0.0.0.0:{port}") as second:
                async with second.client() as api:

                    async def decided():
                        found = (await api.call("job.get", {"job_id": job}))["chargers"]["KILL"]
                        return found if found["outcome"] or found["step"] == "installing" else None

                    assert (await until(decided, 30))["outcome"] is None
                    install.set()
                    found = (await outcome_of(api, job))["chargers"]["KILL"]
                    assert (found["outcome"], len(one.requests)) == ("succeeded", 1), found["reason"]


@contextlib.asynccontextmanager
async def killed_in_the_middle(folder, *options: str):
    """(the station, the port of its file, the gate it waits at, starts the next engine): the first one is killed."""
    data = folder / "data"
    image, gate = seed(data, BODY * 40), asyncio.Event()

    async def life(one: Flasher, url: str) -> None:
        if len(one.requests) > 1:  # asked anew: the old address is of no use
            return await good(one, url)
        one.first_port = urlsplit(url).port
        await one.fetch(url, most=40_000)
        await gate.wait()
        while not one.whole() and len(one.requests) == 1:
            try:  # as stations do: again, until it is there
                await asyncio.wait_for(one.fetch(url, start=40_000), 3)
            except (aiohttp.ClientError, TimeoutError):
                await one.status("DownloadFailed")
            await asyncio.sleep(0.2)  # its own pause between two tries; nothing is waited for here
        if len(one.requests) == 1:
            await install(one)

    with engine(data, "--accept-unknown", "--speed", MIDDLE, *options) as running:
        one = Flasher(running.ocpp, "KILL", life)
        async with flashers(one):
            async with running.client() as api:
                await set_up(api, "KILL")
                ask = {"charger_ids": ["KILL"], "image_id": image, "override": "a test"}
                job = (await api.call("firmware.start", ask))["job_id"]

                await until(lambda: kept_of(data, job), 30)
            running.kill()
            at = f"127.0.0.1:{running.ready['ocpp_port']}"
            yield (
                one,
                gate,
                lambda: engine(data, "--accept-unknown", "--speed", MIDDLE, *options, ocpp=at),
                job,
            )


async def lines_with(api, job: int, words: str) -> list[str]:
    lines = [line["text"] for line in await api.call("job.lines", {"job_id": job, "charger_id": "KILL"})]
    return [line for line in lines if words in line]


async def test_the_file_is_offered_again_as_soon_as_its_address_is_to_be_had(tmp_path):
    options = ("--files-port", str(free_ports()))
    async with killed_in_the_middle(tmp_path, *options) as (one, gate, again, job):
        with socket.create_server(("127.0.0.1", one.first_port)) as other, again() as second:
            async with second.client() as api:
                await until(lambda: lines_with(api, job, "cannot be offered again yet"))
                other.close()
                await until(lambda: lines_with(api, job, "under the same address again"))
                gate.set()
                found = (await outcome_of(api, job))["chargers"]["KILL"]
                assert (found["outcome"], len(one.requests)) == ("succeeded", 1), found["reason"]
                assert len(await lines_with(api, job, "cannot be offered again yet")) == 1


async def test_a_file_that_is_offered_again_on_another_port_is_asked_for_anew(tmp_path):
    async with killed_in_the_middle(tmp_path) as (one, gate, again, job):
        with socket.create_server(("127.0.0.1", one.first_port)), again() as second:
            async with second.client() as api:
                gate.set()
                found = (await outcome_of(api, job))["chargers"]["KILL"]
                assert (found["outcome"], len(one.requests)) == ("succeeded", 2), found["reason"]
                assert await lines_with(api, job, f"instead of {one.first_port}")
                assert not await lines_with(api, job, "under the same address again")


async def test_killed_in_the_second_of_its_boot_with_the_new_version(tmp_path):
    """It only reconnects afterwards, and says of itself neither its version nor its state."""
    image, back = seed(tmp_path / "data"), asyncio.Event()

    async def life(one: Flasher, url: str) -> None:
        await one.fetch(url)
        await one.status("Installing")
        await one.reboot(NEW)
        one.link.tell_state = silent  # type: ignore[method-assign]
        back.set()

    async def silent(_word: str) -> None:
        """As it is after a mere reconnect."""

    data = tmp_path / "data"
    with engine(data, "--accept-unknown", "--speed", "20") as running:
        port = running.ready["ocpp_port"]
        one = Flasher(running.ocpp, "KILL", life)
        async with flashers(one):
            async with running.client() as api:
                await set_up(api, "KILL")
                ask = {"charger_ids": ["KILL"], "image_id": image, "override": "a test"}
                job = (await api.call("firmware.start", ask))["job_id"]
                await asyncio.wait_for(back.wait(), 40)
            running.kill()
            with engine(data, "--accept-unknown", "--speed", "20", ocpp=f"127.0.0.1:{port}") as second:
                async with second.client() as api:
                    found = (await outcome_of(api, job))["chargers"]["KILL"]
                    assert (found["outcome"], len(one.requests)) == ("succeeded", 1), found["reason"]


@pytest.mark.parametrize(("canary", "stop_after"), [(0, 1), (1, 2)])
async def test_a_person_who_said_to_go_on_is_not_asked_again_after_a_restart(tmp_path, canary, stop_after):
    image, gate = seed(tmp_path / "data"), asyncio.Event()

    async def life(one: Flasher, url: str) -> None:
        await one.fetch(url)
        if one.name == "A":
            await one.status("InstallationFailed")
            return
        await gate.wait()
        await one.reboot(NEW)

    data = tmp_path / "data"
    with engine(data, "--accept-unknown", "--speed", "20") as running:
        port = running.ready["ocpp_port"]
        ones = [Flasher(running.ocpp, name, life) for name in "ABC"]
        async with flashers(*ones):
            async with running.client() as api:
                await set_up(api, *"ABC")
                waves = {"canary": canary, "sizes": [1], "stop_after": stop_after}
                ask = {"charger_ids": [*"ABC"], "image_id": image, "override": "a test", "waves": waves}
                job = (await api.call("firmware.start", ask))["job_id"]

                async def state_is(word, api=api):
                    return (await api.call("job.get", {"job_id": job}))["state"] == word

                await until(lambda: state_is("paused"), 30)
                await api.call("job.resume", {"job_id": job})

                async def goes_on(api=api):
                    return (await api.call("job.get", {"job_id": job}))["chargers"]["B"]["transfer"]["complete_at"]

                await until(goes_on, 30)
            running.kill()
            with engine(data, "--accept-unknown", "--speed", "20", ocpp=f"127.0.0.1:{port}") as second:
                async with second.client() as api:
                    gate.set()
                    found = (await outcome_of(api, job))["chargers"]
                    assert [found[name]["outcome"] for name in "ABC"] == ["failed", "succeeded", "succeeded"]


async def test_an_orderly_stop_before_it_was_asked_says_nothing_about_a_kill_while_it_fetches(tmp_path):
    data, options = tmp_path / "data", ("--accept-unknown", "--speed", "60")
    image = seed(data, BODY * 40)

    async def life(one: Flasher, url: str) -> None:
        await one.fetch(url, most=40_000)
        await asyncio.Event().wait()

    with engine(data, *options) as first:
        at = f"127.0.0.1:{first.ready['ocpp_port']}"
        one = Flasher(first.ocpp, "KILL", life)
        async with flashers(one):
            async with first.client() as api:
                await set_up(api, "KILL")
                number = await one.link.start_charge()
                ask = {"charger_ids": ["KILL"], "image_id": image, "override": "a test"}
                job = (await api.call("firmware.start", ask))["job_id"]

                async def waits(api=api):
                    return (await api.call("job.get", {"job_id": job}))["chargers"]["KILL"]["step"] == "preflight"

                await until(waits)
            first.stop()
            with engine(data, *options, ocpp=at) as second:
                async with second.client() as api:

                    async def back(api=api):
                        return [c["state"] for c in await api.call("charger.list")] == ["online"]

                    await until(back)
                await one.link.end_charge(number, 2000)
                await until(lambda: kept_of(data, job), 30)
                second.kill()
            with engine(data, *options, ocpp=at) as third:
                async with third.client() as api:
                    found = (await outcome_of(api, job))["chargers"]["KILL"]
                    assert (found["outcome"], found["cause"]) == ("unknown", "away"), found["reason"]


async def test_what_a_person_did_is_kept_before_it_is_answered(tmp_path):
    """The engine is killed as soon as each is answered."""
    image, data = seed(tmp_path / "data", BODY * 40), tmp_path / "data"

    async def part(one: Flasher, url: str) -> None:
        await one.fetch(url, most=40_000)

    async def begin(api) -> int:
        await set_up(api, *"ABC")
        waves = {"canary": 1, "soak_s": 600.0, "sizes": [2]}
        ask = {"charger_ids": [*"ABC"], "image_id": image, "override": "a test", "waves": waves}
        job = (await api.call("firmware.start", ask))["job_id"]

        async def some():
            return (await api.call("job.get", {"job_id": job}))["chargers"]["A"]["transfer"]["bytes"]

        await until(some)
        return job

    with engine(data, "--accept-unknown") as running:
        async with running.client() as api, flashers(*(Flasher(running.ocpp, name, part) for name in "ABC")):
            job = await begin(api)
            assert (await api.call("job.pause", {"job_id": job}))["status"] == "paused"
            running.kill()
    outcomes: list[str | None] = [None, None, None]
    for method, charger_id, status in (("job.skip", "C", "left out"), ("job.cancel", "B", "cancelled"), ("", "", "")):
        with engine(data, "--accept-unknown") as running:
            async with running.client() as api:
                view = await api.call("job.get", {"job_id": job})
                assert (view["state"], [one["outcome"] for one in view["chargers"].values()]) == ("paused", outcomes)
                if method:
                    told = await api.call(method, {"job_id": job, "charger_id": charger_id})
                    assert told["status"] == status, "whoever else goes on is not meant"
                    outcomes["ABC".index(charger_id)] = "cancelled"
                    running.kill()
