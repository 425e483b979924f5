"""What the store's tests share: a store on a temporary file, waiting for its health, a bare database in memory."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from evdesk.engine.store import Store, StoreSettings
from evdesk.engine.store.schema import LATEST, MIGRATIONS
from evdesk.model import Clock, Origin, Reading, StorageHealth

TECHNICIAN = Origin("Technician", "desk", "127.0.0.1")
BALANCER = Origin("Engine", "balancer")
QUICK = StoreSettings(retry_s=0.05, space_s=0.05)
T0 = 1_800_000_000.0  # a full quarter of an hour


@contextlib.asynccontextmanager
async def opened(path: Path, settings: StoreSettings = QUICK, clock: Clock | None = None) -> AsyncIterator[Store]:
    store = Store(path, clock or Clock(), settings)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


class HealthWatch:
    """Waits, without polling, until the health of a store is as wanted."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.told: list[StorageHealth] = []
        self._changed = asyncio.Event()
        store.on_health = self._on_health

    def _on_health(self, health: StorageHealth) -> None:
        self.told.append(health)
        self._changed.set()

    async def until(self, wanted: Callable[[StorageHealth], bool]) -> StorageHealth:
        async with asyncio.timeout(20):
            while not wanted(self.store.health):
                self._changed.clear()
                await self._changed.wait()
        return self.store.health


class FixedClock(Clock):
    """Stands still until told otherwise."""

    def __init__(self, at: float) -> None:
        super().__init__()
        self.at = at

    def now(self) -> float:
        return self.at


async def note(store: Store, what: str = "charger.set_limit", must: bool = True, **more: object) -> int:
    row = await store.audit(kind="asked", origin=TECHNICIAN, what=what, target="WB-01", must=must, **more)
    return row.id


def power(at: float, power_w: float | None, charger_id: str = "WB-01", connector_id: int = 1) -> Reading:
    return Reading(charger_id, connector_id, at, power_w=power_w)


def tamper(path: Path, *statements: str) -> None:
    """What somebody with a database tool can do: take the triggers away, change rows, put the triggers back."""
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


def bare() -> sqlite3.Connection:
    """An empty database of the newest format, in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for step in MIGRATIONS:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {LATEST}")
    return connection


def settings(**more: object) -> StoreSettings:
    return replace(QUICK, **more)
