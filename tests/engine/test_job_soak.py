"""The canary is watched while it soaks: what happens to it then decides whether others follow."""

import json

from evdesk.firmware.rollout import BACK_S
from tests.engine.harness import engine, moment, passes, until
from tests.engine.test_jobs import site
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import NEW, OLD, good, outcome_of, seed, set_up

HOURS_LATER = """
import time
from evdesk.engine import engine
clock = engine.Clock
engine.Clock = lambda speed: clock(speed=speed, _wall=time.time() + 2 * 3600)
"""
IMPATIENT = "from evdesk.firmware import rollout; rollout.BACK_S = 120.0"
"""Two minutes are as good as a quarter of an hour, and sooner over."""


def asked(image, soak_s):
    waves = {"canary": 1, "soak_s": soak_s, "sizes": [1], "stop_after": 1}
    return {"charger_ids": ["A", "B"], "image_id": image, "override": "1.6 tells no hardware revision", "waves": waves}


async def soaking(api, job_id):
    async def soaks():
        view = await api.call("job.get", {"job_id": job_id})
        return view if view["job"]["waves"][0]["state"] == "soaking" else None

    view = await until(soaks, 40)
    assert view["chargers"]["A"]["outcome"] == "succeeded", view["chargers"]["A"]["reason"]
    return view["job"]["waves"][0]["until_at"]


async def paused(api, job_id):
    async def pauses():
        view = await api.call("job.get", {"job_id": job_id})
        return view if view["state"] == "paused" else None

    return await until(pauses, 40)


async def test_a_canary_that_falls_back_in_the_soak_stops_the_others(tmp_path):
    async with site(tmp_path, "A", "B") as (api, image, ones):
        job = (await api.call("firmware.start", asked(image, 1200.0)))["job_id"]
        await soaking(api, job)
        ones["A"].status_word = "Faulted"
        await ones["A"].reboot(OLD)
        view = await paused(api, job)
        one = view["chargers"]["A"]
        assert (one["outcome"], one["cause"], one["first_outcome"]) == ("failed", "fell_back", "succeeded")
        assert "back on 2.4.0" in one["reason"]
        assert view["job"]["waits_for"].startswith("The canary has not come through: ")

        async def written():
            rows = [row["detail"] for row in await api.call("audit.list", {"target": "A"}) if row["what"] == "job.step"]
            return any(row.get("cause") == "fell_back" and "worked; then" in row["said"] for row in rows)

        await until(written)
        await ones["A"].reboot(NEW)  # back and forth is no success either
        await api.call("job.cancel", {"job_id": job})
        await outcome_of(api, job)
        report = json.loads((await api.call("job.report", {"job_id": job}))["text"])
        assert [one["outcome"] for one in report["chargers"]] == ["failed", "cancelled"]
        assert not ones["B"].requests


async def test_a_canary_that_is_away_when_the_soak_ends_is_waited_for(tmp_path):
    async with site(tmp_path, "A", "B") as (api, image, ones):
        job = (await api.call("firmware.start", asked(image, 360.0)))["job_id"]
        until_at = await soaking(api, job)
        await ones["A"].drop()
        await passes(api, until_at)
        view = await api.call("job.get", {"job_id": job})
        assert view["job"]["waits_for"].endswith(" is offline: watched until it is well.")
        assert not ones["B"].requests
        await ones["A"].back()
        view = await outcome_of(api, job)
        assert view["chargers"]["A"]["outcome"] == "succeeded"
        assert len(ones["B"].requests) == 1


async def test_what_happens_to_the_canary_while_the_engine_is_away_is_seen(tmp_path):
    image, options = seed(tmp_path / "data"), ("--accept-unknown", "--speed", "60")
    with engine(tmp_path / "data", *options) as running:
        async with running.client() as api:
            ones = [Flasher(running.ocpp, name, good) for name in "AB"]
            async with flashers(*ones):
                await set_up(api, *"AB")
                job = (await api.call("firmware.start", asked(image, 240.0)))["job_id"]
                until_at = await soaking(api, job)
    with engine(tmp_path / "data", *options, first=HOURS_LATER) as running:
        async with running.client() as api:
            assert await moment(api) > until_at + BACK_S, "the soak would be over, and so would be the wait for it"
            ones = [Flasher(running.ocpp, name, good) for name in "AB"]  # A boots with the old version
            async with flashers(*ones):
                view = await paused(api, job)
                assert (view["chargers"]["A"]["outcome"], view["chargers"]["A"]["cause"]) == ("failed", "fell_back")
                assert not ones[1].requests


async def test_a_canary_that_is_left_out_leaves_it_to_a_person(tmp_path):
    async with site(tmp_path, "A", "B") as (api, image, ones):
        await ones["A"].drop()
        ask = asked(image, 0.0)
        job = (await api.call("firmware.start", ask))["job_id"]
        await api.call("job.skip", {"job_id": job, "charger_id": "A"})
        view = await paused(api, job)
        assert " was left out: no other is begun." in view["job"]["waits_for"]
        assert not ones["B"].requests
        await api.call("job.resume", {"job_id": job})
        assert (await outcome_of(api, job))["chargers"]["B"]["outcome"] == "succeeded"


async def test_who_goes_on_without_a_canary_that_stays_away_is_heeded_after_a_restart(tmp_path):
    image, options = seed(tmp_path / "data"), ("--accept-unknown", "--speed", "60")
    with engine(tmp_path / "data", *options, first=IMPATIENT) as running:
        async with running.client() as api:
            ones = [Flasher(running.ocpp, name, good) for name in "AB"]
            async with flashers(*ones):
                await set_up(api, *"AB")
                job = (await api.call("firmware.start", asked(image, 60.0)))["job_id"]
                await soaking(api, job)
                await ones[0].drop()
                await paused(api, job)
    with engine(tmp_path / "data", *options) as running:
        async with running.client() as api:
            one = Flasher(running.ocpp, "B", good)
            async with flashers(one):
                await set_up(api, "B")
                await api.call("job.resume", {"job_id": job})
                view = await outcome_of(api, job)
                assert view["chargers"]["B"]["outcome"] == "succeeded"


async def test_a_canary_that_stays_away_leaves_it_to_a_person(tmp_path):
    async with site(tmp_path, "A", "B", first=IMPATIENT) as (api, image, ones):
        job = (await api.call("firmware.start", asked(image, 60.0)))["job_id"]
        await soaking(api, job)
        await ones["A"].drop()
        view = await paused(api, job)
        assert " is offline, and should have been watched" in view["job"]["waits_for"]
        assert view["chargers"]["A"]["outcome"] == "succeeded"
        assert not ones["B"].requests
        await api.call("job.resume", {"job_id": job})
        await outcome_of(api, job)
        assert len(ones["B"].requests) == 1
