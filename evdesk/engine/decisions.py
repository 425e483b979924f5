"""The decision log: one row per change of a connector's limit or of the reason behind it, and what caused a cut.

Called once a second behind the control tick, with what that decided; it only compares, and puts rows into memory (the
store writes them a second later). It never waits and nothing waits for it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ConnectorRecord
from evdesk.engine.store import Store
from evdesk.model import Clock, LineLoad, SiteLoad, WhyCode
from evdesk.model.decisions import Cause, CauseKind, CutOther, DecisionRow, RowEnd

Key = tuple[str, int]
Said = tuple[float, WhyCode, str, str]

GAP_S = 30.0
"""A tick that comes so much later than the one before: the computer slept, or its clock was set."""
LOOK_BACK = 20
"""Seconds in which a load must have risen to be called the cause of a cut."""
STEP_A = 2.0
WATCH_S = 120.0
CALM_S = 3.0
OTHERS_MOST = 10
_BY_A_LINE = frozenset({WhyCode.LINE, WhyCode.WAITING})


@dataclass(slots=True)
class _Cut:
    """Rows whose line may be above its rating: completed when it has been below it for a moment."""

    line: str
    at: float
    rows: list[int]  # ids
    over_since: float | None = None
    over_until: float | None = None
    peak_a: float = 0.0


@dataclass(slots=True)
class _Open:
    row: DecisionRow
    said: Said
    since_at: float  # of the row; where the clock was set before it, of its reason


@dataclass(slots=True)
class DecisionLog:
    """`tick` once a second, `close` when the engine ends in order. `on_rows`: told the rows a tick changed, if any."""

    fleet: Fleet
    store: Store
    clock: Clock
    on_rows: Callable[[list[DecisionRow]], None] = lambda rows: None
    _open: dict[Key, _Open] = field(default_factory=dict)
    _others: dict[str, deque[float]] = field(default_factory=dict)
    _over_since: dict[str, float] = field(default_factory=dict)
    _cuts: list[_Cut] = field(default_factory=list)
    _watched: dict[int, DecisionRow] = field(default_factory=dict)  # rows of `_cuts`, as last put
    _rose: dict[Key, float] = field(default_factory=dict)
    _changed: dict[int, DecisionRow] = field(default_factory=dict)
    _last_at: float = 0.0
    _jumped: float = 0.0

    def tick(self, load: SiteLoad) -> None:
        """`load`: the lines at this second."""
        now = load.at
        if self._last_at and not 0.0 <= now - self._last_at <= GAP_S * max(1.0, self.clock.speed):
            self._end_all(self._last_at, RowEnd.CLOCK)
        was_set, self._jumped = self.clock.jumped != self._jumped, self.clock.jumped
        self._last_at = now
        self._watch_lines(load.lines, now)
        begun = self._compare(now, was_set)
        self._find_causes([row for row in begun if _is_cut(row)], load.lines, now)
        self._complete(now)
        self._tell(now)

    def close(self) -> None:
        """The engine ends in order: everything open ends now."""
        if self._last_at:
            self._end_all(self._last_at, RowEnd.STOPPED)
            self._tell(self._last_at)

    def current(self, key: Key) -> DecisionRow | None:
        """What holds now."""
        found = self._open.get(key)
        return None if found is None else found.row

    def since(self, key: Key) -> float:
        """Since when that holds, by the clock as it is now. Raises KeyError where `current` is None."""
        return self._open[key].since_at

    # -- rows --------------------------------------------------------------------------------------------------

    def _connectors(self) -> Iterator[tuple[Key, ConnectorRecord]]:
        for record in self.fleet.chargers.values():
            if record.accepted:
                for connector in record.connectors.values():
                    if connector.wanted_a is not None:
                        yield (record.id, connector.id), connector

    def _compare(self, now: float, was_set: bool) -> list[DecisionRow]:
        begun, here = [], set()
        for key, connector in self._connectors():
            here.add(key)
            why = connector.why
            said = (connector.wanted_a or 0.0, why.code, why.line, why.detail)
            before = self._open.get(key)
            if before is not None and before.said == said:
                continue
            if before is not None:
                self._end(before.row, now, RowEnd.NONE)
            row = DecisionRow(
                id=self.store.decision_id(),
                charger_id=key[0],
                connector_id=key[1],
                from_at=now,
                to_at=None,
                limit_a=said[0],
                why=why,
                before_a=before.said[0] if before is not None else None,
                took_a=took_a(connector),
            )
            since_at = why.since_at if was_set and before is None and why.since_at is not None else now
            self._open[key] = _Open(row, said, since_at)
            self._changed[row.id] = row
            if row.before_a is not None and row.limit_a > row.before_a:
                self._rose[key] = now
            begun.append(row)
        for key in self._open.keys() - here:
            self._end(self._open.pop(key).row, now, RowEnd.GONE)
        return begun

    def _end(self, row: DecisionRow, at: float, how: RowEnd) -> None:
        self._put(replace(row, to_at=max(row.from_at, at), ended=how))

    def _end_all(self, at: float, how: RowEnd) -> None:
        for entry in self._open.values():
            self._end(entry.row, at, how)
        self._open.clear()
        self._cuts.clear()
        self._watched.clear()
        self._others.clear()
        self._over_since.clear()
        self._rose.clear()

    def _tell(self, now: float) -> None:
        rows, self._changed = list(self._changed.values()), {}
        self.store.put_decisions(rows, now)
        if rows:
            self.on_rows(rows)

    # -- causes ------------------------------------------------------------------------------------------------

    def _watch_lines(self, lines: tuple[LineLoad, ...], now: float) -> None:
        over = {}
        for line in lines:
            if line.other_a is not None:
                seen = self._others.get(line.line)
                if seen is None:
                    seen = self._others[line.line] = deque(maxlen=LOOK_BACK)
                seen.append(line.other_a)
            if line.total_a is not None and line.total_a > line.limit_a:
                over[line.line] = line.total_a
                self._over_since.setdefault(line.line, now)
        for name in self._over_since.keys() - over.keys():
            del self._over_since[name]
        for cut in self._cuts:
            if cut.line in over:
                cut.over_since = self._over_since[cut.line] if cut.over_since is None else cut.over_since
                cut.over_until, cut.peak_a = None, max(cut.peak_a, over[cut.line])
            elif cut.over_since is not None and cut.over_until is None:
                cut.over_until = now

    def _find_causes(self, rows: list[DecisionRow], lines: tuple[LineLoad, ...], now: float) -> None:
        by_line: dict[str, list[DecisionRow]] = {}
        for row in rows:
            by_line.setdefault(row.why.line, []).append(row)
        totals = {line.line: line.total_a for line in lines}
        for name, cut_rows in by_line.items():
            since = self._over_since.get(name)
            cause = self._cause(name, cut_rows, since)
            self._cuts.append(_Cut(name, now, [r.id for r in cut_rows], since, None, totals.get(name) or 0.0))
            first = [
                CutOther(r.charger_id, r.connector_id, r.before_a or 0.0, r.limit_a)
                for r in cut_rows[: OTHERS_MOST + 1]
            ]
            count = len(cut_rows) - 1
            shared = replace(cause, others=tuple(first[:OTHERS_MOST]), others_count=count)
            for place, row in enumerate(cut_rows):
                self._watched[row.id] = row
                mine = shared
                if place < OTHERS_MOST:
                    mine = replace(cause, others=(*first[:place], *first[place + 1 :]), others_count=count)
                self._put(replace(row, cause=mine))

    def _cause(self, name: str, rows: list[DecisionRow], since: float | None) -> Cause:
        above_s = None if since is not None else 0.0
        seen = self._others.get(name)
        if seen and seen[-1] - min(seen) >= STEP_A:
            return Cause(CauseKind.HOUSE, name, round(min(seen), 1), round(seen[-1], 1), above_s=above_s)
        mine = {(r.charger_id, r.connector_id) for r in rows}
        begun = [key for key, at in self._rose.items() if key not in mine and self._last_at - at <= LOOK_BACK]
        if begun:
            newest = max(begun, key=lambda key: self._rose[key])
            return Cause(CauseKind.CAR, name, who=f"{newest[0]}/{newest[1]}", above_s=above_s)
        return Cause(CauseKind.SHARED, name, above_s=above_s)

    def _complete(self, now: float) -> None:
        """Cuts whose line has been within its rating for a moment, or that were watched long enough."""
        still = []
        for cut in self._cuts:
            settled = now - (cut.over_until if cut.over_until is not None else cut.at) >= CALM_S
            if (cut.line in self._over_since or not settled) and now - cut.at < WATCH_S:
                still.append(cut)
                continue
            rows = [row for number in cut.rows if (row := self._watched.pop(number, None)) is not None]
            if cut.over_since is None:
                continue
            above_s = None if cut.over_until is None else round(cut.over_until - cut.over_since, 1)
            for row in rows:
                cause = replace(row.cause or Cause(line=cut.line), above_s=above_s, peak_a=round(cut.peak_a, 1))
                self._put(replace(row, cause=cause))
        self._cuts = still
        self._rose = {key: at for key, at in self._rose.items() if now - at <= LOOK_BACK}

    def _put(self, row: DecisionRow) -> None:
        """Takes a changed row in everywhere it is held."""
        entry = self._open.get((row.charger_id, row.connector_id))
        if entry is not None and entry.row.id == row.id:
            entry.row = row
        if row.id in self._watched:
            self._watched[row.id] = row
        self._changed[row.id] = row


def took_a(connector: ConnectorRecord) -> float | None:
    """What the car takes on its busiest terminal."""
    return max((amps for amps in connector.current_a if amps is not None), default=None)


def _is_cut(row: DecisionRow) -> bool:
    return row.before_a is not None and row.limit_a < row.before_a and row.why.code in _BY_A_LINE and row.why.line != ""
