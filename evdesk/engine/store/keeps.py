"""Rows that are on the disk before the caller goes on, and the records of chargers and site."""

import asyncio
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlite_utils import Database

from evdesk.engine.store import sessions
from evdesk.engine.store.batch import Batch
from evdesk.engine.store.chain import Entry, canonical
from evdesk.engine.store.core import Core
from evdesk.engine.store.faults import storage_error
from evdesk.engine.store.jobs import AuditJob
from evdesk.engine.store.redact import names_secret, plain
from evdesk.engine.store.rows import write_batch
from evdesk.model import (
    AuditRow,
    Charger,
    EvdeskError,
    Origin,
    Session,
    Site,
    TransactionEnded,
    TransactionStarted,
)

MUST_WAIT_S = 10.0
"""A command is refused when its audit row is not on the disk after this long."""

SAFETY_WAIT_S = 0.25
"""A safety reduction goes out after this long, its row on the way."""


class Keeps(Core):
    _tickets = 0

    async def audit(
        self,
        *,
        kind: str,
        origin: Origin,
        what: str,
        target: str,
        args: Mapping[str, Any] | None = None,
        outcome: str = "",
        detail: Mapping[str, Any] | None = None,
        ref: int | None = None,
        must: bool = True,
    ) -> AuditRow:
        """Adds a row to the chain; durable when it returns. Secrets in `args` and `detail` are taken out.

        `must` True: raises `EvdeskError(STORAGE)` when it could not be written, and the command must not go out.
        `must` False: never raises; the row is kept in order and written as soon as that works. It is then returned with
        hash "" and a negative id, which may be given as `ref` of a later row.
        """
        told, found = _safe(args, detail)
        entry = Entry(self._clock.now(), kind, origin, what, target, told, outcome, found, ref)
        self._tickets -= 1
        future: asyncio.Future[AuditRow] = asyncio.get_running_loop().create_future()
        job = AuditJob(entry, self._tickets, not must, future)
        try:
            self._open_writer().submit(job)
        except EvdeskError:
            if must:
                raise
            return job.provisional()
        await asyncio.wait((future,), timeout=MUST_WAIT_S if must else SAFETY_WAIT_S)
        if future.done() and (must or future.exception() is None):
            return future.result()
        if not must:
            return job.provisional()
        job.withdrawn = True
        raise storage_error(f"The disk did not take the audit row within {MUST_WAIT_S:.0f} s. Check the disk.")

    async def open_session(self, event: TransactionStarted, *, incomplete: bool = False) -> Session:
        """The session this start begins; the same start told twice gives the same session. Durable.

        While nothing can be written the session is given from memory, under a number of its own, and written later.
        """
        key = (event.charger_id, event.connector_id, event.id_tag, event.meter_wh, event.charger_at)
        waiting = self._unwritten.get(key)
        number = waiting.id if waiting else self._given().give()

        def run(database: Database) -> Session:
            return sessions.open_session(database.conn, event, incomplete, number)

        try:
            session = await self._durable(run, keep=True)
        except EvdeskError:
            wanted = event.transaction_id
            number = wanted if wanted is not None and wanted > 0 else number
            return self._unwritten.setdefault(key, sessions.begun(event, incomplete, number))
        self._unwritten.pop(key, None)
        self._given().used(number, session.id)
        return session

    async def close_session(self, event: TransactionEnded) -> Session | None:
        """Ends the session this stop belongs to; the same stop told twice changes nothing. Durable.

        A stop of no known session is kept as an incomplete session of its own, with the meter value it told. While
        nothing can be written the answer comes from memory (None for a stop of no known session), and is written later.
        """
        waiting, self._pending.sessions = self._pending.sessions, {}
        number = self._given().give()

        def run(database: Database) -> Session:
            write_batch(database.conn, Batch(sessions=waiting))
            return sessions.close_session(database.conn, event, number)

        try:
            session = await self._durable(run, keep=True)
        except EvdeskError:
            return await self._ended_in_memory(event)
        self._given().used(number, session.id)
        return session

    async def _ended_in_memory(self, event: TransactionEnded) -> Session | None:
        for key, session in self._unwritten.items():
            if session.charger_id == event.charger_id and session.id == event.transaction_id:
                self._unwritten[key] = sessions.ended(session, event)
                return self._unwritten[key]
        try:
            known = await self._read(lambda connection: sessions.find(connection, event))
        except EvdeskError:
            return None
        return None if known is None else sessions.ended(known, event)

    async def save_charger(self, charger: Charger, accepted: bool) -> None:
        row = {
            "id": charger.id,
            "accepted": int(accepted),
            "body": _text(charger),
            "saved_at": self._clock.now(),
        }
        await self._durable(lambda db: db["charger"].upsert(row, pk="id"))

    async def load_chargers(self) -> list[tuple[Charger, bool]]:
        """Every saved charger and whether a person has accepted it."""

        def run(connection: sqlite3.Connection) -> list[tuple[Charger, bool]]:
            rows = connection.execute("SELECT id, accepted, body FROM charger ORDER BY id").fetchall()
            return [(_charger(number, body), bool(accepted)) for number, accepted, body in rows]

        return await self._read(run)

    async def forget_charger(self, charger_id: str) -> None:
        """The record only; sessions, readings and the audit log stay."""

        def run(database: Database) -> None:
            database.conn.execute("DELETE FROM charger WHERE id = ?", (charger_id,))

        await self._durable(run)

    async def save_site(self, site: Site) -> None:
        """A new version; the older ones are kept."""
        row = {"at": self._clock.now(), "body": _text(site)}
        await self._durable(lambda db: db["site"].insert(row, pk="id"))

    async def load_site(self) -> Site | None:
        """The newest version. Raises `EvdeskError(STORAGE)` where it cannot be read: an older one could be wrong."""

        def run(connection: sqlite3.Connection) -> Site | None:
            row = connection.execute("SELECT id, body FROM site ORDER BY id DESC LIMIT 1").fetchone()
            if row is None:
                return None
            try:
                return msgspec.json.decode(row[1], type=Site)
            except (msgspec.DecodeError, ValueError) as error:
                raise storage_error(
                    f"The saved site (version {row[0]}) cannot be read: {error}. Install the evdesk that wrote it, or "
                    "enter the site again."
                ) from error

        return await self._read(run)

    async def save_meta(self, key: str, value: str) -> None:
        await self._durable(lambda db: db["meta"].upsert({"key": f"user.{key}", "value": value}, pk="key"))

    async def load_meta(self, key: str) -> str | None:
        def run(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (f"user.{key}",)).fetchone()
            return None if row is None else str(row[0])

        return await self._read(run)


def _safe(args: Mapping[str, Any] | None, detail: Mapping[str, Any] | None) -> tuple[str, str]:
    """Both as canonical JSON; the detail's values go where the arguments name a secret."""
    return canonical(plain(dict(args or {}))), canonical(plain(dict(detail or {}), names_secret(args)))


def _text(value: Charger | Site) -> str:
    return msgspec.json.encode(value).decode()


def _charger(charger_id: str, body: str) -> Charger:
    """What cannot be read any more is learnt again when the charger connects; that it was accepted counts."""
    try:
        return msgspec.json.decode(body, type=Charger)
    except (msgspec.DecodeError, ValueError):
        return Charger(charger_id)
