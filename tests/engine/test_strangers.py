"""Chargers nobody accepted, and connectors that cannot be: counted where they may flow, and no way to stop a site."""

import pytest

from evdesk.engine.strangers import STRANGER_A
from evdesk.gui.notice_words import notice_look
from evdesk.model import (
    ConnectorStatus,
    Failsafe,
    FailsafeState,
    NoticeKind,
    PowerCap,
    Reading,
    Severity,
    StatusChanged,
)
from tests.engine.control_kit import Cycle, Station, cycle


async def seconds(site: Cycle, count: int) -> None:
    for _ in range(count):
        await site.second()


def stranger(site: Cycle, name: str, *connectors: int, amps: float | None = None) -> None:
    for connector in connectors:
        site.fleet.report(StatusChanged(name, connector, site.clock.at, ConnectorStatus.CHARGING))
        if amps is not None:
            site.fleet.report(Reading(name, connector, site.clock.at, current_a=(amps, amps, amps)))
    record = site.fleet.record(name)
    record.link, record.connected_at = Station(name, site.clock), site.clock.at


def given(site: Cycle) -> dict[str, float]:
    return {name: station.in_force_a for name, station in site.stations.items()}


@pytest.mark.parametrize("amps", [None, 32.0])
async def test_where_a_fresh_meter_shows_nothing_of_it_a_stranger_stops_nobody(tmp_path, amps):
    async with cycle(tmp_path, "AB", rating_a=63.0) as site:
        await seconds(site, 120)
        before = given(site)
        for number in range(100):
            stranger(site, f"WHO{number}", 1, 2, amps=amps)
        await seconds(site, 60)
        assert given(site) == before
        site.house_a = 24.0  # one of them draws in truth
        await seconds(site, 30)
        assert sum(given(site).values()) <= 63 - 24


@pytest.mark.parametrize("distrust", [False, True])
async def test_where_no_meter_can_be_believed_the_worst_is_assumed_and_told(tmp_path, distrust):
    async with cycle(tmp_path, "AB", rating_a=63.0, metered=distrust) as site:
        site.control.distrusted = {"Main"} if distrust else set()
        told = []
        site.fleet.on_notice = told.append
        await seconds(site, 120)
        assert sum(given(site).values()) >= 60
        stranger(site, "WHO", 1)
        await seconds(site, 30)
        assert sum(given(site).values()) <= 63 - STRANGER_A
        assert given(site)["A"] >= 6.0
        assert [(n.kind, n.charger_id, dict(n.args)["amps"]) for n in told] == [(NoticeKind.STRANGER, "WHO", 32)], (
            "once"
        )
        stranger(site, "WHO", 1, amps=11.6)
        await seconds(site, 300)
        assert 63 - 13 >= sum(given(site).values()) > 63 - STRANGER_A, "what it tells counts"


@pytest.mark.parametrize("caps", [(), (PowerCap("grid operator", 14_000.0),)])
@pytest.mark.parametrize("names", ["A", "ABCDEFGH"])
async def test_a_hundred_made_up_names_slow_a_site_down_and_do_not_stop_it(tmp_path, names, caps):
    async with cycle(tmp_path, names, rating_a=63.0, metered=False) as site:
        for number in range(100):
            stranger(site, f"WHO{number}", 1, 2)
        charged = dict.fromkeys(names, 0.0)
        tick = site.control.tick
        site.control.tick = lambda: tick(caps)
        for _ in range(1800):
            await site.second()
            for name, amps in given(site).items():
                charged[name] += amps
            assert len(site.control.strangers.bays) <= 63
        assert sum(amp_seconds > 0 for amp_seconds in charged.values()) >= min(len(names), 2), "in turns"
        assert max(given(site).values()) >= 6.0


async def telling(site: Cycle, strangers: int, amps: float, count: int) -> None:
    for number in range(strangers):
        stranger(site, f"WHO{number}", 1)
    for _ in range(count):
        for number in range(strangers):
            site.fleet.report(Reading(f"WHO{number}", 1, site.clock.at, current_a=(amps, amps, amps)))
        await site.second()


@pytest.mark.parametrize(
    ("names", "rating_a", "strangers", "amps"),
    [
        ("ABCDE", 63.0, 3, 20.0),
        ("A", 32.0, 1, 32.0),
        ("AB", 63.0, 2, 31.0),
        ("AB", 63.0, 2, 20.0),
        ("AB", 63.0, 6, 9.5),
    ],
)
async def test_what_strangers_tell_that_they_draw_is_left_to_them(tmp_path, names, rating_a, strangers, amps):
    """Whether the meter was never there, or is silent."""
    async with cycle(tmp_path, names, rating_a=rating_a, metered=False) as site:
        await seconds(site, 60)
        await telling(site, strangers, amps, 60)
        assert sum(given(site).values()) <= rating_a - strangers * amps
        assert sum(given(site).values()) >= 6.0 or rating_a - strangers * (amps + 1.0) < 6.0, "and no more than that"


async def test_a_hundred_that_tell_currents_take_four_outlets_and_then_leave_each_car_its_least(tmp_path):
    async with cycle(tmp_path, "AB", rating_a=200.0, metered=False) as site:
        await telling(site, 100, 200.0, 60)
        assert given(site) == {"A": 6.0, "B": 6.0}
        firm = site.control.strangers._firm(
            [(site.record("WHO0"), site.record(f"WHO{n}").connectors[1]) for n in range(9)]
        )
        assert firm == [STRANGER_A] * 4 + [0.0] * 5, "who was known first"


async def test_a_told_current_stops_nobody_for_ever(tmp_path):
    async with cycle(tmp_path, "A", metered=False) as site:
        stranger(site, "WHO", 1, amps=32.0)
        await seconds(site, 60)
        assert given(site)["A"] == 0.0
        await seconds(site, 860)
        assert given(site)["A"] >= 6.0
        stranger(site, "WHO", 1, amps=32.0)
        await seconds(site, 10)
        assert given(site)["A"] == 0.0
        site.fleet.report(StatusChanged("WHO", 1, site.clock.at, ConnectorStatus.FINISHING))
        await seconds(site, 300)  # three of its readings, and a pause
        assert given(site)["A"] >= 6.0


@pytest.mark.parametrize(("amps", "kept"), [(None, 25), (63.0, 32)])
async def test_a_danger_is_told_where_more_may_flow_than_is_kept_free(tmp_path, amps, kept):
    async with cycle(tmp_path, "A", metered=False) as site:
        told = []
        site.fleet.on_notice = told.append
        stranger(site, "WHO", 1, amps=amps)
        await seconds(site, 60)
        (notice,) = [n for n in told if n.severity is Severity.DANGER]
        args = dict(notice.args)
        assert (notice.kind, args["amps"], args["worst"]) == (NoticeKind.STRANGER, kept, amps or STRANGER_A)
        assert all(
            words in notice_look(notice).word for words in ("accepted or refused", f"{args['worst']} A may flow")
        )


async def test_who_is_silent_is_counted_before_the_strangers(tmp_path):
    async with cycle(tmp_path, "AB", rating_a=50.0, metered=False) as site:
        await seconds(site, 60)
        b = site.record("B")
        b.link, b.lost_at, b.failsafe = None, site.clock.at, Failsafe(FailsafeState.CANNOT)
        stranger(site, "WHO", 1, 2)
        await seconds(site, 300)
        assert given(site)["A"] >= 6.0


async def test_a_connector_that_cannot_be_counts_once_while_it_draws(tmp_path):
    async with cycle(tmp_path, "AB", rating_a=63.0, metered=False) as site:
        await seconds(site, 60)
        for number in (4711, 4712, 4713):
            site.fleet.report(StatusChanged("A", number, site.clock.at, ConnectorStatus.CHARGING))
        await seconds(site, 10)
        (demand,) = [d for key, d in site.control.demands.items() if key[1] > 4000]
        assert (demand.worst_a, demand.commandable) == (32.0, False)
        assert sum(given(site).values()) <= 31.0
        for number in (4711, 4712, 4713):
            site.fleet.report(StatusChanged("A", number, site.clock.at, ConnectorStatus.AVAILABLE))
        await seconds(site, 10)
        assert not [key for key in site.control.demands if key[1] > 4000]
