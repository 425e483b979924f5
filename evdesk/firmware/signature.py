"""Whether a signature belongs to a file, and what its certificate is worth at a given moment.

Checked over the file's SHA-256 by RSA-PSS, RSA PKCS #1 v1.5 (RFC 8017, 8.1 and 8.2) or ECDSA (FIPS 186-5). Nothing is
called valid that was not verified here with the key of a certificate that a person said to be the maker's, and within the
certificate's time. Bad text of any kind is a state with words, never an exception.
"""

import base64
import binascii
import contextlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.x509.oid import NameOID

from evdesk.model.firmware import Manifest, SignatureState

_BEGIN = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){32,}")
_WRONG = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
"""What reading a certificate that somebody made up may raise."""

_SHA256 = Prehashed(hashes.SHA256())
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
LEAST_RSA_BITS = 2048
"""Shorter ones can be broken (NIST SP 800-131A, revision 2, table 2)."""

Key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_Kind = tuple[type[Key], Callable[[Key, bytes, bytes], None]]


@dataclass(frozen=True, slots=True)
class Signer:
    """The certificate that a signature is checked by. `fingerprint`: SHA-256 of it, lower-case hex."""

    name: str
    from_at: float
    until_at: float
    fingerprint: str
    key: Key | None  # None: of a kind that is not checked here


@dataclass(frozen=True, slots=True)
class Checked:
    """`detail` says what was found, in words, "" where there is nothing to say."""

    state: SignatureState
    detail: str = ""
    signer: Signer | None = None


def check(manifest: Manifest, sha256: str, at: float, trusted: Collection[str]) -> Checked:
    """`sha256`: of the file, hex; `at`: Unix s; `trusted`: fingerprints of certificates said to be makers'."""
    if not manifest.signature.strip():
        return Checked(SignatureState.NONE, "The manifest brings no signature.")
    if not manifest.certificate.strip():
        return Checked(SignatureState.UNCHECKED, "There is a signature and no certificate to check it by.")
    signer = read_signer(manifest.certificate)
    if signer is None:
        return Checked(SignatureState.UNCHECKED, "The certificate cannot be read. It must be PEM (BEGIN CERTIFICATE).")
    signature = _decoded(manifest.signature)
    if not signature:
        return Checked(SignatureState.INVALID, "The signature is not base64, so it belongs to no file.", signer)
    return _verified(manifest.signature_kind, signature, bytes.fromhex(sha256), at, trusted, signer)


def read_signer(pem: str) -> Signer | None:
    """The first certificate of a PEM text; None where there is none that can be read."""
    try:
        found = _BEGIN.search(pem.encode())
        certificate = x509.load_pem_x509_certificate(found[0] if found else b"")
        return Signer(
            _name(certificate),
            certificate.not_valid_before_utc.timestamp(),
            certificate.not_valid_after_utc.timestamp(),
            certificate.fingerprint(hashes.SHA256()).hex(),
            _key(certificate),
        )
    except _WRONG:
        return None


def certificate_text(raw: bytes) -> str:
    """The certificates in a file as PEM, be it PEM or DER; "" where there is none. Private keys are left out."""
    try:
        found = _BEGIN.findall(raw)
        if found:
            x509.load_pem_x509_certificate(found[0])
            return b"\n".join(found).decode()
        return x509.load_der_x509_certificate(raw).public_bytes(serialization.Encoding.PEM).decode()
    except _WRONG:
        return ""


def signature_text(raw: bytes) -> str:
    """A signature file as base64, be it base64, hex or the bytes themselves; "" for an empty one."""
    try:
        text = "".join(raw.decode("ascii").split())
    except UnicodeDecodeError:
        text = ""
    if _HEX.fullmatch(text):
        return base64.b64encode(bytes.fromhex(text)).decode()
    return text if text and _decoded(text) else base64.b64encode(raw).decode()


def same_fingerprint(one: str, other: str) -> bool:
    """However it is written: with colons, spaces, in capitals."""
    return bool(one) and re.sub(r"[^0-9a-f]", "", one.lower()) == re.sub(r"[^0-9a-f]", "", other.lower())


# -- inside ------------------------------------------------------------------------------------------------------------


def _verified(
    kind: str, signature: bytes, digest: bytes, at: float, trusted: Collection[str], signer: Signer
) -> Checked:
    key = signer.key
    if key is None:
        text = "The certificate holds a key of a kind that evdesk cannot check by. RSA and ECDSA it can."
        return Checked(SignatureState.UNCHECKED, text, signer)
    names = [kind] if kind else [name for name, (of, _) in KINDS.items() if isinstance(key, of)]
    if names[0] not in KINDS:
        text = f"“{kind[:40]}” is a kind of signature that evdesk cannot check. It can: {', '.join(KINDS)}."
        return Checked(SignatureState.UNCHECKED, text, signer)
    if not isinstance(key, KINDS[names[0]][0]):
        text = f"The manifest says {kind}, and the certificate holds another kind of key. Correct the manifest."
        return Checked(SignatureState.UNCHECKED, text, signer)
    fits = next((name for name in names if _fits(name, key, signature, digest)), "")
    if not fits:
        return Checked(SignatureState.INVALID, "The signature does not belong to this file.", signer)
    return _worth(fits, at, trusted, signer)


def _worth(kind: str, at: float, trusted: Collection[str], signer: Signer) -> Checked:
    """The signature fits: what is its certificate worth?"""
    known = signer.fingerprint in trusted
    weak = _weak(signer.key)
    unsaid = weak if known else f" Nobody has said that it is the maker's.{weak}"
    if at > signer.until_at:
        text = f"It fits ({kind}), but its certificate ended on {_day(signer.until_at)}.{unsaid}"
        return Checked(SignatureState.EXPIRED, text, signer)
    if at < signer.from_at:
        text = f"It fits ({kind}), but its certificate begins on {_day(signer.from_at)}: is the clock right?{unsaid}"
        return Checked(SignatureState.EXPIRED, text, signer)
    if not known:
        text = f"It fits ({kind}), but nobody has said that the certificate is the maker's.{weak}"
        return Checked(SignatureState.UNTRUSTED, text, signer)
    return Checked(SignatureState.VALID, f"Checked here: {kind}, by {signer.name}.{weak}", signer)


def _weak(key: Key | None) -> str:
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size >= LEAST_RSA_BITS:
        return ""
    text = (
        f"Its RSA key has only {key.key_size} bit: others may sign with it too. Ask the maker for {LEAST_RSA_BITS} bit."
    )
    return f" {text}"


def _fits(kind: str, key: Key, signature: bytes, digest: bytes) -> bool:
    try:
        KINDS[kind][1](key, signature, digest)
    except (InvalidSignature, *_WRONG):
        return False
    return True


def _pss(key: Key, signature: bytes, digest: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        return key.verify(signature, digest, _PSS, _SHA256)
    raise InvalidSignature


def _pkcs1(key: Key, signature: bytes, digest: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        return key.verify(signature, digest, padding.PKCS1v15(), _SHA256)
    raise InvalidSignature


def _ecdsa(key: Key, signature: bytes, digest: bytes) -> None:
    """As DER (RFC 3279, 2.2.3), or the two numbers one behind the other, as chips give them."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise InvalidSignature
    half, forms = (key.curve.key_size + 7) // 8, [signature]
    if len(signature) == 2 * half:
        forms.append(encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:])))
    for form in forms:
        with contextlib.suppress(InvalidSignature):
            return key.verify(form, digest, ec.ECDSA(_SHA256))
    raise InvalidSignature


KINDS: dict[str, _Kind] = {
    "RSA-PSS": (rsa.RSAPublicKey, _pss),
    "RSA-PKCS1": (rsa.RSAPublicKey, _pkcs1),
    "ECDSA": (ec.EllipticCurvePublicKey, _ecdsa),
}
"""What is checked: the kind of key, and how; an exception where it does not fit."""


def _decoded(text: str) -> bytes:
    """b"" where it is no base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _key(certificate: x509.Certificate) -> Key | None:
    try:
        key = certificate.public_key()
    except _WRONG:
        return None
    return key if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else None


def _name(certificate: x509.Certificate) -> str:
    """The common name, or the whole subject where there is none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(names[0].value) if names else certificate.subject.rfc4514_string()
    return " ".join(text.split())[:200] or "a certificate without a name"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
