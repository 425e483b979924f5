"""evdesk's side of TLS: the certificates it shows, whom it trusts, and the rules of the handshake.

Ciphers: the four the OCPP security whitepaper demands of a central system (A00.FR.317 to 320 in 2.0.1) and what is
safe beside them. Private keys never lie readable on the disk: the library wants a file, so it gets an encrypted one.
"""

import ipaddress
import os
import secrets
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from evdesk.model import EvdeskError, Reason

CIPHERS = (
    "ECDHE+AESGCM:ECDHE+CHACHA20:AES128-GCM-SHA256:AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384"
)
_SUSPECTS = 1000
_NOT_ASKED_S = 600.0


@dataclass(frozen=True, slots=True)
class Chain:
    """A certificate with those that lead to its root, and its key; both PEM."""

    certificates: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`chains`: one per kind of key, so that chargers that know RSA only and those that want ECDSA are both served.
    `client_roots`: PEM of every root whose client certificates are taken."""

    chains: tuple[Chain, ...]
    client_roots: str = ""


class TlsObject(ssl.SSLObject):
    """Remembers the certificates the other side showed, be they good or not."""

    shown: bytes = b""
    asked = True
    strange = False  # our side showed a certificate that nobody can trust, see `TlsServer.be_strange`


class TlsServer:
    """Makes the TLS side of new connections. `replace` puts other certificates in force for those that come after."""

    def __init__(self, credentials: Credentials) -> None:
        self._suspects: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._trusted: OrderedDict[str, None] = OrderedDict()
        self._strange: dict[str, tuple[ssl.SSLContext, float]] = {}
        self.replace(credentials)

    def replace(self, credentials: Credentials) -> None:
        """Raises `EvdeskError(INVALID)` where certificate and key do not fit."""
        self._context = server_context(credentials)
        self._watching = server_context(credentials)
        _watch(self._watching)
        self._silent = server_context(replace(credentials, client_roots=""))
        self._suspects.clear()
        leaves = [x509.load_pem_x509_certificate(chain.certificates.encode()) for chain in credentials.chains]
        self.names = frozenset(name for leaf in leaves for name in certificate_names(leaf))
        self.not_before = max(leaf.not_valid_before_utc.timestamp() for leaf in leaves)
        self.not_after = min(leaf.not_valid_after_utc.timestamp() for leaf in leaves)

    def wrap(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, address: str) -> TlsObject:
        """`address`: where the client comes from, see `suspect`."""
        if address in self._strange:
            strange = self._strange[address][0].wrap_bio(incoming, outgoing, server_side=True)
            assert isinstance(strange, TlsObject)
            strange.strange, strange.asked = True, False
            return strange
        refused, _ = self._suspects.get(address, (0, 0.0))
        context = self._context if not refused else self._watching if refused == 1 else self._silent
        wrapped = context.wrap_bio(incoming, outgoing, server_side=True)
        assert isinstance(wrapped, TlsObject)
        wrapped.asked = context is not self._silent
        return wrapped

    def be_strange(self, address: str, credentials: Credentials, until: float) -> None:
        """Clients of this address get these credentials, which lead to no root they can know: who goes on all the same
        checks nothing. Such a connection ends with its handshake. `until`: seconds of the event loop's clock."""
        self._strange[address] = (server_context(credentials), until)

    def be_yourself(self, address: str) -> None:
        """The true certificate again."""
        self._strange.pop(address, None)

    def suspect(self, address: str, now: float) -> None:
        """Its certificate was refused. Next time it is watched: whose certificate it is only shows by a hook that makes
        every handshake slower. Refused again, it is asked for none for ten minutes: many chargers show their maker's
        certificate to whoever asks, and a password, or nothing, may be all that is demanded of it. Not so where another
        one behind the same address showed a good one. `now`: any steady clock."""
        refused, _ = self._suspects.pop(address, (0, now))
        self._suspects[address] = (min(refused + 1, 1 if address in self._trusted else 2), now)
        if len(self._suspects) > _SUSPECTS:
            self._suspects.popitem(last=False)

    def trust(self, address: str) -> None:
        """A client behind this address showed a good certificate."""
        self._trusted.pop(address, None)
        self._trusted[address] = None
        self._suspects.pop(address, None)
        if len(self._trusted) > _SUSPECTS:
            self._trusted.popitem(last=False)

    def forgive(self, now: float) -> None:
        """Those refused long ago are asked again, and nobody is met as a stranger for longer than was said."""
        for address in [address for address, (_, until) in self._strange.items() if now >= until]:
            del self._strange[address]
        while self._suspects:
            address, (_, at) = next(iter(self._suspects.items()))
            if now - at < _NOT_ASKED_S:
                return
            del self._suspects[address]

    def is_named(self, name: str) -> bool:
        """Whether the certificate is good for this host name or address."""
        name = name.lower().rstrip(".")
        parent = name.partition(".")[2]
        return name in self.names or (bool(parent) and f"*.{parent}" in self.names)


def certificate_names(certificate: x509.Certificate) -> frozenset[str]:
    """Host names and addresses a certificate is good for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    names = {name.lower() for name in found.get_values_for_type(x509.DNSName)}
    return frozenset(names | {str(address) for address in found.get_values_for_type(x509.IPAddress)})


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def server_context(credentials: Credentials) -> ssl.SSLContext:
    """TLS 1.2 and up. Blocking, some ten milliseconds. Raises `EvdeskError(INVALID)`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # No tickets: a certificate that was withdrawn must not live on in a resumed session.
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.sslobject_class = TlsObject
    context.verify_mode = ssl.CERT_OPTIONAL if credentials.client_roots else ssl.CERT_NONE
    try:
        if credentials.client_roots:
            context.load_verify_locations(cadata=credentials.client_roots)
        for chain in credentials.chains:
            _load(context, chain)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise EvdeskError(Reason.INVALID, f"This certificate and its key cannot be used for TLS: {error}.") from error
    return context


def _load(context: ssl.SSLContext, chain: Chain) -> None:
    """The key goes through a file of our own, encrypted with a password that is never written down."""
    password = secrets.token_bytes(24).hex().encode()
    key = serialization.load_pem_private_key(chain.key.encode(), None, unsafe_skip_rsa_key_validation=True)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(password)
    )
    descriptor, name = tempfile.mkstemp(prefix="evdesk-", suffix=".pem")  # mode 0600 from its first byte
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(chain.certificates.encode() + b"\n" + text)
        context.load_cert_chain(name, password=password)
    finally:
        Path(name).unlink(missing_ok=True)


_READ, _CERTIFICATE, _IN_HANDSHAKE = "read", 11, 22


def _note(conn: object, direction: str, _version: int, content: int, kind: int, data: bytes) -> None:
    if direction == _READ and content == _IN_HANDSHAKE and kind == _CERTIFICATE and isinstance(conn, TlsObject):
        conn.shown = bytes(data[:65536])


def _watch(context: ssl.SSLContext) -> None:
    """A client certificate that is refused cannot be asked for afterwards; the library's message hook shows it on its way
    in. The hook has no public name: where it is missing, the doctor knows the reason, but not whose certificate."""
    hook = next(
        (vars(kind)["_msg_callback"] for kind in type(context).__mro__[1:] if "_msg_callback" in vars(kind)), None
    )
    put: Callable[[ssl.SSLContext, object], None] | None = getattr(hook, "__set__", None)
    if put is not None:
        put(context, _note)
