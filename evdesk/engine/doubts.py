"""Whether what a charger says agrees with what is measured, and whether an accepted start led to a charge.

Seen in the field: a status that sticks, `Available` with the cable in (lbbrhzn/ocpp #2138, PR #2073), a start that was
accepted minutes after a stop and gave no power (lbbrhzn/ocpp PR #2073). A contradiction that lasts is first put to the
charger (a triggered status); only what it still says then is marked. The balancer needs none of this: it counts the worst.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from evdesk.engine.commands import Command, Commands
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord, ConnectorRecord
from evdesk.model import (
    Capability,
    ConnectorStatus,
    Doubt,
    EvdeskError,
    FindingSeen,
    NoticeKind,
    Origin,
    Reason,
    Severity,
)

log = logging.getLogger("evdesk.doubts")
DOUBTS = Origin("Engine", "doubts")
_NOTE = "start_pauses"

FLOWS_A, FLOWS_WITH_CAR_A, NOTHING_A = 1.0, 3.0, 0.5
FLOWS_AFTER_S, NOTHING_AFTER_S = 30.0, 300.0
ANSWER_S = 10.0
"""A triggered status has this long to arrive."""

BEGINS_S, POWER_S = 60.0, 150.0
"""An accepted start has led to a charge by then, and to a current: cars take up to 45 s to wake, some relays a minute."""

NO_CHARGE_KEPT_S = 600.0
RESTART_S = 600.0
"""A start that gave nothing so soon after a stop is laid to the pause between them."""

LONGEST_PAUSE_S = 900.0
PAUSE_STEP_S = 60.0

_Key = tuple[str, int]
NO_CAR = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED, ConnectorStatus.UNAVAILABLE})
_WAITS = frozenset({ConnectorStatus.PREPARING, ConnectorStatus.FINISHING, ConnectorStatus.FAULTED})
_PAUSED = frozenset({ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE})


@dataclass(slots=True)
class _Suspect:
    doubt: Doubt
    since: float
    asked_at: float | None = None


class Doubts:
    """`tick` once a second, after the readings; `started` when a charger accepted a start."""

    def __init__(self, fleet: Fleet, commands: Commands) -> None:
        self.fleet = fleet
        self.commands = commands
        self._suspects: dict[_Key, _Suspect] = {}
        self._started: dict[_Key, tuple[float, float | None]] = {}  # start -> (when, seconds after a stop)
        self._failed: dict[_Key, float] = {}
        self._charging: set[_Key] = set()
        self._stopped: dict[_Key, float] = {}
        self._pauses: dict[str, float] = {}
        self._dirty: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        for maker, body in (await self.fleet.store.load_notes(_NOTE)).items():
            try:
                self._pauses[maker] = min(max(msgspec.json.decode(body, type=float), 0.0), LONGEST_PAUSE_S)
            except msgspec.DecodeError as error:
                log.warning("the pause of %s cannot be read: %s", maker, error)

    async def save(self) -> None:
        """What could not be written is tried again."""
        for maker in list(self._dirty):
            await self.fleet.store.save_note(_NOTE, maker, msgspec.json.encode(self._pauses[maker]))
            self._dirty.discard(maker)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def clock_jumped(self) -> None:
        """Nothing that was timed can be told any more."""
        self._suspects.clear()
        self._started.clear()
        self._failed.clear()
        self._stopped.clear()

    # -- starts -------------------------------------------------------------------------------------------------------

    def demand_pause(self, record: ChargerRecord, connector_id: int) -> None:
        """Raises `EvdeskError(INVALID)` where this model was seen to need more time between a stop and a start."""
        stopped_at, pause_s = self._stopped.get((record.id, connector_id)), self._pauses.get(_maker(record), 0.0)
        wait_s = 0.0 if stopped_at is None else stopped_at + pause_s - self.fleet.clock.now()
        if wait_s > 0.0:
            text = f"This model gave no power when it was started so soon after a stop. Start it in {wait_s:.0f} s."
            raise EvdeskError(Reason.INVALID, f"{record.label or record.id}: {text}")

    def started(self, record: ChargerRecord, connector_id: int) -> None:
        """It accepted a start: from now on a charge, and a current, are expected."""
        key, now = (record.id, connector_id), self.fleet.clock.now()
        stopped_at = self._stopped.get(key)
        self._failed.pop(key, None)
        self._started[key] = (now, None if stopped_at is None else now - stopped_at)

    def _watch_start(self, record: ChargerRecord, connector: ConnectorRecord, now: float) -> None:
        key = (record.id, connector.id)
        at, gap_s = self._started[key]
        draws = (_drawn(connector, now) or 0.0) >= NOTHING_A
        free = connector.status in NO_CAR and connector.session is None
        if draws or connector.status in _PAUSED:
            del self._started[key]  # it charges, or the car or a limit of ours pauses it
            return
        if now - at > BEGINS_S and free and record.online:
            del self._started[key]
            self.fleet.notice(NoticeKind.NOT_STARTED, Severity.INFO, record, connector.id, what="no_car")
            return
        what = ""
        if connector.session is None:
            what = "no_charge" if now - at > BEGINS_S else ""
        elif now - at > POWER_S and _may(record, connector, now):
            what = "no_power"
        if not record.online:
            what = "offline"
        if not what:
            return
        del self._started[key]
        if what == "no_charge":
            self._failed[key] = now
        self.fleet.notice(NoticeKind.NOT_STARTED, Severity.WARN, record, connector.id, what=what)
        if gap_s is not None and gap_s < RESTART_S:
            self._learn(record, gap_s)

    def _learn(self, record: ChargerRecord, gap_s: float) -> None:
        maker = _maker(record)
        pause_s = min(gap_s + PAUSE_STEP_S, LONGEST_PAUSE_S)
        if maker.strip("|") and pause_s > self._pauses.get(maker, 0.0):
            self._pauses[maker] = pause_s
            self._dirty.add(maker)
            log.info("%s: at least %.0f s between a stop and a start from now on", maker, pause_s)

    def _watch_stop(self, key: _Key, connector: ConnectorRecord, now: float) -> None:
        if connector.session is not None:
            self._charging.add(key)
            self._failed.pop(key, None)
        elif key in self._charging:
            self._charging.discard(key)
            self._stopped[key] = now

    # -- statuses -----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        now = self.fleet.clock.now()
        for record, connector in self._all():
            key = (record.id, connector.id)
            self._watch_stop(key, connector, now)
            if key in self._started:
                self._watch_start(record, connector, now)
            doubt = self._lasting(record, connector, now)
            if doubt is not connector.doubt:
                connector.doubt = doubt
                if doubt is Doubt.UNHEARD:
                    self._tell_unheard(record, connector, now)
                self.fleet.on_changed(record.id)

    def _tell_unheard(self, record: ChargerRecord, connector: ConnectorRecord, now: float) -> None:
        drawn = _drawn(connector, now)
        draws = "charges" if drawn is None else f"draws {drawn:.1f} A"
        text = (
            f"Connector {connector.id} {draws}, and told no start. Unplug the car and plug it in again, or restart it."
        )
        self.fleet.report(FindingSeen(record.id, now, "charge_not_told", text, str(connector.id)))

    def _all(self) -> Iterator[tuple[ChargerRecord, ConnectorRecord]]:
        for record in self.fleet.chargers.values():
            if record.accepted:
                for connector in record.connectors.values():
                    yield record, connector

    def _lasting(self, record: ChargerRecord, connector: ConnectorRecord, now: float) -> Doubt:
        key = (record.id, connector.id)
        seen = self._seen(record, connector, now)
        suspect = self._suspects.get(key)
        if seen is Doubt.NONE:
            self._suspects.pop(key, None)
            return Doubt.NONE
        if suspect is None or suspect.doubt is not seen:
            suspect = self._suspects[key] = _Suspect(seen, now)
        if seen is Doubt.NO_CHARGE:
            return seen
        patience_s = NOTHING_AFTER_S if seen is Doubt.NOTHING_FLOWS else FLOWS_AFTER_S
        if now - suspect.since < patience_s:
            return Doubt.NONE
        if suspect.asked_at is None:
            suspect.asked_at = now
            self._ask(record, connector.id)
        return seen if now - suspect.asked_at >= ANSWER_S else Doubt.NONE

    def _seen(self, record: ChargerRecord, connector: ConnectorRecord, now: float) -> Doubt:
        if not record.online:
            return Doubt.NONE  # offline says enough
        drawn, status = _drawn(connector, now), connector.status
        if drawn is not None:
            if (status in NO_CAR and drawn > FLOWS_A) or (status in _WAITS | _PAUSED and drawn > FLOWS_WITH_CAR_A):
                return Doubt.FLOWS
            charges = status is ConnectorStatus.CHARGING and connector.session is not None
            if charges and drawn < NOTHING_A and _may(record, connector, now):
                return Doubt.NOTHING_FLOWS
        if connector.unheard:
            return Doubt.UNHEARD
        failed_at = self._failed.get((record.id, connector.id))
        if failed_at is not None and now - failed_at < NO_CHARGE_KEPT_S and status not in NO_CAR:
            return Doubt.NO_CHARGE
        return Doubt.NONE

    def _ask(self, record: ChargerRecord, connector_id: int) -> None:
        link = record.link
        if link is None or Capability.TRIGGER not in link.capabilities:
            return
        args: dict[str, object] = {"what": "StatusNotification", "connector_id": connector_id}
        command = Command(DOUBTS, "charger.trigger", record.id, args)
        act = partial(link.trigger, "StatusNotification", connector_id)

        async def ask() -> None:
            try:
                await self.commands.run(command, act)
            except EvdeskError as error:
                log.info("%s: %s", record.id, error.sentence)

        task = asyncio.get_running_loop().create_task(ask(), name=f"doubt {record.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _drawn(connector: ConnectorRecord, now: float) -> float | None:
    """The highest phase current, None where no fresh one is known."""
    at = connector.current_at
    known = [a for a in connector.current_a if a is not None]
    if at is None or not known or now - at > max(3.0 * connector.sample_s, 30.0):
        return None
    return max(known)


def _may(record: ChargerRecord, connector: ConnectorRecord, now: float) -> bool:
    """Whether its limit lets it draw; unknown counts as yes."""
    limit_a = connector.limit_a(now, record.safe_a)
    return limit_a is None or limit_a >= 6.0


def _maker(record: ChargerRecord) -> str:
    return f"{record.identity.vendor}|{record.identity.model}"
