"""What the writer does between requests, in small steps: roll up, delete what is too old, bound the logs."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from evdesk.engine.store import rollup, thinning
from evdesk.engine.store.settings import DAY_S, StoreSettings
from evdesk.model import Clock

CLOCK_DOUBT_S = 3_600.0
"""After the clock moved by more than a day, nothing is deleted for this long: it may be wrong, and get corrected."""

WAL_ROWS = 2_000
WAL_S = 30.0


@dataclass(slots=True)
class Task:
    """`step` works inside a transaction and returns True where it wants to go on at once."""

    step: Callable[[sqlite3.Connection], bool]
    every_s: float
    due: float = 0.0


class Upkeep:
    """Runs in the writer thread only."""

    def __init__(self, settings: StoreSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tasks = [
            Task(rollup.roll, settings.roll_s),
            Task(self._prune, settings.prune_s),
            Task(self._bound_messages, settings.roll_s),
            Task(self._bound_notices, settings.prune_s),
            Task(self._bound_attempts, settings.prune_s),
            Task(self._bound_findings, settings.prune_s),
            Task(self._bound_decisions, settings.prune_s),
            Task(self._thin_decisions, settings.prune_s),
        ]
        self._doubt_until: float | None = None
        self._rows = 0
        self._wal_due = time.monotonic() + WAL_S
        now = time.monotonic()
        for task in self._tasks:
            task.due = now + task.every_s

    def wrote(self, rows: int) -> None:
        self._rows += rows

    def next_due(self) -> float:
        """Monotonic seconds."""
        return min(task.due for task in self._tasks)

    def run(self, connection: sqlite3.Connection) -> None:
        """At most one step of the most overdue task. Raises `sqlite3.Error`; the step is then undone."""
        now = time.monotonic()
        task = min(self._tasks, key=lambda t: t.due)
        if task.due <= now:
            task.due = now if self._step(connection, task) else now + task.every_s
        if self._rows and (self._rows >= WAL_ROWS or now >= self._wal_due):
            self._rows, self._wal_due = 0, now + WAL_S
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def run_all(self, connection: sqlite3.Connection) -> None:
        """Every task until it has nothing left to do."""
        for task in self._tasks:
            while self._step(connection, task):
                pass

    def _step(self, connection: sqlite3.Connection, task: Task) -> bool:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            more = task.step(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self._rows += 500
        return more

    def _prune(self, connection: sqlite3.Connection) -> bool:
        now = self._clock.now()
        if self._clock_doubtful(connection, now):
            return False
        kept = (self._settings.raw_s, self._settings.minute_s, self._settings.quarter_s)
        more = rollup.prune(connection, now, kept)
        rollup.put_number(connection, "pruned_at", now)
        return more

    def _clock_doubtful(self, connection: sqlite3.Connection, now: float) -> bool:
        last = rollup.get_number(connection, "pruned_at")
        if last is None or abs(now - last) <= DAY_S * max(1.0, self._clock.speed):
            self._doubt_until = None
            return False
        if self._doubt_until is None:
            self._doubt_until = time.monotonic() + CLOCK_DOUBT_S
        return time.monotonic() < self._doubt_until

    def _bound_messages(self, connection: sqlite3.Connection) -> bool:
        """A tenth above the bound is let be: deleting in larger steps is cheaper."""
        each, total = self._settings.messages_per_charger, self._settings.messages_total
        counts = connection.execute("SELECT charger_id, count(*) FROM message GROUP BY charger_id").fetchall()
        for charger_id, count in counts:
            if count > each * 1.1:
                connection.execute(
                    "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE charger_id = ? ORDER BY id LIMIT ?)",
                    (charger_id, min(count - each, rollup.STEP)),
                )
                return True
        extra = sum(count for _, count in counts) - total
        if extra > total * 0.1:
            connection.execute(
                "DELETE FROM message WHERE id IN (SELECT id FROM message ORDER BY id LIMIT ?)",
                (min(extra, rollup.STEP),),
            )
            return True
        return False

    def _bound_notices(self, connection: sqlite3.Connection) -> bool:
        oldest = connection.execute(
            "SELECT id FROM notice ORDER BY id DESC LIMIT 1 OFFSET ?", (self._settings.notices,)
        ).fetchone()
        if oldest is None:
            return False
        connection.execute("DELETE FROM notice WHERE id <= ?", oldest)
        return False

    def _bound_findings(self, connection: sqlite3.Connection) -> bool:
        """Strangers may come under any number of names."""
        count = connection.execute("SELECT count(*) FROM finding").fetchone()[0]
        if count > self._settings.findings:
            connection.execute(
                "DELETE FROM finding WHERE (charger_id, rule) IN "
                "(SELECT charger_id, rule FROM finding ORDER BY last_at LIMIT ?)",
                (count - self._settings.findings,),
            )
        return False

    def _thin_decisions(self, connection: sqlite3.Connection) -> bool:
        now = self._clock.now()
        if self._clock_doubtful(connection, now):
            return False
        return thinning.thin(connection, now - self._settings.decisions_exact_s)

    def _bound_decisions(self, connection: sqlite3.Connection) -> bool:
        """As old as the readings of a minute at most: without them no moment can be explained. Open ones stay."""
        now = self._clock.now()
        oldest = connection.execute(
            "SELECT id FROM decision ORDER BY id DESC LIMIT 1 OFFSET ?", (self._settings.decisions,)
        ).fetchone()
        gone = 0
        if oldest is not None:
            gone += connection.execute(
                "DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE id <= ? AND to_at IS NOT NULL "
                "ORDER BY id LIMIT ?)",
                (oldest[0], rollup.STEP),
            ).rowcount
        if not self._clock_doubtful(connection, now):
            gone += connection.execute(
                "DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE from_at < ? AND to_at < ? LIMIT ?)",
                (now - self._settings.minute_s, now - self._settings.minute_s, rollup.STEP),
            ).rowcount
        return gone >= rollup.STEP

    def _bound_attempts(self, connection: sqlite3.Connection) -> bool:
        """Those that came again count by their last time."""
        connection.execute(
            "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)",
            (self._settings.attempts,),
        )
        return False
