"""Charging sessions: opened once, closed once, however often the charger tells.

A charger repeats StartTransaction and StopTransaction until it has an answer (OCPP 1.6 section 4.8 and 4.10; errata on
TransactionMessageAttempts), so the same start must find the same session and the same stop must change nothing.
"""

import sqlite3
from typing import Any

from evdesk.model import Session, TransactionEnded, TransactionStarted

COLUMNS = (
    "id, charger_id, connector_id, id_tag, started_at, ended_at, meter_start_wh, meter_stop_wh, energy_wh, "
    "max_power_w, reason, incomplete"
)
SUPERSEDED = "Superseded"
"""The reason of a session whose end was never told: the next one began on the same connector."""

_NEXT = "session_next"
_INT32_MAX = 2_147_483_647


def from_record(record: sqlite3.Row | tuple[Any, ...]) -> Session:
    """A row of `SELECT COLUMNS`."""
    told = list(record)
    told[-1] = bool(told[-1])
    return Session(*told)


def get(connection: sqlite3.Connection, number: int) -> Session:
    return from_record(connection.execute(f"SELECT {COLUMNS} FROM session WHERE id = ?", (number,)).fetchone())


def open_session(connection: sqlite3.Connection, event: TransactionStarted, incomplete: bool) -> Session:
    """Inside the caller's transaction. The charger's own transaction id becomes the session's id where it is free."""
    known = _same_start(connection, event)
    if known is not None:
        return get(connection, known)
    _supersede(connection, event)
    number = _number(connection, event.transaction_id)
    connection.execute(
        "INSERT INTO session(id, charger_id, connector_id, id_tag, started_at, meter_start_wh, incomplete, "
        "transaction_id, charger_started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            event.charger_id,
            event.connector_id,
            event.id_tag,
            event.at,
            event.meter_wh,
            int(incomplete),
            event.transaction_id,
            event.charger_at,
        ),
    )
    return get(connection, number)


def close_session(connection: sqlite3.Connection, event: TransactionEnded) -> Session:
    """Inside the caller's transaction. A stop that fits no session is kept as one of its own, incomplete."""
    number = _find(connection, event)
    if number is None:
        number = _unknown_end(connection, event)
    told = connection.execute(
        "SELECT ended_at, reason, meter_start_wh, energy_wh, incomplete FROM session WHERE id = ?", (number,)
    ).fetchone()
    ended_at, reason, meter_start, energy_so_far, incomplete = told
    if ended_at is not None and reason != SUPERSEDED:
        return get(connection, number)
    if reason == SUPERSEDED:
        incomplete = 0
    energy = energy_so_far
    if meter_start is not None and event.meter_wh is not None and event.meter_wh >= meter_start:
        energy = event.meter_wh - meter_start
    else:
        incomplete = 1
    connection.execute(
        "UPDATE session SET ended_at = ?, meter_stop_wh = ?, energy_wh = ?, reason = ?, incomplete = ?, "
        "charger_ended_at = ?, id_tag = CASE id_tag WHEN '' THEN ? ELSE id_tag END WHERE id = ?",
        (event.at, event.meter_wh, energy, event.reason, incomplete, event.charger_at, event.id_tag, number),
    )
    return get(connection, number)


def _same_start(connection: sqlite3.Connection, event: TransactionStarted) -> int | None:
    """The session this start already made. Without the charger's time: only one that still runs."""
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


def _supersede(connection: sqlite3.Connection, event: TransactionStarted) -> None:
    """One connector runs one transaction: what still seems to run there has ended without a word."""
    connection.execute(
        "UPDATE session SET ended_at = max(started_at, ?), reason = ?, incomplete = 1 "
        "WHERE charger_id = ? AND connector_id = ? AND ended_at IS NULL",
        (event.at, SUPERSEDED, event.charger_id, event.connector_id),
    )


def _number(connection: sqlite3.Connection, wanted: int | None) -> int:
    """A number never given before. The counter skips numbers chargers brought along."""
    if wanted is not None and 0 < wanted <= _INT32_MAX and not _taken(connection, wanted):
        return wanted
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_NEXT,)).fetchone()
    number = int(row[0]) if row else 1
    while _taken(connection, number):
        number += 1
    connection.execute("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", (_NEXT, str(number + 1)))
    return number


def _taken(connection: sqlite3.Connection, number: int) -> bool:
    return connection.execute("SELECT 1 FROM session WHERE id = ?", (number,)).fetchone() is not None


def _find(connection: sqlite3.Connection, event: TransactionEnded) -> int | None:
    """By the transaction id; an id of 0 or below, or none, stands for "not told" (a start that got no answer)."""
    number = event.transaction_id
    if number is not None and number > 0:
        row = connection.execute(
            "SELECT id FROM session WHERE charger_id = ?1 "
            "AND (transaction_id = ?2 OR (id = ?2 AND transaction_id IS NULL)) "
            "ORDER BY ended_at IS NOT NULL, started_at DESC LIMIT 1",
            (event.charger_id, number),
        ).fetchone()
        return None if row is None else int(row[0])
    running = connection.execute(
        "SELECT id FROM session WHERE charger_id = ?1 AND ended_at IS NULL AND (?2 IS NULL OR connector_id = ?2) "
        "AND (?3 IS NULL OR meter_start_wh IS NULL OR meter_start_wh <= ?3) LIMIT 2",
        (event.charger_id, event.connector_id, event.meter_wh),
    ).fetchall()
    if len(running) == 1:
        return int(running[0][0])
    again = connection.execute(
        "SELECT id FROM session WHERE charger_id = ? AND meter_stop_wh IS ? AND reason = ? AND charger_ended_at = ?",
        (event.charger_id, event.meter_wh, event.reason, event.charger_at),
    ).fetchone()
    return None if again is None else int(again[0])


def _unknown_end(connection: sqlite3.Connection, event: TransactionEnded) -> int:
    wanted = event.transaction_id if event.transaction_id and event.transaction_id > 0 else None
    number = _number(connection, wanted)
    connection.execute(
        "INSERT INTO session(id, charger_id, connector_id, id_tag, started_at, incomplete, transaction_id) "
        "VALUES (?, ?, ?, ?, ?, 1, ?)",
        (number, event.charger_id, event.connector_id or 0, event.id_tag, event.at, wanted),
    )
    return number
