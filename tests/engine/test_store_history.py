"""Roll-ups against a brute-force count, what a plot shows, and what is deleted when."""

import math
import sqlite3
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evdesk.engine.store import history, rollup
from evdesk.engine.store.schema import FIELDS
from evdesk.engine.store.settings import DAY_S, StoreSettings
from evdesk.engine.store.upkeep import Upkeep
from evdesk.model import EvdeskError, Reason
from tests.engine.store_kit import T0, FixedClock, bare, opened, power, settings

INSERT = "INSERT INTO reading(source, t, l1, l2, l3, power_w, energy_wh, limit_a) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
NOW = T0 + 10 * DAY_S

values = st.none() | st.floats(-1e6, 1e6, allow_nan=False)
readings = st.tuples(
    st.integers(1, 2),
    st.floats(T0 - 4000, T0 + 4000, allow_nan=False),  # forwards and backwards, as clocks and replays go
    values,
    values,
    st.none(),
    values,
    values,
    st.sampled_from([None, 0.0, 6.0, 16.0]),
)


def fill(connection, rows, source="site"):
    connection.execute("INSERT OR IGNORE INTO source(id, name) VALUES (1, ?), (2, 'other')", (source,))
    connection.executemany(INSERT, rows)


def power_rows(samples, source=1):
    return [(source, t, None, None, None, p, None, None) for t, p in samples]


def read(connection, from_at, to_at, buckets, name="site:power_w", now=NOW):
    many = history.read(connection, [name], from_at, to_at, buckets, now)
    return many.series[name]


def brute(rows, width):
    """{(source, slot, column): [values]}"""
    found = defaultdict(list)
    for source, t, *told in rows:
        for column, value in zip(FIELDS, told, strict=True):
            if value is not None:
                found[source, math.floor(t / width) * width, column].append(value)
    return found


@hypothesis_settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(readings, max_size=12), max_size=6), step=st.integers(1, 7))
def test_rollups_are_what_a_count_by_hand_gives(batches, step):
    connection = bare()
    rows = [row for batch in batches for row in batch]
    for batch in batches:
        fill(connection, batch)
        rollup.roll(connection, step)  # some are rolled now, the rest later
    while rollup.roll(connection, step):
        pass
    for width, table in rollup.LEVELS.items():
        expected = brute(rows, width)
        for column in FIELDS:
            stored = connection.execute(
                f"SELECT source, t, {column}_n, {column}_min, {column}_sum, {column}_max FROM {table} WHERE {column}_n > 0"
            ).fetchall()
            assert {(s, t, column) for s, t, *_ in stored} == {k for k in expected if k[2] == column}
            for source, t, n, low, total, high in stored:
                told = expected[source, t, column]
                assert (n, low, high) == (len(told), min(told), max(told))
                assert total == pytest.approx(math.fsum(told), abs=1e-6)


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(readings, min_size=1, max_size=60),
    rolled=st.integers(0, 60),
    shape=st.sampled_from([(3600.0, 4), (3600.0, 60), (3600.0, 180), (7200.0, 8), (1800.0, 1)]),
)
def test_a_plot_shows_every_sample_once(rows, rolled, shape):
    """Whether rolled or not yet, in buckets of a quarter, a minute, or finer: sums, peaks and lows are those measured."""
    span, buckets = shape
    connection = bare()
    fill(connection, rows)
    if rolled:
        rollup.roll(connection, rolled)
    shown = read(connection, T0, T0 + span, buckets, now=T0)  # nothing is held into the future
    told = defaultdict(list)
    for source, t, _1, _2, _3, watts, *_ in rows:
        if source == 1 and watts is not None and T0 <= t < T0 + span:
            told[min(int((t - T0) / (span / buckets)), buckets - 1)].append(watts)
    assert {i for i, v in enumerate(shown.mean) if v is not None} >= set(told)
    for bucket, watts in told.items():
        assert (shown.min[bucket], shown.max[bucket]) == (min(watts), max(watts))
        assert shown.mean[bucket] == pytest.approx(math.fsum(watts) / len(watts), abs=1e-6)


@pytest.mark.parametrize("rolled", [0, 1, 5, 9, 10])
def test_rolled_and_not_yet_rolled_rows_add_up(rolled):
    connection = bare()
    fill(connection, power_rows([(T0 + 55 - 5 * i, float(2**i)) for i in range(10)]))
    if rolled:
        rollup.roll(connection, rolled)
    assert read(connection, T0, T0 + 60, 1).mean == [102.3]


def test_the_coarsest_level_that_gives_the_buckets():
    connection = bare()
    fill(connection, power_rows([(T0 + i, 1.0) for i in range(0, 3600, 10)]))
    assert read(connection, T0, T0 + 3600, 4).level_s == 900
    assert read(connection, T0, T0 + 3600, 60).level_s == 60
    assert read(connection, T0, T0 + 3600, 61).level_s == 0
    shown = read(connection, T0, T0 + 3600, 1_000_000)
    assert len(shown.t) == len(shown.max) == history.MOST_BUCKETS
    assert shown.t[0] == T0 + 0.9


def test_a_peak_of_one_second_stays_in_a_month():
    connection = bare()
    fill(connection, power_rows([(T0 + 600 * i, 100.0) for i in range(30 * 144)] + [(T0 + 15 * DAY_S + 1, 22_000.0)]))
    while rollup.roll(connection):
        pass
    shown = read(connection, T0, T0 + 30 * DAY_S, 300, now=T0 + 40 * DAY_S)
    assert shown.level_s == 900
    assert max(v for v in shown.max if v is not None) == 22_000.0
    assert None not in shown.mean


@pytest.mark.parametrize("every_s", [10, 60])
def test_slow_samples_leave_no_holes_and_silence_does(every_s):
    connection = bare()
    fill(connection, power_rows([(T0 + i * every_s, 50.0) for i in range(30)]))
    end = T0 + 29 * every_s
    shown = read(connection, T0, end + 3600, int((end + 3600 - T0) / 5))
    held = [t for t, v in zip(shown.t, shown.mean, strict=True) if v is not None]
    assert held == [t for t in shown.t if t <= end + 3 * every_s + 5][: len(held)]
    assert end + 2 * every_s < held[-1] <= end + 3 * every_s + 5
    assert shown.mean[-1] is None


def test_nothing_is_held_into_the_future():
    connection = bare()
    fill(connection, power_rows([(T0 + i * 60, 50.0) for i in range(10)]))
    shown = read(connection, T0, T0 + 1200, 240, now=T0 + 570)
    assert max(t for t, v in zip(shown.t, shown.mean, strict=True) if v is not None) <= T0 + 570


def test_a_limit_is_a_step():
    connection = bare()
    fill(connection, [(1, T0 + i, None, None, None, 1.0, None, 16.0) for i in range(5)])
    fill(connection, [(1, T0 + 600 + i, None, None, None, 1.0, None, 6.0) for i in range(5)])
    shown = read(connection, T0, T0 + 700, 70, "site:limit_a")
    assert shown.mean == [16.0] * 60 + [6.0] * 10
    other = read(connection, T0, T0 + 700, 70)
    assert other.mean[30] is None, "the power in between is not known"


def test_a_value_from_before_the_range_holds_into_it():
    connection = bare()
    fill(connection, power_rows([(T0 - 50, 1.0), (T0 - 20, 2.0), (T0 + 10, 3.0)]))
    assert read(connection, T0, T0 + 20, 20).mean == [2.0] * 10 + [3.0] * 10


@pytest.mark.parametrize(
    ("series", "span", "buckets", "words"),
    [
        (["site"], 10.0, 5, "not a series"),
        (["site:volts"], 10.0, 5, "power_w"),
        (["site:power_w"], 0.0, 5, "before"),
        (["site:power_w"], 10.0, 0, "buckets"),
        (["site:power_w"] * 501, 10.0, 5, "at most"),
    ],
)
def test_questions_that_cannot_be_answered(series, span, buckets, words):
    with pytest.raises(EvdeskError, match=words) as raised:
        history.read(bare(), series, T0, T0 + span, buckets, NOW)
    assert raised.value.reason is Reason.INVALID


def test_an_unknown_source_is_empty():
    assert read(bare(), T0, T0 + 10, 2, "connector/none/1:power_w").mean == [None, None]


KEPT = (2 * DAY_S, 90 * DAY_S, 1825 * DAY_S)


def count(connection, table):
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_retention_level_by_level():
    connection = bare()
    now = T0 + 2000 * DAY_S
    ages = [0.5, 1.5, 3.0, 60.0, 100.0, 1000.0, 1900.0]
    fill(connection, power_rows([(now - age * DAY_S, 1.0) for age in ages] + [(now, 1.0)]))
    assert not rollup.prune(connection, now, KEPT), "nothing is deleted before it is rolled up"
    assert count(connection, "reading") == 8
    rollup.roll(connection)
    while rollup.prune(connection, now, KEPT, step=2):
        pass
    assert count(connection, "reading") == 3
    assert count(connection, "reading_1m") == 5
    assert count(connection, "reading_15m") == 7
    shown = read(connection, now - 3 * DAY_S - 300, now - 3 * DAY_S + 300, 300, now=now)
    assert shown.level_s == 60, "where the readings are gone the minutes stand in"
    assert 1.0 in shown.mean
    assert read(connection, now - 100 * DAY_S - 900, now - 100 * DAY_S + 900, 900, now=now).level_s == 900


def test_a_reading_of_last_month_is_added_to_its_minute():
    connection = bare()
    fill(connection, power_rows([(T0 + 1, 10.0), (NOW, 1.0)]))
    rollup.roll(connection)
    rollup.prune(connection, NOW, KEPT)
    assert count(connection, "reading") == 1
    fill(connection, power_rows([(T0 + 2, 30.0), (NOW + 1, 1.0)]))
    rollup.roll(connection)
    rollup.prune(connection, NOW, KEPT)
    shown = read(connection, T0, T0 + 120, 2)
    assert (shown.min[0], shown.mean[0], shown.max[0]) == (10.0, 20.0, 30.0)


def test_ids_are_not_given_again_when_everything_is_old():
    """Rows are rolled by id: one that came back below the mark would never be."""
    connection = bare()
    for day in range(3):
        fill(connection, power_rows([(T0 + day * DAY_S, 5.0)]))
        rollup.roll(connection)
        rollup.prune(connection, NOW + 1000 * DAY_S, KEPT)
    assert connection.execute("SELECT total(power_w_n) FROM reading_15m").fetchone()[0] == 3


def upkeep_at(connection, at):
    Upkeep(StoreSettings(), FixedClock(at)).run_all(connection)


def test_a_clock_that_jumps_ahead_deletes_nothing_yet():
    connection = bare()
    fill(connection, power_rows([(T0 - i, 1.0) for i in range(10)]))
    upkeep_at(connection, T0)
    upkeep_at(connection, T0 + 10_000 * DAY_S)
    assert count(connection, "reading") == 10, "the new time may be wrong"
    assert count(connection, "reading_15m") == 2
    upkeep_at(connection, T0 - 10_000 * DAY_S)
    assert count(connection, "reading") == 10
    for day in (0.9, 1.8, 2.7):
        upkeep_at(connection, T0 + day * DAY_S)
    assert count(connection, "reading") == 1, "by small steps time is believed"


async def test_from_put_to_plot(tmp_path):
    clock = FixedClock(T0 + 3600)
    async with opened(tmp_path / "evdesk.db", settings(roll_s=0.01), clock) as store:
        for i in range(360):
            store.put_reading(power(T0 + 10 * i, float(i), "WB/1 a"), (1.0, None, 3.0), 16.0)
        await store.flush()
        names = [f"connector/WB%2F1%20a/1:{field}" for field in ("power_w", "current_l1_a", "current_l2_a", "limit_a")]
        many = await store.history(names, T0, T0 + 3600, 60)
    assert many.level_s == 60
    assert many.series[names[0]].max == [float(6 * i + 5) for i in range(60)]
    assert many.series[names[1]].mean == [1.0] * 60
    assert many.series[names[2]].mean == [None] * 60
    assert many.series[names[3]].min == [16.0] * 60
    left = sqlite3.connect(tmp_path / "evdesk.db").execute("SELECT count(*) FROM reading").fetchone()[0]
    assert left == 360
