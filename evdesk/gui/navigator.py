"""Which page is in front, and the way back."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.base import Page
from evdesk.gui.pages.registry import LaterPage
from evdesk.gui.theme import Theme

HISTORY = 50
Place = tuple[str, object]
Kinds = Sequence[type[Page] | LaterPage]


class Navigator(QObject):
    """Makes pages when they are first asked for. `shown(page)` after every change of page or of its header;
    `deed(verb, argument)` when a page asks for something that is no page."""

    shown = Signal(object)
    deed = Signal(str, object)

    def __init__(self, kinds: Kinds, mirror: Mirror, client: Client, theme: Theme, stack: QStackedWidget) -> None:
        super().__init__(stack)
        self.kinds = {kind.name: kind for kind in kinds}
        self._mirror, self._client, self._theme, self._stack = mirror, client, theme, stack
        self._pages: dict[str, Page] = {}
        self._back: list[Place] = []
        self._forward: list[Place] = []

    def page(self, name: str) -> Page:
        """The page of this name; KeyError for one that does not exist."""
        if name not in self._pages:
            page = self.kinds[name](self._mirror, self._client, self._theme, self._stack)
            page.navigate.connect(self._asked)
            page.header_changed.connect(self._header)
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    def current(self) -> Page | None:
        widget = self._stack.currentWidget()
        return widget if isinstance(widget, Page) else None

    def way(self, page: Page) -> str:
        """What stands before the page's title: the section it belongs to."""
        return self.kinds[page.section].word() if page.section in self.kinds and page.section != page.name else ""

    def nothing_known(self) -> bool:
        """No charger has ever come: the first run."""
        return self._mirror.info is not None and not self._mirror.chargers

    def go(self, name: str, argument: object = None) -> None:
        """Show a page; the one before is where `back` leads."""
        if name == "chargers" and argument is None and "connect" in self.kinds and self.nothing_known():
            name = "connect"
        before = self.current()
        if before is not None and (before.name, before.place()) != (name, argument):
            self._back = [*self._back, (before.name, before.place())][-HISTORY:]
            self._forward = []
        self._show(name, argument)

    def back(self) -> None:
        self._step(self._back, self._forward)

    def forward(self) -> None:
        self._step(self._forward, self._back)

    def _step(self, source: list[Place], target: list[Place]) -> None:
        before = self.current()
        if source and before is not None:
            target.append((before.name, before.place()))
            self._show(*source.pop())

    def _show(self, name: str, argument: object) -> None:
        page, before = self.page(name), self.current()
        first = len(self._pages) == 1 and before is page
        if page is not before:
            if before is not None:
                before.on_hidden()
            self._stack.setCurrentWidget(page)
        if page is not before or first:
            page.on_shown()
        if argument is not None:
            page.go(argument)
        self.shown.emit(page)

    def _asked(self, name: str, argument: object) -> None:
        if name in self.kinds:
            self.go(name, argument)
        else:
            self.deed.emit(name, argument)

    def _header(self) -> None:
        page = self.current()
        if page is not None:
            self.shown.emit(page)
