"""Library and fleet through a real engine: an independent station boots, and every change is in the log."""

import time

import pytest
from ocpp.v16 import call

from evdesk.model import EvdeskError, Reason
from evdesk.wire.firmware import AddImage
from tests.engine.harness import engine, station, until
from tests.engine.library_kit import DATA, put, signed_manifest
from tests.engine.test_settings import online
from tests.firmware.signing import DAY, sign

SIGNED = sign(DATA, begins=time.time() - DAY, ends=time.time() + DAY)  # the engine has the computer's clock


async def boot(charger, version):
    await charger.call(
        call.BootNotification("N22", "Nordlade", charge_point_serial_number="NL-1", firmware_version=version)
    )


async def refused(client, method, params):
    with pytest.raises(EvdeskError) as caught:
        await client.call(method, params)
    assert caught.value.reason is Reason.INVALID
    return caught.value.sentence


async def rows(client, what):
    """(asked, answered) of the newest deed of this name."""
    found = [row for row in await client.call("audit.list", {"search": what}) if row["what"] == what]
    return found[1], found[0]


async def test_library_and_fleet_through_the_api(tmp_path):
    usb = tmp_path / "usb"
    path = put(usb, manifest=signed_manifest(SIGNED))
    with engine(tmp_path / "data", "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "A") as charger:
            await boot(charger, "2.3.9")
            await charger.tell("Available")
            await online(client, "A")

            assert "is not there" in await refused(client, "firmware.add", {"path": str(usb / "no.bin")})
            asked, answered = await rows(client, "firmware.add")
            assert (asked["args"]["file"], answered["outcome"]) == ("no.bin", "failed")
            for method in ("firmware.fits", "firmware.remove"):
                assert "firmware.images lists them" in await refused(client, method, {"image_id": "none"})

            added = await client.call("firmware.add", {"path": str(path)})
            image_id = added["image_id"]
            assert (image_id, added["known"], added["refused"]) == (SIGNED.sha256[:16], [], {})
            _, answered = await rows(client, "firmware.add")
            one = answered["detail"]["images"][0]
            assert (one["sha256"], one["manifest_source"]) == (SIGNED.sha256, "n22-2.4.1.bin.toml")
            again = await client.call("firmware.add", AddImage(str(path)))
            assert (again["image_id"], again["known"], again["stays"]) == (image_id, [image_id], {})
            (copy := path.with_name("copy.bin")).write_bytes(path.read_bytes())
            copy.with_name("copy.bin.toml").write_text('version = "9.9.9"')
            again = await client.call("firmware.add", {"path": str(copy)})
            assert list(again["stays"]) == ["copy.bin"]
            assert "copy.bin" in (await rows(client, "firmware.add"))[1]["detail"]["stays"]

            trusted = await client.call("firmware.trust", {"image_id": image_id, "fingerprint": SIGNED.fingerprint})
            assert (trusted["signature"], trusted["usable"]) == ("valid", True)
            asked, answered = await rows(client, "firmware.trust")
            assert asked["args"]["fingerprint"] == answered["detail"]["fingerprint"] == SIGNED.fingerprint

            taken_back = await client.call(
                "firmware.distrust", {"image_id": image_id, "fingerprint": SIGNED.fingerprint}
            )
            assert (taken_back["signature"], taken_back["trusted"]) == ("untrusted", False)
            again = {"image_id": image_id, "fingerprint": SIGNED.fingerprint}
            assert "Nobody has said" in await refused(client, "firmware.distrust", again)
            assert [row["kind"] for row in await rows(client, "firmware.distrust")][:2] == ["asked", "answered"]
            await client.call("firmware.trust", again)

            fits = await client.call("firmware.fits", {"image_id": image_id})
            assert [(f["charger_id"], f["fits"], f["direction"]) for f in fits] == [("A", True, "upgrade")]
            verdicts = {check["code"]: check["verdict"] for check in fits[0]["checks"]}
            assert (verdicts["model"], verdicts["hardware"], verdicts["signature"]) == ("ok", "unknown", "ok")

            manifest = {"version": "2.4.1", "models": ["N22"], "vendor": "Nordlade", "minimum_version": "2.4.0"}
            told = await client.call("firmware.manifest", {"image_id": image_id, "manifest": manifest})
            assert (told["manifest"]["minimum_version"], told["signature"]) == ("2.4.0", "none")
            asked, answered = await rows(client, "firmware.manifest")
            assert "signature" in asked["args"]["changed"]
            assert "minimum_version 2.4.0" in answered["detail"]["after"]
            fits = await client.call("firmware.fits", {"image_id": image_id, "charger_ids": ["A"]})
            assert not fits[0]["fits"]
            wrong = {"image_id": image_id, "manifest": {"from_versions": ["2..1"]}}
            assert "“from_versions”" in await refused(client, "firmware.manifest", wrong)

            policy = {"vendor": "Nordlade", "model": "N22", "kind": "at_least", "version": "2.4.1"}
            assert (await client.call("firmware.policy", policy))["set_by"]
            assert "no model Nordlade N9" in await refused(client, "firmware.policy", policy | {"model": "N9"})
            block = {"vendor": "Nordlade", "model": "N22", "version": "2.3.9", "why": "loses its limit on restart"}
            await client.call("firmware.block", block)
            fleet = await client.call("firmware.fleet")
            assert fleet["counts"] == {"blocked": 1}
            model = fleet["models"][0]
            assert (model["model"], model["policy"]["version"], model["image_id"]) == ("N22", "2.4.1", image_id)
            assert model["chargers"][0]["because"].startswith("2.3.9 loses its limit on restart; 2.4.1 goes on 2.4.0")

            async for event in client.events():
                if event.kind == "firmware":
                    break
            await boot(charger, "2.4.1")

            async def noticed():
                return [row["cause"] for row in await client.call("firmware.history", {"charger_id": "A"})][:1] == [
                    "noticed"
                ]

            await until(noticed)
            assert (await client.call("firmware.fleet"))["counts"] == {"changed": 1}
            assert len(await client.call("firmware.history")) == 2
            await refused(client, "firmware.history", {"charger_id": "nobody"})

            done = await client.call("firmware.export", {"folder": str(tmp_path / "stick")})
            assert done["status"] == "1 file copied"
            assert (tmp_path / "stick" / path.name).read_bytes() == DATA

            await client.call("firmware.remove", {"image_id": image_id})
            assert await client.call("firmware.images") == []
            assert (await rows(client, "firmware.remove"))[1]["detail"]["sha256"] == SIGNED.sha256
            assert (await client.call("audit.verify"))["holds"]
