"""What is odd about a charger in a job: said once, in the report, and where it ends badly."""

import base64
import json
import sys

import pytest

from evdesk.engine.jobs.remarks import elsewhere, renamed
from evdesk.engine.pdf_read import attached
from tests.engine.test_jobs import site
from tests.peers.flasher import Flasher
from tests.peers.test_flashing import NEW, outcome_of

THERE = "127.0.0.9"
MANY_ADDRESSES = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127/8")


@pytest.mark.parametrize(
    ("seen", "connection", "found"),
    [
        (THERE, "127.0.0.1:4000", THERE),
        ("127.0.0.1", "127.0.0.1:4000", ""),
        ("::ffff:127.0.0.1", "127.0.0.1:4000", ""),
        ("127.0.0.1", "[::ffff:127.0.0.1]:4000", ""),
        ("fe80::1%eth0", "[fe80::1]:4000", ""),
        ("fe80::2", "[fe80::1]:4000", "fe80::2"),
        ("", "127.0.0.1:4000", ""),
        (THERE, "", ""),
    ],
)
def test_which_address_is_another_one(seen, connection, found):
    assert elsewhere(seen, connection) == found


def test_a_name_is_another_one_but_for_spaces_and_capitals():
    assert renamed("M1", "m 1") == renamed("", "M1") == renamed("M1", "") == ""
    assert renamed("M1", "M9").startswith("It tells the model M9 now, and told M1 before")


async def ended(api, job):
    view = await outcome_of(api, job)
    lines = await api.call("job.lines", {"job_id": job, "charger_id": "A"})
    pdf = base64.b64decode((await api.call("job.report", {"job_id": job, "format": "pdf"}))["pdf"])
    report = json.loads(attached(pdf).data)["chargers"][0]
    return view["chargers"]["A"], [line["text"] for line in lines if line["tone"] == "warn"], report


@MANY_ADDRESSES
@pytest.mark.parametrize("goes_on", [True, False])
async def test_who_fetches_from_another_address_is_told_and_counts(tmp_path, goes_on):
    async def by_modem(one: Flasher, url: str) -> None:
        one.modem = THERE
        await one.fetch(url, None if goes_on else 10_000)
        await one.fetch(url, None if goes_on else 10_000)
        if goes_on:
            await one.status("Installed")
            await one.reboot(NEW)

    async with site(tmp_path, "A", life=by_modem, body=bytes(3_000_000) + b"-END") as (api, image, _):
        ask = {"charger_ids": ["A"], "image_id": image, "override": "x"}
        found, warned, report = await ended(api, (await api.call("firmware.start", ask))["job_id"])
        said = f"Fetched from {THERE}; the charger is connected from 127.0.0.1."
        assert (warned.count(said), found["remarks"], report["remarks"]) == (1, [said], [said])
        if goes_on:
            assert (found["outcome"], found["reason"]) == ("succeeded", f"It came back with {NEW} and works.")
        else:
            assert (found["cause"], said in found["reason"]) == ("stalled", True)
            assert f"See whose address {THERE} is" in found["next"]


async def test_another_model_under_the_same_serial_number_is_told(tmp_path):
    async def becomes(one: Flasher, url: str) -> None:
        await one.fetch(url)
        await one.status("Installed")
        one.model = "Model Z"
        await one.reboot(NEW)

    async with site(tmp_path, "A", life=becomes) as (api, image, _):
        ask = {"charger_ids": ["A"], "image_id": image, "override": "x"}
        found, warned, report = await ended(api, (await api.call("firmware.start", ask))["job_id"])
        said = "It tells the model Model Z now, and told Model X before, under the same serial number."
        assert (found["outcome"], warned.count(said)) == ("succeeded", 1)
        assert found["reason"] == f"It came back with {NEW} and works. {said}"
        assert found["remarks"] == report["remarks"] == [said]
