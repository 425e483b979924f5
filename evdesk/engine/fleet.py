"""The fleet's state, and the one place where driver events change it.

Subscribers are told which charger changed; they read the records.
"""

import asyncio
import logging
from collections.abc import Callable

from evdesk.drivers.base import Driver
from evdesk.engine.measured import measure
from evdesk.engine.notices import notice_for
from evdesk.engine.side_events import side_handlers
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.store import Store
from evdesk.model import (
    Attempt,
    Booted,
    CertificateAsked,
    Clock,
    ClockState,
    Connected,
    ConnectorStatus,
    DataReceived,
    Disconnected,
    EvdeskError,
    Event,
    Heard,
    Identity,
    MessageSeen,
    MeterReading,
    NeedsTold,
    NoticeKind,
    Reading,
    SecurityEventSeen,
    Session,
    Severity,
    Site,
    StatusChanged,
    TagPresented,
    TransactionEnded,
    TransactionStarted,
    to_site_phases,
)
from evdesk.ocpp.redact import redact_nested

log = logging.getLogger("evdesk.fleet")
STRANGERS_KEPT = 200
ASKS_AGAIN_S = 3600.0
MOST_CONNECTORS = 64


class Fleet:
    """All chargers by id. Hooks are set by the engine: `on_changed(charger_id)`, `on_notice`, `on_session`,
    `on_attempt`, `on_certificate_asked`, `on_ready(record)` (accepted, connected and answering),
    `on_new_connector(record)`, `on_booted(record, serial)`: True where this boot is not to be believed,
    `on_tag(presented)`, `on_needs(event)`, `on_security(record, event)`: True where that is told already,
    `on_frame(message)` for every OCPP message: keep it quick."""

    def __init__(self, store: Store, clock: Clock, accept_unknown: bool = False) -> None:
        self.store = store
        self.clock = clock
        self.accept_unknown = accept_unknown
        self.site = Site()
        self.chargers: dict[str, ChargerRecord] = {}
        self.meters: dict[str, MeterReading] = {}
        self.unable: set[str] = set()  # chargers that cannot fall back by themselves: reserved in full
        self.messages = 0
        self._drivers: set[asyncio.Task[None]] = set()
        self.on_changed: Callable[[str], None] = _ignore
        self.on_notice: Callable[[object], None] = _ignore
        self.on_session: Callable[[Session], None] = _ignore
        self.on_attempt: Callable[[Attempt], None] = _ignore
        self.on_booted: Callable[[ChargerRecord, str], bool] = lambda record, serial: False
        self.on_certificate_asked: Callable[[CertificateAsked], None] = _ignore
        self.on_ready: Callable[[ChargerRecord], None] = _ignore
        self.on_unknown: Callable[[ChargerRecord], None] = _ignore
        self.on_new_connector: Callable[[ChargerRecord], None] = _ignore
        self.on_tag: Callable[[TagPresented], None] = _ignore
        self.on_frame: Callable[[MessageSeen], None] = _ignore
        self.on_needs: Callable[[NeedsTold], None] = _ignore
        self.on_security: Callable[[ChargerRecord, SecurityEventSeen], bool] = lambda record, event: False
        self.on_reading: Callable[[Reading], None] = _ignore
        self.watchers: list[Callable[[Event], None]] = []  # of every event that was applied; keep them quick
        self._handlers: dict[type, Callable[..., None]] = {
            Reading: self._reading,
            Heard: self._heard,
            MessageSeen: self._message,
            StatusChanged: self._status,
            Connected: self._connected,
            Disconnected: self._disconnected,
            Booted: self._booted,
            MeterReading: lambda event: self.meters.__setitem__(event.meter, event),
            DataReceived: _ignore,
            Attempt: self.attempt,
            TransactionStarted: _ignore,  # recorded durably through open_transaction
            TransactionEnded: _ignore,
            CertificateAsked: lambda event: self.on_certificate_asked(event),
            TagPresented: lambda event: self.on_tag(event),
            **side_handlers(self),
        }

    # -- events ------------------------------------------------------------------------------------------------

    def report(self, event: Event) -> None:
        """Apply one event. Never raises, never waits."""
        self._handlers[type(event)](event)
        for watcher in self.watchers:
            watcher(event)

    def record(self, charger_id: str) -> ChargerRecord:
        record = self.chargers.get(charger_id)
        if record is None:
            strangers = [r.id for r in self.chargers.values() if not r.accepted and r.link is None]
            for old in strangers[: len(strangers) - STRANGERS_KEPT + 1]:
                del self.chargers[old]
            record = self.chargers[charger_id] = ChargerRecord(charger_id)
        return record

    def connector(self, record: ChargerRecord, connector_id: int) -> ConnectorRecord:
        known = record.connectors.get(connector_id)
        if known is not None:
            return known
        if len(record.connectors) >= MOST_CONNECTORS:
            return ConnectorRecord(connector_id)  # whoever makes up numbers must not fill the memory
        made = record.connector(connector_id)
        self.on_new_connector(record)
        return made

    def notice(
        self, kind: NoticeKind, severity: Severity, record: ChargerRecord, connector_id: int = 0, **args: str | float
    ) -> None:
        args = {name: redact_nested(told) if isinstance(told, str) else told for name, told in args.items()}
        args.setdefault("label", record.label or record.id)
        self.on_notice(self.store.put_notice(self.clock.now(), kind, severity, record.id, connector_id, args))

    def _reading(self, event: Reading) -> None:
        record = self.record(event.charger_id)
        connector = self.connector(record, event.connector_id or 1)
        record.heard_at = self.clock.now()
        if event.live:
            measure(connector, event)
        self.on_reading(event)
        site_a = to_site_phases(event.current_a, connector.rotation)
        if (record.accepted or self.accept_unknown) and connector.id in record.connectors:
            # Anybody may dial in and tell readings under any name: those of strangers are shown, and not kept.
            self.store.put_reading(event, site_a, connector.limit_a(event.at, record.safe_a))
        self.on_changed(record.id)

    def _heard(self, event: Heard) -> None:
        self.record(event.charger_id).heard_at = event.at

    def _message(self, event: MessageSeen) -> None:
        self.messages += 1
        self.on_frame(event)
        record = self.chargers.get(event.charger_id)
        self.store.put_message(event, record.protocol if record is not None else "")

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
        # Some forget their limit when a paused charge goes on (goecharger/go-eCharger-API-v2 #155).
        goes_on = before is ConnectorStatus.SUSPENDED_EVSE and event.status is ConnectorStatus.CHARGING
        connector.resend = connector.resend or goes_on
        if event.error_code not in ("", "NoError") or event.status is not ConnectorStatus.FAULTED:
            # A triggered status may say Faulted + NoError: the last real error stays (matth-x/MicroOcpp #136).
            connector.error_code = "" if event.error_code == "NoError" else event.error_code
            connector.error_info = redact_nested(event.info or event.vendor_error)
        if event.status is ConnectorStatus.AVAILABLE and connector.session is None:
            # Nothing is plugged in: the last reading is over, and many chargers send none for an empty outlet.
            connector.current_a, connector.power_w = (0.0, 0.0, 0.0), 0.0
            connector.reading_at = connector.current_at = event.at
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
        if was_lost:
            record.back(event.at)
        record.connected_at = record.heard_at = event.at
        record.lost_at = None
        record.warnings = frozenset(event.warnings)
        if record.accepted:
            if was_lost:
                self.notice(NoticeKind.BACK, Severity.OK, record)
        elif self.accept_unknown or event.at - record.asked_at > ASKS_AGAIN_S:
            record.asked_at = event.at
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
        if self.on_booted(record, new.serial):
            return
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
        record.clock = ClockState()  # it has just been told the time; whether it took it shows in its next message
        for connector in record.connectors.values():
            connector.forget_limit()
        record.heard_at = event.at
        self.on_changed(record.id)
        if record.accepted:
            self.on_ready(record)

    def attempt(self, attempt: Attempt) -> None:
        self.on_attempt(attempt)

    # -- supervision -------------------------------------------------------------------------------------------

    def attach(self, driver: Driver) -> None:
        """Run a connected device until its link ends; newest connection wins (the listener closes the old one)."""
        task = asyncio.get_running_loop().create_task(self._supervise(driver), name=f"driver {driver.charger_id}")
        self._drivers.add(task)
        task.add_done_callback(self._drivers.discard)

    async def settled(self) -> None:
        """Every driver has ended."""
        await asyncio.gather(*self._drivers, return_exceptions=True)

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
