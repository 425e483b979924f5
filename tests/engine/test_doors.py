"""Ports for chargers that cannot be opened: kept, told, tried again."""

import socket

import pytest

from evdesk.model import EvdeskError
from tests.engine.harness import engine, until

HERE = "127.0.0.1"


async def ports(client):
    return await client.call("security.ports")


def wanted(told):
    return [{"host": one["host"], "port": one["port"], "tls": one["tls"]} for one in told if not one["fixed"]]


async def test_a_port_another_program_holds_is_kept_told_and_opened_later(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            told = await client.call("security.put_ports", {"ports": [{"host": HERE, "port": 0, "tls": True}]})
            number = told[1]["port"]
    with socket.create_server((HERE, number)), engine(tmp_path) as running:
        async with running.client() as client:
            told = await ports(client)
            assert [(one["port"], one["open"]) for one in told[1:]] == [(number, False)]
            assert f"{number}" in told[1]["reason"]
            assert "in use" in told[1]["reason"]
            assert (await client.call("engine.info"))["ocpp_urls"] == [running.ocpp]
            (check,) = [c for c in await client.call("network.check") if c["what"] == "listening"]
            assert (check["code"], check["detail"]["port"]) == ("not_open", str(number))
            # One more is opened as a desk does it: all there are, and the new one.
            one_more = {"host": HERE, "port": 0, "tls": False}
            told = await client.call("security.put_ports", {"ports": [*wanted(told), one_more]})
            assert sorted((one["open"], one["tls"]) for one in told[1:]) == [(False, True), (True, False)]
            bad = {"host": "192.0.2.9", "port": number, "tls": False}
            with pytest.raises(EvdeskError, match="not an address"):
                await client.call("security.put_ports", {"ports": [*wanted(told), bad]})
    with engine(tmp_path) as running:
        async with running.client() as client:
            assert all(one["open"] for one in await ports(client))
            assert number in {one["port"] for one in await ports(client)}


async def test_a_port_is_opened_once_it_is_free_and_dropped_when_left_out(tmp_path):
    with engine(tmp_path) as running:
        async with running.client() as client:
            told = await client.call("security.put_ports", {"ports": [{"host": HERE, "port": 0, "tls": True}]})
    held = socket.create_server((HERE, told[1]["port"]))
    with held, engine(tmp_path, "--speed", "60") as running:
        async with running.client() as client:
            assert [one["open"] for one in await ports(client)] == [True, False]
            held.close()
            await until(lambda: all_open(client))
            await client.call("security.put_ports", {"ports": []})
    with socket.create_server((HERE, told[1]["port"])), engine(tmp_path) as running:
        async with running.client() as client:
            assert len(await ports(client)) == 1


async def all_open(client):
    told = await ports(client)
    return len(told) == 2 and all(one["open"] for one in told)
