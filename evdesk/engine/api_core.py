"""What the API's handlers share: the engine as they see it, a charger by its id, a command to a charger."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.caps import Caps
from evdesk.engine.commands import Command, Commands, reachable
from evdesk.engine.control import Control
from evdesk.engine.decisions import DecisionLog
from evdesk.engine.doubts import Doubts
from evdesk.engine.drill import Drills
from evdesk.engine.files import FileService
from evdesk.engine.files.logs import LogBook
from evdesk.engine.firmware.library import Library
from evdesk.engine.firmware.versions import FleetBook
from evdesk.engine.fleet import Fleet
from evdesk.engine.hints import Hints
from evdesk.engine.insights.service import Insights
from evdesk.engine.jobs import Jobs
from evdesk.engine.network import Network
from evdesk.engine.security.service import Security
from evdesk.engine.setup import Setup
from evdesk.engine.shelf import Shelf
from evdesk.engine.sites import Sites
from evdesk.engine.state import ChargerRecord
from evdesk.engine.wiring import WiringBook, WiringTest
from evdesk.model import EngineInfo, EvdeskError, FailsafeState, Origin, Reason, SiteLoad
from evdesk.wire.method import Done

Handler = Callable[[Origin, Any], Awaitable[object]]


class Core(Protocol):
    """What the API needs of the engine."""

    fleet: Fleet
    commands: Commands
    control: Control
    doubts: Doubts
    decisions: DecisionLog
    insights: Insights
    hints: Hints
    drills: Drills
    setup: Setup
    sites: Sites
    network: Network
    shelf: Shelf
    security: Security
    load: SiteLoad
    caps: Caps
    wiring: WiringBook
    wiring_test: WiringTest
    files: FileService
    library: Library
    logs: LogBook
    fleet_book: FleetBook
    jobs: Jobs

    def info(self) -> EngineInfo: ...

    def request_stop(self, only_if_idle: bool) -> None: ...


def record_of(core: Core, charger_id: str) -> ChargerRecord:
    """Raises `EvdeskError(INVALID)` where there is no such charger."""
    record = core.fleet.chargers.get(charger_id)
    if record is None:
        raise EvdeskError(Reason.INVALID, f"There is no charger “{charger_id}”. charger.list names them.")
    return record


def connector_of(core: Core, charger_id: str, connector_id: int) -> ChargerRecord:
    """An accepted, connected charger that has this connector. Raises `EvdeskError`: invalid, unreachable."""
    record = reachable(core.fleet.chargers.get(charger_id), charger_id)
    if connector_id not in record.connectors:
        known = ", ".join(str(k) for k in sorted(record.connectors)) or "none yet"
        raise EvdeskError(Reason.INVALID, f"{charger_id} has no connector {connector_id}. It has: {known}.")
    return record


def changed_by_hand(core: Core, record: ChargerRecord) -> None:
    """What holds in the charger is no longer ours to know: the worst counts until it is set up again."""
    record.failsafe = replace(record.failsafe, state=FailsafeState.UNKNOWN, detail="changed by hand")
    for connector in record.connectors.values():
        connector.forget_limit()
    core.setup.begin(record)


async def command(
    core: Core,
    origin: Origin,
    what: str,
    charger_id: str,
    args: dict[str, Any],
    verb: Callable[[Driver], Awaitable[Answer]],
) -> Done:
    """A verb of an accepted, connected charger, with its audit rows. `args` must hold no secret."""
    record = reachable(core.fleet.chargers.get(charger_id), charger_id)
    link = record.link
    assert link is not None
    answer, row = await core.commands.run(Command(origin, what, charger_id, args), lambda: verb(link))
    return Done(status=answer.status, ms=answer.ms, before=answer.before, after=answer.after, audit_id=row)
