"""A charger that was pointed here in the middle of a charge: it never tells the start of it."""

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
