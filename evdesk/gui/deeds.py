"""What the shell can do for a banner, the bell or the palette: one table of verbs."""

import asyncio
import importlib
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from evdesk.gui import launch, tokens
from evdesk.gui.client import Client
from evdesk.gui.desk import Desk
from evdesk.gui.dialogs.accept import AcceptSheet
from evdesk.gui.dialogs.preferences import AboutSheet, SettingsSheet, TokenSheet
from evdesk.gui.dialogs.sheet import confirm
from evdesk.gui.dialogs.site_setup import SiteSheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.models.needs import who_asks
from evdesk.gui.settings import DeskSettings
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model import EvdeskError, Reason
from evdesk.wire.methods import OneCharger

SHORTCUTS: tuple[tuple[str, str], ...] = (
    ("Ctrl+K", "Find anything"),
    ("Ctrl+1 … 9", "The pages of the rail"),
    ("Alt+Left", "Back"),
    ("Alt+Right", "Forward"),
    ("Ctrl+B", "What needs you"),
    ("Ctrl+,", "Settings"),
    ("F1", "About and shortcuts"),
    ("F5", "Ask the device again"),
    ("Ctrl+Q", "Close the desk"),
)


LATER = {
    "console": "evdesk.gui.dialogs.message_deeds:console",
    "sheet": "evdesk.gui.dialogs.message_deeds:save_sheet",
    "export_messages": "evdesk.gui.dialogs.message_deeds:export",
    "find_chargers": "evdesk.gui.dialogs.connect_deeds:find_chargers",
    "wont_connect": "evdesk.gui.dialogs.connect_deeds:wont_connect",
    "security": "evdesk.gui.dialogs.connect_deeds:security",
    "device": "evdesk.gui.dialogs.connect_deeds:device",
    "root": "evdesk.gui.dialogs.connect_deeds:root",
    "power_limit": "evdesk.gui.dialogs.power_limit:power_limit",
    "wiring": "evdesk.gui.dialogs.wiring:wiring",
    "tls": "evdesk.gui.dialogs.connect_deeds:tls",
    "password": "evdesk.gui.dialogs.connect_deeds:password",
    "drill": "evdesk.gui.dialogs.drill:drill",
    "drill_all": "evdesk.gui.dialogs.drill:drill_all",
}
"""Verb -> module:function. Each takes a `Desk` and the argument, and returns a sentence for the banner, or ""."""

ENDS_WITHIN = 60
"""Looks, 0.05 s apart, for the lock of an engine that was ended; one that is started too early says so itself."""


class Deeds(QObject):
    """`do(verb, argument)`. Sheets open on `window`; only one of a kind at a time. `why_off(verb)` tells why not."""

    NEEDS_ENGINE = frozenset({"accept", "refuse", "site_setup", *LATER}) - {"wont_connect"}

    done = Signal(str)  # a sentence: it went well

    def __init__(
        self,
        mirror: Mirror,
        client: Client,
        theme: Theme,
        settings: DeskSettings,
        engine: launch.Engine,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._mirror, self._client, self._theme = mirror, client, theme
        self._settings, self._engine, self._window = settings, engine, window
        self._open: set[str] = set()
        self._sheets: dict[str, Callable[[Any], Coroutine[Any, Any, None]]] = {
            "accept": self._accept,
            "refuse": self._refuse,
            "site_setup": self._site_setup,
            "settings": self._show_settings,
            "about": self._about,
            "token": self._token,
            "restart_engine": self._restart,
        }
        self._sheets |= {verb: partial(self._later, verb) for verb in LATER}
        self._plain: dict[str, Callable[[Any], None]] = {
            "start_engine": lambda _: self._engine.start(),
            "look": self._look,
            "demo": lambda _: self._demo(),
            "said": self._said,
        }

    def why_off(self, verb: str) -> str:
        if verb in self.NEEDS_ENGINE and not self._mirror.connected:
            return tr("Off while the engine does not answer.")
        return ""

    def do(self, verb: str, argument: object = None) -> None:
        """Start a deed; unknown verbs are a programming error."""
        if verb in self._plain:
            self._plain[verb](argument)
        elif why := self.why_off(verb):
            self._client.failed.emit(why)
        elif verb not in self._open:
            self._open.add(verb)
            self._client.spawn(self._guarded(verb, argument))

    async def _guarded(self, verb: str, argument: object) -> None:
        try:
            await self._sheets[verb](argument)
        finally:
            self._open.discard(verb)

    async def _accept(self, charger_id: Any) -> None:
        charger = self._mirror.chargers.get(charger_id)
        if charger is None:
            self._client.failed.emit(tr("{id} does not ask any more.").format(id=charger_id))
            return
        sheet = AcceptSheet(self._mirror, self._client, self._theme, charger, self._window)
        if await sheet.ask():
            self.done.emit(tr("{id} has joined as {label}").format(id=charger_id, label=sheet.label.text()))

    async def _refuse(self, charger_id: Any) -> None:
        charger = self._mirror.chargers.get(charger_id)
        told = who_asks(charger) if charger is not None else ""
        title = tr("Refuse {id}?").format(id=charger_id)
        text = tr("It asks again when it dials in next time.") + (f"\n{told}" if told else "")
        word = tr("Refuse {id}").format(id=charger_id)
        if await confirm(self._window, self._theme, title, text, word, tr("Let it wait"), danger=True):
            await self._client.call("charger.forget", OneCharger(charger_id))

    async def _site_setup(self, _: Any) -> None:
        if await SiteSheet(self._mirror, self._client, self._theme, self._window).ask():
            self.done.emit(tr("The site is saved"))

    async def _show_settings(self, _: Any) -> None:
        await SettingsSheet(self._settings, self._theme, self._window).ask()

    async def _about(self, _: Any) -> None:
        shortcuts = [(keys, tr(what)) for keys, what in SHORTCUTS]
        await AboutSheet(self._mirror, shortcuts, self._theme, self._window).ask()

    async def _token(self, _: Any) -> None:
        if not isinstance(self._engine, launch.RemoteEngine):
            return
        sheet = TokenSheet(self._engine.endpoint.url, self._theme, self._window)
        if await sheet.ask():
            self._engine.set_token(sheet.token.text())

    async def _restart(self, _: Any) -> None:
        """End an engine that hangs and start one anew, after asking."""
        engine = self._engine
        if not isinstance(engine, launch.LocalEngine):
            return
        title = tr("End the engine and start it again?")
        text = tr(
            "Chargers keep their limits meanwhile, or fall to their safe share. Values of the last second may be lost."
        )
        word = tr("Restart the engine")
        if not await confirm(self._window, self._theme, title, text, word, tr("Wait"), danger=True):
            return
        if self._mirror.connected:
            return  # it came back while the person thought
        try:
            engine.end()
        except OSError as error:
            told = tr("It runs under another account ({why}). Restart its service.")
            raise EvdeskError(Reason.REFUSED, told.format(why=error.strerror)) from None
        for _turn in range(ENDS_WITHIN):
            if not engine.can_end():
                break
            await asyncio.sleep(0.05)
        engine.start()

    async def _later(self, verb: str, argument: Any) -> None:
        """A deed whose module is loaded when first asked for: the window comes sooner."""
        module, _, name = LATER[verb].partition(":")
        deed = getattr(importlib.import_module(module), name)
        sentence = await deed(Desk(self._mirror, self._client, self._theme, self._settings, self._window), argument)
        if sentence:
            self.done.emit(sentence)

    def _said(self, sentence: Any) -> None:
        """A page did something well that is not seen there."""
        self.done.emit(str(sentence))

    def _look(self, name: Any) -> None:
        self._settings.theme = str(name) if name in (*tokens.THEMES, tokens.SYSTEM) else tokens.SYSTEM

    def _demo(self) -> None:
        """A simulated site in a desk of its own; this one stays as it is."""
        launch.run_detached(["demo"], self._settings.path.parent / "demo.out")
        self.done.emit(tr("A simulated site opens in a window of its own"))
