"""The bytes of one charger over time, as evdesk's own file service counted them, and when the file will be through."""

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui import text, theme
from evdesk.gui.charts.data import nice_top
from evdesk.gui.pages.job_words import of_words
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, draw
from evdesk.model.jobs import Transfer

MEGA = 1_000_000.0
LEFT, TOP, RIGHT, BOTTOM = 34.0, 26.0, 14.0, 22.0
AHEAD_S = 10.0
STANDS_STILL_S = 30.0
FAR = 4.0
"""The time shown reaches at most so many times beyond what has passed, however slow it goes."""
LEAST_S = 1.0
"""The least time that is drawn."""


class BytesPlot(Painted):
    """`show_transfer(transfer, now, live)`: `live` draws on to now, and where it leads."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seen = Transfer()
        self._now = 0.0
        self._live = False
        self._upload = False
        self.setMinimumSize(160, 90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.show_transfer(Transfer(), 0.0, live=False)

    def show_transfer(self, seen: Transfer, now: float, *, live: bool, upload: bool = False) -> None:
        seen = replace(seen, samples=drawn(seen, now, live=live))
        fresh = (seen, live, upload, round(now) if live else 0.0)
        if fresh == (self._seen, self._live, self._upload, round(self._now) if self._live else 0.0):
            return
        self._seen, self._now, self._live, self._upload = seen, now, live, upload
        self.setAccessibleName(self._words())
        self.update()

    def _words(self) -> str:
        if not self._seen.samples:
            return tr("Nothing came yet") if self._upload else tr("Nothing fetched yet")
        words = of_words(self._seen.bytes, self._seen.size)
        return tr("{bytes} came").format(bytes=words) if self._upload else tr("{bytes} fetched").format(bytes=words)

    def copy_text(self) -> str:
        """The samples as a table."""
        rows = [f"{text.iso(at)}\t{count}" for at, count in self._seen.samples]
        return "\n".join([f"{tr('Time')}\t{tr('Bytes')}", *rows]) if rows else ""

    def sizeHint(self) -> QSize:
        return QSize(232, 140)

    def _span(self) -> tuple[float, float]:
        """The time shown: from the first byte to where it ends, or will end at this rate."""
        samples = self._seen.samples
        start, last = samples[0][0], samples[-1][0]
        if not self._live:
            return start, max(last, start + LEAST_S)
        end = max(last, self._now)
        if self._seen.rate_bps and self._seen.size > self._seen.bytes:
            end = last + (self._seen.size - self._seen.bytes) / self._seen.rate_bps
        return start, min(max(end, self._now, start + AHEAD_S), start + max(AHEAD_S, (self._now - start) * FAR))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        if not self._seen.samples:
            words = self._words()
            wide = draw.width(words, "small")
            draw.text(painter, max(8.0, (self.width() - wide) / 2), self.height() / 2, words, "small", "muted")
            return
        start, end = self._span()
        top, step = nice_top(max(self._seen.size, self._seen.bytes, 1) * 1.02 / MEGA, 2)
        _Ink(painter, room, start, end, top, self._seen, live=self._live).paint(step)


def drawn(seen: Transfer, now: float, *, live: bool) -> tuple[tuple[float, int], ...]:
    """The samples, up to the last byte counted; a transfer that stands still is drawn flat up to now, and one that was
    over at once as a step."""
    samples = seen.samples
    if samples and seen.last_at is not None and seen.last_at > samples[-1][0]:
        samples = (*samples, (seen.last_at, seen.bytes))
    if samples and live and now - samples[-1][0] > STANDS_STILL_S:
        samples = (*samples, (now, seen.bytes))
    if not live and samples and samples[-1][0] - samples[0][0] < LEAST_S:  # it came at once: a step, not a lone point
        at = samples[0][0]
        samples = ((at, 0), (at, seen.bytes), (at + LEAST_S, seen.bytes))
    return samples


class _Ink:
    """One painting of it."""

    def __init__(
        self, painter: QPainter, room: QRectF, start: float, end: float, top: float, seen: Transfer, *, live: bool
    ) -> None:
        self.painter, self.room, self.seen, self.live = painter, room, seen, live
        self.start, self.end, self.top = start, end, top
        self.line = QPolygonF([self._at(at, count) for at, count in seen.samples])

    def _at(self, at: float, count: float) -> QPointF:
        x = self.room.left() + (at - self.start) / (self.end - self.start) * self.room.width()
        return QPointF(min(x, self.room.right()), self.room.bottom() - count / MEGA / self.top * self.room.height())

    def paint(self, step: float) -> None:
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._axes(step)
        self._curve()
        if self.seen.size:
            self._whole()
        if self.live:
            self._end()

    def _axes(self, step: float) -> None:
        look, room = theme.current(), self.room
        for number in range(round(self.top / step) + 1):
            y = self._at(self.start, number * step * MEGA).y()
            self.painter.setPen(look.pen("grid", 1))
            self.painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            words = text.number(number * step, 0 if step >= 1 else 1)
            draw.text_right(self.painter, room.left() - 6, y + 4, words, "chart", "axis")
        draw.text(self.painter, 4, room.top() - 7, "MB", "chart", "axis")
        baseline = room.bottom() + 16
        draw.text(self.painter, room.left(), baseline, text.clock_s(self.start), "chart", "axis")
        draw.text_right(self.painter, room.right(), baseline, text.clock_s(self.end), "chart", "axis")

    def _curve(self) -> None:
        look = theme.current()
        under = QPolygonF(self.line)
        under.append(QPointF(self.line.last().x(), self.room.bottom()))
        under.append(QPointF(self.line.first().x(), self.room.bottom()))
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(look.color("accent", 0.14))
        self.painter.drawPolygon(under)
        self.painter.setPen(QPen(look.color("accent"), 2))
        self.painter.drawPolyline(self.line)

    def _whole(self) -> None:
        """The size of the file, and the way there."""
        look = theme.current()
        y = self._at(self.start, self.seen.size).y()
        self.painter.setPen(QPen(look.color("text"), 1.5, Qt.PenStyle.DashLine))
        self.painter.drawLine(QPointF(self.room.left(), y), QPointF(self.room.right(), y))
        draw.text_right(self.painter, self.room.right(), y - 5, text.size(self.seen.size), "chartBold", "text")
        rate = self.seen.rate_bps
        if not self.live or not rate or self.seen.bytes >= self.seen.size:
            return
        last = self.seen.samples[-1][0]
        through = last + (self.seen.size - self.seen.bytes) / rate
        share = min(1.0, (self.end - last) / max(0.001, through - last))
        goal = self._at(min(through, self.end), self.seen.bytes + (self.seen.size - self.seen.bytes) * share)
        self.painter.setPen(QPen(look.color("accent"), 1.5, Qt.PenStyle.DotLine))
        self.painter.drawLine(self.line.last(), goal)

    def _end(self) -> None:
        look, last = theme.current(), self.line.last()
        self.painter.setPen(QPen(look.color("accent"), 2))
        self.painter.setBrush(look.color("surface"))
        self.painter.drawEllipse(last, 4, 4)
        words = text.size(self.seen.bytes)
        wide = draw.width(words, "chartBold")
        beyond = last.x() + 9 + wide > self.room.right()
        x, y = (last.x() - 9 - wide, last.y() - 6) if beyond else (last.x() + 9, last.y() + 13)
        draw.text(self.painter, x, min(y, self.room.bottom() - 4), words, "chartBold", "text")
