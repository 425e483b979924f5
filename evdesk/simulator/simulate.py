"""`evdesk simulate`: one or many stations against any CSMS."""

import asyncio
import random
from collections.abc import Callable

from evdesk.model import Clock
from evdesk.simulator.car import make_car
from evdesk.simulator.faults import check_fault
from evdesk.simulator.makers import MAKERS
from evdesk.simulator.station import Station

TICK_S = 0.25


def _speaker(identity: str, on_line: Callable[[str], None]) -> Callable[[str], None]:
    return lambda line: on_line(f"{identity}: {line}")


async def run_simulate(
    url: str,
    *,
    on_line: Callable[[str], None],
    count: int = 1,
    protocol: str = "1.6",
    fault: str | None = None,
    prefix: str = "SIM",
    id_tag: str = "EVDESK-SIM",
    seconds: float | None = None,
    seed: int = 1,
    sample_s: int = 10,
    plugged: bool = True,
    clock: Clock | None = None,
) -> int:
    """Run `count` stations `PREFIX-001`... against `url` (the id is appended) for `seconds`, or until cancelled.

    With `plugged` each gets a car and a driver who holds up `id_tag` after a few seconds. `on_line` hears what happens.
    Returns 0, or 1 when no station was ever accepted. Raises ValueError in words for an unknown fault or protocol.
    """
    if protocol not in ("1.6", "ocpp1.6"):
        raise ValueError(f"Simulated stations speak OCPP 1.6 only, not {protocol}.")
    if not url.startswith(("ws://", "wss://")):
        raise ValueError(f"“{url}” is no WebSocket address. It looks like ws://HOST:PORT or wss://HOST/PATH.")
    name = check_fault(fault)
    clock = clock or Clock()
    stations = [
        Station(
            f"{prefix}-{n:03d}",
            MAKERS[(n - 1) % len(MAKERS)] if count > 1 else MAKERS[0],
            url,
            clock,
            seed=seed,
            faults=[name] if name else [],
            sample_s=sample_s,
            register_wh=120_000.0 + 1000 * n,
            say=_speaker(f"{prefix}-{n:03d}", on_line),
        )
        for n in range(1, count + 1)
    ]
    tasks = [asyncio.ensure_future(_dial(station, n)) for n, station in enumerate(stations)]
    if plugged:
        for n, station in enumerate(stations):
            _arrive(station, id_tag, seed, n)
    try:
        await _tick_all(stations, clock, seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return 0 if any(station.boots for station in stations) else 1


async def _dial(station: Station, number: int) -> None:
    await asyncio.sleep(min(number * 0.01, 10.0))  # a car park does not dial all at once
    await station.link.run()


def _arrive(station: Station, tag: str, seed: int, number: int) -> None:
    rng = random.Random(f"{seed}:car:{number}")
    car = make_car(rng, phases=3 if number == 0 else None)
    car.wake_s = min(car.wake_s, 15.0)

    def swipe() -> None:
        outlet = station.outlets[1]
        if station.link.online and not station.link.registered:
            station.core.later(2.0, swipe)
            return
        if outlet.car is not None and outlet.transaction is None and not outlet.fault and not outlet.ended:
            station.charges.present(outlet, tag)
            station.core.later(15.0, swipe)

    station.core.later(2.0 + rng.uniform(0, 1.0), lambda: station.plug(car))
    station.core.later(5.0 + rng.uniform(0, 2.0), swipe)


async def _tick_all(stations: list[Station], clock: Clock, seconds: float | None) -> None:
    begin = last = clock.now()
    while seconds is None or clock.now() - begin < seconds:
        await asyncio.sleep(clock.wall_s(TICK_S))
        now = clock.now()
        for station in stations:
            station.tick(now - last)
        last = now
