"""The API's methods about what was said of a charge."""

import math

from evdesk.engine.api_core import Core, Handler, record_of
from evdesk.engine.commands import Command
from evdesk.model import EvdeskError, Origin, Reason
from evdesk.model.hints import Hint, HintSource
from evdesk.wire.hints import HintTrust, PutHint
from evdesk.wire.method import Done, Nothing

LONGEST_S = 14 * 86_400.0
MOST_WH = 500_000.0


class HintsApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {"charger.hint": self._put, "hint.trust": self._trust}

    async def _put(self, origin: Origin, params: PutHint) -> Done:
        record = record_of(self.core, params.charger_id)
        if not record.accepted:
            raise EvdeskError(Reason.INVALID, f"{record.id} is not accepted yet. Accept it first.")
        connector = record.connectors.get(params.connector_id)
        if connector is None or connector.session is None:
            raise EvdeskError(
                Reason.INVALID, f"No charge runs on {record.label or record.id} connector {params.connector_id}."
            )
        now = self.core.fleet.clock.now()
        _check(params, now)
        before = connector.hint
        args = {"connector_id": params.connector_id, "depart_at": params.depart_at, "energy_wh": params.energy_wh}
        detail = {"before": _words(before), "session_id": connector.session.id}
        hint = Hint(params.depart_at, params.energy_wh, HintSource.PERSON, now)
        row = await self.core.commands.stored(
            Command(origin, "charger.hint", record.id, args),
            detail,
            lambda: self.core.hints.put(record, connector, hint),
        )
        return Done(status="stored", before=_words(before), after=_words(connector.hint), audit_id=row)

    async def _trust(self, _origin: Origin, _params: Nothing) -> HintTrust:
        return self.core.hints.all()


def _check(params: PutHint, now: float) -> None:
    depart, energy = params.depart_at, params.energy_wh
    if depart is not None and not (math.isfinite(depart) and now < depart <= now + LONGEST_S):
        raise EvdeskError(Reason.INVALID, "“depart_at” must be in the future, within 14 days (Unix seconds).")
    if energy is not None and not (math.isfinite(energy) and 0 < energy <= MOST_WH):
        raise EvdeskError(Reason.INVALID, "“energy_wh” must be above 0 and at most 500000 Wh.")


def _words(hint: Hint | None) -> str:
    if hint is None:
        return "none"
    depart = "" if hint.depart_at is None else f"{hint.depart_at:.0f}"
    energy = "" if hint.energy_wh is None else f"{hint.energy_wh:g}"
    return f"depart_at {depart or 'unknown'}, energy_wh {energy or 'unknown'}"
