"""OCPP 2.0.1 messages from the charging station: CALL in; model events, notes and the answer out. Sans-I/O.

A `connector_id` of evdesk's model is an EVSE here: it has the meter, the transaction and the limit. Messages that belong to
something evdesk asked for (parts of reports) become notes for whoever asked.
"""

from collections.abc import Callable
from typing import Any

from evdesk.model import (
    Booted,
    CertificateAsked,
    ConnectorStatus,
    ExternalLimit,
    Heard,
    Identity,
    NeedsTold,
    StatusChanged,
)
from evdesk.ocpp.check import actions
from evdesk.ocpp.fields import number, text
from evdesk.ocpp.frame import Odd
from evdesk.ocpp.profiles import Unit, rate_unit
from evdesk.ocpp.station import Note, Outcome, Station
from evdesk.ocpp.timestamps import parse_time
from evdesk.ocpp.transactions import Transactions, token_status
from evdesk.ocpp.version import Version

_WORDS = {word.lower(): word for word in ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")}
_OLD_STATUS = {status.value.lower(): status for status in ConnectorStatus}
_MOST_EVENTS = 2000  # of one NotifyEvent; a real one of the allowed size has fewer
_MOST_SCHEDULES, _MOST_PERIODS = 16, 1024  # the schemas allow 3 and 1024
_PHASES = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}
_PROBLEMS = frozenset({"problem", "fault", "tripped", "overload", "overtemperature"})


class Station201(Transactions):
    """Incoming side of a charging station that speaks 2.0.1."""

    version = Version.V201

    def _boot(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        who = _part(payload, "chargingStation", payload)
        modem = _part(who, "modem")
        identity = Identity(
            vendor=text(who, "vendorName") or text(who, "chargePointVendor"),
            model=text(who, "model") or text(who, "chargePointModel"),
            serial=text(who, "serialNumber") or text(who, "chargePointSerialNumber"),
            firmware=text(who, "firmwareVersion"),
            iccid=text(modem, "iccid"),
            imsi=text(modem, "imsi"),
        )
        if "chargePointVendor" in payload:
            outcome.odd.append(_wrong_shape("BootNotification", "1.6"))
        outcome.events.append(Booted(self.charger_id, now, identity, text(payload, "reason")))
        for evse in self.memory.evses.values():
            evse.ref = evse.charging = ""  # a transaction that goes on is told again; one that does not may never end
        outcome.answer = self.boot_answer(now)

    def _status(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.answer = {}
        outcome.notes.append(Note("StatusNotification", payload))
        self.placed(payload.get("timestamp"), now, outcome)
        if "connectorStatus" not in payload and "status" in payload:
            self._old_status(payload, now, outcome)
            return
        evse, connector = number(payload.get("evseId")), number(payload.get("connectorId"))
        word = text(payload, "connectorStatus")
        if evse is None or evse < 0:
            outcome.odd.append(Odd("evse_missing", "StatusNotification does not say which EVSE.", str(payload)[:300]))
            return
        self.connector_status(evse, connector, word, now, outcome)

    def connector_status(self, evse: int, connector: int | None, word: str, now: float, outcome: Outcome) -> None:
        """A connector's own status; EVSE 0 stands for the station."""
        known = _WORDS.get(word.lower(), "")
        if evse == 0:
            status = _OLD_STATUS.get(word.lower(), ConnectorStatus.UNKNOWN)
            outcome.events.append(StatusChanged(self.charger_id, 0, now, status))
            return
        if connector == 0:
            outcome.odd.append(
                Odd("connector_zero", "StatusNotification names connector 0 of an EVSE.", str(connector))
            )
        self.memory.evse(evse).connectors[connector or 1] = known
        self.show(evse, now, outcome, always=True)

    def _old_status(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        """A message in the shape of 1.6 under a 2.x sub-protocol (lbbrhzn/ocpp #2050)."""
        outcome.odd.append(_wrong_shape("StatusNotification", "1.6"))
        where = number(payload.get("connectorId"))
        status = _OLD_STATUS.get(text(payload, "status").lower(), ConnectorStatus.UNKNOWN)
        where = where if where is not None and where >= 0 else 0
        error = text(payload, "errorCode")
        error = "" if error == "NoError" else error
        outcome.events.append(StatusChanged(self.charger_id, where, now, status, error, text(payload, "info")[:500]))

    def _meter(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.answer = {}
        where = number(payload.get("evseId"))
        if where is None or where < 0:
            where = number(payload.get("connectorId"))
            if where is None or where < 0:
                outcome.odd.append(Odd("evse_missing", "MeterValues does not say which EVSE.", str(payload)[:300]))
                return
            outcome.odd.append(_wrong_shape("MeterValues", "1.6"))
        if where == 0:
            # The station's main power meter (2.x, MeterValuesRequest): none of the places a car stands at.
            outcome.events.append(Heard(self.charger_id, now))
            return
        ref = self.memory.evses[where].ref if where in self.memory.evses else ""
        told = self.memory.told.get(ref) if ref else None
        self.readings(payload.get("meterValue"), where, told.session if told else None, now, outcome)

    def _authorize(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        token = _part(payload, "idToken")
        outcome.events.append(Heard(self.charger_id, now))
        tag = text(token, "idToken")
        status = self.authorized(tag, text(token, "type"), None, now, outcome)
        outcome.answer = {"idTokenInfo": {"status": token_status(status), **self.details(tag)}}
        if payload.get("certificate") or payload.get("iso15118CertificateHashData"):
            # A contract certificate that cannot be checked must not open a charge (C07).
            outcome.answer = {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertChainError"}

    def _sign(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        csr, kind = text(payload, "csr"), text(payload, "certificateType") or "ChargingStationCertificate"
        if csr and kind == "ChargingStationCertificate" and self.policy.may_sign(self.charger_id):
            ident = number(payload.get("requestId"))
            outcome.events.append(CertificateAsked(self.charger_id, now, csr, "station", ident))
            outcome.answer = {"status": "Accepted"}
            return
        outcome.events.append(Heard(self.charger_id, now))
        outcome.answer = {"status": "Rejected"}

    def _event_told(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        """NotifyEvent: availability (2.1 prefers it over StatusNotification) and problems; the rest stays a message."""
        outcome.answer = {}
        outcome.events.append(Heard(self.charger_id, now))
        outcome.notes.append(Note("NotifyEvent", payload))
        events = payload.get("eventData")
        for item in events[:_MOST_EVENTS] if isinstance(events, list) else [events]:
            if isinstance(item, dict):
                self._one_event(item, now, outcome)

    def _one_event(self, item: dict[str, Any], now: float, outcome: Outcome) -> None:
        component, variable = _part(item, "component"), _part(item, "variable")
        place, name = _part(component, "evse"), text(variable, "name").lower()
        value = text(item, "actualValue")
        where, connector = number(place.get("id")) or 0, number(place.get("connectorId"))
        kind = text(component, "name")
        if name == "availabilitystate" and kind in ("Connector", "ChargingStation"):
            self.connector_status(where if kind == "Connector" else 0, connector, value, now, outcome)
        elif name in _PROBLEMS:
            if value.lower() == "true" and not item.get("cleared"):
                words = text(item, "techInfo") or text(item, "techCode")
                self.memory.last_error[where] = f"{kind}.{text(variable, 'name')}|{words[:300]}"
            else:
                self.memory.last_error.pop(where, None)
            if where:
                self.show(where, now, outcome, always=True)

    def _limit(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.answer = {}
        where = number(payload.get("evseId")) or 0
        source = text(_part(payload, "chargingLimit"), "chargingLimitSource") or "Other"
        outcome.events.append(ExternalLimit(self.charger_id, now, where, source, _lowest_a(payload)))

    def _limit_cleared(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.answer = {}
        where = number(payload.get("evseId")) or 0
        source = text(payload, "chargingLimitSource") or "Other"
        outcome.events.append(ExternalLimit(self.charger_id, now, where, source, cleared=True))

    def _needs(self, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        """K15: the limit comes with the next decision; until then the station uses its TxDefaultProfile."""
        outcome.answer = {"status": "Processing"}
        needs = _part(payload, "chargingNeeds")
        ac, dc = _part(needs, "acChargingParameters"), _part(needs, "dcChargingParameters")
        energy, amps = _real(ac.get("energyAmount", dc.get("energyAmount"))), _real(ac.get("evMaxCurrent"))
        leaves = parse_time(needs.get("departureTime"))
        phases = _PHASES.get(text(needs, "requestedEnergyTransfer"))
        where = number(payload.get("evseId")) or 0
        departure = None if leaves is None else leaves.at
        outcome.events.append(NeedsTold(self.charger_id, now, where, energy, departure, amps, phases))


def _part(payload: dict[str, Any], key: str, otherwise: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object inside a payload; `otherwise` (or an empty one) where it is missing or no object."""
    value = payload.get(key)
    return value if isinstance(value, dict) else {} if otherwise is None else otherwise


def _real(value: Any) -> float | None:
    """A number of the payload, None for anything else and for what cannot be."""
    plain = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
    return float(value) if plain else None


def _wrong_shape(action: str, version: str) -> Odd:
    sentence = f"{action} has the shape of OCPP {version}; set the charger to one version."
    return Odd("other_version", sentence, action)


def _lowest_a(payload: dict[str, Any]) -> float | None:
    """The lowest limit of NotifyChargingLimit in ampere per phase, None where it tells none."""
    schedules = payload.get("chargingSchedule")
    found: list[float] = []
    for schedule in schedules[:_MOST_SCHEDULES] if isinstance(schedules, list) else [schedules]:
        if not isinstance(schedule, dict):
            continue
        unit = Unit(rate_unit(text(schedule, "chargingRateUnit")))
        periods = schedule.get("chargingSchedulePeriod")
        for period in periods[:_MOST_PERIODS] if isinstance(periods, list) else [periods]:
            if not isinstance(period, dict):
                continue
            limit = period.get("limit")
            if isinstance(limit, int | float) and not isinstance(limit, bool) and limit >= 0:
                phases = number(period.get("numberPhases"))
                found.append(unit.ampere(float(limit), phases if phases in (1, 2, 3) else None))
    return min(found, default=None)


Handler = Callable[[Any, dict[str, Any], float, Outcome], None]


def noted(action: str, answer: dict[str, Any] | None = None) -> Handler:
    """A handler that passes the message on to whoever asked for it and answers as given."""

    def handle(station: Station, payload: dict[str, Any], now: float, outcome: Outcome) -> None:
        outcome.events.append(Heard(station.charger_id, now))
        outcome.notes.append(Note(action, payload))
        outcome.answer = dict(answer or {})

    return handle


HANDLERS: dict[str, Handler] = {
    "Authorize": Station201._authorize,
    "BootNotification": Station201._boot,
    "ClearedChargingLimit": Station201._limit_cleared,
    "DataTransfer": Station.data,
    "FirmwareStatusNotification": Station.firmware,
    # ISO 15118 contract certificates need a provider behind evdesk, OCSP an internet: said so instead of waiting.
    "Get15118EVCertificate": noted("Get15118EVCertificate", {"status": "Failed", "exiResponse": ""}),
    "GetCertificateStatus": noted("GetCertificateStatus", {"status": "Failed"}),
    "Heartbeat": Station.heartbeat,
    "LogStatusNotification": Station.upload,
    "MeterValues": Station201._meter,
    "NotifyChargingLimit": Station201._limit,
    "NotifyCustomerInformation": noted("NotifyCustomerInformation"),
    "NotifyDisplayMessages": noted("NotifyDisplayMessages"),
    "NotifyEVChargingNeeds": Station201._needs,
    "NotifyEVChargingSchedule": noted("NotifyEVChargingSchedule", {"status": "Accepted"}),
    "NotifyEvent": Station201._event_told,
    "NotifyMonitoringReport": noted("NotifyMonitoringReport"),
    "NotifyReport": noted("NotifyReport"),
    "PublishFirmwareStatusNotification": Station.firmware,
    "ReportChargingProfiles": noted("ReportChargingProfiles"),
    "ReservationStatusUpdate": noted("ReservationStatusUpdate"),
    "SecurityEventNotification": Station.security,
    "SignCertificate": Station201._sign,
    "StatusNotification": Station201._status,
    "TransactionEvent": Station201.event,
}
Station201.handlers = HANDLERS
Station201.other_version = (actions(Version.V16) | actions(Version.V21)) - frozenset(HANDLERS)
