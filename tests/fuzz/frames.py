"""Mutated frames through `Dialogue.receive`, with CALLs of ours between them, jumping clocks and late settlements.

Held to: nothing raises; every CALL with a readable id gets one answer, now or when it is settled; each answer is valid;
no SEND is answered; one CALL of ours is open at most; memory and the number of rules stay bounded.
"""

import json
import pickle
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from evdesk.drivers.ws_frames import decode_text
from evdesk.model import FindingSeen, MessageSeen, TransactionStarted
from evdesk.ocpp import check, meter
from evdesk.ocpp.check import breaches
from evdesk.ocpp.dialogue import Dialogue
from evdesk.ocpp.frame import Odd
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.version import Version
from tests.fuzz import mutate
from tests.fuzz.corpus import ASKED, answers, corpus
from tests.ocpp.helpers import NOW, FriendlyPolicy

MEMORY_MAX = 400_000
RULES_MAX = 4000
_RULE = re.compile(r"[A-Za-z0-9_.]{1,200}")
_JUMPS = (0.0, 0.05, 0.5, 1.0, 5.0, 30.0, 61.0, -5.0, -4000.0, 90000.0)
_ODD = {"binary_frame": (Odd("binary_frame", "Binary."),), "not_utf8": (Odd("not_utf8", "Not UTF-8."),)}
_CODES = {
    False: {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "GenericError",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
    },
    True: {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormatViolation",
        "GenericError",
        "PropertyConstraintViolation",
        "OccurrenceConstraintViolation",
        "TypeConstraintViolation",
        "MessageTypeNotSupported",
        "RpcFrameworkError",
    },
}


@dataclass
class Tally:
    """`worst`: (ms, first characters) of the slowest frame."""

    frames: int = 0
    answers: int = 0
    errors: int = 0
    deferred: int = 0
    asked: int = 0
    seconds: float = 0.0
    worst: tuple[float, str] = (0.0, "")
    rules: Counter = field(default_factory=Counter)
    memory: int = 0


class FrameFuzz:
    """One charger's connections, one after the other, in one version."""

    def __init__(self, version: Version, seed: int, tally: Tally | None = None) -> None:
        self.rng = random.Random(f"{version}-{seed}")
        self.version = version
        self.tally = tally or Tally()
        self.now = NOW
        self.memory = Memory()
        self.policy = FriendlyPolicy()
        self.good = corpus(version)
        self.other = corpus(Version.V201 if version is Version.V16 else Version.V16)
        self.replies = answers(version)
        self.recent: list[bytes] = []
        self.waiting: list = []
        self.open: dict[str, str] = {}
        self.connect()

    def connect(self) -> None:
        self.dialogue = Dialogue("CP1", self.policy, self.memory, version=self.version)
        self.dialogue.open_for_calls = True
        self.open.clear()
        self.waiting.clear()

    def run(self, count: int) -> Tally:
        for _ in range(count):
            self.turn()
        self.measure()
        return self.tally

    def turn(self) -> None:
        """One frame in, and now and then something of ours beside it."""
        rng = self.rng
        self.now += rng.choice(_JUMPS) if rng.random() < 0.05 else 0.05
        chance = rng.random()
        if chance < 0.03 and len(self.waiting) < 50:
            action, payload = rng.choice(ASKED[self.version])
            self.after(self.dialogue.ask(action, payload, self.now, 30.0)[1], "", None)
            self.tally.asked += 1
        elif chance < 0.05:
            self.after(self.dialogue.tick(self.now), "", None)
        elif chance < 0.052:
            self.dialogue.lost(self.now)
            self.connect()
        elif chance < 0.055:
            self.policy.accepted = not self.policy.accepted
            self.policy.tag = rng.choice(("Accepted", "Invalid", "Blocked", "Odd"))
        while self.waiting and (rng.random() < 0.3 or len(self.waiting) > 20):
            self.settle(self.waiting.pop(rng.randrange(len(self.waiting))))
        self.feed(self.made())

    def made(self) -> bytes:
        """The bytes of one mutated message."""
        rng = self.rng
        chance = rng.random()
        if chance < 0.06 and self.recent:
            return rng.choice(self.recent)
        if chance < 0.14 and self.open:
            ident = rng.choice(list(self.open))
            reply = rng.choice(self.replies)[1]
            frame = rng.choice(([3, ident, reply], [4, ident, "NotSupported", "no", {}], [5, ident, "X", "", {}]))
        else:
            action, payload = rng.choice(self.other if chance < 0.18 else self.good)
            frame = [6 if rng.random() < 0.03 else 2, f"{rng.randrange(10**6)}", action, payload]
        if rng.random() < 0.85:
            frame = mutate.structure(frame, rng)
        data = mutate.encode(frame, rng)
        chance = rng.random()
        if chance < 0.12:
            data = mutate.scramble(data, rng)
        elif chance < 0.15 and self.recent:
            data = rng.choice((b"", b" ", b"\n", b",")).join([data, *rng.sample(self.recent, min(3, len(self.recent)))])
        if len(data) < 5000:
            self.recent.append(data)
        if len(self.recent) > 40:
            self.recent.pop(rng.randrange(40))
        return data

    def feed(self, data: bytes) -> None:
        text, odd = decode_text(data, "binary_frame" if self.rng.random() < 0.01 else "")
        began = time.perf_counter()
        try:
            step = self.dialogue.receive(text, self.now, _ODD.get(odd, ()))
        except Exception as error:
            raise AssertionError(f"{self.version}: {text[:2000]!r}") from error
        took = (time.perf_counter() - began) * 1000.0
        tally = self.tally
        tally.frames += 1
        tally.seconds += took / 1000.0
        if took > tally.worst[0]:
            tally.worst = (took, f"{len(text)} characters: {text[:100]}")
        self.after(step, text, _single(text))
        if tally.frames % 500 == 0:
            self.measure()

    def after(self, step, text: str, single) -> None:
        """The invariants of one step; `single`: the one well-formed frame that came in, None for anything else."""
        answered: Counter[str] = Counter()
        for ticket in step.ended:
            self.open.pop(ticket.id, None)
        for event in step.events:
            if isinstance(event, MessageSeen) and event.direction == "out":
                self.check_out(event, answered)
            elif isinstance(event, FindingSeen):
                assert _RULE.fullmatch(event.rule), event.rule
                assert mutate.MARK not in event.rule, event.rule
                assert len(event.message) <= 4000
                assert len(event.sentence) < 2000
                self.tally.rules[event.rule] += 1
        sent = [event.text for event in step.events if isinstance(event, MessageSeen) and event.direction == "out"]
        assert len(sent) == len(step.send), text
        assert len(self.open) <= 1, self.open
        assert len(step.events) < 30_000, text[:200]
        repr(step.events).encode()
        self.waiting.extend(step.deferred)
        self.tally.deferred += len(step.deferred)
        self.tally.rules.update(())
        if single is not None:
            self.check_answered(single, answered, step, text)

    def check_out(self, event: MessageSeen, answered: Counter) -> None:
        frame = json.loads(event.text)
        if frame[0] == 2:
            self.open[frame[1]] = frame[2]
            assert breaches(frame[2], frame[3], version=self.version) == []
            return
        answered[json.dumps(frame[1])] += 1
        if frame[0] == 3:
            self.tally.answers += 1
            action = self.dialogue.spelled(event.action)
            assert breaches(action, frame[2], answer=True, version=self.version) == [], event.text
        else:
            self.tally.errors += 1
            assert frame[0] == 4 or (frame[0] == 5 and self.version is Version.V21), event.text
            assert frame[2] in _CODES[self.version.second], event.text
            assert len(frame[3]) <= 255
            assert isinstance(frame[4], dict)

    def check_answered(self, frame: list, answered: Counter, step, text: str) -> None:
        ident = json.dumps(frame[1])
        later = [one for one in step.deferred if one.call.echo == frame[1] and not one.call.unanswered]
        now = answered.pop(ident, 0) + len(later)
        if frame[0] == 6:
            assert now == 0, text
        elif now == 0:
            repeated = any(isinstance(event, FindingSeen) and event.rule == "repeated_message" for event in step.events)
            assert repeated, text
            assert any(one.call.id == frame[1] for one in self.waiting), text
        else:
            assert now == 1, text
        assert not answered, text

    def settle(self, deferred) -> None:
        rng = self.rng
        if rng.random() < 0.1:
            step = self.dialogue.settle_failed(deferred, "The disk is full.", self.now)
        elif isinstance(deferred.event, TransactionStarted):
            step = self.dialogue.settle_start(
                deferred, rng.randrange(1, 10**6), rng.choice(("Accepted", "Odd")), self.now
            )
        else:
            step = self.dialogue.settle_stop(deferred, rng.choice(("Accepted", "")), self.now)
        assert len(step.send) == (0 if deferred.call.unanswered else 1)
        self.after(step, "", None)

    def measure(self) -> None:
        """What stays must stay small."""
        size = len(pickle.dumps((self.memory, self.dialogue._exchange._seen, list(self.dialogue._exchange._late))))
        self.tally.memory = max(self.tally.memory, size)
        assert size < MEMORY_MAX, {name: len(pickle.dumps(getattr(self.memory, name))) for name in Memory.__slots__}
        assert len(self.tally.rules) < RULES_MAX
        assert check._validator.cache_info().currsize < 1000
        assert len(pickle.dumps(meter._places)) < MEMORY_MAX


def _single(text: str):
    """The frame in these bytes where it is one well-formed CALL or SEND, by an independent reader."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, list) or len(frame) < 4 or frame[0] not in (2, 6) or isinstance(frame[0], bool | float):
        return None
    if not isinstance(frame[1], str) or not isinstance(frame[2], str) or not frame[2] or not isinstance(frame[3], dict):
        return None
    if "NaN" in text or "Infinity" in text or "\\ud" in text or _depth(frame) > 30:
        return None
    return frame


def _depth(value) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
