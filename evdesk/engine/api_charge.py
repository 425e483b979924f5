"""The API's methods that begin and end a charge: a refusal is tried once more, an accepted start is watched."""

import asyncio
from collections.abc import Awaitable, Callable

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.api_core import Core, Handler, command, connector_of
from evdesk.engine.state import ChargerRecord
from evdesk.model import Capability, ConnectorStatus, EvdeskError, Origin, Reason
from evdesk.wire import methods as m

AGAIN_S = 2.0
_AFTER_UPDATE = "Some chargers take no commands after an update until they restart"


class ChargeApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self._trying: set[tuple[object, ...]] = set()
        self.handlers: dict[str, Handler] = {"charger.start": self._start, "charger.stop": self._stop}

    async def _start(self, origin: Origin, params: m.Start) -> m.Done:
        record = connector_of(self.core, params.charger_id, params.connector_id)
        connector = record.connectors[params.connector_id]
        if connector.session is not None:
            raise EvdeskError(Reason.INVALID, f"{record.label} charges already (charge {connector.session.id}).")
        if connector.status is ConnectorStatus.FAULTED:
            raise EvdeskError(Reason.INVALID, f"{record.label} reports a fault. Clear the fault first.")
        self.core.doubts.demand_pause(record, params.connector_id)
        args: dict[str, object] = {"connector_id": params.connector_id, "id_tag": _short_tag(params.id_tag)}
        self.core.shelf.tags.allow_once(record.id, params.id_tag)

        def again() -> bool:
            return connector.session is None and record.online

        done = await self._twice(
            origin, "charger.start", record, args, lambda link: link.start(params.connector_id, params.id_tag), again
        )
        self.core.doubts.started(record, params.connector_id)
        return done

    async def _stop(self, origin: Origin, params: m.OneConnector) -> m.Done:
        record = connector_of(self.core, params.charger_id, params.connector_id)
        connector = record.connectors[params.connector_id]
        session = connector.session
        if session is None:
            raise EvdeskError(Reason.INVALID, f"No charge runs on {record.label} connector {params.connector_id}.")
        args: dict[str, object] = {"connector_id": params.connector_id, "session_id": session.id}

        def again() -> bool:
            return connector.session is not None and connector.session.id == session.id and record.online

        return await self._twice(
            origin, "charger.stop", record, args, lambda link: link.stop(params.connector_id, session.id), again
        )

    async def _twice(
        self,
        origin: Origin,
        what: str,
        record: ChargerRecord,
        args: dict[str, object],
        verb: Callable[[Driver], Awaitable[Answer]],
        again: Callable[[], bool],
    ) -> m.Done:
        """Refused after an update until a reset (evcc-io/evcc #14056): once more, then the restart is the next step. It
        is only named: a restart ends what else goes on there."""
        key = (what, record.id, args.get("connector_id"))
        if key in self._trying:  # a second click between the two tries
            raise EvdeskError(
                Reason.INVALID, "This was asked a moment ago and is tried once more. Wait for the answer."
            )
        try:
            return await command(self.core, origin, what, record.id, args, verb)
        except EvdeskError as error:
            if error.reason is not Reason.REFUSED:
                raise
        self._trying.add(key)
        try:
            return await self._again(origin, what, record, args, verb, again)
        finally:
            self._trying.discard(key)

    async def _again(
        self,
        origin: Origin,
        what: str,
        record: ChargerRecord,
        args: dict[str, object],
        verb: Callable[[Driver], Awaitable[Answer]],
        again: Callable[[], bool],
    ) -> m.Done:
        await asyncio.sleep(self.core.fleet.clock.wall_s(AGAIN_S))
        if not again():
            raise EvdeskError(Reason.INVALID, "It was refused, and things have changed meanwhile. Look again.")
        try:
            return await command(self.core, origin, what, record.id, args | {"again": True}, verb)
        except EvdeskError as error:
            if error.reason is not Reason.REFUSED:
                raise
            raise type(error)(
                error.reason, f"{error.sentence} {_next_step(record, args.get('connector_id'))}", **error.detail
            ) from error


def _next_step(record: ChargerRecord, asked: object) -> str:
    """`asked`: the connector that was asked about; a restart would end the charges on the others."""
    others = sum(c.session is not None for c in record.connectors.values() if c.id != asked)
    if others:
        return f"It was asked twice. {_AFTER_UPDATE}: restart it when no charge runs there."
    if Capability.RESET not in record.capabilities:
        return f"It was asked twice. {_AFTER_UPDATE}: switch it off and on."
    return f"It was asked twice. {_AFTER_UPDATE}: restart it (a soft reset), then try again."


def _short_tag(tag: str) -> str:
    return tag if len(tag) <= 4 else f"…{tag[-4:]}"
