"""One charger's log: asked for, received, kept."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from evdesk.drivers.base import LogRequest
from evdesk.engine.files.slots import Offer, Seen
from evdesk.engine.files.slots import Served as Noted
from evdesk.engine.jobs.base import OFFER_EVERY_S, Parts, Run
from evdesk.engine.jobs.ports import LogKeeper
from evdesk.engine.jobs.schemes import choose, told_schemes
from evdesk.engine.store import SavedCharger
from evdesk.firmware.happenings import Act, Agreed, Linked, Received, Refused, Sent, TurnedAway
from evdesk.firmware.times import Times
from evdesk.firmware.uploads import LogWatch
from evdesk.model import ChargerError, EvdeskError, Reason
from evdesk.model.jobs import Cause

_CAUSES = {"too_large": Cause.TOO_LARGE, "disk_full": Cause.DISK_FULL}


class LogRun(Run):
    verb = "Sent"
    watch: LogWatch

    def __init__(self, parts: Parts, job_id: int, saved: SavedCharger, times: Times, logs: LogKeeper) -> None:
        super().__init__(parts, job_id, LogWatch(saved.charger, saved.memory, times), saved.secret)
        self.logs = logs

    async def begin(self) -> None:
        record = self.record
        if record is None or record.link is None:
            self.held_up("It is offline; asked when it is back.")
            return
        offer = await self._offered()
        if offer is not None and await self.still():
            await self._send(offer)

    async def _offered(self) -> Offer | None:
        record, memory = self.record, self.watch.memory
        if record is None or record.link is None:
            return None
        if not memory.scheme:
            told = told_schemes((await self.parts.settings.view(record)).settings)
            schemes = choose(told, self.parts.files.schemes(), (), record.link.secure)
            if not schemes:
                words = ", ".join(told or ())
                memory = replace(memory, why=f"It can send by {words}; none of that is offered here.")
                self.watch.memory = memory
                self.feed(Refused(self.now(), Cause.UNSUPPORTED))
                return None
            memory = replace(memory, scheme=schemes[0], schemes=schemes[1:2])
        address = self.local_address() or memory.local_address or "127.0.0.1"
        self.watch.memory = replace(memory, local_address=address)
        offer = await self.parts.files.take(self.key, address, memory.scheme)
        self.offer, self.secret = offer, offer.secret
        self.watch.memory = replace(self.watch.memory, port=offer.port)
        if self.watch.over:  # stopped meanwhile
            await self.withdraw()
            return None
        return offer

    async def _send(self, offer: Offer) -> None:
        memory = self.watch.memory
        number = self.parts.number(self.job_id, self.charger.attempts + 1)
        self.show(request_id=number, started_at=self.charger.started_at or self.now(), online=True)
        self.feed(Sent(self.now()))
        await self.parts.save(self)
        if not await self.still():
            return
        request = LogRequest(offer.url, number, memory.kind, memory.from_at, memory.to_at)
        self.say("evdesk", f"Asked for its {memory.kind} log by {offer.scheme.upper()}")
        args = {"kind": memory.kind, "scheme": offer.scheme, "request_id": number}
        try:
            answer = await self.command("charger.get_log", args, lambda link: link.get_log(request))
        except ChargerError as error:
            self.say("charger", error.sentence, "bad")
            if error.reason in (Reason.REFUSED, Reason.UNSUPPORTED, Reason.INVALID):
                cause = Cause.UNSUPPORTED if error.reason is Reason.UNSUPPORTED else Cause.REFUSED
                self.feed(Refused(self.now(), cause, str(error.detail.get("status") or "")))
            return
        if answer.after is None:
            self.say("charger", "Nothing to send", "warn")
            self.feed(Refused(self.now(), Cause.EMPTY))
            return
        self.say("charger", f"{answer.status}, will send {answer.after}", "good")
        if not answer.payload.get("request_id"):
            self.show(request_id=None)
        self.feed(Agreed(self.now(), answer.status))

    async def resume(self) -> None:
        self.say("evdesk", "evdesk was away, and goes on watching", "warn")
        self.watch.resumed(self.now())
        memory, record = self.watch.memory, self.record
        self.show(online=bool(record and record.online), waits_until_at=self.now() + self.watch.times.sent_s)
        secret, said = self.secret, ""
        while secret and secret == self.secret and self.offer is None and not self.watch.over:
            try:
                self.offer = await self.parts.files.take(self.key, memory.local_address, memory.scheme, secret=secret)
            except EvdeskError as error:  # a laptop that starts may have no network yet
                if error.sentence != said:
                    self.say("evdesk", f"The log cannot be taken again yet: {error.sentence}", "warn")
                said = error.sentence
                await asyncio.sleep(self.parts.fleet.clock.wall_s(OFFER_EVERY_S))
        if self.watch.over:
            await self.withdraw()
        elif said:
            self.show(waits_until_at=self.now() + self.watch.times.sent_s)  # nothing could come till now
        if self.offer is not None and self.instead() and self.record is not None and self.record.online:
            self.feed(Linked(self.now(), moved=True))

    async def act(self, act: Act) -> None:
        acts: dict[Act, Callable[[], Awaitable[None]]] = {
            Act.NEXT_SCHEME: self._next_scheme,
            Act.WITHDRAW: self.withdraw,
            Act.END: self._end,
        }
        if act in acts:
            await acts[act]()

    async def _next_scheme(self) -> None:
        what = "What came was not taken" if self.watch.memory.turned_why else "Nothing came"
        self.say("evdesk", f"{what}: asked again by {self.watch.memory.scheme.upper()}", "warn")
        await self.withdraw()
        offer = await self._offered()
        if offer is not None and await self.still():
            await self._send(offer)

    async def _end(self) -> None:
        tone = "good" if self.charger.outcome == "succeeded" else "bad"
        self.say("evdesk", f"{(self.charger.outcome or '').capitalize()}: {self.charger.reason}", tone)

    def served(self, noted: Noted) -> None:
        super().served(noted)
        if noted.what is Seen.REFUSED and noted.text:
            self.feed(TurnedAway(noted.at, noted.text, _CAUSES.get(noted.cause, Cause.NONE)))
        if noted.what in (Seen.RECEIVED, Seen.PARTIAL) and noted.path is not None:
            self.aside(self._keep(noted))

    async def _keep(self, noted: Noted) -> None:
        whole = noted.what is Seen.RECEIVED
        log = await self.logs.keep(noted, self.watch.memory.kind or "diagnostics", self.job_id)
        cause = _CAUSES.get(noted.cause, Cause.NONE)
        self.feed(Received(self.now(), log.size, log.id, whole, cause, log.name))
