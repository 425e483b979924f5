"""One charger's update: looked at, backed up, asked, watched, tested."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from evdesk.drivers.base import FirmwareRequest
from evdesk.engine.files.slots import Offer
from evdesk.engine.jobs import aftercare
from evdesk.engine.jobs.base import RETRIES, RETRY_S, Parts, Run
from evdesk.engine.jobs.preflight import SOFT, ways
from evdesk.engine.state import ChargerRecord
from evdesk.engine.store import SavedCharger
from evdesk.firmware.endings import megabytes
from evdesk.firmware.happenings import Act, Agreed, Refused, Sent, Versioned
from evdesk.firmware.machine import Watch
from evdesk.firmware.times import Times
from evdesk.firmware.watched import RANK
from evdesk.model import Booted, Capability, ChargerError, EvdeskError, Reason
from evdesk.model.firmware import Image, Verdict
from evdesk.model.jobs import Cause, JobCharger, Step
from evdesk.wire.firmware import Preflight

BACKUP_TRIES = 3
FOR_GOOD = frozenset({"model", "hardware", "version", "downgrade", "blocked", "file", "signature", "serial"})
"""Checks that do not pass by waiting; a full disk or a shut port may."""

_BAD_CERTIFICATE = frozenset({"InvalidCertificate", "RevokedCertificate"})
Looker = Callable[[ChargerRecord, Image], Awaitable[Preflight]]


class UpdateRun(Run):
    """`ready(record, image)`: the checks; `override`: a person passes the soft ones; `restore`: put settings back."""

    watch: Watch

    def __init__(
        self, parts: Parts, job_id: int, saved: SavedCharger, times: Times, image: Image, ready: Looker
    ) -> None:
        super().__init__(parts, job_id, Watch(saved.charger, saved.memory, times), saved.secret)
        self.image, self.ready = image, ready
        self.override = ""
        self.restore = True
        self._backups = 0
        self._asks_version = False
        self._boot_asked = False  # on this connection: a boot told on it is an answer, and no restart

    # -- begin ----------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        record = self.record
        if record is None:
            self.feed(Refused(self.now(), Cause.NOT_READY))
            return
        found = await self.ready(record, self.image)
        if self.watch.over or not self._go_on(found) or not await self._backed_up() or not await self.still():
            return
        offered = await self._offered()
        if offered is not None and await self.still():
            await self._send(record, offered)

    def _go_on(self, found: Preflight) -> bool:
        """Whether every check lets it begin; else what it waits for is shown, or it is left out."""
        blocks = [one for one in found.checks if one.verdict is Verdict.BLOCK]
        hard = [one for one in blocks if one.code in FOR_GOOD]
        waits = [one for one in found.checks if one.verdict is Verdict.WAIT]
        soft = [one for one in found.checks if one.verdict in SOFT and not self.override]
        stop = next(iter([*hard, *blocks, *waits, *soft]), None)
        self.show(checks=tuple(found.checks), from_version=found.from_version, serial=found.serial)
        if stop is None:
            return True
        if self.charger.step is Step.WAITING:
            self.show(step=Step.PREFLIGHT, step_at=self.now())
        if self.charger.reason != stop.sentence:
            self.show(reason=stop.sentence, next=stop.advice)
            self.say("evdesk", f"Waits: {stop.sentence}", "warn")
        if hard:
            self.watch.memory = replace(self.watch.memory, why=stop.sentence)
            self.feed(Refused(self.now(), Cause.NOT_READY))
        return False

    async def _backed_up(self) -> bool:
        """Settings first; without them only where the manifest or a person says that it may be."""
        if self.charger.backup_id is not None or not self.can(Capability.SETTINGS):
            return True
        try:
            _settings, number = await aftercare.read_settings(self, "before an update")
        except EvdeskError as error:
            self._backups += 1
            self.say("evdesk", f"Its settings could not be read: {error.sentence}", "warn")
            if self.override or (self.image.manifest.settings_kept and not self.image.manifest.backup_needed):
                return True
            if self._backups >= BACKUP_TRIES:
                self.watch.memory = replace(self.watch.memory, why=f"No backup could be taken: {error.sentence}")
                self.feed(Refused(self.now(), Cause.NOT_READY))
            return False
        self.show(backup_id=number)
        self.say("evdesk", f"Settings kept as snapshot {number}", "good")
        return True

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
        offer = await self.parts.files.offer(
            self.key,
            self.parts.library.path(self.image.id),
            self.image.file_name,
            address,
            memory.scheme,
            before=self.charger.transfer if self.charger.transfer.total else None,
            sha256=self.image.sha256,
        )
        self.offer, self.secret = offer, offer.secret
        return offer

    async def _send(self, record: ChargerRecord, offer: Offer) -> None:
        """Kept before it leaves: an engine that dies now must find that it may have been heard."""
        before = aftercare.Before.of(record)
        manifest, number = self.image.manifest, self._request_id()
        who = record.identity
        signed = bool(manifest.signature and manifest.certificate)
        self.watch.memory = replace(
            self.watch.memory, idle_before=before.idle, failsafe_before=before.failsafe, signed=signed
        )
        self.show(
            request_id=number,
            from_version=who.firmware,
            serial=who.serial,
            model=who.model,
            vendor=who.vendor,
            protocol=record.protocol,
            started_at=self.charger.started_at or self.now(),
            online=True,
        )
        self.feed(Sent(self.now(), answered=False))
        await self.parts.save(self)
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
        )
        size = megabytes(self.image.size)
        by = f"{offer.scheme.upper()}, {'signed' if signed else 'not signed'}, {size}, {RETRIES} retries"
        self.say("evdesk", f"Asked to update to {manifest.version or self.image.file_name} by {by}")
        args = {
            "image_id": self.image.id,
            "file": self.image.file_name,
            "sha256": self.image.sha256,
            "manifest": self.image.manifest_source,
            "from": who.firmware,
            "to": manifest.version,
            "scheme": offer.scheme,
            "signed": signed,
            "request_id": number,
            "backup": self.charger.backup_id,
        }
        await self._ask(request, args)

    def _request_id(self) -> int:
        return (self.job_id * 100 + self.charger.attempts + 1) % 2_000_000_000

    async def _ask(self, request: FirmwareRequest, args: dict[str, object]) -> None:
        try:
            answer = await self.command("charger.update_firmware", args, lambda link: link.update_firmware(request))
        except ChargerError as error:
            status = str(error.detail.get("status") or error.detail.get("code") or "")
            self.say("charger", error.sentence, "bad")
            cause = _refusal(error.reason, status)
            if cause is not None:
                self.feed(Refused(self.now(), cause, status))
            return
        self.say("charger", answer.status, "good")
        if not answer.payload.get("request_id"):
            self.show(request_id=None)
        self.feed(Agreed(self.now(), answer.status))

    # -- in the middle --------------------------------------------------------------------------------------------

    async def resume(self) -> None:
        """Every timer begins anew: while the engine was away nobody could tell it anything."""
        self.show(online=bool(self.record and self.record.online))
        self.say("evdesk", "evdesk was away, and goes on watching", "warn")
        most_s = self.watch.times.most_s(self.charger.step)
        if most_s is not None and self.charger.waits_until_at is not None:
            self.show(waits_until_at=max(self.charger.waits_until_at, self.now() + most_s))
        self._asks_version = RANK[self.charger.step] >= RANK[Step.VERIFYING]
        if self.charger.step in (Step.SENT, Step.DOWNLOADING) and not self.watch.memory.whole and self.secret:
            await self._offer_again()
        elif self.charger.step is Step.TESTING:
            self._acts.put_nowait(Act.TEST)
        elif self.charger.step is Step.SETTINGS:
            self._acts.put_nowait(Act.COMPARE)
        self.run()

    async def _offer_again(self) -> None:
        self.say("evdesk", "The file is offered under the same address again")
        memory = self.watch.memory
        self.offer = await self.parts.files.offer(
            self.key,
            self.parts.library.path(self.image.id),
            self.image.file_name,
            memory.local_address,
            memory.scheme,
            secret=self.secret,
            before=self.charger.transfer,
        )

    async def act(self, act: Act) -> None:
        acts: dict[Act, Callable[[], Awaitable[None]]] = {
            Act.ASK_STATUS: lambda: self.ask_status("FirmwareStatusNotification"),
            Act.ASK_VERSION: self._ask_version,
            Act.RESTART: self._restart,
            Act.NEXT_SCHEME: self._next_scheme,
            Act.WITHDRAW: self.withdraw,
            Act.TEST: self._test,
            Act.COMPARE: self._compare,
            Act.END: self._end,
        }
        await acts[act]()

    async def _ask_version(self) -> None:
        """As a variable where there is one (2.x), else by having it boot in words (1.6)."""
        record = self.record
        link = record.link if record is not None else None
        if link is None:
            return
        try:
            version = await link.firmware_version()
        except EvdeskError as error:
            if error.reason is not Reason.UNSUPPORTED:
                raise
            self._boot_asked = True
            await self.ask_status("BootNotification")
            return
        if version:
            self.say("charger", f"Has {version}")
            self.feed(Versioned(self.now(), version))

    async def _restart(self) -> None:
        self.say("evdesk", "It says installed and has the old version: restarted once", "warn")
        await self.command("charger.reset", {"kind": "soft"}, lambda link: link.reset("soft"))

    async def _next_scheme(self) -> None:
        self.say("evdesk", f"Nothing was fetched: offered by {self.watch.memory.scheme.upper()}", "warn")
        await self.withdraw()
        record, offer = self.record, await self._offered()
        if record is not None and offer is not None and await self.still():
            await self._send(record, offer)

    async def _test(self) -> None:
        failed = self.watch.memory.pending is not Cause.NONE
        record = self.record
        since = next((span.from_at for span in self.charger.steps if span.step is Step.REBOOTING), 0.0)
        if record is not None and record.connected_at is not None:
            since = min(since, record.connected_at)  # by a clock that was set since then
        self.feed(await aftercare.look(self, since, failed))

    async def _compare(self) -> None:
        self.feed(await aftercare.compare(self, self.restore))

    async def _end(self) -> None:
        one = self.charger
        tone = {"succeeded": "good", "failed": "bad", "unknown": "bad"}.get(one.outcome or "", "")
        self.say("evdesk", f"{(one.outcome or '').capitalize()}: {one.reason}", tone)

    def booted(self, event: Booted) -> None:
        """A BootNotification, believed or not."""
        if not self.begun:
            return
        version = event.identity.firmware
        if not self.watch.over:
            self.say("charger", f"BootNotification, version {version or 'not told'}")
        serial, model = event.identity.serial, event.identity.model
        self.feed(Versioned(self.now(), version, not self._boot_asked, serial, model))

    def linked(self) -> None:
        self._boot_asked = False
        super().linked()
        if self._asks_version and not self.watch.over:
            self._asks_version = False
            self._acts.put_nowait(Act.ASK_VERSION)
            self.run()


def _refusal(reason: Reason, status: str) -> Cause | None:
    """None: it may have heard the request all the same."""
    if reason is Reason.UNSUPPORTED:
        return Cause.UNSUPPORTED
    if reason is Reason.REFUSED:
        return Cause.BAD_CERTIFICATE if status in _BAD_CERTIFICATE else Cause.REFUSED
    return Cause.NOT_READY if reason is Reason.INVALID else None


def new_charger(record: ChargerRecord, wave: int, image: Image, hardware: str, now: float) -> JobCharger:
    """A charger of a job before anything was asked of it."""
    who = record.identity
    return JobCharger(
        record.id,
        record.label or record.id,
        who.vendor,
        who.model,
        who.serial,
        hardware,
        record.protocol,
        wave,
        step_at=now,
        from_version=who.firmware,
        to_version=image.manifest.version,
        online=record.online,
    )
