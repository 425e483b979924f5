"""Whether a charger may draw its full rating for the length of a drill, whatever it does with its limits."""

from collections.abc import Iterator, Set

from evdesk.balance import Decision
from evdesk.balance.lines import Net, carried
from evdesk.balance.types import ANY_TERMINAL, CAP, Demand, Key, Line, LineKind, LineView
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
            if load > _bearable(site, line):
                return _lack(site, line, load)
        return ""

    def capped(self, site: Site, charger_id: str, held: Set[str]) -> str:
        """The first power or unbalance limit that leaves no room any more for those that are drilled, in words; "" for
        none. Such a limit may come at any moment, and what is no charger counts as it is measured now."""
        for line, load in self._loads(site, held, attended=True):
            mine = any(key[0] == charger_id for key in line.coef)
            if line.kind is not LineKind.PHASE and mine and load > _bearable(site, line):
                return _named(line)
        return ""

    def gone(self, site: Site, charger_id: str, held: Set[str], attended: bool) -> str:
        """The first line of this charger on which those that are drilled have no room any more, "" for none."""
        for line, load in self._loads(site, held, attended):
            mine = any(key[0] == charger_id for key in line.coef)
            if mine and load > _bearable(site, line):
                return _named(line)
        return ""

    def _loads(self, site: Site, held: Set[str], attended: bool) -> Iterator[tuple[Line, float]]:
        """(line, the most that may flow with those held at their full rating and everybody else paused)"""
        full = {(b.charger_id, b.connector_id): b.max_a for b in site.bays}
        for line in self._lines(held):
            most: dict[Key, float] = {}
            for key in line.coef:
                demand = self.control.demands.get(key)
                if key[0] in held or demand is None:  # None: placed, and nobody hears of it
                    most[key] = full.get(key, 0.0)
                elif not demand.commandable:
                    most[key] = demand.worst_a  # silent: nobody can lower it
            yield line, self._other(line, attended) + self._cars(line, most)

    def made(self, held: Set[str]) -> bool:
        """Whether the others have been lowered so far that everything fits now, confirmed by them.

        A car counts on the conductors it uses, as it does for the balancer: that leaves a one-phase car what the other
        phases do not need, and would never lower it further."""
        full = {(b.charger_id, b.connector_id): b.max_a for b in self.control.fleet.site.bays}
        for line in self._lines(held):
            demands = self.control.demands
            most = {key: demands[key].worst_a if key in demands else full.get(key, 0.0) for key in line.coef}
            if self._other(line, measured=True) + self._cars(line, most, as_used=True) > line.limit_a + CLOSE_A:
                return False
        return True

    def over(self, charger_id: str) -> str:
        """The first line of this charger above its rating, "" for none: by its meter, and where that tells nothing by what
        the cars are known to draw and the worst other load entered."""
        decision = self.control.decision
        if decision is not self._above[0]:
            self._above = (decision, self._all_over())
        return next((_named(ln) for ln in self._above[1] if any(key[0] == charger_id for key in ln.coef)), "")

    def _all_over(self) -> list[Line]:
        lines, views = self.control.balancer.lines, self._views()
        keys = tuple(self.control.demands)
        # A power limit is another line each time it is asked for, with the same connectors.
        same = len(lines) == len(self._net.lines) and all(
            a.coef is b.coef for a, b in zip(lines, self._net.lines, strict=True)
        )
        if not same or keys != self._net.keys:
            self._net = Net(lines, keys)
        cars = self._net.terminal_loads([amps for key in keys for amps in self._drawn(key)])
        found = []
        for line, load in zip(lines, cars, strict=True):
            view = views.get(line.name)
            measured = view.total_a if view is not None and line.metered else None
            total = load + self._other(line, measured=line.with_other) if measured is None else measured
            counts = line.kind is LineKind.PHASE or line.name.startswith(CAP)
            if counts and total > line.limit_a + (CLOSE_A if measured is None else 0.0):
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
        """Of those that are drilled, whatever kind; what the roof gives away is no limit."""
        lines = [ln for ln in self.control.balancer.lines if ln.kind is not LineKind.POWER or ln.name.startswith(CAP)]
        return [ln for ln in lines if any(key[0] in held for key in ln.coef)]

    def _cars(self, line: Line, most: dict[Key, float], as_used: bool = False) -> float:
        """The most those cars put on the line, each drawing anything up to its most: on all its terminals, or `as_used`
        on those its car uses."""
        if line.kind is not LineKind.UNBALANCE:
            demands = self.control.demands if as_used else {}
            return sum(
                abs(carried(line, key, demands[key].terminals) if key in demands else line.coef[key]) * amps
                for key, amps in most.items()
            )
        ahead = behind = 0.0
        for key, amps in most.items():
            demand = self.control.demands.get(key)
            used = (True, True, True) if demand is None else demand.terminals
            size = sum(coef.real for t, coef in line.parts.get(key, ()) if t == ANY_TERMINAL or used[t]) * amps
            ahead += abs(size) if key in line.loose else max(size, 0.0)
            behind += abs(size) if key in line.loose else max(-size, 0.0)
        return max(ahead, behind)

    def _views(self) -> dict[str, LineView]:
        decision = self.control.decision
        return {} if decision is None else {view.line: view for view in decision.lines}

    def _other(self, line: Line, measured: bool) -> float:
        if line.with_other:
            supply = [ln for ln in self.control.balancer.lines if ln.kind is LineKind.PHASE and not ln.parent]
            return sum(self._other(one, measured) for one in supply)
        view = self._views().get(line.name)
        if measured and view is not None and view.other_a is not None:
            return max(view.other_a, 0.0)
        return line.other_max_a


def _bearable(site: Site, line: Line) -> float:
    """The margin is for what else may flow there: on a line of one charger alone nothing does."""
    alone = not line.metered and not line.other_max_a and len({key[0] for key in line.coef}) == 1 and line.parent
    margin = 0.0 if alone or line.kind is not LineKind.PHASE else max(site.balance.margin_a, 0.0)
    return line.limit_a - margin + CLOSE_A


def _named(line: Line) -> str:
    if line.name.startswith(CAP):
        return f"the power limit “{line.name.removeprefix(CAP)}”"
    return f"the unbalance of {line.name}" if line.kind is LineKind.UNBALANCE else line.name


def _lack(site: Site, line: Line, load_a: float) -> str:
    what = _named(line)
    what = what[0].upper() + what[1:] if line.kind is not LineKind.PHASE else what
    if line.kind is LineKind.POWER:
        load_kw, limit_kw = load_a * site.voltage_v / 1000, line.limit_a * site.voltage_v / 1000
        return (
            f"{what} leaves no room: {load_kw:.1f} kW may flow with this charger at its full rating, and {limit_kw:.1f} kW "
            "are allowed. Drill it when that limit is over."
        )
    if line.kind is LineKind.UNBALANCE:
        return (
            f"{what} leaves no room: the phases may differ by {load_a:.0f} A with this charger at its full rating, and "
            f"{line.limit_a:g} A are allowed. Drill it with a car that charges on three phases."
        )
    return (
        f"{what} has no room: {load_a:.0f} A may flow with this charger at its full rating, and it carries "
        f"{line.limit_a:g} A. Drill it when less can be switched on, or stay at the board (attended)."
    )
