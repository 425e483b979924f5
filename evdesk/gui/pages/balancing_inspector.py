"""The inspector: the chosen part of the diagram, in bars and words."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from evdesk.gui import text
from evdesk.gui.pages.balancing_inspect_words import Bar, Told
from evdesk.gui.pages.balancing_outlets import GRID, METER
from evdesk.gui.pages.balancing_symbols import amps_role, figure, line_bar
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Card, Chip, ElidedLabel, Label, Painted, Rule, draw
from evdesk.model import PHASES

ROW = 22


class Bars(Painted):
    """Lines of name, bar, value and what is free."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set(self, bars: tuple[Bar, ...]) -> None:
        if bars == self._bars:
            return
        if len(bars) != len(self._bars):
            self.updateGeometry()
        self._bars = bars
        said = [f"{bar.line.phase} {text.amps(bar.line.total_a)} {bar.beside}" for bar in bars]
        self.setAccessibleName(", ".join(said))
        self.setVisible(bool(bars))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, ROW * len(self._bars))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, ROW * len(self._bars))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        beside = max((draw.width(bar.beside, "small") for bar in self._bars), default=0.0)
        figures = [figure(bar.line) for bar in self._bars]
        value = max([40.0, *(draw.width(words, "card") + 8 for words in figures)])
        for place, bar in enumerate(self._bars):
            middle = place * ROW + ROW / 2
            base = middle + draw.metrics("chip").capHeight() / 2
            line = bar.line
            draw.text(painter, 0, base, line.phase, "chip", line.phase if line.phase in PHASES else "muted")
            right = self.width() - beside - 8
            line_bar(painter, QRectF(28, middle - 5, max(20.0, right - value - 28), 10), line)
            draw.text_right(painter, right, base, figures[place], "card", amps_role(line))
            draw.text_right(painter, self.width(), base, bar.beside, "small", bar.role)


class Pairs(QWidget):
    """Names and values that change in place; rows come and go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, 66)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[Label, Label]] = []

    def set(self, rows: tuple[tuple[str, str, str], ...]) -> None:
        while len(self._rows) < len(rows):
            name, value = (
                Label("", "small", "muted", self),
                Label("", "small", "text", self, wrap=True, selectable=True),
            )
            top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
            self._grid.addWidget(name, len(self._rows), 0, top)
            self._grid.addWidget(value, len(self._rows), 1, Qt.AlignmentFlag.AlignTop)
            name.setBuddy(value)
            self._rows.append((name, value))
        for place, (name, value) in enumerate(self._rows):
            shown = place < len(rows)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                one, words, role = rows[place]
                if name.text() != one:
                    name.setText(one)
                if value.text() != words:
                    value.setText(words)
                value.setAccessibleName(f"{one}: {words}")
                value.set_role(role)

    def value(self, name: str) -> str:
        """What stands beside a name; "" where it is not there."""
        return next((v.text() for n, v in self._rows if n.text() == name and not n.isHidden()), "")


class Inspector(Card):
    """`navigate(page or deed, argument)`: its buttons lead to the charger's page, its drill, the wiring."""

    navigate = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(" ", parent, head_height=40)
        self.told: Told | None = None
        self.kind = ElidedLabel("", "small", "muted", self)
        self.chip = Chip(None, self)
        self.head.insertWidget(1, self.kind, 1)
        self.head.addWidget(self.chip)
        self.bars = Bars(self)
        self.rule = Rule(self)
        self.pairs = Pairs(self)
        self.open = Button(tr("Open"), "arrow-right", parent=self, dense=True, label=tr("Open the charger's page"))
        self.drill = Button(tr("Drill"), "play", parent=self, dense=True)
        self.wiring = Button(tr("Wiring"), "circuit", parent=self, dense=True)
        self.limit = Button(tr("Limit the power"), "gauge", parent=self, dense=True)
        self.limit.clicked.connect(self._limit)
        self.wiring.clicked.connect(self._wiring)
        self.open.clicked.connect(self._open)
        self.drill.clicked.connect(self._drill)
        self.body.setSpacing(10)
        self.body.addWidget(self.bars)
        self.body.addWidget(self.rule)
        self.body.addWidget(self.pairs)
        self._deeds = QHBoxLayout()
        self._deeds.setSpacing(8)
        self._deeds.addWidget(self.open)
        self._deeds.addWidget(self.drill)
        self._deeds.addWidget(self.wiring)
        self._deeds.addWidget(self.limit)
        self._deeds.addStretch(1)
        self.body.addLayout(self._deeds)
        self.drill.hide()

    def show_told(self, told: Told, live: bool) -> None:
        """Change in place."""
        if self.told == told and self.isVisible():
            return
        self.told = told
        self.title.setText(told.title)
        self.kind.setText(told.kind)
        self.chip.set_look(told.chip or Look("", "", "muted"))
        self.chip.setVisible(told.chip is not None)
        self.bars.set(told.bars)
        self.rule.setVisible(bool(told.bars))
        self.pairs.set(told.rows)
        self.open.setVisible(bool(told.charger))
        self.wiring.setVisible(bool(told.charger) or told.key == METER)
        self.limit.setVisible(told.key == GRID)
        self.setAccessibleName(f"{told.title}, {told.kind}")

    def offer_drill(self, reason: str | None) -> None:
        """None: no drill here; "": it can be started; else why not."""
        self.drill.setVisible(reason is not None)
        self.drill.why_off(reason or "")

    def _open(self) -> None:
        if self.told is not None:
            self.navigate.emit("chargers", self.told.charger)

    def _drill(self) -> None:
        if self.told is not None:
            self.navigate.emit("drill", self.told.charger)

    def _limit(self) -> None:
        self.navigate.emit("power_limit", None)

    def _wiring(self) -> None:
        self.navigate.emit("wiring", None)
