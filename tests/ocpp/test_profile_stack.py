"""Who limits when, against an independent implementation of the same rules: the simulated station's."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.model.profiles import ProfileSeen
from evdesk.ocpp import profiles as made
from evdesk.ocpp.check import breaches
from evdesk.ocpp.profile_book import clear_request, from_report, from_set, with_clear, with_set
from evdesk.ocpp.profile_stack import Stretch, limiting, unexplained_a, who_limits
from evdesk.simulator import profiles as sim

NOW = 1_800_000_000.0
UNIT = made.Unit()


def test_a_live_limit_ends_and_the_default_holds_under_the_maximum():
    sent = [
        made.static_maximum(16.0, UNIT),
        made.static_default(6.0, UNIT),
        made.live_limit(1, 12.0, 180, UNIT, 1, NOW, 44),
    ]
    have = []
    for request in sent:
        profile = from_set(request, NOW)
        assert profile is not None
        assert profile.ours
        have = with_set(have, profile)
    told = who_limits(have, 1, NOW, NOW + 3600, NOW - 60)
    assert [(s.start - NOW, s.limit_a, s.profile.purpose) for s in told] == [
        (0, 12.0, "TxProfile"),
        (180, 6.0, "TxDefaultProfile"),
    ]
    assert limiting(have, 1, NOW, None)[1] == 6.0  # no charge: a TxProfile counts for nothing
    assert [p.id for p in with_clear(have, clear_request("ocpp1.6", 1801))] == [1601, 1602]
    assert with_clear(have, {}) == []
    assert [p.purpose for p in with_clear(have, {"chargingProfilePurpose": "TxProfile"})] == [
        "ChargePointMaxProfile",
        "TxDefaultProfile",
    ]


def test_a_stray_one_at_a_higher_level_is_named():
    stray = ProfileSeen(7, 1, "TxDefaultProfile", 9, periods=((0.0, 8.0),), starts_at=NOW - 9)
    own = ProfileSeen(1701, 1, "TxDefaultProfile", 1, periods=((0.0, 14.0),), starts_at=NOW - 9, source="evdesk")
    told = who_limits([own, stray], 1, NOW, NOW + 60, None)
    assert told == [Stretch(NOW, NOW + 60, 8.0, stray)]
    assert not told[0].profile.ours


def test_what_the_profiles_do_not_explain_is_told():
    known = [Stretch(NOW, NOW + 100, 14.0, None), Stretch(NOW + 100, NOW + 200, 6.0, None)]
    assert unexplained_a(known, ((0.0, 14.0), (100.0, 6.0)), NOW) is None
    assert unexplained_a(known, ((0.0, 8.0),), NOW) == (NOW, 8.0, 14.0)
    assert unexplained_a(known, ((0.0, None),), NOW) is None


def test_reports_of_2x_are_read_with_their_source():
    profile = {
        "id": 3,
        "stackLevel": 2,
        "chargingProfilePurpose": "ChargingStationExternalConstraints",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1,
                "chargingRateUnit": "W",
                "startSchedule": "2027-01-15T08:00:00Z",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6900, "numberPhases": 3}],
            }
        ],
    }
    told = from_report({"requestId": 1, "chargingLimitSource": "EMS", "evseId": 0, "chargingProfile": [profile]}, NOW)
    assert [(p.source, p.told, p.unit, round(p.periods[0][1], 2)) for p in told] == [("EMS", True, "W", 10.0)]
    own = profile | {"id": 1601}
    told = from_report({"chargingLimitSource": "CSO", "evseId": 0, "chargingProfile": [own, "rubbish", None]}, NOW)
    assert [p.ours for p in told] == [True]


def test_requests_are_valid():
    assert breaches("ClearChargingProfile", clear_request("ocpp1.6", 7)) == []
    assert breaches("ClearChargingProfile", clear_request("ocpp1.6", None)) == []


moments = st.integers(-20, 20).map(lambda n: NOW + 30.0 * n)
periods = st.lists(st.integers(1, 20), max_size=3, unique=True).map(lambda x: [0, *sorted(30 * n for n in x)])


@st.composite
def stacked(draw):
    """One profile for both implementations."""
    purpose = draw(st.sampled_from([sim.MAX_PURPOSE, sim.DEFAULT_PURPOSE, sim.TX_PURPOSE]))
    kind = draw(st.sampled_from(["Absolute", "Relative", "Recurring"]))
    if purpose == sim.MAX_PURPOSE and kind == "Relative":
        kind = "Absolute"
    starts = draw(periods)
    limits = [float(draw(st.integers(6, 32))) for _ in starts]
    connector = 0 if purpose == sim.MAX_PURPOSE else 1 if purpose == sim.TX_PURPOSE else draw(st.integers(0, 1))
    start = draw(moments) if kind == "Recurring" else None if kind == "Relative" else draw(st.none() | moments)
    duration = draw(st.none() | st.integers(1, 40).map(lambda n: 30 * n))
    valid = draw(st.none() | moments), draw(st.none() | moments)
    level = draw(st.integers(0, 3))
    recurrency = "Daily" if kind == "Recurring" else ""
    ours = ProfileSeen(
        0, connector, purpose, level, kind, recurrency, "A",
        tuple(zip(map(float, starts), limits, strict=True)), start, duration, *valid, seen_at=NOW - 600,
    )  # fmt: skip
    theirs = sim.Profile(
        0, connector, level, purpose, kind,
        tuple(sim.Period(s, a) for s, a in zip(starts, limits, strict=True)),
        "A", duration, start, recurrency, *valid, None, NOW - 600,
    )  # fmt: skip
    return ours, theirs


@settings(max_examples=150, deadline=None)
@given(st.lists(stacked(), max_size=6), st.booleans())
def test_both_implementations_agree_at_every_moment(both, charging):
    ours, theirs = [one for one, _ in both], [other for _, other in both]
    started = NOW - 90 if charging else None
    tx = sim.Tx(1, started) if charging else None
    told = who_limits(ours, 1, NOW, NOW + 900, started)
    assert told[0].start == NOW
    assert told[-1].end == NOW + 900
    assert all(a.end == b.start for a, b in pairwise(told))
    hardware = sim.Hardware(max_a=999.0)
    for second in range(0, 900, 15):
        at = NOW + second
        stretch = next(s for s in told if s.start <= at < s.end)
        expected = sim.limit_at(theirs, 1, at, tx, hardware)
        assert (999.0 if stretch.limit_a is None else stretch.limit_a) == expected
