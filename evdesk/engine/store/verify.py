"""Checks and exports the audit log, beside a running engine or without one."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from evdesk.engine.store import chain
from evdesk.engine.store.chain import Checkpoint
from evdesk.engine.store.faults import sentence_for
from evdesk.engine.store.files import database_file, open_reader
from evdesk.engine.store.keys import KEY_FILE, TRUSTED_FILE, signed_by, trusted_keys
from evdesk.model import AuditRow, ChainVerdict

Sink = Callable[[AuditRow | Checkpoint], None]


class Broken(Exception):
    """The chain does not hold from `row` on."""

    def __init__(self, row: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.row = row
        self.sentence = sentence


@dataclass(slots=True)
class Walk:
    """How far the check has come."""

    rows: int = 0
    checkpoints: int = 0
    first_at: float | None = None
    last_id: int = 0
    last_hash: str = chain.GENESIS
    signed_id: int = 0
    signature: str = ""
    keys: frozenset[str] = field(default_factory=frozenset)

    def step(self, row: AuditRow) -> None:
        """Takes the next row; raises `Broken`."""
        if row.id != self.last_id + 1:
            missing = (
                f"row {row.id - 1} is" if row.id == self.last_id + 2 else f"rows {self.last_id + 1} to {row.id - 1} are"
            )
            raise Broken(self.last_id + 1, f"{missing.capitalize()} missing.")
        if row.prev != self.last_hash:
            raise Broken(
                row.id, f"Row {row.id} does not follow the row before it: one of them was moved, inserted or rewritten."
            )
        if chain.row_hash(row) != row.hash:
            raise Broken(row.id, f"Row {row.id} was changed after it was written.")
        self.rows += 1
        self.first_at = row.at if self.first_at is None else self.first_at
        self.last_id, self.last_hash = row.id, row.hash

    def check(self, point: Checkpoint) -> None:
        """Takes the next checkpoint, after the row it names; raises `Broken`."""
        if point.id != self.checkpoints + 1 or point.prev != self.signature:
            raise Broken(point.row_id, f"Signed checkpoint {self.checkpoints + 1} is missing or was replaced.")
        if point.row_id > self.last_id:
            raise Broken(
                self.last_id + 1,
                f"The end of the log is missing: checkpoint {point.id} signs row {point.row_id}, but the log ends "
                f"at row {self.last_id}.",
            )
        if point.row_id < self.last_id or point.row_hash != self.last_hash:
            raise Broken(
                point.row_id, f"The rows up to {point.row_id} were rewritten: checkpoint {point.id} signs another hash."
            )
        if not signed_by(point.public_key, point.signature, point.text):
            raise Broken(point.row_id, f"The signature of checkpoint {point.id} is wrong.")
        if point.public_key not in self.keys:
            raise Broken(
                point.row_id,
                f"Checkpoint {point.id} is signed with a key that is not known here ({point.public_key}). Put its "
                f"{KEY_FILE} beside the database, or, if you know this key, write it as a line into "
                f"{TRUSTED_FILE} there.",
            )
        self.checkpoints += 1
        self.signed_id, self.signature = point.row_id, point.signature

    def verdict(self, broken: Broken | None) -> ChainVerdict:
        return ChainVerdict(
            holds=broken is None,
            rows=self.rows,
            checkpoints=self.checkpoints,
            first_at=self.first_at,
            last_hash=self.last_hash if self.rows else "",
            broken_row=broken.row if broken else None,
            sentence=broken.sentence if broken else self._holds(),
        )

    def _holds(self) -> str:
        tail = self.rows - self.signed_id
        signed = f"{self.checkpoints} signed checkpoint{'' if self.checkpoints == 1 else 's'}"
        return f"The chain holds: {self.rows} rows, {signed}, {tail} unsigned since."


def verify_file(path: Path) -> ChainVerdict:
    """Recomputes the whole chain of the database at `path` (the file, or the data folder it is in).

    Raises `EvdeskError(STORAGE)` where the file cannot be opened at all; damage found on the way is a verdict.
    """
    return walk_file(path, lambda link: None)


def export_file(path: Path, out: TextIO) -> ChainVerdict:
    """Writes the log as JSON lines, oldest first, and returns the verdict.

    A line is a row (all fields, canonical JSON: its hash is SHA-256 over the line without `hash`), a checkpoint
    `{"checkpoint": {...}}` after the row it signs, or, last, `{"verdict": {...}}`. Rows that break the chain are
    written too.
    """

    def write(link: AuditRow | Checkpoint) -> None:
        told = {"checkpoint": asdict(link)} if isinstance(link, Checkpoint) else asdict(link)
        out.write(chain.canonical(told) + "\n")

    verdict = walk_file(path, write)
    out.write(chain.canonical({"verdict": asdict(verdict)}) + "\n")
    return verdict


def walk_file(path: Path, sink: Sink) -> ChainVerdict:
    """As `verify_file`; `sink` is given every row and every checkpoint on the way, those behind a breach too."""
    target = database_file(path)
    database = open_reader(target)
    try:
        walk = Walk(keys=trusted_keys(target.parent))
        database.conn.execute("BEGIN")
        return walk.verdict(_follow(database.conn, walk, sink))
    except sqlite3.Error as error:
        return walk.verdict(Broken(walk.last_id + 1, sentence_for(error, target)))
    finally:
        database.close()


def _follow(connection: sqlite3.Connection, walk: Walk, sink: Sink) -> Broken | None:
    """Walks to the end in any case, so that an export is whole; the first breach counts."""
    broken: Broken | None = None
    for link in _links(connection):
        if isinstance(link, Broken):
            broken = broken or link
            continue
        sink(link)
        if broken is None:
            try:
                walk.check(link) if isinstance(link, Checkpoint) else walk.step(link)
            except Broken as error:
                broken = error
    return broken


def _links(connection: sqlite3.Connection) -> Iterator[AuditRow | Checkpoint | Broken]:
    """Rows by id, each checkpoint after the row it names."""
    points = [
        Checkpoint(*record)
        for record in connection.execute(
            "SELECT id, at, row_id, row_hash, prev, public_key, signature FROM audit_checkpoint ORDER BY row_id, id"
        )
    ]
    next_point = 0
    for record in connection.execute(f"SELECT {', '.join(chain.COLUMNS)} FROM audit ORDER BY id"):
        while next_point < len(points) and points[next_point].row_id < record[0]:
            yield points[next_point]
            next_point += 1
        try:
            row = chain.from_record(record)
            if chain.canonical(row.args) != record[8] or chain.canonical(row.detail) != record[10]:
                yield Broken(row.id, f"Row {row.id} was changed after it was written.")
            yield row
        except (ValueError, TypeError):
            yield Broken(record[0], f"Row {record[0]} was changed after it was written: it cannot be read.")
    yield from points[next_point:]
