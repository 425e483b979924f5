"""Days and months of the computer's own zone. A day has 23 to 25 hours where summer time begins or ends."""

import time
from datetime import date, timedelta


def day_of(at: float) -> date:
    local = time.localtime(at)
    return date(local.tm_year, local.tm_mon, local.tm_mday)


def begin_of(day: date) -> float:
    """Midnight, Unix seconds."""
    return time.mktime((day.year, day.month, day.day, 0, 0, 0, 0, 0, -1))


def span(day: date) -> tuple[float, float]:
    return begin_of(day), begin_of(day + timedelta(days=1))


def days_between(from_at: float, to_at: float) -> list[date]:
    """Every day that lies in the window, wholly or in part."""
    first, last = day_of(from_at), day_of(to_at)
    if begin_of(last) >= to_at:
        last -= timedelta(days=1)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def month_of(day: date) -> date:
    return day.replace(day=1)


def month_span(month: date) -> tuple[float, float]:
    return begin_of(month), begin_of((month + timedelta(days=31)).replace(day=1))
