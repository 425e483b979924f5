"""The versions of OCPP evdesk speaks, by their WebSocket sub-protocol (OCPP-J 1.6, 3.1.2; 2.x part 4, 3.1.2)."""

from enum import StrEnum


class Version(StrEnum):
    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"

    @property
    def words(self) -> str:
        """The name as people write it, e.g. OCPP 2.0.1."""
        return f"OCPP {self.value[4:]}"

    @property
    def second(self) -> bool:
        """One of the 2.x generation: EVSEs, device model, TransactionEvent."""
        return self is not Version.V16


_CODES_16 = {
    "FormatViolation": "FormationViolation",
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    "MessageTypeNotSupported": "ProtocolError",
    "RpcFrameworkError": "GenericError",
}
_CODES_2 = {"FormationViolation": "FormatViolation", "OccurenceConstraintViolation": "OccurrenceConstraintViolation"}


def error_code(version: Version, code: str) -> str:
    """A CALLERROR code as this version spells it (OCPP-J 1.6, 4.2.3; 2.x part 4, 4.3)."""
    return (_CODES_2 if version.second else _CODES_16).get(code, code)


def guess(text: str) -> Version:
    """The version a first message speaks, by its shape: for connections that named no sub-protocol."""
    head = text[:4000]
    if '"TransactionEvent"' in head or '"NotifyReport"' in head or '"NotifyEvent"' in head:
        return Version.V201
    if '"BootNotification"' in head and '"chargingStation"' in head:
        return Version.V201
    if '"StatusNotification"' in head and '"connectorStatus"' in head:
        return Version.V201
    return Version.V16
