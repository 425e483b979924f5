"""Keeps the figures of each day: counts what only a second shows, makes today's anew from time to time, and a past day's
once more when everything of it is known."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from datetime import date, timedelta

from evdesk.engine.fleet import Fleet
from evdesk.engine.insights.combine import row_of, uses
from evdesk.engine.insights.compute import figures
from evdesk.engine.insights.days import begin_of, day_of, days_between, month_of, month_span, span
from evdesk.engine.store import Store
from evdesk.engine.store.insights import SavedDay
from evdesk.model import Clock, EvdeskError, Reason, Site, SiteLoad
from evdesk.model.insights import DayFigures
from evdesk.wire.insights import MOST_DAYS, Insight, InsightRow, InsightWindow

LONGEST_TICK_S = 5.0
TODAY_EVERY_S = 300.0
FRESH_S = 10.0
LATE_S = 6 * 3_600.0
"""Chargers deliver the ends of charges late, when they were offline: a day is made for good so long after its end."""
AGAIN_S = 3_600.0
BACK_DAYS = 90
"""As far as minutes and decisions are kept."""


@dataclass(slots=True)
class Counter:
    """Adds each second of the site to the counts of its day. `over_s`: any line above its rating."""

    store: Store
    _day: str = ""
    _span: tuple[float, float] = (0.0, 0.0)
    _last_at: float = 0.0

    def tick(self, load: SiteLoad, longest_s: float = LONGEST_TICK_S) -> None:
        """A longer gap than `longest_s` was not seen, and is not counted."""
        now = load.at
        step, self._last_at = (now - self._last_at if self._last_at else 0.0), now
        if not 0.0 < step <= longest_s:
            return
        if not self._span[0] <= now < self._span[1]:
            day = day_of(now)
            self._day, self._span = day.isoformat(), span(day)
        counts = {"up_s": step}
        if any(line.total_a is not None and line.total_a > line.limit_a > 0 for line in load.lines):
            counts["over_s"] = step
        if load.meter_at is not None or load.meter_stale:
            counts["metered_s"] = step
            if load.meter_stale:
                counts["lost_s"] = step
        self.store.put_counts(self._day, counts)


@dataclass(slots=True)
class Insights:
    """`open` once the store is open, `tick` each second, `minute` each minute; `energy` answers the API."""

    fleet: Fleet
    store: Store
    clock: Clock
    counter: Counter = field(init=False)
    _waiting: list[date] = field(default_factory=list)  # past days without final figures, newest last
    _made_at: float = 0.0  # today's figures, monotonic
    _again_at: float = 0.0
    _today: date | None = None
    _empty: set[date] = field(default_factory=set)  # past days of which nothing is known

    def __post_init__(self) -> None:
        self.counter = Counter(self.store)

    async def open(self) -> None:
        self._waiting = await self._unfinished(day_of(self.clock.now()))

    def tick(self, load: SiteLoad) -> None:
        self.counter.tick(load, LONGEST_TICK_S * max(1.0, self.clock.speed))

    async def minute(self) -> None:
        """At most one day's work, so that nothing else waits for long."""
        today = day_of(self.clock.now())
        if today != self._today:
            self._today, self._made_at = today, 0.0
            self._waiting = await self._unfinished(today)
        if self._waiting:
            await self._make(self._waiting.pop())
        elif not self._made_at or time.monotonic() - self._made_at >= TODAY_EVERY_S:
            await self._make(today)
            self._made_at = time.monotonic()
        elif time.monotonic() - self._again_at >= AGAIN_S:
            self._again_at = time.monotonic()
            self._waiting = await self._unfinished(today)

    async def energy(self, wanted: InsightWindow) -> Insight:
        """Raises `EvdeskError(INVALID)` for a window of too many days."""
        now = self.clock.now()
        oldest = await self.store.first_fact_at()
        today = day_of(now)
        days = self._days(wanted, oldest, now)
        saved = {}
        if days:
            saved = {s.day: s.figures for s in await self.store.saved_days(days[0].isoformat(), days[-1].isoformat())}
        missing = [day for day in self._waiting if day in set(days) and day.isoformat() not in saved][-31:]
        if days and days[-1] >= today and time.monotonic() - self._made_at > FRESH_S / max(1.0, self.clock.speed):
            missing.append(today)
            self._made_at = time.monotonic()
        for day in missing:  # somebody looks before the beat has come to them
            made = await self._make(day)
            if made is not None:
                saved[day.isoformat()] = made
        known = [saved[day.isoformat()] for day in days if day.isoformat() in saved]
        rows = _monthly(days, saved) if wanted.by == "month" else _daily(days, saved)
        whole = (rows[0].from_at, rows[-1].to_at) if rows else (wanted.from_at, wanted.to_at)
        return Insight(rows, row_of("total", whole, known), uses(known, self._label), oldest)

    def _days(self, wanted: InsightWindow, oldest: float | None, now: float) -> list[date]:
        """From the window, those between the first day that is known and today."""
        if oldest is None:
            return []
        begin, end = max(wanted.from_at, begin_of(day_of(oldest))), min(wanted.to_at, now + 1.0)
        if begin >= end:
            return []
        if end - begin > (MOST_DAYS + 1) * 86_400.0:
            raise EvdeskError(Reason.INVALID, f"Ask for at most {MOST_DAYS} days.")
        return days_between(begin, end)

    async def _unfinished(self, today: date) -> list[date]:
        oldest = await self.store.first_fact_at()
        if oldest is None:
            return []
        first = max(day_of(oldest), today - timedelta(days=BACK_DAYS))
        final = {s.day for s in await self.store.saved_days(first.isoformat(), today.isoformat()) if s.final}
        count = max((today - first).days, 0)
        days = (first + timedelta(days=n) for n in range(count))
        return [day for day in days if day.isoformat() not in final and day not in self._empty]

    async def _make(self, day: date) -> DayFigures | None:
        """Makes and stores a day. Today's is never final, whatever the clock said before it was set."""
        begin, end = span(day)
        now = self.clock.now()
        site = await self._site(min(end, now))
        metered = [c.name for c in site.circuits if c.meter is not None]
        with contextlib.suppress(EvdeskError):
            await self.store.roll_up()
        facts = await self.store.day_facts(day.isoformat(), begin, min(end, now), metered)
        # 0.2 s for 200 connectors, and the limits do not wait for it
        made = await asyncio.to_thread(figures, facts, site, begin, min(end, now))
        if made is None and now >= end + LATE_S:
            self._empty.add(day)
        if made is not None:
            with contextlib.suppress(EvdeskError):  # a full disk keeps nobody from seeing them
                await self.store.save_day(SavedDay(day.isoformat(), begin, now, now >= end + LATE_S, made))
        return made

    async def _site(self, at: float) -> Site:
        _version, site = await self.store.site_at(at)
        return site or self.fleet.site

    def _label(self, charger_id: str, connector_id: int) -> str:
        bay = self.fleet.site.bay(charger_id, connector_id)
        return bay.label if bay is not None and bay.label else f"{charger_id}/{connector_id}"


def _daily(days: list[date], saved: dict[str, DayFigures]) -> list[InsightRow]:
    return [row_of(d.isoformat(), span(d), [saved[d.isoformat()]] if d.isoformat() in saved else []) for d in days]


def _monthly(days: list[date], saved: dict[str, DayFigures]) -> list[InsightRow]:
    rows = []
    for month in sorted({month_of(day) for day in days}):
        of_it = [saved[d.isoformat()] for d in days if month_of(d) == month and d.isoformat() in saved]
        rows.append(row_of(month.isoformat()[:7], month_span(month), of_it))
    return rows
