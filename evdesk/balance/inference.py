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

CALM_STEP_A, CALM_TIMES = 2.0, 4.0
"""On a calm meter a smaller one shows too: so many times what it moves by itself."""

SURE = 0.98
STEPS_NEEDED = 2
COINCIDENCE = 0.08
"""How often something else steps within the same seconds."""

FADES = 0.85
"""What an older step is worth beside one step newer: whoever was rewired is seen to be after a handful of steps."""

NEWEST = 9
"""So many steps judge a meter, the newest of all connectors together."""

CHANGED = 3
"""So many in a row that all say the same, and not what was believed, end what was believed: the meter was changed."""

ALIKE = 0.3

UNLIKE = 0.5
"""More of what a meter showed that is not in proportion to the connector's step came from something else."""

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
    UNREADABLE = "unreadable"  # it answers, but with no current that can be
    MISSES = "misses"  # it shows less than the cars draw: a transformer is open or elsewhere
    STILL = "still"  # it tells the same again and again: the meter, or what stands between, hangs
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
        return all(map(math.isfinite, values)) and max(map(abs, self.terminals)) >= least_step_a(self.noise_a)

    @property
    def ratio(self) -> float | None:
        """What the meter read of one ampere; None where the terminals' changes cancel."""
        change = sum(self.terminals)
        return sum(self.meter) / change if change else None

    @property
    def missing(self) -> str | None:
        """Site phases on which a step of all three terminals does not show as on the others, "" where all show it; None
        where the step cannot tell."""
        middle = statistics.median(self.terminals)
        if max(abs(t - middle) for t in self.terminals) > 0.15 * abs(middle) or not middle:
            return None
        shown = [m / middle for m in self.meter]
        usual, may = statistics.median(shown), self.noise_a / abs(middle)
        return "".join(
            letter
            for letter, one in zip("RST", shown, strict=True)
            if abs(one - usual) > max(ALIKE * abs(usual), 0.15) + 2.0 * may
        )

    @property
    def alike(self) -> bool:
        """Whether some wiring and some meter, whatever its factor and the signs of its phases, would have shown this step
        so. Where none would, something else stepped too, and it tells nothing of the meter."""
        seen, size = sum(m * m for m in self.meter), sum(t * t for t in self.terminals)
        largest_first = (sorted(map(abs, values), reverse=True) for values in (self.terminals, self.meter))
        fits = sum(t * m for t, m in zip(*largest_first, strict=True)) ** 2 / size
        by_itself = min(CALM_TIMES * self.noise_a, UNLIKE * math.sqrt(size))
        return math.sqrt(max(seen - fits, 0.0)) <= UNLIKE * math.sqrt(seen) + by_itself


def least_step_a(noise_a: float) -> float:
    """The smallest change of current that says something on a meter that moves so much by itself."""
    return min(max(CALM_TIMES * noise_a, CALM_STEP_A), LEAST_STEP_A)


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
    ats: list[float] = field(default_factory=list)  # when each of `ratios` was seen; 0 where that was not kept
    thirds: list[tuple[float, str]] = field(default_factory=list)  # (when, `Step.missing`), newest last

    def add(self, step: Step, across: bool, gain: float = 1.0, *, weighs: bool = True, at: float = 0.0) -> bool:
        """`across`: it may sit between two phases; `gain`: what the meter is known to read of one ampere; `weighs`: an
        ampere of it is one on the meter's phases, so the step tells of the meter too; `at`: epoch seconds. False: too
        small to say anything."""
        if not step.useful:
            return False
        self.phases = sum(abs(d) > 0.4 * max(map(abs, step.terminals)) for d in step.terminals)
        ratio = step.ratio if weighs and step.alike else None
        if ratio is not None:
            self.ats = [*self._ats()[-19:], at]
            self.ratios = [*self.ratios[-19:], ratio]
            gain = _gain(ratio, gain)
            if (missing := step.missing) is not None:
                self.thirds = [*self.thirds[-19:], (at, missing)]
        meter = (step.meter[0] / gain, step.meter[1] / gain, step.meter[2] / gain)
        self.logs = {name: log * FADES for name, log in self.logs.items()}
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

    def _ats(self) -> list[float]:
        return [0.0] * (len(self.ratios) - len(self.ats)) + self.ats

    def told(self) -> list[tuple[float, float]]:
        """(when, meter over connector), newest last."""
        return list(zip(self._ats(), self.ratios, strict=True))

    def drop_before(self, at: float) -> bool:
        """What older steps said of the meter is void; True where something was dropped."""
        kept = [pair for pair in self.told() if pair[0] >= at]
        dropped = len(kept) < len(self.ratios)
        self.ats, self.ratios = [when for when, _ in kept], [ratio for _, ratio in kept]
        self.thirds = [third for third in self.thirds if third[0] >= at]
        return dropped

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
    """`factor`: what the meter reads of one ampere; `swapped`: the phases its transformers are on, e.g. "SRT", or, where
    it misses something, those it does not show rightly, e.g. "T"."""

    verdict: MeterVerdict
    factor: float | None = None
    swapped: str = ""
    steps: int = 0


def judge_meter(evidence: dict[Key, Evidence], entered: dict[Key, str]) -> MeterSeen:
    """What the newest steps of all connectors say about the meter they were seen by. A fault of the meter shows on every
    connector alike, a wrong entry on one."""
    told = sorted((pair for seen in evidence.values() for pair in seen.told()), key=lambda pair: pair[0])
    ratios = [ratio for _at, ratio in told]
    if missing := _missing(evidence):
        return MeterSeen(MeterVerdict.MISSES, None, missing, len(ratios))
    factor = _agreed(ratios[-NEWEST:]) if len(ratios) >= STEPS_NEEDED else None
    if factor is None:
        return MeterSeen(MeterVerdict.UNKNOWN, steps=len(ratios))
    found = MeterSeen(_by_factor(factor), round(factor, 4), steps=len(ratios))
    if found.verdict is not MeterVerdict.RIGHT:
        return found
    swapped = _one_permutation(evidence, entered)
    return MeterSeen(MeterVerdict.SWAPPED, found.factor, swapped, len(ratios)) if swapped else found


def _missing(evidence: dict[Key, Evidence]) -> str:
    """Phases that two of the newest three steps on all phases have not shown as they have shown the others."""
    thirds = sorted((third for seen in evidence.values() for third in seen.thirds), key=lambda third: third[0])
    told = [letters for _at, letters in thirds[-CHANGED:]]
    return next((letters for letters in told if letters and told.count(letters) >= STEPS_NEEDED), "")


def _agreed(ratios: Sequence[float]) -> float | None:
    """What the newest steps agree on, None where they do not. Newest last."""
    newest = ratios[-CHANGED:]
    if len(newest) == CHANGED and _agree(newest) == CHANGED and len({_by_factor(ratio) for ratio in newest}) == 1:
        return statistics.median(newest)
    return statistics.median(ratios) if 2 * _agree(ratios) >= len(ratios) and _agree(ratios) >= STEPS_NEEDED else None


def _agree(ratios: Sequence[float]) -> int:
    """How many are about the middle one: two that contradict each other have no mean that means something."""
    middle = statistics.median(ratios)
    return sum(abs(ratio - middle) <= max(ALIKE * abs(middle), 0.15) for ratio in ratios)


def _gain(ratio: float, known: float) -> float:
    """What this step's meter read of one ampere: a meter that was just turned shows by the step itself."""
    verdict = _by_factor(ratio)
    if verdict in (MeterVerdict.BACKWARDS, MeterVerdict.UNIT):
        return ratio
    return 1.0 if verdict is MeterVerdict.RIGHT else known


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
    orders, wrong = _permutations(evidence, entered)
    return orders[0] if len(orders) == 1 and len(wrong) >= 2 else ""


def meter_or_wiring(evidence: dict[Key, Evidence], entered: dict[Key, str]) -> set[Key]:
    """Connectors seen on other phases than entered, where an exchange of the meter's phases would explain all that was
    seen just as well: nobody can tell which of both it is."""
    orders, wrong = _permutations(evidence, entered)
    return set(wrong) if orders else set()


def _permutations(evidence: dict[Key, Evidence], entered: dict[Key, str]) -> tuple[list[str], list[Key]]:
    """(exchanges of the meter's phases that explain all that was seen, connectors that are not as entered)."""
    seen = {key: one.seen(entered.get(key, "")) for key, one in evidence.items()}
    seen = {key: one for key, one in seen.items() if len(one.rotation) == 3}
    wrong = [key for key, one in seen.items() if one.verdict is WiringVerdict.CONTRADICTS]
    right = [key for key, one in seen.items() if one.verdict is WiringVerdict.AGREES]
    orders = []
    for order in STARS[1:] if wrong else ():
        turned = {key: "".join(_turn(letter, order) for letter in entered[key]) for key in [*wrong, *right]}
        if all(_matches(seen[key].rotation, rotation) for key, rotation in turned.items()):
            orders.append(order)
    return orders, wrong


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
