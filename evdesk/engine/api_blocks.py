"""The API's methods about a 2.x station beside charging: monitors, events, its display, what it knows of a customer."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.api_core import Core, Handler, command, record_of
from evdesk.engine.api_messages import payload_of
from evdesk.model import Origin
from evdesk.model.blocks import CustomerTold, DisplayText, Monitor
from evdesk.ocpp.blocks import event_data
from evdesk.wire import blocks as w
from evdesk.wire.messages import MessagePage
from evdesk.wire.method import Done, OneCharger

EVENTS_MOST, FRAMES_READ = 300, 200
Told = TypeVar("Told")


class BlocksApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "charger.monitors": self._monitors,
            "charger.set_monitor": self._set_monitor,
            "charger.clear_monitor": self._clear_monitor,
            "charger.monitoring": self._monitoring,
            "charger.events": self._events,
            "charger.displays": self._displays,
            "charger.set_display": self._set_display,
            "charger.clear_display": self._clear_display,
            "charger.customer": self._customer,
        }

    async def _read(
        self,
        origin: Origin,
        what: str,
        charger_id: str,
        args: dict[str, Any],
        read: Callable[[Driver], Awaitable[Told]],
        words: Callable[[Told], str],
    ) -> Told:
        """What the charger says; the audit row tells how much that was, not what."""
        told: list[Told] = []

        async def act(link: Driver) -> Answer:
            told.append(await read(link))
            return Answer(words(told[0]))

        await command(self.core, origin, what, charger_id, args, act)
        return told[0]

    async def _monitors(self, origin: Origin, params: OneCharger) -> list[Monitor]:
        return await self._read(
            origin, "charger.monitors", params.charger_id, {}, lambda k: k.monitors(), lambda t: f"{len(t)} monitors"
        )

    async def _set_monitor(self, origin: Origin, params: w.SetMonitor) -> Done:
        one = params.monitor
        args = {"variable": one.variable, "type": one.type, "value": one.value, "severity": one.severity, "id": one.id}
        return await command(
            self.core, origin, "charger.set_monitor", params.charger_id, args, lambda link: link.set_monitor(one)
        )

    async def _clear_monitor(self, origin: Origin, params: w.OneId) -> Done:
        args = {"id": params.id}
        return await command(
            self.core, origin, "charger.clear_monitor", params.charger_id, args, lambda k: k.clear_monitor(params.id)
        )

    async def _monitoring(self, origin: Origin, params: w.SetLevel) -> Done:
        args = {"severity": params.severity}
        return await command(
            self.core, origin, "charger.monitoring", params.charger_id, args, lambda k: k.monitoring(params.severity)
        )

    async def _events(self, _origin: Origin, params: OneCharger) -> list[w.StationEvent]:
        record = record_of(self.core, params.charger_id)
        page = MessagePage(limit=FRAMES_READ, charger_id=record.id, action="NotifyEvent")
        found: list[w.StationEvent] = []
        for frame in await self.core.fleet.store.messages(page):
            if frame.kind == "call" and frame.direction == "in":
                found += [_event(frame.at, item) for item in event_data(payload_of(frame))]
        return found[:EVENTS_MOST]

    async def _displays(self, origin: Origin, params: OneCharger) -> list[DisplayText]:
        return await self._read(
            origin, "charger.displays", params.charger_id, {}, lambda k: k.displays(), lambda t: f"{len(t)} texts"
        )

    async def _set_display(self, origin: Origin, params: w.SetDisplay) -> Done:
        shown = params.text
        args = {"id": shown.id, "text": shown.text, "priority": shown.priority, "state": shown.state}
        return await command(
            self.core, origin, "charger.set_display", params.charger_id, args, lambda link: link.set_display(shown)
        )

    async def _clear_display(self, origin: Origin, params: w.OneId) -> Done:
        args = {"id": params.id}
        return await command(
            self.core, origin, "charger.clear_display", params.charger_id, args, lambda k: k.clear_display(params.id)
        )

    async def _customer(self, origin: Origin, params: w.AskCustomer) -> CustomerTold:
        tag = params.id_tag.strip()
        args = {"id_tag": f"…{tag[-4:]}" if len(tag) > 4 else tag, "report": params.report, "clear": params.clear}
        return await self._read(
            origin,
            "charger.customer",
            params.charger_id,
            args,
            lambda link: link.customer(tag, params.report, params.clear),
            lambda told: f"{len(told.text)} characters",
        )


def _event(at: float, item: dict[str, Any]) -> w.StationEvent:
    return w.StationEvent(at, **item)
