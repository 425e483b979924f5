"""Where the Activity table's rows come from: pages from the engine as one scrolls, new rows as they are written.

New rows wait while one reads (`held`), and are counted; answers go into their entry at once.
"""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.activity_model import ActivityModel
from evdesk.gui.pages.activity_words import Entry, what_words
from evdesk.model import AuditRow, EvdeskError
from evdesk.wire.methods import AuditPage

PAGE = 200
FILL = 40
ROUNDS = 10
"""A filter may leave little of a page: go on until so many entries are there, or so many pages were read."""

PEOPLE = frozenset({"desk", "cli"})
ROUTINE = frozenset({"balance.refresh", "failsafe.check", "setup.trigger", "setup.settings", "charger.settings"})
"""What happens all the time and changes nothing: hidden until asked for, unless it failed."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What the table shows. `via`: "", "people", "engine", "api". `outcome` as in `AuditPage`. `days` None: all."""

    search: str = ""
    via: str = ""
    outcome: str = ""
    days: float | None = 7.0
    routine: bool = False

    @property
    def halves(self) -> bool:
        """True where the engine may send an answer without its question."""
        return bool(self.search or self.outcome)


def is_routine(entry: Entry) -> bool:
    return entry.first.what in ROUTINE and (entry.answered is None or entry.answered.outcome == "accepted")


class ActivityFeed(QObject):
    """`waiting_changed(n)`: so many new entries wait. `failed(sentence)`: a page could not be read, "" when it could."""

    waiting_changed = Signal(int)
    failed = Signal(str)
    loaded = Signal()

    def __init__(self, mirror: Mirror, client: Client, model: ActivityModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client, self._model = mirror, client, model
        self._waiting: list[AuditRow] = []
        self._turn = 0  # answers of an older filter are dropped
        self.filter = Filter()
        self.held = False
        model.keep = self.keeps
        model.wanted.connect(self.read_more)
        mirror.audit_added.connect(self.on_audit)

    def restart(self, wanted: Filter | None = None) -> None:
        """Read from the newest row on, with another filter or the same."""
        self.filter = wanted if wanted is not None else self.filter
        self._turn += 1
        self._waiting = []
        self.waiting_changed.emit(0)
        self._model.clear()
        self._model.loading = True
        self._client.spawn(self._read(self._turn))

    def read_more(self) -> None:
        self._client.spawn(self._read(self._turn))

    def page(self) -> AuditPage:
        """What the engine is asked for: the filter's part it can do, and where the list ends so far."""
        one = self.filter
        target = self._target(one.search)
        return AuditPage(
            limit=PAGE,
            before_id=self._model.oldest_id,
            search="" if target else one.search,
            from_at=None if one.days is None else self._mirror.now() - one.days * 86_400,
            via="" if one.via == "engine" else one.via,
            outcome=one.outcome,
            target=target,
        )

    def _target(self, typed: str) -> str:
        """A search for "Bay 8" or "site" means everything done there."""
        wanted = typed.casefold()
        if wanted in ("site", "log"):
            return wanted
        return next(
            (c for c in self._mirror.chargers if wanted in (self._mirror.label(c).casefold(), c.casefold())), ""
        )

    def keeps(self, entry: Entry) -> bool:
        """The filter's part that is done here."""
        one, row = self.filter, entry.first
        if one.via == "engine" and (row.via in PEOPLE or row.via == "api"):
            return False
        if one.outcome and entry.answered is None:
            return False
        return one.routine or bool(one.search) or not is_routine(entry)

    async def _read(self, turn: int) -> None:
        """Pages until the table has something to show for it."""
        wanted = self._model.entry_count() + FILL
        for _ in range(ROUNDS):
            try:
                rows: list[AuditRow] = await self._client.call("audit.list", self.page())
            except EvdeskError as error:
                if turn == self._turn:
                    self._model.loading = False
                    self.failed.emit(error.sentence)
                return
            if turn != self._turn:
                return
            has_more = len(rows) >= PAGE
            self._model.add_page(rows, has_more, joined_only=not self.filter.halves)
            if not has_more or self._model.entry_count() >= wanted:
                break
        self.failed.emit("")
        self.loaded.emit()

    def on_audit(self, row: AuditRow) -> None:
        """A row was just written."""
        if self._model.loading and self._model.oldest_id is None:
            return  # the first page brings it
        if row.kind == "answered" and self._model.entry(row.ref or 0) is not None:
            self._model.add_live(row)
        elif self.held:
            self._waiting.append(row)
            self.waiting_changed.emit(self.waiting())
        elif self._wanted(row):
            self._model.add_live(row)

    def hold(self, held: bool) -> None:
        """While held, new rows wait; afterwards they are put in."""
        self.held = held
        if not held:
            self.release()

    def release(self) -> None:
        """Put the waiting rows in, oldest first."""
        rows, self._waiting = self._waiting, []
        for row in rows:
            if self._wanted(row):
                self._model.add_live(row)
        self.waiting_changed.emit(0)

    def waiting(self) -> int:
        """How many entries would appear."""
        joined: dict[int, Entry] = {}
        for row in self._waiting:
            if row.kind == "answered":
                key = row.ref or 0
                if key in joined:
                    joined[key] = replace(joined[key], answered=row)
            elif self._wanted(row):
                joined[row.id] = Entry(row.id, row)
        return sum(map(self.keeps, joined.values()))

    def _wanted(self, row: AuditRow) -> bool:
        one = self.filter
        if one.via == "people" and row.via not in PEOPLE:
            return False
        if one.via == "api" and row.via != "api":
            return False
        if not one.search:
            return True
        target = self._target(one.search)
        if target:
            return row.target == target
        words = f"{row.who} {row.what} {row.target} {row.args} {what_words(Entry(row.id, row))}".casefold()
        return one.search.casefold() in words
