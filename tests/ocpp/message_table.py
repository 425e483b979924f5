"""Who sends each message of OCPP 1.6, 2.0.1 and 2.1, and what the engine is told by those of the charging station.

Written down apart from the code it is held against. Sources: OCPP 1.6 section 4 and 5, the 1.6 security whitepaper,
OCPP 2.0.1 and 2.1 part 2, "Messages, Datatypes & Enumerations". docs/ocpp-messages.md is made from it.
"""

from evdesk.model import (
    Booted,
    CertificateAsked,
    DataReceived,
    Event,
    ExternalLimit,
    FirmwareStatusSeen,
    Heard,
    NeedsTold,
    Reading,
    SecurityEventSeen,
    StatusChanged,
    TagPresented,
    TransactionEnded,
    TransactionStarted,
    UploadStatusSeen,
)
from evdesk.ocpp.version import Version

_COMMON: dict[str, type[Event]] = {
    "BootNotification": Booted,
    "Heartbeat": Heard,
    "StatusNotification": StatusChanged,
    "MeterValues": Reading,
    "Authorize": TagPresented,
    "DataTransfer": DataReceived,
    "FirmwareStatusNotification": FirmwareStatusSeen,
    "LogStatusNotification": UploadStatusSeen,
    "SecurityEventNotification": SecurityEventSeen,
    "SignCertificate": CertificateAsked,
}
_ONLY_16: dict[str, type[Event]] = {
    "StartTransaction": TransactionStarted,
    "StopTransaction": TransactionEnded,
    "DiagnosticsStatusNotification": UploadStatusSeen,
    "SignedFirmwareStatusNotification": FirmwareStatusSeen,
}
_ONLY_2: dict[str, type[Event]] = {
    "ClearedChargingLimit": ExternalLimit,
    "Get15118EVCertificate": Heard,
    "GetCertificateStatus": Heard,
    "NotifyChargingLimit": ExternalLimit,
    "NotifyCustomerInformation": Heard,
    "NotifyDisplayMessages": Heard,
    "NotifyEVChargingNeeds": NeedsTold,
    "NotifyEVChargingSchedule": Heard,
    "NotifyEvent": Heard,
    "NotifyMonitoringReport": Heard,
    "NotifyReport": Heard,
    "PublishFirmwareStatusNotification": FirmwareStatusSeen,
    "ReportChargingProfiles": Heard,
    "ReservationStatusUpdate": Heard,
    "TransactionEvent": TransactionStarted,
}
_ONLY_21: dict[str, type[Event]] = {
    "BatterySwap": Heard,
    "ClosePeriodicEventStream": Heard,
    "GetCertificateChainStatus": Heard,
    "NotifyDERAlarm": Heard,
    "NotifyDERStartStop": Heard,
    "NotifyPeriodicEventStream": Heard,
    "NotifyPriorityCharging": Heard,
    "NotifySettlement": Heard,
    "OpenPeriodicEventStream": Heard,
    "PullDynamicScheduleUpdate": Heard,
    "ReportDERControl": Heard,
    "VatNumberValidation": Heard,
}

FROM_STATION: dict[Version, dict[str, type[Event]]] = {
    Version.V16: _COMMON | _ONLY_16,
    Version.V201: _COMMON | _ONLY_2,
    Version.V21: _COMMON | _ONLY_2 | _ONLY_21,
}
"""What a charging station sends, and an event that comes of it."""

SENDS = {Version.V16: (), Version.V201: (), Version.V21: ("NotifyPeriodicEventStream",)}
"""Messages of type 6, which have no response (2.1 part 4, 4.2.5)."""

_BOTH_GENERATIONS = (
    "CancelReservation CertificateSigned ChangeAvailability ClearCache ClearChargingProfile DataTransfer "
    "DeleteCertificate GetCompositeSchedule GetInstalledCertificateIds GetLocalListVersion GetLog InstallCertificate "
    "ReserveNow Reset SendLocalList SetChargingProfile TriggerMessage UnlockConnector UpdateFirmware"
)
_CSMS_16 = (
    "ChangeConfiguration ExtendedTriggerMessage GetConfiguration GetDiagnostics RemoteStartTransaction "
    "RemoteStopTransaction SignedUpdateFirmware"
)
_CSMS_2 = (
    "ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation GetBaseReport GetChargingProfiles "
    "GetDisplayMessages GetMonitoringReport GetReport GetTransactionStatus GetVariables PublishFirmware "
    "RequestStartTransaction RequestStopTransaction SetDisplayMessage SetMonitoringBase SetMonitoringLevel "
    "SetNetworkProfile SetVariableMonitoring SetVariables UnpublishFirmware"
)
_CSMS_21 = (
    "AFRRSignal AdjustPeriodicEventStream ChangeTransactionTariff ClearDERControl ClearTariffs GetDERControl "
    "GetPeriodicEventStream GetTariffs NotifyAllowedEnergyTransfer NotifyWebPaymentStarted RequestBatterySwap "
    "SetDERControl SetDefaultTariff UpdateDynamicSchedule UsePriorityCharging"
)

FROM_CSMS: dict[Version, tuple[str, ...]] = {
    Version.V16: tuple(f"{_BOTH_GENERATIONS} {_CSMS_16}".split()),
    Version.V201: tuple(f"{_BOTH_GENERATIONS} {_CSMS_2}".split()),
    Version.V21: tuple(f"{_BOTH_GENERATIONS} {_CSMS_2} {_CSMS_21}".split()),
}
"""What a CSMS sends. DataTransfer goes both ways."""


def every_from_station() -> list[tuple[Version, str]]:
    return [(version, action) for version in Version for action in sorted(FROM_STATION[version])]


def every_from_csms() -> list[tuple[Version, str]]:
    return [(version, action) for version in Version for action in sorted(FROM_CSMS[version])]
