"""Security as the engine wires it: secrets, CA, ports, policies, signing, raising, and the log of attempts."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from evdesk.drivers.admission import Proof
from evdesk.drivers.client_certificate import contradicts
from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.drivers.tls_server import Credentials
from evdesk.drivers.verdicts import VERDICTS, say
from evdesk.engine.attempts import AttemptLog
from evdesk.engine.commands import Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.security.authority import Authority
from evdesk.engine.security.ca_test import CaTests
from evdesk.engine.security.doors import Doors
from evdesk.engine.security.expiry import Expiry
from evdesk.engine.security.passwords import Passwords
from evdesk.engine.security.policies import Policies
from evdesk.engine.security.raise_checks import RaiseChecks
from evdesk.engine.security.raising import Raising
from evdesk.engine.security.secrets import Secrets
from evdesk.engine.security.signing import Signing
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.model import Attempt, EvdeskError

log = logging.getLogger("evdesk.security")
KEYRING_S = 15.0
Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Security:
    """Made before the listener, which asks `policies`; `wire` gives it the listener."""

    def __init__(self, folder: Path, fleet: Fleet, commands: Commands, spawn: Spawn) -> None:
        store: Store = fleet.store
        self.secrets = Secrets(folder)
        self.attempts = AttemptLog(store)
        self.policies = Policies(store, Passwords(self.secrets), fleet.clock, self._serial)
        self.authority = Authority(store, self.secrets, fleet.clock)
        self.signing = Signing(fleet, commands, store, self.authority, self.policies, spawn)
        self.expiry = Expiry(fleet, self.authority, self.policies)
        self._fleet, self._commands, self._store, self._spawn = fleet, commands, store, spawn

    def wire(self, listener: OcppListener) -> None:
        self.doors = Doors(listener, self.authority, self._store)
        checks = RaiseChecks(self._fleet, self.policies, self.doors, self.signing)
        self.raising = Raising(
            self._fleet, self._commands, self.policies, self.doors, checks, self.attempts, self._spawn
        )
        self.doors.needed = self.raising.ports
        self.ca_tests = CaTests(self._fleet, self._commands, self.policies, listener)
        self.policies.on_admitted = self._admitted
        self.policies.on_passwords = listener.know_secrets
        self._fleet.on_attempt = self.attempts.add
        self._fleet.on_booted = self.booted
        self._fleet.on_certificate_asked = self.signing.asked

    def _admitted(self, charger_id: str, proof: Proof) -> None:
        self.ca_tests.admitted(charger_id, proof)
        self.raising.admitted(charger_id, proof)

    async def restore(self) -> None:
        """Secrets, policies, CA, attempts. A keyring that does not answer is told, and waited for no longer."""
        try:
            await asyncio.wait_for(asyncio.to_thread(self.secrets.open), KEYRING_S)
        except TimeoutError:
            self.secrets.locked = (
                "The keyring with the chargers' passwords does not answer. Unlock it, and start again."
            )
        if self.secrets.locked:
            log.error("%s", self.secrets.locked)
        await self.policies.restore()
        await self.authority.restore()
        await self.attempts.restore()
        await self.raising.restore()

    def credentials(self) -> Credentials | None:
        """Of evdesk's own CA as they are now; None while there is none."""
        return self.authority.credentials

    async def minute(self) -> None:
        """The server certificate follows the addresses of this computer; ports that could not be opened are tried again."""
        if await self.authority.renew_if_due():
            await self.doors.refresh_tls()
        await self.doors.retry()
        await self.expiry.look()

    async def close(self) -> None:
        self.ca_tests.close()
        await self.policies.close()

    async def forget(self, charger_id: str) -> None:
        """Policy, passwords and what was under way. Certificates stay listed: they can still be revoked."""
        await self.raising.forget(charger_id)
        await self.policies.forget(charger_id)

    def _serial(self, charger_id: str) -> str:
        record = self._fleet.chargers.get(charger_id)
        return record.identity.serial if record is not None else ""

    def booted(self, record: ChargerRecord, serial: str) -> bool:
        """B01.FR.12: the serial number told is not that of the certificate: another device uses it."""
        proof = self.policies.proofs.get(record.id)
        if proof is None or proof.certificate is None or not contradicts(proof.certificate, proof.bound, serial):
            return False
        sentence, advice = say(
            "serial_contradicts_certificate", {"serial": serial, "subject": proof.certificate.subject}
        )
        self.attempts.add(self._attempt(record, proof, sentence, advice))
        link = record.link
        if link is not None:
            self._spawn(_close(link.close(sentence), record.id), f"close {record.id}")
        return True

    def _attempt(self, record: ChargerRecord, proof: Proof, sentence: str, advice: str) -> Attempt:
        verdict = "serial_contradicts_certificate"
        return Attempt(
            self._fleet.clock.now(),
            record.address,
            record.id,
            verdict,
            sentence=sentence,
            advice=advice,
            auth=proof.auth,
            severity=VERDICTS[verdict].severity,
            profile=proof.profile,
        )


async def _close(closing: Coroutine[Any, Any, None], charger_id: str) -> None:
    try:
        await closing
    except EvdeskError as error:
        log.warning("%s: %s", charger_id, error.sentence)
