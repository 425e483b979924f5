"""The store's days: what was counted each second, what a day is made from, and the figures of each day for good."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from evdesk.engine.store import day_facts, rollup
from evdesk.engine.store.core import Core
from evdesk.engine.store.day_facts import DayFacts
from evdesk.model.insights import DayFigures


@dataclass(frozen=True, slots=True)
class SavedDay:
    """`day` "2026-11-27"; `final`: made when all of it was known, never made again."""

    day: str
    from_at: float
    made_at: float
    final: bool
    figures: DayFigures


class InsightDays(Core):
    def put_counts(self, day: str, counts: Mapping[str, float]) -> None:
        """Adds to what was counted of that day. Never waits, never fails; in the event loop's thread only."""
        waiting = self._pending.counts
        for name, value in counts.items():
            waiting[day, name] = waiting.get((day, name), 0.0) + value

    async def roll_up(self) -> None:
        """Every reading written so far is in the levels when this returns. In small steps: a command's audit row never
        waits for more than one."""
        while await self._durable(lambda db: rollup.roll(db.conn)):
            pass

    async def day_facts(self, day: str, begin: float, end: float, metered: list[str]) -> DayFacts:
        return await self._read(lambda c: day_facts.read(c, day, begin, end, metered))

    async def first_fact_at(self) -> float | None:
        """The oldest moment anything is known of."""
        return await self._read(day_facts.first_at)

    async def save_day(self, saved: SavedDay) -> None:
        body = msgspec.json.encode(saved.figures).decode()
        row = (saved.day, saved.from_at, saved.made_at, int(saved.final), body)
        sql = "INSERT OR REPLACE INTO insight_day(day, from_at, made_at, final, body) VALUES (?, ?, ?, ?, ?)"
        await self._durable(lambda db: db.conn.execute(sql, row) and None)

    async def saved_days(self, first: str, last: str) -> list[SavedDay]:
        """Of the days from `first` to `last`, those that have figures; one that cannot be read is left out."""

        def run(connection: sqlite3.Connection) -> list[SavedDay]:
            rows = connection.execute(
                "SELECT day, from_at, made_at, final, body FROM insight_day WHERE day BETWEEN ? AND ? ORDER BY day",
                (first, last),
            )
            return [
                SavedDay(day, from_at, made_at, bool(final), told)
                for day, from_at, made_at, final, body in rows
                if (told := _figures(body)) is not None
            ]

        return await self._read(run)


def _figures(body: str) -> DayFigures | None:
    try:
        return msgspec.json.decode(body, type=DayFigures)
    except (msgspec.DecodeError, ValueError):
        return None
