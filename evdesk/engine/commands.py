"""Every command leaves through here: audit row "asked", the verb, audit row "answered"."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from evdesk.drivers.base import Answer
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.model import AuditRow, EvdeskError, Origin, Reason

log = logging.getLogger("evdesk.commands")
ALWAYS = frozenset({"charger.stop", "charger.reset", "charger.availability"})
"""What a person can do at any time, also in the middle of a drill: it ends the drill."""

OUTCOMES = {
    Reason.REFUSED: "refused",
    Reason.TIMEOUT: "timeout",
    Reason.UNREACHABLE: "unreachable",
    Reason.UNSUPPORTED: "unsupported",
    Reason.BAD_REPLY: "bad_reply",
}


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked, of whom, by whom. `args` must hold no secret: they go into the audit log.

    `must`: without a durable audit row the command does not leave. Only reductions of a limit for the fuse's sake
    go without (their rows follow when the disk is back)."""

    origin: Origin
    what: str
    target: str
    args: dict[str, Any]
    must: bool = True


class Commands:
    """Runs commands one by one per (what, target, connector); a double click finds the first one still under way."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.on_audit: Callable[[AuditRow], None] = lambda row: None
        self.count = 0
        self._under_way: set[tuple[str, str, object]] = set()
        self.silent: dict[str, str] = {}  # charger -> the `via` that alone may still speak to it: a drill
        self.on_override: Callable[[Command], None] = lambda command: None  # a person breaks that
        self.guard: Callable[[Command], str] = lambda command: ""  # why it must not be sent now, in words

    async def run(self, command: Command, act: Callable[[], Awaitable[Answer]]) -> tuple[Answer, int]:
        """The device's answer and the id of the asked row; raises what the verb raised, after writing it down."""
        if refused := self.guard(command):
            raise EvdeskError(Reason.INVALID, refused)
        alone = self.silent.get(command.target)
        if alone is not None and command.what in ALWAYS:
            self.on_override(command)
        elif alone is not None and command.origin.via != alone:
            raise EvdeskError(
                Reason.INVALID, "A failsafe drill of this charger is under way. Wait for its end, or cancel it."
            )
        key = (command.what, command.target, repr(sorted(command.args.items())))
        if key in self._under_way:
            raise EvdeskError(
                Reason.INVALID, "This was asked a moment ago and is not answered yet. Wait for the answer."
            )
        self._under_way.add(key)
        try:
            return await self._run(command, act)
        finally:
            self._under_way.discard(key)

    async def _run(self, command: Command, act: Callable[[], Awaitable[Answer]]) -> tuple[Answer, int]:
        asked = await self._row("asked", command)
        began = time.monotonic()
        self.count += 1
        try:
            answer = await act()
        except EvdeskError as error:
            outcome = OUTCOMES.get(error.reason, "failed")
            detail = {"ms": _ms(began), "sentence": error.sentence, **_plain(error.detail)}
            await self._row("answered", command, outcome, detail, asked.id)
            raise
        except asyncio.CancelledError:
            # It has left; whether it arrived nobody knows.
            await asyncio.shield(self._row("answered", command, "unknown", {"ms": _ms(began)}, asked.id))
            raise
        detail = {"status": answer.status, "ms": _ms(began)}
        if answer.before is not None or answer.after is not None:
            detail |= {"before": answer.before, "after": answer.after}
        await self._row("answered", command, "accepted", detail, asked.id)
        return answer, asked.id

    async def stored(
        self, command: Command, detail: dict[str, Any], act: Callable[[], Awaitable[object]] | None = None
    ) -> int:
        """An act on evdesk itself (site, accept): asked, done, answered with what came of it."""
        asked = await self._row("asked", command)
        try:
            if act is not None:
                await act()
        except EvdeskError as error:
            await self._row("answered", command, "failed", detail | {"sentence": error.sentence}, asked.id)
            raise
        await self._row("answered", command, "stored", detail, asked.id)
        return asked.id

    async def note(self, origin: Origin, what: str, target: str, detail: dict[str, Any]) -> None:
        """Something that happened without a command (engine started, checkpoint)."""
        row = await self.store.audit(kind="noted", origin=origin, what=what, target=target, detail=detail, must=False)
        self.on_audit(row)

    async def _row(
        self,
        kind: str,
        command: Command,
        outcome: str = "",
        detail: dict[str, Any] | None = None,
        ref: int | None = None,
    ) -> AuditRow:
        # An answer is always worth keeping, even late: the command has left already.
        row = await self.store.audit(
            kind=kind,
            origin=command.origin,
            what=command.what,
            target=command.target,
            args=command.args,
            outcome=outcome,
            detail=detail,
            ref=ref,
            must=command.must and kind == "asked",
        )
        self.on_audit(row)
        return row


def reachable(record: ChargerRecord | None, charger_id: str) -> ChargerRecord:
    """The record of an accepted, connected charger, or an error that says what to do."""
    if record is None:
        raise EvdeskError(Reason.INVALID, f"There is no charger “{charger_id}”. charger.list names them.")
    if not record.accepted:
        raise EvdeskError(Reason.INVALID, f"{record.id} is not accepted yet. Accept it first.")
    if record.link is None:
        raise EvdeskError(
            Reason.UNREACHABLE,
            f"{record.label or record.id} is offline. Check its power and network; it dials in again by itself.",
        )
    return record


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)


def _plain(detail: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in detail.items() if isinstance(v, str | int | float | bool)}
