"""Verbs of 2.x beside charging: monitors (part 2, N), texts on the display (O), what the charger knows of a customer (N09).

The parts of their reports are collected as those of the inventory are.
"""

from dataclasses import replace
from typing import Any

from evdesk.drivers.base import Answer
from evdesk.drivers.ocpp_driver import accepted
from evdesk.drivers.ocpp_files import FileVerbs
from evdesk.drivers.ocpp_variables import Reports
from evdesk.model import Capability, ChargerError, Reason
from evdesk.model.blocks import CustomerTold, DisplayText, Monitor
from evdesk.ocpp.blocks import display_item, monitor_item, read_display, read_monitors
from evdesk.ocpp.fields import number, text

NEEDS: dict[str, frozenset[Capability]] = {
    "GetMonitoringReport": frozenset({Capability.MONITORING}),
    "SetVariableMonitoring": frozenset({Capability.MONITORING}),
    "GetDisplayMessages": frozenset({Capability.DISPLAY}),
    "SetDisplayMessage": frozenset({Capability.DISPLAY}),
    "CustomerInformation": frozenset({Capability.CUSTOMER}),
}
_UNKNOWN = frozenset({"UnknownComponent", "UnknownVariable", "UnsupportedMonitorType"})


class BlockVerbs(FileVerbs):
    """`reports` collects what comes in parts."""

    reports: Reports

    async def monitors(self) -> list[Monitor]:
        """Every monitor the charger holds, sorted by variable."""
        report = await self.reports.ask(self, "GetMonitoringReport", {}, "NotifyMonitoringReport")
        found = {one.id: one for item in report.items for one in read_monitors(item)}
        return sorted(found.values(), key=lambda one: (one.variable.lower(), one.id))

    async def set_monitor(self, monitor: Monitor) -> Answer:
        """`Answer.after`: the id the charger gave it."""
        try:
            item = monitor_item(monitor)
        except ValueError as error:
            raise ChargerError(Reason.INVALID, str(error)) from None
        reply = await self.call("SetVariableMonitoring", {"setMonitoringData": [item]})
        told = reply.payload.get("setMonitoringResult")
        result = next((one for one in told if isinstance(one, dict)), {}) if isinstance(told, list) else {}
        status, ident = text(result, "status"), number(result.get("id"))
        if status == "Accepted":
            return Answer(status, reply.ms, after=None if ident is None else str(ident))
        reason = Reason.UNSUPPORTED if status in _UNKNOWN else Reason.REFUSED if status else Reason.BAD_REPLY
        sentence = f"The charger answered “{status or 'nothing'}” to a monitor of {monitor.variable}."
        raise ChargerError(reason, f"{sentence} Not every variable can be watched.", status=status)

    async def clear_monitor(self, ident: int) -> Answer:
        reply = await self.call("ClearVariableMonitoring", {"id": [ident]})
        told = reply.payload.get("clearMonitoringResult")
        result = next((one for one in told if isinstance(one, dict)), {}) if isinstance(told, list) else {}
        status = text(result, "status")
        if status == "Accepted":
            return Answer(status, reply.ms)
        words = {"NotFound": "It has no such monitor.", "Rejected": "This one is built in and cannot be taken away."}
        sentence = f"The charger answered “{status or 'nothing'}”. {words.get(status, 'Read its monitors again.')}"
        raise ChargerError(Reason.REFUSED, sentence, status=status)

    async def monitoring(self, severity: int) -> Answer:
        """From now on events up to this severity are told: 0 danger only, 9 everything (N05)."""
        if not 0 <= severity <= 9:
            raise ChargerError(Reason.INVALID, "The severity is 0 (danger only) to 9 (everything).")
        reply = await self.call("SetMonitoringLevel", {"severity": severity})
        return accepted(reply, "monitoring level", "Monitoring may be switched off in it.")

    async def displays(self) -> list[DisplayText]:
        """Every text that is set, by its id."""
        try:
            report = await self.reports.ask(self, "GetDisplayMessages", {}, "NotifyDisplayMessages")
        except ChargerError as error:
            if error.detail.get("status") == "Unknown":  # O03: it has none
                return []
            raise
        offset_s = self.memory.clock.ahead_s
        shown = (read_display(item, offset_s) for item in report.items)
        return sorted({one.id: one for one in shown if one is not None}.values(), key=lambda one: one.id)

    async def set_display(self, shown: DisplayText) -> Answer:
        try:
            item = display_item(shown, self.memory.clock.ahead_s)
        except ValueError as error:
            raise ChargerError(Reason.INVALID, str(error)) from None
        reply = await self.call("SetDisplayMessage", {"message": item})
        answer = accepted(
            reply, "display text", "Try plain text (UTF8 or ASCII) without a state, or clear another one first."
        )
        return replace(answer, after=str(shown.id))

    async def clear_display(self, ident: int) -> Answer:
        reply = await self.call("ClearDisplayMessage", {"id": ident})
        return accepted(reply, "clear display text", "It may be gone already; read its texts again.")

    async def customer(self, id_tag: str, report: bool, clear: bool) -> CustomerTold:
        """N09, N10. `report`: tell what is known; `clear`: forget it."""
        if not id_tag or len(id_tag) > 36 or not (report or clear):
            raise ChargerError(
                Reason.INVALID, "Name the id tag (up to 36 characters), and what is asked: to tell or to forget."
            )
        token = {"idToken": id_tag, "type": "Central"}
        request: dict[str, Any] = {"report": report, "clear": clear, "idToken": token}
        told = await self.reports.ask(self, "CustomerInformation", request, "NotifyCustomerInformation")
        return CustomerTold("".join(text(item, "data") for item in told.items), told.complete)
