"""What is learnt of an update after its end: it counts, it is kept, and it survives a restart of the engine."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from ocpp.v16.call import SecurityEventNotification

from evdesk.engine.jobs.live import LOOK_EVERY_S
from evdesk.wire import RpcError
from tests.engine.harness import engine, moment, passes, until
from tests.engine.test_jobs import refused as turned_down
from tests.engine.test_jobs import site
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import NEW, OLD, good, hangs, outcome_of, seed, set_up

OPTIONS = ("--accept-unknown", "--speed", "60")
BRIEF = "from evdesk.firmware import times; times.LEAST_INSTALL_S = 240.0"
"""Where nothing is heard of an installation any more, four minutes are as good as fifteen, and sooner over."""


async def told(api, job_id, key="outcome"):
    return {name: one[key] for name, one in (await api.call("job.get", {"job_id": job_id}))["chargers"].items()}


async def comes_true(api, job_id, wanted):
    async def so():
        return await told(api, job_id) == wanted

    await until(so, 20)


async def test_each_of_a_job_proves_its_own_after_a_restart_and_none_takes_back_the_other(tmp_path):
    image = seed(tmp_path / "data")
    ask = {"image_id": image, "override": "1.6 tells no hardware revision", "waves": {"stop_after": 9}}
    with engine(tmp_path / "data", *OPTIONS, first=BRIEF) as running:
        async with running.client() as api:
            ones = [Flasher(running.ocpp, name, hangs) for name in "AB"]
            async with flashers(*ones):
                await set_up(api, *"AB")
                job = (await api.call("firmware.start", ask | {"charger_ids": ["A", "B"]}))["job_id"]
                await outcome_of(api, job)
                assert await told(api, job) == {"A": "unknown", "B": "unknown"}
            # nothing of this one ever reaches a charger, so it hides nothing
            idle = (await api.call("firmware.start", ask | {"charger_ids": ["A", "B"]}))["job_id"]
            await api.call("job.cancel", {"job_id": idle})
            await outcome_of(api, idle)
    with engine(tmp_path / "data", *OPTIONS) as running:
        async with running.client() as api:
            a, b = ones = [Flasher(running.ocpp, name, hangs, version=OLD) for name in "AB"]
            async with flashers(*ones):
                await set_up(api, *"AB")
                await a.reboot(NEW)
                await comes_true(api, job, {"A": "succeeded", "B": "unknown"})
                await b.reboot(NEW)
                await comes_true(api, job, {"A": "succeeded", "B": "succeeded"})
                assert await told(api, job, "first_outcome") == {"A": "unknown", "B": "unknown"}

                async def reported():
                    view = await api.call("job.get", {"job_id": job})
                    report = json.loads((await api.call("job.report", {"job_id": job}))["text"])
                    outcomes = [one["outcome"] for one in report["chargers"]]
                    return view["job"]["counts"] == {"succeeded": 2} and outcomes == ["succeeded", "succeeded"]

                await until(reported)
                assert (await api.call("audit.verify"))["holds"]


ASK = {"charger_ids": ["A"], "override": "1.6 tells no hardware revision"}


async def test_what_an_update_took_is_put_back_before_it_counts_as_a_success_after_all(tmp_path):
    async with site(tmp_path, "A", life=hangs) as (api, image, ones):
        one = ones["A"]
        one.settings["VendorThing"] = "mine"
        job = (await api.call("firmware.start", ASK | {"image_id": image}))["job_id"]
        await outcome_of(api, job)
        assert await told(api, job, "cause") == {"A": "hangs"}
        one.settings["VendorThing"] = "factory"
        await one.reboot(NEW)
        await comes_true(api, job, {"A": "succeeded"})
        assert await told(api, job, "restored") == {"A": ["VendorThing"]}
        assert one.settings["VendorThing"] == "mine"
        (rows,) = (await told(api, job, "audit_ids")).values()
        written = [
            r["id"] for r in await api.call("audit.list", {"target": "A"}) if r["what"] == "charger.write_setting"
        ]
        assert set(written) & set(rows)


async def test_one_that_comes_back_late_and_does_not_work_has_failed_also_after_a_restart_of_the_engine(tmp_path):
    image = seed(tmp_path / "data")
    with engine(tmp_path / "data", *OPTIONS) as running:
        async with running.client() as api, flashers(Flasher(running.ocpp, "A", hangs)):
            await set_up(api, "A")
            job = (await api.call("firmware.start", ASK | {"image_id": image}))["job_id"]
            await outcome_of(api, job)
    with engine(tmp_path / "data", *OPTIONS) as running:
        async with running.client() as api:
            one = Flasher(running.ocpp, "A", hangs, version=NEW)
            one.status_word = "Faulted"
            async with flashers(one):

                async def looked_at():
                    lines = await api.call("job.lines", {"job_id": job, "charger_id": "A"})
                    return any("looked at, as after any update" in line["text"] for line in lines)

                await until(looked_at, 20)
                assert await told(api, job, "cause") == {"A": "hangs"}, "nothing counts before it was looked at"
    with engine(tmp_path / "data", *OPTIONS) as running:  # ended in the middle of the look
        async with running.client() as api:
            one = Flasher(running.ocpp, "A", hangs, version=NEW)
            one.status_word, one._must_boot = "Faulted", False
            async with flashers(one):
                await comes_true(api, job, {"A": "failed"})
                assert await told(api, job, "cause") == {"A": "not_working"}
                assert await told(api, job, "first_outcome") == {"A": "unknown"}


async def boots_for_ever(one, url):
    await one.status("Downloading")
    await one.fetch(url)
    await one.status("Installing")
    while True:
        await asyncio.sleep(0.5)
        await one.reboot(OLD)


async def test_one_that_boots_for_ever_is_ended_and_free(tmp_path):
    async with site(tmp_path, "A", life=boots_for_ever) as (api, image, _ones):
        job = (await api.call("firmware.start", ASK | {"image_id": image}))["job_id"]
        await outcome_of(api, job, 60)
        assert await told(api, job) == {"A": "failed"}
        assert await told(api, job, "cause") == {"A": "restarts"}
        assert "may still be installing" not in (await job_check(api, image))["sentence"]


async def refused(api, method, params):
    with pytest.raises(RpcError) as caught:
        await api.call(method, {"charger_id": "A", **params})
    assert caught.value.reason == "invalid"
    return caught.value.sentence


async def job_check(api, image):
    found = (await api.call("firmware.preflight", {"image_id": image, "charger_ids": ["A"]}))[0]
    return next(one for one in found["checks"] if one["code"] == "job")


UNLOCK = {"charger_id": "A", "connector_id": 1}


async def test_one_that_may_still_be_installing_is_let_alone_until_it_has_restarted(tmp_path):
    image = seed(tmp_path / "data")
    ask = {"charger_ids": ["A"], "image_id": image, "override": "1.6 tells no hardware revision"}
    with engine(tmp_path / "data", *OPTIONS, first=BRIEF) as running:
        async with running.client() as api, flashers(Flasher(running.ocpp, "A", hangs)):
            await set_up(api, "A")
            job = (await api.call("firmware.start", ask))["job_id"]
            await outcome_of(api, job)
            assert await told(api, job, "cause") == {"A": "hangs"}
            assert "it may still be installing" in await refused(api, "charger.reset", {"kind": "hard"})
    with engine(tmp_path / "data", *OPTIONS) as running:  # a restart of evdesk makes it no safer
        async with running.client() as api:
            one = Flasher(running.ocpp, "A", hangs)
            one._must_boot = False
            async with flashers(one):
                await set_up(api, "A")
                check = await job_check(api, image)
                assert (check["verdict"], f"Job {job} left it" in check["sentence"]) == ("wait", True)
                assert "restart it" in check["advice"]
                for method, params in (
                    ("charger.reset", {"kind": "soft"}),
                    ("charger.reset", {"kind": "soft", "reason": "  "}),
                    ("charger.unlock", {"connector_id": 1}),
                    ("charger.start", {"connector_id": 1, "id_tag": "T"}),
                    ("charger.raw", {"action": "Reset", "payload": {"type": "Hard"}}),
                ):
                    assert f"Job {job} left it with the whole file" in await refused(api, method, params), method
                again = (await api.call("firmware.start", ask))["job_id"]

                async def waits():
                    found = (await api.call("job.get", {"job_id": again}))["chargers"]["A"]
                    return "may still be installing" in found["reason"] and found["step"] == "preflight"

                await until(waits)
                await passes(api, await moment(api) + 5 * LOOK_EVERY_S)  # it is looked at again and again
                await api.call("job.cancel", {"job_id": again})
                await outcome_of(api, again)
                assert not one.requests
                await api.call(
                    "charger.reset", {"charger_id": "A", "reason": "I stand before it: no light for an hour"}
                )
                assert "Reset Soft" in one.link.seen.calls
                rows = [
                    r["args"] for r in await api.call("audit.list", {"target": "A"}) if r["what"] == "charger.reset"
                ]
                assert any("no light" in row.get("reason", "") for row in rows)
                await one.reboot(OLD)

                async def free():
                    return (await job_check(api, image))["verdict"] == "ok"

                await until(free)
                assert (await api.call("charger.unlock", UNLOCK))["status"]
    with engine(tmp_path / "data", *OPTIONS) as running:
        async with running.client() as api:
            one = Flasher(running.ocpp, "A", good)
            one._must_boot = False
            async with flashers(one):
                await set_up(api, "A")
                await until(free)
                await outcome_of(api, (await api.call("firmware.start", ask))["job_id"])
                assert len(one.requests) == 1


async def test_a_version_that_is_taken_back_soon_after_its_success_is_told(tmp_path):
    async with site(tmp_path, "A") as (api, image, ones):
        ask = {"charger_ids": ["A"], "image_id": image, "override": "1.6 tells no hardware revision"}
        job = (await api.call("firmware.start", ask))["job_id"]
        await outcome_of(api, job)
        assert await told(api, job) == {"A": "succeeded"}
        await ones["A"].reboot(OLD)
        await comes_true(api, job, {"A": "failed"})
        assert await told(api, job, "cause") == {"A": "fell_back"}

        async def reported():
            text = (await api.call("job.report", {"job_id": job}))["text"]
            return json.loads(text)["chargers"][0]["outcome"] == "failed"

        await until(reported)


async def test_a_boot_that_somebody_asked_for_is_no_restart(tmp_path):
    async with site(tmp_path, "A", life=hangs, first=BRIEF) as (api, image, ones):
        ask = {"charger_ids": ["A"], "image_id": image, "override": "1.6 tells no hardware revision"}
        await outcome_of(api, (await api.call("firmware.start", ask))["job_id"])
        for method, args in (
            ("charger.trigger", {"what": "BootNotification"}),
            ("charger.raw", {"action": "TriggerMessage", "payload": {"requestedMessage": "BootNotification"}}),
        ):
            boots = ones["A"].boots
            await api.call(method, {"charger_id": "A", **args})

            async def told_again(boots=boots):
                return ones["A"].boots > boots

            await until(told_again)
            await api.call("charger.settings", {"charger_id": "A"})
            assert (await job_check(api, image))["verdict"] == "wait", method
        await ones["A"].reboot(OLD)

        async def free():
            return (await job_check(api, image))["verdict"] == "ok"

        await until(free)


async def test_a_version_that_is_taken_back_after_a_restart_of_the_engine_is_told_too(tmp_path):
    image = seed(tmp_path / "data")
    with engine(tmp_path / "data", *OPTIONS) as running:
        async with running.client() as api, flashers(Flasher(running.ocpp, "A", good)):
            await set_up(api, "A")
            ask = {"charger_ids": ["A"], "image_id": image, "override": "1.6 tells no hardware revision"}
            job = (await api.call("firmware.start", ask))["job_id"]
            await outcome_of(api, job)
            assert await told(api, job) == {"A": "succeeded"}
    with engine(tmp_path / "data", *OPTIONS) as running:
        async with running.client() as api, flashers(Flasher(running.ocpp, "A", good, version=OLD)):
            await comes_true(api, job, {"A": "failed"})
            assert await told(api, job, "cause") == {"A": "fell_back"}


async def fetched_and_silent(one, url):
    await one.status("Downloading")
    await one.fetch(url)
    await one.status("Downloaded")


@pytest.mark.parametrize("event", [False, True])
async def test_a_wrong_signature_told_after_the_end_keeps_the_file_from_it_for_good(tmp_path, event):
    async with site(tmp_path, "A", life=fetched_and_silent, first=BRIEF, signed_only=True) as (api, image, ones):
        ask = {"charger_ids": ["A"], "image_id": image, "override": "1.6 tells no hardware revision"}
        job = (await api.call("firmware.start", ask))["job_id"]
        await outcome_of(api, job)
        assert await told(api, job) == {"A": "unknown"}
        if event:
            now = datetime.now(UTC).isoformat()
            await ones["A"].link.call(SecurityEventNotification("InvalidFirmwareSignature", now, ""))
        else:
            await ones["A"].status("InvalidSignature")
        await comes_true(api, job, {"A": "failed"})
        assert await told(api, job, "cause") == {"A": "invalid_signature"}
        assert await told(api, job, "first_outcome") == {"A": "unknown"}
        (found,) = await api.call("firmware.preflight", {"image_id": image, "charger_ids": ["A"]})
        assert found["blocked"]
        assert "signature" in await turned_down(api, "firmware.start", ask)
