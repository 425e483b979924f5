"""What goes into the balancer and what comes out. Pure data; time is passed in.

All currents are ampere RMS per phase. `None` means unknown, and unknown always counts as its worst case.
"""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from operator import attrgetter

from evdesk.balance.arguments import a_key, coefficient, number, numbers, one_of, several, three, yes_no
from evdesk.model import Breaker, ChargeMode, Phases, Why, WhyCode

Key = tuple[str, int]
"""(charger id, connector id)"""

ANY_TERMINAL = -1
"""The rotation is not known: whichever terminal carries the most may be the one on this conductor."""

CAP = "cap/"
"""What the name of a power limit's line begins with; the source follows."""

SOLAR = "solar"
SOLAR_FIRST = "solar/first"
"""Lines of what the roof gives away: to those that charge from it only, and to all that prefer it."""

Part = tuple[int, complex]
"""(terminal, coefficient)"""


OUTLET = Why(WhyCode.CHARGER)


class LineKind(StrEnum):
    PHASE = "phase"  # a conductor: what flows is bounded whatever each car draws below its limit
    UNBALANCE = "unbalance"  # the difference of two phases, counted with every car at its limit
    POWER = "power"  # a power limit, in ampere at the site's voltage


@dataclass(frozen=True, slots=True)
class Line:
    """One conductor: |sum(coef[key] * I[key])| + other <= limit. `coef` is complex: phase angle and turns, so that
    unbalanced, rotated and line-to-line wiring are exact. `loose`: connectors whose angle nobody knows; they count by
    magnitude. `parts`: for connectors that load it with several terminals, what each adds to `coef`. `near`: what is no
    charger is within 30 degrees of the conductor's own voltage, for no such load is behind a delta-star transformer."""

    name: str  # "Garage/L2"
    circuit: str = ""
    phase: int = -1  # 0, 1, 2; -1: no single one
    limit_a: float = 0.0
    coef: dict[Key, complex] = field(default_factory=dict)
    terminal: dict[Key, int] = field(default_factory=dict)  # which terminal (0, 1, 2) feeds it; ANY_TERMINAL = unknown
    other_max_a: float = 0.0  # worst case of everything that is not a charger
    metered: bool = False
    parent: str = ""  # circuit that feeds this one
    kind: LineKind = LineKind.PHASE
    loose: frozenset[Key] = frozenset()
    parts: dict[Key, tuple[Part, ...]] = field(default_factory=dict)
    lifts: tuple[tuple[int, float], ...] = ()  # (phase of the feeding circuit, ampere there per ampere here)
    breaker: Breaker = Breaker.UNKNOWN
    rating_a: float = 0.0  # of the breaker; `limit_a` is what may flow for hours
    near: bool = False
    with_other: bool = False  # a power limit of the whole site: what is no charger counts too

    def __post_init__(self) -> None:
        """Raises TypeError or ValueError, naming the field, for what is no line."""
        one_of("name", self.name, str)
        number(f"limit_a of line {self.name}", self.limit_a)
        one_of(f"coef of line {self.name}", self.coef, dict)
        for key, coef in self.coef.items():
            a_key(f"A key in coef of line {self.name}", key)
            coefficient(f"coef[{key!r}] of line {self.name}", coef)


_NUMBERS = ("worst_a", "ceiling_a", "min_a", "sample_s", "kw_per_a", "priority")
_NUMBERS_OR_NONE = (
    "confirmed_a",
    "drawn_at",
    "charging_since_at",
    "plugged_at",
    "got_kwh",
    "needs_kwh",
    "departure_at",
    "trust",
)
_YES_NO = ("wants", "commandable", "charging", "terminals[0]", "terminals[1]", "terminals[2]")
_TERMINALS = ("drawn_a[0]", "drawn_a[1]", "drawn_a[2]")
_numbers_of, _numbers_or_none_of = attrgetter(*_NUMBERS), attrgetter(*_NUMBERS_OR_NONE)


def _yes_no_of(demand: "Demand") -> tuple[bool, ...]:
    return (demand.wants, demand.commandable, demand.charging, *demand.terminals)


@dataclass(frozen=True, slots=True)
class Demand:
    """One connector at this second.

    `wants`: a car is plugged in and may take current. `commandable`: online, accepted, takes limits.
    `drawn_a` is what it measured per terminal (L1, L2, L3 of the charger) and `drawn_at` when.
    `worst_a` is the most it can draw per terminal without a further command: the largest of its confirmed limit,
    any limit asked but not answered, and its safe default where no live limit is confirmed; its full rating where no
    failsafe is installed. All of it counts.
    `terminals` says which of its terminals can carry current (a one-phase car uses one).
    `ceiling_a` is the smaller of outlet, charger and person's limit, and `ceiling_why` says which.

    What only the sharing looks at: `got_kwh` since it was plugged in (None: added up from `drawn_a`); `needs_kwh`, in all
    and from the start, and `departure_at` are what the driver or the car says, None: nothing; `trust` is how far such
    words count, 0 not at all, 1 like truth, None: as far as they were right here so far. More `priority` comes first.
    """

    key: Key
    wants: bool = True
    commandable: bool = True
    confirmed_a: float | None = None
    worst_a: float = math.nan  # not known: its full rating
    ceiling_a: float = 32.0
    ceiling_why: Why = OUTLET
    min_a: float = 6.0
    drawn_a: Phases = (None, None, None)
    drawn_at: float | None = None
    charging: bool = False  # status Charging
    charging_since_at: float | None = None
    plugged_at: float | None = None
    terminals: tuple[bool, bool, bool] = (True, True, True)
    sample_s: float = 10.0  # how often it reports
    kw_per_a: float = 0.23  # power per ampere: 0.23 on one phase of 230 V, 0.69 on three, 0.208 between two of 208 V
    got_kwh: float | None = None
    needs_kwh: float | None = None
    departure_at: float | None = None
    trust: float | None = None
    priority: int = 0
    mode: ChargeMode = ChargeMode.FAST

    def check(self) -> None:
        """Raises TypeError, naming the field, for a wrong type. NaN and negative numbers are no errors: they count as
        unknown, or as nothing."""
        a_key("key", self.key)
        numbers(_NUMBERS, _numbers_of(self))
        numbers(_NUMBERS_OR_NONE, _numbers_or_none_of(self), none=True)
        numbers(_TERMINALS, three("drawn_a", self.drawn_a), none=True)
        three("terminals", self.terminals)
        yes_no(_YES_NO, _yes_no_of(self))
        one_of("mode", self.mode, ChargeMode)


def by_key(demands: Iterable[Demand], *, check: bool = False) -> dict[Key, Demand]:
    """The demands by connector. Raises TypeError for what is no demand, ValueError for two of one connector, and with
    `check` what `Demand.check` does."""
    several("demands", demands)
    found: dict[Key, Demand] = {}
    for demand in demands:
        if type(demand) is not Demand:
            one_of("Each of demands", demand, Demand)
        if check:
            demand.check()
        if demand.key in found:
            raise ValueError(f"demands has {demand.key!r} twice.")
        found[demand.key] = demand
    return found


@dataclass(frozen=True, slots=True)
class LineSample:
    """The newest measurement of one circuit, per phase; absent for circuits without a meter."""

    circuit: str
    at: float
    current_a: Phases

    def __post_init__(self) -> None:
        """Raises TypeError, naming the field, for a wrong type."""
        one_of("circuit", self.circuit, str)
        number("at", self.at)
        numbers(("current_a[0]", "current_a[1]", "current_a[2]"), three("current_a", self.current_a), none=True)


def of_circuits(
    samples: Iterable[LineSample], known: Collection[str], unknown: "list[str | Key] | None" = None
) -> tuple[LineSample, ...]:
    """The samples. Raises TypeError for what is none, ValueError for one of an unknown circuit: a misspelt name must not
    pass for a silent meter. With a list as `unknown` such names are put there instead, and their samples left out."""
    several("samples", samples)
    found = []
    for sample in samples:
        one_of("Each of samples", sample, LineSample)
        if sample.circuit in known:
            found.append(sample)
        elif unknown is None:
            raise ValueError(f"samples names the circuit {sample.circuit!r}, which is none of {list(known)[:20]}.")
        else:
            unknown.append(sample.circuit)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class LineView:
    """What the balancer believes of one line now: for the desk and for the explanation. `silent_a` could flow, but is kept
    free in case evdesk falls silent; `free_a` is what is left for cars even so."""

    line: str
    total_a: float | None
    cars_a: float | None
    other_a: float | None
    reserved_a: float
    free_a: float
    silent_a: float = 0.0
    heat_left: float | None = None  # of the breaker's budget for short overloads; None: not known what it bears


@dataclass(frozen=True)
class Decision:
    """`limits` has one entry for every connector: what it should have, and why. `urgent` are those whose limit fell
    in this step: a reduction leaves at once. `unknown`: circuits of samples and keys of demands that the site does not
    have and that were left out; always empty for a strict balancer, which raises."""

    at: float
    limits: dict[Key, tuple[float, Why]]
    urgent: frozenset[Key] = frozenset()
    safe_share_a: float = 0.0
    shared: bool = False  # the sharing layer ran in this step
    ignoring: tuple[Key, ...] = ()  # take limits and draw more than they may: reserved at what they draw
    unknown: tuple[str | Key, ...] = ()
    look: Callable[[], tuple[LineView, ...]] = field(default=tuple, compare=False, repr=False)

    @cached_property
    def lines(self) -> tuple[LineView, ...]:
        """The view behind it, worked out when first asked for and before the next step: limits leave first."""
        return self.look()
