"""Where the rows of the Messages page come from: pages as one scrolls either way, and what is new once a second.

New rows wait while one reads (`hold`) or has paused the list; they are counted. Answers go into their rows at once.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from evdesk.gui.client import Client
from evdesk.gui.pages.messages_model import ExchangesModel
from evdesk.model import EvdeskError
from evdesk.wire.messages import Density, DensityOf, ExchangePage, ExchangeRow, MessageCount, MessageFilter

PAGE = 200
POLL_MS = 1000
SLOW_EVERY = 5
"""Counts and the strip are asked for at every fifth look."""
BUCKETS = 86
MAX_WAITING = 2_000


class MessagesFeed(QObject):
    """`loaded(first)` after a page; `waiting_changed(n)`: so many new rows wait; `failed(sentence)`, "" when it works
    again; `counted(MessageCount)`, `dense(Density)`."""

    loaded = Signal(bool)
    waiting_changed = Signal(int)
    failed = Signal(str)
    counted = Signal(object)
    dense = Signal(object)

    def __init__(self, client: Client, model: ExchangesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client, self._model = client, model
        self.filter = MessageFilter()
        self.span: tuple[float, float] | None = None
        self.held = False
        self.paused = False
        self._live = False  # the newest row is shown, or waits
        self._turn = 0  # answers to an older question are dropped
        self._looks = 0
        self._looking = False
        self._watched = False
        self._again = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting: list[ExchangeRow] = []  # newest first
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self.look)
        model.wanted.connect(self._wanted)

    # -- asking -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Somebody looks at the list."""
        self._watched = True
        if self._again:
            self.restart(self.filter)
        if not self.paused:
            self._timer.start()

    def stop(self) -> None:
        """Nobody looks any more: what is still asked for is let go, and asked again at the next start."""
        self._watched = False
        self._timer.stop()
        self._again = self._again or self._model.loading
        self._turn += 1
        for task in list(self._tasks):
            task.cancel()

    def _spawn(self, coro: Coroutine[Any, Any, None]) -> None:
        task = self._client.spawn(coro)
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def restart(self, wanted: MessageFilter, around: int | None = None) -> None:
        """Read afresh by this filter: from the newest row on, or with the exchange `around` on top."""
        self.filter = wanted
        self._again = False
        self._turn += 1
        self._looks = 0
        self._set_waiting([])
        self._model.loading = True
        self._spawn(self._first(self._turn, around))

    def look(self) -> None:
        """Ask for what came since the last look."""
        if not self._looking and not self._model.loading:
            self._looking = True
            self._spawn(self._look(self._turn))

    def set_span(self, span: tuple[float, float] | None) -> None:
        """The time of the strip; None until it is known."""
        if span != self.span:
            self.span = span
            self._spawn(self._density(self._turn))

    def _wanted(self, older: bool) -> None:
        self._spawn(self._more(self._turn, older))

    async def _first(self, turn: int, around: int | None) -> None:
        page = ExchangePage(self.filter, PAGE, before_id=None if around is None else around + 1)
        try:
            rows: list[ExchangeRow] = await self._client.call("message.exchanges", page)
        except EvdeskError as error:
            self._fail(turn, error)
            return
        if turn != self._turn:
            return
        self._live = around is None
        self._model.reset(rows, len(rows) >= PAGE, more_newer=around is not None)
        self.failed.emit("")
        self.loaded.emit(True)
        await self._slow(turn)

    async def _more(self, turn: int, older: bool) -> None:
        edge = self._model.oldest_id() if older else self._model.newest_id()
        if edge is None:
            self._model.loading = False
            return
        page = ExchangePage(self.filter, PAGE, edge if older else None, None if older else edge)
        try:
            rows: list[ExchangeRow] = await self._client.call("message.exchanges", page)
        except EvdeskError as error:
            self._fail(turn, error)
            return
        if turn != self._turn:
            return
        full = len(rows) >= PAGE
        if older:
            self._model.add_older(rows, full)
        else:
            self._model.add_newer(rows, full)
        self._live = self._live if older else not full
        if self._model.more_newer:
            self._live = False
        self.loaded.emit(False)

    async def _look(self, turn: int) -> None:
        try:
            await self._new_rows(turn)
            await self._answers(turn)
            self._looks += 1
            if self._looks % SLOW_EVERY == 0:
                await self._slow(turn)
        except EvdeskError as error:
            self._fail(turn, error)
        finally:
            self._looking = False

    async def _new_rows(self, turn: int) -> None:
        if not self._live or self.filter.to_at is not None:
            return
        newest = self._waiting[0].id if self._waiting else self._model.newest_id()
        page = ExchangePage(self.filter, PAGE, after_id=newest or 0)
        rows: list[ExchangeRow] = await self._client.call("message.exchanges", page)
        if turn != self._turn or not rows:
            return
        full = len(rows) >= PAGE
        if full and not (self.held or self.paused):
            self.restart(self.filter)  # too much came at once: begin at the newest again
            return
        if len(self._waiting) < MAX_WAITING:
            self._set_waiting(rows + self._waiting)
        if not (self.held or self.paused):
            self.release()

    async def _answers(self, turn: int) -> None:
        ids = self._model.open_ids()
        if not ids:
            return
        rows: list[ExchangeRow] = await self._client.call("message.exchanges", ExchangePage(limit=len(ids), ids=ids))
        if turn == self._turn:
            self._model.update_rows(rows)

    async def _slow(self, turn: int) -> None:
        try:
            count: MessageCount = await self._client.call("message.count", self.filter)
        except EvdeskError as error:
            self._fail(turn, error)
            return
        if turn == self._turn:
            self.counted.emit(count)
            await self._density(turn)

    async def _density(self, turn: int) -> None:
        if self.span is None:
            return
        start, end = self.span
        wanted = DensityOf(replace(self.filter, from_at=start, to_at=end), BUCKETS)
        try:
            found: Density = await self._client.call("message.density", wanted)
        except EvdeskError as error:
            self._fail(turn, error)
            return
        if turn == self._turn:
            self.dense.emit(found)

    def _fail(self, turn: int, error: EvdeskError) -> None:
        if turn == self._turn:
            self._model.loading = False
            self.failed.emit(error.sentence)

    # -- rows that wait -----------------------------------------------------------------------------------------------

    def hold(self, held: bool) -> None:
        """While held, new rows wait; afterwards they are put in."""
        self.held = held
        if not held and not self.paused:
            self.release()

    def pause(self, paused: bool) -> None:
        """While paused nothing is asked for; afterwards at once."""
        self.paused = paused
        if paused:
            self._timer.stop()
            return
        if not self.held:
            self.release()
        if self._watched:
            self._timer.start()
            self.look()

    def release(self) -> None:
        """Put in what waits."""
        rows, before = self._waiting, len(self._waiting)
        if before:
            self._set_waiting([])
            self._model.add_newer(rows)

    def to_newest(self) -> None:
        """Show the newest row: what waits, or the log from its end."""
        if self._live:
            self.release()
        else:
            self.restart(self.filter)

    def _set_waiting(self, rows: list[ExchangeRow]) -> None:
        changed = len(rows) != len(self._waiting)
        self._waiting = rows
        if changed:
            self.waiting_changed.emit(len(rows))
