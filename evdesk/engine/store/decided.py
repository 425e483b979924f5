"""Rows of the decision log: to and from the table, and read for a window or a moment.

One connector's rows follow each other without a gap while an engine runs. Where one ended without closing its rows
(killed, power cut), they end at its last heartbeat, which is written together with them once a second: what held after
that is not known, and no row says otherwise.
"""

import itertools
import sqlite3
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import msgspec

from evdesk.engine.store.batch import Row
from evdesk.engine.store.rollup import get_number
from evdesk.model import EvdeskError, Reason, Why, WhyCode
from evdesk.model.decisions import Cause, DecisionRow, RowEnd
from evdesk.wire.explain import MOST_ROWS, BalanceHistory, DecisionPage

COLUMNS = (
    "d.id, s.name, d.from_at, d.to_at, d.limit_a, d.code, d.line, d.detail, d.load_a, d.rating_a, d.since_at, "
    "d.before_a, d.took_a, d.ended, d.cause, d.merged, d.until_at, d.kept_a"
)
_FROM = "FROM decision d JOIN source s ON s.id = d.source"
_CODES = {code.value: code for code in WhyCode}
_ENDS = {end.value: end for end in RowEnd}
NEAREST = 16
"""Rows looked at for a moment: after the clock was put back several may claim it, and the newest written counts."""
MERGED_MOST = 50_000
"""Rows read at most to merge them."""


def settle(connection: sqlite3.Connection, now: float) -> int:
    """Once at the start: ends what the engine before this one left open, at its last heartbeat. Returns the next id."""
    beat = get_number(connection, "decided_at")
    upto = now if beat is None else min(beat, now)
    connection.execute(
        "UPDATE decision SET to_at = max(from_at, ?), ended = ? WHERE to_at IS NULL", (upto, RowEnd.LOST.value)
    )
    newest = connection.execute("SELECT max(id) FROM decision").fetchone()[0]
    return int(newest or 0) + 1


def to_row(row: DecisionRow, source: int) -> Row:
    why = row.why
    return (
        row.id,
        source,
        row.from_at,
        row.to_at,
        row.limit_a,
        why.code.value,
        why.line,
        why.detail,
        why.load_a,
        why.rating_a,
        why.since_at,
        row.before_a,
        row.took_a,
        row.ended.value,
        "" if row.cause is None else msgspec.json.encode(row.cause).decode(),
        why.until_at,
        why.kept_a,
    )


def from_row(told: tuple[Any, ...]) -> DecisionRow:
    (
        number,
        name,
        from_at,
        to_at,
        limit_a,
        code,
        line,
        detail,
        load_a,
        rating_a,
        since_at,
        before_a,
        took_a,
        end,
        why,
        merged,
        until_at,
        kept_a,
    ) = told
    charger_id, connector_id = key_of(name)
    return DecisionRow(
        id=number,
        charger_id=charger_id,
        connector_id=connector_id,
        from_at=from_at,
        to_at=to_at,
        limit_a=limit_a,
        why=Why(code_of(code), line, load_a, rating_a, since_at, detail, until_at, kept_a),
        before_a=before_a,
        took_a=took_a,
        ended=_ENDS.get(end, RowEnd.NONE),
        cause=_cause(why),
        merged=merged,
    )


def code_of(word: str) -> WhyCode:
    """A reason that a newer evdesk wrote is unknown to this one."""
    return _CODES.get(word, WhyCode.UNKNOWN)


def key_of(name: str) -> tuple[str, int]:
    """(charger id, connector id) of a source "connector/WB-01/1"."""
    _, charger_id, number = name.split("/")
    return unquote(charger_id), int(number)


def _cause(text: str) -> Cause | None:
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=Cause)
    except msgspec.DecodeError:
        return None


def at_moment(connection: sqlite3.Connection, at: float, source: int) -> DecisionRow | None:
    """The row that held then, None where nothing is known of that moment."""
    rows = connection.execute(
        f"SELECT {COLUMNS} {_FROM} WHERE d.source = ? AND d.from_at <= ? ORDER BY d.from_at DESC LIMIT ?",
        (source, at, NEAREST),
    ).fetchall()
    held = [row for row in rows if row[3] is None or row[3] > at]
    return from_row(max(held, key=lambda row: row[0])) if held else None


def before_moment(connection: sqlite3.Connection, at: float, source: int) -> DecisionRow | None:
    """The last row that had ended by then."""
    row = connection.execute(
        f"SELECT {COLUMNS} {_FROM} WHERE d.source = ? AND d.to_at <= ? ORDER BY d.from_at DESC LIMIT 1", (source, at)
    ).fetchone()
    return None if row is None else from_row(row)


def sources(connection: sqlite3.Connection, charger_id: str = "", connector_id: int = 0) -> dict[tuple[str, int], int]:
    """(charger, connector) -> source, for those asked for."""
    rows = connection.execute("SELECT id, name FROM source WHERE name LIKE 'connector/%'").fetchall()
    found = {key_of(name): number for number, name in rows}
    return {
        key: number
        for key, number in found.items()
        if charger_id in ("", key[0]) and (not connector_id or connector_id == key[1])
    }


def page(connection: sqlite3.Connection, wanted: BalanceHistory) -> DecisionPage:
    """Every row that held at some moment of the window, oldest first."""
    most = max(1, min(wanted.limit, MOST_ROWS))
    numbers = sources(connection, wanted.charger_id, wanted.connector_id)
    rows = _standing(connection, wanted.from_at, sorted(numbers.values()))
    behind = _behind(connection, wanted.after_id)
    rows = [row for row in rows if behind is None or (row[2], row[0]) > behind]
    room = (MERGED_MOST if wanted.merge_s > 0 else most) + 1
    if numbers and len(rows) < room:
        rows += _begun(connection, wanted, sorted(numbers.values()), behind, room - len(rows))
    rows.sort(key=lambda row: (row[2], row[0]))
    cut = len(rows) >= room
    found = rows[: room - 1]
    if wanted.merge_s > 0:
        found = merge(found, wanted.merge_s)
    more = cut or len(found) > most
    told = [clip(from_row(row), wanted.from_at, wanted.to_at) for row in found[:most]]
    oldest = connection.execute("SELECT min(from_at) FROM decision").fetchone()[0]
    return DecisionPage(told, more, oldest)


def _standing(connection: sqlite3.Connection, at: float, numbers: list[int]) -> list[tuple[Any, ...]]:
    """Those that had begun before the window and reach into it: one look-up in the index per connector."""
    rows = []
    for number in numbers:
        told = connection.execute(
            f"SELECT {COLUMNS} {_FROM} WHERE d.source = ? AND d.from_at < ? ORDER BY d.from_at DESC LIMIT 1",
            (number, at),
        ).fetchone()
        if told is not None and (told[3] is None or told[3] > at):
            rows.append(told)
    return rows


def _begun(
    connection: sqlite3.Connection,
    wanted: BalanceHistory,
    numbers: list[int],
    behind: tuple[float, int] | None,
    most: int,
) -> list[tuple[Any, ...]]:
    only = f" AND d.source IN ({', '.join('?' * len(numbers))})" if wanted.charger_id else ""
    after = " AND (d.from_at, d.id) > (?, ?)" if behind is not None else ""
    return connection.execute(
        f"SELECT {COLUMNS} {_FROM} WHERE d.from_at >= ? AND d.from_at < ?{only}{after} ORDER BY d.from_at, d.id LIMIT ?",
        (wanted.from_at, wanted.to_at, *(numbers if only else ()), *(behind or ()), most),
    ).fetchall()


def _behind(connection: sqlite3.Connection, after_id: int) -> tuple[float, int] | None:
    if after_id <= 0:
        return None
    row = connection.execute("SELECT from_at, id FROM decision WHERE id = ?", (after_id,)).fetchone()
    if row is None:
        text = f"There is no row {after_id} to page on from: past rows are joined. Ask anew, “from” when it began."
        raise EvdeskError(Reason.INVALID, text)
    return float(row[0]), int(row[1])


Told = tuple[Any, ...]
"""A row of `SELECT COLUMNS`."""


def merge(rows: list[Told], stretch_s: float) -> list[Told]:
    """Rows of one connector that begin in the same stretch of the clock become one. On what the table gives, since only
    few of many rows are left to be made into objects."""
    ordered = sorted(rows, key=lambda row: (row[1], row[2], row[0]))
    groups = itertools.groupby(ordered, key=lambda row: (row[1], row[2] // stretch_s))
    return sorted((_one(list(group)) for _, group in groups), key=lambda row: (row[2], row[0]))


def _one(rows: list[Told]) -> Told:
    if len(rows) == 1:
        return rows[0]
    first, last = rows[0], rows[-1]
    longest = max(rows, key=lambda row: (row[3] if row[3] is not None else float("inf")) - row[2])
    cause = next((row[14] for row in rows if row[14]), "")
    limit_a, merged = min(row[4] for row in rows), sum(row[15] for row in rows)
    return (
        last[0],
        first[1],
        first[2],
        last[3],
        limit_a,
        *longest[5:11],
        first[11],
        first[12],
        last[13],
        cause,
        merged,
        *longest[16:18],
    )


def clip(row: DecisionRow, from_at: float, to_at: float) -> DecisionRow:
    ends = row.to_at if row.to_at is None or row.to_at <= to_at else to_at
    return replace(row, from_at=max(row.from_at, from_at), to_at=ends)
