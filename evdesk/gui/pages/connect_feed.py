"""Step 3: who opens the charger port, newest first, live."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.connect_parts import Foot, Number
from evdesk.gui.pages.connect_row import TriedRow
from evdesk.gui.pages.connect_words import Said, Tried, Typed, attempt_words, who_tried
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, Chip, ElidedLabel, EmptyState, Rule, Segmented

SHOWN = 40
ALL, PROBLEMS = "all", "problems"
Key = tuple[str, str]


class AttemptList(Card):
    """Rows keep their place while the pointer is over them; what they say changes in place.

    `acted(deed, charger_id)`: a row's button. `search()` and `explain()`: the links at its foot."""

    acted = Signal(str, str)
    search = Signal()
    explain = Signal()

    def __init__(self, mirror: Mirror, parent: QWidget) -> None:
        super().__init__("", parent, padding=1)
        self._mirror = mirror
        self._rows: dict[Key, TriedRow] = {}
        self._rules: dict[Key, Rule] = {}
        self._open: set[Key] = set()
        self._hidden: set[Key] = set()
        self._typed = Typed()
        self._over = False
        self.title.setText(tr("Who tries to connect"))
        head = self.add_head()
        head.insertWidget(0, Number(3, self))
        self.state = Chip(parent=self, bare=True)
        self.filter = Segmented([(ALL, tr("All")), (PROBLEMS, tr("Problems"))], self)
        self.filter.changed.connect(self._again)
        head.addWidget(self.state)
        head.addWidget(self.filter)
        self._empty = EmptyState(
            "wifi", tr("Nobody has tried yet"), tr("A charger shows up here when it dials in."), "", self
        )
        held = QWidget(self)
        self._column = QVBoxLayout(held)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(held)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        held.setAutoFillBackground(False)
        self._scroll.viewport().setAutoFillBackground(False)
        self._scroll.installEventFilter(self)
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self._scroll, 1)
        self.add_foot(self._foot())

    def _foot(self) -> Foot:
        strip = Foot(self, 44)
        strip.row.addWidget(ElidedLabel(tr("Nothing shows up here?"), "small", "muted", self), 1)
        self.finder = Button(tr("Find chargers"), "search", GHOST, self, dense=True)
        self.why = Button(tr("Why it will not connect"), "question", GHOST, self, dense=True)
        self.unhide = Button("", "eye", GHOST, self, dense=True)
        self.finder.clicked.connect(self.search)
        self.why.clicked.connect(self.explain)
        self.unhide.clicked.connect(self._show_ignored)
        strip.row.addWidget(self.finder)
        strip.row.addWidget(self.why)
        strip.row.addWidget(self.unhide)
        self.unhide.hide()
        return strip

    def rows(self) -> list[TriedRow]:
        """In the order they stand."""
        items = (self._column.itemAt(i) for i in range(self._column.count()))
        found = (item.widget() for item in items if item is not None)
        return [one for one in found if isinstance(one, TriedRow)]

    def refresh(self, typed: Typed) -> None:
        """`typed`: the addresses a person may type on the chosen network."""
        self._typed = typed
        every = who_tried(self._mirror.attempts)
        wanted = [(t, attempt_words(self._mirror, t.last, typed)) for t in every if t.key not in self._hidden]
        problems = sum(said.problem for _, said in wanted)
        if self.filter.current() == PROBLEMS:
            wanted = [(tried, said) for tried, said in wanted if said.problem]
        self._place(wanted[:SHOWN])
        now = self._mirror.now()
        for row in self._rows.values():
            row.set_now(now)
        self._say_state(problems, bool(every))
        ignored = sum(tried.key in self._hidden for tried in every)
        self.unhide.setVisible(bool(ignored))
        self.unhide.setText(tr("{n} ignored").format(n=ignored))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._scroll and event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self._over = event.type() == QEvent.Type.Enter
            if not self._over:
                self.refresh(self._typed)
        return super().eventFilter(watched, event)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _place(self, wanted: list[tuple[Tried, Said]]) -> None:
        keys = [tried.key for tried, _ in wanted]
        for key in [key for key in self._rows if key not in keys]:
            self._drop(key)
        for tried, said in wanted:
            row = self._rows.get(tried.key)
            if row is None:
                self._add(tried, said)
            elif (row.tried, row.said) != (tried, said):
                row.show_tried(tried, said)
        if not self._over:
            self._sort(keys)

    def _add(self, tried: Tried, said: Said) -> None:
        row = TriedRow(tried, said, self)
        row.acted.connect(self.acted)
        row.ignored.connect(self._ignore)
        row.opened.connect(self._on_opened)
        if tried.key in self._open:
            row.fold.setChecked(True)
        self._rows[tried.key], self._rules[tried.key] = row, Rule(self)
        self._column.insertWidget(0, self._rules[tried.key])
        self._column.insertWidget(0, row)

    def _drop(self, key: Key) -> None:
        for widget in (self._rows.pop(key), self._rules.pop(key)):
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()

    def _sort(self, keys: list[Key]) -> None:
        if [row.tried.key for row in self.rows()] == keys:
            return
        for place, key in enumerate(keys):
            self._column.removeWidget(self._rows[key])
            self._column.removeWidget(self._rules[key])
            self._column.insertWidget(2 * place, self._rows[key])
            self._column.insertWidget(2 * place + 1, self._rules[key])

    def _say_state(self, problems: int, some: bool) -> None:
        mirror = self._mirror
        self._empty.setVisible(not self._rows)
        self._scroll.setVisible(bool(self._rows))
        if some:
            self._empty.set_words(tr("Nothing to show"), tr("No problems among those who tried."))
        else:
            self._empty.set_words(tr("Nobody has tried yet"), tr("A charger shows up here when it dials in."))
        if not mirror.connected:
            look = Look("octagon", tr("The engine does not answer"), "danger")
        elif problems:
            words = tr("{n} need you").format(n=problems) if problems != 1 else tr("1 needs you")
            look = Look("warning", words, "warn")
        else:
            look = Look("check-circle", tr("Listening"), "ok")
        if self.state.look() != look:
            self.state.set_look(look)

    def _again(self, *_: object) -> None:
        self.refresh(self._typed)

    def _ignore(self, key: object) -> None:
        if isinstance(key, tuple):
            self._hidden.add(key)
            self._again()

    def _show_ignored(self) -> None:
        self._hidden.clear()
        self._again()

    def _on_opened(self, key: object, unfolded: bool) -> None:
        if isinstance(key, tuple):
            (self._open.add if unfolded else self._open.discard)(key)
