"""A real ApiServer with a small dispatch, for the tests of server, client and command line."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evdesk.engine.instance import Instance, claim
from evdesk.engine.server import ApiServer
from evdesk.model import (
    Charger,
    EngineInfo,
    EvdeskError,
    Origin,
    Reason,
    Site,
    SiteLoad,
    StorageHealth,
)
from evdesk.wire import Snapshot
from evdesk.wire.methods import Done

TOKEN = "a-token-for-tests-that-is-long-enough-000"


def info(**changes: Any) -> EngineInfo:
    values: dict[str, Any] = {
        "version": "0.1.0",
        "started_at": 1000.0,
        "uptime_s": 5.0,
        "ocpp_url": "ws://127.0.0.1:9000/",
        "ocpp_urls": (),
        "api_url": "",
        "data_dir": "",
        "pid": 1,
        "chargers": 0,
        "online": 0,
        "pending": 0,
        "site": "Test site",
        "simulated": True,
        "balancing": True,
        "accept_unknown": False,
        "storage": StorageHealth(),
    }
    return EngineInfo(**(values | changes))


@dataclass
class Desk:
    """What the server is wired to: answers a few methods, records every call."""

    calls: list[tuple[Origin, str, Any]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    started: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    finished: list[str] = field(default_factory=list)
    chargers: tuple[Charger, ...] = ()
    load: SiteLoad = field(default_factory=lambda: SiteLoad(at=1000.0))

    def snapshot(self) -> Snapshot:
        return Snapshot(0, info(chargers=len(self.chargers)), Site(), self.load, self.chargers, (), (), ())

    async def dispatch(self, origin: Origin, method: str, params: Any) -> object:
        self.calls.append((origin, method, params))
        if method == "engine.info":
            return info()
        if method == "charger.list":
            return []
        if method == "charger.get":
            raise EvdeskError(Reason.INVALID, f"There is no charger “{params.charger_id}”.", charger_id="x")
        if method == "charger.reset":
            self.started.release()
            self.arrived.set()
            await self.gate.wait()
            self.finished.append(params.charger_id)
            return Done(status=params.charger_id)
        if method == "charger.unlock":
            raise ZeroDivisionError("a broken method")
        if method == "charger.raw":
            return {"not": object()}
        return Done(status="Accepted")


@asynccontextmanager
async def serving(desk: Desk, token: str = TOKEN) -> AsyncIterator[tuple[ApiServer, str]]:
    server = ApiServer("127.0.0.1", 0, token, desk.dispatch, desk.snapshot, "0.1.0")
    host, port = await server.start()
    try:
        yield server, f"ws://{host}:{port}/api"
    finally:
        desk.gate.set()
        await server.close()


@contextmanager
def running_engine(data: Path, desk: Desk | None = None) -> Iterator[Instance]:
    """A claimed, announced directory with a real API server behind it, on a loop in a thread of its own."""
    ready = threading.Event()
    told: dict[str, Any] = {}

    async def serve() -> None:
        answers, end = desk or Desk(), asyncio.Event()
        told["loop"], told["end"] = asyncio.get_running_loop(), end
        with claim(data) as held:
            server = ApiServer("127.0.0.1", 0, held.token, answers.dispatch, answers.snapshot, "0.1.0")
            told["instance"] = held.announce(*await server.start(), "0.1.0")
            ready.set()
            await end.wait()
            answers.gate.set()
            await server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(5)
    try:
        yield told["instance"]
    finally:
        told["loop"].call_soon_threadsafe(told["end"].set)
        thread.join(5)
