"""The local API over real sockets: who gets in, the one stream, calls, bad frames, slow clients."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from evdesk.engine import server as server_module
from evdesk.engine.client import ApiClient
from evdesk.engine.server import CLOSE_TOO_SLOW, ApiServer
from evdesk.model import EvdeskError, Reason
from evdesk.wire.methods import SetLimit
from tests.engine.api_site import TOKEN, Desk, info, serving

GOOD = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def desk():
    return Desk()


@asynccontextmanager
async def raw_link(url, headers=GOOD):
    """A bare WebSocket past hello and snapshot."""
    async with connect(url, additional_headers=headers, proxy=None, max_size=None) as link:
        assert json.loads(await link.recv())["method"] == "hello"
        assert json.loads(await link.recv())["method"] == "snapshot"
        yield link


async def answer_to(link, frame):
    await link.send(frame)
    return json.loads(await link.recv())


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({}, 401, "token"),
        ({"Authorization": "Bearer wrong"}, 401, "token"),
        ({"Authorization": f"Basic {TOKEN}"}, 401, "token"),
        ({"Authorization": "Bearer é"}, 401, "token"),
        ({**GOOD, "Origin": "https://example.org"}, 403, "Origin"),
        ({**GOOD, "Origin": "null"}, 403, "Origin"),
        ({**GOOD, "Origin": ""}, 403, "Origin"),
        ({**GOOD, "Host": "charger.example.org"}, 403, "Host"),
        ({**GOOD, "Host": "127.0.0.1.example.org:80"}, 403, "Host"),
        ({**GOOD, "Host": "[::1"}, 403, "Host"),
        ({**GOOD, "Host": ""}, 403, "Host"),
    ],
)
async def test_handshakes_refused_with_a_sentence(desk, headers, status, says):
    async with serving(desk) as (server, url):
        reply = await plain_request(url, {"Upgrade": "websocket", **headers})
        assert reply.splitlines()[0].split()[1] == str(status)
        assert says in reply.partition("\r\n\r\n")[2]
        assert server.clients == 0


async def test_the_client_library_sees_the_refusal(desk):
    async with serving(desk) as (_, url):
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, proxy=None, origin="http://localhost", additional_headers=GOOD)
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:80", "localhost."])
async def test_local_names_get_in(desk, host):
    async with serving(desk) as (_, url):
        assert " 200 " in await plain_request(url, {**GOOD, "Host": host})


async def test_an_empty_token_opens_nothing(desk):
    async with serving(desk, token="") as (_, url):
        assert " 401 " in await plain_request(url, {"Authorization": "Bearer "})


async def test_plain_get_tells_that_the_engine_lives(desk):
    async with serving(desk) as (_, url):
        body = json.loads((await plain_request(url, GOOD)).partition("\r\n\r\n")[2])
        assert body["version"] == "0.1.0"
        assert body["pid"] > 0
        assert " 404 " in await plain_request(url.replace("/api", "/other"), GOOD)


async def plain_request(url, headers):
    host, _, rest = url.removeprefix("ws://").partition(":")
    port, _, path = rest.partition("/")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = {"Host": f"{host}:{port}", "Connection": "Upgrade" if "Upgrade" in headers else "close", **headers}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"GET /{path} HTTP/1.1\r\n{text}\r\n".encode("latin-1"))
    reply = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return reply.decode()


async def test_hello_snapshot_then_every_event_in_order(desk):
    async with serving(desk) as (server, url):
        server.publish("info", info())
        server.publish("info", info())
        async with ApiClient(url, TOKEN) as client:
            assert client.hello.version == "0.1.0"
            assert client.snapshot.seq == 2
            assert client.snapshot.info.site == "Test site"
            for number in range(3):
                server.publish("charger.gone", {"charger_id": str(number)})
            seen = []
            async for event in client.events():
                seen.append((event.seq, event.kind, event.data["charger_id"]))
                if len(seen) == 3:
                    break
            assert seen == [(3, "charger.gone", "0"), (4, "charger.gone", "1"), (5, "charger.gone", "2")]


async def test_all_clients_get_the_same_seq_and_the_data_is_encoded_once(desk, monkeypatch):
    encoded = []
    real = server_module.event_frame
    monkeypatch.setattr(server_module, "event_frame", lambda pushed: encoded.append(pushed) or real(pushed))
    async with serving(desk) as (server, url), ApiClient(url, TOKEN) as one, ApiClient(url, TOKEN) as two:
        server.publish("info", info())
        first = await anext(one.events())
        second = await anext(two.events())
        assert first == second
        assert len(encoded) == 1


async def test_desks_are_counted_and_origins_told(desk):
    async with serving(desk) as (server, url):
        async with ApiClient(url, TOKEN, via="desk", user="Åsa Öberg") as one, ApiClient(url, TOKEN) as two:
            assert (server.clients, server.desks) == (2, 1)
            await one.call("engine.info")
            await two.call("engine.info")
        async with raw_link(url, {**GOOD, "X-Evdesk-Client": "balancer", "X-Evdesk-User": "a%0Ab" + "x" * 99}) as link:
            await answer_to(link, '{"id":1,"method":"engine.info"}')
    said = [(origin.who, origin.via, origin.address) for origin, _, _ in desk.calls]
    assert said[:2] == [("Åsa Öberg", "desk", "127.0.0.1"), ("API script", "api", "127.0.0.1")]
    assert said[2] == ("ab" + "x" * 62, "api", "127.0.0.1")


async def test_params_reach_the_method_as_its_dataclass(desk):
    async with serving(desk) as (_, url), ApiClient(url, TOKEN) as client:
        params = {"charger_id": "A", "connector_id": 1, "limit_a": None}
        assert (await client.call("charger.set_limit", params))["status"] == "Accepted"
        assert desk.calls[-1][2] == SetLimit("A", 1, None)
        await client.call("history.read", {"series": "site:power_w", "from": 1, "to": 2})
        assert desk.calls[-1][2].from_at == 1


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("charger.lst", {}, "charger.list"),
        ("x" * 500, {}, "evdesk call --list"),
        ("charger.get", {}, "charger_id"),
        ("charger.set_limit", {"charger_id": "A", "connector_id": 1, "limit_a": "much"}, "limit_a"),
        ("charger.start", {"charger_id": "A", "connector": 2}, "Did you mean “connector_id”"),
        ("engine.info", {"x": 1}, "It takes: nothing"),
        ("site.put", {"site": {"circuits": [{"name": 7}]}}, "site.circuits[0].name"),
        ("charger.get", ["A"], "by name"),
        ("balance.configure", {"mode": "slow"}, "It takes: “fast”, “solar_first”, “solar_only”, “cheap”"),
        ("site.check", {"site": {"circuits": [{"name": "M", "rating_a": [9, 9, 9], "grid": "y"}]}}, "“wye”, “delta”"),
        ("failsafe.drill", {"charger_id": "A", "kind": "quiet"}, "“silence”, “cut”, “restart”"),
    ],
)
async def test_bad_calls_are_answered_by_id_and_say_what_is_right(desk, method, params, says):
    async with serving(desk) as (_, url), ApiClient(url, TOKEN) as client:
        with pytest.raises(EvdeskError) as error:
            await client.call(method, params, timeout_s=5)
        assert error.value.reason is Reason.INVALID
        assert says in error.value.sentence
        assert len(error.value.sentence) < 400
    assert desk.calls == []


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ("{not json", "not JSON"),
        ("", "not JSON"),
        ('[{"id":1,"method":"engine.info"}]', "A request is"),
        ("[" * 100_000, "not JSON"),
        ('{"id":1,"method":"charger.raw","params":' + '{"a":' * 5000 + "1" + "}" * 5000 + "}", ""),
        (b"\x00\xff", "Binary"),
        ('{"id":{},"method":"engine.info"}', "id"),
        ('{"method":"engine.info"}', "id"),
        ('{"id":1,"method":5}', "A request is"),
        (json.dumps({"id": 1, "method": "engine.info", "params": {"a": "x" * 1_000_001}}), "at most 1000000"),
    ],
)
async def test_frames_that_are_no_calls_are_answered_and_the_link_goes_on(desk, frame, says):
    async with serving(desk) as (_, url), raw_link(url) as link:
        error = (await answer_to(link, frame))["error"]
        assert error["data"]["reason"] == "invalid"
        assert says in error["message"]
        assert (await answer_to(link, '{"id":"after","method":"engine.info"}'))["id"] == "after"


@pytest.mark.parametrize(
    ("frame", "request_id", "says"),
    [
        ('{"id":7,"method":"charger.set_limit","params":{"limit_a":NaN}}', 7, "NaN is not JSON. Send null"),
        ('{"method":"engine.info","params":{"a":[-Infinity]},"id":"x"}', "x", "-Infinity is not JSON"),
        ('{"id":9,"method":5}', 9, "A request is"),
        ('{"id":true,"method":5}', None, "A request is"),
        ('{"id":9,"method":', None, "not JSON"),
    ],
)
async def test_what_cannot_be_read_is_answered_by_its_id_where_that_can(desk, frame, request_id, says):
    async with serving(desk) as (_, url), raw_link(url) as link:
        told = await answer_to(link, frame)
        assert told["id"] == request_id
        assert says in told["error"]["message"]


async def test_errors_of_methods_keep_reason_and_detail(desk):
    async with serving(desk) as (_, url), ApiClient(url, TOKEN) as client:
        with pytest.raises(EvdeskError, match="no charger “A”") as error:
            await client.call("charger.get", {"charger_id": "A"})
        assert error.value.detail == {"charger_id": "x"}


@pytest.mark.parametrize("method", ["charger.unlock", "charger.raw"])
async def test_a_broken_method_is_logged_and_answered_plainly(desk, caplog, method):
    params = {"charger_id": "A"} | ({"action": "X"} if method == "charger.raw" else {})
    async with serving(desk) as (_, url), ApiClient(url, TOKEN) as client:
        with pytest.raises(EvdeskError) as error:
            await client.call(method, params)
        assert "ZeroDivision" not in error.value.sentence
        assert method in error.value.sentence
        assert await client.call("charger.list") == []
    assert any(record.exc_info for record in caplog.records)


async def test_calls_run_side_by_side_and_are_answered_by_id(desk):
    async with serving(desk) as (_, url), ApiClient(url, TOKEN) as client:
        slow = [asyncio.create_task(client.call("charger.reset", {"charger_id": str(i)})) for i in range(3)]
        for _ in slow:
            await desk.started.acquire()
        assert await client.call("charger.list") == []
        desk.gate.set()
        assert [(await task)["status"] for task in slow] == ["0", "1", "2"]


async def test_side_by_side_is_bounded_and_too_many_are_refused(desk, monkeypatch):
    monkeypatch.setattr(server_module, "WAITING_MAX", 40)
    async with serving(desk) as (_, url), ApiClient(url, TOKEN) as client:
        calls = [asyncio.create_task(client.call("charger.reset", {"charger_id": str(i)})) for i in range(41)]
        with pytest.raises(EvdeskError, match="Wait for their answers") as error:
            await calls[40]
        assert error.value.reason is Reason.REFUSED
        assert len(desk.calls) == server_module.RUNNING_MAX
        desk.gate.set()
        await asyncio.gather(*calls[:40])
        assert len(desk.calls) == 40


async def test_a_call_ends_even_when_its_client_has_gone(desk):
    async with serving(desk) as (_, url):
        async with ApiClient(url, TOKEN) as client:
            call = asyncio.create_task(client.call("charger.reset", {"charger_id": "A"}))
            await desk.started.acquire()
        with pytest.raises(EvdeskError) as error:
            await call
        assert error.value.reason is Reason.UNREACHABLE
        desk.gate.set()
    assert desk.finished == ["A"]


async def test_closing_lets_running_calls_end(desk):
    server = ApiServer("127.0.0.1", 0, TOKEN, desk.dispatch, desk.snapshot, "0.1.0")
    host, port = await server.start()
    async with ApiClient(f"ws://{host}:{port}/api", TOKEN) as client:
        call = asyncio.create_task(client.call("charger.reset", {"charger_id": "A"}))
        await desk.started.acquire()
        closing = asyncio.create_task(server.close())
        desk.gate.set()
        assert (await call)["status"] == "A"
        await closing
        with pytest.raises(EvdeskError, match="the engine ends"):
            await client.call("engine.info")


async def test_a_client_that_does_not_read_is_parted_from_and_others_go_on(desk, monkeypatch):
    monkeypatch.setattr(server_module, "CLOSE_WITHIN_S", 0.2)
    async with serving(desk) as (server, url), ApiClient(url, TOKEN) as good:
        reader, writer = await open_without_reading(url)
        await until(lambda: server.clients == 2)
        events = good.events()
        for _ in range(3000):
            if server.clients == 1:
                break
            server.publish("notice", {"text": "x" * 20_000})
            await anext(events)
        assert server.clients == 1
        server.publish("info", info())
        assert (await anext(events)).kind == "info"
        await asyncio.wait_for(drained(reader), 5)
        writer.close()


async def open_without_reading(url):
    host, _, rest = url.removeprefix("ws://").partition(":")
    port = int(rest.partition("/")[0])
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (host, port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    token = f"Authorization: Bearer {TOKEN}\r\n"
    writer.write(f"GET /api HTTP/1.1\r\nHost: {host}\r\n{token}{upgrade}{key}\r\n".encode())
    return reader, writer


async def drained(reader):
    try:
        while await reader.read(1 << 16):
            pass
    except ConnectionError:
        pass


async def test_a_slow_reader_that_reads_on_learns_why_and_comes_back_fresh(desk):
    async with serving(desk) as (server, url):
        async with connect(url, additional_headers=GOOD, proxy=None, max_queue=1) as slow:
            await until(lambda: server.clients == 1)
            for _ in range(server_module.Outbox()._max_frames + 2):
                server.publish("info", info())
            assert server.clients == 0
            with pytest.raises(ConnectionClosed) as closed:
                await read_on(slow)
            assert closed.value.rcvd.code == CLOSE_TOO_SLOW
            assert "fresh state" in closed.value.rcvd.reason
        async with ApiClient(url, TOKEN) as back:
            assert back.snapshot.seq == server_module.Outbox()._max_frames + 2


async def read_on(link):
    while True:
        await link.recv()


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (the server tells nobody when a client has come)
            await asyncio.sleep(0.005)


async def test_the_client_notices_missed_events(desk):
    async with serving(desk) as (server, url), ApiClient(url, TOKEN) as client:
        server._seq += 1
        server.publish("info", info())
        with pytest.raises(EvdeskError, match="missed"):
            await anext(client.events())


async def test_a_taken_port_is_said_in_words(desk):
    async with serving(desk) as (_, url):
        port = int(url.rpartition(":")[2].partition("/")[0])
        second = ApiServer("127.0.0.1", port, TOKEN, desk.dispatch, desk.snapshot, "0.1.0")
        with pytest.raises(EvdeskError, match="Another program listens"):
            await second.start()


async def test_connecting_fails_in_words(desk):
    async with serving(desk) as (_, url):
        with pytest.raises(EvdeskError, match="token") as error:
            await ApiClient(url, "wrong").connect()
        assert error.value.reason is Reason.AUTH
    with pytest.raises(EvdeskError, match="Is it running") as error:
        await ApiClient(url, TOKEN).connect()
    assert error.value.reason is Reason.UNREACHABLE
    with pytest.raises(EvdeskError, match="ws://127"):
        await ApiClient("http//x", TOKEN).connect()


async def test_an_engine_of_another_api_version_is_refused_in_words(desk, monkeypatch):
    monkeypatch.setattr(server_module, "API_VERSION", 99)
    async with serving(desk) as (_, url):
        with pytest.raises(EvdeskError, match="version 99"):
            await ApiClient(url, TOKEN).connect()
