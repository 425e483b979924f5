"""`evdesk status`: the site in a terminal."""

import argparse
from datetime import timedelta

from evdesk.commands.reach import engine_address, with_engine
from evdesk.engine.client import ApiClient
from evdesk.model import Charger, Connector, EvdeskError, LineLoad, Phases, Site
from evdesk.wire import Snapshot, encode

OK, FAILED = 0, 1
NOT_KNOWN = "-"
HEADINGS = ("Charger", "Place", "State", "Status", "Current A", "Power kW", "Limit A", "Why")


def status(args: argparse.Namespace) -> int:
    if not args.json:
        print(report(with_engine(args, _snapshot)))
        return OK
    try:
        engine_address(args)
    except EvdeskError as error:
        silent = {"pid": error.detail["pid"], "answers": False} if "pid" in error.detail else {}
        print(encode({"running": bool(silent), **silent, "sentence": error.sentence}))
        return FAILED
    now = with_engine(args, _snapshot)
    print(encode({"running": True, "info": now.info, "load": now.load, "chargers": now.chargers}))
    return OK


async def _snapshot(client: ApiClient) -> Snapshot:
    return client.snapshot


def report(now: Snapshot) -> str:
    """A few lines on the site, then one row per connector."""
    info, load = now.info, now.load
    simulated = " (simulated)" if info.simulated else ""
    offline = max(0, info.chargers - info.online - info.pending)
    head = [
        ("Site", f"{info.site}{simulated}"),
        ("Engine", f"{info.version}, process {info.pid}, up {timedelta(seconds=round(info.uptime_s))}"),
        ("Chargers", f"{info.online} online, {offline} offline, {info.pending} waiting to be accepted"),
        ("Balancing", "on" if info.balancing else "off"),
        *(("Line" if i == 0 else "", _line(line)) for i, line in enumerate(load.lines)),
        ("Storage", "in order" if info.storage.ok else info.storage.sentence),
        ("Chargers dial", info.ocpp_url),
    ]
    width = max(len(name) for name, _ in head) + 2
    lines = [f"{name:<{width}}{text}" for name, text in head]
    rows = [row for charger in now.chargers for row in _rows(charger, now.site)]
    if not rows:
        return "\n".join([*lines, "", f"No charger yet. Type {info.ocpp_url} into a charger as its CSMS address."])
    return "\n".join([*lines, "", *table(HEADINGS, rows)])


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Aligned columns; the last one is not padded."""
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, tuple("-" * width for width in widths), *rows]
    ]


def _rows(charger: Charger, site: Site) -> list[tuple[str, ...]]:
    if not charger.connectors:
        return [(charger.id, charger.label, charger.state, *[NOT_KNOWN] * 5)]
    return [_row(charger, connector, site) for connector in charger.connectors]


def _row(charger: Charger, connector: Connector, site: Site) -> tuple[str, ...]:
    name = charger.id if len(charger.connectors) == 1 else f"{charger.id}/{connector.id}"
    kilowatts = None if connector.power_w is None else connector.power_w / 1000
    state = connector.status.value + (f" ({connector.error_code})" if connector.error_code else "")
    measured = (_phases(connector.current_a), _number(kilowatts), _number(connector.limit_a), connector.limit_reason)
    bay = site.bay(charger.id, connector.id)
    return (name, charger.label if bay is None else bay.label, charger.state.value, state, *measured)


def _line(line: LineLoad) -> str:
    total = "not known" if line.total_a is None else f"{line.total_a:.1f} A"
    cars = "" if line.cars_a is None else f", cars {line.cars_a:.1f} A"
    return f"{line.line}: {total} of {line.limit_a:g} A{cars}"


def _phases(values: Phases) -> str:
    return NOT_KNOWN if all(v is None for v in values) else " ".join(_number(v) for v in values)


def _number(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{value:.1f}"
