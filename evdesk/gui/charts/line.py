"""Lines: the phases of one charger with the limit that steps."""

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


class LineDrawing(Drawing):
    """Overlapping lines from `ChartData.curves`, and `steps`: the limit over the same buckets, dashed."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: Curve | None = None

    def extra(self) -> Curve | None:
        return self.steps

    def _limit(self) -> Curve | None:
        return self.steps if self.steps is not None and self.steps.mean.size == self.data.t.size else None

    def axis_top(self) -> float:
        highs = [c.high if c.high is not None else c.mean for c in self.shown.curves]
        limit = self._limit()
        if limit is not None:
            highs.append(limit.mean)
        best = max((float(np.nanmax(h)) for h in highs if h.size and np.isfinite(h).any()), default=0.0)
        return max(best * 1.15, 1.0)

    def paint(self, painter: QPainter, scale: Scale) -> None:
        parts.paint_lines(painter, self.shown, scale)
        limit = self._limit()
        if limit is not None:
            part = self.shown.t
            first = int(np.searchsorted(self.data.t, part[0]))
            mean = limit.mean[first : first + part.size]
            if mean.size == part.size:
                parts.paint_steps(painter, scale.xs(part), mean, scale)

    def tags(self, scale: Scale) -> list[Tag]:
        found: list[Tag] = []
        for curve in (*self.shown.curves, *(() if (limit := self._limit()) is None else (limit,))):
            known = np.flatnonzero(np.isfinite(curve.mean))
            if known.size:
                value = float(curve.mean[known[-1]])
                found.append(Tag(curve.label, number(value), curve.role, scale.y(value)))
        return found

    def rows(self, index: int) -> list[Row]:
        curves = (*self.data.curves, *(() if (limit := self._limit()) is None else (limit,)))
        return [Row(c.label, self.words(c.at(index)), c.role) for c in curves]

    def sentence(self) -> str:
        said: list[str] = []
        for curve in self.shown.curves:
            known = np.flatnonzero(np.isfinite(curve.mean))
            if known.size == 0:
                continue
            high = int(np.nanargmax(curve.high if curve.high is not None else curve.mean))
            said.append(
                tr("{name} {last} {unit}, highest {high} at {at}").format(
                    name=curve.label,
                    last=number(float(curve.mean[known[-1]])),
                    unit=self.data.unit,
                    high=number(float((curve.high if curve.high is not None else curve.mean)[high])),
                    at=clock(float(self.shown.t[high])),
                )
            )
        return "; ".join(said) or tr("No measurement in this window")


class LineChart(Chart):
    """Lines with window, follow and crosshair. `set_steps` gives the limit curve."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._lines = LineDrawing()
        super().__init__(self._lines, parent)

    def set_steps(self, limit: Curve | None) -> None:
        """The limit over the same buckets as the data; drawn dashed, stepping after."""
        self._lines.steps = limit
        self.schedule()
