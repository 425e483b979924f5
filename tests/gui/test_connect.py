"""The connect page: networks and addresses, QR, makers, this computer's checks, who tried, and what to do about it."""

import itertools
from dataclasses import replace

import pytest
import segno
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication

from evdesk.gui.client import LinkState
from evdesk.gui.dialogs.find_chargers import FindSheet, device_note, device_title
from evdesk.gui.dialogs.wont_connect import WontConnectSheet
from evdesk.gui.makers import ADDRESS, OWN_NAME, maker_of, makers
from evdesk.gui.pages.connect import ConnectPage
from evdesk.gui.pages.connect_feed import PROBLEMS
from evdesk.gui.pages.connect_networks import networks, note, only_here, speed
from evdesk.gui.pages.connect_ready import check_row, site_rows
from evdesk.gui.pages.connect_verdicts import ACCEPT, ODD, ROOT, VERDICTS
from evdesk.gui.pages.connect_words import Typed, attempt_words, who_tried
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button, Label, QrCode
from evdesk.model import Attempt, ChargerState, TlsSeen
from evdesk.wire.network import Check, FoundDevice, NetInterface, NetworkState
from tests.gui import sample

URL = "ws://192.168.50.10:9700/ocpp"
SECURE = "wss://192.168.50.10:9443/ocpp"
TYPED = Typed(URL, SECURE)


def listening(*urls):
    return replace(sample.info(), ocpp_url=urls[0], ocpp_urls=urls)


def click(qtbot, widget):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


# -- networks ---------------------------------------------------------------------------------------------------------


def test_likely_networks_come_first_and_the_rest_is_told_apart():
    found = networks(sample.network_state(), sample.info())
    assert [(n.name, n.usual) for n in found] == [
        ("Ethernet, enp1s0", True),
        ("Wi-Fi “Workshop”", True),
        ("Inside this computer, docker0", False),
        ("This computer only", False),
    ]
    assert found[0].typed == TYPED
    assert found[0].note == "1 Gbit/s · address from 192.168.50.1 · 9 devices seen"
    assert found[1].doubtful


def test_an_interface_without_an_open_port_is_no_choice():
    state = NetworkState("x", (NetInterface("eth0", "ethernet", "10.0.0.1", 24, warnings=("not_listening",)),))
    assert networks(state, sample.info()) == []


def test_before_the_engine_has_told_its_own_address_is_there_but_no_wildcard():
    assert networks(None, listening("ws://0.0.0.0:9000/")) == []
    (found,) = networks(None, listening("ws://10.9.9.9:9000/", "wss://10.9.9.9:9443/"))
    assert found.typed == Typed("ws://10.9.9.9:9000/", "wss://10.9.9.9:9443/")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"warnings": ("self_given",)}, "no DHCP server"),
        ({"warnings": ("down",)}, "no cable"),
        ({"kind": "vpn", "warnings": ("vpn",)}, "VPN"),
        ({"version": 6, "warnings": ("ipv6",)}, "IPv6"),
        ({"assigned": "fixed"}, "fixed address"),
        ({"neighbours": 1}, "1 device seen"),
    ],
)
def test_a_network_says_what_is_odd_about_it(changes, words):
    assert words in note(replace(NetInterface("eth0", "ethernet", "10.0.0.1", 24), **changes))


def test_speeds_are_said_as_people_say_them():
    assert (speed(1000), speed(100), speed(2500)) == ("1 Gbit/s", "100 Mbit/s", "2500 Mbit/s")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_is_no_address_for_a_charger(host):
    info = listening(f"ws://{host}:9000/")
    assert networks(None, info) == []
    assert only_here(info)


# -- attempts ---------------------------------------------------------------------------------------------------------


def test_the_same_visitor_is_one_line_with_its_newest_verdict():
    at = sample.NOW
    tries = [
        Attempt(at - 40, "10.0.0.5:4000", "A", "no_id"),
        Attempt(at - 30, "10.0.0.5:4001", "A", "bad_path"),
        Attempt(at - 20, "10.0.0.5:4002", "A", "no_id", count=3, first_at=at - 25),
        Attempt(at - 10, "10.0.0.5:4003", "A", "no_id"),
        Attempt(at - 5, "[fe80::6]:4004", "", "empty"),
    ]
    found = who_tried(tries)
    assert [(t.address, t.last.verdict, t.times) for t in found] == [("fe80::6", "empty", 1), ("10.0.0.5", "no_id", 4)]
    assert (found[1].last.at, found[1].since) == (at - 10, at - 25)


def test_a_nameless_tls_failure_is_over_when_its_charger_got_in():
    at = sample.NOW
    failed = Attempt(at - 30, "10.0.0.5:1", "", "tls_client_does_not_trust_us")
    assert len(who_tried([failed])) == 1
    found = who_tried([failed, Attempt(at - 10, "10.0.0.5:2", "A", "accepted")])
    assert [t.last.verdict for t in found] == ["accepted"]
    again = who_tried([Attempt(at - 10, "10.0.0.5:2", "A", "accepted"), replace(failed, at=at - 5)])
    assert [t.last.verdict for t in again] == ["tls_client_does_not_trust_us", "accepted"]


SEEN = TlsSeen(("TLSv1",), ("DES",), "evdesk.lan", alert="unknown_ca", certificate="CN=X")


def test_nameless_visitors_of_one_address_are_told_apart_by_what_they_did():
    at = sample.NOW
    tries = [
        Attempt(at - 900, "10.0.0.5:1", "", "plain_on_tls_port"),
        Attempt(at - 30, "10.0.0.5:2", "", "no_upgrade"),
        Attempt(at - 20, "10.0.0.5:3", "", "no_id"),
        Attempt(at - 10, "10.0.0.5:4", "", "no_id"),
    ]
    assert [(t.last.verdict, t.times) for t in who_tried(tries)] == [("no_id", 2), ("no_upgrade", 1)]


@pytest.mark.parametrize("verdict", list(VERDICTS))
def test_every_verdict_has_words_without_holes(mirror, verdict):
    for typed, tls in itertools.product((TYPED, Typed(URL), Typed("", SECURE), Typed()), (None, SEEN)):
        attempt = Attempt(1.0, "10.0.0.5", "X", verdict, "/", ("ocpp1.5",), tls=tls)
        said = attempt_words(mirror, attempt, typed)
        assert said.look.word.endswith(".")
        assert said.look.icon
        assert said.did
        for text in (said.did, said.do_this):
            assert "{" not in text
            assert "  " not in text
        assert not said.do_this.endswith(".")
        if said.look.role in ("warn", "danger"):
            assert said.do_this  # a problem without a way out helps nobody
            assert said.problem


def test_an_unknown_verdict_shows_what_the_engine_says(mirror):
    attempt = Attempt(1.0, "10.0.0.5", "X", "new_kind", sentence="Told so.", advice="Turn it off.")
    said = attempt_words(mirror, attempt, TYPED)
    assert (said.did, said.do_this, said.problem) == ("Told so.", "Turn it off", True)


def test_who_asks_may_be_accepted_and_who_has_joined_may_not(mirror):
    asks = attempt_words(mirror, sample.attempts()[-1], TYPED)
    assert (asks.deed, asks.target) == (ACCEPT, "KS-20881")
    assert asks.did == "Kestrel K11, OCPP 1.6, serial K11-20881. It waits for your yes."
    joined = attempt_words(mirror, Attempt(1.0, "a", "WB-01", "accepted"), TYPED)
    assert joined.deed == ""
    assert "Bay 1" in joined.did
    mirror.apply("charger", replace(mirror.chargers["WB-01"], state=ChargerState.OFFLINE))
    assert attempt_words(mirror, Attempt(1.0, "a", "WB-01", "accepted"), TYPED).look.word == "Gone again."


def test_who_was_let_in_and_says_nothing_is_told_apart_from_who_is_gone(mirror):
    fresh = Attempt(mirror.now() - 5, "a", "QUIET", "pending")
    assert attempt_words(mirror, fresh, TYPED).look.word == "Connected."
    gone = replace(fresh, at=mirror.now() - 600)
    assert attempt_words(mirror, gone, TYPED).look.word == "Was here."


def test_odd_but_workable_is_said_beside_the_verdict(mirror):
    attempt = Attempt(1.0, "a", "WB-01", "accepted", warnings=("no_subprotocol", "double_slash", "unheard_of"))
    did = attempt_words(mirror, attempt, TYPED).did
    assert "offers no sub-protocol" in did
    assert "double slash" in did
    assert all(text and text[0].islower() for text in ODD.values())


def test_the_details_show_request_and_tls_and_no_secret(mirror):
    tls = TlsSeen(("TLSv1", "TLSv1.1"), ("AES128-SHA",), "evdesk.local", alert="unknown_ca")
    attempt = replace(sample.attempts()[3], tls=tls, sentence="Said.", advice="Do.")
    said = attempt_words(mirror, attempt, TYPED)
    told = dict(said.details)
    assert told["Log-in"] == "a wrong password"
    assert told["TLS offered"] == "TLSv1, TLSv1.1"
    assert told["Alert"] == "unknown ca"
    assert told["Engine"] == "Said. Do."
    assert "Authorization: Basic ***" in said.request


def test_tls_on_the_plain_port_names_the_secure_address_where_there_is_one(mirror):
    attempt = Attempt(1.0, "a", "X", "tls_on_plain_port", port=9700)
    assert SECURE in attempt_words(mirror, attempt, TYPED).do_this
    alone = attempt_words(mirror, attempt, Typed(URL))
    assert "wss://" not in alone.do_this
    assert alone.deed == "tls"


def test_trust_is_mended_with_the_root_even_for_a_nameless_charger(mirror):
    assert attempt_words(mirror, Attempt(1.0, "a", "", "tls_client_does_not_trust_us"), TYPED).deed == ROOT
    assert attempt_words(mirror, Attempt(1.0, "a", "", "tls_client_certificate_expired"), TYPED).deed == ""


# -- makers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maker", makers(), ids=lambda one: one.key)
def test_every_maker_file_is_whole_and_names_its_sources(maker):
    assert maker.sources
    assert all(source.strip() for source in maker.sources)
    assert maker.steps
    assert maker.own_name in OWN_NAME
    assert maker.address in ADDRESS
    for step in maker.filled(URL):
        assert "{url}" not in step
    if maker.address == "slash":
        assert any(f"{URL}/" in step for step in maker.filled(URL))
    elif maker.address == "parts":
        assert any("192.168.50.10" in step and "9700" in step for step in maker.filled(URL))


def test_a_maker_is_known_by_what_a_network_tells():
    assert maker_of("OpenEVSE").key == "openevse"
    assert maker_of("go-e").key == "go-e"
    assert maker_of("Schneider Electric").key == "schneider"
    assert maker_of("") is None
    assert maker_of("Somebody Else") is None


# -- page -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(qapp, mirror, client, qtbot):
    current().apply(qapp, "light")
    one = ConnectPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1100, 740)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: bool(one.steps.networks.rows()) and len(one.steps.ready.rows()) > 3)
    yield one
    one.on_hidden()


def test_shows_the_address_copies_it_and_changes_with_the_network(page, qtbot):
    address = page.steps.address
    assert address.address.text() == URL
    click(qtbot, address.copy)
    assert QGuiApplication.clipboard().text() == URL
    click(qtbot, page.steps.networks.rows()[1])
    assert address.address.text() == "ws://10.20.4.118:9700/ocpp"
    page._refresh()
    assert address.url == "ws://10.20.4.118:9700/ocpp"  # the choice stays


def test_encrypted_is_one_click_away(page, qtbot):
    address = page.steps.address
    address.scheme.select("wss")
    address.scheme.changed.emit("wss")
    assert address.url == SECURE
    assert "root certificate" in address.hint.text()
    with qtbot.waitSignal(page.navigate) as asked:
        click(qtbot, address.secure)
    assert asked.args == ["root", None]


def test_tls_can_be_turned_on_where_the_address_stands(page, client, qtbot):
    wired = sample.network_state().interfaces[0]
    client.answers["network.interfaces"] = NetworkState("x", (replace(wired, urls=(URL,)),))
    assert not page.steps.address.secure.isVisible()  # both ports are open, the plain one is chosen
    page.source.look()
    qtbot.waitUntil(page.steps.address.secure.isVisible)
    with qtbot.waitSignal(page.navigate) as asked:
        click(qtbot, page.steps.address.secure)
    assert asked.args == ["tls", None]


def test_unusual_networks_are_folded_away(page, qtbot):
    steps = page.steps.networks
    assert len(steps.rows()) == 2
    assert steps.more.text() == "2 more"
    click(qtbot, steps.more)
    assert len(steps.rows()) == 4
    click(qtbot, steps.more)
    assert len(steps.rows()) == 2


def test_a_name_is_asked_for_and_then_offered_instead_of_the_address(page, client, qtbot):
    named = replace(
        sample.network_state(), announce=True, announced="evdesk-x.local", named_urls=("ws://evdesk-x.local:9700/ocpp",)
    )
    client.answers["network.interfaces"] = named
    click(qtbot, page.steps.address.name)
    qtbot.waitUntil(lambda: client.asked("network.configure") != [])
    assert client.asked("network.configure")[0].announce is True
    qtbot.waitUntil(page.steps.address.form.isVisible)
    page.steps.address.form.select("name")
    page.steps.address.form.changed.emit("name")
    assert page.steps.address.url == "ws://evdesk-x.local:9700/ocpp"
    assert ".local" in page.steps.address.hint.text()


def test_a_maker_is_told_in_words_with_its_source(page):
    words = page.steps.address.words
    assert not words.steps.isVisible()
    words.choose("wallbox")
    assert f"URL: {URL}" in words.steps.text()
    assert "evcc" in words.source.text()
    words.choose("*")
    assert "OCPP-J" in words.steps.text()
    assert not words.source.isVisible()


def test_an_engine_on_loopback_only_says_so(page, mirror, client, qtbot):
    loop = sample.network_state().interfaces[-1]
    client.answers["network.interfaces"] = NetworkState("x", (replace(loop, urls=("ws://127.0.0.1:9000/",)),))
    mirror.apply("info", listening("ws://127.0.0.1:9000/"))
    page.source.look()
    qtbot.waitUntil(lambda: page.steps.address.url == "ws://127.0.0.1:9000/")
    assert "--ocpp 0.0.0.0:9000" in page.steps.networks.nothing.text()


def test_accept_is_asked_of_the_shell_and_rows_stay_while_nothing_changes(page, mirror, qtbot):
    rows = page.tried.rows()
    assert [row.tried.last.charger_id for row in rows][:2] == ["KS-20881", "WB-77"]
    with qtbot.waitSignal(page.navigate) as asked:
        click(qtbot, rows[0].button)
    assert asked.args == ["accept", "KS-20881"]
    mirror.flush()
    assert page.tried.rows() == rows
    mirror.apply("attempt", Attempt(mirror.now(), "10.0.0.9", "NEW", "pending"))
    mirror.flush()
    assert page.tried.rows()[0].tried.last.charger_id == "NEW"
    assert page.tried.rows()[0].when.text() == "just now"


def test_another_try_of_the_same_visitor_counts_in_its_row(page, mirror):
    row = next(r for r in page.tried.rows() if r.tried.last.charger_id == "AMP-9")
    assert row.when.text().startswith("4 times")
    mirror.apply("attempt", Attempt(mirror.now(), "192.168.50.47:1", "AMP-9", "tls_on_plain_port", port=9700))
    mirror.flush()
    assert page.tried.rows()[0] is row
    assert row.when.text() == "5 times, just now"


def test_rows_keep_their_place_under_the_pointer(page, mirror, qtbot):
    order = [row.tried.key for row in page.tried.rows()]
    scroll = page.tried._scroll
    middle = QPointF(5, 5)
    page.tried.eventFilter(scroll, QEnterEvent(middle, middle, middle))
    mirror.apply("attempt", Attempt(mirror.now(), "192.168.50.47:1", "AMP-9", "tls_on_plain_port", port=9700))
    mirror.flush()
    assert [row.tried.key for row in page.tried.rows()] == order
    page.tried.eventFilter(scroll, QEvent(QEvent.Type.Leave))
    assert page.tried.rows()[0].tried.last.charger_id == "AMP-9"


def test_only_problems_and_what_was_ignored(page, qtbot):
    feed = page.tried
    assert feed.state.look().word == "2 need you"
    feed.filter.select(PROBLEMS)
    feed.filter.changed.emit(PROBLEMS)
    assert [row.tried.last.charger_id for row in feed.rows()] == ["WB-77", "AMP-9"]
    row = feed.rows()[0]
    row.fold.setChecked(True)
    click(qtbot, row.details.ignore)
    assert [one.tried.last.charger_id for one in feed.rows()] == ["AMP-9"]
    assert feed.unhide.text() == "1 ignored"
    click(qtbot, feed.unhide)
    assert len(feed.rows()) == 2


def test_details_unfold_and_copy_everything(page, mirror, qtbot):
    row = page.tried.rows()[1]
    click(qtbot, row.fold)
    assert "Sec-WebSocket-Protocol" in row.details.request.text()
    click(qtbot, row.details.copy)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("WB-77 Wrong password.")
    assert "GET /ocpp/WB-77" in copied
    mirror.apply("attempt", replace(row.tried.last, at=mirror.now(), verdict="password_missing", auth="none"))
    mirror.flush()
    assert row.details.isVisible()  # still open, with what is new
    assert "No password." in row.verdict.words()


def test_a_full_list_stays_bounded(page, mirror):
    for i in range(120):
        mirror.apply("attempt", Attempt(mirror.now(), f"10.1.0.{i}:1", f"C{i}", "no_id"))
    mirror.flush()
    assert len(page.tried.rows()) == 40


@pytest.mark.parametrize("look", ["light", "dark"])
def test_qr_is_black_on_white_in_every_theme_and_right(qapp, qtbot, look):
    current().apply(qapp, look)
    code = QrCode()
    qtbot.addWidget(code)
    code.set_text(URL)
    picture = code.grab().toImage()
    matrix = segno.make(URL, error="m", micro=False).matrix
    step = picture.width() / (len(matrix) + 8)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            seen = picture.pixelColor(int((x + 4.5) * step), int((y + 4.5) * step))
            assert seen.lightness() == (0 if dark else 255)
    assert picture.pixelColor(picture.width() // 2, 3).lightness() == 255


# -- checks -----------------------------------------------------------------------------------------------------------

CHECKED = [
    ("listening", "answers", "port 9000 answers"),
    ("listening", "not_answering", "does not answer on 10.0.0.1: it is held by steve"),
    ("listening", "loopback_only", "this computer only"),
    ("listening", "not_open", "is not open"),
    ("firewall", "blocked", "blocks port 9000 on public networks"),
    ("firewall", "cannot_check", "may not be read"),
    ("address", "kept", "lent by 10.0.0.254, the same for 2 d"),
    ("address", "changed", "was 10.0.0.7 before"),
    ("clock", "off", "4.200 s off"),
    ("clock", "synchronised", "4.2 s off"),
    ("name", "elsewhere", "leads elsewhere"),
    ("future", "new_code", "new_code"),
]
DETAIL = {
    "port": "9000",
    "address": "10.0.0.1",
    "program": "steve",
    "profile": "public",
    "server": "10.0.0.254",
    "since_s": "172800",
    "before": "10.0.0.7",
    "offset_s": "4.200",
    "name": "lab",
}


@pytest.mark.parametrize(("what", "code", "words"), CHECKED)
def test_checks_are_told_in_words(what, code, words):
    row = check_row(Check(what, "warn", code, DETAIL, "do this"))
    assert words in row.found
    assert "{" not in row.found
    assert (row.verb, row.command) == ("copy", "do this")


def test_a_simulated_site_is_right_to_keep_to_this_computer():
    alone = Check("listening", "bad", "loopback_only", DETAIL)
    assert check_row(alone).look.role == "danger"
    assert check_row(alone, simulated=True).look.role == "ok"
    assert "simulated" in check_row(alone, simulated=True).found


def test_a_check_without_details_has_no_holes():
    for what, code, _ in CHECKED:
        assert "{" not in check_row(Check(what, "ok", code)).found


def test_ready_says_what_helps_and_what_hinders(mirror, client):
    found = {row.look.word: row for row in site_rows(mirror)}
    assert list(found) == ["Main fuse", "New chargers"]
    assert found["Main fuse"].found == "63 A per phase"
    assert {row.look.role for row in found.values()} == {"ok"}
    mirror.apply("site", replace(mirror.site, assumed=True))
    mirror.apply("info", replace(mirror.info, accept_unknown=True))
    found = {row.look.word: row for row in site_rows(mirror)}
    assert found["Main fuse"].verb == "site_setup"
    assert found["New chargers"].look.role == "warn"
    client.go(LinkState.LOST, "gone")
    assert [row.look.role for row in site_rows(mirror)] == ["danger"]


def test_a_remedy_is_copied_and_checking_again_asks_the_engine(page, client, qtbot):
    (remedy,) = [b for b in page.steps.ready.findChildren(Button) if b.text() == "Copy command"]
    click(qtbot, remedy)
    assert QGuiApplication.clipboard().text() == "netsh advfirewall ..."
    asked = len(client.asked("network.check"))
    click(qtbot, page.steps.ready.check)
    qtbot.waitUntil(lambda: len(client.asked("network.check")) == asked + 1)
    assert client.asked("network.check")[-1].address == "192.168.50.10"


def test_the_main_fuse_can_be_entered_from_here(page, mirror, qtbot):
    mirror.apply("site", replace(mirror.site, assumed=True))
    mirror.flush()
    (button,) = [b for b in page.steps.ready.findChildren(Button) if b.text() == "Enter it"]
    qtbot.waitUntil(button.isVisible)
    with qtbot.waitSignal(page.navigate) as asked:
        click(qtbot, button)
    assert asked.args == ["site_setup", None]


# -- sheets -----------------------------------------------------------------------------------------------------------


def test_the_foot_leads_to_finding_and_to_reading(page, qtbot):
    for button, verb in ((page.tried.finder, "find_chargers"), (page.tried.why, "wont_connect")):
        with qtbot.waitSignal(page.navigate) as asked:
            click(qtbot, button)
        assert asked.args[0] == verb


def test_found_devices_are_shown_with_how_they_were_found(mirror, client, qtbot):
    client.answers["network.found"] = [
        FoundDevice(
            "10.0.0.5", "mdns", "openevse-a7", "OpenEVSE", "esp32", service="_openevse._tcp", port=80, certain=True
        ),
        FoundDevice("10.0.0.6", "neighbour", maker="KEBA", mac="00:60:b5:01:02:03"),
    ]
    sheet = FindSheet(mirror, client, current(), None, URL)
    qtbot.addWidget(sheet)
    qtbot.waitUntil(lambda: sheet.again.isEnabled())
    told = " ".join(label.text() for label in sheet.findChildren(Label))
    assert "OpenEVSE esp32" in told
    assert "00:60:b5:01:02:03" in told
    assert f"Type {URL} as the server." in told  # the way to the field, for a maker with a file
    assert client.asked("network.found")[0].search_s == 4.0
    client.answers["network.found"] = []
    click(qtbot, sheet.again)
    qtbot.waitUntil(lambda: sheet.empty.title.text() == "Nobody announced itself")


def test_a_found_device_that_is_connected_says_so(mirror):
    device = FoundDevice("10.0.0.5", "mdns", maker="KEBA", charger_id="WB-03")
    assert device_title(device, mirror) == "Bay 3, connected"
    assert "something else" not in device_note(device)
    assert "something else" in device_note(replace(device, charger_id=""))


def test_the_reading_sheet_lists_what_leaves_no_trace(qtbot):
    sheet = WontConnectSheet(current(), None)
    qtbot.addWidget(sheet)
    told = " ".join(label.text() for label in sheet.findChildren(Label))
    assert "Guest Wi-Fi" in told
    assert "SIM card" in told


@pytest.mark.parametrize("large", [False, True])
def test_both_halves_fit_the_smallest_window(qapp, mirror, client, qtbot, large):
    """1024 x 700, less the narrow rail and the top bar; buttons for gloves too."""
    current().set_large(large)
    try:
        one = ConnectPage(mirror, client, current())
        qtbot.addWidget(one)
        one.resize(968, 648)
        one.show()
        one.on_shown()
        qtbot.waitUntil(lambda: len(one.steps.ready.rows()) > 3)
        qapp.processEvents()
        assert one._scroll.geometry().right() < one.tried.geometry().left()
        assert one.tried.geometry().right() <= one.width()
        one.on_hidden()
    finally:
        current().set_large(False)
