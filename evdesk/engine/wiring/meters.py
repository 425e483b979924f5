"""What is believed of each meter: by the newest steps, and by what it reads beside the cars. Told when it is doubted."""

import itertools

from evdesk.balance import Key
from evdesk.balance.inference import Evidence, MeterSeen, MeterVerdict, judge_meter, meter_or_wiring
from evdesk.engine.fleet import Fleet
from evdesk.engine.wiring.levels import MeterLevels
from evdesk.engine.wiring.places import meter_of, under
from evdesk.model import NoticeKind, Severity


class MeterBook:
    """`evidence` is the book's. `tick(now)` once a second, `stepped` after each step."""

    def __init__(self, fleet: Fleet, evidence: dict[Key, Evidence]) -> None:
        self.fleet = fleet
        self.evidence = evidence
        self.levels = MeterLevels(fleet)
        self.distrusted: set[str] = set()  # circuits whose meter is proven wrong or doubted: it counts as silent
        self._by_steps: set[str] = set()  # circuits whose meter steps have proven wrong
        self._right: set[str] = set()  # ... right
        self._told: dict[str, MeterVerdict] = {}

    async def open(self) -> None:
        """After the evidence is there."""
        await self.levels.open()
        for circuit in self.fleet.site.circuits:
            if circuit.meter is not None:
                self._believe(circuit.name)

    def forget(self, circuit: str, *, fed: bool = False) -> None:
        """It was changed: believed again until steps or levels say otherwise. `fed`: a person says it is right."""
        if fed:
            self.levels.believe(circuit)
        else:
            self.levels.forget(circuit)
        for known in (self.distrusted, self._by_steps, self._right):
            known.discard(circuit)
        self._told.pop(circuit, None)

    def tick(self, now: float) -> None:
        self.levels.tick(now, self._right)
        for name, levels in self.levels.of.items():
            self._doubt(name)
            if levels.verdict is not MeterVerdict.RIGHT:
                self._tell(name, now)

    def stepped(self, circuit: str, now: float, *, tested: bool) -> None:
        """`tested`: on purpose, with everything else held still: such a step counts twice against a doubt by levels."""
        levels = self.levels.of.get(circuit)
        if levels is not None and levels.verdict is not MeterVerdict.RIGHT:
            right = _right_since(self.under(circuit), levels.since)
            self.levels.stepped(circuit, 2 * right if tested else right, now)
        self._believe(circuit)
        self._tell(circuit, now)

    def seen(self, circuit: str) -> MeterSeen:
        """By its steps, or by what it reads beside the cars: then without a factor."""
        by_steps, by_levels = self.by_steps(circuit), self.levels.verdict(circuit)
        if by_levels is MeterVerdict.RIGHT or not _believable(by_steps.verdict):
            return by_steps
        return MeterSeen(by_levels, None, "", by_steps.steps)

    def by_steps(self, circuit: str) -> MeterSeen:
        return judge_meter(self.under(circuit), self._rotations(circuit))

    def either(self, circuit: str) -> set[Key]:
        """Connectors of which nobody can tell whether their entry or this meter's phases are wrong."""
        return meter_or_wiring(self.under(circuit), self._rotations(circuit))

    def under(self, circuit: str) -> dict[Key, Evidence]:
        """What was seen by this meter, per connector."""
        site = self.fleet.site
        nearest = [k for k in under(site, circuit) if (bay := site.bay(*k)) and meter_of(site, bay) == circuit]
        return {key: self.evidence[key] for key in nearest if key in self.evidence}

    def _rotations(self, circuit: str) -> dict[Key, str]:
        site = self.fleet.site
        return {key: bay.rotation for key in under(site, circuit) if (bay := site.bay(*key)) is not None}

    def _believe(self, circuit: str) -> None:
        """A meter proven wrong protects nobody: from now on the worst case counts, as if it were silent. Only a right one
        is believed again, not one whose steps contradict each other."""
        verdict = self.by_steps(circuit).verdict
        (self._right.add if verdict is MeterVerdict.RIGHT else self._right.discard)(circuit)
        if verdict is not MeterVerdict.UNKNOWN:
            (self._by_steps.discard if _believable(verdict) else self._by_steps.add)(circuit)
        self._doubt(circuit)

    def _doubt(self, circuit: str) -> None:
        levels = self.levels.of.get(circuit)
        doubted = circuit in self._by_steps or (levels is not None and levels.doubted)
        (self.distrusted.add if doubted else self.distrusted.discard)(circuit)

    def _tell(self, circuit: str, now: float) -> None:
        seen = self.seen(circuit)
        if seen.verdict is self._told.get(circuit, MeterVerdict.UNKNOWN):
            return
        self._told[circuit] = seen.verdict
        if _believable(seen.verdict):
            return
        args: dict[str, str | float] = {"circuit": circuit, "verdict": seen.verdict.value, "swapped": seen.swapped}
        if seen.factor is not None:
            args["factor"] = round(seen.factor, 3)
        notice = self.fleet.store.put_notice(now, NoticeKind.METER_DOUBT, Severity.DANGER, args=args)
        self.fleet.on_notice(notice)


SURELY_RIGHT = (0.8, 1.25)


def _believable(verdict: MeterVerdict) -> bool:
    return verdict in (MeterVerdict.UNKNOWN, MeterVerdict.RIGHT)


def _right_since(evidence: dict[Key, Evidence], since: float) -> int:
    """How many of the steps after that moment, the newest in a row, a right meter would have shown."""
    told = sorted(pair for one in evidence.values() for pair in one.told() if pair[0] >= since)
    wrong = {at for one in evidence.values() for at, missing in one.thirds if missing}
    low, high = SURELY_RIGHT
    right = itertools.takewhile(lambda pair: low <= pair[1] <= high and pair[0] not in wrong, reversed(told))
    return sum(1 for _ in right)
