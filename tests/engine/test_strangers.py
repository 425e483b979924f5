"""Chargers nobody accepted, and connectors that cannot be: counted where they may flow, and no way to stop a site."""

import pytest

from evdesk.engine.strangers import STRANGER_A
from evdesk.model import ConnectorStatus, Failsafe, FailsafeState, NoticeKind, PowerCap, Reading, StatusChanged
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
            stranger(site, f"WHO{number}", 1, 2, amps=200.0)
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
