"""Who comes, plugs in, swipes a card and leaves; and what breaks in a believable demo. Driven by clock time."""

import random
from dataclasses import dataclass, field

from evdesk.simulator.car import Car, make_car
from evdesk.simulator.simulate import AnyStation

FIRST_PHASES: dict[int, int] = {0: 3, 1: 1, 2: 3, 3: 3, 4: 1, 6: 2, 7: 3, 5: 3}
"""Bay index (mod 8) to the phases of its first car: two one-phase cars, one two-phase."""
FREE_AT_FIRST = (5, 7)
STAY_S = (540.0, 2400.0)
GAP_S = (120.0, 420.0)


@dataclass(slots=True)
class Bays:
    """Arrivals and departures on all stations. `plan` holds (seconds since start, bay, what)."""

    stations: list[AnyStation]
    seed: int
    begin: float = 0.0
    plan: list[tuple[float, int, str]] = field(default_factory=list)
    rng: random.Random = field(default_factory=random.Random)
    cars: int = 0
    arrivals: int = 0
    departures: int = 0

    def open(self, at: float, faults: bool) -> None:
        """Put the first cars in and write the plan of the first minutes."""
        self.begin = at
        self.rng = random.Random(f"{self.seed}:people")
        for number in range(len(self.stations)):
            if number % 8 not in FREE_AT_FIRST:
                self._arrive(number, FIRST_PHASES[number % 8])
                self._at(self.rng.uniform(*STAY_S), number, "leave")
        for number in range(len(self.stations)):
            if number % 8 == 7:
                self._at(12.0 + number // 8, number, "arrive")
            elif number % 8 == 5:
                self._at(47.0 + number // 8, number, "arrive")
            elif number % 8 == 2:
                self._at(36.0 + number // 8, number, "leave")
        if faults:
            self._break()

    def _break(self) -> None:
        for what, at, bay in (
            ("ground", 25.0, 3),
            ("mute", 40.0, 6),
            ("cut", 55.0, 6),
            ("talk", 150.0, 6),
            ("repair", 240.0, 3),
        ):
            if bay < len(self.stations):
                self._at(at, bay, what)

    def _at(self, after_s: float, number: int, what: str) -> None:
        self.plan.append((after_s, number, what))

    def step(self, at: float) -> None:
        """Do what is due at Unix time `at`."""
        gone = at - self.begin
        due = sorted(entry for entry in self.plan if entry[0] <= gone)
        if not due:
            return
        self.plan = [entry for entry in self.plan if entry[0] > gone]
        for _, number, what in due:
            self._do(gone, number, what)

    def _do(self, gone: float, number: int, what: str) -> None:
        station = self.stations[number]
        if what == "arrive":
            self._arrive(number, None)
            self._at(gone + self.rng.uniform(*STAY_S), number, "leave")
        elif what == "leave":
            if station.unplug() is not None:
                self.departures += 1
                self._drop_plans(number)
                self._at(gone + self.rng.uniform(*GAP_S), number, "arrive")
        elif what == "ground":
            station.fail("GroundFailure", "E-11 residual current")
        elif what == "repair":
            station.outlets[1].clear_fault()
            station.outlets[1].ended = False
            self._swipe(number, 5.0)
        elif what in ("mute", "talk"):
            station.set_silent(what == "mute")
        elif what == "cut":
            station.link.drop(pause_s=95.0)

    def _drop_plans(self, number: int) -> None:
        self.plan = [e for e in self.plan if e[1] != number or e[2] not in ("leave", "arrive")]

    def _arrive(self, number: int, phases: int | None) -> None:
        station = self.stations[number]
        if station.outlets[1].car is not None:
            return
        self.cars += 1
        self.arrivals += 1
        car = make_car(random.Random(f"{self.seed}:car:{number}:{self.cars}"), phases, 100 + self.cars)
        if self.cars <= len(self.stations):
            car.wake_s = min(car.wake_s, 14.0)
        station.plug(car)
        self._swipe(number, self.rng.uniform(3.0, 7.0), car)

    def _swipe(self, number: int, after_s: float, car: Car | None = None) -> None:
        """The driver holds the card up, and again every 20 s until the charge runs."""
        station = self.stations[number]
        outlet = station.outlets[1]
        driver = car or outlet.car

        def hold_up() -> None:
            if outlet.car is not driver or driver is None or outlet.transaction is not None or outlet.ended:
                return
            station.charges.present(outlet, driver.tag)
            station.core.later(20.0 if station.core.ready else 3.0, hold_up)

        station.core.later(after_s, hold_up)
