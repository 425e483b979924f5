"""Firmware on independent stations over real HTTP, HTTPS and FTP, well and badly: what evdesk says of each, and why."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evdesk.engine.jobs.proof import verify_reports
from evdesk.firmware.images import image_id
from evdesk.firmware.manifest import Sidecar, to_toml
from evdesk.model.firmware import Manifest
from evdesk.wire import RpcError
from tests.engine.harness import engine, until
from tests.peers.flasher import END, Flasher, flashers

OLD, NEW = "2.4.0", "2.4.1"
BODY = b"firmware 2.4.1 " + bytes(range(256)) * 400 + END
SPEED = "100"


# -- what stations do -------------------------------------------------------------------------------------------------


async def install(one: Flasher, version: str = NEW) -> None:
    await one.status("Downloaded")
    await one.status("Installing")
    await one.reboot(version)
    await one.status("Installed")


async def good(one: Flasher, url: str) -> None:
    await one.status("Downloading")
    await one.fetch(url)
    await install(one)


async def failing_once(one: Flasher, url: str) -> None:
    await one.status("Downloading")
    await one.fetch(url, most=30_000)
    await one.status("DownloadFailed")
    await one.status("Downloading")
    await one.fetch(url)
    await install(one)


async def truncated(one: Flasher, url: str) -> None:
    """It takes half of the file for the whole, and finds that when it installs."""
    await one.status("Downloading")
    await one.fetch(url, most=50_000)
    await one.status("Downloaded")
    await one.status("Installing")
    assert not one.whole()
    await one.status("InstallationFailed")


async def bad_signature(one: Flasher, url: str) -> None:
    await one.status("Downloading")
    await one.fetch(url)
    one.fetched = one.fetched[:-5] + b"x" + one.fetched[-4:]  # its memory is at fault
    await one.status("Downloaded")
    word = "SignatureVerified" if one.signature_fits() else "InvalidSignature"
    await one.status(word)


async def signed(one: Flasher, url: str) -> None:
    await one.status("Downloading")
    await one.fetch(url)
    await one.status("Downloaded")
    await one.status("SignatureVerified" if one.signature_fits() else "InvalidSignature")
    await one.status("InstallRebooting")
    await one.reboot(NEW)
    await one.status("Installed")


async def hangs(one: Flasher, url: str) -> None:
    await one.status("Downloading")
    await one.fetch(url)
    await one.status("Downloaded")
    await one.status("Installing")


async def drops(one: Flasher, url: str) -> None:
    """The cable is out in the middle of the file; it goes on where it was, and resumes."""
    await one.status("Downloading")
    await one.fetch(url, most=40_000)
    await one.drop()
    await one.back()
    await one.fetch(url, start=40_000)
    assert one.whole()
    await install(one)


async def early(one: Flasher, url: str) -> None:
    """It restarts with the new version before it says Installed, and says it twice."""
    await one.status("Downloading")
    await one.fetch(url)
    await one.reboot(NEW)
    await one.status("Installed")
    await one.status("Installed")


async def same_version(one: Flasher, url: str) -> None:
    await one.status("Downloading")
    await one.fetch(url)
    await install(one, OLD)


async def says_nothing(one: Flasher, url: str) -> None:
    await one.fetch(url)
    await one.reboot(NEW)


async def never(one: Flasher, url: str) -> None:
    """Accepted, and nothing else."""


async def moves(one: Flasher, url: str) -> None:
    """This computer's address changes before it fetches: it dials the new one, and what it was told is of no use."""
    if len(one.requests) == 1:
        one.url = one.url.replace("127.0.0.1", "127.0.0.2")
        await one.drop()
        await one.back()
        return
    assert "127.0.0.2" in url
    await good(one, url)


async def falls_back(one: Flasher, url: str) -> None:
    """The new version does not bring its connectors up, and a watchdog goes back to the old one."""
    await one.status("Downloading")
    await one.fetch(url)
    await one.status("Installing")
    one.status_word = "Unavailable"
    await one.reboot(NEW)
    one.status_word = "Available"
    await one.reboot(OLD)
    await one.status("InstallationFailed")


async def tells_old_words(one: Flasher, url: str) -> None:
    """What it said last about the update before, and only then of this one."""
    await one.status("Installed")
    await good(one, url)


async def stranger(one: Flasher, url: str) -> None:
    await one.fetch(url)
    one.serial = "X-9"
    await one.reboot(NEW)


async def forgets(one: Flasher, url: str) -> None:
    """Its settings are as delivered afterwards."""
    await one.fetch(url)
    one.settings["MeterValueSampleInterval"] = "300"
    one.settings["VendorThing"] = "factory"
    await one.reboot(NEW)


async def breaks(one: Flasher, url: str) -> None:
    """It comes back with the new version, and its connector out of order."""
    await one.fetch(url)
    one.status_word = "Faulted"
    await one.reboot(NEW)


def signer():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Maker Y firmware")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM).decode()


def seed(data, body=BODY):
    """The library of an engine that is not started yet: one signed image, its certificate trusted. The image's id."""
    key, pem = signer()
    folder = data / "firmware"
    (folder / "trusted").mkdir(parents=True)
    (folder / "x-2.4.1.bin").write_bytes(body)
    (folder / "trusted" / "maker.pem").write_text(pem)
    manifest = Manifest(
        vendor="Maker Y",
        models=("Model X",),
        version=NEW,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        downgrade=False,
        settings_kept=True,
        minutes=1.0,
        reboots=1,
        recovery="Breaker off for 30 s, then on.",
        signature=base64.b64encode(key.sign(body, ec.ECDSA(hashes.SHA256()))).decode(),
        signature_kind="ECDSA",
        certificate=pem,
    )
    (folder / "x-2.4.1.bin.toml").write_text(to_toml(Sidecar(manifest)))
    return image_id(hashlib.sha256(body).hexdigest())


async def set_up(api, *names):
    async def ready():
        found = {c["id"]: c["failsafe"]["state"] for c in await api.call("charger.list")}
        return all(found.get(name) in ("verified", "untested") for name in names)

    await until(ready, 40)


async def outcome_of(api, job_id, timeout_s=60):
    async def over():
        view = await api.call("job.get", {"job_id": job_id})
        return view if view["state"] == "finished" else None

    return await until(over, timeout_s)


LIVES = {
    "GOOD": good,
    "ONCE": failing_once,
    "TRUNC": truncated,
    "HANGS": hangs,
    "DROPS": drops,
    "EARLY": early,
    "SAME": same_version,
    "QUIET": says_nothing,
    "NEVER": never,
    "OTHER": stranger,
    "FORGETS": forgets,
    "BREAKS": breaks,
    "BACK": falls_back,
    "STALE": tells_old_words,
}
ENDS = {
    "GOOD": ("succeeded", "new_version"),
    "ONCE": ("succeeded", "new_version"),
    "TRUNC": ("failed", "install_failed"),
    "HANGS": ("unknown", "hangs"),
    "DROPS": ("succeeded", "new_version"),
    "EARLY": ("succeeded", "new_version"),
    "SAME": ("failed", "same_version"),
    "QUIET": ("succeeded", "new_version"),
    "NEVER": ("failed", "never_fetched"),
    "OTHER": ("unknown", "other_charger"),
    "FORGETS": ("succeeded", "new_version"),
    "BREAKS": ("failed", "not_working"),
    "BACK": ("failed", "fell_back"),
    "STALE": ("succeeded", "new_version"),
}


async def test_stations_of_1_6_over_http(tmp_path):
    image = seed(tmp_path / "data")
    with engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED) as running:
        async with running.client() as api:
            ones = [Flasher(running.ocpp, name, life) for name, life in LIVES.items()]
            async with flashers(*ones):
                for one in ones:
                    one.settings["VendorThing"] = "mine"
                await set_up(api, *LIVES)
                asked = {"charger_ids": list(LIVES), "image_id": image, "waves": {"stop_after": 99, "parallel": 99}}
                asked["override"] = "1.6 tells no hardware revision"
                job = await api.call("firmware.start", asked)
                view = await outcome_of(api, job["job_id"])
                found = {n: (c["outcome"], c["cause"]) for n, c in view["chargers"].items()}
                assert found == ENDS, {n: c["reason"] for n, c in view["chargers"].items()}
                check_details(view["chargers"], {one.name: one for one in ones})
                lines = await api.call("job.lines", {"job_id": job["job_id"], "charger_id": "DROPS"})
                assert any(
                    "206" in line["text"] or "from" in line["text"] for line in lines if line["side"] == "fetched"
                )
                report = await api.call("job.report", {"job_id": job["job_id"]})
                assert hashlib.sha256(report["text"].encode()).hexdigest() == view["job"]["report_hash"]
                assert (await api.call("audit.verify"))["holds"]
                await check_proof(api, tmp_path, job["job_id"], report["text"])


async def check_proof(api, folder, job_id, text):
    """The report and its pages, held against the audit log beside the running engine."""
    files = [folder / "report.json", folder / "all.pdf", folder / "one.pdf"]
    files[0].write_text(text)
    for file, charger_id in zip(files[1:], ("", "FORGETS"), strict=True):
        asked = {"job_id": job_id, "format": "pdf", "charger_id": charger_id}
        file.write_bytes(base64.b64decode((await api.call("job.report", asked))["pdf"]))
    chain, reports = await asyncio.to_thread(verify_reports, folder / "data", files)
    assert chain.holds
    assert [(one.holds, one.page) for one in reports] == [(True, ""), (True, "same"), (True, "same")], reports
    whole = json.loads(text)
    named = {row["row"] for row in whole["audit"]}
    begun = [
        row for row in await api.call("audit.list", {"target": f"job {job_id}"}) if row["what"] == "firmware.start"
    ]
    assert {row["id"] for row in begun if row["kind"] == "asked"} <= named, "who asked stands in it"
    assert all(named >= set(one["audit_ids"]) for one in whole["chargers"])


def check_details(chargers, ones):
    assert all(len(ones[name].requests) == 1 for name in ENDS if name not in ("NEVER",))  # nothing was sent twice
    assert len(ones["NEVER"].requests) <= 2  # once more by FTP, for nothing was fetched
    assert chargers["GOOD"]["reported"] == NEW
    assert chargers["GOOD"]["transfer"]["bytes"] == len(BODY)
    assert ones["GOOD"].sha256 == hashlib.sha256(BODY).hexdigest()
    assert chargers["DROPS"]["transfer"]["resumed"] == 1
    assert ones["DROPS"].fetched == BODY
    assert chargers["SAME"]["reported"] == OLD
    assert (chargers["BACK"]["reported"], ones["BACK"].version) == (OLD, OLD)
    assert "Connector 1 is faulted" in chargers["BREAKS"]["reason"]
    changed = {c["name"]: (c["before"], c["after"]) for c in chargers["FORGETS"]["settings_changed"]}
    assert changed["VendorThing"] == ("mine", "factory")
    assert "VendorThing" in chargers["FORGETS"]["restored"]
    assert ones["FORGETS"].settings["VendorThing"] == "mine"
    silent = [s["step"] for s in chargers["QUIET"]["steps"] if not s["told"]]
    assert "installing" in silent
    for name, (outcome, _) in ENDS.items():
        if outcome != "succeeded":
            assert chargers[name]["reason"], name
            assert chargers[name]["next"], name


async def test_stations_of_2x_signed_over_https_and_ftp(tmp_path):
    image = seed(tmp_path / "data")
    with engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED) as running:
        async with running.client() as api:
            root = await root_of(api)
            ones = [
                Flasher(running.ocpp, "SIGNED", signed, protocol="ocpp2.0.1"),
                Flasher(running.ocpp, "BADSIGN", bad_signature, protocol="ocpp2.1"),
                Flasher(running.ocpp, "WHITE", signed, signed_only=True),
                Flasher(running.ocpp, "HTTPS", signed, protocol="ocpp2.0.1", trust=root, schemes="HTTPS"),
                Flasher(running.ocpp, "FTP", good, schemes="FTP"),
            ]
            names = [one.name for one in ones]
            async with flashers(*ones):
                await set_up(api, *names)
                asked = {"charger_ids": names, "image_id": image, "waves": {"stop_after": 99}, "override": "a test"}
                job = await api.call("firmware.start", asked)
                view = await outcome_of(api, job["job_id"])
                chargers = view["chargers"]
                found = {n: (c["outcome"], c["cause"]) for n, c in chargers.items()}
                good_end = ("succeeded", "new_version")
                wanted = dict.fromkeys(names, good_end) | {"BADSIGN": ("failed", "invalid_signature")}
                assert found == wanted, {n: c["reason"] for n, c in chargers.items()}
                assert not chargers["BADSIGN"]["retry"]
                again = {"charger_ids": ["BADSIGN"], "image_id": image, "override": "all the same"}
                with pytest.raises(RpcError, match="found the signature of this very file wrong"):
                    await api.call("firmware.start", again)
                assert {n: c["transfer"]["scheme"] for n, c in chargers.items()} == {
                    "SIGNED": "http",
                    "BADSIGN": "http",
                    "WHITE": "http",
                    "HTTPS": "https",
                    "FTP": "ftp",
                }


async def root_of(api):
    await api.call("security.create_ca", {})
    return (await api.call("security.export_ca", {}))["content"]


def free_ports():
    """The first of eleven that are free together, and that no other engine takes between two of this one."""
    for first in range(20_000 + os.getpid() % 500 * 20, 32_000, 20):
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in range(first, first + 11):
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port))
            return first
    raise AssertionError("no free ports")


async def test_this_computer_gets_another_address_before_the_file_is_fetched(tmp_path):
    image = seed(tmp_path / "data")
    with engine(tmp_path / "data", "--accept-unknown", "--speed", SPEED, ocpp="0.0.0.0:0") as running:
        async with running.client() as api:
            one = Flasher(f"ws://127.0.0.1:{urlsplit(running.ocpp).port}/", "MOVES", moves)
            async with flashers(one):
                await set_up(api, "MOVES")
                asked = {"charger_ids": ["MOVES"], "image_id": image, "override": "1.6 tells no hardware revision"}
                job = (await api.call("firmware.start", asked))["job_id"]
                found = (await outcome_of(api, job))["chargers"]["MOVES"]
                assert (found["outcome"], found["attempts"]) == ("succeeded", 2), found["reason"]
                lines = await api.call("job.lines", {"job_id": job, "charger_id": "MOVES"})
                assert any("Connected, to 127.0.0.2 instead of 127.0.0.1" in line["text"] for line in lines)


async def test_engine_killed_in_the_middle(tmp_path):
    """What was sent is watched by the next engine, on the same address, and never sent again."""
    image, gate = seed(tmp_path / "data"), asyncio.Event()

    async def slowly(one: Flasher, url: str) -> None:
        await one.status("Downloading")
        await one.fetch(url, most=40_000)
        await gate.wait()
        while not one.whole():
            with contextlib.suppress(aiohttp.ClientError):  # as stations do: again, until it is there
                await one.fetch(url, start=40_000)
        await install(one)

    options = ("--accept-unknown", "--speed", SPEED, "--files-port", str(free_ports()))
    with engine(tmp_path / "data", *options) as running:
        one = Flasher(running.ocpp, "KILL", slowly)
        port = running.ready["ocpp_port"]
        async with flashers(one):
            async with running.client() as api:
                await set_up(api, "KILL")
                asked = {"charger_ids": ["KILL"], "image_id": image, "override": "a test"}
                job = await api.call("firmware.start", asked)

                async def fetching():
                    view = await api.call("job.get", {"job_id": job["job_id"]})
                    return view["chargers"]["KILL"]["transfer"]["bytes"] >= 40_000

                await until(fetching)
            running.kill()
            with engine(tmp_path / "data", *options, ocpp=f"127.0.0.1:{port}") as second:
                async with second.client() as api:
                    gate.set()
                    view = await outcome_of(api, job["job_id"])
                    assert view["chargers"]["KILL"]["outcome"] == "succeeded", view["chargers"]["KILL"]
                    assert one.fetched == BODY
                    assert len(one.requests) == 1
