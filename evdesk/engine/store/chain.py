"""The audit log's chain: rows, their hashes, and the signed checkpoints.

A row's hash is SHA-256 over its canonical JSON: every field but `hash`, keys sorted, no spaces, UTF-8, numbers as
Python writes them, `prev` = the hash of the row before (64 zeros before the first). Ids go up by one. A checkpoint
signs the id and hash of the last row; it names the signature of the checkpoint before it, so that none can be left out.
"""

import hashlib
import json
import sqlite3
from dataclasses import dataclass, fields
from typing import Any

from evdesk.engine.store.keys import Signer
from evdesk.model import AuditRow, Origin

GENESIS = "0" * 64
COLUMNS = tuple(f.name for f in fields(AuditRow))
_INSERT = f"INSERT INTO audit({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_INSERT_CHECKPOINT = (
    "INSERT INTO audit_checkpoint(id, at, row_id, row_hash, prev, public_key, signature) VALUES (?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row before it has its place in the chain. `args` and `detail` are canonical JSON text."""

    at: float
    kind: str
    origin: Origin
    what: str
    target: str
    args: str
    outcome: str
    detail: str
    ref: int | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    id: int
    at: float
    row_id: int
    row_hash: str
    prev: str
    public_key: str
    signature: str

    @property
    def text(self) -> str:
        """What is signed."""
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "signature"}
        return canonical({"checkpoint": "evdesk audit", **told})


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces. Text that is not valid Unicode gets replacement marks."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def row_hash(row: AuditRow) -> str:
    told = {name: getattr(row, name) for name in COLUMNS if name != "hash"}
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def from_record(record: sqlite3.Row | tuple[Any, ...]) -> AuditRow:
    """A row of `SELECT` over `COLUMNS` in that order. Raises `ValueError` where args or detail are no JSON objects."""
    told = dict(zip(COLUMNS, record, strict=True))
    for name in ("args", "detail"):
        told[name] = json.loads(told[name])
        if not isinstance(told[name], dict):
            raise ValueError(f"{name} is not a JSON object")
    return AuditRow(**told)


def last_link(connection: sqlite3.Connection) -> tuple[int, str]:
    """Id and hash of the newest row. Where rows behind a checkpoint are gone, their ids are not given again."""
    row = connection.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone() or (0, GENESIS)
    signed = connection.execute("SELECT max(row_id) FROM audit_checkpoint").fetchone()[0] or 0
    return max(row[0], signed), row[1]


def append(connection: sqlite3.Connection, entry: Entry, ref: int | None) -> AuditRow:
    """Adds one link inside the caller's transaction."""
    last_id, prev = last_link(connection)
    origin = entry.origin
    row = AuditRow(
        id=last_id + 1,
        at=entry.at,
        kind=entry.kind,
        who=origin.who,
        via=origin.via,
        address=origin.address,
        what=entry.what,
        target=entry.target,
        args=json.loads(entry.args),
        outcome=entry.outcome,
        detail=json.loads(entry.detail),
        ref=ref,
        prev=prev,
    )
    digest = row_hash(row)
    connection.execute(
        _INSERT,
        (
            row.id,
            row.at,
            row.kind,
            row.who,
            row.via,
            row.address,
            row.what,
            row.target,
            entry.args,
            row.outcome,
            entry.detail,
            row.ref,
            prev,
            digest,
        ),
    )
    return with_hash(row, digest)


def with_hash(row: AuditRow, digest: str) -> AuditRow:
    told = {name: getattr(row, name) for name in COLUMNS}
    return AuditRow(**{**told, "hash": digest})


def unsigned_rows(connection: sqlite3.Connection) -> int:
    """How many rows came after the newest checkpoint."""
    signed = connection.execute("SELECT max(row_id) FROM audit_checkpoint").fetchone()[0] or 0
    return int(connection.execute("SELECT count(*) FROM audit WHERE id > ?", (signed,)).fetchone()[0])


def add_checkpoint(connection: sqlite3.Connection, signer: Signer, at: float) -> None:
    """Signs the newest row inside the caller's transaction."""
    newest = connection.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    if newest is None:
        return
    before = connection.execute("SELECT id, signature FROM audit_checkpoint ORDER BY id DESC LIMIT 1").fetchone()
    last_id, prev = before or (0, "")
    told = Checkpoint(last_id + 1, at, newest[0], newest[1], prev, signer.public_key, "")
    connection.execute(
        _INSERT_CHECKPOINT,
        (told.id, told.at, told.row_id, told.row_hash, told.prev, told.public_key, signer.sign(told.text)),
    )
