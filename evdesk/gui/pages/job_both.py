"""The card under the chargers of a job: what both sides did for one of them, and its bytes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import ChargerInJob
from evdesk.gui.pages.job_deeds import can_leave
from evdesk.gui.pages.job_feed import JobFeed
from evdesk.gui.pages.job_lines import LinesFeed, LinesModel, LinesView
from evdesk.gui.pages.job_plot import BytesPlot
from evdesk.gui.pages.job_side import head_height
from evdesk.gui.pages.job_words import RUNNING, group, sentences
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, PRIMARY, Button, Card, ElidedLabel, Label
from evdesk.model.jobs import JobKind, Step

PLOT, PLOT_SMALL = 260, 190
PLOT_WIDE, PLOT_HIGH = 420, 300
PLOT_FROM, PLOT_WHOLE_FROM = 560, 680
"""Under this width the log needs the room."""


class BothSides(Card):
    """`skip_asked(charger_id)`, `messages_asked(charger_id)`, `log_asked(log_id)`."""

    skip_asked = Signal(str)
    messages_asked = Signal(str)
    log_asked = Signal(int)

    def __init__(self, client: Client, feed: JobFeed, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self.add_head(head_height())
        self.title.setVisible(True)
        self._feed = feed
        self.charger_id = ""
        self.lines = LinesModel(self)
        self.reader = LinesFeed(client, self.lines, self)
        self.view = LinesView(self.lines, self)
        self.plot = BytesPlot(self)
        self.follows = Label(tr("follows"), "small", "muted", self)
        self.back = Button(tr("Back to the newest"), "arrow-down", GHOST, self, dense=True)
        self.messages = Button(tr("Its messages"), "message", GHOST, self, dense=True)
        self.skip = Button(tr("Leave it out"), "x", GHOST, self, dense=True)
        self.log = Button(tr("Open log"), "file", PRIMARY, self, dense=True)
        self.said = ElidedLabel("", "small", "muted", self)
        self.empty = Label(tr("Nothing was done yet."), "small", "muted", self)
        self._lay_out()
        self.view.follow_changed.connect(self._following)
        self.back.clicked.connect(self.follow)
        self.skip.clicked.connect(self._skip)
        self.messages.clicked.connect(self._messages)
        self.log.clicked.connect(self._log)
        self.reader.failed.connect(self._failed)
        self.lines.rowsInserted.connect(self._came)
        self.lines.modelReset.connect(self._came)
        self._following(True)

    def _lay_out(self) -> None:
        self.head.setContentsMargins(12, 0, 4, 0)
        self.head.insertWidget(1, self.said, 100)  # before the room that the head leaves free
        for widget in (self.follows, self.back, self.log, self.skip, self.messages):
            self.head.addWidget(widget)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        left = QVBoxLayout()
        left.setContentsMargins(1, 3, 0, 5)
        left.addWidget(self.view, 1)
        left.addWidget(self.empty, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addLayout(left, 1)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 4, 0)
        right.addWidget(self.plot, 1)
        right.addStretch(0)
        self.plot.setMaximumHeight(PLOT_HIGH)
        row.addLayout(right)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addLayout(row, 1)

    def fit(self, room: int) -> None:
        self.plot.setVisible(room >= PLOT_FROM)
        self.plot.setFixedWidth(PLOT_WIDE if room > 1000 else PLOT if room >= PLOT_WHOLE_FROM else PLOT_SMALL)

    def show_charger(self, charger_id: str) -> None:
        """Follow this charger; "" shows none."""
        self.charger_id = charger_id
        if charger_id and self._feed.job_id is not None:
            self.reader.show(self._feed.job_id, charger_id)
        self.refresh()

    def refresh(self) -> None:
        """Take the feed's state, and ask for new lines."""
        one, job = self._feed.chargers.get(self.charger_id), self._feed.job
        if one is None or job is None:
            self.title.setText(tr("No charger chosen"))
            return
        self.title.setText(tr("{label}, both sides").format(label=one.label or one.charger_id))
        self.said.setText(" ".join(filter(None, sentences(one, self._feed.now()))) if one.outcome is not None else "")
        live = one.outcome is None and group(one) == RUNNING
        moves = live and one.step in (Step.DOWNLOADING, Step.UPLOADING)
        self.plot.show_transfer(one.transfer, self._feed.now(), live=moves, upload=job.kind is JobKind.LOG)
        self.skip.setText(tr("Stop it") if live else tr("Leave it out"))
        self.skip.setAccessibleName(self.skip.text())
        self.skip.updateGeometry()
        self.skip.setVisible(can_leave(one) and not job.over and job.kind is JobKind.UPDATE)
        self.log.setVisible(one.log_id is not None)
        if live:
            self.reader.poll()

    def moved(self, event: ChargerInJob) -> None:
        """The engine told something of a charger: its lines may be more."""
        if event.job_id == self._feed.job_id and event.charger.charger_id == self.charger_id and self.isVisible():
            self.reader.poll()

    def follow(self) -> None:
        self.view.follow(True)

    def toggle(self) -> None:
        """Pause, or go on."""
        self.view.follow(not self.view.following)

    def _following(self, following: bool) -> None:
        self.follows.setVisible(following)
        self.back.setVisible(not following)

    def _came(self, *_: object) -> None:
        some = bool(self.lines.lines)
        self.view.setVisible(some)
        self.empty.setVisible(not some)

    def _failed(self, sentence: str) -> None:
        self.empty.setText(sentence or tr("Nothing was done yet."))

    def _skip(self) -> None:
        self.skip_asked.emit(self.charger_id)

    def _messages(self) -> None:
        self.messages_asked.emit(self.charger_id)

    def _log(self) -> None:
        one = self._feed.chargers.get(self.charger_id)
        if one is not None and one.log_id is not None:
            self.log_asked.emit(one.log_id)
