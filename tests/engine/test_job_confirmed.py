"""What was confirmed when a job was begun is what is sent: what the library says otherwise later holds or ends a charger
that waits, before a restart of the engine and after it."""

import contextlib
from dataclasses import replace

import pytest

from evdesk.engine.jobs.confirmed import by_both
from evdesk.model.firmware import Check, Image, Manifest, Verdict
from evdesk.wire.firmware import Preflight
from tests.engine.harness import engine, until
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import good, outcome_of, seed, set_up

OPTIONS = ("--accept-unknown", "--speed", "60")
OK, WARN, WAIT, BLOCK = Verdict.OK, Verdict.WARN, Verdict.WAIT, Verdict.BLOCK


class Waiting:
    """A job that waits for a car; the library is changed, the engine perhaps started anew, and then the car leaves."""

    def __init__(self, folder, one: Flasher, job: int, image: str) -> None:
        self.data, self.one, self.job, self.image = folder / "data", one, job, image

    async def found(self, api):
        return (await api.call("job.get", {"job_id": self.job}))["chargers"]["A"]

    async def held(self, api, words: str):
        async def so():
            found = await self.found(api)
            return found if words in found["reason"] else None

        return await until(so, 30)


@contextlib.asynccontextmanager
async def waiting(folder, change, restart: bool):
    image = seed(folder / "data")
    with contextlib.ExitStack() as engines:
        first = engines.enter_context(engine(folder / "data", *OPTIONS))
        one = Flasher(first.ocpp, "A", good)
        async with flashers(one):
            async with first.client() as api:
                await set_up(api, "A")
                number = await one.link.start_charge()
                ask = {"charger_ids": ["A"], "image_id": image, "override": "1.6 tells no hardware revision"}
                site = Waiting(folder, one, (await api.call("firmware.start", ask))["job_id"], image)
                await site.held(api, "A car charges")
                if not restart:
                    await change(api, site)
                    await one.link.end_charge(number, 2000)
                    yield api, site
                    return
                await change(api, site)
            first.stop()
            second = engines.enter_context(
                engine(folder / "data", *OPTIONS, ocpp=f"127.0.0.1:{first.ready['ocpp_port']}")
            )
            async with second.client() as api:

                async def back():
                    return [c["state"] for c in await api.call("charger.list")] == ["online"]

                await until(back)
                await one.link.end_charge(number, 2000)
                yield api, site


async def signer_of(api) -> dict[str, str]:
    (image,) = await api.call("firmware.images")
    return {"image_id": image["id"], "fingerprint": image["fingerprint"]}


async def distrust(api, _site) -> None:
    await api.call("firmware.distrust", await signer_of(api))


def described(**changes):
    async def change(api, site: Waiting) -> None:
        (image,) = await api.call("firmware.images")
        await api.call("firmware.manifest", {"image_id": site.image, "manifest": image["manifest"] | changes})

    return change


@pytest.mark.parametrize("restart", [False, True])
async def test_a_signature_that_is_trusted_no_more_holds_it_until_it_is_again(tmp_path, restart):
    async with waiting(tmp_path, distrust, restart) as (api, site):
        found = await site.held(api, "That is so only since this job was begun.")
        assert (found["outcome"], found["step"]) == (None, "preflight")
        assert next(c for c in found["checks"] if c["code"] == "signature")["verdict"] == "wait"
        assert not site.one.requests
        await api.call("firmware.trust", await signer_of(api))
        found = (await outcome_of(api, site.job))["chargers"]["A"]
        assert found["outcome"] == "succeeded", found["reason"]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "2.5.0"}, "is said to be 2.5.0 by now; confirmed was 2.4.1"),
        ({"models": ["Model Z"]}, "Model Z"),
        ({"size": 7}, "Not the file of the manifest"),
    ],
)
async def test_another_description_leaves_it_out(tmp_path, changes, words, restart):
    async with waiting(tmp_path, described(**changes), restart) as (api, site):
        found = (await outcome_of(api, site.job))["chargers"]["A"]
        assert (found["outcome"], found["cause"]) == ("cancelled", "not_ready"), found["reason"]
        assert words in found["reason"]
        assert found["to_version"] == "2.4.1"
        assert not site.one.requests


@pytest.mark.parametrize("restart", [False, True])
async def test_what_makes_nothing_worse_changes_nothing(tmp_path, restart):
    async with waiting(tmp_path, described(notes="Read by Ann.", recovery="Another way."), restart) as (api, site):
        found = (await outcome_of(api, site.job))["chargers"]["A"]
        assert found["outcome"] == "succeeded", found["reason"]
        report = (await api.call("job.report", {"job_id": site.job}))["text"]
        assert "Another way." not in report


def looked(*checks: Check) -> Preflight:
    return Preflight(
        "A", "A", serial="S", from_version="1", to_version="2", downgrade=False, checks=list(checks), ready=False
    )


IMAGE = Image("i", "x.bin", 1, "", Manifest(version="2"))


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        (OK, OK, OK),
        (OK, WARN, WAIT),  # nobody was told of it, whatever reason was given
        (OK, Verdict.UNKNOWN, WAIT),
        (WARN, OK, WARN),
        (WARN, WARN, WARN),
        (WARN, Verdict.UNKNOWN, WARN),
        (WARN, BLOCK, BLOCK),
        (BLOCK, OK, BLOCK),
    ],
)
def test_the_worse_of_both_counts(then, now, verdict):
    both = by_both(looked(Check("signature", then, "Then.")), looked(Check("signature", now, "Now.")), IMAGE, IMAGE)
    assert [one.verdict for one in both.checks] == [verdict]


def test_what_the_library_does_not_decide_is_not_taken_twice_and_what_is_new_counts():
    then = looked(Check("online", OK, "Then."))
    now = looked(Check("online", WAIT, "Now."), Check("install_date", WARN, "At once."), Check("version", OK, "Fits."))
    both = by_both(then, now, IMAGE, IMAGE)
    assert [(one.code, one.verdict) for one in both.checks] == [("online", OK), ("install_date", WAIT)]
    other = replace(IMAGE, manifest=Manifest(version="3"))
    assert [one.verdict for one in by_both(then, looked(), IMAGE, other).checks] == [OK, BLOCK]
