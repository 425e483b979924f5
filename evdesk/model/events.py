"""What drivers report. A driver calls `report(event)`; `engine/fleet` is the one place that applies it."""

from dataclasses import dataclass

from msgspec import Struct

from evdesk.model.charger import Capability, ConnectorStatus, Identity
from evdesk.model.findings import FindingSeen
from evdesk.model.readings import MeterReading, Reading
from evdesk.model.state import Severity


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
    transaction_id: int | None = None  # 1.6: one the charger brought along
    charger_at: float | None = None
    ref: str = ""  # 2.x: the charger's own transaction id, by which it is found again
    incomplete: bool = False  # its start was never told; this is the first that was heard of it


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
    ref: str = ""


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
    """`request_id`: of the job it belongs to, where the protocol has one."""

    charger_id: str
    at: float
    status: str
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class UploadStatusSeen:
    charger_id: str
    at: float
    status: str
    request_id: int | None = None


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
    `odd`: the rules this frame broke, joined by commas. The kinds timeout and lost are no frames: they stand where the
    answer to a CALL of ours should have come. A Struct, because thousands are made a second."""

    charger_id: str
    at: float
    direction: str
    action: str
    message_id: str
    text: str
    kind: str = "call"  # call | send (has no answer) | result | error | garbage | timeout | lost
    odd: str = ""


@dataclass(frozen=True, slots=True)
class TagPresented:
    """A driver's card, app or plug showed itself. `id_tag` exactly as the charger wrote it; `kind`: the charger's word
    for what it is ("ISO14443", "eMAID", "" where the protocol has none); `status`: the AuthorizationStatus answered."""

    charger_id: str
    at: float
    id_tag: str
    kind: str = ""
    connector_id: int | None = None
    status: str = ""


@dataclass(frozen=True, slots=True)
class SecurityEventSeen:
    """A security event of the charger, e.g. "InvalidFirmwareSignature" (OCPP 1.6 security whitepaper; 2.x A04)."""

    charger_id: str
    at: float
    kind: str
    info: str = ""


@dataclass(frozen=True, slots=True)
class CertificateAsked:
    """SignCertificate was answered with Accepted: the signed chain is to be sent back. `csr` is PEM;
    `use`: "station" (TLS client) or "v2g"."""

    charger_id: str
    at: float
    csr: str
    use: str = "station"
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExternalLimit:
    """Something else than evdesk limits the charger (NotifyChargingLimit, ClearedChargingLimit). `source`: EMS, SO, CSO,
    Other; `limit_a` None with `cleared` False: the charger did not say how much."""

    charger_id: str
    at: float
    connector_id: int
    source: str
    limit_a: float | None = None
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class NeedsTold:
    """What a car asks for (ISO 15118, NotifyEVChargingNeeds): energy, departure, its highest current per phase and its
    phases; None where it did not say."""

    charger_id: str
    at: float
    connector_id: int
    energy_wh: float | None = None
    departure_at: float | None = None
    max_a: float | None = None
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """What a TLS client showed: the versions and ciphers it offers, the name it asks for, what was agreed, or the
    alert that ended it. `certificate`: subject of the client's certificate."""

    offered_versions: tuple[str, ...] = ()
    offered_ciphers: tuple[str, ...] = ()
    server_name: str = ""
    version: str = ""
    cipher: str = ""
    alert: str = ""
    certificate: str = ""
    error: str = ""  # the library's word for what ended the handshake


@dataclass(frozen=True, slots=True)
class Attempt:
    """Someone opened the charger port. `verdict` is a machine word: "accepted", "pending", "no_id", "bad_path",
    "bad_subprotocol", "tls_on_plain_port", "not_http", "duplicate_id", "empty", "too_slow", "too_many", and those of
    the security checks. `sentence` says what happened, `advice` what to change and where, "" for nothing.

    `request`: the request line and headers as they came, secrets hidden. `auth`: the form of the log-in ("none",
    "unchecked", "wrong", "text", "hex", "bytes", "certificate"). `warnings`: odd but workable, machine words.
    `profile`: the security profile it
    reached. The same attempt again is counted: `count` times, first at `first_at`, last at `at`."""

    at: float
    address: str
    charger_id: str
    verdict: str
    path: str = ""
    protocols: tuple[str, ...] = ()
    sentence: str = ""
    advice: str = ""
    port: int = 0
    request: str = ""
    auth: str = ""
    warnings: tuple[str, ...] = ()
    tls: TlsSeen | None = None
    id: int = 0
    severity: Severity = Severity.INFO
    profile: int = 0
    count: int = 1
    first_at: float | None = None


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
    | TagPresented
    | SecurityEventSeen
    | CertificateAsked
    | ExternalLimit
    | NeedsTold
)
