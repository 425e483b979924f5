"""Updates as a CSMS and a file server see them: every habit and every fault in the order it shows."""

import asyncio
import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from evdesk.model import Clock
from evdesk.simulator import make_image
from evdesk.simulator.access import Access
from evdesk.simulator.fileline import Download
from evdesk.simulator.files import fetch, line_of
from evdesk.simulator.image import Incoming
from evdesk.simulator.makers import AMPERION, KESTREL, NORDLADE
from evdesk.simulator.moments import to_text
from tests.simulator.csms import Csms
from tests.simulator.fileserver import FileServer, ftp_server
from tests.simulator.pki import Authority
from tests.simulator.running import charge2, let_pass, make_station, quick_car, reached, running

SIZE = 60_000
OLD, NEW = "boot 2.4.0", "boot 2.4.1"
FETCHED = ["Downloading", "Downloaded"]
DONE16 = [*FETCHED, "Installing", "Unavailable", "Installed", NEW, "Available"]
DONE2 = [*DONE16, "FirmwareUpdated"]
FAILED = ["Downloading", "DownloadFailed"]


@pytest.fixture
def clock() -> Clock:
    return Clock(speed=300.0)


@pytest.fixture
async def server():
    async with FileServer() as running_server:
        yield running_server


def story(csms) -> list[str]:
    """What was told since the first Available: statuses of updates, boots, connector 1, security events."""
    told: list[str] = []
    for action, payload in csms.calls:
        if action.endswith("FirmwareStatusNotification"):
            told.append(payload["status"])
        elif action == "BootNotification":
            version = payload.get("firmwareVersion") or payload.get("chargingStation", {}).get("firmwareVersion", "")
            told.append(f"boot {version}".rstrip())
        elif action == "SecurityEventNotification" and payload["type"] != "StartupOfTheDevice":
            told.append(payload["type"])
        elif action == "StatusNotification" and payload["connectorId"] == 1:
            told.append(payload.get("status") or payload["connectorStatus"])
    return told[told.index("Available") + 1 :]


def order(url: str, version: str, **more):
    """(action, payload) of an update; `firmware` in `more` goes into the firmware of 2.x."""
    past, firmware = "2020-01-01T00:00:00Z", more.pop("firmware", {})
    if version == "1.6":
        return "UpdateFirmware", {"location": url, "retrieveDate": past} | more
    action = "SignedUpdateFirmware" if version == "whitepaper" else "UpdateFirmware"
    return action, {"requestId": 7, "firmware": {"location": url, "retrieveDateTime": past} | firmware} | more


def image(maker=NORDLADE, version: str = "2.4.1") -> bytes:
    return make_image(maker.vendor, maker.model, version, SIZE)


async def updating(csms, station, url: str, version: str, **more) -> dict:
    """Ask for an update once the station is there; returns its answer."""
    await csms.until(lambda c: c.of("StatusNotification") and c.of("StatusNotification")[-1]["connectorId"] == 1)
    return await csms.call(*order(url, version, **more))


async def told(csms, expected: list[str]) -> None:
    """Wait until so much was told; it must be exactly that."""
    async with asyncio.timeout(8):
        while len(story(csms)) < len(expected):
            async with csms.changed:
                await csms.changed.wait()
    assert story(csms) == expected


# every maker, every version, every way to get a file


@pytest.mark.parametrize(
    ("maker", "version", "expected"),
    [
        (NORDLADE, "1.6", DONE16),
        (NORDLADE, "2.0.1", DONE2),
        (KESTREL, "1.6", [*FETCHED, "Installing", "Unavailable", NEW, "Available", "Installed"]),
        (
            KESTREL,
            "2.1",
            [
                *FETCHED,
                "Installing",
                "Unavailable",
                "InstallRebooting",
                NEW,
                "Available",
                "Installed",
                "FirmwareUpdated",
            ],
        ),
        (AMPERION, "1.6", [*FETCHED, "Unavailable", NEW, "Available", "Installed"]),
        (
            AMPERION,
            "2.0.1",
            [*FETCHED, "Unavailable", "InstallRebooting", NEW, "Available", "Installed", "FirmwareUpdated"],
        ),
    ],
)
async def test_an_update(strict_csms, clock, server, tmp_path, maker, version, expected) -> None:
    csms, data = strict_csms, image(maker)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "fw.bin").write_bytes(data)
    with ftp_server(tmp_path) as (ftp, commands):
        url = server.put("/one/fw.bin", data) if maker is not KESTREL else f"{ftp}/one/fw.bin"
        async with running(make_station(version, csms, clock, maker)) as station:
            answer = await updating(csms, station, url, version)
            assert answer in ({}, {"status": "Accepted"})
            await told(csms, expected)
            assert station.core.firmware == "2.4.1"
    if maker is KESTREL:
        assert [line for line in commands if line.startswith(("CWD", "RETR"))] == ["CWD /one", "RETR fw.bin"]
    else:
        heads = [("HEAD", "/one/fw.bin", "")] if maker is AMPERION else []
        assert server.requests == [*heads, ("GET", "/one/fw.bin", "")]
        assert server.agents[0] == f"{maker.vendor}-{maker.model}/{maker.firmware}"


async def test_the_new_version_is_told_everywhere_and_kept_over_a_reset(strict_csms, clock, server) -> None:
    csms = strict_csms
    async with running(make_station("2.1", csms, clock)) as station:
        await updating(csms, station, server.put("/fw", image()), "2.1")
        await told(csms, DONE2)
        assert csms.of("BootNotification")[1]["reason"] == "FirmwareUpdate"
        names = [("ChargingStation", "FirmwareVersion"), ("Controller", "FirmwareVersion")]
        asked = [{"component": {"name": c}, "variable": {"name": v}} for c, v in names]
        values = (await csms.call("GetVariables", {"getVariableData": asked}))["getVariableResult"]
        assert [value["attributeValue"] for value in values] == ["2.4.1", "2.4.1"]
        await csms.call("Reset", {"type": "Immediate"})
        await csms.until(lambda c: len(c.of("BootNotification")) == 3)
        assert csms.of("BootNotification")[2]["chargingStation"]["firmwareVersion"] == "2.4.1"


@pytest.mark.parametrize("scheme", ["https", "ftps", "ftp_active"])
async def test_files_by_other_ways(csms, clock, tmp_path, scheme) -> None:
    root, data = Authority(), image()
    context = root.server(tmp_path)
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "fw.bin").write_bytes(data)
    certificate = None if scheme == "ftp_active" else tmp_path / "server.pem"
    faults = [scheme] if scheme == "ftp_active" else []
    async with FileServer(context) as secure:
        with ftp_server(tmp_path / "up", certificate) as (ftp, commands):
            url = secure.put("/fw.bin", data) if scheme == "https" else f"{ftp}/fw.bin"
            station = make_station("1.6", csms, clock, access=Access(roots=[root.pem]), faults=faults)
            got = Incoming()
            await fetch(line_of(station.core), url, Download(line_of(station.core), got))
            assert got.finish().whole
    if scheme == "ftp_active":
        assert any(line.startswith(("PORT", "EPRT")) for line in commands)


@pytest.mark.parametrize("fault", ["", "trusts_anybody"])
async def test_a_server_of_another_root_is_not_trusted(csms, clock, tmp_path, fault) -> None:
    context = Authority().server(tmp_path)
    async with FileServer(context) as secure:
        url = secure.put("/fw", image())
        access = Access(roots=[Authority("Other").pem])
        station = make_station("1.6", csms, clock, access=access, faults=[fault] if fault else [])
        async with running(station):
            await updating(csms, station, url, "1.6")
            await told(csms, DONE16 if fault else FAILED)


async def test_a_hundred_stations_fetch_at_once(csms, clock, server, tmp_path) -> None:
    data = image()
    (tmp_path / "fw.bin").write_bytes(data)
    line = line_of(make_station("1.6", csms, clock).core)
    with ftp_server(tmp_path) as (ftp, _):
        urls = [server.put("/fw", data)] * 70 + [f"{ftp}/fw.bin"] * 30
        images = [Incoming() for _ in urls]
        await asyncio.gather(*(fetch(line, u, Download(line, i)) for u, i in zip(urls, images, strict=True)))
    assert all(i.finish().whole for i in images)


# what is wrong with the file, or with the way to it


@pytest.mark.parametrize(
    ("data", "version", "expected"),
    [
        (image(AMPERION), "1.6", [*FETCHED, "Installing", "Unavailable", "InstallationFailed", "Available"]),
        (image()[:-1], "1.6", [*FETCHED, "Installing", "Unavailable", "InstallationFailed", "Available"]),
        (image()[:-1], "2.0.1", [*FETCHED, "Installing", "Unavailable", "InstallVerificationFailed", "Available"]),
        (b"<html>", "whitepaper", ["InvalidFirmwareSigningCertificate"]),
        (None, "2.0.1", FAILED),
    ],
)
async def test_bad_files(strict_csms, clock, server, data, version, expected) -> None:
    csms = strict_csms
    url = f"{server.url}/nothing" if data is None else server.put("/fw", data)
    signed = {"firmware": {"signingCertificate": "x", "signature": "x"}} if version == "whitepaper" else {}
    async with running(make_station("1.6" if signed else version, csms, clock)) as station:
        answer = await updating(csms, station, url, version, **signed)
        assert not signed or answer == {"status": "InvalidCertificate"}
        await told(csms, expected)
        assert station.core.firmware == "2.4.0"


@pytest.mark.parametrize("version", ["whitepaper", "2.0.1"])
@pytest.mark.parametrize("good", [True, False])
async def test_signed_updates(strict_csms, clock, server, version, good) -> None:
    csms, data = strict_csms, image()
    certificate, key = Authority().issue("maker")
    raw = load_pem_private_key(key.encode(), None).sign(data if good else data[1:], ec.ECDSA(hashes.SHA256()))
    signed = {"signingCertificate": certificate, "signature": base64.b64encode(raw).decode()}
    async with running(make_station("1.6" if version == "whitepaper" else version, csms, clock)) as station:
        await updating(csms, station, server.put("/fw", data), version, firmware=signed)
        invalid = ["InvalidSignature", "InvalidFirmwareSignature"]
        await told(csms, [*FETCHED, "SignatureVerified", *DONE2[2:]] if good else [*FETCHED, *invalid])
        action = "SignedFirmwareStatusNotification" if version == "whitepaper" else "FirmwareStatusNotification"
        assert {payload["requestId"] for payload in csms.of(action)} == {7}


async def test_a_broken_download_goes_on_or_begins_anew(csms, clock, server, tmp_path) -> None:
    """By the maker's habit, and by what the server lets it."""
    url, once = server.put("/fw", image()), ["firmware_fails_once"]
    for ranges, expected in ((True, ["", f"bytes={SIZE // 2}-"]), (False, ["", f"bytes={SIZE // 2}-"])):
        server.requests.clear()
        server.ranges = ranges
        async with Csms(clock) as one, running(make_station("1.6", one, clock, faults=once)) as station:
            await updating(one, station, url, "1.6", retries=1, retryInterval=3)
            await told(one, [*FAILED, *DONE16])
        assert server.gets() == expected
    (tmp_path / "fw.bin").write_bytes(image(KESTREL))
    with ftp_server(tmp_path) as (ftp, commands):
        async with running(make_station("1.6", csms, clock, KESTREL, faults=once)) as station:
            await updating(csms, station, f"{ftp}/fw.bin", "1.6")  # it tries again by itself
            await csms.until(lambda c: len(c.of("BootNotification")) == 2)
    assert not any(line.startswith("REST") for line in commands)


# when


async def test_it_waits_for_the_moment_and_for_a_charge(strict_csms, clock, server) -> None:
    csms, url = strict_csms, server.put("/fw", image())
    async with running(make_station("2.0.1", csms, clock)) as station:
        await charge2(station, csms)
        begin = clock.now()
        moments = {"retrieveDateTime": to_text(begin + 20), "installDateTime": to_text(begin + 60)}
        await csms.call(*order(url, "2.0.1", firmware=moments))
        await csms.until(lambda c: "InstallScheduled" in story(c))
        assert csms.of("FirmwareStatusNotification")[0]["status"] == "DownloadScheduled"
        assert clock.now() - begin >= 20
        await let_pass(station, 60)
        assert story(csms)[-1] == "InstallScheduled"
        station.unplug()
        await csms.until(lambda c: "FirmwareUpdated" in story(c))
        assert clock.now() - begin >= 60
        wanted = ["DownloadScheduled", *FETCHED, "InstallScheduled", "Unavailable", "Installing", *DONE2[4:]]
        assert [word for word in story(csms) if word != "Occupied"] == wanted


async def test_nobody_begins_while_it_waits(csms, clock, server) -> None:
    url = server.put("/fw", image())
    async with running(make_station("1.6", csms, clock, evses=2)) as station:
        await csms.until(lambda c: "Available" in c.statuses(2))
        station.plug(quick_car(), 1)
        station.charges.present(station.outlets[1], "TAG")
        await csms.until(lambda c: "Charging" in c.statuses(1))
        await csms.call(*order(url, "1.6"))
        await csms.until(lambda c: c.statuses(2)[-1] == "Unavailable")
        assert csms.statuses(1)[-1] == "Charging"
        station.plug(quick_car(), 2)
        station.charges.present(station.outlets[2], "TAG")
        await let_pass(station, 5)
        assert station.outlets[2].transaction is None
        station.unplug(1)
        await csms.until(lambda c: len(c.of("BootNotification")) == 2)


async def test_sessions_may_begin_while_it_waits_where_they_are_allowed(csms, clock, server) -> None:
    name, variable = "ChargingStation", "AllowNewSessionsPendingFirmwareUpdate"
    allow = {"component": {"name": name}, "variable": {"name": variable}, "attributeValue": "true"}
    async with running(make_station("2.1", csms, clock, evses=2)) as station:
        await charge2(station, csms)
        await csms.call("SetVariables", {"setVariableData": [allow]})
        await csms.call(*order(server.put("/fw", image()), "2.1"))
        await csms.until(lambda c: "InstallScheduled" in story(c))
        await let_pass(station, 5)
        assert csms.statuses2(2) == ["Available"]


async def test_another_request_takes_the_place_of_the_first(strict_csms, clock, server) -> None:
    csms, url = strict_csms, server.put("/fw", image())
    async with running(make_station("2.0.1", csms, clock, faults=["firmware_hangs"])) as station:
        await updating(csms, station, f"{server.url}/nothing", "2.0.1", retries=3)
        again = await csms.call(*order(url, "2.0.1", requestId=8))
        assert again == {"status": "AcceptedCanceled"}
        await told(csms, [*FETCHED, "Installing", "Unavailable"])
        assert {p["requestId"] for p in csms.of("FirmwareStatusNotification")} == {8}
        late = await csms.call(*order(url, "2.0.1", requestId=9))
        assert (late["status"], late["statusInfo"]["reasonCode"]) == ("Rejected", "Installing")
        await csms.call("Reset", {"type": "Immediate"})  # the way out
        await told(csms, [*FETCHED, "Installing", "Unavailable", OLD, "Available"])
        trigger = {"requestedMessage": "FirmwareStatusNotification"}
        await csms.call("TriggerMessage", trigger)
        await csms.until(lambda c: c.of("FirmwareStatusNotification")[-1] == {"status": "Idle"})


# faults


SAME = [*DONE16[:5], OLD, "Available"]
FAULTS = {
    "firmware_fails_once": [*FAILED, *DONE16],
    "firmware_download_fails": [*FAILED, *FAILED],
    "firmware_truncates": [*FETCHED, "Installing", "Unavailable", "InstallationFailed", "Available"],
    "firmware_bad_signature": [*FETCHED, "InstallationFailed"],
    "firmware_hangs": [*FETCHED, "Installing", "Unavailable"],
    "firmware_drops": ["Downloading", "Available", *DONE16[1:]],
    "firmware_early_reboot": [*FETCHED, "Installing", "Unavailable", NEW, "Available", "Installed"],
    "firmware_no_status": ["Unavailable", NEW, "Available"],
    "firmware_twice": ["Downloading", "Installed", "Installed"],
    "firmware_same_version": SAME,
    "firmware_fetches_twice": DONE16,
    "firmware_other_serial": DONE16,
    "firmware_loses_settings": DONE16,
    "firmware_never_back": DONE16[:5],
    "firmware_bricked_connectors": [*DONE16[:6], "Unavailable"],
    "firmware_no_version": [*DONE16[:5], "boot", "Available"],
    "firmware_install_fails": [*FETCHED, "Installing", "Unavailable", "InstallationFailed", "Available"],
    "firmware_not_announced": DONE16,
    "firmware_late": ["Unavailable", NEW, "Available", *FETCHED, "Installing", "Installed"],
    "unavailable_afterwards": DONE16,
}
ANYTHING_ELSE_S = 15.0


@pytest.mark.parametrize("fault", FAULTS)
async def test_faults(strict_csms, clock, server, fault) -> None:
    csms = strict_csms
    async with running(make_station("1.6", csms, clock, faults=[fault])) as station:
        station.config.change("HeartbeatInterval", "77")
        serial = station.core.serial
        await csms.until(lambda c: c.sockets)
        asked = await csms.call("GetConfiguration", {"key": ["SupportedFileTransferProtocols"]})
        assert ("unknownKey" in asked) == (fault == "firmware_not_announced")
        url = server.put("/fw", image())
        assert await updating(csms, station, url, "1.6", retries=1, retryInterval=4) == {}
        await told(csms, FAULTS[fault])
        await let_pass(station, ANYTHING_ELSE_S)
        assert story(csms) == FAULTS[fault]  # and nothing more
        gets = {
            "firmware_fails_once": 2,
            "firmware_download_fails": 2,
            "firmware_drops": 2,
            "firmware_fetches_twice": 2,
        }
        assert len(server.gets()) == gets.get(fault, 1)
        assert (station.core.serial == serial) == (fault != "firmware_other_serial")
        assert (station.config["HeartbeatInterval"] == "77") == (fault != "firmware_loses_settings")
        assert station.link.online == (fault != "firmware_never_back")


@pytest.mark.parametrize("fault", ["firmware_never_fetches", "firmware_refuses", "firmware_silent", "firmware_missing"])
async def test_faults_that_tell_nothing(csms, clock, server, fault) -> None:
    url = server.put("/fw", image())
    async with running(make_station("1.6", csms, clock, faults=[fault])) as station:
        answer = await updating(csms, station, url, "1.6")
        refused = {"firmware_refuses": "GenericError", "firmware_missing": "NotImplemented"}.get(fault)
        assert (answer[0] == refused) if refused else answer == {}
        await let_pass(station, ANYTHING_ELSE_S)
        assert story(csms) == []
        assert len(server.gets()) == (fault == "firmware_silent")
    async with Csms(clock) as other, running(make_station("2.1", other, clock, faults=[fault])) as station:
        answer = await updating(other, station, url, "2.1")
        assert (answer[0] if fault == "firmware_missing" else answer["status"]) == {
            "firmware_refuses": "Rejected",
            "firmware_missing": "NotImplemented",
        }.get(fault, "Accepted")


async def test_a_slow_line_is_slow(csms, clock, server) -> None:
    url = server.put("/fw", image())  # 60 kB at 20 kB/s
    async with running(make_station("1.6", csms, clock, faults=["firmware_slow"])) as station:
        await updating(csms, station, url, "1.6")
        await csms.until(lambda c: "Downloading" in story(c))
        begin = clock.now()
        await csms.until(lambda c: "Downloaded" in story(c))
        assert clock.now() - begin >= 2.5


@pytest.mark.parametrize("fault", ["firmware_bricked_connectors", "unavailable_afterwards"])
async def test_connectors_that_stay_unavailable(csms, clock, server, fault) -> None:
    """After a failed update they can be made available; bricked ones cannot."""
    bricked = fault == "firmware_bricked_connectors"
    async with running(make_station("1.6", csms, clock, faults=[fault])) as station:
        await updating(csms, station, server.put("/fw", image() if bricked else b"x"), "1.6")
        await csms.until(lambda c: len(c.of("BootNotification")) == 2 if bricked else "InstallationFailed" in story(c))
        await let_pass(station, 5)
        assert story(csms)[-1] in ("Unavailable", "InstallationFailed")
        assert await csms.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"}) == {"status": "Accepted"}
        await let_pass(station, 5)
        assert (story(csms)[-1] == "Available") != bricked


async def test_a_station_that_ends_ends_its_transfer(csms, clock, server, tmp_path) -> None:
    (tmp_path / "fw.bin").write_bytes(image(KESTREL))
    with ftp_server(tmp_path) as (ftp, commands):
        async with running(make_station("1.6", csms, clock, KESTREL)) as station:
            station.core.rate_bps = 100.0
            await updating(csms, station, f"{ftp}/fw.bin", "1.6")
            await reached(station, lambda _s: any(line.startswith("RETR") for line in commands))
            assert station.updater.running
        assert not station.updater.running
