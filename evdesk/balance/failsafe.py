"""What a charger falls back to when nobody talks to it, so that the fuse holds with every charger on its own.

Three parts, recommended for OCPP 1.6 and 2.x (docs/failsafe.md): a static maximum (the branch fuse), a static safe
default, and a live limit that ends by itself. Who cannot fall back
counts at its full rating in what the others may fall back to, at all times.
"""

import math
from collections.abc import Iterable, Set
from dataclasses import dataclass

from evdesk.balance.lines import EPS, worst_magnitude
from evdesk.balance.rooms import silent_floor
from evdesk.balance.thermal import holds_s
from evdesk.balance.types import Key, Line, LineKind
from evdesk.balance.wiring import build_lines, usable
from evdesk.model import Bay, Breaker, Site
from evdesk.model.sites import FOLLOWS_S

MIN_A = 6


@dataclass(frozen=True, slots=True)
class FailsafePlan:
    """The protection inside one charger, in ampere per phase.

    `max_a`: charging station maximum, for all its connectors together: the sum of what each may take (branch fuse or
    cable), or what the circuits above it carry where that is less: so it never takes from one what the balancer gave
    it; written once (docs/decisions/0026).
    `safe_a`: its default without a live limit, written once; 0 where 6 A does not fit for everybody.
    `valid_s`, `refresh_s`: the live limit ends after `valid_s`, and is sent anew each `refresh_s`.
    `reserved_a`: what the safe shares of the others leave free for it: its full rating where it cannot fall back.
    `full_a`: the most any one of its connectors may ever take; `connectors`: all that have a place.
    """

    charger_id: str
    max_a: float
    safe_a: float
    valid_s: int = 180
    refresh_s: int = 60
    reserved_a: float = 0.0
    full_a: float = 0.0
    connectors: tuple[int, ...] = ()

    def nothing_above(self, safe_a: float | None) -> bool:
        """Whether that default is all that any of its connectors may ever take."""
        return safe_a is not None and safe_a >= math.floor(self.full_a)

    @property
    def falls_after_s(self) -> int:
        """So long after the last live limit it must have fallen at the latest."""
        return self.valid_s + FOLLOWS_S


def safe_share(site: Site, unable: Set[str] = frozenset()) -> dict[Key, float]:
    """Failsafe share per connector, whole ampere: on each line the rating less margin and worst other load, divided by
    the connectors on it; the smallest over all lines above the connector; 0 below its minimum.

    `unable`: chargers that cannot fall back. Their full rating is taken off their lines before the rest is divided among
    the others; their own share is what they would get, should they ever obey. All connectors together then fit every
    line even if each draws its share and the rest of the site its worst. A share set by hand may only lower it.
    """
    wanted = site.balance.safe_share_a
    full = _ratings(site)
    shares: dict[Key, float] = {}
    fits: dict[Key, float] = {}
    for line in build_lines(site):
        if line.kind is LineKind.POWER:
            continue  # what the roof gives away is no fuse
        weights = {key: _weight(line, key) for key in line.coef}
        room = max(_room(site, line) - _reserved(line, unable, full), 0.0)
        whole = max(_room(site, line), 0.0) / max(sum(weights.values()), EPS)
        # Never more than with all of them able: a failure must not be the occasion to write a higher default.
        able = sum(weight for key, weight in weights.items() if key[0] not in unable)
        each = min(room / max(able, EPS), whole)
        for key in line.coef:
            fits[key] = min(fits.get(key, math.inf), whole if key[0] in unable else each)
    for bay in site.bays:
        key = (bay.charger_id, bay.connector_id)
        top = min(fits[key], usable(bay.max_a)) if key in fits else 0.0
        if wanted is not None:
            top = min(top, wanted) if math.isfinite(wanted) else 0.0
        floored = math.floor(top + EPS)
        shares[key] = float(floored) if floored >= max(MIN_A, bay.min_a) else 0.0
    return shares


def site_share(site: Site, unable: Set[str] = frozenset()) -> float:
    """The one figure for the whole site: the smallest share of any connector that can fall back, 0 without any."""
    shares = safe_share(site, unable)
    return min((amps for key, amps in shares.items() if key[0] not in unable), default=0.0)


def failsafe_plans(site: Site, unable: Set[str] = frozenset()) -> dict[str, FailsafePlan]:
    """Charger id -> what to write into it once, and how its live limit ends."""
    shares = safe_share(site, unable)
    by_charger: dict[str, list[Bay]] = {}
    for bay in site.bays:
        by_charger.setdefault(bay.charger_id, []).append(bay)
    plans: dict[str, FailsafePlan] = {}
    lines = build_lines(site)
    for charger, bays in by_charger.items():
        top = float(math.floor(min(sum(usable(bay.max_a) for bay in bays), _fed(lines, bays)) + EPS))
        safe = min(shares[(charger, bay.connector_id)] for bay in bays)
        full = max(usable(bay.max_a) for bay in bays)
        reserved = full if charger in unable else safe
        places = tuple(sorted(bay.connector_id for bay in bays))
        valid_s, refresh_s = site.balance.profile_valid_s, site.balance.profile_refresh_s
        plans[charger] = FailsafePlan(charger, top, safe, valid_s, refresh_s, reserved, full, places)
    return plans


def failsafe_problems(site: Site, unable: Set[str]) -> list[str]:
    """Lines that are too small for the chargers that cannot fall back, in words; empty when the fuses hold."""
    full = _ratings(site)
    found = []
    for line in build_lines(site):
        reserved = _reserved(line, unable, full)
        if line.kind is not LineKind.PHASE or reserved <= 0 or reserved + line.other_max_a <= line.limit_a + EPS:
            continue
        names = ", ".join(sorted({_label(site, key) for key in line.coef if key[0] in unable}))
        found.append(
            f"{line.name}: {names} cannot fall back and may draw {reserved:g} A beside {line.other_max_a:g} A of other "
            f"load, above its {line.limit_a:g} A. Lower their current inside the charger (DIP switch, installer menu)."
        )
    return found


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a line may carry at the worst moment evdesk can fall silent: every car at its limit, and the other load rising
    from nothing to its worst. `times` its rating for `seconds`; its breaker holds that for `holds_s`."""

    line: str
    amps: float
    times: float
    seconds: int
    holds_s: float

    @property
    def borne(self) -> bool:
        return self.holds_s >= self.seconds


def exposures(site: Site) -> list[Exposure]:
    """Lines that may be above their rating until the live limits have ended, the worst first. A breaker nobody has entered
    counts as a miniature one."""
    full, seconds = _ratings(site), _silent_s(site)
    found = []
    for line in build_lines(site):
        if line.kind is not LineKind.PHASE or line.limit_a <= 0:
            continue
        least = max(silent_floor(line, site.balance.silent_times), 0.0 if line.metered else line.other_max_a)
        given = line.limit_a - max(site.balance.margin_a, 0.0) - least
        amps = min(max(given, 0.0), sum(_weight(line, key) * full[key] for key in line.coef)) + line.other_max_a
        times = amps / line.limit_a
        if times > 1.0 + EPS:
            holds = holds_s(Breaker.B if line.breaker is Breaker.UNKNOWN else line.breaker, times - EPS)
            found.append(Exposure(line.name, round(amps, 1), round(times, 3), seconds, holds))
    return sorted(found, key=lambda one: (-one.times, one.line))


WITHIN = 1.13
"""So many times its rating every B, C and D breaker holds for an hour (IEC 60898-1, table 7)."""


@dataclass(frozen=True, slots=True)
class Silence:
    """What it costs on one line to stay within so many times its rating even if evdesk falls silent, and what it costs not
    to. `on_a` is left for cars at most where it stays within, `off_a` where it does not; `worst_a` then flows for `seconds`
    when evdesk is silent and the other loads rise to `other_a`, which the breaker bears for `holds_s`."""

    line: str
    limit_a: float
    other_a: float
    on_a: float
    off_a: float
    seconds: int
    holds_s: float

    @property
    def worst_a(self) -> float:
        return self.off_a + self.other_a

    @property
    def free(self) -> bool:
        """Whether it costs nothing."""
        return self.on_a >= self.off_a - 0.05

    @property
    def borne(self) -> bool:
        """Whether the breaker holds without it too."""
        return self.holds_s >= self.seconds

    @property
    def charges(self) -> bool:
        """Whether a car can still charge beside the worst of the other loads."""
        return self.on_a >= MIN_A


def tightest(site: Site, times: float = WITHIN) -> Silence | None:
    """The line that would leave cars the least, of those that carry cars; of all where no car has a place yet. None: no
    line may carry anything."""
    lines = [line for line in build_lines(site) if line.kind is LineKind.PHASE and line.limit_a > 0]
    carry = [line for line in lines if line.coef]
    found = [_silence(site, line, times) for line in carry or lines]
    return min(found, key=lambda one: (one.on_a, one.off_a - one.on_a), default=None)


def _silence(site: Site, line: Line, times: float) -> Silence:
    off_a = max(line.limit_a - max(site.balance.margin_a, 0.0), 0.0)
    on_a = max(off_a - max(silent_floor(line, times), 0.0), 0.0)
    breaker = Breaker.B if line.breaker is Breaker.UNKNOWN else line.breaker
    # What flows is told in tenths, and so is where the curve bends.
    holds = holds_s(breaker, (off_a + line.other_max_a - 0.05) / line.limit_a)
    return Silence(line.name, line.limit_a, line.other_max_a, on_a, off_a, _silent_s(site), holds)


def _silent_s(site: Site) -> int:
    """So long after the last live limit everybody has fallen back."""
    return site.balance.profile_valid_s + FOLLOWS_S


def _room(site: Site, line: Line) -> float:
    return line.limit_a - max(site.balance.margin_a, 0.0) - line.other_max_a


def _fed(lines: Iterable[Line], bays: list[Bay]) -> float:
    """The most the circuits above all these connectors leave them together: where phases bear unlike currents the largest,
    for a car may sit on that one alone."""
    if len(bays) == 1:
        return math.inf  # its own fuse or cable says enough
    keys, most = [(bay.charger_id, bay.connector_id) for bay in bays], dict[str, float]()
    for line in lines:
        if line.kind is LineKind.PHASE and all(key in line.coef for key in keys):
            least = min(abs(line.coef[key]) for key in keys)
            most[line.circuit] = max(most.get(line.circuit, 0.0), line.limit_a / max(least, EPS))
    return min(most.values(), default=math.inf)


def _reserved(line: Line, unable: Set[str], full: dict[Key, float]) -> float:
    return sum(_weight(line, key) * full[key] for key in line.coef if key[0] in unable)


def _weight(line: Line, key: Key) -> float:
    """The most one ampere at this connector puts on the line, be its car a one-phase one."""
    if line.kind is not LineKind.PHASE or key not in line.parts:
        return abs(line.coef[key])
    return worst_magnitude((coef, 1.0) for _, coef in line.parts[key])


def _ratings(site: Site) -> dict[Key, float]:
    return {(bay.charger_id, bay.connector_id): usable(bay.max_a) for bay in site.bays}


def _label(site: Site, key: Key) -> str:
    bay = site.bay(*key)
    return bay.label if bay is not None else key[0]
