"""The API's methods about logs that chargers sent."""

from evdesk.engine.api_core import Core, Handler
from evdesk.engine.commands import Command
from evdesk.model import Origin
from evdesk.model.jobs import LogFile
from evdesk.wire.jobs import LogFiles, LogText, OneLog, ReadLog
from evdesk.wire.method import Done, OptionalCharger


class LogsApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "log.list": self._list,
            "log.get": self._get,
            "log.read": self._read,
            "log.remove": self._remove,
        }

    async def _list(self, _origin: Origin, params: OptionalCharger) -> list[LogFile]:
        return await self.core.logs.all(params.charger_id)

    async def _get(self, _origin: Origin, params: OneLog) -> LogFiles:
        log, path = await self.core.logs.get(params.log_id)
        entries, detail = await self.core.logs.entries(params.log_id)
        return LogFiles(log, str(path), entries, detail)

    async def _read(self, _origin: Origin, params: ReadLog) -> LogText:
        return await self.core.logs.read(params.log_id, params.entry, params.offset, params.limit)

    async def _remove(self, origin: Origin, params: OneLog) -> Done:
        log, _ = await self.core.logs.get(params.log_id)
        command = Command(origin, "log.remove", log.charger_id, {"log_id": log.id})
        detail = {"name": log.name, "sha256": log.sha256, "size": log.size}
        row = await self.core.commands.stored(command, detail, lambda: self.core.logs.remove(log.id))
        return Done(status="removed", audit_id=row)
