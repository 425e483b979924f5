"""Floor 1: what evdesk talks about, as frozen dataclasses and enums.

Units stand in the names (`_a` ampere, `_w` watt, `_wh` watt-hour, `_v` volt, `_s` second).
Every `*_at` is Unix time in seconds, UTC. `None` means unknown, never zero.
Phases come as tuples `(L1, L2, L3)`.
"""

from evdesk.model.audit import AuditRow, ChainVerdict, Origin
from evdesk.model.charger import (
    Capability,
    Charger,
    ChargerState,
    ClockState,
    Connector,
    ConnectorStatus,
    Doubt,
    Failsafe,
    FailsafeState,
    Identity,
    Setting,
)
from evdesk.model.clock import Clock
from evdesk.model.errors import ChargerError, EvdeskError, Reason, Unsupported
from evdesk.model.events import (
    Attempt,
    Booted,
    CapabilitiesChanged,
    CertificateAsked,
    ClockSeen,
    Connected,
    DataReceived,
    Disconnected,
    Event,
    ExternalLimit,
    FirmwareStatusSeen,
    Heard,
    MessageSeen,
    NeedsTold,
    SecurityEventSeen,
    StatusChanged,
    TagPresented,
    TlsSeen,
    TransactionEnded,
    TransactionStarted,
    UploadStatusSeen,
)
from evdesk.model.findings import Finding, FindingSeen
from evdesk.model.limits import NOT_KNOWN, CurrentLimit, LiveProfile, Why, WhyCode
from evdesk.model.profiles import ProfileSeen
from evdesk.model.readings import NO_PHASES, PHASES, MeterReading, Phases, Reading
from evdesk.model.sessions import Session
from evdesk.model.sites import BalanceSettings, Bay, Circuit, GridType, MeterSource, Site, to_site_phases
from evdesk.model.state import EngineInfo, LineLoad, Notice, NoticeKind, Severity, SiteLoad, StorageHealth

__all__ = [
    "NOT_KNOWN",
    "NO_PHASES",
    "PHASES",
    "Attempt",
    "AuditRow",
    "BalanceSettings",
    "Bay",
    "Booted",
    "CapabilitiesChanged",
    "Capability",
    "CertificateAsked",
    "ChainVerdict",
    "Charger",
    "ChargerError",
    "ChargerState",
    "Circuit",
    "Clock",
    "ClockSeen",
    "ClockState",
    "Connected",
    "Connector",
    "ConnectorStatus",
    "CurrentLimit",
    "DataReceived",
    "Disconnected",
    "Doubt",
    "EngineInfo",
    "EvdeskError",
    "Event",
    "ExternalLimit",
    "Failsafe",
    "FailsafeState",
    "Finding",
    "FindingSeen",
    "FirmwareStatusSeen",
    "GridType",
    "Heard",
    "Identity",
    "LineLoad",
    "LiveProfile",
    "MessageSeen",
    "MeterReading",
    "MeterSource",
    "NeedsTold",
    "Notice",
    "NoticeKind",
    "Origin",
    "Phases",
    "ProfileSeen",
    "Reading",
    "Reason",
    "SecurityEventSeen",
    "Session",
    "Setting",
    "Severity",
    "Site",
    "SiteLoad",
    "StatusChanged",
    "StorageHealth",
    "TagPresented",
    "TlsSeen",
    "TransactionEnded",
    "TransactionStarted",
    "Unsupported",
    "UploadStatusSeen",
    "Why",
    "WhyCode",
    "to_site_phases",
]
