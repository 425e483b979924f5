"""One simulated charging station with OCPP 2.0.1 or 2.1 habits; what every version does is in `base`."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from evdesk.model import Clock
from evdesk.simulator import incoming2
from evdesk.simulator.access import Access
from evdesk.simulator.base import StationBase
from evdesk.simulator.charges2 import Charges2, Meter2
from evdesk.simulator.core import Line
from evdesk.simulator.core2 import VERSIONS, Core2, connector_status
from evdesk.simulator.jobs import jobs2
from evdesk.simulator.link import Payload
from evdesk.simulator.makers import Maker
from evdesk.simulator.monitors2 import Monitors
from evdesk.simulator.networks import Networks, Way
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.security import Security
from evdesk.simulator.target2 import Display
from evdesk.simulator.updater import Updater
from evdesk.simulator.uploader import Uploader

NEEDED: dict[str, tuple[str, ...]] = {
    "Authorize": ("idTokenInfo",),
    "BootNotification": ("currentTime", "interval", "status"),
    "DataTransfer": ("status",),
    "Heartbeat": ("currentTime",),
    "SignCertificate": ("status",),
}
"""What an answer must hold to be of use."""


class Reporter2:
    """StatusNotification of each connector on every change; 2.1 adds the NotifyEvent it prefers."""

    def __init__(self, core: Core2) -> None:
        self.core = core
        self._told: dict[int, str] = {}

    def forget(self) -> None:
        """Everything is to be told again (after a boot or a reconnect)."""
        self._told.clear()

    def changes(self) -> None:
        for outlet in self.core.outlets.values():
            stuck = self.core.has("status_stuck") and outlet.id in self._told
            if not stuck and self._told.get(outlet.id) != connector_status(outlet):
                self.tell(outlet)

    def tell(self, outlet: Outlet) -> None:
        status = "Available" if self.core.has("status_stuck") else connector_status(outlet)
        known = outlet.id in self._told
        self._told[outlet.id] = status
        self.core.say(f"EVSE {outlet.id} {status} {outlet.fault}".rstrip())
        self.core.post("StatusNotification", self.status_of(outlet.id, status))
        if self.core.newest and known:
            self.notify(outlet, "AvailabilityState", status)
        if status == "Faulted":
            self.notify(outlet, "Problem", "true", outlet.fault_info)

    def status_of(self, evse_id: int, status: str) -> Payload:
        stamp = self.core.stamp()
        return {"timestamp": stamp, "connectorStatus": status, "evseId": evse_id, "connectorId": 1}

    def notify(self, outlet: Outlet, variable: str, value: str, info: str = "") -> None:
        """NotifyEvent of a connector's variable."""
        event: Payload = {
            "eventId": self.core.next_event(),
            "timestamp": self.core.stamp(),
            "trigger": "Alerting" if variable == "Problem" else "Delta",
            "actualValue": value,
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": {"id": outlet.id, "connectorId": 1}},
            "variable": {"name": variable},
        }
        if info:
            event |= {"techCode": info.split(maxsplit=1)[0][:50], "techInfo": info[:500]}
        if outlet.transaction is not None:
            event["transactionId"] = outlet.transaction.id
        self.core.post("NotifyEvent", {"generatedAt": self.core.stamp(), "seqNo": 0, "eventData": [event]})


class Station2(StationBase):
    """`version` "2.0.1" or "2.1". `evses` EVSEs with one connector each; `variables` the least size of its model.

    `register_wh` is where its energy register stands; `faults` are names from `faults.FAULTS`.
    """

    core: Core2

    def __init__(
        self,
        identity: str,
        maker: Maker,
        url: str,
        clock: Clock,
        *,
        version: str = "2.0.1",
        seed: object = 1,
        faults: Iterable[str] = (),
        sample_s: int = 10,
        register_wh: float = 0.0,
        say: Line | None = None,
        evses: int = 1,
        variables: int = 0,
        access: Access | None = None,
    ) -> None:
        if version not in VERSIONS:
            raise ValueError(f"This station speaks OCPP 2.0.1 or 2.1, not {version}.")
        quiet: Line = lambda _line: None  # noqa: E731
        core = Core2(
            identity,
            maker,
            clock,
            version=version,
            seed=seed,
            faults=faults,
            sample_s=sample_s,
            say=say or quiet,
            evses=evses,
            variables=variables,
        )
        core.outlets[1].register_wh = register_wh
        self.subprotocol = f"ocpp{version}"
        super().__init__(core, url, clock, seed, access)
        self.model = core.model
        self.meter = Meter2(core)
        self.charges = Charges2(core, self.meter)
        self.reporter = Reporter2(core)
        model = core.model
        self.security = Security(
            core,
            lambda: (
                model.number("SecurityCtrlr", "CertSigningWaitMinimum"),
                model.number("SecurityCtrlr", "CertSigningRepeatTimes"),
            ),
            lambda: model.text("SecurityCtrlr", "OrganizationName"),
            numbered=core.newest,
        )
        self.networks = Networks(self.link)
        self.monitors, self.display = Monitors(core), Display()
        self.jobs = jobs2(core)
        admits = partial(model.flag, "ChargingStation", "AllowNewSessionsPendingFirmwareUpdate")
        self.updater, self.uploader = Updater(core, self.security, self, admits), Uploader(core)
        self.works = (self.updater, self.uploader)
        self.slots: dict[int, dict[str, Any]] = {}
        self.boot_reason = "PowerUp"
        self.reset_pending = False
        self._last_tick = clock.now()

    # what the link asks

    def retry_rules(self) -> tuple[int, float]:
        model = self.model
        attempts = model.number("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent")
        return attempts, float(model.number("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"))

    def check_answer(self, action: str, answer: Payload) -> str:
        missing = [name for name in NEEDED.get(action, ()) if answer.get(name) is None]
        return f"{action}: {', '.join(missing)} missing" if missing and self.core.newest else ""

    def respond(self, action: str, payload: Payload) -> Payload:
        return incoming2.handle(self, action, payload)

    # booting

    def boot_request(self) -> Payload:
        core, maker = self.core, self.core.maker
        station = {
            "model": maker.model,
            "vendorName": maker.vendor,
            "serialNumber": core.serial[:25],
        }
        if core.firmware:
            station["firmwareVersion"] = core.firmware
        return {"chargingStation": station, "reason": self.boot_reason}

    def tell_status(self, outlet: Outlet) -> None:
        self.reporter.tell(outlet)

    def opened(self) -> None:
        self.networks.opened()
        self.model.put("OCPPCommCtrlr", "ActiveNetworkProfile", str(self.networks.active))
        super().opened()

    def closed(self, cause: str) -> None:
        super().closed(cause)
        if cause.startswith("no connection"):
            self.networks.attempts = self.model.number("OCPPCommCtrlr", "NetworkProfileConnectionAttempts")
            self.networks.failed()

    def trigger_boot(self) -> None:
        """Send BootNotification again because the CSMS asked for it; nothing restarts."""
        self.boot_reason = "Triggered"
        self.boot()

    def resumed(self) -> None:
        self.reporter.forget()
        if not self.link.registered and self.boot_reason != "Triggered":  # after a boot, not after a lost link
            self.security.event("StartupOfTheDevice")
        self.boot_reason = "PowerUp"
        self.link.resume()
        if self.has("status_evse_zero"):
            zero = {"evseId": 0, "connectorId": 0, "connectorStatus": "Available", "timestamp": self.core.stamp()}
            self.core.post("StatusNotification", zero)

    def reset(self, immediate: bool) -> None:
        """Restart because the CSMS asked for it: now, or when no transaction runs any more."""
        if not immediate and any(outlet.transaction for outlet in self.outlets.values()):
            self.reset_pending = True
            return
        self.reset_pending = False
        self._choose_network()
        self.boot_reason = "RemoteReset" if immediate else "ScheduledReset"
        self.restart("hard" if immediate else "soft")

    def reboot(self, away_s: float) -> None:
        self._choose_network()
        self.boot_reason = "FirmwareUpdate"
        super().reboot(away_s)

    def _choose_network(self) -> None:
        """NetworkConfigurationPriority counts from the restart on."""
        ways = []
        for text in self.model.items("OCPPCommCtrlr", "NetworkConfigurationPriority"):
            slot = int(text)
            way = self.networks.known.get(slot) if slot not in self.slots else self._way(slot)
            if way is not None:
                ways.append(way)
        if ways and ways[0].slot != self.networks.active:
            self.networks.go(ways)

    def _way(self, slot: int) -> Way:
        """A network profile; identity and password are those in use where it has none (they are new in 2.1)."""
        data, now = self.slots[slot], self.networks.current(slot)
        return Way(
            slot,
            str(data["ocppCsmsUrl"]),
            str(data.get("identity") or self.identity),
            int(data["securityProfile"]),
            str(data.get("basicAuthPassword") or now.password),
            "text" if data.get("basicAuthPassword") else now.form,
        )

    def stop_all(self, kind: str) -> None:
        for outlet in self.outlets.values():
            self.charges.stop(outlet, "ImmediateReset" if kind == "hard" else "Reboot")

    def break_off(self, outlet: Outlet) -> None:
        self.charges.stop(outlet, "Other")

    # as time passes

    def happen(self, at: float) -> None:
        if self.core.ready:
            self.reporter.changes()
        self.charges.changes(at - self._last_tick, at)
        self._last_tick = at
        self.monitors.look(at)
        for gone in self.core.reservations.expired(self.outlets, self.core.now()):
            told = {"reservationId": gone.id, "reservationUpdateStatus": "Expired"}
            self.core.post("ReservationStatusUpdate", told)
        if self.reset_pending and not any(outlet.transaction for outlet in self.outlets.values()):
            self.reset(immediate=False)

    def plugged(self, outlet: Outlet) -> None:
        self.charges.plugged(outlet)

    def unplugging(self, outlet: Outlet) -> None:
        self.charges.stop(outlet, "EVDisconnected")

    def fail(self, code: str, info: str, clear_s: float | None = None, connector_id: int = 1) -> None:
        """An internal fault, cleared after `clear_s`."""
        self.charges.fail(self.outlets[connector_id], code, info, clear_s)
