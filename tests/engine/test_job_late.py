"""What is learnt of an update after its end: it counts, it is kept, and it survives a restart of the engine."""

import json

from tests.engine.harness import engine, until
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import NEW, OLD, hangs, outcome_of, seed, set_up

OPTIONS = ("--accept-unknown", "--speed", "60")


async def told(api, job_id, key="outcome"):
    return {name: one[key] for name, one in (await api.call("job.get", {"job_id": job_id}))["chargers"].items()}


async def comes_true(api, job_id, wanted):
    async def so():
        return await told(api, job_id) == wanted

    await until(so, 20)


async def test_each_of_a_job_proves_its_own_after_a_restart_and_none_takes_back_the_other(tmp_path):
    image = seed(tmp_path / "data")
    ask = {"image_id": image, "override": "1.6 tells no hardware revision", "waves": {"stop_after": 9}}
    with engine(tmp_path / "data", *OPTIONS) as running:
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
