"""`evdesk simulate`: one or many stations against any CSMS."""

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evdesk.model import Clock
from evdesk.simulator.access import FORMS, Access
from evdesk.simulator.car import make_car
from evdesk.simulator.core2 import VERSIONS
from evdesk.simulator.faults import check_fault
from evdesk.simulator.makers import BY_NAME, MAKERS, Maker
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.station import Station
from evdesk.simulator.station2 import Station2

TICK_S = 0.25
AnyStation = Station | Station2


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of stations: `version` 1.6, 2.0.1 or 2.1; `variables` the least size of a 2.x device model;
    `rate_bps` the most its file transfers take, in bytes per second of its clock."""

    url: str
    version: str = "1.6"
    faults: tuple[str, ...] = ()
    seed: int = 1
    sample_s: int = 10
    evses: int = 1
    variables: int = 0
    rate_bps: float | None = None


def make_station(
    plan: Plan,
    identity: str,
    maker: Maker,
    clock: Clock,
    say: Callable[[str], None],
    access: Access,
    register_wh: float,
) -> AnyStation:
    """One station as `plan` says."""
    station = _made(plan, identity, maker, clock, say, access, register_wh)
    station.core.rate_bps = plan.rate_bps
    return station


def _made(
    plan: Plan,
    identity: str,
    maker: Maker,
    clock: Clock,
    say: Callable[[str], None],
    access: Access,
    register_wh: float,
) -> AnyStation:
    if plan.version == "1.6":
        return Station(
            identity,
            maker,
            plan.url,
            clock,
            seed=plan.seed,
            faults=plan.faults,
            sample_s=plan.sample_s,
            register_wh=register_wh,
            say=say,
            evses=plan.evses,
            access=access,
        )
    return Station2(
        identity,
        maker,
        plan.url,
        clock,
        version=plan.version,
        seed=plan.seed,
        faults=plan.faults,
        sample_s=plan.sample_s,
        register_wh=register_wh,
        say=say,
        evses=plan.evses,
        variables=plan.variables,
        access=access,
    )


def _speaker(identity: str, on_line: Callable[[str], None]) -> Callable[[str], None]:
    return lambda line: on_line(f"{identity}: {line}")


async def run_simulate(
    url: str,
    *,
    on_line: Callable[[str], None],
    count: int = 1,
    protocol: str = "1.6",
    fault: str | Iterable[str] | None = None,
    prefix: str = "SIM",
    id_tag: str = "EVDESK-SIM",
    seconds: float | None = None,
    seed: int = 1,
    sample_s: int = 10,
    plugged: bool = True,
    clock: Clock | None = None,
    access: Access | None = None,
    evses: int = 1,
    variables: int = 0,
    maker: str = "",
    rate_bps: float | None = None,
) -> int:
    """Run `count` stations `PREFIX-001`... against `url` (the id is appended) for `seconds`, or until cancelled.

    With `plugged` each gets a car and a driver who holds up `id_tag` after a few seconds. `on_line` hears what happens.
    `maker`: all of this one (its name in any case), otherwise three take turns; `rate_bps`: the most a file transfer takes.
    Returns 0, or 1 when no station was ever accepted. Raises ValueError in words for an unknown fault, maker or
    protocol, an address that does not go with the security profile, or keys that cannot be used.
    """
    version = protocol.removeprefix("ocpp")
    if version not in ("1.6", *VERSIONS):
        raise ValueError(f"Simulated stations speak OCPP 1.6, 2.0.1 or 2.1, not {protocol}.")
    if not url.startswith(("ws://", "wss://")):
        raise ValueError(f"“{url}” is no WebSocket address. It looks like ws://HOST:PORT or wss://HOST/PATH.")
    names = [fault] if isinstance(fault, str) else list(fault or [])
    for name in names:
        check_fault(name, version)
    if maker and maker.lower() not in BY_NAME:
        raise ValueError(f"There is no maker “{maker}”. Known: {', '.join(m.vendor for m in MAKERS)}.")
    makers = (BY_NAME[maker.lower()],) if maker else MAKERS
    access = access or Access()
    _check_access(access, url)
    clock = clock or Clock()
    plan = Plan(url, version, tuple(names), seed, sample_s, evses, variables, rate_bps)
    stations = [
        make_station(
            plan,
            f"{prefix}-{1 if 'same_id' in names else n:03d}",
            makers[(n - 1) % len(makers)],
            clock,
            _speaker(f"{prefix}-{n:03d}", on_line),
            access.copy(),
            120_000.0 + 1000 * n,
        )
        for n in range(1, count + 1)
    ]
    _tell_apart(stations)
    return await _run(stations, clock, seconds, plan, id_tag if plugged else None)


def _tell_apart(stations: Iterable[AnyStation]) -> None:
    """Drawn by chance, two of a hundred may have the same serial number, which no maker's chargers have."""
    taken: set[str] = set()
    for core in (station.core for station in stations):
        while core.serial in taken:
            head, _, number = core.serial.rpartition("-")
            core.serial = f"{head}-{int(number) + 1}"
        taken.add(core.serial)


def _check_access(access: Access, url: str) -> None:
    if access.form not in FORMS:
        raise ValueError(f"A password goes over the wire as {', '.join(FORMS)}, not as {access.form}.")
    if access.secure != url.startswith("wss://"):
        scheme = "wss" if access.secure else "ws"
        raise ValueError(f"Security profile {access.profile} needs an address that begins with {scheme}://.")
    access.authorization("")  # raises for a password that is no hex
    access.context()


async def _run(stations: list[AnyStation], clock: Clock, seconds: float | None, plan: Plan, tag: str | None) -> int:
    tasks = [asyncio.ensure_future(_dial(station, n)) for n, station in enumerate(stations)]
    if tag is not None:
        for n, station in enumerate(stations):
            for outlet in station.outlets.values():
                _arrive(station, outlet, tag, plan.seed, n)
    try:
        await _tick_all(stations, clock, seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return 0 if any(station.boots for station in stations) else 1


async def _dial(station: AnyStation, number: int) -> None:
    await asyncio.sleep(min(number * 0.01, 10.0))  # a car park does not dial all at once
    await station.link.run()


def _arrive(station: AnyStation, outlet: Outlet, tag: str, seed: int, number: int) -> None:
    rng = random.Random(f"{seed}:car:{number}" + (f":{outlet.id}" if outlet.id > 1 else ""))
    car = make_car(rng, phases=3 if number == 0 else None)
    car.wake_s = min(car.wake_s, 15.0)

    def swipe() -> None:
        if station.link.online and not station.link.registered:
            station.core.later(2.0, swipe)
            return
        if outlet.car is not None and not outlet.authorized and not outlet.fault and not outlet.ended:
            station.charges.present(outlet, tag)
            station.core.later(15.0, swipe)

    station.core.later(2.0 + rng.uniform(0, 1.0), lambda: station.plug(car, outlet.id))
    station.core.later(5.0 + rng.uniform(0, 2.0), swipe)


async def _tick_all(stations: list[AnyStation], clock: Clock, seconds: float | None) -> None:
    begin = last = clock.now()
    while seconds is None or clock.now() - begin < seconds:
        await asyncio.sleep(clock.wall_s(TICK_S))
        now = clock.now()
        for station in stations:
            station.tick(now - last)
        last = now
