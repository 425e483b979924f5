"""Opens the database file: refuses what cannot be right, in words, and changes nothing before it knows."""

import os
import sqlite3
import time
from pathlib import Path

from sqlite_utils import Database

from evdesk.engine.store.faults import damaged_sentence, is_storage_fault, opening_sentence, sentence_for, storage_error
from evdesk.engine.store.schema import APPLICATION_ID, LATEST, MIGRATIONS
from evdesk.model import EvdeskError

HEADER = b"SQLite format 3\x00"
BUSY_S = 2.0
CHECK_S = 2.0
"""A start never waits longer than this for the check of the whole file; damage found later is said then."""


def open_writer(path: Path) -> Database:
    """The one writing connection: checked, migrated, in WAL mode. Raises `EvdeskError(STORAGE)` with what to do."""
    _check_path(path)
    connection: sqlite3.Connection | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        # Used by the writer thread alone, but opened and closed from another.
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        database = Database(connection, execute_plugins=False)
        _check_ours(database, path)
        _check_writable(connection)
        _check_whole(connection, path)
        database.enable_wal()
        _tune(connection)
        _migrate(connection, path)
    except (sqlite3.Error, OSError, EvdeskError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, EvdeskError):
            raise
        raise storage_error(opening_sentence(error, path)) from error
    return database


def open_reader(path: Path) -> Database:
    """A connection that cannot write. Works beside a running engine and without one.

    A file in WAL mode inside a folder that cannot be written is opened as immutable, where no engine can have it open.
    """
    target = database_file(path)
    if not target.is_file():
        raise storage_error(f"There is no database at {target}. Name the engine's data folder with --data DIR.")
    _check_path(target)
    uri = target.resolve().as_uri()
    try:
        return _reader(f"{uri}?mode=ro", target)
    except sqlite3.OperationalError as error:
        if Path(f"{target}-wal").exists() or not is_storage_fault(error):
            raise storage_error(sentence_for(error, target)) from error
    except sqlite3.Error as error:
        raise storage_error(sentence_for(error, target)) from error
    try:
        return _reader(f"{uri}?mode=ro&immutable=1", target)
    except sqlite3.Error as error:
        raise storage_error(sentence_for(error, target)) from error


def database_file(path: Path) -> Path:
    """The database itself, where a data folder was named."""
    return path / "evdesk.db" if path.is_dir() else path


def _reader(uri: str, path: Path) -> Database:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        database = Database(connection, execute_plugins=False, recursive_triggers=False)
        connection.execute("PRAGMA query_only = 1")
        _check_ours(database, path)
    except (sqlite3.Error, EvdeskError):
        connection.close()
        raise
    return database


def _check_path(path: Path) -> None:
    """Before SQLite touches it: a folder, an unreadable file, or a file of another kind."""
    try:
        if path.is_dir():
            raise storage_error(
                f"{path} is a folder, not a database file. Rename it, or choose another with --data DIR."
            )
        if not path.exists() or path.stat().st_size == 0:
            return
        with path.open("rb") as file:
            start = file.read(len(HEADER))
    except OSError as error:
        raise storage_error(sentence_for(error, path)) from error
    if start != HEADER:
        raise storage_error(
            f"{path} is not a database, or its beginning is damaged. evdesk has left it as it is. Choose another "
            f"folder with --data DIR, or rename that file yourself, for example to {path.name}.damaged: at the next "
            "start evdesk makes a new one."
        )


def _check_ours(database: Database, path: Path) -> None:
    connection = database.conn
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and (tables or version):
        raise storage_error(
            f"{path} belongs to another program. evdesk has left it as it is. Choose another folder with --data DIR."
        )
    if version > LATEST:
        raise storage_error(
            f"{path} was written by a newer evdesk (format {version}; this one knows up to {LATEST}). Install the "
            "newer evdesk, or choose another folder with --data DIR. Nothing was changed.",
            found=version,
            known=LATEST,
        )


def _check_writable(connection: sqlite3.Connection) -> None:
    """A real write and its rollback: asking the file system for permissions is not the same as writing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(f"PRAGMA user_version = {int(version)}")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _check_whole(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's own check of the pages, cut off after `CHECK_S`."""
    until = time.monotonic() + CHECK_S
    connection.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
    try:
        verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_INTERRUPT":
            raise
        return
    finally:
        connection.set_progress_handler(None, 0)
    if verdict != "ok":
        raise storage_error(damaged_sentence(path, " ".join(verdict.split())))


def _tune(connection: sqlite3.Connection) -> None:
    # Checkpoints of the WAL run between requests (upkeep), not inside the commit somebody waits for.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA secure_delete = 0")
    connection.execute("PRAGMA cache_size = -8192")
    connection.execute("PRAGMA synchronous = FULL")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Each step in one transaction, so that a step that fails leaves the file as the step before left it."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for number in range(version + 1, LATEST + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in MIGRATIONS[number - 1]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise storage_error(
                f"{path} could not be brought from format {number - 1} to {number}: {sentence_for(error, path)} "
                f"The file is still in format {number - 1}."
            ) from error
