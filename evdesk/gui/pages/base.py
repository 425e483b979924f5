"""What a page is. The shell knows pages only by this."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import tr

if TYPE_CHECKING:
    from evdesk.gui.theme import Theme


class Page(QWidget):
    """One page of the desk. Subclasses set `name` and `icon`, and take the same four arguments.

    `navigate(page, argument)` asks the shell to go elsewhere, or to do one of its deeds ("accept", "refuse",
    "site_setup", "settings", "find_chargers", "wont_connect", "demo", "start_engine"; "said": a sentence that it went
    well); the argument is the page's own: a charger id for "chargers", a target or audit id for "activity".
    `header_changed` says that title, subtitle or actions changed.
    """

    name = ""  # stable: "site", "chargers", "activity", "connect"
    icon = ""
    section = ""  # the rail entry this page stands under; "" = its own

    navigate = Signal(str, object)
    header_changed = Signal()

    def __init__(self, mirror: Mirror, client: Client, theme: "Theme", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mirror = mirror
        self.client = client
        self.theme = theme

    @classmethod
    def word(cls) -> str:
        """Its name in the rail."""
        return tr(cls.name.capitalize())

    def title(self) -> str:
        """Top bar, left."""
        return self.word()

    def subtitle(self) -> str:
        """Beside the title, muted."""
        return ""

    def header_actions(self) -> list[QWidget]:
        """Widgets for the top bar, made once by the page (`QWidget.actions` is taken by Qt)."""
        return []

    def on_shown(self) -> None:
        """The page is in front now; read the mirror and start to follow."""

    def on_hidden(self) -> None:
        """The page is not seen any more: stop drawing."""

    def go(self, argument: object) -> None:
        """Show what `argument` names; called after `on_shown`."""

    def place(self) -> object:
        """What `go` needs to come back here (Alt+Left, restart)."""
        return None
