"""What simulated stations of every OCPP version have in common: people, physics, a link, faults that run by themselves.

Nothing here waits: `tick(dt)` is called every 0.25 s of clock time or finer and does whatever is due.
"""

import asyncio
import random
from abc import ABC, abstractmethod

from evdesk.model import Clock
from evdesk.simulator.access import Access
from evdesk.simulator.bends import bend_answer, bend_call, refuse_first
from evdesk.simulator.car import Car
from evdesk.simulator.core import Core
from evdesk.simulator.link import Link, Outgoing, Payload
from evdesk.simulator.order import Order
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.work import Work

EARLY_S = 2.0
EARLY_REPORT_S = 5.0


class Places(ABC):
    """What people do at a station's outlets."""

    core: Core
    outlets: dict[int, Outlet]

    def plug(self, car: Car, connector_id: int = 1) -> None:
        outlet = self.outlets[connector_id]
        outlet.car, outlet.ended = car, False
        self.core.say(f"a {car.phases}-phase car is plugged in")
        self.plugged(outlet)

    @abstractmethod
    def plugged(self, outlet: Outlet) -> None: ...

    def unplug(self, connector_id: int = 1) -> Car | None:
        """The driver takes the cable out; a running charge ends. Returns the car."""
        outlet = self.outlets[connector_id]
        car = outlet.car
        if car is not None:
            self.core.say("the car is unplugged")
            self.unplugging(outlet)
            car.unplug()
        outlet.car, outlet.ended = None, False
        return car

    @abstractmethod
    def unplugging(self, outlet: Outlet) -> None: ...

    @abstractmethod
    def break_off(self, outlet: Outlet) -> None:
        """End a charge although neither driver nor CSMS wants it."""


class Restarts(Places):
    """What a restart does. `works`: what goes on beside everything else, and ends with the station."""

    link: Link
    needs_boot: bool
    works: tuple[Work, ...] = ()

    @abstractmethod
    def stop_all(self, kind: str) -> None:
        """End every transaction because of a "soft" or "hard" restart."""

    def restart(self, kind: str) -> None:
        """Reboot, "soft" or "hard": transactions and file transfers end, the socket drops, profiles and settings stay."""
        for work in self.works:
            work.abort()
        self.core.say(f"{kind} restart")
        self._off_and_on(kind, 4.0)

    def reboot(self, away_s: float) -> None:
        """Reboot by itself, for new firmware; it dials again after `away_s`."""
        self.core.say("restarts with new firmware")
        self._off_and_on("hard", away_s)

    def _off_and_on(self, kind: str, away_s: float) -> None:
        core = self.core
        self.stop_all(kind)
        for outlet in self.outlets.values():
            outlet.ended = False
        self.needs_boot, core.was_reset = True, True
        core.lose_clock()
        if core.has("loses_profiles"):
            core.profiles.items = []
        if core.has("forgets_settings"):
            core.forget_settings()
        if kind == "soft":
            core.later(1.5, lambda: self.link.drop(3.0))
        else:
            self.link.drop(away_s)

    async def ended(self) -> None:
        """The power is off for good."""
        await asyncio.gather(*(work.ended() for work in self.works))


class StationBase(Restarts):
    """`boots` counts the boots the CSMS has accepted. `outlets` by connector (1.6) or EVSE (2.x) number."""

    subprotocol: str

    def __init__(self, core: Core, url: str, clock: Clock, seed: object, access: Access | None) -> None:
        rng = random.Random(f"{seed}:{core.identity}:link")
        core.link = Link(url, core.identity, self, clock, rng, self.subprotocol, access or Access())
        self.link, self.identity, self.clock = core.link, core.identity, clock
        self.outlets, self.profiles = core.outlets, core.profiles
        self._order = Order(core)
        self.boots = 0
        self.needs_boot = True
        self.core = core
        self._troubles = Troubles(self, core)
        self._beat_s = 300.0
        self._next_beat = 0.0

    # what the link asks

    def has(self, fault: str) -> bool:
        return self.core.has(fault)

    def answer_delay_s(self) -> float:
        if self.has("answers_after_a_minute"):
            return 65.0
        return 8.0 if self.has("slow_answers") else self.core.rng.uniform(*self.core.maker.answer_s)

    def opened(self) -> None:
        self.core.say("connected")
        if self.has("no_boot"):
            self.needs_boot = False
            self.resumed()
        elif self.needs_boot or self.core.maker.boots_again:
            self.boot()
        else:
            self.resumed()

    def closed(self, cause: str) -> None:
        core = self.core
        core.say(cause)
        if core.offline_since is None:
            core.offline_since = core.now()

    def check_answer(self, action: str, answer: Payload) -> str:
        """What is wrong with the CSMS's answer, "" when it can be used (only 2.1 has a way to say so)."""
        return ""

    @abstractmethod
    def retry_rules(self) -> tuple[int, float]: ...

    def shape(self, item: Outgoing) -> list[Outgoing]:
        """What really goes into the queue for one CALL: itself, as a rule."""
        items = self._order.arrange(item)
        for each in items if self.core.faults else ():
            bend_call(self.core, each.action, each.payload)
        return items

    def handle(self, action: str, payload: Payload) -> Payload:
        """The answer to a call of the CSMS; raises CallFault where it is a CALLERROR."""
        if not self.core.faults:
            return self.respond(action, payload)
        self._troubles.called(action)
        refuse_first(self.core, action)
        answer = self.respond(action, payload)
        bend_answer(self.core, action, answer)
        return answer

    @abstractmethod
    def respond(self, action: str, payload: Payload) -> Payload: ...

    # booting

    @abstractmethod
    def boot_request(self) -> Payload: ...

    @abstractmethod
    def resumed(self) -> None:
        """The CSMS is there (again) and has accepted the station: tell what it may have missed, go on."""

    def boot(self) -> None:
        """Send BootNotification; nothing else leaves before it is accepted."""
        self.link.registered = False
        self.link.post_first(Outgoing("BootNotification", self.boot_request(), self._booted, early=True))

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
        self.resumed()
        self._troubles.arm()

    def _boot_again(self) -> None:
        if self.link.online and not self.link.registered:
            self.boot()

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
        if core.ready and not self.link.mute:
            core.offline_since = None
        self.profiles.go_on_offline(0.0 if core.offline_since is None else now - core.offline_since)
        for outlet in self.outlets.values():
            outlet.step(dt, core.limit_a(outlet, now))
            outlet.give_up_waiting(at)
            if self.has("ends_charge_at_fallback") and self.profiles.live_ended(outlet.id, now, outlet.tx):
                self.break_off(outlet)
        self.happen(at)
        if core.ready and at >= self._next_beat:
            self._next_beat = at + self._beat_s
            self.heartbeat()

    @abstractmethod
    def happen(self, at: float) -> None:
        """After each step of physics: tell changed statuses, send what is due."""

    def heartbeat(self) -> None:
        self.core.post("Heartbeat", {}, lambda answer: self.core.set_clock(answer.get("currentTime")))


class Troubles:
    """Faults that run by themselves once the station has booted."""

    def __init__(self, station: StationBase, core: Core) -> None:
        self.station, self.core = station, core
        self._armed = False
        self._booted_at = 0.0

    def called(self, action: str) -> None:
        """The CSMS calls: some stations do not bear it so early."""
        core, station, gone = self.core, self.station, self.core.clock.now() - self._booted_at
        if core.has("early_call_restarts") and gone < EARLY_S:
            core.later(0.1, lambda: station.restart("hard"))
        if core.has("early_report_silences") and action == "GetBaseReport" and gone < EARLY_REPORT_S:
            station.set_silent(True)

    def arm(self) -> None:
        """After each accepted boot."""
        core, station = self.core, self.station
        self._booted_at = core.clock.now()
        if core.has("boot_loop"):
            core.later(20.0, lambda: station.restart("hard"))
        if self._armed:
            return
        self._armed = True
        if core.has("half_open"):
            core.later(30.0, self._abandon_again)
        if core.has("silent"):
            core.later(20.0, lambda: station.set_silent(True))
        if core.has("drop"):
            core.later(15.0, self._drop_again)

    def _abandon_again(self) -> None:
        self.core.say("dials anew and leaves the old connection open")
        self.station.link.abandon()
        self.core.later(30.0, self._abandon_again)

    def _drop_again(self) -> None:
        self.core.say("drops the connection")
        self.station.link.drop()
        self.core.later(15.0, self._drop_again)
