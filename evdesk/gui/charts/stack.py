"""The live stack of one phase (or of all power): house, chargers, what is kept free, the limit."""

import numpy as np
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from evdesk.gui.charts import parts
from evdesk.gui.charts.chart import Chart
from evdesk.gui.charts.data import Curve
from evdesk.gui.charts.drawing import Drawing
from evdesk.gui.charts.labels import Row, Tag
from evdesk.gui.charts.parts import Scale
from evdesk.gui.text import clock, number, tr


class StackDrawing(Drawing):
    """Stacked areas from `ChartData.curves` (bottom first), with `reserved` hatched on top and the `limit` line."""

    def axis_top(self) -> float:
        data = self.shown
        tops = np.fmax(data.peaks(), data.tops())
        kept = np.nan_to_num(data.reserved.mean) if data.reserved is not None else 0.0
        high = float(np.nanmax(tops + kept)) if data.t.size and np.isfinite(tops).any() else 0.0
        return max(high * 1.05, (self.data.limit or 0.0) * 1.2, 4.0)

    def paint(self, painter: QPainter, scale: Scale) -> None:
        parts.paint_stack(painter, self.shown, scale)
        parts.paint_limit(painter, self.shown, scale)
        parts.paint_peaks(painter, self.shown, scale)

    def tags(self, scale: Scale) -> list[Tag]:
        """Labels of the layers that carry something at the right end."""
        data = self.shown
        known = np.flatnonzero(data.known())
        if known.size == 0:
            return []
        i = int(known[-1])
        found: list[Tag] = []
        base = 0.0
        for curve in data.curves:
            value = curve.at(i)
            if value is None or value < 0.05:
                continue
            found.append(Tag(curve.label, number(value), curve.role, scale.y(base + value / 2)))
            base += value
        kept = data.reserved.at(i) if data.reserved is not None else None
        if data.reserved is not None and kept is not None and kept > parts.THIN:
            total = float(data.tops()[i])
            found.append(Tag(data.reserved.label, number(kept), data.reserved.role, scale.y(total + kept / 2), True))
        return found

    def rows(self, index: int) -> list[Row]:
        """The read-out in the order of the stack, top first, and the sum."""
        data = self.data
        found: list[Row] = []
        kept = data.reserved.at(index) if data.reserved is not None else None
        if data.reserved is not None and kept is not None and kept > parts.THIN:
            found.append(
                Row(tr("{label}, kept").format(label=data.reserved.label), self.words(kept), data.reserved.role, True)
            )
        shown = [c for c in data.curves if self._is_there(c, index)]
        found += [Row(c.label, self.words(c.at(index)), c.role) for c in reversed(shown)]
        value = float(data.sums()[index])
        found.append(Row(tr("Sum"), self.words(None if np.isnan(value) else value), ""))
        return found

    def _is_there(self, curve: Curve, index: int) -> bool:
        """Known and not nothing; or unknown in the middle of a time in which it was known."""
        value = curve.at(index)
        if value is not None:
            return value >= parts.THIN
        return bool(np.nanmax(np.nan_to_num(self._part_of(curve)), initial=0.0) > 0.5)

    def _part_of(self, curve: Curve) -> np.ndarray:
        return next((c.mean for c in self.shown.curves if c.key == curve.key), curve.mean)

    def ring(self, index: int) -> float | None:
        value = float(self.data.tops()[index])
        return None if np.isnan(value) else value

    def sentence(self) -> str:
        """ "L2 55.2 A of 63 A, highest 74.9 A at 18:05" """
        data = self.shown
        tops, sums = data.peaks(), data.sums()
        known = np.flatnonzero(np.isfinite(sums))
        if known.size == 0:
            return tr("{name}: no measurement in this window").format(name=self.data.title or tr("Load"))
        last, high = float(sums[known[-1]]), int(np.nanargmax(tops))
        of = tr(" of {limit} {unit}").format(limit=number(data.limit, 0), unit=data.unit) if data.limit else ""
        return tr("{name} {last} {unit}{of}, highest {high} {unit} at {at}").format(
            name=self.data.title, last=number(last), unit=data.unit, of=of, high=number(float(tops[high])),
            at=clock(float(data.t[high])),
        )  # fmt: skip


class StackChart(Chart):
    """The stack with window, follow and crosshair."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(StackDrawing(), parent)
