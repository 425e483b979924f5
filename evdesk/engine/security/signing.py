"""Certificates for chargers: a request comes in, is checked against who asks, signed, kept, and sent back."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from evdesk.drivers.client_certificate import named_by
from evdesk.engine.commands import Command, Commands, reachable
from evdesk.engine.fleet import Fleet
from evdesk.engine.security import pki
from evdesk.engine.security.authority import Authority
from evdesk.engine.security.policies import Policies
from evdesk.engine.store import Store
from evdesk.model import CertificateAsked, EvdeskError, NoticeKind, Origin, Reason, Severity
from evdesk.wire.security import Issued, Signed

log = logging.getLogger("evdesk.security")
ENGINE = Origin("Engine", "security")
ASKED_WITHIN_S = 120.0
UNASKED_MOST, UNASKED_S = 12, 86_400.0
"""A charger renews its certificate by itself once in years. One that asks over and over is signed no more for a while."""
SOON_DAYS = 60
Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Signing:
    """`asked` takes every `CertificateAsked`, wanted by a person or not."""

    def __init__(
        self, fleet: Fleet, commands: Commands, store: Store, authority: Authority, policies: Policies, spawn: Spawn
    ) -> None:
        self._fleet, self._commands, self._store = fleet, commands, store
        self._authority, self._policies = authority, policies
        self._spawn = spawn
        self._wanted: dict[str, asyncio.Future[Signed]] = {}
        self._origins: dict[str, Origin] = {}
        self._one = asyncio.Lock()  # from counting to keeping

    def may_sign(self, charger_id: str) -> bool:
        record = self._fleet.chargers.get(charger_id)
        return record is not None and record.accepted and self._authority.exists

    def asked(self, event: CertificateAsked) -> None:
        if event.use == "station":
            self._spawn(self._answer(event), f"sign for {event.charger_id}")

    async def sign(self, origin: Origin, charger_id: str) -> Signed:
        """Have the charger ask, and wait for what comes of it."""
        record = reachable(self._fleet.chargers.get(charger_id), charger_id)
        link = record.link
        assert link is not None
        if charger_id in self._wanted:
            raise EvdeskError(Reason.INVALID, "A certificate is being signed for this charger already.")
        await self._authority.ensure()
        waiting: asyncio.Future[Signed] = asyncio.get_running_loop().create_future()
        self._wanted[charger_id] = waiting
        self._origins[charger_id] = origin
        try:
            command = Command(origin, "security.sign", charger_id, {})
            _answer, row = await self._commands.run(command, link.request_certificate)
            async with asyncio.timeout(self._fleet.clock.wall_s(ASKED_WITHIN_S)):
                signed = await waiting
            return replace(signed, audit_id=row)
        except TimeoutError:
            text = f"{record.label or charger_id} agreed, and sent no signing request within {ASKED_WITHIN_S:.0f} s."
            raise EvdeskError(Reason.TIMEOUT, text) from None
        finally:
            self._wanted.pop(charger_id, None)
            self._origins.pop(charger_id, None)
            waiting.cancel()

    async def _answer(self, event: CertificateAsked) -> None:
        waiting = self._wanted.get(event.charger_id)
        try:
            result = await self._sign(event)
        except EvdeskError as error:
            log.warning("%s: %s", event.charger_id, error.sentence)
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
            else:
                self._tell(event.charger_id, Severity.WARN, "certificate_refused", error.sentence)
            return
        if waiting is not None and not waiting.done():
            waiting.set_result(result)
        self._tell(event.charger_id, Severity.OK, "certificate_signed", result.subject)

    async def _sign(self, event: CertificateAsked) -> Signed:
        charger_id = event.charger_id
        record = reachable(self._fleet.chargers.get(charger_id), charger_id)
        link = record.link
        assert link is not None
        request = pki.read_request(event.csr)
        if not named_by(request.names, charger_id, record.identity.serial):
            serial = record.identity.serial or "unknown"
            text = (
                f"The request is for “{request.subject}”. That names neither {charger_id} nor the serial number {serial}; "
                "it was not signed (OCPP 2.0.1, A00.FR.405)."
            )
            raise EvdeskError(Reason.REFUSED, text)
        async with self._one:
            if charger_id not in self._wanted and self._recent(charger_id) >= UNASKED_MOST:
                text = (
                    f"{charger_id} asked for {UNASKED_MOST} certificates within a day; more are signed only if you ask."
                )
                raise EvdeskError(Reason.REFUSED, text)
            pem, chain = await asyncio.to_thread(self._authority.sign, request)
            issued = self._issued(charger_id, pem)
            await self._store.save_issued(issued)
            self._policies.issued[issued.number] = issued
        origin = self._origins.get(charger_id, ENGINE)
        args = {"subject": issued.subject, "number": issued.number}
        command = Command(origin, "security.certificate_signed", charger_id, args)
        answer, row = await self._commands.run(command, lambda: link.certificate_signed(chain, event.request_id))
        return Signed(answer.status, issued.number, issued.subject, issued.not_after, "", row)

    def _recent(self, charger_id: str) -> int:
        since = self._fleet.clock.now() - UNASKED_S
        return sum(one.charger_id == charger_id and one.issued_at > since for one in self._policies.issued.values())

    def _issued(self, charger_id: str, pem: str) -> Issued:
        certificate = pki.parse(pem)
        return Issued(
            f"{certificate.serial_number:x}",
            charger_id,
            certificate.subject.rfc4514_string(),
            self._fleet.clock.now(),
            certificate.not_valid_after_utc.timestamp(),
            pki.fingerprint(certificate),
        )

    async def revoke(self, number: str) -> Issued:
        issued = self._policies.issued.get(number.lower())
        if issued is None:
            raise EvdeskError(Reason.INVALID, "There is no such certificate. security.issued lists them.")
        revoked = replace(issued, revoked_at=self._fleet.clock.now())
        await self._store.save_issued(revoked)
        self._policies.issued[issued.number] = revoked
        await self._close_proven_by(revoked.number)
        return revoked

    async def _close_proven_by(self, number: str) -> None:
        """Whoever is connected by this certificate is not any more."""
        for charger_id, proof in list(self._policies.proofs.items()):
            record = self._fleet.chargers.get(charger_id)
            if proof.certificate is None or proof.certificate.number != number or record is None:
                continue
            if record.link is not None:
                await record.link.close("its certificate was taken back")

    def issued(self) -> list[Issued]:
        return sorted(self._policies.issued.values(), key=lambda one: (one.revoked_at is not None, one.not_after))

    def expiring(self) -> int:
        soon = self._fleet.clock.now() + SOON_DAYS * 86400
        return sum(one.revoked_at is None and one.not_after < soon for one in self._policies.issued.values())

    def has_live(self, charger_id: str) -> bool:
        """Whether this charger was given a certificate that is good now."""
        now = self._fleet.clock.now()
        mine = (one for one in self._policies.issued.values() if one.charger_id == charger_id)
        return any(one.revoked_at is None and one.not_after > now for one in mine)

    def _tell(self, charger_id: str, severity: Severity, code: str, info: str) -> None:
        record = self._fleet.record(charger_id)
        self._fleet.notice(NoticeKind.SECURITY, severity, record, code=code, info=info)
