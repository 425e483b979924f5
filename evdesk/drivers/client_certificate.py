"""A charger's client certificate: who it says it is, and whether that is the charger that dials. Pure.

Sources: OCPP 2.0.1 part 2, A00.FR.405 and B01.FR.12; OCPP 1.6 security whitepaper, 4.3.
"""

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """`names`: common name and alternative names. `serial_attribute`: the subject's serialNumber, where there is one.
    `number`: the certificate's own number in hex. Times are Unix seconds."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    serial_attribute: str
    number: str
    fingerprint: str
    not_before: float
    not_after: float


def read_certificate(der: bytes) -> ClientCertificate | None:
    """None where the bytes are no certificate."""
    try:
        found = x509.load_der_x509_certificate(der)
        common = [str(a.value) for a in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        serial = [str(a.value) for a in found.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
        return ClientCertificate(
            found.subject.rfc4514_string()[:300],
            found.issuer.rfc4514_string()[:300],
            (*common, *_alternative(found)),
            serial[0] if serial else "",
            f"{found.serial_number:x}",
            found.fingerprint(hashes.SHA256()).hex(),
            found.not_valid_before_utc.timestamp(),
            found.not_valid_after_utc.timestamp(),
        )
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def _alternative(found: x509.Certificate) -> list[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [
        *names.get_values_for_type(x509.DNSName),
        *names.get_values_for_type(x509.UniformResourceIdentifier),
        *names.get_values_for_type(x509.RFC822Name),
    ]


def first_of_message(message: bytes) -> bytes:
    """The DER of the first certificate in a TLS Certificate message (RFC 5246, 7.4.2; RFC 8446, 4.4.2); b"" for none."""
    body = message[4:]
    if not body:
        return b""
    for start in (0, 1 + body[0]):  # TLS 1.3 puts a context before the list
        size = int.from_bytes(body[start : start + 3], "big")
        if size and start + 3 + size == len(body):
            length = int.from_bytes(body[start + 3 : start + 6], "big")
            return body[start + 6 : start + 6 + length]
    return b""


def bound_by(certificate: ClientCertificate, charger_id: str, serial: str) -> str:
    """What in the certificate names the charger: "serial", "id", or "" where it is another's."""
    return named_by((*certificate.names, certificate.serial_attribute), charger_id, serial)


def named_by(names: tuple[str, ...], charger_id: str, serial: str) -> str:
    """The same for the names alone, e.g. those of a signing request."""
    if _holds(names, serial, True):
        return "serial"
    return "id" if _holds(names, charger_id, False) else ""


def contradicts(certificate: ClientCertificate, bound: str, serial: str) -> bool:
    """Whether the serial number a charger boots with is not the one its certificate was bound to (B01.FR.12)."""
    if not serial:
        return False
    if certificate.serial_attribute:
        return certificate.serial_attribute.strip().lower() != serial.strip().lower()
    return bound == "serial" and not _holds(certificate.names, serial, True)


def _holds(names: tuple[str, ...], word: str, after_letters: bool) -> bool:
    """A00.FR.405 says "contains": as a whole part, so that the certificate of WB-12 is not good for WB-1. Makers put
    their name right before a serial number (`after_letters`)."""
    word = word.strip().lower()
    if not word:
        return False
    before = "[0-9]" if after_letters else "[0-9a-z]"
    part = re.compile(rf"(?<!{before}){re.escape(word)}(?![0-9a-z])")
    return any(part.search(name.lower()) for name in names)
