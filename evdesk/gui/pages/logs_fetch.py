"""Fetching a log: which charger, what, from when to when; and the fetches that go on."""

from collections.abc import Callable

from PySide6.QtCore import QDateTime, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import tokens
from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import Sheet
from evdesk.gui.jobs import newest_first
from evdesk.gui.mirror import ChargerInJob, Mirror
from evdesk.gui.pages.chargers_actions import why_off
from evdesk.gui.pages.firmware_head import ShareBar
from evdesk.gui.pages.logs_words import DIAGNOSTICS, SECURITY, fetch_look, fetch_words
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import GHOST, Button, Chip, ElidedLabel, Label, Painted, Segmented, draw
from evdesk.model import Charger, ConnectorStatus, EvdeskError
from evdesk.model.charger import Connector
from evdesk.model.jobs import Job, JobCharger, JobKind, Result
from evdesk.wire.jobs import CancelJob, FetchLog, JobView, OneJob

DAY_S = 86_400.0
MOST = 3
"""Fetches in sight at once; the rest stand in the list of jobs."""


def no_logs(charger: Charger, connected: bool) -> str:
    """Why no log can be fetched from it now; "" when it can."""
    connector = next(iter(charger.connectors), Connector(1, ConnectorStatus.UNKNOWN))
    return why_off("logs", charger, connector, connected)


class FetchSheet(Sheet):
    """`job_id` once the engine has begun. `charger_id` chosen before; "" the first that can."""

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget, charger_id: str = "") -> None:
        super().__init__(tr("Fetch a log"), theme, parent)
        self._mirror, self._client = mirror, client
        self.job_id = 0
        self.setMinimumWidth(540)
        self.say(tr("The charger sends its log to this computer. It is kept as it comes, with its hash."), muted=True)
        self.charger = QComboBox()
        self.reason = Label("", "small", "warn", wrap=True)
        self.kind = Segmented([(DIAGNOSTICS, tr("Diagnostics")), (SECURITY, tr("Security log"))])
        self.period = QComboBox()
        self.from_at, self.to_at = QDateTimeEdit(), QDateTimeEdit()
        self._fill(charger_id)
        self.field(tr("Charger"), self.charger)
        self.form.addRow("", self.reason)
        self.field(tr("Log"), self.kind, tr("The security log needs OCPP 2.x, or 1.6 with the security extension."))
        self.field(tr("Period"), self.period, tr("Where the charger heeds it; many send all they have."))
        self.field(tr("From"), self.from_at)
        self.field(tr("To"), self.to_at)
        self.cancel()
        self.fetch = self.deed(tr("Fetch"), self._fetch)
        self.charger.currentIndexChanged.connect(self._enable)
        self.period.currentIndexChanged.connect(self._enable)
        self._enable()

    def _fill(self, charger_id: str) -> None:
        chosen = -1
        for place, one in enumerate(self._mirror.accepted()):
            off = no_logs(one, self._mirror.connected)
            model = " ".join(part for part in (one.vendor, one.model) if part)
            words = ", ".join(part for part in (self._mirror.label(one.id), model, tr("off") if off else "") if part)
            self.charger.addItem(words, one.id)
            self.charger.setItemData(place, off, Qt.ItemDataRole.ToolTipRole)
            if one.id == charger_id or (chosen < 0 and not charger_id and not off):
                chosen = place
        self.charger.setCurrentIndex(max(0, chosen))
        for words, seconds in (
            (tr("All it has"), 0.0),
            (tr("The last hour"), 3600.0),
            (tr("The last 24 hours"), DAY_S),
            (tr("The last 7 days"), 7 * DAY_S),
            (tr("From … to …"), -1.0),
        ):
            self.period.addItem(words, seconds)
        now = int(self._mirror.now())
        for edit, at in ((self.from_at, now - int(DAY_S)), (self.to_at, now)):
            edit.setCalendarPopup(True)
            edit.setDisplayFormat("yyyy-MM-dd HH:mm")
            edit.setDateTime(QDateTime.fromSecsSinceEpoch(at))
            edit.setFixedHeight(self.theme.control)

    def _enable(self, *_: object) -> None:
        own = self.period.currentData() == -1.0
        for edit in (self.from_at, self.to_at):
            self.form.setRowVisible(edit, own)
        charger = self._mirror.chargers.get(str(self.charger.currentData()))
        off = tr("No charger yet.") if charger is None else no_logs(charger, self._mirror.connected)
        self.reason.setText(off)
        self.form.setRowVisible(self.reason, bool(off))
        label = self._mirror.label(charger.id) if charger is not None else ""
        self.fetch.setText(tr("Fetch from {label}").format(label=label) if label else tr("Fetch"))
        self.fetch.setAccessibleName(self.fetch.text())
        self.fetch.why_off(off)

    def params(self) -> FetchLog:
        """What the fields say now."""
        seconds = float(self.period.currentData())
        begin: float | None = None
        end: float | None = None
        if seconds > 0:
            begin = self._mirror.now() - seconds
        elif seconds < 0:
            begin, end = (float(e.dateTime().toSecsSinceEpoch()) for e in (self.from_at, self.to_at))
        return FetchLog(str(self.charger.currentData()), self.kind.current(), begin, end)

    async def _fetch(self) -> None:
        begun = await self._client.call("log.fetch", self.params())
        self.job_id = begun.job_id


class Fetches(QObject):
    """The jobs that fetch logs: those that go on, and those that ended since somebody looks, until they are put away.

    `changed()` after each step; `received()` when a log has come."""

    changed = Signal()
    received = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self._kept: set[int] = set()
        self._away: set[int] = set()
        self._chargers: dict[int, JobCharger] = {}
        mirror.job_changed.connect(self._job)
        mirror.job_charger_changed.connect(self._charger)

    def begin(self) -> None:
        """Somebody looks now: ask how far those are that go on."""
        for job in self._going():
            self._keep(job)

    def keep(self, job_id: int) -> None:
        """Show this one, also when it is over."""
        self._kept.add(job_id)
        self._away.discard(job_id)
        self._client.spawn(self._read(job_id))

    def put_away(self, job_id: int) -> None:
        self._kept.discard(job_id)
        self._away.add(job_id)
        self.changed.emit()

    def shown(self) -> list[tuple[Job, JobCharger | None]]:
        """Newest first."""
        jobs = [job for job in newest_first(self._mirror) if job.id in self._kept]
        return [(job, self._chargers.get(job.id)) for job in jobs]

    def _going(self) -> list[Job]:
        return [job for job in newest_first(self._mirror) if job.kind is JobKind.LOG and not job.over]

    def _keep(self, job: Job) -> None:
        if job.id not in self._kept and job.id not in self._away:
            self.keep(job.id)

    def _job(self, job: Job) -> None:
        if job.kind is not JobKind.LOG:
            return
        if not job.over:
            self._keep(job)
        elif job.id in self._kept:
            self._client.spawn(self._read(job.id))
            self.received.emit()
        self.changed.emit()

    def _charger(self, told: ChargerInJob) -> None:
        if told.job_id in self._kept:
            self._chargers[told.job_id] = told.charger
            self.changed.emit()

    async def _read(self, job_id: int) -> None:
        try:
            view: JobView = await self._client.call("job.get", OneJob(job_id))
        except EvdeskError:
            return  # its strip goes on without; events bring the rest
        for one in view.chargers.values():
            self._chargers[job_id] = one
        if self._mirror.jobs.get(job_id) != view.job:
            self._mirror.put_job(view.job)
        self.changed.emit()


class FetchRow(Painted):
    """One fetch: how far it is, then what came of it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.job: Job | None = None
        self.one: JobCharger | None = None
        self.chip = Chip(parent=self)
        self.title = Label("", "card", parent=self)
        self.says = ElidedLabel("", "small", "muted", self)
        self.bar = ShareBar(8, self)
        self.bar.setFixedWidth(120)
        self.show_log = Button(tr("Show"), "eye", parent=self, dense=True)
        self.again = Button(tr("Fetch again"), "refresh", parent=self, dense=True)
        self.cancel = Button(tr("Cancel"), "x", parent=self, dense=True)
        self.away = Button("", "x", GHOST, self, label=tr("Put away"), dense=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(12)
        row.addWidget(self.chip)
        row.addWidget(self.title)
        row.addWidget(self.says, 1)
        row.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignVCenter)
        for button in (self.show_log, self.again, self.cancel, self.away):
            row.addWidget(button)
        self.setFixedHeight(44)

    def show_fetch(self, job: Job, one: JobCharger | None, now: float, off: str) -> None:
        self.job, self.one = job, one
        look, said = fetch_look(job, one), fetch_words(job, one, now)
        self.chip.set_look(look)
        self.title.setText(job.title or tr("Log"))
        self.says.setText(said)
        share = one.progress if one is not None else None
        self.bar.setVisible(share is not None and not job.over)
        self.bar.set_parts([(share or 0.0, "accent")], 1.0)
        self.show_log.setVisible(one is not None and one.log_id is not None)
        failed = one is not None and one.outcome in (Result.FAILED, Result.UNKNOWN, Result.CANCELLED)
        self.again.setVisible(failed)
        self.again.why_off(off)
        self.cancel.setVisible(not job.over)
        self.cancel.why_off(off)
        self.away.setVisible(job.over)
        self.setAccessibleName(f"{job.title}. {look.word}. {said}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        role = fetch_look(self.job, self.one).role if self.job is not None else "border"
        edge = role if role in ("warn", "danger") else "border"
        draw.card(QPainter(self), QRectF(self.rect()), edge)


class FetchStrips(QWidget):
    """`log_asked(log id)`; `again_asked(charger id)`; `failed(sentence)`."""

    log_asked = Signal(int)
    again_asked = Signal(str)
    failed = Signal(str)

    def __init__(self, fetches: Fetches, client: Client, now: Callable[[], float], parent: QWidget) -> None:
        super().__init__(parent)
        self._fetches, self._client, self._now = fetches, client, now
        self.off = ""
        self.rows = [FetchRow(self) for _ in range(MOST)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.STEP)
        for row in self.rows:
            column.addWidget(row)
            row.show_log.clicked.connect(lambda _=False, row=row: self._show(row))
            row.again.clicked.connect(lambda _=False, row=row: self._again(row))
            row.cancel.clicked.connect(lambda _=False, row=row: self._cancel(row))
            row.away.clicked.connect(lambda _=False, row=row: self._away(row))
        fetches.changed.connect(self.refresh)
        self.hide()

    def refresh(self) -> None:
        shown = self._fetches.shown()
        for place, row in enumerate(self.rows):
            row.setVisible(place < len(shown))
            if place < len(shown):
                row.show_fetch(*shown[place], self._now(), self.off)
        self.setVisible(bool(shown))

    def _show(self, row: FetchRow) -> None:
        if row.one is not None and row.one.log_id is not None:
            self.log_asked.emit(row.one.log_id)

    def _again(self, row: FetchRow) -> None:
        if row.one is not None:
            self.again_asked.emit(row.one.charger_id)

    def _away(self, row: FetchRow) -> None:
        if row.job is not None:
            self._fetches.put_away(row.job.id)

    def _cancel(self, row: FetchRow) -> None:
        if row.job is not None:
            row.cancel.setEnabled(False)
            self._client.spawn(self._cancelled(row.job.id))

    async def _cancelled(self, job_id: int) -> None:
        try:
            await self._client.call("job.cancel", CancelJob(job_id))
        except EvdeskError as error:
            self.failed.emit(error.sentence)
        self.refresh()
