"""Writes one batch of waiting rows inside the caller's transaction."""

import sqlite3
from collections.abc import Sequence

from evdesk.engine.store.batch import Batch, Row, Tally
from evdesk.engine.store.faults import is_storage_fault

_SOURCE = "INSERT OR IGNORE INTO source(id, name) VALUES (?, ?)"
_READING = "INSERT INTO reading(source, t, l1, l2, l3, power_w, energy_wh, limit_a) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_MESSAGE = (
    "INSERT INTO message(id, at, charger_id, direction, kind, action, message_id, text, call, fault, protocol, odd) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_MARK = "UPDATE message SET fault = fault | ? WHERE id = ?"
_NOTICE = (
    "INSERT OR IGNORE INTO notice(id, at, kind, severity, charger_id, connector_id, args) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_FINDING = (
    "INSERT INTO finding(charger_id, rule, sentence, clause, raw, message, count, first_at, last_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(charger_id, rule) DO UPDATE SET sentence = excluded.sentence, "
    "clause = excluded.clause, raw = excluded.raw, message = excluded.message, count = count + excluded.count, "
    "first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)"
)
_SESSION = (
    "UPDATE session SET energy_wh = coalesce(?, energy_wh), max_power_w = "
    "max(coalesce(max_power_w, 0), coalesce(?, max_power_w, 0)), meter_start_wh = coalesce(meter_start_wh, ?) "
    "WHERE id = ? AND ended_at IS NULL"
)
_ATTEMPT = (
    "INSERT INTO attempt(id, at, address, charger_id, verdict, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE "
    "SET at = excluded.at, address = excluded.address, body = excluded.body"
)
_DECISION = (
    "INSERT INTO decision(id, source, from_at, to_at, limit_a, code, line, detail, load_a, rating_a, since_at, before_a, "
    "took_a, ended, cause, until_at, kept_a) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT(id) DO UPDATE "
    "SET to_at = excluded.to_at, ended = excluded.ended, cause = excluded.cause"
)
_BEAT = "INSERT OR REPLACE INTO meta(key, value) VALUES ('decided_at', ?)"
_COUNT = (
    "INSERT INTO insight_count(day, name, value) VALUES (?, ?, ?) ON CONFLICT(day, name) DO UPDATE "
    "SET value = value + excluded.value"
)


def write_batch(connection: sqlite3.Connection, batch: Batch) -> int:
    """Returns how many rows were refused because SQLite cannot hold a value of theirs; the rest is written."""
    findings = [_finding_row(key, tally) for key, tally in batch.findings.items()]
    return sum(
        _insert(connection, sql, rows)
        for sql, rows in (
            (_SOURCE, batch.sources),
            (_READING, batch.readings),
            (_MESSAGE, batch.messages),
            (_MARK, batch.marks),
            (_NOTICE, batch.notices),
            (_FINDING, findings),
            (_ATTEMPT, list(batch.attempts.values())),
            (_SESSION, [(*told, number) for number, told in batch.sessions.items()]),
            (_DECISION, list(batch.decisions.values())),
            (_COUNT, [(*key, value) for key, value in batch.counts.items()]),
            (_BEAT, [] if batch.beat is None else [(repr(batch.beat),)]),
        )
        if rows
    )


def _finding_row(key: tuple[str, str], tally: Tally) -> Row:
    seen = tally.seen
    return (*key, seen.sentence, seen.clause, seen.raw, seen.message, tally.count, tally.first_at, tally.last_at)


def _insert(connection: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> int:
    """All at once; where one row is bad, one by one, so that it alone is left out."""
    connection.execute("SAVEPOINT rows")
    try:
        connection.executemany(sql, rows)
    except (sqlite3.Error, OverflowError, ValueError) as error:
        if isinstance(error, sqlite3.Error) and is_storage_fault(error):
            raise
        connection.execute("ROLLBACK TO rows")
        refused = sum(not _insert_one(connection, sql, row) for row in rows)
    else:
        refused = 0
    connection.execute("RELEASE rows")
    return refused


def _insert_one(connection: sqlite3.Connection, sql: str, row: Row) -> bool:
    """Text that is not valid Unicode (a lone surrogate off the wire) is kept with replacement marks."""
    told = tuple(v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in row)
    try:
        connection.execute(sql, told)
    except (sqlite3.Error, OverflowError) as error:
        if isinstance(error, sqlite3.Error) and is_storage_fault(error):
            raise
        return False
    return True
