"""Tags as CSV: out, and tolerant in (any separator, head or none, byte order mark, duplicates, bad lines named). Pure."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from evdesk.model import EvdeskError, Reason
from evdesk.model.tags import Tag, TagLine
from evdesk.ocpp.tag_forms import plain
from evdesk.ocpp.timestamps import parse_time

FIELDS = ("id_tag", "status", "expires", "parent", "note")
LONGEST = 255
_HEADS = {
    "id_tag": "id_tag", "idtag": "id_tag", "tag": "id_tag", "rfid": "id_tag", "uid": "id_tag", "card": "id_tag",
    "idtoken": "id_tag", "token": "id_tag", "id": "id_tag", "number": "id_tag", "cardnumber": "id_tag",
    "status": "status", "state": "status", "expires": "expires", "expiry": "expires", "expirydate": "expires",
    "expiry_date": "expires", "validuntil": "expires", "valid_until": "expires", "parent": "parent",
    "parentidtag": "parent", "parent_id_tag": "parent", "group": "parent", "note": "note", "name": "note",
    "description": "note", "comment": "note", "owner": "note", "user": "note",
}  # fmt: skip
_BLOCKED = frozenset({"blocked", "false", "no", "0", "inactive", "disabled", "invalid", "expired", "off"})
_ACCEPTED = frozenset({"", "accepted", "true", "yes", "1", "active", "enabled", "valid", "ok", "on"})


def as_csv(tags: Iterable[Tag]) -> str:
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(FIELDS)
    for tag in tags:
        expires = (
            "" if tag.expires_at is None else datetime.fromtimestamp(tag.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        )
        note = f"'{tag.note}" if tag.note.startswith(("=", "+", "-", "@")) else tag.note
        rows.writerow((tag.id_tag, tag.status, expires, tag.parent, note))
    return out.getvalue()


def read_csv(text: str, have: Iterable[Tag], now: float) -> tuple[list[Tag], list[TagLine]]:
    """(tags to put, what became of each line). Raises `EvdeskError(INVALID)` where there is nothing to read."""
    text = text.removeprefix("\ufeff").replace("\0", "")
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise EvdeskError(Reason.INVALID, "The file is empty.")
    mark = max(";,\t|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=None), delimiter=mark))
    except csv.Error as error:
        raise EvdeskError(Reason.INVALID, f"The file is not valid CSV: {error}.") from None
    head = [_HEADS.get(cell.strip().strip('"').lower().replace(" ", "").replace("-", "_")) for cell in rows[0]]
    named = "id_tag" in head
    columns = head if named else list(FIELDS)
    known = {plain(tag.id_tag): tag for tag in have}
    seen: set[str] = set()
    put, told = [], []
    for number, row in enumerate(rows[1:] if named else rows, 2 if named else 1):
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name}
        tag, wrong = _tag(cells, now)
        if tag is None:
            told.append(TagLine(number, cells.get("id_tag", "")[:40], "bad", wrong))
        elif plain(tag.id_tag) in seen:
            told.append(TagLine(number, tag.id_tag, "duplicate", "It stands in an earlier line; that one counts."))
        else:
            seen.add(plain(tag.id_tag))
            tag, verdict = _against(tag, known.get(plain(tag.id_tag)))
            told.append(TagLine(number, tag.id_tag, verdict))
            if verdict != "same":
                put.append(tag)
    return put, told


def _tag(cells: dict[str, str], now: float) -> tuple[Tag | None, str]:
    ident = cells.get("id_tag", "").strip("'\"")
    if not ident:
        return None, "This line has no tag."
    if len(ident) > LONGEST or not ident.isprintable():
        return None, f"A tag has at most {LONGEST} printable characters."
    word = cells.get("status", "").lower()
    if word not in _BLOCKED and word not in _ACCEPTED:
        return None, f"“{cells['status'][:40]}” is no status: Accepted or Blocked."
    expires = _expiry(cells.get("expires", ""))
    if expires is not None and expires < 0:
        return None, f"“{cells['expires'][:40]}” is no date such as 2026-12-31."
    note = cells.get("note", "")
    note = note[1:] if note[:1] == "'" and note[1:2] in ("=", "+", "-", "@") else note
    status = "Blocked" if word in _BLOCKED else "Accepted"
    return Tag(ident, status, expires, cells.get("parent", ""), note[:500], now, now), ""


def _expiry(text: str) -> float | None:
    """Unix seconds; None where there is no date; -1 where it cannot be read. A day counts to its end."""
    if not text:
        return None
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp() + 86_399
        except ValueError:
            continue
    stamp = parse_time(text)
    return -1.0 if stamp is None else stamp.at


def _against(tag: Tag, old: Tag | None) -> tuple[Tag, str]:
    if old is None:
        return tag, "new"
    fresh = Tag(old.id_tag, tag.status, tag.expires_at, tag.parent, tag.note or old.note, old.added_at, tag.changed_at)
    kept = (old.status, old.expires_at, old.parent, old.note) == (
        fresh.status, fresh.expires_at, fresh.parent, fresh.note
    )  # fmt: skip
    return (old, "same") if kept else (fresh, "changed")
