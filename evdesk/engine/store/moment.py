"""What was measured at one moment of the past, and the site as it was then."""

import sqlite3
from typing import Any

import msgspec

from evdesk.engine.store import rollup
from evdesk.model import NO_PHASES, Phases, Site

HOLDS_S = {"connector": 190.0, "circuit": 35.0, "other": 35.0, "reserved": 35.0}
"""How long a raw value counts: a connector may tell each minute or slower, lines are written each second."""


def site_at(connection: sqlite3.Connection, at: float, known: int = 0) -> tuple[int, Site | None]:
    """(version, the site in force then); version 0 where none had been stored. The site is None where it cannot be read
    any more, and where its version is `known` already."""
    row = connection.execute("SELECT id FROM site WHERE at <= ? ORDER BY id DESC LIMIT 1", (at,)).fetchone()
    if row is None:
        return 0, None
    version = int(row[0])
    if version == known:
        return version, None
    body = connection.execute("SELECT body FROM site WHERE id = ?", (version,)).fetchone()[0]
    try:
        return version, msgspec.json.decode(body, type=Site)
    except (msgspec.DecodeError, ValueError):
        return version, None


def currents(connection: sqlite3.Connection, at: float, names: list[str]) -> dict[str, Phases]:
    """Ampere on the site's phases per source, as measured last by then; a minute's mean where that is all there is."""
    raw_from = rollup.get_number(connection, "raw_from") or 0.0
    found: dict[str, Phases] = {}
    for name in names:
        row = connection.execute("SELECT id FROM source WHERE name = ?", (name,)).fetchone()
        if row is None:
            continue
        told = _raw(connection, at, row[0], HOLDS_S.get(name.split("/")[0], 10.0)) if at >= raw_from else None
        found[name] = told or _level(connection, at, row[0]) or NO_PHASES
    return found


def _raw(connection: sqlite3.Connection, at: float, source: int, holds_s: float) -> Phases | None:
    row = connection.execute(
        "SELECT l1, l2, l3 FROM reading WHERE source = ? AND t <= ? AND t > ? "
        "AND (l1 IS NOT NULL OR l2 IS NOT NULL OR l3 IS NOT NULL) ORDER BY t DESC LIMIT 1",
        (source, at, at - holds_s),
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _level(connection: sqlite3.Connection, at: float, source: int) -> Phases | None:
    for width, table in rollup.LEVELS.items():
        row: tuple[Any, ...] | None = connection.execute(
            f"SELECT l1_sum / nullif(l1_n, 0), l2_sum / nullif(l2_n, 0), l3_sum / nullif(l3_n, 0) FROM {table} "
            "WHERE source = ? AND t <= ? AND t > ? ORDER BY t DESC LIMIT 1",
            (source, at, at - width),
        ).fetchone()
        if row is not None:
            return (row[0], row[1], row[2])
    return None
