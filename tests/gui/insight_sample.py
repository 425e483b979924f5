"""An answer of `insight.energy` as the engine gives it: made days of a simulated site, put together by the engine's own
code."""

from datetime import date

from evdesk.engine.insights.combine import row_of, uses
from evdesk.engine.insights.days import days_between, month_of, month_span, span
from evdesk.simulator.past_days import past_days
from evdesk.wire.insights import Insight, InsightWindow

LAST = date(2026, 11, 24)


def insight(wanted: InsightWindow) -> Insight:
    begin, end = span(LAST)
    figures = dict(past_days(LAST, days=44))
    oldest = span(min(figures))[0]
    days = days_between(max(end - (wanted.to_at - wanted.from_at), oldest), end)
    known = [figures[day] for day in days if day in figures]
    rows = [row_of(day.isoformat(), span(day), [figures[day]] if day in figures else []) for day in days]
    if wanted.by == "month":
        months = sorted({month_of(day) for day in days})
        rows = [
            row_of(m.isoformat()[:7], month_span(m), [f for day, f in figures.items() if month_of(day) == m])
            for m in months
        ]
    total = row_of("total", (rows[0].from_at, begin), known)
    return Insight(rows, total, uses(known, lambda charger_id, _: f"Bay {charger_id[-1]}"), oldest)


EMPTY = Insight([], row_of("total", (0.0, 1.0), []))
