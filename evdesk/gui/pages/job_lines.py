"""The log of both sides for one charger of a job: read in pieces, followed, paused while one reads further up."""

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from evdesk.gui import text
from evdesk.gui.client import Client
from evdesk.gui.text import tr
from evdesk.gui.theme import current, mono_font
from evdesk.model import EvdeskError
from evdesk.model.jobs import JobLine
from evdesk.wire.jobs import JobLines

PAGE = 500
KEEP = 5000
LINE_HEIGHT = 19
PAD = 14
SIDE_AT, TEXT_AT = 70, 134
_TONES = {"good": "ok", "warn": "warn", "bad": "danger"}
_ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


def side_word(side: str) -> str:
    return {"evdesk": tr("evdesk"), "charger": tr("charger"), "fetched": tr("fetched")}.get(side, side)


def line_words(line: JobLine) -> str:
    """Tab separated, as it is copied."""
    return "\t".join((text.clock_s(line.at), side_word(line.side), line.text))


class LinesModel(QAbstractListModel):
    """Oldest first; lines only come at the end, and the oldest go when there are too many."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[JobLine] = []

    def clear(self) -> None:
        self.beginResetModel()
        self.lines = []
        self.endResetModel()

    def add(self, lines: list[JobLine]) -> int:
        """Those newer than the last; the same ones again are nothing new. How many were."""
        last = self.last_id()
        fresh = [line for line in lines if line.id > last]
        if not fresh:
            return 0
        self.beginInsertRows(_ROOT, len(self.lines), len(self.lines) + len(fresh) - 1)
        self.lines += fresh
        self.endInsertRows()
        over = len(self.lines) - KEEP
        if over > 0:
            self.beginRemoveRows(_ROOT, 0, over - 1)
            del self.lines[:over]
            self.endRemoveRows()
        return len(fresh)

    def last_id(self) -> int:
        return self.lines[-1].id if self.lines else 0

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.lines):
            return None
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return line_words(line).replace("\t", " ")
        return line.text if role == Qt.ItemDataRole.ToolTipRole else None


class LineDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line, look = index.data(Qt.ItemDataRole.UserRole), current()
        if not isinstance(line, JobLine):
            return
        rect: QRect = option.rect
        view = self.parent()
        painter.save()
        if isinstance(view, LinesView) and view.selectionModel().isRowSelected(index.row(), _ROOT):
            painter.fillRect(rect, look.color("selection"))
        painter.setFont(mono_font())
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.setPen(look.color("muted"))
        painter.drawText(rect.adjusted(PAD, 0, 0, 0), middle, text.clock_s(line.at))
        painter.drawText(rect.adjusted(PAD + SIDE_AT, 0, 0, 0), middle, side_word(line.side))
        painter.setPen(look.color(_TONES.get(line.tone, "text")))
        room = rect.adjusted(PAD + TEXT_AT, 0, -8, 0)
        words = painter.fontMetrics().elidedText(line.text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle, words)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, LINE_HEIGHT)


class LinesView(QListView):
    """Stays at the end while it follows. `follow_changed(bool)`: a person scrolled away, or came back to the end."""

    follow_changed = Signal(bool)

    def __init__(self, model: LinesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.following = True
        self._own_move = False
        self.setModel(model)
        self.setItemDelegate(LineDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Log of both sides"))
        self.setTabKeyNavigation(False)
        model.rowsInserted.connect(self._came)
        model.modelReset.connect(self._cleared)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        current().changed.connect(self.viewport().update)

    def follow(self, following: bool) -> None:
        if following != self.following:
            self.following = following
            self.follow_changed.emit(following)
        if following:
            self._to_end()

    def _to_end(self) -> None:
        self._own_move = True
        self.scrollToBottom()
        self._own_move = False

    def _came(self, *_: object) -> None:
        if self.following:
            self._to_end()

    def _cleared(self) -> None:
        self.follow(True)

    def _scrolled(self, value: int) -> None:
        if not self._own_move and self.isVisible():
            self.follow(value >= self.verticalScrollBar().maximum() - 2)

    def resizeEvent(self, event: Any) -> None:
        kept, self._own_move = self._own_move, True
        super().resizeEvent(event)
        rest = self.contentsRect().height() % LINE_HEIGHT
        if self.viewportMargins().top() != rest:
            self.setViewportMargins(0, rest, 0, 0)  # whole lines only
        self._own_move = kept
        if self.following:
            self._to_end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
            model = self.model()
            if isinstance(model, LinesModel):
                QGuiApplication.clipboard().setText("\n".join(line_words(model.lines[row]) for row in rows))
        elif event.key() == Qt.Key.Key_Space:
            event.ignore()  # pause belongs to the page
        else:
            super().keyPressEvent(event)


class LinesFeed(QObject):
    """Reads what is new of one charger's lines into the model; `failed(sentence)`, "" when it went well."""

    failed = Signal(str)

    def __init__(self, client: Client, model: LinesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client, self._model = client, model
        self._of: tuple[int, str] = (0, "")
        self._reading = False
        self._again = False

    def show(self, job_id: int, charger_id: str) -> None:
        """Follow this charger's lines; another one's go."""
        if (job_id, charger_id) != self._of:
            self._of = (job_id, charger_id)
            self._model.clear()
        self.poll()

    def poll(self) -> None:
        """Ask for what is new; one question at a time."""
        if not self._of[1]:
            return
        if self._reading:
            self._again = True
            return
        self._reading = self._client.spawn(self._read()) is not None

    async def _read(self) -> None:
        try:
            more = True
            while more:
                self._again = False
                of = self._of
                asked = JobLines(*of, after_id=self._model.last_id(), limit=PAGE)
                lines: list[JobLine] = await self._client.call("job.lines", asked)
                more = self._again or of != self._of
                if of == self._of:
                    more = (self._model.add(lines) > 0 and len(lines) >= PAGE) or more
            self.failed.emit("")
        except EvdeskError as error:
            self.failed.emit(error.sentence)
        finally:
            self._reading = False
