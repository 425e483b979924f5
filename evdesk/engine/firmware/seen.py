"""Which versions each charger was seen with, when, and whose doing that was."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import msgspec

from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import Store
from evdesk.engine.store.versions import VERSIONS_KEPT
from evdesk.model import EvdeskError, NoticeKind, SecurityEventSeen, Severity
from evdesk.model.firmware import VersionSeen
from evdesk.model.jobs import Result

log = logging.getLogger("evdesk.firmware")
_UNDER_WAY = "firmware_job"
MOST_CHARS = 100
LATE_S = 86_400.0
"""A version that comes up so soon after an update that was given up is put down to it."""

AGAIN_S = 600.0
"""The same event of a charger within this time is not told again."""

EVENTS: dict[str, tuple[str, str]] = {
    "FirmwareUpdated": ("updated", "It says that its firmware was updated"),
    "InvalidFirmwareSignature": ("bad_signature", "It found a wrong signature on a firmware file"),
    "InvalidFirmwareSigningCertificate": ("bad_certificate", "It does not take the certificate of a firmware file"),
}
"""Security events about firmware (OCPP 1.6 security whitepaper, section 4; 2.0.1 part 2, appendix 1.1) -> what they are."""


class _Mark(msgspec.Struct):
    """An update under way."""

    job_id: int
    at: float


class VersionsSeen:
    """`rows` by charger, oldest first. `booted` for everything that may have told another version: what was known already
    changes nothing. `by_job` before an update and `ended` after it, so that a change is put down to it."""

    def __init__(self, fleet: Fleet, store: Store) -> None:
        self.fleet, self.store = fleet, store
        self.on_changed: Callable[[], None] = lambda: None
        self.rows: dict[str, list[VersionSeen]] = {}
        self._marks: dict[str, _Mark] = {}
        self._told_at: dict[tuple[str, str], float] = {}
        self._next = 1
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        for row in await self.store.versions():
            self.rows.setdefault(row.charger_id, []).append(row)
        self._next = await self.store.newest_version_id() + 1
        for charger_id, body in (await self.store.load_notes(_UNDER_WAY)).items():
            try:
                mark = msgspec.json.decode(body, type=_Mark | None)
            except msgspec.DecodeError as error:
                log.warning("the update of %s cannot be read: %s", charger_id, error)
                continue
            if mark is not None:
                self._marks[charger_id] = mark

    async def close(self) -> None:
        """What is still on its way to the disk is there."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- what happens ---------------------------------------------------------------------------------------------

    def booted(self, record: ChargerRecord) -> None:
        """Of an accepted charger: the version it tells now. Another serial number is another charger: its version is a
        first one, and nobody's update."""
        version = record.identity.firmware.strip()[:MOST_CHARS]
        if not record.accepted or not version:
            return
        mine, last = self.of(record), self._last(record)
        if last is not None and last.version == version:
            return
        serial = record.identity.serial or (last.serial if last else "")
        row = VersionSeen(0, record.id, self.fleet.clock.now(), version, serial=serial)
        if last is None:
            others = [one.serial for one in self.rows.get(record.id, []) if one.serial]
            detail = f"Another charger under this name: before it was {others[-1]}" if others and not mine else ""
            self._add(replace(row, cause="first", detail=detail))
            return
        job_id = self._job_of(record.id, last)
        cause = "noticed" if job_id is None else "job"
        self._add(replace(row, before=last.version, cause=cause, job_id=job_id))
        if job_id is None:
            self._tell(record, Severity.WARN, "changed", before=last.version, version=version)

    def security(self, record: ChargerRecord, event: SecurityEventSeen) -> bool:
        """Whether this event is about firmware; it is a line of the history then, and told."""
        if event.kind not in EVENTS:
            return False
        now, key = self.fleet.clock.steady(), (record.id, event.kind)
        if not record.accepted or now - self._told_at.get(key, -AGAIN_S) < AGAIN_S:
            return True
        self._told_at[key] = now
        self.booted(record)
        what, words = EVENTS[event.kind]
        mark, version = self._marks.get(record.id), record.identity.firmware.strip()[:MOST_CHARS]
        detail = f"{words} ({event.info[:200]})" if event.info else words
        job_id = mark.job_id if mark is not None else None
        at, serial = self.fleet.clock.now(), record.identity.serial
        self._add(VersionSeen(0, record.id, at, version, cause="event", job_id=job_id, detail=detail, serial=serial))
        if what != "updated":
            self._tell(record, Severity.WARN if mark else Severity.DANGER, what, info=event.info)
        elif mark is None:
            self._tell(record, Severity.INFO, what, info=event.info)
        return True

    def by_job(self, charger_id: str, job_id: int) -> None:
        """An update begins: a version told from now on is its doing."""
        mark = self._marks[charger_id] = _Mark(job_id, self.fleet.clock.now())
        self._save(self.store.save_note(_UNDER_WAY, charger_id, msgspec.json.encode(mark), keep=True))
        self.on_changed()

    def ended(self, charger_id: str, job_id: int, outcome: Result, reason: str) -> None:
        """It is over for this charger, or later evidence says another outcome than before."""
        mark = self._marks.get(charger_id)
        if mark is not None and mark.job_id == job_id:
            del self._marks[charger_id]
            self._save(self.store.save_note(_UNDER_WAY, charger_id, b"null", keep=True))
        rows = self.rows.get(charger_id, [])
        mine = [row for row in rows if row.job_id == job_id and row.cause in ("job", "kept")]
        well = outcome is Result.SUCCEEDED
        for row in mine:
            detail = row.detail if well and row.cause == "kept" else "" if well else reason
            self._put(replace(row, outcome=outcome.value, detail=detail))
        record = self.fleet.chargers.get(charger_id)
        if not mine and record is not None and outcome in (Result.FAILED, Result.UNKNOWN):
            last, at = self._last(record), self.fleet.clock.now()
            version = last.version if last is not None else record.identity.firmware.strip()[:MOST_CHARS]
            serial = record.identity.serial
            kept = VersionSeen(0, charger_id, at, version, "", "kept", job_id, reason, serial, outcome.value)
            self._add(kept)
        self.on_changed()

    # -- questions ------------------------------------------------------------------------------------------------

    def of(self, record: ChargerRecord) -> tuple[VersionSeen, ...]:
        """The lines of this very device, oldest first."""
        serial = record.identity.serial
        return tuple(row for row in self.rows.get(record.id, []) if not serial or row.serial in ("", serial))

    def history(self, charger_id: str = "", limit: int = 1000) -> list[VersionSeen]:
        """Of one charger, or of all; newest first."""
        if charger_id:
            return self.rows.get(charger_id, [])[::-1][:limit]
        return sorted((row for rows in self.rows.values() for row in rows), key=lambda row: -row.id)[:limit]

    def under_way(self, charger_id: str) -> int | None:
        """The job that updates it now."""
        mark = self._marks.get(charger_id)
        return None if mark is None else mark.job_id

    # -- inside ---------------------------------------------------------------------------------------------------

    def _last(self, record: ChargerRecord) -> VersionSeen | None:
        return next((row for row in reversed(self.of(record)) if row.version), None)

    def _job_of(self, charger_id: str, last: VersionSeen) -> int | None:
        mark = self._marks.get(charger_id)
        if mark is not None:
            return mark.job_id
        late = last.cause == "kept" and self.fleet.clock.now() - last.at < LATE_S
        return last.job_id if late else None

    def _tell(self, record: ChargerRecord, severity: Severity, what: str, **args: str) -> None:
        self.fleet.notice(NoticeKind.FIRMWARE, severity, record, 0, what=what, **args)

    def _add(self, row: VersionSeen) -> None:
        row = replace(row, id=self._next)
        self._next += 1
        rows = self.rows.setdefault(row.charger_id, [])
        rows.append(row)
        del rows[1 : 1 + max(len(rows) - VERSIONS_KEPT, 0)]  # as the store does: the very first one stays
        self._put(row)

    def _put(self, row: VersionSeen) -> None:
        rows = self.rows[row.charger_id]
        rows[next(n for n, one in enumerate(rows) if one.id == row.id)] = row
        self._save(self.store.save_version(row, keep=True))
        self.on_changed()

    def _save(self, work: Coroutine[Any, Any, None]) -> None:
        """In the order in which they are asked for: the store's writer takes them one by one."""
        task = asyncio.get_running_loop().create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except EvdeskError as error:
        log.warning("%s", error.sentence)
