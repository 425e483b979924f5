"""The long run: `make fuzz`, or python -m tests.fuzz [--frames N] [--handshakes N] [--sites N] [--seed N].

Random sites (every grid, transformer and wiring) through the balancer against Kirchhoff; frames of the three versions in
equal parts through a dialogue, handshakes and WebSocket frames as bytes through a peer.
Ends with exit code 1 and the guilty bytes at the first broken invariant.
"""

import argparse
import asyncio
import gc
import time
import tracemalloc

from evdesk.ocpp.version import Version
from tests.balance.random_sites import try_site
from tests.fuzz.frames import FrameFuzz, Tally
from tests.fuzz.handshakes import HandshakeFuzz

_ROUND = 20_000


def frames(count: int, seed: int) -> None:
    print(
        f"{'version':<11}{'frames':>9}{'answers':>9}{'errors':>9}{'ours':>7}{'rules':>7}{'frames/s':>10}{'kept':>9}  worst"
    )
    for version in Version:
        tally = Tally()
        rounds = max(1, count // 3 // _ROUND)
        for turn in range(rounds):
            FrameFuzz(version, seed + turn, tally).run(-(-count // 3 // rounds))
        print(
            f"{version:<11}{tally.frames:>9}{tally.answers:>9}{tally.errors:>9}{tally.asked:>7}{len(tally.rules):>7}"
            f"{tally.frames / tally.seconds:>10.0f}{tally.memory / 1000:>6.1f} kB"
            f"  {tally.worst[0]:.0f} ms, {tally.worst[1][:60]!r}",
            flush=True,
        )


async def handshakes(count: int, seed: int, quiet: bool = False) -> None:
    began = time.monotonic()
    tally = await HandshakeFuzz(seed).run(count)
    seconds = time.monotonic() - began
    if quiet:
        return
    print(
        f"{tally.handshakes} handshakes ({tally.handshakes / seconds:.0f}/s): {tally.upgraded} became WebSockets and sent "
        f"{tally.frames} frames, {tally.answers} texts came back; ends {dict(tally.ends)}"
    )
    print("verdicts:", ", ".join(f"{name} {times}" for name, times in tally.verdicts.most_common()), flush=True)


def sites(count: int, seed: int) -> None:
    began = time.monotonic()
    for n in range(count):
        broken = try_site(seed * 1_000_000 + n)
        if broken:
            raise SystemExit(broken)
    print(f"{count} random sites: no conductor above its limit ({time.monotonic() - began:.0f} s)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--handshakes", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = time.monotonic()
    sites(args.sites, args.seed)
    for version in Version:  # what is made once is no leak
        FrameFuzz(version, args.seed).run(2000)
    asyncio.run(handshakes(1000, args.seed, quiet=True))
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    FrameFuzz(Version.V201, args.seed + 1).run(2000)
    asyncio.run(handshakes(1000, args.seed + 1, quiet=True))
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    objects = len(gc.get_objects())
    frames(args.frames, args.seed)
    asyncio.run(handshakes(args.handshakes, args.seed))
    gc.collect()
    more = len(gc.get_objects()) - objects
    print(
        f"2000 more frames and 1000 more handshakes hold {grown / 1000:+.0f} kB more; all of them leave {more:+d} objects"
    )
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
