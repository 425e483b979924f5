"""Raising a charger's security profile, step by step: the warning first, what is missing, then the deed and its end."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui import icons
from evdesk.gui.client import Client
from evdesk.gui.dialogs.security_password import ask_password
from evdesk.gui.dialogs.security_tls import TlsSheet
from evdesk.gui.dialogs.security_words import profile_words, raise_look
from evdesk.gui.dialogs.working import Act, WorkingSheet
from evdesk.gui.text import minutes, tr
from evdesk.gui.theme import Theme
from evdesk.gui.widgets import DANGER, Banner, Button, Chip, Label, Picture
from evdesk.wire.method import OneCharger
from evdesk.wire.security import InstallRoot, RaiseCheck, RaiseProfile, RaiseState

POLL_MS = 1000
UNDER_WAY = ("writing", "waiting")
DEEDS = {
    "write_password": "Send a password",
    "turn_on_tls": "Turn on TLS",
    "install_root": "Install the root",
    "sign": "Sign a certificate",
}


class RaiseSheet(WorkingSheet):
    """`state` is what the engine told last. The sheet may be closed while the charger comes back: the engine goes on."""

    def __init__(
        self, charger_id: str, label: str, before: int, client: Client, theme: Theme, parent: QWidget | None
    ) -> None:
        super().__init__(tr("Raise the security profile of {label}").format(label=label), client, theme, parent)
        self._charger_id, self._label = charger_id, label
        self.state = RaiseState(charger_id)
        self._warn()
        card = self.section(tr("1. To which profile?"))
        self.target = QComboBox()
        self.target.setAccessibleName(tr("New profile"))
        for profile in range(before + 1, 4):
            self.target.addItem(profile_words(profile), profile)
        self.target.activated.connect(self.recheck)
        card.body.addWidget(self.target)
        self.checks = self.section(tr("2. What it needs"))
        self._rows: list[QWidget] = []
        end = self.section(tr("3. Raise it"))
        self.sure = QCheckBox(tr("I know that there is no way back over OCPP"))
        self.sure.toggled.connect(self._enable)
        self.chip = Chip(raise_look(self.state))
        self.what = Label("", "body", wrap=True, selectable=True)
        self.go = self.act_button("", "shield", self._raise, DANGER)
        end.body.addWidget(self.sure)
        end.body.addWidget(self.chip)
        end.body.addWidget(self.what)
        self.row(end, self.go)
        self.close_button()
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self.finished.connect(self._timer.stop)
        self.recheck()

    def _warn(self) -> None:
        text = tr(
            "A charger refuses a lower profile over OCPP. Going back needs its own app or web page, or a factory reset. "
            "Until it was seen on the new profile, evdesk keeps the old port and the old log-in open for it."
        )
        self.column.insertWidget(0, Banner("danger", tr("This is one-way"), text, (), self))

    def profile(self) -> int:
        return int(self.target.currentData() or 0)

    def recheck(self, *_: object) -> None:
        """Ask what stands in the way."""
        self.start(None, self._check)

    async def _check(self) -> None:
        state: RaiseState = await self.client.call("security.raise_state", OneCharger(self._charger_id))
        if state.state not in UNDER_WAY:  # else it was begun before, here or elsewhere
            state = await self.client.call("security.check_raise", RaiseProfile(self._charger_id, self.profile()))
        self.show_state(state)

    async def _raise(self) -> None:
        params = RaiseProfile(self._charger_id, self.profile())
        self.show_state(await self.client.call("security.raise_profile", params))

    def _poll(self) -> None:
        self.client.spawn(self._read())

    async def _read(self) -> None:
        self.show_state(await self.client.call("security.raise_state", OneCharger(self._charger_id)))

    def show_state(self, state: RaiseState) -> None:
        self.state = state
        if state.checks:
            self._show_checks(state.checks)
        self.chip.set_look(raise_look(state))
        parts = [state.sentence, state.advice]
        if state.state == "waiting" and state.until is not None and state.began_at is not None:
            parts.append(tr("It may take {time}.").format(time=minutes(state.until - state.began_at)))
        if state.url and state.state in ("checked", "blocked", *UNDER_WAY):
            parts.append(tr("It will dial {url}.").format(url=state.url))
        self.what.setText(" ".join(part for part in parts if part))
        self.go.setText(tr("Raise {label} to profile {n}").format(label=self._label, n=self.profile()))
        self.go.updateGeometry()
        self._enable()
        if state.state in UNDER_WAY:
            self._timer.start()
        else:
            self._timer.stop()

    def _enable(self, *_: object) -> None:
        ready = bool(self.state.checks) and all(one.ok for one in self.state.checks)
        if self.state.state in (*UNDER_WAY, "done"):
            why = raise_look(self.state).word
        elif not ready:
            why = tr("Something is missing above.")
        else:
            why = "" if self.sure.isChecked() else tr("Tick that you know it is one-way.")
        self.go.why_off(why)
        self.target.setEnabled(self.state.state not in UNDER_WAY)

    # -- checks -------------------------------------------------------------------------------------------------------

    def _show_checks(self, checks: list[RaiseCheck]) -> None:
        for row in self._rows:
            self.checks.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [self._check_row(one) for one in checks]
        for row in self._rows:
            self.checks.body.addWidget(row)

    def _check_row(self, one: RaiseCheck) -> QWidget:
        held = QWidget(self)
        row = QHBoxLayout(held)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        look = ("check-circle", "ok") if one.ok else ("warning", "warn")
        row.addWidget(Picture(*look, icons.ROW, held))
        words = QVBoxLayout()
        words.addWidget(Label(one.sentence, parent=held, wrap=True, selectable=True))
        row.addLayout(words, 1)
        act = self._deed(one.deed)
        if act is not None and not one.ok:
            row.addWidget(self._deed_button(one.deed, act))
        return held

    def _deed_button(self, deed: str, act: Act) -> Button:
        return self.act_button(tr(DEEDS[deed]), "", act)

    def _deed(self, deed: str) -> Act | None:
        deeds: dict[str, Act] = {
            "write_password": self._password,
            "turn_on_tls": self._tls,
            "install_root": self._root,
            "sign": self._sign,
        }
        return deeds.get(deed)

    async def _password(self) -> None:
        await ask_password(self._charger_id, self._label, self.client, self.theme, self)
        await self._check()

    async def _tls(self) -> None:
        await TlsSheet(self.client, self.theme, self).ask()
        await self._check()

    async def _root(self) -> None:
        await self.client.call("security.install_root", InstallRoot(self._charger_id), timeout=90.0)
        await self._check()

    async def _sign(self) -> None:
        await self.client.call("security.sign", OneCharger(self._charger_id), timeout=120.0)
        await self._check()
