"""The left card of the Firmware page: filter, segments, the tables, and versions over time under them."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.firmware_export import FleetExports, Sheetful
from evdesk.gui.pages.firmware_history import SeenList
from evdesk.gui.pages.firmware_jobs import JobList
from evdesk.gui.pages.firmware_lately import LatelyPanel
from evdesk.gui.pages.firmware_model import BY_MODEL, BY_STATE, FleetTable, rows_of, titles
from evdesk.gui.pages.firmware_table import FleetView
from evdesk.gui.pages.firmware_twin import VersionsPanel
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Card, EmptyState, Rule, SearchField, Segmented
from evdesk.model.firmware import FleetState, FleetVersions, VersionSeen

HISTORY, JOBS = "history", "jobs"
SEGMENTS = (BY_MODEL, BY_STATE, HISTORY, JOBS)
TIGHT = 640
SHORT, TALL, WIDE = 420, 740, 1000
"""Below a height the strip gives its room to the table; above these the newest changes stand beside it."""
LATELY = 226


class FleetCard(Card):
    """`seen_wanted(bool)`: whether everybody's history is in sight. `searched(words)`, `narrowed(state or None)`;
    `charger_asked(id)`, `connect_asked()`."""

    seen_wanted = Signal(bool)
    searched = Signal(str)
    charger_asked = Signal(str)
    connect_asked = Signal()
    narrowed = Signal(object)  # a state, or None

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror = mirror
        self._narrowed: FleetState | None = None
        self.search = SearchField(tr("Filter"), self)
        segments = [
            (BY_MODEL, tr("By model")),
            (BY_STATE, tr("By state")),
            (HISTORY, tr("History")),
            (JOBS, tr("Jobs")),
        ]
        self.segments = Segmented(segments, self)
        self.table = FleetTable(mirror.now, self)
        self.view = FleetView(self.table, self)
        self.seen = SeenList(mirror.label, self)
        self.jobs = JobList(self)
        self.versions = VersionsPanel(self)
        self.lately = LatelyPanel(mirror.label, self)
        self.exports = FleetExports(client, self.shown, self.versions.sheet, self.versions.strip.picture, self)
        self.export = Button(tr("Export"), "export", parent=self, label=tr("Export"), menu=self.exports.menu)
        self.open = Button(tr("Open"), "arrow-right", parent=self)
        self.empty = EmptyState("chip", "", "", tr("Show everything"), self)
        self._act = ""
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        self.segments.setAccessibleName(tr("Table"))
        self.body.setSpacing(0)
        self.body.setContentsMargins(0, 0, 0, 6)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 7)
        tools.setSpacing(8)
        self.search.setMinimumWidth(84)
        self.search.setMaximumWidth(190)
        self.search.setClearButtonEnabled(False)
        tools.addWidget(self.search, 1)
        tools.addWidget(self.segments)
        tools.addStretch(1)
        tools.addWidget(self.open)
        tools.addWidget(self.export)
        self.body.addLayout(tools)
        self.body.addWidget(Rule(self))
        self.stack = QStackedLayout()
        for widget in (self.view, self.seen, self.jobs, self.empty):
            self.stack.addWidget(widget)
        self.body.addLayout(self.stack, 1)
        lower = QHBoxLayout()
        lower.setSpacing(0)
        lower.addWidget(self.versions, 3)
        lower.addWidget(self.lately, 2)
        self.body.addLayout(lower)
        self.lately.setFixedHeight(LATELY)
        self.lately.hide()
        self.open.hide()

    def _wire(self) -> None:
        self.search.textChanged.connect(self._searched)
        self.segments.changed.connect(self._turned)
        self.versions.picked.connect(self._to_model)
        self.lately.picked.connect(self.charger_asked)
        self.seen.picked.connect(self.charger_asked)
        self.open.clicked.connect(self.jobs.open_selected)
        self.jobs.selectionModel().currentRowChanged.connect(self._enable_open)
        if self.empty.button is not None:
            self.empty.button.clicked.connect(self._empty_pressed)

    # -- showing ------------------------------------------------------------------------------------------------------

    def show_fleet(self, fleet: FleetVersions) -> None:
        self.table.set_fleet(fleet)
        self.versions.show_models(fleet.models, self._mirror.now())
        self.refresh()

    def show_seen(self, seen: Sequence[VersionSeen]) -> None:
        self.seen.show_rows(seen, self._mirror.now())
        self.lately.show_rows(seen, self._mirror.now())
        self.refresh()

    def narrow(self, state: FleetState | None) -> None:
        """Only chargers of one state; the tables of chargers come to the front."""
        self._narrowed = state
        self.table.only(state)
        self.narrowed.emit(state)
        if self.segment() not in (BY_MODEL, BY_STATE):
            self.turn(BY_MODEL)
        self.refresh()

    def segment(self) -> str:
        return self.segments.current()

    def turn(self, segment: str) -> None:
        """Bring a table to the front."""
        self.segments.select(segment)
        self._turned(segment)

    def refresh(self) -> None:
        """The table in front, or what to say where it has no rows."""
        segment = self.segment()
        front: QWidget = {HISTORY: self.seen, JOBS: self.jobs}.get(segment, self.view)
        count = {HISTORY: len(self.seen.rows.rows), JOBS: len(self.jobs.rows.rows)}.get(segment, len(self.table.items))
        self.stack.setCurrentWidget(front if count else self.empty)
        below = segment in (BY_MODEL, BY_STATE) and self.versions.known() and self.height() > SHORT
        self.versions.setVisible(below)
        large = below and self.height() > TALL and self.width() > WIDE
        self.lately.setVisible(large)
        self.versions.set_room(LATELY if large else 0)
        self.open.setVisible(segment == JOBS)
        if not count:
            self._say_empty(segment)

    def _say_empty(self, segment: str) -> None:
        act, words, advice, button = "", "", "", ""
        if self.search.text() or (self._narrowed and segment in (BY_MODEL, BY_STATE)):
            act, words, button = "all", tr("Nothing fits the filter"), tr("Show everything")
        elif segment == JOBS:
            words, advice = tr("No job yet"), tr("Updates and fetched logs are listed here, and stay.")
        elif segment == HISTORY:
            words, advice = tr("No version seen yet"), tr("A charger tells its version each time it starts.")
        elif self._mirror.accepted():
            words, advice = tr("No version told yet"), tr("A charger tells its version each time it starts.")
        else:
            act, words = "connect", tr("No charger yet")
            advice, button = tr("Type the address into your charger and it shows up here."), tr("Connect a charger")
        self._act = act
        self.empty.set_words(words, advice)
        if self.empty.button is not None:
            self.empty.button.setVisible(bool(button))
            self.empty.button.setText(button)
            self.empty.button.setAccessibleName(button)
            self.empty.button.set_icon("eye" if act == "all" else "plus")

    def wants_seen(self) -> bool:
        return self.segment() == HISTORY or not self.lately.isHidden()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()
        self.seen_wanted.emit(self.wants_seen())

    def fit(self, room: int) -> None:
        self.view.fit(room)
        self.seen.fit(room)
        self.jobs.fit(room)
        self.export.setText("" if room < TIGHT else tr("Export"))
        self.export.updateGeometry()

    # -- ways out -----------------------------------------------------------------------------------------------------

    def shown(self) -> Sheetful:
        """The table in front as plain cells."""
        segment = self.segment()
        if segment in (BY_MODEL, BY_STATE):
            return Sheetful("firmware", titles(), rows_of(self.table))
        rows = self.seen.rows if segment == HISTORY else self.jobs.rows
        return Sheetful(f"firmware-{segment}", rows.titles, [row.cells for row in rows.rows])

    # -- acting -------------------------------------------------------------------------------------------------------

    def _searched(self, typed: str) -> None:
        self.table.search(typed)
        for rows in (self.seen.rows, self.jobs.rows):
            rows.search(typed.casefold())
        self.searched.emit(typed)
        self.refresh()

    def _turned(self, segment: str) -> None:
        if segment in (BY_MODEL, BY_STATE):
            self.view.group_by(segment)
            self.view.fit(self.width())
        self.refresh()
        self.seen_wanted.emit(self.wants_seen())

    def _to_model(self, key: str) -> None:
        if self.segment() != BY_MODEL:
            self.turn(BY_MODEL)
        self.view.choose(key)

    def _enable_open(self, *_: object) -> None:
        self.open.why_off("" if self.jobs.currentIndex().isValid() else tr("Select a job first."))

    def _empty_pressed(self) -> None:
        if self._act == "all":
            self.search.clear()
            self.narrow(None)
        elif self._act == "connect":
            self.connect_asked.emit()
