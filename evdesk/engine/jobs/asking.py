"""Asking one charger to update: looked at, backed up, looked at again, and only then asked."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from evdesk.drivers.base import FirmwareRequest
from evdesk.engine.files.slots import Offer
from evdesk.engine.jobs import aftercare, confirmed
from evdesk.engine.jobs.backup import Backup
from evdesk.engine.jobs.base import RETRIES, RETRY_S, Parts, Run
from evdesk.engine.jobs.preflight import SOFT, can_be_dated, is_signed, ways
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import SavedCharger
from evdesk.firmware.endings import megabytes
from evdesk.firmware.happenings import Agreed, Refused, Sent
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.firmware.versions import direction, same_version
from evdesk.model import ChargerError, EvdeskError, Reason
from evdesk.model.firmware import Direction, FileState, Image, Verdict
from evdesk.model.jobs import Cause, JobCharger, Step
from evdesk.ocpp.timestamps import format_time
from evdesk.wire.firmware import Preflight

MOST_ATTEMPTS = 4
"""A link that drops at each request does not keep a job alive for ever."""
FOR_GOOD = frozenset({"model", "hardware", "version", "downgrade", "blocked", "file", "signature", "serial"})
"""Checks that do not pass by waiting; a full disk or a shut port may."""

AGAIN = frozenset({"online", "session", "serial", "file", "signature", "blocked", "model", "hardware", "version"})
"""Checks that must be well when it is asked once more, by another protocol."""

_STOPS = frozenset({Verdict.WAIT, Verdict.BLOCK})
_BAD_CERTIFICATE = frozenset({"InvalidCertificate", "RevokedCertificate"})
Looker = Callable[[ChargerRecord, Image], Awaitable[Preflight]]


class AskingRun(Run):
    """`ready(record, image)`: the checks; `override`: a person passes the soft ones; `restore`: put settings back;
    `install_at`: Unix s, None at once."""

    watch: Watch

    def __init__(
        self, parts: Parts, job_id: int, saved: SavedCharger, times: Times, image: Image, ready: Looker
    ) -> None:
        super().__init__(parts, job_id, Watch(saved.charger, saved.memory, times), saved.secret)
        self.image, self.ready = image, ready
        self.override = ""
        self.restore = True
        self.install_at: float | None = None
        self.backup = Backup(self, image)

    async def begin(self) -> None:
        record = self.record
        if record is None:
            self.leave_out("It was dropped from the site.")
            return
        found = await self._looked(record)
        if self.watch.over or not self._go_on(found):
            return
        if not await self.backup.taken(self.override, self.watch.memory) or not await self.still():
            return
        offered = await self._offered()
        if offered is None:
            return
        if await self._unchanged() and await self.still():
            await self._send(record, offered)
        else:
            await self.withdraw()
            self.show(backup_id=None)  # taken anew when it is tried again

    async def _unchanged(self) -> bool:
        """All of that may have taken minutes: a car may have come, another charger taken its place."""
        record = self.record
        if record is None or record.link is None:
            return False
        found = await self._looked(record)
        return not self.watch.over and self.record is record and record.link is not None and self._go_on(found)

    async def _looked(self, record: ChargerRecord) -> Preflight:
        """By what was confirmed; and by what the library says now, where that is worse."""
        now = await self._image_now()
        if confirmed.alike(now, self.image):
            return await self.ready(record, self.image)
        if not now.usable:
            return await self.ready(record, replace(self.image, usable=False, state=now.state, why_not=now.why_not))
        then = await self.ready(record, self.image)
        return confirmed.by_both(then, await self.ready(record, now), self.image, now)

    async def _image_now(self) -> Image:
        """As the library has it."""
        library, number = self.parts.library, self.image.id
        now = library.images.get(number)
        try:
            if now is None or not now.usable:
                now = await library.verified(number)  # it may just be looked at anew
        except EvdeskError as error:
            return replace(self.image, usable=False, state=FileState.MISSING, why_not=error.sentence)
        return now

    def _go_on(self, found: Preflight) -> bool:
        """Whether every check lets it begin; else what it waits for is shown, or it is left out."""
        if why := not_confirmed(self.charger, found):
            self.leave_out(why)
            return False
        blocks = [one for one in found.checks if one.verdict is Verdict.BLOCK]
        hard = [one for one in blocks if one.code in FOR_GOOD]
        waits = [one for one in found.checks if one.verdict is Verdict.WAIT]
        soft = [one for one in found.checks if one.verdict in SOFT and not self.override]
        stop = next(iter([*hard, *blocks, *waits, *soft]), None)
        self.show(checks=tuple(found.checks), from_version=found.from_version, serial=found.serial)
        if stop is None:
            return True
        self.held_up(stop.sentence, bool(hard), stop.advice)
        return False

    async def _offered(self) -> Offer | None:
        """The file under its one-time address, by the best protocol that is left."""
        record, memory = self.record, self.watch.memory
        if record is None or record.link is None:
            return None
        if not memory.scheme:
            settings = list((await self.parts.settings.view(record)).settings)
            schemes, _address = ways(self.parts.files, record, self.image, settings)
            if not schemes:
                return None
            memory = replace(memory, scheme=schemes[0], schemes=schemes[1:2])
        address = self.local_address() or memory.local_address or "127.0.0.1"
        self.watch.memory = memory = replace(memory, local_address=address)
        try:
            offer = await self.parts.files.offer(
                self.key,
                self.parts.library.path(self.image.id),
                self.image.file_name,
                address,
                memory.scheme,
                before=self.charger.transfer if self.charger.transfer.total else None,
                sha256=self.image.sha256,
            )
        except EvdeskError as error:
            if error.reason is not Reason.INVALID:
                raise
            self.say("evdesk", error.sentence, "bad")
            if not self.begun:
                self.leave_out(error.sentence)  # waiting does not mend a file
            return None
        self.offer, self.secret = offer, offer.secret
        self.watch.memory = replace(self.watch.memory, port=offer.port)
        return offer

    async def _send(self, record: ChargerRecord, offer: Offer) -> None:
        """Kept before it leaves: an engine that dies now must find that it may have been heard."""
        manifest, number = self.image.manifest, self.parts.number(self.job_id, self.charger.attempts + 1)
        who = record.identity
        signed = is_signed(self.image)
        self._sent(record, number, signed)
        try:
            await self.parts.save(self)
        except EvdeskError as error:
            self._not_sent(error.sentence)
            return
        if not await self.still():
            return
        request = FirmwareRequest(
            location=offer.url,
            request_id=number,
            retrieve_at=self.now(),
            retries=RETRIES,
            retry_s=RETRY_S,
            signature=manifest.signature if signed else "",
            certificate=manifest.certificate if signed else "",
            install_at=self.charger.install_at,
        )
        size = megabytes(self.image.size)
        by = f"{offer.scheme.upper()}, {'signed' if signed else 'not signed'}, {size}, {RETRIES} retries"
        when = f", to install {format_time(request.install_at)}" if request.install_at is not None else ""
        self.say("evdesk", f"Asked to update to {manifest.version or self.image.file_name} by {by}{when}")
        args = {
            "image_id": self.image.id,
            "file": self.image.file_name,
            "sha256": self.image.sha256,
            "manifest": self.image.manifest_source,
            "from": who.firmware,
            "to": manifest.version,
            "scheme": offer.scheme,
            "signed": signed,
            "install_at": request.install_at,
            "request_id": number,
            "backup": self.charger.backup_id,
        }
        await self._ask(request, args)

    def _sent(self, record: ChargerRecord, number: int, signed: bool) -> None:
        """From now on it counts as asked."""
        before, who = aftercare.Before.of(record), record.identity
        self.watch.memory = replace(
            self.watch.memory, idle_before=before.idle, failsafe_before=before.failsafe, signed=signed, closed=False
        )
        self.show(
            request_id=number,
            from_version=who.firmware,
            serial=who.serial,
            model=who.model,
            vendor=who.vendor,
            protocol=record.protocol,
            started_at=self.charger.started_at or self.now(),
            install_at=self._date(record),
            online=True,
        )
        self.feed(Sent(self.now()))

    def _date(self, record: ChargerRecord) -> float | None:
        """None where it is past, or the request cannot carry one: at once."""
        if (self.install_at or 0.0) <= self.now():
            return None
        if not can_be_dated(record, self.image):
            self._say_undated()
            return None
        return self.install_at

    def _say_undated(self) -> None:
        self.say("evdesk", "This request has no install date: it installs at once", "warn")

    async def _ask(self, request: FirmwareRequest, args: dict[str, object]) -> None:
        try:
            answer = await self.command("charger.update_firmware", args, lambda link: link.update_firmware(request))
        except ChargerError as error:
            status = str(error.detail.get("status") or error.detail.get("code") or "")
            self.say("charger", error.sentence, "bad")
            cause = _refusal(error.reason, status)
            if cause is Cause.NOT_READY:
                self._not_sent(error.sentence)
            elif cause is not None:
                self.feed(Refused(self.now(), cause, status))
            else:
                self.unanswered()
            return
        except EvdeskError as error:  # not the charger: it never left
            self._not_sent(error.sentence)
            return
        self.say("charger", f"{answer.status}, {answer.after}" if answer.after else answer.status, "good")
        if not answer.payload.get("request_id"):
            self.show(request_id=None)
        if self.charger.install_at is not None and answer.payload.get("install_at") is None:
            self.show(install_at=None)
            self._say_undated()
        self.feed(Agreed(self.now(), answer.status))

    def unanswered(self) -> None:
        """The time for its answer is over."""
        if self.charger.step is Step.SENT and not self.charger.status:
            self.show(reason="It did not answer; watched all the same, for it may have heard.")

    def _not_sent(self, why: str) -> None:
        """It never left. Of a first request that is the end; an earlier one was heard, maybe fetched from: it is
        watched on, and asked once more where that may be of use, from where it was to be told."""
        if self.charger.attempts <= 1:
            self.leave_out(why)
            return
        self.say("evdesk", f"It was not asked again: {why}", "warn")
        memory = self.watch.memory
        if self.charger.attempts < MOST_ATTEMPTS and not memory.moved:
            self.watch.memory = replace(memory, moved=True, schemes=(memory.scheme, *memory.schemes))

    async def next_scheme(self) -> None:
        instead = self.instead()
        why = f"On {instead}" if instead else "Nothing was fetched"
        self.say("evdesk", f"{why}: offered by {self.watch.memory.scheme.upper()}", "warn")
        await self.withdraw()
        record = self.record
        if record is None or record.link is None or self.watch.memory.whole:  # the end of it left just now
            return
        checks = (await self._looked(record)).checks
        stop = next((one for one in checks if one.code in AGAIN and one.verdict in _STOPS), None)
        if stop is not None:
            self.say("evdesk", f"Not asked again: {stop.sentence}", "warn")
            return
        offer = await self._offered()
        if offer is not None and self.record is record and await self.still():
            await self._send(record, offer)


def not_confirmed(one: JobCharger, found: Preflight) -> str:
    """What a person confirmed when the job was begun, by serial number and "from -> to", and is not so now; else ""."""
    if one.serial and found.serial != one.serial:
        return f"Confirmed was serial number {one.serial}; now it tells {found.serial or 'none'}."
    if same_version(found.from_version, one.to_version) and not same_version(one.from_version, one.to_version):
        return f"It has {found.from_version} by now, by another way; nobody confirmed that it gets it again."
    if found.downgrade and direction(one.from_version, one.to_version) is not Direction.DOWNGRADE:
        return f"It has {found.from_version} by now, newer than {one.to_version}; nobody confirmed that."
    return ""


def _refusal(reason: Reason, status: str) -> Cause | None:
    """None: it may have heard the request all the same."""
    if reason is Reason.UNSUPPORTED:
        return Cause.UNSUPPORTED
    if reason is Reason.REFUSED:
        return Cause.BAD_CERTIFICATE if status in _BAD_CERTIFICATE else Cause.REFUSED
    return Cause.NOT_READY if reason is Reason.INVALID else None
