"""Old decisions made fewer: changes of one reason within five minutes become one row with the lowest limit.

A busy site changes each limit a hundred times an hour, by an ampere up and down. After two days nobody asks for the
second, but still which line it was and how low it got. What another reason interrupts, or a gap, is never joined.
"""

import sqlite3
from typing import Any

from evdesk.engine.store.rollup import get_number, put_number

STRETCH_S = 300.0
STEP_S = 600.0
"""Decided time handled per transaction."""
_MARK = "decision_thinned"


def thin(connection: sqlite3.Connection, before: float) -> bool:
    """One step inside the caller's transaction, of rows that began before `before`; True where more waits."""
    begin = get_number(connection, _MARK)
    if begin is None:
        oldest = connection.execute("SELECT min(from_at) FROM decision").fetchone()[0]
        if oldest is None:
            return False
        begin = oldest // STRETCH_S * STRETCH_S
    last = before // STRETCH_S * STRETCH_S
    if begin >= last:
        return False
    following = connection.execute("SELECT min(from_at) FROM decision WHERE from_at >= ?", (begin,)).fetchone()[0]
    begin = last if following is None else max(begin, following // STRETCH_S * STRETCH_S)  # over what is empty
    upto = min(begin + STEP_S, last)
    rows = connection.execute(
        "SELECT id, source, from_at, to_at, limit_a, code, line, detail, ended, cause, merged FROM decision "
        "WHERE from_at >= ? AND from_at < ? AND to_at IS NOT NULL ORDER BY source, from_at, id",
        (begin, upto),
    ).fetchall()
    joined: list[list[tuple[Any, ...]]] = []
    for row in rows:
        if joined and _joins(joined[-1][-1], row):
            joined[-1].append(row)
        else:
            joined.append([row])
    for group in joined:
        if len(group) > 1:
            _join(connection, group)
    put_number(connection, _MARK, upto)
    return upto < last


def _joins(before: tuple[Any, ...], row: tuple[Any, ...]) -> bool:
    """The same connector and reason, without a gap, in the same stretch of the clock."""
    same = (before[1], before[5:8]) == (row[1], row[5:8])
    return same and before[8] == "" and before[3] == row[2] and before[2] // STRETCH_S == row[2] // STRETCH_S


def _join(connection: sqlite3.Connection, group: list[tuple[Any, ...]]) -> None:
    first, last = group[0], group[-1]
    cause = next((row[9] for row in group if row[9]), "")
    connection.execute(
        "UPDATE decision SET to_at = ?, limit_a = ?, ended = ?, cause = ?, merged = ? WHERE id = ?",
        (last[3], min(row[4] for row in group), last[8], cause, sum(row[10] for row in group), first[0]),
    )
    connection.executemany("DELETE FROM decision WHERE id = ?", [(row[0],) for row in group[1:]])
