"""Jobs that go on for hours, their chargers, and the log of both sides."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlite_utils import Database

from evdesk.engine.store.core import Core
from evdesk.engine.store.pages import LARGEST_ID
from evdesk.firmware.watched import Memory
from evdesk.model.jobs import Cause, Job, JobCharger, JobLine, JobState

MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class SavedCharger:
    """One charger of a job as it is kept. `secret`: what its one-time address is made of."""

    charger: JobCharger
    memory: Memory
    secret: str = ""


class Work(Core):
    """All durable but the reads."""

    async def save_job(self, job: Job, keep: bool = False) -> int:
        """Its id; a new one for id 0. `keep`: where the storage fails it is written as soon as that works again."""

        def run(database: Database) -> int:
            connection, number = database.conn, job.id
            if number == 0:
                sql = "INSERT INTO job(kind, state, created_at, body) VALUES (?, ?, ?, '')"
                number = int(connection.execute(sql, (job.kind, job.state, job.created_at)).lastrowid or 0)
            body = msgspec.json.encode(replace(job, id=number)).decode()
            connection.execute("UPDATE job SET state = ?, body = ? WHERE id = ?", (job.state, body, number))
            return number

        return await self._durable(run, keep)

    async def save_job_chargers(self, job_id: int, chargers: Sequence[SavedCharger], keep: bool = False) -> None:
        """In the order they are given where they are new."""

        def run(database: Database) -> None:
            for place, one in enumerate(chargers):
                charger = one.charger
                body = msgspec.json.encode([charger, one.memory]).decode()
                database.conn.execute(
                    "INSERT INTO job_charger(job_id, charger_id, place, outcome, body, secret) VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT(job_id, charger_id) DO UPDATE SET outcome = excluded.outcome, body = excluded.body, "
                    "secret = excluded.secret",
                    (job_id, charger.charger_id, place, charger.outcome or "", body, one.secret),
                )

        await self._durable(run, keep)

    async def jobs(self, charger_id: str = "", limit: int = 100, before_id: int | None = None) -> list[Job]:
        """Newest first."""

        def run(connection: sqlite3.Connection) -> list[Job]:
            ours = "AND id IN (SELECT job_id FROM job_charger WHERE charger_id = ?) " if charger_id else ""
            values: list[object] = [min(before_id or LARGEST_ID, LARGEST_ID), *([charger_id] if charger_id else [])]
            sql = f"SELECT body FROM job WHERE id < ? {ours}ORDER BY id DESC LIMIT ?"
            rows = connection.execute(sql, [*values, max(0, min(limit, 1000))]).fetchall()
            return [job for (body,) in rows if (job := _job(body)) is not None]

        return await self._read(run)

    async def job(self, number: int) -> Job | None:
        def run(connection: sqlite3.Connection) -> Job | None:
            row = connection.execute("SELECT body FROM job WHERE id = ?", (min(number, LARGEST_ID),)).fetchone()
            return None if row is None else _job(row[0])

        return await self._read(run)

    async def open_jobs(self) -> list[Job]:
        """Those that are not over, oldest first."""

        def run(connection: sqlite3.Connection) -> list[Job]:
            rows = connection.execute(
                "SELECT body FROM job WHERE state != ? ORDER BY id", (JobState.FINISHED,)
            ).fetchall()
            return [job for (body,) in rows if (job := _job(body)) is not None]

        return await self._read(run)

    async def job_chargers(self, number: int) -> list[SavedCharger]:
        """In their order."""

        def run(connection: sqlite3.Connection) -> list[SavedCharger]:
            sql = "SELECT body, secret FROM job_charger WHERE job_id = ? ORDER BY place"
            rows = connection.execute(sql, (min(number, LARGEST_ID),)).fetchall()
            return [one for body, secret in rows if (one := _charger(body, secret)) is not None]

        return await self._read(run)

    async def wrong_signatures(self) -> set[tuple[str, str]]:
        """(charger, image) where the charger found the signature of that file wrong."""

        def run(connection: sqlite3.Connection) -> set[tuple[str, str]]:
            sql = (
                "SELECT c.charger_id, json_extract(j.body, '$.image_id') FROM job_charger c JOIN job j ON j.id = c.job_id "
                "WHERE json_extract(c.body, '$[0].cause') = ?"
            )
            return {(row[0], row[1]) for row in connection.execute(sql, (Cause.INVALID_SIGNATURE,)) if row[1]}

        return await self._read(run)

    async def lately_ended(self, since_at: float) -> dict[str, int]:
        """charger -> its newest update by which it has some of the file, or may have, where that ended since then, well or
        badly: both may still prove wrong."""

        def run(connection: sqlite3.Connection) -> dict[str, int]:
            sql = (
                "SELECT c.charger_id, max(c.job_id), "
                "coalesce(json_extract(c.body, '$[1].settled_at'), json_extract(c.body, '$[0].ended_at')) "
                "FROM job_charger c JOIN job j ON j.id = c.job_id WHERE j.kind = 'update' AND "
                "(json_extract(c.body, '$[0].transfer.total') > 0 OR json_extract(c.body, '$[1].whole') OR "
                "json_extract(c.body, '$[1].gap')) "
                "GROUP BY c.charger_id"
            )
            rows = connection.execute(sql).fetchall()
            return {one: number for one, number, at in rows if (at or 0.0) > since_at}

        return await self._read(run)

    async def audit_hashes(self, rows: Sequence[int]) -> list[tuple[int, str]]:
        """(id, hash) of these rows of the audit log, in order."""

        def run(connection: sqlite3.Connection) -> list[tuple[int, str]]:
            sql = "SELECT id, hash FROM audit WHERE id = ?"
            found = (connection.execute(sql, (number,)).fetchone() for number in rows)
            return [(row[0], row[1]) for row in found if row is not None]

        return await self._read(run)

    async def add_job_lines(self, lines: Sequence[JobLine]) -> None:
        """Their ids are given here."""
        rows = [(line.job_id, line.charger_id, line.at, line.side, line.text, line.tone) for line in lines]
        sql = "INSERT INTO job_line(job_id, charger_id, at, side, text, tone) VALUES (?, ?, ?, ?, ?, ?)"
        await self._durable(lambda database: database.conn.executemany(sql, rows).rowcount, True)

    async def job_lines(self, job_id: int, charger_id: str, after_id: int = 0, limit: int = 500) -> list[JobLine]:
        """Oldest first; of all chargers where none is named."""

        def run(connection: sqlite3.Connection) -> list[JobLine]:
            ours, values = ("AND charger_id = ? ", [charger_id]) if charger_id else ("", [])
            sql = (
                "SELECT id, job_id, charger_id, at, side, text, tone FROM job_line WHERE job_id = ? AND id > ? "
                f"{ours}ORDER BY id LIMIT ?"
            )
            found = [min(job_id, LARGEST_ID), min(after_id, LARGEST_ID), *values, max(0, min(limit, MOST_LINES))]
            return [JobLine(*row) for row in connection.execute(sql, found)]

        return await self._read(run)

    async def job_lines_ends(self, job_id: int, most: int) -> tuple[list[JobLine], int]:
        """(lines, number left out): all of a job, oldest first; where there are more than `most`, the first half and the
        last."""

        def run(connection: sqlite3.Connection) -> tuple[list[JobLine], int]:
            known = [min(job_id, LARGEST_ID)]
            number = connection.execute("SELECT count(*) FROM job_line WHERE job_id = ?", known).fetchone()[0]
            sql = "SELECT id, job_id, charger_id, at, side, text, tone FROM job_line WHERE job_id = ? ORDER BY id"
            if number <= most:
                return [JobLine(*row) for row in connection.execute(sql, known)], 0
            half = most // 2
            first = connection.execute(f"{sql} LIMIT ?", [*known, half]).fetchall()
            last = connection.execute(f"{sql} DESC LIMIT ?", [*known, half]).fetchall()
            return [JobLine(*row) for row in (*first, *reversed(last))], number - 2 * half

        return await self._read(run)


def _job(body: str) -> Job | None:
    try:
        return msgspec.json.decode(body, type=Job)
    except (msgspec.DecodeError, ValueError):
        return None


def _charger(body: str, secret: str) -> SavedCharger | None:
    try:
        charger, memory = msgspec.json.decode(body, type=tuple[JobCharger, Memory])
    except (msgspec.DecodeError, ValueError):
        return None
    return SavedCharger(charger, memory, secret)
