"""What the desk sees of the site and the engine as a whole."""

from dataclasses import dataclass
from enum import StrEnum

from evdesk.model.readings import NO_PHASES, Phases
from evdesk.model.sites import PowerCap


class Severity(StrEnum):
    INFO = "info"
    OK = "ok"
    WARN = "warn"
    DANGER = "danger"


class NoticeKind(StrEnum):
    """What happened, for the event list, chart markers and notifications."""

    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    STARTED = "started"
    STOPPED = "stopped"
    CAR_FULL = "car_full"
    FAULT = "fault"
    FAULT_CLEARED = "fault_cleared"
    LOST = "lost"
    BACK = "back"
    SAFE_SHARE = "safe_share"  # a silent charger is at its safe default by now
    ASKS = "asks"  # an unknown charger wants to join
    STRANGER = "stranger"  # one that nobody accepted takes room from the others
    HOUSE_STEP = "house_step"
    OVER_FUSE = "over_fuse"
    LIMIT = "limit"
    METER_LOST = "meter_lost"
    METER_BACK = "meter_back"
    STORAGE = "storage"
    FAILSAFE = "failsafe"
    SECURITY = "security"  # a security event of the charger
    EXTERNAL_LIMIT = "external_limit"  # something else than evdesk limits it
    CERTIFICATE = "certificate"  # one ends soon, or has ended
    CA_TEST = "ca_test"  # whether a charger checks evdesk's certificate
    NEEDS = "needs"  # the car told what it needs
    NOT_STARTED = "not_started"  # a start was accepted and did not lead to a charge
    METER_DOUBT = "meter_doubt"  # steps show that a meter is wired or set wrongly
    POWER_CAP = "power_cap"  # a power limit from outside begins or ends
    ENGINE_GAP = "engine_gap"  # the engine stood still: chargers may have fallen back meanwhile
    SHARED_FEED = "shared_feed"  # the outlets of one charger share a current until a person says what its feed carries
    FIRMWARE = "firmware"  # a version that evdesk did not bring, or a firmware file the charger found wrong
    JOB = "job"  # an update of firmware or the fetching of a log is paused, or over
    TAG = "tag"  # an unknown card was refused, a person may accept it


@dataclass(frozen=True, slots=True)
class Notice:
    """`args` fill the desk's sentence (label, amps, seconds, code ...)."""

    id: int
    at: float
    kind: NoticeKind
    severity: Severity
    charger_id: str = ""
    connector_id: int = 0
    args: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True, slots=True)
class LineLoad:
    """One conductor. `cars_a` measured, `other_a` everything else, `reserved_a` kept free for what is not known, `silent_a`
    in case evdesk falls silent; `free_a` is what is left for cars. None = unknown. `limit_a` is the rating."""

    line: str  # "Main/L2"
    circuit: str
    phase: str
    limit_a: float
    total_a: float | None = None
    cars_a: float | None = None
    other_a: float | None = None
    reserved_a: float = 0.0
    free_a: float | None = None
    silent_a: float = 0.0
    heat_left: float | None = None  # 0 to 1: of what the breaker bears in short overloads; None: not known


@dataclass(frozen=True, slots=True)
class SiteLoad:
    """The site now. `meter_at` None: there is no meter, sums of the chargers stand in."""

    at: float
    lines: tuple[LineLoad, ...] = ()
    total_w: float | None = None
    cars_w: float | None = None
    other_w: float | None = None
    capacity_w: float = 0.0
    charging: int = 0
    today_wh: float = 0.0
    today_sessions: int = 0
    meter_at: float | None = None
    meter_stale: bool = False
    total_a: Phases = NO_PHASES
    safe_share_a: float = 0.0
    tightest: str = ""  # line name
    over_s: float = 0.0  # seconds any line was above its rating since the engine started
    over_longest_s: float = 0.0
    caps: tuple[PowerCap, ...] = ()  # power limits in force


@dataclass(frozen=True, slots=True)
class StorageHealth:
    ok: bool = True
    sentence: str = ""
    since_at: float | None = None
    db_bytes: int = 0
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class EngineInfo:
    version: str
    started_at: float
    uptime_s: float
    ocpp_url: str
    ocpp_urls: tuple[str, ...]
    api_url: str
    data_dir: str
    pid: int
    chargers: int
    online: int
    pending: int
    site: str
    simulated: bool
    balancing: bool
    accept_unknown: bool
    storage: StorageHealth
    commands: int = 0
    messages: int = 0
    audit_rows: int = 0
    findings: int = 0
    cpu_s: float = 0.0
    speed: float = 1.0
