"""One simulated charging station with OCPP 1.6 habits; what every version does is in `base`."""

from collections.abc import Iterable
from dataclasses import replace

from evdesk.model import Clock
from evdesk.simulator import incoming
from evdesk.simulator.access import Access
from evdesk.simulator.base import StationBase
from evdesk.simulator.charges import Charges, Meter
from evdesk.simulator.core import Core16, Line
from evdesk.simulator.jobs import jobs16
from evdesk.simulator.link import Outgoing, Payload
from evdesk.simulator.makers import Maker
from evdesk.simulator.networks import Networks
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.security import Security
from evdesk.simulator.updater import Updater
from evdesk.simulator.uploader import Uploader


class Reporter:
    """StatusNotification on every change, after MinimumStatusDuration."""

    def __init__(self, core: Core16) -> None:
        self.core = core
        self._told: dict[int, tuple[str, str]] = {}
        self._changed_at: dict[int, float] = {}

    def forget(self) -> None:
        """Everything is to be told again (after a boot or a reconnect)."""
        self._told.clear()

    def changes(self, at: float) -> None:
        for outlet in self.core.outlets.values():
            if self._told.get(outlet.id) == (outlet.status().value, outlet.fault):
                self._changed_at.pop(outlet.id, None)
                continue
            hold_s = self.core.config.number("MinimumStatusDuration")
            if at - self._changed_at.setdefault(outlet.id, at) >= hold_s:
                self.tell(outlet.id)

    def tell(self, connector_id: int, triggered: bool = False) -> None:
        """StatusNotification of one connector (0 = the station)."""
        request = self.status_of(connector_id)
        if triggered and self.core.has("triggered_fault"):
            request |= {"status": "Faulted", "errorCode": "NoError"}
        outlet = self.core.outlets.get(connector_id)
        if outlet is not None:
            self._told[connector_id] = (outlet.status().value, outlet.fault)
            self.core.say(f"connector {connector_id} {request['status']} {outlet.fault}".rstrip())
        self.core.post("StatusNotification", request)

    def status_of(self, connector_id: int) -> Payload:
        outlet = self.core.outlets.get(connector_id)
        stuck = self.core.has("status_stuck")
        told = {
            "connectorId": connector_id,
            "errorCode": (outlet.fault if outlet else "") or "NoError",
            "status": outlet.status().value if outlet and not stuck else "Available",
            "timestamp": self.core.stamp(),
        }
        if outlet is not None and outlet.fault_info:
            info = outlet.fault_info[:50]
            told |= {"info": info, "vendorId": self.core.maker.vendor, "vendorErrorCode": info.split()[0]}
        return told


class Station(StationBase):
    """`register_wh` is where its energy register stands; `faults` are names from `faults.FAULTS`."""

    subprotocol = "ocpp1.6"
    core: Core16

    def __init__(
        self,
        identity: str,
        maker: Maker,
        url: str,
        clock: Clock,
        *,
        seed: object = 1,
        faults: Iterable[str] = (),
        sample_s: int = 10,
        register_wh: float = 0.0,
        say: Line | None = None,
        evses: int = 1,
        access: Access | None = None,
    ) -> None:
        quiet: Line = lambda _line: None  # noqa: E731
        core = Core16(
            identity, maker, clock, seed=seed, faults=faults, sample_s=sample_s, say=say or quiet, evses=evses
        )
        core.outlets[1].register_wh = register_wh
        super().__init__(core, url, clock, seed, access)
        self.config = core.config
        self.meter = Meter(core)
        self.charges = Charges(core, self.meter)
        self.reporter = Reporter(core)
        config = core.config
        self.security = Security(
            core,
            lambda: (config.number("CertSigningWaitMinimum"), config.number("CertSigningRepeatTimes")),
            lambda: config["CpoName"],
            lambda: not config.flag("DisableSecurityEventNotifications"),
        )
        self.networks = Networks(self.link)
        self.jobs = jobs16(core)
        self.updater, self.uploader = Updater(core, self.security, self), Uploader(core)
        self.works = (self.updater, self.uploader)

    def retry_rules(self) -> tuple[int, float]:
        pause_s = self.config.number("TransactionMessageRetryInterval")
        return self.config.number("TransactionMessageAttempts"), float(pause_s)

    def respond(self, action: str, payload: Payload) -> Payload:
        return incoming.handle(self, action, payload)

    def opened(self) -> None:
        self.networks.opened()
        self.config.keys["SecurityProfile"].value = str(self.link.access.profile)
        super().opened()

    def closed(self, cause: str) -> None:
        super().closed(cause)
        if cause.startswith("no connection"):
            self.networks.failed()

    def boot_request(self) -> Payload:
        core, maker = self.core, self.core.maker
        told: Payload = {
            "chargePointVendor": maker.vendor,
            "chargePointModel": maker.model,
            "chargePointSerialNumber": core.serial,
            "firmwareVersion": core.firmware,
            "meterType": f"{maker.vendor} M{maker.phases}",
            "meterSerialNumber": f"M{core.serial}"[:25],
        }
        return {name: value for name, value in told.items() if value}

    def resumed(self) -> None:
        self.reporter.forget()
        if not self.link.registered:  # after a boot, not after a lost link
            self.link.post_first(Outgoing("StatusNotification", self.reporter.status_of(0)))
        self.link.resume()

    def stop_all(self, kind: str) -> None:
        self._move()
        for outlet in self.outlets.values():
            self.charges.stop(outlet, "SoftReset" if kind == "soft" else "HardReset")

    def break_off(self, outlet: Outlet) -> None:
        self.charges.stop(outlet, "Other")

    def _move(self) -> None:
        """A backend address written into the maker's own key counts after a restart, with the old one to fall back to."""
        for key in self.config.keys.values():
            if key.reboot and key.value.startswith(("ws://", "wss://")) and key.value != self.link.url:
                old = self.networks.current(0)
                self.networks.go([replace(old, slot=1, url=key.value), old])

    def happen(self, at: float) -> None:
        if self.core.ready:
            self.reporter.changes(at)
        self.meter.sample(at)
        self.core.reservations.expired(self.outlets, self.core.now())

    def tell_status(self, connector_id: int, triggered: bool = False) -> None:
        self.reporter.tell(connector_id, triggered)

    def plugged(self, outlet: Outlet) -> None:
        if outlet.waiting_tag:
            self.charges.begin(outlet, outlet.waiting_tag)

    def unplugging(self, outlet: Outlet) -> None:
        self.charges.stop(outlet, "EVDisconnected")

    def fail(self, code: str, info: str, clear_s: float | None = None, connector_id: int = 1) -> None:
        """An internal fault (OCPP errorCode), cleared after `clear_s`."""
        self.charges.fail(self.outlets[connector_id], code, info, clear_s)
