"""A control cycle by hand: a clock that goes on when told, and chargers whose answers the test gives or loses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from evdesk.drivers.base import Answer, Driver, Unanswered
from evdesk.engine.commands import Commands
from evdesk.engine.control import Control
from evdesk.engine.fleet import Fleet
from evdesk.model import (
    Bay,
    Capability,
    Circuit,
    ConnectorStatus,
    EvdeskError,
    Failsafe,
    FailsafeState,
    LiveProfile,
    MeterReading,
    MeterSource,
    Reading,
    Reason,
    Session,
    Site,
)
from evdesk.model.sites import FOLLOWS_S
from tests.engine.store_kit import T0, FixedClock, opened


class HandClock(FixedClock):
    """Both its times go on together; `jump` is somebody setting the computer's clock."""

    def __init__(self, at: float) -> None:
        super().__init__(at)
        self.jumped = 0.0

    def steady(self) -> float:
        return self.at - self.jumped

    def jump(self, seconds: float) -> None:
        self.at += seconds
        self.jumped += seconds


class Station(Driver):
    """Carries out what it is told at once. `deaf`: limits above what is in force are not answered until `hurry`, or not
    before `call_s`. `slow_s`: carries out, and answers, only so much later."""

    def __init__(self, name: str, clock: HandClock) -> None:
        super().__init__(name)
        self.capabilities = frozenset({Capability.SET_LIMIT})
        self.clock, self.in_force_a, self.deaf, self.call_s = clock, 0.0, False, 60.0
        self.sent: list[tuple[float, float]] = []
        self.profiles: list[LiveProfile] = []
        self.hurried: list[tuple[float, bool]] = []
        self.held = asyncio.Event()  # an answer is kept back
        self._sent_at, self._within_s = 0.0, 60.0
        self._open: asyncio.Future[None] | None = None
        self.slow_s = 0.0
        self._doing: list[tuple[float, float, asyncio.Future[Answer]]] = []
        self._asked: asyncio.Future[Answer] | None = None

    async def run(self, report) -> None:
        raise NotImplementedError

    async def set_limit(self, profile: LiveProfile) -> Answer:
        self.sent.append((self.clock.at, profile.limit_a))
        self.profiles.append(profile)
        if self.slow_s:
            return await self._slowly(profile.limit_a)
        raised, self.in_force_a = profile.limit_a > self.in_force_a, profile.limit_a
        if self.deaf and raised:
            self._open, self._sent_at, self._within_s = (
                asyncio.get_running_loop().create_future(),
                self.clock.at,
                self.call_s,
            )
            self.held.set()
            try:
                await self._open
            finally:
                self.held.clear()
            raise EvdeskError(Reason.TIMEOUT, "no answer")
        return Answer("Accepted")

    async def _slowly(self, limit_a: float) -> Answer:
        """One after the other, as such a charger does."""
        loop = asyncio.get_running_loop()
        self._open = over = loop.create_future()
        self._sent_at, self._within_s = self.clock.at, self.call_s
        begun = max([self.clock.at, *(done_at for done_at, _, _ in self._doing)])
        self._asked = answer = loop.create_future()
        self._doing.append((begun + self.slow_s, limit_a, answer))
        self.held.set()
        await asyncio.wait((over, answer), return_when=asyncio.FIRST_COMPLETED)
        self.held.clear()
        if answer.done():
            return answer.result()
        raise Unanswered("no answer", answer)

    def hurry(self, most_s: float, reductions: bool) -> None:
        self.hurried.append((most_s, reductions))
        self._within_s = min(self._within_s, most_s)

    def second(self) -> None:
        while self._doing and self.clock.at >= self._doing[0][0]:
            _, self.in_force_a, answer = self._doing.pop(0)
            answer.set_result(Answer("Accepted"))
            if self._open is not None and answer is self._asked:
                self._open = None
        if self.held.is_set() and self.clock.at >= self._sent_at + self._within_s and self._open is not None:
            self._open.set_result(None)
            self._open = None


class Cycle:
    """One supply with a meter, some chargers that charge. `second()` is one second of a site: meter, readings, tick."""

    def __init__(self, fleet: Fleet, control: Control, clock: HandClock, stations: dict[str, Station]) -> None:
        self.fleet, self.control, self.clock, self.stations = fleet, control, clock, stations
        self.house_a, self.over_s = 0.0, 0

    def record(self, name: str):
        return self.fleet.chargers[name]

    def connector(self, name: str):
        return self.record(name).connectors[1]

    def drawn(self, name: str) -> float:
        """Falls to its default as late as it may: told two seconds after it was asked."""
        station = self.stations[name]
        told_at = station.sent[-1][0] + 2.0 if station.sent else self.clock.at
        ends_at = told_at + self.fleet.site.balance.profile_valid_s + FOLLOWS_S
        if self.clock.at >= ends_at:
            return self.record(name).failsafe.safe_a or 0.0
        return station.in_force_a

    async def second(self) -> None:
        self.clock.at += 1.0
        for name, station in self.stations.items():
            was_held = station.held.is_set()
            station.second()
            if was_held and station._open is None:
                await asyncio.wait((self.control.delivery.under_way[name, 1],))
            amps = self.drawn(name)
            if self.record(name).online:
                self.fleet.report(Reading(name, 1, self.clock.at, current_a=(amps, amps, amps)))
        total = self.house_a + sum(self.drawn(name) for name in self.stations)
        self.over_s += total > self.fleet.site.circuits[0].rating_a[0]
        self.fleet.report(MeterReading("Main", self.clock.at, (total, total, total)))
        self.control.tick()
        await self.answered()

    async def answered(self) -> None:
        """Until each has its answer, or keeps it back."""
        for (name, _), task in list(self.control.delivery.under_way.items()):
            held = asyncio.create_task(self.stations[name].held.wait())
            await asyncio.wait((task, held), return_when=asyncio.FIRST_COMPLETED)
            held.cancel()


@contextlib.asynccontextmanager
async def cycle(
    path: Path, names: str = "A", rating_a: float = 32.0, safe_a: float = 6.0, metered: bool = True
) -> AsyncIterator[Cycle]:
    clock = HandClock(T0)
    async with opened(path / "evdesk.db") as store:
        fleet = Fleet(store, clock)
        main = Circuit("Main", (rating_a,) * 3, meter=MeterSource() if metered else None, other_max_a=(0.0,) * 3)
        bays = tuple(Bay(name, 1, f"Bay {name}", "Main", rotation="RST", max_a=32.0) for name in names)
        fleet.site = Site(circuits=(main,), bays=bays, assumed=False)
        control = Control(fleet, Commands(store), clock)
        control.reconfigure(fleet.site)
        stations = {name: Station(name, clock) for name in names}
        for number, name in enumerate(names, 1):
            record = fleet.record(name)
            record.link = stations[name]
            record.accepted, record.capabilities, record.connected_at = True, stations[name].capabilities, T0
            record.failsafe = Failsafe(FailsafeState.VERIFIED, 32.0, safe_a)
            one = record.connector(1)
            one.status, one.status_at, one.charging_since_at = ConnectorStatus.CHARGING, T0, T0
            one.plugged_at = T0
            one.begin(Session(number, name, 1, "TAG", T0))
        try:
            yield Cycle(fleet, control, clock, stations)
        finally:
            await control.delivery.close()
