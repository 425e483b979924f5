"""The site's load now, and the watch over its fuses: seconds above a rating, a lost meter, silent chargers."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evdesk.balance import Decision
from evdesk.balance.levels import TIMES_RATING
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.model import (
    NO_PHASES,
    PHASES,
    Circuit,
    LineLoad,
    MeterReading,
    NoticeKind,
    Phases,
    Severity,
    Site,
    SiteLoad,
)

OVER_TOLD_S = 2.0
HOUSE_STEP_A = 8.0
HOUSE_STEP_QUIET_S = 20.0
NO_SUPPLY = Circuit("", (0.0, 0.0, 0.0))


@dataclass(slots=True)
class _Watched:
    since: float
    peak_a: float
    told: bool = False


@dataclass(slots=True)
class LoadWatch:
    """Makes a `SiteLoad` from each decision and remembers what must be told once."""

    fleet: Fleet
    today_wh: float = 0.0
    today_sessions: int = 0
    over_s: float = 0.0
    over_longest_s: float = 0.0
    _over: dict[str, _Watched] = field(default_factory=dict)
    _meter_lost: set[str] = field(default_factory=set)
    _at_safe: set[str] = field(default_factory=set)
    _other: dict[str, tuple[float, float]] = field(default_factory=dict)
    _last_at: float = 0.0

    def update(self, decision: Decision) -> SiteLoad:
        """Once a second, after the control tick."""
        site, now = self.fleet.site, decision.at
        by_line = {view.line: view for view in decision.lines}
        lines = []
        for circuit in site.circuits:
            for phase, rating in zip(PHASES, circuit.rating_a, strict=True):
                view = by_line.get(f"{circuit.name}/{phase}")
                if view is None or rating <= 0:
                    continue
                lines.append(
                    LineLoad(
                        line=view.line,
                        circuit=circuit.name,
                        phase=phase,
                        limit_a=rating,
                        total_a=view.total_a,
                        cars_a=view.cars_a,
                        other_a=view.other_a,
                        reserved_a=view.reserved_a,
                        free_a=view.free_a,
                        silent_a=view.silent_a,
                        heat_left=view.heat_left,
                    )
                )
        self._watch_fuses(lines, now)
        self._watch_meters(site, now)
        self._watch_silent(now)
        self._watch_house(lines, now)
        self._last_at = now
        return self._load(site, decision, tuple(lines))

    def _load(self, site: Site, decision: Decision, lines: tuple[LineLoad, ...]) -> SiteLoad:
        root = root_circuit(site)
        meter = self.fleet.meters.get(root.name) if root.meter else None
        stale = root.meter is not None and (meter is None or decision.at - meter.at > site.balance.meter_stale_s)
        main = [line for line in lines if line.circuit == root.name]
        cars_w, charging = self._cars()
        total_w = _total_w(site, meter if not stale else None, main, cars_w)
        other_w = _other_w(site, main)
        if total_w is not None and other_w is not None:
            cars_w = max(total_w - other_w, 0.0)  # the meter is fresher than the cars' readings
        return SiteLoad(
            at=decision.at,
            lines=lines,
            total_w=total_w,
            cars_w=cars_w,
            other_w=other_w,
            capacity_w=sum(root.rating_a) * site.voltage_v,
            charging=charging,
            today_wh=self.today_wh + sum(self._running_wh()),
            today_sessions=self.today_sessions,
            meter_at=meter.at if meter else None,
            meter_stale=stale,
            total_a=_phases(main),
            safe_share_a=decision.safe_share_a,
            tightest=min(main, key=lambda x: x.free_a if x.free_a is not None else 0.0).line if main else "",
            over_s=round(self.over_s, 1),
            over_longest_s=round(self.over_longest_s, 1),
        )

    def _cars(self) -> tuple[float | None, int]:
        total, charging, known = 0.0, 0, True
        for connector in (c for r in self._accepted() for c in r.connectors.values()):
            if connector.charging_since_at is not None:
                charging += 1
                known = known and connector.power_w is not None
            total += connector.power_w or 0.0 if connector.status.has_car else 0.0
        return (total if known else None), charging

    def _running_wh(self) -> Iterable[float]:
        for record in self._accepted():
            for connector in record.connectors.values():
                if connector.session is not None:
                    yield connector.session_wh or 0.0

    def _accepted(self) -> list[ChargerRecord]:
        return [r for r in self.fleet.chargers.values() if r.accepted]

    # -- watches -----------------------------------------------------------------------------------------------

    def _watch_fuses(self, lines: list[LineLoad], now: float) -> None:
        step = min(max(now - self._last_at, 0.0), 5.0) if self._last_at else 0.0
        any_over = False  # what no breaker would carry for a second is an error of the meter
        for line in lines:
            watched = self._over.get(line.line)
            if line.total_a is None or not line.limit_a < line.total_a <= TIMES_RATING * line.limit_a:
                if watched is not None:
                    del self._over[line.line]
                    self._tell_over(line, watched, now)
                continue
            any_over = True
            if watched is None:
                self._over[line.line] = watched = _Watched(now, line.total_a)
            watched.peak_a = max(watched.peak_a, line.total_a)
            self.over_longest_s = max(self.over_longest_s, now - watched.since)
            if not watched.told and now - watched.since >= OVER_TOLD_S * 5:
                watched.told = True
                self._tell_over(line, watched, now)
        if any_over:
            self.over_s += step

    def _tell_over(self, line: LineLoad, watched: _Watched, now: float) -> None:
        seconds = round(now - watched.since, 1)
        if seconds < OVER_TOLD_S:
            return
        args: dict[str, str | float] = {
            "line": line.line,
            "peak_a": round(watched.peak_a, 1),
            "limit_a": line.limit_a,
            "seconds": seconds,
        }
        severity = Severity.DANGER if watched.told else Severity.WARN
        self.fleet.on_notice(self.fleet.store.put_notice(now, NoticeKind.OVER_FUSE, severity, args=args))

    def clock_jumped(self, seconds: float) -> None:
        for watched in self._over.values():
            watched.since += seconds
        self._other = {line: (level, told_at + seconds) for line, (level, told_at) in self._other.items()}
        self._last_at = self._last_at + seconds if self._last_at else 0.0

    def _watch_meters(self, site: Site, now: float) -> None:
        for circuit in site.circuits:
            if circuit.meter is None:
                continue
            reading = self.fleet.meters.get(circuit.name)
            stale = reading is not None and now - reading.at > site.balance.meter_stale_s
            if stale == (circuit.name in self._meter_lost) or reading is None:
                continue
            (self._meter_lost.add if stale else self._meter_lost.discard)(circuit.name)
            kind, severity = (NoticeKind.METER_LOST, Severity.WARN) if stale else (NoticeKind.METER_BACK, Severity.OK)
            args: dict[str, str | float] = {"circuit": circuit.name}
            self.fleet.on_notice(self.fleet.store.put_notice(now, kind, severity, args=args))

    def _watch_silent(self, now: float) -> None:
        """Tell once when a lost charger must have fallen to its safe default by now."""
        for record in self._accepted():
            if record.online:
                self._at_safe.discard(record.id)
                continue
            until = max((max(c.confirmed_until, c.falls_by) for c in record.connectors.values()), default=0.0)
            if record.id in self._at_safe or not record.falls_back or not until or now < until:
                continue
            self._at_safe.add(record.id)
            safe_a = record.failsafe.safe_a or 0.0
            self.fleet.notice(NoticeKind.SAFE_SHARE, Severity.INFO, record, safe_a=safe_a)

    def _watch_house(self, lines: list[LineLoad], now: float) -> None:
        """A step of what is not a charger, told at most every 20 s per line."""
        root = root_circuit(self.fleet.site).name
        for line in lines:
            if line.circuit != root or line.other_a is None:
                continue
            level, told_at = self._other.get(line.line, (line.other_a, 0.0))
            if line.other_a - level >= HOUSE_STEP_A and now - told_at > HOUSE_STEP_QUIET_S:
                args: dict[str, str | float] = {"line": line.line, "step_a": round(line.other_a - level, 1)}
                self.fleet.on_notice(self.fleet.store.put_notice(now, NoticeKind.HOUSE_STEP, Severity.INFO, args=args))
                told_at = now
            self._other[line.line] = (level + (line.other_a - level) * 0.2, told_at)


def root_circuit(site: Site) -> Circuit:
    """The supply; of a site that was stored without one, the first circuit, or one that carries nothing."""
    found = next((c for c in site.circuits if not c.parent), None)
    if found is not None:
        return found
    return site.circuits[0] if site.circuits else NO_SUPPLY


def _total_w(site: Site, meter: MeterReading | None, main: list[LineLoad], cars_w: float | None) -> float | None:
    if meter is not None and meter.power_w is not None:
        return meter.power_w
    amps = [line.total_a for line in main]
    if amps and all(a is not None for a in amps):
        return sum(a or 0.0 for a in amps) * site.voltage_v
    return cars_w if not any(c.meter for c in site.circuits) else None


def _other_w(site: Site, main: list[LineLoad]) -> float | None:
    amps = [line.other_a for line in main]
    return sum(a or 0.0 for a in amps) * site.voltage_v if amps and None not in amps else None


def _phases(main: list[LineLoad]) -> Phases:
    by_phase = {line.phase: line.total_a for line in main}
    return (by_phase.get("L1"), by_phase.get("L2"), by_phase.get("L3")) if by_phase else NO_PHASES
