"""The Activity page: everything that was asked and answered, provably."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.activity_chain import ChainCard
from evdesk.gui.pages.activity_detail import ActivityDetail
from evdesk.gui.pages.activity_feed import ActivityFeed, Filter
from evdesk.gui.pages.activity_model import ENTRY_ROLE, ActivityModel, day_of
from evdesk.gui.pages.activity_table import ActivityTable
from evdesk.gui.pages.activity_words import Entry
from evdesk.gui.pages.base import Page
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button, Card, EmptyState, Label, Rule, SearchField, Segmented

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

WIDE_FROM = 1100
ROOMY_FROM = 690
SEARCH_MS = 300
TICK_MS = 5000


def heading(at: float, now: float) -> str:
    """ "Today, Tue 24 Nov" """
    if day_of(at) == day_of(now):
        return tr("Today, {day}").format(day=text.day(at))
    if day_of(at) == day_of(now - 86_400):
        return tr("Yesterday, {day}").format(day=text.day(at))
    return text.day(at)


class ActivityPage(Page):
    """`go(row id)` shows that row, `go("WB-02")` everything done on that target."""

    name = "activity"
    icon = "activity"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self._started = False
        self._opened = False
        self._wanted: int | None = None
        self._inside = False
        self.chain = ChainCard(mirror, client, self)
        self.model = ActivityModel(self._label, mirror.now, heading, text.clock_s, self)
        self.feed = ActivityFeed(mirror, client, self.model, self)
        self.table = ActivityTable(self.model, mirror.now, self)
        self.detail = ActivityDetail(mirror, client, self)
        self.search = SearchField(tr("Search"), self)
        people = [("", tr("All")), ("people", tr("People")), ("engine", tr("Engine")), ("api", tr("API"))]
        self.segments = Segmented(people, self)
        self.range = QComboBox(self)
        self.answer = QComboBox(self)
        self.routine = QCheckBox(tr("Routine"), self)
        self.count = Label("", "small", "muted", self)
        self.fresh = Button("", "arrow-up", PRIMARY, self, dense=True)
        self.empty = EmptyState("activity", "", "", tr("Show everything"), self)
        self.list = Card(parent=self, padding=0)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SEARCH_MS)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._fill_choices()
        self._lay_out()
        self._wire()

    def _fill_choices(self) -> None:
        for words, days in (
            (tr("Last 24 h"), 1.0),
            (tr("Last 7 days"), 7.0),
            (tr("Last 30 days"), 30.0),
            (tr("All time"), None),
        ):
            self.range.addItem(words, days)
        self.range.setCurrentIndex(1)
        self.range.setAccessibleName(tr("Time range"))
        for words, outcome in (
            (tr("Any answer"), ""),
            (tr("Went wrong"), "failed"),
            (tr("Accepted"), "accepted"),
            (tr("Refused"), "refused"),
            (tr("No answer"), "timeout"),
            (tr("Stored"), "stored"),
        ):
            self.answer.addItem(words, outcome)
        self.answer.setAccessibleName(tr("Answer"))
        told = tr("Also show refreshed limits and readings of settings that went well")
        self.routine.setToolTip(told)
        self.routine.setAccessibleDescription(told)

    def _lay_out(self) -> None:
        self.list.body.setSpacing(0)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 7)
        tools.setSpacing(8)
        self.search.setMinimumWidth(90)
        self.search.setMaximumWidth(220)
        self.search.setClearButtonEnabled(False)  # Escape empties it; the room is needed for words
        self.range.setFixedWidth(114)
        self.answer.setFixedWidth(114)
        for widget in (self.search, self.segments, self.range, self.answer):
            tools.addWidget(widget)
        self._tools, self._extra = tools, QWidget(self)
        rest = QHBoxLayout(self._extra)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(8)
        rest.addWidget(self.routine)
        rest.addStretch(1)
        rest.addWidget(self.fresh)
        rest.addWidget(self.count)
        tools.addWidget(self._extra, 1)
        self.list.body.addLayout(tools)
        self.list.body.addWidget(Rule(self))
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.list.body.addLayout(self._stack, 1)
        self.list.body.setContentsMargins(0, 0, 0, 8)  # the table stays off the round corners
        row = QHBoxLayout()
        row.setSpacing(tokens.GAP)
        row.addWidget(self.list, 1)
        row.addWidget(self.detail)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.chain)
        column.addLayout(row, 1)
        self.fresh.hide()

    def _wire(self) -> None:
        self.search.textChanged.connect(self._pause.start)
        self._pause.timeout.connect(self._filtered)
        self.segments.changed.connect(self._filtered)
        self.range.currentIndexChanged.connect(self._filtered)
        self.answer.currentIndexChanged.connect(self._filtered)
        self.routine.toggled.connect(self._filtered)
        self.table.chosen.connect(self._chosen)
        self.table.clicked.connect(self._open)
        self.table.opened.connect(self._open)
        self.table.held.connect(self._pointer)
        self.table.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.model.count_changed.connect(self._counted)
        self.model.dataChanged.connect(self._changed)
        self.feed.waiting_changed.connect(self._waiting)
        self.feed.loaded.connect(self._loaded)
        self.feed.failed.connect(self._failed)
        self.fresh.clicked.connect(self._show_fresh)
        self.detail.navigate.connect(lambda charger_id: self.navigate.emit("chargers", charger_id))
        self.detail.row_wanted.connect(self._to_row)
        self.detail.back.connect(lambda: self._show_detail(False))
        self.chain.row_wanted.connect(self._to_row)
        self.chain.verdict_changed.connect(self._verdict)
        self.mirror.connection_changed.connect(self._connection)
        self._tick.timeout.connect(self.table.viewport().update)
        if self.empty.button is not None:
            self.empty.button.set_icon("eye")
            self.empty.button.clicked.connect(self._show_all)
        for keys, act in (
            (QKeySequence.StandardKey.Find, self.search.setFocus),
            (QKeySequence.StandardKey.Refresh, self.feed.restart),
            (QKeySequence.StandardKey.Cancel, self._escape),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        return tr("everything that was asked and answered")

    def on_shown(self) -> None:
        self._tick.start()
        self._begin()

    def on_hidden(self) -> None:
        self._tick.stop()

    def go(self, argument: object) -> None:
        words = str(argument)
        if words.isdigit():
            self._to_row(int(words))
        elif words:
            self.search.setText(self._label(words))

    def place(self) -> object:
        entry = self.detail.entry()
        return str(entry.key) if entry is not None else None

    def _begin(self) -> None:
        """The first time somebody looks: read, and check the chain."""
        if not self._started and self.mirror.connected:
            self._started = True
            self.feed.restart()
            self.chain.verify()

    def _label(self, target: str) -> str:
        if target in self.mirror.chargers:
            return self.mirror.label(target)
        return {"site": tr("Site"), "log": tr("Log"), "engine": tr("Engine")}.get(target, target)

    # -- filter -------------------------------------------------------------------------------------------------------

    def chosen_filter(self) -> Filter:
        return Filter(
            self.search.text().strip(),
            self.segments.current(),
            self.answer.currentData(),
            self.range.currentData(),
            self.routine.isChecked(),
        )

    def _filtered(self, *_: object) -> None:
        self._pause.stop()
        if self._started and self.mirror.connected:
            self.feed.restart(self.chosen_filter())

    def _show_all(self) -> None:
        for widget in (self.search, self.range, self.answer, self.routine):
            widget.blockSignals(True)
        self.search.clear()
        self.segments.select("")
        self.range.setCurrentIndex(self.range.count() - 1)
        self.answer.setCurrentIndex(0)
        self.routine.setChecked(True)
        for widget in (self.search, self.range, self.answer, self.routine):
            widget.blockSignals(False)
        self._filtered()

    def _counted(self) -> None:
        count = self.model.entry_count()
        words = tr("1 entry") if count == 1 else tr("{n} entries").format(n=text.count(count))
        self.count.setText(words + ("+" if self.model.has_more else ""))

    def _loaded(self) -> None:
        if self.model.entry_count():
            self._stack.setCurrentWidget(self.table)
            wanted, self._wanted = self._wanted, None
            if (wanted is None or not self.table.choose(wanted)) and not self.table.currentIndex().isValid():
                self.table.selectRow(1)
        elif self.feed.filter == Filter(days=None, routine=True):
            self.empty.set_words(tr("Nothing was done yet"), tr("Every command and its answer is written here."))
            self._stack.setCurrentWidget(self.empty)
        else:
            self.empty.set_words(tr("Nothing fits"), tr("No row fits the filter and the time range."))
            self._stack.setCurrentWidget(self.empty)

    def _failed(self, sentence: str) -> None:
        if sentence and not self.model.entry_count():
            self.empty.set_words(tr("The log cannot be read"), sentence)
            self._stack.setCurrentWidget(self.empty)

    # -- live ---------------------------------------------------------------------------------------------------------

    def _pointer(self, inside: bool) -> None:
        self._inside = inside
        self._hold()

    def _scrolled(self, *_: object) -> None:
        self._hold()

    def _hold(self) -> None:
        """New rows wait while one reads: under the pointer, or scrolled away from the top."""
        self.feed.hold(self._inside or not self.table.at_top())

    def _waiting(self, count: int) -> None:
        self.fresh.setVisible(count > 0)
        self.fresh.setText(tr("{n} new").format(n=count))
        self.fresh.setAccessibleName(tr("Show {n} new rows").format(n=count))
        self.fresh.updateGeometry()

    def _show_fresh(self) -> None:
        self.feed.release()
        self.table.scrollToTop()

    def _changed(self, first: QModelIndex, last: QModelIndex) -> None:
        shown = self.detail.entry()
        row = self.model.row_of(shown.key) if shown is not None else -1
        if first.row() <= row <= last.row():
            self.detail.show_entry(self.model.entry_at(row))

    def _connection(self, connected: bool) -> None:
        self.chain.refresh()
        self.table.setEnabled(True)
        if connected and self.isVisible():
            if self._started:
                self.feed.restart()
            self._begin()

    def _verdict(self) -> None:
        one = self.chain.verdict
        if one is not None:
            time = text.clock(self.chain.checked_at)
            self.detail.checked = (tr("holds, checked {time}") if one.holds else tr("broken, {time}")).format(time=time)
            self.detail.show_entry(self.detail.entry())

    # -- one entry ----------------------------------------------------------------------------------------------------

    def _chosen(self, entry: object) -> None:
        if isinstance(entry, Entry):
            self.detail.show_entry(entry)

    def _to_row(self, row_id: int) -> None:
        """Select this row's entry; what the filter hides is found by taking the filter away."""
        keys = [row_id, *(row.ref for row in self.detail.near if row.id == row_id and row.ref is not None)]
        if any(self.table.choose(key) for key in keys):
            self._show_detail(True)
            return
        hidden = next((row for row in self.detail.near if row.id == row_id), None)
        if hidden is not None:
            key = hidden.ref if hidden.kind == "answered" and hidden.ref is not None else hidden.id
            asked = next((row for row in self.detail.near if row.id == key), hidden)
            self.detail.show_entry(replace(Entry(key), asked=None).joined(asked))
            return
        self._wanted = row_id
        self._show_all()

    def _open(self, index: QModelIndex) -> None:
        if index.data(ENTRY_ROLE) is not None and self.window().width() < WIDE_FROM:
            self._show_detail(True)

    def _escape(self) -> None:
        if self._opened and self.window().width() < WIDE_FROM:
            self._show_detail(False)
        else:
            self.search.clear()

    def _show_detail(self, opened: bool) -> None:
        self._opened = opened
        wide = self.window().width() >= WIDE_FROM
        self.list.setVisible(wide or not opened)
        self.chain.setVisible(wide or not opened)
        self.detail.setVisible(wide or opened)
        self.detail.back_button.setVisible(not wide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.window().width() >= WIDE_FROM:
            self.detail.setFixedWidth(round(min(max(self.width() * 0.31, 320), 520)))
        else:
            self.detail.setMinimumWidth(0)
            self.detail.setMaximumWidth(16_777_215)
        self._show_detail(self._opened)
        self._fit_tools()

    def _fit_tools(self) -> None:
        """Where one line is too short, the last tools stand in a second one."""
        room = (
            self.width()
            - 2 * tokens.MARGIN
            - (self.detail.width() + tokens.GAP if self.detail.isVisibleTo(self) else 0)
        )
        self.table.fit(room)
        one_line = self._tools.indexOf(self._extra) >= 0
        if one_line and room < ROOMY_FROM:
            self._tools.removeWidget(self._extra)
            self._tools.addStretch(1)
            self.list.body.insertWidget(1, self._extra)
            self._extra.setContentsMargins(12, 0, 12, 7)
        elif not one_line and room >= ROOMY_FROM:
            self.list.body.removeWidget(self._extra)
            self._tools.takeAt(self._tools.count() - 1)
            self._tools.addWidget(self._extra, 1)
            self._extra.setContentsMargins(0, 0, 0, 0)
