"""One station's WebSocket: dials with back-off, answers calls, sends its own one at a time, keeps its queue."""

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from evdesk.model import Clock
from evdesk.simulator import handshake
from evdesk.simulator.access import Access, AccessError
from evdesk.simulator.outlet import Transaction

Payload = dict[str, Any]
CALL_TIMEOUT_S = 30.0
QUEUE_MAX = 1000


class CallFault(Exception):
    """A call the station cannot do: answered with CALLERROR."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


@dataclass(slots=True)
class Outgoing:
    """`keep`: transaction-related, survives the loss of the link. `transaction` fills in the id when it is sent.

    `early`: may leave before BootNotification is accepted (what a CSMS asks for while it answers Pending).
    """

    action: str
    payload: Payload
    on_result: Callable[[Payload], None] | None = None
    keep: bool = False
    early: bool = False
    transaction: Transaction | None = None
    attempts: int = 0


class Owner(Protocol):
    """What the link needs from its station."""

    def has(self, fault: str) -> bool: ...

    def answer_delay_s(self) -> float: ...

    def handle(self, action: str, payload: Payload) -> Payload: ...

    def shape(self, item: Outgoing) -> list[Outgoing]: ...

    def opened(self) -> None: ...

    def closed(self, cause: str) -> None: ...

    async def ended(self) -> None: ...

    def check_answer(self, action: str, answer: Payload) -> str: ...

    def retry_rules(self) -> tuple[int, float]:
        """(attempts, seconds between) for a transaction message the CSMS failed to take."""
        ...


@dataclass(slots=True)
class Link:
    url: str
    identity: str
    owner: Owner
    clock: Clock
    rng: random.Random
    subprotocol: str = "ocpp1.6"
    access: Access = field(default_factory=Access)
    backoff_s: tuple[float, float] = (1.0, 8.0)
    mute: bool = False
    registered: bool = False  # until BootNotification is accepted nothing else leaves
    blocked_until: float = 0.0
    socket: ClientConnection | None = None
    sent: int = 0
    received: int = 0
    _number: int = 0
    _queue: deque[Outgoing] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: dict[str, asyncio.Future[tuple[bool, Any]]] = field(default_factory=dict)
    _answers: set[asyncio.Task[None]] = field(default_factory=set)
    probed: bool = False
    _leaving: bool = False
    _left: list[ClientConnection] = field(default_factory=list)
    _reader: asyncio.Task[None] = field(init=False)

    @property
    def online(self) -> bool:
        return self.socket is not None

    @property
    def address(self) -> str:
        return handshake.address(self.url, self.identity)

    def post(self, item: Outgoing) -> None:
        """Queue a CALL. What need not be kept is forgotten while offline."""
        if self.socket is None and not item.keep:
            return
        if item.action == "MeterValues" and len(self._queue) >= QUEUE_MAX:
            return  # its memory is full: starts and stops matter more
        self._queue.extend(self.owner.shape(item))
        self._wake.set()

    def resume(self) -> None:
        """The CSMS has accepted the station: let the queue flow."""
        self.registered = True
        self._wake.set()

    def queued(self) -> list[str]:
        """Actions waiting to be sent."""
        return [item.action for item in self._queue]

    def queued_for(self, transaction_id: str | None) -> bool:
        """Whether a TransactionEvent (of this transaction, or of any) still waits to be sent."""
        waiting = [i.payload["transactionInfo"]["transactionId"] for i in self._queue if i.action == "TransactionEvent"]
        return bool(waiting) if transaction_id is None else transaction_id in waiting

    def post_first(self, item: Outgoing) -> None:
        """Queue before everything else (BootNotification)."""
        self._queue.extendleft(reversed(self.owner.shape(item)))
        self._wake.set()

    def drop(self, pause_s: float = 0.0) -> None:
        """Lose the link without a word; dial again after `pause_s`."""
        self.blocked_until = self.clock.now() + pause_s
        if self.socket is not None:
            self.socket.transport.abort()

    def abandon(self) -> None:
        """Dial anew without closing what is open."""
        if self.socket is not None:
            self._leaving = True
            self._reader.cancel()

    async def run(self) -> None:
        """Dial, talk, dial again, for ever. Cancel to end: that is the station's end too."""
        try:
            await self._dial_for_ever()
        finally:
            await self.owner.ended()

    async def _dial_for_ever(self) -> None:
        failures = 0
        while True:
            wait = self.blocked_until - self.clock.now()
            if wait > 0:
                await asyncio.sleep(self.clock.wall_s(wait))
                continue
            cause = await self._session()
            if cause is None and self.owner.has("never_redials"):
                await asyncio.Event().wait()
            if cause is None and self.owner.has("slow_redial"):
                await asyncio.sleep(self.clock.wall_s(600.0))
            failures = 0 if cause is None else failures + 1
            pause = min(self.backoff_s[1], self.backoff_s[0] * 2 ** min(failures, 6)) * self.rng.uniform(0.7, 1.3)
            await asyncio.sleep(self.clock.wall_s(pause))

    async def _session(self) -> str | None:
        """One connection; None when it was open, else why it did not open."""
        try:
            socket = await _dial(self)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed, AccessError) as problem:
            self.owner.closed(f"no connection: {problem or type(problem).__name__}")
            return str(problem)
        self.socket = socket
        sender = asyncio.ensure_future(self._send_all(socket))
        try:
            self.owner.opened()
            self._reader = asyncio.ensure_future(self._read_all(socket))
            await asyncio.wait([self._reader])
            if not self._reader.cancelled():
                self._reader.result()  # a bug in a handler must not pass unseen
        finally:
            self.socket = None
            await self._cleanup(socket, sender)
        self.owner.closed(f"connection ended: {socket.close_code} {socket.close_reason or ''}".rstrip())
        return None

    async def _cleanup(self, socket: ClientConnection, sender: "asyncio.Task[None]") -> None:
        tasks = [sender, self._reader, *self._answers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for future in self._waiting.values():
            future.cancel()
        self._waiting.clear()
        self._queue = deque(item for item in self._queue if item.keep)
        if self._leaving:
            self._leaving = False
            self._left.append(socket)  # nobody closes it, nobody reads it
            return
        socket.transport.abort()
        await socket.wait_closed()

    async def _read_all(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                self.received += 1
                if not self.mute:
                    self._take(socket, text)

    def _take(self, socket: ClientConnection, text: str | bytes) -> None:
        try:
            frame = json.loads(text)
            kind, call_id = frame[0], str(frame[1])
        except (ValueError, LookupError, TypeError):
            return  # a station has nobody to complain to
        if kind == 2 and len(frame) >= 4:
            task = asyncio.ensure_future(self._answer(socket, call_id, str(frame[2]), frame[3]))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
            return
        future = self._waiting.pop(call_id, None)
        if future is not None and not future.done():
            future.set_result((kind == 3, frame[2] if kind == 3 else frame[2:]))

    async def _answer(self, socket: ClientConnection, call_id: str, action: str, payload: Any) -> None:
        if self.owner.has("never_answers"):
            return
        if self.owner.has("calls_before_answers"):
            await self._call(socket, Outgoing("Heartbeat", {}))
        if self.owner.has("unknown_result"):
            await self._send(socket, [3, "nobody-asked", {}])
        await asyncio.sleep(self.clock.wall_s(self.owner.answer_delay_s()))
        frame: list[Any]
        malformed = "FormationViolation" if self.subprotocol == "ocpp1.6" else "FormatViolation"
        try:
            if not isinstance(payload, dict):
                raise CallFault(malformed, "the payload is not an object")
            frame = [3, call_id, self.owner.handle(action, payload)]
        except CallFault as fault:
            text = (
                f"{fault.text} {json.dumps(payload)}".ljust(300, ".")
                if self.owner.has("long_error_text")
                else fault.text
            )
            frame = [4, call_id, fault.code, text, {}]
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            frame = [4, call_id, malformed, f"the payload cannot be read: {problem}"[:255], {}]
        await self._send(socket, frame)

    async def _send(self, socket: ClientConnection, frame: list[Any]) -> None:
        if self.mute:
            return
        with suppress(ConnectionClosed):
            await socket.send(json.dumps(frame, separators=(",", ":")))
            self.sent += 1

    def send_only(self, action: str, payload: Payload) -> None:
        """A SEND frame (2.1), which nobody answers; lost while offline."""
        if self.socket is not None:
            self._number += 1
            frame = [6, f"{self.identity[-12:]}-{self._number}", action, payload]
            task = asyncio.ensure_future(self._send(self.socket, frame))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _send_all(self, socket: ClientConnection) -> None:
        while True:
            self._wake.clear()
            item = next((i for i in self._queue if self.registered or i.early), None)
            if item is None:
                await self._wake.wait()
                continue
            if (
                self.owner.has("two_calls") and self.registered and len(self._queue) > 1
            ):  # against the rule; the second is not sent again
                other = next(i for i in self._queue if i is not item)
                self._queue.remove(other)
                done, _ = await asyncio.gather(self._call(socket, item), self._call(socket, other))
            else:
                done = await self._call(socket, item)
            if done or not item.keep:
                with suppress(ValueError):
                    self._queue.remove(item)
                continue
            item.attempts += 1
            attempts, pause_s = self.owner.retry_rules()
            if item.attempts >= attempts:
                self._queue.remove(item)
            else:
                await asyncio.sleep(self.clock.wall_s(pause_s * item.attempts))

    async def _call(self, socket: ClientConnection, item: Outgoing) -> bool:
        """Send one CALL and wait for its answer; True when the CSMS took it."""
        if self.owner.has("garbage_frames") and self.rng.random() < 0.3:
            with suppress(ConnectionClosed):
                await socket.send(self.rng.choice(('{"not":"ocpp"}', "[2,", "\x00\ufeff", "[9,1,2]", '[2,"x"]')))
        self._number += 1
        call_id = f"{self.identity[-12:]}-{self._number}"
        payload = dict(item.payload)
        if item.transaction is not None and item.action != "StartTransaction":
            payload["transactionId"] = -1 if item.transaction.id is None else item.transaction.id
        future: asyncio.Future[tuple[bool, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = future
        await self._send(socket, [2, call_id, item.action, payload])
        try:
            async with asyncio.timeout(max(1.0, self.clock.wall_s(CALL_TIMEOUT_S))):
                accepted, body = await future
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(call_id, None)
        if accepted and isinstance(body, dict):
            wrong = self.owner.check_answer(item.action, body)
            if wrong:
                await self._send(socket, [5, call_id, "FormatViolation", wrong[:255], {}])
            elif item.on_result is not None:
                item.on_result(body)
        return bool(accepted)


async def _dial(link: Link) -> ClientConnection:
    has = link.owner.has
    if has("short_probe") and not link.probed:
        link.probed = True
        probe = await handshake.dial(link.url, link.identity, link.access, "ocpp1.6", has)
        await asyncio.sleep(link.clock.wall_s(3.0))
        await probe.close()
    socket = await handshake.dial(link.url, link.identity, link.access, link.subprotocol, has)
    if has("reserved_bits"):
        handshake.send_reserved(socket)
    if has("monster_frames"):
        with suppress(ConnectionClosed):
            for text in (
                "[" * 5000 + "]" * 5000,
                json.dumps([2, "big", "DataTransfer", {"data": "x" * 1_048_576}]),
            ):
                await socket.send(text)
    return socket
