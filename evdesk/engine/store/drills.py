"""Failsafe drills: one row each, found again by charger and by model and firmware."""

import sqlite3
from dataclasses import replace

import msgspec
from sqlite_utils import Database

from evdesk.engine.store.core import Core
from evdesk.model.drills import Drill, DrillVerdict

MOST = 1000


class Drills(Core):
    """All durable but the reads."""

    async def save_drill(self, drill: Drill, keep: bool = False) -> int:
        """Its id; a new one for id 0. `keep`: where the storage fails it is written as soon as that works again."""

        def run(database: Database) -> int:
            connection = database.conn
            values = (
                drill.charger_id,
                drill.kind,
                drill.started_at,
                drill.phase,
                drill.verdict,
                drill.cause,
                drill.vendor,
                drill.model,
                drill.firmware,
            )
            number = drill.id
            if number == 0:
                sql = (
                    "INSERT INTO drill(charger_id, kind, at, phase, verdict, cause, vendor, model, firmware, body) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')"
                )
                number = int(connection.execute(sql, values).lastrowid or 0)
            body = msgspec.json.encode(replace(drill, id=number)).decode()
            connection.execute(
                "UPDATE drill SET phase = ?, verdict = ?, cause = ?, body = ? WHERE id = ?",
                (drill.phase, drill.verdict, drill.cause, body, number),
            )
            return number

        return await self._durable(run, keep)

    async def drills(self, charger_id: str = "", limit: int = MOST) -> list[Drill]:
        """Newest first; those another version wrote and this one cannot read are left out."""

        def run(connection: sqlite3.Connection) -> list[Drill]:
            where, values = ("WHERE charger_id = ? ", [charger_id]) if charger_id else ("", [])
            sql = f"SELECT body FROM drill {where}ORDER BY id DESC LIMIT ?"
            rows = connection.execute(sql, [*values, max(0, min(limit, MOST))]).fetchall()
            return [drill for (body,) in rows if (drill := _drill(body)) is not None]

        return await self._read(run)

    async def latest_drills(self) -> list[Drill]:
        """The newest of each charger, connector and kind that came to a conclusion, however long ago."""

        def run(connection: sqlite3.Connection) -> list[Drill]:
            outlet = "CASE WHEN json_valid(body) THEN json_extract(body, '$.connector_id') END"
            newest = f"SELECT max(id) FROM drill WHERE verdict IN (?, ?) GROUP BY charger_id, kind, {outlet}"
            sql = f"SELECT body FROM drill WHERE id IN ({newest}) ORDER BY id"
            rows = connection.execute(sql, (DrillVerdict.PROVEN, DrillVerdict.FAILED)).fetchall()
            return [drill for (body,) in rows if (drill := _drill(body)) is not None]

        return await self._read(run)

    async def drill(self, number: int) -> Drill | None:
        def run(connection: sqlite3.Connection) -> Drill | None:
            row = connection.execute("SELECT body FROM drill WHERE id = ?", (number,)).fetchone()
            return None if row is None else _drill(row[0])

        return await self._read(run)


def _drill(body: str) -> Drill | None:
    try:
        return msgspec.json.decode(body, type=Drill)
    except (msgspec.DecodeError, ValueError):
        return None
