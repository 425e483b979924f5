"""Timestamps of every form, the charger's clock, and where old messages belong."""

import pytest

from evdesk.ocpp.timestamps import ClockEstimate, Stamp, format_time, parse_time, place

AT = 1_767_268_800.0  # 2026-01-01T12:00:00Z
NOW = 1_780_000_000.0
DAY = 86400.0

FORMS = [
    ("2026-01-01T12:00:00Z", AT, False),
    ("2026-01-01T12:00:00.500Z", AT + 0.5, False),
    ("2026-01-01T12:00:00.1234567Z", AT + 0.123456, False),
    ("2026-01-01T12:00:00,5z", AT + 0.5, False),
    ("2026-01-01T13:00:00+01:00", AT, False),
    ("2026-01-01T07:00:00-0500", AT, False),
    ("2026-01-01T17:30:00+05:30", AT, False),
    ("2026-01-01 12:00:00 UTC", AT, False),
    (" 20260101T120000Z ", AT, False),
    ("2026-01-01T12:00Z", AT, False),
    ("2026-01-01T12:00:00", AT, True),
    ("2026-01-01 12:00:00", AT, True),
]


@pytest.mark.parametrize(("text", "at", "zone_unknown"), FORMS)
def test_forms(text, at, zone_unknown):
    stamp = parse_time(text)
    assert stamp.at == pytest.approx(at, abs=1e-5)
    assert stamp.zone_unknown is zone_unknown


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", None, 5, "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "9" * 100, "0000-00-00T00:00:00Z"],
)
def test_not_a_time(value):
    assert parse_time(value) is None


def test_leap_second_and_format():
    assert parse_time("2016-12-31T23:59:60Z").at == parse_time("2016-12-31T23:59:59Z").at
    assert format_time(AT + 0.9) == "2026-01-01T12:00:00Z"


def clock_after(*samples):
    """Samples as (receive time after NOW, timestamp minus receive time)."""
    clock = ClockEstimate()
    for after, offset in samples:
        clock.sample(Stamp(NOW + after + offset), NOW + after)
    return clock


def test_a_clock_that_is_right_or_ahead_is_known_at_once():
    assert clock_after((0, 0.0)).offset_s == 0.0
    assert clock_after((0, 7200.0)).offset_s == 7200.0


def test_a_clock_behind_needs_a_second_sample_some_seconds_later():
    assert clock_after((0, -18000.0)).offset_s is None
    assert clock_after((0, -18000.0), (0.1, -18000.0)).offset_s is None
    assert clock_after((0, -18000.0), (10, -18000.4)).offset_s == pytest.approx(-18000.0)


def test_a_replayed_queue_does_not_move_the_offset():
    queue = [(10 + n * 0.1, -3600.0 + n * 60.0) for n in range(40)]
    assert clock_after((0, 0.0), *queue).offset_s == 0.0
    assert clock_after(*queue[:20]).offset_s is None


def test_a_corrected_clock_is_followed():
    clock = clock_after((0, 7200.0), (20, 0.2), (30, 0.1))
    assert clock.offset_s == pytest.approx(0.2)


def test_after_boot_old_samples_do_not_confirm():
    clock = clock_after((0, -100.0))
    clock.restart()
    clock.sample(Stamp(NOW + 10 - 100.0), NOW + 10)
    assert clock.offset_s is None


def test_news_is_told_on_change_and_from_time_to_time():
    clock = clock_after((0, 5.0))
    assert clock.news(NOW) == 5.0
    assert clock.news(NOW + 1) is None
    clock.sample(Stamp(NOW + 2 + 5.5), NOW + 2)
    assert clock.news(NOW + 2) is None
    clock.sample(Stamp(NOW + 3 + 9.0), NOW + 3)
    assert clock.news(NOW + 3) == pytest.approx(9.0)
    assert clock.news(NOW + 700) == pytest.approx(9.0)


PLACES = [
    # stamp offset, samples before, expected (at - NOW, live, rule)
    pytest.param(0.0, [(-20, 0.0)], (0.0, True, ""), id="right clock"),
    pytest.param(-300.0, [(-20, 0.0)], (-300.0, False, ""), id="from the queue"),
    pytest.param(-300.0, [], (-300.0, False, ""), id="from the queue, clock not known"),
    pytest.param(-2 * DAY, [(-20, 0.0)], (-2 * DAY, False, ""), id="queue of two days"),
    pytest.param(7200.0, [(-20, 7200.0)], (0.0, True, ""), id="local time marked Z, openWB/core PR #2272"),
    pytest.param(-18000.0, [(-20, -18000.0), (-10, -18000.0)], (0.0, True, ""), id="clock five hours behind"),
    pytest.param(-18300.0, [(-20, -18000.0), (-10, -18000.0)], (-300.0, False, ""), id="behind and queued"),
    pytest.param(5.0, [(-20, 0.0)], (0.0, True, ""), id="never in the future"),
    pytest.param(2 * DAY, [(-20, 2 * DAY)], (0.0, True, "clock_off_by_days"), id="ahead by two days"),
    pytest.param(2 * DAY, [], (0.0, True, "clock_off_by_days"), id="ahead by two days, first message"),
]


@pytest.mark.parametrize(("offset", "before", "expected"), PLACES)
def test_place(offset, before, expected):
    placed = place(Stamp(NOW + offset), clock_after(*before), NOW)
    at, live, rule = expected
    assert placed.at == pytest.approx(NOW + at)
    assert (placed.live, placed.rule) == (live, rule)


def test_unset_and_unreadable_clocks_mean_now():
    for stamp, rule in ((Stamp(12.0), "clock_not_set"), (None, "timestamp_unreadable")):
        placed = place(stamp, ClockEstimate(), NOW)
        assert (placed.at, placed.charger_at, placed.live, placed.rule) == (NOW, None, True, rule)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, DAY, -DAY])
def test_when_our_own_clock_is_set_what_a_charger_tells_stays_fresh(jump):
    clock = clock_after((-20, 0.0))
    clock.shift(jump)
    placed = place(Stamp(NOW + 10), clock, NOW + 10 + jump)
    assert (placed.live, placed.at) == (True, pytest.approx(NOW + 10 + jump, abs=1.0))
    assert clock.news(NOW + 10 + jump) == pytest.approx(-jump)
