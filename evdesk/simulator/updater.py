"""A firmware update as a station lives it: fetch, check, wait for the last car, install, restart, tell (ocpp: 1.6 chapter
5.19 and the Security Whitepaper's signed update; 2.0.1 part 2, block L)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from evdesk.simulator.certificates import signed_by
from evdesk.simulator.core import Core
from evdesk.simulator.fileline import BrokenOff, Download, TransferError
from evdesk.simulator.files import fetch, line_of, speaks
from evdesk.simulator.image import Found, Incoming
from evdesk.simulator.jobs import StatusJob
from evdesk.simulator.link import Payload
from evdesk.simulator.moments import from_text
from evdesk.simulator.security import Security
from evdesk.simulator.work import Work

START_S = 2.0
CHECK_S = 1.0
AWAY_S = 12.0  # how long a link lost in mid-download stays lost
EARLY_S = 20.0  # after an early restart, until Installed is told
SLOW_BPS = 20_000.0
SEND_S = 30.0  # at most so long for the last messages before a restart
NEVER_S = 3e8
ALWAYS = 1_000_000

CUTS = {
    "firmware_download_fails": (0.3, ALWAYS),
    "firmware_drops": (0.4, 1),
    "firmware_fails_once": (0.5, 1),
    "firmware_truncates": (0.5, ALWAYS),
}
"""Fault: the share of the file after which a download ends, and how many of the first attempts do so."""


@dataclass(frozen=True, slots=True)
class Update:
    """What is asked for. Moments on the station's clock; `plain`: the message of 1.6 that has neither status nor words
    for much; `retries` beyond the first attempt, None and `retry_s` None: the maker decides."""

    url: str
    retrieve_at: float
    install_at: float | None = None
    retries: int | None = None
    retry_s: float | None = None
    request_id: int | None = None
    certificate: str = ""
    signature: str = ""
    plain: bool = False


def update_of(payload: Payload) -> Update:
    """Of UpdateFirmware (2.x) and SignedUpdateFirmware; raises KeyError, ValueError."""
    firmware = payload["firmware"]
    install = firmware.get("installDateTime")
    return Update(
        str(firmware["location"]),
        from_text(str(firmware["retrieveDateTime"])),
        None if install is None else from_text(str(install)),
        payload.get("retries"),
        payload.get("retryInterval"),
        int(payload["requestId"]),
        str(firmware.get("signingCertificate") or ""),
        str(firmware.get("signature") or ""),
    )


class Host(Protocol):
    """The station, as far as an update concerns it."""

    needs_boot: bool

    def reboot(self, away_s: float) -> None: ...


class Updater(Work):
    """`admits`: new sessions may begin while an update waits for the last one to end."""

    def __init__(self, core: Core, security: Security, host: Host, admits: Callable[[], bool] = lambda: False) -> None:
        super().__init__(core)
        self.security, self.host, self.admits = security, host, admits
        self._job: StatusJob | None = None
        self._installing = self._bricked = False

    def begin(self, job: StatusJob, update: Update) -> tuple[str, str]:
        """Take an update, or not: the status to answer, and a reasonCode where it is a refusal."""
        refusal = self._refusal(update)
        if refusal[0]:
            return refusal
        again = self.running
        self.abort()
        self._job = job
        job.begin(update.request_id)
        job.muted = self.core.has("firmware_no_status") or self.core.has("firmware_silent")
        self.go(self._live(job, update))
        return ("AcceptedCanceled" if again else "Accepted"), ""

    def _refusal(self, update: Update) -> tuple[str, str]:
        if self.core.has("firmware_refuses"):
            return "Rejected", "NotNow"
        if self._installing:
            return "Rejected", "Installing"
        if not update.plain and not speaks(self.core, update.url):
            return "Rejected", "UnsupportedScheme"
        if update.certificate or update.signature:
            problem = self.security.store.signer_problem(update.certificate, self.core.now())
            if problem:
                self.security.event("InvalidFirmwareSigningCertificate", problem)
                return "InvalidCertificate", "InvalidCertificate"
        return "", ""

    def abort(self) -> None:
        """A restart, or another request, ends what runs."""
        self.stop()
        self._installing = False
        if self._job is not None:
            self._job.forget()
        self._shut(False)

    async def _live(self, job: StatusJob, update: Update) -> None:
        core = self.core
        if core.has("firmware_never_fetches"):
            await asyncio.Event().wait()
        await self._scheduled(job, update)
        job.tell("Downloading")
        if core.has("firmware_twice"):
            await self._twice(job, update)
            return
        found = await self._fetched(job, update)
        if found is None or core.has("firmware_silent"):
            return
        job.tell("Downloaded")
        await self.wait(CHECK_S)
        if not self._genuine(job, update, found):
            return
        await self._idle(job, update)
        if await self._install(job, found):
            await self._restart(job, update, found)

    # the file

    async def _scheduled(self, job: StatusJob, update: Update) -> None:
        wait_s = update.retrieve_at - self.core.now()
        if wait_s > 1.0:
            await self.wait(0.5)
            job.tell("DownloadScheduled")
        await self.wait(max(0.0, update.retrieve_at - self.core.now()) + START_S)

    async def _fetched(self, job: StatusJob, update: Update) -> Found | None:
        """The file, None when it never came whole; every failed attempt is told."""
        core, habits, image = self.core, self.core.maker.files, Incoming()
        retries = habits.retries if update.retries is None else update.retries
        pause_s = habits.retry_s if update.retry_s is None else update.retry_s
        for attempt in range(1 + max(0, retries)):
            if attempt:
                await self.wait(pause_s)
                job.tell("Downloading")
            had = image.size
            try:
                await self._attempt(update, image, attempt)
                if core.has("firmware_fetches_twice"):
                    image.restart()
                    await self._attempt(update, image, attempt + 1)
                return image.finish()
            except (TransferError, BrokenOff) as problem:
                job.tell("DownloadFailed", str(problem) or "broken off")
            if not habits.resumes or image.size == had:
                image.restart()
        self._fail()
        return None

    async def _attempt(self, update: Update, image: Incoming, number: int) -> None:
        """One attempt; raises TransferError, BrokenOff. A link lost on the way is none: it goes on when it is back."""
        core = self.core
        try:
            await self._transfer(update, image, self._cut(number))
        except BrokenOff:
            if core.has("firmware_truncates"):
                return  # it believes that this was all
            if not core.has("firmware_drops"):
                raise
            core.say("the connection is lost in the middle of a download")
            core.link.drop(AWAY_S)
            await self.until(lambda: not core.link.online)
            await self.until(lambda: core.ready)
            if not core.maker.files.resumes:
                image.restart()
            await self._transfer(update, image, None)

    async def _transfer(self, update: Update, image: Incoming, cut: float | None) -> None:
        line = line_of(self.core)
        if self.core.has("firmware_slow"):
            line = replace(line, rate_bps=SLOW_BPS)
        await fetch(line, update.url, Download(line, image, cut))

    def _cut(self, number: int) -> float | None:
        return next((cut for fault, (cut, first) in CUTS.items() if self.core.has(fault) and number < first), None)

    async def _twice(self, job: StatusJob, update: Update) -> None:
        with suppress(TransferError, BrokenOff):
            await self._attempt(update, Incoming(), 0)
        for _ in range(2):
            await self.wait(3.0)
            job.tell("Installed")

    def _genuine(self, job: StatusJob, update: Update, found: Found) -> bool:
        """Check the signature of a request that has one."""
        bad = self.core.has("firmware_bad_signature")
        if not (update.certificate or update.signature or bad):
            return True
        if not bad and signed_by(update.certificate, update.signature, found.sha256):
            job.tell("SignatureVerified")
            return True
        job.tell("InvalidSignature")
        self._event(job, update, "InvalidFirmwareSignature")
        self._fail()
        return False

    # the installation

    async def _idle(self, job: StatusJob, update: Update) -> None:
        """Wait for the moment it shall be installed, and for running transactions."""
        core = self.core

        def due() -> bool:
            return update.install_at is None or core.now() >= update.install_at

        def free() -> bool:
            return not any(outlet.transaction for outlet in core.outlets.values())

        if not (due() and free()):
            job.tell("InstallScheduled")
        await self.until(due)
        if not free() and not self.admits():
            self._shut(True)
        await self.until(free)
        self._shut(True)

    async def _install(self, job: StatusJob, found: Found) -> bool:
        """Whether there is something new to restart with."""
        core, habits = self.core, self.core.maker.files
        self._installing = True
        if habits.installed != "bootloader" or core.has("firmware_hangs"):
            job.tell("Installing")
        if core.has("firmware_hangs"):
            await asyncio.Event().wait()
        await self.wait(habits.install_s)
        problem = self._problem(found)
        if problem:
            job.tell(problem)
            self._installing = False
            self._fail()
        return not problem

    def _problem(self, found: Found) -> str:
        if not found.whole:
            return "InstallVerificationFailed"
        maker = self.core.maker
        wrong = not found.is_for(maker.vendor, maker.model) or self.core.has("firmware_install_fails")
        return "InstallationFailed" if wrong else ""

    async def _restart(self, job: StatusJob, update: Update, found: Found) -> None:
        core, habits = self.core, self.core.maker.files
        early = core.has("firmware_early_reboot")
        first = habits.installed == "before" and not early
        if not early:
            job.tell("Installed" if first else "InstallRebooting")
        await self.until(lambda: not core.link.queued() or not core.link.online, SEND_S)
        self._renew(found.version)
        self.host.reboot(NEVER_S if core.has("firmware_never_back") else habits.reboot_s)
        self._installing = False
        self._bricked = core.has("firmware_bricked_connectors")
        self._shut(False)
        await self.until(lambda: core.ready and not self.host.needs_boot)
        await self.wait(EARLY_S if early else START_S)  # its connectors come first
        if not first:
            job.tell("Installed")
        if not core.has("firmware_same_version"):
            self._event(job, update, "FirmwareUpdated")

    def _renew(self, version: str) -> None:
        core = self.core
        if not core.has("firmware_same_version"):
            core.firmware = "" if core.has("firmware_no_version") else version
        if core.has("firmware_other_serial"):
            core.new_serial()
        if core.has("firmware_loses_settings"):
            core.forget_settings()

    # what it leaves

    def _fail(self) -> None:
        self._shut(False)
        if self.core.has("unavailable_afterwards"):
            for outlet in self.core.outlets.values():
                outlet.operative = False

    def _shut(self, shut: bool) -> None:
        for outlet in self.core.outlets.values():
            outlet.updating = shut or self._bricked

    def _event(self, job: StatusJob, update: Update, kind: str) -> None:
        if not update.plain and not job.muted:
            self.security.event(kind, self.core.firmware)
