"""Writes a simulated past into a new data directory, through the same store the engine uses (demo only)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from evdesk.balance import failsafe_plans
from evdesk.engine.insights.days import begin_of
from evdesk.engine.insights.service import Counter
from evdesk.engine.instance import claim
from evdesk.engine.store import Store
from evdesk.engine.store.insights import SavedDay
from evdesk.model import (
    Charger,
    ChargerState,
    Clock,
    Connector,
    Failsafe,
    FailsafeState,
    NoticeKind,
    Origin,
    Reading,
    Site,
    SiteLoad,
    Why,
    WhyCode,
)
from evdesk.model.decisions import Cause, CauseKind, DecisionRow, RowEnd
from evdesk.model.insights import DayFigures
from evdesk.simulator.past import CommandSample, Item, LimitSample, NoticeSample, ReadingSample, SessionSpan

NOBODY = (0.0, 0.0, 0.0)
NO_CAR = Why(WhyCode.NO_CAR)
CAME_S = 60.0
LONGEST_STEP_S = 120.0
OWNER = Origin("Owner", "desk")


@dataclass(slots=True)
class PastClock(Clock):
    """Stands at the moment that is being written."""

    at: float | None = None

    def now(self) -> float:
        return Clock.now(self) if self.at is None else self.at


@dataclass(slots=True)
class PastDecisions:
    """The decision log of that time: limits as they changed; a cut is laid to the car that had just come."""

    store: Store
    open: dict[tuple[str, int], DecisionRow] = field(default_factory=dict)
    came: tuple[float, str] = (0.0, "")

    def begin(self, site: Site, at: float) -> None:
        for bay in site.bays:
            self._put((bay.charger_id, bay.connector_id), at, 0.0, replace(NO_CAR, since_at=at))

    def take(self, item: Item) -> None:
        if isinstance(item, NoticeSample) and item.kind is NoticeKind.PLUGGED:
            self.came = (item.at, f"{item.charger_id}/{item.connector_id}")
        elif isinstance(item, NoticeSample) and item.kind is NoticeKind.UNPLUGGED:
            self._put((item.charger_id, item.connector_id), item.at, 0.0, replace(NO_CAR, since_at=item.at))
        elif isinstance(item, LimitSample):
            limit = item.limit
            self._put(
                (limit.charger_id, limit.connector_id), item.at, limit.limit_a, replace(limit.why, since_at=item.at)
            )

    def end(self, at: float) -> None:
        ended = [replace(row, to_at=max(row.from_at, at), ended=RowEnd.STOPPED) for row in self.open.values()]
        self.store.put_decisions(ended, at)
        self.open.clear()

    def _put(self, key: tuple[str, int], at: float, limit_a: float, why: Why) -> None:
        before = self.open.get(key)
        came_at, who = self.came
        cause = None
        if before is not None and limit_a < before.limit_a and why.line and at - came_at <= CAME_S:
            cause = Cause(CauseKind.CAR, why.line, who=who)
        row = DecisionRow(
            id=self.store.decision_id(),
            charger_id=key[0],
            connector_id=key[1],
            from_at=at,
            to_at=None,
            limit_a=limit_a,
            why=why,
            before_a=None if before is None else before.limit_a,
            cause=cause,
        )
        ended = [] if before is None else [replace(before, to_at=max(before.from_at, at))]
        self.open[key] = row
        self.store.put_decisions([*ended, row], at)


async def write_past(
    data: Path,
    site: Site,
    items: Iterable[Item],
    began_at: float,
    days: Iterable[tuple[date, DayFigures]] = (),
) -> None:
    """Site, chargers, sessions, readings, notices and audit rows from `began_at` on, as if evdesk had run then; `days`:
    figures of the days before.

    The directory is claimed meanwhile: no engine can start on it."""
    clock = PastClock(at=began_at)
    with claim(data):
        store = Store(data / "evdesk.db", clock)
        await store.open()
        try:
            await _found(store, site, began_at)
            decisions = PastDecisions(store)
            decisions.begin(site, began_at)
            counter = Counter(store)
            for item in items:
                decisions.take(item)
                if isinstance(item, SiteLoad):
                    counter.tick(item, LONGEST_STEP_S)
                await _write(store, clock, item)
            clock.at = None
            decisions.end(clock.now())
            for day, told in days:
                await store.save_day(SavedDay(day.isoformat(), begin_of(day), began_at, True, told))
            for bay in site.bays:  # everybody has left when the live site begins
                empty = Reading(bay.charger_id, bay.connector_id, clock.now(), current_a=NOBODY, power_w=0.0)
                store.put_reading(empty, NOBODY, None)
            await store.flush()
        finally:
            await store.close()


async def _found(store: Store, site: Site, began_at: float) -> None:
    ratings = {c.name: list(c.rating_a) for c in site.circuits}
    await _both(store, OWNER, "site.put", "site", {"name": site.name, "circuits": ratings}, "stored", {})
    await store.save_site(site)
    plans = failsafe_plans(site)
    for bay in site.bays:
        plan = plans[bay.charger_id]
        args: dict[str, object] = {
            "charger_id": bay.charger_id,
            "label": bay.label,
            "circuit": bay.circuit,
            "rotation": bay.rotation,
        }
        await _both(store, OWNER, "charger.accept", bay.charger_id, args, "stored", {"label": bay.label})
        charger = Charger(
            id=bay.charger_id,
            state=ChargerState.OFFLINE,
            label=bay.label,
            connectors=(Connector(id=bay.connector_id),),
            failsafe=Failsafe(FailsafeState.VERIFIED, plan.max_a, plan.safe_a, checked_at=began_at),
        )
        await store.save_charger(charger, True)


async def _write(store: Store, clock: PastClock, item: Item) -> None:
    if isinstance(item, ReadingSample):
        store.put_reading(item.reading, item.site_current_a, item.limit_a)
    elif isinstance(item, SiteLoad):
        clock.at = item.at
        store.put_load(item)
    elif isinstance(item, NoticeSample):
        store.put_notice(item.at, item.kind, item.severity, item.charger_id, item.connector_id, item.args)
    elif isinstance(item, SessionSpan):
        session = await store.open_session(item.started)
        if item.ended is not None:
            store.put_session(replace(session, max_power_w=item.max_power_w))
            await store.close_session(replace(item.ended, transaction_id=session.id))
    elif isinstance(item, CommandSample):
        await _command(store, clock, item)


async def _command(store: Store, clock: PastClock, item: CommandSample) -> None:
    clock.at = item.at
    asked = await store.audit(kind="asked", origin=item.origin, what=item.what, target=item.target, args=item.args)
    if item.answered_at is None:
        return
    clock.at = item.answered_at
    await store.audit(
        kind="answered",
        origin=item.origin,
        what=item.what,
        target=item.target,
        args=item.args,
        outcome=item.outcome,
        detail=item.detail,
        ref=asked.id,
    )


async def _both(
    store: Store,
    origin: Origin,
    what: str,
    target: str,
    args: dict[str, object],
    outcome: str,
    detail: dict[str, object],
) -> None:
    asked = await store.audit(kind="asked", origin=origin, what=what, target=target, args=args)
    await store.audit(
        kind="answered",
        origin=origin,
        what=what,
        target=target,
        args=args,
        outcome=outcome,
        detail=detail,
        ref=asked.id,
    )
