"""The fleet's state, and the one place where driver events change it.

Also the `Host` every driver talks to. Subscribers are told which charger changed; they read the records.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from evdesk.drivers.base import Driver, Opened
from evdesk.engine.notices import notice_for
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.store import Store
from evdesk.model import (
    Attempt,
    Booted,
    CapabilitiesChanged,
    Clock,
    ClockSeen,
    ClockState,
    Connected,
    ConnectorStatus,
    DataReceived,
    Disconnected,
    EvdeskError,
    Event,
    FindingSeen,
    FirmwareStatusSeen,
    Heard,
    Identity,
    MessageSeen,
    MeterReading,
    NoticeKind,
    Reading,
    Session,
    Severity,
    Site,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
    UploadStatusSeen,
    to_site_phases,
)

log = logging.getLogger("evdesk.fleet")
CLOCK_OFF_S = 60.0
NOTHING_DRAWN_A = 0.5
DRAWING_A = 3.0
TERMINALS_AFTER_S = 20.0


class Fleet:
    """All chargers by id. Hooks are set by the engine: `on_changed(charger_id)`, `on_notice`, `on_session`,
    `on_attempt`, `on_ready(record)` (accepted, connected and answering), `on_new_connector(record, connector_id)`."""

    def __init__(self, store: Store, clock: Clock, accept_unknown: bool = False) -> None:
        self.store = store
        self.clock = clock
        self.accept_unknown = accept_unknown
        self.site = Site()
        self.chargers: dict[str, ChargerRecord] = {}
        self.meters: dict[str, MeterReading] = {}
        self.attempts: deque[Attempt] = deque(maxlen=100)
        self.messages = 0
        self.on_changed: Callable[[str], None] = _ignore
        self.on_notice: Callable[[object], None] = _ignore
        self.on_session: Callable[[Session], None] = _ignore
        self.on_attempt: Callable[[Attempt], None] = _ignore
        self.on_ready: Callable[[ChargerRecord], None] = _ignore
        self.on_unknown: Callable[[ChargerRecord], None] = _ignore
        self.on_new_connector: Callable[[ChargerRecord, int], None] = _ignore
        self._handlers: dict[type, Callable[..., None]] = {
            Reading: self._reading,
            Heard: self._heard,
            MessageSeen: self._message,
            StatusChanged: self._status,
            Connected: self._connected,
            Disconnected: self._disconnected,
            Booted: self._booted,
            MeterReading: self._meter,
            ClockSeen: self._clock,
            CapabilitiesChanged: self._capabilities,
            FirmwareStatusSeen: self._firmware,
            UploadStatusSeen: self._upload,
            FindingSeen: self._finding,
            DataReceived: _ignore,
            Attempt: self.attempt,
            TransactionStarted: _ignore,  # recorded durably through open_transaction
            TransactionEnded: _ignore,
        }

    # -- events ------------------------------------------------------------------------------------------------

    def report(self, event: Event) -> None:
        """Apply one event. Never raises, never waits."""
        self._handlers[type(event)](event)

    def record(self, charger_id: str) -> ChargerRecord:
        record = self.chargers.get(charger_id)
        if record is None:
            record = self.chargers[charger_id] = ChargerRecord(charger_id)
        return record

    def connector(self, record: ChargerRecord, connector_id: int) -> ConnectorRecord:
        known = record.connectors.get(connector_id)
        if known is not None:
            return known
        made = record.connector(connector_id)
        self.on_new_connector(record, connector_id)
        return made

    def notice(
        self, kind: NoticeKind, severity: Severity, record: ChargerRecord, connector_id: int = 0, **args: str | float
    ) -> None:
        args.setdefault("label", record.label or record.id)
        self.on_notice(self.store.put_notice(self.clock.now(), kind, severity, record.id, connector_id, args))

    def _reading(self, event: Reading) -> None:
        record = self.record(event.charger_id)
        connector = self.connector(record, event.connector_id or 1)
        record.heard_at = self.clock.now()
        if event.live:
            self._measure(connector, event)
        site_a = to_site_phases(event.current_a, connector.rotation)
        self.store.put_reading(event, site_a, connector.limit_a(event.at, record.safe_a))
        self.on_changed(record.id)

    def _measure(self, connector: ConnectorRecord, event: Reading) -> None:
        if connector.reading_at is not None and event.at > connector.reading_at:
            step = min(event.at - connector.reading_at, 120.0)
            connector.sample_s += (step - connector.sample_s) * 0.3
        # A message may carry only some measurands: what it does not carry stays, unless that is old by now.
        stale = connector.reading_at is None or event.at - connector.reading_at > 3 * connector.sample_s
        connector.reading_at = event.at
        if event.current_a != (None, None, None) or stale:
            connector.current_a = event.current_a
        if event.voltage_v != (None, None, None) or stale:
            connector.voltage_v = event.voltage_v
        if event.power_w is not None or stale:
            connector.power_w = event.power_w
        if event.soc_pct is not None or stale:
            connector.soc_pct = event.soc_pct
        if event.energy_wh is not None:
            connector.energy_wh = event.energy_wh
        self._learn_terminals(connector, event)
        self._session_energy(connector, event)

    def _learn_terminals(self, connector: ConnectorRecord, event: Reading) -> None:
        """A car that has charged for a while on some terminals only does not load the others."""
        one, two, three = event.current_a
        if one is None or two is None or three is None:
            return
        carries = (one > NOTHING_DRAWN_A, two > NOTHING_DRAWN_A, three > NOTHING_DRAWN_A)
        if carries == connector.terminals:
            return
        used = connector.terminals
        if (carries[0] and not used[0]) or (carries[1] and not used[1]) or (carries[2] and not used[2]):
            connector.terminals = (True, True, True)
            return
        since = connector.charging_since_at
        flows = (one >= DRAWING_A, two >= DRAWING_A, three >= DRAWING_A)
        if since is not None and event.at - since > TERMINALS_AFTER_S and any(flows) and flows == carries:
            connector.terminals = flows

    def _session_energy(self, connector: ConnectorRecord, event: Reading) -> None:
        """Kept in the record; `save_sessions` takes it to the store once a second."""
        start = connector.session.meter_start_wh if connector.session is not None else None
        if event.energy_wh is not None and start is not None:
            energy = event.energy_wh - start
            if connector.session_wh is None or energy > connector.session_wh:
                connector.session_wh = energy
                connector.session_dirty = True
        if event.power_w is not None and event.power_w > connector.session_max_w:
            connector.session_max_w = event.power_w
            connector.session_dirty = True

    def save_sessions(self) -> None:
        """Running sessions whose energy changed, to the store's next batch."""
        for record in self.chargers.values():
            for connector in record.connectors.values():
                if connector.session_dirty and connector.session is not None:
                    self.store.put_session(connector.current_session())
                connector.session_dirty = False

    def _heard(self, event: Heard) -> None:
        self.record(event.charger_id).heard_at = event.at

    def _message(self, event: MessageSeen) -> None:
        self.messages += 1
        self.store.put_message(event)

    def _status(self, event: StatusChanged) -> None:
        record = self.record(event.charger_id)
        record.heard_at = self.clock.now()
        if event.connector_id == 0:
            record.station_status = event.status
            self.on_changed(record.id)
            return
        connector = self.connector(record, event.connector_id)
        before, connector.status = connector.status, event.status
        connector.status_at = event.at
        if event.error_code not in ("", "NoError") or event.status is not ConnectorStatus.FAULTED:
            # A triggered status may say Faulted + NoError: the last real error stays (matth-x/MicroOcpp #136).
            connector.error_code = "" if event.error_code == "NoError" else event.error_code
            connector.error_info = event.info or event.vendor_error
        self._car_times(connector, event.at)
        told = notice_for(before, event.status)
        if told and record.accepted:
            kind, severity = told
            self.notice(kind, severity, record, connector.id, code=connector.error_code, info=connector.error_info)
        self.on_changed(record.id)

    def _car_times(self, connector: ConnectorRecord, at: float) -> None:
        if not connector.status.has_car:
            connector.plugged_at = None
            connector.terminals = _all_terminals(connector.phases)
        elif connector.plugged_at is None:
            connector.plugged_at = at
        if connector.status is not ConnectorStatus.CHARGING:
            connector.charging_since_at = None
        elif connector.charging_since_at is None:
            connector.charging_since_at = at

    def _connected(self, event: Connected) -> None:
        record = self.record(event.charger_id)
        was_lost = record.accepted and record.lost_at is not None and record.connected_at is not None
        record.driver, record.protocol, record.address = event.driver, event.protocol, event.address
        record.connected_at = record.heard_at = event.at
        record.lost_at = None
        record.warnings = frozenset(event.warnings)
        if record.accepted:
            if was_lost:
                self.notice(NoticeKind.BACK, Severity.OK, record)
        else:
            self.on_unknown(record)
        self.on_changed(record.id)
        if record.accepted:
            self.on_ready(record)

    def _disconnected(self, event: Disconnected) -> None:
        record = self.record(event.charger_id)
        if event.replaced:
            return
        record.link = None
        record.lost_at = event.at
        if record.accepted:
            self.notice(NoticeKind.LOST, Severity.WARN, record, cause=event.cause)
        self.on_changed(record.id)

    def _booted(self, event: Booted) -> None:
        record = self.record(event.charger_id)
        old, new = record.identity, event.identity
        if record.accepted and old.serial and new.serial and old.serial != new.serial:
            record.warnings |= {"serial_changed"}
        record.identity = Identity(
            new.vendor or old.vendor,
            new.model or old.model,
            new.serial or old.serial,
            new.firmware or old.firmware,
            new.iccid,
            new.imsi,
            new.meter_type,
            new.meter_serial,
        )
        record.boots += 1
        record.heard_at = event.at
        self.on_changed(record.id)
        if record.accepted:
            self.on_ready(record)

    def _meter(self, event: MeterReading) -> None:
        self.meters[event.meter] = event

    def _clock(self, event: ClockSeen) -> None:
        record = self.record(event.charger_id)
        record.clock = ClockState(event.offset_s, event.at, event.zone_unknown)
        off = {"clock_off"} if abs(event.offset_s) > CLOCK_OFF_S else set()
        record.warnings = frozenset((record.warnings - {"clock_off"}) | off)

    def _capabilities(self, event: CapabilitiesChanged) -> None:
        self.record(event.charger_id).capabilities = event.capabilities
        self.on_changed(event.charger_id)

    def _firmware(self, event: FirmwareStatusSeen) -> None:
        self.record(event.charger_id).firmware_status = event.status
        self.on_changed(event.charger_id)

    def _upload(self, event: UploadStatusSeen) -> None:
        self.record(event.charger_id).upload_status = event.status
        self.on_changed(event.charger_id)

    def _finding(self, event: FindingSeen) -> None:
        self.record(event.charger_id).findings += 1
        self.store.put_finding(event)

    def attempt(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self.on_attempt(attempt)

    # -- Host --------------------------------------------------------------------------------------------------

    def is_accepted(self, charger_id: str) -> bool:
        record = self.chargers.get(charger_id)
        return record is not None and record.accepted

    def authorize(self, charger_id: str, id_tag: str) -> str:
        """Every tag is accepted on an accepted charger; lists of tags are not part of evdesk yet (see docs)."""
        return "Accepted" if self.is_accepted(charger_id) else "Blocked"

    def heartbeat_s(self, charger_id: str) -> int:
        return 60 if self.is_accepted(charger_id) else 15

    async def open_transaction(self, event: TransactionStarted) -> Opened:
        """Durable before the charger is answered. With the disk full the charge still gets an id from memory."""
        record = self.record(event.charger_id)
        connector = self.connector(record, event.connector_id or 1)
        session = await self.store.open_session(event)
        if session.ended_at is None:
            connector.begin(session)
            connector.confirmed_a = None  # a TxProfile belongs to its transaction
        self.on_session(session)
        self.notice(NoticeKind.STARTED, Severity.INFO, record, connector.id, tag=event.id_tag)
        self.on_changed(record.id)
        return Opened(session.id, self.authorize(event.charger_id, event.id_tag))

    async def close_transaction(self, event: TransactionEnded) -> str:
        """Durable and idempotent. The connector forgets the session and its live limit."""
        record = self.record(event.charger_id)
        for connector in record.connectors.values():
            if connector.session_dirty and connector.session is not None:
                self.store.put_session(connector.current_session())
        session = await self.store.close_session(event)
        for connector in record.connectors.values():
            if session and connector.session and connector.session.id == session.id:
                connector.session = None
                connector.confirmed_a = None
                kwh = round((session.energy_wh or 0.0) / 1000, 2)
                self.notice(NoticeKind.STOPPED, Severity.INFO, record, connector.id, kwh=kwh, reason=event.reason)
        if session is not None:
            self.on_session(session)
        self.on_changed(record.id)
        return self.authorize(event.charger_id, event.id_tag)

    async def close_unreported(self, record: ChargerRecord, connector: ConnectorRecord) -> None:
        """End a session whose stop message never came, with the energy last measured."""
        session = connector.session
        if session is None:
            return
        event = TransactionEnded(
            record.id,
            self.clock.now(),
            session.id,
            connector.energy_wh,
            reason="NotReported",
            connector_id=connector.id,
        )
        await self.close_transaction(event)

    # -- supervision -------------------------------------------------------------------------------------------

    def attach(self, driver: Driver) -> "asyncio.Task[None]":
        """Run a connected device until its link ends; newest connection wins (the listener closes the old one)."""
        return asyncio.get_running_loop().create_task(self._supervise(driver), name=f"driver {driver.charger_id}")

    async def _supervise(self, driver: Driver) -> None:
        record = self.record(driver.charger_id)
        record.link = driver
        record.capabilities = driver.capabilities
        try:
            await driver.run(self.report)
        except EvdeskError as error:
            log.warning("%s: %s", driver.charger_id, error.sentence)
        except Exception:  # rim: one broken driver must never take the others with it
            log.exception("%s: the driver broke", driver.charger_id)
        finally:
            if record.link is driver:
                record.link = None
                self.on_changed(record.id)


def _ignore(*_: object) -> None:
    """A hook nobody has set."""


def _all_terminals(phases: int) -> tuple[bool, bool, bool]:
    return (True, phases > 1, phases > 2)
