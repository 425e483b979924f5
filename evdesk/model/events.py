"""What drivers report. A driver calls `report(event)`; `engine/fleet` is the one place that applies it."""

from dataclasses import dataclass

from msgspec import Struct

from evdesk.model.charger import Capability, ConnectorStatus, Identity
from evdesk.model.findings import FindingSeen
from evdesk.model.readings import MeterReading, Reading


@dataclass(frozen=True, slots=True)
class Connected:
    charger_id: str
    at: float
    driver: str
    protocol: str
    address: str
    warnings: tuple[str, ...] = ()  # odd but workable handshakes, machine words


@dataclass(frozen=True, slots=True)
class Disconnected:
    charger_id: str
    at: float
    cause: str  # in words
    replaced: bool = False  # a newer connection with the same id took over


@dataclass(frozen=True, slots=True)
class Heard:
    """A sign of life that carries nothing else (heartbeat, pong)."""

    charger_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Booted:
    charger_id: str
    at: float
    identity: Identity
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """`connector_id` 0 is the charging station itself."""

    charger_id: str
    connector_id: int
    at: float
    status: ConnectorStatus
    error_code: str = ""
    info: str = ""
    vendor_error: str = ""


@dataclass(frozen=True, slots=True)
class TransactionStarted:
    charger_id: str
    connector_id: int
    at: float
    id_tag: str
    meter_wh: float | None
    transaction_id: int | None = None  # given by evdesk in 1.6; the charger's own where the protocol says so
    charger_at: float | None = None


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    charger_id: str
    at: float
    transaction_id: int | None
    meter_wh: float | None
    reason: str = ""
    id_tag: str = ""
    connector_id: int | None = None
    charger_at: float | None = None


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """The charger's timestamp minus the receive time. `zone_unknown`: it wrote no zone."""

    charger_id: str
    at: float
    offset_s: float
    zone_unknown: bool = False


@dataclass(frozen=True, slots=True)
class CapabilitiesChanged:
    charger_id: str
    at: float
    capabilities: frozenset[Capability]


@dataclass(frozen=True, slots=True)
class FirmwareStatusSeen:
    charger_id: str
    at: float
    status: str


@dataclass(frozen=True, slots=True)
class UploadStatusSeen:
    charger_id: str
    at: float
    status: str


@dataclass(frozen=True, slots=True)
class DataReceived:
    """DataTransfer from the charger."""

    charger_id: str
    at: float
    vendor_id: str
    message_id: str
    data: str


class MessageSeen(Struct, frozen=True, gc=False):
    """One frame as text, redacted. `direction` is "in" (from the charger) or "out"; `action` "" where unreadable.
    A Struct, because thousands are made a second."""

    charger_id: str
    at: float
    direction: str
    action: str
    message_id: str
    text: str
    kind: str = "call"  # call | result | error | garbage


@dataclass(frozen=True, slots=True)
class Attempt:
    """Someone opened the charger port. `verdict` is a machine word: "accepted", "pending", "no_id", "bad_path",
    "bad_subprotocol", "tls_on_plain_port", "not_http", "duplicate_id", "empty", "too_slow", "too_many"."""

    at: float
    address: str
    charger_id: str
    verdict: str
    path: str = ""
    protocols: tuple[str, ...] = ()
    sentence: str = ""


Event = (
    Connected
    | Disconnected
    | Heard
    | Booted
    | StatusChanged
    | Reading
    | MeterReading
    | TransactionStarted
    | TransactionEnded
    | ClockSeen
    | CapabilitiesChanged
    | FirmwareStatusSeen
    | UploadStatusSeen
    | DataReceived
    | FindingSeen
    | MessageSeen
    | Attempt
)
