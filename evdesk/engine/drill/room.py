"""Whether a charger may draw its full rating for the length of a drill, whatever it does with its limits."""

from collections.abc import Iterator, Set

from evdesk.balance import Decision
from evdesk.balance.lines import Net
from evdesk.balance.types import Demand, Key, Line, LineKind, LineView
from evdesk.engine.control import Control
from evdesk.model import Site

CLOSE_A = 0.01
FOLLOWS_S = 5.0
"""So long a car may take to follow its limit (IEC 61851-1)."""


class Room:
    """Reads the balancer's lines and what each connector may draw (`Control.demands`)."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self._net = Net((), ())
        self._above: tuple[Decision | None, list[Line]] = (None, [])

    def lack(self, site: Site, held: Set[str], attended: bool) -> str:
        """ "" where the full ratings of `held` fit with everybody else paused, else the line and what lacks, in words.

        Beside them counts the worst load ever entered for the site; with `attended` (a person stands at the board) what
        the meter shows now."""
        for line, load in self._loads(site, held, attended):
            if load > line.limit_a - max(site.balance.margin_a, 0.0) + CLOSE_A:
                return (
                    f"{line.name} has no room: {load:.0f} A may flow with this charger at its full rating, and it carries "
                    f"{line.limit_a:g} A. Drill it when less can be switched on, or stay at the board (attended)."
                )
        return ""

    def gone(self, site: Site, charger_id: str, held: Set[str], attended: bool) -> str:
        """The first line of this charger on which those that are drilled have no room any more, "" for none."""
        for line, load in self._loads(site, held, attended):
            mine = any(key[0] == charger_id for key in line.coef)
            if mine and load > line.limit_a - max(site.balance.margin_a, 0.0) + CLOSE_A:
                return line.name
        return ""

    def _loads(self, site: Site, held: Set[str], attended: bool) -> Iterator[tuple[Line, float]]:
        """(line, the most that may flow with those held at their full rating and everybody else paused)"""
        full = {(b.charger_id, b.connector_id): b.max_a for b in site.bays}
        for line in self._lines(held):
            load = self._other(line, attended)
            for key in line.coef:
                demand = self.control.demands.get(key)
                if key[0] in held:
                    load += abs(line.coef[key]) * full.get(key, 0.0)
                elif demand is None:
                    load += abs(line.coef[key]) * full.get(key, 0.0)  # placed, and nobody hears of it
                elif not demand.commandable:
                    load += abs(line.coef[key]) * demand.worst_a  # silent: nobody can lower it
            yield line, load

    def made(self, held: Set[str]) -> bool:
        """Whether the others have been lowered so far that everything fits now, confirmed by them."""
        full = {(b.charger_id, b.connector_id): b.max_a for b in self.control.fleet.site.bays}
        for line in self._lines(held):
            load = self._other(line, measured=True)
            for key, coef in line.coef.items():
                demand = self.control.demands.get(key)
                load += abs(coef) * (full.get(key, 0.0) if demand is None else demand.worst_a)
            if load > line.limit_a + CLOSE_A:
                return False
        return True

    def over(self, charger_id: str) -> str:
        """The first line of this charger above its rating, "" for none: by its meter, and where that tells nothing by what
        the cars are known to draw and the worst other load entered."""
        decision = self.control.decision
        if decision is not self._above[0]:
            self._above = (decision, self._all_over())
        return next((ln.name for ln in self._above[1] if any(key[0] == charger_id for key in ln.coef)), "")

    def _all_over(self) -> list[Line]:
        lines, views = self.control.balancer.lines, self._views()
        keys = tuple(self.control.demands)
        same = len(lines) == len(self._net.lines) and all(a is b for a, b in zip(lines, self._net.lines, strict=True))
        if not same or keys != self._net.keys:
            self._net = Net(lines, keys)
        cars = self._net.terminal_loads([amps for key in keys for amps in self._drawn(key)])
        found = []
        for line, load in zip(lines, cars, strict=True):
            view = views.get(line.name)
            measured = view.total_a if view is not None and line.metered else None
            total = load + line.other_max_a if measured is None else measured
            if line.kind is LineKind.PHASE and total > line.limit_a + (CLOSE_A if measured is None else 0.0):
                found.append(line)
        return found

    def _drawn(self, key: Key) -> tuple[float, float, float, float]:
        """Its current on L1, L2, L3 and on a terminal nobody knows; what is not known counts as none. A reading from
        before its limit was lowered says nothing about now: then the limit counts, where that is less."""
        demand = self.control.demands[key]
        most = self._most(demand)
        one, two, three = (min(amps or 0.0, most) for amps in demand.drawn_a)
        return one, two, three, max(one, two, three)

    def _most(self, demand: Demand) -> float:
        record = self.control.fleet.chargers.get(demand.key[0])
        connector = None if record is None else record.connectors.get(demand.key[1])
        since = None if connector is None else connector.confirmed_at
        old = since is not None and (demand.drawn_at or 0.0) < since + FOLLOWS_S
        return demand.worst_a if old else float("inf")

    def _lines(self, held: Set[str]) -> list[Line]:
        lines = self.control.balancer.lines
        return [ln for ln in lines if ln.kind is LineKind.PHASE and any(key[0] in held for key in ln.coef)]

    def _views(self) -> dict[str, LineView]:
        decision = self.control.decision
        return {} if decision is None else {view.line: view for view in decision.lines}

    def _other(self, line: Line, measured: bool) -> float:
        view = self._views().get(line.name)
        if measured and view is not None and view.other_a is not None:
            return max(view.other_a, 0.0)
        return line.other_max_a
