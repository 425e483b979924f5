"""Raising a charger's security profile: guided, because over OCPP there is no way back.

What must be true first is checked and named. Then the charger is told, and everything stays as it was (ports, policy)
until it was seen on the new profile; only then less is accepted from it no more. How far it has come is written down
before each step: an engine that was ended in between goes on waiting.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import msgspec

from evdesk.drivers.admission import Proof
from evdesk.drivers.base import Answer
from evdesk.engine.attempts import AttemptLog
from evdesk.engine.commands import Command, Commands, reachable
from evdesk.engine.fleet import Fleet
from evdesk.engine.security.doors import Doors
from evdesk.engine.security.policies import Policies
from evdesk.engine.security.raise_checks import RaiseChecks, port_of
from evdesk.engine.state import ChargerRecord
from evdesk.model import Attempt, EvdeskError, NoticeKind, Origin, Reason, Severity
from evdesk.wire.security import RaiseState

log = logging.getLogger("evdesk.security")
LEAST_WAIT_S, MOST_WAIT_S = 10.0, 86_400.0
RESUME_S = 300.0
"""At least so long a charger is waited for after evdesk was started anew: it dials in by itself."""
UNDER_WAY = ("writing", "waiting")
_NOTE = "raise"
_AUTH = {1: "password", 2: "password", 3: "certificate"}
_BAD = (Severity.WARN, Severity.DANGER)
_MAY_HAVE_HEARD = (Reason.UNREACHABLE, Reason.TIMEOUT, Reason.BAD_REPLY)
_ENGINE = Origin("Engine", "engine")
Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Raising:
    """One at a time per charger. `admitted` hears of every charger that is let in."""

    def __init__(
        self,
        fleet: Fleet,
        commands: Commands,
        policies: Policies,
        doors: Doors,
        checks: RaiseChecks,
        attempts: AttemptLog,
        spawn: Spawn,
    ) -> None:
        self._fleet, self._commands, self._policies = fleet, commands, policies
        self._doors, self._checks, self._attempts = doors, checks, attempts
        self._spawn = spawn
        self._states: dict[str, RaiseState] = {}
        self._seen: dict[str, asyncio.Future[Proof]] = {}

    def state(self, charger_id: str) -> RaiseState:
        return self._states.get(charger_id, RaiseState(charger_id))

    def under_way(self) -> list[RaiseState]:
        return [self._states[charger_id] for charger_id in self._seen if charger_id in self._states]

    def ports(self) -> dict[int, str]:
        """Ports that must stay open: the old way in and the new one -> the charger that may come on it."""
        return {
            number: state.charger_id
            for state in self.under_way()
            for url in (state.fallback, state.url)
            if (number := _port_in(url))
        }

    def keep_way_in(self, charger_id: str) -> None:
        """Raises `EvdeskError(INVALID)` while what this charger (“”: all without a policy of their own) logs in with must
        not change."""
        for state in self.under_way():
            if charger_id == state.charger_id or (not charger_id and not self._policies.known(state.charger_id).own):
                text = f"The profile of {state.charger_id} is being raised: its old way in stays until that has ended."
                raise EvdeskError(Reason.INVALID, text)

    def admitted(self, charger_id: str, proof: Proof) -> None:
        waiting, state = self._seen.get(charger_id), self._states.get(charger_id)
        if state is None:
            return
        good = proof.profile >= state.profile
        if waiting is not None and not waiting.done():
            if good:
                waiting.set_result(proof)
            else:
                text = f"It came back on profile {proof.profile}, and may still try {state.profile}."
                self._states[charger_id] = replace(state, sentence=text)
        elif state.state == "failed" and good:
            text = f"It came on profile {proof.profile} after all."
            advice = "Its old profile is still taken: set its policy by hand, so that less is not accepted any more."
            self._states[charger_id] = replace(state, sentence=text, advice=advice)

    def check(self, charger_id: str, profile: int) -> RaiseState:
        """What stands in the way, each named with what can be done about it."""
        return self._checks.check(charger_id, profile)

    # -- the deed -------------------------------------------------------------------------------------------------

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
        now = self._fleet.clock.now()
        wait_s = min(max(wait_s, LEAST_WAIT_S), MOST_WAIT_S)
        self._states[charger_id] = replace(state, state="writing", began_at=now, until=now + wait_s)
        seen = self._seen[charger_id] = asyncio.get_running_loop().create_future()
        try:
            if profile >= 2 and link.protocol == "ocpp1.6":
                await self._doors.take_both(port_of(record))
            await self._save(charger_id)
        except EvdeskError:
            del self._seen[charger_id], self._states[charger_id]
            raise
        self._spawn(self._wait(charger_id, seen, wait_s, origin), f"raise {charger_id}")
        command = Command(origin, "security.raise_profile", charger_id, {"profile": profile, "before": state.before})
        answer = Answer("")
        try:
            answer, _ = await self._commands.run(command, lambda: link.change_profile(profile, state.url))
        except EvdeskError as error:
            if error.reason not in _MAY_HAVE_HEARD:  # many go at once, without an answer
                seen.cancel()
                await self._end(charger_id, "failed", error.sentence, "It is still where it was.")
                raise
        if self.state(charger_id).state == "writing":
            text = f"Told to use profile {profile}; waiting for it to come back. Everything else stays as it was."
            advice = str(answer.payload.get("advice", ""))
            self._states[charger_id] = replace(self._states[charger_id], state="waiting", sentence=text, advice=advice)
            await self._safely_saved(charger_id)
        return self.state(charger_id)

    async def _wait(self, charger_id: str, seen: "asyncio.Future[Proof]", wait_s: float, origin: Origin) -> None:
        try:
            async with asyncio.timeout(self._fleet.clock.wall_s(wait_s)):
                await asyncio.wait([seen])
        except TimeoutError:
            await self._give_up(charger_id)
            return
        if not seen.cancelled():
            await self._finish(origin, charger_id, seen.result())

    async def _finish(self, origin: Origin, charger_id: str, proof: Proof) -> None:
        """It was seen: from now on less is not enough."""
        profile = self._states[charger_id].profile
        auth, before = _AUTH[profile], self._policies.view(charger_id, False)
        command = Command(origin, "security.put", charger_id, {"min_profile": profile, "auth": auth, "own": True})
        detail = {"before": f"{before.min_profile} {before.auth}", "after": f"{profile} {auth}"}
        try:
            await self._commands.stored(
                command, detail, lambda: self._policies.put(charger_id, profile, auth, own=True)
            )
        except EvdeskError as error:
            text = f"It is on profile {proof.profile}. {error.sentence}"
            await self._end(charger_id, "failed", text, "Set the policy by hand.")
            return
        text = f"It is on profile {proof.profile} now, and less is not accepted from it any more."
        await self._end(charger_id, "done", text, "")

    async def _give_up(self, charger_id: str) -> None:
        """What its last attempt failed for is what to do."""
        record, state = self._fleet.chargers.get(charger_id), self._states[charger_id]
        last = self._last_failure(record, state.began_at or 0.0) if record is not None else None
        if last is not None:
            sentence, advice = f"It did not get in on profile {state.profile}. {last.sentence}", last.advice
        elif record is not None and record.online:
            sentence = f"It is back on profile {state.before} and did not try profile {state.profile}."
            advice = "It may want a restart, or its address set to the new URL by hand. The old profile still works."
        else:
            sentence = "It has not come back at all."
            advice = (
                f"Set its address to {state.url} by hand if it kept the old one, or restart it. The old port and profile "
                "are still open for it."
            )
            old = _port_in(state.fallback)
            if old and not self._doors.is_open(old):
                advice = f"It dialled {state.fallback} before, and port {old} is not open now: open it again. {advice}"
        await self._end(charger_id, "failed", sentence, advice)

    def _last_failure(self, record: ChargerRecord, since: float) -> Attempt | None:
        host = record.address.rpartition(":")[0]
        for attempt in reversed(self._attempts.recent):
            mine = attempt.charger_id == record.id or (
                not attempt.charger_id and attempt.address.rpartition(":")[0] == host
            )
            if mine and attempt.at >= since and attempt.severity in _BAD:
                return attempt
        return None

    async def _end(self, charger_id: str, how: str, sentence: str, advice: str) -> None:
        self._seen.pop(charger_id, None)
        if charger_id not in self._states:
            return
        state = replace(self._states[charger_id], state=how, sentence=sentence, advice=advice, until=None)
        self._states[charger_id] = state
        record = self._fleet.chargers.get(charger_id)
        if record is not None:
            severity = Severity.OK if how == "done" else Severity.WARN
            told = f"{sentence} {advice}".strip()
            self._fleet.notice(NoticeKind.SECURITY, severity, record, code=f"profile_{how}", info=told)
        await self._safely_saved(charger_id)

    # -- between two runs of the engine ---------------------------------------------------------------------------

    async def restore(self) -> None:
        """Before the ports open. What was under way is waited for again; where it may not have left, that is said."""
        for charger_id, body in (await self._fleet.store.load_notes(_NOTE)).items():
            try:
                state = msgspec.json.decode(body, type=RaiseState)
            except msgspec.DecodeError as error:
                log.warning("%s: how far raising its profile came cannot be read: %s", charger_id, error)
                continue
            self._states[charger_id] = state
            if state.state in UNDER_WAY:
                self._resume(charger_id, state)

    def _resume(self, charger_id: str, state: RaiseState) -> None:
        now = self._fleet.clock.now()
        wait_s = min(max((state.until or now) - now, RESUME_S), MOST_WAIT_S)
        told = "was told" if state.state == "waiting" else "was being told"
        text = (
            f"evdesk was started anew after the charger {told} to use profile {state.profile}; it goes on waiting for it. "
            f"On profile {state.before} it is still let in at {state.fallback or 'the old address'}."
        )
        advice = state.advice if state.state == "waiting" else "If it comes back as it was, raise the profile again."
        self._states[charger_id] = replace(state, state="waiting", sentence=text, advice=advice, until=now + wait_s)
        seen = self._seen[charger_id] = asyncio.get_running_loop().create_future()
        log.warning("%s: %s", charger_id, text)
        self._spawn(self._wait(charger_id, seen, wait_s, _ENGINE), f"raise {charger_id}")

    async def forget(self, charger_id: str) -> None:
        seen = self._seen.pop(charger_id, None)
        if seen is not None:
            seen.cancel()
        self._states.pop(charger_id, None)
        await self._fleet.store.drop_note(_NOTE, charger_id)

    async def _save(self, charger_id: str) -> None:
        await self._fleet.store.save_note(_NOTE, charger_id, msgspec.json.encode(self._states[charger_id]))

    async def _safely_saved(self, charger_id: str) -> None:
        try:
            await self._save(charger_id)
        except EvdeskError as error:
            log.warning("%s: %s", charger_id, error.sentence)  # what was written last is taken up again


def _port_in(url: str) -> int:
    try:
        return urlsplit(url).port or 0
    except ValueError:  # "PORT", where it was not known
        return 0
