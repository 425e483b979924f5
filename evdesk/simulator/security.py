"""Security events and the way to a new certificate, the same for 1.6 (whitepaper) and 2.x (2.0.1 block A)."""

from collections.abc import Callable

from evdesk.simulator.certificates import CertificateStore
from evdesk.simulator.core import Core
from evdesk.simulator.link import Payload

RECONNECT_S = 1.0


class Security:
    """`wait` tells (seconds, repetitions) for a certificate that does not come; `name` the CSR's organisation.

    `tells`: whether security events are wanted. `numbered`: SignCertificate carries a requestId (2.1).
    """

    def __init__(
        self,
        core: Core,
        wait: Callable[[], tuple[int, int]],
        name: Callable[[], str],
        tells: Callable[[], bool] = lambda: True,
        numbered: bool = False,
    ) -> None:
        self.core, self._wait, self._name, self._tells, self.numbered = core, wait, name, tells, numbered
        self.certificate_type: str | None = None
        self.request_id = 0
        self._open = 0
        self._store: CertificateStore | None = None

    @property
    def store(self) -> CertificateStore:
        """Made when first needed: thousands of stations have nothing in it."""
        if self._store is None:
            self._store = CertificateStore(self.core.link.access)
        return self._store

    def event(self, kind: str, info: str = "") -> None:
        """SecurityEventNotification; these are kept while offline."""
        self.core.note(f"{kind} {info}".rstrip(), "security")
        if not self._tells():
            return
        told: Payload = {"type": kind, "timestamp": self.core.stamp()}
        if info:
            told["techInfo"] = info[:255]
        self.core.keep("SecurityEventNotification", told)

    def sign(self, certificate_type: str | None = None) -> None:
        """Ask for a new certificate: a fresh key, SignCertificate, and again when none comes."""
        self.certificate_type = certificate_type
        self._open += 1
        self.request_id += 1
        request: Payload = {"csr": self.store.request(self.core.serial, self._name())}
        if certificate_type is not None:
            request["certificateType"] = certificate_type
        if self.numbered:
            request["requestId"] = self.request_id
        wait_s, times = self._wait()
        self._ask(request, self._open, float(wait_s), times)

    def _ask(self, request: Payload, number: int, wait_s: float, times: int) -> None:
        if number != self._open:
            return  # there is a certificate, or another request
        core = self.core
        core.post("SignCertificate", request, lambda answer: core.say(f"SignCertificate {answer.get('status')}"))
        if times > 0:
            core.later(wait_s, lambda: self._ask(request, number, wait_s * 2, times - 1))

    def signed(self, chain: str, request_id: int | None, bad_event: str) -> str:
        """CertificateSigned; returns why it is refused, "" when it is taken (and used from the next connection on)."""
        if self.numbered and request_id not in (None, self.request_id):
            return "the requestId is not the open one"
        problem = self.store.take(chain, self.core.now())
        if problem:
            self.event(bad_event, problem)
            return problem
        self._open += 1
        if self.core.link.access.profile == 3:
            self.reconnect()
        return ""

    def reconnect(self) -> None:
        """Close and come back, so that new credentials count; no restart."""
        self.core.later(RECONNECT_S, lambda: self.core.link.drop(0.5))
