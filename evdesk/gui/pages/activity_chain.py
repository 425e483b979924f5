"""The card on top of the Activity page: does the chain hold, since when, and how many signed checkpoints agree."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from evdesk.gui import icons, text
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.activity_export import export
from evdesk.gui.text import tr
from evdesk.gui.widgets import Button, Card, Label, Picture
from evdesk.model import AuditRow, ChainVerdict, EvdeskError
from evdesk.wire.methods import AuditPage

PATIENCE_S = 600.0
"""A long log takes a while to be computed again."""


class ChainCard(Card):
    """`verdict_changed()` after each check; `row_wanted(id)` leads to the row that breaks the chain."""

    verdict_changed = Signal()
    row_wanted = Signal(int)

    def __init__(self, mirror: Mirror, client: Client, parent: QWidget | None = None) -> None:
        super().__init__("", parent, padding=0)
        self._mirror, self._client = mirror, client
        self.verdict: ChainVerdict | None = None
        self.checked_at: float | None = None
        self._busy = False
        self._dialog: QFileDialog | None = None
        self.icon = Picture("shield", "muted", 22, self)
        self.title = Label("", "name", "muted", self)
        self.told = Label("", "small", "muted", self, wrap=True, selectable=True)
        self.show_row = Button(tr("Show the row"), "arrow-right", parent=self)
        self.again = Button(tr("Verify"), "refresh", parent=self)
        menu = QMenu()
        for words, suffix in ((tr("All rows as JSON lines…"), "jsonl"), (tr("All rows as CSV…"), "csv")):
            action = menu.addAction(icons.icon("file", "muted"), words)
            action.setData(suffix)
        menu.triggered.connect(lambda action: self.ask_file(str(action.data())))
        self.out = Button(tr("Export"), "export", parent=self, menu=menu)
        self._lay_out()
        self.again.clicked.connect(self.verify)
        self.show_row.clicked.connect(self._show_broken)
        self.refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 14, 10)
        row.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.title)
        words.addWidget(self.told)
        row.addWidget(self.icon)
        row.addSpacing(8)
        row.addLayout(words, 1)
        row.addWidget(self.show_row)
        row.addWidget(self.again)
        row.addSpacing(6)
        row.addWidget(self.out)
        self.body.addLayout(row)

    def refresh(self) -> None:
        """Words and colour of what is known; actions off with the reason while the engine is lost."""
        off = "" if self._mirror.connected else tr("The engine does not answer.")
        self.again.why_off(off or (tr("The chain is being checked.") if self._busy else ""))
        self.out.why_off(off)
        one = self.verdict
        self.show_row.setVisible(one is not None and one.broken_row is not None and not self._busy)
        if self._busy:
            self._say("shield", "info", tr("Checking the chain"), tr("Every row is computed again from the first on."))
        elif one is None:
            self._say("shield", "muted", tr("Not checked yet"), off or tr("Verify computes the whole chain again."))
        elif one.holds:
            self._say("shield-check", "ok", tr("Chain verified"), self._holds(one))
        else:
            number = one.broken_row
            title = (
                tr("The chain is broken at row {n}").format(n=text.count(number))
                if number
                else tr("The chain is broken")
            )
            self._say("shield-x", "danger", title, one.sentence)

    def _say(self, icon: str, role: str, title: str, told: str) -> None:
        self.icon.set(icon, role)
        self.title.setText(title)
        self.title.set_role(role)
        self.told.setText(told)
        self.set_edge(role if role in ("ok", "danger") else "border")
        self.again.setText(tr("Verify again") if self.verdict is not None else tr("Verify"))
        self.again.updateGeometry()

    def _holds(self, one: ChainVerdict) -> str:
        parts = [tr("{n} rows").format(n=text.count(one.rows))]
        if one.first_at is not None:
            parts[0] += tr(" since {day}").format(day=text.day(one.first_at))
        if self.checked_at is not None:
            parts.append(tr("checked {time}").format(time=text.clock(self.checked_at)))
        signed = tr("1 signed checkpoint agrees") if one.checkpoints == 1 else tr("{n} signed checkpoints agree")
        return ", ".join(parts) + "; " + signed.format(n=one.checkpoints)

    # -- verify -------------------------------------------------------------------------------------------------------

    def verify(self) -> None:
        """Ask the engine to compute the chain again; one question at a time."""
        if not self._busy and self._mirror.connected:
            self._busy = True
            self.refresh()
            self._client.spawn(self._verify())

    async def _verify(self) -> None:
        try:
            self.verdict = await self._client.call("audit.verify", None, PATIENCE_S)
            self.checked_at = self._mirror.now()
        finally:
            self._busy = False
            self.refresh()
        self.verdict_changed.emit()

    def _show_broken(self) -> None:
        if self.verdict is not None and self.verdict.broken_row is not None:
            self.row_wanted.emit(self.verdict.broken_row)

    # -- export -------------------------------------------------------------------------------------------------------

    def ask_file(self, suffix: str) -> QFileDialog:
        """Ask where to write; the dialog is opened, never executed."""
        names = {"jsonl": tr("JSON lines (*.jsonl)"), "csv": tr("CSV table (*.csv)")}
        dialog = QFileDialog(self, tr("Export the activity log"), "", names[suffix])
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"evdesk-activity.{suffix}")
        dialog.fileSelected.connect(lambda path: self.export_to(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        self._dialog = dialog
        dialog.open()
        return dialog

    def export_to(self, path: Path) -> None:
        self.out.why_off(tr("The log is being written."))
        self._client.spawn(self._export(path))

    async def _export(self, path: Path) -> None:
        async def fetch(page: AuditPage) -> list[AuditRow]:
            rows: list[AuditRow] = await self._client.call("audit.list", page)
            return rows

        def progress(rows: int) -> None:
            self.told.setText(tr("Writing {file}: {n} rows").format(file=path.name, n=text.count(rows)))

        try:
            rows = await export(path, AuditPage(), fetch, progress)
        except EvdeskError as error:
            self.told.setText(tr("Not exported: {why}").format(why=error.sentence))
        else:
            self.told.setText(tr("{n} rows written to {file}").format(n=text.count(rows), file=path.name))
        finally:
            self.out.why_off("")
