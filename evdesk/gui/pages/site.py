"""The Site page: is everything well, where is it tight, and what does each charger do and why."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import Need
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.site_chart import ChartCard
from evdesk.gui.pages.site_head import HeadStrip, LoadCard
from evdesk.gui.pages.site_side import ChargesCard, EventsCard
from evdesk.gui.pages.site_tiles import TileGrid
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import Card, EmptyState
from evdesk.model import Notice

WIDE = 1400
"""Width of the page (a window of 1600 without the rail) from which events and charges are shown."""
TICK_MS = 1000


class SitePage(Page):
    """Head figures, load per phase, the live stack, the tiles; events and charges where there is room."""

    name = "site"
    icon = "site"

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self.head = HeadStrip(mirror, self)
        self.load = LoadCard(mirror, self)
        self.chart = ChartCard(mirror, client, self)
        self.events = EventsCard(mirror, self)
        self.tiles = TileGrid(mirror, self)
        self.charges = ChargesCard(mirror, self)
        self.none = EmptyState(
            "charger",
            tr("No charger yet"),
            tr("Type the address into your charger and it shows up here."),
            tr("Connect a charger"),
        )
        self._shown = False
        self._title = ""
        self._build()
        self._connect()
        self._ages = QTimer(self)
        self._ages.setInterval(TICK_MS)
        self._ages.timeout.connect(self.refresh)
        self.refresh()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.head)
        middle = QHBoxLayout()
        middle.setSpacing(tokens.GAP)
        middle.addWidget(self.load)
        middle.addWidget(self.chart, 1)
        middle.addWidget(self.events)
        column.addLayout(middle, 10)
        self._tile_area = QScrollArea()
        self._tile_area.setWidgetResizable(True)
        self._tile_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._tile_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._tile_area.setWidget(self.tiles)
        self._empty_card = Card(parent=inside)
        self._empty_card.body.addWidget(self.none)
        self._lower = QStackedWidget()
        self._lower.addWidget(self._tile_area)
        self._lower.addWidget(self._empty_card)
        column.addWidget(self._lower)
        column.addWidget(self.charges)
        self.load.setFixedWidth(306)
        self.events.setFixedWidth(300)
        for card in (self.load, self.chart, self.events):
            card.setMinimumHeight(248)
        self.charges.setFixedHeight(222)
        self._outer = QScrollArea(self)
        self._outer.setWidgetResizable(True)
        self._outer.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._outer.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._outer.setWidget(inside)
        for area in (self._outer, self._tile_area):
            area.viewport().setAutoFillBackground(False)
        for widget in (inside, self.tiles):
            widget.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._outer)

    def _connect(self) -> None:
        self.mirror.changed.connect(self._changed)
        self.mirror.connection_changed.connect(self._connection)
        self.tiles.chosen.connect(self._to_charger)
        self.charges.chosen.connect(self._to_charger)
        self.load.chosen.connect(self.chart.choose)
        self.head.followed.connect(self._follow)
        self.events.chosen.connect(self._to_notice)
        self.chart.event_chosen.connect(self._to_notice)
        if self.none.button is not None:
            self.none.button.clicked.connect(self._to_connect)

    # -- page

    def title(self) -> str:
        return self.mirror.site.name if self.mirror.site is not None else tr("Site")

    def subtitle(self) -> str:
        if self.mirror.load is None:
            return ""
        now = self.mirror.now()
        return f"{text.day(now)}, {text.clock(now)}"

    def on_shown(self) -> None:
        self._shown = True
        self._ages.start()
        self.refresh()

    def on_hidden(self) -> None:
        self._shown = False
        self._ages.stop()

    def go(self, argument: object) -> None:
        """A phase ("L2") chooses the chart's phase."""
        if isinstance(argument, str):
            self.chart.choose(argument)

    def refresh(self) -> None:
        """Everything from the mirror; cheap where nothing changed."""
        self.head.refresh()
        self.load.refresh()
        count = self.tiles.refresh()
        self._lower.setCurrentIndex(0 if count else 1)
        self._fit(count)
        if self.events.isVisibleTo(self):
            self.events.refresh()
            self.charges.refresh()
        if self._shown:
            self.chart.refresh()
        title = f"{self.title()}/{self.subtitle()}"
        if title != self._title:
            self._title = title
            self.header_changed.emit()

    def _changed(self) -> None:
        if self._shown:
            self.refresh()

    def _connection(self, connected: bool) -> None:
        if connected:
            self.chart.feed.reload()

    # -- ways

    def _to_charger(self, charger_id: str) -> None:
        self.navigate.emit("chargers", charger_id)

    def _to_notice(self, notice: object) -> None:
        if not isinstance(notice, Notice):
            return
        if notice.charger_id:
            self.navigate.emit("chargers", notice.charger_id)
            return
        line = str(dict(notice.args).get("line", ""))
        if line:
            self.chart.choose(line.rpartition("/")[2])

    def _follow(self, need: object) -> None:
        if not isinstance(need, Need):
            return
        if need.page:
            self.navigate.emit(need.page, need.argument)
        elif need.verb:
            self.navigate.emit(need.verb, need.argument)

    def _to_connect(self) -> None:
        self.navigate.emit("connect", None)

    # -- room

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE
        if wide != self.events.isVisibleTo(self):
            self.events.setVisible(wide)
            self.charges.setVisible(wide)
            self.refresh()
        self.load.setFixedWidth(306 if self.width() >= 1040 else 268)
        self.events.setFixedWidth(300)
        QTimer.singleShot(0, self, self._fit_now)

    def _fit_now(self) -> None:
        self._fit(len(self.tiles.tiles()))

    def _fit(self, count: int) -> None:
        """Tiles as high as they need up to two thirds of the page; many of them scroll."""
        if not count:
            self._lower.setFixedHeight(220)
            return
        need = self.tiles.minimumSizeHint().height()
        room = need
        if self.tiles.compact:
            room = min(need, max(2 * 99, round(self.height() * 0.46)))
        if self._lower.height() != room:
            self._lower.setFixedHeight(room)
