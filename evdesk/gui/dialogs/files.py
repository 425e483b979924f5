"""Asking for a file to write, and writing a long one: with progress, and a way to stop."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QProgressBar, QWidget

from evdesk.gui import text
from evdesk.gui.dialogs.sheet import CANCELLED, DONE, Sheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model import EvdeskError, Reason
from evdesk.model.files import write_whole

Progress = Callable[[int], None]


async def ask_save(owner: QWidget, title: str, name: str, kind: str) -> Path | None:
    """Where to write; None when the person changed their mind. `kind` is Qt's name filter. Opened, never executed."""
    dialog = QFileDialog(owner, title, name, kind)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.selectFile(name)
    return await _chosen(dialog)


async def ask_open(owner: QWidget, title: str, kind: str) -> Path | None:
    """Which file to read; None when the person changed their mind."""
    dialog = QFileDialog(owner, title, "", kind)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return await _chosen(dialog)


async def ask_many(owner: QWidget, title: str, kind: str) -> list[Path]:
    """Which files to read; [] when the person changed their mind."""
    dialog = QFileDialog(owner, title, "", kind)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    return await _all_chosen(dialog)


async def ask_folder(owner: QWidget, title: str) -> Path | None:
    """Which folder; None when the person changed their mind."""
    dialog = QFileDialog(owner, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return await _chosen(dialog)


async def _chosen(dialog: QFileDialog) -> Path | None:
    return next(iter(await _all_chosen(dialog)), None)


async def _all_chosen(dialog: QFileDialog) -> list[Path]:
    chosen: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    def over(result: int) -> None:
        if not chosen.done():
            chosen.set_result(dialog.selectedFiles() if result else [])

    dialog.finished.connect(over)
    dialog.open()
    try:
        paths = await chosen
    finally:
        dialog.finished.disconnect(over)
        dialog.deleteLater()
    return [Path(path) for path in paths]


def read_text(path: Path, most: int) -> str:
    """The text of a file of at most `most` bytes. Raises `EvdeskError(STORAGE)`."""
    try:
        if path.stat().st_size > most:
            sentence = tr("{file} is too long. Choose the file written by the export.")
            raise EvdeskError(Reason.STORAGE, sentence.format(file=path.name))
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sentence = tr("{file} cannot be read: {why}.")
        raise EvdeskError(Reason.STORAGE, sentence.format(file=path.name, why=error)) from error


def write_text(path: Path, content: str) -> None:
    """Raises `EvdeskError(STORAGE)`."""
    write_bytes(path, content.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Raises `EvdeskError(STORAGE)`."""
    try:
        write_whole(path, content)
    except OSError as error:
        sentence = tr("{file} cannot be written: {why}. Choose another folder.")
        raise EvdeskError(Reason.STORAGE, sentence.format(file=path.name, why=error.strerror or error)) from error


class WritingSheet(Sheet):
    """Runs `work(progress)` while it is open; closing it stops the work. `written` is what it returned."""

    def __init__(
        self,
        title: str,
        total: int,
        work: Callable[[Progress], Coroutine[Any, Any, int]],
        theme: Theme,
        parent: QWidget | None,
    ) -> None:
        super().__init__(title, theme, parent)
        self.written = 0
        self._total, self._work = max(1, total), work
        self.told = self.say(tr("Begins"), muted=True)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, self._total)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(title)
        self.add(self.bar)
        self.cancel(tr("Stop writing"))

    def progress(self, count: int) -> None:
        self.bar.setValue(min(count, self._total))
        words = tr("{n} of {total} written")
        self.told.setText(words.format(n=text.count(count), total=text.count(max(count, self._total))))

    async def run(self) -> int:
        """`DONE` when everything is written, `CANCELLED` when a person stopped it. Errors are raised."""
        task = asyncio.get_running_loop().create_task(self._work(self.progress))
        task.add_done_callback(lambda _: self.done(DONE))
        answer = await self.ask()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return CANCELLED
        self.written = task.result()
        return answer
