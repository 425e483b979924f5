"""The fleet's mutable state: one record per charger and connector, written only by `engine/fleet`.

Records are plain slots objects because a busy site changes them thousands of times a second; the frozen model objects
that leave the engine are made from them on demand.
"""

from dataclasses import dataclass, field, replace

from evdesk.drivers.base import Driver
from evdesk.model import (
    NO_PHASES,
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
    Phases,
    Session,
    Why,
    to_site_phases,
)
from evdesk.model.hints import Hint

LONGEST_HABIT_S = 3600.0
ABSENCES_KEPT = 5
ABSENCE_SLACK_S = 15.0
_MOMENTS = ("confirmed_at", "status_at", "failed_at", "reading_at", "current_at", "plugged_at", "charging_since_at")
_PROVEN_ENOUGH = frozenset({FailsafeState.VERIFIED, FailsafeState.PROVEN})


@dataclass(slots=True)
class ConnectorRecord:
    """One connector. `confirmed_a` is the live limit the charger accepted, good until `confirmed_until`, and surely over at
    `falls_by`: in between it counts as whichever is higher, it or the default behind it.
    `asked_a` a limit that was sent and not answered yet: either may be in force."""

    id: int
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    error_code: str = ""
    error_info: str = ""
    status_at: float | None = None
    doubt: Doubt = Doubt.NONE
    plugged_at: float | None = None
    charging_since_at: float | None = None
    current_a: Phases = NO_PHASES
    voltage_v: Phases = NO_PHASES
    power_w: float | None = None
    energy_wh: float | None = None
    soc_pct: float | None = None
    reading_at: float | None = None
    current_at: float | None = None  # of `current_a`: many messages carry energy only
    sample_s: float = 10.0
    confirmed_a: float | None = None
    confirmed_at: float | None = None
    confirmed_until: float = 0.0  # from before it was sent: nobody counts on it for longer
    falls_by: float = 0.0  # from its answer, with the time a charger may take to fall
    asked_a: float | None = None
    asked_until: float = 0.0
    failed_at: float | None = None
    failed_a: float | None = None  # what was asked then
    watt_phases: int = 0  # the live limit was sent in watts, counted over so many phases; 0: in ampere
    unheard: bool = False  # it charges, and its start was never told (`evdesk.engine.unheard`)
    resend: bool = False  # the charger may have dropped the limit: send it again at once
    why: Why = field(default_factory=Why)
    wanted_a: float | None = None
    reserved_a: float = 0.0
    session: Session | None = None
    session_wh: float | None = None
    session_base_wh: float | None = None  # the register to count from where the charger told none at the start
    session_max_w: float = 0.0
    session_dirty: bool = False
    hint: Hint | None = None
    # wiring and ceiling, from the site
    rotation: str = ""
    phases: int = 3
    user_limit_a: float | None = None
    terminals: tuple[bool, bool, bool] = (True, True, True)

    @property
    def charges(self) -> bool:
        """A charge is known to run, by its start or by what is seen."""
        return self.session is not None or self.unheard

    def forget_limit(self) -> None:
        """What was confirmed is not to be relied on any more, but may still hold."""
        if self.confirmed_a is not None:
            self.asked_a = max(self.asked_a or 0.0, self.confirmed_a)
            self.asked_until = max(self.asked_until, self.confirmed_until, self.falls_by)
        self.confirmed_a = None

    def shift(self, seconds: float) -> None:
        """The clock jumped by this much: every moment keeps its age."""
        self.confirmed_until += seconds
        self.falls_by += seconds
        self.asked_until += seconds
        for name in _MOMENTS:
            at = getattr(self, name)
            if at is not None:
                setattr(self, name, at + seconds)

    def begin(self, session: Session) -> None:
        """A charge runs on this connector from now on, or is found running."""
        self.session = session
        self.session_wh, self.session_max_w = session.energy_wh, session.max_power_w or 0.0
        self.session_base_wh = None

    def current_session(self) -> Session:
        """The running session with its energy so far. Only while one runs."""
        if self.session is None:
            raise LookupError(f"no session runs on connector {self.id}")
        return replace(self.session, energy_wh=self.session_wh, max_power_w=self.session_max_w or None)

    def limit_a(self, now: float, safe_a: float | None) -> float | None:
        """What the charger holds the car to by its last word: the live limit, or its safe default after expiry."""
        if self.confirmed_a is not None and now < self.confirmed_until:
            return self.confirmed_a
        return safe_a

    def to_model(self, now: float, safe_a: float | None) -> Connector:
        session = self.session
        return Connector(
            id=self.id,
            status=self.status,
            error_code=self.error_code,
            error_info=self.error_info,
            status_at=self.status_at,
            doubt=self.doubt,
            current_a=self.current_a,
            site_current_a=to_site_phases(self.current_a, self.rotation),
            voltage_v=self.voltage_v,
            power_w=self.power_w,
            energy_wh=self.energy_wh,
            soc_pct=self.soc_pct,
            reading_at=self.reading_at,
            limit_a=self.limit_a(now, safe_a),
            limit_at=self.confirmed_at,
            limit_reason=self.why.text,
            why=self.why,
            user_limit_a=self.user_limit_a,
            reserved_a=self.reserved_a,
            session_id=session.id if session else None,
            session_wh=self.session_wh if session else None,
            session_started_at=session.started_at if session else None,
            id_tag=session.id_tag if session else "",
            hint=self.hint,
        )


@dataclass(slots=True)
class ChargerRecord:
    """One charging station. `link` is its driver while it is connected."""

    id: str
    driver: str = "ocpp"
    protocol: str = ""
    accepted: bool = False
    identity: Identity = field(default_factory=Identity)
    label: str = ""
    address: str = ""
    capabilities: frozenset[Capability] = frozenset()
    connectors: dict[int, ConnectorRecord] = field(default_factory=dict)
    clock: ClockState = field(default_factory=ClockState)
    failsafe: Failsafe = field(default_factory=Failsafe)
    connected_at: float | None = None
    heard_at: float | None = None
    lost_at: float | None = None
    absences_s: tuple[float, ...] = ()
    boots: int = 0
    asked_at: float = 0.0  # when an unknown charger's wish to join was last told
    findings: int = 0
    firmware_status: str = ""
    upload_status: str = ""
    warnings: frozenset[str] = frozenset()
    link: Driver | None = None
    station_status: ConnectorStatus = ConnectorStatus.UNKNOWN

    @property
    def online(self) -> bool:
        return self.link is not None

    @property
    def state(self) -> ChargerState:
        if not self.accepted:
            return ChargerState.PENDING
        return ChargerState.ONLINE if self.online else ChargerState.OFFLINE

    @property
    def falls_back(self) -> bool:
        """True when the charger was seen to return to its safe default by itself."""
        return self.failsafe.state in _PROVEN_ENOUGH

    @property
    def safe_a(self) -> float | None:
        """The safe default in the charger; None where there is none to rely on."""
        return self.failsafe.safe_a if self.falls_back or self.failsafe.state is FailsafeState.UNTESTED else None

    def back(self, at: float) -> None:
        """It dialled in again. Some do only after 6 to 19 minutes (lbbrhzn/ocpp PR #2073); an outage is no habit."""
        if self.lost_at is not None and 0.0 <= at - self.lost_at <= LONGEST_HABIT_S:
            self.absences_s = (*self.absences_s, round(at - self.lost_at, 1))[-ABSENCES_KEPT:]

    @property
    def expected_at(self) -> float | None:
        """When it is back if it takes as long as ever; None while it is here, and where it was never away."""
        if self.online or self.lost_at is None or not self.absences_s:
            return None
        return self.lost_at + max(self.absences_s) + ABSENCE_SLACK_S

    def shift(self, seconds: float) -> None:
        """The clock jumped by this much."""
        for name in ("connected_at", "heard_at", "lost_at"):
            at = getattr(self, name)
            if at is not None:
                setattr(self, name, at + seconds)
        off, at = self.clock.offset_s, self.clock.measured_at  # its own clock stayed as it was
        if off is not None and at is not None:
            self.clock = replace(self.clock, offset_s=off - seconds, measured_at=at + seconds)
        for connector in self.connectors.values():
            connector.shift(seconds)

    def connector(self, connector_id: int) -> ConnectorRecord:
        record = self.connectors.get(connector_id)
        if record is None:
            record = self.connectors[connector_id] = ConnectorRecord(connector_id)
        return record

    def to_model(self, now: float) -> Charger:
        who = self.identity
        safe_a = self.safe_a
        return Charger(
            id=self.id,
            driver=self.driver,
            protocol=self.protocol,
            state=self.state,
            label=self.label or self.id,
            vendor=who.vendor,
            model=who.model,
            serial=who.serial,
            firmware=who.firmware,
            address=self.address,
            capabilities=tuple(sorted(self.capabilities)) if self.online else (),
            connectors=tuple(self.connectors[k].to_model(now, safe_a) for k in sorted(self.connectors)),
            clock=self.clock,
            failsafe=self.failsafe,
            connected_at=self.connected_at,
            heard_at=self.heard_at,
            lost_at=self.lost_at,
            absences_s=self.absences_s,
            expected_at=self.expected_at,
            boots=self.boots,
            findings=self.findings,
            firmware_status=self.firmware_status,
            upload_status=self.upload_status,
            warnings=tuple(sorted(self.warnings)),
        )

    @classmethod
    def from_model(cls, charger: Charger, accepted: bool) -> "ChargerRecord":
        """What survives a restart: identity, connectors, failsafe, and limits that may still be in force."""
        record = cls(
            id=charger.id,
            driver=charger.driver,
            protocol=charger.protocol,
            accepted=accepted,
            identity=Identity(charger.vendor, charger.model, charger.serial, charger.firmware),
            label=charger.label,
            address=charger.address,
            clock=ClockState(),
            failsafe=charger.failsafe,
            heard_at=charger.heard_at,
            lost_at=charger.lost_at or charger.heard_at,
            absences_s=charger.absences_s,
            boots=charger.boots,
        )
        for connector in charger.connectors:
            record.connectors[connector.id] = ConnectorRecord(
                connector.id,
                confirmed_a=connector.limit_a,
                confirmed_at=connector.limit_at,
                energy_wh=connector.energy_wh,
            )
        return record
