"""What is remembered about single chargers: snapshots of settings, tags, observed reboots, and small notes."""

import hashlib
import sqlite3
from collections.abc import Sequence

import msgspec
from sqlite_utils import Database

from evdesk.engine.store.core import Core
from evdesk.engine.store.faults import storage_error
from evdesk.engine.store.pages import LARGEST_ID
from evdesk.model import Setting
from evdesk.model.settings import SettingsSnapshot
from evdesk.model.tags import Tag

_COLUMNS = "id, charger_id, at, seen_at, settings, vendor, model, firmware, protocol, reason"
_TAG = "id_tag, status, expires_at, parent, note, added_at, changed_at"
SNAPSHOTS_KEPT = 200
"""Per charger; the oldest go first."""


class Shelf(Core):
    """All durable but the reads. Secrets never come here: a secret setting's value is None."""

    async def save_snapshot(self, told: SettingsSnapshot, settings: Sequence[Setting]) -> int:
        """The id of the snapshot that holds exactly these values: a new one only where something changed."""
        body = msgspec.json.encode(list(settings))
        values = [(s.name, s.value, s.writable) for s in sorted(settings, key=lambda s: s.name)]
        digest = hashlib.sha256(msgspec.json.encode(values)).hexdigest()

        def run(database: Database) -> int:
            connection = database.conn
            newest = connection.execute(
                "SELECT id, hash, firmware FROM setting_snapshot WHERE charger_id = ? ORDER BY id DESC LIMIT 1",
                (told.charger_id,),
            ).fetchone()
            if newest is not None and (newest[1], newest[2]) == (digest, told.firmware):
                connection.execute("UPDATE setting_snapshot SET seen_at = ? WHERE id = ?", (told.seen_at, newest[0]))
                return int(newest[0])
            return _insert(connection, told, body, digest, len(settings))

        return await self._durable(run)

    async def snapshots(self, charger_id: str) -> list[SettingsSnapshot]:
        """Newest first."""

        def run(connection: sqlite3.Connection) -> list[SettingsSnapshot]:
            sql = f"SELECT {_COLUMNS} FROM setting_snapshot WHERE charger_id = ? ORDER BY id DESC"
            return [SettingsSnapshot(*row) for row in connection.execute(sql, (charger_id,))]

        return await self._read(run)

    async def snapshot_settings(self, charger_id: str, snapshot_id: int) -> list[Setting] | None:
        """What a snapshot holds; None where this charger has none of that id."""

        def run(connection: sqlite3.Connection) -> list[Setting] | None:
            row = connection.execute(
                "SELECT body FROM setting_snapshot WHERE id = ? AND charger_id = ?",
                (min(snapshot_id, LARGEST_ID), charger_id),
            ).fetchone()
            return None if row is None else _settings(row[0])

        return await self._read(run)

    async def save_reboot(self, maker: tuple[str, str, str], name: str, reboot: bool) -> None:
        """Whether a change of `name` waits for a restart, as seen on this (vendor, model, firmware)."""
        row = (*maker, name.lower(), int(reboot), self._clock.now())
        sql = "INSERT OR REPLACE INTO reboot_seen(vendor, model, firmware, name, reboot, at) VALUES (?, ?, ?, ?, ?, ?)"
        await self._durable(lambda database: database.conn.execute(sql, row).rowcount)

    async def reboots(self) -> dict[tuple[str, str, str, str], bool]:
        """(vendor, model, firmware, name in lower case) -> whether it waits for a restart."""

        def run(connection: sqlite3.Connection) -> dict[tuple[str, str, str, str], bool]:
            rows = connection.execute("SELECT vendor, model, firmware, name, reboot FROM reboot_seen")
            return {(row[0], row[1], row[2], row[3]): bool(row[4]) for row in rows}

        return await self._read(run)

    async def save_tags(self, put: Sequence[Tag], delete: Sequence[str] = ()) -> None:
        """Adds or replaces, and deletes, in one step."""

        def run(database: Database) -> None:
            marks = f"INSERT OR REPLACE INTO tag({_TAG}) VALUES (?, ?, ?, ?, ?, ?, ?)"
            database.conn.executemany(
                marks, [(t.id_tag, t.status, t.expires_at, t.parent, t.note, t.added_at, t.changed_at) for t in put]
            )
            database.conn.executemany("DELETE FROM tag WHERE id_tag = ?", [(tag,) for tag in delete])

        await self._durable(run)

    async def tags(self) -> list[Tag]:
        def run(connection: sqlite3.Connection) -> list[Tag]:
            return [Tag(*row) for row in connection.execute(f"SELECT {_TAG} FROM tag ORDER BY id_tag")]

        return await self._read(run)

    async def save_note(self, kind: str, key: str, body: bytes, keep: bool = False) -> None:
        """The one note of this kind about `key` (a charger's id, a model), as JSON. `keep`: where the storage fails it is
        written as soon as that works again."""
        row = (kind, key, body.decode(), self._clock.now())
        sql = "INSERT OR REPLACE INTO charger_note(kind, key, body, at) VALUES (?, ?, ?, ?)"
        await self._durable(lambda database: database.conn.execute(sql, row).rowcount, keep)

    async def drop_note(self, kind: str, key: str) -> None:
        sql = "DELETE FROM charger_note WHERE kind = ? AND key = ?"
        await self._durable(lambda database: database.conn.execute(sql, (kind, key)).rowcount)

    async def load_notes(self, kind: str) -> dict[str, str]:
        """key -> JSON."""

        def run(connection: sqlite3.Connection) -> dict[str, str]:
            return dict(connection.execute("SELECT key, body FROM charger_note WHERE kind = ?", (kind,)))

        return await self._read(run)

    async def load_note(self, kind: str, key: str) -> str | None:
        def run(connection: sqlite3.Connection) -> str | None:
            sql = "SELECT body FROM charger_note WHERE kind = ? AND key = ?"
            row = connection.execute(sql, (kind, key)).fetchone()
            return None if row is None else str(row[0])

        return await self._read(run)


def _insert(connection: sqlite3.Connection, told: SettingsSnapshot, body: bytes, digest: str, settings: int) -> int:
    added = connection.execute(
        "INSERT INTO setting_snapshot(charger_id, at, seen_at, settings, vendor, model, firmware, protocol, reason, "
        "hash, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            told.charger_id,
            told.at,
            told.seen_at,
            settings,
            told.vendor,
            told.model,
            told.firmware,
            told.protocol,
            told.reason,
            digest,
            body.decode(),
        ),
    ).lastrowid
    connection.execute(
        "DELETE FROM setting_snapshot WHERE charger_id = ? AND id NOT IN "
        "(SELECT id FROM setting_snapshot WHERE charger_id = ? ORDER BY id DESC LIMIT ?)",
        (told.charger_id, told.charger_id, SNAPSHOTS_KEPT),
    )
    return int(added or 0)


def _settings(body: str) -> list[Setting]:
    try:
        return msgspec.json.decode(body, type=list[Setting])
    except msgspec.DecodeError as error:
        raise storage_error(f"A snapshot cannot be read: {error}. Read the settings from the charger again.") from error
