"""Settings and files: export, import with its plan, and what changed since when."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from evdesk.gui import icons
from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import DONE
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_actions import Report, failed
from evdesk.gui.pages.chargers_settings_sheets import ImportSheet, SnapshotsSheet
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.model import EvdeskError
from evdesk.model.files import write_whole
from evdesk.model.settings import PlannedSetting, SettingsSnapshot
from evdesk.wire.methods import OneCharger
from evdesk.wire.settings import ExportSettings, ImportSettings, SettingsFile


class SettingsFiles(QObject):
    """The menu behind the dots. `said(charger id, Report)`; `agreed(charger id, planned lines)`: stage these."""

    said = Signal(str, object)
    agreed = Signal(str, object)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget) -> None:
        super().__init__(parent)
        self._mirror, self._client, self._widget = mirror, client, parent
        self.charger_id = ""
        self.menu = QMenu()
        self._add(tr("Export as CSV…"), "export", self._export_csv)
        self._add(tr("Export as JSON…"), "export", self._export_json)
        self._add(tr("Import from a file…"), "import", self._import)
        self.menu.addSeparator()
        self._add(tr("What changed…"), "clock", self._snapshots)

    def _add(self, words: str, icon: str, act: object) -> None:
        action = QAction(icons.icon(icon, "muted"), words, self.menu)
        action.triggered.connect(act)
        self.menu.addAction(action)

    def _export_csv(self) -> None:
        self._start_export("csv")

    def _export_json(self) -> None:
        self._start_export("json")

    def _start_export(self, kind: str) -> None:
        if self.charger_id:
            self._client.spawn(self._export(self.charger_id, kind))

    async def _export(self, charger_id: str, kind: str) -> None:
        try:
            file: SettingsFile = await self._client.call("settings.export", ExportSettings(charger_id, kind))
        except EvdeskError as error:
            self.said.emit(charger_id, failed(tr("Export"), error))
            return
        dialog = QFileDialog(self._widget, tr("Export settings"), str(Path.home() / file.name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda path: self.save_file(charger_id, Path(path), file.text))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_file(self, charger_id: str, path: Path, content: str) -> None:
        try:
            write_whole(path, content.encode())
        except OSError as error:
            self.said.emit(charger_id, Report("danger", "octagon", tr("Not written: {why}").format(why=error.strerror)))
            return
        self.said.emit(charger_id, Report("ok", "check", tr("Written to {path}").format(path=path)))

    def _import(self) -> None:
        charger_id = self.charger_id
        if not charger_id:
            return
        dialog = QFileDialog(
            self._widget, tr("Import settings"), str(Path.home()), tr("Settings (*.csv *.json);;All files (*)")
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open_file(charger_id, Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_file(self, charger_id: str, path: Path) -> None:
        """Plan a file against the charger; what would change is staged when the person agrees."""
        try:
            content = path.read_bytes().decode("utf-8-sig", "replace")
        except OSError as error:
            self.said.emit(charger_id, Report("danger", "octagon", tr("Not read: {why}").format(why=error.strerror)))
            return
        self._client.spawn(self._planned(charger_id, path.name, content))

    async def _planned(self, charger_id: str, name: str, content: str) -> None:
        try:
            told: list[PlannedSetting] = await self._client.call("settings.import", ImportSettings(charger_id, content))
        except EvdeskError as error:
            self.said.emit(charger_id, failed(tr("Import"), error))
            return
        if await ImportSheet(name, told, current(), self._widget).ask() == DONE:
            self.agreed.emit(charger_id, told)

    def _snapshots(self) -> None:
        if self.charger_id:
            self._client.spawn(self._show_snapshots(self.charger_id))

    async def _show_snapshots(self, charger_id: str) -> None:
        try:
            kept: list[SettingsSnapshot] = await self._client.call("settings.snapshots", OneCharger(charger_id))
        except EvdeskError as error:
            self.said.emit(charger_id, failed(tr("Snapshots"), error))
            return
        if kept:
            await SnapshotsSheet(kept, self._mirror.now(), self._client, current(), self._widget).ask()
        else:
            self.said.emit(charger_id, Report("muted", "info", tr("No snapshot yet: read the settings first.")))
