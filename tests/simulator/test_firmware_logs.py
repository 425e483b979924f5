"""Logs as a CSMS and a server that takes them see them: every habit and every fault."""

import asyncio
import io
import tarfile

import pytest

from evdesk.model import Clock
from evdesk.simulator.makers import AMPERION, KESTREL, NORDLADE
from evdesk.simulator.moments import to_text
from tests.simulator.csms import Csms
from tests.simulator.fileserver import FileServer, ftp_server
from tests.simulator.running import let_pass, make_station, running

FILES = ["security.log", "settings.txt", "station.json", "system.log"]
GOOD = ["Uploading", "Uploaded"]


@pytest.fixture
def clock() -> Clock:
    return Clock(speed=300.0)


@pytest.fixture
async def server():
    async with FileServer() as running_server:
        yield running_server


def statuses(csms) -> list[str]:
    names = ("DiagnosticsStatusNotification", "LogStatusNotification")
    return [payload["status"] for action, payload in csms.calls if action in names]


async def told(csms, expected: list[str]) -> None:
    async with asyncio.timeout(8):
        while len(statuses(csms)) < len(expected):
            async with csms.changed:
                await csms.changed.wait()
    assert statuses(csms) == expected


async def ask(csms, url: str, version: str = "1.6", **more):
    await csms.until(lambda c: c.of("StatusNotification") and c.of("StatusNotification")[-1]["connectorId"] == 1)
    if version == "1.6":
        return await csms.call("GetDiagnostics", {"location": url} | more)
    log = {"remoteLocation": url} | more
    return await csms.call("GetLog", {"requestId": 3, "logType": "DiagnosticsLog", "log": log})


@pytest.mark.parametrize("version", ["1.6", "whitepaper", "2.0.1", "2.1"])
async def test_a_log_by_put_into_a_folder_and_to_an_exact_address(strict_csms, clock, server, version) -> None:
    csms = strict_csms
    async with running(make_station("1.6" if version == "whitepaper" else version, csms, clock)) as station:
        for path in ("/up/", "/exact"):
            answer = await ask(csms, server.url + path, version)
            name = answer["fileName"] if version == "1.6" else answer["filename"]
            await told(csms, GOOD if path == "/up/" else GOOD * 2)
            method, where, _, data = server.uploads[-1]
            assert (method, where) == ("PUT", f"/up/{name}" if path == "/up/" else path)
            assert data.decode().splitlines()[0] == f"# Nordlade N22 {station.core.serial} firmware 2.4.0"
            assert b"BootNotification Accepted" in data
            assert server.lengths[-1] == len(data)


async def test_a_log_as_an_archive_in_a_form(strict_csms, clock, server) -> None:
    csms = strict_csms
    async with running(make_station("2.0.1", csms, clock, AMPERION)) as station:
        answer = await ask(csms, f"{server.url}/up/", "2.0.1")
        await told(csms, GOOD)
        method, where, name, data = server.uploads[0]
        assert (method, where, name) == ("POST", "/up/", answer["filename"])
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            assert tar.getnames() == [f"{station.core.serial}/{file}" for file in FILES]


async def test_a_log_by_ftp(strict_csms, clock, tmp_path) -> None:
    csms = strict_csms
    (tmp_path / "up").mkdir()
    with ftp_server(tmp_path) as (ftp, commands):
        async with running(make_station("1.6", csms, clock, KESTREL)):
            name = (await ask(csms, f"{ftp}/up/"))["fileName"]
            await told(csms, GOOD)
    assert [line for line in commands if line.startswith(("CWD", "STOR"))] == ["CWD /up", f"STOR {name}"]
    with tarfile.open(tmp_path / "up" / name) as tar:
        assert len(tar.getnames()) == len(FILES)


async def test_a_span_of_time_and_security_alone(strict_csms, clock, server) -> None:
    csms = strict_csms
    async with running(make_station("2.0.1", csms, clock)):
        since = to_text(clock.now() - 600)
        await ask(csms, f"{server.url}/up/", "2.0.1", oldestTimestamp=since)
        await told(csms, GOOD)
        times = [line.split()[0] for line in server.uploads[0][3].decode().splitlines()[1:]]
        assert times
        assert min(times) >= since
        ahead = await ask(csms, f"{server.url}/up/", "2.0.1", oldestTimestamp=to_text(clock.now() + 86_400))
        assert ahead == {"status": "Accepted"}
        log = {"requestId": 4, "logType": "SecurityLog", "log": {"remoteLocation": f"{server.url}/up/"}}
        await csms.call("GetLog", log)
        await told(csms, GOOD * 2)
        assert server.uploads[1][3].count(b"\n") == 2  # its head, and StartupOfTheDevice


@pytest.mark.parametrize(
    ("status", "version", "expected"),
    [(403, "2.0.1", "PermissionDenied"), (500, "2.0.1", "UploadFailure"), (403, "1.6", "UploadFailed")],
)
async def test_a_server_that_does_not_want_it(strict_csms, clock, server, status, version, expected) -> None:
    csms, server.status = strict_csms, status
    async with running(make_station(version, csms, clock)):
        await ask(csms, f"{server.url}/up/", version)
        await told(csms, ["Uploading", expected])


async def test_it_tries_again_and_a_new_request_takes_its_place(strict_csms, clock, server) -> None:
    csms, server.status = strict_csms, 500
    async with running(make_station("2.0.1", csms, clock)):
        await csms.until(lambda c: c.statuses2())
        log = {"logType": "DiagnosticsLog", "log": {"remoteLocation": f"{server.url}/up/"}}
        again = {"retries": 5, "retryInterval": 30}
        await csms.call("GetLog", log | again | {"requestId": 1})
        await csms.until(lambda c: statuses(c) == ["Uploading", "Uploading"])
        server.status = 200
        assert (await csms.call("GetLog", log | {"requestId": 2}))["status"] == "AcceptedCanceled"
        await told(csms, ["Uploading", "Uploading", "AcceptedCanceled", *GOOD])
        assert [p["requestId"] for p in csms.of("LogStatusNotification")] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("fault", "expected", "uploads"),
    [
        ("upload_flood", ["Uploading"] * 20 + ["Uploaded"], 1),
        ("upload_silent", GOOD, 1),
        ("upload_fails", ["Uploading", "UploadFailed"], 0),
        ("upload_nothing", [], 0),
        ("upload_twice", GOOD, 2),
        ("upload_posts", GOOD, 1),
        ("upload_ftp_only", ["Uploading", "UploadFailed"], 0),
    ],
)
async def test_faults(strict_csms, clock, server, fault, expected, uploads) -> None:
    csms = strict_csms
    async with running(make_station("1.6", csms, clock, faults=[fault])) as station:
        answer = await ask(csms, f"{server.url}/up/")
        assert ("fileName" in answer) == (fault != "upload_nothing")
        await told(csms, expected)
        await let_pass(station, 10)
        assert statuses(csms) == expected
        assert len(server.uploads) == uploads
        methods = {method for method, *_ in server.uploads}
        assert methods <= ({"POST"} if fault == "upload_posts" else {"PUT"})


async def test_ftp_only_by_ftp(csms, clock, tmp_path) -> None:
    with ftp_server(tmp_path) as (ftp, _):
        async with running(make_station("2.0.1", csms, clock, faults=["upload_ftp_only"])):
            refused = await ask(csms, "http://127.0.0.1:9/", "2.0.1")
            assert (refused["status"], refused["statusInfo"]["reasonCode"]) == ("Rejected", "UnsupportedScheme")
            await ask(csms, f"{ftp}/", "2.0.1")
            await told(csms, GOOD)
    assert len(list(tmp_path.iterdir())) == 1


async def test_a_big_log_flows_without_a_length(csms, clock, server) -> None:
    async with running(make_station("1.6", csms, clock, faults=["upload_big"])):
        await ask(csms, f"{server.url}/up/")
        await told(csms, GOOD)
    assert server.lengths == [None]
    assert len(server.uploads[0][3]) == 50_000_000


async def test_a_log_fails_honestly_where_nobody_takes_it(csms, clock) -> None:
    for fault, expected in (("", ["Uploading", "UploadFailed"]), ("upload_silent", ["Uploading"])):
        async with Csms(clock) as one, running(make_station("1.6", one, clock, faults=[fault])) as station:
            await ask(one, "http://127.0.0.1:9/")
            await told(one, expected)
            await let_pass(station, 5)
            assert statuses(one) == expected


def test_makers_have_different_habits() -> None:
    assert {maker.files.upload for maker in (NORDLADE, AMPERION)} == {"PUT", "form"}
    assert KESTREL.files.schemes == ("FTP",)
