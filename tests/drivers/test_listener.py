"""The charger port against real sockets: every kind of opening, and what becomes of it."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from evdesk.drivers.admission import OpenGuard, Policy
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.drivers.ws import WsOptions
from evdesk.model import (
    Booted,
    ChargerError,
    Connected,
    Disconnected,
    EvdeskError,
    Heard,
    MessageSeen,
    Reason,
    StatusChanged,
)
from tests.drivers.helpers import BOOT, QUICK, TestHost, charger, desk

PROTOCOL = "Sec-WebSocket-Protocol"
HEARTBEAT = '[2,"h","Heartbeat",{}]'
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@asynccontextmanager
async def raw(made, **options):
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port, **options)
    try:
        yield reader, writer
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass


def opening(path="/CP1", drop=(), protocol="HTTP/1.1", **more):
    headers = {
        "Host": "desk",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "ocpp1.6",
    }
    lines = [f"{name}: {value}" for name, value in (headers | more).items() if name not in drop]
    return ("\r\n".join([f"GET {path} {protocol}", *lines, "", ""])).encode()


def masked(text, opcode=Opcode.TEXT, fin=True):
    data = text if isinstance(text, bytes) else text.encode()
    return Frame(opcode, data, fin).serialize(mask=True)


async def cut(reader):
    """Waits until the other side is gone."""
    async with asyncio.timeout(5):
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass


async def head(reader):
    async with asyncio.timeout(5):
        return (await reader.readuntil(b"\r\n\r\n")).decode()


async def text_of(reader):
    """One short unmasked frame from the server, as JSON."""
    async with asyncio.timeout(5):
        first, size = await reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        body = await reader.readexactly(size)
    return first & 0x0F, json.loads(body) if first == 0x81 else body


# -- openings that fail -------------------------------------------------------------------------------------------

STRANGERS = [
    pytest.param(b"\x16\x03\x01\x02\x00\x01", "tls_on_plain_port", "plain port", id="TLS hello, lbbrhzn/ocpp #1099"),
    pytest.param(b"SSH-2.0-x\r\n", "not_http", "SSH", id="SSH"),
    pytest.param(b"\x00\x01\x02", "not_http", "00 01 02", id="binary"),
    pytest.param(b"hello\r\n\r\n", "not_http", "hello", id="lower case words"),
    pytest.param(b"GET\r\n\r\n", "not_http", "GET", id="no request line"),
    pytest.param(b"GET / HTTP/3\r\n\r\n", "not_http", "GET", id="odd version"),
    pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 20000, "bad_handshake", "longer than", id="endless header"),
    pytest.param(b"GET /bay 1 HTTP/1.1\r\nHost: x\r\n\r\n", "bad_path", "blank", id="blank in the address"),
    pytest.param(b"GET /B HTTP/1.1\nHost: x\n\n", "bad_handshake", "CR LF", id="LF alone"),
    pytest.param(b"GET /B HTTP/1.1\r\nnonsense\r\n\r\n", "bad_handshake", "headers", id="broken header"),
    pytest.param(b"POST /B HTTP/1.1\r\nContent-Length: 1\r\n\r\n", "bad_handshake", "POST", id="other method"),
    pytest.param(
        b"POST /B HTTP/1.1\r\nContent-Type: application/soap+xml\r\nContent-Length: 9\r\n\r\n<Envelope",
        "bad_subprotocol",
        "SOAP",
        id="SOAP",
    ),
]


@pytest.mark.parametrize(("data", "verdict", "word"), STRANGERS)
async def test_strangers_are_named_and_cut(data, verdict, word):
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(data)
        attempt = await made.verdict(verdict)
        assert word in attempt.sentence
        assert attempt.address.startswith("127.0.0.1:")
        await cut(reader)


async def test_an_empty_probe_is_told_as_such():
    async with desk() as made:
        async with raw(made):
            pass
        assert (await made.verdict("empty")).charger_id == ""


@pytest.mark.parametrize(("data", "verdict"), [(b"GET /CP1 HT", "too_slow"), (b"", "empty")])
async def test_a_slow_opening_is_cut(data, verdict):
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(data)
        await made.verdict(verdict)
        await cut(reader)


async def test_too_many_half_open_connections_of_one_address_are_dropped():
    options = replace(QUICK, max_opening=3, ws=WsOptions(handshake_s=30))
    async with desk(options) as made:
        held = [await asyncio.open_connection("127.0.0.1", made.port) for _ in range(3)]
        await made.until(lambda: len(made.listener._openings) == 3)
        async with raw(made) as (reader, _):
            await made.verdict("too_many")
            await cut(reader)
        for _, writer in held:
            writer.close()
        await made.verdict("empty")


REFUSED = [
    pytest.param(opening("/", drop=[PROTOCOL]), "400", "no_id", id="no id, and no OCPP"),
    pytest.param(opening("/ocpp/", drop=[PROTOCOL]), "400", "no_id", id="no id after the service name"),
    pytest.param(opening("/" + "x" * 300), "400", "bad_path", id="endless id"),
    pytest.param(opening("/CP%00"), "400", "bad_path", id="unreadable id"),
    pytest.param(opening(**{"Sec-WebSocket-Protocol": "ocpp2.0"}), "400", "bad_subprotocol", id="2.0 only"),
    pytest.param(b"GET /CP1 HTTP/1.1\r\nHost: x\r\n\r\n", "426", "no_upgrade", id="a browser"),
    pytest.param(opening(**{"Sec-WebSocket-Key": "short"}), "400", "bad_handshake", id="broken key"),
    pytest.param(opening(**{"Sec-WebSocket-Version": "8"}), "400", "bad_handshake", id="old WebSocket version"),
]


@pytest.mark.parametrize(("data", "status", "verdict"), REFUSED)
async def test_refused_openings_say_what_to_do(data, status, verdict):
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(data)
        async with asyncio.timeout(5):
            answer = (await reader.read()).decode()
        assert answer.split(" ", 2)[1] == status
        attempt = await made.verdict(verdict)
        assert attempt.sentence
        if verdict != "bad_handshake":
            assert attempt.sentence in answer
            assert attempt.advice in answer
        assert made.stations == []


async def test_secrets_in_the_path_are_not_told():
    async with desk() as made, raw(made) as (_, writer):
        writer.write(opening("/CP1?password=hunter2hunter2"))
        attempt = await made.verdict("accepted")
        assert "hunter2" not in attempt.path


async def test_port_in_use_is_said_in_words():
    async with desk() as made:
        second = OcppListener(("127.0.0.1", made.port), TestHost(), lambda s: None, lambda a: None)
        with pytest.raises(EvdeskError, match="in use") as caught:
            await second.start()
        assert caught.value.reason is Reason.INVALID
        await second.close("never ran")


async def test_a_foreign_address_is_said_in_words():
    listener = OcppListener(("192.0.2.1", 0), TestHost(), lambda s: None, lambda a: None)
    with pytest.raises(EvdeskError, match="not an address of this computer"):
        await listener.start()


# -- openings that are mended -------------------------------------------------------------------------------------

MENDED = [
    pytest.param(opening(drop=("Connection",)), "no_connection_upgrade", id="no Connection, lbbrhzn/ocpp PR #1933"),
    pytest.param(opening("ws://desk/CP1"), "absolute_uri", id="absolute URI, matth-x/MicroOcpp #278"),
    pytest.param(opening(drop=("Sec-WebSocket-Protocol",)), "no_subprotocol", id="none offered, steve #1109"),
    pytest.param(opening(**{"Sec-WebSocket-Protocol": ""}), "no_subprotocol", id="empty offer, OCPP.Core #43"),
    pytest.param(opening(**{"Sec-WebSocket-Protocol": "wamp"}), "odd_subprotocol", id="another offer"),
    pytest.param(opening(protocol="HTTP/1.0"), "http_1_0", id="HTTP/1.0"),
    pytest.param(opening("//CP1"), "double_slash", id="double slash"),
    pytest.param(opening(**{"Origin": "http://charger.local"}), None, id="foreign Origin, lbbrhzn/ocpp #442"),
]


@pytest.mark.parametrize(("data", "warning"), MENDED)
async def test_mended_openings_are_accepted_and_flagged(data, warning):
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(data)
        assert "101" in await head(reader)
        writer.write(masked(HEARTBEAT))
        connected = await made.event(Connected)
        assert connected.charger_id == "CP1"
        assert connected.warnings == ((warning,) if warning else ())
        assert (await text_of(reader))[1][0] == 3
        attempt = await made.verdict("accepted")
        assert ("mended" in attempt.sentence) is bool(warning)


async def test_the_protocol_is_answered_as_it_was_offered():
    async with desk() as made:
        async with charger(made, boot=False, subprotocols=["ocpp1.6", "ocpp2.0.1"]) as (peer, station):
            assert peer.ws.subprotocol == "ocpp1.6"
            assert station.protocol == "ocpp1.6"
        async with charger(made, boot=False, subprotocols=["ocpp2.1", "ocpp2.0.1"]) as (peer, station):
            assert peer.ws.subprotocol == "ocpp2.1"
            assert station.protocol == "ocpp2.1"


BOOT_2 = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


@pytest.mark.parametrize(("boot", "protocol"), [(BOOT, "ocpp1.6"), (BOOT_2, "ocpp2.0.1")])
async def test_without_a_sub_protocol_the_first_message_tells_the_version(boot, protocol):
    """dallmann-consulting/OCPP.Core #43, lbbrhzn/ocpp #442."""
    async with desk() as made, connect(f"ws://127.0.0.1:{made.port}/CP1") as ws:
        assert ws.subprotocol is None
        await ws.send(json.dumps([2, "b1", "BootNotification", boot]))
        assert json.loads(await ws.recv())[2]["status"] == "Accepted"
        assert made.stations[0].protocol == protocol
        assert (await made.event(Booted)).identity.model == "M"


async def test_a_connection_without_a_version_that_says_nothing_is_taken_for_1_6(monkeypatch):
    monkeypatch.setattr("evdesk.drivers.undecided.UNDECIDED_S", 0.05)
    async with desk() as made, connect(f"ws://127.0.0.1:{made.port}/CP1"):
        assert (await made.event(Connected)).protocol == "ocpp1.6"


async def test_a_connection_that_never_told_its_version_leaves_nothing_behind():
    async with desk() as made:
        async with connect(f"ws://127.0.0.1:{made.port}/CP1"):
            await made.until(lambda: made.listener._undecided)
        async with asyncio.timeout(5), connect(f"ws://127.0.0.1:{made.port}/CP2", subprotocols=["ocpp1.6"]):
            await made.event(Connected, charger_id="CP2")
        assert not made.listener._undecided
        assert [station.charger_id for station in made.stations] == ["CP2"]


class OneDemand(OpenGuard):
    """One charger must show its password."""

    def policy(self, charger_id):
        return Policy(1, "password", ("a-password-of-16",)) if charger_id == "SN-4711" else Policy()


SERIAL = {"chargePointSerialNumber": "SN-4711"}
BOOT_2 = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M", "serialNumber": "SN-4711"}}


def call_text(action, payload, ident="b"):
    return json.dumps([2, ident, action, payload])


@asynccontextmanager
async def nameless(made, version="ocpp1.6", path="/"):
    async with connect(f"ws://127.0.0.1:{made.port}{path}", subprotocols=[version]) as socket:
        yield socket


@pytest.mark.parametrize(
    ("version", "boot"),
    [
        ("ocpp1.6", BOOT | SERIAL),
        ("ocpp1.6", BOOT | {"chargePointSerialNumber": "0000", "chargeBoxSerialNumber": " SN-4711 "}),
        ("ocpp2.0.1", BOOT_2),
        ("ocpp2.1", BOOT_2),
    ],
)
async def test_a_charger_without_an_id_is_named_by_its_serial_number(version, boot):
    """evcc-io/evcc PR #4512, lbbrhzn/ocpp #442. Nothing is answered or sent before; nothing it said is lost."""
    async with desk(accepted=False) as made, nameless(made, version) as socket:
        await socket.send(call_text("Heartbeat", {}, "h"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await socket.recv()
        assert made.stations == []
        await socket.send(call_text("BootNotification", boot))
        answers = [json.loads(await socket.recv()) for _ in range(2)]
        assert [one[1] for one in answers] == ["h", "b"]
        assert answers[1][2]["status"] == "Pending"
        attempt = await made.verdict("pending")
        assert attempt.charger_id == "SN-4711"
        assert attempt.warnings == ("id_from_serial",)
        assert "serial number is taken for it" in attempt.sentence
        assert [station.charger_id for station in made.stations] == ["SN-4711"]


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ([call_text("BootNotification", BOOT)], "tells no serial number"),
        ([call_text("BootNotification", BOOT | {"chargePointSerialNumber": "x" * 300})], "tells no serial number"),
        ([call_text("BootNotification", BOOT | {"chargePointSerialNumber": 0})], "tells no serial number"),
        ([call_text("Heartbeat", {}, str(n)) for n in range(20)], "did not boot"),
        (["{", "[", "null", *["[2]"] * 20], "did not boot"),
        ([], "did not boot in time"),
    ],
)
async def test_a_charger_that_never_tells_who_it_is_is_told_so(monkeypatch, says, words):
    monkeypatch.setattr("evdesk.drivers.unnamed.UNNAMED_S", 0.5 if not says else 20.0)
    async with desk() as made, nameless(made, path="/ocpp/") as socket:
        for text in says:
            await socket.send(text)
        async with asyncio.timeout(5):
            await socket.wait_closed()
        assert socket.close_code == 1008
        assert words in socket.close_reason
        attempt = await made.verdict("no_id")
        assert words in attempt.sentence
        assert "/CHARGER-1" in attempt.advice
        assert made.stations == []


async def test_a_nameless_charger_that_hangs_up_leaves_nothing_behind():
    async with desk() as made:
        async with nameless(made):
            pass
        async with nameless(made) as socket:
            await socket.send(call_text("BootNotification", BOOT | SERIAL))
            await made.verdict("accepted")
        assert [attempt.verdict for attempt in made.attempts] == ["accepted"]


async def test_a_serial_that_two_chargers_tell_does_not_push_the_first_one_out():
    async with desk() as made, nameless(made) as first:
        await first.send(call_text("BootNotification", BOOT | SERIAL))
        await made.verdict("accepted")
        other = socket.socket()
        other.bind(("127.0.0.2", 0))
        other.connect(("127.0.0.1", made.port))
        async with connect(f"ws://127.0.0.1:{made.port}/", subprotocols=["ocpp1.6"], sock=other) as second:
            await second.send(call_text("BootNotification", BOOT | SERIAL))
            async with asyncio.timeout(5):
                await second.wait_closed()
            attempt = await made.verdict("duplicate_id")
            assert "127.0.0.2" in attempt.sentence
        await first.send(HEARTBEAT)
        await first.recv()
        assert len(made.stations) == 1


async def test_a_nameless_charger_is_judged_by_the_name_it_tells():
    """What is demanded of that charger holds for it too: without its password it stays out."""
    async with desk(guard=OneDemand()) as made, nameless(made) as socket:
        await socket.send(call_text("BootNotification", BOOT | SERIAL))
        async with asyncio.timeout(5):
            await socket.wait_closed()
        assert (await made.verdict("password_missing")).charger_id == "SN-4711"
        assert made.stations == []


async def test_unknown_chargers_are_pending():
    async with desk(accepted=False) as made, charger(made, boot=False) as (peer, _):
        assert (await made.verdict("pending")).charger_id == "CP1"
        assert (await peer.call("BootNotification", BOOT))[2]["status"] == "Pending"


# -- bytes --------------------------------------------------------------------------------------------------------


async def test_bytes_one_by_one_and_all_at_once():
    async with desk() as made, raw(made) as (reader, writer):
        data = opening() + masked(HEARTBEAT)
        for n in range(len(data)):
            writer.write(data[n : n + 1])
            await writer.drain()
            await asyncio.sleep(0)
        assert "101" in await head(reader)
        assert (await text_of(reader))[1][1] == "h"
        writer.write(masked(HEARTBEAT) * 3)
        for _ in range(3):
            assert (await text_of(reader))[1][1] == "h"
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(opening() + masked(HEARTBEAT) * 2)
        assert "101" in await head(reader)
        assert [(await text_of(reader))[1][1] for _ in range(2)] == ["h", "h"]


async def test_fragments_with_a_ping_between_are_one_message():
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(opening())
        await head(reader)
        writer.write(masked(HEARTBEAT[:7], fin=False) + masked(b"life", Opcode.PING))
        writer.write(masked(HEARTBEAT[7:15], Opcode.CONT, False) + masked(HEARTBEAT[15:], Opcode.CONT))
        assert await text_of(reader) == (Opcode.PONG, b"life")
        assert (await text_of(reader))[1][1] == "h"


async def test_a_new_message_inside_a_fragmented_one_is_a_breach():
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(opening())
        await head(reader)
        writer.write(masked(HEARTBEAT[:7], fin=False) + masked(HEARTBEAT))
        assert (await text_of(reader))[0] == Opcode.CLOSE
        await made.event(Disconnected)
        assert "websocket_broken" in made.rules()


async def test_binary_frames_are_read_and_flagged():
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(opening() + masked(HEARTBEAT, Opcode.BINARY))
        await head(reader)
        assert (await text_of(reader))[1][1] == "h"
        await made.event(Heard)
        assert "binary_frame" in made.rules()


async def test_broken_utf8_is_read_and_flagged():
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(opening() + masked(b'[2,"h","StatusNotification",{"info":"\xff"}]'))
        await head(reader)
        assert (await text_of(reader))[1][0] == 3
        await made.event(StatusChanged)
        assert "not_utf8" in made.rules()


@pytest.mark.parametrize("whole", [True, False], ids=["one frame", "fragments"])
async def test_messages_beyond_the_limit_close_with_1009(whole):
    async with desk() as made:
        async with charger(made, boot=False) as (peer, _):
            text = "x" * (1 << 20) + "x"
            await peer.ws.send(text if whole else [text[:700_000], text[700_000:]])
            async with asyncio.timeout(5):
                await peer.ws.wait_closed()
            assert peer.ws.close_code == 1009
        assert "more than 1024 KiB" in (await made.event(Disconnected)).cause
        assert "message_too_big" in made.rules()


async def test_a_message_of_the_full_size_is_read():
    async with desk() as made, charger(made, boot=False) as (peer, _):
        filler = "y" * ((1 << 20) - 60)
        frame = await peer.call("DataTransfer", {"vendorId": "V", "data": filler[:1_000_000]})
        assert frame[2] == {"status": "UnknownVendorId"}


BREACHES = [
    pytest.param(b"\x81\x02{}", "mask", "websocket_broken", id="unmasked"),
    pytest.param(
        b"\xc1\x80\x00\x00\x00\x00", "reserved", "compressed_without_negotiation", id="compressed, ocpp-go #358"
    ),
]


@pytest.mark.parametrize(("frame", "word", "rule"), BREACHES)
async def test_unmasked_and_reserved_frames_end_the_connection_with_the_rule_named(frame, word, rule):
    async with desk() as made, raw(made) as (reader, writer):
        writer.write(opening())
        await head(reader)
        writer.write(frame)
        assert (await text_of(reader))[0] == Opcode.CLOSE
        cause = (await made.event(Disconnected)).cause
        assert "WebSocket protocol" in cause
        assert word in cause
        assert rule in made.rules()
        if rule != "websocket_broken":
            assert "compression" in (await made.verdict(rule)).advice


async def test_compression_is_used_when_offered():
    async with desk() as made, charger(made, compression="deflate") as (peer, _):
        assert [extension.name for extension in peer.ws.protocol.extensions] == ["permessage-deflate"]
        frame = await peer.call("DataTransfer", {"vendorId": "V", "data": "z" * 5000})
        assert frame[2] == {"status": "UnknownVendorId"}


async def test_who_does_not_read_is_dropped():
    options = replace(QUICK, ws=WsOptions(max_unsent=200_000))
    async with desk(options) as made, raw(made, limit=1024) as (reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader._transport.pause_reading()
        writer.write(opening())
        burst = masked(json.dumps([2, "x" * 400_000, "Heartbeat", {}]))
        async with asyncio.timeout(20):
            while not made.every(Disconnected):
                try:
                    writer.write(burst)
                    await writer.drain()
                except OSError:
                    break
        assert "does not read" in (await made.event(Disconnected)).cause


# -- life and end -------------------------------------------------------------------------------------------------


async def test_a_silent_peer_is_pinged_and_finally_cut():
    options = replace(QUICK, ws=WsOptions(ping_every_s=0.05, silent_s=0.4))
    async with desk(options) as made, raw(made) as (reader, writer):
        writer.write(opening())
        await head(reader)
        assert (await text_of(reader))[0] == Opcode.PING
        assert "nothing heard" in (await made.event(Disconnected)).cause


async def test_answers_to_pings_keep_the_connection():
    options = replace(QUICK, ws=WsOptions(ping_every_s=0.05, silent_s=0.3))
    async with desk(options) as made, raw(made) as (reader, writer):
        writer.write(opening())
        await head(reader)
        for _ in range(10):
            kind, payload = await text_of(reader)
            assert kind == Opcode.PING
            writer.write(masked(payload, Opcode.PONG))
        assert made.every(Disconnected) == []
        assert made.every(Heard)


async def test_a_charger_that_cannot_be_pinged_is_left_alone():
    """lbbrhzn/ocpp #211."""
    ws = WsOptions(ping_every_s=0.02, silent_s=0.1)
    options = replace(QUICK, ws=ws, ping_every_s={"CP1": None})
    async with desk(options) as made, raw(made) as (reader, writer), raw(made) as (other, second):
        writer.write(opening())
        second.write(opening("/CP2"))
        await head(reader)
        await head(other)
        await made.event(Disconnected, charger_id="CP2")
        assert made.every(Disconnected)[0].charger_id == "CP2"
        writer.write(masked(HEARTBEAT))
        kind, frame = await text_of(reader)
        assert (kind, frame[:2]) == (Opcode.TEXT, [3, "h"])


async def test_the_newest_connection_wins_and_pending_calls_fail():
    async with desk() as made, charger(made, script={"Reset": None}) as (old, station):
        pending = asyncio.create_task(station.reset("soft"))
        await made.event(MessageSeen, direction="out", action="Reset")
        async with charger(made) as (new, successor):
            with pytest.raises(ChargerError, match=r"ended before") as caught:
                await pending
            assert caught.value.reason is Reason.UNREACHABLE
            gone = await made.event(Disconnected)
            assert gone.replaced
            async with asyncio.timeout(5):
                await old.ws.wait_closed()
            assert old.ws.close_code == 1000
            assert made.listener.stations == {"CP1": successor}
            kinds = [type(e) for e in made.events if isinstance(e, Connected | Disconnected)]
            assert kinds == [Connected, Disconnected, Connected]
            assert (await successor.reset("soft")).status == "Accepted"
            assert new.requests("Reset") == [{"type": "Soft"}]
        with pytest.raises(ChargerError) as caught:
            await station.reset("soft")
        assert caught.value.reason is Reason.UNREACHABLE


async def test_two_chargers_with_one_id_are_told():
    """netzero-labs/netzero #127."""
    async with desk() as made, charger(made), charger(made, local_addr=("127.0.0.2", 0)):
        attempt = await made.verdict("duplicate_id")
        assert "127.0.0.1" in attempt.sentence
        assert "127.0.0.2" in attempt.sentence


async def test_nothing_is_lost_before_the_engine_runs_the_station():
    async with desk() as made:
        made.run_at_once = False
        async with charger(made, boot=False) as (peer, station):
            asked = [asyncio.create_task(peer.call("BootNotification", BOOT))]
            asked += [
                asyncio.create_task(peer.call("StatusNotification", STATUS | {"connectorId": n})) for n in range(5)
            ]
            marker = await peer.ws.ping()
            await asyncio.wait_for(marker, 5)  # everything before it has arrived
            assert made.events == []
            made.run(station)
            assert all(frame[0] == 3 for frame in await asyncio.gather(*asked))
        kinds = [type(e) for e in made.events if isinstance(e, Connected | Booted)]
        assert kinds == [Connected, Booted]
        assert len(made.every(StatusChanged)) == 5


async def test_messages_of_a_connection_that_ended_before_it_ran_are_reported():
    async with desk() as made:
        made.run_at_once = False
        async with charger(made, boot=False) as (peer, station):
            await peer.ws.send(json.dumps([2, "a", "StatusNotification", STATUS]))
        await asyncio.wait_for(asyncio.shield(station.link.gone), 5)
        await asyncio.wait_for(made.run(station), 5)
        kinds = [type(e) for e in made.events if not isinstance(e, MessageSeen)]
        assert kinds == [Connected, StatusChanged, Disconnected]


async def test_closing_tells_every_charger_why():
    async with desk() as made:
        async with charger(made) as (peer, _):
            await made.listener.close("evdesk is stopping")
            async with asyncio.timeout(5):
                await peer.ws.wait_closed()
            assert (peer.ws.close_code, peer.ws.close_reason) == (1001, "evdesk is stopping")
        assert (await made.event(Disconnected)).cause == "evdesk is stopping"
        with pytest.raises(OSError, match=r"."):
            await asyncio.open_connection("127.0.0.1", made.port)


async def test_a_cut_cable_is_a_disconnect():
    async with desk() as made:
        async with raw(made) as (reader, writer):
            writer.write(opening())
            await head(reader)
            writer.transport.abort()
        assert "broke" in (await made.event(Disconnected)).cause
        await asyncio.wait_for(made.runs[0], 5)
        assert made.listener.stations == {}


async def test_the_client_sees_a_400_as_such():
    async with desk() as made:
        with pytest.raises(InvalidStatus, match="400"):
            await connect(f"ws://127.0.0.1:{made.port}/")


def test_client_library_agrees_on_our_accept_key():
    client = ClientProtocol(parse_uri("ws://desk/CP1"))
    assert client.connect().headers["Upgrade"] == "websocket"
