"""What a charger falls back to when nobody talks to it, so that the fuse holds with every charger on its own."""

import math
from dataclasses import dataclass

from evdesk.balance.lines import EPS
from evdesk.balance.types import Key
from evdesk.balance.wiring import build_lines, usable
from evdesk.model import Bay, Site

MIN_A = 6


@dataclass(frozen=True, slots=True)
class FailsafePlan:
    """The static part of the protection inside one charger, in ampere per phase.

    `max_a`: charging station maximum (branch fuse or cable, the smallest of its connectors).
    `safe_a`: its default without a live limit; 0 where 6 A does not fit for everybody.
    """

    charger_id: str
    max_a: float
    safe_a: float


def safe_share(site: Site) -> dict[Key, float]:
    """Failsafe share per connector, whole ampere: on each line the rating less margin and worst other load, divided by
    the connectors on it; the smallest over all lines above the connector; 0 below its minimum.

    All connectors together then fit every line even if each draws its share and the rest of the site its worst. A share
    set by hand may only lower it.
    """
    lines = build_lines(site)
    wanted = site.balance.safe_share_a
    margin = max(site.balance.margin_a, 0.0)
    shares: dict[Key, float] = {}
    fits: dict[Key, float] = {}
    for line in lines:
        room = max(line.limit_a - margin - line.other_max_a, 0.0)
        each = room / max(sum(abs(c) for c in line.coef.values()), EPS)
        for key in line.coef:
            fits[key] = min(fits.get(key, math.inf), each)
    for bay in site.bays:
        key = (bay.charger_id, bay.connector_id)
        top = min(fits[key], usable(bay.max_a)) if key in fits else 0.0
        if wanted is not None:
            top = min(top, wanted) if math.isfinite(wanted) else 0.0
        whole = math.floor(top + EPS)
        shares[key] = float(whole) if whole >= max(MIN_A, bay.min_a) else 0.0
    return shares


def site_share(site: Site) -> float:
    """The one figure for the whole site: the smallest share of any connector, 0 without connectors."""
    return min(safe_share(site).values(), default=0.0)


def failsafe_plans(site: Site) -> dict[str, FailsafePlan]:
    """Charger id -> what to write into it once."""
    shares = safe_share(site)
    by_charger: dict[str, list[Bay]] = {}
    for bay in site.bays:
        by_charger.setdefault(bay.charger_id, []).append(bay)
    plans: dict[str, FailsafePlan] = {}
    for charger, bays in by_charger.items():
        top = float(math.floor(min(usable(bay.max_a) for bay in bays)))
        safe = min(shares[(charger, bay.connector_id)] for bay in bays)
        plans[charger] = FailsafePlan(charger, top, safe)
    return plans
