"""Every reason why a site cannot be put in force as entered: those of the balancer, names that cannot be told apart, and
meters nobody can read."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import replace

from evdesk.balance import safe_share, validate_site
from evdesk.balance.checks import MOST_BAY_A
from evdesk.drivers.meters import load_profile
from evdesk.model import Bay, Circuit, EvdeskError, Reason, Site


def site_problems(site: Site, before: Site | None = None, in_force: Site | None = None) -> list[str]:
    """Sentences that say what to do; empty when it is fine. Names that were alike in `before` already are not held
    against who changes something else, nor is a safe share that did not fit there, or `in_force`, once one more charger
    had come."""
    found = validate_site(site)
    known = set() if before is None else set(alike(before))
    found += [problem for problem in alike(site) if problem not in known]
    had = in_force or before
    if not found and not (had is not None and _same_share(site, had) and share_problem(had)):
        found += share_problem(site)
    for circuit in site.circuits:
        if circuit.meter is None:
            continue
        try:
            load_profile(circuit.meter.profile)
        except EvdeskError as error:
            found.append(f"The meter of {circuit.name[:100]!r}: {error.sentence}")
    return found


def demand_right(site: Site, before: Site | None = None, in_force: Site | None = None) -> None:
    """Raises `EvdeskError(INVALID)` with every problem."""
    if problems := site_problems(site, before, in_force):
        raise EvdeskError(Reason.INVALID, " ".join(problems))


def demand_share(site: Site, unable: Set[str]) -> None:
    """Raises `EvdeskError(INVALID)` for a safe share set by hand that does not fit beside those that cannot fall back."""
    if problems := share_problem(site, unable):
        raise EvdeskError(Reason.INVALID, " ".join(problems))


def share_problem(site: Site, unable: Set[str] = frozenset()) -> list[str]:
    """What is wrong with a safe share set by hand that would change nothing: more than fits anywhere. Where no charger has
    a place yet, more than the supply could give to one."""
    wanted = site.balance.safe_share_a
    if wanted is None:
        return []
    bare = replace(site, balance=replace(site.balance, safe_share_a=None))
    fits = safe_share(bare if site.bays else replace(bare, bays=_one_each(site)), unable)
    able = [amps for key, amps in fits.items() if key[0] not in unable]
    most = max(able or fits.values(), default=wanted)
    if wanted <= most:
        return []
    fit = f"{most:g} A is the most" if most else "there is no room for any"
    remedy = "Enter that or less" if most else "Enter 0"
    return [f"A failsafe share of {wanted:g} A does not fit: {fit}. {remedy}, or leave it empty to have it computed."]


def _same_share(site: Site, before: Site) -> bool:
    return site.balance.safe_share_a == before.balance.safe_share_a


def _one_each(site: Site) -> tuple[Bay, ...]:
    """One place that takes all a supply gives, for each circuit nothing stands above."""
    roots = [c for c in site.circuits if not c.parent]
    return tuple(
        Bay(c.name, 1, c.name, c.name, max_a=MOST_BAY_A, phases=3 if (c.grid or site.grid).phases == 3 else 1)
        for c in roots
    )


def alike(site: Site) -> list[str]:
    """Names a person would take for one another, and places without any: people act by them."""
    found = [
        f"Two circuits are called {name!r} but for case and blanks. Give each circuit its own name."
        for name in _twice(c.name for c in site.circuits)
    ]
    found += [
        f"Two places are called {label!r}. Give each its own name." for label in _twice(b.label for b in site.bays)
    ]
    nameless = (b for b in site.bays if not b.label.strip())
    found += [f"Connector {b.connector_id} of {b.charger_id[:100]!r} has no name. Give it one." for b in nameless]
    return found


def trimmed(site: Site) -> Site:
    """Blanks around the names of circuits and places are nobody's wish."""
    circuits = tuple(replace(c, name=c.name.strip(), parent=c.parent.strip()) for c in site.circuits)
    bays = tuple(replace(b, label=b.label.strip(), circuit=b.circuit.strip()) for b in site.bays)
    return replace(site, circuits=circuits, bays=bays)


def free_label(wanted: str, bays: Iterable[Bay]) -> str:
    """`wanted`, or the next like it that nobody has."""
    return _free(wanted, (b.label for b in bays))


def free_name(wanted: str, circuits: Iterable[Circuit]) -> str:
    """The same for a circuit."""
    return _free(wanted, (c.name for c in circuits))


def _free(wanted: str, names: Iterable[str]) -> str:
    taken, name, n = {_plain(other) for other in names}, wanted, 2
    while _plain(name) in taken:
        name, n = f"{wanted} ({n})", n + 1
    return name


def _twice(names: Iterable[str]) -> list[str]:
    """The first of each that stands there more than once, cut to what a sentence bears."""
    named = [name for name in names if name.strip()]
    counts = Counter(map(_plain, named))
    firsts = {_plain(name): name for name in reversed(named)}
    return [firsts[plain][:100] for plain, count in counts.items() if count > 1]


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
