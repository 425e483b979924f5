"""Simulated stations under power, for tests: fast clocks, conditions to wait for."""

import asyncio
from contextlib import asynccontextmanager, suppress

from evdesk.simulator.car import Car
from evdesk.simulator.makers import NORDLADE
from evdesk.simulator.station import Station
from evdesk.simulator.station2 import Station2

SPEED = 40.0


@asynccontextmanager
async def running(station):
    """Let `station` dial and its time pass; `station.ticked` wakes at each tick."""
    clock = station.clock
    station.ticked = asyncio.Event()

    async def tick() -> None:
        last = clock.now()
        while True:
            await asyncio.sleep(clock.wall_s(0.25))
            now = clock.now()
            station.tick(now - last)
            last = now
            station.ticked.set()
            station.ticked.clear()

    tasks = [asyncio.ensure_future(station.link.run()), asyncio.ensure_future(tick())]
    try:
        yield station
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def powered2(csms, clock, maker=NORDLADE, **more):
    """A 2.x station on `csms`, booted."""
    async with running(Station2("CP-2", maker, csms.url, clock, **more)) as station:
        await csms.until(lambda c: c.of("BootNotification"))
        yield station


async def reached(station, test, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not test(station):
            await station.ticked.wait()


async def let_pass(station, seconds: float) -> None:
    """Until `seconds` of the station's time have passed."""
    end = station.clock.now() + seconds
    await reached(station, lambda s: s.clock.now() >= end)


def quick_car(**more) -> Car:
    return Car(**({"wake_s": 3.0, "reaction_s": 1.0, "level_wh": 10_000, "diligence": 1.0} | more))


async def charge2(station, csms, tag: str = "TAG", evse: int = 1) -> str:
    """Plug in, hold a token up, wait until current flows; returns the transaction's id."""
    await csms.until(lambda c: "Available" in c.statuses2(evse))
    station.plug(quick_car(), evse)
    station.charges.present(station.outlets[evse], tag)
    await csms.until(lambda c: "Charging" in c.states())
    return csms.events("Started")[-1]["transactionInfo"]["transactionId"]


@asynccontextmanager
async def powered16(csms, clock, maker=NORDLADE, **more):
    """A 1.6 station on `csms`, booted."""
    async with running(Station("CP-1", maker, csms.url, clock, **more)) as station:
        await csms.until(lambda c: c.of("BootNotification"))
        yield station


def make_station(version: str, csms, clock, maker=NORDLADE, **more):
    if version == "1.6":
        return Station("CP-1", maker, csms.url, clock, **more)
    return Station2("CP-2", maker, csms.url, clock, version=version, **more)
