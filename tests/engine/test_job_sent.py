"""One charger around its request: what is remembered when it leaves, and what is said where it cannot leave."""

import asyncio
from types import SimpleNamespace

import pytest

from evdesk.drivers.base import Answer
from evdesk.engine.files.slots import Offer
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.store import SavedCharger
from evdesk.firmware.happenings import Agreed, Linked, Sent, Served, Tick
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory
from evdesk.model import ChargerError, EvdeskError, Reason
from evdesk.model.firmware import Image
from evdesk.model.jobs import Cause, JobCharger, Result, Step, Transfer
from evdesk.wire.firmware import Preflight

OLD, NEW, SIZE = "2.4.0", "2.4.1", 1000
PART = Transfer("http", SIZE, 400, 400, requests=1)
WHO = SimpleNamespace(firmware=OLD, serial="S", model="M", vendor="V")


class Site:
    """All that a run needs of the engine: one charger, its link, the files, the clock. `answers`: what the charger does
    with each request to update, an error or None; `save_fails`: as often the disk does not take what is to be sent."""

    def __init__(self, *answers: EvdeskError | None, **memory: object) -> None:
        self.answers, self.save_fails, self.at, self.lines = list(answers), 0, 1.0, []
        self.asked: list[object] = []
        self.link = SimpleNamespace(
            local_address="127.0.0.1", secure=False, capabilities=set(), update_firmware=self.update
        )
        state = SimpleNamespace(state=SimpleNamespace(value="verified"))
        self.record = SimpleNamespace(
            id="C1", link=self.link, online=True, identity=WHO, connectors={}, failsafe=state, protocol="ocpp1.6"
        )
        clock = SimpleNamespace(now=lambda: self.at, steady=lambda: self.at, wall_s=lambda seconds: 0.0)
        self.parts = SimpleNamespace(
            fleet=SimpleNamespace(chargers={"C1": self.record}, clock=clock),
            files=self,
            commands=self,
            library=SimpleNamespace(
                images={"i": Image("i", "x", SIZE, "")}, path=lambda image_id: None, verified=self.verified
            ),
            line=lambda line: self.lines.append(line.text),
            note=lambda run, what, detail: None,
            changed=lambda run, now: None,
            save=self.save,
            number=lambda job_id, attempt: job_id * 100 + attempt,
        )
        charger = JobCharger("C1", from_version=OLD, to_version=NEW, step=Step.PREFLIGHT)
        saved = SavedCharger(charger, Memory(scheme="http", local_address="127.0.0.1", **memory), "secret")
        self.run_of_it = UpdateRun(self.parts, 1, saved, Times(), Image("i", "x", SIZE, ""), self.ready)

    async def verified(self, image_id: str) -> Image:
        return Image(image_id, "x", SIZE, "")

    async def ready(self, record: object, image: Image) -> Preflight:
        return Preflight(
            "C1", "C1", serial="S", from_version=OLD, to_version=NEW, downgrade=False, checks=[], ready=True
        )

    def transfer(self, _key: object) -> Transfer:
        return Transfer()

    async def withdraw(self, _key: object) -> Transfer:
        return PART if self.run_of_it.charger.transfer.total else Transfer()

    async def offer(self, *_args: object, **_more: object) -> Offer:
        return Offer("http://x", "s", "http", "127.0.0.2", 2100)

    async def save(self, _run: object) -> None:
        if self.save_fails:
            self.save_fails -= 1
            raise EvdeskError(Reason.STORAGE, "The disk is full.")

    async def run(self, command: object, act: object) -> tuple[Answer, int]:
        return await act(), 1

    async def update(self, request: object) -> Answer:
        self.asked.append(request)
        error = self.answers.pop(0) if self.answers else None
        if error is not None:
            raise error
        return Answer("Accepted")

    @property
    def one(self) -> JobCharger:
        return self.run_of_it.charger

    async def settled(self) -> None:
        while self.run_of_it._task is not None and not self.run_of_it._task.done():
            await asyncio.wait({self.run_of_it._task})

    async def ticks(self, until: float) -> None:
        """The engine's beat, every 10 s of its clock."""
        while self.at < until and self.one.outcome is None:
            self.at += 10.0
            self.run_of_it.feed(Tick(self.at))
            await self.settled()

    async def asked_again(self) -> None:
        """It had a part of the file, and then connected to another address of this computer: it is to be told anew."""
        for what in (Sent(1.0), Agreed(2.0), Served(5.0, PART), Linked(100.0, moved=True)):
            self.run_of_it.feed(what)
        self.link.local_address, self.at = "127.0.0.2", 161.0
        self.run_of_it.feed(Tick(161.0))
        await self.settled()
        assert self.one.attempts == 2


@pytest.mark.parametrize(("step", "closed"), [(Step.WAITING, False), (Step.PREFLIGHT, False), (Step.DOWNLOADING, True)])
async def test_only_who_was_asked_is_known_to_have_been_left_in_good_order(step, closed):
    site = Site()
    site.run_of_it.watch.charger = JobCharger("C1", step=step)
    await site.run_of_it.close()
    assert site.run_of_it.watch.memory.closed is closed


async def test_who_is_asked_after_an_orderly_end_is_not_closed_any_more():
    site = Site(closed=True)
    offer = await site.offer()
    await site.run_of_it._send(site.record, offer)
    assert (site.one.step, site.run_of_it.watch.memory.closed) == (Step.SENT, False)
    await site.run_of_it.close()


GONE = EvdeskError(Reason.UNREACHABLE, "The charger is offline.")


async def test_a_first_request_that_never_left_is_left_out():
    site = Site(GONE)
    await site.run_of_it._send(site.record, await site.offer())
    assert (site.one.outcome, site.one.cause) == (Result.CANCELLED, Cause.NOT_READY)
    assert site.one.reason == "Nothing was sent. The charger is offline."


@pytest.mark.parametrize(
    "error",
    [GONE, EvdeskError(Reason.INVALID, "A drill."), ChargerError(Reason.INVALID, "Its address is too long.")],
)
async def test_a_second_request_that_never_left_ends_with_what_is_true(error):
    site = Site(*[error] * 9)
    await site.asked_again()
    assert site.one.outcome is None
    assert any("was not asked again" in line and error.sentence in line for line in site.lines)
    await site.ticks(50_000.0)
    assert (site.one.outcome, site.one.cause) == (Result.FAILED, Cause.STALLED)
    assert "stopped at 400 bytes" in site.one.reason
    assert len(site.asked) < 5, "it is not tried for ever"


async def test_a_second_request_that_never_left_is_made_once_the_link_is_back():
    site = Site(GONE)
    await site.asked_again()
    await site.ticks(600.0)
    assert (site.one.outcome, len(site.asked), site.one.step) == (None, 2, Step.DOWNLOADING)
    assert any("Asked to update" in line for line in site.lines[-3:])


async def test_a_disk_that_fails_before_a_second_request_is_no_end():
    site = Site()
    site.save_fails = 1
    await site.asked_again()
    assert (site.one.outcome, site.asked) == (None, [])
    await site.ticks(600.0)
    assert len(site.asked) == 1


async def test_it_did_not_answer_is_said_when_its_time_is_over():
    site = Site()
    seen = []

    async def silent(_request: object) -> Answer:
        seen.append(site.one.reason)
        raise ChargerError(Reason.TIMEOUT, "The charger did not answer within 30 s.")

    site.link.update_firmware = silent
    await site.run_of_it._send(site.record, await site.offer())
    assert seen == [""], "the request is under way"
    assert site.one.reason == "It did not answer; watched all the same, for it may have heard."
    site.run_of_it.feed(Agreed(3.0))
    assert site.one.reason == ""
    await site.run_of_it.close()
