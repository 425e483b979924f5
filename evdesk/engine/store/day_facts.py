"""Everything stored of one day that its figures are made from; read at once, in the reader thread."""

import sqlite3
from dataclasses import dataclass, field
from urllib.parse import quote

from evdesk.engine.store import decided, sessions
from evdesk.engine.store.rollup import QUARTER
from evdesk.model import Phases, Session, WhyCode
from evdesk.model.decisions import holds_back

Key = tuple[str, int]

CHARGES_W = 100.0
"""Above this a car charges; below are standby, and a car that keeps itself warm."""
BACK_S = 3 * 86_400.0
"""How far back the reasons of a charge that ended today are followed."""
EARLIER_S = 6 * 3_600.0
"""How old a register may be to count from."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """Means over a quarter of an hour; currents on the site's phases. `part`: how much of it was measured, against the
    fullest one of the day."""

    t: float
    current_a: Phases
    power_w: float | None = None
    part: float = 1.0


@dataclass(frozen=True, slots=True)
class Register:
    """One connector in a quarter of an hour: its register's lowest and highest value, mean power, highest currents."""

    t: float
    low_wh: float | None
    high_wh: float | None
    power_w: float | None
    top_a: Phases


@dataclass(frozen=True, slots=True)
class Span:
    """A limit in force. `held_back`: by a reason that keeps a car from what it could take."""

    from_at: float
    to_at: float
    limit_a: float
    code: WhyCode
    held_back: bool


@dataclass(slots=True)
class DayFacts:
    """`supply`, `other`: the first circuit and its load without chargers; `circuits`: every metered one, by name."""

    supply: list[Quarter] = field(default_factory=list)
    other: list[Quarter] = field(default_factory=list)
    circuits: dict[str, list[Quarter]] = field(default_factory=dict)
    registers: dict[Key, list[Register]] = field(default_factory=dict)
    charging_min: dict[Key, int] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    spans: dict[Key, list[Span]] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    told_wh: dict[int, float] = field(default_factory=dict)


def read(connection: sqlite3.Connection, day: str, begin: float, end: float, metered: list[str]) -> DayFacts:
    """`day`: its name, for the counts; `metered`: names of circuits with a meter."""
    facts = DayFacts()
    names = {name: number for number, name in connection.execute("SELECT id, name FROM source")}
    facts.supply = _quarters(connection, names.get("site"), begin, end)
    facts.other = _quarters(connection, names.get("other"), begin, end)
    for circuit in metered:
        facts.circuits[circuit] = _quarters(connection, names.get(f"circuit/{quote(circuit, safe='')}"), begin, end)
    facts.sessions = _sessions(connection, begin, end)
    first = max(min([begin, *(s.started_at for s in facts.sessions)]), begin - BACK_S)
    for name, number in names.items():
        if not name.startswith("connector/"):
            continue
        key = decided.key_of(name)
        facts.registers[key] = _registers(connection, number, begin, end)
        facts.charging_min[key] = _charging(connection, number, begin, end)
        facts.spans[key] = _spans(connection, number, first, end)
    facts.told_wh = _told(connection, facts.sessions)
    facts.counts = dict(connection.execute("SELECT name, value FROM insight_count WHERE day = ?", (day,)).fetchall())
    return facts


def first_at(connection: sqlite3.Connection) -> float | None:
    """The oldest moment anything is known of."""
    ends = [
        connection.execute(sql).fetchone()[0]
        for sql in (
            "SELECT min(t) FROM reading_15m WHERE source = (SELECT id FROM source WHERE name = 'site')",
            "SELECT min(started_at) FROM session WHERE started_at > 0",
            "SELECT min(from_at) FROM insight_day",
        )
    ]
    return min((end for end in ends if end is not None), default=None)


def _quarters(connection: sqlite3.Connection, source: int | None, begin: float, end: float) -> list[Quarter]:
    if source is None:
        return []
    rows = connection.execute(
        "SELECT t, l1_sum / nullif(l1_n, 0), l2_sum / nullif(l2_n, 0), l3_sum / nullif(l3_n, 0), "
        "power_w_sum / nullif(power_w_n, 0), max(l1_n, power_w_n) FROM reading_15m "
        "WHERE source = ? AND t >= ? AND t < ? ORDER BY t",
        (source, begin, end),
    ).fetchall()
    most = max((row[5] for row in rows), default=0) or 1
    return [Quarter(t, (l1, l2, l3), power, n / most) for t, l1, l2, l3, power, n in rows]


def _registers(connection: sqlite3.Connection, source: int, begin: float, end: float) -> list[Register]:
    """With the last quarter before the day, to count from."""
    columns = "t, energy_wh_min, energy_wh_max, power_w_sum / nullif(power_w_n, 0), l1_max, l2_max, l3_max"
    before = connection.execute(
        f"SELECT {columns} FROM reading_15m WHERE source = ? AND t < ? AND t >= ? AND energy_wh_n > 0 "
        "ORDER BY t DESC LIMIT 1",
        (source, begin, begin - EARLIER_S),
    ).fetchall()
    rows = connection.execute(
        f"SELECT {columns} FROM reading_15m WHERE source = ? AND t >= ? AND t < ? ORDER BY t", (source, begin, end)
    ).fetchall()
    return [Register(t, low, high, power, (l1, l2, l3)) for t, low, high, power, l1, l2, l3 in (*before, *rows)]


def _charging(connection: sqlite3.Connection, source: int, begin: float, end: float) -> int:
    """Minutes in which it charged; quarters where the minutes are gone."""
    by_minute, by_quarter = (
        connection.execute(
            f"SELECT count(*) FROM {table} WHERE source = ? AND t >= ? AND t < ? AND power_w_sum > ? * power_w_n",
            (source, begin, end, CHARGES_W),
        ).fetchone()[0]
        for table in ("reading_1m", "reading_15m")
    )
    return int(by_minute) or int(by_quarter) * QUARTER // 60


def _sessions(connection: sqlite3.Connection, begin: float, end: float) -> list[Session]:
    rows = connection.execute(
        f"SELECT {sessions.COLUMNS} FROM session WHERE started_at < ? AND (ended_at IS NULL OR ended_at >= ?)",
        (end, begin),
    )
    return [sessions.from_record(row) for row in rows]


def _told(connection: sqlite3.Connection, charges: list[Session]) -> dict[int, float]:
    """Session -> energy that car or person said it needs."""
    sql = "SELECT energy_wh FROM session_hint WHERE session_id = ? AND energy_wh > 0"
    rows = {charge.id: connection.execute(sql, (charge.id,)).fetchone() for charge in charges}
    return {number: row[0] for number, row in rows.items() if row is not None}


def _spans(connection: sqlite3.Connection, source: int, begin: float, end: float) -> list[Span]:
    rows = connection.execute(
        "SELECT max(from_at, ?2), min(coalesce(to_at, ?3), ?3), limit_a, code, detail FROM decision WHERE source = ?1 "
        "AND from_at < ?3 AND (to_at IS NULL OR to_at > ?2) ORDER BY from_at, id",
        (source, begin, end),
    )
    return [
        Span(from_at, to_at, limit_a, code := decided.code_of(word), holds_back(code, detail))
        for from_at, to_at, limit_a, word, detail in rows
        if to_at > from_at
    ]
