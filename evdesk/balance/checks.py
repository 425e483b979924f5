"""What is wrong with a site, in sentences that say what to do. An empty list means it can be balanced."""

import math
from collections import Counter

from evdesk.balance.check_names import meter_problems, name_problems
from evdesk.balance.check_rules import rule_problems
from evdesk.balance.check_types import type_problems
from evdesk.balance.wiring import grid_of, paths
from evdesk.model import PHASES, BalanceSettings, Bay, Circuit, GridType, Site, Transformer

MIN_A = 6.0

LONGEST_PAUSE_S = 3_600
MOST_CIRCUITS, MOST_BAYS, DEEPEST = 200, 1000, 12
LEAST_A = 1.0
MOST_A, MOST_BAY_A, MOST_PRIORITY, MOST_CONNECTOR = 10_000, 500, 10, 1_000

_STALE, _VALID = "time after which a silent meter counts as stale", "validity of the live profile"
_REFRESH, _GIVEN_ON = "refresh of the live profile", "time after which unused current is given on"
_TIMES = (  # field, what it is called, least and most seconds, why
    ("share_every_s", "sharing interval", 1, 3_600, "what becomes free is given on then"),
    ("meter_stale_s", _STALE, 1, 60, "it is read each second, and what it said last is believed until then"),
    ("profile_valid_s", _VALID, 30, 900, "a charger keeps its last limit until then although nobody watches it"),
    ("profile_refresh_s", _REFRESH, 15, 900, "each one is written into the charger, whose memory wears"),
    ("turn_s", "length of a turn", 60, 86_400, "a car needs up to a minute to begin"),
    ("reclaim_s", _GIVEN_ON, 5, 3_600, "a car needs a moment to take what it may"),
)


def validate_site(site: Site) -> list[str]:
    """Every reason why this site must not be balanced as entered; empty when it is fine. Never raises."""
    return type_problems(site) or _size(site) or [*conductor_problems(site), *rule_problems(site)]


def conductor_problems(site: Site) -> list[str]:
    """The same without the power limits and prices by the clock, which a balancer is told by its caller."""
    found = type_problems(site) or _size(site)
    if found:
        return found  # nothing else is worth the time
    found += name_problems(site)
    found += _tree(site)
    for circuit in site.circuits:
        found += _circuit(site, circuit)
        found += meter_problems(circuit)
    found += _bays(site)
    found += _settings(site.balance)
    found += _margin(site)
    if not (math.isfinite(site.voltage_v) and 80 <= site.voltage_v <= 500):
        found.append(
            f"The voltage is {site.voltage_v:g} V. Enter the voltage between phase and neutral, usually 230 V."
        )
    return found


def _size(site: Site) -> list[str]:
    found: list[str] = []
    if len(site.circuits) > MOST_CIRCUITS or len(site.bays) > MOST_BAYS:
        found.append(f"A site has at most {MOST_CIRCUITS} circuits and {MOST_BAYS} connectors. Make two of it.")
    parents = {c.name: c.parent for c in site.circuits}
    for name in parents:
        depth, at = 0, name
        while parents.get(at) and depth <= DEEPEST:
            depth, at = depth + 1, parents[at]
        if depth > DEEPEST and len(parents) > DEEPEST:
            return [*found, f"{name!r} has more than {DEEPEST} circuits above it, or they feed each other in a circle."]
    return found


def _tree(site: Site) -> list[str]:
    if not site.circuits:
        return ["The site has no circuit. Add the supply with its main fuse."]
    found = [
        f"Two circuits are called {name!r}. Give each circuit its own name."
        for name, count in Counter(c.name for c in site.circuits).items()
        if count > 1
    ]
    found += ["A circuit has no name. Give it one." for c in site.circuits if not c.name.strip()]
    roots = [c.name for c in site.circuits if c.parent == ""]
    if len(roots) > 1:
        several = ", ".join(repr(name) for name in roots[:5])
        found.append(f"A site has one supply, but {several} are all fed by nothing. Choose what feeds the others.")
    if not roots:
        found.append("No circuit is fed from the supply. Clear the parent of the circuit behind the main fuse.")
    names = {c.name for c in site.circuits}
    known = paths(site)
    for circuit in site.circuits:
        if circuit.parent and circuit.parent not in names:
            found.append(
                f"Circuit {circuit.name!r} is fed from {circuit.parent!r}, which does not exist. "
                "Choose an existing circuit."
            )
        elif circuit.name not in known and _loops(site, circuit):
            found.append(f"Circuit {circuit.name!r} feeds itself through its parents. Choose another parent for it.")
    return found


def _loops(site: Site, circuit: Circuit) -> bool:
    seen: set[str] = set()
    at: Circuit | None = circuit
    while at is not None and at.name not in seen:
        seen.add(at.name)
        at = site.circuit(at.parent) if at.parent else None
    return at is not None


def _circuit(site: Site, circuit: Circuit) -> list[str]:
    found: list[str] = []
    parent = site.circuit(circuit.parent) if circuit.parent else None
    grid = grid_of(site, circuit)
    found += _feed(site, circuit, parent)
    for phase, (rating, other) in enumerate(zip(circuit.rating_a, circuit.other_max_a, strict=True)):
        where = f"{circuit.name}/{PHASES[phase]}"
        if phase >= grid.phases:
            if rating or other:
                found.append(
                    f"The rating of {where} is {rating:g} A, its other load {other:g} A, but a {grid.value} grid has no "
                    f"{PHASES[phase]}. Enter 0 for both, or correct the grid."
                )
            continue
        if not (math.isfinite(rating) and LEAST_A <= rating <= MOST_A):
            found.append(
                f"The rating of {where} is {rating:g} A. Enter the fuse or breaker in ampere, above 0: {LEAST_A:g} A to "
                f"{MOST_A} A."
            )
            continue
        if not (math.isfinite(other) and other >= 0):
            found.append(f"The largest other load of {where} is {other:g} A. Enter 0 or the most it ever draws.")
        elif other > rating:
            found.append(
                f"The largest other load of {where} is {other:g} A, above its rating of {rating:g} A. "
                "Correct one of the two."
            )
        elif circuit.meter is not None and other == 0:
            found.append(
                f"{where} has a meter but no largest other load. Enter the most that everything but chargers draws "
                "there: it counts when the meter is silent, and for the chargers' safe default."
            )
        if circuit.transformer is Transformer.NONE and parent is not None and rating > parent.rating_a[phase]:
            found.append(
                f"{where} is rated {rating:g} A, above the {parent.rating_a[phase]:g} A of {parent.name!r} "
                "that feeds it. Enter the smaller fuse, or swap the two circuits."
            )
    return found


def _feed(site: Site, circuit: Circuit, parent: Circuit | None) -> list[str]:
    """Grid, transformer and factors of one circuit."""
    name, grid = circuit.name, grid_of(site, circuit)
    found: list[str] = []
    if not (math.isfinite(circuit.continuous) and 0.5 <= circuit.continuous <= 1):
        found.append(
            f"The continuous load of {name!r} is {circuit.continuous:g} of its rating. Enter 0.5 to 1, for example 0.8."
        )
    if circuit.unbalance_a is not None and not (
        math.isfinite(circuit.unbalance_a) and 0 < circuit.unbalance_a <= MOST_A
    ):
        found.append(
            f"The unbalance limit of {name!r} is {circuit.unbalance_a:g} A. Enter a current above 0, or clear it."
        )
    if circuit.unbalance_a is not None and grid is GridType.SINGLE:
        found.append(f"{name!r} has one phase and cannot be unbalanced. Clear its unbalance limit.")
    if circuit.transformer is Transformer.NONE:
        if not (math.isfinite(circuit.ratio) and 0.01 <= circuit.ratio <= 200):
            found.append(f"{name!r} has no transformer but a ratio of {circuit.ratio:g}. Enter 1.")
        if parent is not None and grid.phases != grid_of(site, parent).phases:
            found.append(
                f"{name!r} is {grid.value}, {parent.name!r} that feeds it is {grid_of(site, parent).value}. "
                "Use the same grid: an outlet on one or between two phases is set at the connector."
            )
        return found
    if parent is None:
        found.append(f"{name!r} has a transformer but nothing feeds it. Add the circuit before the transformer.")
        return found
    if 3 not in (grid.phases, grid_of(site, parent).phases) or grid.phases != grid_of(site, parent).phases:
        found.append(f"The transformer of {name!r} needs three phases on both sides. Correct the grid of one of them.")
    if not (math.isfinite(circuit.ratio) and 0.01 <= circuit.ratio <= 200):
        found.append(
            f"The transformer of {name!r} has a ratio of {circuit.ratio:g}. Enter the volts of the feeding side over its "
            "own, line to line, for example 2.31 for 480 to 208 V."
        )
    return found


def _bays(site: Site) -> list[str]:
    found: list[str] = []
    counts = Counter((b.charger_id, b.connector_id) for b in site.bays)
    for (charger, connector), count in counts.items():
        if count > 1:
            found.append(f"Connector {connector} of {charger!r} is placed {count} times. Keep one of them.")
    names = {c.name for c in site.circuits}
    for bay in site.bays:
        found += _bay(site, bay, names)
    return found


def _bay(site: Site, bay: Bay, names: set[str]) -> list[str]:
    who = f"Connector {bay.connector_id} of {bay.charger_id!r}"
    found: list[str] = []
    if bay.circuit not in names:
        found.append(f"{who} hangs on circuit {bay.circuit!r}, which does not exist. Choose an existing circuit.")
    if bay.connector_id < 1:
        found.append(f"{who}: connectors are counted from 1. Correct the number.")
    elif bay.connector_id > MOST_CONNECTOR:
        found.append(f"{who}: no charger has so many. Enter a number up to {MOST_CONNECTOR}.")
    if not (math.isfinite(bay.max_a) and MIN_A <= bay.max_a <= MOST_BAY_A):
        found.append(
            f"{who} has a maximum of {bay.max_a:g} A. Enter the branch fuse or cable, at least 6 A and at "
            f"most {MOST_BAY_A} A."
        )
    elif not (math.isfinite(bay.min_a) and MIN_A <= bay.min_a <= bay.max_a):
        found.append(f"{who} has a minimum of {bay.min_a:g} A. Enter 6 A up to its maximum of {bay.max_a:g} A.")
    if bay.phases not in (1, 2, 3):
        found.append(f"{who} has {bay.phases} phases. Enter 1, 2 or 3.")
    found += _rotation(site, bay, who)
    if not -MOST_PRIORITY <= bay.priority <= MOST_PRIORITY:
        found.append(f"{who} has the priority {bay.priority}. Enter {-MOST_PRIORITY} to {MOST_PRIORITY}; 0 is usual.")
    if bay.user_limit_a is not None and not (math.isfinite(bay.user_limit_a) and bay.user_limit_a >= 0):
        found.append(f"{who} has a limit of {bay.user_limit_a:g} A set by hand. Enter 0 or more, or clear it.")
    return found


def _rotation(site: Site, bay: Bay, who: str) -> list[str]:
    circuit = site.circuit(bay.circuit)
    grid = site.grid if circuit is None else grid_of(site, circuit)
    if not bay.rotation:
        return []
    if bay.across is not None:
        if bay.phases != 1:
            return [f"{who} sits between two phases but has {bay.phases}. Enter 1 phase, or three letters."]
        if max(bay.across) >= grid.phases:
            return [f"{who} sits between {bay.rotation}, which a {grid.value} grid does not have. Correct its wiring."]
        return []
    if len(bay.rotation) != 3 or set(bay.rotation) != {"R", "S", "T"}:
        return [
            f"{who} has the rotation {bay.rotation!r}. Write R, S and T once each in the order of its terminals "
            "L1 L2 L3, for example RST; RS, ST or TR for an outlet between two phases; or leave it empty if nobody knows."
        ]
    if grid is GridType.SINGLE and (bay.phases != 1 or bay.rotation[0] != "R"):
        return [
            f"{who} has the rotation {bay.rotation!r} and {bay.phases} phases on a grid with one. Enter 1 phase and RST, "
            "or leave the rotation empty."
        ]
    if grid is GridType.SPLIT and (bay.phases != 1 or bay.rotation[0] == "T"):
        return [f"{who} is on a split-phase grid. Its wiring is RS for 240 V, RST or SRT for one leg, with 1 phase."]
    if grid is GridType.DELTA and bay.phases != 3:
        return [f"{who} has {bay.phases} phase on a grid without neutral. Its wiring is RS, ST or TR."]
    return []


def _margin(site: Site) -> list[str]:
    """A margin that leaves nothing of the supply."""
    margin_a = site.balance.margin_a
    for circuit in (c for c in site.circuits if not c.parent):
        for phase, rating in enumerate(circuit.rating_a[: grid_of(site, circuit).phases]):
            if LEAST_A <= rating <= margin_a <= MOST_A:
                return [
                    f"The margin is {margin_a:g} A, all that {circuit.name}/{PHASES[phase]} carries ({rating:g} A). "
                    "Enter a smaller one; 1 A is usual."
                ]
    return []


def _settings(balance: BalanceSettings) -> list[str]:
    found = [
        f"The {name} is {getattr(balance, field):g} s. Enter {least} to {most} s: {why}."
        for field, name, least, most, why in _TIMES
        if not least <= getattr(balance, field) <= most  # NaN too
    ]
    bounded = (
        ("margin", balance.margin_a, "A", MOST_A),
        ("hold", balance.raise_hold_s, "s", LONGEST_PAUSE_S),
        ("window", balance.house_window_s, "s", LONGEST_PAUSE_S),
        ("time a car stays on or off", balance.dwell_s, "s", LONGEST_PAUSE_S),
    )
    found += [
        f"The {name} is {value:g} {unit}. Enter 0 to {most} {unit}: with more, nothing would ever charge or rise again."
        for name, value, unit, most in bounded
        if not 0 <= value <= most
    ]
    if 0 < balance.profile_valid_s < 2 * balance.profile_refresh_s:
        found.append(
            f"The live profile is refreshed each {balance.profile_refresh_s} s but valid for "
            f"{balance.profile_valid_s} s only. Make it valid for twice the refresh at least, best three times: one that "
            "is lost must not end it."
        )
    times = balance.silent_times
    if times is not None and not 1.0 <= times <= 2.0:
        found.append(
            f"A line may carry {times:g} times its rating when evdesk falls silent. Enter 1 to 2, or leave it out."
        )
    share = balance.safe_share_a
    if share is not None and not (share == 0 or (math.isfinite(share) and share >= MIN_A)):
        found.append(f"The failsafe share is {share:g} A. Enter 0, 6 A or more, or leave it empty to have it computed.")
    return found
