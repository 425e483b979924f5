"""What a person may do to a charger: when each deed is possible, why not otherwise, and the answer in words.

Pure but for `Sender`, which sends one deed at a time per charger and deed and reports its progress.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from evdesk.gui.client import Client
from evdesk.gui.text import tr
from evdesk.model import Capability, Charger, ChargerState, Connector, ConnectorStatus, EvdeskError, Reason
from evdesk.wire.methods import Done

TRIGGERS = (
    "BootNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
    "FirmwareStatusNotification",
    "DiagnosticsStatusNotification",
    "LogStatusNotification",
    "TransactionEvent",
)


def charges(connector: Connector) -> bool:
    return connector.session_id is not None or connector.status is ConnectorStatus.CHARGING


def _no_start(charger: Charger, connector: Connector) -> str:
    if charges(connector):
        return tr("Start is off: a charge runs already.")
    if connector.status is ConnectorStatus.FAULTED:
        return tr("Start is off: the connector has a fault.")
    if connector.status is ConnectorStatus.UNAVAILABLE:
        return tr("Start is off: the connector is out of use.")
    return ""


def _no_stop(charger: Charger, connector: Connector) -> str:
    return "" if charges(connector) else tr("Stop is off: no charge runs.")


def _no_unlock(charger: Charger, connector: Connector) -> str:
    return tr("Unlock is off while a car charges: stop the charge first.") if charges(connector) else ""


def _no_out(charger: Charger, connector: Connector) -> str:
    return tr("It is out of service already.") if connector.status is ConnectorStatus.UNAVAILABLE else ""


def _no_in(charger: Charger, connector: Connector) -> str:
    in_service = connector.status not in (ConnectorStatus.UNAVAILABLE, ConnectorStatus.UNKNOWN, ConnectorStatus.FAULTED)
    return tr("It is in service.") if in_service else ""


def _no_reservation(charger: Charger, connector: Connector) -> str:
    if connector.status is ConnectorStatus.AVAILABLE:
        return ""
    return tr("Reserve is off: only a free connector can be kept for somebody.")


def _no_hint(charger: Charger, connector: Connector) -> str:
    if connector.session_id is not None:
        return ""
    return tr("When it leaves can be said once a charge runs.")


def _no_device(charger: Charger, connector: Connector) -> str:
    able = {Capability.DISPLAY, Capability.MONITORING, Capability.CUSTOMER} & set(charger.capabilities)
    return "" if able else tr("Display and watches is off: OCPP 1.6 has none, and this charger offers none.")


def _free(charger: Charger, connector: Connector) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Deed:
    """`word` is the button; `needs` the capability, None where the engine alone can do it. `offline`: works while the
    charger is silent."""

    word: Callable[[], str]
    needs: Capability | None
    refuses: Callable[[Charger, Connector], str] = _free
    offline: bool = False


DEEDS: dict[str, Deed] = {
    "start": Deed(lambda: tr("Start"), Capability.START, _no_start),
    "stop": Deed(lambda: tr("Stop"), Capability.STOP, _no_stop),
    "limit": Deed(lambda: tr("Limit"), Capability.SET_LIMIT),
    "unlock": Deed(lambda: tr("Unlock"), Capability.UNLOCK, _no_unlock),
    "reset_soft": Deed(lambda: tr("Soft reset"), Capability.RESET),
    "reset_hard": Deed(lambda: tr("Hard reset"), Capability.RESET),
    "out": Deed(lambda: tr("Take out of service"), Capability.AVAILABILITY, _no_out),
    "in": Deed(lambda: tr("Back into service"), Capability.AVAILABILITY, _no_in),
    "reserve": Deed(lambda: tr("Reserve"), Capability.RESERVE, _no_reservation),
    "hint": Deed(lambda: tr("When it leaves"), None, _no_hint, offline=True),
    "clear_cache": Deed(lambda: tr("Forget the tags it knows"), None),
    "trigger": Deed(lambda: tr("Ask for a message"), Capability.TRIGGER),
    "settings": Deed(lambda: tr("Read settings"), Capability.SETTINGS),
    "write": Deed(lambda: tr("Write a setting"), Capability.WRITE_SETTING),
    "composite": Deed(lambda: tr("Ask for the schedule"), Capability.COMPOSITE),
    "profile": Deed(lambda: tr("Change profiles"), Capability.SET_LIMIT),
    "update": Deed(lambda: tr("Update firmware"), Capability.FIRMWARE, offline=True),
    "logs": Deed(lambda: tr("Fetch logs"), Capability.LOGS),
    "device": Deed(lambda: tr("Display and watches"), None, _no_device),
    "forget": Deed(lambda: tr("Forget"), None, offline=True),
}


def why_off(deed: str, charger: Charger, connector: Connector, connected: bool) -> str:
    """Empty when the deed is possible now, else one sentence that says why not and what to do."""
    rule = DEEDS[deed]
    if not connected:
        return tr("The engine does not answer: nothing can be sent until it is back.")
    if charger.state is ChargerState.OFFLINE and not rule.offline:
        return tr("The charger is offline: nothing reaches it until it dials in again.")
    if rule.needs is not None and rule.needs not in charger.capabilities:
        return tr("{deed} is off: this charger cannot do it.").format(deed=rule.word())
    return rule.refuses(charger, connector)


def first_reason(deeds: tuple[str, ...], charger: Charger, connector: Connector, connected: bool) -> str:
    """The one line under the buttons: the first thing that switches one of them off."""
    reasons = (why_off(deed, charger, connector, connected) for deed in deeds)
    return next((reason for reason in reasons if reason), "")


@dataclass(frozen=True, slots=True)
class Report:
    """How a deed stands: `role` and `icon` name entries of the theme; `over` once the answer is there."""

    role: str
    icon: str
    text: str
    over: bool = True


_FAILED: dict[Reason, tuple[str, str]] = {
    Reason.REFUSED: ("warn", "warning"),
    Reason.UNSUPPORTED: ("warn", "warning"),
    Reason.INVALID: ("warn", "warning"),
}


def asked(title: str) -> Report:
    return Report("info", "clock", tr("{deed}: asked, waits for the answer").format(deed=title), over=False)


def took(ms: float | None) -> str:
    if ms is None:
        return ""
    return tr(" in {ms} ms").format(ms=f"{ms:.0f}") if ms < 1000 else tr(" in {s} s").format(s=f"{ms / 1000:.1f}")


def done(title: str, answer: Done) -> Report:
    """The charger's answer in words: "Limit 10 A: accepted in 96 ms; it now says 10"."""
    word = answer.status or "Accepted"
    verdict = tr("accepted") if word.lower() == "accepted" else word
    text = f"{title}: {verdict}{took(answer.ms)}"
    if answer.after is not None and "depart_at" not in answer.after:  # a hint is told in the title, in people's words
        text += tr("; read back {after}").format(after=answer.after)
    if not answer.ok:
        return Report("warn", "warning", text)
    if word.lower() == "rebootrequired":
        return Report("warn", "warning", tr("{deed}: taken, works after a restart").format(deed=title))
    return Report("ok", "check", text)


def failed(title: str, error: EvdeskError) -> Report:
    role, icon = _FAILED.get(error.reason, ("danger", "octagon"))
    verdicts = {
        Reason.REFUSED: tr("refused"),
        Reason.TIMEOUT: tr("no answer"),
        Reason.UNREACHABLE: tr("not reachable"),
        Reason.UNSUPPORTED: tr("not supported"),
    }
    verdict = verdicts.get(error.reason, tr("not done"))
    return Report(role, icon, f"{title}: {verdict}. {error.sentence}")


class Sender(QObject):
    """Sends deeds and tells how they stand. A deed that waits for its answer is not sent again: `busy` says so."""

    reported = Signal(str, object)  # charger id, Report
    busy_changed = Signal()
    answered = Signal(str, object)  # charger id, Done

    def __init__(self, client: Client, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._busy: set[tuple[str, str]] = set()
        self._last: dict[str, Report] = {}

    def busy(self, charger_id: str, deed: str) -> bool:
        return (charger_id, deed) in self._busy

    def last(self, charger_id: str) -> Report | None:
        """The newest report of this charger, kept while another one is looked at."""
        return self._last.get(charger_id)

    def send(self, charger_id: str, deed: str, title: str, method: str, params: object) -> bool:
        """Send once; False when the same deed still waits for its answer."""
        key = (charger_id, deed)
        if key in self._busy:
            return False
        self._busy.add(key)
        self._report(charger_id, asked(title))
        self.busy_changed.emit()
        self._client.spawn(self._run(key, title, method, params))
        return True

    async def _run(self, key: tuple[str, str], title: str, method: str, params: object) -> None:
        try:
            answer: Done = await self._client.call(method, params)
            self._report(key[0], done(title, answer))
            self.answered.emit(key[0], answer)
        except EvdeskError as error:
            self._report(key[0], failed(title, error))
        finally:
            self._busy.discard(key)
            self.busy_changed.emit()

    def _report(self, charger_id: str, report: Report) -> None:
        self._last[charger_id] = report
        self.reported.emit(charger_id, report)
