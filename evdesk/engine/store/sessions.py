"""Charging sessions: opened once, closed once, however often the charger tells.

A charger repeats StartTransaction and StopTransaction until it has an answer (OCPP 1.6 section 4.8 and 4.10; errata on
TransactionMessageAttempts), so the same start must find the same session and the same stop must change nothing.
"""

import sqlite3
from dataclasses import replace
from typing import Any

from evdesk.model import Session, TransactionEnded, TransactionStarted

COLUMNS = (
    "id, charger_id, connector_id, id_tag, started_at, ended_at, meter_start_wh, meter_stop_wh, energy_wh, "
    "max_power_w, reason, incomplete, ref"
)
SUPERSEDED, NOT_REPORTED = "Superseded", "NotReported"
GUESSED = frozenset({SUPERSEDED, NOT_REPORTED})
"""Ends that evdesk concluded by itself: the charger's own word, when it comes, counts instead. Superseded: the next
charge began on the same connector; not reported: the car has been gone for a while."""

_NEXT = "session_next"
_INT32_MAX = 2_147_483_647
_AFTER_CRASH = 100
"""Numbers skipped after a crash: some may have been given to chargers while the disk was full, and never written."""


class Numbers:
    """Gives transaction ids from memory, so that a charge gets one even while nothing can be written. Never one twice.

    In the event loop only. `clean`: the engine before this one ended in order.
    """

    def __init__(self, connection: sqlite3.Connection, clean: bool) -> None:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (_NEXT,)).fetchone()
        self._next = (int(row[0]) if row else 1) + (0 if clean else _AFTER_CRASH)
        self._taken = {
            number for (number,) in connection.execute("SELECT id FROM session WHERE id >= ?", (self._next,))
        }

    def give(self) -> int:
        while self._next in self._taken:
            self._next += 1
        self._next += 1
        return self._next - 1

    def used(self, given: int, number: int) -> None:
        """The session got `number`: `given` itself, one a charger brought along, or one it had already."""
        if number != given and given == self._next - 1:
            self._next = given
        if number >= self._next:
            self._taken.add(number)


def from_record(record: sqlite3.Row | tuple[Any, ...]) -> Session:
    """A row of `SELECT COLUMNS`."""
    told = list(record)
    told[-2] = bool(told[-2])
    return Session(*told)


def get(connection: sqlite3.Connection, number: int) -> Session:
    return from_record(connection.execute(f"SELECT {COLUMNS} FROM session WHERE id = ?", (number,)).fetchone())


def open_session(connection: sqlite3.Connection, event: TransactionStarted, incomplete: bool, number: int) -> Session:
    """Inside the caller's transaction. `number` (from `Numbers`) is taken unless the charger brought one that is free."""
    known = _same_start(connection, event)
    if known is not None:
        _complete(connection, event, known)
        return get(connection, known)
    _supersede(connection, event)
    number = _number(connection, event.transaction_id, number)
    connection.execute(
        "INSERT INTO session(id, charger_id, connector_id, id_tag, started_at, meter_start_wh, incomplete, "
        "transaction_id, charger_started_at, ref) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            event.charger_id,
            event.connector_id,
            event.id_tag,
            event.at,
            event.meter_wh,
            int(incomplete or event.incomplete),
            event.transaction_id,
            event.charger_at,
            event.ref,
        ),
    )
    return get(connection, number)


def begun(event: TransactionStarted, incomplete: bool, number: int) -> Session:
    """The session as it is told while nothing can be written."""
    return Session(
        id=number,
        charger_id=event.charger_id,
        connector_id=event.connector_id,
        id_tag=event.id_tag,
        started_at=event.at,
        meter_start_wh=event.meter_wh,
        incomplete=incomplete or event.incomplete,
        ref=event.ref,
    )


def close_session(connection: sqlite3.Connection, event: TransactionEnded, number: int) -> Session:
    """Inside the caller's transaction. A stop that fits no session is kept as one of its own, incomplete."""
    found = _find(connection, event)
    if found is None:
        found = _unknown_end(connection, event, number)
    session = ended(get(connection, found), event)
    connection.execute(
        "UPDATE session SET ended_at = ?, meter_stop_wh = ?, energy_wh = ?, reason = ?, incomplete = ?, id_tag = ?, "
        "charger_ended_at = coalesce(charger_ended_at, ?) WHERE id = ?",
        (
            session.ended_at,
            session.meter_stop_wh,
            session.energy_wh,
            session.reason,
            int(session.incomplete),
            session.id_tag,
            event.charger_at,
            found,
        ),
    )
    return session


def ended(session: Session, event: TransactionEnded) -> Session:
    """`session` after this stop; unchanged where it had ended already. Energy by the meter register, never negative:
    a register that went back, or was not told, leaves what was measured on the way, and marks the session."""
    if session.ended_at is not None and session.reason not in GUESSED:
        return session
    start, stop = session.meter_start_wh, event.meter_wh
    proven = start is not None and stop is not None and stop >= start
    return replace(
        session,
        ended_at=max(session.started_at, event.at),
        meter_stop_wh=stop,
        energy_wh=stop - start if start is not None and stop is not None and proven else session.energy_wh,
        reason=event.reason,
        incomplete=not proven or (session.incomplete and session.reason not in GUESSED),
        id_tag=session.id_tag or event.id_tag,
    )


def find(connection: sqlite3.Connection, event: TransactionEnded) -> Session | None:
    """The session this stop belongs to."""
    number = _find(connection, event)
    return None if number is None else get(connection, number)


def _same_start(connection: sqlite3.Connection, event: TransactionStarted) -> int | None:
    """The session this start already made: by the charger's own id (2.x), which it never gives twice; else by what it
    told. Without the charger's time: only one that still runs."""
    if event.ref:
        return _by_ref(connection, event.charger_id, event.ref)
    row = connection.execute(
        "SELECT id FROM session WHERE charger_id = ? AND connector_id = ? AND id_tag = ? AND meter_start_wh IS ? "
        "AND charger_started_at IS ? AND (charger_started_at IS NOT NULL OR ended_at IS NULL) "
        "ORDER BY started_at DESC LIMIT 1",
        (event.charger_id, event.connector_id, event.id_tag, event.meter_wh, event.charger_at),
    ).fetchone()
    if row is None and event.transaction_id is not None:
        row = connection.execute(
            "SELECT id FROM session WHERE charger_id = ? AND connector_id = ? AND ended_at IS NULL "
            "AND (transaction_id = ? OR (transaction_id IS NULL AND id = ?))",
            (event.charger_id, event.connector_id, event.transaction_id, event.transaction_id),
        ).fetchone()
    return None if row is None else int(row[0])


def _complete(connection: sqlite3.Connection, event: TransactionStarted, number: int) -> None:
    """What a transaction (2.x) told later: its tag, or its begin where it was first heard of in the middle."""
    if event.ref and event.id_tag:
        connection.execute("UPDATE session SET id_tag = ? WHERE id = ? AND id_tag = ''", (event.id_tag, number))
    if event.ref and not event.incomplete:
        connection.execute(
            "UPDATE session SET incomplete = 0, started_at = min(started_at, ?), meter_start_wh = ? "
            "WHERE id = ? AND incomplete = 1 AND ended_at IS NULL AND meter_start_wh IS NULL",
            (event.at, event.meter_wh, number),
        )
        # Its end came first, from another place of the offline queue.
        connection.execute(
            "UPDATE session SET started_at = min(started_at, ?1), meter_start_wh = ?2, "
            "energy_wh = CASE WHEN meter_stop_wh >= ?2 THEN meter_stop_wh - ?2 ELSE energy_wh END, "
            "incomplete = CASE WHEN meter_stop_wh >= ?2 THEN 0 ELSE incomplete END "
            "WHERE id = ?3 AND ended_at IS NOT NULL AND meter_start_wh IS NULL AND ?2 IS NOT NULL",
            (event.at, event.meter_wh, number),
        )


def _by_ref(connection: sqlite3.Connection, charger_id: str, ref: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM session WHERE charger_id = ? AND ref = ? ORDER BY id DESC LIMIT 1", (charger_id, ref)
    ).fetchone()
    return None if row is None else int(row[0])


def _supersede(connection: sqlite3.Connection, event: TransactionStarted) -> None:
    """One connector runs one transaction: what still seems to run there has ended without a word. A 2.x transaction that
    is told late (from the offline queue) ends only those that began before it."""
    connection.execute(
        "UPDATE session SET ended_at = max(started_at, ?1), reason = ?2, incomplete = 1 "
        "WHERE charger_id = ?3 AND connector_id = ?4 AND ended_at IS NULL AND (?5 = '' OR started_at <= ?1)",
        (event.at, SUPERSEDED, event.charger_id, event.connector_id, event.ref),
    )


def _number(connection: sqlite3.Connection, wanted: int | None, free: int) -> int:
    """The charger's own number where no session has it, else the free one."""
    if wanted is not None and 0 < wanted <= _INT32_MAX and not _taken(connection, wanted):
        return wanted
    connection.execute(
        "INSERT INTO meta(key, value) VALUES (?1, ?2) ON CONFLICT(key) DO UPDATE "
        "SET value = max(CAST(value AS INTEGER), ?2)",
        (_NEXT, free + 1),
    )
    while _taken(connection, free):
        free += 1
    return free


def _taken(connection: sqlite3.Connection, number: int) -> bool:
    return connection.execute("SELECT 1 FROM session WHERE id = ?", (number,)).fetchone() is not None


def _find(connection: sqlite3.Connection, event: TransactionEnded) -> int | None:
    """By the transaction id; an id of 0 or below, or none, stands for "not told" (a start that got no answer)."""
    if event.ref:
        return _by_ref(connection, event.charger_id, event.ref)
    number = event.transaction_id
    if number is not None and number > 0:
        row = connection.execute(
            "SELECT id FROM session WHERE charger_id = ?1 "
            "AND (transaction_id = ?2 OR (id = ?2 AND transaction_id IS NULL)) "
            "ORDER BY ended_at IS NOT NULL, started_at DESC LIMIT 1",
            (event.charger_id, number),
        ).fetchone()
        return None if row is None else int(row[0])
    again = connection.execute(
        "SELECT id FROM session WHERE charger_id = ? AND meter_stop_wh IS ? AND reason = ? AND charger_ended_at = ?",
        (event.charger_id, event.meter_wh, event.reason, event.charger_at),
    ).fetchone()
    if again is not None:
        return int(again[0])
    running = connection.execute(
        "SELECT id FROM session WHERE charger_id = ?1 AND ended_at IS NULL AND (?2 IS NULL OR connector_id = ?2) "
        "AND (?3 IS NULL OR meter_start_wh IS NULL OR meter_start_wh <= ?3) LIMIT 2",
        (event.charger_id, event.connector_id, event.meter_wh),
    ).fetchall()
    return int(running[0][0]) if len(running) == 1 else None


def _unknown_end(connection: sqlite3.Connection, event: TransactionEnded, free: int) -> int:
    wanted = event.transaction_id if event.transaction_id and event.transaction_id > 0 else None
    number = _number(connection, wanted, free)
    connection.execute(
        "INSERT INTO session(id, charger_id, connector_id, id_tag, started_at, incomplete, transaction_id, ref) "
        "VALUES (?, ?, ?, ?, ?, 1, ?, ?)",
        (number, event.charger_id, event.connector_id or 0, event.id_tag, event.at, wanted, event.ref),
    )
    return number
