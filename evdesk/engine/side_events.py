"""What a charger tells beside its power: its clock, abilities, progress, findings, security events, limits of others."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.model import (
    CapabilitiesChanged,
    Clock,
    ClockSeen,
    ClockState,
    ExternalLimit,
    FindingSeen,
    FirmwareStatusSeen,
    NeedsTold,
    NoticeKind,
    SecurityEventSeen,
    Severity,
    UploadStatusSeen,
)

CLOCK_OFF_S = 60.0
PROFILE_SLACK_S = 5.0


class Fleet(Protocol):
    """The parts of the fleet these events touch."""

    store: Store
    clock: Clock
    on_changed: Callable[[str], None]
    on_needs: Callable[[NeedsTold], None]
    on_security: Callable[[ChargerRecord, SecurityEventSeen], bool]

    def record(self, charger_id: str) -> ChargerRecord: ...

    def notice(
        self, kind: NoticeKind, severity: Severity, record: ChargerRecord, connector_id: int = 0, **args: str | float
    ) -> None: ...


def side_handlers(fleet: Fleet) -> dict[type, Callable[..., None]]:
    """Handler by event type."""
    return {
        CapabilitiesChanged: partial(_capabilities, fleet),
        ClockSeen: partial(_clock, fleet),
        ExternalLimit: partial(_external, fleet),
        FindingSeen: partial(_finding, fleet),
        FirmwareStatusSeen: partial(_progress, fleet),
        NeedsTold: partial(_needs, fleet),
        SecurityEventSeen: partial(_security, fleet),
        UploadStatusSeen: partial(_progress, fleet),
    }


def _clock(fleet: Fleet, event: ClockSeen) -> None:
    record = fleet.record(event.charger_id)
    used_s = record.clock.offset_s or 0.0
    if abs(event.offset_s - used_s) > PROFILE_SLACK_S:
        # Limits start and end by the charger's clock: one made with another offset may be over, or not have begun.
        for connector in record.connectors.values():
            connector.forget_limit()
    record.clock = ClockState(event.offset_s, event.at, event.zone_unknown)
    off = {"clock_off"} if abs(event.offset_s) > CLOCK_OFF_S else set()
    record.warnings = frozenset((record.warnings - {"clock_off"}) | off)


def _capabilities(fleet: Fleet, event: CapabilitiesChanged) -> None:
    fleet.record(event.charger_id).capabilities = event.capabilities
    fleet.on_changed(event.charger_id)


def _progress(fleet: Fleet, event: FirmwareStatusSeen | UploadStatusSeen) -> None:
    record = fleet.record(event.charger_id)
    if isinstance(event, FirmwareStatusSeen):
        record.firmware_status = event.status
    else:
        record.upload_status = event.status
    fleet.on_changed(record.id)


def _finding(fleet: Fleet, event: FindingSeen) -> None:
    fleet.record(event.charger_id).findings += 1
    fleet.store.put_finding(event)


def _security(fleet: Fleet, event: SecurityEventSeen) -> None:
    record = fleet.record(event.charger_id)
    if record.accepted and not fleet.on_security(record, event):
        fleet.notice(NoticeKind.SECURITY, Severity.WARN, record, code=event.kind, info=event.info)


def _external(fleet: Fleet, event: ExternalLimit) -> None:
    """Something else limits this charger: the desk must say so, or nobody understands the current."""
    record = fleet.record(event.charger_id)
    warnings = record.warnings - {"external_limit"}
    record.warnings = warnings if event.cleared else warnings | {"external_limit"}
    if record.accepted:
        amps: dict[str, str | float] = {} if event.limit_a is None else {"amps": round(event.limit_a, 1)}
        state = "cleared" if event.cleared else "set"
        kind = NoticeKind.EXTERNAL_LIMIT
        fleet.notice(kind, Severity.INFO, record, event.connector_id, source=event.source, state=state, **amps)
    fleet.on_changed(record.id)


def _needs(fleet: Fleet, event: NeedsTold) -> None:
    record = fleet.record(event.charger_id)
    args: dict[str, str | float] = {}
    if event.energy_wh is not None:
        args["kwh"] = round(event.energy_wh / 1000.0, 1)
    if event.departure_at is not None:
        args["until"] = datetime.fromtimestamp(event.departure_at).strftime("%H:%M")
    if record.accepted:
        fleet.notice(NoticeKind.NEEDS, Severity.INFO, record, event.connector_id, **args)
        fleet.on_needs(event)
