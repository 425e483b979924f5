"""In and out of service, reservations and the tag cache: a real engine and simulated stations of each version."""

import pytest

from evdesk.model import EvdeskError
from evdesk.simulator.makers import MAKERS
from tests.engine.harness import engine
from tests.engine.test_engine_2x import connector, ready, station


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1", "2.1"])
async def test_out_of_service_and_back(tmp_path, protocol):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, protocol):
            await ready(api)
            where = {"charger_id": "S2", "connector_id": 1}
            done = await api.call("charger.availability", where | {"operative": False})
            assert done["status"] == "Accepted"
            await connector(api, status="Unavailable")
            await api.call("charger.availability", where | {"operative": True})
            await connector(api, status="Available")
            await api.call("charger.clear_cache", {"charger_id": "S2"})


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_reservation_and_its_end(tmp_path, protocol):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, protocol):
            await ready(api)
            kept = {"charger_id": "S2", "connector_id": 1, "id_tag": "VIP", "minutes": 5}
            done = await api.call("charger.reserve", kept)
            await connector(api, status="Reserved")
            number = int(done["after"])
            await api.call("charger.cancel_reservation", {"charger_id": "S2", "reservation_id": number})
            await connector(api, status="Available")
            with pytest.raises(EvdeskError):
                await api.call("charger.cancel_reservation", {"charger_id": "S2", "reservation_id": number})


BAD = [
    ("charger.reserve", {"id_tag": "A", "minutes": 0}, "1 to 1440"),
    ("charger.reserve", {"id_tag": " ", "minutes": 5}, "id tag"),
    ("charger.reserve", {"id_tag": "A", "connector_id": 9}, "no connector 9"),
    ("charger.availability", {"operative": True, "connector_id": 9}, "no connector 9"),
    ("charger.data_transfer", {"vendor_id": ""}, "vendor id"),
    ("charger.data_transfer", {"vendor_id": "nobody"}, "does not know this vendor"),
]


async def test_bad_input_is_said_in_words(tmp_path):
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as api, station(running.ocpp, "1.6"):
            await ready(api)
            for method, params, words in BAD:
                with pytest.raises(EvdeskError, match=words):
                    await api.call(method, {"charger_id": "S2"} | params)
            mine = {"charger_id": "S2", "vendor_id": MAKERS[0].vendor}
            assert MAKERS[0].model in (await api.call("charger.data_transfer", mine))["after"]
