"""What is wrong with the site that is edited: one row for each problem, whole, leading to its part."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from evdesk.gui import icons, theme
from evdesk.gui.pages import balancing_edits as edits
from evdesk.gui.pages.balancing_draft import Draft
from evdesk.gui.pages.balancing_outlets import split_key
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import Card, ElidedLabel, draw

LEFT, PAD, TALL = 24, 6, 28
LABELS = 0.3
"""At most this part of the width is for the names of the parts."""
WRAP = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


class ProblemRow(QAbstractButton):
    """Icon, the part it is about, then the sentence in as many lines as it needs. `key`: the part it leads to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = ""
        self._look = Look("", "", "muted")
        self._words = ("", "")
        self._beside = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.current().changed.connect(self._dressed)

    def show_problem(self, key: str, look: Look, label: str, words: str, beside: float) -> None:
        """`beside`: the widest label of the list, so that all sentences begin alike."""
        self.key = key
        self.setCursor(Qt.CursorShape.PointingHandCursor if key else Qt.CursorShape.ArrowCursor)
        if (look, (label, words), beside) != (self._look, self._words, self._beside):
            self._look, self._words, self._beside = look, (label, words), beside
            self.setAccessibleName(f"{label}: {look.word}. {words}")
            self._dressed()

    def _dressed(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, self.heightForWidth(max(160, self.width())))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(TALL, round(self._text_rect(width).height()) + 2 * PAD)

    def _indent(self, width: float) -> float:
        """Where the sentence begins: right of the labels."""
        return LEFT + min(self._beside, width * LABELS) + 8

    def _text_rect(self, width: float) -> QRectF:
        left = self._indent(width)
        room = QRectF(left, PAD, max(40.0, width - left - 4), 10_000.0)
        return draw.metrics("small").boundingRect(room, WRAP, self._words[1])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme.current()
        if self.underMouse() and self.key:
            painter.fillRect(self.rect(), look.color("raised"))
        base = PAD + draw.metrics("small").ascent()
        middle = base - draw.metrics("small").capHeight() / 2
        icons.paint(painter, self._look.icon, self._look.role, QRectF(2, middle - 7, 14, 14))
        left = self._indent(self.width())
        draw.text(painter, LEFT, base, draw.elided(self._words[0], "chip", left - LEFT - 8), "chip", "text")
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text"))
        painter.drawText(QRectF(left, PAD, self.width() - left - 4, self.height()), WRAP, self._words[1])


class ProblemsCard(Card):
    """What the engine says about the draft, one row each; a row leads to its part."""

    chosen = Signal(str)

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(tr("Before it is put in force"), parent, padding=0, head_height=36)
        self._draft = draft
        self.told = ElidedLabel("", "small", "muted", self)
        self.head.insertWidget(1, self.told, 1)
        self._held = QWidget()
        self._list = QVBoxLayout(self._held)
        self._list.setContentsMargins(12, 6, 12, 6)
        self._list.setSpacing(2)
        self._list.addStretch(1)
        self.area = area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._held)
        self._held.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        self.body.addWidget(area, 1)
        self.rows: list[ProblemRow] = []

    def sizeHint(self) -> QSize:
        return QSize(400, 180)

    def refresh(self) -> None:
        draft = self._draft
        site = draft.site
        if site is None:
            return
        rows: list[tuple[str, Look, str, str]] = []
        if draft.refused:
            rows.append(("", Look("octagon", tr("Refused"), "danger"), tr("The engine refused"), draft.refused))
        said = Look("warning", tr("Look"), "warn") if draft.file.read else Look("octagon", tr("Not read"), "danger")
        rows += [("", said, draft.file.name, words) for words in draft.file.words if words not in draft.problems]
        for problem in draft.problems:
            key = edits.concerns(problem, site)
            _, name, connector = split_key(key)
            bay = site.bay(name, connector) if connector else None
            label = bay.label or name if bay is not None else name or tr("Site")
            rows.append((key, Look("octagon", tr("Problem"), "danger"), label, problem))
        if draft.overtaken():
            words = tr("Applying replaces what was changed there.")
            rows.append(("", Look("warning", tr("Look"), "warn"), tr("The site was changed meanwhile"), words))
        if draft.unchecked:
            rows.append(("", Look("question", tr("Unknown"), "warn"), tr("Not checked"), draft.unchecked))
        if not rows:
            rows.append(("", Look("check-circle", tr("Good"), "ok"), tr("Nothing is wrong"), ""))
        self._fill(rows)
        count = draft.count()
        self.told.setText(tr("1 change") if count == 1 else tr("{n} changes").format(n=count))

    def _fill(self, rows: list[tuple[str, Look, str, str]]) -> None:
        while len(self.rows) < len(rows):
            row = ProblemRow(self._held)
            row.clicked.connect(self._clicked)
            self._list.insertWidget(len(self.rows), row)
            self.rows.append(row)
        beside = max(draw.width(label, "chip") for _, _, label, _ in rows)
        for place, row in enumerate(self.rows):
            row.setVisible(place < len(rows))
            if place < len(rows):
                key, look, label, words = rows[place]
                row.show_problem(key, look, label, words, beside)
                row.setEnabled(bool(key))

    def _clicked(self) -> None:
        row = self.sender()
        if isinstance(row, ProblemRow) and row.key:
            self.chosen.emit(row.key)
