"""Logs of independent stations, sent in every way they know, well and badly."""

import asyncio
import contextlib
import hashlib
import io
import json
import socket
import tarfile
from urllib.parse import urlsplit

import aiohttp
import pytest

from evdesk.wire import RpcError
from tests.engine.harness import engine, until
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import free_ports, outcome_of, set_up

SPEED = "60"
LOG = "".join(f"Nov 24 23:00:{n % 60:02d} n22 relay: L1 L2 L3 open\n" for n in range(2000)).encode()


def archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, body in (("var/log/ocpp.log", LOG), ("../../etc/shadow", b"no")):
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return out.getvalue()


def sends(body: bytes, name: str, how: str = "PUT", words=("Uploading", "Uploaded")):
    async def life(one: Flasher, url: str) -> None:
        await one.link.tell_upload(words[0], one.request_id)
        assert await one.send(url, body, name, how) in (200, 201, 204, 226)
        for word in words[1:]:
            await one.link.tell_upload(word, one.request_id)

    return life


async def flood_and_no_end(one: Flasher, url: str) -> None:
    for _ in range(20):
        await one.link.tell_upload("Uploading", one.request_id)
    await one.send(url, LOG, "flood.log", "POST")


async def fails(one: Flasher, url: str) -> None:
    await one.link.tell_upload("Uploading", one.request_id)
    await one.link.tell_upload("UploadFailed", one.request_id)


async def nothing(one: Flasher, url: str) -> None:
    """It agreed, and that was all."""


async def test_logs_come_by_every_way_and_what_does_not_come_is_said(tmp_path):
    lives = {
        "PUT": sends(LOG, "put.log"),
        "POST": sends(LOG, "post.log", "POST"),
        "FORM": sends(archive(), "form.tar.gz", "FORM"),
        "FTP": sends(LOG, "ftp.log"),
        "FLOOD": flood_and_no_end,
        "FAILS": fails,
        "NOTHING": nothing,
        "TWO": sends(LOG, "two.log"),
    }
    more = {"FTP": {"schemes": "FTP"}, "TWO": {"protocol": "ocpp2.0.1"}}
    with engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED) as running:
        async with running.client() as api:
            ones = [Flasher(running.ocpp, name, life, **more.get(name, {})) for name, life in lives.items()]
            async with flashers(*ones):
                await set_up(api, *lives)
                jobs = {}
                for name in lives:
                    ask = {"charger_id": name, "kind": "security" if name == "TWO" else "diagnostics"}
                    jobs[name] = (await api.call("log.fetch", ask))["job_id"]
                found = {}
                for name, job in jobs.items():
                    found[name] = (await outcome_of(api, job))["chargers"][name]
                ends = {name: (one["outcome"], one["cause"]) for name, one in found.items()}
                good = ("succeeded", "received")
                assert ends == {
                    **dict.fromkeys(("PUT", "POST", "FORM", "FTP", "FLOOD", "TWO"), good),
                    "FAILS": ("failed", "upload_failed"),
                    "NOTHING": ("failed", "nothing_came"),
                }, {name: one["reason"] for name, one in found.items()}
                assert len(next(o for o in ones if o.name == "NOTHING").requests) == 2  # by FTP too
                await check_kept(api, found)
                assert (await api.call("audit.verify"))["holds"]


async def check_kept(api, found):
    kept = {log["charger_id"]: log for log in await api.call("log.list", {})}
    assert set(kept) == {"PUT", "POST", "FORM", "FTP", "FLOOD", "TWO"}
    digest = hashlib.sha256(LOG).hexdigest()
    assert all(kept[name]["sha256"] == digest for name in kept if name != "FORM")
    assert {name: kept[name]["scheme"] for name in ("PUT", "FTP")} == {"PUT": "http", "FTP": "ftp"}
    assert kept["TWO"]["kind"] == "security"
    assert found["PUT"]["log_id"] == kept["PUT"]["id"]
    text = await api.call("log.read", {"log_id": kept["PUT"]["id"], "limit": 60})
    assert text["text"].startswith("Nov 24 23:00:00 n22 relay")
    assert text["next_offset"] is not None
    inside = (await api.call("log.get", {"log_id": kept["FORM"]["id"]}))["entries"]
    assert [(entry["name"], entry["readable"]) for entry in inside] == [
        ("var/log/ocpp.log", True),
        ("../../etc/shadow", False),
    ]
    part = await api.call("log.read", {"log_id": kept["FORM"]["id"], "entry": "var/log/ocpp.log", "limit": 20})
    assert part["text"] == LOG[:20].decode()


async def test_what_came_and_was_not_taken_and_how_many_came(tmp_path):
    async def broken_form(one: Flasher, url: str) -> None:
        if url.startswith("ftp"):
            return
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        async with aiohttp.ClientSession() as web:
            assert (await web.post(url, data=b"--x\r\nbroken", headers=form)).status == 400
        await one.link.tell_upload("Uploaded", one.request_id)

    async def three(one: Flasher, url: str) -> None:
        for name in ("a.log", "b.log", "c.log"):
            assert await one.send(url, LOG, name) == 200
        await one.link.tell_upload("Uploaded", one.request_id)

    lives = {"FORM": broken_form, "THREE": three}
    with engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED) as running:
        async with running.client() as api:
            ones = [Flasher(running.ocpp, name, life) for name, life in lives.items()]
            async with flashers(*ones):
                await set_up(api, *lives)
                jobs = {name: (await api.call("log.fetch", {"charger_id": name}))["job_id"] for name in lives}
                form = (await outcome_of(api, jobs["FORM"]))["chargers"]["FORM"]
                assert (form["cause"], "cannot be read" in form["reason"]) == ("not_taken", True), form["reason"]
                many = (await outcome_of(api, jobs["THREE"]))["chargers"]["THREE"]
                assert many["reason"] == f"The log came: 3 files, {3 * len(LOG) / 1e3:.0f} kB together."
                report = json.loads((await api.call("job.report", {"job_id": jobs["THREE"]}))["text"])
                assert [log["name"] for log in report["logs"]] == ["a.log", "b.log", "c.log"]
                assert (await api.call("job.report", {"job_id": jobs["THREE"], "format": "pdf"}))["pdf"]


SMALL = "import evdesk.engine.files.inbox as i; i.free_space = lambda folder: (110_000_000, 150_000_000)"


async def test_where_the_disk_has_no_room_no_log_is_asked_for(tmp_path):
    with engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED, first=SMALL) as running:
        async with running.client() as api:
            one = Flasher(running.ocpp, "A", nothing)
            async with flashers(one):
                await set_up(api, "A")
                with pytest.raises(RpcError, match="110 MB are free, 115 MB are needed"):
                    await api.call("log.fetch", {"charger_id": "A"})
                assert (await api.call("job.list"), one.requests) == ([], [])


async def test_a_log_that_breaks_off_with_the_engine_is_asked_for_by_nobody_and_still_comes(tmp_path):
    """The engine is killed after it asked; the station sends when the next one is there."""
    again = []

    async def stubborn(one: Flasher, url: str) -> None:
        again.append(url)
        while True:
            with contextlib.suppress(Exception):
                if await one.send(url, LOG, "late.log") < 300:
                    return

    async def held(one: Flasher, url: str) -> None:
        one.spawn(later(one, url))

    async def later(one: Flasher, url: str) -> None:
        await one.drop()
        await one.back()
        await stubborn(one, url)

    options = ("--accept-unknown", "--speed", "20", "--files-port", str(free_ports()))
    with engine(tmp_path / "data", *options) as running:
        one = Flasher(running.ocpp, "LATE", held)
        port = running.ready["ocpp_port"]
        async with flashers(one):
            async with running.client() as api:
                await set_up(api, "LATE")
                one._back.clear()  # it stays away until the next engine is there
                job = (await api.call("log.fetch", {"charger_id": "LATE"}))["job_id"]

                async def sent():
                    view = await api.call("job.get", {"job_id": job})
                    return view["chargers"]["LATE"]["attempts"] == 1 and one.requests

                await until(sent)
            running.kill()
            with engine(tmp_path / "data", *options, ocpp=f"127.0.0.1:{port}") as second:
                async with second.client() as api:
                    await one.back()
                    view = await outcome_of(api, job)
                    found = view["chargers"]["LATE"]
                    assert found["outcome"] == "succeeded", (found["cause"], found["reason"])
                    assert len(one.requests) == 1


@pytest.mark.parametrize("fixed", [True, False])
async def test_a_log_is_taken_again_after_a_kill_or_asked_for_anew(tmp_path, fixed):
    """Its port is taken when evdesk is back: waited for where it is the only one, else asked for on another."""
    ports, gate = [], asyncio.Event()

    async def life(one: Flasher, url: str) -> None:
        ports.append(urlsplit(url).port)
        if len(ports) == 1:
            await gate.wait()
        await one.send(url, LOG, "late.log")

    options = ("--files-port", str(free_ports())) if fixed else ()
    with engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED, *options) as running:
        one = Flasher(running.ocpp, "KILL", life)
        async with flashers(one):
            async with running.client() as api:
                await set_up(api, "KILL")
                job = (await api.call("log.fetch", {"charger_id": "KILL"}))["job_id"]

                async def asked():
                    return ports

                await until(asked)
            running.kill()
            at = f"127.0.0.1:{running.ready['ocpp_port']}"
            other = socket.create_server(("127.0.0.1", ports[0]))
            again = engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED, *options, ocpp=at)
            with other, again as second:
                async with second.client() as api:

                    async def waits():
                        lines = await api.call("job.lines", {"job_id": job, "charger_id": "KILL"})
                        return any("cannot be taken again yet" in line["text"] for line in lines)

                    async def served():
                        return (await api.call("job.get", {"job_id": job}))["job"]["served"]

                    if fixed:
                        await until(waits)
                        other.close()
                        await until(served)
                        gate.set()
                    found = (await outcome_of(api, job))["chargers"]["KILL"]
                    assert (found["outcome"], len(ports)) == ("succeeded", 1 if fixed else 2), found["reason"]
