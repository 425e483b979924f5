"""One simulated charging station: OCPP 1.6 habits on top of `Link`, physics in its outlets, its own clock.

Nothing here waits: `tick(dt)` is called every 0.25 s of clock time or finer and does whatever is due.
"""

import random
from collections.abc import Iterable

from evdesk.model import Clock
from evdesk.simulator import incoming
from evdesk.simulator.car import Car
from evdesk.simulator.charges import Charges, Meter
from evdesk.simulator.core import Core, Line
from evdesk.simulator.link import Link, Outgoing, Payload
from evdesk.simulator.makers import Maker


class Reporter:
    """StatusNotification on every change, after MinimumStatusDuration."""

    def __init__(self, core: Core) -> None:
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

    def tell(self, connector_id: int) -> None:
        """StatusNotification of one connector (0 = the station)."""
        request = self.status_of(connector_id)
        outlet = self.core.outlets.get(connector_id)
        if outlet is not None:
            self._told[connector_id] = (outlet.status().value, outlet.fault)
            self.core.say(f"connector {connector_id} {request['status']} {outlet.fault}".rstrip())
        self.core.post("StatusNotification", request)

    def status_of(self, connector_id: int) -> Payload:
        outlet = self.core.outlets.get(connector_id)
        told = {
            "connectorId": connector_id,
            "errorCode": (outlet.fault if outlet else "") or "NoError",
            "status": outlet.status().value if outlet else "Available",
            "timestamp": self.core.stamp(),
        }
        if outlet is not None and outlet.fault_info:
            info = outlet.fault_info[:50]
            told |= {"info": info, "vendorId": self.core.maker.vendor, "vendorErrorCode": info.split()[0]}
        return told


class Station:
    """`register_wh` is where its energy register stands; `faults` are names from `faults.FAULTS`."""

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
    ) -> None:
        quiet: Line = lambda _line: None  # noqa: E731
        core = Core(identity, maker, clock, seed=seed, faults=faults, sample_s=sample_s, say=say or quiet)
        core.outlets[1].register_wh = register_wh
        core.link = Link(url, identity, self, clock, random.Random(f"{seed}:{identity}:link"))
        self.core, self.link, self.identity, self.clock = core, core.link, identity, clock
        self.outlets, self.profiles, self.config = core.outlets, core.profiles, core.config
        self.meter = Meter(core)
        self.charges = Charges(core, self.meter)
        self.reporter = Reporter(core)
        self.firmware_status = self.upload_status = "Idle"
        self.boots = 0
        self.needs_boot = True
        self._armed = False
        self._beat_s = 300.0
        self._next_beat = 0.0

    # what the link asks

    def has(self, fault: str) -> bool:
        return self.core.has(fault)

    def answer_delay_s(self) -> float:
        return 8.0 if self.core.has("slow_answers") else self.core.rng.uniform(*self.core.maker.answer_s)

    def retry_rules(self) -> tuple[int, float]:
        pause_s = self.config.number("TransactionMessageRetryInterval")
        return self.config.number("TransactionMessageAttempts"), float(pause_s)

    def handle(self, action: str, payload: Payload) -> Payload:
        return incoming.handle(self, action, payload)

    def opened(self) -> None:
        self.core.say("connected")
        if self.needs_boot or self.core.maker.boots_again:
            self.boot()
        else:
            self.reporter.forget()
            self.link.resume()

    def closed(self, cause: str) -> None:
        self.core.say(cause)

    # booting

    def boot(self) -> None:
        """Send BootNotification; nothing else leaves before it is accepted."""
        self.link.registered = False
        core, maker = self.core, self.core.maker
        request = {
            "chargePointVendor": maker.vendor,
            "chargePointModel": maker.model,
            "chargePointSerialNumber": core.serial,
            "firmwareVersion": maker.firmware,
            "meterType": f"{maker.vendor} M{maker.phases}",
            "meterSerialNumber": f"M{core.serial}"[:25],
        }
        self.link.post_first(Outgoing("BootNotification", request, self._booted))

    def _booted(self, answer: Payload) -> None:
        status, interval = answer.get("status"), float(answer.get("interval") or 0)
        self.core.say(f"BootNotification {status}, interval {interval:.0f} s")
        self.core.set_clock(answer.get("currentTime"))
        if status != "Accepted":
            self.core.later(max(2.0, interval), self._boot_again)
            return
        self.boots += 1
        self.needs_boot = False
        self._beat_s = interval or 300.0
        self._next_beat = self.clock.now() + self._beat_s
        self.reporter.forget()
        self.link.post_first(Outgoing("StatusNotification", self.reporter.status_of(0)))
        self.link.resume()
        self._arm_faults()

    def _boot_again(self) -> None:
        if self.link.online and not self.link.registered:
            self.boot()

    def restart(self, kind: str) -> None:
        """Reboot, "soft" or "hard": transactions end, the socket drops, profiles and settings stay."""
        self.core.say(f"{kind} restart")
        for outlet in self.outlets.values():
            self.charges.stop(outlet, "SoftReset" if kind == "soft" else "HardReset")
            outlet.ended = False
        self.needs_boot = True
        self.core.lose_clock()
        if kind == "soft":
            self.core.later(1.5, lambda: self.link.drop(3.0))
        else:
            self.link.drop(4.0)

    # faults that run by themselves

    def _arm_faults(self) -> None:
        if self.has("boot_loop"):
            self.core.later(20.0, lambda: self.restart("hard"))
        if self._armed:
            return
        self._armed = True
        if self.has("silent"):
            self.core.later(20.0, lambda: self.set_silent(True))
        if self.has("drop"):
            self.core.later(15.0, self._drop_again)

    def _drop_again(self) -> None:
        self.core.say("drops the connection")
        self.link.drop()
        self.core.later(15.0, self._drop_again)

    def set_silent(self, silent: bool) -> None:
        """Say and answer nothing while keeping the socket; physics and profiles go on."""
        if silent != self.link.mute:
            self.core.say("goes silent" if silent else "talks again")
        self.link.mute = silent

    # what happens as time passes

    def tick(self, dt: float) -> None:
        """Let `dt` seconds of clock time pass."""
        core, at, now = self.core, self.clock.now(), self.core.now()
        core.run_due(at)
        for outlet in self.outlets.values():
            outlet.step(dt, core.limit_a(outlet, now))
            outlet.give_up_waiting(at)
        if core.ready:
            self.reporter.changes(at)
        self.meter.sample(at)
        if core.ready and at >= self._next_beat:
            self._next_beat = at + self._beat_s
            self.heartbeat()

    def heartbeat(self) -> None:
        self.core.post("Heartbeat", {}, lambda answer: self.core.set_clock(answer.get("currentTime")))

    def tell_status(self, connector_id: int) -> None:
        self.reporter.tell(connector_id)

    # people at the station

    def plug(self, car: Car, connector_id: int = 1) -> None:
        outlet = self.outlets[connector_id]
        outlet.car, outlet.ended = car, False
        self.core.say(f"a {car.phases}-phase car is plugged in")
        if outlet.waiting_tag:
            self.charges.begin(outlet, outlet.waiting_tag)

    def unplug(self, connector_id: int = 1) -> Car | None:
        """The driver takes the cable out; a running charge ends. Returns the car."""
        outlet = self.outlets[connector_id]
        car = outlet.car
        if car is not None:
            self.core.say("the car is unplugged")
            self.charges.stop(outlet, "EVDisconnected")
            car.unplug()
        outlet.car, outlet.ended = None, False
        return car

    def fail(self, code: str, info: str, clear_s: float | None = None, connector_id: int = 1) -> None:
        """An internal fault (OCPP errorCode), cleared after `clear_s`."""
        self.charges.fail(self.outlets[connector_id], code, info, clear_s)
