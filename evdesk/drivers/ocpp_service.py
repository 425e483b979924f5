"""Verbs of the daily service, the same in every version: in and out of service, reservations, cache, vendor data.

OCPP 1.6 sections 5.2, 5.4, 5.13, 5.1, 5.6; 2.x part 2, G03, H01, H02, C11, P01.
"""

from typing import Any

from evdesk.drivers.base import Answer
from evdesk.drivers.ocpp_driver import OcppDriver, accepted
from evdesk.model import Capability, ChargerError, Reason
from evdesk.ocpp.timestamps import format_time

NEEDS: dict[str, frozenset[Capability]] = {
    "ChangeAvailability": frozenset({Capability.AVAILABILITY}),
    "ReserveNow": frozenset({Capability.RESERVE}),
    "CancelReservation": frozenset({Capability.RESERVE}),
}


class ServiceVerbs(OcppDriver):
    async def availability(self, connector_id: int, operative: bool) -> Answer:
        """Answer.status "Scheduled": a charge runs, the change comes after it."""
        kind = "Operative" if operative else "Inoperative"
        request: dict[str, Any] = {"connectorId": connector_id, "type": kind}
        if self.version.second:
            request = {"operationalStatus": kind} | ({"evse": {"id": connector_id}} if connector_id else {})
        reply = await self.call("ChangeAvailability", request)
        return accepted(reply, "availability", "Try again when no charge runs.", good=("Accepted", "Scheduled"))

    async def reserve(self, connector_id: int, id_tag: str, reservation_id: int, until_at: float) -> Answer:
        """`connector_id` 0: any connector, where the charger can do that. `until_at` on evdesk's clock."""
        until = format_time(until_at + self.memory.clock.ahead_s)
        if self.version.second:
            request: dict[str, Any] = {"id": reservation_id, "expiryDateTime": until}
            request["idToken"] = {"idToken": id_tag, "type": "Central"}
            request |= {"evseId": connector_id} if connector_id else {}
        else:
            request = {
                "connectorId": connector_id,
                "expiryDate": until,
                "idTag": id_tag,
                "reservationId": reservation_id,
            }
        return accepted(await self.call("ReserveNow", request), "reserve", "It must be free and in service.")

    async def cancel_reservation(self, reservation_id: int) -> Answer:
        reply = await self.call("CancelReservation", {"reservationId": reservation_id})
        return accepted(reply, "cancel reservation", "It may have ended already.")

    async def clear_cache(self) -> Answer:
        """The charger forgets the tags it has accepted by itself."""
        return accepted(await self.call("ClearCache", {}), "clear cache", "Its cache may be switched off.")

    async def data_transfer(self, vendor_id: str, message_id: str, data: str) -> Answer:
        """`Answer.after` is what came back."""
        request = {"vendorId": vendor_id} | ({"messageId": message_id} if message_id else {})
        request |= {"data": data} if data else {}
        reply = await self.call("DataTransfer", request)
        if reply.status in ("UnknownVendorId", "UnknownMessageId"):
            sentence = f"The charger does not know this vendor or message ({reply.status})."
            raise ChargerError(Reason.UNSUPPORTED, sentence, status=reply.status)
        answer = accepted(reply, "data transfer", "See the maker's manual for what it wants.")
        told = reply.payload.get("data")
        return Answer(answer.status, answer.ms, after=None if told is None else str(told))
