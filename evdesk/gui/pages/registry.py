"""The pages that exist, in the order of the rail. A page's module is loaded when the page is first needed: the window
with its first page comes sooner."""

import importlib
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme


@dataclass(frozen=True, slots=True)
class LaterPage:
    """Stands for a page class until the page is made: what the rail and the palette must know, and where it is."""

    name: str
    icon: str
    where: str  # "module:Class"
    section: str = ""

    def word(self) -> str:
        return tr(self.name.capitalize())

    def load(self) -> type[Page]:
        """Import the module; the class."""
        module, _, name = self.where.partition(":")
        kind: type[Page] = getattr(importlib.import_module(module), name)
        return kind

    def __call__(self, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None = None) -> Page:
        return self.load()(mirror, client, theme, parent)


PAGES: tuple[LaterPage, ...] = (
    LaterPage("site", "site", "evdesk.gui.pages.site:SitePage"),
    LaterPage("chargers", "charger", "evdesk.gui.pages.chargers:ChargersPage"),
    LaterPage("balancing", "balance", "evdesk.gui.pages.balancing:BalancingPage"),
    LaterPage("firmware", "chip", "evdesk.gui.pages.firmware:FirmwarePage"),
    LaterPage("insights", "bars", "evdesk.gui.pages.insights:InsightsPage"),
    LaterPage("activity", "activity", "evdesk.gui.pages.activity:ActivityPage"),
    LaterPage("messages", "message", "evdesk.gui.pages.messages:MessagesPage", section="chargers"),
    LaterPage("tags", "tag", "evdesk.gui.pages.tags:TagsPage", section="chargers"),
    LaterPage("connect", "charger", "evdesk.gui.pages.connect:ConnectPage", section="chargers"),
    LaterPage("update", "chip", "evdesk.gui.pages.update:UpdatePage", section="firmware"),
    LaterPage("job", "chip", "evdesk.gui.pages.job:JobPage", section="firmware"),
    LaterPage("logs", "file", "evdesk.gui.pages.logs:LogsPage", section="firmware"),
)
