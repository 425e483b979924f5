"""Logs that chargers sent: one row each, the file itself lies beside the database."""

import sqlite3
from dataclasses import dataclass, replace

import msgspec
from sqlite_utils import Database

from evdesk.engine.store.core import Core
from evdesk.model.jobs import LogFile

MOST = 2000


@dataclass(frozen=True, slots=True)
class KeptLog:
    """`path`: of the file, from the folder of the logs on, with / between."""

    log: LogFile
    path: str


class LogFiles(Core):
    """All durable but the reads."""

    async def save_log_file(self, kept: KeptLog) -> int:
        """Its id; a new one for id 0."""

        def run(database: Database) -> int:
            connection, number = database.conn, kept.log.id
            if number == 0:
                sql = "INSERT INTO log_file(charger_id, at, body) VALUES (?, ?, '')"
                number = int(connection.execute(sql, (kept.log.charger_id, kept.log.at)).lastrowid or 0)
            body = msgspec.json.encode(replace(kept, log=replace(kept.log, id=number))).decode()
            connection.execute("UPDATE log_file SET body = ? WHERE id = ?", (body, number))
            return number

        return await self._durable(run)

    async def drop_log_file(self, number: int) -> None:
        await self._durable(
            lambda database: database.conn.execute("DELETE FROM log_file WHERE id = ?", (number,)).rowcount
        )

    async def log_files(self, charger_id: str = "") -> list[KeptLog]:
        """Newest first; those another version wrote and this one cannot read are left out."""

        def run(connection: sqlite3.Connection) -> list[KeptLog]:
            where, values = ("WHERE charger_id = ? ", [charger_id]) if charger_id else ("", [])
            sql = f"SELECT body FROM log_file {where}ORDER BY id DESC LIMIT {MOST}"
            return [kept for (body,) in connection.execute(sql, values) if (kept := _kept(body)) is not None]

        return await self._read(run)

    async def log_file(self, number: int) -> KeptLog | None:
        def run(connection: sqlite3.Connection) -> KeptLog | None:
            row = connection.execute("SELECT body FROM log_file WHERE id = ?", (number,)).fetchone()
            return None if row is None else _kept(row[0])

        return await self._read(run)


def _kept(body: str) -> KeptLog | None:
    try:
        return msgspec.json.decode(body, type=KeptLog)
    except (msgspec.DecodeError, ValueError):
        return None
