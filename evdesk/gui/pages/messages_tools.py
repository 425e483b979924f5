"""The top card of the Messages page: the filter in one field and in boxes, pause and export, the strip over time."""

from PySide6.QtCore import QEvent, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QCompleter, QHBoxLayout, QListView, QMenu, QWidget

from evdesk.gui import icons
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.messages_query import Query, completions, parse, with_part
from evdesk.gui.pages.messages_strip import DensityStrip
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, Button, Card, SearchField, Segmented
from evdesk.ocpp import schemas
from evdesk.wire.messages import MessageFilter

SEARCH_MS = 300
ROOMY_FROM = 940
RANGES = ((900.0, "15 min"), (3600.0, "1 h"), (21_600.0, "6 h"), (86_400.0, "24 h"), (604_800.0, "7 d"))
"""How much time the strip may show, and its words."""


class QueryField(SearchField):
    """The filter language, with what may stand next under it. Tab or Return takes a suggestion."""

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(tr("action:Status, or any text"), parent)
        self._mirror = mirror
        self._start = 0
        self._choices = QStringListModel(self)
        self._completer = QCompleter(self._choices, self)
        self._popup = QListView()
        self._completer.setPopup(self._popup)
        self._completer.setWidget(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.activated.connect(self._take)
        self._actions: list[str] = []
        told = tr("charger: action: way: verdict: from: to: and any text, e.g. verdict:breach from:10m")
        self.setToolTip(told)
        self.setAccessibleDescription(told)
        self.textEdited.connect(self._suggest)

    def names(self) -> dict[str, str]:
        """Label (or id) to charger id."""
        return {self._mirror.label(one): one for one in self._mirror.chargers}

    def query(self) -> Query:
        return parse(self.text(), self.names(), self._mirror.now())

    def suggestions(self) -> list[str]:
        return self._choices.stringList()

    def _suggest(self, *_: object) -> None:
        if not self._actions:
            named = {a for p in schemas.PROTOCOLS for a in schemas.sendable(p)} | schemas.FROM_CHARGER
            self._actions = sorted(named)
        self._start, found = completions(self.text(), self.cursorPosition(), self.names(), self._actions)
        self._choices.setStringList(found)
        popup = self._popup
        if not found or not self.hasFocus():
            popup.hide()
            return
        popup.setMinimumWidth(240)
        self._completer.complete()

    def _take(self, choice: str) -> None:
        whole, end = self.text(), self.cursorPosition()
        key, _, value = choice.partition(":")
        quoted = f'{key}:"{value}"' if " " in value and value not in self.names() else choice
        gap = "" if choice.endswith(":") else " "
        self.setText(whole[: self._start] + quoted + gap + whole[end:].lstrip())
        self.setCursorPosition(self._start + len(quoted) + len(gap))
        if choice.endswith(":"):
            QTimer.singleShot(0, self, self._suggest)

    def event(self, event: QEvent) -> bool:
        """Before Qt takes Tab for the next field and Escape for the page."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._popup.isVisible():
            if event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                chosen = self._popup.currentIndex().data() or (self.suggestions() or [""])[0]
                self._popup.hide()
                self._take(str(chosen))
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._popup.hide()
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._popup.hide()


class MessagesTools(Card):
    """`changed()` when the filter may be another; `paused(bool)`; `export_asked(format)`; `ranged()`: the strip shows
    another length of time (`range_s`)."""

    changed = Signal()
    paused = Signal(bool)
    export_asked = Signal(str)
    ranged = Signal()

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror = mirror
        self.field = QueryField(mirror, self)
        self.charger = QComboBox(self)
        ways = [("", tr("Both")), ("in", tr("← From charger")), ("out", tr("→ To charger"))]
        self.way = Segmented(ways, self)
        self.verdict = QComboBox(self)
        self.heartbeats = QCheckBox(tr("Heartbeats"), self)
        self.pause = Button("", "pause", parent=self, label=tr("Pause the list (Space)"))
        menu = QMenu(self)
        for words, name in ((tr("HTML file..."), "html"), (tr("JSON lines..."), "jsonl")):
            menu.addAction(icons.icon("file", "muted"), words).setData(name)
        menu.triggered.connect(lambda action: self.export_asked.emit(str(action.data())))
        self.export = Button(tr("Export"), "export", parent=self, label=tr("Export what is listed"), menu=menu)
        self.strip = DensityStrip(self)
        self.range = Button("", "", GHOST, self.strip, dense=True, menu=self._range_menu())
        self._set_range(1)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(SEARCH_MS)
        self._fill()
        self._lay_out()
        self._wire()

    def _range_menu(self) -> QMenu:
        menu = QMenu(self)
        for place, (_, words) in enumerate(RANGES):
            menu.addAction(words).setData(place)
        menu.triggered.connect(lambda action: self._set_range(int(action.data())))
        return menu

    def _set_range(self, place: int) -> None:
        self._range = max(0, min(place, len(RANGES) - 1))
        words = RANGES[self._range][1]
        self.range.setText(words)
        self.range.setAccessibleName(tr("The strip shows {time}").format(time=words))
        self.range.resize(self.range.sizeHint())
        self.ranged.emit()

    def range_s(self) -> float:
        return RANGES[self._range][0]

    def _fill(self) -> None:
        self.charger.setAccessibleName(tr("Charger"))
        self.verdict.setAccessibleName(tr("Verdict"))
        for words, verdict in (
            (tr("Any verdict"), ""),
            (tr("With a fault"), "fault"),
            (tr("Breaches"), "breach"),
            (tr("Refused"), "refused"),
            (tr("No answer"), "timeout"),
            (tr("Unreadable"), "garbage"),
            (tr("Waits"), "open"),
            (tr("Valid"), "ok"),
        ):
            self.verdict.addItem(words, verdict)
        self.refresh_chargers()

    def refresh_chargers(self) -> None:
        """The choice of chargers in bay order; what is chosen stays."""
        wanted = [("", tr("All chargers"))] + [(c.id, self._mirror.label(c.id)) for c in self._mirror.chargers.values()]
        now = [(self.charger.itemData(i), self.charger.itemText(i)) for i in range(self.charger.count())]
        if now == wanted:
            return
        chosen = self.charger.currentData()
        self.charger.blockSignals(True)
        self.charger.clear()
        for charger_id, words in wanted:
            self.charger.addItem(words, charger_id)
        self.charger.setCurrentIndex(max(0, self.charger.findData(chosen)))
        self.charger.blockSignals(False)

    def _lay_out(self) -> None:
        self.body.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 7)
        row.setSpacing(8)
        self.field.setMinimumWidth(96)
        self.charger.setFixedWidth(128)
        self.verdict.setFixedWidth(124)
        self.field.setClearButtonEnabled(True)
        row.addWidget(self.field, 1)
        for widget in (self.charger, self.way, self.verdict, self.heartbeats):
            row.addWidget(widget)
        row.addSpacing(4)
        row.addWidget(self.pause)
        row.addWidget(self.export)
        self.body.addLayout(row)
        self.body.addWidget(self.strip)

    def _wire(self) -> None:
        self.field.textChanged.connect(self._later.start)
        self.field.returnPressed.connect(self._now)
        self._later.timeout.connect(self.changed)
        self.charger.currentIndexChanged.connect(self._now)
        self.way.changed.connect(self._now)
        self.verdict.currentIndexChanged.connect(self._now)
        self.heartbeats.toggled.connect(self._now)
        self.pause.clicked.connect(self.toggle_pause)
        self.strip.zoomed.connect(lambda step: self._set_range(self._range + step))
        self._paused = False

    def _now(self, *_: object) -> None:
        self._later.stop()
        self.changed.emit()

    # -- what the page asks -------------------------------------------------------------------------------------------

    def filter(self) -> MessageFilter:
        """Boxes and text together; the text wins."""
        chosen = self.charger.currentData()
        boxes = MessageFilter(
            (str(chosen),) if chosen else (),
            direction=self.way.current(),
            verdict=str(self.verdict.currentData() or ""),
            heartbeats=self.heartbeats.isChecked(),
        )
        query = self.field.query()
        if "heartbeat" in f"{query.action} {query.search}".lower():
            boxes = MessageFilter(boxes.charger_ids, "", boxes.direction, boxes.verdict)
        return query.over(boxes)

    def set_text(self, text: str, charger_id: str = "") -> None:
        """Begin afresh with this text; boxes back to all, but the charger's."""
        for box in (self.charger, self.verdict, self.field, self.way):
            box.blockSignals(True)
        self.charger.setCurrentIndex(max(0, self.charger.findData(charger_id)))
        self.verdict.setCurrentIndex(0)
        self.way.select("")
        self.field.setText(text)
        for box in (self.charger, self.verdict, self.field, self.way):
            box.blockSignals(False)
        self._now()

    def set_charger(self, charger_id: str) -> None:
        self.charger.setCurrentIndex(max(0, self.charger.findData(charger_id)))

    def set_times(self, start: str, end: str) -> None:
        """Write a time into the field; both empty takes it away."""
        names = self.field.names()
        words = with_part(with_part(self.field.text(), "from", start, names), "to", end, names)
        self.field.setText(words)
        self._now()

    def is_paused(self) -> bool:
        return self._paused

    def toggle_pause(self) -> None:
        self._paused = not self._paused
        self.pause.set_icon("play" if self._paused else "pause")
        words = tr("Go on (Space)") if self._paused else tr("Pause the list (Space)")
        self.pause.setAccessibleName(words)
        self.pause.setToolTip(words)
        self.paused.emit(self._paused)

    def fit(self, room: int) -> None:
        """In a narrow window the export button keeps its icon only."""
        self.range.move(10, 2)
        self.export.setText(tr("Export") if room >= ROOMY_FROM else "")
        self.export.updateGeometry()
