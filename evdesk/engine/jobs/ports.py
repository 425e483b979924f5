"""What the jobs need of their neighbours: who knows the versions of the fleet, and who keeps logs."""

from collections.abc import Sequence
from typing import Protocol

from evdesk.engine.files.slots import Served
from evdesk.engine.state import ChargerRecord
from evdesk.firmware.fit import ChargerFacts
from evdesk.model.firmware import BlockedVersion
from evdesk.model.jobs import LogFile, Result


class VersionBook(Protocol):
    def facts(self, record: ChargerRecord) -> ChargerFacts:
        """What decides whether a file is for this charger."""
        ...

    def blocked(self, record: ChargerRecord) -> Sequence[BlockedVersion]:
        """Versions that must not be used on its model."""
        ...

    def by_job(self, charger_id: str, job_id: int) -> None:
        """A change of its version is this job's from now on."""

    def ended(self, charger_id: str, job_id: int, outcome: Result | None, reason: str) -> None:
        """The job is through with it."""


class LogKeeper(Protocol):
    async def keep(self, served: Served, kind: str, job_id: int) -> LogFile:
        """Takes an upload out of quarantine into the logs."""
        ...
