"""How fast the store is: plots over a month, and an audit row on the disk.

    python benchmarks/history.py [--days 30] [--chargers 8] [--every 10] [--meter 1] [--dir DIR]

Fills a database as a running engine would (readings of every charger, the site's load, roll-ups, retention), then prints
the time of typical plots and of durable audit rows. Budgets: a 30-day plot in 100 ms, an audit row in 5 ms (median).
"""

import argparse
import asyncio
import math
import statistics
import tempfile
import time
from pathlib import Path

from evdesk.engine.store import Store, StoreSettings
from evdesk.model import Clock, LineLoad, Origin, Reading, SiteLoad

CHUNK = 20_000
PLOT_MS, AUDIT_MS = 100.0, 5.0


class EndClock(Clock):
    """Stands at the end of the filled time."""

    def __init__(self, at: float) -> None:
        super().__init__()
        self.at = at

    def now(self) -> float:
        return self.at


def load(at: float) -> SiteLoad:
    amps = 20.0 + 15.0 * math.sin(at / 7000.0) + at % 13
    lines = tuple(
        LineLoad(f"{circuit}/{phase}", circuit, phase, 63.0, total_a=amps, cars_a=amps / 2, other_a=amps / 2)
        for circuit in ("Main", "Garage")
        for phase in ("L1", "L2", "L3")
    )
    return SiteLoad(at, lines, total_w=amps * 690.0, other_w=amps * 300.0, total_a=(amps, amps, amps))


async def fill(store: Store, start: float, args: argparse.Namespace) -> int:
    """Every reading of the time, oldest first. Returns how many rows."""
    rows = 0
    for second in range(0, int(args.days * 86_400), min(args.every, args.meter)):
        at = start + second
        if second % args.every == 0:
            for charger in range(args.chargers):
                amps = 16.0 if (at // 7200 + charger) % 3 == 0 else 0.0
                reading = Reading(f"WB-{charger:02}", 1, at, power_w=amps * 690.0, energy_wh=float(second))
                store.put_reading(reading, (amps, amps, amps), 16.0)
                rows += 1
        if second % args.meter == 0:
            store.put_load(load(at))
            rows += 5
        if second % CHUNK < min(args.every, args.meter):
            await store.flush()
    await store.flush()
    return rows


async def rolled(store: Store) -> None:
    """Waits until the writer has caught up with rolling and deleting."""
    while True:
        busy = time.process_time()
        await asyncio.sleep(2.0)
        if time.process_time() - busy < 0.2:
            return


async def timed(store: Store, name: str, series: list[str], end: float, span: float, buckets: int) -> float:
    took = []
    for _ in range(7):
        began = time.perf_counter()
        many = await store.history(series, end - span, end, buckets)
        took.append((time.perf_counter() - began) * 1000)
    middle = statistics.median(took)
    print(f"{name:<44} {middle:8.1f} ms   first {took[0]:7.1f} ms   level {many.level_s:>3} s")
    return middle


async def plots(store: Store, end: float, chargers: int) -> float:
    phases = [f"site:current_l{i}_a" for i in (1, 2, 3)]
    power = [f"connector/WB-{i:02}/1:power_w" for i in range(chargers)]
    month = await timed(store, "30 days, one charger, 2,000 buckets", power[:1], end, 30 * 86_400, 2_000)
    await timed(store, "30 days, 3 site phases, 2,000 buckets", phases, end, 30 * 86_400, 2_000)
    await timed(store, f"30 days, {chargers} chargers, 2,000 buckets", power, end, 30 * 86_400, 2_000)
    await timed(store, "7 days, one charger, 2,000 buckets", power[:1], end, 7 * 86_400, 2_000)
    await timed(store, "7 days, 3 site phases, 2,000 buckets", phases, end, 7 * 86_400, 2_000)
    await timed(store, "24 hours, 3 site phases, 600 buckets", phases, end, 86_400, 600)
    await timed(store, "24 hours, 3 site phases, 2,000 buckets (raw)", phases, end, 86_400, 2_000)
    await timed(store, "1 hour, 3 site phases, 2,000 buckets", phases, end, 3_600, 2_000)
    await timed(store, "1 hour, one charger, 600 buckets", power[:1], end, 3_600, 600)
    return month


async def audit(store: Store, rows: int) -> float:
    took = []
    for i in range(rows):
        began = time.perf_counter()
        await store.audit(
            kind="asked",
            origin=Origin("Engine", "balancer"),
            what="balance.limit",
            target="WB-01",
            args={"connector_id": 1, "limit_a": float(i % 32)},
        )
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    middle = statistics.median(took)
    print(f"audit row: median {middle:.2f} ms, P99 {took[int(rows * 0.99)]:.2f} ms, worst {took[-1]:.2f} ms")
    began = time.perf_counter()
    together = [
        store.audit(kind="noted", origin=Origin("Engine", "balancer"), what="x", target="site") for _ in range(1000)
    ]
    await asyncio.gather(*together)
    print(f"1,000 audit rows at once: {(time.perf_counter() - began) * 1000:.0f} ms")
    began = time.perf_counter()
    verdict = await store.verify()
    print(f"verify: {verdict.rows} rows in {(time.perf_counter() - began) * 1000:.0f} ms, holds: {verdict.holds}")
    return middle


async def run(args: argparse.Namespace, folder: Path) -> bool:
    end = float(int(time.time()) // 900 * 900)
    store = Store(folder / "evdesk.db", EndClock(end), StoreSettings(roll_s=1.0, prune_s=5.0))
    await store.open()
    began, cpu = time.perf_counter(), time.process_time()
    rows = await fill(store, end - args.days * 86_400, args)
    await rolled(store)
    cpu = time.process_time() - cpu
    print(f"filled {rows:,} rows in {time.perf_counter() - began:.0f} s, {cpu / rows * 1e6:.1f} us CPU per row")
    print(f"file: {store.health.db_bytes / 1e6:.0f} MB")
    month = await plots(store, end, args.chargers)
    middle = await audit(store, args.audit)
    await store.close()
    good = month <= PLOT_MS and middle <= AUDIT_MS
    print("within the budgets" if good else "NOT within the budgets")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description="History and audit speed of the store.")
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--chargers", type=int, default=8)
    parser.add_argument("--every", type=int, default=10, help="seconds between readings of a charger")
    parser.add_argument("--meter", type=int, default=10, help="seconds between loads of the site (1 = as in real life)")
    parser.add_argument("--audit", type=int, default=2_000, help="audit rows to time")
    parser.add_argument("--dir", type=Path, help="where to make the database (default: a temporary folder)")
    args = parser.parse_args()
    if args.dir is not None:
        args.dir.mkdir(parents=True, exist_ok=True)
        return 0 if asyncio.run(run(args, args.dir)) else 1
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(run(args, Path(folder))) else 1


if __name__ == "__main__":
    raise SystemExit(main())
