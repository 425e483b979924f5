"""A small client of the engine's API, for the command line, tests and scripts. No Qt."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from evdesk.model import EvdeskError, Reason
from evdesk.wire import API_VERSION, Hello, Pushed, RpcError, Snapshot, request_frame
from evdesk.wire.codec import convert

MAX_BYTES = 64 << 20  # a snapshot of a thousand chargers is a few MB
EVENTS_KEPT = 10_000


class ApiClient:
    """`async with ApiClient(url, token) as client: await client.call("charger.list")`.

    `hello` and `snapshot` are there once `connect` has returned. Every failure is an `EvdeskError`.
    """

    def __init__(self, url: str, token: str, via: str = "api", user: str = "") -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}", "X-Evdesk-Client": via}
        if user:
            self._headers["X-Evdesk-User"] = quote(user)
        self.hello: Hello
        self.snapshot: Snapshot
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._events: deque[Pushed] = deque(maxlen=EVENTS_KEPT)
        self._arrived = asyncio.Event()
        self._ended: EvdeskError | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self, timeout_s: float = 10.0) -> Snapshot:
        """Open, greet, take the state. Raises `EvdeskError`: unreachable, auth, refused, or invalid for an engine of
        another API version."""
        try:
            async with asyncio.timeout(timeout_s):
                self._socket = await self._open()
                await self._greet(self._socket)
        except TimeoutError:
            await self.close()
            raise EvdeskError(Reason.TIMEOUT, f"The engine at {self.url} did not answer in {timeout_s:g} s.") from None
        except ConnectionClosed as error:
            raise EvdeskError(Reason.UNREACHABLE, f"The engine hung up at once ({_why_closed(error)}).") from None
        except EvdeskError:
            await self.close()
            raise
        self._reader = asyncio.create_task(self._read(self._socket))
        return self.snapshot

    async def call(self, method: str, params: object = None, timeout_s: float = 60.0) -> Any:
        """The method's result as plain values. `params`: a dict or the method's dataclass. Raises `RpcError` with the
        engine's reason and sentence, or `EvdeskError` when the link is gone or silent."""
        if self._ended is not None or self._socket is None:
            raise self._ended or EvdeskError(Reason.UNREACHABLE, "Not connected to an engine.")
        request_id = next(self._ids)
        answer = self._answers[request_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self._socket.send(request_frame(request_id, method, {} if params is None else params))
                return await answer
        except TimeoutError:
            raise EvdeskError(Reason.TIMEOUT, f"{method} got no answer in {timeout_s:g} s.") from None
        except ConnectionClosed as error:
            raise EvdeskError(Reason.UNREACHABLE, f"The engine hung up ({_why_closed(error)}).") from None
        finally:
            self._answers.pop(request_id, None)

    async def events(self) -> AsyncIterator[Pushed]:
        """Every event after the snapshot, in order. Raises `EvdeskError` when some were missed (the reader was away
        for more than 10,000) or the link ended: connect again for a fresh state."""
        seq = self.snapshot.seq
        while True:
            while self._events:
                event = self._events.popleft()
                if event.seq != seq + 1:
                    raise EvdeskError(Reason.BAD_REPLY, "Events were missed. Connect again for a fresh state.")
                seq = event.seq
                yield event
            if self._ended is not None:
                raise self._ended
            self._arrived.clear()
            await self._arrived.wait()

    async def close(self) -> None:
        """Hang up; open calls fail with `unreachable`."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
            self._reader = None

    async def _open(self) -> ClientConnection:
        where = f"the engine at {self.url}"
        try:
            return await connect(
                self.url,
                additional_headers=self._headers,
                compression=None,
                max_size=MAX_BYTES,
                close_timeout=2.0,
                proxy=None,
                user_agent_header=None,
            )
        except InvalidURI:
            text = f"“{self.url}” is not an address of an engine. It looks like ws://127.0.0.1:9810/api."
            raise EvdeskError(Reason.INVALID, text) from None
        except InvalidStatus as error:
            said = (error.response.body or b"").decode(errors="replace").strip()
            reason = Reason.AUTH if error.response.status_code == 401 else Reason.REFUSED
            text = f"{where[0].upper()}{where[1:]} refused ({error.response.status_code}). {said}"
            raise EvdeskError(reason, text, status=error.response.status_code) from None
        except InvalidHandshake as error:
            raise EvdeskError(Reason.BAD_REPLY, f"What answers at {self.url} is not an engine: {error}.") from None
        except (OSError, EOFError) as error:
            text = f"Cannot reach {where}: {getattr(error, 'strerror', None) or error}. Is it running?"
            raise EvdeskError(Reason.UNREACHABLE, text) from None

    async def _greet(self, socket: ClientConnection) -> None:
        try:
            self.hello = convert(_params(await socket.recv(), "hello"), Hello)
            if self.hello.api != API_VERSION:
                text = (
                    f"This evdesk speaks API version {API_VERSION}, the engine ({self.hello.version}) version "
                    f"{self.hello.api}. Install the same evdesk on both sides."
                )
                raise EvdeskError(Reason.INVALID, text)
            self.snapshot = convert(_params(await socket.recv(), "snapshot"), Snapshot)
        except msgspec.MsgspecError as error:
            raise EvdeskError(Reason.BAD_REPLY, f"The engine's greeting cannot be read: {error}.") from None

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                self._take(msgspec.json.decode(frame))
            cause = _why_closed_code(socket.close_code, socket.close_reason)
        except ConnectionClosed as error:
            cause = _why_closed(error)
        self._ended = EvdeskError(Reason.UNREACHABLE, f"The link to the engine ended ({cause}).")
        self._arrived.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(self._ended)

    def _take(self, frame: dict[str, Any]) -> None:
        if frame.get("method") == "event":
            self._events.append(convert(frame["params"], Pushed))
            self._arrived.set()
            return
        answer = self._answers.get(frame.get("id") or 0)
        if answer is None or answer.done():
            return
        if "error" in frame:
            answer.set_exception(_error(frame["error"]))
        else:
            answer.set_result(frame.get("result"))


def _params(frame: str | bytes, method: str) -> Any:
    raw = msgspec.json.decode(frame)
    if not isinstance(raw, dict) or raw.get("method") != method:
        raise EvdeskError(Reason.BAD_REPLY, f"What answers there is not an engine: its first messages lack “{method}”.")
    return raw.get("params")


def _error(body: dict[str, Any]) -> RpcError:
    data = dict(body.get("data") or {})
    word = str(data.pop("reason", ""))
    reason = Reason(word) if word in set(Reason) else Reason.BAD_REPLY
    error = RpcError(reason, str(body.get("message", "")))
    error.detail.update(data)
    return error


def _why_closed(error: ConnectionClosed) -> str:
    received = error.rcvd
    return _why_closed_code(received.code if received else None, received.reason if received else "")


def _why_closed_code(code: int | None, reason: str | None) -> str:
    return reason or (f"code {code}" if code else "without a word")
