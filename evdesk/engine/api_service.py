"""The API's methods of the daily service: in and out of service, reservations, the charger's own memory of tags."""

from dataclasses import replace

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.api_core import Core, Handler, command, record_of
from evdesk.model import EvdeskError, Origin, Reason
from evdesk.ocpp.redact import HIDDEN, is_secret, redact_nested
from evdesk.wire import service as w
from evdesk.wire.method import Done, OneCharger

_INT32 = 2_147_483_647


class ServiceApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "charger.availability": self._availability,
            "charger.reserve": self._reserve,
            "charger.cancel_reservation": self._cancel,
            "charger.clear_cache": self._clear_cache,
            "charger.data_transfer": self._data_transfer,
        }

    async def _availability(self, origin: Origin, params: w.SetAvailability) -> Done:
        self._known(params.charger_id, params.connector_id)
        args = {"connector_id": params.connector_id, "operative": params.operative}
        return await command(
            self.core,
            origin,
            "charger.availability",
            params.charger_id,
            args,
            lambda link: link.availability(params.connector_id, params.operative),
        )

    async def _reserve(self, origin: Origin, params: w.Reserve) -> Done:
        self._known(params.charger_id, params.connector_id)
        if not 1 <= params.minutes <= 1440:
            raise EvdeskError(Reason.INVALID, "A reservation lasts 1 to 1440 minutes.")
        if not params.id_tag.strip():
            raise EvdeskError(Reason.INVALID, "Name the id tag the connector is kept for.")
        now = self.core.fleet.clock.now()
        number, until_at = int(now * 10) % _INT32, now + params.minutes * 60.0
        args = {"connector_id": params.connector_id, "minutes": params.minutes, "reservation_id": number}

        async def act(link: Driver) -> Answer:
            answer = await link.reserve(params.connector_id, params.id_tag.strip(), number, until_at)
            return replace(answer, after=str(number))

        return await command(self.core, origin, "charger.reserve", params.charger_id, args, act)

    async def _cancel(self, origin: Origin, params: w.CancelReservation) -> Done:
        args = {"reservation_id": params.reservation_id}
        return await command(
            self.core,
            origin,
            "charger.cancel_reservation",
            params.charger_id,
            args,
            lambda link: link.cancel_reservation(params.reservation_id),
        )

    async def _clear_cache(self, origin: Origin, params: OneCharger) -> Done:
        return await command(
            self.core, origin, "charger.clear_cache", params.charger_id, {}, lambda link: link.clear_cache()
        )

    async def _data_transfer(self, origin: Origin, params: w.DataTransfer) -> Done:
        if not 0 < len(params.vendor_id) <= 255 or len(params.message_id) > 50:
            raise EvdeskError(Reason.INVALID, "A vendor id has 1 to 255 characters, a message id at most 50.")
        data = HIDDEN if is_secret(params.message_id) else redact_nested(params.data)
        args = {"vendor_id": params.vendor_id, "message_id": params.message_id, "data": data}
        return await command(
            self.core,
            origin,
            "charger.data_transfer",
            params.charger_id,
            args,
            lambda link: link.data_transfer(params.vendor_id, params.message_id, params.data),
        )

    def _known(self, charger_id: str, connector_id: int) -> None:
        record = record_of(self.core, charger_id)
        if connector_id and connector_id not in record.connectors:
            known = ", ".join(str(k) for k in sorted(record.connectors)) or "none yet"
            raise EvdeskError(Reason.INVALID, f"{charger_id} has no connector {connector_id}. It has: {known}.")
