"""OCPP 1.6 messages from the charging station: CALL in; model events and the answer out. Sans-I/O.

Nothing is refused for breaking a schema. StartTransaction and StopTransaction are deferred: they are answered only
when the engine has recorded them.
"""

from collections.abc import Callable
from typing import Any

from evdesk.model import (
    Booted,
    CertificateAsked,
    ConnectorStatus,
    Heard,
    Identity,
    StatusChanged,
    TagPresented,
    TransactionEnded,
    TransactionStarted,
)
from evdesk.ocpp.check import actions
from evdesk.ocpp.fields import number, tag_status, text
from evdesk.ocpp.frame import Call, Odd
from evdesk.ocpp.station import Outcome, Station
from evdesk.ocpp.version import Version

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
V2_ACTIONS = actions(Version.V21)


class Station16(Station):
    """Incoming side of a charging station that speaks 1.6."""

    version = Version.V16

    def start_answer(self, call: Call, transaction_id: int, status: str) -> dict[str, Any]:
        details = self.details(text(call.payload, "idTag"))
        return {"transactionId": transaction_id, "idTagInfo": {"status": tag_status(status), **details}}

    def stop_answer(self, call: Call, status: str) -> dict[str, Any]:
        tag = text(call.payload, "idTag")
        return {"idTagInfo": {"status": tag_status(status), **self.details(tag)}} if tag and status else {}

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
        outcome.events.append(Booted(self.charger_id, now, identity, text(payload, "reason")))
        outcome.answer = self.boot_answer(now)

    def _status(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.answer = {}
        if "connectorStatus" in payload:
            outcome.odd.append(
                Odd("other_version", "StatusNotification has the shape of OCPP 2.x; set the charger to one version.")
            )
        if payload.get("timestamp") is not None:
            self.placed(payload.get("timestamp"), now, outcome)
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
        elif transaction is not None and connector > 0 and transaction not in self.memory.transactions:
            self.memory.learn(transaction, connector)
        self.readings(payload.get("meterValue"), connector, transaction, now, outcome)

    def _start(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        placed = self.placed(payload.get("timestamp"), now, outcome)
        connector = number(payload.get("connectorId"))
        where, tag = connector if connector is not None and connector >= 0 else 0, text(payload, "idTag")
        outcome.events.append(TagPresented(self.charger_id, now, tag, "", where))
        outcome.deferred = TransactionStarted(
            self.charger_id,
            where,
            placed.at,
            tag,
            self.register(payload.get("meterStart"), outcome),
            charger_at=placed.charger_at,
        )

    def _stop(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        placed = self.placed(payload.get("timestamp"), now, outcome)
        transaction = self._transaction(payload, outcome)
        connector = self.memory.connector_of(transaction)
        if payload.get("transactionData") is not None and connector is not None:
            self.readings(payload["transactionData"], connector, transaction, now, outcome)
        outcome.deferred = TransactionEnded(
            self.charger_id,
            placed.at,
            transaction,
            self.register(payload.get("meterStop"), outcome),
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

    def _authorize(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(Heard(self.charger_id, now))
        tag = text(payload, "idTag")
        status = self.authorized(tag, "", None, now, outcome)
        outcome.answer = {"idTagInfo": {"status": tag_status(status), **self.details(tag)}}

    def _sign(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        csr = text(payload, "csr")
        if csr and self.policy.may_sign(self.charger_id):
            outcome.events.append(CertificateAsked(self.charger_id, now, csr))
            outcome.answer = {"status": "Accepted"}
        else:
            outcome.events.append(Heard(self.charger_id, now))
            outcome.answer = {"status": "Rejected"}


Handler = Callable[[Any, dict[str, Any], float, Outcome], None]
_HANDLERS: dict[str, Handler] = {
    "BootNotification": Station16._boot,
    "Heartbeat": Station.heartbeat,
    "StatusNotification": Station16._status,
    "MeterValues": Station16._meter,
    "StartTransaction": Station16._start,
    "StopTransaction": Station16._stop,
    "Authorize": Station16._authorize,
    "DataTransfer": Station.data,
    "FirmwareStatusNotification": Station.firmware,
    "SignedFirmwareStatusNotification": Station.firmware,
    "DiagnosticsStatusNotification": Station.upload,
    "LogStatusNotification": Station.upload,
    "SecurityEventNotification": Station.security,
    "SignCertificate": Station16._sign,
}
Station16.handlers = _HANDLERS
Station16.other_version = V2_ACTIONS - frozenset(_HANDLERS)
_LOOSE = {name.lower(): name for name in _HANDLERS}


def spelled(action: str) -> str:
    """The action as the specification spells it; unchanged where it is none of 1.6's."""
    return action if action in _HANDLERS else _LOOSE.get(action.strip().lower(), action)
