"""The chart card: which phase, which window, follow, ways out."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QWidget

from evdesk.gui.charts import Exports, StackChart
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.site_history import ALL, HistoryFeed
from evdesk.gui.pages.site_words import root_lines, tightest_phase
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, Segmented

WINDOWS = {"900": 900.0, "3600": 3600.0, "21600": 21600.0, "86400": 86400.0, "604800": 604800.0}
SETTLE_S = 30.0
"""The name "tightest" follows a new phase only after it was tightest this long, so that it does not flicker."""


class ChartCard(Card):
    """The stack of one phase with its controls. `event_chosen(notice)` on a click on an event."""

    event_chosen = Signal(object)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror = mirror
        self._by_hand = False
        self._tightest = ""
        self._since = 0.0
        self.chart = StackChart(self)
        self.feed = HistoryFeed(mirror, client, self)
        self.phases = Segmented([], self)
        self.windows = Segmented(
            [
                ("900", tr("15 min")),
                ("3600", tr("1 h")),
                ("21600", tr("6 h")),
                ("86400", tr("24 h")),
                ("604800", tr("7 d")),
            ],
            self,
        )
        self.follow = QCheckBox(tr("Follow"), self)
        self.exports = Exports(self.chart, self)
        self.export = Button(tr("Export"), "export", parent=self, label=tr("Export the chart"), menu=self.exports.menu)
        self.table = Button("", "table", GHOST, self, label=tr("Show the numbers as a table"))
        self._build()
        self._connect()

    def _build(self) -> None:
        self.add_head(40)
        self.head.setContentsMargins(12, 0, 8, 0)
        self.head.insertWidget(0, self.phases)
        for widget in (self.windows, self.follow, self.export, self.table):
            self.head.addWidget(widget)
        self.windows.select("3600")
        self.follow.setChecked(True)
        self.phases.setAccessibleName(tr("Phase"))
        self.windows.setAccessibleName(tr("Window"))
        self.body.setContentsMargins(2, 2, 2, 2)
        self.body.addWidget(self.chart, 1)

    def _connect(self) -> None:
        self.phases.changed.connect(self._phase_chosen)
        self.windows.changed.connect(self._window_chosen)
        self.follow.toggled.connect(self.chart.set_follow)
        self.chart.follow_changed.connect(self._followed)
        self.chart.range_changed.connect(self._ranged)
        self.chart.marker_clicked.connect(self.event_chosen)
        self.feed.changed.connect(self._arrived)
        self.table.clicked.connect(self.exports.table)

    def refresh(self) -> None:
        """Called with each change of the mirror."""
        lines = root_lines(self._mirror)
        self.phases.setVisible(bool(lines))
        if not lines:
            return
        self._name_tightest(lines[0].phase if len(lines) == 1 else tightest_phase(lines))
        names = [
            (x.phase, tr("{phase}, tightest").format(phase=x.phase) if self._is_tight(x.phase) else x.phase)
            for x in lines
        ]
        self.phases.set_items([*names, (ALL, tr("All, kW"))])
        if not self._by_hand and self._tightest:
            self.phases.select(self._tightest)
        self._want()
        self.chart.set_now(self._mirror.now())
        self.feed.tick()

    def _is_tight(self, phase: str) -> bool:
        return phase == self._tightest

    def _name_tightest(self, phase: str) -> None:
        now = self._mirror.now()
        if phase == self._tightest or not phase:
            self._since = now
        elif not self._tightest or now - self._since >= SETTLE_S:
            self._tightest, self._since = phase, now

    def choose(self, phase: str) -> None:
        """A person chose a phase (also by its bar)."""
        self._by_hand = phase != self._tightest
        self.phases.select(phase)
        self._want()

    def _phase_chosen(self, phase: str) -> None:
        self._by_hand = phase != self._tightest
        self._want()

    def _window_chosen(self, key: str) -> None:
        self.chart.set_window(WINDOWS[key])
        self._want()

    def select_window(self, key: str) -> None:
        """Restore a window ("3600")."""
        if key in WINDOWS:
            self.windows.select(key)
            self._window_chosen(key)

    def _want(self) -> None:
        span = None if self.chart.follow else self.chart.visible()
        self.feed.want(self.phases.current(), self.chart.window_s(), span)

    def _followed(self, follow: bool) -> None:
        self.follow.setChecked(follow)
        if follow:
            self.chart.set_window(WINDOWS[self.windows.current()])
            self._want()

    def _ranged(self, _start: float, _end: float) -> None:
        self._want()

    def _arrived(self) -> None:
        self.chart.set_data(self.feed.data())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.export.setText("" if self.width() < 740 else tr("Export"))
