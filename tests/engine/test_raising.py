"""Raising a profile while engines are killed, people click twice, and ports and policies are changed meanwhile."""

import asyncio
from urllib.parse import urlsplit

import pytest
import websockets
from websockets.exceptions import InvalidStatus

from evdesk.model import EvdeskError
from tests.engine.harness import engine, until
from tests.engine.test_security import Charger, Charger2, accepted, basic, ended

ID, PASSWORD = {"charger_id": "A1"}, "a-password-of-mine"
LOGIN = {"additional_headers": basic("A1", PASSWORD.encode())}


def place(running):
    return urlsplit(running.ocpp).netloc


async def ready(client):
    await until(lambda: accepted(client, "A1"))
    await client.call("security.write_password", ID | {"value": PASSWORD})


async def state_of(client):
    return await client.call("security.raise_state", ID)


async def test_a_killed_engine_goes_on_waiting_and_the_old_way_in_stays(tmp_path):
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown") as running:
        ocpp = place(running)
        async with running.client() as client, charger.on(running.ocpp):
            await ready(client)
            told = await client.call("security.raise_profile", ID | {"profile": 1})
            assert (told["state"], told["fallback"]) == ("waiting", running.ocpp)
            running.kill()
    with engine(tmp_path, "--accept-unknown", ocpp=ocpp) as running:
        async with running.client() as client:
            told = await state_of(client)
            assert (told["state"], told["profile"], told["before"]) == ("waiting", 1, 0)
            assert "started anew" in told["sentence"]
            assert running.ocpp in told["sentence"]
            async with charger.on(running.ocpp):  # as before
                assert (await state_of(client))["state"] == "waiting"
                with pytest.raises(EvdeskError, match="being raised already"):
                    await client.call("security.raise_profile", ID | {"profile": 1})
            async with charger.on(running.ocpp, **LOGIN):
                assert (await until(lambda: ended(client, "A1")))["state"] == "done"
            with pytest.raises(InvalidStatus, match="401"):
                await websockets.connect(f"{running.ocpp}A1", subprotocols=["ocpp1.6"])
            rows = [r for r in await client.call("audit.list", {"limit": 50}) if r["what"] == "security.put"]
            assert {r["kind"] for r in rows} == {"asked", "answered"}
    with engine(tmp_path, ocpp=ocpp) as running:
        async with running.client() as client:
            assert (await state_of(client))["state"] == "done"


class Silent(Charger):
    """It never says whether it took the profile."""

    def __init__(self, ident):
        super().__init__(ident)
        self.heard = asyncio.Event()

    def answer(self, action, payload):
        if payload.get("key") == "SecurityProfile":
            self.heard.set()
            raise TimeoutError
        return super().answer(action, payload)


async def test_an_engine_killed_while_it_tells_says_so_and_gives_up_in_words(tmp_path):
    charger = Silent("A1")
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client, charger.on(running.ocpp):
            await ready(client)
            call = asyncio.create_task(client.call("security.raise_profile", ID | {"profile": 1}))
            await asyncio.wait_for(charger.heard.wait(), 10)
            assert (await state_of(client))["state"] == "writing"
            running.kill()
            await asyncio.gather(call, return_exceptions=True)
    with engine(tmp_path, "--accept-unknown", "--speed", "200") as running:
        async with running.client() as client:
            told = await until(lambda: ended(client, "A1"))
            assert told["state"] == "failed"
            assert f"port {urlsplit(told['fallback']).port} is not open now" in told["advice"]
            async with charger.on(running.ocpp), charger.on(running.ocpp, **LOGIN):
                assert "after all" in (await state_of(client))["sentence"]
            await client.call("charger.forget", ID)
            assert (await state_of(client))["state"] == "none"
    with engine(tmp_path) as running:
        async with running.client() as client:
            assert (await state_of(client))["state"] == "none"


async def test_two_people_at_once_raise_it_once(tmp_path):
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        async with running.client() as one, running.client() as other, charger.on(running.ocpp):
            await ready(one)
            await one.call("security.install_root", ID)
            asked = [c.call("security.raise_profile", ID | {"profile": 2}) for c in (one, other)]
            told = await asyncio.gather(*asked, return_exceptions=True)
            assert sorted(isinstance(each, EvdeskError) for each in told) == [False, True]
            assert (await state_of(one))["state"] == "waiting"
            assert [p for a, p in charger.asked if p.get("key") == "SecurityProfile"] == [
                {"key": "SecurityProfile", "value": "2"}
            ]


async def test_nobody_shuts_the_old_way_in_meanwhile(tmp_path):
    charger = Charger("A1")
    with engine(tmp_path, "--accept-unknown") as running:
        async with running.client() as client:
            wanted = [{"host": "127.0.0.1", "port": 0, "tls": False}, {"host": "127.0.0.1", "port": 0, "tls": True}]
            told = await client.call("security.put_ports", {"ports": wanted})
            plain = next(one for one in told if not one["fixed"] and not one["tls"])
            async with charger.on(plain["url"]):
                await ready(client)
                await client.call("security.install_root", ID)
                await client.call("security.raise_profile", ID | {"profile": 2})
                for left in ([], wanted[1:], [{k: plain[k] for k in ("host", "port", "tls")}]):
                    with pytest.raises(EvdeskError, match="stays open: A1"):
                        await client.call("security.put_ports", {"ports": left})
                for method, params in (
                    ("security.put", ID | {"min_profile": 2}),
                    ("security.put", {"charger_id": "", "min_profile": 1}),
                    ("security.set_password", ID),
                    ("security.set_password", ID | {"clear": True}),
                ):
                    with pytest.raises(EvdeskError, match="old way in stays"):
                        await client.call(method, params)
                await client.call("security.put", {"charger_id": "B2", "min_profile": 1})
            async with charger.on(plain["url"]):
                assert (await state_of(client))["state"] == "waiting"


class Stubborn(Charger2):
    def answer(self, action, payload):
        return {"status": "Rejected"} if action == "Reset" else super().answer(action, payload)


async def test_a_2_0_1_charger_that_will_not_restart_is_waited_for_and_that_is_said(tmp_path):
    charger = Stubborn("A1")
    with engine(tmp_path, "--accept-unknown", "--ocpp-tls", "127.0.0.1:0") as running:
        async with running.client() as client, charger.on(running.ocpp):
            await ready(client)
            await client.call("security.install_root", ID)
            told = await client.call("security.raise_profile", ID | {"profile": 2})
            assert told["state"] == "waiting"
            assert "restart it by hand" in told["advice"]
