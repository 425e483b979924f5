"""What the Insights page says: figures, bars and rows from what the engine answers. No widgets here."""

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass

from evdesk.gui import text
from evdesk.gui.text import tr
from evdesk.wire import to_plain
from evdesk.wire.insights import Insight, InsightRow

ENERGY, PEAK, FAIR, WAIT = "energy", "peak", "fair", "wait"
NEARLY_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Bar:
    """One day or month. `back`: the outline behind (could have given, without balancing); `front`: the filled part.
    None: not known. `rows`: its read-out as (name, value, colour role, hatched)."""

    at: float
    name: str
    front: float | None
    back: float | None
    rows: tuple[tuple[str, str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """What a chart of bars shows. `top`: the least upper end of the axis; `limit`: a line across, with its name."""

    title: str
    unit: str
    bars: tuple[Bar, ...] = ()
    front: str = ""
    back: str = ""
    limit: float | None = None
    limit_name: str = ""
    top: float = 0.0
    monthly: bool = False

    @property
    def empty(self) -> bool:
        return not any(bar.front is not None for bar in self.bars)


def scaled(value: float | None, by: float = 1000.0) -> float | None:
    return None if value is None else value / by


def energy_parts(value: float | None) -> tuple[str, str]:
    """As everywhere, and from 10 MWh on ("58.2", "MWh")."""
    if value is not None and abs(value) >= 1e7:
        return text.number(value / 1e6), "MWh"
    return text.energy_parts(value)


def energy(value: float | None) -> str:
    return " ".join(part for part in energy_parts(value) if part)


def percent(value: float | None) -> str:
    return text.unknown() if value is None else f"{text.number(value * 100, 0)} %"


def index(value: float | None) -> str:
    return text.number(value, 2)


def bars(kind: str, got: Insight, monthly: bool) -> Bars:
    """One of the four charts."""
    make = {ENERGY: _energy, PEAK: _peak, FAIR: _fair, WAIT: _wait}[kind]
    return make(got.rows, monthly)


def name_of(row: InsightRow, monthly: bool) -> str:
    """ "Tue 24 Nov", "Nov 2026" """
    if not monthly:
        return text.day(row.from_at)
    local = time.localtime(row.from_at)
    return f"{text.day(row.from_at).split()[-1]} {local.tm_year}"


def _unknown(row: InsightRow) -> tuple[tuple[str, str, str, bool], ...]:
    return () if row.known else ((tr("nothing was recorded"), "", "muted", False),)


def _bar(
    row: InsightRow,
    monthly: bool,
    front: float | None,
    back: float | None,
    rows: tuple[tuple[str, str, str, bool], ...],
) -> Bar:
    told = rows if row.known else ()
    return Bar(row.from_at, name_of(row, monthly), front, back, _unknown(row) + told)


def _energy(rows: Sequence[InsightRow], monthly: bool) -> Bars:
    made = [
        _bar(
            row,
            monthly,
            scaled(row.delivered_wh),
            scaled(row.could_wh),
            (
                (tr("given"), energy(row.delivered_wh), "accent", False),
                (tr("could have been"), energy(row.could_wh), "muted", True),
                (tr("wanted"), energy(row.wanted_wh), "", False),
                (tr("charges"), _count(row.sessions), "", False),
            ),
        )
        for row in rows
    ]
    return Bars(tr("Energy"), "kWh", tuple(made), tr("Given"), tr("Could have been given"), monthly=monthly)


def _peak(rows: Sequence[InsightRow], monthly: bool) -> Bars:
    made = [
        _bar(
            row,
            monthly,
            scaled(row.peak_w),
            scaled(row.free_peak_w),
            (
                (tr("highest 15 min"), text.power(row.peak_w), "accent", False),
                (tr("all cars at once"), text.power(row.free_peak_w), "muted", True),
                (tr("saved"), text.power(row.peak_saved_w), "", False),
                *(((tr("at"), text.clock(row.peak_at), "", False),) if row.peak_at is not None else ()),
            ),
        )
        for row in rows
    ]
    rating = next((row.rating_w for row in reversed(rows) if row.rating_w is not None), None)
    name = tr("Supply {power}").format(power=text.power(rating)) if rating is not None else ""
    return Bars(
        tr("Peak"),
        "kW",
        tuple(made),
        tr("Highest quarter hour"),
        tr("All cars at their most at once"),
        scaled(rating),
        name,
        monthly=monthly,
    )


def _fair(rows: Sequence[InsightRow], monthly: bool) -> Bars:
    made = [
        _bar(
            row,
            monthly,
            None if row.worst_decile is None else row.worst_decile * 100,
            None if row.jain is None else row.jain * 100,
            (
                (tr("worst tenth got"), percent(row.worst_decile), "accent", False),
                (tr("Jain's index"), index(row.jain), "muted", True),
                (tr("charges"), _count(row.sessions), "", False),
            ),
        )
        for row in rows
    ]
    front, back = tr("Served part of the worst tenth"), tr("Jain's index × 100")
    return Bars(tr("Fairness"), "%", tuple(made), front, back, top=100.0, monthly=monthly)


def _wait(rows: Sequence[InsightRow], monthly: bool) -> Bars:
    made = [
        _bar(
            row,
            monthly,
            row.held_back_min,
            None,
            (
                (tr("held back, a charge"), _minutes(row.held_back_min), "accent", False),
                (tr("hours with somebody waiting"), _count(row.held_back_hours), "", False),
                (tr("restarts, a charge"), text.number(row.restarts, 2), "", False),
            ),
        )
        for row in rows
    ]
    return Bars(tr("Held back"), "min", tuple(made), tr("Minutes held back per charge"), monthly=monthly)


def _minutes(value: float | None) -> str:
    return text.unknown() if value is None else f"{text.number(value, 0)} min"


def _count(value: int | None) -> str:
    return text.unknown() if value is None else text.count(value)


def sentence(shown: Bars) -> str:
    """The chart in words."""
    known = [bar for bar in shown.bars if bar.front is not None]
    if not known:
        return tr("{title}: nothing is known of this time").format(title=shown.title)
    best = max(known, key=lambda bar: bar.front or 0.0)
    told = tr("{title} of {n}: highest {value} {unit}, {name}")
    value = text.number(best.front)
    return told.format(title=shown.title, n=len(known), value=value, unit=shown.unit, name=best.name)


# -- figures and sentences -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A head figure."""

    value: str
    unit: str = ""
    second: str = ""
    role: str = "text"


def head(total: InsightRow) -> dict[str, Told]:
    """The six head figures by name; "unknown" where nothing is known."""
    none = Told(text.unknown(), role="muted")
    given, unit = energy_parts(total.delivered_wh)
    could = tr("{part} of what was possible").format(part=percent(total.used)) if total.used is not None else ""
    peak, peak_unit = text.power_parts(total.peak_saved_w)
    from_to = tr("{peak} instead of {free}").format(peak=text.power(total.peak_w), free=text.power(total.free_peak_w))
    worst = tr("worst tenth got {part}").format(part=percent(total.worst_decile))
    again = tr("{n} restarts a charge").format(n=text.number(total.restarts, 2))
    over = text.number(total.over_s, 0)
    lost = tr("meter silent {age}").format(age=text.age(total.meter_lost_s)) if total.meter_lost_s else ""
    return {
        "given": Told(given, unit, could) if total.delivered_wh is not None else none,
        "fair": Told(index(total.jain), "", worst) if total.jain is not None else none,
        "saved": Told(peak, peak_unit, from_to) if total.peak_saved_w is not None else none,
        "held": Told(text.number(total.held_back_min, 0), tr("min a charge"), again)
        if total.held_back_min is not None
        else none,
        "over": Told(over, "s", lost or tr("any line, all together"), "warn" if total.over_s else "text")
        if total.over_s is not None
        else none,
        "charges": Told(_count(total.sessions), "", tr("evdesk ran {part}").format(part=percent(total.coverage)))
        if total.sessions is not None
        else none,
    }


def supply_words(got: Insight, monthly: bool) -> list[tuple[str, str, str]]:
    """Is the supply large enough: (name, value, role)."""
    total = got.total
    lines = []
    if total.peak_w is not None and total.rating_w:
        part = total.peak_w / total.rating_w
        when = next((row for row in got.rows if row.peak_w == total.peak_w), None)
        value = tr("{peak} of {rating}, {part}").format(
            peak=text.power(total.peak_w), rating=text.power(total.rating_w), part=percent(part)
        )
        day = f", {name_of(when, monthly)}" if when is not None and len(got.rows) > 1 else ""
        lines.append((tr("Highest"), value + day, "warn" if part >= NEARLY_FULL else "text"))
    if total.held_back_hours is not None:
        waited = tr("somebody had to, in {n} h").format(n=text.count(total.held_back_hours))
        lines.append((tr("Waiting"), waited, "text"))
    if total.wanted_wh is not None and total.delivered_wh is not None and total.wanted_wh > 0:
        missing = max(total.wanted_wh - total.delivered_wh, 0.0)
        lines.append((tr("Not given"), tr("{energy} of what was wanted").format(energy=energy(missing)), "text"))
    if total.room_wh is not None and total.delivered_wh is not None and total.room_wh > 0:
        used = tr("{part} of what the house left").format(part=percent(total.delivered_wh / total.room_wh))
        lines.append((tr("Room used"), used, "text"))
    if total.standby_w is not None:
        lines.append((tr("Standby"), text.power(total.standby_w), "text"))
    if total.demand_told is not None:
        told = tr("told by {part} of the charges, else estimated").format(part=percent(total.demand_told))
        lines.append((tr("Wanted is"), told if total.demand_told else tr("estimated from what was held back"), "muted"))
    return lines


TITLES = (
    "Day",
    "Given",
    "Possible",
    "Used",
    "Charges",
    "Fairness",
    "Worst tenth",
    "Held back",
    "Restarts",
    "Highest 15 min",
    "Peak saved",
    "Above rating",
)


def titles(monthly: bool) -> tuple[str, ...]:
    return (tr("Month") if monthly else tr("Day"), *(tr(title) for title in TITLES[1:]))


def cells(row: InsightRow, monthly: bool) -> tuple[str, ...]:
    """One row of the table twin."""
    name = name_of(row, monthly)
    if not row.known:
        return (name, tr("no data"), *[""] * (len(TITLES) - 2))
    return (
        name,
        energy(row.delivered_wh),
        energy(row.could_wh),
        percent(row.used),
        _count(row.sessions),
        index(row.jain),
        percent(row.worst_decile),
        _minutes(row.held_back_min),
        text.number(row.restarts, 2),
        text.power(row.peak_w),
        text.power(row.peak_saved_w),
        text.unknown() if row.over_s is None else f"{text.number(row.over_s, 0)} s",
    )


def csv_text(got: Insight, separator: str = ",") -> str:
    """Every figure of every row, then a row for the whole; unknown is an empty cell, units stand in the names."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    names = [name for name in to_plain(got.total) if name not in ("from_at", "to_at")]
    writer.writerow([names[0], "from", "to", *names[1:]])
    for row in (*got.rows, got.total):
        plain = to_plain(row)
        values = ["" if plain[name] is None else plain[name] for name in names]
        writer.writerow([values[0], text.iso(row.from_at), text.iso(row.to_at), *values[1:]])
    return out.getvalue()
