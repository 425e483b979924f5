"""One transaction for everything that waits, and what becomes of it when that fails."""

import sqlite3
import time
from collections import deque

from sqlite_utils import Database

from evdesk.engine.store import chain
from evdesk.engine.store.batch import Batch
from evdesk.engine.store.chain import Entry
from evdesk.engine.store.faults import is_storage_fault, storage_error
from evdesk.engine.store.guard import Guard
from evdesk.engine.store.jobs import AuditJob, DurableJob, Outcome
from evdesk.engine.store.keys import Signer
from evdesk.engine.store.rollup import put_number
from evdesk.engine.store.rows import write_batch
from evdesk.engine.store.settings import StoreSettings
from evdesk.model import AuditRow, Clock, EvdeskError, Origin

OWED_MAX = 20_000
"""Rows of audit log and sessions kept in memory while nothing can be written."""

_STORE = Origin("Engine", "api")


class Commits:
    """Owns the writing connection. In the writer thread only."""

    def __init__(self, database: Database, signer: Signer, settings: StoreSettings, clock: Clock, guard: Guard) -> None:
        self.database = database
        self.backlog = Batch()
        self._signer = signer
        self._settings = settings
        self._clock = clock
        self._guard = guard
        self._owed: deque[DurableJob | AuditJob] = deque()
        self._lost_audit = 0
        self._tickets: dict[int, int] = {}  # provisional id -> the row's id
        self._unsigned = chain.unsigned_rows(database.conn)
        self._sign_at = time.monotonic() + settings.checkpoint_s

    @property
    def connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self.database.conn
        return connection

    @property
    def waiting(self) -> bool:
        """Rows are kept in memory because they could not be written."""
        return bool(self.backlog or self._owed or self._lost_audit)

    def commit(self, durable: list[DurableJob | AuditJob], with_backlog: bool) -> tuple[list[Outcome], int]:
        """Writes what is owed, the backlog if asked, then `durable`; on the disk (fsync) when it returns.

        Readings alone are committed without fsync: they survive the end of the process, and the next durable row
        takes them along. Returns the outcomes and the number of rows. Raises `sqlite3.Error`; then nothing was written.
        """
        connection = self.connection
        self._guard.check_still_there()
        full = bool(durable or self._owed or self._lost_audit)
        connection.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
        unsigned = self._unsigned
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._write_owed(connection)
            refused = write_batch(connection, self.backlog) if with_backlog else 0
            outcomes = [self._one(connection, job) for job in durable]
            if self._unsigned >= self._settings.checkpoint_rows:
                self.sign()
            connection.execute("COMMIT")
        except sqlite3.Error:
            self._unsigned = unsigned
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        rows = len(durable) + len(self._owed)
        self._owed.clear()
        self._lost_audit = 0
        if with_backlog:
            rows += self.backlog.rows()
            self.backlog = Batch()
        self._guard.refused(refused)
        return outcomes, rows

    def refuse(self, durable: list[DurableJob | AuditJob], sentence: str) -> list[Outcome]:
        """What must not be lost is owed; whoever waits is told that nothing is written yet."""
        outcomes = []
        for job in durable:
            if job.keep and len(self._owed) < OWED_MAX:
                self._owed.append(job)
            elif job.keep:
                self._lost_audit += 1
            if isinstance(job, AuditJob) and job.keep:
                outcomes.append(Outcome(job, job.provisional()))
            else:
                outcomes.append(Outcome(job, error=storage_error(sentence)))
        return outcomes

    def sign_if_due(self, now: float) -> None:
        """`now`: monotonic seconds."""
        if self._unsigned and now >= self._sign_at:
            self.connection.execute("PRAGMA synchronous = FULL")
            self.sign()

    def sign(self) -> None:
        chain.add_checkpoint(self.connection, self._signer, self._clock.now())
        self._unsigned = 0
        self._sign_at = time.monotonic() + self._settings.checkpoint_s

    def finish(self) -> None:
        """The last act: everything that waits, a signature under it, and the WAL taken into the file."""
        if self.waiting:
            self.commit([], True)
        self.connection.execute("PRAGMA synchronous = FULL")
        if self._unsigned:
            self.sign()
        put_number(self.connection, "clean", 1)
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _write_owed(self, connection: sqlite3.Connection) -> None:
        for job in self._owed:
            self._one(connection, job)
        if self._lost_audit:
            told = chain.canonical({"rows": self._lost_audit})
            entry = Entry(self._clock.now(), "noted", _STORE, "audit.gap", "log", told, "", "{}", None)
            chain.append(connection, entry, None)
            self._unsigned += 1

    def _one(self, connection: sqlite3.Connection, job: DurableJob | AuditJob) -> Outcome:
        """A job whose own data is wrong fails alone; a fault of the storage fails them all."""
        connection.execute("SAVEPOINT job")
        try:
            result = self._append(connection, job) if isinstance(job, AuditJob) else job.run(self.database)
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
        if job.keep:
            self._tickets[job.ticket] = row.id
            while len(self._tickets) > OWED_MAX:
                del self._tickets[next(iter(self._tickets))]
        return row
