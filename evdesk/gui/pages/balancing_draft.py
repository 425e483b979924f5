"""The site while it is edited: every change can be undone, the engine is asked what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_edits import concerns, differences, grouped, merged
from evdesk.gui.text import tr
from evdesk.model import EvdeskError, Site
from evdesk.wire.methods import PutSite
from evdesk.wire.site import CheckSite, SiteProblems

CHECK_MS = 250


class _Change(QUndoCommand):
    """From one site to another; changes of the same field one after the other become one."""

    def __init__(self, put: Callable[[Site], None], before: Site, after: Site, words: str, field: str) -> None:
        super().__init__(words)
        self._put, self.before, self.after, self.field = put, before, after, field

    def undo(self) -> None:
        self._put(self.before)

    def redo(self) -> None:
        self._put(self.after)

    def id(self) -> int:
        return 1 if self.field else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or not self.field or other.field != self.field:
            return False
        self.after = other.after
        return True


@dataclass(frozen=True, slots=True)
class FileTold:
    """What was wrong with a file that was imported: names nobody knows, or why it could not be `read`."""

    name: str = ""
    words: tuple[str, ...] = ()
    read: bool = False


class Draft(QObject):
    """`changed()`: the site is another one; `checked()`: `problems` are new. Nothing reaches the engine before `apply`."""

    changed = Signal()
    checked = Signal()
    applied = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self.site: Site | None = None
        self.origin: Site | None = None
        self.problems: list[str] = []
        self.unchecked = ""  # why the engine has not looked at it, "" where it has
        self.refused = ""
        self.file = FileTold()
        self.busy = False
        self.stack = QUndoStack(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(self.check)
        mirror.connection_changed.connect(self._connection)

    @property
    def active(self) -> bool:
        return self.site is not None

    def begin(self, site: Site) -> None:
        """Edit a copy of this site."""
        self.site = self.origin = site
        self.problems, self.refused, self.unchecked, self.file = [], "", "", FileTold()
        self.stack.clear()
        self._timer.start()
        self.changed.emit()

    def end(self) -> None:
        """Forget everything."""
        self.site = self.origin = None
        self.problems = []
        self.stack.clear()
        self._timer.stop()
        self.changed.emit()

    def put(self, site: Site, words: str, field: str = "") -> None:
        """A change. `field`: what is typed, so that its steps are undone together."""
        site = site.fitted()  # the grid may have been changed: fields of a phase that is not there are not shown
        if self.site is not None and site != self.site:
            self.stack.push(_Change(self._set, self.site, site, words, field))

    def count(self) -> int:
        """How many things differ from the site as it was."""
        if self.site is None or self.origin is None:
            return 0
        return differences(self.origin, self.site)

    def overtaken(self) -> bool:
        """Somebody else changed the site meanwhile."""
        return (
            self.origin is not None
            and self._mirror.site is not None
            and differences(self.origin, self._mirror.site) > 0
        )

    def flagged(self) -> frozenset[str]:
        """The parts something is wrong with, as keys of the diagram."""
        site = self.site
        return frozenset(concerns(p, site) for p in self.problems) - {""} if site is not None else frozenset()

    def why_not(self) -> str:
        """Why it cannot be applied now; "" where it can."""
        if not self._mirror.connected:
            return tr("The engine does not answer. Your changes stay here.")
        if self.busy:
            return tr("It is being applied.")
        if self.problems:
            return tr("First mend what is listed below.")
        return "" if self.count() else tr("Nothing is changed.")

    def _set(self, site: Site) -> None:
        self.site = site
        if not self.file.read:
            self.file = FileTold()  # nothing of that file is here: work goes on
        self.refused = ""
        self._timer.start()
        self.changed.emit()

    def check(self) -> None:
        """Ask the engine what is wrong, now."""
        if self.site is not None:
            self._client.spawn(self._check(self.site))

    async def _check(self, site: Site) -> None:
        try:
            told: SiteProblems = await self._client.call("site.check", CheckSite(merged(site, self._mirror.site)))
        except EvdeskError as error:
            self.unchecked = error.sentence
        else:
            if site is not self.site:
                return  # changed meanwhile: the next answer counts
            self.unchecked, self.problems = "", grouped(told.problems)
            of_file = tuple(words for words in self.file.words if words not in self.problems)
            self.file = replace(self.file, words=of_file)  # what the site shows itself is told as long as it is so
        self.checked.emit()

    def apply(self) -> None:
        """Put it in force; what the engine refuses stays here."""
        if self.site is not None and not self.busy:
            self.busy = True
            self.checked.emit()
            self._client.spawn(self._apply(self.site))

    async def _apply(self, site: Site) -> None:
        try:
            await self._client.call("site.put", PutSite(merged(site, self._mirror.site)))
        except EvdeskError as error:
            self.refused = error.sentence
            self.busy = False
            self.checked.emit()
            return
        self.busy = False
        self.end()
        self.applied.emit()

    def _connection(self, connected: bool) -> None:
        if self.active and connected:
            self.check()
        elif self.active:
            self.checked.emit()
