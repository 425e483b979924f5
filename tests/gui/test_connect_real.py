"""The connect page on a real engine, with real sockets that misbehave as chargers and visitors do."""

import asyncio
import socket
import ssl
from urllib.parse import urlsplit

import pytest

from evdesk.gui import launch
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.connect import ConnectPage
from evdesk.gui.theme import current
from tests.forked import Forked

UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)


@pytest.fixture
def engine(tmp_path):
    data = tmp_path / "data"
    command = ["engine", "--data", str(data), "--ocpp", "127.0.0.1:0"]
    process = Forked(command, err=False)
    assert process.stdout.readline().startswith("ready ")
    yield data
    process.kill()
    process.communicate()


@pytest.fixture
def page(engine, qloop, qtbot):
    client = Client(launch.LocalEngine(engine, may_start=False).locate, "Kim")
    mirror = Mirror(client)
    client.start()
    qtbot.waitUntil(lambda: mirror.connected, timeout=10_000)
    one = ConnectPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1100, 740)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: len(one.steps.ready.rows()) > 3, timeout=15_000)
    yield one
    one.on_hidden()
    closing = asyncio.ensure_future(client.close())
    qtbot.waitUntil(closing.done, timeout=5000)


def port_of(page):
    return urlsplit(page.mirror.info.ocpp_url).port


def send(page, text: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port_of(page)), timeout=5) as link:
        link.sendall(text)
        return link.recv(4000)


def upgrade(page, path, *more):
    return send(page, UPGRADE.format(path=path, more="".join(f"{line}\r\n" for line in more)).encode())


def words(page):
    """Verdict word -> row, as a person sees them."""
    return {row.said.look.word: row for row in page.tried.rows()}


def test_the_page_shows_what_the_engine_checked(page):
    rows = {row.look.word: row for row in page.steps.ready.rows()}
    assert "this computer only" in rows["Listening"].found
    assert page.steps.address.url == f"ws://127.0.0.1:{port_of(page)}/"
    assert page.tried.rows() == []  # the engine's own look at its port is not told


def test_misbehaving_visitors_get_their_verdict_and_a_way_out(page, qtbot):
    assert b"426" in send(page, b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0\r\n\r\n")
    qtbot.waitUntil(lambda: "Not a charger." in words(page), timeout=10_000)

    upgrade(page, "/")  # without OCPP in it: one that speaks OCPP may still tell its name
    qtbot.waitUntil(lambda: "No name." in words(page), timeout=10_000)
    row = words(page)["No name."]
    assert page.steps.address.url in row.said.do_this

    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", port_of(page)), timeout=5) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(plain, server_hostname="localhost")
    qtbot.waitUntil(lambda: "Wants TLS." in words(page), timeout=10_000)
    assert "“wss” to “ws”" in words(page)["Wants TLS."].said.do_this

    send(page, b"\x16\x00\x00hello, modbus?\r\n\r\n")
    qtbot.waitUntil(lambda: "Not OCPP." in words(page), timeout=10_000)

    with socket.create_connection(("127.0.0.1", port_of(page)), timeout=5):
        pass
    qtbot.waitUntil(lambda: "Said nothing." in words(page), timeout=10_000)


def test_other_protocols_are_named_and_repeats_are_counted(page, qtbot):
    for _ in range(3):
        upgrade(page, "/OLD-1", "Sec-WebSocket-Protocol: ocpp2.9")
    qtbot.waitUntil(lambda: any("3 times" in row.when.text() for row in page.tried.rows()), timeout=10_000)
    (row,) = page.tried.rows()
    assert row.name.text() == "OLD-1"
    assert row.said.problem or row.said.look.word == "Was here."


def test_a_charger_that_is_fine_but_odd_is_connected_and_told(page, qtbot):
    with socket.create_connection(("127.0.0.1", port_of(page)), timeout=5) as link:
        text = UPGRADE.format(path="//BAY-3/", more="")
        link.sendall(text.encode())
        assert b"101" in link.recv(4000)
        boot = b'[2,"1","BootNotification",{"chargePointVendor":"Maker","chargePointModel":"M1"}]'
        mask = b"\1\2\3\4"
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(boot))
        link.sendall(bytes([0x81, 0x80 | len(boot)]) + mask + masked)
        qtbot.waitUntil(lambda: "Connected." in words(page), timeout=10_000)
        row = words(page)["Connected."]
        assert row.name.text() == "BAY-3"
        assert "double slash" in row.said.did
        assert "offers no sub-protocol" in row.said.did
        qtbot.waitUntil(row.button.isVisible, timeout=10_000)
        assert row.button.text() == "Accept"
        assert row.said.did.startswith("Maker M1")
