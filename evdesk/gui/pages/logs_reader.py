"""Reads a log of any length in parts, as far as somebody looks or searches."""

from PySide6.QtCore import QObject, Signal

from evdesk.gui.client import Client
from evdesk.gui.text import tr
from evdesk.model import EvdeskError
from evdesk.wire.jobs import LogText, ReadLog

PART = 65_536
LONG_PART = 1 << 20
"""Of a search, or of all: fewer and longer answers."""
MOST = 32 << 20
"""More is not put into a window; the file itself is there for it."""


class LogReader(QObject):
    """`appended(text)` in order; `changed()` when `size`, `read`, `complete` or `failure` are others now."""

    appended = Signal(str)
    changed = Signal()

    def __init__(self, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._opened = 0
        self._loading = False
        self.log_id, self.entry = 0, ""
        self.size = self.read = 0
        self.complete = True
        self.binary = False
        self.failure = ""

    def open(self, log_id: int, entry: str = "") -> None:
        """Begin with the first part of this log, or of a file inside it."""
        self._opened += 1
        self.log_id, self.entry = log_id, entry
        self.size = self.read = 0
        self.complete, self.binary, self.failure, self._loading = False, False, "", False
        self.changed.emit()
        self.more()

    def close(self) -> None:
        """Nothing is read any more; what is under way is dropped."""
        self._opened += 1
        self.log_id, self.complete, self._loading = 0, True, False
        self.size = self.read = 0
        self.changed.emit()

    @property
    def full(self) -> bool:
        """Whether it is longer than what is shown at most."""
        return not self.complete and self.read >= MOST

    def more(self) -> None:
        """The next part, where one is left and none is under way."""
        if not self._loading and not self.complete and not self.full:
            self._client.spawn(self.part())

    async def part(self, limit: int = PART) -> bool:
        """Read one part; False where nothing is left, or it failed."""
        if self._loading or self.complete or self.full:
            return False
        number, self._loading = self._opened, True
        try:
            got: LogText = await self._client.call("log.read", ReadLog(self.log_id, self.entry, self.read, limit))
        except EvdeskError as error:
            if number == self._opened:
                self.failure, self._loading, self.complete = error.sentence, False, True
                self.changed.emit()
            return False
        if number != self._opened:
            return False
        self._take(got)
        return True

    def _take(self, got: LogText) -> None:
        self._loading = False
        self.size, self.binary = got.size, got.binary
        self.complete = got.next_offset is None
        self.read = got.size if got.next_offset is None else got.next_offset
        self.appended.emit(got.text)
        self.changed.emit()

    async def all(self) -> None:
        """Everything that is left, up to what is shown at most."""
        while await self.part(LONG_PART):
            pass

    def told(self) -> str:
        """Why not all of it is there; "" when it is."""
        if self.failure:
            return self.failure
        if self.full:
            return tr("Only the beginning is shown. Save the log to see the rest.")
        return tr("It is no text; its bytes are shown.") if self.binary else ""
