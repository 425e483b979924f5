"""The report of a job: what came of each charger, why, what became of its settings, and the record as a file."""

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text, tokens
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_grid import Grid
from evdesk.gui.pages.job_deeds import JobDeeds
from evdesk.gui.pages.job_feed import JobFeed
from evdesk.gui.pages.job_lines import LinesFeed, LinesModel, LinesView
from evdesk.gui.pages.job_report_model import ReportModel, ReportTable, length, report_tsv
from evdesk.gui.pages.job_segments import step_title
from evdesk.gui.pages.job_side import ImageCard, SideColumn, SummaryCard, column_height, head_height, short_hash
from evdesk.gui.pages.job_words import outcome_look, running_words, settings_short, transfer_words
from evdesk.gui.pages.tags_model import RowsDelegate, RowsModel, TableRow
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import PRIMARY, Button, Card, Chip, KeyValue, Label, copy
from evdesk.model.jobs import Job, JobCharger, JobKind, Result
from evdesk.model.settings import SettingChange
from evdesk.wire.jobs import ReportFormat

DETAIL_LEAST, LINES_FROM = 170, 150
"""Least height of one result; the log of both sides is shown under it from so much room on."""
SCROLL = 10


def change_row(change: SettingChange, one: JobCharger) -> TableRow:
    """A setting that the update touched, and what became of it."""
    if change.name in one.restored:
        look = Look("undo", tr("Put back"), "ok")
    elif change.name in one.lost:
        look = Look("warning", tr("Lost"), "warn")
    else:
        look = Look("edit", tr("New") if change.kind == "added" else tr("Changed"), "info")
    before, after = (_value(value, change.unit) for value in (change.before, change.after))
    return TableRow(change.name, (change.name, before, after, look.word), "", look)


def _value(value: str | None, unit: str) -> str:
    return tr("none") if value is None else f"{value} {unit}".strip()


class ChargerResult(Card):
    """One charger's result in words, with its settings before and after. `messages_asked(charger_id)`."""

    messages_asked = Signal(str)

    def __init__(self, deeds: JobDeeds, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self.add_head(head_height())
        self.title.setVisible(True)
        self._deeds = deeds
        self._charger_id = ""
        self.chip = Chip(None, self)
        self.head.insertWidget(1, self.chip)
        self.messages = Button(tr("Its messages"), "message", parent=self, dense=True)
        self.save = Button(tr("Its report"), "export", parent=self, dense=True)
        self.head.addWidget(self.messages)
        self.head.addWidget(self.save)
        self.lead = Label("", "card", parent=self, wrap=True, selectable=True)
        self.next = Label("", "body", parent=self, wrap=True, selectable=True)
        self.late = Label("", "small", "info", self, wrap=True, selectable=True)
        self.facts = KeyValue(self, columns=1)
        self.changes = RowsModel((tr("Setting"), tr("Before"), tr("After"), tr("Now")), 3, self)
        self.table = Grid(tr("Settings that the update touched"), 32, self)
        self._lay_out()
        self.messages.clicked.connect(self._ask_messages)
        self.save.clicked.connect(self._save)

    def _lay_out(self) -> None:
        self.table.setItemDelegate(RowsDelegate(self.table))
        self.table.setModel(self.changes)
        self.table.set_widths((150, 62, 62, 96), 0)
        self.table.horizontalHeader().setSortIndicatorShown(False)
        words = QVBoxLayout()
        words.setContentsMargins(14, 12, 14, 12)
        words.setSpacing(6)
        for widget in (self.lead, self.next, self.late, self.facts):
            words.addWidget(widget)
        words.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(0)
        both.addLayout(words, 5)
        both.addWidget(self.table, 5)
        self.body.setContentsMargins(0, 0, 2, 6)
        self.body.addLayout(both)

    def show_charger(self, one: JobCharger, job: Job, now: float) -> None:
        self._charger_id = one.charger_id
        label = one.label or one.charger_id
        self.title.setText(f"{label}, {one.serial}" if one.serial else label)
        look = outcome_look(one.outcome) if one.outcome is not None else Look("play", tr("Running"), "info")
        self.chip.set_look(look)
        self.lead.setText(one.reason or (running_words(one, now) if one.outcome is None else ""))
        for label_, words in ((self.next, one.next), (self.late, late_words(one)), (self.lead, self.lead.text())):
            label_.setText(words)
            label_.setVisible(bool(words))
        self.facts.set(tr("Steps"), steps_line(one))
        self.facts.set(tr("File"), transfer_line(one, job))
        self.facts.set(tr("Settings"), compared_words(one))
        self.facts.set(tr("Its last word"), last_word(one, now))
        self.changes.set_rows([change_row(change, one) for change in one.settings_changed])
        self.table.setVisible(bool(one.settings_changed))

    def _ask_messages(self) -> None:
        self.messages_asked.emit(self._charger_id)

    def _save(self) -> None:
        self._deeds.save(ReportFormat.PDF, self._charger_id)


def compared_words(one: JobCharger) -> str:
    """What is known of its settings before and after."""
    if one.settings_changed:
        return settings_short(one)
    if one.after_id is not None:
        return tr("the same as in the backup taken before")
    if one.backup_id is not None:
        return tr("not compared; the backup taken before is on its Settings tab")
    return tr("no backup: it was not begun")


def late_words(one: JobCharger) -> str:
    if one.first_outcome is None or one.first_outcome is one.outcome:
        return ""
    was = outcome_look(one.first_outcome).word.lower()
    return tr("At first this was {before}; later evidence changed it. Both stand in the log.").format(before=was)


def steps_line(one: JobCharger) -> str:
    """ "Download 0:45, verify 0:09 ..." without what became of the settings; a step nobody told is named so."""
    ended = [span for span in one.steps if span.to_at is not None]
    told = []
    for span in ended:
        words = f"{step_title(span.step)} {length((span.to_at or 0.0) - span.from_at).partition(' ')[0]}"
        told.append(words if span.told else tr("{step} (not told)").format(step=words))
    return ", ".join(told) or tr("none")


def transfer_line(one: JobCharger, job: Job) -> str:
    seen = one.transfer
    if not seen.bytes:
        return tr("nothing came") if job.kind is JobKind.LOG else tr("nothing fetched")
    way = tr("{scheme} from {address}").format(scheme=seen.scheme.upper(), address=seen.address)
    extra = seen.total - seen.bytes
    twice = tr("{bytes} sent again").format(bytes=text.size(extra)) if extra > 0 else ""
    return text.reasons(transfer_words(one), way, twice)


def last_word(one: JobCharger, now: float) -> str:
    """The charger's own word, which is not what evdesk goes by."""
    if not one.status:
        return tr("none")
    return f"{one.status}, {text.moment(one.status_at, now)}" if one.status_at is not None else one.status


class BothLines(Card):
    """What both sides did, line by line, as the evidence of a result."""

    def __init__(self, client: Client, parent: QWidget | None = None) -> None:
        super().__init__(tr("Both sides"), parent, padding=0, head_height=36)
        self.lines = LinesModel(self)
        self.reader = LinesFeed(client, self.lines, self)
        self.view = LinesView(self.lines, self)
        self.body.setContentsMargins(1, 3, 1, 5)
        self.body.addWidget(self.view)

    def show_charger(self, job_id: int, charger_id: str) -> None:
        self.reader.show(job_id, charger_id)


class RecordCard(Card):
    """Who, by which reason, and the record's hash."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Record"), parent, head_height=36, padding=12)
        self.facts = KeyValue(self, columns=1)
        self.body.addWidget(self.facts)

    def show_job(self, job: Job, chargers: list[JobCharger]) -> None:
        self.facts.set(tr("By"), text.reasons(job.who or text.unknown(), job.via))
        self.facts.set(tr("Override"), job.override or tr("none"), "warn" if job.override else "text")
        rows = sum(len(one.audit_ids) for one in chargers)
        if rows:
            self.facts.set(tr("Log rows"), text.count(rows))
        self.facts.set(tr("Report hash"), short_hash(job.report_hash) if job.report_hash else tr("when it is over"))
        if job.report_hash:
            self.facts.label(tr("Report hash")).setToolTip(job.report_hash)


class ReportPanel(QWidget):
    """`retry_asked(charger ids)`; `go_asked(page, argument)`."""

    retry_asked = Signal(object)
    go_asked = Signal(str, object)

    def __init__(self, mirror: Mirror, feed: JobFeed, deeds: JobDeeds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._feed, self._deeds = mirror, feed, deeds
        self._fitted: object = None  # what the right column was arranged for
        self.model = ReportModel(self)
        self.table = ReportTable(self.model, self)
        self.list = Card("", self, padding=0)
        self.result = ChargerResult(deeds, self)
        self.lines = BothLines(feed.client(), self)
        self.summary = SummaryCard(self)
        self.record = RecordCard(self)
        self.image = ImageCard(self)
        self.side = SideColumn(self)
        self.foot = Card("", self, padding=12)
        self.pdf = Button(tr("Save PDF"), "export", parent=self)
        self.json = Button(tr("Save JSON"), "export", parent=self)
        self.copy = Button("", "copy", parent=self, label=tr("Copy the table"))
        self.retry = Button("", "redo", PRIMARY, self)
        self.why = Label("", "small", "muted", self, wrap=True)
        self._lay_out()
        self.table.chosen.connect(self._show_one)
        self.result.messages_asked.connect(self._messages)
        self.pdf.clicked.connect(self._save_pdf)
        self.json.clicked.connect(self._save_json)
        self.copy.clicked.connect(self._copy)
        self.retry.clicked.connect(self._retry)
        self.side.verticalScrollBar().rangeChanged.connect(self._scrolls)

    def _lay_out(self) -> None:
        self.list.body.setContentsMargins(1, 1, 1, 6)
        self.list.body.addWidget(self.table)
        self.side.add(self.summary)
        self.side.add(self.record)
        self.side.add(self.image)
        files = QHBoxLayout()
        files.setSpacing(8)
        for button in (self.pdf, self.json, self.copy):
            files.addWidget(button)
        files.addStretch(1)
        self.foot.body.addWidget(self.why)
        self.foot.body.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignLeft)
        self.foot.body.addLayout(files)
        left = QVBoxLayout()
        left.setSpacing(tokens.GAP)
        left.addWidget(self.list)
        left.addWidget(self.result, 2)
        left.addWidget(self.lines, 3)
        self._right = QWidget(self)
        right = QVBoxLayout(self._right)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(tokens.GAP)
        right.addWidget(self.side, 1)
        right.addWidget(self.foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.GAP)
        row.addLayout(left, 1)
        row.addWidget(self._right)

    def fit(self, side: int) -> None:
        """The width of the right column."""
        self._right.setFixedWidth(side)
        self._scrolls(0, self.side.verticalScrollBar().maximum())
        self._fit_side()
        self._fit_table()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_side()
        self._fit_table()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # the words of a result have come, and need their room
            self._fit_table()
        return done

    def _fit_table(self) -> None:
        """As high as it needs, while the result under it has room."""
        self.table.fit(self.width() - self._right.width())
        wide = self.width() - self._right.width() - tokens.GAP
        inside = self.result.layout()
        detail = max(DETAIL_LEAST, inside.totalHeightForWidth(wide) if inside is not None else 0)
        most = max(120, self.height() - detail - tokens.GAP)
        high = 9 + self.table.rows_height(most - 9)
        self.list.setFixedHeight(high)
        rest = self.height() - high - detail - 2 * tokens.GAP
        self.lines.setVisible(rest >= LINES_FROM)

    def _fit_side(self) -> None:
        """In a low window some facts of the file give way, so that no card is cut."""
        cards = (self.summary, self.record, self.image, self.foot)
        shown = tuple(card.isHidden() for card in (*cards, self.retry, self.why))
        fitted = (self._right.width(), self.height(), self.summary.height(), shown, self.why.text(), current().large)
        if fitted != self._fitted:
            self._fitted = fitted
            for dense in range(3):
                self.image.set_dense(dense)
                if column_height(cards, self._right.width()) <= self.height():
                    break

    def _scrolls(self, _least: int, most: int) -> None:
        """The card at the foot is as wide as those above it."""
        self.foot.setFixedWidth(self._right.width() - (SCROLL if most > 0 else 0))

    def forget(self) -> None:
        """Another job is opened: nobody of the last one is chosen."""
        self.table.choose("")
        self.table.clearSelection()
        self.table.setCurrentIndex(QModelIndex())

    def refresh(self) -> None:
        job, chargers = self._feed.job, list(self._feed.chargers.values())
        if job is None:
            return
        self.model.set_rows(job, chargers, self._feed.now())
        self.summary.show_job(job, chargers, self._feed.now())
        self.record.show_job(job, chargers)
        self.image.show_image(self._feed.image(), self._feed.images.values(), chargers)
        if not self.table.currentIndex().isValid() and self.model.rows:
            self.table.selectRow(0)
        row = self.table.currentIndex().row()
        if 0 <= row < len(self.model.rows):
            self._show_one(self.model.rows[row].charger_id)
        self._show_retry(job, chargers)
        self._fit_side()
        self.enable()

    def again(self) -> list[str]:
        """Chargers that may be asked again: never after a wrong signature, the engine says which."""
        return [one.charger_id for one in self.model.rows if one.retry and one.outcome is not Result.SUCCEEDED]

    def enable(self) -> None:
        off = "" if self._mirror.connected else tr("Off while the engine does not answer.")
        for button in (self.pdf, self.json, self.result.save, self.retry):
            button.why_off(off or (tr("One moment") if self._deeds.busy else ""))

    def _show_retry(self, job: Job, chargers: list[JobCharger]) -> None:
        again = self.again() if job.over and job.kind is JobKind.UPDATE else []
        bad = [one for one in chargers if one.outcome in (Result.FAILED, Result.UNKNOWN)]
        first = self._feed.chargers[again[0]] if again else None
        label = (first.label or first.charger_id) if first is not None else ""
        words = tr("Retry {label}").format(label=label) if len(again) == 1 else tr("Retry {n} chargers")
        self.retry.setText(words.format(n=len(again)))
        self.retry.updateGeometry()
        self.retry.setVisible(bool(again))
        never = [one for one in bad if not one.retry]
        names = ", ".join(one.label or one.charger_id for one in never[:4]) + ("…" if len(never) > 4 else "")
        self.why.setText(tr("{names}: not offered again, see why.").format(names=names))
        self.why.setVisible(bool(never) and job.over and job.kind is JobKind.UPDATE)

    def _show_one(self, charger_id: str) -> None:
        one = self._feed.chargers.get(charger_id)
        if one is not None and self._feed.job is not None:
            self.result.show_charger(one, self._feed.job, self._feed.now())
            self.lines.show_charger(self._feed.job.id, charger_id)

    def _save_pdf(self) -> None:
        self._deeds.save(ReportFormat.PDF)

    def _save_json(self) -> None:
        self._deeds.save(ReportFormat.JSON)

    def _copy(self) -> None:
        if self._feed.job is not None:
            copy(report_tsv(self._feed.job, self._feed.chargers.values(), self._feed.now()))

    def _retry(self) -> None:
        again = self.again()
        if again:
            self.retry_asked.emit(again)

    def _messages(self, charger_id: str) -> None:
        self.go_asked.emit("messages", charger_id)
