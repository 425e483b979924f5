"""Editing in place: the form of the chosen part at the right, what is wrong below, the way out at the top."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui.mirror import Mirror
from evdesk.gui.pages import balancing_edits as edits
from evdesk.gui.pages.balancing_draft import Draft
from evdesk.gui.pages.balancing_forms import BayForm, CircuitForm
from evdesk.gui.pages.balancing_outlets import BAY, CIRCUIT, HOUSE, METER, circuit_key, split_key
from evdesk.gui.pages.balancing_rules import SiteForm
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, PRIMARY, Button, Card, ElidedLabel, Label


class EditPanel(Card):
    """The form of what is chosen. `chosen(key)`: something else is to be selected."""

    chosen = Signal(str)

    def __init__(self, draft: Draft, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(" ", parent)
        self._draft, self._mirror = draft, mirror
        self.key = ""
        self.kind = ElidedLabel("", "small", "muted", self)
        self.head.insertWidget(1, self.kind, 1)
        self.circuit = CircuitForm(draft, self)
        self.bay = BayForm(draft, self)
        self.site = SiteForm(draft, self)
        self.away = QWidget(self)
        self.rest = Label("", "small", "danger", self, wrap=True)
        self.place = Button(tr("Put it on the supply"), "plus", parent=self.away, dense=True)
        column = QVBoxLayout(self.away)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Label(tr("This charger hangs on no circuit and gets no current."), "small", wrap=True))
        column.addWidget(self.place)
        self.forms = (self.circuit, self.bay, self.site, self.away)
        for form in self.forms:
            self.body.addWidget(form)
        self.body.addWidget(self.rest)
        for one in (self.circuit, self.bay, self.site):
            one.chosen.connect(self.chosen)
        self.place.clicked.connect(self._place)

    def show_key(self, key: str) -> None:
        """The form of this part, with what the draft says of it."""
        site = self._draft.site
        if site is None:
            return
        self.key = key
        kind, name, connector = split_key(key)
        if kind in (METER, HOUSE):
            main = next((c.name for c in site.circuits if not c.parent), "")
            kind, name = CIRCUIT, main
        form: QWidget = self.site
        title, word = site.name, tr("the whole site")
        if kind == CIRCUIT and self.circuit.show_part(site, name):
            form, title, word = self.circuit, name, tr("circuit") if edits.why_keep(site, name) == "" else tr("supply")
        elif kind == BAY and self.bay.show_part(site, name, connector, name in {c.id for c in self._mirror.accepted()}):
            bay = site.bay(name, connector)
            form, title, word = self.bay, bay.label or name if bay is not None else name, f"{name} · {connector}"
        elif kind == BAY:
            form, title, word = self.away, self._mirror.label(name), name
        else:
            self.site.show_part(site)
        self.title.setText(title)
        self.kind.setText(word)
        for one in self.forms:
            one.setVisible(one is form)
        self.say()

    def say(self) -> None:
        """What is wrong, beside the field it is about."""
        site = self._draft.site
        if site is None:
            return
        kind, _, _ = split_key(self.key)
        mine = [p for p in self._draft.problems if self._is_mine(p, kind)]
        rest = mine
        for form in (self.circuit, self.bay, self.site):
            if not form.isHidden():
                rest = form.say(mine)
        self.rest.setText("\n".join(rest))
        self.rest.setVisible(bool(rest))

    def _is_mine(self, problem: str, kind: str) -> bool:
        assert self._draft.site is not None
        about = edits.concerns(problem, self._draft.site)
        if kind in (METER, HOUSE):
            return about == circuit_key(self.circuit.circuit)
        return about == self.key or (not about and not self.site.isHidden())

    def _place(self) -> None:
        site = self._draft.site
        _, charger, connector = split_key(self.key)
        if site is None:
            return
        root = next((c.name for c in site.circuits if not c.parent), "")
        label = self._mirror.label(charger)
        if site.bay(charger, connector) is None:
            new = edits.add_bay(site, charger, connector, label, root)
        else:
            new = edits.change_bay(site, charger, connector, circuit=root)
        self._draft.put(new, tr("{label} placed").format(label=label))


class EditBar(QWidget):
    """Undo, redo, import, leave, apply: in the head of the diagram's card while it is edited."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.undo = Button("", "undo", GHOST, self, dense=True, label=tr("Undo (Ctrl+Z)"))
        self.redo = Button("", "redo", GHOST, self, dense=True, label=tr("Redo (Ctrl+Shift+Z)"))
        self.load = Button(tr("Import"), "import", GHOST, self, dense=True)
        self.leave = Button(tr("Cancel"), "", parent=self, dense=True)
        self.apply = Button(tr("Apply"), "check", PRIMARY, self, dense=True)
        for button in (self.undo, self.redo, self.load, self.leave, self.apply):
            row.addWidget(button)
        self.undo.clicked.connect(draft.stack.undo)
        self.redo.clicked.connect(draft.stack.redo)
        self.apply.clicked.connect(draft.apply)
        self.keys = [
            QShortcut(QKeySequence("Ctrl+Z"), self, draft.stack.undo),
            QShortcut(QKeySequence("Ctrl+Shift+Z"), self, draft.stack.redo),
            QShortcut(QKeySequence("Ctrl+Y"), self, draft.stack.redo),
        ]

    def refresh(self) -> None:
        stack = self._draft.stack
        self.undo.why_off("" if stack.canUndo() else tr("Nothing to undo"))
        self.redo.why_off("" if stack.canRedo() else tr("Nothing to redo"))
        if stack.canUndo():
            self.undo.setToolTip(tr("Undo: {words} (Ctrl+Z)").format(words=stack.undoText()))
        if stack.canRedo():
            self.redo.setToolTip(tr("Redo: {words}").format(words=stack.redoText()))
        self.apply.why_off(self._draft.why_not())
