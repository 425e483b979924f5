"""Does this charger look with whom it talks? One connection is met with a certificate of a root that exists nowhere else.

Encrypted does not mean checked: some stacks take any certificate (seen in the MicroOcpp simulator and in Solidstudio VCP),
and that a charger connected on profile 2 proves nothing. Only a charger that stands alone behind its address is tested, and
none that charges. The true certificate comes back with the result, after `TEST_S`, and with a restart of the engine.
"""

import asyncio
import logging
from dataclasses import dataclass

from evdesk.drivers.admission import Proof
from evdesk.drivers.base import Answer
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.drivers.tls_server import Chain, Credentials
from evdesk.engine.commands import Command, Commands, reachable
from evdesk.engine.fleet import Fleet
from evdesk.engine.security import pki
from evdesk.engine.security.policies import Policies
from evdesk.model import EvdeskError, FindingSeen, NoticeKind, Origin, Reason, Severity
from evdesk.wire.security import CaTest

log = logging.getLogger("evdesk.security")
TEST_S = 1200.0
"""Some chargers dial again only after 19 minutes (lbbrhzn/ocpp PR #2073)."""

SENTENCES = {
    "waiting": "Its connection was closed. When it dials again it meets a certificate that nobody can trust.",
    "checked": "It refused a certificate that it cannot know: it looks with whom it talks.",
    "not_checked": "It took a certificate that nobody can trust: anybody on its network can pose as evdesk.",
    "without_tls": "It came back without TLS, so nothing was seen. Demand profile 2 of it, then test again.",
    "no_answer": "It did not dial again from its address in time, so nothing was seen. Test again.",
}


@dataclass(slots=True)
class _Running:
    host: str
    timer: asyncio.TimerHandle


class CaTests:
    def __init__(self, fleet: Fleet, commands: Commands, policies: Policies, listener: OcppListener) -> None:
        self._fleet, self._commands, self._policies, self._listener = fleet, commands, policies, listener
        self._running: dict[str, _Running] = {}
        self._states: dict[str, CaTest] = {}
        listener.on_ca_tested = self._tested

    def state(self, charger_id: str) -> CaTest:
        held = self._policies.known(charger_id)
        return self._states.get(charger_id) or CaTest(charger_id, held.ca_check or "none", held.ca_check_at)

    async def start(self, origin: Origin, charger_id: str) -> CaTest:
        """Closes the charger's connection and meets its next one as a stranger. Raises `EvdeskError(INVALID)` where that
        would touch another charger or a charge."""
        record = reachable(self._fleet.chargers.get(charger_id), charger_id)
        tls, host = self._listener.ports.tls, self._listener.alone_at(charger_id)
        if tls is None or not self._policies.proofs.get(charger_id, Proof()).secure:
            raise EvdeskError(
                Reason.INVALID, f"{record.label or record.id} is not connected by TLS. Raise its profile first."
            )
        if any(connector.session is not None for connector in record.connectors.values()):
            raise EvdeskError(Reason.INVALID, f"{record.label or record.id} charges. Test it when no charge runs.")
        if not host:
            text = "Other chargers come from the same address, so this one cannot be met alone"
            raise EvdeskError(Reason.INVALID, f"{text}. Test it on a network of its own.")
        if charger_id in self._running:
            return self.state(charger_id)
        strange = await asyncio.to_thread(_strangers, sorted(tls.names), self._fleet.clock.now())
        link = record.link
        if link is None or charger_id in self._running:
            raise EvdeskError(Reason.UNREACHABLE, "It has gone meanwhile. Test it when it is back.")

        async def act() -> Answer:
            loop = asyncio.get_running_loop()
            tls.be_strange(host, strange, loop.time() + TEST_S)
            timer = loop.call_later(TEST_S, self._finish, charger_id, "no_answer")
            self._running[charger_id] = _Running(host, timer)
            self._states[charger_id] = CaTest(charger_id, "waiting", self._fleet.clock.now(), SENTENCES["waiting"])
            await link.close("evdesk tests whether its certificate is checked: please dial again")
            return Answer("closed")

        await self._commands.run(Command(origin, "security.test_ca", charger_id, {}), act)
        return self.state(charger_id)

    def admitted(self, charger_id: str, proof: Proof) -> None:
        """It is back, past the test: by the plain port, or from another address."""
        if charger_id in self._running:
            self._finish(charger_id, "no_answer" if proof.secure else "without_tls")

    def _tested(self, host: str, checked: bool) -> None:
        for charger_id, running in list(self._running.items()):
            if running.host == host:
                self._finish(charger_id, "checked" if checked else "not_checked")

    def _finish(self, charger_id: str, state: str) -> None:
        running = self._running.pop(charger_id, None)
        if running is None:
            return
        running.timer.cancel()
        if self._listener.ports.tls is not None:
            self._listener.ports.tls.be_yourself(running.host)
        now = self._fleet.clock.now()
        self._states[charger_id] = CaTest(charger_id, state, now, SENTENCES[state])
        record = self._fleet.chargers.get(charger_id)
        if record is None:
            return
        severity = Severity.DANGER if state == "not_checked" else Severity.INFO
        self._fleet.notice(NoticeKind.CA_TEST, severity, record, state=state)
        if state == "not_checked":
            self._fleet.report(FindingSeen(charger_id, now, "ca_not_checked", SENTENCES[state]))
        if state in ("checked", "not_checked"):
            self._policies.note_ca_check(charger_id, state, now)

    def close(self) -> None:
        for charger_id in list(self._running):
            running = self._running.pop(charger_id)
            running.timer.cancel()


def _strangers(names: list[str], now: float) -> Credentials:
    """As good as the true ones but for their root, which is thrown away at once. Slow: up to a second."""
    root = pki.make_root("Nobody's root", now)
    leaves = [pki.make_server(root, names, names[0] if names else "evdesk", now, kind) for kind in ("rsa", "ec")]
    return Credentials(tuple(Chain(leaf.certificate + root.certificate, leaf.key) for leaf in leaves))
