"""Raising a charger's security profile: guided, because over OCPP there is no way back.

What must be true first is checked and named. Then the charger is told, and everything stays as it was (ports, policy)
until it was seen on the new profile; only then less is accepted from it no more.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from evdesk.drivers.admission import Proof
from evdesk.engine.attempts import AttemptLog
from evdesk.engine.commands import Command, Commands, reachable
from evdesk.engine.fleet import Fleet
from evdesk.engine.security.doors import Doors
from evdesk.engine.security.policies import Policies
from evdesk.engine.security.signing import Signing
from evdesk.engine.state import ChargerRecord
from evdesk.model import Attempt, EvdeskError, NoticeKind, Origin, Reason, Severity
from evdesk.wire.security import RaiseCheck, RaiseState

log = logging.getLogger("evdesk.security")
CLOCK_OFF_S = 86_400.0
LEAST_WAIT_S, MOST_WAIT_S = 10.0, 86_400.0
_AUTH = {1: "password", 2: "password", 3: "certificate"}
_BAD = (Severity.WARN, Severity.DANGER)
Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Raising:
    """One at a time per charger. `admitted` hears of every charger that is let in."""

    def __init__(
        self,
        fleet: Fleet,
        commands: Commands,
        policies: Policies,
        doors: Doors,
        signing: Signing,
        attempts: AttemptLog,
        spawn: Spawn,
    ) -> None:
        self._fleet, self._commands, self._policies = fleet, commands, policies
        self._doors, self._signing, self._attempts = doors, signing, attempts
        self._spawn = spawn
        self._states: dict[str, RaiseState] = {}
        self._seen: dict[str, asyncio.Future[Proof]] = {}

    def state(self, charger_id: str) -> RaiseState:
        return self._states.get(charger_id, RaiseState(charger_id))

    def admitted(self, charger_id: str, proof: Proof) -> None:
        waiting, state = self._seen.get(charger_id), self._states.get(charger_id)
        if waiting is None or state is None or waiting.done():
            return
        if proof.profile >= state.profile:
            waiting.set_result(proof)
        else:
            text = f"It came back on profile {proof.profile}, and may still try {state.profile}."
            self._states[charger_id] = replace(state, sentence=text)

    def check(self, charger_id: str, profile: int) -> RaiseState:
        """What stands in the way, each named with what can be done about it."""
        if profile not in (1, 2, 3):
            raise EvdeskError(Reason.INVALID, "A profile can be raised to 1, 2 or 3.")
        record = reachable(self._fleet.chargers.get(charger_id), charger_id)
        proof = self._policies.proofs.get(charger_id, Proof())
        checks = [
            self._higher(profile, proof),
            *self._password(record, profile, proof),
            *self._port(profile),
            *self._certificates(record, profile, proof),
            *self._clock(record, profile),
            self._charging(record),
        ]
        good = all(check.ok for check in checks)
        url = self._url(record, profile, proof)
        return RaiseState(charger_id, "checked" if good else "blocked", profile, proof.profile, checks, url=url)

    async def start(self, origin: Origin, charger_id: str, profile: int, wait_s: float) -> RaiseState:
        """Tells the charger and waits in the background. Raises `EvdeskError(INVALID)` with the first thing in the way."""
        if charger_id in self._seen:
            raise EvdeskError(Reason.INVALID, "The profile of this charger is being raised already.")
        state = self.check(charger_id, profile)
        blocked = next((check for check in state.checks if not check.ok), None)
        if blocked is not None:
            raise EvdeskError(Reason.INVALID, blocked.sentence, what=blocked.what, deed=blocked.deed)
        record = reachable(self._fleet.chargers.get(charger_id), charger_id)
        link = record.link
        assert link is not None
        wait_s = min(max(wait_s, LEAST_WAIT_S), MOST_WAIT_S)
        if profile >= 2 and link.protocol == "ocpp1.6":
            await self._doors.take_both(_port_of(record))
        now = self._fleet.clock.now()
        self._states[charger_id] = replace(state, state="writing", began_at=now, until=now + wait_s)
        seen = self._seen[charger_id] = asyncio.get_running_loop().create_future()
        command = Command(origin, "security.raise_profile", charger_id, {"profile": profile, "before": state.before})
        try:
            await self._commands.run(command, lambda: link.change_profile(profile, state.url))
        except EvdeskError as error:
            if error.reason not in (Reason.UNREACHABLE, Reason.TIMEOUT):  # many go at once, without an answer
                self._end(charger_id, "failed", error.sentence, "Nothing has changed.")
                raise
        self._states[charger_id] = replace(
            self._states[charger_id],
            state="waiting",
            sentence=f"Told to use profile {profile}; waiting for it to come back. Everything else stays as it was.",
        )
        self._spawn(self._wait(charger_id, seen, wait_s), f"raise {charger_id}")
        return self._states[charger_id]

    async def _wait(self, charger_id: str, seen: "asyncio.Future[Proof]", wait_s: float) -> None:
        state = self._states[charger_id]
        try:
            async with asyncio.timeout(self._fleet.clock.wall_s(wait_s)):
                proof = await seen
        except TimeoutError:
            self._give_up(charger_id, state)
            return
        finally:
            self._seen.pop(charger_id, None)
        try:
            await self._policies.put(charger_id, state.profile, _AUTH[state.profile], own=True)
        except EvdeskError as error:
            self._end(
                charger_id, "failed", f"It is on profile {proof.profile}. {error.sentence}", "Set the policy by hand."
            )
            return
        text = f"It is on profile {proof.profile} now, and less is not accepted from it any more."
        self._end(charger_id, "done", text, "")

    def _give_up(self, charger_id: str, state: RaiseState) -> None:
        """What its last attempt failed for is what to do."""
        record = self._fleet.record(charger_id)
        last = self._last_failure(record, state.began_at or 0.0)
        if last is not None:
            sentence, advice = f"It did not get in on profile {state.profile}. {last.sentence}", last.advice
        elif record.online:
            sentence = f"It is back on profile {state.before} and did not try profile {state.profile}."
            advice = "It may want a restart, or its address set to the new URL by hand. The old profile still works."
        else:
            sentence = "It has not come back at all."
            advice = (
                f"Set its address to {state.url} by hand if it kept the old one, or restart it. The old port and profile "
                "are still open for it."
            )
        self._end(charger_id, "failed", sentence, advice)

    def _last_failure(self, record: ChargerRecord, since: float) -> Attempt | None:
        host = record.address.rpartition(":")[0]
        for attempt in reversed(self._attempts.recent):
            mine = attempt.charger_id == record.id or (
                not attempt.charger_id and attempt.address.rpartition(":")[0] == host
            )
            if mine and attempt.at >= since and attempt.severity in _BAD:
                return attempt
        return None

    def _end(self, charger_id: str, how: str, sentence: str, advice: str) -> None:
        self._seen.pop(charger_id, None)
        self._states[charger_id] = replace(
            self._states[charger_id], state=how, sentence=sentence, advice=advice, until=None
        )
        severity = Severity.OK if how == "done" else Severity.WARN
        record = self._fleet.record(charger_id)
        self._fleet.notice(
            NoticeKind.SECURITY, severity, record, code=f"profile_{how}", info=f"{sentence} {advice}".strip()
        )

    # -- the checks -----------------------------------------------------------------------------------------------

    def _higher(self, profile: int, proof: Proof) -> RaiseCheck:
        good = profile > proof.profile
        text = f"It uses profile {proof.profile} now."
        return RaiseCheck("higher", good, text if good else f"{text} A charger refuses to go to {profile} from there.")

    def _password(self, record: ChargerRecord, profile: int, proof: Proof) -> list[RaiseCheck]:
        if profile == 3:
            return []
        view = self._policies.view(record.id, True)
        known = view.password_set or view.password_waits
        if not known:
            text = "evdesk knows no password of this charger. Write one into it first."
            return [RaiseCheck("password", False, text, "write_password")]
        if proof.profile >= 1 and not view.password_form:
            text = "The charger has not shown its password yet. Write it anew, and let it reconnect."
            return [RaiseCheck("password", False, text, "write_password")]
        return [RaiseCheck("password", True, "Its password is known here.")]

    def _port(self, profile: int) -> list[RaiseCheck]:
        if profile == 1:
            return []
        if not self._doors.tls_port():
            return [RaiseCheck("port", False, "No TLS port is open. Turn on TLS first.", "turn_on_tls")]
        return [RaiseCheck("port", True, f"TLS is open on port {self._doors.tls_port()}.")]

    def _certificates(self, record: ChargerRecord, profile: int, proof: Proof) -> list[RaiseCheck]:
        if profile == 1:
            return []
        if self._policies.known(record.id).root or proof.secure:
            checks = [RaiseCheck("root", True, "It knows evdesk's root certificate.")]
        else:
            text = "evdesk's root certificate is not installed in the charger: it would not trust evdesk."
            checks = [RaiseCheck("root", False, text, "install_root")]
        if profile == 3:
            if self._signing.has_live(record.id) or proof.certificate is not None:
                checks.append(RaiseCheck("certificate", True, "It has a certificate of its own."))
            else:
                text = "The charger has no certificate of its own yet. Have one signed first."
                checks.append(RaiseCheck("certificate", False, text, "sign"))
        return checks

    def _clock(self, record: ChargerRecord, profile: int) -> list[RaiseCheck]:
        if profile == 1:
            return []
        offset_s = record.clock.offset_s if record.clock else None
        if offset_s is not None and abs(offset_s) > CLOCK_OFF_S:
            text = f"The charger's clock is off by {abs(offset_s) / 86400:.0f} days: it may not accept certificates."
            return [RaiseCheck("clock", False, f"{text} Set its time first.")]
        return [RaiseCheck("clock", True, "Its clock is right." if offset_s is not None else "Its clock is not known.")]

    def _charging(self, record: ChargerRecord) -> RaiseCheck:
        busy = any(connector.session is not None for connector in record.connectors.values())
        text = "A car charges; the connection is cut for this. Wait until it has ended." if busy else "Nothing charges."
        return RaiseCheck("charging", not busy, text)

    def _url(self, record: ChargerRecord, profile: int, proof: Proof) -> str:
        """What the charger shall dial: the host it dials now, on the port of the new profile; without its id."""
        host = proof.host or "HOST"
        host = f"[{host}]" if ":" in host else host
        if profile >= 2:
            return f"wss://{host}:{self._doors.tls_port() or 'PORT'}/"
        return f"ws://{host}:{_port_of(record)}/"


def _port_of(record: ChargerRecord) -> int:
    """The port it is connected to."""
    peer = getattr(getattr(record.link, "link", None), "peer", None)
    return int(getattr(peer, "port", 0))
