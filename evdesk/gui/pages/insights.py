"""The Insights page: what balancing achieved, and whether the supply is large enough."""

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.insights_chart import BarChart
from evdesk.gui.pages.insights_export import InsightExports
from evdesk.gui.pages.insights_use import UseArea, UseBars
from evdesk.gui.pages.insights_words import ENERGY, FAIR, PEAK, WAIT, bars, cells, head, supply_words, titles
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel, TableRow
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.trust import trust_rows
from evdesk.gui.widgets import (
    GHOST,
    Button,
    Card,
    EmptyState,
    Figure,
    KeyValue,
    Label,
    Painted,
    Segmented,
    draw,
)
from evdesk.model import EvdeskError
from evdesk.wire.hints import HintTrust
from evdesk.wire.insights import Insight, InsightWindow

DAY_S = 86_400.0
SPANS = {"7": (7 * DAY_S, "day"), "30": (30 * DAY_S, "day"), "365": (365 * DAY_S, "month")}
AGAIN_MS = 60_000
SIDE_NARROW, SIDE, SIDE_WIDE = 290, 322, 400
WIDE = 1400
NARROW = 1060


class HeadFigures(Painted):
    """Six figures in one card."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(86)
        self.figures = {
            "given": Figure(tr("Energy given"), self),
            "charges": Figure(tr("Charges"), self),
            "fair": Figure(tr("Fairness"), self),
            "saved": Figure(tr("Peak saved"), self),
            "held": Figure(tr("Held back"), self),
            "over": Figure(tr("Above a rating"), self),
        }
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 8, 8)
        row.setSpacing(14)
        for figure in self.figures.values():
            row.addWidget(figure, 1, Qt.AlignmentFlag.AlignTop)

    def show_total(self, got: Insight) -> None:
        for name, told in head(got.total).items():
            self.figures[name].set(told.value, told.unit, told.second, told.role)

    def copy_text(self) -> str:
        return "\n".join(f.accessibleName() for f in self.figures.values())

    def paintEvent(self, event: QPaintEvent) -> None:
        draw.card(QPainter(self), QRectF(self.rect()))


class InsightsPage(Page):
    """F5 reads again; `go("peak")` chooses a chart: energy, peak, fair or wait."""

    name = "insights"
    icon = "bars"

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self.got: Insight | None = None
        self._asked = 0
        self.head = HeadFigures(self)
        self.kinds = Segmented(
            [(ENERGY, tr("Energy")), (PEAK, tr("Peak")), (FAIR, tr("Fairness")), (WAIT, tr("Held back"))], self
        )
        self.spans = Segmented([("7", tr("7 days")), ("30", tr("30 days")), ("365", tr("12 months"))], self)
        self.chart = BarChart(self)
        self.exports = InsightExports(self.chart, self._shown_now, self)
        self.export = Button(tr("Export"), "export", parent=self, label=tr("Export"), menu=self.exports.menu)
        self.table = Button("", "table", GHOST, self, label=tr("Show the numbers as a table"))
        self.model = RowsModel(titles(False), -1, self)
        self.grid = Grid(tr("The numbers as a table"), 32, self)
        self.use = UseBars(self)
        self.note = Label("", "small", "danger", self, wrap=True)
        self.empty = EmptyState(
            "bars",
            tr("Nothing to show yet"),
            tr("After the first charge, this page tells what balancing achieved: energy, fairness, peaks, waiting."),
        )
        self._timer = QTimer(self, interval=AGAIN_MS)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        self.spans.select("30")
        self.kinds.setAccessibleName(tr("Chart"))
        self.spans.setAccessibleName(tr("Time"))
        self.grid.setItemDelegate(RowsDelegate(self.grid))
        self.grid.setModel(self.model)
        self.grid.set_widths((96, 86, 86, 56, 66, 70, 84, 76, 70, 104, 86, 94), 0)
        self.grid.horizontalHeader().setMinimumSectionSize(56)
        self.main = Card("", self, padding=0)
        self.main.add_head(40)
        self.main.setMinimumWidth(580)  # the export button loses its word before anything is cut
        self.main.head.setContentsMargins(12, 0, 8, 0)
        self.main.head.insertWidget(0, self.kinds)
        for widget in (self.spans, self.export, self.table):
            self.main.head.addWidget(widget)
        self.pictures = QStackedLayout()
        self.pictures.addWidget(self.chart)
        self.pictures.addWidget(self.grid)
        self.main.body.setContentsMargins(2, 2, 2, 2)
        self.main.body.addLayout(self.pictures)
        inside = QWidget(self)
        middle = QHBoxLayout(inside)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(tokens.GAP)
        middle.addWidget(self.main, 1)
        middle.addWidget(self._side())
        blank = Card(parent=self)
        blank.body.addWidget(self.empty)
        self.stack = QStackedLayout()
        self.stack.addWidget(inside)
        self.stack.addWidget(blank)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.head)
        column.addWidget(self.note)
        column.addLayout(self.stack, 1)
        self.note.hide()

    def _side(self) -> QWidget:
        self.side = QWidget(self)
        self.side.setFixedWidth(SIDE)
        column = QVBoxLayout(self.side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.GAP)
        used = Card(tr("Use of each charger"), self.side, padding=0, head_height=36)
        used.head.addWidget(Label(tr("light: plugged in"), "small", "muted", used))
        self.area = UseArea(self.use, used)
        used.body.setContentsMargins(0, 0, 0, 0)
        used.body.addWidget(self.area)
        large = Card(tr("Is the supply large enough?"), self.side, head_height=36, padding=12)
        self.supply = KeyValue(large, columns=1)
        large.body.addWidget(self.supply)
        self.trust = Label("", "small", "muted", large, wrap=True, selectable=True)
        self.trust.hide()
        large.body.addWidget(self.trust)
        column.addWidget(used, 1)
        column.addWidget(large)
        return self.side

    def _wire(self) -> None:
        self.kinds.changed.connect(self._show)
        self.spans.changed.connect(self.read)
        self.table.clicked.connect(self._turn)
        self.use.chosen.connect(self._to_charger)
        self.exports.failed.connect(self._say)
        self.mirror.connection_changed.connect(self._connection)
        self._timer.timeout.connect(self.read)
        again = QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self)
        again.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.activated.connect(self.read)

    # -- what the shell asks --------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        return tr("what balancing achieved")

    def on_shown(self) -> None:
        self._timer.start()
        self.read()

    def on_hidden(self) -> None:
        self._timer.stop()

    def go(self, argument: object) -> None:
        if isinstance(argument, str) and argument in (ENERGY, PEAK, FAIR, WAIT):
            self.kinds.select(argument)
            self._show()

    def place(self) -> object:
        return self.kinds.current()

    # -- reading --------------------------------------------------------------------------------------------------

    def read(self) -> None:
        if self.mirror.connected:
            self._asked += 1
            self.client.spawn(self._read(self._asked, self.spans.current()))

    async def _read(self, number: int, span: str) -> None:
        seconds, by = SPANS[span]
        now = self.mirror.now()
        try:
            got: Insight = await self.client.call("insight.energy", InsightWindow(now - seconds + 1, now, by))
            trust: HintTrust = await self.client.call("hint.trust")
        except EvdeskError as error:
            self._say(error.sentence)
            return
        if number == self._asked:  # a person may have chosen another span meanwhile
            self._say("")
            self.got = got
            self._show()
            self._show_trust(trust)

    def _show(self) -> None:
        got = self.got
        if got is None:
            return
        monthly = self.spans.current() == "365"
        self.stack.setCurrentIndex(0 if got.oldest_at is not None else 1)
        self.head.show_total(got)
        self.chart.set_bars(bars(self.kinds.current(), got, monthly))
        self.model.titles = titles(monthly)
        rows = [TableRow(row.name, cells(row, monthly)) for row in reversed(got.rows)]
        self.model.set_rows(rows)
        self.use.show_uses(got.chargers, [self.mirror.charger_index(use.charger_id) for use in got.chargers])
        self.area.fit()
        for name, value, role in supply_words(got, monthly):
            self.supply.set(name, value, role)

    def _show_trust(self, trust: HintTrust) -> None:
        """How right statements about departures and energies have been; nothing while none has been judged."""
        rows = [f"{name}: {value}" for name, value in trust_rows(trust)]
        self.trust.setText("".join(rows[:1]))
        self.trust.setToolTip("\n".join(rows))
        self.trust.setVisible(bool(rows))

    def _shown_now(self) -> Insight | None:
        return self.got

    def _turn(self) -> None:
        """Chart or table."""
        table = self.pictures.currentIndex() == 0
        self.pictures.setCurrentIndex(1 if table else 0)
        self.side.setVisible(not table)
        words = tr("Show the chart") if table else tr("Show the numbers as a table")
        self.table.setToolTip(words)
        self.table.setAccessibleName(words)

    def _say(self, sentence: str) -> None:
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))

    def _to_charger(self, charger_id: str) -> None:
        self.navigate.emit("chargers", charger_id)

    def _connection(self, connected: bool) -> None:
        if connected and self.isVisible():
            self.read()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self.side.setFixedWidth(SIDE_NARROW if narrow else SIDE_WIDE if self.width() >= WIDE else SIDE)
        self.export.setText("" if narrow else tr("Export"))
