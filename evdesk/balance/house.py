"""The load of a line that is no charger, seen through a meter each second and chargers that report each 10 s or slower.

The meter shows the sum. Subtracting the newest readings of the cars would take every car's own ramp for house load (its
reading is up to 10 s old), cut the cars, see the house "fall" and raise them again: an oscillation made by the
balancer. So the estimate works with intervals and with two looks at the same second:

* *Now*: the cars are somewhere between `low` and `high` (Track.bounds), so the house is in [meter - high, meter - low].
  The estimate moves only as far as that interval forces it. An own ramp never does, because limits were given so that
  all of them together fit: the meter stays below `high` + house. A real step does at once: with steady cars the interval
  is a point, and with ramping ones the step shows as soon as it could bring the line above what was planned.
* *Afterwards*, when each charger has reported past a second, the interval of that second is nearly a point. That estimate
  feeds the maximum over `house_window_s`, so that a load cycling each 45 s is planned for as if it were always on; of a
  load that has not come back yet, over little more than `raise_hold_s`.

What is planned with is the larger of both maxima; the guess of *now* counts until *afterwards* has judged it. A silent
meter means the worst case of the site, never less than planned before. Feed-in never counts as room: a cloud is faster
than a car. A circuit without a meter counts its worst case, or what its metered sub-circuits show if that is more.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from evdesk.balance.filters import MaxWindow, Rises
from evdesk.balance.lines import Wire
from evdesk.balance.sums import Span, Sums, rest
from evdesk.balance.track import MOST, Bounds, clean
from evdesk.balance.types import Line, LineSample
from evdesk.model import NO_PHASES, BalanceSettings, Phases

MEMORY_S = 600.0
"""A load that rose twice in this time is one that comes and goes."""

ONCE_S = 10.0
"""A load that came once is planned for so much longer than limits are held."""


@dataclass(slots=True)
class Seen:
    """Meter history of one circuit, newest last."""

    samples: deque[tuple[float, Phases]] = field(default_factory=lambda: deque(maxlen=64))
    fresh_since: float | None = None

    def at(self, moment: float) -> Phases | None:
        """The sample nearest to a moment, None if none lies within 1.5 s of it."""
        best: tuple[float, Phases] | None = None
        for stamp, current in reversed(self.samples):
            if best is None or abs(stamp - moment) < abs(best[0] - moment):
                best = (stamp, current)
            if stamp <= moment:
                break
        return best[1] if best is not None and abs(best[0] - moment) <= 1.5 else None


@dataclass(frozen=True, slots=True)
class Other:
    """What is believed of one line's other load. `plan_a` is decided with; `now_a` shown; `total_a` the fresh meter.
    `silent_a` of `plan_a` is not expected now, but kept free in case evdesk falls silent."""

    plan_a: float
    now_a: float | None
    total_a: float | None
    stale: bool
    fresh_s: float  # for how long the meter has answered without a gap; inf without a meter
    silent_a: float = 0.0


@dataclass(slots=True)
class _LineState:
    slow: MaxWindow
    rises: Rises
    fast: MaxWindow
    settled: float | None = None
    plan: float = 0.0
    held_at: float = -math.inf  # up to then nobody could tell cars and house apart


class House:
    """One estimator for the whole site; lines are known by name so that their history survives a changed site."""

    def __init__(self, settings: BalanceSettings) -> None:
        self._settings = settings
        self._circuits = frozenset[str]()
        self._seen: dict[str, Seen] = {}
        self._states: dict[str, _LineState] = {}
        self._wires: Sequence[Wire] = ()
        self._below: list[list[tuple[int, float]]] = []
        self._plain: list[Other | None] = []
        self._recalled: dict[str, float] = {}
        self._now, self._then = Sums((), ()), Sums((), ())
        self.lag_s = 12.0

    def reconfigure(self, settings: BalanceSettings, lines: Iterable[Line]) -> None:
        """What is known of other lines and circuits is forgotten."""
        self._settings = settings
        names, self._circuits = {line.name for line in lines}, frozenset(line.circuit for line in lines)
        self._states = {name: state for name, state in self._states.items() if name in names}
        self._seen = {circuit: seen for circuit, seen in self._seen.items() if circuit in self._circuits}

    @property
    def found_a(self) -> dict[str, float]:
        """By name of the line: the other load as it is known by now, where its currents are not in phase with those of the
        cars. How much it is beside cars that charge already can hardly be told there; what was seen while they came can."""
        turned = (wire.line.name for wire in self._wires if not wire.aligned)
        return {name: at.settled for name in turned if (at := self._states.get(name)) and at.settled is not None}

    def recall(self, found_a: Mapping[str, float]) -> None:
        """What `found_a` was a moment ago, no longer than a live limit lasts, for lines that nothing is known of yet. Other
        names are left out; what a meter shows goes before it."""
        self._recalled = {name: amps for name, amps in found_a.items() if 0.0 <= amps <= MOST}

    def set_lag(self, sample_s: float) -> None:
        """How far back every charger has reported by now: the slowest one's interval and 2 s on the way, 32 s at most."""
        self.lag_s = min(max(sample_s, 1.0) + 2.0, 32.0)

    @property
    def _window_s(self) -> float:
        return max(self._settings.house_window_s, self._settings.raise_hold_s)

    def take(self, samples: Iterable[LineSample], now: float) -> None:
        """Adds the newest samples; repeated, older and future ones are ignored."""
        for sample in samples:
            if sample.circuit not in self._circuits:  # does not reach the supply
                continue
            seen = self._seen.setdefault(sample.circuit, Seen())
            at = clean(sample.at)
            if at is None or at > now + 1.0 or (seen.samples and at <= seen.samples[-1][0]):
                continue
            gap = not seen.samples or at - seen.samples[-1][0] > self._settings.meter_stale_s
            if gap or seen.fresh_since is None:
                seen.fresh_since = at
            a, b, c = sample.current_a
            seen.samples.append((at, (clean(a), clean(b), clean(c))))
            if sample.current_a == NO_PHASES:
                seen.fresh_since = None  # it said nothing: a gap

    def sampled_at(self, now: float) -> float:
        """From when the oldest of the samples is that are used now; `now` where there is none."""
        newest = [seen.samples[-1][0] for seen in self._seen.values() if seen.samples]
        return min((at for at in newest if now - at <= self._settings.meter_stale_s), default=now)

    def estimate(
        self,
        wires: Sequence[Wire],
        now: float,
        bounds: Sequence[Bounds],
        earlier: Sequence[Bounds],
        awaited: Set[int] = frozenset(),
    ) -> list[Other]:
        """One `Other` per line. `bounds`: the connectors now; `earlier`: the same at `now - lag_s`; `awaited`: positions
        that have told no reading yet and will within their interval."""
        if wires is not self._wires:
            self._wires = wires
            self._below = children(wires)
            self._plain = [None if w.line.metered else _unmetered(w.line) for w in wires]
            metered = [w for w, wire in enumerate(wires) if wire.line.metered]
            self._now, self._then = Sums(wires, metered), Sums(wires, metered)
        self._now.take(bounds)
        self._then.take(earlier)
        past = {circuit: seen.at(now - self.lag_s) for circuit, seen in self._seen.items()}
        found = [plain or self._line(w, wires[w], now, past, awaited) for w, plain in enumerate(self._plain)]
        for w in range(len(wires) - 1, -1, -1):  # leaves first
            if wires[w].line.metered or wires[w].line.phase < 0:
                continue
            below = sum([times * found[c].plan_a for c, times in self._below[w]])
            entered = sum([times * wires[c].line.other_max_a for c, times in self._below[w]])
            # A line without a meter carries what those below it show, and what was entered for it beyond them.
            plan = below + max(wires[w].line.other_max_a - entered, 0.0)
            if plan > found[w].plan_a:
                found[w] = Other(plan, found[w].now_a, None, False, math.inf)
        if any(wire.line.with_other for wire in wires):
            supply = [o for o, at in zip(found, wires, strict=True) if at.line.phase >= 0 and not at.line.parent]
            found = [_whole(supply) if wire.line.with_other else o for o, wire in zip(found, wires, strict=True)]
        return found

    def _line(self, w: int, wire: Wire, now: float, past: Mapping[str, Phases | None], awaited: Set[int]) -> Other:
        line = wire.line
        state = self._states.get(line.name)
        if state is None:
            state = _LineState(MaxWindow(self._window_s), Rises(MEMORY_S), MaxWindow(self.lag_s + 3.0), plan=0.0)
            if not wire.aligned:
                state.settled = self._recalled.pop(line.name, None)
            self._states[line.name] = state
        once_s = min(self._settings.raise_hold_s + ONCE_S, self._window_s)
        state.slow.window_s = self._window_s if state.rises.again(now) else once_s
        state.fast.window_s = self.lag_s + 3.0
        seen = self._seen.get(line.circuit)
        total = self._total(seen, line.phase, now)
        if seen is None or total is None:
            state.plan = max(state.plan, line.other_max_a)
            return Other(state.plan, None, None, True, 0.0)
        if state.settled is None and not awaited.isdisjoint(wire.members):
            # Just begun: nobody knows yet how much of it is cars. Who is on stays on, for by the meter all of it fits, and
            # the meter is watched; nothing rises.
            least = max(rest(wire, total, self._now.of(w), self._now.beside(w))[0], 0.0)
            state.fast.push(now, least)
            state.plan = max(state.fast.max(now) or 0.0, least)
            state.held_at = now
            return Other(state.plan, None, total, False, 0.0)
        earlier = past[line.circuit]
        before = earlier[line.phase] if earlier is not None else None
        if before is not None and now - self.lag_s > state.held_at:
            self._look_back(state, rest(wire, before, self._then.of(w), self._then.beside(w)), now)
        if self._now.more:  # it was cars, not the house, since their last readings: it is not kept free twice
            more = sum([size * self._now.more.get(i, 0.0) for i, size in zip(wire.members, wire.sizes, strict=True)])
            state.fast.lower(more)
        guess = self._look_now(state, rest(wire, total, self._now.of(w), self._now.beside(w)), now)
        state.plan = max(state.slow.max(now) or 0.0, state.fast.max(now) or 0.0)
        since = seen.fresh_since if seen.fresh_since is not None else now
        return Other(state.plan, guess, total, False, now - since)

    def _total(self, seen: Seen | None, phase: int, now: float) -> float | None:
        if seen is None or not seen.samples or now - seen.samples[-1][0] > self._settings.meter_stale_s:
            return None
        return seen.samples[-1][1][phase]

    def _look_now(self, state: _LineState, other: Span, now: float) -> float:
        least, most = other
        if state.settled is None:
            state.settled = max(most, 0.0)  # all of it could be house; a later ramp of a car must not add to that
        guess = min(max(state.settled, least), most)
        guess = max(guess, 0.0)
        state.fast.push(now, guess)
        return guess

    def _look_back(self, state: _LineState, other: Span, now: float) -> None:
        least, most = other
        before = most if state.settled is None else state.settled
        state.settled = max(0.0, min(max(before, least), most))
        state.slow.push(now, state.settled)
        state.rises.push(now, state.settled)


def _unmetered(line: Line) -> Other:
    return Other(line.other_max_a, None if line.other_max_a > 0 else 0.0, None, False, math.inf)


def _whole(supply: Sequence[Other]) -> Other:
    """What is no charger on all phases of the supply together."""
    now = [o.now_a for o in supply]
    total = [o.total_a for o in supply]
    return Other(
        plan_a=sum(o.plan_a for o in supply),
        now_a=None if None in now else sum(a or 0.0 for a in now),
        total_a=None if None in total else sum(a or 0.0 for a in total),
        stale=any(o.stale for o in supply),
        fresh_s=min((o.fresh_s for o in supply), default=math.inf),
    )


def children(wires: Sequence[Wire]) -> list[list[tuple[int, float]]]:
    """Per wire the lines fed directly by it, each with the ampere here per ampere there."""
    at = {(wire.line.circuit, wire.line.phase): w for w, wire in enumerate(wires) if wire.line.phase >= 0}
    found: list[list[tuple[int, float]]] = [[] for _ in wires]
    for c, wire in enumerate(wires):
        for phase, times in wire.line.lifts:
            w = at.get((wire.line.parent, phase))
            if w is not None and wire.line.parent:
                found[w].append((c, times))
    return found
