"""`evdesk simulate`."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from evdesk.model import Clock, EvdeskError, Reason
from evdesk.simulator.access import Access
from evdesk.simulator.faults import fault_lines
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
        "access": _access(args),
        "evses": args.evses,
        "variables": args.variables,
        "maker": args.maker,
        "rate_bps": args.rate and args.rate * 1000.0,
    }
    try:
        return asyncio.run(run_simulate(args.url, on_line=_say, **options))
    except ValueError as error:
        raise EvdeskError(Reason.INVALID, str(error)) from None


def list_faults(_args: argparse.Namespace) -> int:
    """Every fault with its sentence, one a line."""
    _say("\n".join(fault_lines()))
    return 0


def _access(args: argparse.Namespace) -> Access:
    return Access(
        profile=args.profile,
        password=args.password,
        form=args.password_form,
        roots=[_text(args.root)] if args.root else [],
        chain=_text(args.cert) if args.cert else "",
        key=_text(args.key) if args.key else "",
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as problem:
        raise EvdeskError(Reason.INVALID, f"{path} cannot be read as PEM: {problem}.") from None


def _say(line: str) -> None:
    print(line, flush=True)
