"""The one thread that writes. Requests that wait at the same moment share one transaction and one fsync.

When the storage fails, the thread goes on: what somebody waits for is refused at once with the reason, what nobody
waits for is kept in memory within bounds, and every few seconds it tries again. Audit rows that must not be lost
(`must` False: the act went on without them) are kept in their order and written before anything newer.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections import deque
from typing import Any

from sqlite_utils import Database

from evdesk.engine.store import chain
from evdesk.engine.store.batch import Batch
from evdesk.engine.store.chain import Entry
from evdesk.engine.store.faults import is_storage_fault, sentence_for, storage_error
from evdesk.engine.store.files import open_writer
from evdesk.engine.store.guard import Guard
from evdesk.engine.store.jobs import AuditJob, BatchJob, DurableJob, Job, Outcome, settle
from evdesk.engine.store.keys import Signer
from evdesk.engine.store.rollup import put_number
from evdesk.engine.store.rows import write_batch
from evdesk.engine.store.settings import StoreSettings
from evdesk.engine.store.upkeep import Upkeep
from evdesk.model import AuditRow, Clock, EvdeskError, Origin

GROUP = 1_000
"""Most jobs in one transaction."""

OWED_MAX = 20_000
_KEEPS_CONNECTION = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED")
_LOST = Origin("Engine", "api")


class Writer:
    """Owns the writing connection. Everything but `submit` and `stop` runs in its own thread."""

    def __init__(self, database: Database, signer: Signer, settings: StoreSettings, clock: Clock, guard: Guard) -> None:
        self._database = database
        self._signer = signer
        self._settings = settings
        self._clock = clock
        self._guard = guard
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._backlog = Batch()
        self._owed: deque[AuditJob] = deque()
        self._tickets: dict[int, int] = {}  # provisional id -> the row's id
        self._retry_at = 0.0
        self._unsigned = chain.unsigned_rows(database.conn)
        self._sign_at = time.monotonic()
        self._upkeep = Upkeep(settings, clock)
        self._thread = threading.Thread(target=self._run, name="evdesk-store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """From the event loop. `job.future` is resolved there; raises `EvdeskError(STORAGE)` after the thread ended."""
        if not self._thread.is_alive():
            raise storage_error("The storage thread has ended. Restart the engine; see its log.")
        self._queue.put(job)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    async def stop(self) -> None:
        """Writes what waits, signs the newest audit row, closes the connection."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        clean = False
        try:
            while self._turn():
                pass
            self._finish()
            clean = True
        finally:
            self._database.close()
            if not clean:
                self._abandon()

    def _abandon(self) -> None:
        """The thread dies of a fault of ours: nobody is left waiting, and health says so."""
        sentence = "The storage thread ended unexpectedly. Restart the engine; see its log."
        self._guard.failed(sentence)
        while not self._queue.empty():
            job = self._queue.get_nowait()
            if isinstance(job, DurableJob | AuditJob):
                self._tell([Outcome(job, error=storage_error(sentence))], [])
            elif job is not None and job.future is not None:
                self._tell([], [job.future])

    def _turn(self) -> bool:
        """One round: collect what waits, write it, then one step of upkeep. False after a stop."""
        jobs, stopping = self._collect()
        self._handle(jobs)
        self._guard.look()
        now = time.monotonic()
        if self._guard.broken:
            if now >= self._retry_at:
                self._retry(now)
        elif self._queue.empty() or now > self._upkeep.next_due() + 10.0:
            self._maintain(now)
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
        flushed = []
        force = False
        durable: list[DurableJob | AuditJob] = []
        for job in jobs:
            if isinstance(job, BatchJob):
                self._backlog.absorb(job.batch)
                force |= job.force
                if job.future is not None:
                    flushed.append(job.future)
            elif not (isinstance(job, AuditJob) and job.withdrawn):
                durable.append(job)
        tries_backlog = bool(self._backlog) and (force or not self._guard.broken)
        outcomes: list[Outcome] = []
        if durable or tries_backlog:
            outcomes = self._write(durable, tries_backlog)
        if self._guard.broken:
            self._guard.dropped(self._backlog.trim())
        if outcomes or flushed:
            self._tell(outcomes, flushed)

    def _tell(self, outcomes: list[Outcome], flushed: "list[asyncio.Future[Any]]") -> None:
        self._guard.in_loop(lambda: settle(outcomes, flushed))

    def _write(self, durable: list[DurableJob | AuditJob], with_backlog: bool) -> list[Outcome]:
        """Everything at once; where that fails, what somebody waits for alone: it needs less room."""
        try:
            outcomes = self._transaction(durable, with_backlog)
        except sqlite3.Error as error:
            self._failed(error)
            if not (durable and with_backlog):
                return self._refuse(durable, error)
        else:
            if not self._backlog:
                self._guard.works()
            return outcomes
        try:
            return self._transaction(durable, False)
        except sqlite3.Error as error:
            return self._refuse(durable, error)

    def _transaction(self, durable: list[DurableJob | AuditJob], with_backlog: bool) -> list[Outcome]:
        connection = self._database.conn
        self._guard.check_still_there()
        full = bool(durable or self._owed)
        connection.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
        unsigned = self._unsigned
        connection.execute("BEGIN IMMEDIATE")
        try:
            for owed in self._owed:
                self._append(connection, owed)
            refused = write_batch(connection, self._backlog) if with_backlog else 0
            outcomes = [self._one(connection, job) for job in durable]
            if self._unsigned >= self._settings.checkpoint_rows:
                self._sign(connection)
            connection.execute("COMMIT")
        except sqlite3.Error:
            self._unsigned = unsigned
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._owed.clear()
        self._upkeep.wrote(len(durable) + (self._backlog.rows() if with_backlog else 0))
        if with_backlog:
            self._backlog = Batch()
        self._guard.refused(refused)
        return outcomes

    def _one(self, connection: sqlite3.Connection, job: DurableJob | AuditJob) -> Outcome:
        """A job whose own data is wrong fails alone; a fault of the storage fails them all."""
        connection.execute("SAVEPOINT job")
        try:
            result = self._append(connection, job) if isinstance(job, AuditJob) else job.run(self._database)
            outcome = Outcome(job, result)
        except EvdeskError as error:
            connection.execute("ROLLBACK TO job")
            outcome = Outcome(job, error=error)
        except (sqlite3.Error, ValueError, OverflowError) as error:
            if isinstance(error, sqlite3.Error) and is_storage_fault(error):
                raise
            connection.execute("ROLLBACK TO job")
            outcome = Outcome(job, error=storage_error(f"This could not be stored: {error}."))
        connection.execute("RELEASE job")
        return outcome

    def _append(self, connection: sqlite3.Connection, job: AuditJob) -> AuditRow:
        ref = job.entry.ref
        if ref is not None and ref < 0:
            ref = self._tickets.get(ref)
        row = chain.append(connection, job.entry, ref)
        self._unsigned += 1
        if not job.must:
            self._tickets[job.ticket] = row.id
            while len(self._tickets) > OWED_MAX:
                del self._tickets[next(iter(self._tickets))]
        return row

    def _refuse(self, durable: list[DurableJob | AuditJob], error: sqlite3.Error) -> list[Outcome]:
        """Rows that must not be lost are owed; everyone else is told that nothing was written."""
        sentence = self._guard.sentence(error)
        outcomes = []
        for job in durable:
            if isinstance(job, AuditJob) and not job.must:
                if len(self._owed) < OWED_MAX:
                    self._owed.append(job)
                else:
                    self._guard.lost_audit += 1
                outcomes.append(Outcome(job, provisional(job)))
            else:
                outcomes.append(Outcome(job, error=storage_error(sentence)))
        return outcomes

    def _failed(self, error: sqlite3.Error) -> None:
        self._guard.failed(self._guard.sentence(error))
        self._guard.reopen |= not getattr(error, "sqlite_errorname", "").startswith(_KEEPS_CONNECTION)
        self._retry_at = time.monotonic() + self._settings.retry_s

    def _retry(self, now: float) -> None:
        """Tries again with everything that waits; after an error of the disk with a new connection."""
        self._retry_at = now + self._settings.retry_s
        if self._guard.reopen:
            try:
                self._guard.check_still_there()
                fresh = open_writer(self._guard.path)
            except (EvdeskError, sqlite3.Error) as error:
                told = error.sentence if isinstance(error, EvdeskError) else sentence_for(error, self._guard.path)
                self._guard.failed(told)
                return
            self._database.close()
            self._database = fresh
            self._guard.reopen = False
        lost = self._guard.lost_audit
        self._write([self._gap(lost)] if lost else [DurableJob(_probe)], True)
        if not self._guard.broken:
            self._guard.lost_audit -= lost

    def _gap(self, lost: int) -> AuditJob:
        """The row that says how many rows are missing."""
        told = chain.canonical({"rows": lost})
        entry = Entry(self._clock.now(), "noted", _LOST, "audit.gap", "log", told, "", "{}", None)
        return AuditJob(entry, 0, True)

    def _maintain(self, now: float) -> None:
        connection = self._database.conn
        try:
            if self._unsigned and now - self._sign_at >= self._settings.checkpoint_s:
                self._sign(connection)
            while True:
                self._upkeep.run(connection)
                if not self._queue.empty() or self._upkeep.next_due() > time.monotonic():
                    break
        except sqlite3.Error as error:
            self._failed(error)

    def _sign(self, connection: sqlite3.Connection) -> None:
        chain.add_checkpoint(connection, self._signer, self._clock.now())
        self._unsigned = 0
        self._sign_at = time.monotonic()

    def _finish(self) -> None:
        try:
            if self._backlog or self._owed:
                self._transaction([], True)
            if self._unsigned:
                self._sign(self._database.conn)
            self._database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            self._guard.failed(self._guard.sentence(error))


def _probe(database: Database) -> None:
    """A write of its own, so that an empty transaction is not taken for a disk that works again."""
    put_number(database.conn, "probe", time.time())


def provisional(job: AuditJob) -> AuditRow:
    """The row as told to its caller before it is in the chain: id negative, no hash."""
    entry, origin = job.entry, job.entry.origin
    return AuditRow(
        id=job.ticket,
        at=entry.at,
        kind=entry.kind,
        who=origin.who,
        via=origin.via,
        address=origin.address,
        what=entry.what,
        target=entry.target,
        outcome=entry.outcome,
        ref=entry.ref,
    )
