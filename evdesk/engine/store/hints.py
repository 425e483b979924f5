"""The store's hints: what was said of a session, and how right it turned out to be."""

import sqlite3
from dataclasses import dataclass

from sqlite_utils import Database

from evdesk.engine.store.core import Core
from evdesk.model.hints import Hint, HintSource

RESULTS_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class HintResult:
    """`stay`, `energy`: whether that was right within a quarter; None: nothing was said, or it cannot be told."""

    session_id: int
    id_tag: str
    at: float
    stay: bool | None
    energy: bool | None


class Hints(Core):
    async def save_hint(self, session_id: int, hint: Hint | None) -> None:
        """None takes it away. Durable."""

        def run(database: Database) -> None:
            if hint is None:
                database.conn.execute("DELETE FROM session_hint WHERE session_id = ?", (session_id,))
                return
            database.conn.execute(
                "INSERT OR REPLACE INTO session_hint(session_id, depart_at, energy_wh, source, at) VALUES (?, ?, ?, ?, ?)",
                (session_id, hint.depart_at, hint.energy_wh, hint.source.value, hint.at),
            )

        await self._durable(run)

    async def hints_of(self, session_ids: list[int]) -> dict[int, Hint]:
        def run(connection: sqlite3.Connection) -> dict[int, Hint]:
            found = {}
            for number in session_ids:
                row = connection.execute(
                    "SELECT depart_at, energy_wh, source, at FROM session_hint WHERE session_id = ?", (number,)
                ).fetchone()
                if row is not None:
                    source = HintSource.CAR if row[2] == HintSource.CAR.value else HintSource.PERSON
                    found[number] = Hint(row[0], row[1], source, row[3])
            return found

        return await self._read(run)

    async def save_hint_result(self, result: HintResult) -> None:
        """The same session again replaces; the oldest beyond 5,000 go. Durable."""

        def run(database: Database) -> None:
            told = (result.session_id, result.id_tag, result.at, _bit(result.stay), _bit(result.energy))
            database.conn.execute(
                "INSERT OR REPLACE INTO hint_result(session_id, id_tag, at, stay, energy) VALUES (?, ?, ?, ?, ?)", told
            )
            database.conn.execute(
                "DELETE FROM hint_result WHERE session_id IN "
                "(SELECT session_id FROM hint_result ORDER BY at DESC LIMIT -1 OFFSET ?)",
                (RESULTS_KEPT,),
            )

        await self._durable(run)

    async def hint_results(self) -> list[HintResult]:
        """Oldest first."""

        def run(connection: sqlite3.Connection) -> list[HintResult]:
            rows = connection.execute("SELECT session_id, id_tag, at, stay, energy FROM hint_result ORDER BY at")
            return [HintResult(n, tag, at, _truth(stay), _truth(energy)) for n, tag, at, stay, energy in rows]

        return await self._read(run)


def _bit(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _truth(value: float | None) -> bool | None:
    return None if value is None else value >= 0.5
