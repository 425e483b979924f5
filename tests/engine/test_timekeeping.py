"""The computer's clock is set, and the engine stands still: what is remembered stays true, and both are told."""

import asyncio
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import fields
from types import SimpleNamespace

import pytest

from evdesk.balance import Decision
from evdesk.drivers.base import Answer
from evdesk.drivers.meters import ModbusMeter
from evdesk.engine import recovery
from evdesk.engine.caps import Caps
from evdesk.engine.commands import Command, Commands
from evdesk.engine.control import Control
from evdesk.engine.delivery import BALANCER, ON_THE_WAY_S
from evdesk.engine.drill.base import DrillBase
from evdesk.engine.fleet import Fleet
from evdesk.engine.instance import claim
from evdesk.engine.load import LoadWatch
from evdesk.engine.recovery import recover
from evdesk.engine.steady import OnTheClock
from evdesk.engine.timekeeping import Timekeeping
from evdesk.model import (
    Bay,
    Capability,
    CapGroup,
    Circuit,
    Clock,
    ClockSeen,
    ConnectorStatus,
    Failsafe,
    FailsafeState,
    MeterReading,
    MeterSource,
    Origin,
    PowerCap,
    Reading,
    Session,
    Site,
    Why,
    WhyCode,
)
from evdesk.model import clock as clock_module
from evdesk.ocpp.timestamps import ClockEstimate, format_time, parse_time
from evdesk.simulator.meter_server import MeterServer, MeterState
from tests.engine.harness import engine, station, until
from tests.engine.store_kit import T0, FixedClock, opened

DAY = 86_400.0
JUMPS = [DAY, -DAY, 3600.0, -7.5]


def set_clock(clock, seconds):
    """What `resync` does when the computer's clock was set."""
    clock._wall += seconds
    clock.jumped += seconds


@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_moves_the_clock_and_not_what_lasts(monkeypatch, jump):
    clock = Clock()
    told = clock.now() + jump
    before, moment = clock.steady(), clock.now()
    monkeypatch.setattr(clock_module.time, "time", lambda: told)
    found = clock.resync()
    assert found == pytest.approx(jump, abs=0.5)
    assert clock.now() == pytest.approx(told, abs=0.5)
    assert clock.steady() == pytest.approx(before, abs=0.5)
    assert (moment + found) - clock.jumped == moment, "there and back is the very same number"
    monkeypatch.setattr(clock_module.time, "time", lambda: clock.now() + 0.4)
    assert clock.resync() == pytest.approx(0.4, abs=0.05)
    assert clock.jumped == found, "drift is no jump"


class Link:
    """A charger that takes every limit."""

    capabilities = frozenset({Capability.SET_LIMIT})

    def __init__(self):
        self.limits = []

    async def set_limit(self, profile):
        self.limits.append(profile.limit_a)
        return Answer("Accepted")


class Garage:
    """One car behind a metered fuse, balanced for some minutes."""

    def __init__(self, store):
        self.clock = FixedClock(T0)
        self.fleet = Fleet(store, self.clock)
        main = Circuit("Main", (32.0, 32.0, 32.0), meter=MeterSource(), other_max_a=(25.0, 25.0, 25.0))
        self.fleet.site = Site(circuits=(main,), bays=(Bay("A", 1, "Bay A", "Main", rotation="RST"),))
        self.control = Control(self.fleet, Commands(store), self.clock)
        self.control.reconfigure(self.fleet.site)
        self.watch = LoadWatch(self.fleet)
        record = self.record = self.fleet.record("A")
        self.link = record.link = Link()
        record.accepted, record.capabilities, record.connected_at = True, Link.capabilities, T0
        record.failsafe = Failsafe(FailsafeState.VERIFIED, 16.0, 6.0)
        connector = self.connector = record.connector(1)
        connector.status, connector.status_at, connector.charging_since_at = ConnectorStatus.CHARGING, T0, T0
        connector.plugged_at = T0
        connector.begin(Session(1, "A", 1, "TAG", T0))
        self.load, self.memory, self.clocks, self.forgotten = None, ClockEstimate(), 0, 0

    async def second(self, heard=True):
        self.clock.at += 1.0
        now, amps = self.clock.at, min(self.connector.confirmed_a or 0.0, 16.0)
        if heard:
            self.fleet.report(MeterReading("Main", now, (4.0 + amps,) * 3))
            if round(now) % 10 == 0:
                self.fleet.report(Reading("A", 1, now, current_a=(amps,) * 3))
                self.memory.sample(parse_time(format_time(now - self.clock.jumped)), now)  # its clock is its own
                offset = self.memory.news(now)
                if offset is not None:
                    before = self.connector.confirmed_a
                    self.fleet.report(ClockSeen("A", now, offset, False))
                    self.forgotten += self.connector.confirmed_a != before
                    self.clocks += 1
        self.decision = self.control.tick()
        self.load = self.watch.update(self.decision)
        await asyncio.gather(*self.control.delivery.under_way.values())

    def jump(self, seconds):
        self.clock.at += seconds
        self.clock.jumped += seconds
        self.control.clock_jumped(seconds)
        self.watch.clock_jumped(seconds)
        self.memory.shift(seconds)


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_set_clock_changes_no_limit_and_forgets_nothing(tmp_path, jump):
    async with opened(tmp_path / "evdesk.db") as store:
        garage = Garage(store)
        for _ in range(180):
            await garage.second()
        limit, since = garage.connector.wanted_a, garage.connector.why.since_at
        assert limit == 16.0
        sent = len(garage.link.limits)
        garage.jump(jump)
        await garage.second(heard=False)  # not even one new reading is needed
        assert (garage.connector.wanted_a, garage.load.meter_stale) == (limit, False)
        assert garage.connector.why.since_at == pytest.approx(since + jump)
        assert garage.load.total_a[0] == pytest.approx(20.0, abs=0.1)
        assert garage.connector.current_a == (16.0, 16.0, 16.0)
        assert garage.decision.at == garage.clock.at
        for _ in range(30):
            await garage.second()
            assert garage.connector.wanted_a == limit
        assert len(garage.link.limits) <= sent + 1, "a refresh at most"
        assert (garage.clocks, garage.forgotten) == (2, 0), "its clock is the one it was, and the limit as certain"
        for _ in range(8):
            await garage.second(heard=False)
        assert garage.load.meter_stale, "a meter that is silent afterwards is seen as ever"
        assert garage.connector.wanted_a < limit


@pytest.mark.parametrize("jump", JUMPS)
def test_every_moment_of_a_reason_is_on_the_clock(jump):
    moments = {f.name: T0 + n for n, f in enumerate(fields(Why)) if f.name.endswith("_at")}
    assert len(moments) == 2
    for given in ({name: at} for name, at in moments.items()):
        decision = OnTheClock().of(Decision(T0, {("A", 1): (0.0, Why(WhyCode.WAITING, **given))}), jump)
        told = {name: getattr(decision.limits["A", 1][1], name) for name in moments}
        assert told == {name: given[name] + jump if name in given else None for name in moments}


async def test_a_reason_that_stays_is_the_same_one_each_second_after_the_clock_was_set(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        garage = Garage(store)
        for _ in range(60):
            await garage.second()
        seen = []
        for jump in (3600.0, -7.5):
            garage.jump(jump)
            await garage.second()
            seen.append(garage.connector.why)
            for _ in range(3):
                await garage.second()
                assert garage.decision.limits["A", 1][1] is garage.connector.why is seen[-1]
        assert seen[1].since_at == seen[0].since_at - 7.5


async def test_a_power_limit_keeps_what_is_left_of_it_over_a_restart(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        clock, tasks = FixedClock(T0), []
        caps = Caps(Fleet(store, clock), Commands(store), lambda coro, name: tasks.append(asyncio.ensure_future(coro)))
        await caps.give(PowerCap("grid", 4200.0, CapGroup.CHARGERS, T0, T0 + 7200.0))
        clock.at += DAY
        caps.shift(DAY)
        await asyncio.gather(*tasks)
        again = Caps(Fleet(store, clock), Commands(store), lambda coro, name: tasks.append(asyncio.ensure_future(coro)))
        await again.open()
        assert [cap.until_at for cap in again.tick(clock.at)] == [T0 + DAY + 7200.0]
        await asyncio.gather(*tasks)


@pytest.mark.parametrize("jump", [0.0, *JUMPS])
async def test_a_restart_after_a_set_clock_knows_which_limits_may_hold(tmp_path, jump):
    clock = FixedClock(T0)
    async with opened(tmp_path / "evdesk.db", clock=clock) as store:
        commands, site = Commands(store), Site(bays=(Bay("A", 1, "A", "Main"),))

        async def limit(amps):
            async def act():
                return Answer("Accepted")

            args = {"connector_id": 1, "limit_a": amps}
            await commands.run(Command(BALANCER, "balance.limit", "A", args), act)

        await limit(32.0)
        clock.at += 1000.0  # long over
        await limit(16.0)
        clock.at += 10.0
        if jump:
            clock.at += jump
            await commands.note(Origin("Engine", "engine"), "engine.clock_jump", "engine", {"seconds": jump})
        await limit(10.0)
        clock.at += 10.0
        fleet = Fleet(store, clock)
        fleet.site = site
        await recover(store, fleet, clock.now())
        connector = fleet.chargers["A"].connector(1)
        assert connector.asked_a == 16.0
        assert connector.asked_until == pytest.approx(clock.at - 10.0 + 180.0 + ON_THE_WAY_S)


async def test_more_limits_than_one_page_are_assumed(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "ROWS", 3)
    clock = FixedClock(T0)
    async with opened(tmp_path / "evdesk.db", clock=clock) as store:
        names = [f"C{n}" for n in range(8)]
        for name in names:
            args = {"connector_id": 1, "limit_a": 16.0}
            await Commands(store).stored(Command(BALANCER, "balance.limit", name, args), {})
        fleet = Fleet(store, clock)
        fleet.site = Site(bays=tuple(Bay(name, 1, name, "Main") for name in names))
        await recover(store, fleet, clock.now())
        assert {fleet.chargers[name].connector(1).asked_a for name in names} == {16.0}


@pytest.mark.parametrize(("jump", "again"), [(3600.0, True), (-3600.0, False)])
async def test_a_clock_set_forward_may_be_lost_time(tmp_path, jump, again):
    async with opened(tmp_path / "evdesk.db") as store:
        garage = Garage(store)
        for _ in range(90):
            await garage.second()
        parts = SimpleNamespace(clock_jumped=lambda *_: None, shift=lambda _: None, cancel=nothing, note=nothing)
        core = SimpleNamespace(
            fleet=garage.fleet,
            control=garage.control,
            watch=garage.watch,
            doubts=parts,
            caps=parts,
            wiring=parts,
            jobs=parts,
            drills=parts,
            wiring_test=parts,
            commands=parts,
            listener=SimpleNamespace(memories={"A": SimpleNamespace(clock=garage.memory)}),
        )
        set_clock(garage.clock, jump)
        garage.clock.at += jump
        await Timekeeping(core, lambda coro, name: coro.close())._clock_set(jump)
        assert garage.connector.resend is again
        sent = len(garage.link.limits)
        await garage.second()
        assert len(garage.link.limits) == sent + again


async def nothing(*_):
    return None


async def test_a_drill_waits_no_longer_for_a_clock_that_was_set_back():
    clock = Clock()
    drill = SimpleNamespace(parts=SimpleNamespace(fleet=SimpleNamespace(clock=clock)))
    asyncio.get_running_loop().call_later(0.2, set_clock, clock, -DAY)
    async with asyncio.timeout(10):
        assert not await DrillBase.until(drill, lambda: False, 1.0, deaf=True)


async def test_a_meter_is_read_on_after_the_clock_was_set_back():
    server, clock, seen = MeterServer(lambda: MeterState(current_a=(5.0, 5.0, 5.0))), Clock(), asyncio.Queue()
    source = MeterSource(host="127.0.0.1", port=await server.start())
    reading = asyncio.create_task(ModbusMeter(source, "Main", clock).run(seen.put_nowait))
    try:
        async with asyncio.timeout(20):
            await seen.get()
            set_clock(clock, -DAY)
            for _ in range(2):
                told = await seen.get()
            assert told.at == pytest.approx(clock.now(), abs=2.0)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await server.stop()


# -- standing still --------------------------------------------------------------------------------------------------


def status(data, *more):
    command = [sys.executable, "-m", "evdesk", "status", "--data", str(data), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


async def test_an_engine_that_stood_still_says_so_and_sends_its_limits_again(tmp_path):
    first = "import evdesk.engine.timekeeping as t; t.GAP_S = 1.0"
    with engine(tmp_path, "--accept-unknown", first=first) as running:
        async with running.client() as api, station(running.ocpp, "A1") as car:
            await car.begin()
            await car.start_charge()
            await until(lambda: limited(car), 20)
            process = running.process
            process.send_signal(signal.SIGSTOP)
            try:
                hung, as_json = await asyncio.gather(
                    asyncio.to_thread(status, tmp_path), asyncio.to_thread(status, tmp_path, "--json")
                )
            finally:
                process.send_signal(signal.SIGCONT)
            count = len(car.seen.profiles)
            assert hung.returncode == 1
            assert f"process {process.pid}) runs on {tmp_path} but does not answer" in hung.stderr
            assert f"end process {process.pid} and start the engine again" in hung.stderr
            told = json.loads(as_json.stdout)
            assert (told["running"], told["answers"], told["pid"]) == (True, False, str(process.pid))
            row = await until(lambda: gap(api), 20)
            assert row["detail"]["seconds"] >= 1
            assert row["detail"]["from"] < row["detail"]["to"]
            await until(lambda: sent_again(car, count), 20)
            notice = await until(lambda: gap_notice(api), 20)
            args = dict(notice["args"])
            assert math.isclose(args["to_at"] - args["from_at"], args["seconds"], abs_tol=1.0)


async def limited(car):
    return car.live_limit() is not None


async def sent_again(car, count):
    return any(p["charging_profile_purpose"] == "TxProfile" for p in car.seen.profiles[count:])


async def gap_notice(api):
    return next((n for n in await api.call("notice.list") if n["kind"] == "engine_gap"), None)


async def gap(api):
    return next((r for r in await api.call("audit.list", {"limit": 50}) if r["what"] == "engine.gap"), None)


def test_an_engine_that_is_starting_is_no_hung_one(tmp_path):
    with claim(tmp_path):
        told = status(tmp_path)
    assert f"An engine (process {os.getpid()}) is starting" in told.stderr
