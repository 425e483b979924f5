"""Firmware for a car park: python benchmarks/flashing.py [--chargers N] [--megabytes M] [--quick].

Simulated chargers fetch a real file over HTTP from an engine in a process of its own.

1. A hundred, in waves (canary of two, then 10, then 30 at a time), five of them faulty, the engine killed twice meanwhile.
   Counted: outcomes against what each fault must lead to, where the job stopped by itself, requests per charger in the
   audit log, and firmware restarts of the chargers themselves. Exit 1 where a total is wrong or anything was sent twice.
2. Twenty fetch a hundred megabytes at once, in real time. Counted: how late the engine's one-second cycle (control and
   storage) comes meanwhile, against the same engine just before with nobody fetching. Then the same file from Python's own
   file server, fetched by the same code without a charger around it.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from evdesk.engine.client import ApiClient
from evdesk.firmware.images import image_id
from evdesk.firmware.manifest import Sidecar, to_toml
from evdesk.model import Clock, EvdeskError
from evdesk.model.firmware import Manifest
from evdesk.simulator.file_http import fetch
from evdesk.simulator.fileline import Download, FileLine
from evdesk.simulator.image import Incoming, make_image
from evdesk.simulator.makers import FileHabits

OLD, NEW = "2.4.0", "2.4.1"
FAULTS = {
    "firmware_download_fails": ("failed", "download_failed"),
    "firmware_same_version": ("failed", "same_version"),
    "firmware_install_fails": ("failed", "install_failed"),
    "firmware_never_fetches": ("failed", "never_fetched"),
    "firmware_hangs": ("unknown", "hangs"),
}
STOP_AFTER = 4
GIVE_UP_S = 420.0
FAST = 20.0
"""Seconds of the engine's and the chargers' clocks in one real second, in the first part."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seed(data: Path, size: int) -> str:
    """The library of an engine that is not started yet; the image's id."""
    body = make_image("Nordlade", "N22", NEW, size)
    digest = hashlib.sha256(body).hexdigest()
    folder = data / "firmware"
    folder.mkdir(parents=True)
    (folder / f"n22-{NEW}.bin").write_bytes(body)
    manifest = Manifest(
        vendor="Nordlade",
        models=("N22",),
        version=NEW,
        size=size,
        sha256=digest,
        downgrade=False,
        settings_kept=True,
        minutes=2.0,
        recovery="Breaker off for 30 s, then on.",
    )
    (folder / f"n22-{NEW}.bin.toml").write_text(to_toml(Sidecar(manifest)))
    return image_id(digest)


class Engine:
    """`evdesk engine` on the same ports each time."""

    def __init__(self, data: Path, speed: float) -> None:
        self.data, self.speed, self.port = data, speed, free_port()
        self.process: subprocess.Popen[str] | None = None
        self.ready: dict[str, Any] = {}
        self.token = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "evdesk", "engine", "--data", str(self.data), "--accept-unknown"]
        command += ["--ocpp", f"127.0.0.1:{self.port}", "--speed", str(self.speed)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.ready = json.loads(line.removeprefix("ready "))
        self.token = Path(self.ready["token_file"]).read_text().strip()

    def end(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    @contextlib.asynccontextmanager
    async def api(self) -> AsyncIterator[ApiClient]:
        client = ApiClient(self.ready["api"], self.token, "cli")
        async with client as connected:
            yield connected


def simulate(engine: Engine, prefix: str, count: int, fault: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "evdesk", "simulate", f"ws://127.0.0.1:{engine.port}/", "--count", str(count)]
    command += ["--prefix", prefix, "--maker", "nordlade", "--no-cars", "--speed", str(engine.speed), "--sample", "60"]
    command += ["--fault", fault] if fault else []
    with (engine.data.parent / f"{prefix}.log").open("w") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.DEVNULL)


async def until(what: str, test: Any, seconds: float = GIVE_UP_S) -> Any:
    """The first true result; an engine that was just killed is asked again."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with contextlib.suppress(EvdeskError, OSError):
            found = await test()
            if found:
                return found
        await asyncio.sleep(0.25)
    raise SystemExit(f"gave up: {what}")


async def ready(api: ApiClient, number: int) -> list[str]:
    async def all_there() -> list[str]:
        chargers = await api.call("charger.list")
        found = [c["id"] for c in chargers if c["state"] == "online" and c["failsafe"]["state"] != "unknown"]
        return found if len(found) == number else []

    found: list[str] = await until(f"{number} chargers set up", all_there)
    return sorted(found)


# -- the hundred ------------------------------------------------------------------------------------------------------


async def hundred(number: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder) / "data", FAST)
        image = seed(engine.data, 400_000)
        engine.start()
        faulty = {f"F{place}": fault for place, fault in enumerate(FAULTS)}
        crowd = [simulate(engine, "GOOD", number - len(faulty))]
        crowd += [simulate(engine, prefix, 1, fault) for prefix, fault in faulty.items()]
        try:
            return await rolled_out(engine, image, number, faulty)
        finally:
            for one in crowd:
                one.terminate()
                one.wait(30)
            restarts = restarts_in(Path(folder))
            most = max(restarts.values(), default=0)
            print(f"  restarts with new firmware: {sum(restarts.values())}, of one charger at most {most}")
            engine.end()


def restarts_in(folder: Path) -> Counter[str]:
    """Charger -> how often it restarted with new firmware, by its own word."""
    lines = (line for file in folder.glob("*.log") for line in file.read_text().splitlines())
    return Counter(line.split(":")[0] for line in lines if "new firmware" in line)


async def rolled_out(engine: Engine, image: str, number: int, faulty: dict[str, str]) -> bool:
    begun = time.monotonic()
    async with engine.api() as api:
        ids = await ready(api, number)
        bad = sorted(one for one in ids if not one.startswith("GOOD"))
        order = [one for one in ids if one not in bad]
        for place, one in enumerate(bad):
            order.insert(5 + 9 * place, one)
        waves = {"canary": 2, "soak_s": 60.0, "sizes": [10, 30], "stop_after": STOP_AFTER, "parallel": 30}
        asked = {"charger_ids": order, "image_id": image, "waves": waves, "override": "simulated chargers"}
        job = (await api.call("firmware.start", asked))["job_id"]
    kills = 0
    for part in (0.06, 0.4):
        at_least = round(part * number)
        await reached(engine, job, at_least)
        engine.end(signal.SIGKILL)
        engine.start()
        kills += 1
    stopped = await paused(engine, job)
    print(f"  killed {kills} times; stopped by itself with {stopped['counts']}")
    async with engine.api() as api:
        await api.call("job.resume", {"job_id": job})
    view = await over(engine, job)
    took = time.monotonic() - begun
    return await judged(engine, view, faulty, number, took, job)


async def view_of(engine: Engine, job: int) -> dict[str, Any]:
    async with engine.api() as api:
        found: dict[str, Any] = await api.call("job.get", {"job_id": job})
        return found


async def reached(engine: Engine, job: int, at_least: int) -> None:
    async def enough() -> bool:
        counts = (await view_of(engine, job))["job"]["counts"]
        return sum(counts.get(word, 0) for word in ("succeeded", "failed", "unknown")) >= at_least

    await until(f"{at_least} through", enough)


async def paused(engine: Engine, job: int) -> dict[str, Any]:
    async def is_paused() -> Any:
        view = await view_of(engine, job)
        running = view["job"]["counts"].get("running", 0)
        return view["job"] if view["state"] == "paused" and not running else None

    found: dict[str, Any] = await until("the limit", is_paused)
    return found


async def over(engine: Engine, job: int) -> dict[str, Any]:
    async def is_over() -> Any:
        view = await view_of(engine, job)
        return view if view["state"] == "finished" else None

    found: dict[str, Any] = await until("the end", is_over)
    return found


async def judged(
    engine: Engine, view: dict[str, Any], faulty: dict[str, str], number: int, took: float, job: int
) -> bool:
    good = True
    for charger_id, one in view["chargers"].items():
        prefix = charger_id.split("-")[0]
        wanted = FAULTS[faulty[prefix]] if prefix in faulty else ("succeeded", "new_version")
        found = (one["outcome"], one["cause"])
        if found != wanted:
            good = False
            print(f"  WRONG {charger_id} {faulty.get(prefix, 'good')}: {found}, wanted {wanted}; {one['reason']}")
    async with engine.api() as api:
        asked: Counter[str] = Counter()
        before = None
        while True:
            page = {"limit": 1000} | ({"before_id": before} if before else {})
            rows = await api.call("audit.list", page)
            asked.update(r["target"] for r in rows if r["kind"] == "asked" and r["what"] == "charger.update_firmware")
            if not rows:
                break
            before = rows[-1]["id"]
        holds = (await api.call("audit.verify"))["holds"]
    repeated = {name: times for name, times in asked.items() if times > 1 and not name.startswith("F3")}
    good = good and not repeated and holds
    print(f"  {number} chargers: {view['job']['counts']} in {took:.0f} s ({FAST:g} times real time)")
    print(
        f"  requests in the audit log: {sum(asked.values())}, more than one to {repeated or 'nobody'}; chain holds: {holds}"
    )
    return good


# -- the twenty -------------------------------------------------------------------------------------------------------


async def twenty(megabytes: int, number: int = 20) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder) / "data", 1.0)
        image = seed(engine.data, megabytes * 1_000_000)
        engine.start()
        crowd = simulate(engine, "BIG", number)
        try:
            async with engine.api() as api:
                ids = await ready(api, number)
                async with watched(engine) as quiet:
                    await asyncio.sleep(15.0)
                asked = {"charger_ids": ids, "image_id": image, "waves": {"parallel": number}, "override": "simulated"}
                job = (await api.call("firmware.start", asked))["job_id"]
                async with watched(engine) as busy:
                    await fetching(engine, job)
                    sent, seconds = await fetched(engine, job)
            print(
                f"  {number} x {megabytes} MB: {sent / 1e6:.0f} MB in {seconds:.1f} s, {sent / 1e6 / seconds:.0f} MB/s"
            )
            print(f"  one-second cycle, late by: quiet {told(quiet)}; while they fetch {told(busy)}")
            good = max(busy, default=9.0) < 0.5
        finally:
            crowd.terminate()
            crowd.wait(30)
            engine.end()
        seconds = await plain(engine.data / "firmware", number)
        print(f"  the same from `python -m http.server`: {seconds:.1f} s, {number * megabytes / seconds:.0f} MB/s")
        return good


async def plain(folder: Path, number: int) -> float:
    """Seconds until so many have fetched the image in this folder from a plain file server."""
    port = free_port()
    server = serve(folder, port)
    try:
        await until("a plain file server", lambda: answers(port))
        line = FileLine(Clock(), FileHabits(), "Benchmark/1", ssl.create_default_context)
        url = f"http://127.0.0.1:{port}/n22-{NEW}.bin"
        downloads = [Download(line, Incoming()) for _ in range(number)]
        begun = time.monotonic()
        await asyncio.gather(*(fetch(line, url, one) for one in downloads))
        return time.monotonic() - begun
    finally:
        server.terminate()
        server.wait(10)


def serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def answers(port: int) -> bool:
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return True


def told(late: list[float]) -> str:
    if not late:
        return "nothing was seen"
    ordered = sorted(late)
    p50, p95 = (ordered[int(len(ordered) * part)] * 1e3 for part in (0.5, 0.95))
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, max {ordered[-1] * 1e3:.1f} ms ({len(late)} beats)"


async def watch(engine: Engine, late: list[float]) -> None:
    """How late each control cycle comes, by the time on the engine's own clock that its `load` event carries."""
    async with engine.api() as api:
        before: float | None = None
        async for event in api.events():
            if event.kind == "load":
                at = float(event.data["at"])
                if before is not None:
                    late.append(max(0.0, at - before - 1.0))
                before = at


@contextlib.asynccontextmanager
async def watched(engine: Engine) -> AsyncIterator[list[float]]:
    late: list[float] = []
    task = asyncio.create_task(watch(engine, late))
    try:
        yield late
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def fetching(engine: Engine, job: int) -> None:
    async def begun() -> bool:
        chargers = (await view_of(engine, job))["chargers"].values()
        return all(one["transfer"]["total"] > 0 for one in chargers)

    await until("all fetch", begun, 120.0)


async def fetched(engine: Engine, job: int) -> tuple[int, float]:
    """Bytes that left, and seconds from the first to the last of them, once everybody has the file."""

    async def through() -> Any:
        chargers = (await view_of(engine, job))["chargers"].values()
        done = all(one["transfer"]["complete_at"] or one["outcome"] for one in chargers)
        return list(chargers) if done else None

    transfers = [one["transfer"] for one in await until("all fetched", through, 300.0)]
    first_at = min(one["first_at"] for one in transfers)
    return sum(one["total"] for one in transfers), max(one["last_at"] for one in transfers) - first_at


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chargers", type=int, default=100)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="60 chargers, 10 MB")
    args = parser.parse_args()
    number, megabytes = (60, 10) if args.quick else (args.chargers, args.megabytes)
    os.environ["PYTHONUNBUFFERED"] = "1"
    print("A hundred chargers in waves")
    first = asyncio.run(hundred(number))
    print("Twenty at once")
    second = asyncio.run(twenty(megabytes))
    return 0 if first and second else 1


if __name__ == "__main__":
    sys.exit(main())
