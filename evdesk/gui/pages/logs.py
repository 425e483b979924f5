"""The Logs page: fetches that go on, the logs that chargers sent, and their text."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import tokens
from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import DONE, confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.firmware_note import Note
from evdesk.gui.pages.logs_fetch import Fetches, FetchSheet, FetchStrips
from evdesk.gui.pages.logs_list import LogList
from evdesk.gui.pages.logs_view import LogCard
from evdesk.gui.pages.logs_words import list_words
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button
from evdesk.model import EvdeskError
from evdesk.model.jobs import LogFile
from evdesk.wire.jobs import OneLog
from evdesk.wire.method import OptionalCharger

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

SHARE, LEAST, MOST = 0.32, 316, 470
NARROW, NARROW_LIST = 880, 236
AGAIN_MS = 400


class LogsPage(Page):
    """F5 reads again. `go` takes a log's id (a number, or "log/9"), "job/119" for the log of a job, or a charger's id:
    then it asks what to fetch from it."""

    name = "logs"
    icon = "file"
    section = "firmware"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self._wanted = ""
        self._asking = False
        self.note = Note(self)
        self.fetches = Fetches(mirror, client, self)
        self.strips = FetchStrips(self.fetches, client, mirror.now, self)
        self.list = LogList(mirror.label, self)
        self.card = LogCard(mirror, client, self)
        self.fetch = Button(tr("Fetch logs"), "import", PRIMARY, self)
        self.fetch.hide()
        self._again = QTimer(self, interval=AGAIN_MS, singleShot=True)
        both = QHBoxLayout()
        both.setSpacing(tokens.GAP)
        both.addWidget(self.list)
        both.addWidget(self.card, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.strips)
        column.addWidget(self.note)
        column.addLayout(both, 1)
        self._wire()

    def _wire(self) -> None:
        self.list.chosen.connect(self.card.show_log)
        self.list.fetch_asked.connect(lambda: self.ask(""))
        self.fetch.clicked.connect(lambda: self.ask(""))
        self.strips.log_asked.connect(self.go)
        self.strips.again_asked.connect(self.ask)
        self.strips.failed.connect(self.client.failed)
        self.fetches.received.connect(self._again.start)
        self.card.remove_asked.connect(lambda log: self.client.spawn(self._remove(log)))
        self.card.said.connect(lambda sentence: self.navigate.emit("said", sentence))
        self.card.failed.connect(self.client.failed)
        self._again.timeout.connect(self.read)
        self.mirror.connection_changed.connect(self._connection)
        again = QShortcut(QKeySequence(QKeySequence.StandardKey.Refresh), self)
        again.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.activated.connect(self.read)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        return list_words(self.list.logs)

    def header_actions(self) -> list[QWidget]:
        return [self.fetch]

    def on_shown(self) -> None:
        self.fetches.begin()
        self._enable()
        self.read()

    def go(self, argument: object) -> None:
        wanted = str(argument)
        if wanted in self.mirror.chargers:
            self.ask(wanted)
            return
        self._wanted = wanted
        if wanted.startswith("job/") and wanted[4:].isdigit():
            self.fetches.keep(int(wanted[4:]))
        self._select()

    def place(self) -> object:
        log = self.card.log
        return f"log/{log.id}" if log is not None else None

    # -- the list -----------------------------------------------------------------------------------------------------

    def read(self) -> None:
        if self.mirror.connected:
            self.client.spawn(self._read())

    async def _read(self) -> None:
        try:
            logs: list[LogFile] = await self.client.call("log.list", OptionalCharger())
        except EvdeskError as error:
            self.note.problem(error.sentence)
            return
        self.note.problem("")
        self.list.show_logs(logs, self.mirror.now())
        self._select()
        self.header_changed.emit()

    def _select(self) -> None:
        """The wanted log, the one that was selected, or the newest."""
        logs, wanted = self.list.logs, self._wanted
        if wanted.startswith("job/"):
            key = next((log.id for log in logs if str(log.job_id) == wanted[4:]), 0)
        else:
            number = wanted.removeprefix("log/")
            key = int(number) if number.isdigit() else 0
        if key and self.list.select(key):
            self._wanted = ""
        elif self.card.log is None or not self.list.select(self.card.log.id):
            if logs:
                self.list.select(logs[0].id)
            else:
                self.card.show_log(None)

    # -- deeds --------------------------------------------------------------------------------------------------------

    def ask(self, charger_id: str) -> None:
        """Ask what to fetch; one sheet at a time."""
        if not self._asking and self.mirror.connected:
            self._asking = True
            self.client.spawn(self._ask(charger_id))

    async def _ask(self, charger_id: str) -> None:
        try:
            sheet = FetchSheet(self.mirror, self.client, self.theme, self, charger_id)
            if await sheet.ask() == DONE:
                self.fetches.keep(sheet.job_id)
        finally:
            self._asking = False

    async def _remove(self, log: LogFile) -> None:
        title = tr("Remove {name}?").format(name=log.name)
        told = tr("The log is deleted from this computer; its hash stays in the activity log.")
        if await confirm(self, self.theme, title, told, tr("Remove it"), tr("Keep it"), danger=True):
            await self.client.call("log.remove", OneLog(log.id))
            self.card.show_log(None)
            self.read()

    def _connection(self, connected: bool) -> None:
        self._enable()
        if connected and self.isVisible():
            self.fetches.begin()
            self.read()

    def _enable(self) -> None:
        off = "" if self.mirror.connected else tr("The engine does not answer: nothing can be sent until it is back.")
        self.strips.off = off
        self.strips.refresh()
        self.card.enable(off)
        self.list.why_off(off)
        self.fetch.why_off(off)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        wide = NARROW_LIST if narrow else round(min(max(self.width() * SHARE, LEAST), MOST))
        self.list.setFixedWidth(wide)
        self.list.fit(narrow, wide)
        self.card.fit(self.width() - wide - 2 * tokens.MARGIN - tokens.GAP)
