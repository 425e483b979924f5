"""The first-run page: the address to type into the charger, and who tries to connect."""

from urllib.parse import urlsplit

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from evdesk.gui import icons
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.connect_parts import NetworkRow, Number, QrCode, Step
from evdesk.gui.pages.connect_ready import ReadyCard, checks, lifetime_s
from evdesk.gui.pages.connect_words import (
    Network,
    Said,
    Tried,
    attempt_words,
    interfaces,
    is_loopback,
    networks,
    only_here,
    who_tried,
)
from evdesk.gui.text import age, tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY, Button, Card, ElidedLabel, EmptyState, Label, Picture, Rule

SHOWN = 12


class _TriedRow(QWidget):
    """Who, from where, when; the verdict, what it did, what to do; a button where evdesk can do it."""

    def __init__(self, tried: Tried, said: Said, parent: QWidget) -> None:
        super().__init__(parent)
        self.tried = tried
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 10, 14, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label(tried.last.charger_id or tried.address or tr("unnamed"), "name", parent=self))
        head.addWidget(ElidedLabel(tried.address if tried.last.charger_id else "", "small", "muted", self), 1)
        self.when = Label("", "small", "muted", self)
        head.addWidget(self.when)
        grid.addLayout(head, 0, 0, 1, 3)
        grid.addWidget(Picture(said.look.icon, said.look.role, icons.ROW, self), 1, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(Label(said.look.word, "card", said.look.role, self))
        words.addWidget(Label(said.did, parent=self, wrap=True, selectable=True))
        if said.do_this:
            told = tr("Do this: {what}.").format(what=said.do_this)
            words.addWidget(Label(told, parent=self, wrap=True, selectable=True))
        grid.addLayout(words, 1, 1)
        grid.setColumnStretch(1, 1)
        self.button: Button | None = None
        if said.accept:
            self.button = Button(tr("Accept"), "check", PRIMARY, self)
            grid.addWidget(self.button, 1, 2, Qt.AlignmentFlag.AlignVCenter)

    def set_now(self, now: float) -> None:
        seconds = max(0.0, now - self.tried.last.at)
        words = tr("just now") if seconds < 10 else tr("{age} ago").format(age=age(seconds))
        self.when.setText(
            tr("{n} times, {when}").format(n=self.tried.times, when=words) if self.tried.times > 1 else words
        )


class AddressSteps(QWidget):
    """Steps 1 and 2: which network, which address. `url` is the chosen one; `changed()` when it is another."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.url = ""
        self._shown: list[Network] = []
        self._rows: list[NetworkRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._networks = Step(1, tr("Which network is the charger on?"), self, padding=1)
        self._networks.body.setSpacing(0)
        self._nothing = Label("", parent=self, wrap=True, selectable=True)
        self._nothing.setContentsMargins(14, 12, 14, 12)
        self._networks.body.addWidget(self._nothing)
        column.addWidget(self._networks)
        column.addWidget(self._address_card())
        self.ready = ReadyCard(self)
        column.addWidget(self.ready)
        column.addStretch(1)

    def _address_card(self) -> Card:
        card = Step(2, tr("Type this address into the charger"), self)
        self.address = Label("", "title", parent=self, selectable=True)
        self.address.setAccessibleName(tr("Address for the charger"))
        self.copy = Button(tr("Copy"), "copy", PRIMARY, self)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.url))
        advice = tr(
            "Most chargers add their own name at the end. If yours asks for it, use any name, for example bay1."
        )
        self.qr = QrCode(self)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.address)
        left.addWidget(self.copy)
        left.addWidget(Label(advice, "small", "muted", self, wrap=True))
        left.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addWidget(self.qr)
        card.body.addLayout(row)
        self._card = card
        return card

    def show_networks(self, found: list[Network], nothing: str, fallback: str) -> None:
        """The networks to choose from; `nothing` in words and the `fallback` address where there is none."""
        if found != self._shown or not self.url:
            for row in self._rows:
                self._networks.body.removeWidget(row)
                row.hide()
                row.deleteLater()
            self._rows = [NetworkRow(network, self) for network in found]
            for row in self._rows:
                row.clicked.connect(lambda _=False, row=row: self._choose(row.network.url))
                self._networks.body.addWidget(row)
            self._shown = found
            kept = next((row for row in self._rows if row.network.url == self.url), None)
            first = kept or next(iter(self._rows), None)
            if first is not None:
                first.setChecked(True)
            self._choose(first.network.url if first is not None else fallback)
        self._nothing.setText(nothing)
        self._nothing.setVisible(bool(nothing))

    def _choose(self, url: str) -> None:
        if url != self.url:
            self.url = url
            self.address.setText(url)
            self.qr.set_text(url)
            self.changed.emit()


class AttemptList(Card):
    """Step 3: who opened the charger port, newest first. `accepted(charger_id)` when the button is pressed."""

    accepted = Signal(str)

    def __init__(self, mirror: Mirror, parent: QWidget) -> None:
        super().__init__("", parent, padding=1)
        self._mirror = mirror
        self._rows: dict[tuple[str, str, str], tuple[Said, int, _TriedRow]] = {}
        self.title.setText(tr("Who tries to connect"))
        head = self.add_head()
        head.insertWidget(0, Number(3, self))
        self._state = Label("", "chip", "ok", self)
        head.addWidget(self._state)
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
        self.body.addWidget(self._empty, 1)
        self.body.addWidget(self._scroll, 1)

    def rows(self) -> list[_TriedRow]:
        return [row for _, _, row in self._rows.values()]

    def refresh(self, url: str) -> None:
        """Rows are kept while what they say is the same; only ages change."""
        mirror = self._mirror
        wanted = [(t, attempt_words(mirror, t.last, url)) for t in who_tried(mirror.attempts)[:SHOWN]]
        now = {tried.key: (said, tried.times) for tried, said in wanted}
        if now != {key: (said, times) for key, (said, times, _) in self._rows.items()} or list(now) != list(self._rows):
            self._rebuild(wanted)
        for row in self.rows():
            row.set_now(mirror.now())
        self._empty.setVisible(not self._rows)
        self._scroll.setVisible(bool(self._rows))
        if mirror.connected:
            count = len(mirror.attempts)
            self._state.setText(
                tr("Listening, {n} attempts").format(n=count) if count != 1 else tr("Listening, 1 attempt")
            )
            self._state.set_role("ok")
        else:
            self._state.setText(tr("The engine does not answer"))
            self._state.set_role("danger")

    def _rebuild(self, wanted: list[tuple[Tried, Said]]) -> None:
        while self._column.count() > 1:
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = {}
        for tried, said in wanted:
            row = _TriedRow(tried, said, self)
            if row.button is not None:
                row.button.clicked.connect(lambda _=False, charger_id=said.accept: self.accepted.emit(charger_id))
            self._rows[tried.key] = (said, tried.times, row)
            self._column.insertWidget(self._column.count() - 1, row)
            self._column.insertWidget(self._column.count() - 1, Rule(self))


class ConnectPage(Page):
    """Three numbered steps: network, address, who tries. Shown by itself while no charger is known."""

    name = "connect"
    icon = "charger"
    section = "chargers"

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self._interfaces = interfaces()
        self._leased: tuple[str, float | None] = ("", None)
        self.steps = AddressSteps(self)
        self.tried = AttemptList(mirror, self)
        self.tried.accepted.connect(lambda charger_id: self.navigate.emit("accept", charger_id))
        self._title = Label("", "figure", parent=self)
        words = tr("Chargers call evdesk, not the other way round. Give yours this address and watch it arrive.")
        self.steps.ready.asked.connect(lambda verb: self.navigate.emit(verb, None))
        self.demo = Button(tr("Try with a simulated site"), "play", parent=self)
        self.demo.clicked.connect(lambda: self.navigate.emit("demo", None))
        head = QGridLayout()
        head.setVerticalSpacing(2)
        head.addWidget(self._title, 0, 0)
        head.addWidget(Label(words, role="muted", parent=self, wrap=True), 1, 0)
        head.addWidget(self.demo, 0, 1, 2, 1, Qt.AlignmentFlag.AlignBottom)
        head.setColumnStretch(0, 1)
        sides = QHBoxLayout()
        sides.setSpacing(12)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.steps)
        sides.addWidget(scroll, 1)
        self._scroll = scroll
        sides.addWidget(self.tried, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(sides, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self.steps.changed.connect(self._tick)
        mirror.changed.connect(self._if_shown)

    def title(self) -> str:
        return tr("Connect")

    def subtitle(self) -> str:
        return tr("new site") if not self.mirror.accepted() else ""

    def on_shown(self) -> None:
        self._interfaces = interfaces()
        self._refresh()
        self._timer.start()

    def on_hidden(self) -> None:
        self._timer.stop()

    def _if_shown(self) -> None:
        if self._timer.isActive():
            self._refresh()

    def _tick(self) -> None:
        host = urlsplit(self.steps.url).hostname or ""
        if host != self._leased[0]:
            self._leased = (host, lifetime_s(host))
        self.steps.ready.show_checks(checks(self.mirror, self.steps.url, self._leased[1]))
        self.tried.refresh(self.steps.url)

    def _refresh(self) -> None:
        first = not self.mirror.accepted()
        self._title.setText(tr("Connect your first charger") if first else tr("Connect a charger"))
        info = self.mirror.info
        self.demo.setVisible(info is None or not info.simulated)
        if info is not None:
            local = is_loopback(urlsplit(info.api_url).hostname or "")
            found = networks(info, self._interfaces, local)
            self.steps.show_networks(found, self._nothing(found), info.ocpp_url)
            self._scroll.setMinimumWidth(self.steps.minimumSizeHint().width() + 12)  # an address is never cut
        self._tick()

    def _nothing(self, found: list[Network]) -> str:
        info = self.mirror.info
        if found or info is None:
            return ""
        if info.simulated:
            return tr("This is a simulated site: its chargers dial in by themselves, real ones cannot reach it.")
        if only_here(info):
            return tr(
                "The engine listens on this computer only, so chargers elsewhere cannot reach it. Stop it and start it "
                "with --ocpp 0.0.0.0:{port} to open it to the network."
            ).format(port=urlsplit(info.ocpp_url).port or 9000)
        return tr("This computer is on no network. Plug in the cable that leads to the chargers.")
