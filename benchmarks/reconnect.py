"""A thousand chargers come back at once: python benchmarks/reconnect.py [--chargers N] [--quick].

All their sockets are cut in one moment and all dial again within a second, as after a power cut or a switch that started
anew. Counted: until the BootNotification of each is answered, and the round trip of heartbeats of twenty chargers that
stayed connected, for twenty seconds from the cut: every charger that came back is asked and checked anew meanwhile. The
engine runs as in the field, in a process of its own; the chargers are another one.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine import cpu_s, evdesk, rss_mib, settle
from load_generator import BOOT, Station

HERE = Path(__file__).parent
STEADY = 20
BEAT_S = 0.1
GIVE_UP_S = 60.0
AFTER_S = 20.0  # they are read, checked and triggered anew by then
BOOT["2.1"] = BOOT["2.0.1"]


class Charger(Station):
    """Boots, and answers whatever it is asked; `beat` measures one heartbeat."""

    def __init__(self, name: str, protocol: str) -> None:
        super().__init__(name, 0, None, protocol)
        self.booted_at = 0.0
        self.beats = 0
        self.cut = False
        self.beaten: asyncio.Future[None] | None = None

    def on_setup(self, message: list[Any]) -> None:
        if message[1] == "boot" and not self.ready.done():
            self.booted_at = time.monotonic()
            self.ready.set_result(None)
        elif message[1] == self.waiting_for and self.beaten is not None and not self.beaten.done():
            self.beaten.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.cut and not self.ready.done():
            self.ready.set_exception(exc or ConnectionError(f"{self.name}: the server hung up"))

    async def beat(self) -> float:
        """Seconds of one round trip."""
        self.beaten = asyncio.get_running_loop().create_future()
        self.beats += 1
        began = time.monotonic()
        self.call(f"h{self.beats}", "Heartbeat", {})
        await asyncio.wait_for(self.beaten, GIVE_UP_S)
        return time.monotonic() - began


async def dial(port: int, name: str, protocol: str, delay: float = 0.0) -> Charger:
    """A charger whose boot was answered; dials again where it is not let in at once."""
    await asyncio.sleep(delay)
    loop = asyncio.get_running_loop()
    while True:
        try:
            _, charger = await loop.create_connection(lambda: Charger(name, protocol), "127.0.0.1", port)
            await charger.ready
            return charger
        except OSError:
            await asyncio.sleep(0.5)


async def beating(chargers: list[Charger], took: list[float]) -> None:
    """Heartbeats of the steady ones, one after the other, until it is cancelled."""

    async def one(charger: Charger) -> None:
        while True:
            took.append(await charger.beat())
            await asyncio.sleep(BEAT_S)

    await asyncio.gather(*(one(charger) for charger in chargers))


async def generate(port: int, count: int, protocols: list[str]) -> None:
    """In the chargers' process: `ready` when all are there, `go` starts the cut, one line of JSON tells what was seen."""
    loop = asyncio.get_running_loop()
    names = [(f"R{n:04d}", protocols[n % len(protocols)]) for n in range(count)]
    steady = [await dial(port, f"S{n:02d}", protocols[n % len(protocols)]) for n in range(STEADY)]
    there: list[Charger] = []
    for start in range(0, count, 50):
        there += await asyncio.gather(*(dial(port, *name) for name in names[start : start + 50]))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    quiet: list[float] = []
    task = asyncio.ensure_future(beating(steady, quiet))
    await asyncio.sleep(3.0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    meanwhile: list[float] = []
    task = asyncio.ensure_future(beating(steady, meanwhile))
    for charger in there:
        charger.cut = True
        charger.transport.abort()
    began = time.monotonic()
    back = await asyncio.wait_for(
        asyncio.gather(*(dial(port, *name, delay=n / count) for n, name in enumerate(names))), GIVE_UP_S
    )
    await asyncio.sleep(max(0.0, began + AFTER_S - time.monotonic()))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    served = sorted(charger.booted_at - began for charger in back)
    print(json.dumps({"served_s": served, "quiet_s": sorted(quiet), "meanwhile_s": sorted(meanwhile)}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)


def part(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


def measure(chargers: int, protocols: list[str]) -> str:
    with tempfile.TemporaryDirectory() as data:
        server = evdesk(data)
        command = [sys.executable, str(HERE / "reconnect.py"), "--generate", str(server.port)]
        command += ["--chargers", str(chargers), "--protocols", *protocols]
        generator = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert generator.stdin
        assert generator.stdout
        try:
            if generator.stdout.readline().strip() != "ready":
                raise SystemExit("the chargers could not connect")
            settle(server)
            used = cpu_s(server.pid)
            print("go", file=generator.stdin, flush=True)
            seen = json.loads(generator.stdout.readline())
            used = cpu_s(server.pid) - used
            memory = rss_mib(server.pid)
            print("bye", file=generator.stdin, flush=True)
            generator.wait(20)
        finally:
            generator.kill()
            server.stop()
    served, quiet, meanwhile = seen["served_s"], seen["quiet_s"], seen["meanwhile_s"]
    return (
        f"{' + '.join(protocols):<18} {len(served)} of {chargers} served: half within {part(served, 0.5):.1f} s, "
        f"all within {served[-1]:.1f} s; {used:.1f} CPU-s, {memory:.0f} MiB\n"
        f"{'':<18} round trip of who stayed: P50 {part(meanwhile, 0.5) * 1e3:.0f} ms, "
        f"P99 {part(meanwhile, 0.99) * 1e3:.0f} ms, "
        f"worst {meanwhile[-1] * 1e3:.0f} ms ({len(meanwhile)} heartbeats); before: P50 {part(quiet, 0.5) * 1e3:.0f} ms, "
        f"P99 {part(quiet, 0.99) * 1e3:.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chargers", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="a hundred chargers, for a first look")
    parser.add_argument("--protocols", nargs="+", default=[])
    parser.add_argument("--generate", type=int, metavar="PORT", help="be the chargers (used by the benchmark itself)")
    args = parser.parse_args()
    if args.generate:
        asyncio.run(generate(args.generate, args.chargers, args.protocols))
        return
    chargers = 100 if args.quick else args.chargers
    for protocols in [args.protocols] if args.protocols else [["1.6"], ["1.6", "2.0.1", "2.1"]]:
        print(measure(chargers, protocols), flush=True)


if __name__ == "__main__":
    main()
