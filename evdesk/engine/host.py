"""What drivers ask of the engine: who may charge, and transactions recorded before they are answered."""

from collections.abc import Callable
from dataclasses import replace

from evdesk.drivers.base import Opened
from evdesk.engine.fleet import Fleet
from evdesk.engine.measured import save_sessions
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.store.sessions import NOT_REPORTED
from evdesk.engine.tags import TagBook
from evdesk.model import NoticeKind, Severity, TransactionEnded, TransactionStarted
from evdesk.model.tags import Tag

LOST_AFTER_S = 120.0
HEARTBEAT_S, STRANGER_S = 60, 15
"""What a BootNotification is answered as the interval, for accepted chargers and for others."""


class ChargerHost:
    """`drivers.base.Host` over the fleet."""

    def __init__(self, fleet: Fleet, tags: TagBook) -> None:
        self.fleet = fleet
        self.tags = tags
        self.clock = fleet.clock
        self.may_sign_for: Callable[[str], bool] = lambda charger_id: False

    def is_accepted(self, charger_id: str) -> bool:
        """In a lab everybody is, from the first message on: the place in the site follows within the second."""
        record = self.fleet.chargers.get(charger_id)
        return self.fleet.accept_unknown or (record is not None and record.accepted)

    def authorize(self, charger_id: str, id_tag: str) -> str:
        """By the site's policy: everybody on an accepted charger until a person chooses otherwise."""
        return self.tags.status(charger_id, id_tag) if self.is_accepted(charger_id) else "Blocked"

    def listed(self, id_tag: str) -> Tag | None:
        return self.tags.find(id_tag)[0]

    def may_sign(self, charger_id: str) -> bool:
        return self.may_sign_for(charger_id)

    def heartbeat_s(self, charger_id: str) -> int:
        return HEARTBEAT_S if self.is_accepted(charger_id) else STRANGER_S

    async def open_transaction(self, event: TransactionStarted) -> Opened:
        """Durable before the charger is answered. With the disk full the charge still gets an id from memory."""
        record = self.fleet.record(event.charger_id)
        # Connector 0 is the station itself: it cannot charge, so its first outlet is meant.
        event = event if event.connector_id else replace(event, connector_id=1)
        connector = self.fleet.connector(record, event.connector_id)
        session = await self.fleet.store.open_session(event)
        running = connector.session
        known = running is not None and running.id == session.id
        late = running is not None and event.ref != "" and session.started_at < running.started_at
        if known:
            connector.session = replace(session, energy_wh=connector.session_wh)  # told again, or with its tag now
        elif session.ended_at is None and not late:
            connector.begin(session)
            connector.forget_limit()
        self.fleet.on_session(session)
        if not known:
            self.fleet.notice(NoticeKind.STARTED, Severity.INFO, record, connector.id, tag=event.id_tag)
        self.fleet.on_changed(record.id)
        accepted = self.is_accepted(event.charger_id)
        status = self.tags.start_status(event.charger_id, connector.id, event.id_tag) if accepted else "Blocked"
        return Opened(session.id, status)

    async def close_transaction(self, event: TransactionEnded) -> str:
        """Durable and idempotent. The connector forgets the session."""
        record = self.fleet.record(event.charger_id)
        save_sessions([record], self.fleet.store)
        session = await self.fleet.store.close_session(event)
        for connector in record.connectors.values():
            if session and connector.session and connector.session.id == session.id:
                connector.session = None
                kwh = round((session.energy_wh or 0.0) / 1000, 2)
                self.fleet.notice(NoticeKind.STOPPED, Severity.INFO, record, connector.id, kwh=kwh, reason=event.reason)
        if session is not None:
            self.fleet.on_session(session)
        self.fleet.on_changed(record.id)
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
            reason=NOT_REPORTED,
            connector_id=connector.id,
        )
        await self.close_transaction(event)

    async def close_lost(self) -> None:
        """A charge whose car is gone for two minutes and whose end was never told ends as it was last measured."""
        now = self.clock.now()
        for record in list(self.fleet.chargers.values()):  # others join while an end is written down
            for connector in list(record.connectors.values()):
                gone = connector.session and record.online and not connector.status.has_car
                if gone and connector.status_at is not None and now - connector.status_at > LOST_AFTER_S:
                    await self.close_unreported(record, connector)
