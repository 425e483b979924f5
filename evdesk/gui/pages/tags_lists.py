"""The card of the Tags page that brings the list into the chargers."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import Report, failed
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel, list_row
from evdesk.gui.text import tr
from evdesk.gui.widgets import PRIMARY, Button, Card
from evdesk.model import ChargerState, EvdeskError
from evdesk.model.tags import LocalList
from evdesk.wire.methods import Done, OneCharger

SYNC_S = 300.0


class ListsCard(Card):
    """How far the list is in each charger; `synced()` after each one."""

    synced = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(tr("In the chargers, for when evdesk is silent"), parent, padding=0)
        self._mirror, self._client = mirror, client
        self._busy = False
        self.states: list[LocalList] = []
        self.model = RowsModel((tr("Charger"), tr("State")), 1, self)
        self.table = Grid(tr("Lists in the chargers"), 44, self)
        self.table.setItemDelegate(RowsDelegate(self.table))
        self.table.setModel(self.model)
        self.table.set_widths((360, 120), 1)
        self.table.horizontalHeader().hide()
        self.send = Button(tr("Send to this charger"), "arrow-up", parent=self, dense=True)
        self.send_all = Button(tr("Send to all that differ"), "refresh", PRIMARY, self, dense=True)
        self.report = ReportLine(self)
        self.body.addWidget(self.table, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 0, 12, 0)
        foot.addWidget(self.send_all)
        foot.addWidget(self.send)
        foot.addStretch(1)
        said = QHBoxLayout()
        said.setContentsMargins(14, 0, 12, 8)
        said.addWidget(self.report)
        self.body.addLayout(foot)
        self.body.addLayout(said)
        self.report.hide()
        self.send.clicked.connect(self._send_one)
        self.send_all.clicked.connect(self._send_all)
        self.table.selectionModel().currentRowChanged.connect(self._enable)

    def show_states(self, states: list[LocalList]) -> None:
        self.states = states
        now = self._mirror.now()
        chosen = self.model.key(self.table.currentIndex().row())
        rows = [list_row(one, self._mirror.label(one.charger_id), now, self._off(one.charger_id)) for one in states]
        self.model.set_rows(rows)
        if (row := self.model.row_of(chosen)) >= 0:
            self.table.selectRow(row)
        self._enable()

    def _off(self, charger_id: str) -> str:
        charger = self._mirror.chargers.get(charger_id)
        return "" if charger is not None and charger.state is ChargerState.ONLINE else tr("offline")

    def _enable(self) -> None:
        lost = "" if self._mirror.connected else tr("The engine does not answer.")
        busy = tr("Sending now.") if self._busy else ""
        chosen = self.model.key(self.table.currentIndex().row())
        one = tr("Choose a charger.") if not chosen else self._off(chosen) and tr("This charger is offline.")
        self.send.why_off(lost or busy or one)
        wait = [state for state in self.states if state.differs and not self._off(state.charger_id)]
        self.send_all.why_off(lost or busy or ("" if wait else tr("No charger that is online differs.")))

    def _send_one(self) -> None:
        chosen = self.model.key(self.table.currentIndex().row())
        if chosen:
            self._start([chosen])

    def _send_all(self) -> None:
        self._start([s.charger_id for s in self.states if s.differs and not self._off(s.charger_id)])

    def _start(self, charger_ids: list[str]) -> None:
        if not self._busy:
            self._busy = True
            self._enable()
            self._client.spawn(self._sync(charger_ids))

    async def _sync(self, charger_ids: list[str]) -> None:
        good, last = 0, ""
        try:
            for number, charger_id in enumerate(charger_ids, 1):
                label = self._mirror.label(charger_id)
                words = tr("{label}: sending, {n} of {all}").format(label=label, n=number, all=len(charger_ids))
                self.report.show_report(Report("info", "clock", words, over=False))
                try:
                    answer: Done = await self._client.call("tag.sync", OneCharger(charger_id), SYNC_S)
                    good += 1
                    told = tr("{label}: taken, its list is number {n} now.")
                    if answer.status == "Same":
                        told = tr("{label}: it has this list already, number {n}.")
                    last = told.format(label=label, n=answer.after)
                except EvdeskError as error:
                    last = failed(label, error).text
                self.synced.emit()
        finally:
            self._busy = False
            self._enable()
        whole = good == len(charger_ids)
        count = "" if len(charger_ids) == 1 else tr("{n} of {all} took it. ").format(n=good, all=len(charger_ids))
        self.report.show_report(Report("ok" if whole else "warn", "check" if whole else "warning", f"{count}{last}"))
