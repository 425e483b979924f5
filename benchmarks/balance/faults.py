"""Single faults against a real engine: how long any line is above its rating, and whether its breaker bears that.

    python benchmarks/balance/faults.py [--only NAME,...] [--speed S] [--docs]

Eight simulated chargers (each with a car that takes all it may) behind a 63 A main breaker and two circuits, C curve. When
the site is full and the house draws 2 A, the fault happens, and 8 s later the house rises to 14 A on every phase, the worst
that was entered for it. Measured by the simulator's own physics, each 0.25 s, until 330 s after the fault.

Clocks of engine and simulator run `--speed` times as fast (default 4; a slow computer can only make it look worse). The two
clock jumps run in real time, for the engine takes the computer's clock only then; a shim moves what `time.time()` tells it.
"""

import argparse
import asyncio
import json
import logging
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evdesk.balance.thermal import holds_s
from evdesk.engine.client import ApiClient
from evdesk.model import Breaker, Clock
from evdesk.past import write_past
from evdesk.simulator import SimulatedSite
from evdesk.simulator.car import Car
from evdesk.simulator.house import WORST_A

ROOT = Path(__file__).resolve().parents[2]
LOW_A, RISE_AFTER_S, WATCH_S = 2.0, 8.0, 330.0
FULL_A = 54.0
PAGE = ROOT / "docs" / "failsafe.md"
BEGIN, END = "<!-- faults: made by benchmarks/balance/faults.py -->\n", "<!-- /faults -->\n"
SHIM = """
import signal, sys, time
import evdesk.model.clock as clock
class Shifted:
    shift = 0.0
    monotonic = staticmethod(time.monotonic)
    clock_gettime = staticmethod(time.clock_gettime)
    CLOCK_BOOTTIME = time.CLOCK_BOOTTIME
    @classmethod
    def time(cls): return time.time() + cls.shift
def jump(number, frame): Shifted.shift += 86400.0 if number == signal.SIGUSR1 else -86400.0
signal.signal(signal.SIGUSR1, jump); signal.signal(signal.SIGUSR2, jump)
clock.time = Shifted
from evdesk.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Stairs:
    """A house of 2 A that rises to the worst at `rises_at`."""

    rises_at = float("inf")

    def current_a(self, at: float) -> tuple[float, float, float]:
        amps = WORST_A if at >= self.rises_at else LOW_A
        return (amps, amps, amps)


class Nobody:
    """Cars stay as they are."""

    arrivals = 0

    def step(self, at: float) -> None:
        pass


@dataclass
class Over:
    """One line: the longest stretch above its rating, its peak, and how much of its breaker's budget that used."""

    rating_a: float
    since: float | None = None
    longest_s: float = 0.0
    above_s: float = 0.0
    peak_a: float = 0.0
    used: float = 0.0
    last_above_at: float | None = None

    def measure(self, at: float, dt: float, amps: float) -> None:
        self.peak_a = max(self.peak_a, amps)
        if amps <= self.rating_a + 0.05:
            self.since = None
            self.used = max(self.used - dt / 900.0, 0.0)
            return
        self.since = at - dt if self.since is None else self.since
        self.longest_s = max(self.longest_s, at - self.since)
        self.above_s += dt
        self.last_above_at = at
        bears = holds_s(Breaker.C, amps / self.rating_a)
        self.used += dt / bears if bears > 0 else dt  # beyond what is sure: each second counts as a whole budget


@dataclass
class Watch:
    """All lines of one site, fed by the simulator's steps."""

    site: SimulatedSite
    lines: dict[str, Over] = field(default_factory=dict)
    at: float = 0.0
    worst: float = 0.0
    then: dict[str, Any] = field(default_factory=dict)  # limits and currents at the worst moment

    def step(self) -> None:
        truth = self.site.truth()
        dt, self.at = (truth.at - self.at if self.at else 0.25), truth.at
        for name, line in truth.lines.items():
            self.lines.setdefault(name, Over(line.rating_a)).measure(truth.at, dt, line.now_a)
            if line.now_a / line.rating_a > self.worst + 0.01:
                self.worst = line.now_a / line.rating_a
                cars = {i: (round(c.limit_a, 1), round(max(c.current_a), 1)) for i, c in truth.chargers.items()}
                self.then = {"line": name, "at_s": round(truth.seconds, 1), "limit_a, current_a": cars}

    def reset(self) -> None:
        self.lines.clear()
        self.worst, self.then = 0.0, {}


@dataclass
class Rig:
    """`engine`: the process; `ready`: what it said. `folder`: its data."""

    site: SimulatedSite
    clock: Clock
    engine: subprocess.Popen[str]
    ready: dict[str, Any]
    folder: Path

    @property
    def token(self) -> str:
        return Path(self.ready["token_file"]).read_text().strip()


Fault = Callable[[Rig], Awaitable[None]]


async def meter_silent(rig: Rig) -> None:
    rig.site.meter.fault = "silent"


async def meter_still(rig: Rig) -> None:
    rig.site.meter.fault = "frozen"


async def meter_open(rig: Rig) -> None:
    rig.site.meter.fault = "open"


async def one_silent(rig: Rig) -> None:
    rig.site.stations[0].set_silent(True)


async def all_silent(rig: Rig) -> None:
    for station in rig.site.stations:
        station.set_silent(True)


async def killed(rig: Rig) -> None:
    rig.engine.kill()


async def hung(rig: Rig) -> None:
    rig.engine.send_signal(signal.SIGSTOP)


async def cut(rig: Rig) -> None:
    """Nothing reaches the engine any more, neither chargers nor meter."""
    rig.site.meter.fault = "silent"
    for station in rig.site.stations:
        station.link.drop(10_000.0)


async def disk_full(rig: Rig) -> None:
    """No file of the engine may grow by another byte."""
    size = max(1, min(p.stat().st_size for p in rig.folder.glob("evdesk.db*") if p.suffix != ".db-shm"))
    resource.prlimit(rig.engine.pid, resource.RLIMIT_FSIZE, (size, size))


async def forward(rig: Rig) -> None:
    rig.engine.send_signal(signal.SIGUSR1)


async def back(rig: Rig) -> None:
    rig.engine.send_signal(signal.SIGUSR2)


async def nothing(rig: Rig) -> None:
    """Only the house rises."""


FAULTS: dict[str, tuple[str, Fault]] = {
    "none": ("no fault, only the house rises", nothing),
    "meter": ("meter silent", meter_silent),
    "still": ("meter tells the same for ever", meter_still),
    "open": ("one transformer of the meter open", meter_open),
    "one": ("one charger silent", one_silent),
    "all": ("all chargers silent", all_silent),
    "killed": ("engine killed (SIGKILL)", killed),
    "hung": ("engine hung (SIGSTOP)", hung),
    "cut": ("network cut: chargers and meter", cut),
    "disk": ("database full", disk_full),
    "forward": ("clock jumps a day forward", forward),
    "back": ("clock jumps a day back", back),
}
REAL_TIME = ("forward", "back")


def start(folder: Path, speed: float, shim: bool) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    how = ["-c", SHIM] if shim else ["-m", "evdesk"]
    command = [sys.executable, *how, "engine", "--data", str(folder), "--ocpp", "127.0.0.1:0", "--speed", str(speed)]
    engine = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
    assert engine.stdout
    return engine, json.loads(engine.stdout.readline().removeprefix("ready "))


async def full(rig: Rig) -> bool:
    """The cars draw what the main breaker allows."""
    begun = rig.clock.now()
    while rig.clock.now() - begun < 400:
        main = [line.now_a for name, line in rig.site.truth().lines.items() if name.startswith("Main")]
        if main and min(main) >= FULL_A:
            return True
        await asyncio.sleep(rig.clock.wall_s(1.0))
    return False


async def run(name: str, speed: float, silent_times: float | None) -> dict[str, Any]:
    speed = 1.0 if name in REAL_TIME else speed
    clock = Clock(speed=speed)
    site = SimulatedSite(5, 8, clock, faults=False)
    house = Stairs()
    site.house = house  # type: ignore[assignment]
    watch = Watch(site)
    with tempfile.TemporaryDirectory(prefix="evdesk-faults-") as made:
        folder = Path(made)
        config = site.site_config(await site.start_meter())
        circuits = tuple(replace(c, breaker=Breaker.C) for c in config.circuits)
        config = replace(config, circuits=circuits, balance=replace(config.balance, silent_times=silent_times))
        await write_past(folder, config, [], clock.now())
        engine, ready = start(folder, speed, name in REAL_TIME)
        rig = Rig(site, clock, engine, ready, folder)
        watching = asyncio.ensure_future(_watch(site, watch))
        try:
            await site.start(ready["ocpp"])
            site.people = Nobody()  # type: ignore[assignment]
            _plug(rig)
            loaded = await full(rig)
            await asyncio.sleep(clock.wall_s(20.0))
            watch.reset()
            await FAULTS[name][1](rig)
            begun = clock.now()
            # A jump of the clock is seen with the engine's next minute: the house rises when it has been.
            house.rises_at = begun + (65.0 if name in REAL_TIME else RISE_AFTER_S)
            await asyncio.sleep(clock.wall_s(WATCH_S if name not in REAL_TIME else 180.0))
            seen = await _seen(rig, name)
        finally:
            watching.cancel()
            engine.send_signal(signal.SIGCONT)
            engine.kill()
            engine.wait()
            await site.stop()
    return row(name, watch, house.rises_at, loaded) | {"seen_by_the_engine": seen}


async def _seen(rig: Rig, name: str) -> str:
    """What the engine says of the fault, where it can still be asked."""
    if name not in ("disk", *REAL_TIME):
        return ""
    async with ApiClient(rig.ready["api"], rig.token, "cli") as client:
        if name == "disk":
            return str((await client.call("engine.info"))["storage"]["sentence"])
        rows = await client.call("audit.list", {"limit": 5, "search": "engine.clock_jump"})
        return str(rows[0]["detail"]) if rows else "not seen"


async def _watch(site: SimulatedSite, watch: Watch) -> None:
    while True:
        await site.stepped.wait()
        watch.step()


def _plug(rig: Rig) -> None:
    """A car everywhere that takes all it may."""
    for n, station in enumerate(rig.site.stations):
        station.core.later(2.0 + n, lambda s=station: s.plug(Car(level_wh=5_000.0, wake_s=5.0, diligence=0.995)))
        _swipe(station, 5.0 + n)


def _swipe(station: Any, after_s: float) -> None:
    def swipe() -> None:
        if station.outlets[1].authorized or station.outlets[1].car is None:
            return
        if station.link.online and station.link.registered:
            station.charges.present(station.outlets[1], "TAG")
        _swipe(station, 5.0)

    station.core.later(after_s, swipe)


def row(name: str, watch: Watch, rises_at: float, loaded: bool) -> dict[str, Any]:
    worst = max(watch.lines.items(), key=lambda item: (item[1].longest_s, item[1].peak_a / item[1].rating_a))
    peak = max(watch.lines.values(), key=lambda line: line.peak_a / line.rating_a)
    used = max(line.used for line in watch.lines.values())
    ended = [line.last_above_at for line in watch.lines.values() if line.last_above_at is not None]
    return {
        "fault": FAULTS[name][0],
        "site_was_full": loaded,
        "line": worst[0],
        "longest_s_above": round(worst[1].longest_s, 1),
        "peak_times_rating": round(peak.peak_a / peak.rating_a, 3),
        "peak_a_above": round(max(0.0, peak.peak_a - peak.rating_a), 1),
        "s_after_the_rise_until_under": round(max(ended) - rises_at, 1) if ended else 0.0,
        "breaker_budget_used": round(used, 2),
        "within_the_curve": used <= 1.0,
        "at_the_worst": watch.then,
    }


async def run_all(names: list[str], speed: float, silent_times: float | None, together: int) -> list[dict[str, Any]]:
    gate = asyncio.Semaphore(together)

    async def one(name: str) -> dict[str, Any]:
        if name in REAL_TIME:
            return await run(name, speed, silent_times)
        async with gate:
            return await run(name, speed, silent_times)

    return list(await asyncio.gather(*(one(name) for name in names)))


def table(rows: list[dict[str, Any]]) -> str:
    head = "| Fault | Longest above a rating | Highest | Under again after | Breaker's budget used | Within its curve |"
    lines = [head, "|---|---|---|---|---|---|"]
    for r in rows:
        peak = f"{r['peak_times_rating']:.2f} times the rating" if r["peak_a_above"] > 0 else "never above"
        lines.append(
            f"| {r['fault']} | {r['longest_s_above']:g} s | {peak} | {r['s_after_the_rise_until_under']:g} s | "
            f"{100 * r['breaker_budget_used']:.0f} % | {'yes' if r['within_the_curve'] else '**no**'} |"
        )
    return "\n".join(lines) + "\n"


def write_docs(tables: list[tuple[str, list[dict[str, Any]]]], speed: float) -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    _, tail = rest.split(END, 1)
    parts = [f"{title}\n\n{table(rows)}" for title, rows in tables]
    note = f"Clocks {speed:g} times as fast, the two jumps in real time.\n"
    PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join([*parts, note]) + f"\n{END}{tail}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(FAULTS), help=f"of {', '.join(FAULTS)}")
    parser.add_argument("--speed", type=float, default=4.0)
    parser.add_argument("--together", type=int, default=2, help="sites at once, beside the two real-time ones")
    parser.add_argument("--quick", action="store_true", help="two faults, ten times as fast")
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/failsafe.md")
    args = parser.parse_args()
    names, speed = [name.strip() for name in args.only.split(",")], args.speed
    if unknown := [name for name in names if name not in FAULTS]:
        parser.error(f"--only: no fault “{unknown[0]}”. It takes, separated by commas: {', '.join(FAULTS)}")
    if args.quick:
        names, speed = ["one", "killed"], 10.0
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)
    tables = []
    choices = [
        (
            "Lines kept within their breaker also without evdesk (`silent_times` 1.13, as the simulated site has it):",
            1.13,
        ),
        ("Without (only a fresh meter decides):", None),
    ]
    for title, times in choices if args.docs else choices[:1]:
        some = names if times is not None else [n for n in names if n not in REAL_TIME]
        rows = asyncio.run(run_all(some, speed, times, args.together))
        tables.append((title, rows))
        print(title, json.dumps(rows, indent=1), sep="\n", flush=True)
    if args.docs:
        write_docs(tables, speed)
    return 0 if all(r["within_the_curve"] and r["site_was_full"] for r in tables[0][1]) else 1


if __name__ == "__main__":
    sys.exit(main())
