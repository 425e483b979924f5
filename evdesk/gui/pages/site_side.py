"""Wide windows: the events of the last hour and the charges of the day."""

from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QHeaderView, QScrollArea, QSizePolicy, QTableView, QVBoxLayout, QWidget

from evdesk.gui import icons, text, theme
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.site_words import notice_words
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import Card, EmptyState, Label, copy, draw
from evdesk.model import Notice, Session

SHOWN = 40
Index = QModelIndex | QPersistentModelIndex


class EventRow(QAbstractButton):
    """Icon, sentence, time. Leads to what it is about."""

    def __init__(self, notice: Notice, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice, self._look = notice, look
        self.setFixedHeight(41)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(f"{text.clock_s(notice.at)} {look.word}")
        self.setToolTip(look.word)
        theme.current().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, 41)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        if self.underMouse():
            painter.fillRect(self.rect(), look.color("raised"))
        icons.paint(painter, self._look.icon, self._look.role, QRectF(12, 12, 16, 16))
        words = draw.elided(self._look.word, "small", self.width() - 50)
        draw.text(painter, 38, 18, words, "small", "text")
        draw.text(painter, 38, 33, text.clock_s(self.notice.at), "chart", "muted")
        painter.fillRect(0, self.height() - 1, self.width(), 1, look.color("border"))


class EventsCard(Card):
    """What happened, newest first; `chosen(notice)` on a click. Rows stay where they are; new ones come on top."""

    chosen = Signal(object)

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(tr("Events"), parent, padding=0)
        self._mirror = mirror
        self.head.addWidget(Label(tr("newest first"), "small", "muted", self))
        self._seen: list[int] = []
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._area.setWidget(inside)
        inside.setAutoFillBackground(False)
        self._area.viewport().setAutoFillBackground(False)
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addStretch(1)
        self._empty = EmptyState(
            "activity", tr("Nothing happened yet"), tr("Plugs, faults and peaks come here."), parent=self
        )
        self.body.setContentsMargins(0, 0, 0, 2)
        self.body.addWidget(self._area, 1)
        self.body.addWidget(self._empty, 1)

    def rows(self) -> list[EventRow]:
        items = [self._list.itemAt(i) for i in range(self._list.count())]
        found = [item.widget() for item in items if item is not None]
        return [row for row in found if isinstance(row, EventRow)]

    def refresh(self) -> None:
        newest = self._mirror.notices[-SHOWN:][::-1]
        ids = [notice.id for notice in newest]
        self._area.setVisible(bool(ids))
        self._empty.setVisible(not ids)
        if ids == self._seen:
            return
        for row in self.rows():
            self._list.removeWidget(row)
            row.deleteLater()
        for i, notice in enumerate(newest):
            row = EventRow(notice, notice_words(self._mirror, notice), self._area.widget())
            row.clicked.connect(self._clicked)
            self._list.insertWidget(i, row)
        self._seen = ids

    def _clicked(self) -> None:
        row = self.sender()
        if isinstance(row, EventRow):
            self.chosen.emit(row.notice)


def end_words(reason: str) -> str:
    """Why a charge ended, from OCPP's StopTransaction reason."""
    words = {
        "EVDisconnected": tr("Unplugged"),
        "Local": tr("Stopped at the charger"),
        "Remote": tr("Stopped from here"),
        "EmergencyStop": tr("Emergency stop"),
        "PowerLoss": tr("Power loss"),
        "Reboot": tr("Charger restarted"),
        "HardReset": tr("Charger restarted"),
        "SoftReset": tr("Charger restarted"),
        "UnlockCommand": tr("Unlocked"),
        "DeAuthorized": tr("Not authorised"),
    }
    return words.get(reason, reason or tr("unknown"))


def today_sessions(mirror: Mirror) -> list[Session]:
    """Charges that ended since midnight, newest first."""
    today = datetime.fromtimestamp(mirror.now()).date()
    found = [s for s in mirror.sessions.values() if s.ended_at and datetime.fromtimestamp(s.ended_at).date() == today]
    return sorted(found, key=lambda s: -(s.ended_at or 0.0))


class ChargesModel(QAbstractTableModel):
    """Ended, bay, plugged in, energy, highest power, why it ended."""

    def __init__(self, mirror: Mirror, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mirror = mirror
        self.sessions: list[Session] = []

    def show_sessions(self, sessions: list[Session]) -> None:
        if sessions != self.sessions:
            self.beginResetModel()
            self.sessions = sessions
            self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.sessions)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._align(section)
        names = (tr("Ended"), tr("Bay"), tr("Plugged in"), tr("Energy"), tr("Highest power"), tr("Ended because"))
        return names[section] if role == Qt.ItemDataRole.DisplayRole else None

    def _align(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in (3, 4) else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._align(index.column())
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        one = self.sessions[index.row()]
        return (
            text.clock(one.ended_at),
            self._mirror.label(one.charger_id),
            tr("{start} to {end}").format(start=text.clock(one.started_at), end=text.clock(one.ended_at)),
            text.energy(one.energy_wh, exact=True),
            text.power(one.max_power_w),
            end_words(one.reason),
        )[index.column()]


class ChargesCard(Card):
    """The charges of the day; `chosen(charger id)` on a double click or Enter."""

    chosen = Signal(str)

    def __init__(self, mirror: Mirror, parent: QWidget | None = None) -> None:
        super().__init__(tr("Charges today"), parent, padding=0)
        self._mirror = mirror
        self.sum = Label("", "small", "muted", self)
        self.head.insertWidget(1, self.sum)
        self.model = ChargesModel(mirror, self)
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.table.setShowGrid(False)
        self.table.setStyleSheet(
            "QTableView::item { padding: 0 8px; border-bottom: 1px solid palette(midlight); }"
            "QTableView::item:selected { background: palette(highlight); color: palette(text); }"
        )
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(36)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setAccessibleName(tr("Charges today"))
        self.table.activated.connect(self._activated)
        self._empty = Label(tr("No charge has ended today."), "small", "muted", self)
        self._empty.setContentsMargins(14, 12, 14, 12)
        self.body.setContentsMargins(1, 0, 1, 2)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self._empty, 1, Qt.AlignmentFlag.AlignTop)
        QShortcut(QKeySequence.StandardKey.Copy, self.table, self._copy, context=Qt.ShortcutContext.WidgetShortcut)

    def refresh(self) -> None:
        found = today_sessions(self._mirror)
        self.model.show_sessions(found)
        self.table.setVisible(bool(found))
        self._empty.setVisible(not found)
        energy = sum(s.energy_wh or 0.0 for s in found)
        self.sum.setText(f"{text.count(len(found))}, {text.energy(energy)}" if found else "")

    def _activated(self, index: QModelIndex) -> None:
        self.chosen.emit(self.model.sessions[index.row()].charger_id)

    def _copy(self) -> None:
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        columns = range(self.model.columnCount())
        copy("\n".join("\t".join(str(self.model.index(r, c).data()) for c in columns) for r in rows))
