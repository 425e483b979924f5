"""What is demanded of each charger, its password, and how it last proved itself. The port asks here, in memory."""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import msgspec

from evdesk.drivers.admission import ANY, CERTIFICATE, PASSWORD, Policy, Proof
from evdesk.drivers.client_certificate import ClientCertificate
from evdesk.engine.security.passwords import Passwords
from evdesk.engine.store import SavedPolicy, Store
from evdesk.model import Clock, EvdeskError, Reason
from evdesk.wire.security import ChargerSecurity, Issued

log = logging.getLogger("evdesk.security")
AUTHS = (ANY, PASSWORD, CERTIFICATE)
EVERYBODY = ""
KEPT_PROOFS = 5000
"""Anybody may dial in under any id; the oldest are forgotten."""
_PROVEN = ("text", "hex", "bytes")
_NOT_TAKEN = (Reason.REFUSED, Reason.UNSUPPORTED, Reason.INVALID)
Sent = TypeVar("Sent")


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of a charger's security. `root`: fingerprint of the root of ours that it has taken. `ca_check`:
    what a test has shown, "checked" or "not_checked"."""

    min_profile: int = 0
    auth: str = ANY
    own: bool = False
    password_at: float | None = None
    password_form: str = ""
    root: str = ""
    ca_check: str = ""
    ca_check_at: float | None = None


class Policies:
    """`drivers.admission.Guard`. `serial_of`: the serial number a charger booted with, "" where unknown."""

    def __init__(self, store: Store, passwords: Passwords, clock: Clock, serial_of: Callable[[str], str]) -> None:
        self.issued: dict[str, Issued] = {}
        self.proofs: OrderedDict[str, Proof] = OrderedDict()
        self.on_passwords: Callable[[str], None] = lambda charger_id: None
        self.on_admitted: Callable[[str, Proof], None] = lambda charger_id, proof: None
        self.passwords = passwords
        self._store, self._clock, self._serial_of = store, clock, serial_of
        self._known: dict[str, Known] = {}
        self._saving: set[asyncio.Task[None]] = set()

    async def restore(self) -> None:
        for row in await self._store.load_policies():
            try:
                held = msgspec.json.decode(row.body, type=Known)
            except msgspec.DecodeError as error:  # what is demanded holds all the same
                log.error("%s: what was remembered of its security cannot be read: %s", row.charger_id, error)
                held = Known(own=bool(row.charger_id))
            self._known[row.charger_id] = replace(held, min_profile=row.min_profile, auth=row.auth)
        self.issued = {one.number: one for one in await self._store.load_issued()}

    async def close(self) -> None:
        await asyncio.gather(*self._saving, return_exceptions=True)

    # -- Guard ----------------------------------------------------------------------------------------------------

    def policy(self, charger_id: str) -> Policy:
        held = self._demanded(charger_id)
        known, unproven = self.passwords.of(charger_id), not self.passwords.is_set(charger_id)
        return Policy(held.min_profile, held.auth, known, self._serial_of(charger_id), unproven and bool(known))

    def is_revoked(self, certificate: ClientCertificate) -> bool:
        issued = self.issued.get(certificate.number)
        return issued is not None and issued.revoked_at is not None

    def admitted(self, charger_id: str, proof: Proof) -> None:
        self.proofs.pop(charger_id, None)
        self.proofs[charger_id] = proof
        if len(self.proofs) > KEPT_PROOFS:
            self.proofs.popitem(last=False)
        if proof.auth in _PROVEN:
            held = self.known(charger_id)
            waiting = self.passwords.waiting(charger_id)
            if proof.password in waiting:
                self._save(self._promote(charger_id, proof.password, proof.auth))
            elif held.password_form != proof.auth and not waiting:
                self._save(self.remember(charger_id, password_form=proof.auth))
        self.on_admitted(charger_id, proof)

    # -- what is demanded -----------------------------------------------------------------------------------------

    def known(self, charger_id: str) -> Known:
        return self._known.get(charger_id, Known())

    def with_own(self) -> list[str]:
        return [charger_id for charger_id in self._known if charger_id]

    def kept_of(self, charger_id: str) -> tuple[str, ...]:
        """What is kept of this charger alone, in words."""
        policy = ("policy",) if charger_id in self._known else ()
        return (*policy, *(("password",) if self.passwords.of(charger_id) else ()))

    def view(self, charger_id: str, online: bool) -> ChargerSecurity:
        held, demanded = self.known(charger_id), self._demanded(charger_id)
        proof = self.proofs.get(charger_id) if online else None
        certificate = proof.certificate if proof else None
        return ChargerSecurity(
            charger_id,
            demanded.min_profile,
            demanded.auth,
            held.own,
            self.passwords.is_set(charger_id),
            held.password_at,
            held.password_form,
            self.passwords.waits(charger_id),
            proof.profile if proof else None,
            proof.secure if proof else False,
            certificate.subject if certificate else "",
            certificate.not_after if certificate else None,
            bool(held.root),
            self._serial_of(charger_id) if charger_id else "",
            held.ca_check,
            held.ca_check_at,
        )

    async def put(self, charger_id: str, min_profile: int, auth: str, own: bool) -> None:
        """Raises `EvdeskError(INVALID)` for what cannot be demanded."""
        if not 0 <= min_profile <= 3:
            raise EvdeskError(Reason.INVALID, "Security profiles are 0 to 3.")
        if auth not in AUTHS:
            raise EvdeskError(Reason.INVALID, f"A log-in is one of: {', '.join(AUTHS)}.")
        if auth == CERTIFICATE:
            min_profile = 3
        await self.remember(charger_id, min_profile=min_profile, auth=auth, own=own)

    async def remember(self, charger_id: str, **what: Any) -> None:
        """Changes what is known, durably."""
        held = replace(self.known(charger_id), **what)
        row = SavedPolicy(charger_id, held.min_profile, held.auth, json.dumps(asdict(held)))
        before = self._known.get(charger_id)
        self._known[charger_id] = held
        try:
            await self._store.save_policy(row)
        except EvdeskError:
            if self._known.get(charger_id) is held:  # nothing newer has come between
                self._known.pop(charger_id, None)
                if before is not None:
                    self._known[charger_id] = before
            raise

    # -- passwords ------------------------------------------------------------------------------------------------

    async def set_password(self, charger_id: str, password: str, require: bool) -> None:
        await self.passwords.set(charger_id, password)
        self.on_passwords(charger_id)
        more: dict[str, Any] = {"own": True, "auth": PASSWORD} if require else {}
        demanded = self._demanded(charger_id)
        if require and demanded.auth != CERTIFICATE:
            more["min_profile"] = max(demanded.min_profile, 1)
        elif require:
            more = {}
        await self.remember(charger_id, password_at=self._clock.now(), password_form="", **more)

    async def clear_password(self, charger_id: str) -> None:
        await self.passwords.clear(charger_id)
        self.on_passwords(charger_id)
        held = self.known(charger_id)
        auth = ANY if held.auth == PASSWORD else held.auth
        profile = 0 if held.min_profile in (1, 2) else held.min_profile
        await self.remember(charger_id, password_at=None, password_form="", auth=auth, min_profile=profile)

    async def send_password(
        self,
        charger_id: str,
        password: str,
        send: Callable[[], Awaitable[Sent]],
        taken: Callable[[Sent], bool] = lambda sent: True,
    ) -> Sent:
        """What `send` gives, which writes the password into the charger. Old and new are both taken from before it
        leaves until the charger comes back with the new one; where it says no, the new one is over. Without an answer
        it may have been taken."""
        await self.passwords.begin(charger_id, password)
        self.on_passwords(charger_id)
        try:
            sent = await send()
        except EvdeskError as error:
            if error.reason in _NOT_TAKEN:
                await self.passwords.drop_new(charger_id, password)
            raise
        if taken(sent):
            await self.remember(charger_id, password_at=self._clock.now())
        else:
            await self.passwords.drop_new(charger_id, password)
        return sent

    async def forget(self, charger_id: str) -> None:
        """Policy and passwords go: nothing is demanded of this id any more but what is of everybody."""
        await self._store.drop_policy(charger_id)
        self._known.pop(charger_id, None)
        self.proofs.pop(charger_id, None)
        await self.passwords.clear(charger_id)
        self.on_passwords(charger_id)

    def note_ca_check(self, charger_id: str, state: str, at: float) -> None:
        self._save(self.remember(charger_id, ca_check=state, ca_check_at=at))

    async def _promote(self, charger_id: str, password: str, form: str) -> None:
        await self.passwords.promote(charger_id, password)
        await self.remember(charger_id, password_form=form)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _demanded(self, charger_id: str) -> Known:
        held = self._known.get(charger_id)
        return held if held is not None and held.own else self._known.get(EVERYBODY, Known())

    def _save(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(_logged(work))
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except EvdeskError as error:
        log.warning("%s", error.sentence)
