"""The site: a tree of circuits, and the bays that hang on them."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from evdesk.model.readings import Phases


class GridType(StrEnum):
    WYE = "wye"  # three phases and neutral
    DELTA = "delta"  # three phases without neutral: one-phase chargers sit between two of them
    SPLIT = "split"  # two hot legs L1, L2 and neutral, 120/240 V; the L3 rating is 0
    SINGLE = "single"  # one phase; L2 and L3 ratings are 0

    @property
    def phases(self) -> int:
        """How many conductors have a fuse."""
        return {GridType.SINGLE: 1, GridType.SPLIT: 2}.get(self, 3)


class Breaker(StrEnum):
    """What protects a circuit; says how long how much overload is held (`balance.thermal`)."""

    UNKNOWN = ""
    B = "B"
    C = "C"
    D = "D"
    GG = "gG"


class Transformer(StrEnum):
    """How a circuit is fed. Dyn5 counts as Dyn11 and Dyn7 as Dyn1: reversed polarity, the same amperes."""

    NONE = ""
    YY = "yy"
    DYN1 = "dyn1"
    DYN11 = "dyn11"


class ChargeMode(StrEnum):
    FAST = "fast"
    SOLAR_FIRST = "solar_first"  # the minimum always, more only from what the roof gives away
    SOLAR_ONLY = "solar_only"
    CHEAP = "cheap"  # only in hours not dearer than `BalanceSettings.cheap_below`


class ShareBy(StrEnum):
    EQUAL = "equal"
    PRIORITY = "priority"
    LEAVING = "leaving"  # who leaves soon and lacks most, as far as such words have proven right


class CapGroup(StrEnum):
    CHARGERS = "chargers"  # all chargers together
    CONNECTION = "connection"  # the whole site, house included


@dataclass(frozen=True, slots=True)
class MeterSource:
    """Where a circuit's current is measured. `profile` names a file in `drivers/profiles`."""

    driver: str = "modbus"
    profile: str = "eastron-sdm630"
    host: str = "127.0.0.1"
    port: int = 502
    unit: int = 1


@dataclass(frozen=True, slots=True)
class Circuit:
    """`rating_a` is the breaker per phase. `parent` "" is the supply. `other_max_a`: the most that loads without a
    charger ever draw here per phase, counted whenever there is no fresh measurement.

    `continuous`: the part of the rating that may flow for hours (0.8 under NEC 625.42). `grid` None: as the site's.
    `ratio`: volts of the feeding side over volts of this side, line to line, where a transformer feeds it.
    `unbalance_a`: the most two phases may differ (20 A under VDE-AR-N 4100), None: no limit.
    """

    name: str
    rating_a: tuple[float, float, float]
    parent: str = ""
    meter: MeterSource | None = None
    other_max_a: tuple[float, float, float] = (0.0, 0.0, 0.0)
    continuous: float = 1.0
    breaker: Breaker = Breaker.UNKNOWN
    grid: GridType | None = None
    transformer: Transformer = Transformer.NONE
    ratio: float = 1.0
    unbalance_a: float | None = None


@dataclass(frozen=True, slots=True)
class Bay:
    """One connector of one charger at its place.

    `rotation`: site phases at the charger's terminals L1 L2 L3, in OCPP's letters (R = L1, S = L2, T = L3), e.g.
    "RST", "STR"; two letters, "RS", "ST" or "TR", for a one-phase outlet between two phases; "" = unknown: the worst
    is assumed on each phase. `phases` is how many the outlet has. `max_a` is the branch fuse or the cable, whichever is
    smaller. `priority`: 0 usual, more comes first. `mode` None: as the site's.
    """

    charger_id: str
    connector_id: int
    label: str
    circuit: str
    max_a: float = 16.0
    min_a: float = 6.0
    phases: int = 3
    rotation: str = ""
    user_limit_a: float | None = None
    priority: int = 0
    mode: ChargeMode | None = None

    @property
    def across(self) -> tuple[int, int] | None:
        """The two site phases a line-to-line outlet sits between, None for one that has a neutral."""
        return ACROSS.get(self.rotation)


ACROSS = {"RS": (0, 1), "ST": (1, 2), "TR": (2, 0)}


@dataclass(frozen=True, slots=True)
class CapRule:
    """A power limit by the clock of the site: on `days` (0 = Monday, () = all), from `start` to `end` (minutes of the
    day; an end before the start is on the next day)."""

    name: str
    power_w: float
    group: CapGroup = CapGroup.CHARGERS
    days: tuple[int, ...] = ()
    start: int = 0
    end: int = 24 * 60


@dataclass(frozen=True, slots=True)
class PowerCap:
    """A power limit in force now, given from outside: `source` says by whom ("grid operator", "schedule Evening").
    None as `until_at`: until it is taken back. `rule`: what works its power out from the chargers in the site, "" none."""

    source: str
    power_w: float
    group: CapGroup = CapGroup.CHARGERS
    since_at: float = 0.0
    until_at: float | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class PriceRule:
    """A price per kWh by the clock of the site, in the money of the site; `days`, `start`, `end` as in `CapRule`."""

    price: float
    days: tuple[int, ...] = ()
    start: int = 0
    end: int = 24 * 60


FOLLOWS_S = 15
"""After a live limit has ended: some look at their schedule each 10 s, and a car has 5 s to follow (IEC 61851-1)."""


@dataclass(frozen=True, slots=True)
class BalanceSettings:
    """`safe_share_a` None = computed: floor(worst-case free current / connectors), 0 below 6.

    `dwell_s`: a car that was started stays on, and one that was paused stays off, at least this long. `turn_s`: how long
    a turn lasts where 6 A is not there for all. `reclaim_s`: what a car leaves unused for this long is given on.
    `silent_times`: so many times its rating a line may carry when evdesk falls silent while the other load rises to its
    worst, until the chargers have fallen back; None: not counted (a fresh meter alone decides)."""

    enabled: bool = True
    margin_a: float = 1.0
    share_every_s: float = 60.0
    meter_stale_s: float = 6.0
    profile_valid_s: int = 180
    profile_refresh_s: int = 60
    raise_hold_s: float = 20.0
    house_window_s: float = 90.0
    safe_share_a: float | None = None
    share_by: ShareBy = ShareBy.EQUAL
    dwell_s: float = 300.0
    turn_s: float = 900.0
    reclaim_s: float = 45.0
    mode: ChargeMode = ChargeMode.FAST
    cheap_below: float | None = None
    silent_times: float | None = None

    @property
    def falls_after_s(self) -> int:
        """By then every charger that can has fallen to its safe default, counted from evdesk's last word to it."""
        return self.profile_valid_s + FOLLOWS_S


@dataclass(frozen=True, slots=True)
class Site:
    """`assumed`: nobody has entered the main fuse yet; the smallest usual one (16 A) stands in and the desk says so."""

    name: str = "My site"
    voltage_v: float = 230.0
    grid: GridType = GridType.WYE
    circuits: tuple[Circuit, ...] = field(default_factory=lambda: (Circuit("Main", (16.0, 16.0, 16.0)),))
    bays: tuple[Bay, ...] = ()
    balance: BalanceSettings = BalanceSettings()
    assumed: bool = True
    simulated: bool = False
    caps: tuple[CapRule, ...] = ()
    prices: tuple[PriceRule, ...] = ()

    def circuit(self, name: str) -> Circuit | None:
        return next((c for c in self.circuits if c.name == name), None)

    def fitted(self) -> "Site":
        """Without fuses and other load on phases that a circuit's grid does not have: after the grid was changed."""
        circuits = tuple(_fitted(c, (c.grid or self.grid).phases) for c in self.circuits)
        return self if circuits == self.circuits else replace(self, circuits=circuits)

    def bay(self, charger_id: str, connector_id: int) -> Bay | None:
        return next((b for b in self.bays if (b.charger_id, b.connector_id) == (charger_id, connector_id)), None)


def _fitted(circuit: Circuit, phases: int) -> Circuit:
    (one, two, three), (load, load2, load3) = circuit.rating_a, circuit.other_max_a
    if phases < 3:
        three = load3 = 0.0
    if phases < 2:
        two = load2 = 0.0
    return replace(circuit, rating_a=(one, two, three), other_max_a=(load, load2, load3))


def to_site_phases(current: Phases, rotation: str) -> Phases:
    """Currents at the charger's terminals put on the site's phases. Unknown rotation: all unknown. An outlet between
    two phases puts its current on both."""
    across = ACROSS.get(rotation)
    if across is not None:
        drawn = max((amps for amps in current if amps is not None), default=None)
        both: list[float | None] = [0.0, 0.0, 0.0]
        for phase in across:
            both[phase] = drawn
        return (both[0], both[1], both[2])
    if len(rotation) != 3 or set(rotation) != {"R", "S", "T"}:
        return (None, None, None)
    placed: list[float | None] = [None, None, None]
    for value, letter in zip(current, rotation, strict=True):
        placed["RST".index(letter)] = value
    return (placed[0], placed[1], placed[2])
