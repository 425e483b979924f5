"""Settings, profiles, lists of tags and abilities against simulated stations of all three versions, over real sockets."""

import contextlib

import pytest

from evdesk.engine.client import ApiClient
from tests.engine.harness import engine, until
from tests.engine.test_abilities import settled
from tests.forked import Forked

VERSIONS = ("1.6", "2.0.1", "2.1")
INTERVAL = {"1.6": "MeterValueSampleInterval"}
LATER = "SampledDataCtrlr/TxUpdatedInterval"


@contextlib.contextmanager
def simulated(url, protocol, *more):
    dials = ["simulate", url, "--prefix", "V", "--protocol", protocol, "--no-cars", "--speed", "20", *more]
    process = Forked(dials, out=False, err=False)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def ready(client: ApiClient) -> None:
    """The failsafe is in: the engine has finished with it."""

    async def look():
        found = [c for c in await client.call("charger.list") if c["id"] == "V-001"]
        return found and found[0]["failsafe"]["state"] in ("verified", "untested", "cannot")

    await until(look, 30.0)


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_the_whole_page_works_in_every_version(tmp_path, protocol):
    one = {"charger_id": "V-001"}
    with engine(tmp_path, "--accept-unknown", "--speed", "20") as running, simulated(running.ocpp, protocol):
        async with running.client() as client:
            await ready(client)
            settings = {s["name"]: s for s in await client.call("charger.settings", one)}
            assert len(settings) > 30
            name = INTERVAL.get(protocol, LATER)
            assert settings[name]["meaning"]
            assert settings[name]["group"]
            done = await client.call("charger.write_setting", one | {"name": name, "value": "17"})
            assert done["after"] == "17"
            text = (await client.call("settings.export", one))["text"]
            planned = await client.call("settings.import", one | {"text": text})
            assert {p["verdict"] for p in planned} <= {"same", "secret", "read_only"}

            profiles = {p["id"]: p for p in await client.call("charger.profiles", one)}
            assert {1601, 1602} <= profiles.keys()
            assert profiles[1602]["source"] == "evdesk"
            assert profiles[1602]["told"] is (protocol != "1.6")
            assert (await client.call("charger.composite", one | {"seconds": 600}))["periods"]

            await client.call("tag.put", {"tags": [{"id_tag": f"04A37B{n:02X}"} for n in range(60)]})
            done = await client.call("tag.sync", one)
            assert done["status"] == "Accepted"
            assert int(done["after"]) >= 2  # more than one message
            await client.call("tag.delete", {"id_tags": ["04A37B00"]})
            await client.call("tag.sync", one)
            state = (await client.call("tag.states"))[0]
            assert (state["tags"], state["differs"]) == (59, False)

            told = {a["name"]: a["verdict"] for a in await settled(client, "V-001")}
            assert told["GetLocalListVersion"] == "works"
            assert told["TriggerMessage Heartbeat"] == "works"
            assert "silent" not in told.values()


async def test_sixteen_hundred_variables_are_read_kept_and_compared(tmp_path):
    one = {"charger_id": "V-001"}
    with (
        engine(tmp_path, "--accept-unknown", "--speed", "20") as running,
        simulated(running.ocpp, "2.0.1", "--variables", "1600"),
    ):
        async with running.client() as client:
            await ready(client)
            settings = await client.call("charger.settings", one)
            assert len(settings) >= 1600
            assert sum(bool(s["meaning"]) for s in settings) > 50
            view = await client.call("settings.last", one)
            assert len(view["settings"]) == len(settings)
            name = LATER
            await client.call("charger.write_setting", one | {"name": name, "value": "23"})
            await client.call("charger.settings", one)
            changed = {c["name"]: c["after"] for c in await client.call("settings.diff", one)}
            assert changed[name] == "23"
            csv = (await client.call("settings.export", one | {"format": "csv"}))["text"]
            assert len(csv.splitlines()) == len(settings) + 1
