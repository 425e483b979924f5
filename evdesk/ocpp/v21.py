"""OCPP 2.1: what it adds to 2.0.1 on the way in. Sans-I/O."""

from typing import Any

from evdesk.model import Heard
from evdesk.ocpp.check import actions
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.station import Note, Outcome
from evdesk.ocpp.timestamps import format_time
from evdesk.ocpp.v201 import HANDLERS, Handler, Station201, noted
from evdesk.ocpp.version import Version

_HASHES = ("SHA256", "SHA384", "SHA512")


class Station21(Station201):
    """Incoming side of a charging station that speaks 2.1."""

    version = Version.V21

    def _chain_status(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        """Every certificate asked for is answered with Failed: no revocation service is asked (see docs)."""
        outcome.events.append(Heard(self.charger_id, now))
        asked = payload.get("certificateStatusRequests")
        known = [item for item in asked if isinstance(item, dict)] if isinstance(asked, list) else []
        outcome.answer = {"certificateStatus": [_unknown_status(item, now) for item in known[:4]]}
        if not known:
            outcome.answer = {"certificateStatus": [_unknown_status({}, now)]}

    def _vat(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(Heard(self.charger_id, now))
        outcome.answer = {"status": "Rejected", "vatNumber": text(payload, "vatNumber")[:20]}
        evse = number(payload.get("evseId"))
        if evse is not None and evse >= 0:
            outcome.answer["evseId"] = evse

    def _stream(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        """NotifyPeriodicEventStream is a SEND (2.1 part 4, 4.2.5): it has no answer; as a CALL it gets an error."""
        outcome.events.append(Heard(self.charger_id, now))
        outcome.notes.append(Note("NotifyPeriodicEventStream", payload))


def _unknown_status(item: dict[str, Any], now: float) -> dict[str, Any]:
    told = item.get("certificateHashData")
    data = told if isinstance(told, dict) else {}
    algorithm = text(data, "hashAlgorithm")
    return {
        "certificateHashData": {
            "hashAlgorithm": algorithm if algorithm in _HASHES else "SHA256",
            "issuerNameHash": text(data, "issuerNameHash")[:128],
            "issuerKeyHash": text(data, "issuerKeyHash")[:128],
            "serialNumber": text(data, "serialNumber")[:40],
        },
        "source": "OCSP" if text(item, "source") != "CRL" else "CRL",
        "status": "Failed",
        "nextUpdate": format_time(now + 3600.0),
    }


_NEW: dict[str, Handler] = {
    "BatterySwap": noted("BatterySwap"),
    "ClosePeriodicEventStream": noted("ClosePeriodicEventStream"),
    "GetCertificateChainStatus": Station21._chain_status,
    "NotifyDERAlarm": noted("NotifyDERAlarm"),
    "NotifyDERStartStop": noted("NotifyDERStartStop"),
    "NotifyPeriodicEventStream": Station21._stream,
    "NotifyPriorityCharging": noted("NotifyPriorityCharging"),
    "NotifySettlement": noted("NotifySettlement"),
    "OpenPeriodicEventStream": noted("OpenPeriodicEventStream", {"status": "Accepted"}),
    # Limits go out as profiles that expire; evdesk sets no dynamic ones, so there is nothing to pull.
    "PullDynamicScheduleUpdate": noted("PullDynamicScheduleUpdate", {"status": "Rejected"}),
    "ReportDERControl": noted("ReportDERControl"),
    "VatNumberValidation": Station21._vat,
}
Station21.handlers = HANDLERS | _NEW
Station21.other_version = actions(Version.V16) - frozenset(Station21.handlers)
