"""The engine's API: JSON-RPC 2.0 over WebSocket at /api, for desks, the command line and scripts.

A client gets `hello`, then `snapshot`, then every `event` after it, in one stream; `seq` counts events for all clients
alike, so that a gap shows. Answers travel in the same stream: whatever a call caused is told before its answer or
right after it, never out of order with other events.
"""

import asyncio
import errno
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from evdesk.engine.calls import BadCall, Call, read_call
from evdesk.engine.gate import Refusal, is_plain_get, origin_of, own_hosts, refuse
from evdesk.engine.outbox import Outbox
from evdesk.model import EvdeskError, Origin, Reason
from evdesk.wire import (
    API_VERSION,
    Hello,
    Pushed,
    Snapshot,
    encode,
    error_frame,
    event_frame,
    hello_frame,
    result_frame,
    snapshot_frame,
)

log = logging.getLogger(__name__)
_transport_log = logging.getLogger("evdesk.engine.websocket")
_transport_log.setLevel(logging.CRITICAL)  # port scanners would fill the log with broken handshakes

Dispatch = Callable[[Origin, str, Any], Awaitable[object]]

CLOSE_TOO_SLOW = 4001
RUNNING_MAX = 32
WAITING_MAX = 256
TRANSPORT_MAX_BYTES = 8 << 20  # frames between MAX_FRAME_CHARS and this get an answer; above, the socket closes (1009)
CLOSE_WITHIN_S = 3.0


@dataclass(slots=True, eq=False)
class _Client:
    socket: ServerConnection
    origin: Origin
    outbox: Outbox = field(default_factory=Outbox)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RUNNING_MAX))
    waiting: int = 0


class ApiServer:
    """Serves one engine. `dispatch(origin, method, params)` runs a method with its decoded dataclass and returns what
    the method's table entry promises; it raises `EvdeskError` for anything a person should read.

    `snapshot()` is called without a pause between it and the client's first event; its `seq` is filled in here.
    """

    def __init__(
        self,
        host: str,
        port: int,
        token: str,
        dispatch: Dispatch,
        snapshot: Callable[[], Snapshot],
        version: str,
    ) -> None:
        self._host = host
        self._port = port
        self._token = token
        self._dispatch = dispatch
        self._snapshot = snapshot
        self._hello = Hello(version, API_VERSION)
        self._seq = 0
        self._clients: set[_Client] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._partings: set[asyncio.Task[None]] = set()
        self._server: Server | None = None

    @property
    def clients(self) -> int:
        return len(self._clients)

    @property
    def desks(self) -> int:
        return sum(c.origin.via == "desk" for c in self._clients)

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address really bound (port 0 asks for a free one)."""
        try:
            self._server = await serve(
                self._serve_client,
                self._host,
                self._port,
                process_request=self._check,
                compression=None,
                max_size=TRANSPORT_MAX_BYTES,
                close_timeout=CLOSE_WITHIN_S,
                server_header=None,
                logger=_transport_log,
            )
        except OSError as error:
            raise EvdeskError(Reason.INVALID, _why_not_bound(self._host, self._port, error)) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def close(self) -> None:
        """Stop listening, let running calls end for a moment (their audit rows want an answer), part from clients."""
        if self._server is None:
            return
        self._server.close(close_connections=False)
        if self._calls:
            await asyncio.wait(self._calls, timeout=CLOSE_WITHIN_S)
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*(self._part(c, 1001, "the engine ends") for c in self._clients))
        await asyncio.gather(*self._calls, *self._partings, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def publish(self, kind: str, data: object) -> None:
        """Tell every client; encoded once. Never blocks: a client that cannot follow is parted from."""
        self._seq += 1
        if not self._clients:
            return
        frame = event_frame(Pushed(self._seq, kind, data))
        for client in tuple(self._clients):
            self._send(client, frame)

    def _send(self, client: _Client, frame: str) -> None:
        if client.outbox.put(frame) or client not in self._clients:
            return
        self._clients.discard(client)
        log.warning("client %s reads too slowly and is parted from", client.origin.address)
        # In a task of its own: the writer may be stuck in the very socket that has to be closed.
        self._keep(self._part(client, CLOSE_TOO_SLOW, "too slow: connect again for a fresh state"), self._partings)

    def _keep(self, work: Coroutine[Any, Any, None], where: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        where.add(task)
        task.add_done_callback(where.discard)

    def _check(self, socket: ServerConnection, request: Request) -> Response | None:
        hosts = own_hosts(self._host, _address(socket.local_address))
        refusal = refuse(request, self._token, hosts)
        if refusal is not None:
            log.info("refused %s: %s", _address(socket.remote_address), refusal.sentence)
            return _respond(refusal)
        if is_plain_get(request):
            body = encode({"version": self._hello.version, "api": self._hello.api, "pid": os.getpid()})
            return _response(HTTPStatus.OK, body, "application/json")
        return None

    async def _serve_client(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        client = _Client(socket, origin_of(socket.request, _address(socket.remote_address)))
        client.outbox.put(hello_frame(self._hello))
        # No await from here to the set: the snapshot and the first event must join without a gap.
        client.outbox.put(snapshot_frame(replace(self._snapshot(), seq=self._seq)))
        self._clients.add(client)
        writer = asyncio.create_task(self._write(client))
        try:
            async for frame in socket:
                self._receive(client, frame)
        except ConnectionClosed:
            pass
        finally:
            self._clients.discard(client)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, client: _Client) -> None:
        try:
            while True:
                await client.socket.send(await client.outbox.get())
        except ConnectionClosed:
            return

    async def _part(self, client: _Client, code: int, reason: str) -> None:
        try:
            await asyncio.wait_for(client.socket.close(code, reason), CLOSE_WITHIN_S)
        except TimeoutError:
            client.socket.transport.abort()

    def _receive(self, client: _Client, frame: str | bytes) -> None:
        try:
            call = read_call(frame)
        except BadCall as error:
            self._send(client, error_frame(error.request_id, error))
            return
        if client.waiting >= WAITING_MAX:
            full = EvdeskError(Reason.REFUSED, f"{WAITING_MAX} calls are under way. Wait for their answers.")
            self._send(client, error_frame(call.id, full))
            return
        client.waiting += 1
        # The server keeps the call, not the client: a command once asked is answered in the audit log even when
        # whoever asked has gone.
        self._keep(self._run(client, call), self._calls)

    async def _run(self, client: _Client, call: Call) -> None:
        try:
            async with client.gate:
                frame = await self._answer(client.origin, call)
        finally:
            client.waiting -= 1
        self._send(client, frame)

    async def _answer(self, origin: Origin, call: Call) -> str:
        try:
            return result_frame(call.id, await self._dispatch(origin, call.method, call.params))
        except EvdeskError as error:
            return error_frame(call.id, error)
        except Exception:  # the rim: one broken method must not end the engine
            log.exception("%s failed", call.method)
            sentence = f"The engine failed in {call.method}. Whether it took effect is not known; see the engine's log."
            return error_frame(call.id, EvdeskError(Reason.BAD_REPLY, sentence, internal=True))


def _address(pair: Any) -> str:
    return str(pair[0]) if isinstance(pair, tuple) and pair else ""


def _respond(refusal: Refusal) -> Response:
    response = _response(refusal.status, refusal.sentence + "\n", "text/plain; charset=utf-8")
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _response(status: HTTPStatus, text: str, kind: str) -> Response:
    body = text.encode()
    headers = Headers(
        {"Connection": "close", "Content-Length": str(len(body)), "Content-Type": kind, "Cache-Control": "no-store"}
    )
    return Response(status.value, status.phrase, headers, body)


def _why_not_bound(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Another program listens on {host}:{port}. Choose another address for the API with --api HOST:PORT."
    if error.errno == errno.EACCES:
        return f"The system does not let this user listen on port {port}. Choose one above 1023 with --api HOST:PORT."
    return f"The API cannot listen on {host}:{port}: {error.strerror or error}. Check --api HOST:PORT."
