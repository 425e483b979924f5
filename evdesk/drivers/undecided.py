"""A connection that named no version of OCPP."""

import asyncio
from collections.abc import Callable

from evdesk.drivers.ws import WsPeer
from evdesk.ocpp.version import Version, guess

UNDECIDED_S = 10.0


class Undecided:
    """Its first message tells the version (dallmann-consulting/OCPP.Core #43, lbbrhzn/ocpp #442). One that says nothing for
    a while is taken for 1.6, the version of chargers that leave the name out."""

    def __init__(self, peer: WsPeer, decide: Callable[[Version | None, list[tuple[str, str]]], None]) -> None:
        self._peer, self._decide = peer, decide
        self._timer = asyncio.get_running_loop().call_later(UNDECIDED_S, self._settle, Version.V16, [])
        peer.on_text, peer.on_lost = self._text, self._lost

    def _text(self, text: str, odd: str) -> None:
        self._settle(guess(text), [(text, odd)])

    def _settle(self, version: Version | None, kept: list[tuple[str, str]]) -> None:
        self._timer.cancel()
        self._decide(version, kept)

    def _lost(self, _cause: str) -> None:
        self._settle(None, [])
