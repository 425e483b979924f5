"""What each line may carry now: its rating less the margin and everything else, a power limit, and what a breaker bears."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from evdesk.balance.filters import MaxWindow
from evdesk.balance.house import Other
from evdesk.balance.lines import EPS, Wire
from evdesk.balance.thermal import Heat
from evdesk.balance.track import clean
from evdesk.balance.types import CAP, Line, LineKind, LineView
from evdesk.balance.wiring import usable
from evdesk.model import Breaker, PowerCap

VOLTS_S = 900.0
STEP_V = 2.0
"""A measured voltage counts at its highest of so long, rounded up to so much: that gives away less than a hundredth."""


def silent_floor(line: Line, silent_times: float | None) -> float:
    """Ampere of other load that count at least: if evdesk dies now and the other load rises to its worst, the line then
    carries `silent_times` its rating at most until the live limits have ended."""
    if silent_times is None or line.kind is not LineKind.PHASE:
        return 0.0
    return line.other_max_a - (max(silent_times, 1.0) - 1.0) * line.limit_a


@dataclass(slots=True)
class Rooms:
    """Margin, power limits and heat of one site; lines are known by name."""

    margin_a: float = 0.0
    silent_times: float | None = None  # see `BalanceSettings`
    voltage_v: float = 230.0  # the site's own
    caps: tuple[PowerCap, ...] = ()
    _said_v: float = 0.0
    _volts: MaxWindow = field(default_factory=lambda: MaxWindow(VOLTS_S))
    _cap_a: dict[str, float] = field(default_factory=dict)
    _heat: dict[str, Heat] = field(default_factory=dict)

    def limit_power(self, caps: Sequence[PowerCap], volts: float) -> bool:
        """Takes the power limits in force; True where one came, went, or counts for others than before. `volts`: measured
        now, nothing or nonsense where unknown."""
        least: dict[str, PowerCap] = {}
        for cap in caps:
            had = least.get(cap.source)
            if had is None or usable(cap.power_w) < usable(had.power_w):
                least[cap.source] = cap
        same = [(c.source, c.group) for c in self.caps] == [(c.source, c.group) for c in least.values()]
        self.caps, self._said_v = tuple(least.values()), clean(volts) or 0.0
        return not same

    def count_power(self, now: float) -> bool:
        """What the power limits are in ampere; True where that is not what it was. Above the site's own voltage each ampere
        is more power: the highest of the last quarter of an hour counts, in steps, for it is never the same twice."""
        if self._said_v > 0:
            self._volts.push(now, self._said_v)
        highest = self._volts.max(now) or 0.0
        volts = max(self.voltage_v, math.ceil(highest / STEP_V - EPS) * STEP_V if highest > self.voltage_v else 0.0)
        limits = {f"{CAP}{c.source}": usable(c.power_w) / volts if volts > 0 else 0.0 for c in self.caps}
        same, self._cap_a = limits == self._cap_a, limits
        return not same

    def forget(self, names: Collection[str]) -> None:
        """Keeps what is known of these lines only."""
        self._heat = {name: heat for name, heat in self._heat.items() if name in names}

    def __contains__(self, name: str) -> bool:
        """Whether a line is a power limit's."""
        return name in self._cap_a

    def limit(self, wire: Wire) -> float:
        """Ampere the line may carry."""
        return self._cap_a.get(wire.line.name, wire.line.limit_a)

    def room(self, wire: Wire, other: Other) -> float:
        """Ampere of it left for connectors."""
        margin = self.margin_a if wire.line.kind is LineKind.PHASE else 0.0
        return self.limit(wire) - margin - other.plan_a

    def counted(self, wires: Sequence[Wire], others: list[Other]) -> list[Other]:
        """What everything else counts as: at least so much that evdesk may fall silent at any moment (`silent_times`)."""
        if self.silent_times is None:
            return others
        least = (silent_floor(wire.line, self.silent_times) for wire in wires)
        return [
            replace(o, plan_a=a, silent_a=a - o.plan_a) if a > o.plan_a else o
            for o, a in zip(others, least, strict=True)
        ]

    def bears(self, now: float, wire: Wire, other: Other) -> float:
        """Ampere its breaker bears for now beyond that, before somebody is switched off; to be asked once a second."""
        line = wire.line
        if line.breaker is Breaker.UNKNOWN or not line.metered:
            return 0.0
        heat = self._heat.setdefault(line.name, Heat())
        heat.update(now, line.breaker, other.total_a, line.rating_a)
        return heat.extra_a(line.breaker, line.rating_a)

    def with_heat(self, views: Iterable[LineView]) -> tuple[LineView, ...]:
        """The views with what is left of their breakers' budget."""
        return tuple(replace(v, heat_left=self._heat[v.line].left) if v.line in self._heat else v for v in views)
