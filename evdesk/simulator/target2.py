"""What the CSMS's calls act upon in a 2.x station, and how a call is answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from evdesk.simulator.charges2 import Charges2, Meter2
from evdesk.simulator.core2 import Core2
from evdesk.simulator.jobs import Jobs2
from evdesk.simulator.link import Payload
from evdesk.simulator.model2 import DeviceModel
from evdesk.simulator.monitors2 import Monitors
from evdesk.simulator.networks import Networks
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.security import Security
from evdesk.simulator.updater import Updater
from evdesk.simulator.uploader import Uploader


@dataclass(slots=True)
class Display:
    """Messages by id as they were set, and the running costs by transaction."""

    messages: dict[int, Payload] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)


class Target2(Protocol):
    """The parts of a station that calls act upon."""

    core: Core2
    model: DeviceModel
    charges: Charges2
    meter: Meter2
    security: Security
    networks: Networks
    monitors: Monitors
    display: Display
    jobs: Jobs2
    updater: Updater
    uploader: Uploader
    slots: dict[int, dict[str, Any]]

    def trigger_boot(self) -> None: ...

    def heartbeat(self) -> None: ...

    def reset(self, immediate: bool) -> None: ...

    def tell_status(self, outlet: Outlet) -> None: ...


Handler2 = Callable[[Target2, Payload], Payload]


def refused(code: str, text: str = "", status: str = "Rejected") -> Payload:
    """An answer that says no, and why."""
    info: dict[str, Any] = {"reasonCode": code[:20]}
    if text:
        info["additionalInfo"] = text[:500]
    return {"status": status, "statusInfo": info}


def chosen(station: Target2, payload: Payload) -> Outlet | None:
    """The outlet of `evse` {id} or `evseId`; None when there is no such one or none is named."""
    number = (payload.get("evse") or {}).get("id", payload.get("evseId"))
    return None if number is None else station.core.outlets.get(int(number))


def names_evse(payload: Payload) -> bool:
    """Whether the call is about one EVSE (0 stands for the whole station)."""
    number = (payload.get("evse") or {}).get("id", payload.get("evseId"))
    return number not in (None, 0)
