"""No update without a backup of the settings: tried more than once, whole, and without it only where a person was told."""

import contextlib

import pytest
from ocpp.exceptions import InternalError

from evdesk.engine.jobs.backup import TRIES
from tests.engine.test_jobs import site
from tests.peers.flasher import Flasher
from tests.peers.test_flashing import NEW, outcome_of

ONLY_HARDWARE = "1.6 tells no hardware revision"


async def forgets(one: Flasher, url: str) -> None:
    await one.fetch(url)
    one.settings["VendorThing"] = "factory"
    await one.reboot(NEW)


class Keys:
    """How its GetConfiguration behaves: `fails` so many times, where every key is wanted; `hides` a vendor's keys."""

    def __init__(self, one: Flasher) -> None:
        self.one, self.fails, self.asked, self.forever = one, 0, 0, False
        link = one.link
        link.route_map["GetConfiguration"]["_on_action"] = self.on_get
        self.link = link

    def on_get(self, key=None, **_more):
        if key is None:
            self.asked += 1
            if self.forever or self.fails > 0:
                self.fails -= 1
                raise InternalError("busy")
        elif self.forever and "VendorThing" in key:
            raise InternalError("busy")
        return type(self.link).on_get(self.link, key)


@contextlib.asynccontextmanager
async def with_keys(folder):
    """(api, what is asked for, the station, its keys), once its settings were read."""
    async with site(folder, "A", life=forgets) as (api, image, ones):
        one = ones["A"]
        one.settings["VendorThing"] = "mine"
        await api.call("charger.settings", {"charger_id": "A"})
        yield api, {"charger_ids": ["A"], "image_id": image, "override": ONLY_HARDWARE}, one, Keys(one)


async def check_of(api, image, code):
    (found,) = await api.call("firmware.preflight", {"image_id": image, "charger_ids": ["A"]})
    return next(one for one in found["checks"] if one["code"] == code)


async def test_one_error_is_no_reason_to_go_on_without(tmp_path):
    async with with_keys(tmp_path) as (api, ask, one, keys):
        keys.fails = 1
        found = (await outcome_of(api, (await api.call("firmware.start", ask))["job_id"]))["chargers"]["A"]
        assert (found["outcome"], found["restored"]) == ("succeeded", ["VendorThing"]), found["reason"]
        assert one.settings["VendorThing"] == "mine"
        kept = await api.call("settings.snapshots", {"charger_id": "A"})
        assert found["backup_id"] in {snapshot["id"] for snapshot in kept}


async def test_a_refusal_in_a_busy_moment_leaves_no_hole_in_what_nobody_knew_before(tmp_path):
    async with with_keys(tmp_path) as (api, ask, one, keys):
        one.settings |= {"VendorThing": "mine", "New": "1"}
        keys.fails = TRIES - 1
        found = (await outcome_of(api, (await api.call("firmware.start", ask))["job_id"]))["chargers"]["A"]
        assert (found["outcome"], found["restored"]) == ("succeeded", ["VendorThing"]), found["reason"]
        kept = await api.call("settings.last", {"charger_id": "A"})
        assert "New" in {setting["name"] for setting in kept["settings"]}


async def test_a_backup_with_holes_is_none_and_a_reason_for_something_else_does_not_pass_it(tmp_path):
    async with with_keys(tmp_path) as (api, ask, one, keys):
        keys.forever = True
        begun = keys.asked
        job = (await api.call("firmware.start", ask))["job_id"]
        found = (await outcome_of(api, job))["chargers"]["A"]
        assert (found["outcome"], found["cause"]) == ("cancelled", "not_ready"), found["reason"]
        assert "No backup of its settings could be taken: It left out VendorThing" in found["reason"]
        assert "preflight says so now" in found["next"]
        assert keys.asked - begun == TRIES
        assert not one.requests
        check = await check_of(api, ask["image_id"], "backup")
        assert (check["verdict"], "left out VendorThing" in check["sentence"]) == ("warn", True)

        # who begins it now has seen that
        found = (await outcome_of(api, (await api.call("firmware.start", ask))["job_id"]))["chargers"]["A"]
        assert (found["outcome"], found["restored"]) == ("succeeded", []), found["reason"]
        assert keys.asked - begun >= 2 * TRIES
        assert found["backup_id"] is not None, "a part is better than none"

        keys.forever = False
        await api.call("charger.settings", {"charger_id": "A"})
        assert (await check_of(api, ask["image_id"], "backup"))["verdict"] == "ok"


@pytest.mark.parametrize("needed", [True, False])
async def test_what_cannot_be_read_stops_it_unless_the_manifest_needs_none(tmp_path, needed):
    async with with_keys(tmp_path) as (api, ask, one, keys):
        manifest = (await api.call("firmware.images"))[0]["manifest"] | {"backup_needed": needed}
        await api.call("firmware.manifest", {"image_id": ask["image_id"], "manifest": manifest})
        keys.forever = True
        found = (await outcome_of(api, (await api.call("firmware.start", ask))["job_id"]))["chargers"]["A"]
        assert found["outcome"] == ("cancelled" if needed else "succeeded"), found["reason"]
        assert len(one.requests) == (0 if needed else 1)
