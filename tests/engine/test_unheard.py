"""A charger that was pointed here in the middle of a charge: it never tells the start of it."""

import pytest

from evdesk.model import ConnectorStatus
from tests.engine.control_kit import cycle
from tests.engine.harness import engine, station, until
from tests.engine.test_engine import SITE, charger


def live_default(one) -> float | None:
    """Of the last default with an end; the static one has none."""
    for profile in reversed(one.seen.profiles):
        schedule = profile["charging_schedule"]
        if profile["charging_profile_purpose"] == "TxDefaultProfile" and "duration" in schedule:
            assert profile["stack_level"] > 0
            assert profile["connector_id"] == 1
            return schedule["charging_schedule_period"][0]["limit"]
    return None


async def test_it_is_limited_and_told(tmp_path):
    with engine(tmp_path, "--speed", "20") as running:
        async with running.client() as client, station(running.ocpp, "A1") as one:
            await client.call("site.put", {"site": SITE | {"bays": SITE["bays"][:1]}})
            await client.call("charger.accept", {"charger_id": "A1"})
            await one.begin("Charging")

            async def limited() -> bool:
                await one.measure(None, 15.0, 500)
                return live_default(one) == 16.0

            await until(limited, 20)

            async def told() -> bool:
                await one.measure(None, 15.0, 500)
                (connector,) = (await charger(client, "A1"))["connectors"]
                return connector["doubt"] == "unheard" and connector["limit_a"] == 16.0

            await until(told, 20)

            async def found() -> bool:
                rules = [finding["rule"] for finding in await client.call("finding.list", {"charger_id": "A1"})]
                return "charge_not_told" in rules

            await until(found)


@pytest.mark.parametrize(("told_a", "charges", "left_a"), [(1.3, False, 12.0), (2.9, False, 9.0), (16.0, True, 0.0)])
async def test_an_ampere_told_at_an_empty_outlet_takes_no_share(tmp_path, told_a, charges, left_a):
    async with cycle(tmp_path, "AB", rating_a=13.0, safe_a=0.0, metered=False) as site:
        b = site.connector("B")
        b.session, b.status, b.status_at = None, ConnectorStatus.AVAILABLE, site.clock.at
        drawn = site.drawn
        site.drawn = lambda name: told_a if name == "B" else drawn(name)
        for _ in range(60):
            await site.second()
        assert b.unheard is charges
        assert site.stations["A"].in_force_a == left_a, "what flows is kept free, and no more"
