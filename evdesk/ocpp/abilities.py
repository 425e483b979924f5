"""What there is to be able to do in each version, how a charger announces it, and questions that change nothing. Data
and pure functions."""

from dataclasses import dataclass, field
from typing import Any

from evdesk.model.abilities import Verdict

_GOOD = frozenset(
    {"", "Accepted", "Scheduled", "Unlocked", "RebootRequired", "NoProfiles", "EmptyResultSet", "AcceptedCanceled"}
)
_MISSING = frozenset({"NotImplemented", "NotSupported", "UnknownMessageId"})

AREAS_16: dict[str, tuple[str, ...]] = {
    "Core": (
        "GetConfiguration", "ChangeConfiguration", "ChangeAvailability", "ClearCache", "DataTransfer",
        "RemoteStartTransaction", "RemoteStopTransaction", "Reset Soft", "Reset Hard", "UnlockConnector",
    ),
    "SmartCharging": ("SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule"),
    "RemoteTrigger": (
        "TriggerMessage StatusNotification", "TriggerMessage MeterValues", "TriggerMessage Heartbeat",
        "TriggerMessage BootNotification", "TriggerMessage FirmwareStatusNotification",
        "TriggerMessage DiagnosticsStatusNotification",
    ),
    "LocalAuthListManagement": ("GetLocalListVersion", "SendLocalList"),
    "Reservation": ("ReserveNow", "CancelReservation"),
    "FirmwareManagement": ("UpdateFirmware", "GetDiagnostics"),
    "Security": (
        "GetInstalledCertificateIds", "InstallCertificate", "DeleteCertificate", "ExtendedTriggerMessage Heartbeat",
        "CertificateSigned", "GetLog", "SignedUpdateFirmware",
    ),
}  # fmt: skip
AREAS_2: dict[str, tuple[str, ...]] = {
    "Provisioning": ("GetVariables", "SetVariables", "GetBaseReport", "GetReport", "SetNetworkProfile", "Reset OnIdle",
                     "Reset Immediate"),
    "RemoteControl": (
        "RequestStartTransaction", "RequestStopTransaction", "UnlockConnector", "TriggerMessage StatusNotification",
        "TriggerMessage MeterValues", "TriggerMessage Heartbeat", "TriggerMessage BootNotification",
        "TriggerMessage FirmwareStatusNotification", "TriggerMessage LogStatusNotification",
    ),
    "SmartCharging": ("SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule", "GetChargingProfiles"),
    "Availability": ("ChangeAvailability",),
    "Transactions": ("GetTransactionStatus",),
    "LocalAuthList": ("GetLocalListVersion", "SendLocalList"),
    "Reservation": ("ReserveNow", "CancelReservation"),
    "Firmware": ("UpdateFirmware", "PublishFirmware"),
    "Certificates": ("GetInstalledCertificateIds", "InstallCertificate", "DeleteCertificate", "CertificateSigned"),
    "Diagnostics": ("GetLog", "GetMonitoringReport", "SetMonitoringBase", "CustomerInformation"),
    "DisplayMessage": ("GetDisplayMessages", "SetDisplayMessage"),
    "DataTransfer": ("DataTransfer",),
}  # fmt: skip
_BY_COMPONENT = {
    "smartchargingctrlr": "SmartCharging",
    "localauthlistctrlr": "LocalAuthList",
    "reservationctrlr": "Reservation",
    "displaymessagectrlr": "DisplayMessage",
    "monitoringctrlr": "Diagnostics",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A question that changes nothing: the message and its payload."""

    action: str
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return ability_name(self.action, self.payload)


def areas(protocol: str) -> dict[str, tuple[str, ...]]:
    return AREAS_16 if protocol in ("", "ocpp1.6") else AREAS_2


def ability_name(action: str, payload: dict[str, Any]) -> str:
    """The message, and what was asked in it where that makes a difference."""
    if action in ("TriggerMessage", "ExtendedTriggerMessage"):
        return f"{action} {payload.get('requestedMessage', '')}".strip()
    return f"Reset {payload.get('type', '')}".strip() if action == "Reset" else action


def verdict_of(kind: str, payload: Any) -> tuple[Verdict, str] | None:
    """What an answer (a frame's kind and its decoded list or payload) says about the ability, and in which words."""
    if kind == "timeout":
        return Verdict.SILENT, "no answer in time"
    if kind == "error":
        code = str(payload[2]) if isinstance(payload, list) and len(payload) > 2 else "error"
        words = str(payload[3])[:160] if isinstance(payload, list) and len(payload) > 3 and payload[3] else ""
        told = f"{code}: {words}" if words else code
        return (Verdict.MISSING if code in _MISSING else Verdict.REFUSED), told
    if kind != "result":
        return None
    body = payload[2] if isinstance(payload, list) and len(payload) > 2 else {}
    status = str(body.get("status", "")) if isinstance(body, dict) else ""
    if isinstance(body, dict) and body.get("listVersion", body.get("versionNumber")) == -1:
        return Verdict.MISSING, "list version -1"
    if status in _GOOD:
        return Verdict.WORKS, status or "answered"
    return (Verdict.MISSING if status in _MISSING else Verdict.REFUSED), status


def announced(protocol: str, values: dict[str, str | None]) -> dict[str, bool]:
    """area -> what the charger claims; areas it says nothing about are absent. `values`: settings by name, in lower
    case. A claim is no proof (matth-x/MicroOcpp: profile listed, message NotImplemented)."""
    if protocol in ("", "ocpp1.6"):
        told = values.get("supportedfeatureprofiles")
        if not told:
            return {}
        words = {word.strip().lower() for word in told.split(",")}
        return {area: area.lower() in words for area in AREAS_16 if area != "Security"}
    found = {}
    for component, area in _BY_COMPONENT.items():
        value = values.get(f"{component}/available") or values.get(f"{component}/enabled")
        if value is not None:
            found[area] = value.strip().lower() == "true"
    return found


def boots_on_questions(vendor: str, model: str) -> bool:
    """Models that begin to restart over and over when asked about measurands (ABB Terra AC up to 1.8.21;
    lbbrhzn/ocpp #1275, #880, #1590)."""
    return "abb" in vendor.lower() or model.lower().startswith("terra ac")


def probes(protocol: str, vendor: str, model: str, connector_id: int = 1) -> list[Probe]:
    """Questions a charger answers without changing anything. Never GetBaseReport (lbbrhzn/ocpp #1432)."""
    careful = boots_on_questions(vendor, model)
    triggers = ["Heartbeat", "StatusNotification", "FirmwareStatusNotification"]
    triggers += [] if careful else ["MeterValues"]
    return (
        _probes_16(triggers, careful, connector_id)
        if protocol in ("", "ocpp1.6")
        else _probes_2(triggers, connector_id)
    )


def _probes_16(triggers: list[str], careful: bool, connector_id: int) -> list[Probe]:
    asked = [] if careful else [Probe("GetConfiguration", {"key": ["SupportedFeatureProfiles", "NumberOfConnectors"]})]
    asked += [
        Probe("TriggerMessage", {"requestedMessage": word}) for word in (*triggers, "DiagnosticsStatusNotification")
    ]
    return [
        *asked,
        Probe("GetLocalListVersion"),
        Probe("GetCompositeSchedule", {"connectorId": connector_id, "duration": 300}),
        Probe("GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"}),
        Probe("ExtendedTriggerMessage", {"requestedMessage": "Heartbeat"}),
    ]


def _probes_2(triggers: list[str], connector_id: int) -> list[Probe]:
    place = {"evse": {"id": connector_id, "connectorId": 1}}
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    asked = [Probe("GetVariables", {"getVariableData": [variable]})]
    for word in (*triggers, "LogStatusNotification"):
        where = (
            place if word == "StatusNotification" else {"evse": {"id": connector_id}} if word == "MeterValues" else {}
        )
        asked.append(Probe("TriggerMessage", {"requestedMessage": word, **where}))
    return [
        *asked,
        Probe("GetLocalListVersion"),
        Probe("GetCompositeSchedule", {"evseId": connector_id, "duration": 300}),
        Probe("GetInstalledCertificateIds"),
        Probe("GetTransactionStatus"),
        Probe("GetChargingProfiles", {"requestId": 9001, "chargingProfile": {}}),
        Probe("GetDisplayMessages", {"requestId": 9002}),
        Probe("GetMonitoringReport", {"requestId": 9003}),
    ]
