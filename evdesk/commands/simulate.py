"""`evdesk simulate`."""

import argparse
import asyncio
from typing import Any

from evdesk.model import Clock, EvdeskError, Reason
from evdesk.simulator.simulate import run_simulate


def simulate(args: argparse.Namespace) -> int:
    options: dict[str, Any] = {
        "count": args.count,
        "protocol": args.protocol,
        "fault": args.fault,
        "prefix": args.prefix,
        "id_tag": args.id_tag,
        "seconds": args.seconds,
        "seed": args.seed,
        "sample_s": args.sample,
        "plugged": not args.no_cars,
        "clock": Clock(speed=args.speed),
    }
    try:
        return asyncio.run(run_simulate(args.url, on_line=_say, **options))
    except ValueError as error:
        raise EvdeskError(Reason.INVALID, str(error)) from None


def _say(line: str) -> None:
    print(line, flush=True)
