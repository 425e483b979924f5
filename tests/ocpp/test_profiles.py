"""Charging profiles as sent, composite schedules as read."""

import pytest

from evdesk.ocpp.check import demand_valid
from evdesk.ocpp.profiles import Unit, live_limit, rate_unit, read_composite, static_default, static_maximum
from evdesk.ocpp.timestamps import parse_time

NOW = 1_780_000_000.0
AMP, WATT = Unit("A"), Unit("W", 3)


def profile(request):
    demand_valid("SetChargingProfile", request)
    return request["csChargingProfiles"]


def test_every_tenth_of_an_ampere_is_sendable_and_never_above():
    for tenths in range(801):
        limit = tenths / 10
        sent = profile(static_maximum(limit, AMP))["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
        assert sent == pytest.approx(limit)
        assert AMP.limit(limit + 0.0999) == sent


def test_live_limit_expires_by_itself_and_starts_a_little_early():
    request = live_limit(2, 10.25, 180, AMP, 3, NOW, 77)
    body = profile(request)
    schedule = body["chargingSchedule"]
    assert request["connectorId"] == 2
    assert (body["chargingProfilePurpose"], body["transactionId"], body["stackLevel"]) == ("TxProfile", 77, 3)
    assert body["chargingProfileKind"] == "Absolute"
    start = parse_time(schedule["startSchedule"]).at
    assert start <= NOW - 1
    assert start + schedule["duration"] == pytest.approx(NOW + 180, abs=1)
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10.2}]


def test_without_a_transaction_it_is_a_default_profile():
    body = profile(live_limit(1, 6, 180, AMP, 1, NOW, None))
    assert (body["chargingProfilePurpose"], body["stackLevel"]) == ("TxDefaultProfile", 1)
    assert "transactionId" not in body


def test_static_profiles_have_no_end_and_do_not_replace_each_other():
    default, maximum, live = (
        profile(static_default(6, AMP)),
        profile(static_maximum(32, AMP)),
        profile(live_limit(1, 10, 180, AMP, 1, NOW, None)),
    )
    for body in (default, maximum):
        assert "duration" not in body["chargingSchedule"]
    assert len({body["chargingProfileId"] for body in (default, maximum, live)}) == 3
    assert default["stackLevel"] == 0
    assert profile(static_default(6, AMP, relative=True))["chargingProfileKind"] == "Relative"


def test_watts_count_all_phases_and_name_them():
    body = profile(static_default(10, WATT))
    (period,) = body["chargingSchedule"]["chargingSchedulePeriod"]
    assert period == {"startPeriod": 0, "limit": 6900.0, "numberPhases": 3}
    assert Unit("W", 1).limit(16.05) == 3680.0  # 16.0 A x 230 V


@pytest.mark.parametrize(
    ("allowed", "unit"),
    [
        ("Current", "A"),
        ("Power", "W"),
        ("Current,Power", "A"),
        ("Power, Current", "A"),
        ("W", "W"),
        ("A", "A"),
        ("", "A"),
        (None, "A"),
        ("nonsense", "A"),
    ],
)
def test_rate_unit(allowed, unit):
    assert rate_unit(allowed) == unit


def composite(periods, **schedule):
    return {"chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods, **schedule}}


SCHEDULES = [
    pytest.param({}, ((0.0, None),), id="no schedule is no limit"),
    pytest.param(composite([]), ((0.0, None),), id="empty list is no limit"),
    pytest.param(composite([{"startPeriod": 0, "limit": -1}]), ((0.0, None),), id="limit -1, MicroOcpp"),
    pytest.param(
        composite([{"startPeriod": 0, "limit": 16, "numberPhases": -1}, {"startPeriod": 180, "limit": 6}]),
        ((0.0, 16.0), (180.0, 6.0)),
        id="two periods",
    ),
    pytest.param(
        composite([{"startPeriod": 180, "limit": 6}, {"startPeriod": 0, "limit": 16}]),
        ((0.0, 16.0), (180.0, 6.0)),
        id="out of order",
    ),
    pytest.param(composite({"startPeriod": 0, "limit": "6"}), ((0.0, 6.0),), id="object and text"),
    pytest.param(
        composite([{"startPeriod": 0, "limit": 6900}], chargingRateUnit="W"), ((0.0, 10.0),), id="watts, three phases"
    ),
    pytest.param(
        composite([{"startPeriod": 0, "limit": 2300, "numberPhases": 1}], chargingRateUnit="W"),
        ((0.0, 10.0),),
        id="watts, one phase",
    ),
    pytest.param(composite([{"startPeriod": 0, "limit": 6}], duration=1 << 40), ((0.0, 6.0),), id="endless duration"),
    pytest.param(
        composite(
            [{"startPeriod": 0, "limit": 16}, {"startPeriod": 100, "limit": 6}], startSchedule="2026-05-28T20:25:40Z"
        ),
        ((-60.0, 16.0), (40.0, 6.0)),
        id="counted from its own start",
    ),
]


@pytest.mark.parametrize(("answer", "periods"), SCHEDULES)
def test_composite(answer, periods):
    now = parse_time("2026-05-28T20:26:40Z").at
    assert read_composite(answer, AMP, now)[0] == periods


@pytest.mark.parametrize(
    "answer",
    [
        {"chargingSchedule": 5},
        composite(["x"]),
        composite([{"startPeriod": "soon", "limit": 6}]),
        composite([{"startPeriod": 0, "limit": float("nan")}]),
    ],
)
def test_unreadable_composite(answer):
    with pytest.raises(ValueError, match=r"is not|not readable|no number"):
        read_composite(answer, AMP, NOW)
