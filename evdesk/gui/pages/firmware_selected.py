"""The charger that is selected on the Firmware page: its history, and why its buttons are off."""

from PySide6.QtCore import QObject

from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actions import why_off
from evdesk.gui.pages.firmware_feed import FirmwareFeed
from evdesk.gui.pages.firmware_list import FleetCard
from evdesk.gui.pages.firmware_model import Line
from evdesk.gui.pages.firmware_side import SidePanel
from evdesk.gui.text import tr
from evdesk.model import ConnectorStatus
from evdesk.model.charger import Connector
from evdesk.model.firmware import FleetState


class Selected(QObject):
    """Keeps the column beside the table with the row that is selected in it."""

    def __init__(self, mirror: Mirror, feed: FirmwareFeed, cards: FleetCard, side: SidePanel, parent: QObject) -> None:
        super().__init__(parent)
        self._mirror, self._feed, self._cards, self._side = mirror, feed, cards, side
        self.wanted = ""  # what to select when it has been read
        cards.view.chosen.connect(self._chosen)
        feed.one_read.connect(self._seen)
        mirror.charger_changed.connect(self._charger_changed)

    def show(self) -> None:
        """The rows have been read: find the wanted one, or the first that needs somebody."""
        self._show_one()
        if self.wanted and self._cards.view.choose(self.wanted):
            self.wanted = ""
        elif self.line() is None:
            lines = self._cards.table.lines()
            first = next((line for line in lines if line.one.state is FleetState.FAILED), lines[0] if lines else None)
            if first is not None:
                self._cards.view.choose(first.key)

    def line(self) -> Line | None:
        return next((line for line in self._cards.table.all_lines() if line.key == self._feed.charger_id), None)

    def _chosen(self, line: Line) -> None:
        self._feed.choose(line.key)
        self._show_one()

    def _seen(self, _charger_id: str) -> None:
        self._side.show_seen(self._feed.one, self._mirror.now())

    def _charger_changed(self, charger_id: str) -> None:
        if charger_id == self._feed.charger_id and self._side.isVisible():
            self._show_one()

    def _show_one(self) -> None:
        line = self.line()
        if line is None:
            self._side.show_charger(None, "", "")
            return
        update, logs = self._off("update", line), self._off("logs", line)
        if not update and line.one.state is FleetState.UPDATING:
            update = tr("An update of it goes on.")
        if not update and not line.model.image_id:
            update = tr("The library has no file for it. Add the maker's file.")
        self._side.show_charger(line.one, update, logs)

    def _off(self, deed: str, line: Line) -> str:
        charger = self._mirror.chargers.get(line.key)
        if charger is None:
            return tr("This charger is not known any more.")
        connector = next(iter(charger.connectors), Connector(1, ConnectorStatus.UNKNOWN))
        return why_off(deed, charger, connector, self._mirror.connected)
