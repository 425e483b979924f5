"""The order in which safe defaults change, who is reserved in full, and when nothing need be written."""

import json

import pytest

from evdesk.engine.delivery import default_does
from evdesk.engine.fleet import Fleet
from evdesk.engine.profile_book import ProfileBook
from evdesk.engine.standing import Standing
from evdesk.engine.wear import Wear
from evdesk.model import BalanceSettings, Bay, Circuit, Failsafe, FailsafeState, MessageSeen, Session, Site
from tests.engine.store_kit import T0, FixedClock, opened

BAYS = tuple(Bay(name, 1, f"Bay {name}", "Main", rotation="RST") for name in "ABCD")
SITE = Site(circuits=(Circuit("Main", (50.0,) * 3),), bays=BAYS, balance=BalanceSettings(margin_a=0.0), assumed=False)


@pytest.fixture
async def fleet(tmp_path):
    async with opened(tmp_path / "evdesk.db") as store:
        fleet = Fleet(store, FixedClock(T0))
        fleet.site = SITE
        for bay in BAYS:
            record = fleet.record(bay.charger_id)
            record.accepted, record.link = True, object()
            record.failsafe = Failsafe(FailsafeState.VERIFIED, 16.0, 12.0)
        yield fleet


def give(record, safe_a, state=FailsafeState.VERIFIED):
    record.failsafe = Failsafe(state, 16.0, safe_a)


async def test_a_share_rises_only_when_the_others_have_lowered_theirs(fleet):
    standing, told = Standing(fleet), []
    standing.on_unable = lambda: told.append(set(fleet.unable))
    a, b, c, d = (fleet.chargers[name] for name in "ABCD")
    assert {p.safe_a for p in standing.plans().values()} == {12.0}
    give(a, 12.0, FailsafeState.CANNOT)
    standing.note(a)
    assert told == [{"A"}]
    plans = standing.plans()
    assert [plans[n].safe_a for n in "BCD"] == [11.0, 11.0, 11.0]  # (50 - 16) / 3

    give(b, 6.0)  # it had less for some reason, and has to wait for C and D
    assert standing.next_step(b, plans["B"]) == (16.0, 6.0)
    assert standing.may_rise() == []
    give(c, 11.0)
    assert standing.may_rise() == []
    assert standing.next_step(d, plans["D"]) == (16.0, 11.0)  # down at once
    give(d, 11.0)
    assert standing.may_rise() == [b]
    assert standing.next_step(b, plans["B"]) == (16.0, 11.0)


async def test_while_a_default_is_being_written_nobody_is_freed(fleet):
    standing, a = Standing(fleet), fleet.chargers["A"]
    give(a, 12.0, FailsafeState.CANNOT)
    standing.note(a)
    give(a, None, FailsafeState.UNKNOWN)
    standing.note(a)
    assert fleet.unable == {"A"}
    give(a, 12.0, FailsafeState.UNTESTED)
    standing.note(a)
    assert fleet.unable == set()
    give(a, 12.0, FailsafeState.CANNOT)
    standing.restore()
    assert fleet.unable == {"A"}


@pytest.mark.parametrize(
    ("change", "spared"),
    [
        ({}, True),
        ({"confirmed_a": 10.0}, False),  # the last word was higher: it must be told
        ({"asked_a": 16.0}, False),  # a higher one may still be on its way
        ({"confirmed_at": T0 - 1}, False),  # said to an earlier charge
        ({"watt_phases": 3}, False),  # its default in watts is lower
    ],
)
async def test_no_refresh_where_the_default_says_the_same(fleet, change, spared):
    record = fleet.chargers["A"]
    connector = fleet.connector(record, 1)
    connector.session = Session(1, "A", 1, "TAG", T0)
    connector.confirmed_a, connector.confirmed_at = 12.0, T0 + 5
    for name, value in change.items():
        setattr(connector, name, value)
    assert default_does(record, connector, 12.0) is spared
    assert default_does(record, connector, 11.0) is False
    give(record, 12.0, FailsafeState.UNTESTED)
    assert default_does(record, connector, 12.0) is False


async def test_writes_are_counted_by_charger_and_day(fleet):
    wear, book = Wear(fleet), ProfileBook(fleet)
    book.on_written = wear.count
    for n, (action, status) in enumerate(
        (
            ("SetChargingProfile", "Accepted"),
            ("SetChargingProfile", "Rejected"),  # nothing was written
            ("ClearChargingProfile", "Accepted"),
            ("GetCompositeSchedule", "Accepted"),
        )
    ):
        book.frame(MessageSeen("A", T0, "out", action, str(n), json.dumps([2, str(n), action, {}]), "call"))
        answer = json.dumps([3, str(n), {"status": status}])
        book.frame(MessageSeen("A", T0, "in", action, str(n), answer, "result"))
    assert (wear.today("A"), wear.today("B")) == (2, 0)
    await wear.save()
    again = Wear(fleet)
    await again.open()
    assert again.today("A") == 2
    fleet.clock.at = T0 + 86_400
    assert again.today("A") == 0
