"""Answers that come after a CALL of ours had its time: what waits for them, and the Reply they are made from."""

import asyncio
from dataclasses import dataclass
from typing import Any

from evdesk.ocpp.dialogue import Ticket
from evdesk.ocpp.exchange import KEPT_LATE


@dataclass(frozen=True, slots=True)
class Reply:
    payload: dict[str, Any]
    ms: float

    @property
    def status(self) -> str:
        """The charger's status word, "" where it sent none."""
        word = self.payload.get("status")
        return word if isinstance(word, str) else ""


class LateAnswers:
    """Of one connection."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.Future[Reply]] = {}

    def expect(self, ticket: Ticket, ended: bool) -> "asyncio.Future[Reply]":
        """Cancelled where an error or nothing comes; `ended`: the connection has gone."""
        while len(self._open) >= KEPT_LATE:
            self._open.pop(next(iter(self._open))).cancel()
        late = self._open[ticket.id] = asyncio.get_running_loop().create_future()
        if ended or ticket.answer or ticket.error is not None:  # came between its end and now
            self.came(ticket)
        return late

    def came(self, ticket: Ticket) -> None:
        late = self._open.pop(ticket.id, None)
        if late is None or late.done():
            return
        if ticket.error is None and ticket.answer:
            late.set_result(Reply(ticket.answer, ticket.ms))
        else:
            late.cancel()

    def end(self) -> None:
        for late in self._open.values():
            late.cancel()
        self._open.clear()
