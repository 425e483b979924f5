"""The sheets of the Tags page: one tag, and what a file would do."""

from PySide6.QtCore import QDateTime, QTime
from PySide6.QtWidgets import QCheckBox, QComboBox, QDateTimeEdit, QLineEdit, QWidget

from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.pages.chargers_settings_sheets import WIDE, Compared, ComparedModel, compared_grid
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY
from evdesk.model.tags import Tag, TagLine


class TagSheet(Sheet):
    """Add or change one tag. `await ask()` is DONE when `tag()` shall be kept."""

    def __init__(self, tag: Tag | None, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Add a tag") if tag is None else tr("Tag {id}").format(id=tag.id_tag), theme, parent)
        self.ident = QLineEdit("" if tag is None else tag.id_tag)
        self.ident.setMaxLength(255)
        self.ident.setReadOnly(tag is not None)
        self.status = QComboBox()
        self.status.addItem(tr("Accepted"), "Accepted")
        self.status.addItem(tr("Blocked"), "Blocked")
        self.note = QLineEdit("" if tag is None else tag.note)
        self.parent_tag = QLineEdit("" if tag is None else tag.parent)
        self.ends = QCheckBox(tr("Only until"))
        self.until = QDateTimeEdit()
        self.until.setCalendarPopup(True)
        self.until.setDisplayFormat("yyyy-MM-dd HH:mm")
        tomorrow = QDateTime.currentDateTime().addDays(30)
        tomorrow.setTime(QTime(23, 59))
        self.until.setDateTime(tomorrow)
        if tag is not None:
            self.status.setCurrentIndex(self.status.findData(tag.status))
            self.ends.setChecked(tag.expires_at is not None)
            if tag.expires_at is not None:
                self.until.setDateTime(QDateTime.fromSecsSinceEpoch(int(tag.expires_at)))
        self.field(tr("Tag"), self.ident, tr("As a reader tells it; hold the card to one and it appears on the right."))
        self.field(tr("Whose"), self.note)
        self.field(tr("State"), self.status)
        self.field(tr("Group"), self.parent_tag, tr("Tags of one group may end each other's charges."))
        self.form.addRow(self.ends, self.until)
        self.cancel()
        self.keep = self.button(tr("Keep this tag"), DONE, PRIMARY, default=True)
        self.ident.textChanged.connect(self._enable)
        self.ends.toggled.connect(self.until.setEnabled)
        self.until.setEnabled(self.ends.isChecked())
        self._enable()

    def _enable(self) -> None:
        self.keep.why_off("" if self.ident.text().strip() else tr("Type the tag."))

    def tag(self) -> Tag:
        ends = self.until.dateTime().toSecsSinceEpoch() if self.ends.isChecked() else None
        return Tag(
            self.ident.text().strip(),
            str(self.status.currentData()),
            None if ends is None else float(ends),
            self.parent_tag.text().strip(),
            self.note.text().strip(),
        )


_VERDICTS = {
    "new": ("accent", "new"),
    "changed": ("accent", "changes"),
    "same": ("muted", "is so already"),
    "duplicate": ("warn", "twice in the file"),
    "bad": ("danger", "not readable"),
}


class TagImportSheet(Sheet):
    """What a file of tags would do. DONE: do it."""

    def __init__(self, name: str, lines: list[TagLine], theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("Tags from {name}").format(name=name), theme, parent)
        self.setMinimumWidth(WIDE)
        count = {verdict: sum(line.verdict == verdict for line in lines) for verdict in _VERDICTS}
        told = tr("{new} new, {changed} change, {same} are so already, {bad} lines cannot be read.")
        self.say(told.format(**count), muted=True)
        model = ComparedModel((tr("Tag"), tr("Line"), "", tr("Verdict")), self)
        order = list(_VERDICTS)
        shown = sorted(lines, key=lambda line: (-order.index(line.verdict) if line.verdict == "bad" else 0, line.line))
        model.set_rows([_line(line) for line in shown])
        self.add(compared_grid(model, tr("Lines of the file"), self))
        self.cancel()
        good = count["new"] + count["changed"]
        words = tr("Take {n} tags") if good != 1 else tr("Take {n} tag")
        self.button(words.format(n=good), DONE, PRIMARY, default=True).why_off(
            "" if good else tr("The file changes nothing.")
        )


def _line(line: TagLine) -> Compared:
    role, words = _VERDICTS[line.verdict]
    return Compared(line.id_tag, str(line.line), "", line.sentence or tr(words), role)
