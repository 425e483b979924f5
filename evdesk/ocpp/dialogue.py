"""One connection's dialogue with a charging station, in any version: text in; texts, events and ended commands out.

Sans-I/O: the driver feeds it, sends what it says and waits for what it defers. `now` is Unix time on evdesk's clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from evdesk.model import Event, FindingSeen, MessageSeen, TransactionEnded, TransactionStarted
from evdesk.ocpp.check import breaches, demand_valid
from evdesk.ocpp.exchange import Exchange, Fate, Ticket
from evdesk.ocpp.frame import (
    Call,
    CallError,
    CallResult,
    Frame,
    Garbage,
    Odd,
    error_text,
    frame_text,
    parse,
    result_text,
)
from evdesk.ocpp.memory import MOST_TRANSACTIONS, Memory
from evdesk.ocpp.plain import plain_meter_values
from evdesk.ocpp.plain2 import plain_event_21, plain_event_201
from evdesk.ocpp.redact import hide, redact
from evdesk.ocpp.station import Note, Outcome, Policy, Station
from evdesk.ocpp.v16 import Station16
from evdesk.ocpp.v21 import Station21
from evdesk.ocpp.v201 import Station201
from evdesk.ocpp.version import Version, error_code

_LARGE = 1 << 16
_STATIONS: dict[Version, type[Station]] = {Version.V16: Station16, Version.V201: Station201, Version.V21: Station21}
_PLAIN = {Version.V16: plain_meter_values, Version.V201: plain_event_201, Version.V21: plain_event_21}
_TIME_RULES = frozenset({"zone_missing", "timestamp_unreadable"})
_SEND = "OCPP 2.1 part 4, 4.2.5"
_OPEN_TEXT = frozenset({"MeterValues", "Heartbeat"})
"""Well-formed 1.6 messages of these, alone in their frame, have no place for a secret (2.x knows customData)."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """A CALL that is answered later, by `Dialogue.settle_start` or `settle_stop`."""

    call: Call
    event: TransactionStarted | TransactionEnded


@dataclass(slots=True)
class Step:
    """What has to happen now. `calls`: how many the charger sent; `booted`: BootNotification was answered;
    `timing`: `Dialogue.deadline` changed."""

    send: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)
    ended: list[Ticket] = field(default_factory=list)
    late: list[Ticket] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    calls: int = 0
    booted: bool = False
    timing: bool = False


class Dialogue:
    """`open_for_calls` is False until the charger is ready to be spoken to; CALLs asked before wait."""

    def __init__(
        self,
        charger_id: str,
        policy: Policy,
        memory: Memory,
        exchange: Exchange | None = None,
        version: Version = Version.V16,
    ) -> None:
        self.charger_id = charger_id
        self.memory = memory
        self.version = version
        self.open_for_calls = False
        self._station = _STATIONS[version](charger_id, policy, memory)
        self._plain = _PLAIN[version]
        self._loose = {name.lower(): name for name in self._station.handlers}
        self._exchange = exchange or Exchange()
        self.hurry, self.withdraw = self._exchange.hurry, self._exchange.withdraw

    def spelled(self, action: str) -> str:
        """The action as the specification spells it; unchanged where it is none of this version's."""
        return action if action in self._station.handlers else self._loose.get(action.strip().lower(), action)

    def receive(self, text: str, now: float, odd: tuple[Odd, ...] = ()) -> Step:
        """One WebSocket message from the charger."""
        step = Step()
        if self.memory.secrets:
            text = hide(text, self.memory.secrets)  # before anything is made of it: state, findings, log
        plain = None if odd else self._plain(text)
        frames: list[Frame]
        frames, flagged = parse(text) if plain is None else ([plain], [])
        flagged.extend(odd)
        for frame in frames:
            if isinstance(frame, Call):
                self._call(frame, text if len(frames) == 1 else frame_text(frame), now, step, flagged)
            elif isinstance(frame, Garbage):
                clear = redact(text if len(frames) == 1 else frame.odd.raw, broken=True)
                self._log(step, now, "in", "", "", clear, "garbage")
                flagged.append(frame.odd)
                if frame.answer is not None:
                    self._refuse(step, "", frame.answer, now)
                elif self.version.second and frame.odd.rule == "not_a_frame":
                    # 2.x part 4, 4.2.3: "-1" stands for an id that could not be read.
                    self._refuse(step, "", CallError("-1", "RpcFrameworkError", frame.odd.sentence), now)
            else:
                clear = redact(text if len(frames) == 1 else frame_text(frame))
                self._answer(frame, clear, now, step, flagged)
        if flagged:
            clear = redact(text, broken=any(isinstance(frame, Garbage) for frame in frames))
            broken = _once(flagged)
            _mark(step, broken)
            for item in broken.values():
                self._flag(step, now, item, clear)
        self._pump(step, now)
        return step

    def _call(self, call: Call, text: str, now: float, step: Step, odd: list[Odd]) -> None:
        action = self.spelled(call.action)
        large = len(text) > _LARGE
        broken = [] if call.plain else breaches(action, call.payload, first_only=large, version=self.version)
        open_text = call.plain or (action in _OPEN_TEXT and not self.version.second)
        clear = text if open_text and not broken and not odd else redact(text)
        self._log(step, now, "in", call.action, call.id, clear, "send" if call.unanswered else "call")
        step.calls += 1
        repeated, answer = self._exchange.seen_before(call, text, now)
        if repeated:
            odd.append(Odd("repeated_message", f"{call.action[:60]} came twice with the same id and content.", call.id))
            if answer is not None:
                self._out(step, now, call.action, call.id, answer, "result")
            return
        if action != call.action:
            odd.append(Odd("action_spelling", f"The action is spelled {call.action[:60]!r}.", call.action[:200]))
            call = replace(call, action=action)
        odd.extend(broken)
        outcome = self._station.handle(call, now, step.events, odd)
        step.notes.extend(outcome.notes)
        self._check_kind(call, outcome)
        if outcome.answer is not None:
            self._reply(step, call, outcome.answer, now)
            step.booted = step.booted or action == "BootNotification"
        elif outcome.deferred is not None:
            step.deferred.append(Deferred(call, outcome.deferred))
        elif outcome.refusal is not None and not call.unanswered:
            self._refuse(step, action, outcome.refusal, now)

    @staticmethod
    def _check_kind(call: Call, outcome: Outcome) -> None:
        """A CALL that should have been a SEND would wait for ever; a SEND that should have been a CALL still counts."""
        silent = outcome.answer is None and outcome.deferred is None and outcome.refusal is None
        name = call.action[:60]
        if call.unanswered and not silent and outcome.refusal is None:
            sentence = f"{name} came as SEND; it is a CALL."
            outcome.odd.append(Odd("send_instead_of_call", sentence, name, _SEND))
        elif silent and not call.unanswered:
            outcome.odd.append(Odd("call_instead_of_send", f"{name} came as CALL; it is a SEND.", name, _SEND))
            outcome.refusal = CallError(
                call.id, "ProtocolError", f"{name} has no response: send it as SEND", echo=call.echo
            )

    def _answer(self, frame: CallResult | CallError, clear: str, now: float, step: Step, odd: list[Odd]) -> None:
        action = self._exchange.action_of(frame.id)
        self._log(step, now, "in", action, frame.id, clear, "result" if isinstance(frame, CallResult) else "error")
        if action and isinstance(frame, CallResult):
            large = len(clear) > _LARGE
            broken = breaches(action, frame.payload, answer=True, first_only=large, version=self.version)
            odd.extend(broken)
            self._complain(frame, action, broken, now, step)
        ticket, strange = self._exchange.answered(frame, now)
        if strange is not None:
            odd.append(strange)
        if ticket is not None:
            (step.late if ticket.fate is Fate.TIMED_OUT else step.ended).append(ticket)
            step.timing = True

    def _complain(self, frame: CallResult, action: str, broken: list[Odd], now: float, step: Step) -> None:
        """2.1 has a frame for it: an answer that lacks what it must hold is told to the charger (part 4, 4.2.4). What is
        merely odd is used and flagged, as ever."""
        lacking = next((odd for odd in broken if odd.rule.endswith(".required")), None)
        if lacking is None or self.version is not Version.V21:
            return
        error = CallError(frame.id, "OccurrenceConstraintViolation", lacking.sentence, of_answer=True)
        self._out(step, now, action, frame.id, error_text(error), "error")

    def settle_start(self, deferred: Deferred, transaction_id: int, status: str, now: float) -> Step:
        """The start is recorded: answer it."""
        step = Step()
        if isinstance(deferred.event, TransactionStarted):
            known = self.memory.transactions
            known[transaction_id] = deferred.event.connector_id
            while len(known) > MOST_TRANSACTIONS:
                known.pop(next(iter(known)))
        self._reply(step, deferred.call, self._station.start_answer(deferred.call, transaction_id, status), now)
        return step

    def settle_stop(self, deferred: Deferred, status: str, now: float) -> Step:
        """The end is recorded: answer it. The tag's status only where the charger named one."""
        step = Step()
        if isinstance(deferred.event, TransactionEnded) and deferred.event.transaction_id is not None:
            self.memory.transactions.pop(deferred.event.transaction_id, None)
        self._reply(step, deferred.call, self._station.stop_answer(deferred.call, status), now)
        return step

    def settle_failed(self, deferred: Deferred, sentence: str, now: float) -> Step:
        """It could not be recorded: say so, so that the charger keeps it and tries again."""
        step = Step()
        self._exchange.forget(deferred.call.id)
        self._station.not_recorded(deferred.call)
        if deferred.call.unanswered:
            return step
        error = CallError(deferred.call.id, "InternalError", sentence, echo=deferred.call.echo)
        self._refuse(step, deferred.call.action, error, now)
        return step

    def ask(
        self, action: str, payload: dict[str, Any], now: float, timeout_s: float, urgent: bool = False
    ) -> tuple[Ticket, Step]:
        """Queue a CALL of ours. Raises `NotSendable` for an invalid payload, OverflowError when too many wait."""
        demand_valid(action, payload, version=self.version)
        ticket = self._exchange.ask(action, payload, now, timeout_s, urgent)
        return ticket, self.tick(now)

    def tick(self, now: float, overdue: bool = False) -> Step:
        """Time passed, or CALLs became allowed: end what is overdue, send what is next. `overdue`: the open CALL had its
        time, although the clock, having been set back, says otherwise."""
        step = Step()
        ended = self._exchange.expire(now, overdue)
        if ended is not None:
            self._log(step, now, "in", ended.action, ended.id, "", "timeout")
            step.ended.append(ended)
            step.timing = True
        self._pump(step, now)
        return step

    def deadline(self) -> float | None:
        return self._exchange.deadline()

    def lost(self, now: float) -> list[Ticket]:
        return self._exchange.lost(now)

    def _pump(self, step: Step, now: float) -> None:
        if not self.open_for_calls:
            return
        following = self._exchange.next_call(now)
        if following is not None:
            ticket, text = following
            step.timing = True
            self._out(step, now, ticket.action, ticket.id, text, "call")

    def _reply(self, step: Step, call: Call, payload: dict[str, Any], now: float) -> None:
        if call.unanswered:
            return
        demand_valid(call.action, payload, answer=True, version=self.version)
        text = result_text(call.id if call.echo is None else call.echo, payload)
        self._exchange.remember_answer(call.id, text)
        self._out(step, now, call.action, call.id, text, "result")

    def _refuse(self, step: Step, action: str, error: CallError, now: float) -> None:
        text = error_text(replace(error, code=error_code(self.version, error.code)))
        self._exchange.remember_answer(error.id, text)
        self._out(step, now, action, error.id, text, "error")

    def _out(self, step: Step, now: float, action: str, ident: str, text: str, kind: str) -> None:
        step.send.append(text)
        self._log(step, now, "out", action, ident, redact(text) if kind == "call" else text, kind)

    def _log(self, step: Step, now: float, direction: str, action: str, ident: str, text: str, kind: str) -> None:
        if self.memory.secrets and direction == "out":
            text = hide(text, self.memory.secrets)
        step.events.append(MessageSeen(self.charger_id, now, direction, action, ident, text, kind))

    def _flag(self, step: Step, now: float, odd: Odd, text: str) -> None:
        sentence, raw = redact(odd.sentence), redact(odd.raw, broken=True)
        step.events.append(FindingSeen(self.charger_id, now, odd.rule, sentence, raw[:500], odd.clause, text[:4000]))


def _once(flagged: list[Odd]) -> dict[str, Odd]:
    """Each rule once. What a reading of the time says more exactly, the schema's word on its format says again."""
    found = {item.rule: item for item in reversed(flagged)}
    if _TIME_RULES.isdisjoint(found):
        return found
    return {rule: item for rule, item in found.items() if not rule.endswith(".timestamp.format")}


def _mark(step: Step, rules: Iterable[str]) -> None:
    """Write the rules into the frames that came: they were logged before anything was known against them."""
    told = ",".join(rule.replace(",", ";") for rule in rules)
    for place, event in enumerate(step.events):
        if isinstance(event, MessageSeen) and event.direction == "in":
            step.events[place] = structs.replace(event, odd=told)


__all__ = ["Deferred", "Dialogue", "Fate", "Step", "Ticket"]
