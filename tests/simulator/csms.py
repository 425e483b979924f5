"""A very small CSMS for tests: a real WebSocket server that accepts everything, remembers it, and checks it against
the field's schemas."""

import asyncio
import itertools
import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from evdesk.simulator.moments import to_text
from tests.simulator.schemas import breaches

PROTOCOLS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


class Csms:
    """`calls` = (action, payload) in order of arrival. `answers` may override an answer per action; a function gets
    the payload. `breaches` = schema rules broken by what came in, both calls and answers. `requests` = the opening
    handshakes as they came."""

    def __init__(self, clock, ssl=None) -> None:
        self.clock, self.ssl = clock, ssl
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.sends: list[tuple[str, dict[str, Any]]] = []
        self.result_errors: list[list[Any]] = []
        self.frames: list[str] = []
        self.breaches: list[str] = []
        self.answers: dict[str, Any] = {}
        self.sockets: list[ServerConnection] = []
        self.protocols: list[str | None] = []
        self.requests: list[Any] = []
        self.changed = asyncio.Condition()
        self._ids = itertools.count(1)
        self._tx = itertools.count(1)
        self._waiting: dict[str, tuple[str, asyncio.Future[Any]]] = {}

    async def __aenter__(self) -> "Csms":
        await self.listen(0)
        return self

    async def __aexit__(self, *_exc) -> None:
        await self.close()

    async def listen(self, port: int, **more) -> None:
        self.server = await serve(
            self._serve,
            "127.0.0.1",
            port,
            subprotocols=list(PROTOCOLS),
            ping_interval=None,
            select_subprotocol=lambda _c, offered: next((p for p in offered if p in PROTOCOLS), None),
            process_request=self._seen,
            ssl=self.ssl,
            max_size=None,
            **more,
        )
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"{'wss' if self.ssl else 'ws'}://127.0.0.1:{self.port}"

    def _seen(self, _connection, request):
        self.requests.append(request)

    async def close(self) -> None:
        for socket in self.sockets:
            socket.transport.abort()
        self.server.close()
        await self.server.wait_closed()

    async def _serve(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        self.protocols.append(socket.subprotocol)
        with suppress(ConnectionClosed):
            async for text in socket:
                self.frames.append(str(text))
                await self._take(socket, str(text))
        self.sockets.remove(socket)
        await self._notify()

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _take(self, socket: ServerConnection, text: str) -> None:
        try:
            frame = json.loads(text)
            kind = frame[0]
        except (ValueError, KeyError, IndexError, RecursionError):
            return
        protocol = socket.subprotocol or "ocpp1.6"
        if kind == 2 and len(frame) == 4:
            _, call_id, action, payload = frame
            self.breaches += breaches(protocol, action, payload)
            if len(call_id) > 36:
                self.breaches.append(f"message id {call_id} is too long")
            answer = self.answer(protocol, action, payload)
            self.calls.append((action, payload))
            with suppress(ConnectionClosed):
                await socket.send(json.dumps([3, call_id, answer]))
        elif kind == 6:
            self.sends.append((frame[2], frame[3]))
            self.breaches += breaches(protocol, frame[2], frame[3])
        elif kind == 5:
            self.result_errors.append(frame)
        elif kind in (3, 4) and frame[1] in self._waiting:
            action, future = self._waiting.pop(frame[1])
            if kind == 3:
                self.breaches += breaches(protocol, action, frame[2], answer=True)
            future.set_result(frame[2] if kind == 3 else frame[2:4])
        await self._notify()

    def answer(self, protocol: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action in self.answers:
            told = self.answers[action]
            return told(payload) if callable(told) else told
        now = to_text(self.clock.now())
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": now, "interval": 60}
        if action == "Heartbeat":
            return {"currentTime": now}
        if action in ("SignCertificate", "OpenPeriodicEventStream", "DataTransfer"):
            return {"status": "Accepted"}
        if protocol != "ocpp1.6":
            takes_token = action == "Authorize" or (action == "TransactionEvent" and "idToken" in payload)
            return {"idTokenInfo": {"status": "Accepted"}} if takes_token else {}
        if action == "StartTransaction":
            return {"transactionId": next(self._tx), "idTagInfo": {"status": "Accepted"}}
        if action in ("Authorize", "StopTransaction"):
            return {"idTagInfo": {"status": "Accepted"}}
        return {}

    async def call(self, action: str, payload: dict[str, Any]) -> Any:
        """The answer's payload, or [code, description] of a CALLERROR."""
        call_id = f"c{next(self._ids)}"
        future = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = (action, future)
        await self.sockets[-1].send(json.dumps([2, call_id, action, payload]))
        return await asyncio.wait_for(future, 10)

    async def until(self, test, seconds: float = 15.0):
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: test(self))

    def of(self, action: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.calls if name == action]

    def statuses(self, connector_id: int = 1) -> list[str]:
        return [p["status"] for p in self.of("StatusNotification") if p["connectorId"] == connector_id]

    # OCPP 2.x

    def statuses2(self, evse_id: int = 1) -> list[str]:
        return [p["connectorStatus"] for p in self.of("StatusNotification") if p["evseId"] == evse_id]

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """TransactionEvents, all or of one eventType."""
        return [p for p in self.of("TransactionEvent") if not kind or p["eventType"] == kind]

    def states(self) -> list[str]:
        return [p["transactionInfo"]["chargingState"] for p in self.events()]
