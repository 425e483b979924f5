"""The connect page with TLS and passwords on a real engine: refused chargers, the deed that helps, and getting in."""

import asyncio
import base64
import socket
import ssl

import pytest

from evdesk.gui import launch
from evdesk.gui.client import Client
from evdesk.gui.dialogs.security import SecuritySheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.connect import ConnectPage
from evdesk.gui.theme import current
from evdesk.wire.method import Nothing
from evdesk.wire.security import PortSpec, PutPorts, SetPassword
from tests.forked import Forked
from tests.gui.test_connect_real import UPGRADE, port_of, words

NAME = "SEC-1"


@pytest.fixture
def page(tmp_path, qloop, qtbot, monkeypatch):
    data = tmp_path / "data"
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    command = ["engine", "--data", str(data), "--ocpp", "127.0.0.1:0"]
    process = Forked(command, err=False)
    assert process.stdout.readline().startswith("ready ")
    client = Client(launch.LocalEngine(data, may_start=False).locate, "Kim")
    mirror = Mirror(client)
    client.start()
    qtbot.waitUntil(lambda: mirror.connected, timeout=10_000)
    one = ConnectPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1100, 740)
    one.show()
    one.on_shown()
    yield one
    one.on_hidden()
    closing = asyncio.ensure_future(client.close())
    qtbot.waitUntil(closing.done, timeout=5000)
    process.kill()
    process.communicate()


def call(page, qtbot, method, params):
    """The engine's answer, with Qt's loop running meanwhile."""
    asked = asyncio.ensure_future(page.client.call(method, params))
    qtbot.waitUntil(asked.done, timeout=15_000)
    return asked.result()


def open_tls(page, qtbot):
    """The port of TLS, opened as the desk does it."""
    ports = call(page, qtbot, "security.put_ports", PutPorts([PortSpec("127.0.0.1", 0, True)]))
    return next(int(one.url.rstrip("/").rpartition(":")[2]) for one in ports if one.tls)


def wait_for(page, qtbot, word):
    qtbot.waitUntil(lambda: word in words(page), timeout=10_000)
    return words(page)[word]


def basic(password):
    return "Authorization: Basic " + base64.b64encode(f"{NAME}:{password}".encode()).decode()


def dial(page, *more, context=None, port=None):
    """One opening of the charger port; what it was answered."""
    with socket.create_connection(("127.0.0.1", port or port_of(page)), timeout=5) as link:
        if context is not None:
            link = context.wrap_socket(link, server_hostname="127.0.0.1")
        link.sendall(UPGRADE.format(path=f"/{NAME}", more="".join(f"{line}\r\n" for line in more)).encode())
        answer = link.recv(2000)
        if context is not None:
            link.close()
        return answer


def test_a_charger_that_does_not_know_the_root_is_told_apart_and_gets_in_with_it(page, qtbot):
    port = open_tls(page, qtbot)
    with pytest.raises(ssl.SSLError):
        dial(page, context=ssl.create_default_context(), port=port)
    row = wait_for(page, qtbot, "Does not trust evdesk.")
    assert row.button.text() == "Root certificate"
    row.fold.setChecked(True)
    told = dict(row.said.details)
    assert "TLS 1.3" in told["TLS offered"].replace("TLSv", "TLS ")
    assert told["Alert"] == "unknown ca"
    root = call(page, qtbot, "security.ca", Nothing())
    context = ssl.create_default_context(cadata=root.pem)
    assert b"101" in dial(page, "Sec-WebSocket-Protocol: ocpp1.6", context=context, port=port)
    qtbot.waitUntil(lambda: "Does not trust evdesk." not in words(page), timeout=10_000)


def test_plain_on_the_tls_port_is_named(page, qtbot):
    port = open_tls(page, qtbot)
    dial(page, port=port)
    row = wait_for(page, qtbot, "Without TLS.")
    assert "“ws” to “wss”" in row.said.do_this


def test_the_address_card_offers_both_once_tls_is_on(page, qtbot):
    port = open_tls(page, qtbot)
    page.source.look()
    qtbot.waitUntil(lambda: page.steps.address.typed.secure != "", timeout=10_000)
    assert page.steps.address.typed.secure == f"wss://127.0.0.1:{port}/"
    assert page.steps.address.scheme.isVisible()


def test_passwords_missing_wrong_and_right(page, qtbot):
    call(page, qtbot, "security.set_password", SetPassword(NAME, "0123456789abcdef"))
    dial(page, "Sec-WebSocket-Protocol: ocpp1.6")
    row = wait_for(page, qtbot, "No password.")
    assert row.button.text() == "Set password"
    dial(page, "Sec-WebSocket-Protocol: ocpp1.6", basic("not the right one"))
    row = wait_for(page, qtbot, "Wrong password.")
    assert dict(row.said.details)["Log-in"] == "a wrong password"
    assert "not the right one" not in row.words() + row.said.request
    assert basic("not the right one").rpartition(" ")[2] not in row.said.request
    assert b"101" in dial(page, "Sec-WebSocket-Protocol: ocpp1.6", basic("0123456789abcdef"))
    qtbot.waitUntil(lambda: "Wrong password." not in words(page), timeout=10_000)


def test_the_security_sheet_reads_a_real_engine(page, qtbot):
    call(page, qtbot, "security.set_password", SetPassword(NAME, "0123456789abcdef"))
    sheet = SecuritySheet(NAME, page.mirror, page.client, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.state is not None, timeout=10_000)
    assert "not seen" in sheet.password.text()
    sheet.own.setChecked(True)
    sheet.least.setCurrentIndex(2)
    sheet.save.click()
    qtbot.waitUntil(lambda: sheet.state.min_profile == 2, timeout=10_000)
    dial(page, "Sec-WebSocket-Protocol: ocpp1.6", basic("0123456789abcdef"))
    wait_for(page, qtbot, "Not secure enough.")
