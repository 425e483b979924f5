"""Four minutes of the real balancer over a site of any size: what its pictures show adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from evdesk.balance import Balancer, Decision, Demand, Line, LineSample
from evdesk.model import Site

COOL_S, SECONDS = 1000, 240
HOUSE_A = (9.0, 22.0, 12.5)
Key = tuple[str, int]
Amps = tuple[float, float, float]


@dataclass(frozen=True)
class Wish:
    """What stands at a connector: `most_a` the car's own maximum (0: no car), `phases` it uses; `full`: it takes nothing;
    `silent`: the charger."""

    most_a: float = 0.0
    phases: int = 3
    silent: bool = False
    full: bool = False


@dataclass(frozen=True)
class Run:
    decision: Decision
    drawn: dict[Key, Amps]
    lines: tuple[Line, ...]

    def at_site(self, key: Key, circuit: str) -> Amps:
        """What a connector puts on the three conductors of its circuit."""
        found = {line.phase: line for line in self.lines if line.circuit == circuit and key in line.coef}
        one, two, three = (abs(flow(found[p], key, self.drawn[key])) if p in found else 0.0 for p in range(3))
        return (one, two, three)


def flow(line: Line, key: Key, drawn: Amps) -> complex:
    parts = line.parts.get(key) or ((max(line.terminal.get(key, 0), 0), line.coef[key]),)
    return sum((drawn[terminal] * coef for terminal, coef in parts), 0j)


def metered(lines: Sequence[Line], drawn: Mapping[Key, Amps]) -> tuple[float, float, float]:
    """What the meter of the supply shows."""
    roots = sorted((line for line in lines if line.metered and not line.parent), key=lambda line: line.phase)
    one, two, three = (
        abs(sum((flow(line, key, drawn[key]) for key in line.coef), 0j)) + HOUSE_A[line.phase] for line in roots
    )
    return (one, two, three)


@lru_cache(maxsize=8)
def run(site: Site, wishes: tuple[Wish, ...], until: float) -> Run:
    """`wishes` in the order of the bays; the last second is `until`."""
    balancer = Balancer(site)
    keys = [(bay.charger_id, bay.connector_id) for bay in site.bays]
    stands = {
        key: Demand(
            key,
            wants=wish.most_a > 0,
            commandable=not wish.silent,
            worst_a=6.0 if wish.silent else 0.0,
            ceiling_a=bay.max_a,
            terminals=(True, wish.phases == 3, wish.phases == 3),
            kw_per_a=0.23 * wish.phases,
            plugged_at=until - 4000.0,
        )
        for key, bay, wish in zip(keys, site.bays, wishes, strict=True)
    }
    drawn: dict[Key, Amps] = dict.fromkeys(keys, (0.0, 0.0, 0.0))
    for ago in (*range(COOL_S + SECONDS, SECONDS, -10), *range(SECONDS, -1, -1)):  # the breakers have cooled
        now = until - ago
        root = next(line.circuit for line in balancer.lines if not line.parent)
        decision = balancer.step(now, list(stands.values()), [LineSample(root, now, metered(balancer.lines, drawn))])
        for key, wish in zip(keys, wishes, strict=True):
            if wish.silent:
                continue
            limit = decision.limits[key][0]
            takes = min(limit, wish.most_a) - 0.2 if limit >= 6 and wish.most_a and not wish.full else 0.0
            drawn[key] = (takes, takes - 0.1, takes - 0.2) if wish.phases == 3 and takes else (takes, 0.0, 0.0)
            stands[key] = replace(
                stands[key], confirmed_a=limit, worst_a=limit, drawn_a=drawn[key], drawn_at=now, charging=takes > 0
            )
    assert decision.lines  # worked out before the next step
    return Run(decision, drawn, balancer.lines)
