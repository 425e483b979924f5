"""What balancing achieved: figures by hand against those made from a real store, days without data, restarts, limits."""

import math
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evdesk.engine.fleet import Fleet
from evdesk.engine.insights.combine import jain, row_of, worst_decile
from evdesk.engine.insights.compute import figures
from evdesk.engine.insights.days import day_of, days_between, month_span, span
from evdesk.engine.insights.service import Counter, Insights
from evdesk.engine.store import rollup
from evdesk.engine.store.day_facts import DayFacts, Quarter, Register, Span
from evdesk.engine.store.insights import SavedDay
from evdesk.model import (
    Bay,
    Circuit,
    EvdeskError,
    LineLoad,
    MeterSource,
    Reading,
    Session,
    Site,
    SiteLoad,
    TransactionEnded,
    TransactionStarted,
    Why,
    WhyCode,
)
from evdesk.model.decisions import DecisionRow, holds_back
from evdesk.model.insights import DayFigures
from evdesk.wire.insights import InsightWindow
from tests.engine.harness import engine, start_engine, station, until
from tests.engine.store_kit import FixedClock, HealthWatch, opened, settings
from tests.engine.test_store_faults import fill_up

DAY = date(2027, 3, 10)
BEGIN, END = span(DAY)
METERED = Circuit("Main", (63.0, 63.0, 63.0), meter=MeterSource(), other_max_a=(30.0, 30.0, 30.0))
SITE = Site(
    circuits=(METERED, Circuit("Yard", (32.0, 32.0, 32.0), parent="Main", meter=MeterSource())),
    bays=(
        Bay("WB-1", 1, "Bay 1", "Yard", max_a=16.0, rotation="RST"),
        Bay("WB-2", 1, "Bay 2", "Yard", max_a=16.0, rotation="RST"),
    ),
    assumed=False,
)
LINE, CAR = Why(WhyCode.LINE, "Main/L1", 62.0, 63.0), Why(WhyCode.CAR)
KWH = 1000.0


async def past(store, name="WB-1", *, at, hours, amps, base_wh, house_a=20.0):
    """One charger draws so many ampere on three phases for some hours, with readings each minute."""
    for minute in range(round(hours * 60) + 1):
        t = at + minute * 60.0 - (minute == round(hours * 60))  # the last one in the last quarter
        wh = base_wh + amps * 690.0 * minute / 60.0
        reading = Reading(name, 1, t, current_a=(amps,) * 3, power_w=amps * 690.0, energy_wh=wh)
        store.put_reading(reading, (amps,) * 3, amps)
        if minute == round(hours * 60):
            break
        total = amps + house_a
        lines = tuple(
            LineLoad(f"{c}/{p}", c, p, r, x, amps, o, 0.0, 1.0)
            for c, r, x, o in (("Main", 63.0, total, house_a), ("Yard", 32.0, amps + 0.1, 0.1))
            for p in ("L1", "L2", "L3")
        )
        store.put_load(
            SiteLoad(
                at=t, lines=lines, total_w=total * 690.0, other_w=house_a * 690.0, total_a=(total,) * 3, meter_at=t
            )
        )
    return base_wh + amps * 690.0 * hours


async def charge(store, name, begin, end, start_wh, stop_wh, max_w=11_040.0):
    session = await store.open_session(TransactionStarted(name, 1, begin, "TAG", start_wh, charger_at=begin))
    store.put_session(replace(session, max_power_w=max_w))
    return await store.close_session(TransactionEnded(name, end, session.id, stop_wh, "Local", "TAG", 1, end))


def decided(store, name, *spans):
    """(from, to, limit, why)"""
    rows = [DecisionRow(store.decision_id(), name, 1, a, b, limit, why) for a, b, limit, why in spans]
    store.put_decisions(rows, spans[-1][1])


async def rolled(store):
    await store.flush()

    def run(database):
        while rollup.roll(database.conn):
            pass

    await store._durable(run)


async def made(store, site=SITE, begin=BEGIN, end=END):
    await rolled(store)
    facts = await store.day_facts(day_of(begin).isoformat(), begin, end, [c.name for c in site.circuits if c.meter])
    return figures(facts, site, begin, end)


async def test_figures_by_hand(tmp_path):
    """Bay 1 draws 8 A for two hours, held back by a line from the 16 A it could take; bay 2 takes 10 A, all it wants."""
    async with opened(tmp_path / "evdesk.db") as store:
        ten = BEGIN + 10 * 3600
        stop = await past(store, at=ten, hours=2, amps=8.0, base_wh=100 * KWH)
        await charge(store, "WB-1", ten, ten + 7200, 100 * KWH, stop, 5520.0)
        decided(store, "WB-1", (ten, ten + 7200, 8.0, LINE))
        later = ten + 3 * 3600
        stop = await past(store, "WB-2", at=later, hours=1, amps=10.0, base_wh=50 * KWH)
        await charge(store, "WB-2", later, later + 3600, 50 * KWH, stop, 6900.0)
        decided(store, "WB-2", (later, later + 600, 6.0, LINE), (later + 600, later + 3600, 11.0, CAR))
        told = await made(store)
        assert told.delivered_wh == pytest.approx(2 * 5520 + 6900, rel=0.01)
        missed = 2 * 8 * 690 + (10 - 6) * 690 / 6  # 16 A less 8 A for two hours; 10 A less 6 A for ten minutes
        assert told.wanted_wh == pytest.approx(told.delivered_wh + missed, rel=0.01)
        assert told.could_wh == pytest.approx(told.wanted_wh, rel=0.01), "the supply had room: 63 - 1 - 20 A"
        assert told.shares == (0.5, 1.0), "held back for half of it; who stops by itself has got all"
        assert (told.sessions, told.held_back_s, told.held_back_hours) == (2, 7800.0, 3)
        assert told.peak_w == pytest.approx(30 * 690)
        assert told.free_peak_w == pytest.approx((28 + 8) * 690, rel=0.01)
        assert told.rating_w == 63 * 690
        assert told.loss_wh == pytest.approx(0.1 * 690 * 3, abs=40), "a tenth of an ampere behind the yard's meter"
        bays = {c.charger_id: c for c in told.chargers}
        assert (bays["WB-1"].charging_s, bays["WB-1"].plugged_s, bays["WB-1"].held_back_s) == (7200.0, 7200.0, 7200.0)
        assert bays["WB-2"].energy_wh == pytest.approx(6900, rel=0.01)


async def test_the_room_under_the_fuse_bounds_what_could_have_been_given(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        ten = BEGIN + 10 * 3600
        stop = await past(store, at=ten, hours=1, amps=8.0, base_wh=0.0, house_a=52.0)
        await charge(store, "WB-1", ten, ten + 3600, 0.0, stop)
        decided(store, "WB-1", (ten, ten + 3600, 8.0, LINE))
        told = await made(store)
        assert told.could_wh == pytest.approx(10 * 690, rel=0.02), "63 A less 1 A of margin less 52 A"
        assert told.wanted_wh == pytest.approx(16 * 690, rel=0.02)


async def test_a_charge_over_midnight_counts_in_each_day_and_ends_in_one(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        eleven = END - 3600
        stop = await past(store, at=eleven, hours=2, amps=10.0, base_wh=70 * KWH)
        await charge(store, "WB-1", eleven, eleven + 7200, 70 * KWH, stop)
        first, second = await made(store), await made(store, begin=END, end=END + 86_400)
        assert (first.sessions, second.sessions) == (0, 1)
        assert first.delivered_wh + second.delivered_wh == pytest.approx(13_800, rel=0.01)
        assert first.delivered_wh == pytest.approx(6900, rel=0.02)
        assert [d.chargers[0].plugged_s for d in (first, second)] == [3600.0, 3600.0]


async def test_a_register_that_was_replaced_gives_no_megawatt_hours(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        for hour, base in ((8, 100 * KWH), (10, 0.0), (12, 9e9)):
            await past(store, at=BEGIN + hour * 3600, hours=1, amps=10.0, base_wh=base)
        told = await made(store)
        assert 0.8 * 3 * 6900 < told.delivered_wh < 3 * 6950


async def test_restarts_are_pauses_by_the_limit_and_not_the_first_start(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        wait = Why(WhyCode.WAITING, "Main/L1")
        at = BEGIN + 3600
        await charge(store, "WB-1", at, at + 4000, 0.0, 5 * KWH)
        steps = ((0.0, wait), (6.0, LINE), (0.0, wait), (8.0, LINE), (0.0, wait), (6.0, LINE))
        decided(store, "WB-1", *((at + i * 600, at + i * 600 + 600, a, why) for i, (a, why) in enumerate(steps)))
        assert (await made(store)).restarts == 2


async def test_a_day_without_anything_is_unknown_and_never_zero(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        assert await made(store) is None
        await past(store, at=BEGIN + 3600, hours=1, amps=10.0, base_wh=0.0)
        late = BEGIN + 2 * 86_400 + 7200
        await past(store, at=late, hours=0.5, amps=10.0, base_wh=9 * KWH)
        await rolled(store)
        service = Insights(Fleet(store, FixedClock(late + 3600)), store, FixedClock(late + 3600))
        service.fleet.site = SITE
        await service.open()
        got = await service.energy(InsightWindow(BEGIN - 30 * 86_400, late + 1e6))
        assert [r.name for r in got.rows] == ["2027-03-10", "2027-03-11", "2027-03-12"], "from the first known to today"
        assert [r.known for r in got.rows] == [True, False, True]
        empty = got.rows[1]
        assert {empty.delivered_wh, empty.could_wh, empty.sessions, empty.jain, empty.over_s, empty.coverage} == {None}
        assert got.total.delivered_wh == pytest.approx(6900 * 1.5, rel=0.02)
        (month,) = (await service.energy(InsightWindow(BEGIN, late, "month"))).rows
        assert (month.name, month.delivered_wh) == ("2027-03", got.total.delivered_wh)


values = st.none() | st.floats(-1e6, 1e6, allow_nan=False)
phases = st.tuples(values, values, values)
KEY = ("WB-1", 1)


@st.composite
def odd_days(draw):
    """Facts as broken meters, registers and clocks might leave them."""
    times = st.integers(0, 95).map(lambda n: BEGIN + n * 900.0)
    quarters = st.lists(st.builds(Quarter, times, phases, values, st.floats(0, 1)), max_size=8)
    span = st.builds(
        lambda at, length, limit, code: Span(at, at + length, limit, code, holds_back(code, "")),
        st.floats(BEGIN - 1e5, END, allow_nan=False),
        st.floats(0.1, 1e5),
        st.sampled_from([0.0, 6.0, 16.0, 500.0]),
        st.sampled_from([WhyCode.LINE, WhyCode.CAR, WhyCode.WAITING, WhyCode.NO_CAR]),
    )
    session = st.builds(
        lambda number, at, length, energy, power: Session(
            number, *KEY, "TAG", at, None if length is None else at + length, energy_wh=energy, max_power_w=power
        ),
        st.integers(1, 9),
        st.floats(BEGIN - 2e5, END, allow_nan=False),
        st.none() | st.floats(0, 2e5),
        values,
        values,
    )
    return DayFacts(
        supply=draw(quarters),
        other=draw(quarters),
        circuits={"Yard": draw(quarters)},
        registers={
            KEY: sorted(
                draw(st.lists(st.builds(Register, times, values, values, values, phases), max_size=8)),
                key=lambda r: r.t,
            )
        },
        charging_min={KEY: draw(st.integers(0, 1440))},
        sessions=draw(st.lists(session, max_size=4)),
        spans={KEY: draw(st.lists(span, max_size=6))},
        counts=draw(st.dictionaries(st.sampled_from(["up_s", "over_s", "metered_s", "lost_s"]), st.floats(0, 86_400))),
        told_wh=draw(st.dictionaries(st.integers(1, 9), st.floats(-10, 1e6, allow_nan=False), max_size=3)),
    )


@hypothesis_settings(max_examples=40, deadline=None)
@given(facts=odd_days())
def test_whatever_was_stored_the_figures_make_sense(facts):
    told = figures(facts, SITE, BEGIN, END)
    row = row_of("2027-03-10", (BEGIN, END), [told] if told is not None else [])
    assert row.known == (told is not None)
    if told is None:
        return
    assert all(0.0 <= share <= 1.0 for share in told.shares)
    assert row.jain is None or 0.0 < row.jain <= 1.0
    assert row.worst_decile is None or 0.0 <= row.worst_decile <= 1.0
    assert told.delivered_wh is None or math.isfinite(told.delivered_wh)
    assert row.coverage is None or 0.0 <= row.coverage <= 1.0
    assert told.restarts >= 0
    assert told.held_back_s >= 0
    assert 0 <= told.held_back_hours <= 24
    if told.peak_w is not None and told.free_peak_w is not None:
        assert told.free_peak_w >= told.peak_w - 0.1, "holding back never raises a peak"
    for one in told.chargers:
        assert 0.0 <= one.plugged_s <= (END - BEGIN) * len(facts.sessions) + 1
        assert one.energy_wh >= 0.0


# -- counting and keeping --------------------------------------------------------------------------------------


def load(at, total_a=40.0, stale=False):
    return SiteLoad(
        at=at,
        lines=(LineLoad("Main/L1", "Main", "L1", 63.0, total_a),),
        meter_at=None if stale else at,
        meter_stale=stale,
    )


async def counted(store, day):
    await store.flush()
    return await store._read(
        lambda c: dict(c.execute("SELECT name, value FROM insight_count WHERE day = ?", (day,)).fetchall())
    )


async def test_seconds_are_counted_in_their_day_over_a_restart_and_not_over_a_gap(tmp_path):
    path = tmp_path / "evdesk.db"
    async with opened(path) as store:
        counter = Counter(store)
        for second in range(-10, 11):
            counter.tick(load(END + second, total_a=70.0 if second > 7 else 40.0, stale=second in (1, 2)))
        counter.tick(load(END + 5000))  # the computer slept
        counter.tick(load(END - 100))  # and its clock was put back
        first, second = await counted(store, "2027-03-10"), await counted(store, "2027-03-11")
        assert first == {"up_s": 9.0, "metered_s": 9.0}
        assert second == {"up_s": 11.0, "metered_s": 11.0, "lost_s": 2.0, "over_s": 3.0}
    async with opened(path) as store:
        counter = Counter(store)
        for second in range(20, 26):
            counter.tick(load(END + second))
        assert (await counted(store, "2027-03-11"))["up_s"] == 16.0


async def test_a_past_day_is_made_once_and_a_moved_clock_freezes_no_day(tmp_path):
    path = tmp_path / "evdesk.db"
    async with opened(path) as store:
        await past(store, at=BEGIN + 3600, hours=1, amps=10.0, base_wh=0.0)
        await rolled(store)
        clock = FixedClock(BEGIN + 5 * 3600)
        service = Insights(Fleet(store, clock), store, clock)
        service.fleet.site = SITE
        clock.at = BEGIN + 3 * 86_400  # the clock runs ahead: the day seems to be over
        for _ in range(3):  # a day a minute, the newest first
            await service.minute()
        (saved,) = await store.saved_days("2027-03-10", "2027-03-10")
        assert saved.final
        clock.at = BEGIN + 6 * 3600  # set right: it is today again, and is made anew
        await service.energy(InsightWindow(BEGIN, END))
        (saved,) = await store.saved_days("2027-03-10", "2027-03-10")
        assert not saved.final
        clock.at = END + 7 * 3600
        await service.minute()
        (saved,) = await store.saved_days("2027-03-10", "2027-03-10")
        assert saved.final
    async with opened(path) as store:
        service = Insights(Fleet(store, clock), store, clock)
        await service.open()
        assert service._waiting == [], "it is not made again after a restart"


async def test_a_full_disk_keeps_nobody_from_seeing_figures(tmp_path):
    async with opened(tmp_path / "evdesk.db", settings(retry_s=60.0)) as store:
        await past(store, at=BEGIN + 3600, hours=1, amps=10.0, base_wh=0.0)
        await rolled(store)
        await fill_up(store, HealthWatch(store))
        clock = FixedClock(BEGIN + 4 * 3600)
        service = Insights(Fleet(store, clock), store, clock)
        service.fleet.site = SITE
        got = await service.energy(InsightWindow(BEGIN, END))
        assert got.rows[0].delivered_wh == pytest.approx(6900, rel=0.02)


async def test_a_day_of_200_connectors_is_made(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        site = replace(SITE, bays=tuple(Bay(f"WB-{i}", 1, f"Bay {i}", "Yard", rotation="RST") for i in range(200)))
        quarters = range(96)
        for i in range(200):
            rows = [(BEGIN + q * 900, 10.0) for q in quarters]
            for t, amps in rows:
                reading = Reading(f"WB-{i}", 1, t, power_w=amps * 690, energy_wh=(t - BEGIN) / 3600 * amps * 690)
                store.put_reading(reading, (amps,) * 3, amps)
            decided(store, f"WB-{i}", *((BEGIN + q * 900, BEGIN + q * 900 + 900, 8.0, LINE) for q in quarters))
        await store.flush()
        for i in range(200):
            await store.open_session(TransactionStarted(f"WB-{i}", 1, BEGIN + 60, "TAG", 0.0, charger_at=BEGIN))
        await rolled(store)
        told = await made(store, site)
        assert len(told.chargers) == 200


# -- putting together ------------------------------------------------------------------------------------------


def test_fairness():
    assert jain([]) is None
    assert jain([0.7] * 9) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert worst_decile([0.1, 0.5] + [1.0] * 18) == pytest.approx(0.3)
    assert worst_decile([0.9]) == 0.9
    assert worst_decile([]) is None


def test_a_ratio_counts_only_days_that_know_both_sides():
    days = [
        DayFigures(
            length_s=86_400, up_s=43_200, delivered_wh=100.0, could_wh=200.0, peak_w=5.0, sessions=1, restarts=1
        ),
        DayFigures(length_s=86_400, up_s=86_400, delivered_wh=300.0, peak_w=9.0, free_peak_w=12.0, sessions=3),
    ]
    row = row_of("total", (0.0, 1.0), days)
    assert (row.delivered_wh, row.could_wh, row.used) == (400.0, 200.0, 0.5)
    assert (row.coverage, row.peak_w, row.peak_saved_w, row.restarts) == (0.75, 9.0, 3.0, 0.25)
    assert row.jain is None


def test_days_and_months_where_the_clock_is_moved(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        short, long = span(date(2027, 3, 28)), span(date(2027, 10, 31))
        assert (short[1] - short[0], long[1] - long[0]) == (23 * 3600, 25 * 3600)
        assert days_between(short[0], short[1]) == [date(2027, 3, 28)]
        assert len(days_between(short[0] - 1, long[1])) == (date(2027, 10, 31) - date(2027, 3, 26)).days
        begin, end = month_span(date(2027, 12, 1))
        assert (day_of(begin), day_of(end)) == (date(2027, 12, 1), date(2028, 1, 1))
        assert day_of(span(DAY)[1] - 1) == DAY
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_figures_that_cannot_be_read_any_more_are_left_out(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        await store.save_day(SavedDay("2027-03-10", BEGIN, END, True, DayFigures(delivered_wh=1.0)))
        await store._durable(lambda db: db.conn.execute("UPDATE insight_day SET body = 'x'") and None)
        assert await store.saved_days("2027-01-01", "2027-12-31") == []


# -- the engine ------------------------------------------------------------------------------------------------

WINDOW = {"from": 0, "to": 4e9}


async def test_today_over_the_api_and_what_a_killed_engine_had_counted(tmp_path):
    running = start_engine(tmp_path, "--accept-unknown")
    try:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await one.begin()
            number = await one.start_charge(meter_wh=1000)
            await one.measure(number, 10.0, 1500)
            await one.measure(number, 10.0, 4000)
            await one.end_charge(number, 5000)

            async def seen():
                got = await client.call("insight.energy", WINDOW | {"from": time.time() - 60})
                return got if got["rows"] and got["rows"][-1]["sessions"] else None

            await until(seen)
            for params, words in (
                ({"from": 2, "to": 1}, "before"),
                ({"from": float("nan"), "to": 1}, "from"),
                (WINDOW | {"by": "year"}, "month"),
            ):
                with pytest.raises(EvdeskError, match=words):
                    await client.call("insight.energy", params)
            huge = await client.call("insight.energy", {"from": -1e300, "to": 1e300})
            assert len(huge["rows"]) <= 2, "only days that are known, up to today"
    finally:
        running.kill()
    with engine(tmp_path, "--accept-unknown") as again:
        async with again.client() as client:
            got = await client.call("insight.energy", WINDOW | {"by": "month"})
            assert sum(r["sessions"] or 0 for r in got["rows"]) == 1
            assert got["chargers"][0]["sessions"] == 1
            assert (got["oldest_at"] or 0) > time.time() - timedelta(days=1).total_seconds()
