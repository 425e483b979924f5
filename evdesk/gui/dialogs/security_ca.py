"""evdesk's own root certificate: to compare, to load into chargers, to replace; and what it has signed."""

import base64
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.security_words import date_words, fingerprint_lines
from evdesk.gui.dialogs.sheet import DONE, Sheet, confirm
from evdesk.gui.dialogs.working import WorkingSheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme, mono_font
from evdesk.gui.widgets import DANGER, PRIMARY, Button, EmptyState, KeyValue, Label, QrCode, copy
from evdesk.model.files import write_whole
from evdesk.wire.method import Nothing
from evdesk.wire.security import CaInfo, ExportCa, Exported, Issued, PutNames, Revoke

KEEPERS = {"keyring": "the system's keyring", "file": "a file that only you can read"}
SOON_S = 60 * 86_400.0
"""A certificate that ends within this is told in the colour of a warning."""


class CaSheet(WorkingSheet):
    """Reads `security.ca` and `security.issued`; `info` is what was told last."""

    def __init__(self, client: Client, theme: Theme, parent: QWidget | None, now: float) -> None:
        super().__init__(tr("evdesk's root certificate"), client, theme, parent, height=480)
        self._now = now
        self.info: CaInfo | None = None
        self._dialog: QFileDialog | None = None
        self._root_card()
        self._name_card()
        self._issued_card()
        self.close_button()
        self.start(None, self._read)

    # -- cards --------------------------------------------------------------------------------------------------------

    def _root_card(self) -> None:
        card = self.section(tr("Root"))
        self.none = EmptyState("shield", tr("There is none yet"), tr("It is made with the first TLS port, or now."))
        self.make = self.act_button(tr("Make it"), "plus", self._create, PRIMARY)
        self.print = Label("", "small", selectable=True)
        self.print.setFont(mono_font())
        self.print.setAccessibleName(tr("Fingerprint, SHA-256"))
        self.values = KeyValue(columns=1)
        card.body.addWidget(self.none)
        card.body.addWidget(self.make)
        card.body.addWidget(
            Label(tr("Fingerprint (SHA-256), to compare with what the charger shows"), "small", "muted")
        )
        card.body.addWidget(self.print)
        card.body.addWidget(self.values)
        self.pem = self.act_button(tr("Save as PEM"), "export", self._save_pem)
        self.der = self.act_button(tr("Save as DER"), "export", self._save_der)
        self.text = self.act_button(tr("Copy PEM"), "copy", self._copy_pem)
        self.qr = self.act_button(tr("QR"), "qr", self._show_qr)
        self.rotate = self.act_button(tr("Replace…"), "refresh", self._rotate, DANGER)
        self.row(card, self.pem, self.der, self.text, self.qr)
        self.row(card, self.rotate)

    def _name_card(self) -> None:
        card = self.section(tr("Names chargers may dial"))
        self.names = Label("", wrap=True, selectable=True)
        self.extra = QLineEdit()
        self.extra.setPlaceholderText(tr("name or address, for example evdesk.site.lan"))
        self.extra.setAccessibleName(tr("Another name or address"))
        self.add_name = self.act_button(tr("Add"), "plus", self._add_name)
        card.body.addWidget(self.names)
        self.row(card, self.extra, self.add_name).setStretch(0, 1)

    def _issued_card(self) -> None:
        card = self.section(tr("Certificates of chargers"))
        self.issued = card
        self._issued_rows: list[QWidget] = []
        self.nobody = Label(tr("None signed yet."), role="muted")
        card.body.addWidget(self.nobody)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        self._show(await self.client.call("security.ca", Nothing()))
        self._show_issued(await self.client.call("security.issued", Nothing()))

    def _show(self, info: CaInfo) -> None:
        self.info = info
        root = next((one for one in info.roots if one.role == "current"), None)
        self.none.setVisible(root is None)
        self.make.setVisible(root is None)
        for button in (self.pem, self.der, self.text, self.qr, self.rotate):
            button.setVisible(root is not None)
        self.print.setText(fingerprint_lines(root.fingerprint) if root is not None else "")
        if root is not None:
            self.values.set(tr("Name"), root.subject)
            self.values.set(tr("Valid until"), date_words(root.not_after), self._role(root.not_after))
        if info.server_until is not None:
            self.values.set(
                tr("Server certificate until"), date_words(info.server_until), self._role(info.server_until)
            )
        older = [one for one in info.roots if one.role != "current"]
        if older:
            told = "; ".join(
                tr("{name}, until {day}").format(name=o.subject, day=date_words(o.not_after)) for o in older
            )
            self.values.set(tr("Trusted too"), told)
        if info.keeps_secrets:
            self.values.set(tr("Key kept in"), tr(KEEPERS.get(info.keeps_secrets, info.keeps_secrets)))
        self.names.setText(", ".join(info.names) or tr("none yet"))

    def _show_issued(self, found: list[Issued]) -> None:
        for row in self._issued_rows:
            self.issued.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._issued_rows = []
        self.nobody.setVisible(not found)
        for one in found:
            row = _IssuedRow(one, self._role(one.not_after), self)
            row.revoke.clicked.connect(lambda _=False, one=one: self.start(None, lambda: self._revoke(one)))
            self.issued.body.addWidget(row)
            self._issued_rows.append(row)

    def _role(self, until: float) -> str:
        if until < self._now:
            return "danger"
        return "warn" if until - self._now < SOON_S else "text"

    # -- deeds --------------------------------------------------------------------------------------------------------

    async def _create(self) -> None:
        self._show(await self.client.call("security.create_ca", Nothing()))

    async def _rotate(self) -> None:
        title, text = (
            tr("Replace evdesk's root?"),
            tr(
                "Chargers that know only the old root keep working until its end; install the new one in each before that. "
                "The old one stays trusted meanwhile."
            ),
        )
        if await confirm(self, self.theme, title, text, tr("Replace the root"), tr("Keep it"), danger=True):
            self._show(await self.client.call("security.rotate_ca", Nothing()))
            self.tell(tr("There is a new root. Load it into the chargers."))

    async def _add_name(self) -> None:
        name = self.extra.text().strip()
        if name and self.info is not None:
            self._show(await self.client.call("security.put_names", PutNames([*self.info.extra_names, name])))
            self.extra.clear()

    async def _revoke(self, one: Issued) -> None:
        title = tr("Take back the certificate of {id}?").format(id=one.charger_id)
        text = tr("It cannot connect with it any more, and not at all while a certificate is demanded of it.")
        if await confirm(self, self.theme, title, text, tr("Take it back"), tr("Keep it"), danger=True):
            await self.client.call("security.revoke", Revoke(one.number))
            await self._read()

    async def _copy_pem(self) -> None:
        exported: Exported = await self.client.call("security.export_ca", ExportCa("pem"))
        copy(exported.content)
        self.tell(tr("The root certificate is on the clipboard."))

    async def _show_qr(self) -> None:
        if self.info is not None:
            await QrSheet(self.info.qr or self.info.pem, self.theme, self).ask()

    async def _save_pem(self) -> None:
        self._ask_file(await self.client.call("security.export_ca", ExportCa("pem")))

    async def _save_der(self) -> None:
        self._ask_file(await self.client.call("security.export_ca", ExportCa("der")))

    def _ask_file(self, exported: Exported) -> None:
        dialog = QFileDialog(self, tr("Save the root certificate"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(exported.file_name)
        dialog.fileSelected.connect(lambda path: self.write(Path(path), exported))
        dialog.finished.connect(dialog.deleteLater)
        self._dialog = dialog
        dialog.open()

    def write(self, path: Path, exported: Exported) -> None:
        """Put an exported certificate into a file; says what went wrong."""
        data = base64.b64decode(exported.content) if exported.encoding == "base64" else exported.content.encode()
        try:
            write_whole(path, data)
        except OSError as error:
            self.fail(tr("It cannot be written there: {error}.").format(error=error))
        else:
            self.tell(tr("Saved as {path}.").format(path=path))


class _IssuedRow(QWidget):
    def __init__(self, one: Issued, role: str, parent: QWidget) -> None:
        super().__init__(parent)
        values = KeyValue(self, columns=2)
        values.set(tr("Charger"), one.charger_id)
        ended = one.revoked_at is not None
        values.set(tr("Until"), tr("taken back") if ended else date_words(one.not_after), "danger" if ended else role)
        self.revoke = Button(tr("Take back"), "x", parent=self, dense=True)
        self.revoke.setVisible(not ended)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(values, 1)
        row.addWidget(self.revoke)


class QrSheet(Sheet):
    """The root as a QR code, large enough for a phone."""

    def __init__(self, text: str, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("The root certificate as a QR code"), theme, parent)
        code = QrCode(None, 420)
        code.set_text(text)
        code.setAccessibleName(tr("The root certificate as a QR code"))
        self.add(code)
        self.setFixedWidth(code.width() + 40)
        self.button(tr("Close"), DONE, PRIMARY, default=True)
