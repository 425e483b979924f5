"""The left card of the Activity page: filters, the table, and the button that lets new rows in."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QStackedLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.activity_feed import ActivityFeed, Filter
from evdesk.gui.pages.activity_model import ActivityModel, day_of
from evdesk.gui.pages.activity_table import ActivityTable
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button, Card, EmptyState, Label, Rule, SearchField, Segmented

ROOMY_FROM = 690
SEARCH_MS = 300


def heading(at: float, now: float) -> str:
    """ "Today, Tue 24 Nov" """
    if day_of(at) == day_of(now):
        return tr("Today, {day}").format(day=text.day(at))
    if day_of(at) == day_of(now - 86_400):
        return tr("Yesterday, {day}").format(day=text.day(at))
    return text.day(at)


CHOICE_ROOM = 48


class ActivityList(Card):
    """Reads when `begin` is called; `seek(row id)` selects a row and takes filters away that hide it."""

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror = mirror
        self._started = False
        self._wanted: int | None = None
        self._inside = False
        self.model = ActivityModel(self.label, mirror.now, heading, text.clock_s, self)
        self.feed = ActivityFeed(mirror, client, self.model, self)
        self.table = ActivityTable(self.model, mirror.now, self)
        self.search = SearchField(tr("Search"), self)
        who = [("", tr("All")), ("people", tr("People")), ("engine", tr("Engine")), ("api", tr("API"))]
        self.segments = Segmented(who, self)
        self.range = QComboBox(self)
        self.answer = QComboBox(self)
        self.routine = QCheckBox(tr("Routine"), self)
        self.count = Label("", "small", "muted", self)
        self.fresh = Button("", "arrow-up", PRIMARY, self, dense=True)
        self.empty = EmptyState("activity", "", "", tr("Show everything"), self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SEARCH_MS)
        self._fill_choices()
        self._lay_out()
        self._wire()

    def _fill_choices(self) -> None:
        ranges = ((tr("24 hours"), 1.0), (tr("7 days"), 7.0), (tr("30 days"), 30.0), (tr("All time"), None))
        for words, days in ranges:
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
        for box in (self.range, self.answer):
            # The style sheet's padding and arrow are not in Qt's own size hint.
            widest = max(box.fontMetrics().horizontalAdvance(box.itemText(i)) for i in range(box.count()))
            box.setMinimumWidth(widest + CHOICE_ROOM)
        self.answer.setAccessibleName(tr("Answer"))
        told = tr("Also show refreshed limits and readings of settings that went well")
        self.routine.setToolTip(told)
        self.routine.setAccessibleDescription(told)

    def _lay_out(self) -> None:
        self.body.setSpacing(0)
        self.body.setContentsMargins(0, 0, 0, 8)  # the table stays off the round corners
        self._tools, self._extra = QHBoxLayout(), QWidget(self)
        self._tools.setContentsMargins(12, 8, 12, 7)
        self._tools.setSpacing(8)
        self.search.setMinimumWidth(90)
        self.search.setMaximumWidth(220)
        self.search.setClearButtonEnabled(False)  # Escape empties it; the room is needed for words
        self.range.setFixedWidth(102)
        self.answer.setFixedWidth(122)
        for widget in (self.search, self.segments, self.range, self.answer):
            self._tools.addWidget(widget)
        rest = QHBoxLayout(self._extra)
        rest.setContentsMargins(0, 0, 0, 0)
        rest.setSpacing(8)
        rest.addWidget(self.routine)
        rest.addStretch(1)
        rest.addWidget(self.fresh)
        rest.addWidget(self.count)
        self._tools.addWidget(self._extra, 1)
        self.body.addLayout(self._tools)
        self.body.addWidget(Rule(self))
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.body.addLayout(self._stack, 1)
        self.fresh.hide()

    def _wire(self) -> None:
        self.search.textChanged.connect(self._pause.start)
        self._pause.timeout.connect(self._filtered)
        self.segments.changed.connect(self._filtered)
        self.range.currentIndexChanged.connect(self._filtered)
        self.answer.currentIndexChanged.connect(self._filtered)
        self.routine.toggled.connect(self._filtered)
        self.table.held.connect(self._pointer)
        self.table.verticalScrollBar().valueChanged.connect(self._hold)
        self.model.count_changed.connect(self._counted)
        self.feed.waiting_changed.connect(self._waiting)
        self.feed.loaded.connect(self._loaded)
        self.feed.failed.connect(self._failed)
        self.fresh.clicked.connect(self._show_fresh)
        if self.empty.button is not None:
            self.empty.button.set_icon("eye")
            self.empty.button.clicked.connect(self.show_all)

    # -- what the page asks -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Read from the newest row on."""
        self._started = True
        self.feed.restart(self.chosen_filter())

    def label(self, target: str) -> str:
        """What people call a target: the bay, the site."""
        if target in self._mirror.chargers:
            return self._mirror.label(target)
        return {"site": tr("Site"), "log": tr("Log"), "engine": tr("Engine")}.get(target, target)

    def chosen_filter(self) -> Filter:
        return Filter(
            self.search.text().strip(),
            self.segments.current(),
            self.answer.currentData(),
            self.range.currentData(),
            self.routine.isChecked(),
        )

    def show_all(self) -> None:
        """Take every filter away."""
        held = (self.search, self.range, self.answer, self.routine)
        for widget in held:
            widget.blockSignals(True)
        self.search.clear()
        self.segments.select("")
        self.range.setCurrentIndex(self.range.count() - 1)
        self.answer.setCurrentIndex(0)
        self.routine.setChecked(True)
        for widget in held:
            widget.blockSignals(False)
        self._filtered()

    def seek(self, row_id: int) -> None:
        """Show everything and select this row when it has come."""
        self._wanted = row_id
        self.show_all()

    def fit(self, room: int) -> None:
        """Where one line of tools is too short, the last ones stand in a second."""
        self.table.fit(room)
        one_line = self._tools.indexOf(self._extra) >= 0
        if one_line and room < ROOMY_FROM:
            self._tools.removeWidget(self._extra)
            self._tools.addStretch(1)
            self.body.insertWidget(1, self._extra)
            self._extra.setContentsMargins(12, 0, 12, 7)
        elif not one_line and room >= ROOMY_FROM:
            self.body.removeWidget(self._extra)
            self._tools.takeAt(self._tools.count() - 1)
            self._tools.addWidget(self._extra, 1)
            self._extra.setContentsMargins(0, 0, 0, 0)

    # -- rows come ----------------------------------------------------------------------------------------------------

    def _filtered(self, *_: object) -> None:
        self._pause.stop()
        if self._started and self._mirror.connected:
            self.feed.restart(self.chosen_filter())

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
            return
        if self.feed.filter == Filter(days=None, routine=True):
            self.empty.set_words(tr("Nothing was done yet"), tr("Every command and its answer is written here."))
        else:
            self.empty.set_words(tr("Nothing fits"), tr("No row fits the filter and the time range."))
        self._stack.setCurrentWidget(self.empty)

    def _failed(self, sentence: str) -> None:
        if sentence and not self.model.entry_count():
            self.empty.set_words(tr("The log cannot be read"), sentence)
            self._stack.setCurrentWidget(self.empty)

    def _pointer(self, inside: bool) -> None:
        self._inside = inside
        self._hold()

    def _hold(self, *_: object) -> None:
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
