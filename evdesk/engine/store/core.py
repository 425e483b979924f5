"""Opening, closing and the two threads: what every part of the store stands on."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlite_utils import Database

from evdesk.engine.store.batch import Batch
from evdesk.engine.store.decided import settle
from evdesk.engine.store.faults import is_too_much, opening_sentence, sentence_for, storage_error
from evdesk.engine.store.files import open_reader, open_writer
from evdesk.engine.store.guard import Guard
from evdesk.engine.store.jobs import BatchJob, DurableJob
from evdesk.engine.store.keys import Signer
from evdesk.engine.store.rollup import get_number, put_number
from evdesk.engine.store.sessions import Numbers
from evdesk.engine.store.settings import StoreSettings
from evdesk.engine.store.writer import Writer
from evdesk.model import Clock, EvdeskError, Reason, Session, StorageHealth

T = TypeVar("T")


class Core:
    """`health` is always the newest; `on_health` is called in the event loop when `ok` or the sentence changes."""

    def __init__(self, path: Path, clock: Clock, settings: StoreSettings | None = None) -> None:
        self.path = path
        self.health = StorageHealth()
        self.on_health: Callable[[StorageHealth], None] | None = None
        self._clock = clock
        self._settings = settings or StoreSettings()
        self._pending = Batch()
        self._sources: dict[str, int] = {}
        self._connectors: dict[tuple[str, int], int] = {}  # the same ids again, without making the name
        self._next_notice = 1
        self._next_message = 1
        self._next_decision = 1
        self._last_attempt = 0
        self._calls: dict[tuple[str, str, str], int] = {}  # (charger, who called, message id) -> row, unanswered
        self._numbers: Numbers | None = None
        self._unwritten: dict[tuple[object, ...], Session] = {}  # begun while nothing could be written
        self._writer: Writer | None = None
        self._guard: Guard | None = None
        self._reader: Database | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._in_flight: asyncio.Future[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Checks, migrates and opens the file. Raises `EvdeskError(STORAGE)` with a sentence that says what to do."""
        database, signer = await asyncio.to_thread(self._prepare)
        self._guard = Guard(self.path, self._settings, self._clock, self._publish)
        self.health = self._guard.health
        self._writer = Writer(database, signer, self._settings, self._clock, self._guard)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="evdesk-store-reader")
        self._timer = asyncio.get_running_loop().call_later(self._settings.flush_s, self._tick)

    async def close(self) -> None:
        """Writes everything that waits and signs the log. Does nothing where the store is not open."""
        writer, executor = self._writer, self._executor
        if writer is None or executor is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        await self.flush()
        self._writer = self._executor = self._timer = None
        await asyncio.get_running_loop().run_in_executor(executor, self._close_reader)
        executor.shutdown()
        await writer.stop()

    async def flush(self) -> None:
        """Everything put so far has been written, or tried, when this returns; `health` tells which."""
        if self._writer is None or not self._writer.alive:
            return
        future = asyncio.get_running_loop().create_future()
        self._writer.submit(BatchJob(self._take(), future, force=True))
        await future

    def _prepare(self) -> tuple[Database, Signer]:
        database = open_writer(self.path)
        try:
            signer = Signer(self.path.parent)
            if self._settings.max_bytes is not None:
                page = database.conn.execute("PRAGMA page_size").fetchone()[0]
                database.conn.execute(f"PRAGMA max_page_count = {max(1, self._settings.max_bytes // page)}")
            self._sources = {name: number for number, name in database.conn.execute("SELECT id, name FROM source")}
            clean = get_number(database.conn, "clean") in (None, 1.0)
            put_number(database.conn, "clean", 0)
            self._numbers = Numbers(database.conn, clean)
            newest = database.conn.execute("SELECT max(id) FROM notice").fetchone()[0]
            self._next_notice = (newest or 0) + 1
            newest = database.conn.execute("SELECT max(id) FROM message").fetchone()[0]
            self._next_message = (newest or 0) + 1
            self._next_decision = settle(database.conn, self._clock.now())
            self._last_attempt = database.conn.execute("SELECT coalesce(max(id), 0) FROM attempt").fetchone()[0]
        except sqlite3.Error as error:
            database.close()
            raise storage_error(opening_sentence(error, self.path)) from error
        except BaseException:
            database.close()
            raise
        return database, signer

    def _tick(self) -> None:
        """Once a second; while the writer hangs on a slow disk, rows wait here within the same bounds."""
        self._timer = asyncio.get_running_loop().call_later(self._settings.flush_s, self._tick)
        if self._writer is None or not self._writer.alive or (self._in_flight and not self._in_flight.done()):
            gone = self._pending.trim()
            if self._guard is not None:
                self._guard.dropped(gone)
        elif self._pending:
            self._in_flight = asyncio.get_running_loop().create_future()
            self._writer.submit(BatchJob(self._take(), self._in_flight))

    def _source(self, name: str) -> int:
        number = self._sources.get(name)
        if number is None:
            number = max(self._sources.values(), default=0) + 1
            self._sources[name] = number
            self._pending.sources.append((number, name))
        return number

    def _connector_source(self, charger_id: str, connector_id: int) -> int:
        number = self._connectors.get((charger_id, connector_id))
        if number is None:
            number = self._source(f"connector/{quote(charger_id, safe='')}/{connector_id}")
            self._connectors[charger_id, connector_id] = number
        return number

    def _take(self) -> Batch:
        batch, self._pending = self._pending, Batch()
        return batch

    def _publish(self, health: StorageHealth) -> None:
        told = (self.health.ok, self.health.sentence) != (health.ok, health.sentence)
        self.health = health
        if told and self.on_health is not None:
            self.on_health(health)

    def _open_writer(self) -> Writer:
        if self._writer is None:
            raise storage_error("The storage is not open. Start the engine.")
        return self._writer

    def _given(self) -> Numbers:
        if self._numbers is None:
            raise storage_error("The storage is not open. Start the engine.")
        return self._numbers

    async def _durable(self, run: Callable[[Database], T], keep: bool = False) -> T:
        """Runs in the writer thread; on the disk when this returns. `keep`: where that fails, it runs again later."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._open_writer().submit(DurableJob(run, future, keep))
        return await future

    async def _read(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """Runs in the reader thread. Raises `EvdeskError(STORAGE)`."""
        if self._executor is None:
            raise storage_error("The storage is not open. Start the engine.")
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._read_now, run)

    def _read_now(self, run: Callable[[sqlite3.Connection], T]) -> T:
        if self._reader is None:
            self._reader = open_reader(self.path)
        try:
            return run(self._reader.conn)
        except OverflowError:
            raise EvdeskError(Reason.INVALID, "A number is larger than any that is stored.") from None
        except sqlite3.Error as error:
            if is_too_much(error):
                raise EvdeskError(Reason.INVALID, f"This is too much to look for ({error}). Ask for less.") from error
            self._close_reader()
            raise storage_error(sentence_for(error, self.path)) from error

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
