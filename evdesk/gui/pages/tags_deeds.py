"""What the Tags page does to the list: policy, one tag, files. Each deed says how it went."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import DONE, confirm
from evdesk.gui.pages.chargers_actions import Report, failed
from evdesk.gui.pages.tags_ask import TagImportSheet, TagSheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model import EvdeskError
from evdesk.model.files import write_whole
from evdesk.model.tags import Tag, TagLine, TagPolicy
from evdesk.wire.tags import DeleteTags, ImportTags, PutTags, SetTagPolicy, TagFile


def policy_words(policy: TagPolicy) -> str:
    """What the policy means for a driver."""
    return {
        TagPolicy.ALL: tr("Everybody may charge; only blocked tags are refused."),
        TagPolicy.LIST: tr("Only accepted tags of the list may charge."),
        TagPolicy.ASK: tr("Only tags of the list may charge; an unknown card is refused and appears on the right."),
    }[policy]


class TagDeeds(QObject):
    """`said(Report)`; `changed()` when the list is another one now."""

    said = Signal(object)
    changed = Signal()

    def __init__(self, client: Client, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._client, self._theme, self._widget = client, theme, parent

    def choose_policy(self, key: str) -> None:
        policy = TagPolicy(key)
        self._do(tr("Who may charge"), "tag.policy", SetTagPolicy(policy), policy_words(policy))

    def decide(self, old: Tag, status: str) -> None:
        """Accept or block a card that was shown."""
        tag = Tag(old.id_tag, status, None if status == "Accepted" else old.expires_at, old.parent, old.note)
        words = tr("{id} may charge.") if status == "Accepted" else tr("{id} is blocked.")
        self._do(old.id_tag, "tag.put", PutTags([tag]), words.format(id=old.id_tag))

    def add(self) -> None:
        self.ask(None)

    def ask(self, tag: Tag | None) -> None:
        """Add one, or change this one."""
        self._client.spawn(self._ask(tag))

    def delete(self, ident: str) -> None:
        self._client.spawn(self._delete_after(ident))

    def _do(self, title: str, method: str, params: Any, good: str) -> None:
        self._client.spawn(self._done(title, method, params, good))

    async def _done(self, title: str, method: str, params: Any, good: str) -> None:
        try:
            await self._client.call(method, params)
            self.said.emit(Report("ok", "check", good))
        except EvdeskError as error:
            self.said.emit(failed(title, error))
        self.changed.emit()

    async def _ask(self, tag: Tag | None) -> None:
        sheet = TagSheet(tag, self._theme, self._widget)
        if await sheet.ask() == DONE:
            kept = sheet.tag()
            await self._done(kept.id_tag, "tag.put", PutTags([kept]), tr("{id} is kept.").format(id=kept.id_tag))

    async def _delete_after(self, ident: str) -> None:
        title = tr("Take {id} out of the list?").format(id=ident)
        told = tr("Chargers that hold their own list keep it there until the list is sent again.")
        word = tr("Take out {id}").format(id=ident)
        if await confirm(self._widget, self._theme, title, told, word, tr("Keep it"), danger=True):
            await self._done(ident, "tag.delete", DeleteTags([ident]), tr("{id} is out.").format(id=ident))

    def export(self) -> None:
        self._client.spawn(self._exported())

    async def _exported(self) -> None:
        file: TagFile = await self._client.call("tag.export")
        dialog = QFileDialog(self._widget, tr("Export tags"), str(Path.home() / file.name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.fileSelected.connect(lambda path: self.save_file(Path(path), file.text))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_file(self, path: Path, content: str) -> None:
        try:
            write_whole(path, content.encode())
            self.said.emit(Report("ok", "check", tr("Written to {path}").format(path=path)))
        except OSError as error:
            words = tr("Not written: {why}").format(why=error.strerror)
            self.said.emit(Report("danger", "octagon", words))

    def load(self) -> None:
        dialog = QFileDialog(self._widget, tr("Import tags"), str(Path.home()), tr("Tags (*.csv *.txt);;All files (*)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open_file(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_file(self, path: Path) -> None:
        """Say what a file would do, then do it when the person agrees."""
        try:
            content = path.read_bytes().decode("utf-8-sig", "replace")
        except OSError as error:
            words = tr("Not read: {why}").format(why=error.strerror)
            self.said.emit(Report("danger", "octagon", words))
            return
        self._client.spawn(self._imported(path.name, content))

    async def _imported(self, name: str, content: str) -> None:
        try:
            lines: list[TagLine] = await self._client.call("tag.import", ImportTags(content))
        except EvdeskError as error:
            self.said.emit(failed(tr("Import"), error))
            return
        if await TagImportSheet(name, lines, self._theme, self._widget).ask() == DONE:
            good = tr("Taken from {name}.").format(name=name)
            await self._done(tr("Import"), "tag.import", ImportTags(content, False), good)
