"""The API's methods about charging profiles."""

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.api_core import Core, Handler, changed_by_hand, command, record_of
from evdesk.engine.commands import reachable
from evdesk.model import ChargerError, EvdeskError, Origin, ProfileSeen, Reason
from evdesk.model.profiles import CompositeSeen
from evdesk.ocpp.profile_book import OURS, clear_request
from evdesk.wire.method import Done, OneCharger
from evdesk.wire.profiles import AskComposite, ClearProfile

LONGEST_S = 7 * 86_400


class ProfilesApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "charger.profiles": self._profiles,
            "charger.composite": self._composite,
            "charger.clear_profile": self._clear,
        }

    async def _profiles(self, origin: Origin, params: OneCharger) -> list[ProfileSeen]:
        """A charger that cannot list them, or is not there, gets what is remembered."""
        record = record_of(self.core, params.charger_id)
        book = self.core.shelf.profiles
        if record.link is None or not record.accepted or record.protocol in ("", "ocpp1.6"):
            return book.remembered(record)
        try:
            await command(self.core, origin, "charger.profiles", record.id, {}, lambda _: book.ask(record))
        except ChargerError as error:
            if error.reason in (Reason.UNSUPPORTED, Reason.REFUSED):
                return book.remembered(record)
            raise
        return book.profiles(record)

    async def _composite(self, origin: Origin, params: AskComposite) -> CompositeSeen:
        if not 60 <= params.seconds <= LONGEST_S:
            raise EvdeskError(Reason.INVALID, f"Ask for 60 to {LONGEST_S} seconds.")
        at = self.core.fleet.clock.now()
        told: list[CompositeSeen] = []

        async def ask(link: Driver) -> Answer:
            found = await link.composite(params.connector_id, params.seconds)
            told.append(CompositeSeen(params.connector_id, at, params.seconds, found.periods, found.unit))
            return Answer(f"{len(found.periods)} periods")

        args = {"connector_id": params.connector_id, "seconds": params.seconds}
        await command(self.core, origin, "charger.composite", params.charger_id, args, ask)
        return told[0]

    async def _clear(self, origin: Origin, params: ClearProfile) -> Done:
        record = reachable(self.core.fleet.chargers.get(params.charger_id), params.charger_id)
        request = clear_request(record.protocol, params.profile_id)

        async def clear(link: Driver) -> Answer:
            answer = await link.raw("ClearChargingProfile", request)
            return Answer(str(answer.get("status", "")), payload=answer)

        ours = params.profile_id is None or params.profile_id in OURS
        try:
            args = {"profile_id": params.profile_id}
            return await command(self.core, origin, "charger.clear_profile", record.id, args, clear)
        finally:
            if ours:
                changed_by_hand(self.core, record)
