"""One job: its progress, charger by charger, and its report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.job_deeds import JobDeeds
from evdesk.gui.pages.job_feed import JobFeed
from evdesk.gui.pages.job_progress import ProgressPanel
from evdesk.gui.pages.job_recovery import show_card
from evdesk.gui.pages.job_report import ReportPanel
from evdesk.gui.pages.job_words import held_up, held_words
from evdesk.gui.pages.update_steps import GuideStep, GuideSteps
from evdesk.gui.text import tr
from evdesk.gui.widgets import Banner, Card, EmptyState, Label
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme

SIDE, SIDE_NARROW, SIDE_WIDE = 300, 284, 400
NARROW, WIDE = 1000, 1400
ARRANGED = {GuideStep.CHARGERS, GuideStep.IMAGE, GuideStep.PREFLIGHT, GuideStep.CONFIRM}


def title_of(job: Job | None) -> str:
    if job is None:
        return tr("Job")
    if job.kind is JobKind.LOG:
        return job.title or tr("Fetch a log")
    return tr("Update 1 charger") if job.chargers == 1 else tr("Update {n} chargers").format(n=job.chargers)


class JobHead(QWidget):
    """The steps, why the job stands still, and what went wrong. `chosen(step)`, `go_on_asked()`."""

    chosen = Signal(int)
    go_on_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = GuideSteps(self)
        self.paused = Banner("warn", "", "", (("go_on", tr("Go on")),), self, icon="pause")
        self.waits = Banner("info", tr("Nothing runs now"), parent=self, icon="clock")
        self.note = Label("", "small", "danger", self, wrap=True, selectable=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.GAP)
        for widget in (self.steps, self.paused, self.waits, self.note):
            column.addWidget(widget)
        for later in (self.paused, self.waits, self.note):
            later.hide()
        self.steps.chosen.connect(self.chosen)
        self.paused.acted.connect(self.go_on_asked)

    def show_job(self, job: Job, chargers: Sequence[JobCharger], step: GuideStep, off: str) -> None:
        """`off`: why nothing can be done now."""
        self.steps.setVisible(job.kind is JobKind.UPDATE)
        begun = dict.fromkeys(ARRANGED, tr("This was decided when the job began."))
        if not job.over:
            begun[GuideStep.REPORT] = tr("When the job is over.")
        done = ARRANGED | ({GuideStep.PROGRESS, GuideStep.REPORT} if job.over else set())
        self.steps.set_steps(step, done, begun)
        paused = job.state is JobState.PAUSED
        if paused:
            told = job.waits_for or tr("No other charger is begun. Those that run go on to their end.")
            self.paused.set_words(tr("Paused"), told)
        self.paused.setVisible(paused)
        waits = bool(job.waits_for) and job.state is JobState.RUNNING
        if waits:
            who, why = held_words(chargers) if held_up(chargers) else ("", "")
            self.waits.set_words(who or tr("Nothing runs now"), why or job.waits_for)
        self.waits.setVisible(waits)
        self.paused.buttons["go_on"].why_off(off)
        self.setVisible(job.kind is JobKind.UPDATE or paused or waits or bool(self.note.text()))

    def say(self, role: str, sentence: str) -> None:
        self.note.set_role(role)
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))
        if sentence:
            self.show()


class JobPage(Page):
    """`go(118)` shows a job. F5 reads it again, Space pauses the log."""

    name = "job"
    icon = "chip"
    section = "firmware"

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self.feed = JobFeed(mirror, client, self)
        self.deeds = JobDeeds(client, theme, self.feed, self)
        self.head = JobHead(self)
        self.progress = ProgressPanel(mirror, client, self.feed, self.deeds, self)
        self.report = ReportPanel(mirror, self.feed, self.deeds, self)
        advice = tr("Updates and logs that are fetched are shown here, from the first byte to the report.")
        self.empty = EmptyState("chip", tr("No job yet"), advice, tr("Update chargers"), self)
        self._header = ("", "")
        self._chosen: GuideStep | None = None  # which of both a person looks at; None: what the job is at
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        blank = Card(parent=self)
        blank.body.addWidget(self.empty)
        self._blank = blank
        self.stack = QStackedLayout()
        for panel in (self.progress, self.report, blank):
            self.stack.addWidget(panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.MARGIN, tokens.MARGIN, tokens.MARGIN, tokens.MARGIN)
        column.setSpacing(tokens.GAP)
        column.addWidget(self.head)
        column.addLayout(self.stack, 1)
        self.head.hide()

    def _wire(self) -> None:
        self.feed.loaded.connect(self.refresh)
        self.feed.changed.connect(self.refresh)
        self.feed.failed.connect(self._failed)
        self.deeds.said.connect(self._said)
        self.deeds.busy_changed.connect(self._enable)
        self.head.chosen.connect(self._step)
        self.head.go_on_asked.connect(self.deeds.go_on)
        self.progress.report_asked.connect(self._step)
        self.progress.recovery_asked.connect(self._recovery)
        for panel in (self.progress, self.report):
            panel.go_asked.connect(self.navigate)
        self.report.retry_asked.connect(self._retry)
        if self.empty.button is not None:
            self.empty.button.clicked.connect(self._begin)
        self.mirror.connection_changed.connect(self._enable)
        self.mirror.job_charger_changed.connect(self.progress.both.moved)
        for keys, deed in (("F5", self.feed.read), ("Space", self.progress.both.toggle)):
            key = QShortcut(QKeySequence(keys), self)
            key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            key.activated.connect(deed)

    # -- what the shell asks ------------------------------------------------------------------------------------------

    def title(self) -> str:
        return title_of(self.feed.job)

    def subtitle(self) -> str:
        if self.feed.job_id is None:
            return ""
        job, now = self.feed.job, self.mirror.now()
        if job is not None and job.ended_at is not None:
            return tr("job {n}, over {time}").format(n=job.id, time=text.moment(job.ended_at))
        return tr("job {n}, {day}, {time}").format(n=self.feed.job_id, day=text.day(now), time=text.clock(now))

    def on_shown(self) -> None:
        newest = self.feed.job_id if self.feed.job_id is not None else max(self.mirror.jobs, default=None)
        if newest is not None:
            self.feed.open(newest)
        self.refresh()

    def on_hidden(self) -> None:
        self.feed.close()

    def go(self, argument: object) -> None:
        words = str(argument)
        if not words.isdigit():
            return
        if int(words) != self.feed.job_id:
            self._chosen = None
            self.progress.forget()
            self.report.forget()
            self._failed("")
        self.feed.open(int(words))
        self.refresh()

    def place(self) -> object:
        return str(self.feed.job_id) if self.feed.job_id is not None else None

    # -- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        job = self.feed.job
        if job is None:
            self.stack.setCurrentWidget(self._blank)
            self.head.hide()
            return
        step = self.step()
        self.stack.setCurrentWidget(self.report if step is GuideStep.REPORT else self.progress)
        self.head.show_job(job, list(self.feed.chargers.values()), step, self._off())
        self.report.refresh() if step is GuideStep.REPORT else self.progress.refresh()
        self._fit()
        header = (self.title(), self.subtitle())
        if header != self._header:
            self._header = header
            self.header_changed.emit()

    def step(self) -> GuideStep:
        """Progress or report: what a person chose, else what the job is at."""
        job = self.feed.job
        if job is None or job.kind is JobKind.LOG or not job.over:
            return GuideStep.PROGRESS
        return self._chosen if self._chosen is not None else GuideStep.REPORT

    def _off(self) -> str:
        """Why nothing can be done now."""
        if not self.mirror.connected:
            return tr("Off while the engine does not answer.")
        return tr("One moment") if self.deeds.busy else ""

    def _enable(self, *_: object) -> None:
        if self.feed.job is not None:
            self.head.show_job(self.feed.job, list(self.feed.chargers.values()), self.step(), self._off())
        self.progress.enable()
        self.report.enable()

    def _failed(self, sentence: str) -> None:
        if self.feed.job is not None or not sentence:
            self.head.say("danger", sentence)
        else:
            self.empty.set_words(tr("This job cannot be read"), sentence)

    def _said(self, role: str, sentence: str) -> None:
        if role == "ok":
            self.navigate.emit("said", sentence)
            self.feed.read()
        self.head.say(role, "" if role == "ok" else sentence)

    # -- people -------------------------------------------------------------------------------------------------------

    def _step(self, number: int = int(GuideStep.REPORT)) -> None:
        self._chosen = GuideStep(number)
        self.refresh()

    def _recovery(self) -> None:
        self.client.spawn(show_card(self.feed, self.theme, self.window()))

    def _begin(self) -> None:
        self.navigate.emit("update", None)

    def _retry(self, charger_ids: object) -> None:
        job = self.feed.job
        if job is not None:
            self.navigate.emit("update", {"charger_ids": charger_ids, "image_id": job.image_id})

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        side = SIDE_NARROW if self.width() < NARROW else SIDE_WIDE if self.width() >= WIDE else SIDE
        self.progress.fit(side)
        self.report.fit(side)
