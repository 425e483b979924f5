"""The connect page: addresses, QR, who tried, and accepting."""

from dataclasses import replace

import pytest
import segno
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from evdesk.gui.client import LinkState
from evdesk.gui.pages.connect import ConnectPage
from evdesk.gui.pages.connect_parts import QrCode
from evdesk.gui.pages.connect_ready import checks
from evdesk.gui.pages.connect_words import Interface, attempt_words, networks, only_here, who_tried
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from evdesk.model import Attempt
from tests.gui import sample

WIRED = Interface("eth0", False, "192.168.50.10")
WIFI = Interface("wlan0", True, "10.20.4.118")


def listening(*urls):
    return replace(sample.info(), ocpp_url=urls[0], ocpp_urls=urls)


def test_a_wildcard_listener_answers_on_every_interface():
    found = networks(listening("ws://0.0.0.0:9000/"), [WIRED, WIFI], local=True)
    assert [(n.url, n.icon) for n in found] == [
        ("ws://192.168.50.10:9000/", "ethernet"),
        ("ws://10.20.4.118:9000/", "wifi"),
    ]
    assert "Wi-Fi" in found[1].note


def test_a_remote_desk_never_offers_its_own_addresses():
    assert networks(listening("ws://0.0.0.0:9000/"), [WIRED], local=False) == []
    (found,) = networks(listening("ws://10.9.9.9:9000/"), [WIRED], local=False)
    assert found.url == "ws://10.9.9.9:9000/"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_is_no_address_for_a_charger(host):
    info = listening(f"ws://{host}:9000/")
    assert networks(info, [WIRED], local=True) == []
    assert only_here(info)


def test_the_same_visitor_is_one_line_with_its_newest_verdict():
    at = sample.NOW
    tries = [
        Attempt(at - 30, "10.0.0.5:4001", "A", "bad_path"),
        Attempt(at - 20, "10.0.0.5:4002", "A", "no_id"),
        Attempt(at - 10, "10.0.0.5:4003", "A", "no_id"),
        Attempt(at - 5, "[fe80::6]:4004", "", "empty"),
    ]
    found = who_tried(tries)
    assert [(t.address, t.last.verdict, t.times) for t in found] == [
        ("fe80::6", "empty", 1),
        ("10.0.0.5", "no_id", 2),
    ]
    assert found[1].last.at == at - 10


@pytest.mark.parametrize(
    "verdict",
    [
        "accepted",
        "pending",
        "no_id",
        "bad_path",
        "bad_subprotocol",
        "tls_on_plain_port",
        "not_http",
        "duplicate_id",
        "empty",
        "too_slow",
        "too_many",
    ],
)
def test_every_verdict_has_words_without_holes(mirror, verdict):
    said = attempt_words(mirror, Attempt(1.0, "10.0.0.5", "X", verdict, "/", ("ocpp2.0.1",)), "ws://h:9000/")
    assert said.look.word.endswith(".")
    assert said.did
    assert "{" not in said.did + said.do_this
    assert "//bay1" not in said.do_this.replace("ws://", "")


def test_an_unknown_verdict_shows_what_the_engine_says(mirror):
    said = attempt_words(mirror, Attempt(1.0, "10.0.0.5", "X", "new_kind", sentence="Told so."), "ws://h/")
    assert said.did == "Told so."


def test_who_asks_may_be_accepted_and_who_has_joined_may_not(mirror):
    assert attempt_words(mirror, sample.attempts()[-1], "ws://h/").accept == "KS-20881"
    joined = attempt_words(mirror, Attempt(1.0, "a", "WB-01", "accepted"), "ws://h/")
    assert joined.accept == ""
    assert "Bay 1" in joined.did


@pytest.fixture
def page(qapp, mirror, client, qtbot, monkeypatch):
    monkeypatch.setattr("evdesk.gui.pages.connect.interfaces", lambda: [WIRED, WIFI])
    current().apply(qapp, "light")
    one = ConnectPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1100, 740)
    one.show()
    one.on_shown()
    return one


def test_shows_the_address_copies_it_and_changes_with_the_network(page, qtbot):
    assert page.steps.address.text() == "ws://192.168.50.10:9700/ocpp"
    qtbot.mouseClick(page.steps.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "ws://192.168.50.10:9700/ocpp"
    qtbot.mouseClick(page.steps._rows[1], Qt.MouseButton.LeftButton)
    assert page.steps.address.text() == "ws://10.20.4.118:9700/ocpp"
    page._refresh()
    assert page.steps.url == "ws://10.20.4.118:9700/ocpp"  # the choice stays


def test_an_engine_on_loopback_only_says_so(page, mirror):
    mirror.apply("info", listening("ws://127.0.0.1:9000/"))
    mirror.flush()
    assert "--ocpp 0.0.0.0:9000" in page.steps._nothing.text()
    assert page.steps.url == "ws://127.0.0.1:9000/"


def test_accept_is_asked_of_the_shell_and_rows_stay_while_nothing_changes(page, mirror, qtbot):
    rows = page.tried.rows()
    assert [row.tried.last.charger_id for row in rows][:2] == ["KS-20881", "WB-77"]
    with qtbot.waitSignal(page.navigate) as asked:
        qtbot.mouseClick(rows[0].button, Qt.MouseButton.LeftButton)
    assert asked.args == ["accept", "KS-20881"]
    mirror.flush()
    assert page.tried.rows() == rows
    mirror.apply("attempt", Attempt(mirror.now(), "10.0.0.9", "NEW", "pending"))
    mirror.flush()
    assert page.tried.rows()[0].tried.last.charger_id == "NEW"
    assert page.tried.rows()[0].when.text() == "just now"


@pytest.mark.parametrize("look", ["light", "dark"])
def test_qr_is_black_on_white_in_every_theme_and_right(qapp, qtbot, look):
    current().apply(qapp, look)
    code = QrCode()
    qtbot.addWidget(code)
    code.set_text("ws://192.168.50.10:9700/ocpp")
    picture = code.grab().toImage()
    matrix = segno.make("ws://192.168.50.10:9700/ocpp", error="m", micro=False).matrix
    step = picture.width() / (len(matrix) + 8)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            seen = picture.pixelColor(int((x + 4.5) * step), int((y + 4.5) * step))
            assert seen.lightness() == (0 if dark else 255)
    assert picture.pixelColor(picture.width() // 2, 3).lightness() == 255


def test_ready_says_what_helps_and_what_hinders(mirror, client):
    url = "ws://192.168.50.10:9700/ocpp"
    found = {c.look.word: c for c in checks(mirror, url, None)}
    assert list(found) == ["Listening", "Main fuse", "New chargers"]
    assert found["Main fuse"].found == "63 A per phase"
    assert {c.look.role for c in found.values()} == {"ok"}
    mirror.apply("site", replace(mirror.site, assumed=True))
    mirror.apply("info", replace(mirror.info, accept_unknown=True))
    found = {c.look.word: c for c in checks(mirror, url, 7200.0)}
    assert found["Main fuse"].verb == "site_setup"
    assert found["New chargers"].look.role == "warn"
    assert "2 h" in found["Address"].found
    client.go(LinkState.LOST, "gone")
    assert [c.look.role for c in checks(mirror, url, None)] == ["danger"]


def test_the_main_fuse_can_be_entered_from_here(page, mirror, qtbot):
    mirror.apply("site", replace(mirror.site, assumed=True))
    mirror.flush()
    (button,) = page.steps.ready.findChildren(Button)
    qtbot.waitUntil(button.isVisible)
    with qtbot.waitSignal(page.navigate) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == ["site_setup", None]
