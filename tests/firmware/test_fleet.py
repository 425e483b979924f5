"""Where each charger's version stands, and the words for it."""

from dataclasses import replace

import pytest

from evdesk.firmware.fit import ChargerFacts
from evdesk.firmware.fleet import Against, ChargerNow, images_for, standings, timeline
from evdesk.firmware.hardware import hardware_of
from evdesk.model import Setting
from evdesk.model.firmware import (
    BlockedVersion,
    FirmwarePolicy,
    FleetState,
    Image,
    Manifest,
    PolicyKind,
    SignatureState,
    VersionSeen,
    VersionSpan,
)
from tests.firmware.signing import DAY, T0

S = FleetState


def image(version, added=T0, **more):
    manifest = Manifest(vendor="Nordlade", models=("N22",), hardware=("B",), version=version, sha256="ab" * 32)
    return Image(
        version,
        f"{version}.bin",
        1,
        "ab" * 32,
        replace(manifest, **more),
        signature=SignatureState.VALID,
        added_at=added,
    )


def seen(version, days_ago=30.0, before="", cause="first", **more):
    return VersionSeen(1, "A", T0 - days_ago * DAY, version, before, cause, **more)


def told(version="2.4.0", images=("2.4.1",), policy=None, by_days=None, blocked=(), history=(), hardware="B", **more):
    """`policy`: ("keep_at" or "at_least", version)."""
    kept = None
    if policy:
        by_at = None if by_days is None else T0 + by_days * DAY
        kept = FirmwarePolicy("Nordlade", "N22", PolicyKind(policy[0]), policy[1], by_at)
    library = [image(one) if isinstance(one, str) else one for one in images]
    facts = ChargerFacts("A", "Nordlade", "N22", hardware, version, "NL-1")
    against = Against(T0, images_for(library, "Nordlade", "N22", blocked), kept, tuple(blocked))
    return standings([ChargerNow(facts, "Bay 3", history=tuple(history), **more)], against)[0]


KEEP, LEAST = ("keep_at", "2.4.1"), ("at_least", "2.4.1")
LOSES = BlockedVersion("2.4.0", "loses its limit on restart")
EVENT = seen("2.4.0", 0.01, cause="event", detail="It says so")
CHANGED = seen("1.9.0", 5, "1.8.4", "noticed")
NOTICED, NONE = "Was 1.8.4. Not by evdesk; noticed at its boot", "No file for this model is here"
ONE_WAY = image("2.4.1", downgrade=False)
OLDER = "older than what it has (from 2.4.2 to 2.4.1), and the maker says that it does not take that"
FAILED = seen("2.4.0", 0.1, cause="kept", job_id=118, detail="Download broke off twice.", outcome="failed")


@pytest.mark.parametrize(
    ("case", "state", "because"),
    [
        ({"updating": True, "job_id": 118}, S.UPDATING, "Job 118"),
        ({"version": ""}, S.UNKNOWN, "It tells no version"),
        ({"version": "", "policy": KEEP}, S.UNKNOWN, "It tells no version"),
        ({"blocked": [LOSES]}, S.BLOCKED, "2.4.0 loses its limit on restart; 2.4.1 is here"),
        ({"blocked": [LOSES], "images": ()}, S.BLOCKED, "2.4.0 loses its limit on restart; no other file is here"),
        ({"blocked": [BlockedVersion("2.4.*")]}, S.BLOCKED, "2.4.0 must not be used; no other file is here"),
        ({"history": [seen("2.4.0"), FAILED]}, S.FAILED, "Download broke off twice; still on 2.4.0"),
        ({"history": [FAILED], "version": "2.4.1"}, S.NEWEST, ""),
        ({"history": [FAILED, EVENT]}, S.FAILED, "Download broke off twice; still on 2.4.0"),
        ({}, S.BEHIND, "2.4.1 is here"),
        ({"charging": True}, S.BEHIND, "2.4.1 is here; a car is charging"),
        ({"policy": KEEP, "by_days": 5.9}, S.BEHIND, "Due in 6 days"),
        ({"policy": KEEP, "by_days": 5.9, "charging": True}, S.BEHIND, "Due in 6 days; a car is charging"),
        ({"policy": KEEP, "by_days": 0.2}, S.BEHIND, "Due in 5 h"),
        ({"policy": KEEP}, S.BEHIND, "2.4.1 is wanted now; 2.4.1 is here"),
        ({"policy": LEAST, "by_days": 5.9, "images": ("2.4.0",)}, S.BEHIND, "Due in 6 days; no file with 2.4.1 is here"),
        ({"policy": LEAST, "version": "2.4.1", "images": ("2.5",)}, S.BEHIND, "2.5 is here; 2.4.1 is enough by the policy"),
        ({"images": (image("2.5", from_versions=("2.4.9",)),)}, S.BEHIND, "2.5 goes on 2.4.9; it has 2.4.0"),
        ({"version": "1.9.0", "images": (), "history": [seen("1.8.4"), CHANGED]}, S.CHANGED, NOTICED),
        ({"version": "1.9.0", "images": (), "history": [replace(CHANGED, at=T0 - 8 * DAY)]}, S.NO_FILE, NONE),
        ({"version": "2.4.2"}, S.AHEAD, "Newer than the library's 2.4.1"),
        ({"version": "2.4.2", "policy": KEEP, "images": (ONE_WAY,)}, S.AHEAD, f"The policy keeps 2.4.1; 2.4.1: {OLDER}"),
        ({"images": ()}, S.NO_FILE, NONE),
        ({"images": (image("2.4.1", models=("N11",)),)}, S.NO_FILE, NONE),
        ({"hardware": "A"}, S.NO_FILE, "No file for hardware A is here"),
        ({"version": "2.4.1"}, S.NEWEST, ""),
        ({"version": "2.4.1", "history": [seen("2.4.1", 1, "2.4.0", "job", job_id=118)]}, S.NEWEST, "By job 118"),
        ({"version": "2.4.1", "policy": KEEP, "images": ("2.4.1", "2.5")}, S.NEWEST, "Kept at 2.4.1 by the policy"),
        ({"version": "20240102"}, S.UNKNOWN, "Cannot be compared with 2.4.1"),
        ({"version": "20240102", "policy": KEEP}, S.BEHIND, "2.4.1 is wanted now; 2.4.1 is here"),
    ],
)  # fmt: skip
def test_state_and_reason(case, state, because):
    one = told(**case)
    assert (one.state, one.because) == (state, because)


def test_what_is_overdue_and_since_when():
    late = told(policy=KEEP, by_days=-3.0)
    assert (late.overdue, late.due_at) == (True, T0 - 3 * DAY)
    assert late.because.startswith("Overdue since 12 Jan")
    assert told(policy=KEEP).overdue
    assert not told(policy=KEEP, by_days=3.0).overdue
    met = told("2.4.1", policy=KEEP, by_days=-3.0)
    assert (met.overdue, met.due_at) == (False, None)


def test_the_image_that_leads_on():
    assert told(images=("2.4.1", "2.5")).image_id == "2.5"
    assert told("2.5", images=("2.4.1", "2.5")).image_id == ""
    assert told(images=("2.4.1", "2.5"), policy=KEEP).image_id == "2.4.1"
    assert told("2.4.2", images=("2.4.1",), policy=KEEP).image_id == "2.4.1", "down again"
    assert told("2.4.2", images=(image("2.4.1", downgrade=False),), policy=KEEP).image_id == ""
    between = told("2.3.0", images=("2.4.1", image("2.5", from_versions=("2.4.*",))))
    assert (between.image_id, between.because) == ("2.4.1", "2.5 goes on 2.4.*; it has 2.3.0")
    assert told("2.5", images=("2.4.1",), blocked=[BlockedVersion("2.5", "bricks")]).image_id == "2.4.1"
    assert told(hardware="").image_id == "2.4.1", "unknown hardware is asked about before it is sent"


def test_since_when_it_has_its_version_and_the_newest_update_of_it():
    rows = [seen("2.3.2", 90), seen("2.4.0", 60, "2.3.2", "job", job_id=96), FAILED]
    one = told(history=rows)
    assert (one.since_at, one.job_id) == (T0 - 60 * DAY, 118)
    assert told(history=[]).since_at is None


def test_the_newest_version_over_time():
    def row(charger, version, day):
        return VersionSeen(day, charger, float(day), version)

    rows = {
        "A": [row("A", "2.3.0", 1), row("A", "2.3.2", 3), row("A", "2.4.0", 6), row("A", "2.4.0", 7)],
        "B": [row("B", "2.2.9", 2), row("B", "2.4.0", 5), row("B", "2.3.0", 8)],
    }
    assert timeline(rows) == (VersionSpan("2.3.0", 1.0), VersionSpan("2.3.2", 3.0), VersionSpan("2.4.0", 5.0))
    rows["A"].append(row("A", "2.3.2", 9))
    assert timeline(rows)[-1] == VersionSpan("2.3.2", 9.0), "the only one that had it went back"
    assert timeline({"A": [row("A", "2.4.1", 1), row("A", "20240102", 2)]})[-1].version == "20240102"
    assert timeline({}) == ()


@pytest.mark.parametrize(
    ("settings", "revision"),
    [
        ({"HardwareVersion": "B"}, "B"),
        ({"NL_HW-Revision": " 1.1 "}, "1.1"),
        ({"ChargingStation/HardwareVersion": "2"}, "2"),
        ({"Modem/HardwareVersion": "9"}, ""),
        ({"HardwareVersion": "B", "BoardRev": "B"}, "B"),
        ({"HardwareVersion": "B", "BoardRev": "C"}, ""),
        ({"FirmwareVersion": "2.4.0", "HardwareVersionUrl": "x"}, ""),
        ({"HardwareVersion": None}, ""),
        ({}, ""),
    ],
)
def test_a_hardware_revision_where_a_setting_tells_it(settings, revision):
    assert hardware_of([Setting(name, value) for name, value in settings.items()]) == revision
