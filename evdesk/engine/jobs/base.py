"""What every run of one charger in a job shares: the machine it feeds, the acts it does one by one, the lines it writes."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.commands import Command, Commands
from evdesk.engine.files.service import FileService
from evdesk.engine.files.slots import Offer, Seen
from evdesk.engine.files.slots import Served as Noted
from evdesk.engine.firmware.library import Library
from evdesk.engine.fleet import Fleet
from evdesk.engine.jobs.remarks import elsewhere, from_there
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.setup import Setup
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import SavedCharger
from evdesk.firmware.happenings import Act, Happening, Linked, Lost, Refused, Served, Stop, Told
from evdesk.firmware.machine import Watch
from evdesk.firmware.uploads import LogWatch
from evdesk.firmware.words import INVALID
from evdesk.model import Capability, EvdeskError, Origin, Reason
from evdesk.model.jobs import Cause, JobCharger, JobLine, Step

log = logging.getLogger("evdesk.jobs")
JOB = Origin("Engine", "job")
MOST_BROKEN = 3
OFFER_EVERY_S = 10.0
RETRIES, RETRY_S = 2, 30
"""What the charger is told to do when a transfer fails; the machine's patience is longer."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run needs of the engine. `line` writes one of the job; `changed(run, now)`: it has gone on, `now` to be kept
    at once. `number(job, attempt)`: of a request."""

    fleet: Fleet
    commands: Commands
    setup: Setup
    settings: SettingsBook
    library: Library
    files: FileService
    line: Callable[[JobLine], None]
    changed: "Callable[[Known, bool], None]"
    save: "Callable[[Run], Coroutine[Any, Any, None]]"
    note: "Callable[[Run, str, dict[str, object]], None]"
    number: Callable[[int, int], int]


class Known:
    """One charger in a job: what is known of it, and what of that is shown."""

    def __init__(self, parts: Parts, job_id: int, watch: Watch | LogWatch, secret: str = "") -> None:
        self.parts, self.job_id, self.watch = parts, job_id, watch
        self.secret = secret
        self.offer: Offer | None = None

    @property
    def charger(self) -> JobCharger:
        return self.watch.charger

    @property
    def charger_id(self) -> str:
        return self.watch.charger.charger_id

    @property
    def key(self) -> tuple[str, int]:
        return self.charger_id, self.job_id

    @property
    def begun(self) -> bool:
        return self.charger.step not in (Step.WAITING, Step.PREFLIGHT)

    @property
    def record(self) -> ChargerRecord | None:
        return self.parts.fleet.chargers.get(self.charger_id)

    def saved(self) -> SavedCharger:
        return SavedCharger(self.charger, self.watch.memory, self.secret)

    def now(self) -> float:
        return self.parts.fleet.clock.now()

    def say(self, side: str, text: str, tone: str = "") -> None:
        self.parts.line(JobLine(0, self.job_id, self.charger_id, self.now(), side, text, tone))

    def show(self, **changes: object) -> None:
        """A change of what is shown that the machine need not know."""
        self.watch.charger = replace(self.charger, **changes)  # type: ignore[arg-type]
        self.parts.changed(self, False)

    def can(self, capability: Capability) -> bool:
        record = self.record
        return record is not None and record.link is not None and capability in record.link.capabilities

    def local_address(self) -> str:
        """Of this computer, on which this charger's connection arrived."""
        record = self.record
        return record.link.local_address if record is not None and record.link is not None else ""

    def instead(self) -> str:
        """Where this computer is for it now, instead of where it was told, in words; "" where that is the same."""
        told, offer = self.watch.memory.port, self.offer
        port = f"port {offer.port} instead of {told}" if offer is not None and told and offer.port != told else ""
        return self._elsewhere() or port

    def _elsewhere(self) -> str:
        told, here = self.watch.memory.local_address, self.local_address()
        return f"{here} instead of {told}" if told and here and told != here else ""


class Runner(Known, ABC):
    """The life of a run: it tries to begin, does what the machine asks for one by one, and ends with the engine."""

    def __init__(self, parts: Parts, job_id: int, watch: Watch | LogWatch, secret: str = "") -> None:
        super().__init__(parts, job_id, watch, secret)
        self.held = False  # its job is paused: it is not begun
        self.broken = 0
        self._acts: asyncio.Queue[Act] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._asides: set[asyncio.Task[None]] = set()

    @property
    def beginning(self) -> bool:
        return self._beginning is not None and not self._beginning.done()

    async def still(self) -> bool:
        """Whether the charger may be asked. A person may have ended or paused it during the look before; then its address
        is gone again, and nothing is sent."""
        if not self.watch.over and (self.begun or not self.held):
            return True
        self.offer = None
        await self.parts.files.withdraw(self.key)
        return False

    def try_begin(self) -> None:
        """Begin beside the beat, where it is not being tried already."""
        if not self.beginning and not self.watch.over:
            self._beginning = asyncio.get_running_loop().create_task(self._guarded(self.begin()), name="begin job")
            self._beginning.add_done_callback(self._broke)

    @abstractmethod
    async def begin(self) -> None:
        """Look whether it is ready; if so, ask the charger."""

    @abstractmethod
    async def resume(self) -> None:
        """The engine was away in the middle: offer the file again, and go on watching."""

    @abstractmethod
    async def act(self, act: Act) -> None: ...

    def run(self) -> None:
        """Do what the machine asks for, in order, until it is over."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work(), name=f"job {self.charger_id}")
            self._task.add_done_callback(self._broke)

    def aside(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do it beside the caller; what it raises of evdesk's own is written into the log."""
        task = asyncio.get_running_loop().create_task(self._guarded(doing), name=f"job {self.charger_id}")
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)
        task.add_done_callback(self._broke)

    async def close(self) -> None:
        if self.begun and not self.watch.over:  # of who is asked later this says nothing
            self.watch.memory = replace(self.watch.memory, closed=True)
        mine = (self._task, self._beginning, *self._asides)
        tasks = [task for task in mine if task is not None and not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while not self._acts.empty():
            await self._guarded(self.act(self._acts.get_nowait()))

    @abstractmethod
    def held_up(self, why: str, for_good: bool = False, advice: str = "") -> None:
        """It cannot begin now. `for_good`: it is not tried again."""

    def _broke(self, task: asyncio.Task[None]) -> None:
        """A fault of evdesk's own must not leave a charger without an end: what was asked is watched to its end by the
        timers, what was not is tried again a few times."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("job %d of %s failed inside evdesk", self.job_id, self.charger_id, exc_info=error)
        self.broken += 1
        words = f"evdesk itself failed here ({type(error).__name__}); its log has the details."
        if not self.begun and not self.watch.over:
            self.held_up(words, self.broken >= MOST_BROKEN)
            return
        self.say("evdesk", words, "bad")
        if not self._acts.empty():
            self.run()

    async def _guarded(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except EvdeskError as error:
            if self.begun or self.watch.over:
                self.say("evdesk", error.sentence, "warn")
            else:
                self.held_up(error.sentence)


class Run(Runner):
    """One charger in a job. `begin` may be called again and again until it has begun; what happens comes by `feed`. `verb`:
    what it does with a file."""

    verb = "Fetched"

    # -- life ---------------------------------------------------------------------------------------------------------

    def feed(self, what: Happening) -> None:
        """Tell the machine; what it asks for is done beside the caller."""
        before, knew = self.charger, self.watch.memory
        acts = self.watch.feed(what)
        for act in acts:
            self._acts.put_nowait(act)
        if acts:
            self.run()
        if self.charger is not before:
            one = self.charger
            went_on = (before.step, before.outcome, before.cause) != (one.step, one.outcome, one.cause)
            moved = went_on or (before.status, before.attempts) != (one.status, one.attempts)
            if went_on:
                self.parts.note(self, "job.step", self._step_words())
            complete = before.transfer.complete_at != one.transfer.complete_at
            self.parts.changed(self, moved or complete or knew != self.watch.memory)
            if complete or (self.watch.memory.whole and not knew.whole):
                # Not with the next beat: an engine that is killed now would say later that a part of it was fetched.
                self.aside(self.parts.save(self))

    def _step_words(self) -> dict[str, object]:
        one = self.charger
        words: dict[str, object] = {"step": one.step.value, "status": one.status, "version": one.reported}
        if one.outcome is not None:
            words |= {"outcome": one.outcome.value, "cause": one.cause.value, "said": one.reason}
        return {name: word for name, word in words.items() if word}

    # -- parts --------------------------------------------------------------------------------------------------------

    async def command(self, what: str, args: dict[str, Any], verb: Callable[[Driver], Awaitable[Answer]]) -> Answer:
        """A verb of the charger, with its audit rows. Raises `EvdeskError` where it is away."""
        record = self.record
        link = record.link if record is not None else None
        if link is None:
            raise EvdeskError(Reason.UNREACHABLE, "The charger is offline.")
        command = Command(JOB, what, self.charger_id, {"job_id": self.job_id, **args})
        answer, _row = await self.parts.commands.run(command, lambda: verb(link))
        return answer

    def held_up(self, why: str, for_good: bool = False, advice: str = "") -> None:
        if self.charger.step is Step.WAITING:
            self.show(step=Step.PREFLIGHT, step_at=self.now())
        if self.charger.reason != why:
            self.show(reason=why, next=advice)
            self.say("evdesk", f"Waits: {why}", "warn")
        if for_good:
            self.leave_out(why, advice)

    def leave_out(self, why: str, advice: str = "") -> None:
        """Nothing is sent to it, and `why` is said."""
        self.watch.memory = replace(self.watch.memory, why=why)
        self.feed(Refused(self.now(), Cause.NOT_READY))
        if advice and self.watch.over:
            self.show(next=advice)

    async def ask_status(self, what: str) -> None:
        if self.can(Capability.TRIGGER):
            self.say("evdesk", f"Asked for {what}")
            await self.command("charger.trigger", {"what": what}, lambda link: link.trigger(what, None))

    async def withdraw(self) -> None:
        """What left in the last moment counts: it may have been the end of the file."""
        self.offer = None
        final = await self.parts.files.withdraw(self.key)
        if final.total > self.charger.transfer.total:
            self.feed(Served(self.now(), final))

    async def stop(self, who: str) -> None:
        """A person wants it ended; `who` in words."""
        self.feed(Stop(self.now(), who))

    # -- what happens -------------------------------------------------------------------------------------------------

    def linked(self) -> None:
        if self.begun and not self.watch.over:
            address = self._elsewhere()
            self.say("charger", f"Connected, to {address}" if address else "Connected")
            self.feed(Linked(self.now(), bool(self.instead())))

    def lost(self, cause: str) -> None:
        if self.begun and not self.watch.over:
            self.say("charger", f"Connection lost: {cause}", "warn")
            self.feed(Lost(self.now()))

    def told(self, action: str, status: str, request_id: int | None) -> None:
        if not self.begun or (self.watch.over and status != INVALID):
            return
        if status != self.charger.status:
            bad = "Fail" in status or "Invalid" in status
            good = status in ("Installed", "Downloaded", "Uploaded", "SignatureVerified")
            self.say("charger", f"{action} {status}", "bad" if bad else "good" if good else "")
        counted = self.parts.files.transfer(self.key)
        if not self.watch.over and counted.requests > self.charger.transfer.requests:
            self.feed(Served(self.now(), counted))  # it fetched, and says so before that was counted here
        self.feed(Told(self.now(), status, request_id))

    def served(self, noted: Noted) -> None:
        if noted.what is not Seen.BYTES and noted.text:
            self.say("fetched", noted.text, noted.tone)
        if noted.what in (Seen.REQUEST, Seen.UPLOAD):
            self._mind_address(noted.address)
        self.feed(Served(noted.at, self.parts.files.transfer(self.key)))

    def remark(self, text: str) -> None:
        """Odd, and it changes nothing of how it goes on."""
        if text not in self.charger.remarks:
            self.show(remarks=(*self.charger.remarks, text))
            self.say("evdesk", text, "warn")

    def _mind_address(self, address: str) -> None:
        """Some fetch by another way (a modem, a router) than they are connected; a stranger looks the same."""
        connection = self.record.address if self.record is not None else ""
        if not self.watch.memory.elsewhere and (there := elsewhere(address, connection)):
            self.watch.memory = replace(self.watch.memory, elsewhere=there)
            self.remark(from_there(self.verb, there, connection))
