"""Which site phase each terminal of a charger is on, learnt from steps: one connector changes, the meter shows where.

A step is the change of one connector's current and of the site's meter over the same seconds, with nothing else known to
have changed. For every wiring the step would look different; the evidence of all steps adds up. The house may step at the
same moment, so a single residual far off counts as a coincidence and not as proof. Three equal currents look the same on
every rotation: they prove that three phases are used, and nothing about their order.
"""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from evdesk.balance.types import Key
from evdesk.model import ACROSS, Phases

LEAST_STEP_A = 3.0
"""Smaller changes drown in what a house does."""

SURE = 0.98
STEPS_NEEDED = 2
COINCIDENCE = 0.08
"""How often something else steps within the same seconds."""

STARS = tuple("".join(order) for order in itertools.permutations("RST"))
CANDIDATES = (*STARS, *ACROSS)

GAIN_OK = (0.7, 1.4)
BLIND = 0.25
UNITS = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0)


class WiringVerdict(StrEnum):
    UNKNOWN = "unknown"  # too little was seen
    SAME_ALWAYS = "same_always"  # its car draws the same on every phase: the order cannot show
    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    LEARNT = "learnt"  # nobody had entered it


class MeterVerdict(StrEnum):
    UNKNOWN = "unknown"
    RIGHT = "right"
    BACKWARDS = "backwards"  # it counts what flows in as flowing out
    BLIND = "blind"  # it does not see these chargers: it sits elsewhere
    UNIT = "unit"  # it reads by a power of ten too much or too little
    RATIO = "ratio"  # it reads too much or too little: the transformer ratio
    SWAPPED = "swapped"  # two of its current transformers are on each other's phase


@dataclass(frozen=True, slots=True)
class Step:
    """`terminals`: by how much the connector's current rose per terminal (negative: fell), `meter`: the meter's change
    per phase in the same seconds, `noise_a`: what the meter does in such a span when nothing steps."""

    terminals: tuple[float, float, float]
    meter: tuple[float, float, float]
    noise_a: float = 1.0

    @property
    def useful(self) -> bool:
        values = (*self.terminals, *self.meter)
        return all(map(math.isfinite, values)) and max(map(abs, self.terminals)) >= LEAST_STEP_A


@dataclass(frozen=True, slots=True)
class WiringSeen:
    """`rotation`: "" nothing is sure, "S??" only terminal 1 is, "STR" or "ST" all is. `confidence`: of that, 0 to 1.
    `phases`: how many phases the car used, 0 unknown."""

    rotation: str
    confidence: float
    verdict: WiringVerdict
    steps: int
    phases: int = 0


@dataclass(slots=True)
class Evidence:
    """What was seen of one connector. `logs`: log-likelihood per candidate; plain data, to be kept."""

    logs: dict[str, float] = field(default_factory=lambda: dict.fromkeys(CANDIDATES, 0.0))
    steps: int = 0
    equal: int = 0  # steps with the same change on all three terminals
    ratios: list[float] = field(default_factory=list)  # meter over connector, newest last
    phases: int = 0

    def add(self, step: Step, across: bool, gain: float = 1.0, *, weighs: bool = True) -> bool:
        """`across`: it may sit between two phases; `gain`: what the meter is known to read of one ampere; `weighs`: an
        ampere of it is one on the meter's phases, so the step tells of the meter too. False: too small to say anything."""
        if not step.useful:
            return False
        self.phases = sum(abs(d) > 0.4 * max(map(abs, step.terminals)) for d in step.terminals)
        change = sum(step.terminals)
        if weighs and change:
            self.ratios = [*self.ratios[-19:], sum(step.meter) / change]
        meter = (step.meter[0] / gain, step.meter[1] / gain, step.meter[2] / gain)
        for name in CANDIDATES:
            if name in ACROSS and not (across and _one_current(step.terminals)):
                self.logs[name] += math.log(COINCIDENCE) * 3
                continue
            self.logs[name] += _likelihood(_expected(name, step.terminals), meter, step)
        top = max(self.logs.values())
        self.logs = {name: max(log - top, -60.0) for name, log in self.logs.items()}
        self.steps += 1
        spread = max(step.terminals) - min(step.terminals)
        self.equal += int(self.phases == 3 and spread < 0.15 * max(map(abs, step.terminals)))
        return True

    def chances(self) -> dict[str, float]:
        """Probability per candidate, all equally likely before anything was seen."""
        weights = {name: math.exp(log) for name, log in self.logs.items()}
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items()}

    def seen(self, entered: str) -> WiringSeen:
        """What all steps say, beside what a person has entered ("" = nothing)."""
        chances = self.chances()
        best = max(chances, key=lambda name: chances[name])
        rotation, confidence = "", chances[best]
        if self.steps >= STEPS_NEEDED:
            if confidence >= SURE:
                rotation = best
            else:
                first, sure = _first_terminal(chances)
                rotation, confidence = (f"{first}??", sure) if sure >= SURE else ("", confidence)
        return WiringSeen(rotation, round(confidence, 4), self._verdict(rotation, entered), self.steps, self.phases)

    def _verdict(self, rotation: str, entered: str) -> WiringVerdict:
        if not rotation:
            equal = self.steps >= STEPS_NEEDED and self.equal == self.steps
            return WiringVerdict.SAME_ALWAYS if equal else WiringVerdict.UNKNOWN
        if not entered:
            return WiringVerdict.LEARNT
        same = len(rotation) == len(entered) and all(r in ("?", e) for r, e in zip(rotation, entered, strict=True))
        return WiringVerdict.AGREES if same else WiringVerdict.CONTRADICTS


def _expected(name: str, terminals: Sequence[float]) -> tuple[float, float, float]:
    found = [0.0, 0.0, 0.0]
    if name in ACROSS:
        for phase in ACROSS[name]:
            found[phase] = max(terminals, key=abs)
    else:
        for terminal, letter in enumerate(name):
            found["RST".index(letter)] = terminals[terminal]
    return (found[0], found[1], found[2])


def _likelihood(expected: Sequence[float], meter: Sequence[float], step: Step) -> float:
    """Sum over the phases of log(normal of the residual, or a coincidence spread over the size of the step)."""
    size = max(map(abs, step.terminals))
    sigma = math.hypot(max(step.noise_a, 0.3), 0.1 * size)
    wide = sigma + 1.5 * size
    total = 0.0
    for want, have in zip(expected, meter, strict=True):
        off = have - want
        near = (1 - COINCIDENCE) * math.exp(-0.5 * (off / sigma) ** 2) / sigma
        far = COINCIDENCE * math.exp(-0.5 * (off / wide) ** 2) / wide
        total += math.log(near + far + 1e-12)
    return total


def _one_current(terminals: Sequence[float]) -> bool:
    """One current, told on one terminal or alike on the two of an outlet between phases."""
    top = max(map(abs, terminals))
    told = [d for d in terminals if abs(d) > 0.4 * top]
    return len(told) == 1 or (len(told) == 2 and abs(told[0] - told[1]) < 0.1 * top)


def _first_terminal(chances: dict[str, float]) -> tuple[str, float]:
    """The site phase terminal 1 is on, and how sure that is: all a one-phase car can show."""
    sums = {letter: sum(chances[name] for name in STARS if name[0] == letter) for letter in "RST"}
    best = max(sums, key=lambda letter: sums[letter])
    return best, sums[best]


@dataclass(frozen=True, slots=True)
class MeterSeen:
    """`factor`: what the meter reads of one ampere; `swapped`: the phases its transformers are on, e.g. "SRT"."""

    verdict: MeterVerdict
    factor: float | None = None
    swapped: str = ""
    steps: int = 0


def judge_meter(evidence: dict[Key, Evidence], entered: dict[Key, str]) -> MeterSeen:
    """What the steps of all connectors say about the meter they were seen by. A fault of the meter shows on every
    connector alike, a wrong entry on one."""
    ratios = [ratio for seen in evidence.values() for ratio in seen.ratios]
    if len(ratios) < STEPS_NEEDED:
        return MeterSeen(MeterVerdict.UNKNOWN, steps=len(ratios))
    factor = statistics.median(ratios)
    found = MeterSeen(_by_factor(factor), round(factor, 4), steps=len(ratios))
    if found.verdict is not MeterVerdict.RIGHT:
        return found
    swapped = _one_permutation(evidence, entered)
    return MeterSeen(MeterVerdict.SWAPPED, found.factor, swapped, len(ratios)) if swapped else found


def _by_factor(factor: float) -> MeterVerdict:
    low, high = GAIN_OK
    if low <= factor <= high:
        return MeterVerdict.RIGHT
    if low <= -factor <= high:
        return MeterVerdict.BACKWARDS
    if any(low <= abs(factor) / unit <= high for unit in UNITS):
        return MeterVerdict.UNIT
    return MeterVerdict.BLIND if abs(factor) < BLIND else MeterVerdict.RATIO


def _one_permutation(evidence: dict[Key, Evidence], entered: dict[Key, str]) -> str:
    """The one exchange of the meter's phases that makes every entered wiring right, where at least two are wrong."""
    seen = {key: one.seen(entered.get(key, "")) for key, one in evidence.items()}
    wrong = [key for key, one in seen.items() if one.verdict is WiringVerdict.CONTRADICTS and len(one.rotation) == 3]
    right = [key for key, one in seen.items() if one.verdict is WiringVerdict.AGREES and len(one.rotation) == 3]
    if len(wrong) < 2:
        return ""
    fits = []
    for order in STARS[1:]:
        turned = {key: "".join(_turn(letter, order) for letter in entered[key]) for key in [*wrong, *right]}
        if all(_matches(seen[key].rotation, rotation) for key, rotation in turned.items()):
            fits.append(order)
    return fits[0] if len(fits) == 1 else ""


def _turn(letter: str, order: str) -> str:
    return order["RST".index(letter)] if letter in "RST" else letter


def _matches(found: str, wanted: str) -> bool:
    return all(f in ("?", w) for f, w in zip(found, wanted, strict=True))


def step_of(
    before: Phases, after: Phases, meter_before: Phases, meter_after: Phases, noise_a: float = 1.0
) -> Step | None:
    """A step from readings; None where one of them is unknown."""
    values = [*before, *after, *meter_before, *meter_after]
    if any(v is None or not math.isfinite(v) for v in values):
        return None
    v = [float(x or 0.0) for x in values]
    return Step((v[3] - v[0], v[4] - v[1], v[5] - v[2]), (v[9] - v[6], v[10] - v[7], v[11] - v[8]), noise_a)
