"""Certificates of every kind, good and bad, and TLS clients that use them."""

import ipaddress
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect

from evdesk.drivers.charger_ports import Port
from evdesk.drivers.tls_server import Chain, Credentials, TlsServer
from tests.drivers.helpers import QUICK, Desk, desk

DAY = timedelta(days=1)
NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Made:
    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


@cache
def new_key(kind: str, _whose: str) -> Any:
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


def make(
    name: str,
    issuer: Made | None = None,
    kind: str = "ec",
    ca: bool = False,
    names: tuple[str, ...] = (),
    since: timedelta = -DAY,
    until: timedelta = 30 * DAY,
    serial: str = "",
) -> Made:
    key, now = new_key(kind, name if ca else ""), datetime.now(UTC)
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if serial:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    subject = x509.Name(attributes)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
        .add_extension(x509.BasicConstraints(ca, None), True)
    )
    if names:
        found = [_general(word) for word in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(found), False)
    signer = issuer.key if issuer else key
    return Made(builder.sign(signer, hashes.SHA256()), key)


def _general(word: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(word))
    except ValueError:
        return x509.DNSName(word)


@cache
def root() -> Made:
    return make("evdesk test root", ca=True)


@cache
def stranger() -> Made:
    return make("another root", ca=True)


def credentials(server: Made | None = None, *more: Made) -> Credentials:
    server = server or make("evdesk", root(), names=NAMES)
    return Credentials(tuple(Chain(m.pem, m.key_pem) for m in (server, *more)), root().pem)


@asynccontextmanager
async def tls_desk(server: Made | None = None, options: Any = QUICK, guard: Any = None, **host: Any):
    """A desk with a TLS port beside its plain one; `made.tls_port` is its number."""
    async with desk(options, guard, **host) as made:
        await add_tls(made, credentials(server))
        yield made


async def add_tls(made: Desk, given: Credentials) -> None:
    made.listener.ports.tls = TlsServer(given)
    made.tls_port = (await made.listener.ports.open(Port("127.0.0.1", 0, True))).port


def client(
    tmp_path: Path | None = None, trust: Made | None = None, certificate: Made | None = None, **limits: Any
) -> ssl.SSLContext:
    """A charger's TLS side: it trusts `trust` (the test root) and shows `certificate`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=(trust or root()).pem)
    if certificate is not None:
        assert tmp_path
        file = tmp_path / f"{certificate.certificate.serial_number:x}.pem"
        file.write_text(certificate.pem + certificate.key_pem)
        context.load_cert_chain(file)
    for name, value in limits.items():
        if name == "ciphers":
            context.set_ciphers(value)
        else:
            setattr(context, name, value)
    return context


def dial(made: Desk, context: ssl.SSLContext, ident: str = "CP1", **options: Any):
    """The opening of a WebSocket inside TLS."""
    options = {"subprotocols": ["ocpp1.6"], "compression": None, "server_hostname": "localhost"} | options
    return connect(f"wss://127.0.0.1:{made.tls_port}/{ident}", ssl=context, **options)
