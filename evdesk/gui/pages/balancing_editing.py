"""Begin and end of editing, and the site as a file."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.files import ask_open, ask_save, read_text, write_text
from evdesk.gui.dialogs.sheet import confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_draft import Draft, FileTold
from evdesk.gui.pages.balancing_editor import EditBar, EditPanel
from evdesk.gui.pages.balancing_edits import grouped
from evdesk.gui.pages.balancing_problems import ProblemsCard
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model import EvdeskError, Site
from evdesk.wire.site import ImportedSite, ImportSite, SiteFile

MOST_BYTES = 4_000_000
KIND = "TOML (*.toml)"


class Editing(QObject):
    """`changed()`: begun, ended, or another site to draw; `chosen(key)`: the editor wants this selected;
    `said(sentence)`: what went wrong with a file; `navigate(deed, argument)` as of a page; `flagged(keys)`: the parts
    something is wrong with."""

    changed = Signal()
    flagged = Signal(object)
    chosen = Signal(str)
    said = Signal(str)
    navigate = Signal(str, object)

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, page: QWidget) -> None:
        super().__init__(page)
        self._mirror, self._client, self._theme, self._page = mirror, client, theme, page
        self.draft = Draft(mirror, client, self)
        self.panel = EditPanel(self.draft, mirror, page)
        self.problems = ProblemsCard(self.draft, page)
        self.bar = EditBar(self.draft, page)
        for widget in (self.panel, self.problems):
            widget.hide()
        self.draft.changed.connect(self.changed)
        self.draft.changed.connect(self.refresh)
        self.draft.checked.connect(self.refresh)
        self.panel.chosen.connect(self.chosen)
        self.problems.chosen.connect(self.chosen)
        self.bar.leave.clicked.connect(self.leave)
        self.bar.load.clicked.connect(self.load)
        self.draft.applied.connect(self._applied)

    @property
    def active(self) -> bool:
        return self.draft.active

    def begin(self) -> None:
        if not self.active:
            self.draft.begin(self._mirror.site or Site())

    def show_key(self, key: str) -> None:
        if self.active:
            self.panel.show_key(key)
            self.refresh()

    def refresh(self) -> None:
        """Problems and buttons; the form's fields stay as they are."""
        if self.active:
            self.panel.say()
            self.problems.refresh()
            self.bar.refresh()
        self.flagged.emit(self.draft.flagged())

    def leave(self) -> None:
        self._client.spawn(self._leave())

    def load(self) -> None:
        self._client.spawn(self._load())

    def save(self) -> None:
        self._client.spawn(self._save())

    async def _leave(self) -> None:
        count = self.draft.count()
        if count:
            title = tr("Discard {n} changes?").format(n=count) if count > 1 else tr("Discard the change?")
            text = tr("The site stays as it is in the engine.")
            window, stay = self._page.window(), tr("Go on editing")
            if not await confirm(window, self._theme, title, text, tr("Discard"), stay, danger=True):
                return
        self.draft.end()

    async def _load(self) -> None:
        path = await ask_open(self._page, tr("Import a site"), KIND)
        if path is not None:
            await self.read(path)

    async def read(self, path: Path) -> None:
        """The site of a file becomes the draft; nothing is put in force."""
        try:
            told: ImportedSite = await self._client.call("site.import", ImportSite(read_text(path, MOST_BYTES)))
        except EvdeskError as error:
            self.said.emit(error.sentence)
            return
        if told.site is None:
            self.draft.file = FileTold(path.name, tuple(told.problems))
            self.refresh()
            self.said.emit(" ".join(told.problems))
            return
        self.begin()
        self.draft.put(told.site, tr("{file} imported").format(file=path.name))
        if told.problems:
            self.draft.problems = grouped(told.problems)
            self.draft.file = FileTold(path.name, tuple(self.draft.problems), read=True)
            self.refresh()

    async def _save(self) -> None:
        site = self._mirror.site
        name = "".join(c if c.isalnum() else "-" for c in (site.name if site is not None else "site").lower())
        path = await ask_save(self._page, tr("Export the site"), f"{name.strip('-') or 'site'}.toml", KIND)
        if path is not None:
            await self.write(path)

    async def write(self, path: Path) -> None:
        """The engine's site as a file."""
        try:
            told: SiteFile = await self._client.call("site.export")
            write_text(path, told.toml)
        except EvdeskError as error:
            self.said.emit(error.sentence)
        else:
            self.navigate.emit("said", tr("The site is saved as {path}").format(path=path))

    def _applied(self) -> None:
        self.changed.emit()
