"""A very small CSMS for tests: a real WebSocket server that accepts everything and remembers it."""

import asyncio
import itertools
import json
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from evdesk.simulator.moments import to_text


class Csms:
    """`calls` = (action, payload) in order of arrival. `answers` may override an answer per action."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.frames: list[str] = []
        self.answers: dict[str, Any] = {}
        self.sockets: list[ServerConnection] = []
        self.protocols: list[str | None] = []
        self.changed = asyncio.Condition()
        self._ids = itertools.count(1)
        self._tx = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> "Csms":
        await self.listen(0)
        return self

    async def __aexit__(self, *_exc) -> None:
        await self.close()

    async def listen(self, port: int) -> None:
        self.server = await serve(
            self._serve,
            "127.0.0.1",
            port,
            subprotocols=["ocpp1.6"],
            ping_interval=None,
            select_subprotocol=lambda _c, offered: offered[0] if offered else None,
        )
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"

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
        except (ValueError, KeyError, IndexError):
            return
        if kind == 2 and len(frame) == 4:
            _, call_id, action, payload = frame
            answer = self.answer(action, payload)
            self.calls.append((action, payload))
            await socket.send(json.dumps([3, call_id, answer]))
            await self._notify()
        elif kind in (3, 4) and frame[1] in self._waiting:
            self._waiting.pop(frame[1]).set_result(frame[2] if kind == 3 else frame[2:4])

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action in self.answers:
            return self.answers[action]
        now = to_text(self.clock.now())
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": now, "interval": 60}
        if action == "Heartbeat":
            return {"currentTime": now}
        if action == "StartTransaction":
            return {"transactionId": next(self._tx), "idTagInfo": {"status": "Accepted"}}
        if action in ("Authorize", "StopTransaction"):
            return {"idTagInfo": {"status": "Accepted"}}
        return {}

    async def call(self, action: str, payload: dict[str, Any]) -> Any:
        call_id = f"c{next(self._ids)}"
        future = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = future
        await self.sockets[-1].send(json.dumps([2, call_id, action, payload]))
        return await asyncio.wait_for(future, 10)

    async def until(self, test, seconds: float = 15.0):
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: test(self))

    def of(self, action: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.calls if name == action]

    def statuses(self, connector_id: int = 1) -> list[str]:
        return [p["status"] for p in self.of("StatusNotification") if p["connectorId"] == connector_id]
