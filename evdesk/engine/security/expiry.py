"""Certificates that end: told thirty days before, a week before, and when it is too late. Once each.

The server's own are renewed long before (`Authority.renew_if_due`); one that is told here could not be.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from evdesk.engine.fleet import Fleet
from evdesk.engine.security.authority import Authority
from evdesk.engine.security.policies import Policies
from evdesk.model import NoticeKind, Severity

log = logging.getLogger("evdesk.security")
DAY_S = 86_400.0
STAGES: tuple[tuple[float, Severity], ...] = ((30.0, Severity.INFO), (7.0, Severity.WARN), (0.0, Severity.DANGER))
"""Days before the end, the nearest last."""
_NOTE = "certificate_told"
_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Ending:
    """`what`: "charger", "root" or "server"; `key` names the certificate."""

    what: str
    key: str
    begins_at: float
    ends_at: float
    charger_id: str = ""


class Expiry:
    def __init__(self, fleet: Fleet, authority: Authority, policies: Policies) -> None:
        self._fleet, self._authority, self._policies = fleet, authority, policies
        self._told: dict[str, int] | None = None
        self._looked_at: float | None = None

    async def look(self) -> None:
        """Each minute; it looks once an hour."""
        now = self._fleet.clock.now()
        if self._looked_at is not None and 0.0 <= now - self._looked_at < _EVERY_S:
            return
        store, self._looked_at = self._fleet.store, now
        if self._told is None:
            self._told = {key: int(body) for key, body in (await store.load_notes(_NOTE)).items() if body.isdigit()}
        for one in self.endings():
            stage = stage_of(one, now)
            told = self._told.get(one.key, 0)
            if stage == told:
                continue
            if stage:
                self._told[one.key] = stage  # first: what cannot be written down is told once all the same
                self._tell(one, stage, now)
                await store.save_note(_NOTE, one.key, str(stage).encode())
            else:  # it was the clock
                del self._told[one.key]
                await store.drop_note(_NOTE, one.key)

    def endings(self) -> Iterator[Ending]:
        """Every certificate that matters: of two of one charger the one that ends last."""
        newest: dict[str, Ending] = {}
        for issued in self._policies.issued.values():
            have = newest.get(issued.charger_id)
            if issued.revoked_at is None and (have is None or have.ends_at < issued.not_after):
                newest[issued.charger_id] = Ending(
                    "charger", issued.number, issued.issued_at, issued.not_after, issued.charger_id
                )
        for charger_id, proof in self._policies.proofs.items():
            shown = proof.certificate
            if shown is not None and charger_id not in newest:
                newest[charger_id] = Ending("charger", shown.number, shown.not_before, shown.not_after, charger_id)
        yield from (one for charger_id, one in newest.items() if charger_id in self._fleet.chargers)
        told = self._authority.info(0, 0)
        for root in told.roots:
            if root.role == "current":
                yield Ending("root", root.fingerprint, root.not_before, root.not_after)
        if told.server_until is not None:
            yield Ending("server", "server", 0.0, told.server_until)

    def _tell(self, one: Ending, stage: int, now: float) -> None:
        days, severity = STAGES[stage - 1]
        record = self._fleet.chargers.get(one.charger_id)
        args: dict[str, str | float] = {"what": one.what, "days": max(round((one.ends_at - now) / DAY_S), 0)}
        args["state"] = "ended" if not days else "ends"
        if record is not None:
            args["label"] = record.label or record.id
        kind = NoticeKind.CERTIFICATE
        self._fleet.on_notice(self._fleet.store.put_notice(now, kind, severity, one.charger_id, 0, args))
        log.warning("the certificate of %s ends in %s days", one.charger_id or one.what, args["days"])


def stage_of(one: Ending, now: float) -> int:
    """0: nothing to tell; 1, 2, 3: see `STAGES`. A clock before the certificate's begin says nothing."""
    if now < one.begins_at:
        return 0
    left = (one.ends_at - now) / DAY_S
    return sum(left <= days for days, _ in STAGES)
