"""Charging profiles stack as OCPP 1.6 says: the specification's cases, and properties over random stacks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.simulator.odd import spoil_stack
from evdesk.simulator.profiles import (
    DEFAULT_PURPOSE,
    MAX_PURPOSE,
    TX_PURPOSE,
    Hardware,
    Period,
    Profile,
    ProfileError,
    ProfileStack,
    Tx,
    composite,
    elapsed_s,
    limit_at,
    parse_profile,
    to_wire,
)

T0 = 1_760_000_000.0
HW = Hardware(32.0, 3, 230.0)
TX = Tx(7, T0)


def flat(number: int, purpose: str, amps: float, level: int = 0, connector: int = 1, **more) -> Profile:
    more.setdefault("kind", "Absolute")
    return Profile(number, connector, level, purpose, periods=(Period(0, amps),), received_at=T0, **more)


def at(profiles: list[Profile], moment: float, tx: Tx | None = TX) -> float:
    return limit_at(profiles, 1, T0 + moment, tx, HW)


MAX_20 = flat(1, MAX_PURPOSE, 20, connector=0)
DEFAULT_6 = flat(2, DEFAULT_PURPOSE, 6, connector=0, kind="Relative")
LIVE_14 = flat(3, TX_PURPOSE, 14, start_at=T0 + 10, duration_s=180, transaction_id=7)


@pytest.mark.parametrize(
    ("profiles", "moment", "tx", "amps"),
    [
        pytest.param([], 0, None, 32, id="nothing: the hardware"),
        pytest.param([MAX_20], 0, None, 20, id="station maximum without a charge"),
        pytest.param([MAX_20, DEFAULT_6], 5, TX, 6, id="default below the maximum"),
        pytest.param([MAX_20, flat(2, DEFAULT_PURPOSE, 25)], 5, TX, 20, id="maximum below the default"),
        pytest.param([DEFAULT_6, LIVE_14], 5, TX, 6, id="live profile not begun"),
        pytest.param([DEFAULT_6, LIVE_14], 10, TX, 14, id="live profile overrides the default"),
        pytest.param([DEFAULT_6, LIVE_14], 189.9, TX, 14, id="until its duration ends"),
        pytest.param([DEFAULT_6, LIVE_14], 190, TX, 6, id="then the default again"),
        pytest.param([LIVE_14], 190, TX, 32, id="without a default the hardware"),
        pytest.param([DEFAULT_6, LIVE_14], 50, Tx(8, T0), 6, id="not for another transaction"),
        pytest.param([DEFAULT_6, LIVE_14], 50, None, 32, id="relative default needs a charge"),
        pytest.param(
            [flat(2, DEFAULT_PURPOSE, 6, 0), flat(3, DEFAULT_PURPOSE, 12, 3)], 5, TX, 12, id="higher level wins"
        ),
        pytest.param(
            [flat(2, DEFAULT_PURPOSE, 6, 0), flat(3, DEFAULT_PURPOSE, 12, 3, valid_to=T0 + 60)],
            60,
            TX,
            6,
            id="validTo passed: the next lower level",
        ),
        pytest.param([flat(2, DEFAULT_PURPOSE, 6, valid_from=T0 + 60)], 59, TX, 32, id="before validFrom"),
        pytest.param([flat(2, DEFAULT_PURPOSE, 6, valid_from=T0 + 60)], 60, TX, 6, id="from validFrom on"),
        pytest.param(
            [flat(2, DEFAULT_PURPOSE, 6, connector=0), flat(3, DEFAULT_PURPOSE, 9, connector=1)],
            5,
            TX,
            9,
            id="connector 1 above connector 0 at the same level",
        ),
        pytest.param([flat(3, DEFAULT_PURPOSE, 9, connector=2)], 5, TX, 32, id="another connector's"),
        pytest.param([flat(3, DEFAULT_PURPOSE, 0)], 5, TX, 0, id="0 pauses"),
        pytest.param([flat(3, DEFAULT_PURPOSE, 6900, unit="W")], 5, TX, 10, id="watts over three phases"),
    ],
)
def test_stacking(profiles, moment, tx, amps) -> None:
    assert at(profiles, moment, tx) == pytest.approx(amps)


def test_watts_on_one_phase() -> None:
    profile = Profile(1, 1, 0, DEFAULT_PURPOSE, "Absolute", (Period(0, 2300.0, 1),), unit="W", received_at=T0)
    assert at([profile], 1) == pytest.approx(10)
    assert limit_at([profile], 1, T0, TX, Hardware(32.0, 1)) == pytest.approx(10)


def test_periods_follow_each_other() -> None:
    steps = (Period(0, 16), Period(60, 10), Period(120, 6))
    profile = Profile(1, 1, 0, TX_PURPOSE, "Relative", steps, received_at=T0)
    assert [at([profile], t) for t in (0, 59, 60, 119, 120, 5000)] == [16, 16, 10, 10, 6, 6]


def test_daily_recurs_and_rests_after_its_duration() -> None:
    night = Profile(
        1, 1, 0, DEFAULT_PURPOSE, "Recurring", (Period(0, 16),), duration_s=3600, start_at=T0, recurrency="Daily"
    )
    base = flat(2, DEFAULT_PURPOSE, 8, connector=0, start_at=T0 - 1000)
    day = 86_400
    assert at([night, base], -10) == 8
    assert at([night, base], 5 * day + 100) == 16
    assert at([night, base], 5 * day + 3600) == 8
    weekly = Profile(
        3, 1, 1, DEFAULT_PURPOSE, "Recurring", (Period(0, 11),), duration_s=60, start_at=T0, recurrency="Weekly"
    )
    assert at([night, base, weekly], 7 * day + 30) == 11
    assert at([night, base, weekly], 6 * day + 30) == 16


def test_same_id_or_same_place_replaces() -> None:
    stack = ProfileStack(HW)
    stack.add(flat(1, DEFAULT_PURPOSE, 6))
    stack.add(flat(1, DEFAULT_PURPOSE, 9, level=2))
    assert [p.stack_level for p in stack.items] == [2]
    stack.add(flat(5, DEFAULT_PURPOSE, 10, level=2))
    assert [p.id for p in stack.items] == [5]
    stack.add(flat(6, DEFAULT_PURPOSE, 10, level=2, connector=0))
    assert sorted(p.id for p in stack.items) == [5, 6]


def test_level_and_memory_are_bounded() -> None:
    stack = ProfileStack(HW, max_level=2, max_installed=2)
    with pytest.raises(ProfileError):
        stack.add(flat(1, DEFAULT_PURPOSE, 6, level=3))
    stack.add(flat(1, DEFAULT_PURPOSE, 6, level=0))
    stack.add(flat(2, DEFAULT_PURPOSE, 6, level=1))
    with pytest.raises(ProfileError):
        stack.add(flat(3, DEFAULT_PURPOSE, 6, level=2))
    stack.add(flat(2, DEFAULT_PURPOSE, 8, level=1))


def test_clear_by_filter() -> None:
    def filled() -> ProfileStack:
        stack = ProfileStack(HW)
        for profile in (MAX_20, DEFAULT_6, LIVE_14, flat(4, DEFAULT_PURPOSE, 9, level=2)):
            stack.add(profile)
        return stack

    def left(wanted) -> list[int]:
        stack = filled()
        stack.clear(wanted)
        return [p.id for p in stack.items]

    assert left({"id": 3}) == [1, 2, 4]
    assert left({"chargingProfilePurpose": DEFAULT_PURPOSE}) == [1, 3]
    assert left({"chargingProfilePurpose": DEFAULT_PURPOSE, "stackLevel": 2}) == [1, 2, 3]
    assert left({"connectorId": 0}) == [3, 4]
    assert left({}) == []
    assert filled().clear({"id": 99}) == 0


def test_transaction_end_takes_its_profiles() -> None:
    stack = ProfileStack(HW)
    stack.add(DEFAULT_6)
    stack.add(LIVE_14)
    stack.end_transaction(1)
    assert [p.id for p in stack.items] == [2]


def wire(**changes):
    raw = {
        "chargingProfileId": 3,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "transactionId": 7,
        "chargingSchedule": {
            "duration": 180,
            "startSchedule": "2026-01-01T00:00:00Z",
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.5}],
        },
    }
    raw.update(changes)
    return raw


def test_wire_round_trip() -> None:
    profile = parse_profile(1, wire(validTo="2026-01-02T00:00:00+01:00"), T0)
    assert profile.periods == (Period(0, 9.5, 3),)
    assert profile.valid_to == profile.start_at + 23 * 3600
    assert parse_profile(1, to_wire(profile), T0) == profile


@pytest.mark.parametrize(
    ("connector", "changes"),
    [
        (0, {}),
        (1, {"chargingProfilePurpose": "ChargePointMaxProfile"}),
        (1, {"chargingProfilePurpose": "Whatever"}),
        (1, {"chargingProfileKind": "Sometimes"}),
        (1, {"chargingProfileKind": "Recurring"}),
        (1, {"stackLevel": -1}),
        (1, {"stackLevel": "high"}),
        (1, {"chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": []}}),
        (
            1,
            {"chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 5, "limit": 6}]}},
        ),
        (
            1,
            {
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1}],
                }
            },
        ),
        (1, {"chargingSchedule": {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}}),
        (1, {"chargingSchedule": None}),
        (1, {"validTo": "tomorrow"}),
    ],
)
def test_wrong_profiles_are_refused(connector, changes) -> None:
    with pytest.raises(ProfileError):
        parse_profile(connector, wire(**changes), T0)


offsets = st.integers(-400, 400).map(lambda s: T0 + s)
periods = st.lists(st.tuples(st.integers(1, 120), st.sampled_from([0.0, 6.0, 8.5, 16.0, 40.0])), min_size=1, max_size=3)


@st.composite
def profiles(draw) -> Profile:
    purpose = draw(st.sampled_from([MAX_PURPOSE, DEFAULT_PURPOSE, TX_PURPOSE]))
    kinds = ["Absolute", "Recurring"] if purpose == MAX_PURPOSE else ["Absolute", "Relative", "Recurring"]
    kind = draw(st.sampled_from(kinds))
    connector = {MAX_PURPOSE: 0, TX_PURPOSE: 1}.get(purpose, draw(st.sampled_from([0, 1, 2])))
    start, steps = 0, []
    for gap, amps in draw(periods):
        steps.append(Period(start, amps))
        start += gap
    begin = draw(st.none() | offsets) if kind == "Absolute" else None
    return Profile(
        id=draw(st.integers(1, 1000)),
        connector_id=connector,
        stack_level=draw(st.integers(0, 3)),
        purpose=purpose,
        kind=kind,
        periods=tuple(steps),
        duration_s=draw(st.none() | st.integers(1, 300)),
        start_at=draw(offsets) if kind == "Recurring" else begin,
        recurrency="Daily" if kind == "Recurring" else "",
        valid_from=draw(st.none() | offsets),
        valid_to=draw(st.none() | offsets),
        transaction_id=draw(st.sampled_from([None, 7, 8])) if purpose == TX_PURPOSE else None,
        received_at=T0,
    )


stacks = st.lists(profiles(), max_size=6)


def told_by_the_text(stack: list[Profile], now: float, tx: Tx | None) -> float:
    """The rule once more, as literally as possible: sort, filter, take the first."""

    def purpose(name: str) -> float | None:
        usable = [
            p
            for p in stack
            if p.purpose == name
            and p.connector_id in (0, 1)
            and (name != TX_PURPOSE or (tx is not None and p.transaction_id in (None, tx.id)))
            and elapsed_s(p, now, tx) is not None
        ]
        if not usable:
            return None
        top = max(p.stack_level for p in usable)
        usable = [p for p in usable if p.stack_level == top]
        own = [p for p in usable if p.connector_id == 1] or usable
        gone = elapsed_s(own[-1], now, tx)
        return [q.limit for q in own[-1].periods if q.start_s <= gone][-1]

    candidates = [
        purpose(TX_PURPOSE) if purpose(TX_PURPOSE) is not None else purpose(DEFAULT_PURPOSE),
        purpose(MAX_PURPOSE),
    ]
    return min([HW.max_a] + [c for c in candidates if c is not None])


@settings(max_examples=80, deadline=None)
@given(stacks, st.integers(-500, 500), st.sampled_from([None, Tx(7, T0 - 50), Tx(None, T0 + 5)]))
def test_the_rule_holds_for_any_stack(stack, moment, tx) -> None:
    assert limit_at(stack, 1, T0 + moment, tx, HW) == told_by_the_text(stack, T0 + moment, tx)


@settings(max_examples=80, deadline=None)
@given(stacks, st.integers(-2000, 2000).map(lambda quarters: quarters / 4), st.integers(1, 600), st.data())
def test_composite_schedule_is_the_same_rule(stack, moment, duration, data) -> None:
    """At any whole second inside the window the composite schedule tells what will really be offered."""
    now, tx = T0 + moment, Tx(7, T0 - 20)
    told = composite(stack, 1, now, duration, tx, HW)
    assert told[0][0] == 0
    assert [offset for offset, _ in told] == sorted({offset for offset, _ in told})
    seconds = {data.draw(st.integers(0, duration - 1))}
    for offset, _ in told:
        seconds |= {second for second in (offset - 1, offset) if 0 <= second < duration}
    for second in seconds:
        expected = [limit for offset, limit in told if offset <= second][-1]
        assert limit_at(stack, 1, now + second, tx, HW) == expected


@settings(max_examples=60, deadline=None)
@given(stacks, st.integers(-500, 500))
def test_never_above_hardware_or_a_station_maximum_in_force(stack, moment) -> None:
    now = T0 + moment
    got = limit_at(stack, 1, now, TX, HW)
    assert 0 <= got <= HW.max_a
    ceilings = [p for p in stack if p.purpose == MAX_PURPOSE]
    if len(ceilings) == 1 and elapsed_s(ceilings[0], now, TX) is not None:
        assert got <= max(q.limit for q in ceilings[0].periods)


def _live(stack: ProfileStack) -> None:
    """A default of 6 A and, above it, 12 A for the transaction from 1,000 s on for 60 s."""
    stack.add(Profile(1, 0, 0, DEFAULT_PURPOSE, "Absolute", (Period(0, 6.0),)))
    stack.add(Profile(2, 1, 3, TX_PURPOSE, "Absolute", (Period(0, 12.0),), duration_s=60, start_at=1_000.0))


@pytest.mark.parametrize(
    ("fault", "at_100", "at_200", "shown"),
    [
        ("", 6.0, 6.0, 6.0),
        ("keeps_last_limit", 12.0, 12.0, 6.0),
        ("ignores_duration", 12.0, 12.0, 12.0),
        ("falls_late", 12.0, 6.0, 6.0),
        ("one_profile_only", 32.0, 32.0, 32.0),
    ],
)
def test_what_comes_after_a_live_limit(fault, at_100, at_200, shown) -> None:
    stack = ProfileStack(Hardware())
    spoil_stack({fault}, stack)
    _live(stack)
    tx = Tx(1, 990.0)
    assert stack.limit_a(1, 1_030.0, tx) == 12.0
    assert not stack.live_ended(1, 1_030.0, tx)
    assert stack.live_ended(1, 1_100.0, tx)
    assert [stack.limit_a(1, at, tx) for at in (1_100.0, 1_200.0)] == [at_100, at_200]
    assert stack.composite(1, 1_030.0, 600, tx)[-1][1] == shown


def test_who_keeps_its_limit_keeps_it_offline_too() -> None:
    stack = ProfileStack(Hardware())
    spoil_stack({"keeps_last_limit"}, stack)
    stack.add(
        Profile(2, 1, 3, TX_PURPOSE, "Absolute", (Period(0, 12.0),), max_offline_s=30.0, invalid_after_offline=True)
    )
    stack.go_on_offline(100.0)
    assert stack.limit_a(1, 1_000.0, Tx(1, 990.0)) == 12.0
