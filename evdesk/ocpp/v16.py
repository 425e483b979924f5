"""OCPP 1.6 messages from the charging station: CALL in; model events and the answer out. Sans-I/O.

Nothing is refused for breaking a schema. StartTransaction and StopTransaction are deferred: they are answered only
when the engine has recorded them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from evdesk.model import (
    Booted,
    ClockSeen,
    ConnectorStatus,
    DataReceived,
    Event,
    FirmwareStatusSeen,
    Heard,
    Identity,
    Reading,
    StatusChanged,
    TransactionEnded,
    TransactionStarted,
    UploadStatusSeen,
)
from evdesk.ocpp.fields import number, tag_status, text
from evdesk.ocpp.frame import Call, CallError, Odd
from evdesk.ocpp.memory import Memory
from evdesk.ocpp.meter import Sampled, read_meter_values
from evdesk.ocpp.timestamps import LIVE_S, NOT_SET_BEFORE, Placed, format_time, parse_time, place

PENDING_INTERVAL_S = 30
_STATUS = {status.value.lower(): status for status in ConnectorStatus}
_ERRORS = {
    name.lower(): name
    for name in (
        "ConnectorLockFailure",
        "EVCommunicationError",
        "GroundFailure",
        "HighTemperature",
        "InternalError",
        "LocalListConflict",
        "NoError",
        "OtherError",
        "OverCurrentFailure",
        "OverVoltage",
        "PowerMeterFailure",
        "PowerSwitchFailure",
        "ReaderFailure",
        "ResetFailure",
        "UnderVoltage",
        "WeakSignal",
    )
}
_V2_ACTIONS = frozenset(
    {"TransactionEvent", "NotifyReport", "NotifyEvent", "SecurityEventNotificationRequest", "NotifyMonitoringReport"}
)
_CLOCK_WORDS = {
    "timestamp_unreadable": "The timestamp is missing or not RFC 3339; the time of arrival is used.",
    "clock_not_set": "The charger's clock is not set; the time of arrival is used.",
    "clock_off_by_days": "The charger's clock is wrong by more than a day; the time of arrival is used.",
}


class Policy(Protocol):
    """What the answers depend on; asked at the moment of answering."""

    def is_accepted(self, charger_id: str) -> bool: ...

    def authorize(self, charger_id: str, id_tag: str) -> str: ...

    def heartbeat_s(self, charger_id: str) -> int: ...


@dataclass(slots=True)
class Outcome:
    """What one CALL led to: exactly one of `answer`, `refusal`, `deferred` is set."""

    events: list[Event]
    odd: list[Odd]
    answer: dict[str, Any] | None = None
    refusal: CallError | None = None
    deferred: TransactionStarted | TransactionEnded | None = None
    plain: bool = False  # see `Call.plain`


class Station16:
    """Incoming side of one charging station. `memory` outlives the connection."""

    def __init__(self, charger_id: str, policy: Policy, memory: Memory) -> None:
        self.charger_id = charger_id
        self.memory = memory
        self._policy = policy

    def handle(self, call: Call, now: float, events: list[Event], odd: list[Odd]) -> Outcome:
        """Answers one CALL; events and findings are added to the lists given."""
        outcome = Outcome(events, odd, plain=call.plain)
        handler = _HANDLERS.get(call.action)
        if handler is None:
            return self._unknown(call, outcome)
        handler(self, call.payload, now, outcome)
        return outcome

    def _unknown(self, call: Call, outcome: Outcome) -> Outcome:
        name = call.action[:60]
        if call.action in _V2_ACTIONS:
            sentence = f"{name} is an OCPP 2.x message on a 1.6 connection; set the charger to one version."
            outcome.odd.append(Odd("other_version", sentence, name))
        else:
            outcome.odd.append(Odd("unknown_action", f"OCPP 1.6 has no message {name!r}.", name))
        outcome.refusal = CallError(call.id, "NotImplemented", f"{name} is not known", echo=call.echo)
        return outcome

    def _boot(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        identity = Identity(
            vendor=text(payload, "chargePointVendor"),
            model=text(payload, "chargePointModel"),
            serial=text(payload, "chargePointSerialNumber") or text(payload, "chargeBoxSerialNumber"),
            firmware=text(payload, "firmwareVersion"),
            iccid=text(payload, "iccid"),
            imsi=text(payload, "imsi"),
            meter_type=text(payload, "meterType"),
            meter_serial=text(payload, "meterSerialNumber"),
        )
        self.memory.clock.restart()
        accepted = self._policy.is_accepted(self.charger_id)
        interval = max(1, self._policy.heartbeat_s(self.charger_id))
        outcome.events.append(Booted(self.charger_id, now, identity, text(payload, "reason")))
        outcome.answer = {
            "status": "Accepted" if accepted else "Pending",
            "currentTime": format_time(now),
            "interval": interval if accepted else min(interval, PENDING_INTERVAL_S),
        }

    def _heartbeat(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(Heard(self.charger_id, now))
        outcome.answer = {"currentTime": format_time(now)}

    def _status(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.answer = {}
        if "connectorStatus" in payload:
            outcome.odd.append(
                Odd("other_version", "StatusNotification has the shape of OCPP 2.x; set the charger to one version.")
            )
        if payload.get("timestamp") is not None:
            self._placed(payload.get("timestamp"), now, outcome)
        connector = number(payload.get("connectorId", payload.get("evseId")))
        word = text(payload, "status") or text(payload, "connectorStatus")
        status = _STATUS.get(word.lower(), ConnectorStatus.UNKNOWN)
        info = text(payload, "info")
        error = text(payload, "errorCode")
        known = _ERRORS.get(error.lower())
        if known is None and error:
            info = f"{error}: {info}" if info else error
        code = "" if known == "NoError" or not error else known or "OtherError"
        where = connector if connector is not None and connector >= 0 else 0
        if code:
            self.memory.last_error[where] = code
        elif status is ConnectorStatus.FAULTED:
            code = self.memory.last_error.get(where, "")
        else:
            self.memory.last_error.pop(where, None)
        outcome.events.append(
            StatusChanged(self.charger_id, where, now, status, code, info[:500], text(payload, "vendorErrorCode")[:200])
        )

    def _meter(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.answer = {}
        transaction = self._transaction(payload, outcome)
        connector = number(payload.get("connectorId"))
        if connector is None or connector < 0:
            connector = self.memory.connector_of(transaction)
            if connector is None:
                outcome.odd.append(
                    Odd("connector_missing", "MeterValues does not say which connector.", str(payload)[:300])
                )
                return
        elif transaction is not None and connector > 0:
            self.memory.transactions.setdefault(transaction, connector)
        self._readings(payload.get("meterValue"), connector, transaction, now, outcome)

    def _readings(self, values: Any, connector: int, transaction: int | None, now: float, outcome: Outcome) -> None:
        if not outcome.plain:
            values, odd = read_meter_values(values)
            outcome.odd.extend(odd)
        for entry in values:
            placed = self._placed(entry.stamp, now, outcome)
            if entry.empty:
                continue
            if placed.live:
                self._count_phases(connector, entry)
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

    def _count_phases(self, connector: int, entry: Sampled) -> None:
        one, two, three = entry.current_a
        count = (one is not None and one > 1.0) + (two is not None and two > 1.0) + (three is not None and three > 1.0)
        if count:
            self.memory.phases_seen[connector] = count

    def _start(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        placed = self._placed(payload.get("timestamp"), now, outcome)
        connector = number(payload.get("connectorId"))
        outcome.deferred = TransactionStarted(
            self.charger_id,
            connector if connector is not None and connector >= 0 else 0,
            placed.at,
            text(payload, "idTag"),
            self._register(payload.get("meterStart"), outcome),
            charger_at=placed.charger_at,
        )

    def _stop(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        placed = self._placed(payload.get("timestamp"), now, outcome)
        transaction = self._transaction(payload, outcome)
        connector = self.memory.connector_of(transaction)
        if payload.get("transactionData") is not None and connector is not None:
            self._readings(payload["transactionData"], connector, transaction, now, outcome)
        outcome.deferred = TransactionEnded(
            self.charger_id,
            placed.at,
            transaction,
            self._register(payload.get("meterStop"), outcome),
            text(payload, "reason") or "Local",
            text(payload, "idTag"),
            connector,
            placed.charger_at,
        )

    def _transaction(self, payload: dict[str, Any], outcome: Outcome) -> int | None:
        if payload.get("transactionId") is None:
            return None
        ident = number(payload["transactionId"])
        if ident is not None and ident > 0:
            return ident
        outcome.odd.append(
            Odd(
                "transaction_id_not_given",
                "The transaction id was not given by evdesk; the charge probably started while offline.",
                str(payload["transactionId"])[:100],
                "EVerest/libocpp #495",
            )
        )
        return None

    def _register(self, value: Any, outcome: Outcome) -> float | None:
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

    def _placed(self, written: Any, now: float, outcome: Outcome) -> Placed:
        """The message's timestamp on our clock; measures the charger's clock on the way."""
        clock = self.memory.clock
        stamp = parse_time(written)
        if stamp is not None and stamp.at >= NOT_SET_BEFORE:
            clock.sample(stamp, now)
            offset = clock.news(now)
            if offset is not None:
                outcome.events.append(ClockSeen(self.charger_id, now, offset, clock.zone_unknown))
            if stamp.zone_unknown:
                outcome.odd.append(
                    Odd("zone_missing", "The timestamp has no time zone.", written[:64], "OCPP 1.6, 3.14")
                )
        placed = place(stamp, clock, now, max(LIVE_S, 2.0 * (self.memory.sample_s or 0.0)))
        if placed.rule:
            outcome.odd.append(Odd(placed.rule, _CLOCK_WORDS[placed.rule], str(written)[:64]))
        return placed

    def _authorize(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(Heard(self.charger_id, now))
        status = tag_status(self._policy.authorize(self.charger_id, text(payload, "idTag")))
        outcome.answer = {"idTagInfo": {"status": status}}

    def _data(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
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

    def _firmware(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(FirmwareStatusSeen(self.charger_id, now, text(payload, "status")[:60]))
        outcome.answer = {}

    def _upload(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(UploadStatusSeen(self.charger_id, now, text(payload, "status")[:60]))
        outcome.answer = {}

    def _security(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        kind = text(payload, "type")[:60] or "unnamed"
        sentence = f"The charger reports the security event {kind}. {text(payload, 'techInfo')[:200]}".strip()
        outcome.odd.append(Odd("security_event", sentence, kind, "OCPP 1.6 security whitepaper, A04"))
        outcome.events.append(Heard(self.charger_id, now))
        outcome.answer = {}

    def _sign(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(Heard(self.charger_id, now))
        outcome.answer = {"status": "Rejected"}


Handler = Callable[[Station16, dict[str, Any], float, Outcome], None]
_HANDLERS: dict[str, Handler] = {
    "BootNotification": Station16._boot,
    "Heartbeat": Station16._heartbeat,
    "StatusNotification": Station16._status,
    "MeterValues": Station16._meter,
    "StartTransaction": Station16._start,
    "StopTransaction": Station16._stop,
    "Authorize": Station16._authorize,
    "DataTransfer": Station16._data,
    "FirmwareStatusNotification": Station16._firmware,
    "SignedFirmwareStatusNotification": Station16._firmware,
    "DiagnosticsStatusNotification": Station16._upload,
    "LogStatusNotification": Station16._upload,
    "SecurityEventNotification": Station16._security,
    "SignCertificate": Station16._sign,
}
_LOOSE = {name.lower(): name for name in _HANDLERS}


def spelled(action: str) -> str:
    """The action as the specification spells it; unchanged where it is none of 1.6's."""
    return action if action in _HANDLERS else _LOOSE.get(action.strip().lower(), action)
