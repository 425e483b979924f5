"""History in buckets of minimum, mean and maximum, from the coarsest level that still gives the asked buckets.

A bucket without a sample shows the last value for as long as the next one may be late: three times the usual distance
of the samples (5 s to 45 min), so a charger that tells every 60 s leaves no holes in a 10 s plot. `limit_a` holds at
least a quarter of an hour: it is told when something is measured, and counts until it is changed. Beyond that, null.
"""

import itertools
import sqlite3
import statistics
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from evdesk.engine.store import rollup
from evdesk.engine.store.schema import SERIES_FIELDS
from evdesk.model import EvdeskError, Reason
from evdesk.wire.methods import History, HistoryMany

MOST_BUCKETS = 2_000
MOST_SERIES = 500
GAP_INTERVALS = 3.0
SHORTEST_GAP_S, LONGEST_GAP_S, LIMIT_HOLDS_S = 5.0, 2_700.0, 900.0
_NEAR = 5
_SAMPLED = 120
"""How many samples tell the usual distance."""

Cell = tuple[Any, ...]
"""n, min, sum, max of the samples in one bucket; n > 0"""


@dataclass(frozen=True, slots=True)
class Grid:
    """`level_s` 0 = raw readings. `now`: nothing is held into the future."""

    from_at: float
    to_at: float
    buckets: int
    level_s: int
    now: float

    @property
    def width(self) -> float:
        return (self.to_at - self.from_at) / self.buckets

    def middles(self) -> list[float]:
        return [self.from_at + (i + 0.5) * self.width for i in range(self.buckets)]


@dataclass(slots=True)
class Column:
    """One field on its way to a `History`: cells by bucket and, for each, when the newest sample in it ends."""

    name: str
    cells: dict[int, Cell] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)

    def take(self, rows: list[tuple[Any, ...]], at: int) -> None:
        """Takes in rows (bucket, end, ...) whose cell begins at index `at`; each bucket comes once."""
        cells = {row[0]: row[at : at + 4] for row in rows if row[at]}
        ends = {row[0]: row[1] for row in rows if row[at]}
        for bucket in self.cells.keys() & cells.keys():
            n, low, total, high = self.cells[bucket]
            more = cells[bucket]
            cells[bucket] = (n + more[0], min(low, more[1]), total + more[2], max(high, more[3]))
            ends[bucket] = max(ends[bucket], self.ends[bucket])
        self.cells |= cells
        self.ends |= ends


def read(
    connection: sqlite3.Connection, series: list[str], from_at: float, to_at: float, buckets: int, now: float
) -> HistoryMany:
    """Every series on the same buckets. Raises `EvdeskError(INVALID)` in words; an unknown source is all null."""
    wanted = _parse(series)
    if not from_at < to_at:
        raise EvdeskError(Reason.INVALID, "The time range is empty: “from” must be before “to”.")
    if buckets < 1:
        raise EvdeskError(Reason.INVALID, f"Ask for 1 to {MOST_BUCKETS} buckets.")
    buckets = min(buckets, MOST_BUCKETS)
    connection.execute("BEGIN")
    try:
        level = _level(connection, from_at, (to_at - from_at) / buckets)
        grid = Grid(from_at, to_at, buckets, level, now)
        middles = grid.middles()
        found: dict[str, History] = {}
        for source, columns in wanted.items():
            number = _source(connection, source)
            read_columns = _columns(connection, grid, number, sorted(set(columns.values()))) if number else {}
            for name, column in columns.items():
                found[name] = _history(connection, grid, middles, number, read_columns.get(column))
    finally:
        connection.execute("COMMIT")
    return HistoryMany(middles, {name: found[name] for name in series}, level)


def _parse(series: list[str]) -> dict[str, dict[str, str]]:
    """{source: {series name: column}}"""
    if len(series) > MOST_SERIES:
        raise EvdeskError(Reason.INVALID, f"Ask for at most {MOST_SERIES} series at once.")
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    for name in series:
        source, _, told = name.rpartition(":")
        if not source or told not in SERIES_FIELDS:
            fields = ", ".join(SERIES_FIELDS)
            raise EvdeskError(
                Reason.INVALID, f"“{name}” is not a series. Write source:field, with one of these fields: {fields}."
            )
        wanted[source][name] = SERIES_FIELDS[told]
    return wanted


def _source(connection: sqlite3.Connection, name: str) -> int | None:
    """Also where the ids in the name were not percent-encoded."""
    encoded = "/".join(quote(unquote(part), safe="") for part in name.split("/"))
    row = connection.execute(
        "SELECT id FROM source WHERE name IN (?, ?) ORDER BY name = ? DESC", (name, encoded, name)
    ).fetchone()
    return None if row is None else int(row[0])


def _level(connection: sqlite3.Connection, from_at: float, width: float) -> int:
    """The coarsest level not wider than a bucket; a coarser one where the finer ones no longer reach back so far."""
    level = rollup.QUARTER if width >= rollup.QUARTER else rollup.MINUTE if width >= rollup.MINUTE else 0
    if level == 0 and from_at < (rollup.get_number(connection, "raw_from") or 0.0):
        level = rollup.MINUTE
    if level == rollup.MINUTE and from_at < (rollup.get_number(connection, "minute_from") or 0.0):
        level = rollup.QUARTER
    return level


def _columns(connection: sqlite3.Connection, grid: Grid, source: int, names: list[str]) -> dict[str, Column]:
    columns = {name: Column(name) for name in names}
    if grid.level_s:
        _add_level(connection, grid, source, columns)
        _add_raw(connection, grid, source, columns, rollup.rolled_id(connection))
    else:
        _add_raw(connection, grid, source, columns, None)
    return columns


def _add_raw(
    connection: sqlite3.Connection, grid: Grid, source: int, columns: dict[str, Column], after: int | None
) -> None:
    """Raw readings; `after`: only those the levels do not contain yet (found by id, whatever their time)."""
    picks = ", ".join(f"count({n}), min({n}), total({n}), max({n})" for n in columns)
    only = "id > ? AND +source = ?" if after is not None else "source = ?"
    rows = connection.execute(
        f"SELECT min(CAST((t - ?) / ? AS INTEGER), ?) AS bucket, max(t), {picks} FROM reading "
        f"WHERE {only} AND t >= ? AND t < ? GROUP BY bucket",
        (
            grid.from_at,
            grid.width,
            grid.buckets - 1,
            *(() if after is None else (after,)),
            source,
            grid.from_at,
            grid.to_at,
        ),
    ).fetchall()
    for i, column in enumerate(columns.values()):
        column.take(rows, 2 + 4 * i)


def _add_level(connection: sqlite3.Connection, grid: Grid, source: int, columns: dict[str, Column]) -> None:
    """Rows of a level, each in the bucket of its middle; a row wider than a bucket fills every one it covers."""
    level, width = grid.level_s, grid.width
    table = rollup.LEVELS[level]
    if width >= level:
        picks = ", ".join(f"total({n}_n), min({n}_min), total({n}_sum), max({n}_max)" for n in columns)
        rows = connection.execute(
            f"SELECT min(CAST((t + ?1 / 2.0 - ?2) / ?3 AS INTEGER), ?4) AS bucket, max(t) + ?1, {picks} FROM {table} "
            "WHERE source = ?5 AND t >= ?2 - ?1 / 2.0 AND t < ?6 - ?1 / 2.0 GROUP BY bucket",
            (level, grid.from_at, width, grid.buckets - 1, source, grid.to_at),
        ).fetchall()
    else:
        picks = ", ".join(f"{n}_n, {n}_min, {n}_sum, {n}_max" for n in columns)
        found = connection.execute(
            f"SELECT t, t + ?1, {picks} FROM {table} WHERE source = ?2 AND t > ?3 - ?1 AND t < ?4 ORDER BY t",
            (level, source, grid.from_at, grid.to_at),
        )
        rows = [(bucket, *row[1:]) for row in found for bucket in _covered(grid, row[0])]
    for i, column in enumerate(columns.values()):
        column.take(rows, 2 + 4 * i)


def _covered(grid: Grid, start: float) -> range:
    """Buckets whose middle lies in the row that begins at `start`."""
    first = -((grid.from_at + grid.width / 2 - start) // grid.width)
    last = -((grid.from_at + grid.width / 2 - start - grid.level_s) // grid.width)
    return range(max(0, int(first)), min(grid.buckets, int(last)))


def _history(
    connection: sqlite3.Connection, grid: Grid, middles: list[float], source: int | None, column: Column | None
) -> History:
    lows: list[float | None] = [None] * grid.buckets
    means, highs = list(lows), list(lows)
    if column is not None and source is not None:
        holds = _gap(connection, grid, source, column.name) if len(column.cells) < grid.buckets else 0.0
        last, end = _before(connection, grid, source, column.name) if holds else (None, 0.0)
        here = holds  # the usual distance may have been another one then: the last few samples tell
        steps: deque[float] = deque(maxlen=_NEAR)
        for i, middle in enumerate(middles):
            cell = column.cells.get(i)
            if cell is not None:
                lows[i], highs[i] = cell[1], cell[3]
                means[i] = last = cell[2] / cell[0]
                if end:
                    steps.append(column.ends[i] - end)
                    here = max(holds, min(GAP_INTERVALS * statistics.median(steps), LONGEST_GAP_S))
                end = column.ends[i]
            elif last is not None and middle - end <= here and middle <= grid.now:
                lows[i] = means[i] = highs[i] = last
    return History(middles, lows, means, highs, grid.level_s)


def _gap(connection: sqlite3.Connection, grid: Grid, source: int, name: str) -> float:
    """How long a value holds: by the median distance of the newest samples in the range."""
    table, present = (
        (rollup.LEVELS[grid.level_s], f"{name}_n > 0") if grid.level_s else ("reading", f"{name} IS NOT NULL")
    )
    rows = connection.execute(
        f"SELECT t FROM {table} WHERE source = ? AND t >= ? AND t < ? AND {present} ORDER BY t DESC LIMIT ?",
        (source, grid.from_at - LONGEST_GAP_S, grid.to_at, _SAMPLED),
    ).fetchall()
    steps = [later[0] - earlier[0] for later, earlier in itertools.pairwise(rows) if later[0] > earlier[0]]
    usual = statistics.median(steps) if steps else float(grid.level_s)
    holds = min(max(GAP_INTERVALS * usual, SHORTEST_GAP_S), LONGEST_GAP_S)
    return max(holds, LIMIT_HOLDS_S) if name == "limit_a" else holds


def _before(connection: sqlite3.Connection, grid: Grid, source: int, name: str) -> tuple[float | None, float]:
    """The newest value before the range, and when it was measured."""
    table, value, present = "reading", name, f"{name} IS NOT NULL"
    if grid.level_s:
        table, value, present = rollup.LEVELS[grid.level_s], f"{name}_sum / {name}_n", f"{name}_n > 0"
    row = connection.execute(
        f"SELECT {value}, t FROM {table} WHERE source = ? AND t < ? AND t >= ? AND {present} ORDER BY t DESC LIMIT 1",
        (source, grid.from_at - grid.level_s / 2, grid.from_at - LONGEST_GAP_S - grid.level_s),
    ).fetchone()
    return (None, 0.0) if row is None else (row[0], row[1] + grid.level_s)
