"""The store's decision log: put at once, written once a second, read for a window or for a moment."""

import sqlite3
from collections.abc import Iterable, Sequence

from evdesk.engine.store import decided, moment
from evdesk.engine.store.core import Core
from evdesk.model import Phases, Site
from evdesk.model.decisions import DecisionRow
from evdesk.wire.explain import BalanceHistory, DecisionPage

Key = tuple[str, int]


class Decisions(Core):
    """`decision_id` and `put_decisions` never wait and never fail; in the event loop's thread only."""

    def decision_id(self) -> int:
        """The number of the next row. Final at once, so that a row can be ended before it is written."""
        number = self._next_decision
        self._next_decision = number + 1
        return number

    def put_decisions(self, rows: Iterable[DecisionRow], beat_at: float) -> None:
        """Rows that began, ended or were completed; `beat_at`: up to when everything open is known to hold."""
        for row in rows:
            source = self._connector_source(row.charger_id, row.connector_id)
            self._pending.decisions[row.id] = decided.to_row(row, source)
        self._pending.beat = beat_at

    async def decisions(self, wanted: BalanceHistory) -> DecisionPage:
        return await self._read(lambda c: decided.page(c, wanted))

    async def decided_at(self, at: float, keys: Sequence[Key]) -> dict[Key, DecisionRow]:
        """What held then, for those of whom it is known."""

        def run(connection: sqlite3.Connection) -> dict[Key, DecisionRow]:
            numbers = decided.sources(connection)
            rows = {key: decided.at_moment(connection, at, numbers[key]) for key in keys if key in numbers}
            return {key: row for key, row in rows.items() if row is not None}

        return await self._read(run)

    async def decided_before(self, at: float, key: Key) -> DecisionRow | None:
        """The last row that had ended by then."""

        def run(connection: sqlite3.Connection) -> DecisionRow | None:
            number = decided.sources(connection).get(key)
            return None if number is None else decided.before_moment(connection, at, number)

        return await self._read(run)

    async def site_at(self, at: float, known: int = 0) -> tuple[int, Site | None]:
        """(version, the site in force then); without the site where `known` is that version."""
        return await self._read(lambda c: moment.site_at(c, at, known))

    async def currents_at(self, at: float, sources: list[str]) -> dict[str, Phases]:
        """What each source measured last by then, on the site's phases."""
        return await self._read(lambda c: moment.currents(c, at, sources))
