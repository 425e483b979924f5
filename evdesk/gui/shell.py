"""The main window: rail, top bar, banners, the page in front; and closing it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from evdesk.gui import launch
from evdesk.gui.banners import BannerArea
from evdesk.gui.client import Client, LinkState
from evdesk.gui.deeds import Deeds
from evdesk.gui.dialogs.preferences import CloseSheet
from evdesk.gui.finder import entries
from evdesk.gui.jobs import JobWatch, rail_number
from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import Need, needs, warnings
from evdesk.gui.navigator import Kinds, Navigator
from evdesk.gui.pages.base import Page
from evdesk.gui.palette import Palette
from evdesk.gui.rail import Rail
from evdesk.gui.settings import ASK, KEEP, STOP, DeskSettings
from evdesk.gui.status import engine_words, is_active
from evdesk.gui.theme import Theme
from evdesk.gui.topbar import TopBar
from evdesk.wire.methods import Stop

NARROW_BELOW = 1100
TICK_MS = 1000


class Shell(QWidget):
    """`pages` in the order of the rail; a page whose `section` names another shares that one's rail entry.

    `leaving` is emitted when the window may really close: the application then shuts down.
    """

    leaving = Signal()

    def __init__(
        self,
        mirror: Mirror,
        client: Client,
        theme: Theme,
        settings: DeskSettings,
        engine: launch.Engine,
        pages: Kinds,
    ) -> None:
        super().__init__()
        self.mirror, self.client, self.theme = mirror, client, theme
        self.settings, self.engine = settings, engine
        self._greeted = False
        self._may_close = False
        self._asked_token = False
        self._build(pages)
        self._connect()
        self._keys()
        self.refresh()

    def _build(self, pages: Kinds) -> None:
        self.setWindowTitle("evdesk")
        self.setMinimumSize(800, 560)
        railed = [kind for kind in pages if kind.section in ("", kind.name)]
        self.rail = Rail([(kind.name, kind.icon, kind.word()) for kind in railed], self)
        self.top = TopBar(self)
        self.banners = BannerArea(self)
        self.stack = QStackedWidget(self)
        self.banners.after = self.stack
        self.stack.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.stack.setFocus()  # else the window would begin with the first button of the rail
        self.navigator = Navigator(pages, self.mirror, self.client, self.theme, self.stack)
        self.deeds = Deeds(self.mirror, self.client, self.theme, self.settings, self.engine, self)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.top)
        right.addWidget(self.banners)
        right.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(right, 1)
        if not self.restoreGeometry(self.settings.blob("window/geometry")):
            self.resize(1280, 800)

    def _connect(self) -> None:
        self.rail.chosen.connect(self.navigator.go)
        self.rail.settings_asked.connect(lambda: self.deeds.do("settings"))
        self.top.search_asked.connect(self.open_palette)
        self.top.followed.connect(self.follow)
        self.navigator.shown.connect(self._on_shown)
        self.navigator.deed.connect(self.deeds.do)
        self.banners.deed.connect(self.deeds.do)
        self.deeds.done.connect(self.banners.say)
        self.client.failed.connect(self.banners.complain)
        self.client.state_changed.connect(self._on_link)
        self.mirror.changed.connect(self.refresh)
        JobWatch(self.mirror, self.client, self)
        tick = QTimer(self)
        tick.timeout.connect(self.refresh)
        tick.start(TICK_MS)

    def _keys(self) -> None:
        table: dict[str, Callable[[], object]] = {
            "Ctrl+K": self.open_palette,
            "Alt+Left": self.navigator.back,
            "Alt+Right": self.navigator.forward,
            "Ctrl+B": self.top.open_bell,
            "Ctrl+,": lambda: self.deeds.do("settings"),
            "F1": lambda: self.deeds.do("about"),
            "Ctrl+Q": self.close,
        }
        for number, name in enumerate(self.rail.items, 1):
            table[f"Ctrl+{number}"] = partial(self.navigator.go, name)
        for keys, deed in table.items():
            QShortcut(QKeySequence(keys), self, deed)

    def refresh(self, *_: object) -> None:
        """Everything around the page, from the mirror and the link."""
        if not self._greeted and self.mirror.info is not None:
            self._greet()
        mirror, client, engine = self.mirror, self.client, self.engine
        self.rail.engine.set_state(*engine_words(mirror, client, engine))
        if "chargers" in self.rail.items:
            known = len(mirror.accepted())
            self.rail.items["chargers"].set_number(str(known) if known else "")
        if "firmware" in self.rail.items:
            self.rail.items["firmware"].set_number(rail_number(mirror))
        self.top.set_needs(needs(mirror))
        page = self.navigator.current()
        banners = warnings(mirror, client.state, client.sentence, engine.local, engine.failure())
        if page is not None and page.name == "connect":
            banners = [b for b in banners if not b.key.startswith("asks/")]  # they stand in its list
        self.banners.set_banners(banners)
        if page is not None:
            self._header(page)

    def _on_link(self, state: LinkState, _sentence: str) -> None:
        if state is LinkState.NOT_ALLOWED and not self.engine.local and not self._asked_token:
            self._asked_token = True
            self.deeds.do("token")
        self.refresh()

    def _greet(self) -> None:
        """The first page: where the person left, or how to connect when there is no charger."""
        self._greeted = True
        railed = list(self.rail.items)
        wanted = self.settings.get("window/page")
        if self.navigator.nothing_known() and "connect" in self.navigator.kinds:
            wanted = "connect"
            self.settings.put("window/place", "")
        elif wanted not in railed:
            wanted = railed[0]
        self.navigator.go(wanted, self.settings.get("window/place") or None)

    def _on_shown(self, page: Page) -> None:
        self.rail.select(page.section or page.name)
        self.settings.put("window/page", page.name)
        self._header(page)

    def _header(self, page: Page) -> None:
        self.top.show_page(self.navigator.way(page), page.title(), page.subtitle(), page.header_actions())
        title = f"{page.title()} - evdesk"
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def open_palette(self) -> Palette:
        palette = Palette(entries(self.mirror, self.navigator, self.deeds, list(self.rail.items)), self.theme, self)
        corner = self.mapToGlobal(self.rect().topLeft())
        palette.move(corner.x() + (self.width() - palette.width()) // 2, corner.y() + 64)
        palette.open()
        return palette

    def follow(self, need: Need) -> None:
        """Go to what a line of the bell list names, or do it at once."""
        if need.verb:
            self.deeds.do(need.verb, need.argument)
        elif need.page in self.navigator.kinds:
            self.navigator.go(need.page, need.argument)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rail.set_narrow(event.size().width() < NARROW_BELOW)

    def closeEvent(self, event: QCloseEvent) -> None:
        page = self.navigator.current()
        place = page.place() if page is not None else None
        self.settings.put("window/place", place if isinstance(place, str) else "")
        self.settings.put_blob("window/geometry", self.saveGeometry())
        self.settings.sync()
        if self._may_close:
            event.accept()
            self.leaving.emit()
            return
        event.ignore()
        self.client.spawn(self._close())

    async def _close(self) -> None:
        wish = self.settings.on_close
        if not self.engine.local or not is_active(self.mirror):
            wish = KEEP
        elif wish == ASK:
            wish = await self._ask_close()
        if wish == ASK:
            return
        if wish == STOP:
            await self.client.call("engine.stop", Stop())
        self._may_close = True
        self.close()

    async def _ask_close(self) -> str:
        """KEEP or STOP; ASK when the person stays."""
        sheet = CloseSheet(self.mirror, self.theme, self)
        chosen = {CloseSheet.KEEP: KEEP, CloseSheet.STOP: STOP}.get(await sheet.ask(), ASK)
        if chosen != ASK and sheet.remember.isChecked():
            self.settings.on_close = chosen
        return chosen
