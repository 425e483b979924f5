"""Big numbers with their unit and a second line."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui.widgets import draw
from evdesk.gui.widgets.base import Painted


class Figure(Painted):
    """Title (small, muted), one big number with its unit on the same baseline, and a second line.

    `kind` is the type of the number: "head" for head rows, "figure" on panes, "huge" for the one number of a test.
    """

    def __init__(self, title: str = "", parent: QWidget | None = None, *, kind: str = "head") -> None:
        super().__init__(parent)
        self._title, self._kind = title, kind
        self._value, self._unit, self._second, self._role = "", "", "", "text"
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set(self, value: str, unit: str = "", second: str = "", role: str = "text") -> None:
        """Show a value; "unknown" is drawn muted whatever the role."""
        new = (value, unit, second, role)
        if new == (self._value, self._unit, self._second, self._role):
            return
        self._value, self._unit, self._second, self._role = new
        self.setAccessibleName(" ".join(part for part in (self._title, value, unit) if part))
        self.setAccessibleDescription(second)
        self.setToolTip(second if draw.width(second, "small") > self.width() else "")
        self.updateGeometry()
        self.update()

    def value(self) -> str:
        return f"{self._value} {self._unit}".strip()

    def second(self) -> str:
        return self._second

    def role(self) -> str:
        return self._role

    def copy_text(self) -> str:
        return self.value()

    def _line(self) -> int:
        return {"huge": 44, "head": 32}.get(self._kind, 28)

    def sizeHint(self) -> QSize:
        number = draw.width(self._value or "000.0", self._kind) + 4 + draw.width(self._unit, "unit")
        wide = max(number, draw.width(self._title, "small"), draw.width(self._second, "small"))
        return QSize(round(wide + 2), (16 if self._title else 0) + self._line() + (18 if self._second else 0))

    def minimumSizeHint(self) -> QSize:
        number = draw.width(self._value, self._kind) + 4 + draw.width(self._unit, "unit")
        return QSize(round(max(number, 56)) + 2, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room, top = float(self.width()), 0.0
        if self._title:
            draw.text(painter, 0, 12, draw.elided(self._title, "small", room), "small", "muted")
            top = 16.0
        role = self._role if self.isEnabled() else "muted"
        baseline = top + self._line() / 2 + draw.metrics(self._kind).capHeight() / 2
        used = draw.text(painter, -1, baseline, self._value, self._kind, role)
        if self._unit:
            draw.text(painter, used + 3, baseline, draw.elided(self._unit, "unit", room - used - 3), "unit", "muted")
        if self._second:
            line = draw.elided(self._second, "small", room)
            draw.text(painter, 0, top + self._line() + 13, line, "small", "muted")
