"""What a new engine must assume after the old one died: running charges, and limits that may still be in force."""

import time
from dataclasses import replace

from evdesk.engine.delivery import ON_THE_WAY_S
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.engine.timekeeping import CLOCK_JUMP
from evdesk.model import AuditRow
from evdesk.wire.methods import AuditPage, SessionPage

ROWS = 5000
"""In one page; a thousand chargers write more within the life of a limit."""


async def recover(store: Store, fleet: Fleet, now: float) -> None:
    """Fill the fleet from the store. A limit asked within its validity before now may still hold: it counts as the
    worst case, whether it was answered or not."""
    for charger, accepted in await store.load_chargers():
        record = ChargerRecord.from_model(charger, accepted)
        for connector in record.connectors.values():
            connector.confirmed_a = None
        fleet.chargers[record.id] = record
    for bay in fleet.site.bays:
        record = fleet.record(bay.charger_id)
        record.label = bay.label.split(".")[0]
        record.connector(bay.connector_id)
    for session in await store.sessions(SessionPage(limit=2000, open_only=True)):
        known = fleet.chargers.get(session.charger_id)
        if known is not None:
            known.connector(session.connector_id).begin(session)
    await _limits_in_force(store, fleet, now)


async def _limits_in_force(store: Store, fleet: Fleet, now: float) -> None:
    valid_s = fleet.site.balance.profile_valid_s
    since = now - valid_s - ON_THE_WAY_S
    jumps = [
        (row.id, float(seconds))
        for row in await store.audit_rows(AuditPage(limit=ROWS, from_at=since, search=CLOCK_JUMP))
        if row.what == CLOCK_JUMP and isinstance(seconds := row.detail.get("seconds"), int | float)
    ]
    page = AuditPage(limit=ROWS, from_at=since - sum(max(seconds, 0.0) for _, seconds in jumps), search="balance.")
    while rows := await store.audit_rows(page):
        for row in rows:
            # What is older than a set clock was written on the old one.
            at = min(row.at + sum(seconds for jump_id, seconds in jumps if row.id < jump_id), now)
            if at >= since:
                _assume(fleet, row, at + valid_s + ON_THE_WAY_S)
        page = replace(page, before_id=rows[-1].id)


def _assume(fleet: Fleet, row: AuditRow, until: float) -> None:
    record = fleet.chargers.get(row.target)
    if row.kind != "asked" or record is None or not row.what.startswith("balance."):
        return
    connector_id, limit_a = row.args.get("connector_id"), row.args.get("limit_a")
    if not isinstance(connector_id, int) or not isinstance(limit_a, int | float):
        return
    connector = record.connector(connector_id)
    connector.asked_a = max(connector.asked_a or 0.0, float(limit_a))
    connector.asked_until = max(connector.asked_until, until)


def day_start(now: float) -> float:
    """Midnight of the computer's own zone before `now`, Unix seconds."""
    local = time.localtime(now)
    return time.mktime((local.tm_year, local.tm_mon, local.tm_mday, 0, 0, 0, 0, 0, -1))
