"""Reads the decision log for the lanes: the window that is shown, anew when it changes, its tail while it is live."""

from PySide6.QtCore import QObject, Signal

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.balancing_outlets import bay_key
from evdesk.gui.pages.balancing_spans import Span, cause_words
from evdesk.model import EvdeskError
from evdesk.model.decisions import DecisionRow
from evdesk.wire.explain import BalanceHistory, DecisionPage

READ_EVERY_S = 20.0
MOST_PAGES = 8
PIXELS = 700
"""Rows that begin within one pixel of a lane come as one."""


class DecisionFeed(QObject):
    """`spans`: what the log said, by the key of the connector. `changed()` after each answer; `failed`: a sentence, ""
    when the last answer was good."""

    changed = Signal()

    def __init__(self, mirror: Mirror, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror, self._client = mirror, client
        self.spans: dict[str, tuple[Span, ...]] = {}
        self.failed = ""
        self._window: tuple[float, float] | None = None
        self._reading = False

    def want(self, start: float, end: float) -> None:
        """This window is shown now; reads where that is news."""
        before = self._window
        known = before is not None and abs((before[1] - before[0]) - (end - start)) < 1.0
        if self._reading or not self._mirror.connected:
            return
        if before is not None and known and abs(end - before[1]) < READ_EVERY_S:
            return
        self._window, self._reading = (start, end), True
        if self._client.spawn(self._read(start, end)) is None:
            self._reading = False

    def forget(self) -> None:
        """Ask anew at once."""
        self._window = None

    async def _read(self, start: float, end: float) -> None:
        try:
            rows = await self._rows(start, end)
        except EvdeskError as error:
            self.failed = error.sentence
        else:
            self.failed = ""
            found: dict[str, list[Span]] = {}
            for row in rows:
                found.setdefault(bay_key(row.charger_id, row.connector_id), []).append(self._span(row, end))
            self.spans = {key: tuple(sorted(spans, key=lambda s: s.start)) for key, spans in found.items()}
        finally:
            self._reading = False
        self.changed.emit()

    async def _rows(self, start: float, end: float) -> list[DecisionRow]:
        rows: list[DecisionRow] = []
        after = 0
        for _ in range(MOST_PAGES):
            asked = BalanceHistory(start, end, limit=5000, merge_s=(end - start) / PIXELS, after_id=after)
            page: DecisionPage = await self._client.call("balance.history", asked)
            rows += page.rows
            if not page.more or not page.rows:
                break
            after = page.rows[-1].id
        return rows

    def _span(self, row: DecisionRow, end: float) -> Span:
        cause, words = row.cause, ""
        if cause is not None:
            rise = None
            if cause.other_a is not None and cause.other_from_a is not None:
                rise = max(0.0, cause.other_a - cause.other_from_a)
            who = self._mirror.label(cause.who.rpartition("/")[0]) if cause.who else ""
            words = cause_words(cause.kind.value, cause.line, rise, who, cause.others_count, cause.above_s)
        return Span(row.from_at, end if row.to_at is None else row.to_at, row.limit_a, row.why, row.took_a, words)
