"""The page that answers "why will it not connect?": the address to type, this computer's part, and who tries."""

from urllib.parse import urlsplit

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.connect_address import AddressStep, NetworkStep
from evdesk.gui.pages.connect_feed import AttemptList
from evdesk.gui.pages.connect_networks import is_loopback, networks, only_here
from evdesk.gui.pages.connect_ready import ReadyCard, site_rows
from evdesk.gui.pages.connect_source import NetworkSource
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import Button, Label

LOOK_AGAIN_S = 20
"""How often the interfaces are asked for while the page is seen: a cable is plugged in, an address changes."""


class AddressSteps(QWidget):
    """Steps 1 and 2 and the checks, one under the other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.networks = NetworkStep(self)
        self.address = AddressStep(self)
        self.ready = ReadyCard(self)
        for card in (self.networks, self.address, self.ready):
            column.addWidget(card)
        column.addStretch(1)


class ConnectPage(Page):
    """Three numbered steps: network, address, who tries. Shown by itself while no charger is known."""

    name = "connect"
    icon = "charger"
    section = "chargers"

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(mirror, client, theme, parent)
        self.source = NetworkSource(mirror, client, self)
        self._ticks = 0
        self.steps = AddressSteps(self)
        self.tried = AttemptList(mirror, self)
        self._title = Label("", "figure", parent=self)
        self.demo = Button(tr("Try with a simulated site"), "play", parent=self)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._tick)
        self.steps.networks.chosen.connect(self._network_chosen)
        self.steps.address.changed.connect(self._show_feed)
        self.steps.address.named.connect(self.source.announce)
        self.steps.ready.asked.connect(self._do)
        self.steps.address.asked.connect(self._do)
        self.steps.ready.again.connect(self.check)
        self.source.looked.connect(self._refresh)
        self.source.checked.connect(self._show_ready)
        self.source.busy.connect(self.steps.ready.set_busy)
        self.tried.acted.connect(self._act)
        self.tried.search.connect(self._find)
        self.tried.explain.connect(self._explain)
        self.demo.clicked.connect(self._demo)
        mirror.changed.connect(self._if_shown)

    def _lay_out(self) -> None:
        words = tr("Chargers call evdesk, not the other way round. Give yours this address and watch it arrive.")
        head = QGridLayout()
        head.setVerticalSpacing(2)
        head.addWidget(self._title, 0, 0)
        head.addWidget(Label(words, role="muted", parent=self, wrap=True), 1, 0)
        head.addWidget(self.demo, 0, 1, 2, 1, Qt.AlignmentFlag.AlignBottom)
        head.setColumnStretch(0, 1)
        sides = QHBoxLayout()
        sides.setSpacing(12)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self.steps)
        sides.addWidget(self._scroll, 1)
        sides.addWidget(self.tried, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(sides, 1)

    def title(self) -> str:
        return tr("Connect")

    def subtitle(self) -> str:
        return tr("new site") if not self.mirror.accepted() else ""

    def on_shown(self) -> None:
        self._refresh()
        self._timer.start()
        self.source.look()
        self.check()

    def on_hidden(self) -> None:
        self._timer.stop()

    def check(self) -> None:
        network = self.steps.networks.network()
        self.source.check(network.address if network is not None else "")

    # -- showing ------------------------------------------------------------------------------------------------------

    def _if_shown(self) -> None:
        if self._timer.isActive():
            self._refresh()

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % LOOK_AGAIN_S == 0:
            self.source.look()
        self._show_feed()

    def _refresh(self) -> None:
        first = not self.mirror.accepted()
        self._title.setText(tr("Connect your first charger") if first else tr("Connect a charger"))
        info = self.mirror.info
        self.demo.setVisible(info is None or not info.simulated)
        if info is not None:
            found = networks(self.source.state, info)
            self.steps.networks.show_networks(found, self._nothing(bool(found)))
            self.steps.address.show_state(self.source.state)
            self._network_chosen()
            self._scroll.setMinimumWidth(self.steps.minimumSizeHint().width() + 12)  # an address is never cut
        self._show_ready()
        self._show_feed()

    def _network_chosen(self) -> None:
        network = self.steps.networks.network()
        info = self.mirror.info
        typed = network.typed if network is not None else self.steps.address.typed
        self.steps.address.show_typed(typed, info.ocpp_url if info is not None else "")

    def _show_ready(self) -> None:
        connected, info = self.mirror.connected, self.mirror.info
        here = info is None or is_loopback(urlsplit(info.api_url).hostname or "")
        self.steps.ready.title.setText(tr("Is this computer ready?") if here else tr("Is the engine's computer ready?"))
        self.steps.ready.show_rows([*(self.source.checks if connected else []), *site_rows(self.mirror)])

    def _show_feed(self) -> None:
        self.tried.refresh(self.steps.address.typed)

    def _nothing(self, some: bool) -> str:
        info = self.mirror.info
        if info is None:
            return ""
        if info.simulated:
            return tr("This is a simulated site: its chargers dial in by themselves, real ones cannot reach it.")
        if only_here(info):
            return tr(
                "The engine listens on this computer only, so chargers elsewhere cannot reach it. Stop it and start it "
                "with --ocpp 0.0.0.0:{port} to open it to the network."
            ).format(port=urlsplit(info.ocpp_url).port or 9000)
        return "" if some else tr("This computer is on no network. Plug in the cable that leads to the chargers.")

    # -- deeds --------------------------------------------------------------------------------------------------------

    def _do(self, verb: str) -> None:
        self.navigate.emit(verb, None)

    def _act(self, deed: str, charger_id: str) -> None:
        self.navigate.emit(deed, charger_id)

    def _find(self) -> None:
        self.navigate.emit("find_chargers", self.steps.address.url)

    def _explain(self) -> None:
        self.navigate.emit("wont_connect", None)

    def _demo(self) -> None:
        self.navigate.emit("demo", None)
