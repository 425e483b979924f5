"""An update that is fetched now and installed on a date: what is refused, what is sent, and that it is waited for."""

import hashlib
import json

import msgspec
import pytest

from evdesk.engine.store.work import _job
from evdesk.firmware.manifest import to_json
from evdesk.model.firmware import Manifest
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState
from evdesk.ocpp.timestamps import parse_time
from evdesk.simulator.image import make_image
from tests.engine.drill_kit import SPEED, Wanted, rig
from tests.engine.harness import until
from tests.engine.test_jobs import refused
from tests.peers.test_flashing import outcome_of

NEW = "2.4.1"
DAY_S = 86_400.0
SOON_S = 150.0  # on the engine's clock: long after the file is there
WAY_S = SPEED  # the date is sent as the charger's clock shows it, known to a message's way: at most 1 s of true time


async def add_image(api, folder):
    data = make_image("Nordlade", "N22", NEW, 60_000)
    manifest = Manifest("Nordlade", ("N22",), (), NEW, len(data), hashlib.sha256(data).hexdigest(), minutes=1.0)
    (folder / "new.bin").write_bytes(data)
    (folder / "new.bin.json").write_text(to_json(manifest))
    return (await api.call("firmware.add", {"path": str(folder / "new.bin")}))["image_id"]


async def test_fetched_at_once_installed_on_its_date(tmp_path):
    wanted = {"TWO": Wanted(version="2.0.1", car=False), "OLD": Wanted(car=False)}
    async with rig(tmp_path / "data", wanted) as site:
        api, now = site.api, site.clock.now
        await site.prepared("TWO", "OLD")
        image = await add_image(api, tmp_path)

        async def checks(name, **more):
            (found,) = await api.call("firmware.preflight", {"image_id": image, "charger_ids": [name], **more})
            return {one["code"]: one for one in found["checks"]}

        assert "install_date" not in await checks("OLD")
        dated = await checks("OLD", install_at=now() + DAY_S)
        assert dated["install_date"]["verdict"] == "warn"
        assert "only for signed files" in dated["install_date"]["sentence"]
        assert (await checks("TWO", install_at=now() + DAY_S))["install_date"]["verdict"] == "ok"

        ask = {"charger_ids": ["OLD"], "image_id": image}
        assert "Say with override" in await refused(api, "firmware.start", ask | {"install_at": now() + DAY_S})
        for change, words in (
            ({"install_at": now() - 600}, "install_at is a moment in the next 14 days"),
            ({"install_at": now() + 15 * DAY_S}, "install_at is a moment in the next 14 days"),
            ({"install_at": now() + DAY_S, "not_before_at": now() + 2 * DAY_S}, "before not_before_at"),
        ):
            assert words in await refused(api, "firmware.start", ask | {"override": "a test"} | change), change

        at = now() + SOON_S
        ask = {"image_id": image, "override": "not signed", "install_at": at}
        jobs = {
            name: (await api.call("firmware.start", ask | {"charger_ids": [name]}))["job_id"] for name in ("TWO", "OLD")
        }

        async def waits():
            view = await api.call("job.get", {"job_id": jobs["TWO"]})
            one = view["chargers"]["TWO"]
            return view if one["status"] == "InstallScheduled" else None

        view = await until(waits, 30)
        one = view["chargers"]["TWO"]
        assert (view["job"]["install_at"], one["install_at"], one["step"]) == (at, at, "installing")
        assert one["waits_until_at"] > at
        assert site.stations["TWO"].core.now() < at
        assert (await outcome_of(api, jobs["OLD"]))["chargers"]["OLD"]["install_at"] is None, "it was told none"
        lines = await api.call("job.lines", {"job_id": jobs["OLD"], "charger_id": "OLD"})
        assert any("has no install date" in line["text"] for line in lines)

        one = (await outcome_of(api, jobs["TWO"]))["chargers"]["TWO"]
        assert (one["outcome"], one["reported"]) == ("succeeded", NEW), one
        assert next(span["from_at"] for span in one["steps"] if span["step"] == "rebooting") >= at - WAY_S
        rows = await api.call("message.list", {"charger_id": "TWO"})
        (sent,) = [
            json.loads(row["text"])[3] for row in rows if (row["action"], row["kind"]) == ("UpdateFirmware", "call")
        ]
        assert "/f/(hidden)/" in sent["firmware"]["location"]
        assert parse_time(sent["firmware"]["installDateTime"]).at == pytest.approx(at, abs=WAY_S)
        for what in ("firmware.start", "charger.update_firmware"):
            rows = await api.call("audit.list", {"target": "TWO", "search": what})
            assert {row["args"]["install_at"] for row in rows if row["kind"] == "asked"} == {at}, what


def test_jobs_of_before_there_were_dates_are_read():
    body = msgspec.to_builtins(Job(3, JobKind.UPDATE, JobState.RUNNING, 1.0))
    del body["install_at"]
    assert _job(msgspec.json.encode(body).decode()).install_at is None
    charger = msgspec.to_builtins(JobCharger("A"))
    del charger["install_at"]
    assert msgspec.convert(charger, JobCharger).install_at is None
