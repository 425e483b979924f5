"""Stand-ins until their owners are here."""

from evdesk.engine.files.slots import Served
from evdesk.model.jobs import LogFile


class Logs:
    async def keep(self, served: Served, kind: str, job_id: int) -> LogFile:
        return LogFile(1, served.key[0], job_id, kind, served.name, served.size, served.sha256, served.at)
