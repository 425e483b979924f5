"""Versions over time with their table twin: the same spans as a strip or as rows."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.firmware_export import Sheetful
from evdesk.gui.pages.firmware_strip import StripArea, VersionStrip
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel, TableRow
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Label, Rule
from evdesk.model.firmware import FleetModel

LANES_MOST = 4
HEAD = 38


class VersionsPanel(QWidget):
    """`picked(key)`: a model was pressed in the strip."""

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = 0.0
        self._room = 0
        self.strip = VersionStrip(self)
        self.area = StripArea(self.strip, LANES_MOST, self)
        self.button = Button("", "table", GHOST, self, label=tr("Versions over time as a table"), dense=True)
        self.twin = Grid(tr("Versions over time as a table"), 30, self)
        self.rows = RowsModel((tr("Model"), tr("Version"), tr("From"), tr("Until")), -1, self)
        self.twin.setItemDelegate(RowsDelegate(self.twin))
        self.twin.setModel(self.rows)
        self.twin.set_widths((150, 120, 110, 110), 3)
        self.twin.whole_rows()
        self.twin.hide()
        head = QHBoxLayout()
        head.setContentsMargins(12, 3, 8, 0)
        head.addWidget(Label(tr("Versions over time, newest per model"), "chip", parent=self))
        head.addStretch(1)
        head.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Rule(self))
        column.addLayout(head)
        column.addWidget(self.area)
        column.addWidget(self.twin)
        self.strip.picked.connect(self.picked)
        self.button.clicked.connect(self.turn)

    def show_models(self, models: Sequence[FleetModel], now: float) -> None:
        self._now = now
        self.strip.show_models(models, now)
        self._fit()
        self.rows.set_rows([TableRow("/".join(row), row) for row in self._cells()])

    def set_room(self, height: int) -> None:
        """So high in all; 0 as high as the lanes need."""
        if height != self._room:
            self._room = height
            self._fit()

    def _fit(self) -> None:
        self.area.fit(self._room - HEAD if self._room else 0)
        self.twin.setFixedHeight(max(110, self.area.height()))

    def known(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.strip.lanes())

    def sheet(self) -> Sheetful:
        return Sheetful("versions-over-time", self.rows.titles, self._cells())

    def turn(self) -> None:
        """Strip or table."""
        table = self.twin.isHidden()
        self.twin.setVisible(table)
        self.area.setVisible(not table)
        words = tr("Versions over time as a strip") if table else tr("Versions over time as a table")
        self.button.set_icon("bars" if table else "table")
        self.button.setToolTip(words)
        self.button.setAccessibleName(words)

    def _cells(self) -> list[tuple[str, ...]]:
        now = self._now
        return [
            (lane.name, span.version, text.date(span.start, now), tr("now") if span.last else text.date(span.end, now))
            for lane in self.strip.lanes()
            for span in reversed(lane.spans)
        ]
