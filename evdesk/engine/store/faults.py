"""SQLite's and the disk's errors as sentences that say what to do."""

import errno
import sqlite3
from pathlib import Path

from evdesk.model import EvdeskError, Reason

SIDE_FILES = ("-wal", "-shm")
"""SQLite keeps these beside the database while it is open; they belong to it."""


def storage_error(sentence: str, **detail: object) -> EvdeskError:
    return EvdeskError(Reason.STORAGE, sentence, **detail)


def damaged_sentence(path: Path, what: str) -> str:
    """A damaged file is never deleted and never moved by evdesk: the person does it, and this says how."""
    return (
        f"The database {path} is damaged ({what}). evdesk has left it as it is. Stop the engine, copy the folder "
        f"somewhere safe, then rename the file yourself, for example to {path.name}.damaged, and with it "
        f"{path.name}-wal and {path.name}-shm where they exist. At the next start evdesk makes a new file."
    )


_BY_ITSELF = ("evdesk goes on by itself within a few seconds.", "evdesk tries again every few seconds.")
_SENTENCES: tuple[tuple[str, str], ...] = (
    (
        "SQLITE_FULL",
        "The disk that holds {path} is full. Free some space; evdesk goes on by itself within a few seconds.",
    ),
    (
        "SQLITE_READONLY",
        "{path} cannot be written: the file, its folder or the disk is read-only. Give this user write access, or "
        "choose another folder with --data DIR.",
    ),
    (
        "SQLITE_BUSY",
        "Another program holds a lock on {path}. Close it (a second engine, a database viewer, a backup), then try "
        "again.",
    ),
    (
        "SQLITE_LOCKED",
        "Another program holds a lock on {path}. Close it (a second engine, a database viewer, a backup), then try "
        "again.",
    ),
    (
        "SQLITE_CANTOPEN",
        "{path} cannot be opened. Check that the folder exists and that this user may read and write it.",
    ),
    (
        "SQLITE_PERM",
        "{path} cannot be opened. Check that the folder exists and that this user may read and write it.",
    ),
    (
        "SQLITE_IOERR",
        "The disk that holds {path} reports an error ({code}). Check that it is still connected and healthy; "
        "evdesk tries again every few seconds.",
    ),
    (
        "SQLITE_NOTADB",
        "{path} is not an evdesk database. Choose another folder with --data DIR, or rename that file yourself.",
    ),
)


def sentence_for(error: sqlite3.Error | OSError, path: Path) -> str:
    """What happened to the file at `path`, and what to do."""
    if isinstance(error, OSError):
        code = {errno.ENOSPC: "SQLITE_FULL", errno.EROFS: "SQLITE_READONLY", errno.EACCES: "SQLITE_CANTOPEN"}.get(
            error.errno or 0, f"SQLITE_IOERR {error.strerror or error}"
        )
    else:
        code = getattr(error, "sqlite_errorname", "") or str(error)
    if code.startswith("SQLITE_CORRUPT"):
        return damaged_sentence(path, str(error))
    for prefix, sentence in _SENTENCES:
        if code.startswith(prefix):
            return sentence.format(path=path, code=code)
    return f"{path} cannot be used ({error}). Check the disk and the file, then try again."


def opening_sentence(error: sqlite3.Error | OSError, path: Path) -> str:
    """The same where the engine does not begin because of it: then nothing goes on by itself."""
    sentence = sentence_for(error, path)
    for by_itself in _BY_ITSELF:
        sentence = sentence.replace(by_itself, "then start evdesk again.")
    return sentence


def is_storage_fault(error: sqlite3.Error) -> bool:
    """True where the file or disk failed, False where only this one statement was wrong."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return not name.startswith(("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG", "SQLITE_RANGE")) and not (
        isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError | sqlite3.DataError) and not name
    )


def is_too_much(error: sqlite3.Error) -> bool:
    """True where a question is larger than SQLite answers; file and disk are well."""
    return "too complex" in str(error) or "too many" in str(error)
