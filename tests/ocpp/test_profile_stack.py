"""Who limits when, against an independent implementation of the same rules: the simulated station's."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.model import ProfileSeen
from evdesk.ocpp import profiles as made
from evdesk.ocpp.check import breaches
from evdesk.ocpp.profile_book import clear_request, from_set, told, with_clear, with_set
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
    stretches = who_limits(have, 1, NOW, NOW + 3600, NOW - 60)
    assert [(s.start - NOW, s.limit_a, s.profile.purpose) for s in stretches] == [
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
    stray = ProfileSeen(7, 1, "TxDefaultProfile", 9, "Absolute", ((0.0, 8.0),), start_at=NOW - 9, source="unknown")
    own = ProfileSeen(1701, 1, "TxDefaultProfile", 1, "Absolute", ((0.0, 14.0),), start_at=NOW - 9)
    stretches = who_limits([own, stray], 1, NOW, NOW + 60, None)
    assert stretches == [Stretch(NOW, NOW + 60, 8.0, stray)]
    assert not stretches[0].profile.ours


def test_what_the_profiles_do_not_explain_is_told():
    known = [Stretch(NOW, NOW + 100, 14.0, None), Stretch(NOW + 100, NOW + 200, 6.0, None)]
    assert unexplained_a(known, ((0.0, 14.0), (100.0, 6.0)), NOW) is None
    assert unexplained_a(known, ((0.0, 8.0),), NOW) == (NOW, 8.0, 14.0)
    assert unexplained_a(known, ((0.0, None),), NOW) is None
    assert unexplained_a(known, ((0.0, 14.0), (96.0, 6.0)), NOW) is None  # the clocks differ a little
    assert unexplained_a(known, ((0.0, 14.0), (40.0, 6.0)), NOW) == (NOW + 40, 6.0, 14.0)


def test_what_a_charger_lists_is_moved_to_our_clock_and_ours_is_known():
    listed = [
        ProfileSeen(3, 0, "ChargingStationExternalConstraints", 0, "Absolute", ((0.0, 10.0),), source="EMS"),
        ProfileSeen(1601, 0, "ChargePointMaxProfile", 0, "Absolute", ((0.0, 16.0),), start_at=NOW, source="CSO"),
        ProfileSeen(9, 0, "TxDefaultProfile", 0, "Absolute", ((0.0, 16.0),), source="CSO"),
    ]
    known = told(listed, NOW, 60.0)
    assert [(p.source, p.ours, p.told) for p in known] == [
        ("EMS", False, True), ("evdesk", True, True), ("CSO", False, True),
    ]  # fmt: skip
    assert known[1].start_at == NOW - 60.0
    assert limiting(known, 1, NOW, None)[1] == 10.0


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
        0, connector, purpose, level, kind, tuple(zip(map(float, starts), limits, strict=True)), "A",
        recurrency, start, duration, *valid, seen_at=NOW - 600,
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
    stretches = who_limits(ours, 1, NOW, NOW + 900, started)
    assert stretches[0].start == NOW
    assert stretches[-1].end == NOW + 900
    assert all(a.end == b.start for a, b in pairwise(stretches))
    hardware = sim.Hardware(max_a=999.0)
    for second in range(0, 900, 15):
        at = NOW + second
        stretch = next(s for s in stretches if s.start <= at < s.end)
        expected = sim.limit_at(theirs, 1, at, tx, hardware)
        assert (999.0 if stretch.limit_a is None else stretch.limit_a) == expected
