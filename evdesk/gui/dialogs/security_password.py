"""A charger's password: typed in or made up, told once, never readable again."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.sheet import DONE, Sheet
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme, mono_font
from evdesk.gui.widgets import PRIMARY, Button, Label, QrCode, copy
from evdesk.wire.security import PasswordTold, SetPassword, WritePassword

LEAST, MOST = 16, 40
"""Length that OCPP allows (1.6 security whitepaper, 2.0.1 BasicAuthPassword)."""


class PasswordSheet(Sheet):
    """Makes one up or takes one; keeps it here only, or sends it to the charger as well. `answer` holds what the engine
    said once the sheet is done."""

    def __init__(
        self, charger_id: str, label: str, client: Client, theme: Theme, parent: QWidget | None, online: bool = True
    ) -> None:
        super().__init__(tr("Password for {label}").format(label=label), theme, parent)
        self._client, self._charger_id = client, charger_id
        self.answer: PasswordTold | None = None
        self.make = QRadioButton(tr("Make up a good one"))
        self.take = QRadioButton(tr("Take this one:"))
        self.value = QLineEdit()
        self.value.setMaxLength(MOST)
        self.value.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        self.value.setAccessibleName(tr("Password"))
        self.send = QCheckBox(tr("Send it to the charger now"))
        self.require = QCheckBox(tr("Refuse the charger without it"))
        for box in (self.make, self.take, self.value, self.send, self.require):
            self.add(box)
        self.hint = Label("", "small", "muted", wrap=True)
        self.add(self.hint)
        self.make.setChecked(True)
        self.send.setEnabled(online)
        self.require.setChecked(True)
        self.cancel()
        self.set = self.deed(tr("Set the password of {label}").format(label=label), self._set)
        self.take.toggled.connect(self._again)
        self.send.toggled.connect(self._again)
        self.value.textChanged.connect(self._again)
        self._again()

    def _again(self, *_: object) -> None:
        typed = self.take.isChecked()
        self.value.setEnabled(typed)
        length = len(self.value.text())
        fits = not typed or LEAST <= length <= MOST
        self.set.setEnabled(fits)
        if not fits:
            told = tr("{n} characters; OCPP wants {least} to {most}.").format(n=length, least=LEAST, most=MOST)
        elif self.send.isChecked():
            told = tr("The charger gets it over OCPP, may drop the connection and come back with it.")
        else:
            told = tr("Type the same into the charger (AuthorizationKey, BasicAuthPassword, or “password”).")
        self.hint.setText(told)

    async def _set(self) -> None:
        value = self.value.text() if self.take.isChecked() else ""
        if self.send.isChecked():
            params: object = WritePassword(self._charger_id, value)
            self.answer = await self._client.call("security.write_password", params)
        else:
            params = SetPassword(self._charger_id, value, False, self.require.isChecked())
            self.answer = await self._client.call("security.set_password", params)
        self.value.clear()


class OnceSheet(Sheet):
    """A password that was made up, shown this once."""

    def __init__(self, label: str, password: str, theme: Theme, parent: QWidget | None) -> None:
        super().__init__(tr("The password of {label}").format(label=label), theme, parent)
        self.say(tr("It is shown this once. Type it into the charger now, or copy it to a safe place."))
        row = QHBoxLayout()
        left = QVBoxLayout()
        self.password = Label(password, "title", selectable=True)
        self.password.setFont(mono_font(15))
        self._copy_button = Button(tr("Copy"), "copy", PRIMARY)
        self._copy_button.clicked.connect(self._copy)
        left.addWidget(self.password)
        left.addWidget(self._copy_button, 0, Qt.AlignmentFlag.AlignLeft)
        left.addStretch(1)
        row.addLayout(left, 1)
        code = QrCode()
        code.set_text(password)
        code.setAccessibleName(tr("The password as a QR code"))
        row.addWidget(code)
        held = QWidget()
        held.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        self.add(held)
        self.button(tr("I have it"), DONE, PRIMARY, default=True)

    def _copy(self) -> None:
        copy(self.password.text())


async def ask_password(
    charger_id: str, label: str, client: Client, theme: Theme, parent: QWidget | None, online: bool = True
) -> PasswordTold | None:
    """Ask, set, and show it once where it was made up; what the engine said, None when the person left it."""
    sheet = PasswordSheet(charger_id, label, client, theme, parent, online)
    if await sheet.ask() != DONE or sheet.answer is None:
        return None
    if sheet.answer.password:
        await OnceSheet(label, sheet.answer.password, theme, parent).ask()
    return sheet.answer
