"""Pages of the lists, newest first, read in the reader thread."""

import json
import sqlite3
from collections.abc import Collection
from typing import Any

from evdesk.engine.store import chain, sessions
from evdesk.model import AuditRow, EvdeskError, Finding, Notice, NoticeKind, Reason, Session, Severity
from evdesk.wire.methods import AuditPage, NoticePage, Page, SessionPage

MOST = 5_000
PEOPLE = ("desk", "cli")
WENT_WELL = ("", "accepted", "ok", "done", "stored", "scheduled", "unlocked", "rebootrequired")
"""Outcomes that are no failure: evdesk's own words and the charger's (OCPP 1.6 section 7), in lower case."""


SEARCH_MOST = 1_000


def literal(text: str) -> str:
    """`text` for LIKE: `%` and `_` stand for themselves. Raises `EvdeskError(INVALID)` where it is endless: the database
    refuses such a pattern with words that blame the disk."""
    if len(text) > SEARCH_MOST:
        raise EvdeskError(Reason.INVALID, f"Search for at most {SEARCH_MOST} characters.")
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class Where:
    """The conditions of one query and their values."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.values: list[Any] = []

    def add(self, part: str, *values: Any) -> None:
        self._parts.append(part)
        self.values += values

    def equal(self, column: str, value: Any) -> None:
        """Where a value was given at all."""
        if value not in (None, ""):
            self.add(f"{column} = ?", value)

    def page(self, page: Page, time_column: str, search: tuple[str, ...]) -> None:
        """What every page has: times and text. `%` and `_` in the text stand for themselves."""
        if page.from_at is not None:
            self.add(f"{time_column} >= ?", page.from_at)
        if page.to_at is not None:
            self.add(f"{time_column} < ?", page.to_at)
        if page.search:
            text = literal(page.search)
            matches = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in search)
            self.add(f"({matches})", *[f"%{text}%"] * len(search))

    @property
    def sql(self) -> str:
        return " WHERE " + " AND ".join(self._parts) if self._parts else ""


LARGEST_ID = 2**63 - 1


def _limit(page: Page) -> int:
    return max(0, min(page.limit, MOST))


def audit_rows(connection: sqlite3.Connection, page: AuditPage) -> list[AuditRow]:
    where = Where()
    where.page(page, "at", ("who", "what", "target", "args", "outcome", "detail"))
    if page.before_id is not None:
        where.add("id < ?", min(page.before_id, LARGEST_ID))
    if page.via == "people":
        where.add(f"via IN ({', '.join('?' * len(PEOPLE))})", *PEOPLE)
    else:
        where.equal("via", page.via)
    if page.outcome == "failed":
        where.add(f"lower(outcome) NOT IN ({', '.join('?' * len(WENT_WELL))})", *WENT_WELL)
    else:
        where.equal("outcome", page.outcome)
    where.equal("target", page.target)
    sql = f"SELECT {', '.join(chain.COLUMNS)} FROM audit{where.sql} ORDER BY id DESC LIMIT ?"
    return [chain.from_record(row) for row in connection.execute(sql, [*where.values, _limit(page)])]


def audit_of(connection: sqlite3.Connection, target: str, what: Collection[str], from_id: int) -> list[AuditRow]:
    sql = (
        f"SELECT {', '.join(chain.COLUMNS)} FROM audit WHERE target = ? AND id >= ? "
        f"AND what IN ({', '.join('?' * len(what))}) ORDER BY id DESC LIMIT {MOST}"
    )
    return [chain.from_record(row) for row in connection.execute(sql, [target, from_id, *what])]


def session_rows(connection: sqlite3.Connection, page: SessionPage) -> list[Session]:
    """`from_at` and `to_at`: sessions that ran at any moment between them."""
    where = Where()
    where.page(Page(search=page.search), "started_at", ("charger_id", "id_tag", "reason", "CAST(id AS TEXT)"))
    if page.from_at is not None:
        where.add("(ended_at IS NULL OR ended_at >= ?)", page.from_at)
    if page.to_at is not None:
        where.add("started_at < ?", page.to_at)
    if page.before_id is not None:
        where.add(
            "(started_at, id) < (SELECT started_at, id FROM session WHERE id = ?)", min(page.before_id, LARGEST_ID)
        )
    where.equal("charger_id", page.charger_id)
    if page.open_only:
        where.add("ended_at IS NULL")
    sql = f"SELECT {sessions.COLUMNS} FROM session{where.sql} ORDER BY started_at DESC, id DESC LIMIT ?"
    return [sessions.from_record(row) for row in connection.execute(sql, [*where.values, _limit(page)])]


def notice_rows(connection: sqlite3.Connection, page: NoticePage) -> list[Notice]:
    where = Where()
    where.page(page, "at", ("kind", "charger_id", "args"))
    if page.before_id is not None:
        where.add("id < ?", min(page.before_id, LARGEST_ID))
    where.equal("charger_id", page.charger_id)
    sql = (
        f"SELECT id, at, kind, severity, charger_id, connector_id, args FROM notice{where.sql} ORDER BY id DESC LIMIT ?"
    )
    return [_notice(row) for row in connection.execute(sql, [*where.values, _limit(page)])]


def _notice(row: tuple[Any, ...]) -> Notice:
    number, at, kind, severity, charger_id, connector_id, args = row
    told = tuple((name, value) for name, value in json.loads(args))
    return Notice(number, at, NoticeKind(kind), Severity(severity), charger_id, connector_id, told)


def finding_rows(connection: sqlite3.Connection, charger_id: str) -> list[Finding]:
    where = Where()
    where.equal("charger_id", charger_id)
    sql = (
        "SELECT charger_id, rule, sentence, clause, raw, message, count, first_at, last_at "
        f"FROM finding{where.sql} ORDER BY last_at DESC LIMIT {MOST}"
    )
    return [Finding(*row) for row in connection.execute(sql, where.values)]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each log holds."""
    return {
        table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        for table in ("audit", "session", "finding", "message")
    }
