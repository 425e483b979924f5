"""Readings rolled up to one minute and a quarter of an hour, and what is too old deleted.

Rows are rolled in the order they were written, each exactly once: `meta.rolled_id` moves in the same transaction. So
readings of the past, and a clock that went back, land in their own minute, and a crash never counts a row twice.
"""

import sqlite3

from evdesk.engine.store.schema import FIELDS

MINUTE, QUARTER = 60, 900
LEVELS = {MINUTE: "reading_1m", QUARTER: "reading_15m"}
STEP = 5_000
"""Rows per transaction: a command's audit row never waits for more than one such step."""


def _merge_sql(table: str, width: int) -> str:
    columns = [f"{f}_{part}" for f in FIELDS for part in ("n", "min", "sum", "max")]
    picks = ", ".join(f"count({f}), min({f}), total({f}), max({f})" for f in FIELDS)
    merges = ", ".join(
        f"{f}_n = {f}_n + excluded.{f}_n, {f}_sum = {f}_sum + excluded.{f}_sum, "
        f"{f}_min = min(coalesce({f}_min, excluded.{f}_min), coalesce(excluded.{f}_min, {f}_min)), "
        f"{f}_max = max(coalesce({f}_max, excluded.{f}_max), coalesce(excluded.{f}_max, {f}_max))"
        for f in FIELDS
    )
    return (
        f"INSERT INTO {table}(source, t, {', '.join(columns)}) "
        f"SELECT source, CAST(t / {width} AS INTEGER) * {width} AS slot, {picks} FROM reading "
        f"WHERE id > ? AND id <= ? GROUP BY source, slot "
        f"ON CONFLICT(source, t) DO UPDATE SET {merges}"
    )


_MERGES = tuple(_merge_sql(table, width) for width, table in LEVELS.items())


def get_number(connection: sqlite3.Connection, key: str) -> float | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else float(row[0])


def put_number(connection: sqlite3.Connection, key: str, value: float) -> None:
    connection.execute("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", (key, repr(value)))


def rolled_id(connection: sqlite3.Connection) -> int:
    return int(get_number(connection, "rolled_id") or 0)


def roll(connection: sqlite3.Connection, step: int = STEP) -> bool:
    """Rolls up to `step` new readings inside the caller's transaction. Returns whether more are waiting."""
    done = rolled_id(connection)
    newest = connection.execute("SELECT max(id) FROM reading").fetchone()[0] or 0
    upto = min(done + step, newest)
    if upto <= done:
        return False
    for merge in _MERGES:
        connection.execute(merge, (done, upto))
    put_number(connection, "rolled_id", upto)
    return bool(upto < newest)


def prune(connection: sqlite3.Connection, now: float, kept_s: tuple[float, float, float], step: int = STEP) -> bool:
    """Deletes what is older than `kept_s` (raw, minute, quarter) in the caller's transaction; True where more waits.

    Only rolled readings go, and never the newest: its id must not be given again.
    """
    raw_from, *level_from = (now - kept for kept in kept_s)
    last = connection.execute("SELECT max(id) FROM reading").fetchone()[0] or 0
    upto = min(rolled_id(connection), last - 1)
    left = step
    for (source,) in connection.execute("SELECT id FROM source").fetchall():
        left -= connection.execute(
            "DELETE FROM reading WHERE id IN (SELECT id FROM reading WHERE source = ? AND t < ? AND id <= ? LIMIT ?)",
            (source, raw_from, upto, left),
        ).rowcount
        for table, oldest in zip(LEVELS.values(), level_from, strict=True):
            left -= connection.execute(
                f"DELETE FROM {table} WHERE source = ?1 AND t IN "
                f"(SELECT t FROM {table} WHERE source = ?1 AND t < ?2 ORDER BY t LIMIT ?3)",
                (source, oldest, max(0, left)),
            ).rowcount
        if left <= 0:
            return True
    for key, oldest in (("raw_from", raw_from), ("minute_from", level_from[0])):
        if oldest > (get_number(connection, key) or 0.0):
            put_number(connection, key, oldest)
    return False
