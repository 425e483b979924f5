"""A whole simulated site: chargers that really dial in, cars, a house, a meter that really answers, and the truth."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from evdesk.model import Clock, Site, to_site_phases
from evdesk.simulator.access import Access
from evdesk.simulator.house import House
from evdesk.simulator.layout import BRANCH_A, SAFE_A, Place, places, ratings, register_wh, site_config
from evdesk.simulator.makers import KESTREL
from evdesk.simulator.meter_server import MeterServer, MeterState
from evdesk.simulator.people import Bays
from evdesk.simulator.profiles import DEFAULT_PURPOSE, MAX_PURPOSE, Period, Profile
from evdesk.simulator.simulate import AnyStation, Plan, make_station
from evdesk.simulator.station import Station
from evdesk.simulator.truth import Amps, ChargerTruth, LineTruth, Truth

TICK_S = 0.25
LONG_AGO = 1_577_836_800.0  # 2020-01-01
STRANGER = Place("KS-20881", "visitor", KESTREL, "Yard", "RST")


ODD_BAY = 6
"""The bay (from 0) whose charger writes times without a zone, where faults are wanted: something to find."""


class SimulatedSite:
    """`chargers` stations "WB-01"... on circuits Main, Garage, Yard.

    `faults`: a ground failure on bay 4 after 25 s (repaired after 240 s), and bay 7, which writes times without a zone,
    silent from 40 s, without a link from 55 s to 150 s. `commissioned`: the stations still hold the static profiles of
    earlier (branch fuse, 6 A safe default). `stranger`: a charger nobody knows dials in after 15 s. `rate_bps`: the most
    each file transfer takes, in bytes per second of their clock. Use:
    `start_meter()`, give `site_config(port)` to the engine, `start(ocpp_url)`, at the end `stop()`.
    """

    def __init__(
        self,
        seed: int = 1,
        chargers: int = 8,
        clock: Clock | None = None,
        faults: bool = True,
        *,
        commissioned: bool = True,
        stranger: bool = False,
        sample_s: int = 10,
        on_line: Callable[[str], None] | None = None,
        rate_bps: float | None = None,
    ) -> None:
        self.seed, self.clock, self.faults = seed, clock or Clock(), faults
        self.places = places(chargers)
        self._commissioned, self._stranger, self._sample_s = commissioned, stranger, sample_s
        self._rate_bps = rate_bps
        self._say = on_line or (lambda _line: None)
        self.house = House(seed, self.clock.now())
        self.meter = MeterServer(self._metered)
        self.stations: list[AnyStation] = []
        self.people = Bays([], seed)
        self.stepped = asyncio.Event()  # wakes whoever waits, after each step of physics
        self._lines = {
            f"{name}/L{k + 1}": LineTruth(f"{name}/L{k + 1}", amps)
            for name, amps in ratings(chargers).items()
            for k in range(3)
        }
        self._begin = self._last = self.clock.now()
        self._tasks: list[asyncio.Task[None]] = []
        self._total: Amps = (0.0, 0.0, 0.0)
        self._register_wh = 184_220_000.0
        self._first_wh: dict[str, float] = {}
        self._noise = random.Random(f"{seed}:meter")

    async def start_meter(self, port: int = 0) -> int:
        """Let the Modbus meter listen; returns its port."""
        return await self.meter.start(port)

    def site_config(self, meter_port: int | None = None) -> Site:
        """The site as a person would have entered it in evdesk."""
        return site_config(len(self.places), meter_port or self.meter.port)

    async def start(self, ocpp_url: str) -> None:
        """Power the stations up against `ocpp_url` (ws://HOST:PORT, the id is appended) and let time run."""
        if not self.meter.port:
            await self.start_meter()
        self.stations = [self._station(place, ocpp_url, n) for n, place in enumerate(self.places)]
        self._first_wh = {s.identity: s.outlets[1].register_wh for s in self.stations}
        self.people = Bays(list(self.stations), self.seed)
        self._begin = self._last = self.clock.now()
        self.people.open(self._begin, self.faults)
        self._tasks = [asyncio.ensure_future(s.link.run()) for s in self.stations]
        if self._stranger:
            visitor = self._station(STRANGER, ocpp_url, 20_881)
            self._first_wh[visitor.identity] = visitor.outlets[1].register_wh
            self.stations.append(visitor)
            self.places = (*self.places, STRANGER)
            visitor.link.blocked_until = self._begin + 15.0
            self._tasks.append(asyncio.ensure_future(visitor.link.run()))
        self._tasks.append(asyncio.ensure_future(self._run()))

    async def stop(self) -> None:
        """Power off and close the meter. Raises what broke the simulation, if anything did."""
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.meter.stop()
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _station(self, place: Place, url: str, number: int) -> AnyStation:
        begin_wh = register_wh(number)
        quirks = ("local_time",) if self.faults and number == ODD_BAY else ()
        plan = Plan(url, place.version, quirks, self.seed, self._sample_s, rate_bps=self._rate_bps)
        say = partial(self._tell, place.label)
        station = make_station(plan, place.charger_id, place.maker, self.clock, say, Access(), begin_wh)
        if isinstance(station, Station):
            station.config.keys["ConnectorPhaseRotation"].value = f"0.{place.rotation},1.{place.rotation}"
        if self._commissioned and place is not STRANGER:
            for profile in commissioned_profiles(min(BRANCH_A, place.maker.max_a), SAFE_A):
                station.core.profiles.add(profile)
        return station

    def _tell(self, label: str, line: str) -> None:
        self._say(f"{label}: {line}")

    async def _run(self) -> None:
        """Let time pass: physics never in steps above 0.25 s of clock time, however late the loop is."""
        while True:
            await asyncio.sleep(self.clock.wall_s(TICK_S))
            now = self.clock.now()
            while now - self._last > 1e-6:
                dt = min(TICK_S, now - self._last)
                self._last += dt
                self._step(self._last, dt)
            self.stepped.set()
            self.stepped.clear()

    def _step(self, at: float, dt: float) -> None:
        self.people.step(at)
        sums = {"Main": self.house.current_a(at), "Garage": (0.0, 0.0, 0.0), "Yard": (0.0, 0.0, 0.0)}
        for station, place in zip(self.stations, self.places, strict=True):
            station.tick(dt)
            amps = _on_site(station, place)
            sums[place.circuit] = _plus(sums[place.circuit], amps)
            sums["Main"] = _plus(sums["Main"], amps)
        for circuit, amps in sums.items():
            for k in range(3):
                self._lines[f"{circuit}/L{k + 1}"].measure(at, dt, amps[k])
        self._total = sums["Main"]
        self._register_wh += sum(self._total) * 230.0 * dt / 3600.0

    def _metered(self) -> MeterState:
        one, two, three = (amps * self._noise.gauss(1.0, 0.002) for amps in self._total)
        u1, u2, u3 = (231.5 - 0.04 * amps + self._noise.gauss(0.0, 0.1) for amps in self._total)
        return MeterState((u1, u2, u3), (one, two, three), self._register_wh)

    def truth(self) -> Truth:
        """What really flowed so far."""
        chargers = {}
        with suppress(ValueError):
            for station, place in zip(self.stations, self.places, strict=True):
                outlet = station.outlets[1]
                chargers[place.charger_id] = ChargerTruth(
                    charger_id=place.charger_id,
                    limit_a=outlet.limit_a,
                    pilot_a=outlet.pilot_a,
                    current_a=_on_site(station, place),
                    energy_wh=outlet.register_wh - self._first_wh[place.charger_id],
                    status=outlet.status().value,
                    online=station.link.online and not station.link.mute,
                )
        return Truth(
            at=self._last,
            seconds=self._last - self._begin,
            lines=dict(self._lines),
            chargers=chargers,
            cars_wh=sum(c.energy_wh for c in chargers.values()),
            total_wh=self._register_wh - 184_220_000.0,
            starts=self.people.arrivals,
        )


def commissioned_profiles(max_a: float, safe_a: float) -> tuple[Profile, Profile]:
    """The two static profiles an earlier commissioning left in the station, as evdesk writes them: from a start that has
    passed on every clock, so that one that is set back does not put them out of force."""
    period = (Period(0, max_a),)
    return (
        Profile(1601, 0, 0, MAX_PURPOSE, "Absolute", period),
        Profile(1602, 0, 0, DEFAULT_PURPOSE, "Absolute", (Period(0, safe_a),), start_at=LONG_AGO),
    )


def _on_site(station: AnyStation, place: Place) -> Amps:
    placed = to_site_phases(station.outlets[1].current_a, place.rotation)
    return (placed[0] or 0.0, placed[1] or 0.0, placed[2] or 0.0)


def _plus(a: Amps, b: Amps) -> Amps:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])
