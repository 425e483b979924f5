"""One charger's update where the engine was away in the middle of it: the file is offered again, and what nobody heard then
is asked for."""

import asyncio
from dataclasses import replace

from evdesk.engine.jobs.asking import AskingRun, Looker
from evdesk.engine.jobs.base import OFFER_EVERY_S, Parts
from evdesk.engine.jobs.boots import Boots
from evdesk.engine.store import SavedCharger
from evdesk.firmware.happenings import Act, Happening, Linked, Lost, Tick
from evdesk.firmware.times import LONGEST_AHEAD_S, Times
from evdesk.firmware.watched import RANK
from evdesk.model import EvdeskError
from evdesk.model.firmware import Image
from evdesk.model.jobs import Step

QUIET_POLL_S = 1.0
FETCHING = frozenset({Step.SENT, Step.DOWNLOADING})


class ResumedRun(AskingRun):
    _to_offer_at: float | None = None  # steady: from when on the file is to be offered again; None: it need not be
    _why_not = ""

    def __init__(
        self, parts: Parts, job_id: int, saved: SavedCharger, times: Times, image: Image, ready: Looker
    ) -> None:
        super().__init__(parts, job_id, saved, times, image, ready)
        self.boots = Boots(times.own_words_s)

    async def resume(self) -> None:
        """Every timer begins anew: while the engine was away nobody could tell it anything."""
        self.show(online=bool(self.record and self.record.online))
        self.say("evdesk", "evdesk was away, and goes on watching", "warn")
        self._wait_anew()
        self.watch.resumed(self.now())
        memory = self.watch.memory
        if self.charger.step in FETCHING and not memory.whole and not memory.closed:
            memory = replace(memory, gap=True, since=False)
        self.watch.memory = replace(memory, closed=False)
        if not memory.heard:
            self.unanswered()
        self.parts.changed(self, True)
        self.boots.wanted = True  # it may have told it in the second in which the engine was killed
        if self.record is not None and self.record.link is not None:
            self.boots.linked(self.parts.fleet.clock.steady())
        if RANK[self.charger.step] < RANK[Step.TESTING] and self.secret:
            # Also where all of it has left: it may fetch it once more, as it could before.
            self._to_offer_at = self.parts.fleet.clock.steady() + OFFER_EVERY_S
            self._acts.put_nowait(Act.OFFER_AGAIN)
        elif RANK[self.charger.step] >= RANK[Step.TESTING] and self.charger.online:
            self.feed(Linked(self.now()))  # who is away is looked at once it is back
        self.run()

    def _wait_anew(self) -> None:
        most_s = self.watch.times.most_s(self.charger.step)
        if most_s is not None and self.charger.waits_until_at is not None:
            date = min(self.charger.install_at or 0.0, self.now() + LONGEST_AHEAD_S)
            longest = max(self.now(), date) + self.watch.times.scheduled_s  # the clock may have been set back meanwhile
            self.show(waits_until_at=min(max(self.charger.waits_until_at, self.now() + most_s), longest))

    async def _offer_again(self) -> None:
        """A laptop that starts may have no network yet, so it is tried until the address is there."""
        if self._to_offer_at is None:
            return  # another address has taken its place
        memory = self.watch.memory
        try:
            self.offer = await self.parts.files.offer(
                self.key,
                self.parts.library.path(self.image.id),
                self.image.file_name,
                memory.local_address,
                memory.scheme,
                secret=self.secret,
                before=self.charger.transfer,
                sha256=self.image.sha256,
            )
        except EvdeskError as error:
            if error.sentence != self._why_not:
                self._why_not = error.sentence
                self.say("evdesk", f"The file cannot be offered again yet: {error.sentence}", "warn")
            return
        self._to_offer_at = None
        if not await self.still():
            return
        if self._why_not and self.charger.step in FETCHING:
            self._wait_anew()  # nobody could fetch anything till now
        if instead := self.instead():
            self.say("evdesk", f"The file is offered again, on {instead}", "warn")
            if self.record is not None and self.record.online:
                self.feed(Linked(self.now(), moved=True))
        else:
            self.say("evdesk", "The file is offered under the same address again")

    def feed(self, what: Happening) -> None:
        super().feed(what)
        if isinstance(what, Tick) and self.boots.wanted and not self.watch.over:
            self._ask_when_quiet()
        due_at = self._to_offer_at
        if due_at is None or RANK[self.charger.step] >= RANK[Step.TESTING]:
            return
        steady = self.parts.fleet.clock.steady()
        if isinstance(what, Linked) or (isinstance(what, Tick) and steady >= due_at):
            self._to_offer_at = steady + OFFER_EVERY_S
            self._acts.put_nowait(Act.OFFER_AGAIN)
            self.run()

    def _ask_when_quiet(self) -> None:
        record = self.record
        linked = record is not None and record.link is not None
        if linked and self.boots.quiet(self.parts.fleet.clock.steady()):
            self.boots.wanted = False
            self._acts.put_nowait(Act.ASK_VERSION)
            self.run()

    async def withdraw(self) -> None:
        self._to_offer_at = None
        await super().withdraw()

    def linked(self) -> None:
        self.boots.linked(self.parts.fleet.clock.steady())
        super().linked()
        self._late_link(Linked(self.now()))

    def lost(self, cause: str) -> None:
        super().lost(cause)
        self._late_link(Lost(self.now()))

    def _late_link(self, what: Linked | Lost) -> None:
        """Over, and being looked at after all, or to be asked whether it should be."""
        if self.watch.over:
            self.feed(what)

    async def until_quiet(self) -> bool:
        """Who is over has no beat that asks it later. False where it has told its version by itself meanwhile."""
        clock = self.parts.fleet.clock
        self.boots.wanted = True
        while not self.boots.quiet(clock.steady()):  # noqa: ASYNC110 - a link may come and begin it anew
            await asyncio.sleep(clock.wall_s(QUIET_POLL_S))
        wanted, self.boots.wanted = self.boots.wanted, False
        return wanted
