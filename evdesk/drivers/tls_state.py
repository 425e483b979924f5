"""What is known of the TLS side of one connection."""

from dataclasses import dataclass

from evdesk.drivers.client_hello import ClientHello


@dataclass(slots=True)
class TlsState:
    """What is known of the TLS side of a connection. `error` is OpenSSL's word for what ended the handshake, `verify` its
    number for what is wrong with the client's certificate, `closed`: the client hung up without a word while we waited
    for it; `showed`: it had seen our certificate by then. `strange`: that was one it cannot trust (a test), and "trusted"
    where it went on all the same."""

    hello: ClientHello | None = None
    version: str = ""
    cipher: str = ""
    error: str = ""
    verify: int = 0
    certificate: bytes = b""  # DER, verified
    shown: bytes = b""  # the TLS message in which a client showed its certificates, verified or not
    asked: bool = True  # for a certificate
    closed: bool = False
    showed: bool = False
    strange: str = ""
    local_address: str = ""

    @property
    def is_open(self) -> bool:
        return bool(self.version)
