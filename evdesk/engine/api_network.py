"""The API's methods about the engine's own network."""

from evdesk.engine.api_core import Core, Handler
from evdesk.engine.commands import Command
from evdesk.model import EvdeskError, Origin, Reason
from evdesk.wire import network as w
from evdesk.wire.method import Done, Nothing


class NetworkApi:
    """Nothing here reaches a charger; the announcement alone leaves an audit row."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "network.interfaces": self._interfaces,
            "network.check": self._check,
            "network.found": self._found,
            "network.configure": self._configure,
        }

    async def _interfaces(self, _origin: Origin, _params: Nothing) -> w.NetworkState:
        return await self.core.network.state()

    async def _check(self, _origin: Origin, params: w.CheckNetwork) -> list[w.Check]:
        return await self.core.network.check(params.address)

    async def _found(self, _origin: Origin, params: w.SearchNetwork) -> list[w.FoundDevice]:
        if not 0 <= params.search_s <= 10:
            raise EvdeskError(Reason.INVALID, "Search for 0 to 10 seconds.")
        connected = {
            record.address.rpartition(":")[0].strip("[]"): record.id
            for record in self.core.fleet.chargers.values()
            if record.online and record.address
        }
        return await self.core.network.found(params.search_s, connected)

    async def _configure(self, origin: Origin, params: w.ConfigureNetwork) -> Done:
        command = Command(origin, "network.configure", "engine", {"announce": params.announce}, must=False)
        row = await self.core.commands.stored(command, {}, lambda: self.core.network.configure(params.announce))
        return Done(status="announced" if params.announce else "silent", audit_id=row)
