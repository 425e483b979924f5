"""What the jobs need of their neighbours: who knows the versions of the fleet, and who keeps logs."""

from typing import Protocol

from evdesk.engine.files.slots import Served
from evdesk.model.jobs import LogFile


class LogKeeper(Protocol):
    async def keep(self, served: Served, kind: str, job_id: int) -> LogFile:
        """Takes an upload out of quarantine into the logs."""
        ...
