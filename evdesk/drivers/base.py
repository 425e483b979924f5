"""What a driver is: one device, one `run`, about ten verbs, one set of capabilities."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from evdesk.model import (
    Capability,
    ChargerError,
    Clock,
    Event,
    LiveProfile,
    ProfileSeen,
    Reason,
    Setting,
    TransactionEnded,
    TransactionStarted,
    Unsupported,
)
from evdesk.model.blocks import CustomerTold, DisplayText, Monitor
from evdesk.model.tags import Tag

Report = Callable[[Event], None]
"""Synchronous and quick: the reader of a device never waits for whoever listens."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the device said to a verb that it accepted. `status` is its own word ("Accepted", "RebootRequired");
    `before`/`after` where the driver read back; `ms` from asking to answer."""

    status: str
    ms: float = 0.0
    before: str | None = None
    after: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A transaction as the engine recorded it: durable before the charger is answered."""

    transaction_id: int
    status: str = "Accepted"  # OCPP AuthorizationStatus


class Host(Protocol):
    """What a driver needs from the engine besides `report`."""

    clock: Clock

    def is_accepted(self, charger_id: str) -> bool: ...

    def authorize(self, charger_id: str, id_tag: str) -> str:
        """OCPP AuthorizationStatus for a presented tag."""
        ...

    def listed(self, id_tag: str) -> Tag | None:
        """The entry of the site's list a presented tag is, in whatever encoding."""
        ...

    async def open_transaction(self, event: TransactionStarted) -> Opened:
        """Record the start durably; the same start told twice gives the same id."""
        ...

    async def close_transaction(self, event: TransactionEnded) -> str:
        """Record the end durably; idempotent. Returns the AuthorizationStatus for the stopping tag."""
        ...

    def heartbeat_s(self, charger_id: str) -> int: ...

    def may_sign(self, charger_id: str) -> bool:
        """Whether a certificate signing request of this charger will be signed."""
        ...


@dataclass(frozen=True, slots=True)
class CompositeSchedule:
    """What the charger itself says it will do: (start offset s, limit in A or None for no limit) from now."""

    periods: tuple[tuple[float, float | None], ...]
    unit: str = "A"
    covers_s: float | None = None  # how long it reaches by its own word, None where it tells nothing

    @property
    def last_a(self) -> float | None:
        """What holds at the end of it; None: no limit."""
        return self.periods[-1][1] if self.periods else None

    def reaches(self, seconds: float) -> bool:
        """Whether its end says something about then; one that is too short may show a live limit last."""
        return self.covers_s is None or self.covers_s >= seconds


@dataclass(frozen=True, slots=True)
class CertificateHash:
    """A certificate as chargers name it. `use`: the charger's own word."""

    use: str
    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class Unanswered(ChargerError):
    """No answer in the time it was given. `late`: what is answered after all, cancelled where nothing, or an error, is."""

    def __init__(self, sentence: str, late: "asyncio.Future[Any]", action: str = "") -> None:
        super().__init__(Reason.TIMEOUT, sentence, action=action)
        self.action, self.late = action, late


def passed_on(late: "asyncio.Future[Any]", what: Callable[[Any], object | None]) -> "asyncio.Future[Any]":
    """A late answer as somebody else understands it; None from `what` is no answer."""
    passed = asyncio.get_running_loop().create_future()

    def came(done: "asyncio.Future[Any]") -> None:
        found = None if done.cancelled() else what(done.result())
        if found is None:
            passed.cancel()
        elif not passed.done():
            passed.set_result(found)

    late.add_done_callback(came)
    return passed


@dataclass(frozen=True, slots=True)
class FirmwareRequest:
    """What the charger is to fetch. `retrieve_at`, `install_at` (None: at once) in Unix s on evdesk's clock; `retry_s`
    between `retries`. `signature` (base64) and `certificate` (PEM) where the file is signed."""

    location: str
    request_id: int
    retrieve_at: float
    retries: int = 2
    retry_s: int = 30
    signature: str = ""
    certificate: str = ""
    install_at: float | None = None


@dataclass(frozen=True, slots=True)
class LogRequest:
    """What the charger is to send. `kind`: "diagnostics" or "security"; `from_at`, `to_at` on evdesk's clock."""

    location: str
    request_id: int
    kind: str = "diagnostics"
    from_at: float | None = None
    to_at: float | None = None
    retries: int = 1
    retry_s: int = 30


class FileTransferVerbs:
    """What concerns files that go to or come from the device."""

    @property
    def local_address(self) -> str:
        """The address of this computer on which the device is connected; "" where that is not known."""
        return ""

    @property
    def secure(self) -> bool:
        """Connected by TLS: it trusts evdesk's certificate."""
        return False

    async def update_firmware(self, request: FirmwareRequest) -> Answer:
        """Have it fetch and install; `FirmwareStatusSeen` follow. `Answer.payload["request_id"]`: they carry the number."""
        raise Unsupported("update_firmware")

    async def firmware_version(self) -> str:
        """The version it tells now, "" for none."""
        raise Unsupported("firmware_version")

    async def get_log(self, request: LogRequest) -> Answer:
        """Have it send its log; `UploadStatusSeen` follow. `Answer.after`: the name, None where it has nothing to send."""
        raise Unsupported("get_log")


class CertificateVerbs:
    """What concerns certificates and connection profiles inside the device."""

    async def certificates(self) -> list[CertificateHash]:
        raise Unsupported("certificates")

    async def install_certificate(self, use: str, pem: str) -> Answer:
        """`use`: "csms" (whom it trusts) or "manufacturer"."""
        raise Unsupported("install_certificate")

    async def delete_certificate(self, which: CertificateHash) -> Answer:
        raise Unsupported("delete_certificate")

    async def request_certificate(self) -> Answer:
        """Have it ask for a certificate of its own; `CertificateAsked` follows."""
        raise Unsupported("request_certificate")

    async def certificate_signed(self, chain: str, request_id: int | None = None) -> Answer:
        raise Unsupported("certificate_signed")

    async def change_profile(self, profile: int, url: str) -> Answer:
        """Raise the security profile: the device closes the connection and comes back by itself, to `url` where it has a
        say in that. Over OCPP there is no way back."""
        raise Unsupported("change_profile")


class LimitVerbs:
    """What concerns the limits inside the device."""

    def hurry(self, most_s: float, reductions: bool) -> None:
        """A reduction cannot wait: what is unanswered now has no longer than `most_s` for its answer, which may still come
        and is no error then. `reductions`: even if it is one itself."""


class StationVerbs:
    """What a device can be asked beside charging: monitors, its display, what it knows of a customer."""

    async def monitors(self) -> list[Monitor]:
        raise Unsupported("monitors")

    async def set_monitor(self, monitor: Monitor) -> Answer:
        """`monitor.id` 0: a new one; `Answer.after` is the id it got."""
        raise Unsupported("set_monitor")

    async def clear_monitor(self, ident: int) -> Answer:
        raise Unsupported("clear_monitor")

    async def monitoring(self, severity: int) -> Answer:
        """Events up to this severity are told: 0 danger only, 9 everything."""
        raise Unsupported("monitoring")

    async def displays(self) -> list[DisplayText]:
        raise Unsupported("displays")

    async def set_display(self, shown: DisplayText) -> Answer:
        raise Unsupported("set_display")

    async def clear_display(self, ident: int) -> Answer:
        raise Unsupported("clear_display")

    async def customer(self, id_tag: str, report: bool, clear: bool) -> CustomerTold:
        """`report`: tell what is known of who holds this tag; `clear`: forget it."""
        raise Unsupported("customer")


class Driver(LimitVerbs, CertificateVerbs, StationVerbs, FileTransferVerbs, ABC):
    """One device. Verbs raise `ChargerError` when the device refuses, is silent or answers nonsense."""

    name: str = ""
    protocol: str = ""
    sampling: tuple[str, str] = ("MeterValueSampleInterval", "MeterValuesSampledData")
    """The settings for the time between meter values while charging, and for the measurands in them."""
    told_a_part = False
    """The last `settings` are not known to be all: the device refused to tell them at once, or broke off."""

    def __init__(self, charger_id: str) -> None:
        self.charger_id = charger_id
        self.capabilities: frozenset[Capability] = frozenset()

    @abstractmethod
    async def run(self, report: Report) -> None:
        """Connect, report events, return or raise when the link is gone."""

    async def close(self, cause: str) -> None:
        """Let go of the device; `run` then ends."""

    async def start(self, connector_id: int, id_tag: str) -> Answer:
        raise Unsupported("start")

    async def stop(self, connector_id: int, transaction_id: int | None) -> Answer:
        raise Unsupported("stop")

    async def set_limit(self, profile: LiveProfile) -> Answer:
        """Put the expiring live limit in force; `Answer.after` is the limit the charger now has, where it tells."""
        raise Unsupported("set_limit")

    async def clear_limit(self, connector_id: int) -> Answer:
        raise Unsupported("clear_limit")

    async def install_failsafe(
        self, max_a: float, safe_a: float, connectors: Collection[int], phases: int = 3
    ) -> Answer:
        """Static maximum and static safe default, written once; verified on each of `connectors` where the device can show
        them. `phases` of its outlets."""
        raise Unsupported("failsafe")

    async def composite(self, connector_id: int, seconds: int) -> CompositeSchedule:
        raise Unsupported("composite")

    async def profiles(self) -> list[ProfileSeen]:
        """Every charging profile the charger holds, whoever put it there."""
        raise Unsupported("profiles")

    async def reset(self, kind: str) -> Answer:
        """`kind`: "soft" or "hard"."""
        raise Unsupported("reset")

    async def unlock(self, connector_id: int) -> Answer:
        raise Unsupported("unlock")

    async def trigger(self, what: str, connector_id: int | None) -> Answer:
        raise Unsupported("trigger")

    async def settings(self, full: bool = True) -> list[Setting]:
        """All settings; with `full` False only those evdesk itself needs, where all of them are a long read."""
        raise Unsupported("settings")

    async def write_setting(self, name: str, value: str) -> Answer:
        """Write, read back, and say both values."""
        raise Unsupported("write_setting")

    async def availability(self, connector_id: int, operative: bool) -> Answer:
        """Take a connector (0: the whole station) out of service, or back into it."""
        raise Unsupported("availability")

    async def reserve(self, connector_id: int, id_tag: str, reservation_id: int, until_at: float) -> Answer:
        raise Unsupported("reserve")

    async def cancel_reservation(self, reservation_id: int) -> Answer:
        raise Unsupported("cancel_reservation")

    async def clear_cache(self) -> Answer:
        raise Unsupported("clear_cache")

    async def data_transfer(self, vendor_id: str, message_id: str, data: str) -> Answer:
        raise Unsupported("data_transfer")

    async def raw(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        raise Unsupported("raw")
