"""What not knowing costs the sharing: told nothing, needs, departures or both, with ideal and with real batteries.

    python benchmarks/balance/bounds.py [--seeds N] [--first SEED] [--quick]

The sites and days of `sessions.py`, whole ampere, interruption allowed. Each row is the same program; only what it is told
differs, and once what it has seen before: the stays and energies of ten earlier days of the same kind. `ratio`: energy over
that of the offline optimum, which knows everything and has ideal cars. The row that knows the stays of earlier days is
near what can be had without asking drivers; from there to the departures themselves is what drivers could tell.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.balance import offline, park  # noqa: E402
from benchmarks.balance.rivals import Ours  # noqa: E402
from benchmarks.balance.sessions import FIRST_SEED, FREE, SITES  # noqa: E402
from evdesk.balance import Line  # noqa: E402
from evdesk.balance.outlook import UNSAID  # noqa: E402

EARLIER = 5
"""Runs of two days whose charges are known beforehand in one of the rows."""

FIRST_EARLIER = 1001


@dataclass(frozen=True, slots=True)
class Told:
    """One row: what is told (`park.look`), whether it counts like truth, and whether earlier days were seen."""

    name: str
    know: str
    trust: float | None = None
    earlier: bool = False


ROWS = (
    Told("nothing", "blind"),
    Told("nothing, but ten earlier days seen", "blind", earlier=True),
    Told("how much each wants", "needs", 1.0),
    Told("when each leaves", "departures", 1.0),
    Told("both", "full", 1.0),
)


def rule(told: Told, shape: str, load: float, wires: tuple[Line, ...]) -> Ours:
    found = Ours(wires, FREE, told.trust)
    if told.earlier:
        for seed in range(FIRST_EARLIER, FIRST_EARLIER + EARLIER):
            for car in park.sessions(seed, park.SHAPES[shape], load=load):
                began, at = car.arrives * park.STEP_S, car.leaves * park.STEP_S
                found.sharing.history.ended(began, at, car.kwh, UNSAID)
    return found


def day(shape: str, kilowatt: float, load: float, seed: int) -> Iterator[tuple[Told, bool, float]]:
    """Row, whether batteries are real, and the ratio."""
    wires = park.lines(kilowatt, park.SPREADS[seed % len(park.SPREADS)])
    cars = park.sessions(seed, park.SHAPES[shape], load=load)
    best = offline.optimum(cars, wires)
    for told in ROWS:
        for real in (False, True):
            outcome = park.run(cars, wires, rule(told, shape, load, wires), time.perf_counter, told.know, real)
            yield told, real, outcome.given / best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2, help="how many per site")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="the first seed")
    parser.add_argument("--quick", action="store_true", help="one site, one seed")
    args = parser.parse_args()
    sites = SITES[:1] if args.quick else SITES
    jobs = [
        (*site, args.first + 10 * n + k) for n, site in enumerate(sites) for k in range(1 if args.quick else args.seeds)
    ]
    found: dict[tuple[str, bool], list[float]] = {}
    for job in jobs:
        for told, real, ratio in day(*job):
            found.setdefault((told.name, real), []).append(ratio)
    print(f"{len(jobs)} runs\ntold{'':36s} ideal cars  real batteries")
    for told in ROWS:
        ideal, real = (statistics.fmean(found[told.name, kind]) for kind in (False, True))
        print(f"{told.name:40s} {ideal:10.3f} {real:15.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
