"""A job while it runs: its chargers wave by wave, both sides of one of them, and the column at the right."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import theme, tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.job_both import BothSides
from evdesk.gui.pages.job_deeds import JobDeeds
from evdesk.gui.pages.job_feed import JobFeed
from evdesk.gui.pages.job_model import FOLD_FROM, JobModel
from evdesk.gui.pages.job_side import ImageCard, RecoveryHint, ServesCard, SideColumn, SummaryCard, column_height
from evdesk.gui.pages.job_table import JobTable
from evdesk.gui.pages.job_words import RUNNING, counted, group
from evdesk.gui.text import tr
from evdesk.gui.widgets import DANGER, Button, Card, Label, Rule, SearchField, Segmented
from evdesk.model.jobs import Job, JobCharger, JobKind, JobState, Result, Step

LOG_LEAST, LOG_SHARE = 150, 0.27
NOW, ALL = "now", "all"
SCROLL = 10
"""Width of a scroll bar."""


class ControlCard(Card):
    """What to do when one stays silent; pause, go on, cancel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=12)
        self.body.setContentsMargins(12, 12, 8, 12)
        self.hint = RecoveryHint(self)
        self.leave = Label("", "small", "muted", self, wrap=True)
        self.pause = Button("", "pause", parent=self)
        self.cancel = Button("", "x", DANGER, self)
        self.report = Button(tr("Report"), "file", parent=self)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.pause)
        row.addWidget(self.cancel)
        row.addWidget(self.report)
        row.addStretch(1)
        self._paused = False
        self.body.addWidget(self.hint)
        self.body.addWidget(self.leave)
        self.body.addLayout(row)

    def show_job(self, job: Job, off: str) -> None:
        log = job.kind is JobKind.LOG
        self.hint.setVisible(not log)
        self.leave.setText(
            tr("The engine has ended this job; late evidence is still taken in.")
            if job.over
            else tr("You can leave this page; the engine goes on.")
        )
        self._paused = job.state is JobState.PAUSED
        self.pause.set_icon("play" if self._paused else "pause")
        self.cancel.setText(tr("Stop fetching") if log else tr("Cancel rest"))
        self._fit()
        self.pause.setVisible(not job.over and not log)
        self.cancel.setVisible(not job.over)
        self.report.setVisible(job.over and not log)
        self.cancel.updateGeometry()
        self.cancel.setAccessibleName(self.cancel.text())
        self.pause.why_off(off)
        self.cancel.why_off(off)

    def set_short(self, short: int) -> None:
        """1: only the way to the recovery card. 2: nothing about leaving the page either."""
        self.hint.set_short(short > 0)
        self.leave.setVisible(short < 2)

    def _fit(self) -> None:
        """Where both words have no room, the first is shorter."""
        words = tr("Go on") if self._paused else tr("Pause after these")
        self.pause.setText(words)
        self.pause.setAccessibleName(words)
        if self.pause.sizeHint().width() + self.cancel.sizeHint().width() + 8 > self.width() - 22:
            self.pause.setText(tr("Go on") if self._paused else tr("Pause"))
        self.pause.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class ProgressPanel(QWidget):
    """`report_asked()`, `recovery_asked()`, `go_asked(page, argument)`."""

    report_asked = Signal()
    recovery_asked = Signal()
    go_asked = Signal(str, object)

    def __init__(
        self, mirror: Mirror, client: Client, feed: JobFeed, deeds: JobDeeds, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._mirror, self._feed, self._deeds = mirror, feed, deeds
        self._by_hand = False  # a person chose the charger that is shown
        self._fitted: object = None  # what the right column was arranged for
        self.model = JobModel(feed, self)
        self.table = JobTable(self.model, self)
        self.list = Card("", self, padding=0)
        self.search = SearchField(tr("Find a charger"), self)
        self.shown = Segmented([(NOW, tr("Running and failed")), (ALL, tr("All"))], self)
        self.count = Label("", "small", "muted", self)
        self.tools = QWidget(self)
        self.both = BothSides(client, feed, self)
        self.side = SideColumn(self)
        self.summary = SummaryCard(self)
        self.image = ImageCard(self)
        self.serves = ServesCard(self)
        self.control = ControlCard(self)
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        tools = QHBoxLayout(self.tools)
        tools.setContentsMargins(12, 8, 12, 7)
        tools.setSpacing(8)
        self.search.setMaximumWidth(180)
        tools.addWidget(self.search)
        tools.addWidget(self.shown)
        tools.addStretch(1)
        tools.addWidget(self.count)
        self.rule = Rule(self)
        self.list.body.setSpacing(0)
        self.list.body.setContentsMargins(1, 1, 1, 4)
        self.list.body.addWidget(self.tools)
        self.list.body.addWidget(self.rule)
        self.list.body.addWidget(self.table, 1)
        for card in (self.summary, self.image, self.serves):
            self.side.add(card)
        left = QVBoxLayout()
        left.setSpacing(tokens.GAP)
        left.addWidget(self.list)
        left.addWidget(self.both, 1)
        self._right = QWidget(self)
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(tokens.GAP)
        right.addWidget(self.side, 1)
        right.addWidget(self.control)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.GAP)
        row.addLayout(left, 1)
        row.addWidget(self._right)

    def _wire(self) -> None:
        self.table.chosen.connect(self._chosen)
        self.table.skip_asked.connect(self._deeds.skip)
        self.both.skip_asked.connect(self._deeds.skip)
        self.both.messages_asked.connect(self._to_messages)
        self.both.log_asked.connect(self._to_log)
        self.model.rebuilt.connect(self._fit_table)
        self.search.textChanged.connect(self.model.search)
        self.shown.changed.connect(self._show)
        self.control.pause.clicked.connect(self._pause)
        self.control.cancel.clicked.connect(self._deeds.cancel)
        self.control.report.clicked.connect(self.report_asked)
        self.control.hint.asked.connect(self.recovery_asked)
        self._feed.images_changed.connect(self._show_image)
        self.side.verticalScrollBar().rangeChanged.connect(self._scrolls)

    # -- showing ------------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Another job is opened."""
        self._by_hand = False
        self.search.clear()
        self.shown.select(NOW)
        self.model.forget()
        self.both.show_charger("")

    def refresh(self) -> None:
        job, chargers = self._feed.job, list(self._feed.chargers.values())
        if job is None:
            return
        now = self._feed.now()
        many = len(chargers) >= FOLD_FROM
        self.tools.setVisible(many)
        self.rule.setVisible(many)
        self.count.setText(counted(chargers) if many else "")
        self.table.show_times(job, chargers, now)
        self.model.refresh()
        self._choose(chargers)
        self.both.refresh()
        self.summary.show_job(job, chargers, now)
        self.serves.show_job(job, chargers, here=self._feed.client().here)
        self.serves.setVisible(bool(job.served) or not job.over)
        place = 1 if self.serves.warns else 2
        if self.side.column.indexOf(self.serves) != place:  # what somebody should do stands before what is known
            self.side.column.removeWidget(self.serves)
            self.side.column.insertWidget(place, self.serves)
        self._show_image()
        self.enable()
        self._fit_side()
        self._fit_table()

    def enable(self) -> None:
        off = "" if self._mirror.connected else tr("Off while the engine does not answer.")
        off = off or (tr("One moment") if self._deeds.busy else "")
        if self._feed.job is not None:
            self.control.show_job(self._feed.job, off)
        self.both.skip.why_off(off)
        self.table.set_muted(not self._mirror.connected)

    def _show_image(self) -> None:
        chargers, image = list(self._feed.chargers.values()), self._feed.image()
        self.image.show_image(image, self._feed.images.values(), chargers)
        self.control.hint.show_hint(image, chargers)

    def fit(self, side: int) -> None:
        """The width of the right column; the rest follows from it."""
        self._right.setFixedWidth(side)
        self._fit_side()
        self._scrolls(0, self.side.verticalScrollBar().maximum())
        self._fit_table()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_side()
        self._fit_table()

    def _fit_side(self) -> None:
        """Where the window is low, first facts of the file give way, then the words of the recovery card: the card with
        the way of the file and this computer's power is to be seen whole."""
        job = self._feed.job
        wide, high = self._right.width(), self.height()
        kept = (wide, high, self.summary.height(), self.serves.isHidden(), self.image.isHidden())
        told = (self.serves.told, self.control.hint.accessibleName(), job is None or job.over)
        if job is None or (kept, told, theme.current().large) == self._fitted:
            return
        self._fitted = (kept, told, theme.current().large)
        cards = (self.summary, self.image, self.serves, self.control)
        for dense, short in ((0, 0), (1, 0), (1, 1), (2, 1), (2, 2)):
            self.image.set_dense(dense)
            self.control.set_short(short)
            if column_height(cards, wide) <= high:
                break

    def _scrolls(self, _least: int, most: int) -> None:
        """The card at the foot is as wide as those above it."""
        self.control.setFixedWidth(self._right.width() - (SCROLL if most > 0 else 0))

    def _fit_table(self) -> None:
        """The list as high as its rows, the log gets the rest and never less than it needs."""
        room = self.width() - self._right.width() - tokens.GAP
        self.table.fit(room)
        self.both.fit(room)
        tools = self.tools.sizeHint().height() if self.tools.isVisibleTo(self) else 0
        frame = tools + 7
        log = max(LOG_LEAST, round(self.height() * LOG_SHARE))
        self.list.setFixedHeight(max(86, frame + self.table.rows_height(self.height() - log - tokens.GAP - frame)))

    # -- choosing -----------------------------------------------------------------------------------------------------

    def choose(self, charger_id: str) -> None:
        """Show this charger from now on."""
        self._by_hand = True
        self.table.choose(charger_id)
        self.both.show_charger(charger_id)

    def _choose(self, chargers: list[JobCharger]) -> None:
        """Until a person chooses: the one that tells most now."""
        shown = self.both.charger_id
        known = any(one.charger_id == shown for one in chargers)
        if not chargers or (known and (self._by_hand or shown == leading(chargers))):
            return
        if not self._by_hand:
            lead = leading(chargers)
            self.table.choose(lead)
            self.both.show_charger(lead)

    def _chosen(self, charger_id: str) -> None:
        if charger_id:
            self._by_hand = True
            self.both.show_charger(charger_id)

    # -- doing --------------------------------------------------------------------------------------------------------

    def _show(self, key: str) -> None:
        self.model.show_everything(key == ALL)

    def _pause(self) -> None:
        job = self._feed.job
        if job is not None and job.state is JobState.PAUSED:
            self._deeds.go_on()
        else:
            self._deeds.pause()

    def _to_messages(self, charger_id: str) -> None:
        self.go_asked.emit("messages", charger_id)

    def _to_log(self, log_id: int) -> None:
        self.go_asked.emit("logs", log_id)


def leading(chargers: list[JobCharger]) -> str:
    """The charger one wants to see: one that fetches, else one that runs, else one that went wrong, else the first."""

    def rank(one: JobCharger) -> int:
        if one.outcome is None and one.step in (Step.DOWNLOADING, Step.UPLOADING):
            return 0
        if group(one) == RUNNING:
            return 1
        return 2 if one.outcome in (Result.FAILED, Result.UNKNOWN) else 3

    return min(chargers, key=rank).charger_id if chargers else ""
