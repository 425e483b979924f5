"""The certificates a station holds: installed roots, its own key and chain, and requests for a new one (X.509)."""

import base64
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from evdesk.simulator.access import Access

CSMS_ROOTS = ("CSMSRootCertificate", "CentralSystemRootCertificate")
MAKER_ROOTS = ("ManufacturerRootCertificate",)
STORE_MAX = 20
HASHED = Prehashed(hashes.SHA256())
HashData = dict[str, str]


@dataclass(slots=True)
class Root:
    kind: str
    pem: str
    certificate: x509.Certificate


def hash_data(certificate: x509.Certificate, issuer: x509.Certificate | None = None) -> HashData:
    """CertificateHashData: SHA-256 over issuer name and issuer key (RFC 6960 4.1.1), serial in hex without zeros.

    Without `issuer` the certificate counts as its own.
    """
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": _sha256(certificate.issuer.public_bytes()),
        "issuerKeyHash": _sha256(_key_bits(issuer or certificate)),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def _sha256(data: bytes) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize().hex()


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The key as it stands in the BIT STRING, without tag and length."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)  # Ed25519, Ed448


@dataclass(slots=True)
class CertificateStore:
    """Works on `access`: CSMS roots and the own chain are what the next connection uses."""

    access: Access
    roots: list[Root] = field(default_factory=list)
    _pending: ec.EllipticCurvePrivateKey | None = None

    def __post_init__(self) -> None:
        for pem in self.access.roots:
            for certificate in x509.load_pem_x509_certificates(pem.encode()):
                self.roots.append(Root("CSMSRootCertificate", _pem(certificate), certificate))

    @property
    def can_verify_csms(self) -> bool:
        return any(root.kind in CSMS_ROOTS for root in self.roots)

    @property
    def has_own(self) -> bool:
        return bool(self.access.chain and self.access.key)

    def install(self, kind: str, pem: str, now: float) -> str:
        """Accepted; Rejected for what is no valid certificate; Failed when the store is full."""
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return "Rejected"
        if not _valid(certificate, now):
            return "Rejected"
        if len(self.roots) >= STORE_MAX:
            return "Failed"
        self.roots = [r for r in self.roots if (r.kind, r.certificate) != (kind, certificate)]
        self.roots.append(Root(kind, _pem(certificate), certificate))
        self._publish()
        return "Accepted"

    def ids(self, kinds: list[str] | None) -> list[tuple[str, HashData]]:
        """(kind, hash data) of everything installed, or of some kinds."""
        return [(r.kind, hash_data(r.certificate)) for r in self.roots if not kinds or r.kind in kinds]

    def delete(self, wanted: dict[str, Any]) -> str:
        """Accepted or NotFound; hashes and serial compare without case."""
        kept = [r for r in self.roots if not _same(hash_data(r.certificate), wanted)]
        if len(kept) == len(self.roots):
            return "NotFound"
        self.roots = kept
        self._publish()
        return "Accepted"

    def signer_problem(self, pem: str, now: float) -> str:
        """Why nobody may sign firmware with this certificate, "" when it may: it is one, it is valid now, and it comes
        from an installed root of the manufacturer, if there is any."""
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return "this is no PEM certificate"
        if not _valid(certificate, now):
            return "the certificate is not valid now"
        makers = [root.certificate for root in self.roots if root.kind in MAKER_ROOTS]
        if makers and certificate not in makers and not any(_issued(certificate, root) for root in makers):
            return "the certificate is not from the manufacturer's root"
        return ""

    def _publish(self) -> None:
        self.access.roots = [r.pem for r in self.roots if r.kind in CSMS_ROOTS]

    def request(self, serial: str, organization: str) -> str:
        """A certificate signing request (PEM) with a fresh P-256 key; the CN is the serial number."""
        self._pending = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, serial),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64] or "unknown"),
            ]
        )
        csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._pending, hashes.SHA256())
        return csr.public_bytes(Encoding.PEM).decode()

    def take(self, chain: str, now: float) -> str:
        """The chain for the pending request; returns why it cannot be used, "" when it is in use from now on."""
        if self._pending is None:
            return "there is no request open"
        try:
            links = x509.load_pem_x509_certificates(chain.encode())
        except ValueError:
            return "this is no PEM certificate"
        if links[0].public_key() != self._pending.public_key():
            return "the certificate is for another key"
        if not all(_valid(link, now) for link in links):
            return "a certificate is not valid now"
        if not self._chains(links):
            return "the chain does not lead to an installed root"
        self.access.chain = "".join(_pem(link) for link in links)
        key = self._pending.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.access.key, self._pending = key.decode(), None
        return ""

    def _chains(self, links: list[x509.Certificate]) -> bool:
        for link, issuer in itertools.pairwise(links):
            if not _issued(link, issuer):
                return False
        roots = [root.certificate for root in self.roots]
        return not roots or links[-1] in roots or any(_issued(links[-1], root) for root in roots)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _valid(certificate: x509.Certificate, now: float) -> bool:
    moment = datetime.fromtimestamp(max(0.0, now), UTC)
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _same(have: HashData, wanted: dict[str, Any]) -> bool:
    if str(wanted.get("hashAlgorithm")) != have["hashAlgorithm"]:
        return False
    serial = str(wanted.get("serialNumber", "")).lower().lstrip("0")
    names = ("issuerNameHash", "issuerKeyHash")
    same = all(str(wanted.get(name, "")).lower() == have[name] for name in names)
    return same and serial == have["serialNumber"].lstrip("0")


def signed_by(pem: str, signature: str, digest: bytes) -> bool:
    """Whether `signature` (base64) was made with the certificate's key over a file whose SHA-256 is `digest`: RSA-PSS,
    RSA-PKCS1 v1.5 or ECDSA, whichever fits."""
    try:
        key = x509.load_pem_x509_certificate(pem.encode()).public_key()
        raw = base64.b64decode(signature, validate=False)
    except ValueError:
        return False
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _fits(lambda: key.verify(raw, digest, ec.ECDSA(HASHED)))
    if isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
        ways = (pss, padding.PKCS1v15())
        return any(_fits(lambda way=way: key.verify(raw, digest, way, HASHED)) for way in ways)  # type: ignore[misc]
    return False


def _fits(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
