"""What a person does to the library and to policies: add, describe, confirm, take out, copy; each says how it went."""

from collections.abc import Coroutine, Sequence
from pathlib import Path, PurePath
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.files import ask_folder, ask_many
from evdesk.gui.dialogs.sheet import DONE, Sheet, confirm
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.firmware_image import ImageSheet
from evdesk.gui.pages.firmware_policy import PolicySheet
from evdesk.gui.pages.firmware_words import wants_words
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import PRIMARY
from evdesk.model import EvdeskError
from evdesk.model.firmware import FleetModel, Image
from evdesk.wire.firmware import Added, AddImage, ExportLibrary, OneImage

ADD_S = 600.0
"""A folder of large files is read and hashed before the engine answers."""
SIDECARS = (".toml", ".json")
REFUSED_MOST = 8


def without_sidecars(paths: Sequence[Path]) -> list[Path]:
    """The files to add: a manifest that lies beside one of them is read with it."""
    names = {path.name for path in paths} | {path.stem for path in paths if path.suffix not in SIDECARS}
    return [path for path in paths if path.suffix not in SIDECARS or path.stem not in names]


class FirmwareDeeds(QObject):
    """`changed()` when something is another one now; `said(sentence)`, `failed(sentence)`; `working(sentence)` while a
    deed goes on, "" when it is over. One sheet at a time."""

    changed = Signal()
    said = Signal(str)
    failed = Signal(str)
    working = Signal(str)

    def __init__(self, mirror: Mirror, client: Client, theme: Theme, owner: QWidget) -> None:
        super().__init__(owner)
        self._mirror, self._client, self._theme, self._owner = mirror, client, theme, owner
        self._busy = False

    # -- the library --------------------------------------------------------------------------------------------------

    def add_files(self) -> None:
        self._start(self._add_files())

    def add_folder(self) -> None:
        self._start(self._add_folder())

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Files and folders that were dropped here."""
        self._start(self._add(without_sidecars(paths)))

    def export(self) -> None:
        self._start(self._export())

    def open_image(self, image: Image) -> None:
        self._start(self._open_image(image))

    def open_model(self, model: FleetModel, images: Sequence[Image]) -> None:
        self._start(self._open_model(model, images))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._busy:
            work.close()
            return
        self._busy = True
        self._client.spawn(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except EvdeskError as error:
            self.failed.emit(error.sentence)
        finally:
            self._busy = False
            self.working.emit("")
            self.changed.emit()

    async def _add_files(self) -> None:
        if not self._client.here:
            await self._add_there(tr("File or folder"))
            return
        files = await ask_many(self._owner, tr("Add firmware files"), tr("Firmware (*);;All files (*)"))
        await self._add(without_sidecars(files))

    async def _add_folder(self) -> None:
        if not self._client.here:
            await self._add_there(tr("Folder"))
            return
        folder = await ask_folder(self._owner, tr("Add a folder of firmware files"))
        if folder is not None:
            await self._add([folder])

    async def _add_there(self, what: str) -> None:
        sheet = PathSheet(tr("Add from the engine's computer"), what, tr("Add it"), self._theme, self._owner)
        if await sheet.ask() == DONE:
            await self._add([PurePath(sheet.path.text().strip())])

    async def _add(self, paths: Sequence[PurePath]) -> None:
        images: dict[str, Image] = {}
        known: list[str] = []
        refused: dict[str, str] = {}
        stays: dict[str, str] = {}
        for path in paths:
            self.working.emit(tr("{file} is read and checked").format(file=path.name))
            try:
                added: Added = await self._client.call("firmware.add", AddImage(str(path)), ADD_S)
            except EvdeskError as error:
                refused[path.name] = error.sentence
                continue
            images |= {image.id: image for image in added.images}
            known += added.known
            refused |= added.refused
            stays |= added.stays
        self.working.emit("")
        await self._tell_added(list(images.values()), known, refused, stays)

    async def _tell_added(
        self, images: list[Image], known: list[str], refused: dict[str, str], stays: dict[str, str]
    ) -> None:
        self.changed.emit()
        if refused or stays:
            await RefusedSheet(images, refused, stays, self._theme, self._owner).ask()
        elif images:
            self.said.emit(added_words(images, known))
        if len(images) == 1 and wants_words(images[0]):
            await self._open_image(images[0])

    async def _export(self) -> None:
        if self._client.here:
            path: PurePath | None = await ask_folder(self._owner, tr("Copy the library to a folder"))
        else:
            sheet = PathSheet(
                tr("Copy on the engine's computer"), tr("Folder"), tr("Copy it"), self._theme, self._owner
            )
            path = PurePath(sheet.path.text().strip()) if await sheet.ask() == DONE else None
        if path is None:
            return
        self.working.emit(tr("The library is copied"))
        await self._client.call("firmware.export", ExportLibrary(str(path)), ADD_S)
        self.said.emit(tr("The library is in {path}; add that folder on another laptop").format(path=path))

    async def _open_image(self, image: Image) -> None:
        known = [(charger.vendor, charger.model) for charger in self._mirror.accepted()]
        window = self._owner.window()
        sheet = ImageSheet(image, self._client, self._theme, window, self._mirror.now(), known)
        if await sheet.ask() != ImageSheet.REMOVE:
            return
        name = sheet.image.name
        told = tr("Its file is deleted here. Chargers keep what they have; nobody can go back to it from this laptop.")
        title, word = tr("Take {name} out of the library?"), tr("Take out {name}")
        if await confirm(
            self._owner, self._theme, title.format(name=name), told, word.format(name=name), tr("Keep it"), danger=True
        ):
            await self._client.call("firmware.remove", OneImage(image.id))
            self.said.emit(tr("{name} is out of the library").format(name=name))

    async def _open_model(self, model: FleetModel, images: Sequence[Image]) -> None:
        await PolicySheet(model, images, self._mirror.now(), self._client, self._theme, self._owner).ask()


def added_words(images: Sequence[Image], known: Sequence[str]) -> str:
    """What came of adding, where nothing was refused."""
    fresh = [image for image in images if image.id not in known and image.file_name not in known]
    if not fresh:
        return tr("That was in the library already")
    names = tr("{name} is in the library") if len(fresh) == 1 else tr("{n} files are in the library")
    said = names.format(name=fresh[0].name, n=len(fresh))
    again = len(images) - len(fresh)
    return said if not again else tr("{said}; {n} were there already").format(said=said, n=again)


class PathSheet(Sheet):
    """A path on the engine's computer, when that is another one than this."""

    def __init__(self, title: str, what: str, word: str, theme: Theme, parent: QWidget) -> None:
        super().__init__(title, theme, parent)
        self.say(
            tr("The engine runs on another computer: copy the files there first, then give the path as it is there.")
        )
        self.path = QLineEdit()
        self.field(what, self.path, tr("For example /home/anna/firmware or D:\\firmware"))
        self.cancel()
        self.keep = self.button(word, DONE, PRIMARY, default=True)
        self.path.textChanged.connect(self._enable)
        self._enable()

    def _enable(self, *_: object) -> None:
        self.keep.why_off("" if self.path.text().strip() else tr("Type the path."))


class RefusedSheet(Sheet):
    """Files that were not taken, or whose description was not, each with why."""

    def __init__(
        self,
        images: Sequence[Image],
        refused: dict[str, str],
        stays: dict[str, str],
        theme: Theme,
        parent: QWidget,
    ) -> None:
        title = (
            tr("1 file was not added") if len(refused) == 1 else tr("{n} files were not added").format(n=len(refused))
        )
        if not refused:
            title = tr("The description in the library stays")
        super().__init__(title, theme, parent)
        self.setMinimumWidth(620)
        if images:
            self.say(tr("{n} are in the library.").format(n=len(images)), muted=True)
        rows = sorted(refused.items()) + sorted(stays.items())
        for name, why in rows[:REFUSED_MOST]:
            self.say(f"{name}: {why}")
        if len(rows) > REFUSED_MOST:
            self.say(tr("and {n} more").format(n=len(rows) - REFUSED_MOST), muted=True)
        self.button(tr("Close"), DONE, PRIMARY, default=True)
