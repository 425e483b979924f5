"""The buttons of a charger: Start or Stop, Limit, Unlock, More. Disabled ones say why; answers stand under them."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from evdesk.gui import icons, text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actions import TRIGGERS, Report, Sender, charges, first_reason, why_off
from evdesk.gui.pages.chargers_ask import ask_forget, ask_limit, ask_reset, ask_tag, highest_a
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.chargers_service import ServiceMenu
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import Button, Label, Picture
from evdesk.wire.methods import OneCharger, OneConnector, Reset, SetLimit, Start, Trigger

STEPS_A = (6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63)


class ReportLine(QWidget):
    """Icon and sentence in one role: how the last deed stands, or why one is not possible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.icon = Picture("", "muted", icons.CHIP, self)
        self.words = Label("", "small", "muted", self, wrap=True, selectable=True)
        row.addWidget(self.icon)
        row.addWidget(self.words, 1)

    def show_report(self, report: Report | None) -> None:
        self.setVisible(report is not None)
        if report is not None:
            self.icon.setVisible(bool(report.icon))
            self.icon.set(report.icon, report.role)
            self.words.setText(report.text)
            self.words.set_role(report.role)


class ActionBar(QWidget):
    """Acts on the row it was shown last. One `Sender` for all chargers: answers find their charger again.

    `asked(verb, argument)`: a deed of the shell ("security", "device" with the charger's id) or a page ("update" with
    the ids, "logs" with the id)."""

    asked = Signal(str, object)

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client, self._theme = mirror, client, theme
        self._row: ConnectorRow | None = None
        self.deeds = Sender(client, self)
        self.deeds.reported.connect(self._on_report)
        self.deeds.busy_changed.connect(self._enable)
        self._limits, self._deeds_menu = QMenu(), QMenu()
        self.main = Button(tr("Stop"), "stop", parent=self)
        self.limit = Button(tr("Limit"), "gauge", parent=self, menu=self._limits)
        self.unlock = Button(tr("Unlock"), "unlock", parent=self)
        self.more = Button(tr("More"), parent=self, menu=self._deeds_menu)
        self.reason = Label("", "small", "muted", self, wrap=True)
        self.report = ReportLine(self)
        self.report.hide()
        self._lay_out()
        self.main.clicked.connect(self._start_or_stop)
        self.unlock.clicked.connect(self._unlock)
        self._menus: dict[str, QAction] = {}
        self._service = ServiceMenu(self, mirror, client, theme, self)
        self._fill_more()
        self._limits.aboutToShow.connect(self._fill_limits)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.main, self.limit, self.unlock):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.more)
        column.addLayout(buttons)
        column.addWidget(self.reason)
        column.addWidget(self.report)

    # -- showing ------------------------------------------------------------------------------------------------------

    def show_row(self, row: ConnectorRow) -> None:
        """Follow this connector; called again on each of its changes."""
        other = self._row is None or self._row.key != row.key
        self._row = row
        running = charges(row.connector)
        self.main.setText(tr("Stop") if running else tr("Start"))
        self.main.setAccessibleName(self.main.text())
        self.main.set_icon("stop" if running else "play")
        held = row.connector.limit_a
        words = tr("Limit") if held is None else tr("Limit {a}").format(a=text.limit(held))
        if self.limit.text() != words:
            self.limit.setText(words)
            self.limit.setAccessibleName(words)
            self.limit.updateGeometry()
        if other:
            self.report.show_report(self.deeds.last(row.charger.id))
        self._enable()

    def _enable(self) -> None:
        row = self._row
        if row is None:
            return
        charger, connector, connected = row.charger, row.connector, self._mirror.connected
        running = charges(connector)
        shown = ("stop" if running else "start", "limit", "unlock")
        for deed, button in zip(shown, (self.main, self.limit, self.unlock), strict=True):
            busy = tr("Asked; waits for the answer.") if self.deeds.busy(charger.id, deed) else ""
            button.why_off(busy or why_off(deed, charger, connector, connected))
        for deed, action in self._menus.items():
            reason = why_off(deed.split("/")[0], charger, connector, connected)
            action.setEnabled(not reason and not self.deeds.busy(charger.id, deed))
            action.setToolTip(reason)
        reason = first_reason(shown, charger, connector, connected)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def _on_report(self, charger_id: str, report: Report) -> None:
        if self._row is not None and self._row.charger.id == charger_id:
            self.report.show_report(report)

    # -- menus --------------------------------------------------------------------------------------------------------

    def _fill_limits(self) -> None:
        row, menu = self._row, self._limits
        if row is None:
            return
        menu.clear()
        group = QActionGroup(menu)
        highest = highest_a(row)
        own = row.bay.user_limit_a if row.bay is not None else row.connector.user_limit_a
        choices: list[tuple[str, float | None]] = [(tr("No own limit"), None), (tr("Pause, 0 A"), 0.0)]
        choices += [(text.limit(float(a)), float(a)) for a in sorted({*STEPS_A, round(highest)}) if a <= highest]
        for words, limit_a in choices:
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(own == limit_a)
            action.triggered.connect(lambda _=False, a=limit_a: self.set_limit(row, a))
            group.addAction(action)
        menu.addSeparator()
        menu.addAction(tr("Other…")).triggered.connect(lambda: self.ask(self._limit_after))

    def _fill_more(self) -> None:
        menu = self._deeds_menu
        menu.setToolTipsVisible(True)
        self.add(menu, "start/tag", tr("Start with a tag…"), "tag", lambda: self.ask(self._start_after))
        menu.addSeparator()
        self.add(menu, "reset_soft", tr("Soft reset"), "refresh", lambda: self.ask(self._reset_after, "soft"))
        self.add(menu, "reset_hard", tr("Hard reset…"), "power", lambda: self.ask(self._reset_after, "hard"))
        menu.addSeparator()
        self._service.fill(menu)
        menu.addSeparator()
        asks = menu.addMenu(tr("Ask for a message"))
        for what in TRIGGERS:
            self.add(asks, f"trigger/{what}", what, "message", partial(self._trigger, what))
        menu.addSeparator()
        self.add(menu, "update", tr("Update firmware…"), "chip", partial(self._go, "update"))
        self.add(menu, "logs", tr("Fetch logs…"), "import", partial(self._go, "logs"))
        menu.addSeparator()
        self.add(menu, "device", tr("Display and watches…"), "table", self._device)
        menu.addAction(icons.icon("shield", "muted"), tr("Security…")).triggered.connect(self._security)
        self.add(menu, "forget", tr("Forget this charger…"), "trash", lambda: self.ask(self._forget_after))

    def add(self, menu: QMenu, deed: str, words: str, icon: str, act: Callable[[], None]) -> None:
        action = menu.addAction(icons.icon(icon, "muted"), words)
        action.triggered.connect(lambda: act())
        self._menus[deed] = action

    # -- deeds --------------------------------------------------------------------------------------------------------

    def send(self, row: ConnectorRow, deed: str, title: str, method: str, params: object) -> None:
        """Send once: a second click finds the first one under way. `row` is the one the person was asked about."""
        if self._row is not None and self._row.key == row.key:
            row = self._row  # what is known now, not when the question was asked
        if not why_off(deed.split("/", maxsplit=1)[0], row.charger, row.connector, self._mirror.connected):
            self.deeds.send(row.charger.id, deed, title, method, params)

    def set_limit(self, row: ConnectorRow, limit_a: float | None) -> None:
        """A person's ceiling for this connector; None takes it away."""
        title = tr("No own limit") if limit_a is None else tr("Limit {a}").format(a=text.limit(limit_a))
        self.send(row, "limit", title, "charger.set_limit", SetLimit(*row.key, limit_a))

    def _start_or_stop(self) -> None:
        row = self._row
        if row is not None and charges(row.connector):
            self.send(row, "stop", tr("Stop"), "charger.stop", OneConnector(*row.key))
        elif row is not None:
            self.send(row, "start", tr("Start"), "charger.start", Start(*row.key))

    def _unlock(self) -> None:
        if self._row is not None:
            self.send(self._row, "unlock", tr("Unlock"), "charger.unlock", OneConnector(*self._row.key))

    def _trigger(self, what: str) -> None:
        if self._row is not None:
            title = tr("Ask for {what}").format(what=what)
            self.send(self._row, f"trigger/{what}", title, "charger.trigger", Trigger(self._row.charger.id, what))

    def _security(self) -> None:
        if self._row is not None:
            self.asked.emit("security", self._row.charger.id)

    def _device(self) -> None:
        if self._row is not None:
            self.asked.emit("device", self._row.charger.id)

    def _go(self, page: str) -> None:
        """To a page that does it for this charger."""
        if self._row is not None:
            charger_id = self._row.charger.id
            self.asked.emit(page, (charger_id,) if page == "update" else charger_id)

    def ask(self, after: Callable[..., Coroutine[Any, Any, None]], *more: str) -> None:
        if self._row is not None:
            self._client.spawn(after(self._row, *more))

    async def _limit_after(self, row: ConnectorRow) -> None:
        limit_a = await ask_limit(row, self._theme, self)
        if limit_a is not None:
            self.set_limit(row, limit_a)

    async def _start_after(self, row: ConnectorRow) -> None:
        id_tag = await ask_tag(row, self._theme, self)
        if id_tag:
            self.send(row, "start/tag", tr("Start"), "charger.start", Start(*row.key, id_tag))

    async def _reset_after(self, row: ConnectorRow, kind: str) -> None:
        reason = await ask_reset(row, kind, self._theme, self)
        if reason is not None:
            word = tr("Hard reset") if kind == "hard" else tr("Soft reset")
            self.send(row, f"reset_{kind}", word, "charger.reset", Reset(row.charger.id, kind, reason))

    async def _forget_after(self, row: ConnectorRow) -> None:
        if await ask_forget(row, self._theme, self):
            self.send(row, "forget", tr("Forget"), "charger.forget", OneCharger(row.charger.id))
