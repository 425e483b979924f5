"""The ways out of the Insights page: the chart as a picture, all figures as numbers."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from evdesk.gui import icons
from evdesk.gui.pages.insights_chart import BarChart
from evdesk.gui.pages.insights_words import csv_text
from evdesk.gui.text import tr
from evdesk.gui.widgets import copy
from evdesk.model.files import write_whole
from evdesk.wire.insights import Insight


class InsightExports(QObject):
    """`menu` for a button; `save_picture(path)` and `save_numbers(path)` for tests too. `failed(sentence)`."""

    failed = Signal(str)

    def __init__(self, chart: BarChart, shown: Callable[[], Insight | None], owner: QWidget) -> None:
        super().__init__(owner)
        self._chart, self._shown, self._owner = chart, shown, owner
        self.menu = QMenu(owner)
        for icon, words, act in (
            ("export", tr("Picture (PNG)..."), self._ask_picture),
            ("table", tr("Numbers (CSV)..."), self._ask_numbers),
            ("copy", tr("Copy picture"), self._copy_picture),
            ("copy", tr("Copy numbers"), self._copy_numbers),
        ):
            self.menu.addAction(icons.icon(icon, "muted"), words).triggered.connect(act)

    def save_picture(self, path: str) -> None:
        if not self._chart.picture().save(path, "PNG"):
            self.failed.emit(tr("{file} cannot be written. Choose another folder.").format(file=Path(path).name))

    def save_numbers(self, path: str) -> None:
        got = self._shown()
        if got is None:
            return
        try:
            write_whole(Path(path), csv_text(got).encode())
        except OSError:
            self.failed.emit(tr("{file} cannot be written. Choose another folder.").format(file=Path(path).name))

    def _ask(self, kind: str, words: str) -> QFileDialog:
        dialog = QFileDialog(self._owner, words, str(Path.home() / f"evdesk-insights.{kind}"), f"*.{kind}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _ask_picture(self) -> None:
        dialog = self._ask("png", tr("Save the picture"))
        dialog.fileSelected.connect(self.save_picture)
        dialog.open()

    def _ask_numbers(self) -> None:
        dialog = self._ask("csv", tr("Save the numbers"))
        dialog.fileSelected.connect(self.save_numbers)
        dialog.open()

    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self._chart.picture())

    def _copy_numbers(self) -> None:
        got = self._shown()
        if got is not None:
            copy(csv_text(got, "\t"))
