"""What steps have shown of each connector's wiring and of each meter; kept over restarts, told when it contradicts.

Passive: two readings of one connector a few seconds apart, with the meter's values at the same moments, are a step when
nothing else under that meter is known to have changed meanwhile. It is looked at a little later, when the others have
reported that time too.
"""

import itertools
import logging
import math
from collections import deque
from dataclasses import dataclass, field

import msgspec

from evdesk.balance import Key
from evdesk.balance.inference import (
    CALM_TIMES,
    LEAST_STEP_A,
    STEPS_NEEDED,
    Evidence,
    MeterVerdict,
    WiringSeen,
    WiringVerdict,
    step_of,
)
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ConnectorRecord
from evdesk.engine.wiring import places
from evdesk.engine.wiring.meters import MeterBook
from evdesk.engine.wiring.trail import Trail
from evdesk.model import Bay, EvdeskError, FindingSeen, GridType, MeterSource, Phases

log = logging.getLogger("evdesk.wiring")
NOTE = "wiring"
AT_MOST_APART_S = 35.0
LATER_S = 13.0
QUIET_A = 1.0
SEPARATOR = "\x1f"


@dataclass(slots=True)
class _Seen:
    """Readings of one connector and what its limit was, newest last."""

    readings: deque[tuple[float, Phases]] = field(default_factory=lambda: deque(maxlen=12))
    limits: deque[tuple[float, float | None]] = field(default_factory=lambda: deque(maxlen=12))


@dataclass(frozen=True, slots=True)
class _Waiting:
    due_at: float
    key: Key
    circuit: str
    before: tuple[float, Phases]
    after: tuple[float, Phases]


class WiringBook:
    """`tick(now)` once a second; `add_step` for the test."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.evidence: dict[Key, Evidence] = {}
        self.meters = MeterBook(fleet, self.evidence)
        self.distrusted = self.meters.distrusted
        self.passive = True  # the test switches it off while it steps
        self._trial: dict[Key, tuple[float, Evidence]] = {}  # what the running test shows, and since when
        self._trails: dict[str, Trail] = {}
        self._connectors: dict[Key, _Seen] = {}
        self._waiting: list[_Waiting] = []
        self._told: dict[Key, tuple[WiringVerdict, bool]] = {}
        self._entered: dict[Key, tuple[str, int, str]] = {}
        self._sources: dict[str, MeterSource | None] = {}
        self._dirty: set[Key] = set()

    # -- kept -------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        for name, body in (await self.fleet.store.load_notes(NOTE)).items():
            charger, _, connector = name.rpartition(SEPARATOR)
            try:
                self.evidence[(charger, int(connector))] = msgspec.json.decode(body, type=Evidence)
            except (msgspec.DecodeError, ValueError) as error:
                log.warning("%s: what was learnt of its wiring cannot be read: %s", name, error)
        await self.meters.open()

    async def save(self) -> None:
        for key in list(self._dirty):
            self._dirty.discard(key)
            try:
                name = f"{key[0]}{SEPARATOR}{key[1]}"
                if key in self.evidence:
                    await self.fleet.store.save_note(NOTE, name, msgspec.json.encode(self.evidence[key]))
                else:
                    await self.fleet.store.drop_note(NOTE, name)
            except EvdeskError:
                self._dirty.add(key)
                raise
        await self.meters.levels.save()

    def clock_jumped(self) -> None:
        """Moments before and after do not compare: what is not judged yet is dropped, what is learnt stays."""
        self._waiting.clear()
        self._connectors.clear()
        self._trails.clear()
        self.meters.levels.clock_jumped()

    def forget(self, key: Key) -> None:
        """The charger was moved or rewired: what was seen before says nothing any more."""
        if self.evidence.pop(key, None) is not None:
            self._dirty.add(key)

    def forget_meter(self, circuit: str, *, fed: bool = False) -> None:
        """The meter was changed: every step seen by it is void, and it is believed again until steps say otherwise."""
        for key in list(self.meters.under(circuit)):
            self.forget(key)
        self.meters.forget(circuit, fed=fed)

    # -- watching ---------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        self._take_meters(now)
        for bay in self.fleet.site.bays:
            self._take(bay, now)
        due = [w for w in self._waiting if w.due_at <= now]
        self._waiting = [w for w in self._waiting if w.due_at > now]
        for waiting in due:
            self._judge(waiting, now)
        self.meters.tick(now)

    def _take_meters(self, now: float) -> None:
        for circuit in self.fleet.site.circuits:
            reading = self.fleet.meters.get(circuit.name) if circuit.meter else None
            if reading is None:
                continue
            if self._sources.setdefault(circuit.name, circuit.meter) != circuit.meter:
                self._sources[circuit.name] = circuit.meter
                self.forget_meter(circuit.name)
            self._trails.setdefault(circuit.name, Trail()).take(reading.at, reading.current_a, now)

    def _take(self, bay: Bay, now: float) -> None:
        record = self.fleet.chargers.get(bay.charger_id)
        connector = record.connectors.get(bay.connector_id) if record is not None else None
        if connector is None:
            return
        key = (bay.charger_id, bay.connector_id)
        place = (bay.circuit, bay.phases, bay.charger_id)
        if self._entered.setdefault(key, place) != place:
            self._entered[key] = place
            self.forget(key)
        seen = self._connectors.setdefault(key, _Seen())
        limit = _in_force(connector)
        if not seen.limits or seen.limits[-1][1] != limit:
            seen.limits.append((now, limit))
        at = connector.current_at
        if at is None or (seen.readings and at <= seen.readings[-1][0]):
            return
        if seen.readings and self.passive:
            self._queue(key, bay, seen.readings[-1], (at, connector.current_a), now)
        seen.readings.append((at, connector.current_a))

    def _queue(self, key: Key, bay: Bay, before: tuple[float, Phases], after: tuple[float, Phases], now: float) -> None:
        if None in (*before[1], *after[1]) or _change(before[1], after[1]) < LEAST_STEP_A:
            return
        circuit = self.meter_of(bay)
        if not circuit or after[0] - before[0] > AT_MOST_APART_S:
            return
        self._waiting.append(_Waiting(now + LATER_S, key, circuit, before, after))

    def meter_of(self, bay: Bay) -> str:
        """The meter that sees this bay's steps, see `places`."""
        return places.meter_of(self.fleet.site, bay)

    def _judge(self, waiting: _Waiting, now: float) -> None:
        start, end = waiting.before[0], waiting.after[0]
        seen_too = places.under(self.fleet.site, waiting.circuit)
        others = [self._connectors.get(key) for key in seen_too if key != waiting.key]
        if any(_moved(seen, start, end) for seen in others if seen is not None):
            return
        trail = self._trails.get(waiting.circuit)
        if trail is None:
            return
        low, high = trail.at(start), trail.at(end)
        if low is None or high is None:
            return
        noise = trail.noise(start)
        by_itself = min(CALM_TIMES * noise, _change(waiting.before[1], waiting.after[1]) / 2.0)
        if max(trail.moves(start), trail.moves(end)) > max(_change(low, high) / 2.0, by_itself):
            return  # what falls on the border of two readings would count in the steps on both sides of it
        self.add_step(waiting.key, waiting.before[1], waiting.after[1], low, high, now, noise, end)

    # -- learning ---------------------------------------------------------------------------------------------

    def add_step(
        self,
        key: Key,
        before: Phases,
        after: Phases,
        meter_before: Phases,
        meter_after: Phases,
        now: float,
        noise: float,
        at: float | None = None,
    ) -> bool:
        """One step of one connector, over at `at` (None: now); True where it said something."""
        step = step_of(before, after, meter_before, meter_after, noise)
        bay = self.fleet.site.bay(*key)
        if step is None or bay is None:
            return False
        circuit = self.meter_of(bay)
        seen, at = self.meters.by_steps(circuit), now if at is None else at
        gain = seen.factor if seen.verdict in (MeterVerdict.BACKWARDS, MeterVerdict.UNIT, MeterVerdict.RATIO) else 1.0
        may_be_across = bay.phases == 1 and self.fleet.site.grid in (GridType.WYE, GridType.DELTA, GridType.SPLIT)
        weighs = bay.across is None and not (bay.phases == 1 and not bay.rotation)
        if not self.evidence.setdefault(key, Evidence()).add(step, may_be_across, gain or 1.0, weighs=weighs, at=at):
            return False
        began, trial = self._trial.get(key, (math.inf, Evidence()))
        if at >= began:
            trial.add(step, may_be_across, gain or 1.0, weighs=weighs, at=at)
            self._decide(key, circuit, trial)
        self._dirty.add(key)
        self.meters.stepped(circuit, now, tested=at >= began)
        for other in self.meters.under(circuit):
            self._tell(other, circuit, now)
        return True

    def noise(self, circuit: str, now: float) -> float:
        """What this meter does by itself from second to second, in ampere."""
        trail = self._trails.get(circuit)
        return trail.noise(now) if trail is not None else 1.0

    def begin_trial(self, key: Key, now: float) -> None:
        """From now on this connector is stepped on purpose: two such steps decide over all that was seen before, of it by
        its own, of the meter by those of all connectors."""
        self._trial[key] = (now, Evidence())

    def end_trials(self) -> None:
        self._trial.clear()

    def _decide(self, key: Key, circuit: str, trial: Evidence) -> None:
        if trial.steps >= STEPS_NEEDED:
            self.evidence[key] = trial
        under = self.meters.under(circuit)
        if sum(len(one.ratios) for other, (_at, one) in self._trial.items() if other in under) >= STEPS_NEEDED:
            began = min(at for at, _ in self._trial.values())
            self._dirty |= {other for other, one in under.items() if one.drop_before(began)}

    def seen(self, key: Key) -> WiringSeen:
        bay = self.fleet.site.bay(*key)
        return self.evidence.get(key, Evidence()).seen(bay.rotation if bay is not None else "")

    def _tell(self, key: Key, circuit: str, now: float) -> None:
        seen, bay = self.seen(key), self.fleet.site.bay(*key)
        contradicts = seen.verdict is WiringVerdict.CONTRADICTS
        either = contradicts and key in self.meters.either(circuit)
        if bay is None or (seen.verdict, either) == self._told.get(key):
            return
        self._told[key] = (seen.verdict, either)
        if not contradicts or self.meters.seen(circuit).verdict is MeterVerdict.SWAPPED:
            return
        todo = "Check the terminals, or apply what was seen."
        if either:
            todo = f"Charger or transformers: either its terminals or the phases of the meter of {circuit} are other "
            todo += "than entered. Check both; testing a second charger tells which."
        sentence = f"Connector {bay.connector_id} is entered as {bay.rotation}, but {seen.steps} steps of its current "
        sentence += f"show {seen.rotation} ({seen.confidence:.0%} sure). {todo}"
        self.fleet.report(FindingSeen(bay.charger_id, now, "wiring_contradicts", sentence, seen.rotation))


def _moved(seen: _Seen, start: float, end: float) -> bool:
    """Whether this connector's current may have changed in that time too."""
    if any(start - 8.0 <= at <= end for at, _limit in list(seen.limits)[1:]):
        return True
    near = [amps for at, amps in seen.readings if start - 11.0 <= at <= end + 11.0]
    return any(
        abs((b or 0.0) - (a or 0.0)) > QUIET_A
        for one, two in itertools.pairwise(near)
        for a, b in zip(one, two, strict=True)
    )


def _change(before: Phases, after: Phases) -> float:
    return max(abs((b or 0.0) - (a or 0.0)) for a, b in zip(before, after, strict=True))


def _in_force(connector: ConnectorRecord) -> float | None:
    return connector.confirmed_a if connector.session is not None else None
