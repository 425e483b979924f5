"""The site: a tree of circuits, and the bays that hang on them."""

from dataclasses import dataclass, field
from enum import StrEnum

from evdesk.model.readings import Phases


class GridType(StrEnum):
    WYE = "wye"  # three phases and neutral
    SINGLE = "single"  # one phase; L2 and L3 ratings are 0


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
    charger ever draw here per phase, counted whenever there is no fresh measurement."""

    name: str
    rating_a: tuple[float, float, float]
    parent: str = ""
    meter: MeterSource | None = None
    other_max_a: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Bay:
    """One connector of one charger at its place.

    `rotation`: site phases at the charger's terminals L1 L2 L3, in OCPP's letters (R = L1, S = L2, T = L3), e.g.
    "RST", "STR"; "" = unknown: the worst is assumed on each phase. `phases` is how many the outlet has.
    `max_a` is the branch fuse or the cable, whichever is smaller.
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


@dataclass(frozen=True, slots=True)
class BalanceSettings:
    """`safe_share_a` None = computed: floor(worst-case free current / connectors), 0 below 6."""

    enabled: bool = True
    margin_a: float = 1.0
    share_every_s: float = 60.0
    meter_stale_s: float = 6.0
    profile_valid_s: int = 180
    profile_refresh_s: int = 60
    raise_hold_s: float = 20.0
    house_window_s: float = 90.0
    safe_share_a: float | None = None


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

    def circuit(self, name: str) -> Circuit | None:
        return next((c for c in self.circuits if c.name == name), None)

    def bay(self, charger_id: str, connector_id: int) -> Bay | None:
        return next((b for b in self.bays if (b.charger_id, b.connector_id) == (charger_id, connector_id)), None)


def to_site_phases(current: Phases, rotation: str) -> Phases:
    """Currents at the charger's terminals put on the site's phases. Unknown rotation: all unknown."""
    if len(rotation) != 3 or set(rotation) != {"R", "S", "T"}:
        return (None, None, None)
    placed: list[float | None] = [None, None, None]
    for value, letter in zip(current, rotation, strict=True):
        placed["RST".index(letter)] = value
    return (placed[0], placed[1], placed[2])
