"""The live plot of one connector: three phases and the limit that steps, from the engine's history."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui.charts import ChartData, Curve, LineChart, Marker, floats
from evdesk.gui.mirror import Mirror
from evdesk.gui.notice_words import notice_look
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.text import clock_s, number, tr
from evdesk.gui.widgets import GHOST, Button, Label, Segmented, copy
from evdesk.model import PHASES
from evdesk.wire.methods import HistoryMany

WINDOWS_S = {"15": 900.0, "60": 3600.0, "360": 21_600.0}


class ConnectorPlot(QWidget):
    """Shows what `show_history` gives it; `wanted` says that another window is in view and wants to be read."""

    wanted = Signal()

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror = mirror
        self.chart = LineChart(self)
        self.chart.setMinimumHeight(150)
        self.setMaximumHeight(360)
        self.chart.set_window(WINDOWS_S["15"])
        self.title = Label(tr("Ampere per phase"), "small", "muted", self)
        self.windows = Segmented([("15", tr("15 min")), ("60", tr("1 h")), ("360", tr("6 h"))], self)
        self.copy = Button("", "copy", GHOST, self, label=tr("Copy the values as a table"), dense=True)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title, 1)
        head.addWidget(self.windows)
        head.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.chart)
        self.windows.changed.connect(self._window_chosen)
        self.copy.clicked.connect(lambda: copy(self.table()))
        self.chart.range_changed.connect(lambda _start, _end: self.wanted.emit())

    def span(self) -> tuple[float, float]:
        """Start and end to be read: what is in view while one looks back, else the window up to now."""
        if not self.chart.follow:
            return self.chart.visible()
        now = self._mirror.now()
        return now - self.chart.window_s(), now

    def clear(self) -> None:
        self.chart.set_data(ChartData(floats([])))
        self.chart.set_steps(None)
        self.chart.set_follow(True)

    def show_history(self, told: HistoryMany, names: list[str], row: ConnectorRow) -> None:
        """`names`: the three phases, then the limit, as they were asked for."""
        t = floats(told.t)
        curves = tuple(
            Curve(phase, phase, phase, floats(one.mean), floats(one.min), floats(one.max))
            for phase, name in zip(PHASES, names, strict=False)
            if (one := told.series.get(name)) is not None
        )
        limit = told.series.get(names[3])
        self.chart.set_data(ChartData(t, curves, unit="A", markers=self._markers(row)))
        self.chart.set_steps(None if limit is None else Curve("limit", tr("Limit"), "text", floats(limit.mean)))
        self.chart.set_now(self._mirror.now())

    def _markers(self, row: ConnectorRow) -> tuple[Marker, ...]:
        """What happened at this connector."""
        found = []
        for notice in self._mirror.notices:
            if notice.charger_id == row.charger.id and notice.connector_id in (0, row.connector.id):
                look = notice_look(notice, row.label)
                role = look.role if look.role in ("warn", "danger") else "muted"
                found.append(Marker(notice.at, look.icon, role, f"{clock_s(notice.at)} {look.word}", notice.id))
        return tuple(found)

    def table(self) -> str:
        """The plot as tab separated text: time, three phases, limit."""
        data, steps = self.chart.data, self.chart.extra()
        curves = [*data.curves, *([steps] if steps is not None else [])]
        lines = ["\t".join([tr("Time"), *(f"{c.label} A" for c in curves)])]
        for i, at in enumerate(data.t):
            lines.append("\t".join([clock_s(float(at)), *(number(c.at(i), short=True) for c in curves)]))
        return "\n".join(lines)

    def _window_chosen(self, key: str) -> None:
        self.chart.set_window(WINDOWS_S[key])
        self.wanted.emit()
