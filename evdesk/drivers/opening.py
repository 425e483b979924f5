"""One connection from its first byte until it is a station or gone: what is known of it, and how that is told."""

from dataclasses import dataclass, field

from websockets.http11 import Request

from evdesk.drivers import tls_verdict
from evdesk.drivers.admission import Proof
from evdesk.drivers.client_certificate import ClientCertificate
from evdesk.drivers.tls_state import TlsState
from evdesk.drivers.verdicts import VERDICTS, say
from evdesk.model import Attempt
from evdesk.ocpp.redact import HIDDEN, redact
from evdesk.ocpp.version import Version

_REQUEST_MAX = 4000
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(slots=True)
class Opening:
    """`port` 0 where it is not known. `fill`: words for the verdict's sentence."""

    address: str
    port: int = 0
    opened_at: float = 0.0  # of the event loop's clock
    path: str = ""
    request: str = ""
    charger_id: str = ""
    protocols: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    version: Version | None = None
    reply: str | None = None
    verdict: str = ""
    fill: dict[str, str] = field(default_factory=dict)
    proof: Proof = field(default_factory=Proof)
    tls: TlsState | None = None

    @property
    def secure(self) -> bool:
        return self.tls is not None and self.tls.is_open

    def attempt(self, verdict: str, at: float, /, **fill: str) -> Attempt:
        words = {"id": self.charger_id or "The charger", "port": str(self.port)} | self.fill | fill
        words["scheme"] = "wss" if self.secure else "ws"
        sentence, advice = say(verdict, words)
        return Attempt(
            at=at,
            address=self.address,
            charger_id=self.charger_id,
            verdict=verdict,
            path=self.path,
            protocols=self.protocols,
            sentence=sentence,
            advice=advice,
            port=self.port,
            request=self.request,
            auth=self.proof.auth,
            warnings=self.warnings,
            tls=tls_verdict.seen(self.tls),
            severity=VERDICTS[verdict].severity,
            profile=self.proof.profile,
        )


def shown_request(request: Request, path: str) -> str:
    """Request line and headers as they came, without secrets; `path` is the cleaned one."""
    lines = [f"{request.method} {path} {request.protocol}"]
    for name, value in request.headers.raw_items():
        if name.lower() in _SECRET_HEADERS:
            kind, space, _ = value.strip().partition(" ")
            value = f"{kind} {HIDDEN}" if space else HIDDEN
        lines.append(f"{name}: {redact(value)}")
    return "\n".join(lines)[:_REQUEST_MAX]


def client_certificate(tls: TlsState | None) -> ClientCertificate | None:
    """One the handshake has verified."""
    return tls_verdict.shown_certificate(tls) if tls is not None and tls.certificate else None
