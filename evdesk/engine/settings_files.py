"""Settings as files: JSON and CSV out, tolerant reading in, and what a file would change. Pure."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, Reason, Setting
from evdesk.model.settings import PlannedSetting, SettingChange
from evdesk.ocpp.dictionary import fault, same
from evdesk.ocpp.redact import HIDDEN

FIELDS = ("name", "value", "unit", "writable", "group", "meaning")
MASK = "(secret)"
MOST_CHARS, MOST_LINES = 900_000, 20_000
_NAMES = ("name", "key", "setting", "variable", "parameter")
_VALUES = ("value", "attributevalue", "wert", "val")
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class FileLine:
    """`value` None: the file says it is a secret, or gives none. `wrong`: why the line cannot be used."""

    line: int
    name: str
    value: str | None
    wrong: str = ""


def as_json(record: ChargerRecord, settings: Iterable[Setting], at: float | None) -> str:
    who = record.identity
    head = {
        "evdesk": "settings",
        "version": 1,
        "charger": {
            "id": record.id,
            "protocol": record.protocol,
            "vendor": who.vendor,
            "model": who.model,
            "firmware": who.firmware,
            "serial": who.serial,
        },
        "read_at": None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
    }
    rows = [
        {"name": s.name, "value": None if s.secret else s.value, "writable": s.writable, "unit": s.unit}
        | ({"secret": True} if s.secret else {})
        for s in settings
    ]
    return json.dumps(head | {"settings": rows}, indent=2, ensure_ascii=False) + "\n"


def as_csv(settings: Iterable[Setting]) -> str:
    """With a byte order mark, for spreadsheets. A value that a spreadsheet would run as a formula gets an apostrophe."""
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(FIELDS)
    for s in settings:
        value = MASK if s.secret else s.value or ""
        cells = (s.name, value, s.unit, "yes" if s.writable else "no", s.group, s.meaning)
        rows.writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: str) -> str:
    if not cell.startswith(_FORMULA) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_file(text: str) -> list[FileLine]:
    """The lines of a settings file. Raises `EvdeskError(INVALID)` where it is no such file at all."""
    if len(text) > MOST_CHARS:
        raise EvdeskError(Reason.INVALID, "The file is too large for a settings file.")
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise EvdeskError(Reason.INVALID, "The file is empty.")
    lines = _from_json(text) if text[0] in "{[" else _from_csv(text)
    if not lines:
        raise EvdeskError(Reason.INVALID, "The file holds no settings.")
    if len(lines) > MOST_LINES:  # a part of a file is worse than none of it
        raise EvdeskError(
            Reason.INVALID, f"The file holds {len(lines)} settings; at most {MOST_LINES} are taken at once."
        )
    return lines


def _from_json(text: str) -> list[FileLine]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EvdeskError(Reason.INVALID, f"The file is not valid JSON: {error}.") from None
    rows = told.get("settings", told.get("configurationKey", told)) if isinstance(told, dict) else told
    if isinstance(rows, dict):
        rows = [{"name": name, "value": value} for name, value in rows.items()]
    if not isinstance(rows, list):
        raise EvdeskError(Reason.INVALID, "The file holds no list of settings.")
    return [_json_line(number, row) for number, row in enumerate(rows, 1)]


def _json_line(number: int, row: Any) -> FileLine:
    if not isinstance(row, dict):
        return FileLine(number, "", None, "This entry is not a setting.")
    low = {str(key).lower(): value for key, value in row.items()}
    name = next((low[key] for key in _NAMES if isinstance(low.get(key), str)), "")
    value = low.get("value")
    if not name:
        return FileLine(number, "", None, "This entry has no name.")
    if isinstance(value, dict | list):
        return FileLine(number, name, None, "This value is not text.")
    if isinstance(value, bool):
        value = "true" if value else "false"
    return FileLine(number, name.strip(), None if value is None or low.get("secret") else str(value))


def _from_csv(text: str) -> list[FileLine]:
    first = text.splitlines()[0]
    mark = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=None), delimiter=mark))
    except csv.Error as error:
        raise EvdeskError(Reason.INVALID, f"The file is not valid CSV: {error}.") from None
    head = [cell.strip().lower() for cell in rows[0]]
    at_name = next((i for i, cell in enumerate(head) if cell in _NAMES), None)
    at_value = next((i for i, cell in enumerate(head) if cell in _VALUES), None)
    body, start = rows[1:], 2
    if at_name is None or at_value is None:
        at_name, at_value, body, start = 0, 1, rows, 1  # no head: name, value
    lines = []
    for number, row in enumerate(body, start):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(at_name, at_value) or not row[at_name].strip():
            lines.append(FileLine(number, row[0].strip()[:80], None, "This line has no name and value."))
            continue
        value = row[at_value]
        if value.startswith("'") and value[1:2] in _FORMULA:
            value = value[1:]
        lines.append(FileLine(number, row[at_name].strip(), None if value == MASK else value))
    return lines


def plan(lines: list[FileLine], settings: Iterable[Setting], protocol: str) -> list[PlannedSetting]:
    """What each line would do to a charger with these settings. A name that comes twice counts once, the last one."""
    known = {s.name.lower(): s for s in settings}
    last = {line.name.lower(): line.line for line in lines if not line.wrong}
    return [_one(line, known, last, protocol) for line in lines]


def _one(line: FileLine, known: dict[str, Setting], last: dict[str, int], protocol: str) -> PlannedSetting:
    def told(verdict: str, sentence: str = "", setting: Setting | None = None) -> PlannedSetting:
        now = None if setting is None or setting.secret else setting.value
        name, warning = (line.name, "") if setting is None else (setting.name, setting.warning)
        value = line.value or ""
        if setting is not None and setting.secret:
            value = MASK
        return PlannedSetting(line.line, name, value, verdict, now, None, sentence, warning)

    if line.wrong:
        return told("unreadable", line.wrong)
    setting = known.get(line.name.lower())
    if last[line.name.lower()] != line.line:
        return told("unreadable", f"{line.name} comes again in line {last[line.name.lower()]}; that one counts.")
    if setting is None:
        return told("unknown", "The charger has no such setting.")
    if line.value is None or setting.secret or HIDDEN in line.value:
        return told("secret", "Secrets are not in files. Write it by hand.", setting)
    if same(setting, setting.value, line.value):
        return told("same", "", setting)
    if not setting.writable:
        return told("read_only", "The charger does not let it be written.", setting)
    wrong = fault(setting, line.value, protocol)
    return told("invalid", wrong, setting) if wrong else told("change", "", setting)


def differences(before: Iterable[Setting], after: Iterable[Setting]) -> list[SettingChange]:
    """By name; secrets count only as added or removed."""
    old, new = {s.name: s for s in before}, {s.name: s for s in after}
    found = []
    for name in sorted(old.keys() | new.keys(), key=str.lower):
        a, b = old.get(name), new.get(name)
        if a is None and b is not None:
            found.append(SettingChange(name, None, b.value, "added", b.unit, b.meaning))
        elif b is None and a is not None:
            found.append(SettingChange(name, a.value, None, "removed", a.unit, a.meaning))
        elif a is not None and b is not None and a.value != b.value:
            found.append(SettingChange(name, a.value, b.value, "changed", b.unit, b.meaning))
    return found
