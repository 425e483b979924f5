"""Kills the engine (SIGKILL) while simulated chargers charge, and measures what the chargers' physics do.

    python benchmarks/failsafe.py [--chargers 50] [--speed 4]

Prints one JSON object: seconds until every charger is at its safe default, what any line carried meanwhile, and what was
there again after the restart: audit rows, sessions, energy, live limits, without a person.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from evdesk.engine.client import ApiClient
from evdesk.model import Clock
from evdesk.past import write_past
from evdesk.simulator import SimulatedSite

SAFE_A = 6.0
WAIT_S = 120.0


def start(data: Path, port: int, speed: float) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    command = [sys.executable, "-m", "evdesk", "engine", "--data", str(data)]
    command += ["--ocpp", f"127.0.0.1:{port}", "--speed", str(speed)]
    engine = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert engine.stdout
    line = engine.stdout.readline()
    return engine, json.loads(line.removeprefix("ready "))


def client_of(ready: dict[str, Any]) -> ApiClient:
    return ApiClient(ready["api"], Path(ready["token_file"]).read_text().strip(), "cli")


async def charging(site: SimulatedSite, wanted: int, clock: Clock) -> int:
    """Wait until so many cars draw current under a live limit above the safe default."""
    deadline = clock.now() + WAIT_S * 5
    while clock.now() < deadline:
        found = sum(c.limit_a > SAFE_A and sum(c.current_a) > 3 for c in site.truth().chargers.values() if c.online)
        if found >= wanted:
            return found
        await asyncio.sleep(0.2)
    return found


async def at_safe(site: SimulatedSite, clock: Clock) -> tuple[float, float]:
    """Seconds on the simulated clock until nobody may take more than the safe default; the highest share of a rating
    any line carried meanwhile."""
    began, worst = clock.now(), 0.0
    while clock.now() - began < WAIT_S * 4:
        truth = site.truth()
        worst = max([worst, *(line.now_a / line.rating_a for line in truth.lines.values())])
        busy = [c for c in truth.chargers.values() if c.status in ("Charging", "SuspendedEV", "SuspendedEVSE")]
        if busy and all(c.limit_a <= SAFE_A for c in busy):
            return clock.now() - began, worst
        await asyncio.sleep(0.1)
    return -1.0, worst


async def run(chargers: int, speed: float) -> dict[str, Any]:
    clock = Clock(speed=speed)
    site = SimulatedSite(3, chargers, clock, faults=False)
    with tempfile.TemporaryDirectory(prefix="evdesk-failsafe-") as folder:
        data = Path(folder)
        await write_past(data, site.site_config(await site.start_meter()), [], clock.now())
        engine, ready = start(data, 0, speed)
        try:
            await site.start(ready["ocpp"])
            busy = await charging(site, chargers // 3, clock)
            async with client_of(ready) as client:
                rows = {r["id"]: r["hash"] for r in await client.call("audit.list", {"limit": 5000})}
                sessions = {s["id"]: s for s in await client.call("session.list", {"limit": 2000})}
            engine.kill()
            engine.wait()
            seconds, worst = await at_safe(site, clock)
            engine, ready = start(data, ready["ocpp_port"], speed)
            resumed = await charging(site, max(busy // 2, 1), clock)
            async with client_of(ready) as client:
                rows_after = {r["id"]: r["hash"] for r in await client.call("audit.list", {"limit": 10000})}
                sessions_after = {s["id"]: s for s in await client.call("session.list", {"limit": 2000})}
                chain = await client.call("audit.verify")
        finally:
            engine.terminate()
            engine.wait(20)
            await site.stop()
    energy = {i: (s["energy_wh"], sessions_after.get(i, {}).get("energy_wh")) for i, s in sessions.items()}
    return {
        "chargers": chargers,
        "charging_above_the_safe_default_when_killed": busy,
        "seconds_until_all_at_their_safe_default": round(seconds, 1),
        "highest_load_meanwhile_percent_of_rating": round(100 * worst, 1),
        "seconds_over_any_fuse_in_the_whole_run": round(site.truth().over_s, 2),
        "audit_rows_before": len(rows),
        "audit_rows_missing_after": sum(rows_after.get(i) != h for i, h in rows.items()),
        "sessions_before": len(sessions),
        "sessions_missing_after": len(sessions.keys() - sessions_after.keys()),
        "sessions_with_less_energy_after": sum((b or 0) > (a or 0) for b, a in energy.values()),
        "chain_holds": chain["holds"],
        "charging_above_the_safe_default_again": resumed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chargers", type=int, default=50)
    parser.add_argument(
        "--speed", type=float, default=4.0, help="simulated seconds per second, engine and chargers alike"
    )
    parser.add_argument("--quick", action="store_true", help="8 chargers, eight times as fast")
    args = parser.parse_args()
    chargers, speed = (8, 8.0) if args.quick else (args.chargers, args.speed)
    print(json.dumps(asyncio.run(run(chargers, speed)), indent=2))


if __name__ == "__main__":
    main()
