"""What an opening request says, a row per thing seen in the field."""

import base64

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from evdesk.drivers.ocpp_handshake import basic_user, choose_protocol, identify, repair, usable_id, wants_websocket


def basic(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return "Basic " + base64.b64encode(raw).decode()


IDS = [
    pytest.param("/CP1", None, ("CP1", "path", ()), id="plain"),
    pytest.param("/CP1/", None, ("CP1", "path", ()), id="trailing slash, netzero-labs/netzero #64"),
    pytest.param("//CP1", None, ("CP1", "path", ("double_slash",)), id="double slash, EVerest/libocpp PR #801"),
    pytest.param("/steve/websocket/CentralSystemService/CP1", None, ("CP1", "path", ()), id="long path"),
    pytest.param("/ocpp/CP%2F1%20a", None, ("CP/1 a", "path", ()), id="percent-encoded, c-jimenez/open-ocpp PR #198"),
    pytest.param("/CP%2525", None, ("CP%25", "path", ()), id="decoded once"),
    pytest.param("/CP-1_2.3@x", None, ("CP-1_2.3@x", "path", ()), id="signs, ocpp-balanz/ocpp-2w-proxy #4"),
    pytest.param("/CP1?x=1", None, ("CP1", "path", ()), id="query beside"),
    pytest.param(
        "ws://10.0.0.1:9000/CP1", None, ("CP1", "path", ("absolute_uri",)), id="absolute URI, matth-x/MicroOcpp #278"
    ),
    pytest.param("http://[::1/CP1", None, ("CP1", "path", ("absolute_uri",)), id="absolute URI with a broken host"),
    pytest.param(
        "ws://10.0.0.1?id=CP1", None, ("CP1", "query", ("absolute_uri", "id_from_query")), id="absolute, no path"
    ),
    pytest.param(
        "/", basic("CP7:pw"), ("CP7", "basic", ("id_from_basic_user",)), id="Basic user, evcc-io/evcc PR #3875"
    ),
    pytest.param(
        "/ocpp", basic("CP7:"), ("CP7", "basic", ("id_from_basic_user",)), id="empty password, lbbrhzn/ocpp #899"
    ),
    pytest.param("/CP1", basic("CP7:pw"), ("CP1", "path", ("basic_user_differs",)), id="user differs"),
    pytest.param("/CP1", basic("CP1:pw"), ("CP1", "path", ()), id="user agrees"),
    pytest.param("/?station=CP9", None, ("CP9", "query", ("id_from_query",)), id="query, lbbrhzn/ocpp #1652"),
    pytest.param("/ocpp?Id=CP9", None, ("CP9", "query", ("id_from_query",)), id="query key in capitals"),
    pytest.param("/", None, ("", "", ()), id="nothing"),
    pytest.param("/ocpp/", None, ("", "", ()), id="only a service name"),
    pytest.param("", None, ("", "", ()), id="empty"),
]


@pytest.mark.parametrize(("path", "authorization", "expected"), IDS)
def test_identify(path, authorization, expected):
    found = identify(path, authorization)
    assert (found.charger_id, found.source, found.warnings) == expected


@pytest.mark.parametrize(
    ("header", "user"),
    [
        (basic("CP1:secret"), "CP1"),
        (basic("CP1"), "CP1"),
        (basic(b"CP1:\xff\xfe\x00"), "CP1"),
        ("basic " + basic("x:y")[6:], "x"),
        ("Basic ***", ""),
        ("Basic a", None),
        ("Bearer abc", None),
        ("", None),
        (None, None),
    ],
)
def test_basic_user(header, user):
    assert basic_user(header) == user


def test_usable_ids():
    assert usable_id("CP 1/ä")
    assert not usable_id("")
    assert not usable_id("x" * 256)
    assert not usable_id("CP\x001")


def test_bytes_that_are_no_utf8_are_no_id():
    ids = [identify(path, None).charger_id for path in ("/CP%E4", "/CP%F6")]
    assert ids[0] == ids[1]  # two chargers would share one
    assert not usable_id(ids[0])
    assert usable_id(identify("/CP%C3%A4", None).charger_id)


PROTOCOLS = [
    (["ocpp1.6"], "ocpp1.6", False, ()),
    (["ocpp2.0.1, ocpp1.6"], "ocpp2.0.1", False, ()),
    (["ocpp1.6, ocpp2.0.1"], "ocpp1.6", False, ()),
    (["ocpp2.1", "ocpp1.6"], "ocpp2.1", False, ()),
    (["ocpp2.0", "ocpp1.6"], "ocpp1.6", False, ()),
    (["OCPP201"], "OCPP201", False, ("odd_subprotocol",)),
    (["OCPP1.6"], "OCPP1.6", False, ("odd_subprotocol",)),
    (["ocpp1.6j"], "ocpp1.6j", False, ("odd_subprotocol",)),
    ([], None, False, ("no_subprotocol",)),
    ([""], None, False, ("no_subprotocol",)),
    ([" , "], None, False, ("no_subprotocol",)),
    (["ocpp1.5"], None, False, ("odd_subprotocol",)),
    (["wamp"], None, False, ("odd_subprotocol",)),
    (["ocpp2.0"], None, True, ()),
    (["ocpp2.2,ocpp2.0"], None, True, ()),
]


@pytest.mark.parametrize(("lines", "reply", "refused", "warnings"), PROTOCOLS)
def test_choose_protocol(lines, reply, refused, warnings):
    chosen = choose_protocol(Headers([("Sec-WebSocket-Protocol", line) for line in lines]))
    assert (chosen.reply, chosen.refused, chosen.warnings) == (reply, refused, warnings)


GOOD = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "k"}


def request(drop=(), protocol="HTTP/1.1", **change):
    headers = {k: v for k, v in GOOD.items() if k not in drop} | {k.replace("_", "-"): v for k, v in change.items()}
    return Request("/CP1", Headers(headers), "GET", protocol)


REPAIRS = [
    pytest.param(request(), (), id="nothing to mend"),
    pytest.param(request(Connection="keep-alive, Upgrade"), (), id="among others"),
    pytest.param(
        request(drop=("Connection",)), ("no_connection_upgrade",), id="Autel MaxiCharger, lbbrhzn/ocpp PR #1933"
    ),
    pytest.param(request(Connection="keep-alive"), ("no_connection_upgrade",), id="keep-alive only"),
    pytest.param(request(drop=("Upgrade",)), ("no_upgrade_header",), id="no Upgrade"),
    pytest.param(request(drop=("Sec-WebSocket-Version",)), ("no_websocket_version",), id="no version"),
    pytest.param(request(protocol="HTTP/1.0"), ("http_1_0",), id="HTTP/1.0"),
    pytest.param(request(Sec_WebSocket_Extensions="?!;"), ("bad_extensions",), id="unreadable extensions"),
]


@pytest.mark.parametrize(("asked", "mended"), REPAIRS)
def test_repair(asked, mended):
    assert wants_websocket(asked)
    assert repair(asked) == mended
    assert asked.headers["Connection"].lower().endswith("upgrade")
    assert (asked.headers["Upgrade"], asked.protocol) == ("websocket", "HTTP/1.1")
    assert repair(asked) == ()


def test_plain_http_is_not_a_websocket():
    assert not wants_websocket(Request("/", Headers(), "GET"))
    assert not wants_websocket(Request("/", Headers(GOOD), "POST"))
