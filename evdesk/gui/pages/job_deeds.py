"""What a person does to a job: pause, go on, cancel the rest, leave one out, save its report. Each asks where it cannot
be taken back, and is sent once."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from evdesk.gui.client import Client
from evdesk.gui.dialogs.files import ask_save, write_bytes, write_text
from evdesk.gui.dialogs.sheet import confirm
from evdesk.gui.pages.job_feed import JobFeed
from evdesk.gui.pages.job_words import RUNNING, group
from evdesk.gui.text import tr
from evdesk.gui.theme import Theme
from evdesk.model import EvdeskError
from evdesk.model.jobs import JobCharger, JobKind, Step
from evdesk.wire.jobs import CancelJob, JobChargerRef, JobReport, OneJob, ReadReport, ReportFormat

Act = Callable[[], Coroutine[Any, Any, str]]
CANNOT_STOP = frozenset({Step.VERIFYING, Step.INSTALLING, Step.REBOOTING, Step.TESTING, Step.SETTINGS})
"""From here on the charger goes on by itself, whatever evdesk does."""


class JobDeeds(QObject):
    """`said(role, sentence)` when one ended; `busy_changed()`: while one is under way no other is begun."""

    said = Signal(str, str)
    busy_changed = Signal()

    def __init__(self, client: Client, theme: Theme, feed: JobFeed, owner: QWidget) -> None:
        super().__init__(owner)
        self._client, self._theme, self._feed, self._owner = client, theme, feed, owner
        self.busy = False

    def pause(self) -> None:
        self._begin(self._pause)

    def go_on(self) -> None:
        self._begin(self._go_on)

    def cancel(self) -> None:
        self._begin(self._cancel)

    def skip(self, charger_id: str) -> None:
        async def work() -> str:
            return await self._skip(charger_id)

        self._begin(work)

    def save(self, kind: ReportFormat, charger_id: str = "") -> None:
        async def work() -> str:
            return await self._save(kind, charger_id)

        self._begin(work)

    def _begin(self, act: Act) -> None:
        if self.busy or self._feed.job is None:
            return
        self._set_busy(True)
        if self._client.spawn(self._run(act)) is None:
            self._set_busy(False)

    async def _run(self, act: Act) -> None:
        try:
            told = await act()
            if told:
                self.said.emit("ok", told)
        except EvdeskError as error:
            self.said.emit("danger", error.sentence)
        finally:
            self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit()

    # -- the deeds ----------------------------------------------------------------------------------------------------

    def _job(self) -> OneJob:
        return OneJob(self._feed.job_id or 0)

    async def _pause(self) -> str:
        await self._client.call("job.pause", self._job())
        return tr("No other charger is begun. Those that run go on to their end.")

    async def _go_on(self) -> str:
        await self._client.call("job.resume", self._job())
        return ""

    async def _cancel(self) -> str:
        job = self._feed.job
        if job is None:
            return ""
        title, words, deed, stay = cancel_words(self._feed)
        if not await confirm(self._owner.window(), self._theme, title, words, deed, stay, danger=True):
            return ""
        await self._client.call("job.cancel", CancelJob(job.id))
        return tr("Cancelled. Chargers that install are watched to their end.") if job.kind is JobKind.UPDATE else ""

    async def _skip(self, charger_id: str) -> str:
        one = self._feed.chargers.get(charger_id)
        if one is None or not can_leave(one):
            return ""
        if group(one) == RUNNING:
            return await self._stop(one)
        label = one.label or charger_id
        title = tr("Leave {label} out of this job?").format(label=label)
        words = tr("{label} ({serial}) keeps {version}. The others go on.").format(
            label=label, serial=one.serial or charger_id, version=one.from_version or tr("its version")
        )
        deed, stay = tr("Leave {label} out").format(label=label), tr("Keep it in")
        if not await confirm(self._owner.window(), self._theme, title, words, deed, stay):
            return ""
        await self._client.call("job.skip", JobChargerRef(self._job().job_id, charger_id))
        return tr("{label} is left out").format(label=label)

    async def _stop(self, one: JobCharger) -> str:
        """One that fetches still; it may have begun to install meanwhile, and then goes on."""
        label = one.label or one.charger_id
        title = tr("Stop the update of {label}?").format(label=label)
        words = tr("The file is taken away from it, so that it installs nothing and keeps {version}. The others go on.")
        told = words.format(version=one.from_version or tr("its version"))
        deed, stay = tr("Stop {label}").format(label=label), tr("Let it go on")
        if not await confirm(self._owner.window(), self._theme, title, told, deed, stay, danger=True):
            return ""
        await self._client.call("job.cancel", CancelJob(self._job().job_id, one.charger_id))
        return ""

    async def _save(self, kind: ReportFormat, charger_id: str) -> str:
        asked = ReadReport(self._job().job_id, kind, charger_id)
        told: JobReport = await self._client.call("job.report", asked)
        filters = {ReportFormat.PDF: "PDF (*.pdf)", ReportFormat.JSON: "JSON (*.json)"}
        path = await ask_save(self._owner.window(), tr("Save the report"), told.file_name, filters[kind])
        if path is None:
            return ""
        self.write(path, told, kind)
        return tr("Saved as {path}").format(path=path)

    @staticmethod
    def write(path: Path, told: JobReport, kind: ReportFormat) -> None:
        """Raises `EvdeskError(STORAGE)`."""
        if kind is ReportFormat.PDF:
            write_bytes(path, told.pdf)
        else:
            write_text(path, told.text)


def can_leave(one: JobCharger) -> bool:
    """Whether it can be left out: it was not begun, or fetches still."""
    return one.outcome is None and one.step not in CANNOT_STOP


def cancel_words(feed: JobFeed) -> tuple[str, str, str, str]:
    """Title, text and both buttons: what is stopped, and what nobody can stop."""
    job = feed.job
    if job is not None and job.kind is JobKind.LOG:
        return (
            tr("Stop fetching this log?"),
            tr("What came so far is kept, marked as partial. The charger may go on sending; it is not listened to."),
            tr("Stop fetching"),
            tr("Go on"),
        )
    chargers = list(feed.chargers.values())
    rest = [c for c in chargers if c.outcome is None and group(c) != RUNNING]
    stuck = [c for c in chargers if c.outcome is None and c.step in CANNOT_STOP]
    fetching = [c for c in chargers if c.outcome is None and group(c) == RUNNING and c.step not in CANNOT_STOP]
    lines = [tr("{n} chargers that were not begun keep their version.").format(n=len(rest))] * bool(rest)
    if fetching:
        lines.append(tr("Told to stop fetching: {names}.").format(names=_names([c.label for c in fetching])))
    if stuck:
        lines.append(
            tr("Cannot be stopped, because they have the whole file: {names}. They are watched to their end.").format(
                names=_names([c.label or c.charger_id for c in stuck])
            )
        )
    title = tr("Cancel the rest of this update?")
    return title, "\n\n".join(lines), tr("Cancel the rest"), tr("Go on")


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return tr("{names} and {n} more").format(names=shown, n=len(names) - 6) if len(names) > 6 else shown
