"""What evdesk itself wrote into a charger's settings while its update went on: that is wanted, and no doing of the
update. Read from the audit log, which outlives the engine. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evdesk.model import AuditRow
from evdesk.ocpp import redact
from evdesk.ocpp.device_model import address_of

WRITES = frozenset({"charger.write_setting", "setup.write_setting", "charger.raw"})
_BACKUP = "charger.settings"
TELLING = WRITES | {_BACKUP}
"""The rows `written` needs."""

NOT_KEPT = ("(not written down)", "(secret)", redact.HIDDEN)
_TOOK = frozenset({"Accepted", "RebootRequired"})


@dataclass(frozen=True, slots=True)
class Written:
    """`value` None: it was written and not kept. `took`: the charger said so."""

    name: str
    value: str | None
    who: str
    took: bool


def written(rows: Iterable[AuditRow], job_id: int, sent_at: float, now: Mapping[str, str | None]) -> dict[str, Written]:
    """By name in lower case, the last of each. `rows`: of one charger; `sent_at`: when it was asked to update, before
    which its settings were read; `now`: its settings, by name in lower case. One that was not answered counts where the
    charger has its value."""
    told = sorted(rows, key=lambda row: row.id)
    since = max((row.id for row in told if row.at <= sent_at and _is_backup(row, job_id)), default=0)
    found = {}
    for row in told:
        if row.id <= since or row.kind != "answered" or row.args.get("job_id") == job_id:
            continue
        for one in _writes(row):
            if one.took or (one.value is not None and now.get(one.name.lower()) == one.value):
                found[one.name.lower()] = one
    return found


def holds_secret(value: str) -> bool:
    return any(mark in value for mark in NOT_KEPT)


def _is_backup(row: AuditRow, job_id: int) -> bool:
    return row.kind == "asked" and row.what == _BACKUP and row.args.get("job_id") == job_id


def _writes(row: AuditRow) -> Iterator[Written]:
    if row.what not in WRITES:
        return
    status = str(row.detail.get("status", ""))
    took = row.outcome == "accepted" and status in _TOOK
    args: dict[str, Any] = row.args
    if row.what != "charger.raw":
        after = row.detail.get("after")  # as the charger writes it; not yet where it needs a restart first
        pairs = [(args.get("name"), args.get("value") if after is None or status != "Accepted" else after)]
    else:
        pairs = _by_hand(args.get("payload"))
    for name, value in pairs:
        if isinstance(name, str) and isinstance(value, str):
            yield Written(name.strip(), None if holds_secret(value) else value, row.who, took)


def _by_hand(payload: Any) -> list[tuple[Any, Any]]:
    """ChangeConfiguration of 1.6, SetVariables of 2.x."""
    if not isinstance(payload, dict):
        return []
    items = payload.get("setVariableData")
    if not isinstance(items, list):
        return [(payload.get("key"), payload.get("value"))]
    found = [(address_of(item), item.get("attributeValue")) for item in items if isinstance(item, dict)]
    return [(address.text, value) for address, value in found if address is not None]
