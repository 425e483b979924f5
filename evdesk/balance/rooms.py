"""What each line may carry now: its rating less the margin and everything else, a power limit, and what a breaker bears."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from evdesk.balance.house import Other
from evdesk.balance.lines import Wire
from evdesk.balance.thermal import Heat
from evdesk.balance.types import CAP, Line, LineKind, LineView
from evdesk.balance.wiring import usable
from evdesk.model import Breaker, PowerCap


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
    caps: tuple[PowerCap, ...] = ()
    _cap_a: dict[str, float] = field(default_factory=dict)
    _heat: dict[str, Heat] = field(default_factory=dict)

    def limit_power(self, caps: Sequence[PowerCap], voltage_v: float) -> bool:
        """Takes the power limits in force; True where one came, went, or changed."""
        least: dict[str, PowerCap] = {}
        for cap in caps:
            had = least.get(cap.source)
            if had is None or usable(cap.power_w) < usable(had.power_w):
                least[cap.source] = cap
        limits = {f"{CAP}{c.source}": usable(c.power_w) / voltage_v if voltage_v > 0 else 0.0 for c in least.values()}
        same = limits == self._cap_a and [(c.source, c.group) for c in self.caps] == [
            (c.source, c.group) for c in least.values()
        ]
        self.caps, self._cap_a = tuple(least.values()), limits
        return not same

    def forget(self, names: Collection[str]) -> None:
        """Keeps what is known of these lines only."""
        self._heat = {name: heat for name, heat in self._heat.items() if name in names}

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
