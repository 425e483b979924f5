"""The audit log as a file: JSON lines (whole rows with their hashes) or CSV (what the table shows).

Pages are asked one after the other and written as they come, newest first, so that a long log needs no memory. The
file appears under its name only when it is whole. JSON lines keep `args` as the engine stores them, which never
include secrets; tags and settings that look like secrets are hidden here once more, and such a row says so in `hidden`
(its hash is over the stored row, not over the hidden one).
"""

import csv
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from evdesk.gui.pages.activity_words import cleaned
from evdesk.gui.tables import harmless
from evdesk.gui.text import tr
from evdesk.model import AuditRow, EvdeskError, Reason
from evdesk.wire import to_plain
from evdesk.wire.methods import AuditPage

PAGE = 500
CSV_COLUMNS = (
    "id",
    "time",
    "kind",
    "who",
    "via",
    "address",
    "what",
    "target",
    "args",
    "outcome",
    "detail",
    "ref",
    "hash",
)

Fetch = Callable[[AuditPage], Awaitable[list[AuditRow]]]


def iso(at: float) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-11-24T17:52:41.108+00:00`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def json_line(row: AuditRow) -> str:
    plain = to_plain(row)
    args, detail = cleaned(row)
    if args != row.args or detail != row.detail:
        plain |= {"args": to_plain(args), "detail": to_plain(detail), "hidden": True}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def csv_fields(row: AuditRow) -> list[str]:
    args, detail = (json.dumps(to_plain(part), ensure_ascii=False) for part in cleaned(row))
    ref = "" if row.ref is None else str(row.ref)
    fields = [str(row.id), iso(row.at), row.kind, row.who, row.via, row.address, row.what, row.target]
    return [harmless(field) for field in (*fields, args, row.outcome, detail, ref, row.hash)]


def write_rows(file: TextIO, rows: Iterable[AuditRow], as_csv: bool) -> None:
    if as_csv:
        csv.writer(file).writerows(csv_fields(row) for row in rows)
    else:
        file.writelines(json_line(row) + "\n" for row in rows)


async def export(path: Path, page: AuditPage, fetch: Fetch, progress: Callable[[int], None]) -> int:
    """Write every row that `page` filters to `path` (".csv" or JSON lines); returns how many.

    Raises `EvdeskError(STORAGE)` when the file cannot be written, and whatever `fetch` raises. `progress` is told the
    rows written so far.
    """
    as_csv = path.suffix.lower() == ".csv"
    part = path.with_name(path.name + ".part")
    written = 0
    try:
        with part.open("w", encoding="utf-8", newline="" if as_csv else "\n") as file:
            if as_csv:
                csv.writer(file).writerow(CSV_COLUMNS)
            page = replace(page, limit=PAGE, before_id=None)
            while rows := await fetch(page):
                write_rows(file, rows, as_csv)
                written += len(rows)
                progress(written)
                if len(rows) < PAGE:
                    break
                page = replace(page, before_id=rows[-1].id)
        part.replace(path)
    except OSError as error:
        sentence = tr("{file} cannot be written: {why}. Choose another folder.")
        raise EvdeskError(Reason.STORAGE, sentence.format(file=path.name, why=error.strerror or error)) from error
    finally:
        part.unlink(missing_ok=True)
    return written
