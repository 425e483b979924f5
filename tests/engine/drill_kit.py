"""Simulated chargers with one fault each against a real engine, on one fast clock, for drills."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evdesk.engine.client import ApiClient
from evdesk.model import Clock
from evdesk.simulator.car import Car
from evdesk.simulator.makers import NORDLADE, Maker
from evdesk.simulator.meter_server import MeterServer, MeterState
from evdesk.simulator.simulate import AnyStation
from evdesk.simulator.station import Station
from evdesk.simulator.station2 import Station2
from tests.engine.harness import RunningEngine, engine, until

SPEED = 20.0
HELD_UP_S = 2.0  # its meter is read every second
SAFE_A, RATING_A, VALID_S, REFRESH_S = 6.0, 16.0, 40, 15


@dataclass(frozen=True)
class Wanted:
    """`car` False: no car is plugged in. `more` for the car."""

    fault: str = ""
    version: str = "1.6"
    car: bool = True
    evses: int = 1
    more: tuple[tuple[str, Any], ...] = ()


def volts(now: float) -> tuple[float, float, float]:
    """A grid's voltage never stands still."""
    return (230.0 + now % 7.0 / 10.0, 230.1, 229.9)


class Rig:
    """`api` is a client of the engine; `stations` by name; time runs for all of them at `SPEED`."""

    def __init__(self, running: RunningEngine, api: ApiClient, clock: Clock, maker: Maker) -> None:
        self.running, self.api, self.clock, self.maker = running, api, clock, maker
        self.stations: dict[str, AnyStation] = {}
        self.worst_a = 0.0  # the most all of them ever drew together on one phase
        self.house_a = 3.0
        self.meter = MeterServer(self._metered)
        self.stood_s = 0.0  # the longest the site stood still, or its meter was not read, on its clock
        self._read_at = 0.0
        self._tasks: list[asyncio.Future[Any]] = []

    def add(self, name: str, wanted: Wanted) -> AnyStation:
        faults = (wanted.fault,) if wanted.fault else ()
        url = self.running.ocpp
        if wanted.version == "1.6":
            made: AnyStation = Station(name, self.maker, url, self.clock, seed=7, faults=faults, evses=wanted.evses)
        else:
            made = Station2(name, self.maker, url, self.clock, seed=7, faults=faults, version=wanted.version)
        self.stations[name] = made
        self._tasks.append(asyncio.ensure_future(made.link.run()))
        if wanted.car:
            made.core.later(3.0, lambda: self._arrive(made, dict(wanted.more)))
        return made

    def _arrive(self, station: AnyStation, more: dict[str, Any]) -> None:
        given = {"wake_s": 2.0, "reaction_s": 1.0, "level_wh": 5_000.0, "diligence": 0.99, "max_a": 32.0} | more
        station.plug(Car(**given))
        self._swipe(station)

    def _swipe(self, station: AnyStation) -> None:
        outlet = station.outlets[1]
        if outlet.car is None or outlet.authorized or outlet.ended:
            return
        if station.link.online and station.link.registered:
            station.charges.present(outlet, "TAG")
        station.core.later(5.0, lambda: self._swipe(station))

    async def run(self) -> None:
        last = self.clock.now()
        while True:
            await asyncio.sleep(self.clock.wall_s(0.25))
            now = self.clock.now()
            self.stood_s = max(self.stood_s, now - last)
            while now - last > 1e-6:
                step = min(0.25, now - last)
                last += step
                for station in self.stations.values():
                    station.tick(step)
            drawn = [station.outlets[1].current_a for station in self.stations.values()]
            self.worst_a = max(self.worst_a, *(sum(amps[k] for amps in drawn) for k in range(3)))

    def read(self) -> None:
        """The engine asks the meter."""
        now = self.clock.now()
        self.stood_s, self._read_at = max(self.stood_s, now - (self._read_at or now)), now

    def _metered(self) -> MeterState:
        self.read()
        drawn = [station.outlets[1].current_a for station in self.stations.values()]
        one, two, three = (self.house_a + sum(amps[k] for amps in drawn) for k in range(3))
        return MeterState(volts(self.clock.now()), (one, two, three))

    def start(self) -> None:
        self._tasks.append(asyncio.ensure_future(self.run()))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.meter.stop()
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def view(self, name: str) -> dict[str, Any]:
        found = {view["charger_id"]: view for view in await self.api.call("failsafe.list")}
        return found.get(name, {})

    async def prepared(self, *names: str, timeout_s: float = 40.0) -> None:
        """Accepted, their failsafe written, and where there is a car: charging."""

        lacks: dict[str, Any] = {}

        async def ready() -> bool:
            views = {view["charger_id"]: view for view in await self.api.call("failsafe.list")}
            lacks.clear()
            for name in names:
                state, outlet = views.get(name, {}).get("state"), self.stations[name].outlets[1]
                if state in (None, "unknown") or (outlet.car is not None and not outlet.charging):
                    lacks[name] = (state, outlet.status(), outlet.limit_a, self.stations[name].link.online)
            return not lacks

        try:
            await until(ready, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {lacks}") from error

    async def decided(self, once: Callable[[], Awaitable[Any]], decides: Callable[[Any], bool]) -> Any:
        """What came of `once`; of the next where it does not decide and a busy computer held the site up meanwhile."""
        for _ in range(3):
            self.stood_s = 0.0
            found = await once()
            if decides(found) or self.stood_s <= HELD_UP_S:
                break
        return found

    async def drill(self, name: str, **more: Any) -> dict[str, Any]:
        """Begins one, and waits for its end."""
        number = (await self.api.call("failsafe.drill", {"charger_id": name, **more}))["drill_id"]
        return await self.over(number)

    async def over(self, number: int, timeout_s: float = 60.0) -> dict[str, Any]:
        async def done() -> Any:
            asked_at = self.clock.now()
            drill = await self.api.call("failsafe.drill_get", {"drill_id": number})
            self.stood_s = max(self.stood_s, self.clock.now() - asked_at)
            return drill if drill["phase"] == "done" else None

        return await until(done, timeout_s)

    async def drilled(self, begun: Iterable[int], wanted: dict[str, tuple[str, str]]) -> dict[str, dict[str, Any]]:
        """The drills as they ended, by name; the next of each that decided nothing while a busy computer held the site up.
        Its car leaves before it, and comes anew: it may have been what the delay did to it that hid the rest."""
        drills = {drill["charger_id"]: drill for drill in [await self.over(number) for number in begun]}
        held_up = self.stood_s > HELD_UP_S
        unsure = [name for name, drill in drills.items() if drill["verdict"] == "inconclusive"]
        again = [name for name in unsure if held_up and wanted[name][0] != "inconclusive"]
        for name in again:
            await self._comes_anew(self.stations[name])
            await self.prepared(name)
            drills[name] = await self.drill(name, kind=drills[name]["kind"])
        return drills

    async def _comes_anew(self, station: AnyStation) -> None:
        if (car := station.unplug()) is None:
            return
        station.core.later(3.0, lambda: self._arrive(station, {"max_a": car.max_a}))

        async def there() -> bool:
            return station.outlets[1].car is not None

        await until(there)

    async def in_phase(self, number: int, phase: str, timeout_s: float = 40.0) -> dict[str, Any]:
        async def there() -> Any:
            drill = await self.api.call("failsafe.drill_get", {"drill_id": number})
            return drill if drill["phase"] == phase else None

        return await until(there, timeout_s)


def site(
    names: list[str], rating_a: float, other_a: float = 0.0, meter_port: int = 0, bay_a: float = RATING_A
) -> dict[str, Any]:
    bays = [
        {"charger_id": n, "connector_id": 1, "label": n, "circuit": "Main", "max_a": bay_a, "rotation": "RST"}
        for n in names
    ]
    main: dict[str, Any] = {"name": "Main", "rating_a": [rating_a] * 3, "other_max_a": [other_a] * 3}
    if meter_port:
        main["meter"] = {"profile": "eastron-sdm630", "host": "127.0.0.1", "port": meter_port, "unit": 1}
    fits = len(names) * SAFE_A <= rating_a - other_a - 2.0
    settings = {"profile_valid_s": VALID_S, "profile_refresh_s": REFRESH_S, "safe_share_a": SAFE_A if fits else 0.0}
    return {"name": "Drill hall", "circuits": [main], "bays": bays, "balance": settings, "assumed": False}


@contextlib.asynccontextmanager
async def rig(
    folder: Path,
    wanted: dict[str, Wanted],
    rating_a: float = 400.0,
    other_a: float = 0.0,
    maker: Maker = NORDLADE,
    metered: bool = False,
    bay_a: float = RATING_A,
) -> AsyncIterator[Rig]:
    """An engine with these chargers placed on one line, powered up and dialling in."""
    with engine(folder, "--accept-unknown", "--speed", f"{SPEED:g}") as running:
        async with running.client() as api:
            made = Rig(running, api, Clock(speed=SPEED), maker)
            port = await made.meter.start() if metered else 0
            await api.call("site.put", {"site": site(list(wanted), rating_a, other_a, port, bay_a)})
            for name, one in wanted.items():
                made.add(name, one)
            made.start()
            try:
                yield made
            finally:
                await made.stop()
