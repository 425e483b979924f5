"""The OCPP message log: frames, and calls paired with their answers. Read in the reader thread.

An answer's row names its call's row (`message.call`), and a call's row carries the faults of the whole exchange
(`message.fault`), so that a page of exchanges needs one look-up per row and no filter but a text search reads a frame.
"""

import re
import sqlite3
from collections.abc import Iterable
from typing import Any

from evdesk.engine.store.pages import LARGEST_ID, MOST, Where, literal
from evdesk.engine.store.schema import BREACH, GARBAGE, NO_ANSWER, REFUSED
from evdesk.wire.messages import (
    ActionSeen,
    Density,
    DensityOf,
    ExchangeFrames,
    ExchangePage,
    ExchangeRow,
    MessageCount,
    MessageFilter,
    MessagePage,
    MessageRow,
)
from evdesk.wire.method import Page

REFUSALS = frozenset(
    [
        "Rejected",
        "NotSupported",
        "NotImplemented",
        "UnknownMessageId",
        "UnknownVendorId",
        "UnknownVendor",
        "Failed",
        "UnlockFailed",
        "Invalid",
        "Blocked",
        "Expired",
        "VersionMismatch",
        "UnknownComponent",
        "UnknownVariable",
        "NotSupportedAttributeType",
        "Unknown",
        "NoProfile",
        "NotFound",
        "UnknownConnector",
        "Faulted",
        "Occupied",
        "Unavailable",
        "InvalidURL",
        "InvalidCertificate",
        "RevokedCertificate",
        "UnpublishFailed",
        "SignatureError",
        "NoTransaction",
        "NotAllowedTypeEVSE",
        "NotAtThisLocation",
        "NotAtThisTime",
        "NoCredit",
        "ConcurrentTx",
        "Duplicate",
        "NotEnabled",
        "TooManyElements",
        "OngoingAuthorizedTransaction",
    ]
)
"""Status words of an answer that say no (OCPP 1.6 section 7, 2.x part 2 section 3)."""

FAULTS = {"breach": BREACH, "refused": REFUSED, "timeout": NO_ANSWER, "garbage": GARBAGE}
NOT_FRAMES = ("timeout", "lost")
MAX_BUCKETS = 2_000
IN_ONE = 500
_STATUS = re.compile(r'"(?:status|\w+Status)"\s*:\s*"(\w{1,60})"')
_CODE = re.compile(r'^\s*\[\s*4\s*,\s*"(?:[^"\\]|\\.)*"\s*,\s*"(\w{1,60})"')
_TELLS = frozenset(
    [
        "StatusNotification",
        "FirmwareStatusNotification",
        "DiagnosticsStatusNotification",
        "LogStatusNotification",
        "SecurityEventNotification",
        "TransactionEvent",
        "TriggerMessage",
        "ExtendedTriggerMessage",
        "Reset",
        "SignedFirmwareStatusNotification",
    ]
)
_TOLD = re.compile(
    r'"(?:status|connectorStatus|eventType|requestedMessage|type|chargingState)"\s*:\s*"([\w.]{1,60})"', re.ASCII
)
_FRAME = "id, at, charger_id, direction, kind, action, message_id, text, protocol, odd, call"
_HEAD = (
    "h.id, h.at, h.charger_id, h.direction, h.kind, h.action, h.message_id, substr(h.text, 1, 2000), h.protocol, "
    "h.odd, h.fault, a.id, a.at, a.kind, substr(a.text, 1, 4000), a.odd"
)
_ANSWER = "LEFT JOIN message a ON a.id = (SELECT min(x.id) FROM message x WHERE x.call = h.id AND x.call > 0)"
_ANSWERED = "EXISTS (SELECT 1 FROM message x WHERE x.call = h.id AND x.call > 0)"


def fault_of(kind: str, text: str) -> int:
    """What an answer says against its exchange, its breaches left aside."""
    if kind == "error":
        return REFUSED
    if kind == "result":
        return REFUSED if "tatus" in text and status_word(text) in REFUSALS else 0
    return NO_ANSWER


def status_word(text: str) -> str:
    """The answer in one word: the first status that says no, else the first status, "" without one."""
    words = _STATUS.findall(text)
    return next((word for word in words if word in REFUSALS), words[0] if words else "")


def message_rows(connection: sqlite3.Connection, page: MessagePage) -> list[MessageRow]:
    where = Where()
    where.page(Page(search=page.search, from_at=page.from_at, to_at=page.to_at), "at", ("action", "message_id", "text"))
    _keyset(where, "id", page.before_id, page.after_id)
    for column in ("charger_id", "action", "direction"):
        where.equal(column, getattr(page, column))
    if page.kind:
        where.equal("kind", page.kind)
    else:
        where.add("kind NOT IN (?, ?)", *NOT_FRAMES)
    if page.verdict == "ok":
        where.add("fault = 0")
    elif page.verdict:
        where.add("fault & ? != 0", FAULTS.get(page.verdict, 15 if page.verdict == "fault" else 0))
    if not page.heartbeats:
        where.add("action != 'Heartbeat'")
    sql = f"SELECT {_FRAME} FROM message{where.sql}"
    return [MessageRow(*row) for row in _newest_first(connection, sql, where, "id", page.after_id, page.limit)]


def exchange_rows(connection: sqlite3.Connection, page: ExchangePage) -> list[ExchangeRow]:
    where = Where()
    if page.ids:
        ids = [min(one, LARGEST_ID) for one in page.ids[:MOST]]
        where.add(f"h.id IN ({', '.join('?' * len(ids))})", *ids)
    where.add("h.call = 0")
    _filter(connection, where, page.filter)
    _keyset(where, "h.id", page.before_id, page.after_id)
    sql = f"SELECT {_HEAD} FROM message h {_ANSWER}{where.sql}"
    return [_exchange(row) for row in _newest_first(connection, sql, where, "h.id", page.after_id, page.limit)]


def exchange(connection: sqlite3.Connection, number: int) -> tuple[ExchangeRow, list[MessageRow]] | None:
    """The exchange one frame belongs to, and its frames, oldest first; None where the log does not reach so far."""
    told = connection.execute("SELECT call FROM message WHERE id = ?", (min(number, LARGEST_ID),)).fetchone()
    if told is None:
        return None
    head = int(told[0]) or number
    sql = f"SELECT {_HEAD} FROM message h {_ANSWER} WHERE h.id = ?"
    found = connection.execute(sql, (head,)).fetchone()
    if found is None:  # the bound of the log fell between a call and its answer
        found = connection.execute(sql, (number,)).fetchone()
        head = number
    frames = connection.execute(
        f"SELECT {_FRAME} FROM message WHERE id = ? UNION ALL SELECT {_FRAME} FROM message WHERE call = ? AND call > 0 "
        "ORDER BY id",
        (head, head),
    )
    return _exchange(found), [MessageRow(*row) for row in frames]


def exchange_frames(connection: sqlite3.Connection, page: ExchangePage) -> list[ExchangeFrames]:
    """A page of exchanges with all their frames."""
    rows = exchange_rows(connection, page)
    frames: dict[int, list[MessageRow]] = {row.id: [] for row in rows}
    for start in range(0, len(rows), IN_ONE):
        ids = [row.id for row in rows[start : start + IN_ONE]]
        marks = ", ".join("?" * len(ids))
        found = connection.execute(
            f"SELECT {_FRAME} FROM message WHERE id IN ({marks}) UNION ALL "
            f"SELECT {_FRAME} FROM message WHERE call > 0 AND call IN ({marks}) ORDER BY id",
            ids * 2,
        )
        for told in found:
            frame = MessageRow(*told)
            frames[frame.call or frame.id].append(frame)
    return [ExchangeFrames(row, frames[row.id]) for row in rows]


def density(connection: sqlite3.Connection, wanted: DensityOf) -> Density:
    """Raises nothing: an empty or reversed time gives empty counts."""
    start, end = wanted.filter.from_at, wanted.filter.to_at
    buckets = max(1, min(wanted.buckets, MAX_BUCKETS))
    if start is None or end is None or end <= start:
        return Density(start or 0.0, 0.0, [], [], [], [])
    step = (end - start) / buckets
    where = Where()
    where.add("h.call = 0")
    _filter(connection, where, wanted.filter)
    # One bucket with faults of every sort takes at most sixteen groups.
    sql = (
        f"SELECT CAST((h.at - ?) / ? AS INTEGER) AS b, h.fault, count(*) FROM message h{where.sql} GROUP BY b, h.fault"
    )
    rows: list[list[int]] = [[0] * buckets for _ in range(4)]
    for bucket, fault, number in connection.execute(sql, [start, step, *where.values]):
        place = max(0, min(int(bucket), buckets - 1))
        for row, hit in zip(rows, (True, fault & BREACH, fault & REFUSED, fault & (NO_ANSWER | GARBAGE)), strict=True):
            row[place] += number if hit else 0
    return Density(start, step, *rows)


def count(connection: sqlite3.Connection, wanted: MessageFilter, now: float) -> MessageCount:
    where = Where()
    where.add("h.call = 0")
    _filter(connection, where, wanted)
    exchanges, faults, first, last, recent = connection.execute(
        "SELECT count(*), sum(h.fault > 0), min(h.at), max(h.at), sum(h.at >= ? AND h.at < ?) "
        f"FROM message h{where.sql}",
        [now - 60.0, now + 60.0, *where.values],
    ).fetchone()
    frames = connection.execute("SELECT count(*) FROM message").fetchone()[0]
    return MessageCount(exchanges, frames, faults or 0, round((recent or 0) / 60.0, 2), first, last)


def actions(connection: sqlite3.Connection, charger_id: str) -> list[ActionSeen]:
    rows = connection.execute(
        "SELECT action, direction, count(*), sum(fault & 1 != 0), sum(fault & 2 != 0), sum(fault & 4 != 0), min(at), "
        "max(at) FROM message WHERE charger_id = ? AND call = 0 AND kind IN ('call', 'send') GROUP BY action, direction "
        "ORDER BY direction, action",
        (charger_id,),
    )
    return [ActionSeen(*row) for row in rows]


# -- parts --------------------------------------------------------------------------------------------------------


def _filter(connection: sqlite3.Connection, where: Where, one: MessageFilter) -> None:
    if one.charger_ids:
        where.add(f"h.charger_id IN ({', '.join('?' * len(one.charger_ids))})", *one.charger_ids)
    where.equal("h.direction", one.direction)
    if one.action:
        where.add("h.action LIKE ? ESCAPE '\\'", f"%{literal(one.action)}%")
    if not one.heartbeats:
        where.add("h.action != 'Heartbeat'")
    _verdict(where, one.verdict)
    _times(connection, where, one.from_at, one.to_at)
    if one.search:
        like = f"%{literal(one.search)}%"
        where.add(
            "(h.text LIKE ? ESCAPE '\\' OR h.action LIKE ? ESCAPE '\\' OR EXISTS "
            "(SELECT 1 FROM message x WHERE x.call = h.id AND x.call > 0 AND x.text LIKE ? ESCAPE '\\'))",
            *[like] * 3,
        )


def _verdict(where: Where, verdict: str) -> None:
    if verdict in FAULTS:
        where.add("h.fault > 0 AND h.fault & ? != 0", FAULTS[verdict])
    elif verdict == "fault":
        where.add("h.fault > 0")
    elif verdict == "ok":
        where.add(f"h.fault = 0 AND (h.kind != 'call' OR {_ANSWERED})")
    elif verdict == "open":
        where.add(f"h.fault = 0 AND h.kind = 'call' AND NOT {_ANSWERED}")
    elif verdict:
        where.add("0")


SLACK_ROWS = 2_000


def _times(connection: sqlite3.Connection, where: Where, start: float | None, end: float | None) -> None:
    """The exact times, and row numbers near them: rows are written in the order of time, but for a clock that was set
    back, for which there is slack."""
    if start is not None:
        where.add("h.at >= ?", start)
        inner = "SELECT id FROM message WHERE call = 0 AND at >= ? ORDER BY at LIMIT ?"
        low = connection.execute(f"SELECT min(id) FROM ({inner})", (start, SLACK_ROWS)).fetchone()[0]
        where.add("h.id >= ?", LARGEST_ID if low is None else low - SLACK_ROWS)
    if end is not None:
        where.add("h.at < ?", end)
        inner = "SELECT id FROM message WHERE call = 0 AND at < ? ORDER BY at DESC LIMIT ?"
        high = connection.execute(f"SELECT max(id) FROM ({inner})", (end, SLACK_ROWS)).fetchone()[0]
        where.add("h.id <= ?", 0 if high is None else min(high + SLACK_ROWS, LARGEST_ID))


def _keyset(where: Where, column: str, before: int | None, after: int | None) -> None:
    if before is not None:
        where.add(f"{column} < ?", min(before, LARGEST_ID))
    if after is not None:
        where.add(f"{column} > ?", max(-1, min(after, LARGEST_ID)))


def _newest_first(
    connection: sqlite3.Connection, sql: str, where: Where, column: str, after: int | None, limit: int
) -> Iterable[tuple[Any, ...]]:
    """The rows next to where the page begins, newest first."""
    order = "ASC" if after is not None else "DESC"
    most = max(0, min(limit, MOST))
    rows = connection.execute(f"{sql} ORDER BY {column} {order} LIMIT ?", [*where.values, most]).fetchall()
    return reversed(rows) if after is not None else rows


def _exchange(row: tuple[Any, ...]) -> ExchangeRow:
    number, at, charger_id, direction, kind, action, ident, text, protocol, odd, fault = row[:11]
    answer_id, answer_at, answer_kind, answer_text, answer_odd = row[11:]
    broken = {rule for rule in f"{odd},{answer_odd or ''}".split(",") if rule}
    no_frame = answer_kind in NOT_FRAMES
    return ExchangeRow(
        number,
        at,
        charger_id,
        direction,
        kind,
        action,
        ident,
        _word(fault, kind, answer_id),
        protocol,
        _told(action, text) if kind in ("call", "send") else "",
        None if no_frame else answer_id,
        _answer_word(answer_kind, answer_text),
        None if answer_at is None else round((answer_at - at) * 1000.0, 3),
        len(broken),
        answer_kind == "lost",
    )


def _word(fault: int, kind: str, answer_id: int | None) -> str:
    """The worst that can be said of it."""
    for verdict in ("garbage", "timeout", "breach", "refused"):
        if fault & FAULTS[verdict]:
            return verdict
    return "open" if kind == "call" and answer_id is None else "ok"


def _answer_word(kind: str | None, text: str | None) -> str:
    if kind == "error":
        found = _CODE.match(text or "")
        return found.group(1) if found else "error"
    return status_word(text) if kind == "result" and text and "tatus" in text else ""


def _told(action: str, text: str) -> str:
    found = _TOLD.search(text) if action in _TELLS else None
    return found.group(1) if found else ""
