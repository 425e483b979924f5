"""A minimal engine side, and a charger that is scripted frame by frame over a real WebSocket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from evdesk.drivers.admission import Guard
from evdesk.drivers.base import Opened
from evdesk.drivers.ocpp_link import LinkOptions
from evdesk.drivers.ocpp_listener import ListenerOptions, OcppListener
from evdesk.drivers.ocpp_station import OcppStation
from evdesk.drivers.ws import WsOptions
from evdesk.model import Attempt, Clock, EvdeskError, Event, Reason, TransactionEnded, TransactionStarted
from evdesk.model.tags import Tag

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
QUICK = ListenerOptions(
    ws=WsOptions(handshake_s=0.3, ping_every_s=None),
    link=LinkOptions(call_s=0.3, grace_s=20.0, quiet_s=0.05),
    opening_grace_s=0.0,
)


@dataclass
class TestHost:
    """Counts transactions in memory; `fails` makes recording fail, `hold` delays it."""

    __test__ = False

    clock: Clock = field(default_factory=Clock)
    accepted: bool = True
    opened: list[TransactionStarted] = field(default_factory=list)
    closed: list[TransactionEnded] = field(default_factory=list)
    fails: bool = False
    hold: asyncio.Event | None = None

    def is_accepted(self, charger_id: str) -> bool:
        return self.accepted

    def authorize(self, charger_id: str, id_tag: str) -> str:
        return "Accepted"

    def listed(self, id_tag: str) -> Tag | None:
        return None

    def may_sign(self, charger_id: str) -> bool:
        return self.accepted

    def heartbeat_s(self, charger_id: str) -> int:
        return 60

    async def _record(self) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.fails:
            raise EvdeskError(Reason.STORAGE, "The disk is full.")

    async def open_transaction(self, event: TransactionStarted) -> Opened:
        await self._record()
        if event not in self.opened:
            self.opened.append(event)
        return Opened(self.opened.index(event) + 1)

    async def close_transaction(self, event: TransactionEnded) -> str:
        await self._record()
        self.closed.append(event)
        return "Accepted"


class Desk:
    """A running listener with everything it told."""

    def __init__(
        self, options: ListenerOptions = QUICK, host: TestHost | None = None, guard: Guard | None = None
    ) -> None:
        self.host = host or TestHost()
        self.events: list[Event] = []
        self.attempts: list[Attempt] = []
        self.stations: list[OcppStation] = []
        self.runs: list[asyncio.Task[None]] = []
        self.port = 0
        self.run_at_once = True
        self.listener = OcppListener(("127.0.0.1", 0), self.host, self._station, self._attempt, options, guard)
        self._news = asyncio.Event()

    def _attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self._news.set()

    def _station(self, station: OcppStation) -> None:
        self.stations.append(station)
        self._news.set()
        if self.run_at_once:
            self.run(station)

    def run(self, station: OcppStation) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(station.run(self._report))
        self.runs.append(task)
        return task

    def _report(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, happened: Callable[[], Any], timeout: float = 5.0) -> Any:
        """Waits for news until `happened()` is true, and returns what it gave."""
        async with asyncio.timeout(timeout):
            while not (result := happened()):
                self._news.clear()
                await self._news.wait()
        return result

    async def event(self, kind: type[Event], **fields: Any) -> Any:
        """The first event of this kind with these fields, now or soon."""

        def found() -> Any:
            return next((e for e in self.events if isinstance(e, kind) and _fits(e, fields)), None)

        return await self.until(found)

    async def verdict(self, verdict: str) -> Attempt:
        return await self.until(lambda: next((a for a in self.attempts if a.verdict == verdict), None))

    def every(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def rules(self) -> set[str]:
        return {event.rule for event in self.events if type(event).__name__ == "FindingSeen"}


def _fits(event: Event, fields: dict[str, Any]) -> bool:
    return all(getattr(event, name) == value for name, value in fields.items())


@asynccontextmanager
async def desk(options: ListenerOptions = QUICK, guard: Guard | None = None, **host: Any):
    made = Desk(options, TestHost(**host), guard)
    _, made.port = await made.listener.start()
    try:
        yield made
    finally:
        await made.listener.close("the test is over")
        await asyncio.gather(*made.runs, return_exceptions=True)


Reaction = dict[str, Any] | Callable[[dict[str, Any]], Any]


class ScriptedCharger:
    """Answers CALLs by action from `script`; a value may be a payload, a function of the request, or None for silence.
    `("error", code)` answers CALLERROR, `("text", ...)` sends that text instead."""

    def __init__(self, ws: ClientConnection, script: dict[str, Any]) -> None:
        self.ws = ws
        self.script = script
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())
        self._slow: list[asyncio.Future[None]] = []
        self._count = 0

    async def _read(self) -> None:
        async for text in self.ws:
            frame = json.loads(text)
            if frame[0] == 2:
                self.asked.append((frame[2], frame[3]))
                await self._react(frame)
            elif (waiting := self._answers.get(frame[1])) is not None and not waiting.done():
                waiting.set_result(frame)

    async def _react(self, frame: list[Any]) -> None:
        reaction = self.script.get(frame[2], {"status": "Accepted"})
        if callable(reaction):
            reaction = reaction(frame[3])
        if isinstance(reaction, Awaitable):
            self._slow.append(asyncio.ensure_future(self._later(frame, reaction)))
        else:
            await self._answer(frame, reaction)

    async def _later(self, frame: list[Any], reaction: Awaitable[Any]) -> None:
        await self._answer(frame, await reaction)

    async def _answer(self, frame: list[Any], reaction: Any) -> None:
        if reaction is None:
            return
        if isinstance(reaction, tuple):
            kind, what = reaction
            await self.ws.send(what if kind == "text" else json.dumps([4, frame[1], what, "", {}]))
            return
        await self.ws.send(json.dumps([3, frame[1], reaction]))

    async def call(self, action: str, payload: dict[str, Any], ident: str | None = None) -> list[Any]:
        """The whole answering frame."""
        self._count += 1
        ident = ident or f"c{self._count}"
        waiting = self._answers[ident] = asyncio.get_running_loop().create_future()
        await self.ws.send(json.dumps([2, ident, action, payload]))
        async with asyncio.timeout(5):
            return await waiting

    async def boot(self) -> None:
        await self.call("BootNotification", BOOT)

    def requests(self, action: str) -> list[dict[str, Any]]:
        return [payload for asked, payload in self.asked if asked == action]

    async def close(self) -> None:
        for task in (self._reader, *self._slow):
            task.cancel()
        await asyncio.gather(self._reader, *self._slow, return_exceptions=True)
        await self.ws.close()


@asynccontextmanager
async def charger(
    made: Desk, ident: str = "CP1", script: dict[str, Any] | None = None, boot: bool = True, **options: Any
):
    """A connected (and booted) charger, and the station that speaks to it."""
    options = {"subprotocols": ["ocpp1.6"], "compression": None} | options
    known = len(made.stations)
    async with connect(f"ws://127.0.0.1:{made.port}/{ident}", **options) as ws:
        peer = ScriptedCharger(ws, script if script is not None else {})
        try:
            await made.until(lambda: len(made.stations) > known)
            if boot:
                await peer.boot()
            yield peer, made.stations[-1]
        finally:
            await peer.close()


def slower(**link: Any) -> ListenerOptions:
    return replace(QUICK, link=replace(QUICK.link, **link))
