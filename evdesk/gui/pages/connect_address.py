"""Steps 1 and 2: which network, which address to type, as text, as QR code, and in the words of a maker."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui.makers import Maker, makers
from evdesk.gui.pages.connect_networks import Network
from evdesk.gui.pages.connect_parts import NetworkRow, Step
from evdesk.gui.pages.connect_words import Typed
from evdesk.gui.text import tr
from evdesk.gui.widgets import GHOST, PRIMARY, Button, Label, QrCode, Rule, Segmented, copy
from evdesk.wire.network import NetworkState

PLAIN, SECURE = "ws", "wss"
ADDRESS, NAME = "address", "name"
ANY = "*"


class NetworkStep(Step):
    """Step 1. `chosen()` when a person or the first answer chose another network."""

    chosen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(1, tr("Which network is the charger on?"), parent, padding=1)
        self.body.setSpacing(0)
        self._shown: list[Network] = []
        self._rows: list[NetworkRow] = []
        self._all = False
        self.nothing = Label("", parent=self, wrap=True, selectable=True)
        self.nothing.setContentsMargins(14, 12, 14, 12)
        self.nothing.hide()
        self.body.addWidget(self.nothing)
        self.more = Button("", "", GHOST, self, dense=True)
        self.more.clicked.connect(self._show_all)
        self.head.addWidget(self.more)
        self.more.hide()

    def rows(self) -> list[NetworkRow]:
        return list(self._rows)

    def network(self) -> Network | None:
        return next((row.network for row in self._rows if row.isChecked()), None)

    def show_networks(self, found: list[Network], nothing: str) -> None:
        """The networks to choose from; `nothing` in words where chargers cannot come by any of them."""
        self.nothing.setText(nothing)
        self.nothing.setVisible(bool(nothing))
        if found == self._shown:
            return
        self._shown = found
        self._build()

    def _build(self) -> None:
        before = self.network()
        for row in self._rows:
            self.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        usual = [one for one in self._shown if one.usual]
        listed = self._shown if self._all or not usual else usual
        self._rows = [NetworkRow(network, self) for network in listed]
        for row in self._rows:
            row.clicked.connect(self.chosen)
            self.body.addWidget(row)
        kept = next((row for row in self._rows if before is not None and row.network.key == before.key), None)
        first = kept or next((row for row in self._rows if not row.network.doubtful), None)
        first = first or next(iter(self._rows), None)
        if first is not None:
            first.setChecked(True)
        hidden = len(self._shown) - len(listed)
        self.more.setVisible(bool(hidden) or (self._all and len(usual) < len(self._shown)))
        self.more.setText(tr("{n} more").format(n=hidden) if hidden else tr("Fewer"))
        self.more.updateGeometry()
        self.chosen.emit()

    def _show_all(self) -> None:
        self._all = not self._all
        self._build()


class AddressStep(Step):
    """Step 2. `url` is what stands there; `changed()` when it is another. `named(on)`: give this computer a name.
    `asked(verb)`: a deed of the shell ("tls" where no encrypted port is open, "root" where one is chosen)."""

    changed = Signal()
    named = Signal(bool)
    asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(2, tr("Type this address into the charger"), parent)
        self.url = ""
        self.typed = Typed()
        self._names: tuple[str, ...] = ()
        self.address = Label("", "title", parent=self, selectable=True)
        self.address.setAccessibleName(tr("Address for the charger"))
        self.scheme = Segmented([(PLAIN, tr("Plain")), (SECURE, tr("Encrypted"))], self)
        self.form = Segmented([(ADDRESS, tr("Address")), (NAME, tr("Name"))], self)
        self.scheme.changed.connect(self._again)
        self.form.changed.connect(self._again)
        self.copy = Button(tr("Copy"), "copy", PRIMARY, self)
        self.copy.clicked.connect(self._copy)
        self.name = Button(tr("Give it a name"), "tag", GHOST, self)
        self.name.clicked.connect(self._ask_name)
        self.hint = Label("", "small", "muted", self, wrap=True)
        self.secure = Button(tr("Turn on TLS"), "shield", GHOST, self, dense=True)
        self.secure.clicked.connect(self._ask_secure)
        self.qr = QrCode(self, 132)
        self.words = MakerWords(self)
        self._lay_out()
        self._announced = False
        self.show_typed(Typed(), "")

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for widget in (self.copy, self.scheme, self.form):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.address)
        left.addLayout(buttons)
        left.addWidget(self.hint)
        left.addWidget(self.secure, 0, Qt.AlignmentFlag.AlignLeft)
        left.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(self.qr)
        self.head.addWidget(self.name)
        self.body.addLayout(row)
        self.body.addWidget(Rule(self))
        self.body.addWidget(self.words)

    def show_state(self, state: NetworkState | None) -> None:
        """Whether this computer has a name that chargers may be given."""
        self._announced = state is not None and state.announce
        self._names = state.named_urls if state is not None else ()
        on = bool(self._names)
        self.form.setVisible(on)
        self.name.setText(tr("Take the name back") if self._announced else tr("Give it a name"))
        told = tr("Announces this computer on the network (mDNS), so that chargers can be given a name.")
        self.name.setToolTip(state.problem if state is not None and state.problem else told)
        self.name.updateGeometry()
        self._again()

    def show_typed(self, typed: Typed, fallback: str) -> None:
        """The addresses of the chosen network; `fallback` where there is none."""
        self.typed = typed if typed.best else Typed(fallback)
        self.scheme.setVisible(bool(typed.plain and typed.secure))
        self._again()

    def _again(self, *_: object) -> None:
        secure = bool(self.typed.secure) and (not self.typed.plain or self.scheme.current() == SECURE)
        url = self.typed.secure if secure else self.typed.plain
        if self.form.current() == NAME and self._names and not self.form.isHidden():
            scheme = "wss://" if secure else "ws://"
            url = next((name for name in self._names if name.startswith(scheme)), url)
        self.hint.setText(self._hint(url))
        self.secure.setText(tr("Root certificate") if secure else tr("Turn on TLS"))
        self.secure.setVisible(secure or not self.typed.secure)
        self.secure.updateGeometry()
        if url != self.url:
            self.url = url
            self.address.setText(url)
            self.qr.set_text(url)
            self.words.show_url(url)
            self.changed.emit()

    def _hint(self, url: str) -> str:
        told = tr("Most chargers add their own name at the end. If yours asks for it, use any name, for example bay1.")
        if url.startswith("wss://"):
            told += " " + tr("The charger needs evdesk's root certificate.")
        if self.form.current() == NAME and self._names:
            told += " " + tr("Not every charger finds names that end in .local; then use the address.")
        return told

    def _copy(self) -> None:
        copy(self.url)

    def _ask_secure(self) -> None:
        self.asked.emit("root" if self.url.startswith("wss://") else "tls")

    def _ask_name(self) -> None:
        self.named.emit(not self._announced)


class MakerWords(QWidget):
    """The way to the field, for one maker: only what a source says, and the source."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(10)
        word = Label(tr("In words, for"), "small", "muted", self)
        self.maker = QComboBox(self)
        self.maker.setAccessibleName(tr("Maker of the charger"))
        word.setBuddy(self.maker)
        self.maker.addItem(tr("choose its maker"), "")
        self.maker.addItem(tr("Any other charger"), ANY)
        for one in makers():
            self.maker.addItem(one.name, one.key)
        self.maker.setMaxVisibleItems(20)
        self.maker.activated.connect(self._show)
        row.addWidget(word)
        row.addWidget(self.maker, 1)
        column.addLayout(row)
        self.steps = Label("", "small", "text", self, wrap=True, selectable=True)
        self.source = Label("", "chart", "muted", self, wrap=True, selectable=True)
        column.addWidget(self.steps)
        column.addWidget(self.source)
        self._url = ""

    def show_url(self, url: str) -> None:
        self._url = url
        self._show()

    def choose(self, key: str) -> None:
        self.maker.setCurrentIndex(max(0, self.maker.findData(key)))
        self._show()

    def _show(self, *_: object) -> None:
        one = next((m for m in makers() if m.key == self.maker.currentData()), None)
        lines = _of_maker(one, self._url) if one is not None else _of_any()
        self.steps.setText("\n".join(lines))
        self.steps.setVisible(bool(self.maker.currentData()))
        self.source.setVisible(one is not None)
        if one is not None:
            self.source.setText(
                tr("{models}. Source: {sources}").format(models=one.models, sources="; ".join(one.sources))
            )


def _of_maker(one: Maker, url: str) -> list[str]:
    lines = [f"{number}. {step}" for number, step in enumerate(one.filled(url), 1)]
    return lines + [tr("Note: {note}").format(note=note) for note in one.notes]


def _of_any() -> list[str]:
    return [
        tr("1. Look for “Central System”, “Backend” or “OCPP” in its app or web page."),
        tr("2. Protocol: OCPP-J (JSON, WebSocket), not SOAP. Take older backend entries out."),
        tr("3. If it has a field of its own for its name, leave the name out of the address."),
    ]
