"""The power part of one connector: pilot, contactor, currents at the terminals, the energy register, its status."""

import math
import random
from dataclasses import dataclass, field

from evdesk.model import ConnectorStatus as Status
from evdesk.simulator.car import MIN_PILOT_A, Car
from evdesk.simulator.profiles import Tx

Terminals = tuple[float, float, float]


@dataclass(slots=True)
class Transaction:
    """`id` None until the CSMS has answered StartTransaction; it stays None while the station is offline.

    `authorized`: energy may flow. (In 2.x a transaction may begin with the cable and be authorised later, and may
    lose its authorisation before it ends; the 2.x station gives the id, a text, itself.)
    """

    tag: str
    started_at: float  # station clock
    meter_start_wh: int
    id: int | str | None = None
    stopped: bool = False
    authorized: bool = True
    seq: int = 0  # the next seqNo (2.x)
    token_type: str = "ISO14443"
    told_state: str = ""  # the chargingState told last (2.x)
    told_limit_a: float = -1.0
    charged_s: float = 0.0

    @property
    def tx(self) -> Tx:
        return Tx(self.id, self.started_at)


STATUS: dict[tuple[bool, bool, bool, bool], Status] = {
    # (transaction runs, one has ended since plugging, offered >= 6 A, current flows)
    (True, False, True, True): Status.CHARGING,
    (True, False, False, True): Status.CHARGING,  # the car has not followed yet
    (True, False, True, False): Status.SUSPENDED_EV,
    (True, False, False, False): Status.SUSPENDED_EVSE,
    (False, True, False, False): Status.FINISHING,
    (False, False, False, False): Status.PREPARING,
}
"""Status with a car plugged in (OCPP 1.6 chapter 4.9). Without a car: Available. Faults stand above all."""


@dataclass(slots=True)
class Outlet:
    """`limit_a` is what profiles and hardware allow, `pilot_a` what the pilot offers (0 or >= 6).

    `register_wh` is the meter's lifetime register. `fault` is an OCPP errorCode, "" = none.
    `operative` is what the CSMS wants; `updating`: shut because of new firmware.
    """

    id: int
    max_a: float = 32.0
    phases: int = 3
    whole_amps: bool = False
    car: Car | None = None
    transaction: Transaction | None = None
    ended: bool = False
    register_wh: float = 0.0
    limit_a: float = 0.0
    pilot_a: float = 0.0
    fault: str = ""
    fault_info: str = ""
    operative: bool = True
    updating: bool = False
    reserved: bool = False
    waiting_tag: str = ""
    waiting_until: float = 0.0
    current_a: Terminals = (0.0, 0.0, 0.0)
    voltage_v: Terminals = (230.0, 230.0, 230.0)
    rng: random.Random = field(default_factory=random.Random)

    @property
    def power_w(self) -> float:
        return sum(i * u for i, u in zip(self.current_a, self.voltage_v, strict=True))

    @property
    def charging(self) -> bool:
        return max(self.current_a) > 0.5

    @property
    def authorized(self) -> bool:
        """A transaction runs and may take energy."""
        return self.transaction is not None and self.transaction.authorized

    @property
    def usable(self) -> bool:
        """Somebody may begin here, as far as nothing is broken."""
        return self.operative and not self.updating

    @property
    def tx(self) -> Tx | None:
        return self.transaction.tx if self.transaction else None

    def status(self) -> Status:
        if self.fault:
            return Status.FAULTED
        if not self.usable and self.transaction is None:
            return Status.UNAVAILABLE
        if self.car is None:
            if self.reserved:
                return Status.RESERVED
            return Status.PREPARING if self.waiting_tag else Status.AVAILABLE
        runs = self.authorized
        flows = runs and self.charging
        offered = runs and self.pilot_a >= MIN_PILOT_A
        return STATUS[(runs, self.ended and not runs, offered, flows)]

    def clear_fault(self) -> None:
        self.fault = self.fault_info = ""

    def give_up_waiting(self, at: float) -> None:
        """ConnectionTimeOut: a remote start without a car lapses."""
        if self.waiting_tag and at > self.waiting_until:
            self.waiting_tag = ""

    def step(self, dt: float, limit_a: float) -> None:
        """Let `dt` seconds pass with a limit of `limit_a` per phase."""
        self.limit_a = min(limit_a, self.max_a)
        self.pilot_a = self._pilot()
        if self.car is None:
            self.current_a = (0.0, 0.0, 0.0)
            return
        if self.fault or (self.car.current_a > 0 and not self.authorized):
            self.car.unplug()  # the contactor opens at once
        amps = self.car.step(dt, self.pilot_a, self.voltage_v[0])
        used = min(self.car.phases, self.phases)
        one, two, three = (amps if k < used else 0.0 for k in range(3))
        self.current_a = (one, two, three)
        self.voltage_v = self._sagged()
        self.register_wh += self.power_w * dt / 3600.0

    def _pilot(self) -> float:
        if not self.authorized or self.fault:
            return 0.0
        offer = math.floor(self.limit_a) if self.whole_amps else self.limit_a
        return offer if offer >= MIN_PILOT_A else 0.0

    def _sagged(self) -> Terminals:
        """A little resistance in the cable, so that voltages are alive but believable."""
        one, two, three = (231.4 - 0.12 * amps for amps in self.current_a)
        return (one, two, three)
