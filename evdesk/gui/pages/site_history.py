"""The chart's numbers: history in buckets on a fixed grid, read once per window and then only its tail."""

import time
from urllib.parse import quote

import numpy as np
from PySide6.QtCore import QObject, Signal

from evdesk.gui.charts import ChartData, Curve, floats
from evdesk.gui.charts.data import Floats
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.site_words import Place, markers, peak_notes, places, root_lines
from evdesk.gui.sentences import line_words
from evdesk.gui.text import limit, tr
from evdesk.model import ConnectorStatus, EvdeskError, Site
from evdesk.wire.methods import HistoryMany, HistoryReadMany

BUCKETS = 600
MOST_COLOURS = 8
ALL = "all"
_TAIL = 4


def source(place: Place) -> str:
    """The history's name of a connector."""
    return f"connector/{quote(place.charger.id, safe='')}/{place.connector.id}"


class Grid:
    """Buckets of `step` seconds from `first * step` on; one (low, mean, high) per series, NaN where unknown."""

    def __init__(self, names: list[str], start: float, end: float) -> None:
        self.names = names
        self.step = max(1.0, (end - start) / BUCKETS)
        self.first = int(start // self.step)
        self.size = int(end // self.step) + 1 - self.first
        self.rows = {name: np.full((3, self.size), np.nan) for name in names}

    @property
    def t(self) -> Floats:
        return np.asarray((np.arange(self.first, self.first + self.size) + 0.5) * self.step, dtype=np.float64)

    def roll(self, end: float) -> None:
        """Move the window on so that it ends with the bucket of `end`."""
        by = int(end // self.step) + 1 - self.first - self.size
        if by <= 0:
            return
        self.first += by
        for name, row in self.rows.items():
            fresh = np.full((3, self.size), np.nan)
            if by < self.size:
                fresh[:, : self.size - by] = row[:, by:]
            self.rows[name] = fresh

    def span(self, tail: bool) -> tuple[float, float, int]:
        """Start, end and number of buckets to read."""
        count = min(_TAIL, self.size) if tail else self.size
        end = (self.first + self.size) * self.step
        return end - count * self.step, end, count

    def take(self, answer: HistoryMany) -> None:
        for name, series in answer.series.items():
            if name not in self.rows or not series.t:
                continue
            index = np.floor(np.array(series.t) / self.step).astype(int) - self.first
            inside = (index >= 0) & (index < self.size)
            for i, values in enumerate((series.min, series.mean, series.max)):
                self.rows[name][i, index[inside]] = floats(values)[inside]


class HistoryFeed(QObject):
    """Reads what the chart shows. `changed()` when `data()` has new numbers."""

    changed = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self.phase = ""
        self._span: tuple[float, float] | None = None  # None = live
        self._window = 3600.0
        self._grid: Grid | None = None
        self._busy = False
        self._again = False
        self._read_at = 0.0
        self._arranged = -1  # the mirror's count when the names were made

    def want(self, phase: str, window: float, span: tuple[float, float] | None) -> None:
        """Show this phase ("L1", "all") over `window` seconds up to now, or over a fixed span."""
        if (phase, window, span) == (self.phase, self._window, self._span) and self._grid is not None:
            return
        self.phase, self._window, self._span = phase, window, span
        self._grid = None
        self.tick()

    def reload(self) -> None:
        """Read everything again: after a lost engine."""
        self._grid = None
        self.tick()

    def tick(self) -> None:
        """Call at each change of the mirror: reads what is missing, seldom enough."""
        if not self.phase or not self._mirror.connected:
            return
        arranged = self._mirror.arranged
        if self._grid is not None and arranged == self._arranged and not self._due():
            return
        names = self._names()
        fresh = self._grid is None or self._grid.names != names
        if self._busy:
            self._again = self._again or fresh
            return
        self._arranged = arranged
        start, end = self._span or (self._mirror.now() - self._window, self._mirror.now())
        if fresh or self._grid is None:
            self._grid = Grid(names, start, end)
        elif not self._due():
            return
        elif end - (self._grid.first + self._grid.size) * self._grid.step > (_TAIL - 2) * self._grid.step:
            self._grid = Grid(names, start, end)
            fresh = True
        else:
            self._grid.roll(end)
        self._busy = True
        self._client.spawn(self._read(self._grid, not fresh))

    def _due(self) -> bool:
        """A live window is read again when the next bucket may be there."""
        return self._span is None and time.monotonic() - self._read_at >= self._pause()

    def _pause(self) -> float:
        speed = self._mirror.info.speed if self._mirror.info is not None else 1.0
        step = self._grid.step if self._grid is not None else 6.0
        return min(30.0, max(1.0, step / 2 / max(speed, 0.1)))

    async def _read(self, grid: Grid, tail: bool) -> None:
        start, end, count = grid.span(tail)
        try:
            answer = await self._client.call("history.read_many", HistoryReadMany(grid.names, start, end, count))
        except EvdeskError:
            return  # the shell tells about a lost engine; what is drawn stays
        finally:
            self._busy = False
            self._read_at = time.monotonic()
        if grid is self._grid:
            grid.take(answer)
            self.changed.emit()
        if self._again or grid is not self._grid:
            self._again = False
            self.tick()

    def _field(self) -> str:
        return "power_w" if self.phase == ALL else f"current_{self.phase.lower()}_a"

    def _names(self) -> list[str]:
        field = self._field()
        sources = ["site", "other", *(["reserved"] if self.phase != ALL else [])]
        sources += [source(place) for place in places(self._mirror)]
        return [f"{name}:{field}" for name in sources]

    # -- from buckets to curves

    def data(self) -> ChartData:
        """What is known now as curves of the stack."""
        grid = self._grid
        if grid is None:
            return ChartData(floats([]))
        shown = places(self._mirror)
        line = next((one for one in root_lines(self._mirror) if one.phase == self.phase), None)
        site = self._mirror.site or Site()
        main = next((c.name for c in site.circuits if not c.parent), "Main")
        name = tr("Main breaker") if main == "Main" else line_words(main)
        start = grid.first * grid.step
        house = self._curve(grid, "other", tr("House"), "house")
        return ChartData(
            grid.t,
            (house, *self._cars(grid, shown)),
            total=self._curve(grid, "site", tr("Site"), "text"),
            reserved=None if self.phase == ALL else self._reserved(grid, shown),
            unit="kW" if self.phase == ALL else "A",
            title=tr("All") if self.phase == ALL else self.phase,
            limit=line.limit_a if line is not None else None,
            limit_name=f"{name} {limit(line.limit_a)}" if line is not None else "",
            markers=markers(self._mirror, start),
            notes=peak_notes(self._mirror, self.phase),
        )

    def _curve(self, grid: Grid, name: str, label: str, role: str) -> Curve:
        low, mean, high = grid.rows[f"{name}:{self._field()}"] / (1000.0 if self.phase == ALL else 1.0)
        return Curve(name, label, role, mean, low, high)

    def _cars(self, grid: Grid, shown: list[Place]) -> list[Curve]:
        """One layer per connector, or per circuit where there are more than eight."""
        curves = [(p, self._curve(grid, source(p), p.label, f"charger:{p.index % 8}")) for p in shown]
        if len(curves) <= MOST_COLOURS:
            return [curve for _, curve in curves]
        groups: dict[str, list[Curve]] = {}
        for place, curve in curves:
            groups.setdefault(place.circuit or tr("Chargers"), []).append(curve)
        return [_sum(name, f"charger:{i % 8}", members) for i, (name, members) in enumerate(groups.items())]

    def _reserved(self, grid: Grid, shown: list[Place]) -> Curve:
        """What is kept free; in a charger's colour where it is one charger's."""
        owners = [p for p in shown if p.connector.reserved_a > 0.05 or p.connector.status is ConnectorStatus.UNKNOWN]
        only = owners[0] if len(owners) == 1 and len(shown) <= MOST_COLOURS else None
        label, role = (only.label, f"charger:{only.index % 8}") if only else (tr("Kept free"), "muted")
        return self._curve(grid, "reserved", label, role)


def _sum(name: str, role: str, members: list[Curve]) -> Curve:
    stacked = np.array([curve.mean for curve in members])
    total = np.where(np.isfinite(stacked).any(axis=0), np.nansum(stacked, axis=0), np.nan)
    return Curve(name, name, role, total)
