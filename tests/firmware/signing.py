"""A maker's keys and certificates for tests, made once each: real ones, signing real files."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

T0 = 1_800_000_000.0
DAY = 86_400.0
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


@cache
def key(kind: str, name: str = "maker"):
    """`kind`: "rsa", "ec" or "ed25519"; another `name` is another key, "weak" one that is too short."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 1024 if name == "weak" else 2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()


@cache
def certificate(kind: str, name: str = "maker", begins: float = T0 - DAY, ends: float = T0 + DAY) -> x509.Certificate:
    own = key(kind, name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nordlade release key 3")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(begins, UTC))
        .not_valid_after(datetime.fromtimestamp(ends, UTC))
    )
    return builder.sign(own, None if kind == "ed25519" else hashes.SHA256())


def pem(made: x509.Certificate) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(made: x509.Certificate) -> str:
    return made.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True)
class Signed:
    """`signature`: base64, of exactly these bytes."""

    data: bytes
    kind: str
    signature: str
    pem: str
    fingerprint: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def sign(data: bytes, kind: str = "ECDSA", name: str = "maker", **times: float) -> Signed:
    """`kind` as in a manifest."""
    of = "ec" if kind == "ECDSA" else "rsa"
    own, made = key(of, name), certificate(of, name, **times)
    if kind == "ECDSA":
        told = own.sign(data, ec.ECDSA(hashes.SHA256()))
    else:
        told = own.sign(data, PSS if kind == "RSA-PSS" else padding.PKCS1v15(), hashes.SHA256())
    return Signed(data, kind, base64.b64encode(told).decode(), pem(made), fingerprint(made))
