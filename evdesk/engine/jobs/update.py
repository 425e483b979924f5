"""One charger's update from the request on: watched, tested, compared."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from evdesk.engine.jobs import aftercare
from evdesk.engine.jobs.boots import BOOT
from evdesk.engine.jobs.remarks import renamed
from evdesk.engine.jobs.resumed import FETCHING, ResumedRun
from evdesk.engine.state import ChargerRecord
from evdesk.firmware.happenings import Act, Looked, Versioned
from evdesk.model import Booted, EvdeskError, Reason
from evdesk.model.firmware import Image
from evdesk.model.jobs import JobCharger, Step


class UpdateRun(ResumedRun):
    """From the answer on: asked for its version, tested, compared."""

    async def act(self, act: Act) -> None:
        acts: dict[Act, Callable[[], Awaitable[None]]] = {
            Act.ASK_STATUS: lambda: self.ask_status("FirmwareStatusNotification"),
            Act.ASK_VERSION: self._ask_version,
            Act.RESTART: self._restart,
            Act.OFFER_AGAIN: self._offer_again,
            Act.NEXT_SCHEME: self.next_scheme,
            Act.WITHDRAW: self.withdraw,
            Act.TEST: self._test,
            Act.COMPARE: self._compare,
            Act.END: self._end,
        }
        await acts[act]()

    async def _ask_version(self) -> None:
        """As a variable where there is one (2.x), else by having it boot in words (1.6)."""
        if self.watch.over and not await self.until_quiet():
            return
        record = self.record
        link = record.link if record is not None else None
        if link is None:
            return
        if not self.boots.quiet(self.parts.fleet.clock.steady()):
            self.boots.wanted = True
            return
        try:
            version = await link.firmware_version()
        except EvdeskError as error:
            if error.reason is not Reason.UNSUPPORTED:
                raise
            await self.ask_status(BOOT)
            return
        if version:
            self.say("charger", f"Has {version}")
            self.feed(Versioned(self.now(), version))

    async def _restart(self) -> None:
        self.say("evdesk", "It says installed and has the old version: restarted once", "warn")
        await self.command("charger.reset", {"kind": "soft"}, lambda link: link.reset("soft"))

    async def _test(self) -> None:
        record = self.record
        if self.watch.memory.proving:
            self.say("evdesk", f"It tells {self.charger.reported} after all: looked at, as after any update")
        since = next((span.from_at for span in self.charger.steps if span.step is Step.REBOOTING), 0.0)
        if record is not None and record.connected_at is not None:
            since = min(since, record.connected_at)  # by a clock that was set since then
        try:
            looked = await aftercare.look(self, since)
        except EvdeskError as error:  # no timer asks again for one that is over
            looked = Looked(self.now(), (f"It could not be looked at: {error.sentence}",))
        self.feed(looked)

    async def _compare(self) -> None:
        self.feed(await aftercare.compare(self, self.restore))

    async def _end(self) -> None:
        one = self.charger
        tone = {"succeeded": "good", "failed": "bad", "unknown": "bad"}.get(one.outcome or "", "")
        self.say("evdesk", f"{(one.outcome or '').capitalize()}: {one.reason}", tone)

    async def stop(self, who: str) -> None:
        """What is being fetched ends first: only then is it known whether it has the whole file."""
        if self.charger.step in FETCHING and not self.watch.over:
            await self.withdraw()
        await super().stop(who)

    async def close(self) -> None:
        await super().close()
        await self.withdraw()  # and what has left till now is kept

    def booted(self, event: Booted) -> None:
        """A BootNotification, believed or not."""
        if not self.begun:
            return
        version = event.identity.firmware
        if not self.watch.over:
            self.say("charger", f"BootNotification, version {version or 'not told'}")
        serial, model = event.identity.serial, event.identity.model
        same = serial and serial == self.charger.serial
        if not self.watch.over and same and (odd := renamed(self.charger.model, model)):
            self.watch.memory = replace(self.watch.memory, renamed=odd)
            self.remark(odd)
        self.boots.wanted = self.boots.wanted and not version
        self.feed(Versioned(self.now(), version, not self.boots.asked, serial, model))


def new_charger(record: ChargerRecord, wave: int, image: Image, hardware: str, now: float) -> JobCharger:
    """A charger of a job before anything was asked of it."""
    who = record.identity
    return JobCharger(
        record.id,
        record.label or record.id,
        who.vendor,
        who.model,
        who.serial,
        hardware,
        record.protocol,
        wave,
        step_at=now,
        from_version=who.firmware,
        to_version=image.manifest.version,
        online=record.online,
    )
