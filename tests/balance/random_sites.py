"""Random sites against Kirchhoff: no conductor above its limit, whatever each car draws below its pilot."""

import cmath
import math
import random

from evdesk.balance import Balancer, Decision, Demand, validate_site
from evdesk.model import Bay, Site, Why, WhyCode
from tests.balance.physics import believed, conductors, power_w, random_caps, random_site

NOISE_A = 1e-3


def demand(rng: random.Random, bay: Bay, limit_a: float | None) -> Demand:
    used = (True, True, True) if bay.phases == 3 and rng.random() < 0.7 else (True, False, False)
    wants = rng.random() < 0.9
    return Demand(
        key=(bay.charger_id, 1),
        wants=wants,
        commandable=wants,
        confirmed_a=limit_a,
        worst_a=limit_a or 0.0,
        ceiling_a=bay.max_a,
        ceiling_why=Why(WhyCode.CHARGER),
        charging=wants,
        terminals=used,
    )


def try_site(seed: int, steps: int = 3, draws: int = 6) -> str:
    """One random site with cars that obey; "" or what broke. Deterministic for a seed."""
    rng = random.Random(seed)
    site = random_site(rng)
    problems = validate_site(site)
    if problems:
        return f"seed {seed}: a site made to be right is refused: {problems[0]}"
    real = believed(rng, site)
    balancer = Balancer(site)
    have: dict[tuple[str, int], float | None] = {}
    who = [demand(rng, bay, None) for bay in site.bays]
    for step in range(steps):
        caps = random_caps(rng)
        balancer.limit_power(caps)
        now = 1000.0 + 400.0 * step
        for second in range(4):
            given = [_again(d, have.get(d.key)) for d in who]
            decision = balancer.step(now + second, given, [])
            have = {key: amps for key, (amps, _why) in decision.limits.items()}
        for n in range(draws):
            found = check(rng, site, real, decision, {d.key: d for d in given}, balancer, hide=n % 2 == 0)
            if found:
                return f"seed {seed}, step {step}: {found}"
        for cap in caps:
            found = _power(site, real, decision, {d.key: d for d in given}, cap.power_w)
            if found:
                return f"seed {seed}, step {step}: {found}"
    return ""


def _again(demand: Demand, limit_a: float | None) -> Demand:
    return Demand(**{name: getattr(demand, name) for name in Demand.__dataclass_fields__} | {
        "confirmed_a": limit_a, "worst_a": limit_a or 0.0})  # fmt: skip


def check(
    rng: random.Random,
    site: Site,
    real: Site,
    decision: Decision,
    demands: dict[tuple[str, int], Demand],
    balancer: Balancer,
    hide: bool,
) -> str:
    """Draws currents below the limits and looks at each conductor. `hide`: those that stop are the ones whose current
    hid that of others on one conductor, at a random angle; the rest stays at full."""
    drawn: dict[tuple[str, int], list[float]] = {}
    for bay in real.bays:
        key = (bay.charger_id, bay.connector_id)
        limit, _why = decision.limits[key]
        if limit and limit < max(6, bay.min_a):
            return f"{key} has {limit} A, below its minimum"
        if not demands[key].wants:
            continue
        part = rng.choice([0.0, 1.0, 1.0, rng.random()])
        used = demands[key].terminals
        drawn[key] = [limit * (1.0 if hide else part) if used[t] else 0.0 for t in range(3)]
        if limit > site.bay(*key).max_a + NOISE_A:
            return f"{key} has {limit} A, above its outlet"
    if hide:
        where, phase, angle = (
            rng.choice(site.circuits).name,
            rng.randrange(3),
            cmath.rect(1, rng.uniform(0, 2 * math.pi)),
        )
        alone = {key: conductors(real, {key: amps})[where] for key, amps in drawn.items()}
        drawn = {k: a for k, a in drawn.items() if (alone[k][phase % len(alone[k])] * angle).real > 0}
    others = {line.name: line.other_max_a for line in balancer.lines}
    for name, flows in conductors(real, drawn).items():
        circuit = site.circuit(name)
        for phase, flow in enumerate(flows):
            other = others[f"{name}/L{phase + 1}"]
            most = circuit.rating_a[phase] * circuit.continuous - site.balance.margin_a - other
            if abs(flow) > max(most, 0.0) + NOISE_A:
                return f"{name}/L{phase + 1} carries {abs(flow):.2f} A of {most:.2f}; limits {decision.limits}"
    return ""


def _power(site: Site, real: Site, decision: Decision, demands: dict[tuple[str, int], Demand], power: float) -> str:
    """All at their limit at once."""
    full: dict[tuple[str, int], list[float]] = {}
    for bay in real.bays:
        key = (bay.charger_id, bay.connector_id)
        if demands[key].wants:
            full[key] = [decision.limits[key][0] if used else 0.0 for used in demands[key].terminals]
    most = power if power >= 0 else 0.0
    if power_w(real, full) > most + 1.0:
        return f"{power_w(real, full):.0f} W of {most:.0f} W"
    return ""
