"""Whether a charger may draw its full rating for the length of a drill, whatever it does with its limits."""

from collections.abc import Set

from evdesk.balance.types import Line, LineKind, LineView
from evdesk.engine.control import Control
from evdesk.model import Site

CLOSE_A = 0.01


class Room:
    """Reads the balancer's lines and what each connector may draw (`Control.demands`)."""

    def __init__(self, control: Control) -> None:
        self.control = control

    def lack(self, site: Site, held: Set[str], attended: bool) -> str:
        """ "" where the full ratings of `held` fit with everybody else paused, else the line and what lacks, in words.

        Beside them counts the worst load ever entered for the site; with `attended` (a person stands at the board) what
        the meter shows now."""
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
            if load > line.limit_a - max(site.balance.margin_a, 0.0) + CLOSE_A:
                return (
                    f"{line.name} has no room: {load:.0f} A may flow with this charger at its full rating, and it carries "
                    f"{line.limit_a:g} A. Drill it when less can be switched on, or stay at the board (attended)."
                )
        return ""

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

    def over(self) -> str:
        """The first line above its rating by its meter, "" for none."""
        limits = {line.name: line.limit_a for line in self.control.balancer.lines if line.kind is LineKind.PHASE}
        for view in self._views().values():
            if view.total_a is not None and view.total_a > limits.get(view.line, float("inf")):
                return view.line
        return ""

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
