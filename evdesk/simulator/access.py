"""How a station proves who it is and whom it trusts (OCPP security profiles 0 to 3)."""

import base64
import ssl
import string
import tempfile
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

FORMS = ("text", "hex", "bytes")


class AccessError(ValueError):
    """Keys, certificates or a password that cannot be used; the text says which."""


@dataclass(slots=True)
class Access:
    """`profile` 0 nothing, 1 Basic, 2 Basic in TLS, 3 client certificate in TLS.

    `password` as somebody typed it and `form`, how it goes over the wire: "text" as typed, "bytes" the bytes its hex
    digits stand for, "hex" as hex digits. `roots` PEM texts the server must chain to; `chain` and `key` PEM texts.
    """

    profile: int = 0
    password: str = ""
    form: str = "text"
    roots: list[str] = field(default_factory=list)
    chain: str = ""
    key: str = ""

    @property
    def secure(self) -> bool:
        return self.profile >= 2

    def copy(self) -> "Access":
        """The same to begin with, changed apart from then on."""
        return replace(self, roots=list(self.roots))

    def secret(self) -> bytes:
        """The password's bytes as they go over the wire."""
        is_hex = bool(self.password) and len(self.password) % 2 == 0 and set(self.password) <= set(string.hexdigits)
        if self.form == "bytes":
            if not is_hex:
                raise AccessError("A password of the form “bytes” is an even number of hex digits.")
            return bytes.fromhex(self.password)
        if self.form == "hex" and not is_hex:
            return self.password.encode().hex().encode()
        return self.password.encode()

    def authorization(self, identity: str) -> str | None:
        """The Authorization header, None where the profile has none."""
        if self.profile not in (1, 2):
            return None
        return "Basic " + base64.b64encode(identity.encode() + b":" + self.secret()).decode()

    def context(self) -> ssl.SSLContext | None:
        """TLS settings of profiles 2 and 3; raises AccessError."""
        if not self.secure:
            return None
        if self.profile == 3 and not (self.chain and self.key):
            raise AccessError("Security profile 3 needs a certificate and its key.")
        return _shared_context("\n".join(self.roots), *self._own())

    def file_context(self) -> ssl.SSLContext:
        """The same for file servers, whatever the profile; raises AccessError."""
        return _shared_context("\n".join(self.roots), *self._own())

    def fresh_context(self) -> ssl.SSLContext:
        """The same, to be changed by whoever asked for it."""
        return _context("\n".join(self.roots), *self._own())

    def _own(self) -> tuple[str, str]:
        return (self.chain, self.key) if self.profile == 3 else ("", "")


@lru_cache(maxsize=64)  # thousands of stations with the same files share one
def _shared_context(roots: str, chain: str, key: str) -> ssl.SSLContext:
    return _context(roots, chain, key)


def _context(roots: str, chain: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if roots.strip():
            context.load_verify_locations(cadata=roots)
        else:
            context.load_default_certs()
        if chain:
            with tempfile.TemporaryDirectory() as folder:  # the ssl module reads certificates from files only
                chain_file, key_file = Path(folder, "chain.pem"), Path(folder, "key.pem")
                chain_file.write_text(chain)
                key_file.touch(mode=0o600)
                key_file.write_text(key)
                context.load_cert_chain(chain_file, key_file)
    except (ssl.SSLError, OSError, ValueError) as problem:
        raise AccessError(f"The certificates cannot be used: {problem}.") from None
    return context
