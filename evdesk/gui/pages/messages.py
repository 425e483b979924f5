"""The Messages page: what chargers and evdesk said to each other, a call and its answer in one row."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from evdesk.gui import tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.messages_detail import MessageDetail
from evdesk.gui.pages.messages_feed import BUCKETS
from evdesk.gui.pages.messages_list import MessagesList
from evdesk.gui.pages.messages_model import ROW_ROLE
from evdesk.gui.pages.messages_query import typed
from evdesk.gui.pages.messages_tools import MessagesTools
from evdesk.gui.text import tr
from evdesk.wire.messages import ExchangeRow

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

WIDE_FROM = 1100
"""In a window narrower than this, list and pane are two pages."""
PANE_SHARE = 0.405
TICK_MS = 5000


class MessagesPage(Page):
    """`go("charger:WB-02 verdict:breach")` filters; `go("#1234")` shows one exchange by its id."""

    name = "messages"
    icon = "message"
    section = "chargers"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self._started = False
        self._opened = False
        self.tools = MessagesTools(mirror, self)
        self.list = MessagesList(mirror, client, self)
        self.detail = MessageDetail(mirror, client, self)
        self.strip = self.tools.strip
        self.setMinimumSize(480, 360)
        row = QHBoxLayout()
        row.setSpacing(tokens.GAP)
        row.addWidget(self.list, 1)
        row.addWidget(self.detail)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.tools)
        column.addLayout(row, 1)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._wire()

    def _wire(self) -> None:
        self.tools.changed.connect(self.read)
        self.tools.paused.connect(self.list.feed.pause)
        self.tools.ranged.connect(self._move_span)
        self.tools.export_asked.connect(self._export)
        self.strip.chosen.connect(self._time_chosen)
        self.strip.cleared.connect(lambda: self.tools.set_times("", ""))
        self.list.table.chosen.connect(self._chosen)
        self.list.table.opened.connect(lambda _index: self._show_detail(True))
        self.list.table.clicked.connect(lambda _index: self._show_detail(True))
        self.list.seen.connect(self.strip.set_seen)
        self.list.show_all.connect(lambda: self.tools.set_text(""))
        self.list.feed.dense.connect(self.strip.set_density)
        self.list.model.dataChanged.connect(self._row_changed)
        self.detail.only_asked.connect(self.tools.set_charger)
        self.detail.navigate.connect(self.navigate)
        self.detail.back.connect(lambda: self._show_detail(False))
        self.mirror.connection_changed.connect(self._connection)
        self.mirror.changed.connect(self._changed)
        self._tick.timeout.connect(self._move_span)
        for keys, act in (
            (QKeySequence(QKeySequence.StandardKey.Find), self._to_field),
            (QKeySequence(QKeySequence.StandardKey.Refresh), self.read),
            (QKeySequence(QKeySequence.StandardKey.Cancel), self._escape),
            (QKeySequence("/"), self._to_field),
        ):
            shortcut = QShortcut(keys, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        self.list.table.installEventFilter(self)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        chosen = self.tools.filter().charger_ids
        return ", ".join(self.mirror.label(one) for one in chosen) if chosen else tr("all chargers")

    def on_shown(self) -> None:
        self._begin()
        self.list.feed.start()
        self._chosen(self.list.table.currentIndex().data(ROW_ROLE))
        self._tick.start()

    def on_hidden(self) -> None:
        self.list.feed.stop()
        self.detail.let_go()
        self._tick.stop()

    def go(self, argument: object) -> None:
        words = str(argument).strip()
        if words.startswith("#") and words[1:].isdigit():
            self._started = True
            self.list.read(self.tools.filter(), int(words[1:]))
            self._show_detail(True)
        elif words in self.mirror.chargers:
            self.tools.set_text("", words)
        elif words != self.tools.field.text():
            self.tools.set_text(words)

    def place(self) -> object:
        chosen = self.tools.charger.currentData()
        return self.tools.field.text() or (str(chosen) if chosen else None)

    # -- following ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self._started and self.mirror.connected:
            self._started = True
            self.read()

    def read(self) -> None:
        """List afresh by what the tools say."""
        wanted = self.tools.filter()
        problem = self.tools.field.query().problem
        self.tools.field.setToolTip(problem or self.tools.field.accessibleDescription())
        self.list.say(problem)
        self.strip.set_window(
            None
            if wanted.from_at is None and wanted.to_at is None
            else (wanted.from_at or 0.0, wanted.to_at if wanted.to_at is not None else self.mirror.now())
        )
        self.header_changed.emit()
        if self._started and self.mirror.connected:
            self.list.read(wanted)
            self._move_span()

    def _move_span(self) -> None:
        """The strip ends now, in whole bars; a time outside it moves it there."""
        now, length = self.mirror.now(), self.tools.range_s()
        step = length / BUCKETS
        end = (now // step + 1) * step
        wanted = self.tools.filter()
        if wanted.from_at is not None and wanted.from_at < end - length:
            last = wanted.to_at if wanted.to_at is not None else now
            length = max(length, (last - wanted.from_at) * 1.2)
            end = min(end, ((wanted.from_at + last + length) / 2) // step * step)
        self.list.feed.set_span((end - length, end))

    def _time_chosen(self, start: float, end: float) -> None:
        now = self.mirror.now()
        last = "" if end >= now - 1.0 else typed(end + 0.999, now)
        self.tools.set_times(typed(start, now), last)

    def _connection(self, connected: bool) -> None:
        if connected and self._started:
            self.read()
        elif connected and self.isVisible():
            self._begin()

    def _changed(self) -> None:
        if self.isVisible():
            self.tools.refresh_chargers()

    def _chosen(self, row: object) -> None:
        self.detail.show_row(row if isinstance(row, ExchangeRow) else None)

    def _row_changed(self, *_: object) -> None:
        shown = self.detail.row()
        place = self.list.model.row_of(shown.id) if shown is not None else -1
        if place >= 0:
            self.detail.show_row(self.list.model.row_at(place))

    # -- deeds --------------------------------------------------------------------------------------------------------

    def _export(self, kind: str) -> None:
        self.navigate.emit("export_messages", (kind, self.tools.filter()))

    def _to_field(self) -> None:
        self.tools.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.tools.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not event.modifiers():
            if event.key() == Qt.Key.Key_F:
                self.list.follow.toggle()
                return True
            if event.key() == Qt.Key.Key_Space:
                self.tools.toggle_pause()
                return True
        return super().eventFilter(watched, event)

    # -- one or two pages ---------------------------------------------------------------------------------------------

    def _escape(self) -> None:
        if self._opened and self.window().width() < WIDE_FROM:
            self._show_detail(False)
        elif isinstance(self.focusWidget(), QLineEdit) and not self.tools.field.text():
            self.list.table.setFocus()
        else:
            self.tools.field.clear()

    def _show_detail(self, opened: bool) -> None:
        self._opened = opened
        wide = self.window().width() >= WIDE_FROM
        self.list.setVisible(wide or not opened)
        self.tools.setVisible(wide or not opened)
        self.detail.setVisible(wide or opened)
        self.detail.back_button.setVisible(not wide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * tokens.MARGIN
        self.tools.fit(room)
        if self.window().width() >= WIDE_FROM:
            pane = round(min(max(room * PANE_SHARE, 420), 760))
            self.detail.setFixedWidth(pane)
            room -= pane + tokens.GAP
        else:
            self.detail.setMinimumWidth(0)
            self.detail.setMaximumWidth(16_777_215)
        self._show_detail(self._opened)
        self.list.table.fit(room)
