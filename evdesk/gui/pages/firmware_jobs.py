"""Jobs on the Firmware page: a strip for each that goes on, and the list of all, so that none gets lost."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.jobs import counts_words, job_look, newest_first, open_jobs
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.firmware_head import Legend, ShareBar
from evdesk.gui.pages.firmware_history import LedgerDelegate
from evdesk.gui.pages.tags_model import RowsModel, TableRow
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Chip, ElidedLabel, Label, Painted, draw
from evdesk.model.jobs import Job, JobKind, Result

MOST = 2
"""Strips at once; more jobs are counted and stand in the list."""
LATELY_S = 86_400.0
PARTS = (
    (Result.SUCCEEDED, "ok"),
    (Result.FAILED, "danger"),
    (Result.UNKNOWN, "warn"),
    (Result.CANCELLED, "house"),
    ("running", "accent"),
)


def title_of(job: Job) -> str:
    """ "Update to Nordlade N22 2.4.1, job 118" """
    what = tr("Update to {title}") if job.kind is JobKind.UPDATE else "{title}"
    named = what.format(title=job.title) if job.title else tr("Job")
    return tr("{title}, job {n}").format(title=named, n=job.id)


def job_says(job: Job, now: float) -> str:
    """What goes on, why nothing does, and when all is done."""
    ends = ""
    if job.install_at is not None and job.install_at > now:
        ends = tr("installs {time}").format(time=text.moment(job.install_at, now))
    elif job.about_done_at is not None and job.about_done_at > now and not job.waits_for:
        ends = tr("all done about {time}").format(time=text.clock(job.about_done_at))
    return text.reasons(counts_words(job), job.waits_for.rstrip("."), ends)


def last_looks(jobs: Sequence[Job], now: float) -> tuple[list[Look], Job] | None:
    """The newest update that ended lately, for the head: longest words first."""
    over = [job for job in jobs if job.over and job.kind is JobKind.UPDATE and now - (job.ended_at or 0) < LATELY_S]
    if not over:
        return None
    job = over[0]
    look = job_look(job)
    named = tr("Job {n}").format(n=job.id)
    words = (f"{named}: {counts_words(job)}", f"{named}: {look.word}", named)
    return [Look(look.icon, one, look.role) for one in words], job


class _JobRow(Painted):
    """One job that goes on."""

    opened = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.job: Job | None = None
        self.chip = Chip(parent=self)
        self.title = Label("", "card", parent=self)
        self.says = ElidedLabel("", "small", "muted", self)
        self.bar = ShareBar(8, self)
        self.bar.setFixedWidth(150)
        self.more = Button("", "more", GHOST, self, dense=True)
        self.more.hide()
        self.open = Button(tr("Open"), "arrow-right", parent=self, dense=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 10, 6)
        row.setSpacing(12)
        for widget in (self.chip, self.title):
            row.addWidget(widget)
        row.addWidget(self.says, 1)
        row.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.more)
        row.addWidget(self.open)
        self.setFixedHeight(44)
        self.open.clicked.connect(self._open)

    def show_job(self, job: Job, now: float) -> None:
        self.job = job
        look = job_look(job)
        self.chip.set_look(look)
        self.title.setText(title_of(job))
        self.says.setText(job_says(job, now))
        self.bar.set_parts([(float(job.counts.get(key, 0)), role) for key, role in PARTS], float(job.chargers))
        self.bar.setAccessibleName(counts_words(job))
        self.bar.setVisible(job.chargers > 1)
        self.open.setAccessibleName(tr("Open job {n}").format(n=job.id))
        self.setAccessibleName(f"{title_of(job)}. {look.word}. {job_says(job, now)}")
        self.update()

    def _open(self) -> None:
        if self.job is not None:
            self.opened.emit(self.job)

    def paintEvent(self, event: QPaintEvent) -> None:
        role = job_look(self.job).role if self.job is not None else "border"
        draw.card(QPainter(self), QRectF(self.rect()), role if role in ("warn", "danger") else "border")


class JobStrips(QWidget):
    """The jobs that go on. `opened(Job)`; `all_asked()`: the list of all."""

    opened = Signal(object)
    all_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens.STEP)
        self.rows = [_JobRow(self) for _ in range(MOST)]
        self.more = self.rows[-1].more
        for row in self.rows:
            row.opened.connect(self.opened)
            column.addWidget(row)
        self.more.clicked.connect(self.all_asked)
        self.hide()

    def show_jobs(self, jobs: Sequence[Job], now: float) -> None:
        for place, row in enumerate(self.rows):
            row.setVisible(place < len(jobs))
            if place < len(jobs):
                row.show_job(jobs[place], now)
        rest = len(jobs) - MOST
        self.more.setVisible(rest > 0)
        words = tr("{n} more jobs").format(n=rest) if rest != 1 else tr("1 more job")
        self.more.setText(words)
        self.more.setAccessibleName(words)
        self.more.updateGeometry()
        self.setVisible(bool(jobs))


def job_titles() -> tuple[str, ...]:
    return (tr("Job"), tr("What"), tr("State"), tr("Chargers"), tr("Begun"), tr("Took"), tr("By"))


def job_row(job: Job, now: float) -> TableRow:
    look = job_look(job)
    begun = job.started_at or job.created_at
    took = text.age(job.ended_at - begun) if job.ended_at is not None else ""
    what = tr("Update to {title}").format(title=job.title) if job.kind is JobKind.UPDATE else job.title
    cells = (str(job.id), what, look.word, counts_words(job), text.moment(begun, now), took, job.who)
    return TableRow(str(job.id), cells, "", look, " ".join(cells).casefold())


class JobList(Grid):
    """All jobs, newest first. `picked(job id)` on Return or a double click."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Jobs, newest first"), 36, parent)
        self.rows = RowsModel(job_titles(), 2, self)
        self.setItemDelegate(LedgerDelegate((1, 3), self))
        self.setModel(self.rows)
        self.set_widths((48, 180, 96, 196, 138, 62, 92), 1)
        self.opened.connect(self._picked)
        self.whole_rows()

    def show_jobs(self, jobs: Sequence[Job], now: float) -> None:
        key = self.rows.key(self.currentIndex().row())
        self.rows.set_rows([job_row(job, now) for job in jobs])
        row = self.rows.row_of(key)
        if row >= 0:
            self.selectRow(row)

    def fit(self, room: int) -> None:
        self.setColumnHidden(6, room < 860)
        self.setColumnHidden(5, room < 620)
        self.setColumnHidden(4, room < 520)

    def open_selected(self) -> None:
        self._picked(self.currentIndex())

    def _picked(self, index: QModelIndex) -> None:
        key = self.rows.key(index.row()) if index.isValid() else ""
        if key:
            self.picked.emit(int(key))


class JobsShown(QObject):
    """Keeps strips, list and the link in the head with the jobs of the mirror. `opened(id)`; `changed()` after the list
    was filled; `ended()` when one is over: versions may be others now."""

    opened = Signal(int)
    changed = Signal()
    ended = Signal()

    def __init__(self, mirror: Mirror, strips: JobStrips, jobs: JobList, legend: Legend, parent: QWidget) -> None:
        super().__init__(parent)
        self._mirror, self._strips, self._list, self._legend, self._page = mirror, strips, jobs, legend, parent
        self._going: set[int] = set()
        strips.opened.connect(lambda job: self.opened.emit(job.id))
        jobs.picked.connect(self.opened)
        legend.job.clicked.connect(self._open_last)
        mirror.job_changed.connect(self._changed)

    def show(self) -> None:
        jobs, now = newest_first(self._mirror), self._mirror.now()
        going = open_jobs(self._mirror)
        self._going = {job.id for job in going}
        self._strips.show_jobs(going, now)
        self._list.show_jobs(jobs, now)
        last = last_looks(jobs, now)
        self._legend.set_job(*((last[0], last[1].id) if last is not None else ([], 0)))
        self.changed.emit()

    def _changed(self, job: Job) -> None:
        if self._page.isVisible():
            went_on = job.id in self._going
            self.show()
            if job.over and went_on:
                self.ended.emit()

    def _open_last(self) -> None:
        last = last_looks(newest_first(self._mirror), self._mirror.now())
        if last is not None:
            self.opened.emit(last[1].id)
