"""Certificates: evdesk's root, the server's, the chargers'. Pure: key and certificate in, PEM out.

One RSA root (3072 bits) signs both kinds of server certificate, because every charger that verifies at all can verify RSA
(OCPP 1.6 security whitepaper, 3.6: RSA >= 2048, ECDSA >= 224 bits). What evdesk issues for servers is valid from 1970 on: a
charger whose clock was never set must not fail for that; the end of validity is what limits a certificate.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evdesk.model import EvdeskError, Reason

ROOT_BITS, LEAF_BITS = 3072, 2048
ROOT_YEARS, SERVER_DAYS, CLIENT_DAYS = 20, 730, 1095
RENEW_DAYS = 60
LAST = datetime(2049, 12, 31, tzinfo=UTC)
"""Later dates need another encoding (RFC 5280, 4.1.2.5), which old chargers cannot read."""
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_SUBJECT_KEPT = (
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.SERIAL_NUMBER,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, PEM."""

    certificate: str
    key: str = field(repr=False)

    @property
    def parsed(self) -> x509.Certificate:
        return parse(self.certificate)


def parse(pem: str) -> x509.Certificate:
    """Raises `EvdeskError(INVALID)` in words."""
    try:
        return x509.load_pem_x509_certificate(pem.strip().encode())
    except ValueError as error:
        raise EvdeskError(Reason.INVALID, "This is not a certificate in PEM form (BEGIN CERTIFICATE).") from error


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def to_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_root(name: str, now: float) -> Pair:
    """Slow: up to a second."""
    key = rsa.generate_private_key(65537, ROOT_BITS)
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name[:64]), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "evdesk")]
    )
    end = min(_moment(now) + timedelta(days=365 * ROOT_YEARS), LAST)
    builder = _begin(subject, subject, key.public_key(), ALWAYS, end)
    return Pair(to_pem(_as_ca(builder, key.public_key()).sign(key, hashes.SHA256())), _key_pem(key))


def cross_sign(new: Pair, old: Pair) -> str:
    """The new root signed by the old one: chargers that know only the old root follow this."""
    root, issuer = new.parsed, old.parsed
    end = min(root.not_valid_after_utc, issuer.not_valid_after_utc)
    builder = _begin(root.subject, issuer.subject, root.public_key(), ALWAYS, end)
    builder = _as_ca(builder, root.public_key()).add_extension(_authority(issuer), False)
    return to_pem(builder.sign(_load_key(old.key), hashes.SHA256()))


def make_server(root: Pair, names: Iterable[str], host: str, now: float, kind: str) -> Pair:
    """`kind`: "rsa" or "ec". `names`: host names and addresses."""
    key: Key = rsa.generate_private_key(65537, LEAF_BITS) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    issuer = root.parsed
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, host[:64]), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "evdesk")]
    )
    end = min(_moment(now) + timedelta(days=SERVER_DAYS), issuer.not_valid_after_utc)
    builder = _begin(subject, issuer.subject, key.public_key(), ALWAYS, end)
    builder = _as_leaf(builder, key.public_key(), issuer, ExtendedKeyUsageOID.SERVER_AUTH, kind == "rsa")
    builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
    return Pair(to_pem(builder.sign(_load_key(root.key), hashes.SHA256())), _key_pem(key))


@dataclass(frozen=True, slots=True)
class Request:
    """A charger's signing request, checked. `names`: the common names in it."""

    parsed: x509.CertificateSigningRequest
    subject: str
    names: tuple[str, ...]


def read_request(csr: str) -> Request:
    """Raises `EvdeskError(REFUSED)` saying what is wrong: form, signature, or a key that is too weak."""
    try:
        parsed = x509.load_pem_x509_csr(csr.strip().encode())
        good = parsed.is_signature_valid
        key = parsed.public_key()
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise EvdeskError(Reason.REFUSED, "The charger's signing request cannot be read.") from error
    if not good:
        raise EvdeskError(Reason.REFUSED, "The charger's signing request is not signed with its own key.")
    if isinstance(key, rsa.RSAPublicKey):
        strong = 2048 <= key.key_size <= 8192
    else:
        strong = isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 224
    if not strong:
        raise EvdeskError(
            Reason.REFUSED, "The charger's key is too weak: RSA from 2048 or ECDSA from 224 bits is asked for."
        )
    names = tuple(str(a.value) for a in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    return Request(parsed, parsed.subject.rfc4514_string()[:300], names)


def sign_request(root: Pair, request: Request, now: float) -> x509.Certificate:
    """A TLS client certificate. What names the charger is taken over; nothing else of the request counts."""
    issuer, public = root.parsed, request.parsed.public_key()
    kept = [a for a in request.parsed.subject if a.oid in _SUBJECT_KEPT]
    end = min(_moment(now) + timedelta(days=CLIENT_DAYS), issuer.not_valid_after_utc)
    builder = _begin(x509.Name(kept), issuer.subject, public, _moment(now) - timedelta(days=1), end)
    builder = _as_leaf(builder, public, issuer, ExtendedKeyUsageOID.CLIENT_AUTH, False)
    return builder.sign(_load_key(root.key), hashes.SHA256())


def ocsp_hashes(certificate: x509.Certificate, issuer: x509.Certificate) -> tuple[str, str, str]:
    """(issuer name hash, issuer key hash, serial number) by SHA-256, lower-case hex, as OCPP names certificates
    (2.0.1 part 2, CertificateHashDataType; RFC 6960, 4.1.1)."""
    name, key = hashes.Hash(hashes.SHA256()), hashes.Hash(hashes.SHA256())
    name.update(certificate.issuer.public_bytes())
    public = issuer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key.update(_bit_string(public))
    return name.finalize().hex(), key.finalize().hex(), f"{certificate.serial_number:x}"


def _bit_string(spki: bytes) -> bytes:
    """The key itself inside a SubjectPublicKeyInfo: the content of its bit string, without the count of unused bits."""
    _, outer, _ = _der(spki)
    _, _, rest = _der(outer)
    _, content, _ = _der(rest)
    return content[1:]


def _der(data: bytes) -> tuple[int, bytes, bytes]:
    """(tag, content, what follows) of the first DER element."""
    size, at = data[1], 2
    if size & 0x80:
        count = size & 0x7F
        size, at = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    return data[0], data[at : at + size], data[at + size :]


# -- parts --------------------------------------------------------------------------------------------------------


def _begin(
    subject: x509.Name, issuer: x509.Name, public: object, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _as_ca(builder: x509.CertificateBuilder, public: rsa.RSAPublicKey | object) -> x509.CertificateBuilder:
    # One certificate may stand between root and leaf: the next root, signed by this one (see `cross_sign`).
    return (
        builder.add_extension(x509.BasicConstraints(True, 1), True)
        .add_extension(_usage(sign_certificates=True), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)  # type: ignore[arg-type]
    )


def _as_leaf(
    builder: x509.CertificateBuilder,
    public: object,
    issuer: x509.Certificate,
    use: x509.ObjectIdentifier,
    encipher: bool,
) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(_usage(encipher=encipher), True)
        .add_extension(x509.ExtendedKeyUsage([use]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)  # type: ignore[arg-type]
        .add_extension(_authority(issuer), False)
    )


def _usage(sign_certificates: bool = False, encipher: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(microsecond=0)


def _key_pem(key: Key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _load_key(pem: str) -> Key:
    # Our own key, from where only we can write: checking it anew takes half a second.
    key = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key
