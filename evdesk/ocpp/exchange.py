"""One connection's exchange of CALLs and answers (OCPP-J 1.6, section 4.1.1): ids, order, deadlines, duplicates.

Sans-I/O. `now` is seconds on any steady clock, the same for all calls. Rules kept here: our ids are bare UUIDs
(36 characters), at most one CALL of ours is open, urgent ones (safety reductions) go before the waiting ones,
a late answer is still matched, and a CALL that comes twice gets the answer it got the first time.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import uuid4

from evdesk.ocpp.frame import Call, CallError, CallResult, Odd, call_text

DEFAULT_TIMEOUT_S = 60.0
MAX_WAITING = 256
KEPT_LATE = 32
_PATIENCE = 1.5
"""A call that is hurried has so many times what this action took this charger before."""

_MOST_LEARNT_S = 15.0
"""One answer that hung must not keep the next reductions waiting for as long."""

_KEPT_ANSWERS = 16
_REPLAY_S = 600.0
_LONGEST_ID = 255  # longer ones are echoed, but not remembered
_ALWAYS_FRESH = frozenset({"Heartbeat", "BootNotification"})  # their answer carries the time


class Fate(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"  # CALLERROR
    TIMED_OUT = "timed_out"
    LOST = "lost"  # the connection went away


@dataclass(slots=True, eq=False)
class Ticket:
    """One CALL of ours from asking to its end."""

    id: str
    action: str
    payload: dict[str, Any]
    timeout_s: float  # less, once it is hurried
    urgent: bool = False
    fate: Fate = Fate.WAITING
    asked_at: float = 0.0
    own_s: float = math.inf  # its time as it was asked
    sent_at: float | None = None
    ended_at: float | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    error: CallError | None = None

    @property
    def ms(self) -> float:
        if self.ended_at is None or self.sent_at is None:
            return 0.0
        return (self.ended_at - self.sent_at) * 1000.0


@dataclass(slots=True)
class _Remembered:
    content: int
    at: float
    answer: str | None = None


class Exchange:
    def __init__(self, new_id: Callable[[], str] = lambda: str(uuid4())) -> None:
        self._new_id = new_id
        self._waiting: deque[Ticket] = deque()
        self._urgent: deque[Ticket] = deque()
        self._open: Ticket | None = None
        self._late: OrderedDict[str, Ticket] = OrderedDict()
        self._took: dict[str, float] = {}  # action -> seconds until its answer, the newest counting most
        self._seen: dict[str, _Remembered] = {}

    @property
    def outstanding(self) -> Ticket | None:
        return self._open

    @property
    def waiting(self) -> int:
        return len(self._waiting) + len(self._urgent)

    def ask(self, action: str, payload: dict[str, Any], now: float, timeout_s: float, urgent: bool = False) -> Ticket:
        """Queue a CALL. The payload must be valid already. Raises OverflowError when too many wait."""
        if self.waiting >= MAX_WAITING:
            raise OverflowError(f"{self.waiting} commands already wait for this charger")
        ticket = Ticket(self._new_id(), action, payload, timeout_s, urgent, asked_at=now, own_s=timeout_s)
        (self._urgent if urgent else self._waiting).append(ticket)
        return ticket

    def withdraw(self, ticket: Ticket) -> bool:
        """Take back a CALL that was not sent yet; False when it is out already."""
        for queue in (self._urgent, self._waiting):
            if ticket in queue:
                queue.remove(ticket)
                return True
        return False

    def next_call(self, now: float) -> tuple[Ticket, str] | None:
        """The next CALL to send, None while one is open or nothing waits."""
        if self._open is not None or not (self._urgent or self._waiting):
            return None
        ticket = (self._urgent or self._waiting).popleft()
        ticket.fate, ticket.sent_at = Fate.SENT, now
        self._open = ticket
        return ticket, call_text(ticket.id, ticket.action, ticket.payload)

    def hurry(self, most_s: float, urgent: bool) -> None:
        """Something that cannot wait is behind the open CALL: it has no longer than this, or than it usually takes this
        charger: one that is only slow would answer none in time. `urgent`: even if it is urgent itself."""
        if self._open is not None and (urgent or not self._open.urgent):
            most_s = max(most_s, _PATIENCE * self._took.get(self._open.action, 0.0))
            self._open.timeout_s = min(self._open.timeout_s, most_s)

    def deadline(self) -> float | None:
        """When `expire` has something to do, None if nothing is open."""
        if self._open is None or self._open.sent_at is None:
            return None
        return self._open.sent_at + self._open.timeout_s

    def expire(self, now: float, overdue: bool = False) -> Ticket | None:
        """The open CALL if its time is over; a later answer is still matched. `overdue`: it is, whatever the clock says."""
        deadline = self.deadline()
        if self._open is None or deadline is None or (now < deadline and not overdue):
            return None
        ticket, self._open = self._open, None
        ticket.fate, ticket.ended_at = Fate.TIMED_OUT, now
        self._late[ticket.id] = ticket
        while len(self._late) > KEPT_LATE:
            self._late.popitem(last=False)
        return ticket

    def answered(self, frame: CallResult | CallError, now: float) -> tuple[Ticket | None, Odd | None]:
        """Match an answer: the ticket it belongs to (None for unknown ones) and what was odd about it. One that had timed
        out stays so, and has its answer now."""
        ticket = self._open
        if isinstance(frame, CallError) and frame.of_answer:
            return None, self._unusable(frame)
        if ticket is None or ticket.id != frame.id:
            return self._stray(frame, now)
        self._open = None
        self._learn(ticket, now)
        ticket.ended_at = now
        if isinstance(frame, CallResult):
            ticket.fate, ticket.answer = Fate.ANSWERED, frame.payload
        else:
            ticket.fate, ticket.error = Fate.REFUSED, frame
        return ticket, None

    def _learn(self, ticket: Ticket, now: float) -> None:
        """What came after the call's own time was no answer to it: a charger that hung, or a queue somewhere."""
        took = max(now - (ticket.sent_at or ticket.asked_at), 0.0)
        if took <= ticket.own_s:
            self._took[ticket.action] = max(min(took, _MOST_LEARNT_S), 0.8 * self._took.get(ticket.action, 0.0))

    def _stray(self, frame: CallResult | CallError, now: float) -> tuple[Ticket | None, Odd]:
        late = self._late.pop(frame.id, None)
        if late is not None:
            self._learn(late, now)
            after = now - (late.sent_at or late.asked_at)
            if isinstance(frame, CallResult):
                late.answer = frame.payload
            else:
                late.error = frame
            return late, Odd("late_answer", f"{late.action} was answered after {after:.0f} s, too late.", frame.id)
        if isinstance(frame, CallError) and frame.id in self._seen:
            return None, self._unusable(frame)
        return None, Odd("unknown_answer_id", "An answer came for a message that was never sent.", frame.id[:200])

    @staticmethod
    def _unusable(frame: CallError) -> Odd:
        return Odd("error_to_answer", f"The charger did not like an answer: {frame.code} {frame.description}"[:300])

    def action_of(self, ident: str) -> str:
        """Which of our CALLs an answer with this id belongs to, "" if none."""
        if self._open is not None and self._open.id == ident:
            return self._open.action
        late = self._late.get(ident)
        return late.action if late is not None else ""

    def seen_before(self, call: Call, content: str, now: float) -> tuple[bool, str | None]:
        """(is a repetition, the answer it got; None while that is still being made). Remembers new ones."""
        if call.action in _ALWAYS_FRESH or len(call.id) > _LONGEST_ID:
            return False, None
        mark = hash(content)
        known = self._seen.get(call.id)
        if known is not None and known.content == mark and now - known.at < _REPLAY_S:
            return True, known.answer
        if known is not None:
            del self._seen[call.id]
        self._seen[call.id] = _Remembered(mark, now)
        if len(self._seen) > _KEPT_ANSWERS:
            del self._seen[next(iter(self._seen))]
        return False, None

    def remember_answer(self, ident: str, text: str) -> None:
        known = self._seen.get(ident)
        if known is not None and known.answer is None:  # else another CALL took the id over meanwhile
            known.answer = text

    def forget(self, ident: str) -> None:
        """The answer could not be made: a repetition must be tried afresh."""
        self._seen.pop(ident, None)

    def lost(self, now: float) -> list[Ticket]:
        """The connection is gone: every CALL that was open or waiting, ended as lost."""
        ended = [*([self._open] if self._open else []), *self._urgent, *self._waiting]
        self._open = None
        self._urgent.clear()
        self._waiting.clear()
        for ticket in ended:
            ticket.fate, ticket.ended_at = Fate.LOST, now
        return ended
