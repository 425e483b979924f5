"""What the engine knows, mirrored: one snapshot, then events. Pages read attributes and listen to few signals."""

import time
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from evdesk.gui.client import Client, LinkState
from evdesk.model import (
    Attempt,
    AuditRow,
    Charger,
    ChargerState,
    EngineInfo,
    LineLoad,
    Notice,
    Session,
    Site,
    SiteLoad,
)
from evdesk.model.decisions import DecisionRow
from evdesk.model.drills import Drill
from evdesk.model.jobs import Job, JobCharger
from evdesk.model.tags import Presented
from evdesk.wire import Snapshot

KEEP_NOTICES = 500
KEEP_ATTEMPTS = 200
KEEP_JOBS = 100
FLUSH_MS = 250


class _Gone(msgspec.Struct):
    charger_id: str


class ChargerInJob(msgspec.Struct, frozen=True):
    """What `job_charger_changed` brings: one charger in a job has gone on."""

    job_id: int
    charger: JobCharger


class _Nothing(msgspec.Struct):
    pass


_KINDS: dict[str, Any] = {
    "charger": Charger,
    "charger.gone": _Gone,
    "load": SiteLoad,
    "info": EngineInfo,
    "site": Site,
    "session": Session,
    "notice": Notice,
    "attempt": Attempt,
    "tag": Presented,
    "drill": Drill,
    "audit": AuditRow,
    "decision": list[DecisionRow],
    "job": Job,
    "job.charger": ChargerInJob,
    "firmware": _Nothing,
}


class Mirror(QObject):
    """`changed` and `charger_changed` come at most four times a second, together; the rest at once.

    `chargers` is in the order of the site's bays, then chargers without a bay by id. Times are the engine's clock:
    use `now()` for ages.
    """

    changed = Signal()
    charger_changed = Signal(str)
    notice_added = Signal(object)
    attempt_added = Signal(object)
    audit_added = Signal(object)
    tag_added = Signal(object)
    decided = Signal(object)
    drill_changed = Signal(object)
    job_changed = Signal(object)
    job_charger_changed = Signal(object)  # ChargerInJob
    firmware_changed = Signal()
    connection_changed = Signal(bool)

    def __init__(self, client: Client | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.info: EngineInfo | None = None
        self.site: Site | None = None
        self.load: SiteLoad | None = None
        self.chargers: dict[str, Charger] = {}
        self.sessions: dict[int, Session] = {}
        self.notices: list[Notice] = []
        self.attempts: list[Attempt] = []
        self.unknown_tags: list[Presented] = []
        self.jobs: dict[int, Job] = {}  # those heard of, by id; the list of old ones is asked for
        self.connected = False
        self.lost_at: float | None = None  # this computer's clock
        self.arranged = 0  # counts up when chargers or bays come, go or change places
        self._dirty: set[str] = set()
        self._places: dict[str, int] = {}  # the accepted ones, in order: asked for thousands of times a second
        self._clock = (0.0, 0.0)  # engine time, monotonic time
        self._timer = QTimer(self)
        self._timer.setInterval(FLUSH_MS)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.flush)
        if client is not None:
            client.snapshot_received.connect(self.take_snapshot)
            client.event_received.connect(self.take_event)
            client.state_changed.connect(self._on_state)

    def now(self) -> float:
        """The engine's clock, Unix seconds (a demo's runs faster)."""
        engine, mono = self._clock
        if not engine:
            return time.time()
        speed = self.info.speed if self.info is not None else 1.0
        return engine + (time.monotonic() - mono) * speed

    def line(self, name: str) -> LineLoad | None:
        """A conductor as it is now ("Garage/L1"); None where it is not known."""
        lines = self.load.lines if self.load is not None else ()
        return next((one for one in lines if one.line == name), None)

    def label(self, charger_id: str) -> str:
        """What people call this charger: its bay, else its id."""
        charger = self.chargers.get(charger_id)
        return charger.label if charger is not None and charger.label else charger_id

    def pending(self) -> list[Charger]:
        return [c for c in self.chargers.values() if c.state is ChargerState.PENDING]

    def accepted(self) -> list[Charger]:
        """The site's chargers, without those that still ask, in bay order."""
        return [c for charger_id in self._places if (c := self.chargers.get(charger_id)) is not None]

    def charger_index(self, charger_id: str) -> int:
        """The place of a charger in the site: decides its colour. -1 for one that is not accepted."""
        return self._places.get(charger_id, -1)

    def take_snapshot(self, snapshot: Snapshot) -> None:
        self.info, self.site, self.load = snapshot.info, snapshot.site, snapshot.load
        gone = set(self.chargers)
        self.chargers = {c.id: c for c in snapshot.chargers}
        self.sessions = {s.id: s for s in snapshot.sessions}
        self.notices = list(snapshot.notices)[-KEEP_NOTICES:]
        self.attempts = list(snapshot.attempts)[-KEEP_ATTEMPTS:]
        self.jobs = {}  # it may be another engine; who lists jobs asks
        self._clock = (snapshot.load.at, time.monotonic())
        self._order()
        self._dirty = gone | set(self.chargers)
        self._set_connected(True)
        self.flush()

    def take_event(self, kind: str, raw: bytes) -> None:
        """One pushed event; raises `msgspec.ValidationError` for data that is not of its kind."""
        self.apply(kind, msgspec.json.decode(raw, type=_KINDS[kind]))

    def apply(self, kind: str, value: Any) -> None:
        """One event's value put in its place."""
        if kind == "charger":
            self._put_charger(value)
        elif kind == "charger.gone":
            self.chargers.pop(value.charger_id, None)
            self._order()
            self._dirty.add(value.charger_id)
        elif kind == "load":
            self.load = value
            self._clock = (value.at, time.monotonic())
        elif kind == "info":
            self.info = value
        elif kind == "site":
            self.site = value
            self._order()
        elif kind == "session":
            self.sessions[value.id] = value
        else:
            self._append(kind, value)
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Tell everybody now."""
        self._timer.stop()
        dirty, self._dirty = self._dirty, set()
        for charger_id in dirty:
            self.charger_changed.emit(charger_id)
        self.changed.emit()

    def _append(self, kind: str, value: Any) -> None:
        if kind == "notice":
            self.notices.append(value)
            del self.notices[:-KEEP_NOTICES]
            self.notice_added.emit(value)
        elif kind == "attempt":
            # The same attempt again comes with the same id and a higher count.
            self.attempts = [a for a in self.attempts if not value.id or a.id != value.id][-KEEP_ATTEMPTS + 1 :]
            self.attempts.append(value)
            self.attempt_added.emit(value)
        elif kind == "audit":
            self.audit_added.emit(value)
        elif kind == "tag":
            self._put_tag(value)
        elif kind == "decision":
            self.decided.emit(value)
        elif kind == "drill":
            self.drill_changed.emit(value)
        elif kind == "job":
            self.put_job(value)
        elif kind == "job.charger":
            self.job_charger_changed.emit(value)
        elif kind == "firmware":
            self.firmware_changed.emit()

    def put_job(self, job: Job) -> None:
        """A job as it is now, told by the engine or just asked for."""
        self.jobs.pop(job.id, None)
        self.jobs[job.id] = job
        for old in list(self.jobs)[:-KEEP_JOBS]:
            del self.jobs[old]
        self.job_changed.emit(job)

    def _put_tag(self, card: Presented) -> None:
        """A card that nobody knows waits for a person until it is in the list."""
        rest = [one for one in self.unknown_tags if one.id_tag != card.id_tag]
        self.unknown_tags = [*rest[-19:], card] if card.unknown else rest
        self.tag_added.emit(card)

    def _put_charger(self, charger: Charger) -> None:
        before = self.chargers.get(charger.id)
        self.chargers[charger.id] = charger
        self._dirty.add(charger.id)
        if before is None or (before.label, before.state) != (charger.label, charger.state):
            self._order()

    def _order(self) -> None:
        site = self.site
        bays = {b.charger_id: i for i, b in reversed(list(enumerate(site.bays)))} if site is not None else {}
        ordered = sorted(self.chargers.values(), key=lambda c: (bays.get(c.id, len(bays)), c.id))
        self.chargers = {c.id: c for c in ordered}
        accepted = (c.id for c in ordered if c.state is not ChargerState.PENDING)
        self._places = {charger_id: place for place, charger_id in enumerate(accepted)}
        self.arranged += 1

    def _on_state(self, state: LinkState, _sentence: str) -> None:
        self._set_connected(state is LinkState.RUNNING)

    def _set_connected(self, connected: bool) -> None:
        if connected == self.connected:
            return
        self.connected = connected
        self.lost_at = None if connected else time.time()
        self.connection_changed.emit(connected)
        self.changed.emit()
