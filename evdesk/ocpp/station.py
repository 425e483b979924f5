"""What the incoming side of a charging station shares over all versions: answers, time, meter values, registers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from evdesk.model import (
    ClockSeen,
    DataReceived,
    Event,
    FirmwareStatusSeen,
    Heard,
    Reading,
    SecurityEventSeen,
    TagPresented,
    TransactionEnded,
    TransactionStarted,
    UploadStatusSeen,
)
from evdesk.model.tags import Tag
from evdesk.ocpp.check import known_action
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.frame import Call, CallError, Odd
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.meter import Sampled, read_meter_values
from evdesk.ocpp.tag_info import tag_details
from evdesk.ocpp.timestamps import LIVE_S, NOT_SET_BEFORE, Placed, format_time, parse_time, place
from evdesk.ocpp.version import Version

PENDING_INTERVAL_S = 30
_CLOCK_WORDS = {
    "timestamp_unreadable": "The timestamp is missing or not RFC 3339; the time of arrival is used.",
    "clock_not_set": "The charger's clock is not set; the time of arrival is used.",
    "clock_off_by_days": "The charger's clock is wrong by more than a day; the time of arrival is used.",
}


class Policy(Protocol):
    """What the answers depend on; asked at the moment of answering."""

    def is_accepted(self, charger_id: str) -> bool: ...

    def authorize(self, charger_id: str, id_tag: str) -> str: ...

    def listed(self, id_tag: str) -> Tag | None:
        """The entry of the site's list a presented tag is, in whatever encoding."""
        ...

    def heartbeat_s(self, charger_id: str) -> int: ...

    def may_sign(self, charger_id: str) -> bool:
        """Whether a certificate signing request of this charger will be signed."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """A message that belongs to something the driver asked for: a part of a report, a notification of a job."""

    action: str
    payload: dict[str, Any]


@dataclass(slots=True)
class Outcome:
    """What one CALL led to: exactly one of `answer`, `refusal`, `deferred` is set; none for a SEND."""

    events: list[Event]
    odd: list[Odd]
    answer: dict[str, Any] | None = None
    refusal: CallError | None = None
    deferred: TransactionStarted | TransactionEnded | None = None
    plain: bool = False  # see `Call.plain`
    notes: list[Note] = field(default_factory=list)


class Station:
    """Incoming side of one charging station. `memory` outlives the connection."""

    version: Version
    handlers: dict[str, "Callable[[Any, dict[str, Any], float, Outcome], None]"]
    other_version: frozenset[str] = frozenset()

    def __init__(self, charger_id: str, policy: Policy, memory: Memory) -> None:
        self.charger_id = charger_id
        self.memory = memory
        self.policy = policy

    def handle(self, call: Call, now: float, events: list[Event], odd: list[Odd]) -> Outcome:
        """Answers one CALL; events and findings are added to the lists given."""
        outcome = Outcome(events, odd, plain=call.plain)
        handler = self.handlers.get(call.action)
        if handler is None:
            return self._unknown(call, outcome)
        handler(self, call.payload, now, outcome)
        return outcome

    def _unknown(self, call: Call, outcome: Outcome) -> Outcome:
        name, code = call.action[:60], "NotImplemented"
        if known_action(call.action, self.version):
            sentence = f"{name} is a message of the CSMS; a charging station does not send it."
            outcome.odd.append(Odd("wrong_direction", sentence, name, f"{self.version.words}, {name}"))
            code = "NotSupported"
        elif call.action in self.other_version:
            sentence = f"{name} belongs to another version than {self.version.words}; set the charger to one version."
            outcome.odd.append(Odd("other_version", sentence, name))
        else:
            outcome.odd.append(Odd("unknown_action", f"{self.version.words} has no message {name!r}.", name))
        outcome.refusal = CallError(call.id, code, f"{name} is not taken from a charging station", echo=call.echo)
        return outcome

    def start_answer(self, call: Call, transaction_id: int, status: str) -> dict[str, Any]:
        """The answer to a recorded start."""
        raise NotImplementedError

    def stop_answer(self, call: Call, status: str) -> dict[str, Any]:
        """The answer to a recorded end. The tag's status only where the charger named a tag."""
        raise NotImplementedError

    def not_recorded(self, call: Call) -> None:
        """The start or end in this CALL could not be recorded; the charger will tell it again."""

    def details(self, id_tag: str) -> dict[str, Any]:
        """What an answer says of a tag beside its status."""
        return tag_details(self.policy.listed(id_tag) if id_tag else None, self.version.second)

    # -- parts of the handlers ------------------------------------------------------------------------------------

    def boot_answer(self, now: float) -> dict[str, Any]:
        self.memory.clock.restart()
        accepted = self.policy.is_accepted(self.charger_id)
        interval = max(1, self.policy.heartbeat_s(self.charger_id))
        return {
            "status": "Accepted" if accepted else "Pending",
            "currentTime": format_time(now),
            "interval": interval if accepted else min(interval, PENDING_INTERVAL_S),
        }

    def heartbeat(self, _payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(Heard(self.charger_id, now))
        outcome.answer = {"currentTime": format_time(now)}

    def authorized(self, tag: str, kind: str, connector: int | None, now: float, outcome: Outcome) -> str:
        """The policy's word for a presented tag, which is told to whoever watches."""
        status = self.policy.authorize(self.charger_id, tag)
        outcome.events.append(TagPresented(self.charger_id, now, tag, kind, connector, status))
        return status

    def readings(
        self, values: Any, connector: int, transaction: int | None, now: float, outcome: Outcome
    ) -> list[Sampled]:
        """The readings of a `meterValue` field, in order."""
        if not outcome.plain:
            values, odd = read_meter_values(values)
            outcome.odd.extend(odd)
        entries: list[Sampled] = values
        for entry in entries:
            placed = self.placed(entry.stamp, now, outcome)
            if entry.empty:
                continue
            outcome.events.append(
                Reading(
                    self.charger_id,
                    connector,
                    placed.at,
                    placed.charger_at,
                    entry.current_a,
                    entry.voltage_v,
                    entry.power_w,
                    entry.energy_wh,
                    entry.offered_a,
                    entry.soc_pct,
                    entry.temperature_c,
                    transaction,
                    entry.partial,
                    placed.live,
                )
            )
        return entries

    def register(self, value: Any, outcome: Outcome) -> float | None:
        """A meter register in Wh; absent and impossible values are unknown, not zero."""
        try:
            register = float(value) if value is not None and not isinstance(value, bool) else None
        except (TypeError, ValueError, OverflowError):
            register = None
        if register is not None and 0.0 <= register < 1e12:
            return register
        if value is not None:
            outcome.odd.append(
                Odd("register_absurd", f"The meter register {str(value)[:40]} cannot be.", str(value)[:200])
            )
        return None

    def placed(self, written: Any, now: float, outcome: Outcome) -> Placed:
        """The message's timestamp on our clock; measures the charger's clock on the way."""
        clock = self.memory.clock
        stamp = parse_time(written)
        if stamp is not None and stamp.at < NOT_SET_BEFORE:
            clock.unset_s = stamp.at - now
        elif stamp is not None:
            clock.sample(stamp, now)
            offset = clock.news(now)
            if offset is not None:
                outcome.events.append(ClockSeen(self.charger_id, now, offset, clock.zone_unknown))
            if stamp.zone_unknown:
                clause = "OCPP 1.6, 3.14" if self.version is Version.V16 else f"{self.version.words}, dateTime"
                outcome.odd.append(Odd("zone_missing", "The timestamp has no time zone.", written[:64], clause))
        placed = place(stamp, clock, now, max(LIVE_S, 2.0 * (self.memory.sample_s or 0.0)))
        if placed.rule:
            outcome.odd.append(Odd(placed.rule, _CLOCK_WORDS[placed.rule], str(written)[:64]))
        return placed

    # -- handlers that are the same in every version --------------------------------------------------------------

    def data(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        data = payload.get("data")
        outcome.events.append(
            DataReceived(
                self.charger_id,
                now,
                text(payload, "vendorId"),
                text(payload, "messageId"),
                data if isinstance(data, str) else "" if data is None else str(data),
            )
        )
        outcome.answer = {"status": "UnknownVendorId"}

    def firmware(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        ident = number(payload.get("requestId"))
        outcome.events.append(FirmwareStatusSeen(self.charger_id, now, text(payload, "status")[:60], ident))
        outcome.answer = {}

    def upload(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        ident = number(payload.get("requestId"))
        outcome.events.append(UploadStatusSeen(self.charger_id, now, text(payload, "status")[:60], ident))
        outcome.answer = {}

    def security(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        kind = text(payload, "type")[:60] or "unnamed"
        outcome.events.append(SecurityEventSeen(self.charger_id, now, kind, text(payload, "techInfo")[:255]))
        outcome.answer = {}
