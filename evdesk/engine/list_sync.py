"""Brings the list of tags into the chargers: in chunks, numbered, read back (1.6 chapter 4.1.4, 5.15; 2.x D01, D02)."""

import logging
from dataclasses import dataclass, field
from typing import Any

import msgspec

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.fleet import Fleet
from evdesk.engine.settings_book import SettingsBook
from evdesk.engine.state import ChargerRecord
from evdesk.engine.tags import TagBook
from evdesk.model import ChargerError, Reason
from evdesk.model.tags import LocalList, Tag
from evdesk.ocpp.fields import number
from evdesk.ocpp.local_list import changes, fitting, requests

log = logging.getLogger("evdesk.tags")
CHUNK = 50
_NOTE = "local_list"
_CHUNK_KEYS = ("sendlocallistmaxlength", "localauthlistctrlr/itemspermessage")
_ROOM_KEYS = ("localauthlistmaxlength",)
_ENTRIES = "localauthlistctrlr/entries"
_ENABLED_KEYS = ("localauthlistenabled", "localauthlistctrlr/enabled")


@dataclass(slots=True)
class _Sent:
    """What a charger took last."""

    version: int | None = None
    tags: list[Tag] = field(default_factory=list)
    at: float | None = None
    sentence: str = ""


class ListSync:
    def __init__(self, fleet: Fleet, tags: TagBook, settings: SettingsBook) -> None:
        self.fleet, self.tags, self.settings = fleet, tags, settings
        self.store = fleet.store
        self._sent: dict[str, _Sent] = {}

    async def open(self) -> None:
        for charger_id, body in (await self.store.load_notes(_NOTE)).items():
            try:
                self._sent[charger_id] = msgspec.json.decode(body, type=_Sent)
            except msgspec.DecodeError as error:
                log.warning("%s: the list kept cannot be read: %s", charger_id, error)

    def state(self, record: ChargerRecord) -> LocalList:
        """Without asking the charger."""
        sent = self._sent.get(record.id, _Sent())
        wanted, _ = fitting(self.tags.listed(), record.protocol)
        put, remove = changes(sent.tags, wanted)
        differs = sent.at is None or bool(put or remove)
        return LocalList(record.id, sent.version, len(sent.tags), len(wanted), differs, sent.at, sent.sentence)

    async def sync(self, record: ChargerRecord, link: Driver) -> Answer:
        """Make the charger's list the one of the site. Raises `ChargerError` in words."""
        wanted, long = fitting(self.tags.listed(), record.protocol)
        room = await self._room(record)
        if room is not None and len(wanted) > room:
            sentence = f"The charger's list holds {room} tags; the site has {len(wanted)}. Take some out first."
            raise ChargerError(Reason.INVALID, sentence)
        sent = self._sent.get(record.id, _Sent())
        before = await self._version(link)
        if before == -1:
            raise ChargerError(Reason.UNSUPPORTED, "This charger has no list of tags, or it is switched off.")
        known = sent.at is not None and before == sent.version and before > 0
        put, remove = changes(sent.tags, wanted)
        if known and not put and not remove:
            return Answer("Same", before=str(before), after=str(before))
        try:
            if known:
                await self._send(record, link, before + 1, put, remove, False)
            else:
                await self._send(record, link, max(before, 0) + 1, wanted, [], True)
        except _Mismatch:
            await self._send(record, link, max(before, 0) + 1000, wanted, [], True)
        after = await self._version(link)
        said = await self._said(record, long)
        self._sent[record.id] = _Sent(after, wanted, self.fleet.clock.now(), said)
        await self.store.save_note(_NOTE, record.id, msgspec.json.encode(self._sent[record.id]))
        return Answer("Accepted", before=str(before), after=str(after))

    async def _send(
        self, record: ChargerRecord, link: Driver, version: int, put: list[Tag], remove: list[str], full: bool
    ) -> None:
        chunk = await self._setting(record, _CHUNK_KEYS) or CHUNK
        made = requests(record.protocol, version, min(chunk, 500), put, remove, full)
        for place, request in enumerate(made, 1):
            answer = await link.raw("SendLocalList", request)
            status = str(answer.get("status", ""))
            if status == "VersionMismatch":
                if full:
                    raise ChargerError(Reason.REFUSED, "The charger refuses every version number of the list.")
                raise _Mismatch
            if status == "NotSupported":
                raise ChargerError(Reason.UNSUPPORTED, "This charger takes no list of tags.", status=status)
            if status != "Accepted":
                part = f" at part {place} of {len(made)}" if len(made) > 1 else ""
                sentence = f"The charger answered “{status or 'nothing'}” to the list{part}. Its list is not complete."
                self._sent[record.id] = _Sent(None, [], None, sentence)
                raise ChargerError(Reason.REFUSED, sentence, status=status)

    async def _version(self, link: Driver) -> int:
        answer: dict[str, Any] = await link.raw("GetLocalListVersion", {})
        told = number(answer.get("listVersion", answer.get("versionNumber")))
        if told is None:
            raise ChargerError(Reason.BAD_REPLY, "The charger tells no version of its list.")
        return told

    async def _said(self, record: ChargerRecord, long: list[str]) -> str:
        words = []
        enabled = await self._text(record, _ENABLED_KEYS)
        if enabled is not None and enabled.lower() == "false":
            words.append("The charger does not use its list: switch LocalAuthListEnabled on in its settings.")
        if long:
            words.append(f"{len(long)} tags are too long for this charger and were left out.")
        return " ".join(words)

    async def _room(self, record: ChargerRecord) -> int | None:
        """Most tags the list holds: a key of its own in 1.6, the highest value of the counter in 2.x."""
        view = await self.settings.view(record)
        entries = next((s for s in view.settings if s.name.lower() == _ENTRIES), None)
        if entries is not None and entries.high is not None and entries.high > 0:
            return int(entries.high)
        return await self._setting(record, _ROOM_KEYS)

    async def _setting(self, record: ChargerRecord, names: tuple[str, ...]) -> int | None:
        value = number(await self._text(record, names))
        return value if value is not None and value > 0 else None

    async def _text(self, record: ChargerRecord, names: tuple[str, ...]) -> str | None:
        view = await self.settings.view(record)
        return next((s.value for s in view.settings if s.name.lower() in names), None)


class _Mismatch(Exception):
    """The charger's version is not the one the change was made for."""
