"""The ClientHello from raw bytes: whole, in pieces, mutated; compared with what the library itself says."""

import ssl
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evdesk.drivers.client_hello import NotAHello, cipher_name, looks_like_tls, read_hello


def hello(name="desk.example", **limits):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    for key, value in limits.items():
        setattr(context, key, value)
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read(), [cipher["name"] for cipher in context.get_ciphers()]


HELLO, _ = hello()


def test_everything_the_client_says():
    data, ciphers = hello()
    found = read_hello(data)
    assert found.server_name == "desk.example"
    assert found.versions == ("TLS 1.3", "TLS 1.2")
    assert found.newest == "TLS 1.3"
    assert found.alpn == ("http/1.1",)
    assert list(found.ciphers) == ciphers
    assert not found.old_key_exchange


def test_before_tls_1_3_a_client_names_its_newest_only():
    data, _ = hello("192.168.1.5", maximum_version=ssl.TLSVersion.TLSv1_2)
    found = read_hello(data)
    assert found.versions == ("TLS 1.2",)
    assert found.server_name == ""


def test_pieces_and_several_records():
    for size in range(len(HELLO)):
        assert read_hello(HELLO[:size]) is None
    body = HELLO[5:]
    records = b"".join(b"\x16\x03\x01" + struct.pack(">H", len(p)) + p for p in (body[:3], body[3:90], body[90:]))
    assert read_hello(records) == read_hello(HELLO)


def test_names_of_ciphers_old_and_unknown():
    assert cipher_name(0x1301) == "TLS_AES_128_GCM_SHA256"
    assert cipher_name(0xC02F) == "ECDHE-RSA-AES128-GCM-SHA256"
    assert cipher_name(0x0005) == "RC4-SHA"
    assert cipher_name(0xEEEE) == "0xEEEE"


def test_an_embedded_hello_without_extensions_tells_its_clock():
    """As small stacks still send it: TLS 1.0, RC4 and 3DES, the clock in the random."""
    body = b"\x03\x01" + struct.pack(">I", 86_400) + b"\x07" * 28 + b"\x00\x00\x04\x00\x05\x00\x0a\x01\x00"
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    found = read_hello(b"\x16\x03\x01" + struct.pack(">H", len(message)) + message)
    assert found.versions == ("TLS 1.0",)
    assert found.ciphers == ("RC4-SHA", "DES-CBC3-SHA")
    assert found.random_time == 86_400
    assert found.old_key_exchange


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1", b"\x17\x03\x03\x00\x05hello", b"\x16\x03\x01\x00\x04\x02\x00\x00\x00"]
)
def test_what_is_no_hello(data):
    with pytest.raises(NotAHello):
        read_hello(data)
    assert looks_like_tls(data) is data.startswith(b"\x16")


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutated_hellos_are_read_waited_for_or_refused(data):
    mutated = bytearray(HELLO)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                mutated[at] = data.draw(st.integers(0, 255))
            case 1:
                del mutated[at : at + data.draw(st.integers(1, 20))]
                mutated = mutated or bytearray(b"\x16")
            case _:
                mutated[at:at] = data.draw(st.binary(min_size=1, max_size=20))
    try:
        read_hello(bytes(mutated))
    except NotAHello:
        pass
