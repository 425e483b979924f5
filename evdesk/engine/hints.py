"""What was said of a charge, kept with it, and weighed by how right such words have been.

Of real statements at public chargers 17 % give the stay and 16 % the energy within a quarter, and three in four drivers
leave earlier than they said. So a tag nobody knows gets that much trust; each charge that ends counts as one more sample
of its tag and of the site.
"""

import contextlib
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.engine.store import Store
from evdesk.engine.store.hints import HintResult
from evdesk.model import EvdeskError, NeedsTold, Reason, Session
from evdesk.model.hints import Hint, HintSource
from evdesk.wire.hints import HintTrust, Reliability

RIGHT = 0.25
"""Words this near the truth were right."""
PRIOR_STAY, PRIOR_ENERGY, PRIOR_COUNT = 0.17, 0.16, 6.0
TAG_COUNT = 4.0
"""As many samples of its own a tag needs to count half, beside the site's."""
FADES = 0.98
"""An older sample counts so much less than the next: people change."""
LEAST_S, LEAST_WH = 300.0, 500.0
"""Charges shorter or smaller than this prove nothing."""
TAGS_LISTED = 500


@dataclass(slots=True)
class _Score:
    hits: float = 0.0
    count: float = 0.0

    def add(self, hit: bool) -> None:
        self.hits = self.hits * FADES + float(hit)
        self.count = self.count * FADES + 1.0

    def shrunk(self, towards: float, weight: float) -> float:
        return (self.hits + towards * weight) / (self.count + weight)


@dataclass(slots=True)
class _Record:
    stay: _Score = field(default_factory=_Score)
    energy: _Score = field(default_factory=_Score)
    samples: int = 0

    def add(self, result: HintResult) -> None:
        self.samples += 1
        if result.stay is not None:
            self.stay.add(result.stay)
        if result.energy is not None:
            self.energy.add(result.energy)


Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Hints:
    """`open` once the store is open; `told`, `session_changed` are hooks of the fleet; `put` is the API's."""

    def __init__(self, fleet: Fleet, store: Store, spawn: Spawn) -> None:
        self.fleet, self.store, self._spawn = fleet, store, spawn
        self._site = _Record()
        self._tags: dict[str, _Record] = {}
        self._waiting: dict[tuple[str, int], Hint] = {}  # said before the charge began
        self._session_of: dict[tuple[str, int], int] = {}

    async def open(self) -> None:
        for result in await self.store.hint_results():
            self._learn(result)
        running = {c.session.id: (r, c) for r, c in self._connectors() if c.session is not None}
        for number, hint in (await self.store.hints_of(list(running))).items():
            record, connector = running[number]
            self._session_of[record.id, connector.id] = number
            self._show(record, connector, hint)

    async def put(self, record: ChargerRecord, connector: ConnectorRecord, hint: Hint) -> None:
        """A person's words about the running charge; they replace all that was said before. Raises `EvdeskError`."""
        session = connector.session
        if session is None:
            raise EvdeskError(Reason.INVALID, f"The charge on {record.label or record.id} has just ended.")
        nothing = hint.depart_at is None and hint.energy_wh is None
        await self.store.save_hint(session.id, None if nothing else hint)
        self._session_of[record.id, connector.id] = session.id
        self._show(record, connector, None if nothing else hint)

    def told(self, event: NeedsTold) -> None:
        """The car's own words: `energy_wh` is what it still needs. A person's word stands above it."""
        record = self.fleet.record(event.charger_id)
        connector = record.connectors.get(event.connector_id)
        if connector is None or not record.accepted or (event.energy_wh is None and event.departure_at is None):
            return
        energy = None if event.energy_wh is None else max(event.energy_wh, 0.0) + (connector.session_wh or 0.0)
        said = Hint(event.departure_at, energy, HintSource.CAR, event.at)
        before = connector.hint
        if before is not None and before.source is HintSource.PERSON:
            said = replace(
                before,
                depart_at=before.depart_at if before.depart_at is not None else said.depart_at,
                energy_wh=before.energy_wh if before.energy_wh is not None else said.energy_wh,
            )
        if connector.session is None:
            self._waiting[record.id, connector.id] = said
            self._show(record, connector, said)
        else:
            self._keep(record, connector, connector.session, said)

    def session_changed(self, session: Session) -> None:
        """A charge began or ended, or was told again."""
        record = self.fleet.chargers.get(session.charger_id)
        connector = record.connectors.get(session.connector_id) if record is not None else None
        if record is None or connector is None:
            return
        if session.ended_at is not None:
            self._ended(record, connector, session)
            return
        key = (record.id, connector.id)
        waiting = self._waiting.pop(key, None)
        if waiting is not None and waiting.at >= (connector.plugged_at or session.started_at) - LEAST_S:
            self._keep(record, connector, session, waiting)
        elif connector.hint is not None and self._session_of.get(key) != session.id:
            self._show(record, connector, None)  # of a charge that ended without a word

    def trust(self, id_tag: str) -> Reliability:
        """Of one tag; "" of the site."""
        stay = self._site.stay.shrunk(PRIOR_STAY, PRIOR_COUNT)
        energy = self._site.energy.shrunk(PRIOR_ENERGY, PRIOR_COUNT)
        if not id_tag:
            return Reliability("", round(stay, 3), round(energy, 3), self._site.samples)
        own = self._tags.get(id_tag, _Record())
        stay, energy = own.stay.shrunk(stay, TAG_COUNT), own.energy.shrunk(energy, TAG_COUNT)
        return Reliability(id_tag, round(stay, 3), round(energy, 3), own.samples)

    def all(self) -> HintTrust:
        often = sorted(self._tags, key=lambda tag: (-self._tags[tag].samples, tag))[:TAGS_LISTED]
        return HintTrust(self.trust(""), [self.trust(tag) for tag in often])

    # -- within ------------------------------------------------------------------------------------------------

    def _connectors(self) -> Iterable[tuple[ChargerRecord, ConnectorRecord]]:
        return ((r, c) for r in self.fleet.chargers.values() for c in r.connectors.values())

    def _keep(self, record: ChargerRecord, connector: ConnectorRecord, session: Session, hint: Hint) -> None:
        self._session_of[record.id, connector.id] = session.id
        self._show(record, connector, hint)
        self._spawn(self._saved(session.id, hint), "hint")

    async def _saved(self, session_id: int, hint: Hint) -> None:
        with contextlib.suppress(EvdeskError):  # it still counts; only a restart would forget it
            await self.store.save_hint(session_id, hint)

    def _show(self, record: ChargerRecord, connector: ConnectorRecord, hint: Hint | None) -> None:
        if hint is not None:
            hint = replace(hint, trust=self._trust_in(hint, connector.session.id_tag if connector.session else ""))
        connector.hint = hint
        self.fleet.on_changed(record.id)

    def _trust_in(self, hint: Hint, id_tag: str) -> float:
        """One number for both: that of the less sure of what was said."""
        known = self.trust(id_tag)
        parts = [known.stay] if hint.depart_at is not None else []
        parts += [known.energy] if hint.energy_wh is not None else []
        return min(parts, default=0.0)

    def _ended(self, record: ChargerRecord, connector: ConnectorRecord, session: Session) -> None:
        hint, running = connector.hint, connector.session
        if hint is None or (running is not None and running.id != session.id):
            return
        self._show(record, connector, None)
        result = judge(hint, session)
        if result is not None:
            self._learn(result)
            self._spawn(self._saved_result(result), "hint result")

    async def _saved_result(self, result: HintResult) -> None:
        with contextlib.suppress(EvdeskError):
            await self.store.save_hint_result(result)

    def _learn(self, result: HintResult) -> None:
        self._site.add(result)
        if result.id_tag:
            self._tags.setdefault(result.id_tag, _Record()).add(result)


def judge(hint: Hint, session: Session) -> HintResult | None:
    """How right a hint was; None where the charge proves nothing.

    A car that was full before it was to leave says nothing about the stay. One that left in time with less than it
    asked for says nothing about the energy: it may not have been given more.
    """
    end, energy = session.ended_at, session.energy_wh
    if end is None or session.incomplete or end - session.started_at < LEAST_S:
        return None
    stay_s = end - session.started_at
    early = hint.depart_at is None or end < hint.depart_at - RIGHT * stay_s
    wanted = hint.energy_wh
    enough = wanted is not None and energy is not None and energy >= (1 - RIGHT) * wanted
    stay = None
    if hint.depart_at is not None and not (early and enough):
        stay = abs(hint.depart_at - end) <= RIGHT * stay_s
    right = None
    if wanted is not None and energy is not None and max(energy, wanted) >= LEAST_WH and (early or enough):
        right = abs(wanted - energy) <= RIGHT * max(energy, 1.0)
    if stay is None and right is None:
        return None
    return HintResult(session.id, session.id_tag, end, stay, right)
