"""The ways out of the Firmware page: the table as CSV or on the clipboard, versions over time as picture or numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from evdesk.gui import icons
from evdesk.gui.client import Client
from evdesk.gui.dialogs.files import ask_save, write_text
from evdesk.gui.tables import csv_text, tab_text
from evdesk.gui.text import tr
from evdesk.gui.widgets import copy
from evdesk.model import EvdeskError


@dataclass(frozen=True, slots=True)
class Sheetful:
    """A table as it is shown: a name for files, titles and plain cells."""

    name: str
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]


class FleetExports(QObject):
    """`menu` for a button. `shown()` is the table in front, `twin()` the strip's, `picture()` the strip.

    `failed(sentence)`; `said(sentence)` when a file is written."""

    failed = Signal(str)
    said = Signal(str)

    def __init__(
        self,
        client: Client,
        shown: Callable[[], Sheetful],
        twin: Callable[[], Sheetful],
        picture: Callable[[], QPixmap],
        owner: QWidget,
    ) -> None:
        super().__init__(owner)
        self._client, self._owner = client, owner
        self._shown, self._twin, self._picture = shown, twin, picture
        self.menu = QMenu(owner)
        for icon, words, act in (
            ("table", tr("This table (CSV)…"), lambda: self._ask(self._shown())),
            ("copy", tr("Copy this table"), self.copy_table),
            ("", "", None),
            ("export", tr("Versions over time, picture (PNG)…"), self._ask_picture),
            ("table", tr("Versions over time (CSV)…"), lambda: self._ask(self._twin())),
            ("copy", tr("Copy the picture"), self._copy_picture),
        ):
            if act is None:
                self.menu.addSeparator()
            else:
                self.menu.addAction(icons.icon(icon, "muted"), words).triggered.connect(lambda _=False, act=act: act())

    def copy_table(self) -> None:
        """Tab-separated, as spreadsheets take it."""
        sheet = self._shown()
        copy(tab_text(sheet.titles, sheet.rows))
        self.said.emit(tr("{n} rows are on the clipboard").format(n=len(sheet.rows)))

    def save_table(self, path: Path, sheet: Sheetful | None = None) -> None:
        """The table in front, or `sheet`, as CSV; says what went wrong."""
        chosen = sheet or self._shown()
        try:
            write_text(path, csv_text(chosen.titles, chosen.rows))
        except EvdeskError as error:
            self.failed.emit(error.sentence)
        else:
            self.said.emit(tr("Written to {path}").format(path=path))

    def save_picture(self, path: Path) -> None:
        if not self._picture().save(str(path), "PNG"):
            self.failed.emit(tr("{file} cannot be written. Choose another folder.").format(file=path.name))

    def _ask(self, sheet: Sheetful) -> None:
        self._client.spawn(self._save_after(sheet))

    async def _save_after(self, sheet: Sheetful) -> None:
        path = await ask_save(self._owner, tr("Save the table"), f"evdesk-{sheet.name}.csv", "*.csv")
        if path is not None:
            self.save_table(path, sheet)

    def _ask_picture(self) -> None:
        self._client.spawn(self._picture_after())

    async def _picture_after(self) -> None:
        path = await ask_save(self._owner, tr("Save the picture"), "evdesk-versions.png", "*.png")
        if path is not None:
            self.save_picture(path)

    def _copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self._picture())
