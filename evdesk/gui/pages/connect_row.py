"""One visitor of the charger port: who, when, the verdict, what to do, a button, and the details folded away."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import icons
from evdesk.gui.pages.connect_parts import Verdict
from evdesk.gui.pages.connect_verdicts import ACCEPT, PASSWORD, ROOT, SECURITY, TLS
from evdesk.gui.pages.connect_words import Said, Tried
from evdesk.gui.text import age, tr
from evdesk.gui.theme import mono_font
from evdesk.gui.widgets import GHOST, NORMAL, PRIMARY, Button, ElidedLabel, KeyValue, Label, Picture, copy
from evdesk.wire import METHODS

_DEEDS = {
    ACCEPT: ("Accept", "check", PRIMARY, "charger.accept"),
    PASSWORD: ("Set password", "lock", NORMAL, "security.set_password"),
    ROOT: ("Root certificate", "shield", NORMAL, "security.export_ca"),
    SECURITY: ("Security", "shield", NORMAL, "security.get"),
    TLS: ("Turn on TLS", "shield", NORMAL, "security.put_ports"),
}
"""Word, icon, look, and the method of the engine that does it: a button only where that exists."""


class Details(QWidget):
    """What came over the wire, for those who look closer. `ignored()` when this visitor shall not be shown."""

    ignored = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 4)
        column.setSpacing(8)
        self._column = column
        self._values: KeyValue | None = None
        self.request = Label("", "small", "text", self, wrap=True, selectable=True)
        self.request.setFont(mono_font())
        column.addWidget(self.request)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.copy = Button(tr("Copy all"), "copy", parent=self, dense=True)
        self.ignore = Button(tr("Ignore"), "eye", GHOST, self, dense=True)
        self.copy.clicked.connect(self._copy)
        self.ignore.clicked.connect(self.ignored)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.ignore)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self._text = ""

    def show_said(self, said: Said, words: str) -> None:
        if self._values is not None:
            self._column.removeWidget(self._values)
            self._values.hide()
            self._values.deleteLater()
        self._values = KeyValue(self, columns=1)
        for name, value in said.details:
            self._values.set(name, value)
        self._column.insertWidget(0, self._values)
        self.request.setText(said.request)
        self.request.setVisible(bool(said.request))
        self.ignore.setVisible(said.problem or not said.deed)
        lines = [words, *(f"{name}: {value}" for name, value in said.details), "", said.request]
        self._text = "\n".join(lines).strip()

    def _copy(self) -> None:
        copy(self._text)


class TriedRow(QWidget):
    """`acted(deed, charger_id)` when its button is pressed, `ignored(key)`, `opened(key, open)`."""

    acted = Signal(str, str)
    ignored = Signal(object)
    opened = Signal(object, bool)

    def __init__(self, tried: Tried, said: Said, parent: QWidget) -> None:
        super().__init__(parent)
        self.tried, self.said = tried, said
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 8, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        self._grid = grid
        self.name = Label("", "name", parent=self, selectable=True)
        self.address = ElidedLabel("", "small", "muted", self)
        self.when = Label("", "small", "muted", self)
        self.fold = Button("", "chevron-down", GHOST, self, label=tr("Details"), dense=True)
        self.fold.setCheckable(True)
        self.fold.toggled.connect(self._unfold)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.name)
        head.addWidget(self.address, 1)
        head.addWidget(self.when)
        head.addWidget(self.fold)
        grid.addLayout(head, 0, 0, 1, 3)
        self.picture = Picture("", "muted", icons.ROW, self)
        grid.addWidget(self.picture, 1, 0, Qt.AlignmentFlag.AlignTop)
        self.verdict = Verdict(self)
        self.todo = Verdict(self)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.verdict)
        words.addWidget(self.todo)
        words.addStretch(1)
        grid.addLayout(words, 1, 1)
        grid.setColumnStretch(1, 1)
        self.button = Button("", "", NORMAL, self)
        self.button.clicked.connect(self._act)
        grid.addWidget(self.button, 1, 2, Qt.AlignmentFlag.AlignVCenter)
        self.details: Details | None = None
        self.show_tried(tried, said)

    def show_tried(self, tried: Tried, said: Said) -> None:
        """The same visitor with something new to say."""
        self.tried, self.said = tried, said
        named = tried.last.charger_id or tried.address or tr("unnamed")
        self.name.setText(named)
        self.address.setText(tried.address if tried.last.charger_id else "")
        self.picture.set(said.look.icon, said.look.role)
        self.verdict.say(said.look.word, said.look.role, said.did)
        self.todo.say(tr("Do this:"), "muted", f"{said.do_this}.", strong=False)
        self.todo.setVisible(bool(said.do_this))
        self._dress_button(said)
        if self.details is not None:
            self.details.show_said(said, self.words())

    def words(self) -> str:
        told = [self.tried.last.charger_id or self.tried.address, self.verdict.words()]
        return " ".join(part for part in (*told, self.todo.words() if self.said.do_this else "") if part)

    def _dress_button(self, said: Said) -> None:
        deed = _DEEDS.get(said.deed)
        self.button.setVisible(deed is not None and deed[3] in METHODS)
        if deed is not None:
            word, icon, variant, _ = deed
            self.button.setText(tr(word))
            self.button.setAccessibleName(tr("{deed} for {id}").format(deed=tr(word), id=said.target))
            self.button.set_icon(icon)
            self.button.set_variant(variant)
            self.button.updateGeometry()

    def set_now(self, now: float) -> None:
        seconds = max(0.0, now - self.tried.last.at)
        words = tr("just now") if seconds < 10 else tr("{age} ago").format(age=age(seconds))
        if self.tried.times > 1:
            words = tr("{n} times, {when}").format(n=self.tried.times, when=words)
        if self.when.text() != words:
            self.when.setText(words)

    def _act(self) -> None:
        self.acted.emit(self.said.deed, self.said.target)

    def _unfold(self, unfolded: bool) -> None:
        self.fold.set_icon("chevron-up" if unfolded else "chevron-down")
        if unfolded and self.details is None:
            self.details = Details(self)
            self.details.ignored.connect(self._ignore)
            self.details.show_said(self.said, self.words())
            self._grid.addWidget(self.details, 2, 1, 1, 2)
        if self.details is not None:
            self.details.setVisible(unfolded)
        self.opened.emit(self.tried.key, unfolded)

    def _ignore(self) -> None:
        self.ignored.emit(self.tried.key)
