"""The live connection under an OCPP station: one peer, one dialogue, timers, and the commands that wait."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from evdesk.drivers.base import Host, Report, Unanswered
from evdesk.drivers.ocpp_late import LateAnswers, Reply
from evdesk.drivers.ws import WsPeer
from evdesk.model import (
    ChargerError,
    Connected,
    Disconnected,
    EvdeskError,
    Event,
    FindingSeen,
    Heard,
    MessageSeen,
    Reason,
    TransactionEnded,
    TransactionStarted,
)
from evdesk.ocpp.check import NotSendable
from evdesk.ocpp.dialogue import Deferred, Dialogue, Fate, Step, Ticket
from evdesk.ocpp.frame import Odd
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.redact import redact
from evdesk.ocpp.station import Note
from evdesk.ocpp.version import Version

_UNSUPPORTED = frozenset({"NotImplemented", "NotSupported"})
_SHELL_ODD = {
    "binary_frame": Odd("binary_frame", "OCPP came in a binary WebSocket frame instead of a text frame."),
    "not_utf8": Odd("not_utf8", "The message is not UTF-8; the wrong bytes were replaced."),
}
_KEPT_TEXTS, _KEPT_CHARS = 256, 1 << 20


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Real seconds, but `call_s`, which runs on evdesk's clock (never less than five real seconds).

    A charger that does not boot is asked its first question when it has been quiet for `quiet_s`, at the latest
    `talking_s` after its first message (many never pause while they charge), or `grace_s` after it connected."""

    call_s: float = 60.0
    grace_s: float = 30.0
    quiet_s: float = 2.0
    talking_s: float = 5.0


class Caller(Protocol):
    """What the verbs need of a link. `protocol`: "ocpp1.6" | "ocpp2.0.1" | "ocpp2.1"."""

    charger_id: str
    protocol: str

    @property
    def memory(self) -> Memory: ...

    async def call(self, action: str, payload: dict[str, Any], urgent: bool = False) -> Reply: ...

    def charger_now(self) -> float: ...


class OcppLink:
    """Texts that come before `run` are kept and handled then; nothing is lost, and nothing is read far ahead."""

    def __init__(
        self,
        charger_id: str,
        peer: WsPeer,
        host: Host,
        memory: Memory,
        options: LinkOptions,
        warnings: tuple[str, ...] = (),
        version: Version = Version.V16,
    ) -> None:
        self.charger_id = charger_id
        self.version = version
        self.on_note: Callable[[Note], None] | None = None
        self.memory = memory
        self.warnings = warnings
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.peer = peer
        self.host = host
        self._options = options
        self._dialogue = Dialogue(charger_id, host, memory, version=version)
        self._report: Report | None = None
        self._kept: list[tuple[str, str]] = []
        self._kept_chars = 0
        self._waiting: dict[str, asyncio.Future[Ticket]] = {}
        self._late = LateAnswers()
        self._settling: set[asyncio.Task[None]] = set()
        self._gate: asyncio.TimerHandle | None = None
        self._talked_at: float | None = None
        self._grace_at = 0.0
        self._deadline: tuple[float, asyncio.TimerHandle] | None = None
        self._ended = False
        peer.on_text, peer.on_lost, peer.on_breach = self._text, self._lost, self._breach
        peer.on_alive = lambda: self.report(Heard(charger_id, host.clock.now()))

    # -- life -----------------------------------------------------------------------------------------------------

    async def run(self, report: Report) -> None:
        """Report everything until the connection is gone."""
        self._report = report
        clock = self.host.clock
        report(Connected(self.charger_id, clock.now(), "ocpp", self.version.value, self.peer.address, self.warnings))
        self._grace_at = asyncio.get_running_loop().time() + self._options.grace_s
        self._wait_for_quiet()
        kept, self._kept = self._kept, []
        for text, odd in kept:
            self._text(text, odd)
        self.peer.pace.hold(False)
        if self.gone.done():
            self._tell_end(self.gone.result(), False)
        try:
            await asyncio.shield(self.gone)
        finally:
            self.end("evdesk let go of the charger", 1001)

    def end(self, cause: str, code: int = 1001, replaced: bool = False) -> None:
        """Close the connection; commands that wait fail now, and the end is reported now."""
        self._fail_waiting(cause)
        self._tell_end(cause, replaced)
        self.peer.close(code, cause)

    def _lost(self, cause: str) -> None:
        self._fail_waiting(cause)
        if self._report is not None:
            self._tell_end(cause, False)
        if not self.gone.done():
            self.gone.set_result(cause)

    def _breach(self, rule: str, sentence: str) -> None:
        self.report(
            FindingSeen(
                self.charger_id, self.host.clock.now(), rule, sentence, clause="" if rule == "flooding" else "RFC 6455"
            )
        )

    def _tell_end(self, cause: str, replaced: bool) -> None:
        for timer in (self._gate, self._deadline[1] if self._deadline else None):
            if timer is not None:
                timer.cancel()
        self._gate, self._deadline = None, None
        if self._report is not None and not self._ended:
            self._ended = True
            self._report(Disconnected(self.charger_id, self.host.clock.now(), cause, replaced))

    def _fail_waiting(self, cause: str) -> None:
        now = self.host.clock.now()
        for ticket in self._dialogue.lost(now):
            if ticket.sent_at is not None:
                self.report(MessageSeen(self.charger_id, now, "in", ticket.action, ticket.id, "", "lost"))
            _resolve(self._waiting.get(ticket.id), ticket)
        self._waiting.clear()
        self._late.end()

    # -- reading --------------------------------------------------------------------------------------------------

    def keep(self, text: str, odd: str) -> None:
        """A message that came before anybody listens."""
        self._kept.append((text, odd))
        self._kept_chars += len(text)
        if len(self._kept) >= _KEPT_TEXTS or self._kept_chars >= _KEPT_CHARS:
            self.peer.pace.hold(True)

    def _text(self, text: str, odd: str) -> None:
        if self._report is None:
            self.keep(text, odd)
            return
        flagged = (_SHELL_ODD[odd],) if odd else ()
        step = self._dialogue.receive(text, self.host.clock.now(), flagged)
        self._act(step)
        if not self._dialogue.open_for_calls and not self._ended:
            self._heard(step)

    def _heard(self, step: Step) -> None:
        """A CALL of ours before BootNotification makes some chargers boot for ever (lbbrhzn/ocpp #1503)."""
        if step.booted:
            self._open()
        elif step.calls:
            first, self._talked_at = self._talked_at is None, asyncio.get_running_loop().time()
            if first:
                self._grace_at = min(self._grace_at, self._talked_at + self._options.talking_s)
                self._wait_for_quiet()

    def _wait_for_quiet(self) -> None:
        """Open when the charger has been quiet for a while, at the latest when the grace is over."""
        loop = asyncio.get_running_loop()
        at = self._grace_at
        if self._talked_at is not None:
            at = min(at, self._talked_at + self._options.quiet_s)
        if self._gate is not None:
            self._gate.cancel()
        if loop.time() >= at - 0.001:
            self._open()
        else:
            self._gate = loop.call_at(at, self._wait_for_quiet)

    def _open(self) -> None:
        if self._gate is not None:
            self._gate.cancel()
            self._gate = None
        self._dialogue.open_for_calls = True
        self._tick()

    def _act(self, step: Step) -> None:
        for text in step.send:
            self.peer.send(text)
        report = self._report
        if report is not None:
            for event in step.events:
                report(event)
        for ticket in step.ended:
            _resolve(self._waiting.get(ticket.id), ticket)
        for ticket in step.late:
            self._late.came(ticket)
        if self.on_note is not None:
            for note in step.notes:
                self.on_note(note)
        for deferred in step.deferred:
            task = asyncio.get_running_loop().create_task(self._settle(deferred))
            self._settling.add(task)
            task.add_done_callback(self._settled)
        if step.timing:
            self._watch_deadline()

    def _watch_deadline(self) -> None:
        at = self._dialogue.deadline()
        if self._deadline is not None:
            if self._deadline[0] == at:
                return
            self._deadline[1].cancel()
            self._deadline = None
        if at is not None and not self._ended:
            clock = self.host.clock
            wait = max(0.0, clock.wall_s(at - clock.now())) + 0.001
            self._deadline = (at, asyncio.get_running_loop().call_later(wait, self._tick))

    def _tick(self) -> None:
        self._deadline = None
        self._act(self._dialogue.tick(self.host.clock.now(), overdue=True))  # the clock may have been set meanwhile
        self._watch_deadline()

    # -- deferred answers -----------------------------------------------------------------------------------------

    async def _settle(self, deferred: Deferred) -> None:
        clock = self.host.clock
        try:
            if isinstance(deferred.event, TransactionStarted):
                opened = await self.host.open_transaction(deferred.event)
                step = self._dialogue.settle_start(deferred, opened.transaction_id, opened.status, clock.now())
            else:
                assert isinstance(deferred.event, TransactionEnded)
                status = await self.host.close_transaction(deferred.event)
                step = self._dialogue.settle_stop(deferred, status, clock.now())
        except EvdeskError as error:
            step = self._dialogue.settle_failed(deferred, error.sentence, clock.now())
        self._act(step)

    def _settled(self, task: "asyncio.Task[None]") -> None:
        """An error nobody foresaw ends the connection and reaches the supervisor through `gone`."""
        self._settling.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.gone.done():
            self.gone.set_exception(error)

    # -- commands -------------------------------------------------------------------------------------------------

    def charger_now(self) -> float:
        """The time on the charger's own clock, as far as it is known."""
        return self.host.clock.now() + self.memory.clock.ahead_s

    async def call(self, action: str, payload: dict[str, Any], urgent: bool = False) -> Reply:
        """Ask the charger and wait. Raises `ChargerError`: unreachable, timeout, refused, unsupported, invalid."""
        if self._ended or self.gone.done():
            raise ChargerError(Reason.UNREACHABLE, "The charger is not connected.")
        clock = self.host.clock
        timeout_s = max(self._options.call_s, 5.0 * clock.speed if clock.speed > 1.0 else 0.0)
        future: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        try:
            ticket, step = self._dialogue.ask(action, payload, clock.now(), timeout_s, urgent)
        except NotSendable as error:
            raise ChargerError(
                Reason.INVALID, f"This would break OCPP and was not sent. {redact(str(error))}"
            ) from None
        except OverflowError as error:
            raise ChargerError(Reason.REFUSED, f"Wait a moment: {error}.") from None
        self._waiting[ticket.id] = future
        self._act(step)
        try:
            await future
        except asyncio.CancelledError:
            self._dialogue.withdraw(ticket)
            raise
        finally:
            self._waiting.pop(ticket.id, None)
        if ticket.fate is Fate.TIMED_OUT:
            raise Unanswered(_overdue(ticket), self._late.expect(ticket, self._ended), action)
        return _reply(ticket)

    def hurry(self, most_s: float, reductions: bool) -> None:
        self._dialogue.hurry(most_s, reductions)
        self._watch_deadline()

    def report(self, event: Event) -> None:
        if self._report is not None and not self._ended:
            self._report(event)


def _resolve(future: "asyncio.Future[Ticket] | None", ticket: Ticket) -> None:
    if future is not None and not future.done():
        future.set_result(ticket)


def _overdue(ticket: Ticket) -> str:
    return f"The charger did not answer {ticket.action} within {ticket.timeout_s:.0f} s."


def _reply(ticket: Ticket) -> Reply:
    """What became of a CALL: its answer, or the error that says what to do."""
    if ticket.fate is Fate.ANSWERED:
        return Reply(ticket.answer, ticket.ms)
    what = ticket.action
    if ticket.error is None:
        sent = "It may still carry it out." if ticket.sent_at is not None else "It was not sent."
        raise ChargerError(
            Reason.UNREACHABLE, f"The connection ended before the charger answered {what}. {sent}", action=what
        )
    error = ticket.error
    words = f"{error.code}: {redact(error.description)}" if error.description else error.code
    if error.code in _UNSUPPORTED:
        raise ChargerError(
            Reason.UNSUPPORTED, f"This charger does not know {what} ({words}).", action=what, code=error.code
        )
    raise ChargerError(Reason.REFUSED, f"The charger refused {what} ({words}).", action=what, code=error.code)
