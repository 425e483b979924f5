"""Things seen in the field, against a real engine. The whole list stands in tests/quirks.py."""

from tests.engine.harness import engine, station, until
from tests.engine.test_engine import SITE, purposes

STATIC = {"ChargePointMaxProfile", "TxDefaultProfile"}


async def test_a_charger_that_forgot_its_profiles_is_set_up_again_after_its_boot(tmp_path):
    """evcc-io/evcc #15671, lbbrhzn/ocpp #1755, sap-labs-france/ev-server #1271: settings lost on reboot or update."""
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            await client.call("site.put", {"site": SITE})
            async with station(running.ocpp, "A1") as one:
                await one.begin()
                await until(lambda: purposes(one, STATIC))
            async with station(running.ocpp, "A1") as one:  # a new one in its place: it knows nothing
                await one.begin()
                await until(lambda: purposes(one, STATIC))
                one.seen.profiles.clear()
                await one.begin()  # boots again on the same connection
                await until(lambda: purposes(one, STATIC))
