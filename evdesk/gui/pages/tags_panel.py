"""The live panel of the Tags page: hold a card to any reader, see it in every spelling, accept or block it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import text
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.tags_model import answer_look
from evdesk.gui.text import tr
from evdesk.gui.theme import current, mono_font
from evdesk.gui.widgets import GHOST, PRIMARY, Button, Card, Chip, ElidedLabel, EmptyState, Label, copy
from evdesk.model.tags import Presented
from evdesk.ocpp.tag_forms import read_tag

_FORMS = 9


class _Form(QWidget):
    """One spelling and its copy button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.form = Label("", "small", "muted", self)
        self.form.setFixedWidth(172)
        self.value = ElidedLabel("", "body", "text", self)
        self.taken = Button("", "copy", GHOST, self, label=tr("Copy this form"), dense=True)
        self.taken.clicked.connect(self._copy)
        row.addWidget(self.form)
        row.addWidget(self.value, 1)
        row.addWidget(self.taken)
        self._dress()
        current().changed.connect(self._dress)

    def _dress(self) -> None:
        self.value.setFont(mono_font(13))

    def show_form(self, form: str, value: str) -> None:
        self.form.setText(tr(form))
        self.value.setText(value)

    def _copy(self) -> None:
        copy(self.value.text())


class ReaderPanel(Card):
    """`decided(id_tag, status)`: put this card into the list so."""

    decided = Signal(str, str)

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(tr("Hold a card to any reader"), parent)
        self._mirror = mirror
        self.shown: Presented | None = None
        self.tag = Label("", "figure", parent=self, selectable=True)
        self.chip = Chip(parent=self)
        self.where = Label("", "small", "muted", self, wrap=True)
        self.notes = Label("", "small", "text", self, wrap=True, selectable=True)
        self.forms = [_Form(self) for _ in range(_FORMS)]
        self.accept = Button(tr("Accept this card"), "check", PRIMARY, self)
        self.block = Button(tr("Block this card"), "octagon", parent=self)
        self.empty = EmptyState("tag", tr("No card shown yet"), tr("Hold a card to the reader of any charger here."))
        self.filled = QWidget(self)
        self._lay_out()
        self.accept.clicked.connect(self._accept)
        self.block.clicked.connect(self._block)
        self.show_card(None, "")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self.filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self.tag, 1)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(head)
        column.addWidget(self.where)
        column.addWidget(self.notes)
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        for place, form in enumerate(self.forms):
            grid.addWidget(form, place, 0)
        column.addLayout(grid)
        deeds = QHBoxLayout()
        deeds.addWidget(self.accept)
        deeds.addWidget(self.block)
        deeds.addStretch(1)
        column.addLayout(deeds)
        column.addStretch(1)
        self.body.addWidget(self.filled)
        self.body.addWidget(self.empty)

    def show_card(self, one: Presented | None, note: str) -> None:
        """A card somebody held to a reader; `note`: whose it is by the list."""
        self.shown = one
        self.filled.setVisible(one is not None)
        self.empty.setVisible(one is None)
        if one is None:
            return
        reading = read_tag(one.id_tag)
        self.tag.setText(one.id_tag)
        self.chip.set_look(answer_look(one.answer, one.unknown))
        when = text.age(self._mirror.now() - one.at)
        where = tr("{ago} ago at {charger}").format(ago=when, charger=self._mirror.label(one.charger_id))
        found = ""
        if one.tag:
            found = tr("In the list as {tag} ({how})").format(tag=one.tag, how=tr(one.how))
        self.where.setText(text.reasons(where, one.kind, found, note))
        self.notes.setText(" ".join(tr(words) for words in reading.notes))
        for place, form in enumerate(self.forms):
            form.setVisible(place < len(reading.encodings))
            if place < len(reading.encodings):
                form.show_form(reading.encodings[place].form, reading.encodings[place].text)
        self.setAccessibleName(f"{one.id_tag}. {self.chip.look().word}. {self.where.text()}")

    def why_off(self, reason: str) -> None:
        self.accept.why_off(reason)
        self.block.why_off(reason)

    def _accept(self) -> None:
        if self.shown is not None:
            self.decided.emit(self.shown.tag or self.shown.id_tag, "Accepted")

    def _block(self) -> None:
        if self.shown is not None:
            self.decided.emit(self.shown.tag or self.shown.id_tag, "Blocked")
