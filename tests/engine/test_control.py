"""What is sent, and how soon, where answers are lost or late."""

import asyncio
import math
from dataclasses import replace

import pytest

from evdesk.balance import validate_site
from evdesk.drivers.base import Answer
from evdesk.engine.control import with_user_limit
from evdesk.model import Circuit, ConnectorStatus, EvdeskError, PowerCap, Reason, Session, WhyCode
from tests.engine.control_kit import cycle


async def settle_at(site, house_a, seconds=60):
    """Until the house is known and everybody has what is left."""
    site.house_a = house_a
    for _ in range(seconds):
        await site.second()


async def until(site, test, seconds=60):
    for _ in range(seconds):
        if test():
            return
        await site.second()
    raise AssertionError("it did not happen")


@pytest.mark.parametrize(("names", "call_s"), [("A", 60.0), ("A", 1.0), ("AB", 60.0)])
async def test_a_raise_whose_answer_is_lost_is_taken_back(tmp_path, names, call_s):
    """The limit of before is wanted again while it is not known whether the raise arrived: it is sent, soon."""
    async with cycle(tmp_path, names) as site:
        await settle_at(site, 28.0)
        a = site.stations["A"]
        low = a.in_force_a
        a.deaf, a.call_s = True, call_s
        site.house_a = 2.0
        await until(site, lambda: a.in_force_a > low, 400)  # it waits a while before it raises
        assert site.connector("A").confirmed_a == low
        site.house_a, site.over_s = 28.0, 0
        await until(site, lambda: a.in_force_a == low, 8)
        assert site.over_s <= 6, "the field's own rule: below the rating within six seconds"
        await until(site, lambda: site.connector("A").asked_a is None, 4)
        assert site.connector("A").confirmed_a == low


async def test_others_make_room_while_a_raise_is_unanswered(tmp_path):
    """Counted at its worst at once: the others are lowered, before it is given up."""
    async with cycle(tmp_path, "AB", rating_a=40.0) as site:
        await settle_at(site, 26.0, 200)
        a, b = site.stations["A"], site.stations["B"]
        low = a.in_force_a
        a.deaf, site.house_a = True, 2.0
        await until(site, lambda: a.in_force_a > low, 400)
        high = a.in_force_a
        b_high = b.in_force_a
        site.house_a = 26.0
        await site.second()
        await site.second()
        assert a.in_force_a == high
        assert b.in_force_a <= b_high - (high - low)


async def test_a_reduction_that_waits_behind_another_call_is_hurried_too(tmp_path):
    async with cycle(tmp_path) as site:
        await settle_at(site, 2.0, 200)
        a, delivery = site.stations["A"], site.control.delivery
        assert a.in_force_a > 20.0
        a.hurried.clear()
        asking = delivery._ask(("A", 1), 6.0, 1, 3, lowers=True)  # the reduction itself, which does not leave
        delivery._hurry(site.record("A"), asking, 6.0)
        assert a.hurried == []
        site.clock.at += 3.5
        delivery._hurry(site.record("A"), asking, 6.0)
        assert a.hurried == [(3.0, False)]
        delivery._hurry(site.record("A"), asking, 0.0)
        assert a.hurried[-1] == (3.0, True)


async def test_a_charger_that_takes_8_s_for_each_answer_is_confirmed_and_not_written_again_and_again(tmp_path):
    """Only a reduction is in a hurry. With the others the site goes on within seconds, and the slow one counts in full
    meanwhile."""
    async with cycle(tmp_path, "AB", rating_a=40.0) as site:
        a, b = site.stations["A"], site.stations["B"]
        a.slow_s = 8.0
        await settle_at(site, 2.0, 400)
        assert a.hurried == [], "nothing had to be lowered"
        assert site.connector("A").confirmed_a == a.in_force_a > 12.0
        sent = len(a.sent)
        for _ in range(600):
            await site.second()
        assert (len(a.sent) - sent) * 6 <= 90, "writes in an hour: a refresh each minute, and few changes"
        before, b_before = a.in_force_a, b.in_force_a
        site.house_a, site.over_s = 14.0, 0
        for _ in range(3):
            await site.second()
        assert (a.in_force_a, b.in_force_a < b_before) == (before, True), "the other one makes room at once"
        for _ in range(27):
            await site.second()
        assert a.in_force_a < before
        assert site.connector("A").confirmed_a == a.in_force_a
        assert site.over_s <= 10, "one answer of it, and no more"


async def test_a_limit_that_is_confirmed_after_its_time_is_taken(tmp_path):
    async with cycle(tmp_path) as site:
        await settle_at(site, 2.0, 200)
        a = site.stations["A"]
        high = a.in_force_a
        a.slow_s, a.call_s = 8.0, 3.0
        site.house_a = 20.0
        await until(site, lambda: a.in_force_a < high, 20)
        low = a.in_force_a
        assert site.connector("A").confirmed_a == low, "at the second of its answer, five after its time was over"


async def test_a_late_answer_to_a_limit_that_is_not_the_newest_confirms_nothing(tmp_path):
    async with cycle(tmp_path) as site:
        await settle_at(site, 24.0, 100)
        delivery, record, one = site.control.delivery, site.record("A"), site.connector("A")
        low = one.confirmed_a
        older = delivery._ask(("A", 1), 20.0, 1, 3, lowers=False)
        site.clock.at += 1.0
        newer = delivery._ask(("A", 1), low, 1, 3, lowers=True)
        late = asyncio.get_running_loop().create_future()
        late.set_result(Answer("Accepted"))
        one.asked_a, one.asked_until = 20.0, site.clock.at + 100.0
        delivery._answered_late(record, one, older, late)
        assert (one.confirmed_a, one.asked_a) == (low, 20.0)
        delivery._answered_late(record, one, newer, late)
        assert (one.confirmed_a, one.asked_a) == (low, None)
        delivery._asking.clear()


async def test_a_site_stored_with_a_loop_and_a_connector_twice_is_taken_at_its_worst(tmp_path):
    async with cycle(tmp_path, "AB") as site:
        good = site.fleet.site
        loop = Circuit("Loop", (16.0,) * 3, "Loop")
        site.fleet.site = replace(
            good,
            circuits=(*good.circuits, loop),
            bays=(*good.bays, good.bays[0], replace(good.bays[1], circuit="Loop")),
        )
        assert validate_site(site.fleet.site)
        site.control.reconfigure(site.fleet.site)
        for _ in range(90):
            await site.second()
        assert site.over_s == 0
        assert sum(site.drawn(name) for name in "AB") >= 6, "and it goes on"


async def test_a_power_limit_that_cannot_be_is_one_of_nothing(tmp_path):
    async with cycle(tmp_path, "A") as site:
        for _ in range(60):
            await site.second()
        assert site.drawn("A") > 0
        decision = site.control.tick((PowerCap("somebody", math.nan),))
        assert decision.limits["A", 1][0] == 0


@pytest.mark.parametrize("metered", [True, False])
async def test_a_silent_charger_counts_until_it_must_have_fallen(tmp_path, metered):
    """Its live limit runs from when it was told, not from when it was asked, and it may look at its schedule each 10 s."""
    async with cycle(tmp_path, "AB", rating_a=33.0, metered=metered) as site:
        small(site, "B", 6.0)
        await settle_at(site, 0.0, 200)
        a, b = site.stations["A"], site.stations["B"]
        assert a.in_force_a >= 24.0
        site.record("A").link, site.record("A").lost_at = None, site.clock.at
        small(site, "B", None)
        site.over_s = 0
        # Told before it fell silent, an answer took two seconds.
        site.connector("A").falls_by += 2.0
        await settle_at(site, 0.0, 100)
        assert b.in_force_a < 10.0
        await settle_at(site, 0.0, 400)
        assert (site.over_s, site.drawn("A")) == (0, 6.0)
        assert b.in_force_a >= 18.0


def small(site, name, user_a):
    fleet = site.fleet
    fleet.site = with_user_limit(fleet.site, (name, 1), user_a)
    site.control.reconfigure(fleet.site)


async def test_a_name_the_balancer_does_not_know_stops_nobody_elses_limits(tmp_path, caplog):
    async with cycle(tmp_path, "AB") as site:
        await settle_at(site, 0.0)
        good = site.fleet.site
        # As if the site had been changed and the balancer had not been told.
        main = good.circuits[0]
        site.fleet.site = replace(
            good,
            circuits=(main, replace(main, name="Shed", parent="Main")),
            bays=(*good.bays, replace(good.bays[0], connector_id=2)),
        )
        site.fleet.meters["Shed"] = site.fleet.meters["Main"]
        await settle_at(site, 20.0, 30)
        assert site.over_s <= 8
        assert site.drawn("A") + site.drawn("B") <= 12.0, "the house took 20 of 32 A"
        told = [record.getMessage() for record in caplog.records if "does not know" in record.getMessage()]
        assert told == [f"the balancer does not know {name} and leaves it out" for name in ("Shed", "('A', 2)")]


async def test_a_charge_whose_start_was_never_told_is_limited_by_a_default(tmp_path):
    async with cycle(tmp_path, "AB", rating_a=40.0) as site:
        a, one = site.stations["A"], site.connector("A")
        one.session = None
        a.in_force_a, site.house_a = 32.0, 10.0
        await settle_at(site, 10.0, 10)
        assert a.sent == [], "its start may still come"
        assert site.control.decision.limits["B", 1][0] == 0, "what it draws is kept free meanwhile"
        await settle_at(site, 10.0, 40)
        assert {profile.transaction_id for profile in a.profiles} == {None}
        assert site.connector("A").confirmed_a == a.in_force_a < 20.0
        assert one.why.code is not WhyCode.SAFE_SHARE
        site.over_s = 0
        await settle_at(site, 10.0, 200)
        assert site.over_s == 0
        assert site.stations["B"].in_force_a >= 6.0, "it is one of those who share"
        one.begin(Session(9, "A", 1, "TAG", site.clock.at))
        await settle_at(site, 12.0, 200)
        assert a.profiles[-1].transaction_id == 9, "told after all"


async def test_one_that_takes_no_limit_without_a_start_is_kept_free_and_not_asked_each_moment(tmp_path):
    async with cycle(tmp_path, "AB", rating_a=40.0) as site:
        a, one = site.stations["A"], site.connector("A")
        asked = []

        async def refuse(profile):
            asked.append(profile)
            raise EvdeskError(Reason.REFUSED, "no transaction")

        a.set_limit, one.session, a.in_force_a = refuse, None, 24.0
        await settle_at(site, 2.0, 300)
        assert 3 <= len(asked) <= 6
        assert site.stations["B"].in_force_a <= 14.0, "what it draws is kept free"


@pytest.mark.parametrize("status", [ConnectorStatus.AVAILABLE, ConnectorStatus.FINISHING, ConnectorStatus.FAULTED])
async def test_a_status_that_sticks_hides_no_current(tmp_path, status):
    async with cycle(tmp_path) as site:
        a, one = site.stations["A"], site.connector("A")
        one.session, one.status = None, status
        a.in_force_a = 32.0
        await settle_at(site, 14.0, 60)
        assert a.in_force_a <= 17.0
        assert site.over_s <= 20


async def test_the_last_reading_of_a_charge_that_ended_is_none_of_a_new_one(tmp_path):
    async with cycle(tmp_path) as site:
        await settle_at(site, 2.0, 60)
        a, one = site.stations["A"], site.connector("A")
        one.session, one.status = None, ConnectorStatus.FINISHING
        a.sent.clear()
        for _ in range(60):
            site.clock.at += 1.0
            site.control.tick()
            await site.answered()
            assert not one.unheard
        assert a.sent == []
