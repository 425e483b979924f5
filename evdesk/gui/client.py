"""The desk's one link to the engine: JSON-RPC 2.0 over a WebSocket, on the Qt loop (qasync).

The link comes back by itself. Before each try the address is looked up again, because a restarted engine has
another port and another token.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from urllib.parse import quote, urlsplit

import msgspec
from PySide6.QtCore import QObject, Signal
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import CloseCode

from evdesk.model import EvdeskError, Reason
from evdesk.wire import API_VERSION, METHODS, Hello, RpcError, Snapshot, request_frame
from evdesk.wire.frames import EVENT_KINDS

_log = logging.getLogger("evdesk.gui.client")

BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Waits between tries; the last one repeats."""
CALL_TIMEOUT_S = 40.0
MAX_FRAME = 64 * 1024 * 1024
PING_S, PONG_S, OPEN_S = 3.0, 6.0, 5.0
"""A question each `PING_S`; without an answer for `PONG_S`, or for `OPEN_S` when the link is opened, the engine hangs."""
PROBE_S = 1.0
HUNG = "The engine's process is there, but it does not answer."


class LinkState(StrEnum):
    STARTING = "starting"  # never had an engine yet
    RUNNING = "running"
    LOST = "lost"
    HUNG = "hung"  # its process holds the port and says nothing
    NOT_ALLOWED = "not_allowed"  # the token is not the engine's
    OTHER_VERSION = "other_version"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the engine answers (`ws://host:port/api`) and the token it wants."""

    url: str
    token: str = ""


Locate = Callable[[], Endpoint | None]
"""Looks up the engine; None = there is none right now. Called before every try."""


class _Frame(msgspec.Struct):
    id: int | str | None = None
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, Any] | None = None


class _Event(msgspec.Struct):
    seq: int
    kind: str
    data: msgspec.Raw


class _Calls:
    """Calls under way: a number each, and the future its answer goes to."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def open(self) -> tuple[int, asyncio.Future[msgspec.Raw]]:
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        return number, self._waiting[number]

    def end(self, number: int) -> None:
        self._waiting.pop(number, None)

    def answer(self, frame: _Frame) -> None:
        future = self._waiting.get(frame.id) if isinstance(frame.id, int) else None
        if future is None or future.done():
            return
        if frame.error is not None:
            future.set_exception(_rpc_error(frame.error))
        else:
            future.set_result(frame.result)

    def drop(self) -> None:
        """The link is gone: nobody will answer any more."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_dropped())
                future.exception()  # who waits is told; one that was sent into the closing link has nobody waiting
        self._waiting.clear()


class Client(QObject):
    """`await call(...)` for commands; signals for what the engine pushes.

    `event_received(kind, raw)` carries the event's data still as JSON bytes: the mirror knows the types.
    `failed(sentence)` is for people: a spawned task ended with an error.
    """

    state_changed = Signal(object, str)  # LinkState, sentence
    snapshot_received = Signal(object)
    event_received = Signal(str, object)
    failed = Signal(str)

    def __init__(self, locate: Locate, who: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = LinkState.STARTING
        self.sentence = ""
        self.who = who
        self.engine_version = ""
        self.host = ""  # where the engine was last looked for
        self.back_off_s = BACK_OFF_S
        self._locate = locate
        self._link: ClientConnection | None = None
        self._calls = _Calls()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: asyncio.Task[Any] | None = None
        self._seq = 0

    @property
    def busy(self) -> bool:
        """Whether a call waits for its answer."""
        return bool(self._calls)

    def start(self) -> None:
        """Begin to look for the engine; returns at once. Needs the running loop."""
        if self._runner is None:
            self._runner = self.spawn(self._run())

    async def close(self) -> None:
        """Drop the link and every task; nothing runs afterwards."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._runner = None

    def spawn(self, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any] | None:
        """Run `coro` as a task that is kept; its failure is logged and said in a banner, its cancellation is silent.
        None without a running loop: the desk is ending, and whatever a late timer wanted is not done any more."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            coro.close()
            return None
        task = loop.create_task(coro)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    @property
    def here(self) -> bool:
        """Whether the engine runs on this computer: only then a path means the same to both."""
        return self.host in ("", "localhost", "127.0.0.1", "::1")

    async def call(self, method: str, params: object = None, timeout: float = CALL_TIMEOUT_S) -> Any:
        """One API call; the answer as the type `wire.METHODS` names. Raises `EvdeskError`."""
        link = self._link
        if link is None or self.state is not LinkState.RUNNING:
            sentence = "The engine does not answer. Nothing was sent; try again when it is back."
            raise EvdeskError(Reason.UNREACHABLE, sentence)
        call_id, answer = self._calls.open()
        try:
            await link.send(request_frame(call_id, method, {} if params is None else params))
            raw = await asyncio.wait_for(answer, timeout)
        except ConnectionClosed:
            raise _dropped() from None
        except TimeoutError:
            sentence = f"No answer within {timeout:.0f} s. Look at Activity to see whether it was done."
            raise EvdeskError(Reason.TIMEOUT, sentence) from None
        finally:
            self._calls.end(call_id)
        return _decoded(method, raw)

    async def _run(self) -> None:
        tries = 0
        while True:
            if await self._one_link():
                tries = 0
            wait_s = self.back_off_s[min(tries, len(self.back_off_s) - 1)]
            tries += 1
            await asyncio.sleep(wait_s)

    async def _one_link(self) -> bool:
        """One connection from opening to its end. True when it had been a good one."""
        endpoint = self._locate()
        if endpoint is None:
            self._lost("No engine is running.")
            return False
        self.host = urlsplit(endpoint.url).hostname or ""
        was_good = False
        try:
            async with _open(endpoint, self.who) as link:
                was_good = await self._read(link)
            self._lost("The engine closed the connection.")
        except InvalidStatus as error:
            status = error.response.status_code
            if status in (401, 403):
                self._set(LinkState.NOT_ALLOWED, "The engine does not know this token. Give that of its data folder.")
            else:
                self._lost(f"There is no evdesk engine at this address (it answers HTTP {status}).")
        except ConnectionClosed as error:
            was_good = self.state is LinkState.RUNNING
            if _unanswered(error) and await listens(endpoint.url):
                self._set(LinkState.HUNG, HUNG)
            else:
                self._lost("The engine closed the connection.")
        except msgspec.DecodeError as error:
            _log.error("unreadable frame from the engine: %s", error)
            self._lost("Something else than an evdesk engine of this version answers.")
        except (OSError, TimeoutError, WebSocketException) as error:
            _log.debug("link: %s", error)
            if isinstance(error, TimeoutError) and await listens(endpoint.url):
                self._set(LinkState.HUNG, HUNG)
            else:
                self._lost("The engine does not answer.")
        finally:
            self._link = None
            self._calls.drop()
        return was_good

    async def _read(self, link: ClientConnection) -> bool:
        """Take frames until the link ends; True when the engine was one we can talk to."""
        async for text in link:
            frame = msgspec.json.decode(text, type=_Frame)
            if frame.method == "event":
                self._on_event(msgspec.json.decode(frame.params, type=_Event))
            elif frame.method == "snapshot":
                self._on_snapshot(link, msgspec.json.decode(frame.params, type=Snapshot))
            elif frame.method == "hello":
                if not self._on_hello(msgspec.json.decode(frame.params, type=Hello)):
                    return False
            else:
                self._calls.answer(frame)
        return self.state is LinkState.RUNNING

    def _on_hello(self, hello: Hello) -> bool:
        self.engine_version = hello.version
        if hello.api == API_VERSION:
            return True
        newer, older = ("engine", "desk") if hello.api > API_VERSION else ("desk", "engine")
        self._set(
            LinkState.OTHER_VERSION,
            f"The engine is evdesk {hello.version} and speaks API {hello.api}; this desk speaks {API_VERSION}. "
            f"The {newer} is newer: update the {older}.",
        )
        return False

    def _on_snapshot(self, link: ClientConnection, snapshot: Snapshot) -> None:
        self._link = link
        self._seq = snapshot.seq
        self.snapshot_received.emit(snapshot)
        self._set(LinkState.RUNNING, "")

    def _on_event(self, event: _Event) -> None:
        if event.seq <= self._seq or event.kind not in EVENT_KINDS:
            return  # already in the snapshot, or from a newer engine
        self._seq = event.seq
        self.event_received.emit(event.kind, bytes(event.data))

    def _lost(self, sentence: str) -> None:
        if self.state is LinkState.STARTING:
            self._set(LinkState.STARTING, sentence)
        elif self.state is not LinkState.OTHER_VERSION or sentence != "The engine closed the connection.":
            self._set(LinkState.LOST, sentence)

    def _set(self, state: LinkState, sentence: str) -> None:
        if (state, sentence) == (self.state, self.sentence):
            return
        self.state, self.sentence = state, sentence
        self.state_changed.emit(state, sentence)

    def _task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, EvdeskError):
            _log.warning("%s: %s", error.reason, error.sentence)
            self.failed.emit(error.sentence)
        elif error is not None:
            _log.error("a task failed", exc_info=error)
            self.failed.emit(f"Something in the desk went wrong: {error}")


def _open(endpoint: Endpoint, who: str) -> connect:
    """The opening of a link: an engine that hangs shows within 10 s, and no proxy stands between."""
    headers = {"Authorization": f"Bearer {endpoint.token}", "X-Evdesk-Client": "desk"}
    if who:
        headers["X-Evdesk-User"] = quote(who)
    return connect(
        endpoint.url,
        additional_headers=headers,
        proxy=None,
        compression=None,
        max_size=MAX_FRAME,
        open_timeout=OPEN_S,
        close_timeout=1,
        ping_interval=PING_S,
        ping_timeout=PONG_S,
    )


def _unanswered(error: ConnectionClosed) -> bool:
    """Whether we ended the link ourselves, because pings had no answer."""
    return error.rcvd is None and error.sent is not None and error.sent.code == CloseCode.INTERNAL_ERROR


async def listens(url: str) -> bool:
    """Whether a process holds the port: the system takes connections for it even while it hangs."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(PROBE_S):
            _, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", parts.port or 80)
    except (OSError, TimeoutError, ValueError):
        return False
    writer.close()
    return True


def _dropped() -> EvdeskError:
    sentence = "The link to the engine dropped before the answer. Look at Activity to see whether it was done."
    return EvdeskError(Reason.UNREACHABLE, sentence)


def _decoded(method: str, raw: msgspec.Raw) -> Any:
    known = METHODS.get(method)
    kind = known.result if known is not None else Any
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise EvdeskError(Reason.BAD_REPLY, f"The engine's answer to {method} cannot be read: {error}.") from None


def _rpc_error(error: dict[str, Any]) -> RpcError:
    data = error.get("data") or {}
    detail = {str(k): v for k, v in cast("dict[str, Any]", data).items() if k not in ("reason", "sentence")}
    try:
        reason = Reason(data.get("reason", ""))
    except ValueError:
        reason = Reason.BAD_REPLY
    return RpcError(reason, str(error.get("message") or "The engine refused."), **detail)
