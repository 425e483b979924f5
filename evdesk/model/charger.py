"""A charging station and its connectors as evdesk knows them now."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from evdesk.model.hints import Hint
from evdesk.model.limits import NOT_KNOWN, Why
from evdesk.model.readings import NO_PHASES, Phases


class ChargerState(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"
    PENDING = "pending"


class ConnectorStatus(StrEnum):
    """OCPP 1.6 ChargePointStatus (spec section 7.7), plus unknown."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    UNKNOWN = "unknown"

    @property
    def has_car(self) -> bool:
        return self in _WITH_CAR


class Doubt(StrEnum):
    """Why a connector's status is not to be believed as it stands. The balancer counts the worst of both in any case."""

    NONE = ""
    FLOWS = "flows"  # current is measured where the status says that none can flow
    NOTHING_FLOWS = "nothing_flows"  # says that it charges, may, and draws nothing
    NO_CHARGE = "no_charge"  # accepted a start, and no charge began
    UNHEARD = "unheard"  # it charges, and its start was never told


_WITH_CAR = frozenset(
    {
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.FINISHING,
    }
)


class Capability(StrEnum):
    """One verb each. The set enables actions in the desk; it may shrink or grow as the device shows what it can do."""

    START = "start"
    STOP = "stop"
    SET_LIMIT = "set_limit"
    RESET = "reset"
    UNLOCK = "unlock"
    TRIGGER = "trigger"
    SETTINGS = "settings"
    WRITE_SETTING = "write_setting"
    RAW = "raw"
    FAILSAFE = "failsafe"
    COMPOSITE = "composite"
    AVAILABILITY = "availability"
    PROFILES = "profiles"  # tells which charging profiles it holds
    LOCAL_LIST = "local_list"
    RESERVE = "reserve"
    CERTIFICATES = "certificates"
    LOGS = "logs"
    FIRMWARE = "firmware"
    DISPLAY = "display"
    MONITORING = "monitoring"
    CUSTOMER = "customer"  # tells what it holds about a customer, and forgets it


class FailsafeState(StrEnum):
    PROVEN = "proven"  # a drill measured it
    VERIFIED = "verified"  # written and shown again by the composite schedule
    UNTESTED = "untested"  # written, not verified
    CANNOT = "cannot"  # the charger refuses it: its full rating is reserved
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failsafe:
    """What the charger does by itself when evdesk is silent."""

    state: FailsafeState = FailsafeState.UNKNOWN
    max_a: float | None = None  # static ChargePointMaxProfile
    safe_a: float | None = None  # static TxDefaultProfile
    detail: str = ""
    checked_at: float | None = None
    connectors: tuple[int, ...] = ()  # those it was written for, and looked at; (): not known

    def lacks(self, connectors: Iterable[int]) -> list[int]:
        """Those among all the placed `connectors` of the charger that this says nothing about. Where it is not known for
        which it was written it is that of the only one, or of the first."""
        wanted = sorted(connectors)
        known = self.connectors or (wanted[:1] if len(wanted) == 1 else [1])
        return [n for n in wanted if n not in known]


@dataclass(frozen=True, slots=True)
class Identity:
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    iccid: str = ""
    imsi: str = ""
    meter_type: str = ""
    meter_serial: str = ""


@dataclass(frozen=True, slots=True)
class ClockState:
    """The charger's clock against ours: positive offset = the charger is ahead. None = no usable timestamp yet."""

    offset_s: float | None = None
    measured_at: float | None = None
    zone_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Connector:
    """`limit_a` is what the charger confirmed, None before any; `limit_reason` is `why.text` for scripts.

    `current_a` is at the charger's own terminals; `site_current_a` the same on the site's phases.
    `reading_at` tells how old the measured values are. `energy_wh` is the meter register, `session_wh` the charge's.
    `doubt`: the status contradicts what is measured. `hint`: what was said of the running charge.
    """

    id: int
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    error_code: str = ""
    error_info: str = ""
    status_at: float | None = None
    doubt: Doubt = Doubt.NONE
    current_a: Phases = NO_PHASES
    site_current_a: Phases = NO_PHASES
    voltage_v: Phases = NO_PHASES
    power_w: float | None = None
    energy_wh: float | None = None
    soc_pct: float | None = None
    reading_at: float | None = None
    limit_a: float | None = None
    limit_at: float | None = None
    limit_reason: str = "unknown"
    why: Why = NOT_KNOWN
    user_limit_a: float | None = None
    reserved_a: float = 0.0  # what the balancer keeps for it per phase, beyond what is measured
    session_id: int | None = None
    session_wh: float | None = None
    session_started_at: float | None = None
    id_tag: str = ""
    hint: Hint | None = None


@dataclass(frozen=True, slots=True)
class Charger:
    """`absences_s`: how long it was away the last times; `expected_at`: back by then, if it goes on like that."""

    id: str
    driver: str = "ocpp"
    protocol: str = ""  # "ocpp1.6" | "ocpp2.0.1" | "ocpp2.1"
    state: ChargerState = ChargerState.PENDING
    label: str = ""  # "Bay 1"
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    address: str = ""
    capabilities: tuple[Capability, ...] = ()
    connectors: tuple[Connector, ...] = ()
    clock: ClockState = ClockState()
    failsafe: Failsafe = Failsafe()
    connected_at: float | None = None
    heard_at: float | None = None
    lost_at: float | None = None
    absences_s: tuple[float, ...] = ()
    expected_at: float | None = None
    boots: int = 0
    findings: int = 0
    firmware_status: str = ""
    upload_status: str = ""
    warnings: tuple[str, ...] = ()  # machine words: "duplicate_id", "clock_off", "no_meter_values"


@dataclass(frozen=True, slots=True)
class Setting:
    """One configuration key (1.6) or one variable attribute (2.x).

    `name` is its address, unique in the charger: the key, or for 2.x "Component[instance]@evse.connector/Variable[inst]"
    with "#Target" (or "#MinSet", "#MaxSet") behind it for another attribute than Actual. `value` None: write-only or
    not told. `choices`: the values it takes, where the charger says so; `low`, `high`: its range in `unit`.
    `warning`: what a wrong value does, in words; "" for the harmless ones."""

    name: str
    value: str | None = None
    type: str = "string"  # string | integer | decimal | boolean | datetime | choice | list
    unit: str = ""
    writable: bool = True
    known: bool = True  # False: a vendor key the standard does not name
    meaning: str = ""
    reboot: bool | None = None  # observed, None = never written
    readable: bool = True
    group: str = ""  # component (2.x) or feature profile (1.6)
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    secret: bool = False
    warning: str = ""
