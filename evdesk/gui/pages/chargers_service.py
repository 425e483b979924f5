"""The deeds of the daily service in a charger's menu: in and out of service, reservations, its memory of tags."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from PySide6.QtWidgets import QMenu, QWidget

from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.chargers_ask import ask_hint, ask_out_of_service, ask_reservation
from evdesk.gui.pages.chargers_model import ConnectorRow
from evdesk.gui.pages.chargers_words import hint_words
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.gui.trust import trust_words
from evdesk.model import EvdeskError
from evdesk.model.hints import Hint
from evdesk.wire.hints import HintTrust, PutHint
from evdesk.wire.method import Nothing, OneCharger
from evdesk.wire.service import Reserve, SetAvailability

TRUST_S = 2.0
"""The sheet does not wait longer for what is only good to know."""


class Bar(Protocol):
    """What the menu needs of the action bar."""

    def add(self, menu: QMenu, deed: str, words: str, icon: str, act: Callable[[], None]) -> None: ...

    def ask(self, after: Callable[..., Coroutine[Any, Any, None]], *more: str) -> None: ...

    def send(self, row: ConnectorRow, deed: str, title: str, method: str, params: object) -> None: ...


class ServiceMenu:
    """Fills the part of the menu; acts through the bar."""

    def __init__(self, bar: Bar, mirror: Mirror, client: Client, theme: Theme, parent: QWidget) -> None:
        self._bar, self._theme, self._parent = bar, theme, parent
        self._mirror, self._client = mirror, client

    def fill(self, menu: QMenu) -> None:
        add, ask = self._bar.add, self._bar.ask
        add(menu, "out", tr("Take out of service"), "minus", lambda: ask(self._out))
        add(menu, "in", tr("Back into service"), "check", lambda: ask(self._in))
        add(menu, "reserve", tr("Reserve…"), "clock", lambda: ask(self._reserve))
        add(menu, "hint", tr("When it leaves, what it needs…"), "car", lambda: ask(self._hint))
        add(menu, "clear_cache", tr("Forget the tags it knows"), "tag", lambda: ask(self._clear))

    async def _out(self, row: ConnectorRow) -> None:
        if await ask_out_of_service(row, self._theme, self._parent):
            self._set(row, "out", tr("Take out of service"), False)

    async def _in(self, row: ConnectorRow) -> None:
        self._set(row, "in", tr("Back into service"), True)

    def _set(self, row: ConnectorRow, deed: str, title: str, operative: bool) -> None:
        charger_id, connector_id = row.key
        params = SetAvailability(charger_id, operative, connector_id)
        self._bar.send(row, deed, title, "charger.availability", params)

    async def _reserve(self, row: ConnectorRow) -> None:
        told = await ask_reservation(row, self._theme, self._parent)
        if told is not None:
            charger_id, connector_id = row.key
            params = Reserve(charger_id, told[0], connector_id, told[1])
            self._bar.send(row, "reserve", tr("Reserve"), "charger.reserve", params)

    async def _hint(self, row: ConnectorRow) -> None:
        told = await ask_hint(row, self._theme, self._parent, await self._trust(row))
        if told is not None:
            said = hint_words(Hint(*told)) or tr("nothing")
            title = tr("Said of this charge: {what}").format(what=said)
            self._bar.send(row, "hint", title, "charger.hint", PutHint(*row.key, *told))

    async def _trust(self, row: ConnectorRow) -> str:
        """How right the words of who charges here have been; "" where the engine does not say it at once."""
        session = self._mirror.sessions.get(row.connector.session_id or 0)
        try:
            trust: HintTrust = await self._client.call("hint.trust", Nothing(), timeout=TRUST_S)
        except EvdeskError:
            return ""
        return trust_words(trust, session.id_tag if session is not None else "")

    async def _clear(self, row: ConnectorRow) -> None:
        params = OneCharger(row.charger.id)
        self._bar.send(row, "clear_cache", tr("Forget the tags it knows"), "charger.clear_cache", params)
