"""The list card of the Messages page: how many, follow, the table, and what to say where there is nothing."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QStackedLayout, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.messages_feed import MessagesFeed
from evdesk.gui.pages.messages_model import ExchangesModel
from evdesk.gui.pages.messages_table import ExchangesTable
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button, Card, ElidedLabel, EmptyState, Label
from evdesk.wire.messages import MessageCount, MessageFilter


class MessagesList(Card):
    """`seen(span or None)`: the time of the rows in view changed. `show_all()`: take the filter away."""

    seen = Signal(object)
    show_all = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror = mirror
        self._inside = False
        self._wanted: int | None = None
        self._problem = ""
        self.model = ExchangesModel(mirror.label, mirror.now, self)
        self.feed = MessagesFeed(client, self.model, self)
        self.table = ExchangesTable(self.model, self)
        self.count = Label("", "card", parent=self)
        self.told = ElidedLabel("", "small", "muted", self)
        self.fresh = Button("", "arrow-up", PRIMARY, self, dense=True)
        self.follow = QCheckBox(tr("Follow"), self)
        self.empty = EmptyState("message", tr("Reads the log"), "", tr("Show everything"), self)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        head = self.add_head(36)
        head.insertWidget(1, self.count)
        head.insertWidget(2, self.told, 1)
        head.addWidget(self.fresh)
        head.addWidget(self.follow)
        self.body.setContentsMargins(0, 0, 0, 7)
        self.body.setSpacing(0)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.body.addLayout(self._stack, 1)
        self._stack.setCurrentWidget(self.empty)
        self.fresh.hide()
        self.follow.setChecked(True)
        told = tr("Keep the newest message on top (F)")
        self.follow.setToolTip(told)
        self.follow.setAccessibleDescription(told)
        if self.empty.button is not None:
            self.empty.button.set_icon("eye")
            self.empty.button.hide()

    def _wire(self) -> None:
        self.feed.loaded.connect(self._loaded)
        self.feed.failed.connect(self._failed)
        self.feed.counted.connect(self._counted)
        self.feed.waiting_changed.connect(self._waiting)
        self.table.held.connect(self._pointer)
        self.table.near_top.connect(self.model.fetch_newer)
        self.table.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.model.rowsInserted.connect(self._came)
        self.follow.toggled.connect(self._followed)
        self.fresh.clicked.connect(self.to_newest)
        if self.empty.button is not None:
            self.empty.button.clicked.connect(self.show_all)

    # -- what the page asks -------------------------------------------------------------------------------------------

    def read(self, wanted: MessageFilter, choose: int | None = None) -> None:
        """List by this filter. `choose`: begin with this exchange, and select it."""
        self._wanted = choose
        if choose is not None:
            self.follow.setChecked(False)
        self.feed.restart(wanted, choose)

    def say(self, problem: str) -> None:
        """What in the filter cannot be read; "" when all can."""
        self._problem = problem
        self.told.setText(problem)
        self.told.set_role("warn" if problem else "muted")

    def to_newest(self) -> None:
        self.follow.setChecked(True)
        self._show_newest()

    def _show_newest(self) -> None:
        self.feed.to_newest()
        self.table.scrollToTop()

    # -- rows come ----------------------------------------------------------------------------------------------------

    def _followed(self, on: bool) -> None:
        self.table.following = on
        self._hold()
        if on:
            self._show_newest()

    def _pointer(self, inside: bool) -> None:
        self._inside = inside
        self._hold()

    def _hold(self) -> None:
        """No row moves under the pointer while one follows; who does not follow sees nothing move anyway."""
        self.feed.hold(self._inside and self.follow.isChecked())

    def _scrolled(self, value: int) -> None:
        bar = self.table.verticalScrollBar()
        if value > 0 and self.follow.isChecked() and (bar.isSliderDown() or self._inside or self.table.hasFocus()):
            self.follow.setChecked(False)
        self.seen.emit(self.table.span())

    def _came(self, *_: object) -> None:
        if self._stack.currentWidget() is self.empty:
            self._loaded(True)  # the first rows of an empty list
        if self.follow.isChecked() and not self._inside:
            self.table.scrollToTop()
        self.seen.emit(self.table.span())

    def _loaded(self, first: bool) -> None:
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.table)
            wanted, self._wanted = self._wanted, None
            found = wanted is not None and self.table.choose(wanted)
            if first and not found and not self.table.currentIndex().isValid():
                self.table.selectRow(0)
        else:
            filtered = self.feed.filter != MessageFilter(heartbeats=self.feed.filter.heartbeats)
            if filtered:
                self.empty.set_words(tr("Nothing fits"), tr("No message fits the filter and the time."))
            else:
                told = tr("evdesk keeps what chargers send and get; the oldest go first.")
                self.empty.set_words(tr("No messages yet"), told)
            if self.empty.button is not None:
                self.empty.button.setVisible(filtered)
            self._stack.setCurrentWidget(self.empty)
            self.table.chosen.emit(None)
        self.seen.emit(self.table.span())

    def _failed(self, sentence: str) -> None:
        if sentence and not self.model.rowCount():
            self.empty.set_words(tr("Messages cannot be read"), sentence)
            if self.empty.button is not None:
                self.empty.button.hide()
            self._stack.setCurrentWidget(self.empty)

    def _counted(self, count: MessageCount) -> None:
        number = count.exchanges
        self.count.setText(tr("1 message") if number == 1 else tr("{n} messages").format(n=text.count(number)))
        parts = []
        if count.first_at is not None:
            parts.append(tr("since {when}").format(when=text.moment(count.first_at, self._mirror.now())))
        if count.per_s >= 0.05:
            parts.append(tr("{n} a second").format(n=text.number(count.per_s)))
        if count.faults:
            parts.append(tr("{n} with a fault").format(n=text.count(count.faults)))
        if not self._problem:
            self.told.setText(", ".join(parts))

    def _waiting(self, count: int) -> None:
        self.fresh.setVisible(count > 0)
        self.fresh.setText(tr("{n} new").format(n=count))
        self.fresh.setAccessibleName(tr("Show {n} new rows").format(n=count))
        self.fresh.updateGeometry()
