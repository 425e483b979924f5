"""What a TLS client says before anything is agreed: the ClientHello, read from the raw bytes. Pure.

Sources: RFC 8446 (4.1.2, 4.2), RFC 5246 (7.4.1.2), RFC 6066 (3), RFC 7301, RFC 8701 (values sent only to keep
servers tolerant).
"""

import ssl
import struct
from dataclasses import dataclass
from functools import cache, lru_cache

HELLO_MAX = 16384
VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _ALPN, _SUPPORTED_VERSIONS = 0, 16, 43
_SIGNALS = frozenset({0x00FF, 0x5600})  # renegotiation and fallback marks, not ciphers
_OLD_CIPHERS = {
    0x0001: "NULL-MD5",
    0x0003: "EXP-RC4-MD5",
    0x0004: "RC4-MD5",
    0x0005: "RC4-SHA",
    0x0006: "EXP-RC2-CBC-MD5",
    0x0007: "IDEA-CBC-SHA",
    0x0008: "EXP-DES-CBC-SHA",
    0x0009: "DES-CBC-SHA",
    0x000A: "DES-CBC3-SHA",
    0x0016: "DHE-RSA-DES-CBC3-SHA",
    0xC007: "ECDHE-ECDSA-RC4-SHA",
    0xC008: "ECDHE-ECDSA-DES-CBC3-SHA",
    0xC011: "ECDHE-RSA-RC4-SHA",
    0xC012: "ECDHE-RSA-DES-CBC3-SHA",
    0xC004: "ECDH-ECDSA-AES128-SHA",
    0xC005: "ECDH-ECDSA-AES256-SHA",
    0xC00E: "ECDH-RSA-AES128-SHA",
    0xC00F: "ECDH-RSA-AES256-SHA",
    0xC025: "ECDH-ECDSA-AES128-SHA256",
    0xC029: "ECDH-RSA-AES128-SHA256",
    0xC02D: "ECDH-ECDSA-AES128-GCM-SHA256",
    0xC031: "ECDH-RSA-AES128-GCM-SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0x1305: "TLS_AES_128_CCM_8_SHA256",
}
"""What the library of this computer does not know by name any more, but old chargers still offer."""


class NotAHello(ValueError):
    """These bytes are no ClientHello, whatever may follow."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """`versions` from the newest on ("TLS 1.3"); before TLS 1.3 a client names its newest only. `ciphers` by the names
    OpenSSL gives them, in the client's order. `random_time`: the first four bytes of its random as Unix seconds, where
    stacks before TLS 1.3 used to put their clock."""

    versions: tuple[str, ...]
    ciphers: tuple[str, ...] = ()
    server_name: str = ""
    alpn: tuple[str, ...] = ()
    random_time: int = 0

    @property
    def old_key_exchange(self) -> bool:
        """No forward secrecy is on offer: the server's private key works in the last step too."""
        return self.newest != "TLS 1.3" and not any("DHE" in name for name in self.ciphers)

    @property
    def newest(self) -> str:
        return self.versions[0] if self.versions else ""


def looks_like_tls(start: bytes) -> bool:
    """Whether a connection that begins so is TLS: a handshake record of SSL 3 or later."""
    return start[:1] == b"\x16" and start[1:2] in (b"", b"\x03")


def read_hello(data: bytes) -> ClientHello | None:
    """The hello at the start of a connection, None while it is not complete. Raises `NotAHello`."""
    message = _message(data)
    if message is None:
        return None
    try:
        return _parse(message)
    except (IndexError, ValueError) as error:
        raise NotAHello(f"a TLS hello that cannot be read ({error})") from None


def _message(data: bytes) -> bytes | None:
    """The handshake message over one or several records; None while bytes are missing."""
    whole, at = b"", 0
    while len(data) - at >= 5:
        kind, size = data[at], int.from_bytes(data[at + 3 : at + 5], "big")
        if kind != _HANDSHAKE or data[at + 1] != 3 or not 0 < size <= HELLO_MAX + 256:
            raise NotAHello("not a TLS handshake record")
        whole += data[at + 5 : at + 5 + size]
        at += 5 + size
        if whole and whole[0] != _CLIENT_HELLO:
            raise NotAHello("a TLS handshake that does not begin with a hello")
        if len(whole) >= 4:
            length = int.from_bytes(whole[1:4], "big")
            if length > HELLO_MAX:
                raise NotAHello("a TLS hello of absurd size")
            if len(whole) >= 4 + length:
                return whole[4 : 4 + length]
    if data and not looks_like_tls(data):
        raise NotAHello("not a TLS handshake record")
    return None


def _parse(message: bytes) -> ClientHello:
    version, at = int.from_bytes(message[:2], "big"), 34
    random_time = int.from_bytes(message[2:6], "big")
    _, at = _sized(message, at, 1)  # session id
    codes, at = _sized(message, at, 2)
    _, at = _sized(message, at, 1)  # compression methods
    name = ""
    offered: tuple[int, ...] = (version,)
    alpn: tuple[str, ...] = ()
    if at < len(message):
        extensions, _ = _sized(message, at, 2)
        at = 0
        while at < len(extensions):
            kind = int.from_bytes(extensions[at : at + 2], "big")
            body, at = _sized(extensions, at + 2, 2)
            if kind == _SERVER_NAME:
                name = _server_name(body)
            elif kind == _ALPN:
                alpn = _alpn(body)
            elif kind == _SUPPORTED_VERSIONS:
                offered = _numbers(_sized(body, 0, 1)[0]) or offered
    return ClientHello(_version_names(offered), _cipher_names(codes), name, alpn, random_time)


def _sized(data: bytes, at: int, width: int) -> tuple[bytes, int]:
    """(the bytes counted by the number at `at`, where they end)."""
    start = at + width
    end = start + int.from_bytes(data[at:start], "big")
    if start > len(data) or end > len(data):
        raise ValueError("it ends too early")
    return data[start:end], end


def _numbers(data: bytes) -> tuple[int, ...]:
    if len(data) % 2:
        raise ValueError("half a number")
    return struct.unpack(f">{len(data) // 2}H", data)


@lru_cache(maxsize=64)
def _version_names(offered: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(VERSIONS.get(v, f"0x{v:04x}") for v in sorted(offered, reverse=True) if not _is_grease(v))


@lru_cache(maxsize=256)
def _cipher_names(codes: bytes) -> tuple[str, ...]:
    """Chargers of one model offer the same list each time."""
    return tuple(cipher_name(code) for code in _numbers(codes) if code not in _SIGNALS and not _is_grease(code))


def _server_name(body: bytes) -> str:
    names, at = _sized(body, 0, 2)[0] if body else b"", 0
    while at < len(names):
        kind = names[at]
        name, at = _sized(names, at + 1, 2)
        if kind == 0:
            return name.decode("ascii", "backslashreplace")[:255]
    return ""


def _alpn(body: bytes) -> tuple[str, ...]:
    names, at, found = _sized(body, 0, 2)[0], 0, []
    while at < len(names):
        name, at = _sized(names, at, 1)
        found.append(name.decode("ascii", "backslashreplace"))
    return tuple(found)


def _is_grease(value: int) -> bool:
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def cipher_name(code: int) -> str:
    """The name of a cipher suite, or its number in hex."""
    return _known_ciphers().get(code) or f"0x{code:04X}"


@cache
def _known_ciphers() -> dict[int, str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return _OLD_CIPHERS | {int(str(known["id"])) & 0xFFFF: str(known["name"]) for known in context.get_ciphers()}
