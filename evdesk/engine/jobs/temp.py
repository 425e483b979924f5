"""Stand-ins until their owners are here."""

from evdesk.engine.files.slots import Served
from evdesk.engine.state import ChargerRecord
from evdesk.firmware.fit import ChargerFacts
from evdesk.model.firmware import BlockedVersion
from evdesk.model.jobs import LogFile, Result


class Versions:
    def facts(self, record: ChargerRecord) -> ChargerFacts:
        who = record.identity
        return ChargerFacts(record.id, who.vendor, who.model, "", who.firmware, who.serial)

    def blocked(self, record: ChargerRecord) -> tuple[BlockedVersion, ...]:
        return ()

    def by_job(self, charger_id: str, job_id: int) -> None: ...

    def ended(self, charger_id: str, job_id: int, outcome: Result | None, reason: str) -> None: ...


class Logs:
    async def keep(self, served: Served, kind: str, job_id: int) -> LogFile:
        return LogFile(1, served.key[0], job_id, kind, served.name, served.size, served.sha256, served.at)
