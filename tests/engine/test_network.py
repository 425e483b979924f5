"""The network methods of a real engine on this machine's loopback: interfaces, checks, announcing and finding."""

import asyncio
import os
import socket
from contextlib import asynccontextmanager

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from evdesk.engine.network import Network, mdns, ports, shell
from evdesk.engine.network.cards import Card
from evdesk.engine.network.service import _for_address
from evdesk.model import Clock, EvdeskError
from tests.engine.harness import engine, until

PORT = 10_000 + 2 * (os.getpid() % 20_000)
"""Nobody listens there. Two programs that announce the same port of the same host get other names."""


@asynccontextmanager
async def network(folder, *urls):
    one = Network(folder, Clock(), lambda: urls)
    try:
        yield one
    finally:
        await one.close()


async def test_a_real_engine_tells_its_interfaces_and_checks_itself(tmp_path):
    with engine(tmp_path / "data") as running:
        async with running.client() as client:
            port = running.ready["ocpp_port"]
            state = await client.call("network.interfaces", {})
            loop = next(i for i in state["interfaces"] if i["address"] == "127.0.0.1")
            assert (loop["kind"], loop["urls"]) == ("loopback", [f"ws://127.0.0.1:{port}/"])
            assert "loopback" in loop["warnings"]
            others = [i for i in state["interfaces"] if i["kind"] != "loopback"]
            assert all("not_listening" in i["warnings"] and not i["urls"] for i in others)
            assert state["announced"] == ""

            checks = {c["what"]: c for c in await client.call("network.check", {})}
            assert list(checks) == ["listening", "firewall", "address", "clock", "name"]
            assert checks["listening"]["code"] == "loopback_only"
            assert all(c["state"] in ("ok", "info", "warn", "bad", "unknown") for c in checks.values())
            assert all(c["command"] or c["state"] != "unknown" for c in checks.values())
            assert await client.call("attempt.list", {}) == []  # our own look at the port is no visitor

            with pytest.raises(EvdeskError, match="0 to 10"):
                await client.call("network.found", {"search_s": 99})


async def test_a_visitor_from_outside_is_still_told(tmp_path):
    with engine(tmp_path / "data") as running:
        async with running.client() as client:
            await client.call("network.check", {})
            _, writer = await asyncio.open_connection("127.0.0.1", running.ready["ocpp_port"])
            writer.close()
            (seen,) = await until(lambda: client.call("attempt.list", {}))
            assert seen["verdict"] == "empty"


async def test_a_choice_to_announce_lasts_and_is_written_down(tmp_path):
    data = tmp_path / "data"
    with engine(data) as running:
        async with running.client() as client:
            done = await client.call("network.configure", {"announce": True})
            assert done["status"] == "announced"
            state = await client.call("network.interfaces", {})
            assert state["announced"].startswith("evdesk-")
            assert state["named_urls"] == [f"ws://{state['announced']}:{running.ready['ocpp_port']}/"]
            rows = await client.call("audit.list", {})
            assert any(r["what"] == "network.configure" for r in rows)
            found = await client.call("network.found", {"search_s": 2.0})
            assert not [one for one in found if "evdesk" in one["name"]], "not ourselves"
    with engine(data) as running:
        async with running.client() as client:

            async def announced():
                return (await client.call("network.interfaces", {}))["announced"]

            assert await until(announced)
            await client.call("network.configure", {"announce": False})
            assert await announced() == ""


async def test_the_announcement_is_heard_by_another_program(tmp_path):
    async with network(tmp_path, f"ws://127.0.0.1:{PORT}/", f"wss://127.0.0.1:{PORT + 1}/") as one:
        await one.configure(True)
        told = await one.state()
        listener = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        try:
            label = told.announced.removesuffix(".local")
            for kind, port in ((mdns.PLAIN, PORT), (mdns.SECURE, PORT + 1)):
                info = AsyncServiceInfo(kind, f"{label} {port}.{kind}")
                assert await info.async_request(listener.zeroconf, 3000)
                assert (info.port, info.server) == (port, f"{told.announced}.")
                assert info.parsed_addresses(IPVersion.V4Only) == ["127.0.0.1"]
        finally:
            await listener.async_close()


async def test_an_announcement_follows_the_ports(tmp_path):
    urls = [f"ws://127.0.0.1:{PORT}/"]
    one = Network(tmp_path, Clock(), lambda: tuple(urls))
    try:
        await one.configure(True)
        before = one._announcer.announced
        await one.follow()
        assert one._announcer.announced is before  # nothing changed
        urls.append(f"wss://127.0.0.1:{PORT + 1}/")
        await one.follow()
        assert [url.rpartition(":")[2] for url in (await one.state()).named_urls] == [f"{PORT}/", f"{PORT + 1}/"]
    finally:
        await one.close()


async def test_following_while_a_choice_is_carried_out_takes_no_name_back(tmp_path):
    async with network(tmp_path, f"ws://127.0.0.1:{PORT}/") as one:
        following: list[asyncio.Task[None]] = []
        start = one._announcer.start

        async def counted(*args):
            following.append(asyncio.create_task(one.follow()))
            await asyncio.sleep(0)  # as the engine's beat may: in the middle of the announcing
            return await start(*args)

        one._announcer.start = counted
        await one.configure(True)
        told = one._announcer.announced
        await asyncio.gather(*following)
        assert len(following) == 1
        assert told is not None
        assert one._announcer.announced is told


async def test_a_charger_that_announces_itself_is_found_with_its_maker(tmp_path):
    kind = "_openevse._tcp.local."
    charger = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    info = AsyncServiceInfo(
        kind,
        f"openevse-a7d4.{kind}",
        port=80,
        addresses=[socket.inet_aton("127.0.0.77")],
        server="openevse-a7d4.local.",
        properties={"type": "openevse_esp", "version": "4.1"},
    )
    await (await charger.async_register_service(info))
    try:
        async with network(tmp_path, f"ws://127.0.0.1:{PORT}/") as one:

            async def heard():
                return [d for d in await one.found(1.0, {"127.0.0.77": "EVSE-1"}) if d.source == "mdns"]

            (device,) = await until(heard)
            assert (device.address, device.maker, device.certain) == ("127.0.0.77", "OpenEVSE", True)
            assert (device.name, device.model, device.charger_id) == ("openevse-a7d4", "openevse_esp", "EVSE-1")
            assert await one.found(0.0, {}) != []  # remembered
    finally:
        await charger.async_close()


async def test_a_port_that_does_not_answer_is_said(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with network(tmp_path, f"ws://127.0.0.1:{port}/") as one:
            listening = (await one.check(""))[0]
            assert (listening.state, listening.code) == ("bad", "not_answering")
            assert listening.detail["port"] == str(port)


async def test_the_real_holder_of_a_port_is_found():
    if shell.find("ss") is None:
        pytest.skip("this system has no ss")
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        seen: list[str] = []
        assert await ports.answers("127.0.0.1", port, seen.append)
        assert seen[0].startswith("127.0.0.1:")
        program, pid = await ports.holder(port, windows=False)
        assert (bool(program), bool(pid)) == (True, True)


async def test_programs_are_missing_late_or_wrong_without_an_error():
    assert (await shell.ask("no-such-program-here")).missing
    late = await shell.ask("sleep", "30", limit_s=0.1)
    assert (late.late, late.ok) == (True, False)
    wrong = await shell.ask("ls", "/no/such/folder")
    assert (wrong.ok, wrong.missing, bool(wrong.error)) == (False, False, True)


def test_urls_for_an_address():
    card = Card("eth0", "10.0.0.4", 24, 4)
    six = Card("eth0", "fd00::2", 64, 6)
    assert _for_address("ws://0.0.0.0:9000/", card) == "ws://10.0.0.4:9000/"
    assert _for_address("wss://0.0.0.0:9443/", card) == "wss://10.0.0.4:9443/"
    assert _for_address("ws://10.0.0.4:9000/", card) == "ws://10.0.0.4:9000/"
    assert _for_address("ws://127.0.0.1:9000/", card) == ""
    assert _for_address("ws://0.0.0.0:9000/", six) == ""
    assert _for_address("ws://[::]:9000/", six) == "ws://[fd00::2]:9000/"
