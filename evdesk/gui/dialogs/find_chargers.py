"""Chargers on this network that tell where they are, or that this computer knows already. Nothing is scanned."""

from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.makers import maker_of
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import reasons, tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY, Button, Card, EmptyState, KeyValue, Label, Rule, copy
from evdesk.model import EvdeskError
from evdesk.wire.network import FoundDevice, SearchNetwork

SEARCH_S = 4.0


def device_title(device: FoundDevice, mirror: Mirror) -> str:
    """ "KEBA at 192.168.50.45", "Bay 3, connected" """
    if device.charger_id:
        return tr("{label}, connected").format(label=mirror.label(device.charger_id))
    made = " ".join(part for part in (device.maker, device.model) if part)
    return made or device.name or tr("Unknown maker")


def device_note(device: FoundDevice) -> str:
    """How it was found and how sure that is."""
    if device.source == "mdns":
        how = tr("announces itself as {name}").format(name=device.name or device.service)
    else:
        how = tr("this computer has talked with it; its network card is by {maker}").format(maker=device.maker)
    sure = "" if device.certain or device.charger_id else tr("may be something else by this maker")
    return reasons(how, sure)


class FindSheet(Sheet):
    """Listens for a few seconds, then shows what answered. "Look again" does it once more. `url`: what to type into a
    charger, for the steps of its maker; "" leaves them out."""

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None, url: str = "") -> None:
        super().__init__(tr("Chargers on this network"), theme, parent)
        self._mirror, self._client, self._url = mirror, client, url
        self.setMinimumWidth(560)
        self.say(
            tr("evdesk listens for chargers that announce themselves (mDNS). It does not scan addresses."), muted=True
        )
        self.empty = EmptyState("search", tr("Listening"), tr("This takes a few seconds."))
        self._card = Card("", padding=0)
        self._card.body.setSpacing(0)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self._card.body.addLayout(self._rows)
        self._card.body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._card)
        scroll.setMinimumHeight(260)
        self._scroll = scroll
        self.add(self.empty)
        self.add(scroll)
        scroll.hide()
        self.again = Button(tr("Look again"), "refresh", parent=self)
        self.again.setAutoDefault(False)
        self.again.clicked.connect(self.search)
        self._row.addWidget(self.again)
        self.button(tr("Close"), DONE, PRIMARY, default=True)
        self.search()

    def search(self) -> None:
        self.again.why_off(tr("Listening."))
        self._client.spawn(self._search())

    async def _search(self) -> None:
        try:
            found = await self._client.call("network.found", SearchNetwork(SEARCH_S))
        except EvdeskError as error:
            self.fail(error.sentence)
            found = []
        self.again.why_off("")
        self.show_found(found)

    def show_found(self, found: list[FoundDevice]) -> None:
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for device in found:
            self._rows.addWidget(_DeviceRow(device, self._mirror, self._url, self._card))
            self._rows.addWidget(Rule(self._card))
        self._scroll.setVisible(bool(found))
        self.empty.setVisible(not found)
        text = tr(
            "Most chargers do not announce themselves: they may be there all the same. Type the address into yours."
        )
        self.empty.set_words(tr("Nobody announced itself"), text)


class _DeviceRow(QWidget):
    def __init__(self, device: FoundDevice, mirror: Mirror, url: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.device = device
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(4)
        column.addWidget(Label(device_title(device, mirror), "name", parent=self))
        column.addWidget(Label(device_note(device), "small", "muted", self, wrap=True))
        values = KeyValue(self, columns=2)
        values.set(tr("Address"), device.address)
        if device.mac:
            values.set(tr("Network card"), device.mac)
        column.addWidget(values)
        maker = maker_of(device.maker)
        if maker is not None and url and not device.charger_id:
            steps = "\n".join(f"{n}. {step}" for n, step in enumerate(maker.filled(url), 1))
            column.addWidget(Label(steps, "small", parent=self, wrap=True, selectable=True))
        if device.service.startswith(("_http", "_openevse", "_alfen")) or device.port in (80, 443):
            link = Button(tr("Copy web address"), "copy", parent=self, dense=True)
            scheme = "https" if device.port == 443 else "http"
            self._page = f"{scheme}://{device.address}/"
            link.clicked.connect(self._copy)
            column.addWidget(link)

    def _copy(self) -> None:
        copy(self._page)
