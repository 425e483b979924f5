"""The public side of evdesk's CA: its roots and server certificates as they are stored and told."""

import base64
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from evdesk.drivers.tls_server import certificate_names
from evdesk.engine.security import pki
from evdesk.model import EvdeskError, Reason
from evdesk.wire.security import Exported, RootInfo


@dataclass(slots=True)
class Kept:
    """All PEM. `cross`: the current root signed by the one before. `server`: by kind of key."""

    current: str = ""
    cross: str = ""
    previous: list[str] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)
    extra_names: list[str] = field(default_factory=list)
    server: dict[str, str] = field(default_factory=dict)

    def trusted(self) -> list[str]:
        """Every root whose client certificates are taken, the current one first."""
        return [pem for pem in (self.current, *self.previous, *self.imported) if pem]

    def roots(self) -> list[RootInfo]:
        told = [_root_info(self.current, "current")] if self.current else []
        told += [_root_info(pem, "previous") for pem in self.previous]
        return told + [_root_info(pem, "imported") for pem in self.imported]

    def server_names(self) -> list[str]:
        return sorted({name for pem in self.server.values() for name in certificate_names(pki.parse(pem))})

    def server_until(self) -> float | None:
        return min((pki.parse(pem).not_valid_after_utc.timestamp() for pem in self.server.values()), default=None)

    def crossover(self) -> str:
        """What a replaced root means for the chargers, in words; "" where none was."""
        if not self.previous:
            return ""
        end = pki.parse(self.previous[0]).not_valid_after_utc.strftime("%Y-%m-%d")
        return (
            "Chargers that know only the previous root still connect: the new one is shown signed by it. Install the "
            f"new root in each of them before {end}, then remove the previous one here."
        )

    def issuer_of(self, name_hash: str, key_hash: str, serial: str) -> bool:
        """Whether these hashes name one of our own roots."""
        for pem in [self.current, *self.previous]:
            if not pem:
                continue
            root = pki.parse(pem)
            ours = pki.ocsp_hashes(root, root)
            if (name_hash.lower(), key_hash.lower()) == ours[:2] and serial.lower().lstrip("0") == ours[2]:
                return True
        return False

    def export(self, form: str, fingerprint: str) -> Exported:
        pem = next((p for p in self.trusted() if not fingerprint or pki.fingerprint(pki.parse(p)) == fingerprint), None)
        if pem is None:
            raise EvdeskError(Reason.INVALID, "There is no such root. security.ca lists them.")
        if form == "pem":
            return Exported("evdesk-root.pem", pem)
        if form != "der":
            raise EvdeskError(Reason.INVALID, "The form is “pem” or “der”.")
        der = pki.parse(pem).public_bytes(serialization.Encoding.DER)
        return Exported("evdesk-root.der", base64.b64encode(der).decode(), "base64")


def is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _root_info(pem: str, role: str) -> RootInfo:
    certificate = pki.parse(pem)
    return RootInfo(
        pki.fingerprint(certificate),
        certificate.subject.rfc4514_string(),
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
        role,
    )
