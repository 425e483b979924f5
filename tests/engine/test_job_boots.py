"""A BootNotification after a restart of the engine: a restart of the charger, or an answer to a question?"""

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from evdesk.engine.jobs.boots import Boots
from evdesk.firmware.happenings import Lost, Sent, Served, Tick, Versioned
from evdesk.model import EvdeskError, MessageSeen, Reason
from evdesk.model.jobs import Cause, Transfer
from tests.engine.harness import engine, until
from tests.engine.test_job_sent import NEW, OLD, SIZE, Site
from tests.peers.flasher import Flasher, flashers
from tests.peers.test_flashing import free_ports, outcome_of, seed, set_up

ALL = Transfer("http", SIZE, SIZE, SIZE, complete_at=9.0)


def trigger(what: str = "BootNotification", number: str = "7") -> MessageSeen:
    text = f'[2,"{number}","TriggerMessage",{{"requestedMessage":"{what}"}}]'
    return MessageSeen("C1", 1.0, "out", "TriggerMessage", number, text)


def answer(word: str, kind: str = "result", number: str = "7") -> MessageSeen:
    return MessageSeen("C1", 1.0, "in", "TriggerMessage", number, f'[3,"{number}",{{"status":"{word}"}}]', kind)


@pytest.mark.parametrize(
    ("frames", "asked"),
    [
        ([], False),
        ([trigger()], True),
        ([trigger("StatusNotification")], False),
        ([trigger(), answer("Accepted")], True),
        ([trigger(), answer("Rejected")], False),
        ([trigger(), answer("NotImplemented")], False),
        ([trigger(), answer("", "error")], False),
        ([trigger(), answer("", "timeout")], True),  # it may have heard it
        ([trigger(), trigger("StatusNotification", "8"), answer("Rejected", number="8")], True),
    ],
)
def test_what_has_it_tell_its_boot(frames, asked):
    boots = Boots(10.0)
    for frame in frames:
        boots.frame(frame)
    assert boots.asked is asked
    boots.linked(5.0)
    assert not boots.asked, "on another connection it tells it by itself"


async def resumed() -> Site:
    """It has the whole file; the engine was away, and the charger's link is not back yet."""
    site = Site()
    run = site.run_of_it

    async def cannot():
        raise EvdeskError(Reason.UNSUPPORTED, "1.6 has no variable for it.")

    async def trigger_it(what: str, _place: object) -> object:
        site.asked.append(what)
        return SimpleNamespace()

    site.link.firmware_version, site.link.trigger = cannot, trigger_it
    for what in (Sent(1.0), Served(9.0, ALL), Lost(10.0)):
        run.feed(what)
    run.secret, site.record.link, site.at = "", None, 100.0
    await run.resume()
    return site


async def beat(site: Site, at: float) -> None:
    site.at = at
    site.run_of_it.feed(Tick(at))
    await site.settled()


async def test_it_is_asked_only_once_its_own_words_are_through():
    site = await resumed()
    site.link.capabilities = {"trigger"}
    await beat(site, 150.0)
    site.record.link = site.link
    site.at = 160.0
    site.run_of_it.linked()
    await beat(site, 161.0)
    assert site.asked == []
    assert not site.run_of_it.boots.asked
    await beat(site, 169.0)
    assert site.asked == []
    await beat(site, 170.0)
    assert site.asked == ["BootNotification"]
    await beat(site, 190.0)
    assert site.asked == ["BootNotification"], "once"
    await site.run_of_it.close()


async def test_who_told_its_version_is_not_asked_and_who_dropped_is_asked_later():
    site = await resumed()
    site.link.capabilities = {"trigger"}
    site.record.link, site.at = site.link, 160.0
    site.run_of_it.linked()
    site.record.link = None  # it drops before it was asked
    await beat(site, 175.0)
    assert site.asked == []
    site.record.link, site.at = site.link, 180.0
    site.run_of_it.linked()
    identity = SimpleNamespace(firmware=OLD, serial="S", model="M")
    fed = []
    site.run_of_it.feed, feed = fed.append, site.run_of_it.feed
    site.run_of_it.booted(SimpleNamespace(identity=identity))
    site.run_of_it.feed = feed
    assert fed == [Versioned(180.0, OLD, True, "S", "M")], "told by itself: it has restarted"
    await beat(site, 195.0)
    assert site.asked == []
    await site.run_of_it.close()


@pytest.mark.parametrize("tells", [False, True])
async def test_one_that_was_given_up_is_asked_once_its_own_words_after_the_link_are_through(tells):
    site = await resumed()
    site.run_of_it.show(online=False)
    site.link.capabilities = {"trigger"}
    for at in range(101, 3000, 100):
        await beat(site, at)
    assert site.one.cause is Cause.NOT_BACK
    site.record.link, site.at = site.link, 5000.0
    site.run_of_it.linked()
    await asyncio.sleep(0.01)
    assert site.asked == [], "nobody beats for one that is over; it waits by itself"
    if tells:
        site.run_of_it.booted(SimpleNamespace(identity=SimpleNamespace(firmware=OLD, serial="S", model="M")))
    site.at = 5011.0
    await site.settled()
    assert site.asked == ([] if tells else ["BootNotification"])
    await site.run_of_it.close()


async def kept(data: Path, status: str) -> bool:
    """The database knows that it told this."""
    with contextlib.closing(sqlite3.connect(f"file:{data / 'evdesk.db'}?mode=ro", uri=True)) as base:
        (body,) = base.execute("SELECT body FROM job_charger").fetchone()
    return json.loads(body)[0]["status"] == status


class Slow(Flasher):
    """It tells its BootNotification a moment after it has connected, as real ones do."""

    gate: asyncio.Event | None = None

    async def _begin(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        await super()._begin()


@pytest.mark.parametrize(("version", "ends"), [(NEW, ("succeeded", "new_version")), (OLD, ("failed", "same_version"))])
async def test_a_charger_that_restarted_while_evdesk_was_away_counts_as_restarted(tmp_path, version, ends):
    """The version alone proves nothing here: it had the same one before."""
    image, told = seed(tmp_path / "data"), asyncio.Event()

    async def life(one: Flasher, url: str) -> None:
        await one.status("Downloading")
        await one.fetch(url)
        await one.status("Downloaded")
        await one.status("Installing")
        told.set()

    options = ("--accept-unknown", "--speed", "100", "--files-port", str(free_ports()))
    with engine(tmp_path / "data", *options) as first:
        one = Slow(first.ocpp, "A", life, version=version)
        async with flashers(one):
            async with first.client() as api:
                await set_up(api, "A")
                ask = {"charger_ids": ["A"], "image_id": image, "override": "the same version again"}
                job = (await api.call("firmware.start", ask))["job_id"]
                await asyncio.wait_for(told.wait(), 30)

                await until(lambda: kept(tmp_path / "data", "Installing"))
            one._must_boot, one.gate = True, asyncio.Event()
            first.kill()
            with engine(tmp_path / "data", *options, ocpp=f"127.0.0.1:{first.ready['ocpp_port']}") as second:
                async with second.client() as api:

                    async def said(words, api=api):
                        lines = await api.call("job.lines", {"job_id": job, "charger_id": "A"})
                        return any(line["text"] == words for line in lines)

                    await until(lambda: said("The file is offered under the same address again"))
                    await until(lambda: said("Connected"))
                    one.gate.set()
                    found = (await outcome_of(api, job))["chargers"]["A"]
                    assert (found["outcome"], found["cause"]) == ends, found["reason"]
