"""Writes what is staged, one after the other, and says of each what the charger made of it."""

from PySide6.QtCore import QObject, Signal

from evdesk.gui.client import Client
from evdesk.gui.pages.chargers_actions import Report, failed
from evdesk.gui.pages.chargers_settings_model import SettingsModel
from evdesk.gui.text import tr
from evdesk.model import EvdeskError, Reason
from evdesk.ocpp.dictionary import same
from evdesk.wire.methods import Done, Reset, WriteSetting

_GONE = frozenset({Reason.UNREACHABLE, Reason.TIMEOUT, Reason.STORAGE})
"""After these the rest is not tried."""


class Writer(QObject):
    """`said(charger id, Report)` while it goes on, `wrote(name, value read back)` for each."""

    said = Signal(str, object)
    wrote = Signal(str, str)
    reboots = Signal()

    def __init__(self, client: Client, model: SettingsModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client, self._model = client, model
        self.busy = False

    async def write(self, charger_id: str) -> None:
        """Everything that waits. What the charger refuses stays staged, so that it can be mended."""
        lines = self._model.staged()
        self.busy = True
        good = 0
        last = Report("muted", "", "")
        try:
            for number, line in enumerate(lines, 1):
                name, value = line.setting.name, line.staged or ""
                if len(lines) > 1:
                    words = tr("Writing {n} of {all}: {name}").format(n=number, all=len(lines), name=name)
                    self.said.emit(charger_id, Report("info", "clock", words, over=False))
                self._model.mark(name, "info", tr("asked…"), busy=True)
                last, goes_on = await self._one(charger_id, name, value)
                good += last.role == "ok"
                if not goes_on:
                    break
        finally:
            self.busy = False
        if len(lines) > 1:
            whole = good == len(lines)
            words = tr("{good} of {all} written and read back.").format(good=good, all=len(lines))
            last = Report(
                "ok" if whole else "warn", "check" if whole else "warning", words if whole else f"{words} {last.text}"
            )
        self.said.emit(charger_id, last)

    async def _one(self, charger_id: str, name: str, value: str) -> tuple[Report, bool]:
        """How it went, and whether the next one is worth trying."""
        try:
            answer: Done = await self._client.call("charger.write_setting", WriteSetting(charger_id, name, value))
        except EvdeskError as error:
            self._model.mark(name, "danger", tr("not written"))
            return failed(name, error), error.reason not in _GONE
        line = self._model.line_of(name)
        reboots = answer.status.lower() == "rebootrequired"
        equal = line is not None and same(line.setting, answer.after, value)
        role, note, words = written_words(name, value, answer, equal)
        hidden = line is not None and line.hidden
        shown = answer.after if answer.after is not None or reboots or hidden else value
        self._model.mark(name, role, note, value=shown)
        self.wrote.emit(name, answer.after or "")
        if reboots:
            self.reboots.emit()
        return Report(role, "check" if role == "ok" else "warning", words), True

    async def restart(self, charger_id: str) -> None:
        try:
            answer: Done = await self._client.call("charger.reset", Reset(charger_id, "soft"))
            words = tr("Soft reset: {status}").format(status=answer.status)
            self.said.emit(charger_id, Report("ok", "check", words))
        except EvdeskError as error:
            self.said.emit(charger_id, failed(tr("Soft reset"), error))


def written_words(name: str, value: str, answer: Done, equal: bool = False) -> tuple[str, str, str]:
    """Role, note for the row, and the sentence: what was asked and what the charger now shows. `equal`: it shows the
    same value in other words."""
    if answer.status.lower() == "rebootrequired":
        return "warn", tr("after a restart"), tr("{name}: taken, works after a restart.").format(name=name)
    if answer.after is None:
        told = tr("{name}: {status}. It was not read back.").format(name=name, status=answer.status or tr("accepted"))
        return "warn", tr("not read back"), told
    if not equal and answer.after.strip().lower() != value.strip().lower():
        told = tr("{name}: you asked {value}, it says {after}.").format(name=name, after=answer.after, value=value)
        return "warn", tr("differs"), told
    told = tr("{name}: was {before}, now {after}, read back.")
    return "ok", tr("read back"), told.format(name=name, before=answer.before or tr("unknown"), after=answer.after)
