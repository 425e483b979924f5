"""TLS on the charger port: real sockets, real clients, and every way a handshake can go wrong, with its cause."""

import asyncio
import base64
import json
import shutil
import socket
import ssl
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from evdesk.drivers.admission import OpenGuard, Policy
from evdesk.drivers.charger_ports import Port
from evdesk.drivers.client_hello import ClientHello
from evdesk.drivers.tls_layer import TlsLayer
from evdesk.drivers.tls_server import Chain
from evdesk.drivers.tls_state import TlsState
from evdesk.drivers.tls_verdict import OurSide, classify, stamp
from evdesk.drivers.ws import WsOptions
from evdesk.model import Disconnected, EvdeskError, Severity
from tests.drivers.helpers import BOOT, QUICK, ScriptedCharger, desk
from tests.drivers.test_listener import head, opening, raw
from tests.drivers.tls_kit import DAY, NAMES, add_tls, client, credentials, dial, make, root, stranger, tls_desk

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
OLD = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


async def fails(made, context, server_hostname="localhost"):
    """The client does not get in. A blocking client: asyncio's own hangs up before its alert has left."""

    def attempt():
        with (
            socket.create_connection(("127.0.0.1", made.tls_port), 5) as plain,
            context.wrap_socket(plain, server_hostname=server_hostname) as tls,
        ):
            tls.sendall(opening())
            return tls.recv(100)

    try:
        answer = await asyncio.to_thread(attempt)
    except (OSError, ssl.SSLError):
        return
    assert b"101" not in answer


# -- what works ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "words"), [(V12, "TLS 1.2"), (V13, "TLS 1.3")])
async def test_a_charger_talks_inside_tls_and_the_attempt_says_how(version, words):
    async with tls_desk() as made, dial(made, client(minimum_version=version, maximum_version=version)) as ws:
        peer = ScriptedCharger(ws, {})
        assert (await peer.call("BootNotification", BOOT))[2]["status"] == "Accepted"
        attempt = await made.verdict("accepted")
        assert (attempt.port, attempt.charger_id) == (made.tls_port, "CP1")
        assert attempt.tls.version == words
        assert attempt.tls.server_name == "localhost"
        assert words in attempt.tls.offered_versions
        assert attempt.tls.cipher
        assert attempt.tls.cipher in attempt.tls.offered_ciphers
        assert attempt.request.startswith("GET /CP1 HTTP/1.1\n")
        await peer.close()
        assert "charger closed" in (await made.event(Disconnected)).cause


async def test_big_messages_both_ways_and_a_closing_handshake():
    async with tls_desk() as made, dial(made, client(), max_size=None) as ws:
        peer = ScriptedCharger(ws, {})
        frame = await peer.call("DataTransfer", {"vendorId": "V", "data": "z" * 1_000_000})
        assert frame[2] == {"status": "UnknownVendorId"}
        assert len((await peer.call("x" * 500, {}))[3]) > 0
        made.stations[-1].link.end("the test ends it")
        async with asyncio.timeout(5):
            await ws.wait_closed()
        assert (ws.close_code, ws.close_reason) == (1001, "the test ends it")
        await peer.close()


@pytest.mark.parametrize("ciphers", ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"])
async def test_the_ciphers_of_the_whitepaper_with_rsa(ciphers):
    server = make("evdesk", root(), "rsa", names=NAMES)
    async with tls_desk(server) as made, dial(made, client(ciphers=ciphers, maximum_version=V12)):
        assert (await made.verdict("accepted")).tls.cipher == ciphers


@pytest.mark.parametrize("kind", ["ECDSA", "RSA"])
async def test_both_kinds_of_key_are_served_at_once(kind):
    """Old chargers know RSA only, some new ones ECDSA only."""
    async with desk() as made:
        pair = (make("evdesk", root(), names=NAMES), make("evdesk", root(), "rsa", names=NAMES))
        await add_tls(made, credentials(*pair))
        ciphers = f"ECDHE-{kind}-AES128-GCM-SHA256"
        async with dial(made, client(ciphers=ciphers, maximum_version=V12)):
            assert (await made.verdict("accepted")).tls.cipher == ciphers


async def test_the_hello_in_single_bytes_and_together_with_the_request():
    async with tls_desk() as made:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client(maximum_version=V12).wrap_bio(incoming, outgoing, server_hostname="localhost")
        async with raw_tls(made) as (reader, writer):
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    for byte in outgoing.read():
                        writer.write(bytes([byte]))
                        await asyncio.sleep(0)
                    incoming.write(await asyncio.wait_for(reader.read(65536), 5))
            tls.write(opening())
            writer.write(outgoing.read())
            assert (await made.verdict("accepted")).tls.version == "TLS 1.2"


def raw_tls(made):
    class At:
        port = made.tls_port

    return raw(At)


async def test_certificates_are_replaced_for_new_connections_while_old_ones_stay():
    async with tls_desk() as made, dial(made, client()) as first:
        peer = ScriptedCharger(first, {})
        await made.verdict("accepted")
        made.listener.ports.tls.replace(credentials(make("evdesk 2", root(), names=("second.example",))))
        async with dial(made, client(), "CP2", server_hostname="second.example") as second:
            name = second.transport.get_extra_info("peercert")["subject"][0][0][1]
            assert name == "evdesk 2"
            assert (await peer.call("Heartbeat", {}))[0] == 3
        await peer.close()


async def test_a_key_that_does_not_fit_is_refused_in_words():
    async with tls_desk() as made:
        wrong = Chain(make("a", kind="rsa").pem, make("b").key_pem)
        with pytest.raises(EvdeskError, match="cannot be used for TLS"):
            made.listener.ports.tls.replace(replace(credentials(), chains=(wrong,)))


async def test_a_tls_port_wants_a_certificate_first():
    async with desk() as made:
        with pytest.raises(EvdeskError, match="no certificate"):
            await made.listener.ports.open(Port("127.0.0.1", 0, True))


async def test_shutting_a_port_leaves_its_chargers_connected():
    async with tls_desk() as made, dial(made, client()) as ws:
        peer = ScriptedCharger(ws, {})
        port = next(p for p in made.listener.ports.opened if p.tls)
        made.listener.ports.shut(port)
        assert (await peer.call("Heartbeat", {}))[0] == 3
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", made.tls_port)
        await peer.close()


# -- the wrong port -----------------------------------------------------------------------------------------------


async def test_plain_http_on_the_tls_port_gets_an_answer_it_can_read():
    async with tls_desk() as made, raw_tls(made) as (reader, writer):
        writer.write(opening())
        answer = (await asyncio.wait_for(reader.read(), 5)).decode()
        attempt = await made.verdict("plain_on_tls_port")
        assert answer.startswith("HTTP/1.1 400")
        assert attempt.sentence in answer
        assert f"plain port {made.port}" in attempt.advice
        assert attempt.charger_id == "CP1"


async def test_tls_on_the_plain_port_names_the_tls_port():
    async with tls_desk() as made:
        with pytest.raises((OSError, ssl.SSLError, EOFError)):
            await connect(f"wss://127.0.0.1:{made.port}/CP1", ssl=client(), server_hostname="localhost")
        attempt = await made.verdict("tls_on_plain_port")
        assert str(made.tls_port) in attempt.advice
        assert attempt.tls.server_name == "localhost"
        assert "TLS 1.3" in attempt.tls.offered_versions


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"SSH-2.0-x\r\n"])
async def test_strangers_on_the_tls_port_are_named(data):
    async with tls_desk() as made, raw_tls(made) as (_, writer):
        writer.write(data)
        assert (await made.verdict("not_http")).port == made.tls_port


async def test_a_probe_of_the_tls_port_is_empty():
    async with tls_desk() as made:
        async with raw_tls(made):
            pass
        await made.verdict("empty")


# -- handshakes that fail -----------------------------------------------------------------------------------------


@OLD
async def test_a_charger_with_tls_1_1_is_told_so():
    context = client(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with tls_desk() as made:
        await fails(made, context)
        attempt = await made.verdict("tls_version_too_old")
        assert "TLS 1.1" in attempt.sentence
        assert attempt.tls.offered_versions == ("TLS 1.1",)
        assert "firmware" in attempt.advice


async def test_no_common_cipher_names_what_was_offered():
    async with tls_desk() as made:
        await fails(made, client(ciphers="ECDHE-RSA-AES128-GCM-SHA256", maximum_version=V12))
        attempt = await made.verdict("tls_no_common_cipher")
        assert "ECDHE-RSA-AES128-GCM-SHA256" in attempt.sentence


@pytest.mark.parametrize("version", [V12, V13])
async def test_a_charger_that_does_not_know_our_root(version):
    async with tls_desk() as made:
        await fails(made, client(trust=stranger(), minimum_version=version, maximum_version=version))
        attempt = await made.verdict("tls_client_does_not_trust_us")
        assert attempt.tls.alert == "unknown_ca"
        assert "root" in attempt.advice
        assert attempt.severity is Severity.DANGER


async def test_an_expired_certificate_of_ours_says_both_times():
    async with tls_desk(make("evdesk", root(), names=NAMES, since=-9 * DAY, until=-2 * DAY)) as made:
        await fails(made, client())
        attempt = await made.verdict("tls_server_certificate_expired")
        assert attempt.tls.alert == "certificate_expired"
        assert attempt.sentence.count("UTC") == 2
        assert "time server" in attempt.advice


async def test_a_certificate_of_ours_that_is_not_valid_yet_says_both_times():
    async with tls_desk(make("evdesk", root(), names=NAMES, since=2 * DAY)) as made:
        await fails(made, client())
        attempt = await made.verdict("tls_server_certificate_not_yet_valid")
        assert attempt.sentence.count("UTC") == 2
        assert "clock" in attempt.advice


@pytest.mark.parametrize("alert", [42, 46])
async def test_the_clock_measured_before_explains_a_refusal(alert):
    """The charger was connected in plain, its clock two years ahead; now it finds the certificate expired, and many
    stacks have one alert for everything that is wrong with a certificate."""
    async with tls_desk() as made:
        async with connect(f"ws://127.0.0.1:{made.port}/CP1", subprotocols=["ocpp1.6"]) as ws:
            peer = ScriptedCharger(ws, {})
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
            await peer.call("StatusNotification", status | {"timestamp": "2033-06-01T00:00:00Z"})
            await peer.close()
        await refuse_with(made, alert)
        attempt = await made.verdict("tls_server_certificate_expired")
        assert "2033-06-01" in attempt.sentence
        assert attempt.charger_id == "CP1"
        assert "id_guessed_from_address" in attempt.warnings


@pytest.mark.parametrize(("random_time", "offset_s"), [(90_000, None), (0xC0FFEE00, -900 * 86400.0)])
def test_a_clock_nobody_has_set_is_told(random_time, offset_s):
    """Old stacks put their clock into the hello."""
    now, hello = 1.8e9, ClientHello(("TLS 1.2",), random_time=random_time)
    ours = OurSide(True, "h", now - 86400, now + 86400)
    state = TlsState(hello, error="SSLV3_ALERT_BAD_CERTIFICATE", showed=True)
    verdict, fill = classify(state, ours, now, offset_s)
    assert verdict == "tls_server_certificate_not_yet_valid"
    assert fill["theirs"].startswith("1970-01-02" if offset_s is None else "2024-07-29")


async def refuse_with(made, alert):
    """A client that answers our certificate with a TLS alert of its own choice."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client(maximum_version=V12).wrap_bio(incoming, outgoing, server_hostname="localhost")
    async with raw_tls(made) as (reader, writer):
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        writer.write(outgoing.read())
        await asyncio.wait_for(reader.read(100), 5)
        writer.write(bytes([21, 3, 3, 0, 2, 2, alert]))
        await asyncio.wait_for(reader.read(), 5)


async def test_a_name_that_is_not_in_our_certificate():
    async with tls_desk() as made:
        await fails(made, client(), server_hostname="evdesk.workshop")
        attempt = await made.verdict("tls_wrong_name")
        assert "evdesk.workshop" in attempt.sentence
        assert "127.0.0.1, localhost" in attempt.advice


async def test_an_address_that_is_not_in_our_certificate():
    async with tls_desk(make("evdesk", root(), names=("desk.example",))) as made:
        await fails(made, client(), server_hostname="127.0.0.1")
        assert "127.0.0.1" in (await made.verdict("tls_wrong_name")).sentence


async def test_a_charger_that_hangs_up_on_our_certificate_without_a_word():
    async with tls_desk() as made, raw_tls(made) as (reader, writer):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        writer.write(outgoing.read())
        await asyncio.wait_for(reader.read(100), 5)
        writer.close()
        attempt = await made.verdict("tls_client_does_not_trust_us")
        assert "hung up" in attempt.sentence


async def test_garbage_after_the_hello_is_a_failed_handshake():
    async with tls_desk() as made, raw_tls(made) as (reader, writer):
        writer.write(b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00")
        attempt = await made.verdict("tls_failed")
        assert "hello" in attempt.sentence
        await asyncio.wait_for(reader.read(), 5)


# -- client certificates ------------------------------------------------------------------------------------------


class Demand(OpenGuard):
    def __init__(self, revoked=(), **policy):
        self.demanded = Policy(**policy)
        self.revoked = revoked
        self.let_in = []

    def policy(self, charger_id):
        return self.demanded

    def is_revoked(self, certificate):
        return certificate.number in self.revoked

    def admitted(self, charger_id, proof):
        self.let_in.append(proof)


@pytest.mark.parametrize("version", [V12, V13])
async def test_profile_3_with_a_certificate_of_ours(tmp_path, version):
    guard = Demand(min_profile=3)
    mine = make("ACME CP1", root())
    async with tls_desk(guard=guard) as made, dial(made, client(tmp_path, certificate=mine, maximum_version=version)):
        attempt = await made.verdict("accepted")
        assert (attempt.profile, attempt.auth) == (3, "certificate")
        assert "CN=ACME CP1" in attempt.tls.certificate
        assert (guard.let_in[0].profile, guard.let_in[0].bound) == (3, "id")


async def test_profile_3_without_a_certificate():
    async with tls_desk(guard=Demand(min_profile=3)) as made:
        with pytest.raises(InvalidStatus, match="403") as caught:
            await dial(made, client())
        assert b"certificate" not in caught.value.response.body
        attempt = await made.verdict("tls_no_client_certificate")
        assert "sign" in attempt.advice


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize(
    ("issuer", "since", "until", "verdict", "words"),
    [
        (stranger, -DAY, DAY, "tls_client_certificate_untrusted", ("another root", "not known here")),
        (None, -DAY, DAY, "tls_client_certificate_untrusted", ("signed by itself",)),
        (root, -9 * DAY, -DAY, "tls_client_certificate_expired", ("expired at", "clock says")),
        (root, DAY, 9 * DAY, "tls_client_certificate_not_yet_valid", ("valid from", "clock says")),
    ],
)
async def test_wrong_client_certificates_name_the_cause(tmp_path, version, issuer, since, until, verdict, words):
    wrong = make("CP1", issuer() if issuer else None, since=since, until=until)
    async with tls_desk() as made:
        context = client(tmp_path, certificate=wrong, minimum_version=version, maximum_version=version)
        await fails(made, context)
        await made.verdict(verdict)
        made.attempts.clear()
        await fails(made, context)  # whose it is only shows when it tries again
        attempt = await made.verdict(verdict)
        assert attempt.tls.certificate == "CN=CP1"
        assert all(word in attempt.sentence for word in words)


@pytest.mark.parametrize(
    ("policy", "name", "verdict"),
    [
        ({"min_profile": 3}, "CP12", "tls_client_certificate_wrong_identity"),
        ({"min_profile": 3}, "SN777", "tls_client_certificate_wrong_identity"),
        ({"auth": "certificate"}, "OTHER", "tls_client_certificate_wrong_identity"),
        ({"min_profile": 3, "serial": "SN777"}, "ACME-SN777", "accepted"),
        ({}, "OTHER", "accepted"),
    ],
)
async def test_a_certificate_is_bound_to_the_charger(tmp_path, policy, name, verdict):
    """OCPP 2.0.1 A00.FR.405; citrineos/citrineos-core PR #1098."""
    context = client(tmp_path, certificate=make(name, root()))
    async with tls_desk(guard=Demand(**policy)) as made:
        if verdict == "accepted":
            async with dial(made, context):
                attempt = await made.verdict(verdict)
            assert ("certificate_names_another" in attempt.warnings) is (not policy)
            assert attempt.profile == (3 if policy else 0)
        else:
            await fails(made, context)
            attempt = await made.verdict(verdict)
            assert name in attempt.sentence
            assert "CP1" in attempt.sentence


@pytest.mark.parametrize(("policy", "verdict"), [({}, "accepted"), ({"min_profile": 3}, "tls_no_client_certificate")])
async def test_a_makers_certificate_that_nobody_demands_does_not_shut_a_charger_out(tmp_path, policy, verdict):
    """Many stacks show whatever certificate they have to whoever asks. Refused twice, they are asked for none."""
    context = client(tmp_path, certificate=make("ACME device 7", stranger()))
    async with tls_desk(guard=Demand(**policy)) as made:
        for _ in range(2):
            await fails(made, context)
            await made.verdict("tls_client_certificate_untrusted")
            made.attempts.clear()
        if policy:
            await fails(made, context)
            attempt = await made.verdict(verdict)
            assert "attempts before" in attempt.sentence
        else:
            async with dial(made, context):
                attempt = await made.verdict(verdict)
            assert attempt.profile == 0
        assert "certificate_not_asked" in attempt.warnings
        made.listener.ports.tls.forgive(asyncio.get_running_loop().time() + 601)
        await fails(made, context)
        await made.verdict("tls_client_certificate_untrusted")


async def test_a_wrong_certificate_does_not_hurt_its_neighbours_behind_one_router(tmp_path):
    wrong, good = client(tmp_path, certificate=make("X", stranger())), client(tmp_path, certificate=make("CP1", root()))
    async with tls_desk(guard=Demand(min_profile=3)) as made:
        async with dial(made, good):
            await made.verdict("accepted")
        for _ in range(3):
            await fails(made, wrong)
        made.attempts.clear()
        async with dial(made, good):
            assert (await made.verdict("accepted")).profile == 3


async def test_a_revoked_certificate_is_refused(tmp_path):
    mine = make("CP1", root())
    async with tls_desk(guard=Demand(revoked=(f"{mine.certificate.serial_number:x}",))) as made:
        await fails(made, client(tmp_path, certificate=mine))
        await made.verdict("tls_client_certificate_revoked")


# -- passwords ----------------------------------------------------------------------------------------------------

HEX = "00ff10a5c3d2e1f0aabbccddeeff0011"
TEXT = "correct-horse-battery"


def basic(password, user="CP1"):
    raw_password = password if isinstance(password, bytes) else password.encode()
    return {"Authorization": "Basic " + base64.b64encode(user.encode() + b":" + raw_password).decode()}


GOOD = [
    pytest.param(TEXT, TEXT, "text", id="text"),
    pytest.param(TEXT, TEXT.encode().hex(), "hex", id="hex of a text, steve #1895"),
    pytest.param(HEX, bytes.fromhex(HEX), "bytes", id="decoded bytes, ocpp-cp-simulator #260"),
    pytest.param(HEX, HEX.upper(), "hex", id="the hex text itself, station-simulator #41"),
    pytest.param("ünicode-passwörter", "ünicode-passwörter", "text", id="UTF-8"),
]


@pytest.mark.parametrize(("stored", "shown", "form"), GOOD)
@pytest.mark.parametrize("secure", [False, True])
async def test_every_form_of_the_right_password_gets_in(stored, shown, form, secure):
    guard = Demand(min_profile=2 if secure else 1, passwords=("new-password-on-its-way", stored))
    async with tls_desk(guard=guard) as made:
        url = f"{'wss' if secure else 'ws'}://127.0.0.1:{made.tls_port if secure else made.port}/CP1"
        options = {"ssl": client(), "server_hostname": "localhost"} if secure else {}
        async with connect(url, subprotocols=["ocpp1.6"], additional_headers=basic(shown), **options):
            attempt = await made.verdict("accepted")
        assert (attempt.auth, attempt.profile) == (form, 2 if secure else 1)
        assert guard.let_in[0].matched == 1
        assert ("password_as_hex_text" in attempt.warnings) is (form == "hex")
        assert "(hidden)" in attempt.request
        assert base64.b64encode(b"CP1:")[:5].decode() not in attempt.request


WRONG = [
    pytest.param({}, None, "password_missing", "sent none", id="none"),
    pytest.param({}, "", "password_missing", "sent none", id="empty, lbbrhzn/ocpp #899"),
    pytest.param({"passwords": ()}, None, "password_not_set", "none is set", id="none set here"),
    pytest.param({}, "wrong-wrong-wrong", "password_wrong", "17 bytes", id="wrong"),
    pytest.param({}, TEXT + "\n", "password_wrong_form", "line end", id="line end"),
    pytest.param({}, TEXT.upper(), "password_wrong_form", "upper and lower", id="other case"),
    pytest.param({}, TEXT[:16], "password_wrong_form", "cut off after 16", id="cut off"),
    pytest.param({}, base64.b64encode(TEXT.encode()), "password_wrong_form", "Base64", id="base64 twice"),
]


@pytest.mark.parametrize(("policy", "shown", "verdict", "words"), WRONG)
async def test_wrong_passwords_name_the_cause_but_not_to_the_stranger(policy, shown, verdict, words):
    guard = Demand(**({"min_profile": 1, "passwords": (TEXT,)} | policy))
    headers = basic(shown) if shown is not None else {}
    async with desk(guard=guard) as made:
        with pytest.raises(InvalidStatus, match="401") as caught:
            await connect(f"ws://127.0.0.1:{made.port}/CP1", subprotocols=["ocpp1.6"], additional_headers=headers)
        attempt = await made.verdict(verdict)
        assert words in attempt.sentence
        assert attempt.advice
        told = caught.value.response.body.decode() + str(attempt)
        assert caught.value.response.headers["WWW-Authenticate"].startswith("Basic")
        assert "line end" not in caught.value.response.body.decode()
        assert TEXT not in told
        assert made.stations == []


async def test_the_user_must_be_the_charger():
    async with desk(guard=Demand(min_profile=1, passwords=(TEXT,))) as made:
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"ws://127.0.0.1:{made.port}/CP1", additional_headers=basic(TEXT, "admin"))
        assert "“admin”" in (await made.verdict("user_differs")).sentence


async def test_a_log_in_without_a_user_is_no_name_to_take_over():
    async with desk(guard=Demand(min_profile=1, passwords=(TEXT,))) as made:
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"ws://127.0.0.1:{made.port}/CP1", additional_headers=basic(TEXT, ""))
        attempt = await made.verdict("user_differs")
        assert "without a name" in attempt.sentence
        assert attempt.advice == "Enter CP1 as the user name in the charger."


@pytest.mark.parametrize("profile", [2, 3])
async def test_a_profile_too_low_is_refused_with_both_numbers(profile):
    async with desk(guard=Demand(min_profile=profile, passwords=(TEXT,))) as made:
        with pytest.raises(InvalidStatus, match="403"):
            await connect(f"ws://127.0.0.1:{made.port}/CP1", additional_headers=basic(TEXT))
        sentence = (await made.verdict("profile_too_low")).sentence
        assert "profile 1" in sentence
        assert f"at least {profile}" in sentence


async def test_a_password_nobody_set_here_is_let_in_and_flagged():
    async with desk() as made:
        async with connect(f"ws://127.0.0.1:{made.port}/CP1", subprotocols=["ocpp1.6"], additional_headers=basic(TEXT)):
            attempt = await made.verdict("accepted")
        assert attempt.auth == "unchecked"
        assert "none is set" in attempt.sentence


# -- slow, half open, many ----------------------------------------------------------------------------------------


async def test_a_slow_hello_and_a_half_done_handshake_are_cut():
    async with tls_desk() as made:
        async with raw_tls(made) as (reader, writer):
            writer.write(b"\x16\x03\x01\x02")
            await made.verdict("too_slow")
            assert await asyncio.wait_for(reader.read(), 5) == b""
        async with raw_tls(made) as (reader, writer):
            outgoing = ssl.MemoryBIO()
            tls = client().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                tls.do_handshake()
            writer.write(outgoing.read())
            await made.until(lambda: len([a for a in made.attempts if a.verdict == "too_slow"]) == 2)
            async with asyncio.timeout(5):
                while await reader.read(4096):
                    pass


async def test_bytes_without_end_during_the_handshake_are_not_kept():
    async with tls_desk(options=replace(QUICK, ws=WsOptions(handshake_s=5))) as made, raw_tls(made) as (_, writer):
        writer.write(b"\x16\x03\x01\x3f\x00\x01\x00\x3e\xfc" + b"\x00" * 60_000)
        assert (await made.verdict("tls_failed")).sentence


async def test_half_open_tls_clients_are_contained_and_a_good_one_from_elsewhere_gets_in():
    options = replace(QUICK, max_opening=4, ws=WsOptions(handshake_s=20))
    async with tls_desk(options=options) as made:
        held = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", made.tls_port, local_addr=("127.0.0.9", 0))
            outgoing = ssl.MemoryBIO()
            tls = client().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                tls.do_handshake()
            writer.write(outgoing.read())
            await asyncio.wait_for(reader.read(10), 5)
            held.append(writer)
        reader, writer = await asyncio.open_connection("127.0.0.1", made.tls_port, local_addr=("127.0.0.9", 0))
        assert (await made.verdict("too_many")).port == made.tls_port
        assert await asyncio.wait_for(reader.read(), 5) == b""
        async with dial(made, client()):
            await made.verdict("accepted")
        for each in (*held, writer):
            each.close()


@pytest.mark.parametrize("ciphers", ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"])
async def test_the_private_key_never_works_in_the_loop(monkeypatch, ciphers):
    """With old RSA key exchange it is the last step that needs the key, else the first."""
    real, where = TlsLayer._shake, []

    def shake(layer):
        where.append(threading.get_ident() == threading.main_thread().ident)
        return real(layer)

    monkeypatch.setattr(TlsLayer, "_shake", shake)
    server = make("evdesk", root(), "rsa", names=NAMES)
    async with tls_desk(server) as made, dial(made, client(ciphers=ciphers, maximum_version=V12)):
        await made.verdict("accepted")
    assert where[0] is False
    assert where[-1] is (not ciphers.startswith("AES"))


async def test_three_hundred_chargers_come_back_at_once_while_one_talks():
    """All are served; the one that is connected already is answered meanwhile."""
    options = replace(QUICK, ws=WsOptions(handshake_s=20), opening_grace_s=5.0)
    async with tls_desk(options=options) as made, dial(made, client(), "FIRST") as ws:
        peer, context = ScriptedCharger(ws, {}), client()

        async def one(number):
            async with dial(made, context, f"C{number}", open_timeout=30) as charger:
                await charger.send(json.dumps([2, "b", "BootNotification", BOOT]))
                return json.loads(await charger.recv())[2]["status"]

        async def talk():
            worst, loop = 0.0, asyncio.get_running_loop()
            while not crowd.done():
                began = loop.time()
                await peer.call("Heartbeat", {})
                worst = max(worst, loop.time() - began)
            return worst

        crowd = asyncio.gather(*(one(n) for n in range(300)))
        talking = asyncio.create_task(talk())
        assert await crowd == ["Accepted"] * 300
        assert await talking < 5.0
        await peer.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
async def test_the_openssl_client_gets_in_and_verifies(tmp_path):
    (tmp_path / "root.pem").write_text(root().pem)
    async with tls_desk() as made:
        process = await asyncio.create_subprocess_exec(
            *f"openssl s_client -connect 127.0.0.1:{made.tls_port} -servername localhost -CAfile".split(),
            str(tmp_path / "root.pem"),
            *("-verify_return_error", "-verify_hostname", "localhost", "-quiet", "-no_ign_eof"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(opening())
        await process.stdin.drain()
        assert "101" in await head(process.stdout)
        assert (await made.verdict("accepted")).tls.version == "TLS 1.3"
        process.kill()
        await process.communicate()


async def test_clients_that_renegotiate_are_not_served():
    """A renegotiation costs the server much and the client nothing."""
    context = client(maximum_version=V12)
    async with tls_desk() as made, dial(made, context) as ws:
        assert not hasattr(ws.transport.get_extra_info("ssl_object"), "renegotiate")
        assert made.listener.ports.tls._context.options & ssl.OP_NO_RENEGOTIATION


def test_validity_words_do_not_break_on_absurd_times():
    assert stamp(1e18) == "unknown"
    assert stamp(None) == "unknown"
    assert stamp(timedelta(days=1).total_seconds()).startswith("1970-01-02")
