"""What is known of every charger's settings: the last read, its snapshots, and which changes wait for a restart."""

import logging
from dataclasses import replace

import msgspec

from evdesk.drivers.base import Answer
from evdesk.engine.fleet import Fleet
from evdesk.engine.settings_files import differences
from evdesk.engine.state import ChargerRecord
from evdesk.model import EvdeskError, MessageSeen, Reason, Setting
from evdesk.model.settings import SettingChange, SettingsSnapshot, SettingsView
from evdesk.ocpp.dictionary import describe
from evdesk.ocpp.redact import redact_nested

log = logging.getLogger("evdesk.settings")
_NOTE = "settings"
LOOKED_BACK = 20
"""Snapshots in which a setting is looked for."""
_PARTS = {"NotifyReport": '"variableAttribute"', "GetConfiguration": '"readonly"', "GetVariables": '"attributeStatus"'}
"""Messages that bring settings, and what occurs once in each of them."""


class _Read(msgspec.Struct):
    at: float
    protocol: str
    settings: list[Setting]


class SettingsBook:
    """`keep` after a read, `wrote` after a write, `view` at any time."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.store = fleet.store
        self._last: dict[str, _Read] = {}
        self._before: dict[str, dict[str, str | None]] = {}
        self._reboots: dict[tuple[str, str, str, str], bool] = {}
        self._reading: dict[str, int] = {}
        self._dirty: set[str] = set()
        self.unread: dict[str, str] = {}  # charger -> why no backup of them could be taken, until they are read whole

    async def open(self) -> None:
        self._reboots = await self.store.reboots()

    async def save(self) -> None:
        """Write down what changed since."""
        for charger_id in list(self._dirty):
            self._dirty.discard(charger_id)  # a change while it is being written counts anew
            try:
                await self.store.save_note(_NOTE, charger_id, msgspec.json.encode(self._last[charger_id]))
            except EvdeskError:
                self._dirty.add(charger_id)
                raise

    # -- reading --------------------------------------------------------------------------------------------------

    def begin(self, charger_id: str) -> None:
        """A read starts: `view` counts what comes."""
        self._reading[charger_id] = 0

    def end(self, charger_id: str) -> None:
        self._reading.pop(charger_id, None)

    def reading(self, charger_id: str) -> int | None:
        """Settings that came so far in the read under way."""
        return self._reading.get(charger_id)

    def frame(self, event: MessageSeen) -> None:
        """Counts settings on their way while a read runs."""
        mark = _PARTS.get(event.action)
        if mark is not None and event.direction == "in" and event.charger_id in self._reading:
            self._reading[event.charger_id] += event.text.count(mark)

    async def keep(self, record: ChargerRecord, told: list[Setting], reason: str) -> list[Setting]:
        """A whole read: described, remembered, and a snapshot where something changed. The settings as described."""
        settings = [self._described(record, one) for one in told]
        now = self.fleet.clock.now()
        self._last[record.id] = _Read(now, record.protocol, settings)
        self._dirty.add(record.id)
        who = record.identity
        snapshot = SettingsSnapshot(
            0, record.id, now, now, len(settings), who.vendor, who.model, who.firmware, record.protocol, reason
        )
        try:
            await self.store.save_snapshot(snapshot, settings)
            await self.save()
            await self._look_back(record.id)
            if record.id in self.unread and not await self.missing(record, settings):
                del self.unread[record.id]
        except EvdeskError as error:
            log.info("%s: %s", record.id, error.sentence)  # the read itself is good
        return settings

    async def missing(self, record: ChargerRecord, told: list[Setting]) -> list[Setting]:
        """What could be put back, was told before with this firmware, and is not `told` now: some chargers answer a busy
        moment with an error or with a part. Raises `EvdeskError`."""
        names = {one.name.lower() for one in told if one.value is not None}
        kept = [one for one in await self.store.snapshots(record.id) if one.firmware == record.identity.firmware]
        lacking: dict[str, Setting] = {}
        for snapshot in kept[:LOOKED_BACK]:
            for one in await self.store.snapshot_settings(record.id, snapshot.id) or []:
                if one.writable and one.value is not None and one.name.lower() not in names:
                    lacking.setdefault(one.name.lower(), one)
        return list(lacking.values())

    def _described(self, record: ChargerRecord, setting: Setting) -> Setting:
        one = describe(setting, record.protocol)
        reboot = self._reboots.get((*_maker(record), one.name.lower()))
        return replace(one, reboot=reboot, value=None if one.secret else _shown(one.value))

    async def _look_back(self, charger_id: str) -> None:
        """Values in the snapshot before the newest."""
        kept = await self.store.snapshots(charger_id)
        last = self._last.get(charger_id)
        if len(kept) < 2 or last is None:
            self._before[charger_id] = {}
            return
        old = await self.store.snapshot_settings(charger_id, kept[1].id) or []
        self._before[charger_id] = {c.name: c.before for c in differences(old, last.settings)}

    async def view(self, record: ChargerRecord) -> SettingsView:
        """What is known without asking the charger."""
        if record.id not in self._last:
            body = await self.store.load_note(_NOTE, record.id)
            if body is not None:
                try:
                    self._last[record.id] = msgspec.json.decode(body, type=_Read)
                    await self._look_back(record.id)
                except msgspec.DecodeError as error:
                    log.warning("%s: the settings kept cannot be read: %s", record.id, error)
        last = self._last.get(record.id)
        if last is None:
            return SettingsView(record.id, protocol=record.protocol)
        return SettingsView(record.id, last.at, last.protocol, tuple(last.settings), self._before.get(record.id, {}))

    # -- writing --------------------------------------------------------------------------------------------------

    async def wrote(self, record: ChargerRecord, name: str, answer: Answer) -> None:
        """The charger took a value: remember it as read back, and whether it waits for a restart."""
        reboots = answer.status == "RebootRequired"
        last = self._last.get(record.id)
        for place, one in enumerate(last.settings if last is not None else ()):
            if last is not None and one.name.lower() == name.lower():
                value = one.value if one.secret or answer.after is None else _shown(answer.after)
                if value != one.value:
                    self._before.setdefault(record.id, {}).setdefault(one.name, one.value)
                last.settings[place] = replace(one, value=value, reboot=reboots)
                self._dirty.add(record.id)
        key = (*_maker(record), name.lower())
        if self._reboots.get(key) != reboots:
            self._reboots[key] = reboots
            try:
                await self.store.save_reboot(_maker(record), name, reboots)
            except EvdeskError as error:
                log.info("%s: %s", record.id, error.sentence)

    # -- snapshots ------------------------------------------------------------------------------------------------

    async def settings_of(self, record: ChargerRecord, snapshot_id: int | None) -> tuple[list[Setting], float | None]:
        """Of a snapshot, or what was read last, and when. Raises `EvdeskError(INVALID)` where there is none."""
        if snapshot_id is None:
            view = await self.view(record)
            if view.at is None:
                raise EvdeskError(Reason.INVALID, f"The settings of {record.id} were never read. Read them first.")
            return list(view.settings), view.at
        found = await self.store.snapshot_settings(record.id, snapshot_id)
        if found is None:
            raise EvdeskError(
                Reason.INVALID, f"{record.id} has no snapshot {snapshot_id}. settings.snapshots lists them."
            )
        kept = await self.store.snapshots(record.id)
        return found, next((one.at for one in kept if one.id == snapshot_id), None)

    async def diff(self, record: ChargerRecord, from_id: int | None, to_id: int | None) -> list[SettingChange]:
        if from_id is None:
            kept = await self.store.snapshots(record.id)
            older = [one.id for one in kept if to_id is None or one.id < to_id]
            older = older[1:] if to_id is None else older
            if not older:
                return []
            from_id = older[0]
        before, _ = await self.settings_of(record, from_id)
        after, _ = await self.settings_of(record, to_id)
        return differences(before, after)


def _shown(value: str | None) -> str | None:
    """Without a password inside, e.g. of a URL: what is known of settings is stored and exported."""
    return None if value is None else redact_nested(value)


def _maker(record: ChargerRecord) -> tuple[str, str, str]:
    return record.identity.vendor, record.identity.model, record.identity.firmware
