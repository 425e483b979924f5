"""One charger's security: how it is connected, what is demanded of it, its password, its certificates, raising it."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.security_password import ask_password
from evdesk.gui.dialogs.security_raise import RaiseSheet
from evdesk.gui.dialogs.security_words import (
    AUTH,
    certificate_words,
    check_words,
    date_words,
    password_words,
    profile_look,
    profile_words,
)
from evdesk.gui.dialogs.sheet import confirm
from evdesk.gui.dialogs.working import WorkingSheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import DANGER, Button, Chip, KeyValue, Label
from evdesk.model import ChargerState
from evdesk.wire.method import Done, OneCharger
from evdesk.wire.security import (
    CaTest,
    ChargerSecurity,
    DeleteCertificate,
    InstalledCertificate,
    InstallRoot,
    PutPolicy,
    SetPassword,
    Signed,
)


class SecuritySheet(WorkingSheet):
    """`state` is what the engine told last, None before."""

    def __init__(self, charger_id: str, mirror: Mirror, client: Client, theme: Theme, parent: QWidget | None) -> None:
        self._label = mirror.label(charger_id)
        super().__init__(tr("Security of {label}").format(label=self._label), client, theme, parent, height=500)
        self._charger_id, self._mirror = charger_id, mirror
        self.state: ChargerSecurity | None = None
        self._now_card()
        self._demand_card()
        self._password_card()
        self._certificate_card()
        self.close_button()
        self.start(None, self._read)

    def online(self) -> bool:
        charger = self._mirror.chargers.get(self._charger_id)
        return charger is not None and charger.state is ChargerState.ONLINE

    # -- cards --------------------------------------------------------------------------------------------------------

    def _now_card(self) -> None:
        card = self.section(tr("How it is connected"))
        self.chip = Chip()
        self.now = Label("", selectable=True)
        self.raise_button = self.act_button(tr("Raise the profile…"), "arrow-up", self._raise)
        line = self.row(card, self.chip, self.now, self.raise_button)
        line.setStretch(1, 1)

    def _demand_card(self) -> None:
        card = self.section(tr("What is demanded of it"))
        self.own = QCheckBox(tr("A rule of its own; otherwise that of all chargers"))
        self.least = QComboBox()
        self.least.setAccessibleName(tr("Lowest profile"))
        self.least.addItem(tr("Any profile"), 0)
        for profile in range(1, 4):
            self.least.addItem(tr("At least {words}").format(words=profile_words(profile)), profile)
        self.auth = QComboBox()
        self.auth.setAccessibleName(tr("Log-in"))
        for key, words in AUTH.items():
            self.auth.addItem(tr(words), key)
        self.save = self.act_button(tr("Save the rule"), "check", self._save)
        self.own.toggled.connect(self._enable)
        card.body.addWidget(self.own)
        self.row(card, self.least, self.auth)
        self.row(card, self.save)

    def _password_card(self) -> None:
        card = self.section(tr("Password"))
        self.password = Label("", wrap=True)
        card.body.addWidget(self.password)
        self.set_button = self.act_button(tr("Set password…"), "lock", self._set_password)
        self.forget = self.act_button(tr("Forget it"), "x", self._forget_password, DANGER)
        self.row(card, self.set_button, self.forget)

    def _certificate_card(self) -> None:
        card = self.section(tr("Certificates"))
        self.certificate = Label("", wrap=True, selectable=True)
        card.body.addWidget(self.certificate)
        self.root = self.act_button(tr("Install evdesk's root"), "shield", self._install_root)
        self.sign = self.act_button(tr("Sign one for it"), "edit", self._sign)
        self.list = self.act_button(tr("Read what is in it"), "table", self._list)
        self.row(card, self.root, self.sign, self.list)
        self.checks = Label("", wrap=True)
        card.body.addWidget(self.checks)
        self.test = self.act_button(tr("Test it…"), "shield-check", self._test)
        self.row(card, self.test)
        self.installed = card
        self._rows: list[QWidget] = []

    # -- showing ------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        self.show_state(await self.client.call("security.get", OneCharger(self._charger_id)))

    def show_state(self, state: ChargerSecurity) -> None:
        self.state = state
        self.chip.set_look(profile_look(state.profile))
        self.now.setText(profile_words(state.profile) if state.profile is not None else tr("It is not connected."))
        self.own.setChecked(state.own)
        self.least.setCurrentIndex(state.min_profile)
        self.auth.setCurrentIndex(max(0, self.auth.findData(state.auth)))
        self.password.setText(password_words(state))
        self.forget.setVisible(state.password_set or state.password_waits)
        root = (
            tr("evdesk's root is installed.") if state.root_installed else tr("evdesk's root is not known to be in it.")
        )
        self.certificate.setText(f"{certificate_words(state)} {root}")
        self.checks.setText(check_words(state))
        self._enable()

    def _enable(self, *_: object) -> None:
        own = self.own.isChecked()
        self.least.setEnabled(own)
        self.auth.setEnabled(own)
        why = "" if self.online() else tr("It is not connected.")
        for button in (self.root, self.sign, self.list):
            button.why_off(why)
        plain = self.state is not None and not self.state.secure
        self.test.why_off(why or (tr("It is not connected by TLS.") if plain else ""))
        top = self.state is not None and self.state.profile == 3
        self.raise_button.why_off(tr("It is on the highest already.") if top else why)

    # -- deeds --------------------------------------------------------------------------------------------------------

    async def _save(self) -> None:
        rule = PutPolicy(self._charger_id, self.least.currentData(), self.auth.currentData(), own=self.own.isChecked())
        self.show_state(await self.client.call("security.put", rule))
        self.tell(tr("The rule holds from its next connection on."))

    async def _set_password(self) -> None:
        told = await ask_password(self._charger_id, self._label, self.client, self.theme, self, self.online())
        if told is not None:
            await self._read()
            self.tell(told.sentence or tr("The password is set."))

    async def _forget_password(self) -> None:
        title = tr("Forget the password of {label}?").format(label=self._label)
        text = tr("The charger keeps its own; evdesk takes whatever it sends, unless a password is demanded of it.")
        if await confirm(self, self.theme, title, text, tr("Forget the password"), tr("Keep it"), danger=True):
            await self.client.call("security.set_password", SetPassword(self._charger_id, "", True, False))
            await self._read()

    async def _install_root(self) -> None:
        done: Done = await self.client.call("security.install_root", InstallRoot(self._charger_id), timeout=90.0)
        await self._read()
        self.tell(tr("The charger says: {status}.").format(status=done.status))

    async def _sign(self) -> None:
        signed: Signed = await self.client.call("security.sign", OneCharger(self._charger_id), timeout=120.0)
        await self._read()
        words = tr("The charger says: {status}.").format(status=signed.status)
        if signed.not_after is not None:
            words += " " + tr("Valid until {day}.").format(day=date_words(signed.not_after))
        self.tell(signed.sentence or words)

    async def _test(self) -> None:
        title = tr("Test whether {label} checks evdesk's certificate?").format(label=self._label)
        text = tr(
            "Its connection is closed, and the next one meets a certificate that nobody can trust. "
            "Then it gets the true one. It may be silent for some minutes."
        )
        if await confirm(self, self.theme, title, text, tr("Test it"), tr("Not now")):
            told: CaTest = await self.client.call("security.test_ca", OneCharger(self._charger_id))
            self.tell(told.sentence)

    async def _raise(self) -> None:
        before = self.state.profile if self.state is not None and self.state.profile is not None else 0
        await RaiseSheet(self._charger_id, self._label, before, self.client, self.theme, self).ask()
        await self._read()

    async def _list(self) -> None:
        found = await self.client.call("security.certificates", OneCharger(self._charger_id), timeout=90.0)
        self.show_installed(found)

    def show_installed(self, found: list[InstalledCertificate]) -> None:
        for row in self._rows:
            self.installed.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._installed_row(one) for one in found]
        if not found:
            self._rows = [Label(tr("The charger lists none."), role="muted")]
        for row in self._rows:
            self.installed.body.addWidget(row)

    def _installed_row(self, one: InstalledCertificate) -> QWidget:
        held = QWidget(self)
        row = QHBoxLayout(held)
        row.setContentsMargins(0, 0, 0, 0)
        values = KeyValue(held, columns=2)
        values.set(tr("Use"), one.use + (tr(", evdesk's") if one.ours else ""))
        values.set(tr("Number"), one.serial_number)
        delete = Button(tr("Delete"), "trash", DANGER, held, dense=True)
        delete.clicked.connect(lambda: self.start(delete, lambda: self._delete(one)))
        row.addWidget(values, 1)
        row.addWidget(delete)
        return held

    async def _delete(self, one: InstalledCertificate) -> None:
        title = tr("Delete this certificate from {label}?").format(label=self._label)
        text = tr("Without the root it trusts, an encrypted charger cannot come back by itself.")
        if await confirm(self, self.theme, title, text, tr("Delete it"), tr("Keep it"), danger=True):
            params = DeleteCertificate(
                self._charger_id, one.hash_algorithm, one.issuer_name_hash, one.issuer_key_hash, one.serial_number
            )
            await self.client.call("security.delete_certificate", params)
            await self._list()
