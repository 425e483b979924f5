"""One line above the tables: what goes on, or why what is shown is old."""

from PySide6.QtWidgets import QWidget

from evdesk.gui.pages.chargers_actionbar import ReportLine
from evdesk.gui.pages.chargers_actions import Report


class Note(ReportLine):
    """What goes on stands before a problem, and the problem comes back when it is over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = self._problem = ""
        self.hide()

    def working(self, sentence: str) -> None:
        """A deed goes on; "" when it is over."""
        self._work = sentence
        self._show()

    def problem(self, sentence: str) -> None:
        """Why nothing newer can be shown; "" when it can."""
        self._problem = sentence
        self._show()

    def _show(self) -> None:
        if self._work:
            self.show_report(Report("info", "clock", self._work, over=False))
        else:
            self.show_report(Report("danger", "octagon", self._problem) if self._problem else None)
