"""The store's firmware versions: what each charger was seen with, line by line."""

import sqlite3

import msgspec
from sqlite_utils import Database

from evdesk.engine.store.core import Core
from evdesk.model.firmware import VersionSeen

VERSIONS_KEPT = 200
"""Per charger; the oldest go first, but the very first line stays: since when it is known."""

MOST_VERSIONS = 50_000


class Versions(Core):
    async def save_version(self, seen: VersionSeen, keep: bool = False) -> None:
        """Durable; the same id again replaces. `keep`: where the storage fails it is written when that works again."""
        row = (seen.id, seen.charger_id, seen.at, msgspec.json.encode(seen).decode())

        def run(database: Database) -> None:
            connection = database.conn
            sql = "INSERT OR REPLACE INTO firmware_version(id, charger_id, at, body) VALUES (?, ?, ?, ?)"
            connection.execute(sql, row)
            connection.execute(
                "DELETE FROM firmware_version WHERE charger_id = ?1 AND id NOT IN "
                "(SELECT id FROM firmware_version WHERE charger_id = ?1 ORDER BY id DESC LIMIT ?2) "
                "AND id > (SELECT min(id) FROM firmware_version WHERE charger_id = ?1)",
                (seen.charger_id, VERSIONS_KEPT - 1),
            )

        await self._durable(run, keep)

    async def versions(self) -> list[VersionSeen]:
        """Of all chargers, oldest first; lines that another version wrote and this one cannot read are left out."""

        def run(connection: sqlite3.Connection) -> list[VersionSeen]:
            sql = "SELECT body FROM firmware_version ORDER BY id DESC LIMIT ?"
            rows = connection.execute(sql, (MOST_VERSIONS,)).fetchall()
            return [seen for (body,) in reversed(rows) if (seen := _seen(body)) is not None]

        return await self._read(run)

    async def newest_version_id(self) -> int:
        """0 where there is none."""

        def run(connection: sqlite3.Connection) -> int:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM firmware_version").fetchone()[0])

        return await self._read(run)


def _seen(body: str) -> VersionSeen | None:
    try:
        return msgspec.json.decode(body, type=VersionSeen)
    except (msgspec.DecodeError, ValueError):
        return None
