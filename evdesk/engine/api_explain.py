"""The API's methods about decisions."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from evdesk.balance import ANY_TERMINAL, Key, Line, build_lines
from evdesk.engine.api_core import Core, Handler, record_of
from evdesk.engine.decisions import took_a
from evdesk.engine.explain_words import sentence, unknown_sentence, what_changes
from evdesk.engine.load import root_circuit
from evdesk.model import NO_PHASES, Bay, EvdeskError, LineLoad, Origin, Phases, Reason, Site, Why, WhyCode
from evdesk.model.decisions import DecisionRow
from evdesk.wire.explain import (
    MOST_ROWS,
    BalanceHistory,
    DecisionPage,
    Explained,
    ExplainOne,
    LineMember,
    LineMoment,
)


@dataclass(frozen=True, slots=True)
class _Scene:
    """A moment: the site then with its lines by name, what each connector drew (at its own terminals) and had, and the
    line of the question as it was measured."""

    site: Site
    lines: Mapping[str, Line]
    drawn: Mapping[Key, Phases]
    rows: Mapping[Key, DecisionRow]
    measured: LineLoad | None


class ExplainApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {"balance.history": self._history, "balance.explain": self._explain}
        self._now_lines: tuple[Site | None, Mapping[str, Line]] = (None, {})
        self._then_lines: tuple[int, Site, Mapping[str, Line]] = (0, Site(), {})

    async def _history(self, _origin: Origin, params: BalanceHistory) -> DecisionPage:
        check_window(params.from_at, params.to_at)
        if not 1 <= params.limit <= MOST_ROWS:
            raise EvdeskError(Reason.INVALID, f"Ask for 1 to {MOST_ROWS} rows.")
        if not 0 <= params.merge_s <= 86_400.0:
            raise EvdeskError(Reason.INVALID, "“merge_s” must be between 0 and 86400 seconds.")
        if params.charger_id:
            record_of(self.core, params.charger_id)
        return await self.core.fleet.store.decisions(params)

    async def _explain(self, _origin: Origin, params: ExplainOne) -> Explained:
        record = record_of(self.core, params.charger_id)
        if params.connector_id not in record.connectors:
            known = ", ".join(str(k) for k in sorted(record.connectors)) or "none yet"
            raise EvdeskError(Reason.INVALID, f"{record.id} has no connector {params.connector_id}. It has: {known}.")
        key = (record.id, params.connector_id)
        now = self.core.fleet.clock.now()
        if params.at is not None and not 0 <= params.at <= now + 5.0:
            raise EvdeskError(Reason.INVALID, "“at” must be a moment of the past (Unix seconds).")
        if params.at is None:
            return self._now(key, now)
        return await self._then(key, params.at)

    # -- now ---------------------------------------------------------------------------------------------------

    def _now(self, key: Key, now: float) -> Explained:
        site = self.core.fleet.site
        row = self.core.decisions.current(key)
        if row is None:
            text = f"{_label(site, key)} takes no part in balancing: nobody has accepted it yet."
            return Explained(now, *key, _label(site, key), known=False, sentence=text)
        drawn, rows = {}, {}
        for bay in site.bays:
            other = (bay.charger_id, bay.connector_id)
            record = self.core.fleet.chargers.get(bay.charger_id)
            connector = record.connectors.get(bay.connector_id) if record is not None else None
            if connector is not None:
                drawn[other] = connector.current_a
            held = self.core.decisions.current(other)
            if held is not None:
                rows[other] = held
        measured = next((x for x in self.core.load.lines if x.line == row.why.line), None)
        record = self.core.fleet.chargers[key[0]]
        scene = _Scene(site, self._lines_now(site), drawn, rows, measured)
        row = replace(row, from_at=self.core.decisions.since(key))
        return _explained(key, now, row, scene, took_a(record.connectors[key[1]]))

    def _lines_now(self, site: Site) -> Mapping[str, Line]:
        """Worked out once per site: 35 ms for 200 connectors."""
        if self._now_lines[0] is not site:
            self._now_lines = (site, {line.name: line for line in build_lines(site)})
        return self._now_lines[1]

    # -- then --------------------------------------------------------------------------------------------------

    async def _then(self, key: Key, at: float) -> Explained:
        store = self.core.fleet.store
        site, lines = await self._site_then(at)
        row = (await store.decided_at(at, [key])).get(key)
        held = self.core.decisions.current(key)
        if row is None and held is not None and held.from_at <= at:
            row = held  # so new that it is not written yet
        if row is None:
            page = await store.decisions(BalanceHistory(at, at + 1.0, limit=1))
            before = await store.decided_before(at, key)
            text = unknown_sentence(_label(site, key), at, page.oldest_at, before)
            return Explained(at, *key, _label(site, key), known=False, sentence=text)
        line = lines.get(row.why.line)
        keys = sorted({key, *_members(site, line, row.why)})
        names = {_source(k): k for k in keys}
        wanted = list(names)
        if line is not None:
            wanted += [f"circuit/{quote(line.circuit, safe='')}", "other", "reserved"]
        told = await store.currents_at(at, wanted)
        drawn = {k: at_terminals(told.get(name, NO_PHASES), site.bay(*k)) for name, k in names.items()}
        rows = await store.decided_at(at, keys)
        scene = _Scene(site, lines, drawn, rows, _measured(site, line, told))
        took = max((a for a in drawn[key] if a is not None), default=None)
        return _explained(key, at, row, scene, took if took is not None or at - row.from_at > 60.0 else row.took_a)

    async def _site_then(self, at: float) -> tuple[Site, Mapping[str, Line]]:
        """Who scrubs through an hour asks for the same version of the site a hundred times."""
        version, site = await self.core.fleet.store.site_at(at, self._then_lines[0])
        if version and version == self._then_lines[0]:
            return self._then_lines[1:]
        if site is None:
            return self.core.fleet.site, self._lines_now(self.core.fleet.site)
        made = await asyncio.to_thread(build_lines, site)
        lines = {line.name: line for line in made}
        self._then_lines = (version, site, lines)
        return site, lines


def check_window(from_at: float, to_at: float) -> None:
    """Raises `EvdeskError(INVALID)` where a window is none."""
    if not (math.isfinite(from_at) and math.isfinite(to_at) and from_at < to_at):
        raise EvdeskError(Reason.INVALID, "“from” must be before “to” (Unix seconds).")


def _explained(key: Key, at: float, row: DecisionRow, scene: _Scene, took: float | None) -> Explained:
    label = _label(scene.site, key)
    line = _line_moment(row, scene)
    return Explained(
        at,
        *key,
        label,
        known=True,
        sentence=sentence(label, row, line, _who(scene.site, row)),
        limit_a=row.limit_a,
        before_a=row.before_a,
        why=row.why,
        since_at=row.from_at,
        until_at=row.to_at,
        what_changes=what_changes(row.why, line),
        binding_line=line,
        took_a=took,
        neighbours=[m for m in line.members if (m.charger_id, m.connector_id) != key] if line is not None else [],
        cause=row.cause,
    )


def _line_moment(row: DecisionRow, scene: _Scene) -> LineMoment | None:
    """The binding line as it was at that moment; None where the reason is no line."""
    why, measured = row.why, scene.measured
    if not why.line:
        return None
    line = scene.lines.get(why.line)
    members = []
    for key in _members(scene.site, line, why):
        held = scene.rows.get(key)
        drawn = on_line(scene.drawn.get(key, NO_PHASES), line, key)
        limit_a = held.limit_a if held is not None else None
        members.append(LineMember(*key, _label(scene.site, key), drawn, limit_a))
    members.sort(key=lambda m: (-(m.drawn_a or 0.0), -(m.limit_a or 0.0), m.label))
    return LineMoment(
        line=why.line,
        rating_a=measured.limit_a if measured is not None else why.rating_a,
        load_a=measured.total_a if measured is not None else None,
        cars_a=measured.cars_a if measured is not None else None,
        other_a=measured.other_a if measured is not None else None,
        reserved_a=measured.reserved_a if measured is not None else None,
        decided_a=why.load_a,
        members=members,
    )


def _measured(site: Site, line: Line | None, told: Mapping[str, Phases]) -> LineLoad | None:
    """The line from what is stored: the total of every circuit, the rest of the load for the supply alone."""
    if line is None or not 0 <= line.phase < 3:
        return None
    total = told.get(f"circuit/{quote(line.circuit, safe='')}", NO_PHASES)[line.phase]
    at_root = line.circuit == root_circuit(site).name
    other = told.get("other", NO_PHASES)[line.phase] if at_root else None
    reserved = told.get("reserved", NO_PHASES)[line.phase] if at_root else None
    cars = max(total - other, 0.0) if total is not None and other is not None else None
    return LineLoad(line.name, line.circuit, "", line.limit_a, total, cars, other, reserved or 0.0)


def _members(site: Site, line: Line | None, why: Why) -> list[Key]:
    """Who loads the line; under a power limit everybody."""
    if why.code is WhyCode.CAP:
        return [(bay.charger_id, bay.connector_id) for bay in site.bays]
    return list(line.coef) if line is not None else []


def on_line(drawn: Phases, line: Line | None, key: Key) -> float | None:
    """What a connector's terminals put on a conductor: exact through rotations, transformers and line-to-line outlets."""
    known = [amps for amps in drawn if amps is not None]
    if line is None or not known:
        return max(known, default=None)
    parts = line.parts.get(key)
    if parts is not None:
        through = [(drawn[terminal], coef) for terminal, coef in parts if 0 <= terminal < 3]
        if any(amps is None for amps, _ in through):
            return None
        return round(abs(sum((amps or 0.0) * coef for amps, coef in through)), 2)
    terminal = line.terminal.get(key, ANY_TERMINAL)
    amps = max(known) if terminal == ANY_TERMINAL else drawn[terminal]
    return None if amps is None else round(amps * abs(line.coef[key]), 2)


def at_terminals(site_a: Phases, bay: Bay | None) -> Phases:
    """Currents on the site's phases as they were at the charger's terminals; those of an unknown rotation are unknown."""
    if bay is None:
        return NO_PHASES
    if bay.across is not None:
        return (site_a[bay.across[0]], None, None)
    if len(bay.rotation) != 3:
        return NO_PHASES
    one, two, three = ("RST".find(letter) for letter in bay.rotation)
    return (site_a[one], site_a[two], site_a[three]) if min(one, two, three) >= 0 else NO_PHASES


def _source(key: Key) -> str:
    return f"connector/{quote(key[0], safe='')}/{key[1]}"


def _who(site: Site, row: DecisionRow) -> str:
    """The car behind a cut, by its bay."""
    charger_id, _, number = row.cause.who.rpartition("/") if row.cause is not None else ("", "", "")
    return _label(site, (charger_id, int(number))) if number.isdecimal() else ""


def _label(site: Site, key: Key) -> str:
    bay = site.bay(*key)
    return bay.label if bay is not None and bay.label else f"{key[0]}/{key[1]}"
