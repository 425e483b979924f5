"""`evdesk demo`: a whole simulated site, end to end over real sockets.

Three processes as in the field: this one simulates chargers, cars, house and meter; an engine serves them from a
temporary data directory with a simulated day already in it; a desk shows it, where there is a screen.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from evdesk.engine.client import ApiClient
from evdesk.engine.insights.days import day_of
from evdesk.model import Clock, EvdeskError, Reason
from evdesk.past import write_past
from evdesk.simulator import SimulatedSite, Truth
from evdesk.simulator.history import history
from evdesk.simulator.library import write_library
from evdesk.simulator.past_days import past_days

HISTORY_H = 24.0
CAR_RESPONSE_S = 5.0
READY_WITHIN_S = 60.0
"""The first start after an installation is slow: on Windows every file is looked at for viruses."""

LINE_EVERY_S = 5.0


def run_demo(args: argparse.Namespace) -> int:
    """Run the demo until the desk is closed, the time is over, or a signal ends it. Returns the exit code."""
    headless = args.headless or args.json
    if not headless and not has_display():
        _say("There is no screen here: the simulated site runs without a window. Ctrl-C ends it.")
        headless = True
    with tempfile.TemporaryDirectory(prefix="evdesk-demo-", ignore_cleanup_errors=True) as folder:
        demo = Demo(Path(folder), args, headless)
        return asyncio.run(demo.run())


def has_display() -> bool:
    """Whether a window can be shown (Windows and macOS: always)."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))


class Demo:
    """One run. Everything it starts, it ends."""

    def __init__(self, data: Path, args: argparse.Namespace, headless: bool) -> None:
        self.data, self.args, self.headless = data, args, headless
        self.clock = Clock(speed=args.speed)
        self.site = SimulatedSite(args.seed, args.chargers, self.clock, faults=True, stranger=not args.json)
        self.stop = asyncio.Event()
        self.children: list[subprocess.Popen[str]] = []

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
                loop.add_signal_handler(number, self.stop.set)
        try:
            ready = await self._start()
            if not self.args.json:
                _say("ready " + json.dumps(ready))
            if not self.headless:
                self._open_desk()
            async with ApiClient(ready["api"], _token(ready), "cli") as client:
                await self._watch(client)
                report = await self._report(client)
            self._print(report)
            return 0
        finally:
            await self.site.stop()
            await self._end_children()

    async def _start(self) -> dict[str, Any]:
        port = await self.site.start_meter()
        site = self.site.site_config(port)
        now = self.clock.now()
        past = history(now, seed=self.args.seed, chargers=self.args.chargers, hours=HISTORY_H)
        began_at = now - HISTORY_H * 3600.0
        days = past_days(day_of(began_at) - timedelta(days=1), seed=self.args.seed, chargers=self.args.chargers)
        await write_past(self.data, site, past, began_at, days)
        await asyncio.to_thread(write_library, self.data / "firmware", now)
        ready = await self._start_engine()
        await self.site.start(str(ready["ocpp"]))
        return ready | {"simulated": True, "chargers": self.args.chargers, "site": site.name}

    async def _start_engine(self) -> dict[str, Any]:
        command = [sys.executable, "-m", "evdesk", "engine", "--data", str(self.data), "--ocpp", "127.0.0.1:0"]
        command += ["--speed", str(self.args.speed)]
        engine = self._popen(command, subprocess.PIPE)
        if engine.stdout is None:
            raise EvdeskError(Reason.UNREACHABLE, "The engine's output cannot be read.")
        line = ""
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(asyncio.to_thread(engine.stdout.readline), READY_WITHIN_S)
        if not line.startswith("ready "):
            raise EvdeskError(Reason.UNREACHABLE, f"The engine did not start. Its log is {self.data}/engine.log.")
        ready: dict[str, Any] = json.loads(line.removeprefix("ready "))
        return ready

    def _open_desk(self) -> None:
        command = [sys.executable, "-m", "evdesk", "desk", "--data", str(self.data)]
        self._popen(command, None)

    def _popen(self, command: list[str], stdout: int | None) -> "subprocess.Popen[str]":
        quiet = subprocess.DEVNULL if stdout is not None else None  # an engine's words are in its log
        child = subprocess.Popen(command, stdout=stdout, stderr=quiet, text=True)
        self.children.append(child)
        return child

    async def _watch(self, client: ApiClient) -> None:
        """Wait for the end; in a terminal, say what happens every few seconds."""
        seconds = self.args.seconds
        deadline = self.clock.now() + seconds if seconds else None
        next_line = self.clock.now()
        while not self.stop.is_set():
            now = self.clock.now()
            if deadline is not None and now >= deadline:
                return
            if any(child.poll() is not None for child in self.children):
                return
            if self.headless and not self.args.json and now >= next_line:
                next_line = now + LINE_EVERY_S * self.args.speed
                _say(_live_line(await client.call("balance.get"), self.site.truth()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 0.2)

    async def _report(self, client: ApiClient) -> dict[str, Any]:
        """What the run came to: the engine's own counts, and the currents the physics really had."""
        info = await client.call("engine.info")
        began = info["started_at"]
        sessions = [s for s in await client.call("session.list", {"limit": 2000}) if s["started_at"] >= began]
        audit = await client.call("audit.verify")
        truth = self.site.truth()
        longest = truth.longest
        return {
            "chargers": info["chargers"],
            "sessions": len(sessions),
            "energy_wh": round(truth.cars_wh, 1),
            "seconds_over_fuse": round(truth.over_s, 2),
            "longest_over_fuse_s": round(longest.longest_s, 2) if longest else 0.0,
            "longest_over_fuse_line": longest.line if longest and longest.longest_s else "",
            "why": _why(truth),
            "peaks": {line.line: round(line.peak_a, 1) for line in truth.lines.values()},
            "commands": info["commands"],
            "audit_rows": info["audit_rows"],
            "audit_holds": audit["holds"],
            "findings": info["findings"],
            "messages": info["messages"],
            "seconds": round(truth.seconds, 1),
            "seed": self.args.seed,
        }

    def _print(self, report: dict[str, Any]) -> None:
        if self.args.json:
            _say(json.dumps(report))
        elif self.headless:
            for name, value in report.items():
                _say(f"{name.replace('_', ' '):>24}  {value}")

    async def _end_children(self) -> None:
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            try:
                await asyncio.to_thread(child.wait, 10)
            except subprocess.TimeoutExpired:
                child.kill()
            if child.stdout is not None:
                child.stdout.close()


def _token(ready: dict[str, Any]) -> str:
    return Path(ready["token_file"]).read_text().strip()


def _live_line(balance: dict[str, Any], truth: Truth) -> str:
    load = balance["load"]
    main = {k.removeprefix("Main/"): line for k, line in truth.lines.items() if k.startswith("Main/")}
    phases = "  ".join(f"{name} {line.now_a:5.1f} of {line.rating_a:.0f} A" for name, line in main.items())
    limits = " ".join(f"{c.limit_a:.0f}" for c in truth.chargers.values())
    return f"{phases}   {load['charging']} charging   limits {limits} A   over the fuse {truth.over_s:.1f} s"


def _why(truth: Truth) -> str:
    longest = truth.longest
    if longest is None or not longest.longest_s:
        return "no line was ever above its rating"
    if longest.longest_s <= CAR_RESPONSE_S + 3.0:
        return (
            "a load stepped up; meter (1 s), decision (1 s), the message and the cars' own response (up to 5 s) add up"
        )
    return "longer than the cars' own response: look at the findings and at silent chargers"


def _say(text: str) -> None:
    print(text, flush=True)
