"""The one thread that writes. Requests that wait at the same moment share one transaction and one fsync.

When the storage fails, the thread goes on: what somebody waits for is refused at once with the reason, what nobody
waits for is kept in memory within bounds, and every few seconds it tries again. Audit rows and sessions that must not be
lost (`keep`: the act went on without them) are kept in their order and written before anything newer.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from typing import Any

from sqlite_utils import Database

from evdesk.engine.store.commits import Commits
from evdesk.engine.store.faults import storage_error
from evdesk.engine.store.files import open_writer
from evdesk.engine.store.guard import Guard
from evdesk.engine.store.jobs import AuditJob, BatchJob, DurableJob, Job, Outcome, settle
from evdesk.engine.store.keys import Signer
from evdesk.engine.store.rollup import put_number
from evdesk.engine.store.settings import StoreSettings
from evdesk.engine.store.upkeep import Upkeep
from evdesk.model import Clock, EvdeskError

GROUP = 1_000
"""Most jobs in one transaction."""

ENDED = "The storage thread ended unexpectedly. Restart the engine; see its log."

_KEEPS_CONNECTION = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED")


class Writer:
    """Everything but `alive`, `submit` and `stop` runs in its own thread."""

    def __init__(self, database: Database, signer: Signer, settings: StoreSettings, clock: Clock, guard: Guard) -> None:
        self._commits = Commits(database, signer, settings, clock, guard)
        self._guard = guard
        self._retry_s = settings.retry_s
        self._retry_at = 0.0
        self._reopen = False
        self._upkeep = Upkeep(settings, clock)
        self._in_hand: list[Job] = []
        self._dead = False
        self._stuck = False  # upkeep fails although rows can be written: a damaged table
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="evdesk-store-writer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._dead

    def submit(self, job: Job) -> None:
        """From the event loop. `job.future` is resolved there; raises `EvdeskError(STORAGE)` after the thread ended."""
        if not self.alive:
            raise storage_error(ENDED)
        self._queue.put(job)
        if self._dead:
            self._abandon()

    async def stop(self) -> None:
        """Writes what waits, signs the newest audit row, closes the connection."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        clean = False
        try:
            while self._turn():
                pass
            try:
                self._commits.finish()
            except sqlite3.Error as error:
                self._guard.failed(self._guard.sentence(error))
            clean = True
        finally:
            self._commits.database.close()
            if not clean:
                self._dead = True
                self._guard.failed(ENDED)
                self._abandon()

    def _abandon(self) -> None:
        """The thread died of a fault of ours: nobody is left waiting."""
        while not self._queue.empty():
            self._in_hand += [job for job in (self._queue.get_nowait(),) if job is not None]
        for job in self._in_hand:
            if isinstance(job, DurableJob | AuditJob):
                self._tell([Outcome(job, error=storage_error(ENDED))], [])
            elif job.future is not None:
                self._tell([], [job.future])

    def _turn(self) -> bool:
        """One round: write what waits, look at the disk, then upkeep while nobody waits. False after a stop."""
        jobs, stopping = self._collect()
        self._in_hand = jobs
        self._handle(jobs)
        self._in_hand = []
        try:
            self._guard.look()
        except sqlite3.Error as error:
            self._failed(error)
        if self._guard.broken:
            if time.monotonic() >= self._retry_at:
                self._retry()
        elif not stopping and (self._queue.empty() or time.monotonic() > self._upkeep.next_due() + 10.0):
            self._maintain()
        return not stopping

    def _collect(self) -> tuple[list[Job], bool]:
        due = self._retry_at if self._guard.broken else self._upkeep.next_due()
        jobs: list[Job] = []
        try:
            job = self._queue.get(timeout=min(1.0, max(0.0, due - time.monotonic())))
            while job is not None and len(jobs) < GROUP:
                jobs.append(job)
                job = self._queue.get_nowait()
        except queue.Empty:
            return jobs, False
        if job is None:
            return jobs, True
        jobs.append(job)
        return jobs, False

    def _handle(self, jobs: list[Job]) -> None:
        flushed: list[asyncio.Future[Any]] = []
        force = False
        durable: list[DurableJob | AuditJob] = []
        backlog = self._commits.backlog
        for job in jobs:
            if isinstance(job, BatchJob):
                backlog.absorb(job.batch)
                force |= job.force
                if job.future is not None:
                    flushed.append(job.future)
            elif not (isinstance(job, AuditJob) and job.withdrawn):
                durable.append(job)
        tries_backlog = bool(backlog) and (force or not self._guard.broken)
        outcomes = self._write(durable, tries_backlog) if durable or tries_backlog else []
        if self._guard.broken:
            self._guard.dropped(self._commits.backlog.trim())
        if outcomes or flushed:
            self._tell(outcomes, flushed)

    def _tell(self, outcomes: list[Outcome], flushed: "list[asyncio.Future[Any]]") -> None:
        self._guard.in_loop(lambda: settle(outcomes, flushed))

    def _write(self, durable: list[DurableJob | AuditJob], with_backlog: bool) -> list[Outcome]:
        """Everything at once; where that fails, what somebody waits for alone: it needs less room."""
        for backlog_too in (True, False) if with_backlog and durable else (with_backlog,):
            try:
                outcomes, rows = self._commits.commit(durable, backlog_too)
            except sqlite3.Error as error:
                self._failed(error)
                sentence = self._guard.sentence(error)
                continue
            self._upkeep.wrote(rows)
            if not self._commits.waiting and not self._stuck:
                self._guard.works()
            return outcomes
        return self._commits.refuse(durable, sentence)

    def _failed(self, error: sqlite3.Error) -> None:
        self._guard.failed(self._guard.sentence(error))
        self._reopen |= not getattr(error, "sqlite_errorname", "").startswith(_KEEPS_CONNECTION)
        self._retry_at = time.monotonic() + self._retry_s

    def _retry(self) -> None:
        """Tries again with everything that waits; after an error of the disk with a new connection."""
        if self._reopen and not self._open_again():
            self._retry_at = time.monotonic() + self._retry_s
            return
        if self._stuck:
            self._maintain()
        self._write([DurableJob(_probe)], True)

    def _open_again(self) -> bool:
        try:
            self._guard.check_still_there()
            fresh = open_writer(self._guard.path)
        except EvdeskError as error:
            self._guard.failed(error.sentence)
            return False
        except sqlite3.Error as error:
            self._guard.failed(self._guard.sentence(error))
            return False
        self._commits.database.close()
        self._commits.database = fresh
        self._reopen = False
        return True

    def _maintain(self) -> None:
        try:
            self._commits.sign_if_due(time.monotonic())
            while True:
                self._upkeep.run(self._commits.connection)
                if not self._queue.empty() or self._upkeep.next_due() > time.monotonic():
                    break
            self._stuck = False
        except sqlite3.Error as error:
            self._stuck = True
            self._failed(error)


def _probe(database: Database) -> None:
    """A write of its own, so that an empty transaction is not taken for a disk that works again."""
    put_number(database.conn, "probe", time.time())
