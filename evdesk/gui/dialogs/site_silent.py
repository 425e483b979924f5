"""What it costs to stay within the breaker even if evdesk falls silent, and what it costs not to, in ampere."""

from collections.abc import Iterator
from dataclasses import dataclass

from evdesk.gui import text
from evdesk.gui.text import tr
from evdesk.model import PHASES, Circuit, Site

WITHIN = 1.13
"""So many times its rating every B, C and D breaker holds for an hour (IEC 60898-1, table 7)."""
LEAST_A = 6.0
"""No car can take less (IEC 61851-1)."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One conductor. `on_a` is left for cars at most where it stays within the breaker, `off_a` where it does not;
    `worst_a` then flows when evdesk is silent and the other loads rise to `other_a`."""

    line: str
    limit_a: float
    other_a: float
    on_a: float
    off_a: float

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
        return self.worst_a <= WITHIN * self.limit_a + 0.05


def tightest(site: Site, times: float = WITHIN) -> Silence | None:
    """The conductor that leaves cars the least, of those with cars behind them; of all where no car has a place yet."""
    feeding = set(_feeding(site))
    circuits = [c for c in site.circuits if c.name in feeding] if feeding else list(site.circuits)
    lines = [one for circuit in circuits for one in _lines(circuit, max(site.balance.margin_a, 0.0), times)]
    return min(lines, key=lambda one: (one.on_a, one.off_a - one.on_a), default=None)


def affordable(site: Site) -> bool:
    """Whether a car can still charge on every line beside the worst of the other loads."""
    one = tightest(site)
    return one is not None and one.on_a >= LEAST_A


def silence_words(site: Site) -> str:
    """One sentence about what each choice costs."""
    one = tightest(site)
    if one is None:
        return ""
    if one.free:
        return tr("Costs nothing here: the breaker bears other loads of {other} on top.").format(
            other=text.limit(one.other_a)
        )
    if one.on_a >= LEAST_A:
        on = tr("On: cars get {on} at most, even while nothing else runs.")
    else:
        on = tr("On: {on} would be left for cars; none starts below 6 A.")
    if one.borne:
        off = tr("Off: up to {off}, and {worst} of {limit} for {s} s at the worst, which the breaker bears.")
    else:
        off = tr("Off: up to {off}, but {worst} of {limit} may flow for {s} s, and the breaker may trip.")
    figures = {
        "on": text.limit(_down(one.on_a)),
        "off": text.limit(_down(one.off_a)),
        "worst": text.limit(one.worst_a),
        "limit": text.limit(one.limit_a),
        "s": site.balance.profile_valid_s,
    }
    where = f"{one.line}. " if len(site.circuits) > 1 else ""
    metered = any(circuit.meter is not None for circuit in site.circuits)
    later = "" if metered else " " + tr("It counts once a meter measures the site.")
    return where + f"{on}\n{off}".format(**figures) + later


def _down(amps: float) -> float:
    """Whole ampere cars can count on."""
    return float(int(max(amps, 0.0) + 1e-6))


def _feeding(site: Site) -> Iterator[str]:
    """Circuits with a bay on them or anywhere below."""
    parents = {c.name: c.parent for c in site.circuits}
    for bay in site.bays:
        name, left = bay.circuit, len(parents)
        while name in parents and left >= 0:  # a loop in the file ends here too
            yield name
            name, left = parents[name], left - 1


def _lines(circuit: Circuit, margin_a: float, times: float) -> Iterator[Silence]:
    for phase, rating_a, other_a in zip(PHASES, circuit.rating_a, circuit.other_max_a, strict=True):
        limit_a = rating_a * circuit.continuous
        if limit_a <= 0:
            continue
        floor = max(other_a - (times - 1.0) * limit_a, 0.0)
        off_a = max(limit_a - margin_a, 0.0)
        yield Silence(f"{circuit.name} {phase}", limit_a, other_a, max(off_a - floor, 0.0), off_a)
