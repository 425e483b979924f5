"""Attempts to connect, and what is kept about who may: policies and signed certificates."""

import sqlite3
from dataclasses import dataclass

import msgspec
from sqlite_utils import Database

from evdesk.engine.store.core import Core
from evdesk.engine.store.pages import LARGEST_ID, MOST, Where
from evdesk.model import Attempt
from evdesk.wire.security import AttemptPage, Issued

HARMLESS = ("accepted", "pending", "empty", "no_upgrade")
"""Verdicts that need nobody's attention."""


@dataclass(frozen=True, slots=True)
class SavedPolicy:
    """`body`: the engine's own JSON beside it; no secrets."""

    charger_id: str
    min_profile: int
    auth: str
    body: str = "{}"


class Attempts(Core):
    """Attempts are put into memory at once and written with the next batch; policies and certificates are durable."""

    def put_attempt(self, attempt: Attempt) -> None:
        """The same `id` again replaces the row."""
        if len(self._pending.attempts) < 5_000 or attempt.id in self._pending.attempts:
            body = msgspec.json.encode(attempt).decode()
            self._pending.attempts[attempt.id] = (
                attempt.id,
                attempt.at,
                attempt.address,
                attempt.charger_id,
                attempt.verdict,
                body,
            )

    def next_attempt(self) -> int:
        self._last_attempt += 1
        return self._last_attempt

    async def attempts(self, page: AttemptPage) -> list[Attempt]:
        """What is put already is on its way to the disk: written first, then read."""
        await self.flush()
        return await self._read(lambda c: _rows(c, page))

    async def save_policy(self, policy: SavedPolicy) -> None:
        row = {
            "charger_id": policy.charger_id,
            "min_profile": policy.min_profile,
            "auth": policy.auth,
            "body": policy.body,
        }
        await self._durable(lambda db: db["charger_policy"].upsert(row, pk="charger_id"))

    async def drop_policy(self, charger_id: str) -> None:
        def run(database: Database) -> None:
            database.conn.execute("DELETE FROM charger_policy WHERE charger_id = ?", (charger_id,))

        await self._durable(run)

    async def load_policies(self) -> list[SavedPolicy]:
        def run(connection: sqlite3.Connection) -> list[SavedPolicy]:
            rows = connection.execute("SELECT charger_id, min_profile, auth, body FROM charger_policy").fetchall()
            return [SavedPolicy(*row) for row in rows]

        return await self._read(run)

    async def save_issued(self, issued: Issued) -> None:
        row = {name: getattr(issued, name) for name in issued.__dataclass_fields__}
        await self._durable(lambda db: db["certificate"].upsert(row, pk="number"))

    async def load_issued(self) -> list[Issued]:
        def run(connection: sqlite3.Connection) -> list[Issued]:
            rows = connection.execute(
                "SELECT number, charger_id, subject, issued_at, not_after, fingerprint, revoked_at "
                "FROM certificate ORDER BY not_after"
            ).fetchall()
            return [Issued(*row) for row in rows]

        return await self._read(run)


def _rows(connection: sqlite3.Connection, page: AttemptPage) -> list[Attempt]:
    where = Where()
    where.page(page, "at", ("address", "charger_id", "verdict", "body"))
    if page.before_id is not None:
        where.add("(at, id) < (SELECT at, id FROM attempt WHERE id = ?)", min(page.before_id, LARGEST_ID))
    where.equal("charger_id", page.charger_id)
    where.equal("verdict", page.verdict)
    if page.address:
        where.add("(address = ? OR address LIKE ?)", page.address, f"{page.address.replace('%', '')}:%")
    if page.problems_only:
        where.add(f"verdict NOT IN ({', '.join('?' * len(HARMLESS))})", *HARMLESS)
    sql = f"SELECT body FROM attempt{where.sql} ORDER BY at DESC, id DESC LIMIT ?"
    limit = max(0, min(page.limit, MOST))
    found = (_attempt(body) for (body,) in connection.execute(sql, [*where.values, limit]))
    return [attempt for attempt in found if attempt is not None]


def _attempt(body: str) -> Attempt | None:
    """None for one that another version wrote and this one cannot read: a list must not keep the engine from starting."""
    try:
        return msgspec.json.decode(body, type=Attempt)
    except msgspec.DecodeError:
        return None
