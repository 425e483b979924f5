"""The decision log: a row per change and none per second, causes of cuts, honest ends; on a real store and engine."""

import asyncio
import itertools
import sqlite3
import statistics
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evdesk.balance import build_lines
from evdesk.engine.api_explain import at_terminals, on_line
from evdesk.engine.decisions import DecisionLog
from evdesk.engine.fleet import Fleet
from evdesk.engine.store import decided
from evdesk.engine.store.upkeep import Upkeep
from evdesk.model import (
    NO_PHASES,
    Bay,
    Circuit,
    EvdeskError,
    GridType,
    LineLoad,
    Site,
    SiteLoad,
    Transformer,
    Why,
    WhyCode,
    to_site_phases,
)
from evdesk.model.decisions import CauseKind, DecisionRow, RowEnd
from evdesk.wire.explain import BalanceHistory
from tests.engine.harness import engine, start_engine, station, until
from tests.engine.store_kit import T0, FixedClock, HealthWatch, bare, opened, settings
from tests.engine.test_engine import SITE, limit_is
from tests.engine.test_store_faults import fill_up, quota

LINE = Why(WhyCode.LINE, "Main/L2", 58.0, 63.0, T0)
CAR = Why(WhyCode.CAR)


class Yard:
    """A fleet of `count` connectors on one circuit, and its log on a real store."""

    def __init__(self, store, count=3, clock=None):
        self.store = store
        self.fleet = Fleet(store, clock or FixedClock(T0))
        bays = tuple(Bay(f"WB-{i}", 1, f"Bay {i}", "Main", rotation="RST") for i in range(count))
        self.fleet.site = Site(circuits=(Circuit("Main", (63.0, 63.0, 63.0)),), bays=bays)
        for bay in bays:
            record = self.fleet.record(bay.charger_id)
            record.accepted = True
            record.connector(1)
            self.say(bay.charger_id, 16.0, CAR)
        self.told = []
        self.log = DecisionLog(self.fleet, store, self.fleet.clock, self.told.append)
        self.at = T0

    def say(self, name, limit_a, why, amps=None):
        connector = self.fleet.chargers[name].connectors[1]
        connector.wanted_a, connector.why = limit_a, why
        if amps is not None:
            connector.current_a = (amps, amps, amps)

    def tick(self, other_a=10.0, total_a=40.0, seconds=1.0):
        line = LineLoad("Main/L2", "Main", "L2", 63.0, total_a, total_a - other_a, other_a, 0.0, 10.0)
        self.log.tick(SiteLoad(at=self.at, lines=(line,)))
        self.at += seconds


async def page(store, from_at=T0 - 1e6, to_at=T0 + 1e6, **more):
    await store.flush()
    return await store.decisions(BalanceHistory(from_at, to_at, **more))


async def test_a_row_per_change_and_none_per_second(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store)
        for second in range(60):
            if second == 20:
                yard.say("WB-1", 6.0, LINE, 15.8)
            if second == 40:
                yard.say("WB-1", 6.0, replace(LINE, load_a=61.0))  # the same reason with another figure is no row
            yard.tick()
        rows = (await page(store)).rows
        assert [(r.charger_id, r.from_at - T0, r.limit_a, r.to_at) for r in rows] == [
            ("WB-0", 0.0, 16.0, None),
            ("WB-1", 0.0, 16.0, T0 + 20),
            ("WB-2", 0.0, 16.0, None),
            ("WB-1", 20.0, 6.0, None),
        ]
        cut = rows[-1]
        assert (cut.before_a, cut.took_a, cut.why) == (16.0, 15.8, LINE)
        assert len(yard.told) == 2, "desks are told once per second that changed something"
        assert [(r.id, r.to_at) for r in yard.told[1] if r.charger_id == "WB-1"] == [(2, T0 + 20), (4, None)]


async def test_what_the_house_did_and_how_long_the_line_was_above_its_rating(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store)
        for _ in range(5):
            yard.tick(other_a=10.0, total_a=58.0)
        yard.say("WB-0", 6.0, LINE)
        yard.say("WB-1", 6.0, LINE)
        yard.tick(other_a=32.0, total_a=80.0)  # an oven of 22 A: cut in the same second
        for _ in range(3):
            yard.tick(other_a=32.0, total_a=70.0)
        yard.say("WB-1", 7.0, LINE)  # the row ends while its line is still watched
        for _ in range(8):
            yard.tick(other_a=32.0, total_a=60.0)
        cuts = {r.charger_id: r.cause for r in (await page(store)).rows if r.cause is not None}
        assert set(cuts) == {"WB-0", "WB-1"}
        told = cuts["WB-1"]
        assert (told.kind, told.line, told.other_from_a, told.other_a) == (CauseKind.HOUSE, "Main/L2", 10.0, 32.0)
        assert (told.above_s, told.peak_a) == (4.0, 80.0)
        assert [(o.charger_id, o.before_a, o.limit_a) for o in told.others] == [("WB-0", 16.0, 6.0)]


async def test_a_car_that_came_is_named_as_the_cause(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store)
        yard.say("WB-2", 0.0, Why(WhyCode.NO_CAR))
        yard.tick()
        yard.say("WB-2", 10.0, LINE)
        yard.say("WB-0", 10.0, LINE)
        yard.tick()
        causes = [r.cause for r in (await page(store, charger_id="WB-0")).rows if r.cause is not None]
        assert [(c.kind, c.who, c.above_s) for c in causes] == [(CauseKind.CAR, "WB-2/1", 0.0)]


@pytest.mark.parametrize("seconds", [86_400.0, -7200.0, 45.0])
async def test_a_clock_that_jumps_leaves_no_invented_time(tmp_path, seconds):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store, 1)
        yard.tick()
        yard.tick(seconds=seconds)
        yard.tick()
        yard.tick()
        rows = sorted((await page(store)).rows, key=lambda r: r.id)
        assert [(r.from_at - T0, r.to_at and r.to_at - T0, r.ended) for r in rows] == [
            (0.0, 1.0, RowEnd.CLOCK),
            (1.0 + seconds, None, RowEnd.NONE),
        ]


@pytest.mark.parametrize(("was_set", "since"), [(7200.0, T0 + 7140.0), (0.0, T0 + 7201.0)])
async def test_since_when_a_limit_holds_outlives_a_set_clock_but_no_sleep(tmp_path, was_set, since):
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store, 1)
        yard.say("WB-0", 16.0, replace(CAR, since_at=T0 - 60.0))
        yard.tick()
        assert yard.log.since(("WB-0", 1)) == T0, "the log begins there"
        yard.at += 7200.0
        yard.fleet.clock.jumped += was_set
        yard.say("WB-0", 16.0, replace(CAR, since_at=T0 - 60.0 + was_set))
        yard.tick()
        assert yard.log.since(("WB-0", 1)) == since
        yard.say("WB-0", 10.0, replace(CAR, since_at=yard.at))
        yard.tick()
        assert yard.log.since(("WB-0", 1)) == yard.at - 1.0


async def test_an_end_in_order_and_one_without_a_word(tmp_path):
    path = tmp_path / "evdesk.db"
    async with opened(path) as store:
        yard = Yard(store, 1)
        for _ in range(10):
            yard.tick()
        await store.flush()  # and then the power fails: nothing more is written
    async with opened(path, clock=FixedClock(T0 + 500)) as store:
        (row,) = (await page(store)).rows
        assert (row.to_at, row.ended) == (T0 + 9, RowEnd.LOST), "unknown after the last heartbeat"
        assert await store.decided_at(T0 + 5, [("WB-0", 1)])
        assert not await store.decided_at(T0 + 20, [("WB-0", 1)])
        yard = Yard(store, 1)
        yard.at = T0 + 500
        yard.tick()
        yard.log.close()
        rows = (await page(store)).rows
        assert [(r.id, r.from_at - T0, r.ended) for r in rows] == [(1, 0.0, RowEnd.LOST), (2, 500.0, RowEnd.STOPPED)]


async def test_rows_of_a_full_disk_are_kept_and_written_later(tmp_path):
    async with opened(tmp_path / "evdesk.db", settings(retry_s=60.0)) as store:
        watch = HealthWatch(store)
        await fill_up(store, watch)
        yard = Yard(store, 2)
        began = time.perf_counter()
        for second in range(50):
            yard.say("WB-0", 6.0 + second % 2, LINE)
            yard.tick()
        assert time.perf_counter() - began < 30.0, "nothing waits for the disk, which is tried again after a minute"
        quota(store, 1_000_000)
        rows = (await page(store, charger_id="WB-0")).rows
        assert len(rows) == 50
        assert all(a.to_at == b.from_at for a, b in itertools.pairwise(rows))


async def test_200_connectors_stay_cheap(tmp_path):
    """The budget of the whole safety pass is 2 ms; the log may take a part of it, busy or not."""
    async with opened(tmp_path / "evdesk.db") as store:
        yard = Yard(store, 200)
        calm, busy = [], []
        for second in range(60):
            every = second % 10 == 5
            if every:
                for i in range(200):
                    yard.say(f"WB-{i}", 6.0 + second % 7, LINE)
            began = time.thread_time()  # other processes on the same cores do not count
            yard.tick()
            (busy if every else calm).append((time.thread_time() - began) * 1000.0)
        assert statistics.median(calm) < 1.0
        assert min(busy) < 20.0
        assert len((await page(store, limit=5000)).rows) == 200 * 7


class Kept:
    """Stands for the store: the newest state of every row, as the table would have it."""

    def __init__(self):
        self.rows, self.next = {}, 0

    def decision_id(self):
        self.next += 1
        return self.next

    def put_decisions(self, rows, beat_at):
        self.rows |= {r.id: r for r in rows}


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose limit changes
        st.sampled_from([0.0, 6.0, 10.0, 16.0]),
        st.sampled_from([LINE, CAR, Why(WhyCode.WAITING, "Main/L2"), Why(WhyCode.OFFLINE)]),
        st.sampled_from([1.0, 1.0, 1.0, 25.0, 31.0, -5.0, 90_000.0]),  # seconds to the next tick
        st.floats(0, 90, allow_nan=False),  # load of the line
        st.booleans(),  # a charger leaves the site and comes back
    ),
    max_size=40,
)


@hypothesis_settings(max_examples=100, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_every_watched_second_has_one_row_and_no_other_has(steps):
    kept = Kept()
    yard = Yard(kept)
    truth, gone = [], None
    for who, limit_a, why, seconds, load_a, leaves in steps:
        if f"WB-{who}" in yard.fleet.chargers:
            yard.say(f"WB-{who}", limit_a, why)
        if gone is not None:
            yard.fleet.chargers["WB-2"], gone = gone, None
        elif leaves:
            gone = yard.fleet.chargers.pop("WB-2")
        here = {k: (r.connectors[1].wanted_a, r.connectors[1].why.code) for k, r in yard.fleet.chargers.items()}
        truth.append((yard.at, here))
        yard.tick(other_a=load_a / 2, total_a=load_a, seconds=seconds)
    yard.log.close()
    rows = list(kept.rows.values())
    assert all(r.to_at is not None and r.to_at >= r.from_at for r in rows)
    lived = [(at, after, here) for (at, here), (after, _) in itertools.pairwise(truth) if 0.0 <= after - at <= 30.0]
    for place, (at, after, here) in enumerate(lived):
        middle = (at + after) / 2
        if any(a <= middle < b for a, b, _ in lived[place + 1 :]):
            continue  # lived again after the clock was put back: the newest counts
        twice = any(a <= middle < b for a, b, _ in lived[:place])
        for name in here if twice else ("WB-0", "WB-1", "WB-2"):
            held = [r for r in rows if r.charger_id == name and r.from_at <= middle < r.to_at]
            newest = max(held, key=lambda r: r.id, default=None)
            assert (newest and (newest.limit_a, newest.why.code)) == here.get(name)
    for (at, _), (after, _) in itertools.pairwise(truth):
        middle = (at + after) / 2
        if after - at > 30.0 and not any(a <= middle < b for a, b, _ in lived):
            assert not [r for r in rows if r.from_at <= middle < r.to_at], "nobody knows what held then"


# -- reading ---------------------------------------------------------------------------------------------------


def row(number, from_at, to_at, limit_a=10.0, name="WB-0", why=CAR):
    return DecisionRow(number, name, 1, T0 + from_at, None if to_at is None else T0 + to_at, limit_a, why)


async def filled(store, count=100):
    rows = [row(i + 1, i * 10, i * 10 + 10, float(i % 7 + 6), f"WB-{i % 2}") for i in range(count)]
    for one in rows:
        store.put_decisions([one], one.from_at)
    await store.flush()


async def test_a_window_is_clipped_paged_and_merged(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        await filled(store)
        window = await page(store, T0 + 105, T0 + 155)
        assert [(r.id, r.from_at - T0, r.to_at - T0) for r in window.rows] == [
            (11, 105.0, 110.0),
            (12, 110.0, 120.0),
            (13, 120.0, 130.0),
            (14, 130.0, 140.0),
            (15, 140.0, 150.0),
            (16, 150.0, 155.0),
        ]
        assert window.oldest_at == T0
        seen, after = [], 0
        while True:
            part = await page(store, T0 + 105, T0 + 905, limit=7, after_id=after)
            seen += [r.id for r in part.rows]
            if not part.more:
                break
            after = part.rows[-1].id
        assert seen == list(range(11, 92)), "paged: every row once, in order"
        merged = await page(store, merge_s=200.0)
        assert sum(r.merged for r in merged.rows) == 100
        assert len(merged.rows) == 10
        assert {r.limit_a for r in merged.rows} == {6.0}, "a merged row tells the lowest"
        assert [r.id for r in (await page(store, charger_id="WB-1", limit=3)).rows] == [2, 4, 6]
        assert (await page(store, charger_id="nobody")).rows == []


async def test_until_when_a_reason_holds_and_what_is_kept_free_are_kept(tmp_path):
    turn = Why(WhyCode.WAITING, "Main/L1", 31.0, 32.0, T0, "ahead", until_at=T0 + 900.0)
    kept = Why(WhyCode.LINE, "Main/L1", 31.0, 32.0, T0, "silent", kept_a=8.5)
    async with opened(tmp_path / "evdesk.db") as store:
        store.put_decisions([row(1, 0, 60, 0.0, why=turn), row(2, 60, None, 7.0, why=kept)], T0 + 90)
        await store.flush()
        held = await store.decided_at(T0 + 30, [("WB-0", 1)])
        assert held["WB-0", 1].why == turn
        assert [r.why for r in (await page(store)).rows] == [turn, kept]


async def test_of_several_that_claim_a_moment_the_newest_written_counts(tmp_path):
    """The clock was put back by a minute: the same minute was lived twice."""
    async with opened(tmp_path / "evdesk.db") as store:
        store.put_decisions([row(1, 0, 100, 16.0), row(2, 100, 160, 8.0), row(3, 90, 300, 6.0)], T0 + 300)
        await store.flush()
        for at, limit_a in ((50, 16.0), (120, 6.0), (200, 6.0)):
            held = await store.decided_at(T0 + at, [("WB-0", 1)])
            assert held["WB-0", 1].limit_a == limit_a
        assert await store.decided_at(T0 + 301, [("WB-0", 1)]) == {}


def test_old_rows_and_too_many_go_and_open_ones_stay():
    connection = bare()
    connection.execute("INSERT INTO source(id, name) VALUES (1, 'connector/WB-0/1')")
    rows = [decided.to_row(row(i + 1, i * 3600, i * 3600 + 3600), 1) for i in range(3000)]
    rows[0] = decided.to_row(row(1, 0, None), 1)
    connection.executemany(f"INSERT INTO decision VALUES ({', '.join('?' * 15)}, 1, ?, ?)", rows)
    now = T0 + 3000 * 3600
    upkeep = Upkeep(settings(minute_s=50 * 86_400.0, decisions=1000), FixedClock(now))
    upkeep.run_all(connection)
    left = [number for (number,) in connection.execute("SELECT id FROM decision ORDER BY id")]
    assert left == [1, *range(2001, 3001)]


def test_old_rows_of_one_reason_become_one_and_no_time_is_lost():
    connection = bare()
    connection.execute("INSERT INTO source(id, name) VALUES (1, 'connector/WB-0/1'), (2, 'connector/WB-1/1')")
    rows, number = [], 0
    for source in (1, 2):
        for i in range(1440):  # twelve hours of a change each half minute
            number += 1
            why = LINE if i % 100 else CAR
            one = row(number, i * 30, i * 30 + 30 if i != 700 else i * 30 + 20, 6.0 + i % 5, why=why)
            rows.append(decided.to_row(one, source))
    connection.executemany(f"INSERT INTO decision VALUES ({', '.join('?' * 15)}, 1, ?, ?)", rows)
    before = {at: decided.at_moment(connection, T0 + at, 1) for at in range(5, 43_200, 97)}
    upkeep = Upkeep(settings(decisions_exact_s=6 * 3600.0), FixedClock(T0 + 12 * 3600))
    upkeep.run_all(connection)
    old, new = (
        connection.execute(f"SELECT count(*) FROM decision WHERE from_at {sign} ?", (T0 + 6 * 3600,)).fetchone()[0]
        for sign in ("<", ">=")
    )
    assert new == 2 * 720, "the exact time is left alone"
    assert old < 2 * 110, "ten changes became about one"
    assert connection.execute("SELECT sum(merged) FROM decision").fetchone()[0] == 2880
    for at, was in before.items():
        held = decided.at_moment(connection, T0 + at, 1)
        if was is None:
            assert held is None, "a gap stays one"
        else:
            assert (held.why, held.limit_a <= was.limit_a) == (was.why, True)
    upkeep.run_all(connection)
    assert connection.execute("SELECT sum(merged) FROM decision").fetchone()[0] == 2880


# -- who is on a line ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", ["RST", "STR", "TSR", "RTS"])
def test_currents_come_back_to_the_terminals_they_were_measured_at(rotation):
    bay = Bay("A", 1, "Bay", "Main", rotation=rotation)
    assert at_terminals(to_site_phases((1.0, 2.0, None), rotation), bay) == (1.0, 2.0, None)
    assert at_terminals(to_site_phases((1.0, 2.0, 3.0), ""), replace(bay, rotation="")) == NO_PHASES
    assert at_terminals((5.0, 5.0, 0.0), replace(bay, rotation="RS", phases=1)) == (5.0, None, None)
    assert at_terminals((1.0, 1.0, 1.0), None) == NO_PHASES


def drawn(site, name, amps, key=("A", 1)):
    line = next(line for line in build_lines(site) if line.name == name)
    return on_line(amps, line, key)


def test_what_a_connector_puts_on_a_line_through_rotation_outlets_and_transformers():
    main = Circuit("Main", (63.0, 63.0, 63.0))
    one_phase = Site(circuits=(main,), bays=(Bay("A", 1, "Bay", "Main", rotation="STR"),))
    assert drawn(one_phase, "Main/L2", (16.0, 0.0, 0.0)) == 16.0
    assert drawn(one_phase, "Main/L1", (16.0, 0.0, 0.0)) == 0.0
    assert drawn(one_phase, "Main/L1", (None, None, 3.0)) == 3.0
    assert drawn(one_phase, "Main/L2", (None, None, 3.0)) is None, "not known, and not zero"
    unknown = replace(one_phase, bays=(replace(one_phase.bays[0], rotation=""),))
    assert drawn(unknown, "Main/L3", (16.0, 0.0, 0.0)) == 16.0, "it may be any of them"
    across = Site(grid=GridType.DELTA, circuits=(main,), bays=(Bay("A", 1, "Bay", "Main", rotation="RS", phases=1),))
    assert [drawn(across, f"Main/{p}", (10.0, None, None)) for p in ("L1", "L2")] == [10.0, 10.0]
    halved = replace(
        one_phase,
        circuits=(main, Circuit("Sub", (63.0, 63.0, 63.0), "Main", transformer=Transformer.YY, ratio=2.0)),
        bays=(replace(one_phase.bays[0], circuit="Sub", rotation="RST"),),
    )
    assert drawn(halved, "Sub/L1", (10.0, 10.0, 10.0)) == 10.0
    assert drawn(halved, "Main/L1", (10.0, 10.0, 10.0)) == 5.0


# -- the engine ------------------------------------------------------------------------------------------------


async def explained(client, name="A1", at=None):
    return await client.call("balance.explain", {"charger_id": name, "connector_id": 1, "at": at})


async def held_by_line(client, name):
    told = await explained(client, name)
    return told if told["known"] and told["why"]["code"] == "line" and told["limit_a"] == 10.0 else None


async def test_why_was_bay_1_at_10_a_and_what_an_engine_that_was_killed_does_not_know(tmp_path):
    running = start_engine(tmp_path, "--accept-unknown")
    try:
        async with running.client() as client, station(running.ocpp, "A1") as one, station(running.ocpp, "A2") as two:
            await one.begin()
            await two.begin()
            await client.call("site.put", {"site": SITE | {"balance": {"raise_hold_s": 1.0}}})
            first = await one.start_charge(meter_wh=1000)
            await one.measure(first, 15.8, 1100)
            await until(lambda: limit_is(one, 16.0, 14.0, 13.0), 20)
            await two.start_charge(meter_wh=5000)
            now = await until(lambda: held_by_line(client, "A1"), 25)
            await one.measure(first, 9.9, 1300)
            line = now["why"]["line"]
            assert line.startswith("Main/")
            assert now["binding_line"]["rating_a"] == 20.0
            assert {m["label"] for m in now["binding_line"]["members"]} == {"Bay 1", "Bay 2"}
            assert [m["label"] for m in now["neighbours"]] == ["Bay 2"]
            assert f"line {line} has no more room" in now["sentence"]
            assert "line" in now["what_changes"]["sentence"] or line in now["what_changes"]["sentence"]

            async def written():
                then = await explained(client, at=now["since_at"] + 0.2)
                return then if then["known"] and then["limit_a"] == 10.0 else None

            then = await until(written)
            assert (then["why"]["line"], then["since_at"]) == (line, now["since_at"])
            past = await until(lambda: client.call("balance.history", {"from": 0, "to": 4e9, "charger_id": "A1"}))
            assert [r["limit_a"] for r in past["rows"]][-1] == 10.0
            assert all(a["to_at"] == b["from_at"] for a, b in itertools.pairwise(past["rows"]))
            changed = SITE | {
                "circuits": [{"name": "Main", "rating_a": [25, 25, 25]}],
                "bays": [bay | {"label": f"Stall {n}"} for n, bay in enumerate(SITE["bays"], 1)],
            }
            await client.call("site.put", {"site": changed})
            old = await explained(client, at=now["since_at"] + 0.2)
            assert (old["label"], old["binding_line"]["rating_a"]) == ("Bay 1", 20.0), "the site as it was then"
            assert (await explained(client))["label"] == "Stall 1"
            killed_after = (await client.call("balance.get"))["decided_at"]
    finally:
        running.kill()
    with engine(tmp_path, "--accept-unknown") as again:
        async with again.client() as client:
            page = await client.call("balance.history", {"from": 0, "to": 4e9, "charger_id": "A1"})
            lost = [r for r in page["rows"] if r["ended"] == "lost"]
            assert len(lost) == 1
            assert lost[0]["to_at"] <= killed_after + 1.0
            gone = await explained(client, at=lost[0]["to_at"] + 0.01)
            assert (gone["known"], gone["limit_a"]) == (False, None)
            assert "without a word" in gone["sentence"]
            old = await explained(client, at=1.0)
            assert "reaches back" in old["sentence"]


NONSENSE = (
    ("balance.history", {"from": 5, "to": 5}, "before"),
    ("balance.history", {"from": 9, "to": 5}, "before"),
    ("balance.history", {"from": float("nan"), "to": 5}, "from"),
    ("balance.history", {"from": 0, "to": 5, "limit": 0}, "1 to 5000"),
    ("balance.history", {"from": 0, "to": 5, "limit": 10**9}, "1 to 5000"),
    ("balance.history", {"from": 0, "to": 5, "merge_s": -1}, "merge_s"),
    ("balance.history", {"from": 0, "to": 5, "charger_id": "nobody"}, "no charger"),
    ("balance.explain", {"charger_id": "nobody"}, "no charger"),
    ("balance.explain", {"charger_id": "B7", "connector_id": 9}, "no connector 9"),
    ("balance.explain", {"charger_id": "B7", "at": 9e12}, "past"),
    ("balance.explain", {"charger_id": "B7", "at": -5}, "past"),
)


async def test_an_engine_that_is_stopped_says_so(tmp_path):
    running = start_engine(tmp_path, "--accept-unknown")
    async with running.client() as client, station(running.ocpp, "D4") as one:
        await one.begin()

        async def known():
            return (await explained(client, "D4"))["known"] if await client.call("charger.list") else None

        await until(known)
    assert running.stop() == 0
    connection = sqlite3.connect(tmp_path / "evdesk.db")
    ends = connection.execute("SELECT to_at IS NULL, ended FROM decision ORDER BY id").fetchall()
    connection.close()
    assert ends[-1] == (0, RowEnd.STOPPED)
    assert all(not still_open for still_open, _ in ends)


async def test_attached_desks_are_told_of_a_change_once(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "C3") as one:
            await one.begin()
            async with asyncio.timeout(20):
                async for event in client.events():
                    rows = [r for r in event.data if r["charger_id"] == "C3"] if event.kind == "decision" else []
                    if rows:
                        break
            assert [(r["to_at"], r["why"]["code"]) for r in rows] == [(None, "no_car")]


async def test_questions_without_sense_are_refused_in_words(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, station(running.ocpp, "B7") as one:
            await one.begin()

            async def known():
                told = await explained(client, "B7")
                return told if told["known"] else None

            assert "no car" in (await until(known))["sentence"]
            for method, params, words in NONSENSE:
                with pytest.raises(EvdeskError, match=words):
                    await client.call(method, params)
            with pytest.raises(EvdeskError, match="no row 4611686018427387904 to page on from"):
                await client.call("balance.history", {"from": -1e300, "to": 1e300, "after_id": 2**62})
            wide = await client.call("balance.history", {"from": -1e300, "to": 1e300})
            assert wide["more"] is False
