"""What the CSMS's calls act upon in a 1.6 station."""

from collections.abc import Callable
from typing import Protocol

from evdesk.simulator.charges import Charges, Meter
from evdesk.simulator.core import Core16
from evdesk.simulator.jobs import Jobs16
from evdesk.simulator.link import Payload
from evdesk.simulator.networks import Networks
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.security import Security
from evdesk.simulator.updater import Updater
from evdesk.simulator.uploader import Uploader


class Target(Protocol):
    """The parts of a station that calls act upon."""

    core: Core16
    charges: Charges
    meter: Meter
    security: Security
    networks: Networks
    jobs: Jobs16
    updater: Updater
    uploader: Uploader

    def boot(self) -> None: ...

    def heartbeat(self) -> None: ...

    def restart(self, kind: str) -> None: ...

    def tell_status(self, connector_id: int, triggered: bool = False) -> None: ...


Handler = Callable[[Target, Payload], Payload]


def outlet_of(station: Target, payload: Payload, default: int = 1) -> Outlet | None:
    number = payload.get("connectorId", default)
    return station.core.outlets.get(int(number))
