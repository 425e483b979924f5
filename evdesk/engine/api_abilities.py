"""The API's methods about what a charger can do."""

import asyncio

from evdesk.drivers.base import Answer, Driver
from evdesk.engine.api_core import Core, Handler, command, record_of
from evdesk.engine.commands import reachable
from evdesk.engine.state import ChargerRecord
from evdesk.model import ChargerError, EvdeskError, Origin, Reason
from evdesk.model.abilities import Ability, Verdict
from evdesk.ocpp.abilities import Probe, boots_on_questions, probes
from evdesk.ocpp.keys import MEASURANDS
from evdesk.wire.method import OneCharger
from evdesk.wire.methods import WriteSetting

SETTLED_S = 20.0
"""A charger that connected a moment ago is left alone (lbbrhzn/ocpp #1432, #1503)."""

_SILENT_MOST = 2
"""After so many questions without an answer the rest is not asked: each one costs a minute."""


class AbilitiesApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "ability.list": self._list,
            "ability.try": self._try,
            "ability.measurands": self._measurands,
        }

    async def _list(self, _origin: Origin, params: OneCharger) -> list[Ability]:
        return await self.core.shelf.abilities.view(record_of(self.core, params.charger_id))

    def _settled(self, charger_id: str) -> ChargerRecord:
        record = reachable(self.core.fleet.chargers.get(charger_id), charger_id)
        clock = self.core.fleet.clock
        if record.connected_at is not None and clock.now() - record.connected_at < SETTLED_S:
            text = (
                f"{record.label or record.id} has just connected. Some chargers break when asked now: try in a minute."
            )
            raise EvdeskError(Reason.INVALID, text)
        return record

    async def _try(self, origin: Origin, params: OneCharger) -> list[Ability]:
        record = self._settled(params.charger_id)
        who = record.identity
        silent = 0
        for probe in probes(record.protocol, who.vendor, who.model, min(record.connectors, default=1)):
            try:
                await self._ask(origin, record.id, probe)
            except ChargerError as error:
                if error.reason is Reason.UNREACHABLE:
                    break
                silent += error.reason is Reason.TIMEOUT
                if silent >= _SILENT_MOST:
                    break
        return await self.core.shelf.abilities.view(record)

    async def _ask(self, origin: Origin, charger_id: str, probe: Probe) -> None:
        """One question; its answer reaches the book as every message does."""

        async def ask(link: Driver) -> Answer:
            answer = await link.raw(probe.action, probe.payload)
            return Answer(str(answer.get("status", "answered")))

        await command(self.core, origin, "ability.try", charger_id, {"probe": probe.name}, ask)

    # -- measurands -----------------------------------------------------------------------------------------------

    async def _measurands(self, origin: Origin, params: OneCharger) -> list[Ability]:
        record = self._settled(params.charger_id)
        who = record.identity
        if boots_on_questions(who.vendor, who.model):
            text = "This model restarts over and over when its measurands are changed. Leave them as they are."
            raise EvdeskError(Reason.INVALID, text)
        if any(c.session is not None for c in record.connectors.values()):
            raise EvdeskError(Reason.INVALID, "A car charges: evdesk would be blind meanwhile. Try when it is gone.")
        assert record.link is not None
        name = record.link.sampling[1]
        before = await self._value(record, name)
        book = self.core.shelf.abilities
        try:
            for word in MEASURANDS:
                verdict, evidence = await self._one(origin, record.id, name, word)
                if verdict is Verdict.SILENT:
                    break
                book.learn(record.id, f"Measurand {word}", verdict, evidence)
        finally:
            await asyncio.shield(self._write(origin, record.id, name, before))
        after = await self._value(record, name)
        if after != before:
            text = f"{name} is “{after}” now, not “{before}” as before. Put it right in the settings."
            raise EvdeskError(Reason.BAD_REPLY, text)
        return await book.view(record)

    async def _value(self, record: ChargerRecord, name: str) -> str:
        """The list as the charger has it now. Without knowing it nothing is changed."""
        if record.link is None:
            raise ChargerError(Reason.UNREACHABLE, "The charger is not connected.")
        settings = await record.link.settings(full=False)
        found = next((s.value for s in settings if s.name.lower() == name.lower()), None)
        if found is None:
            raise EvdeskError(Reason.UNSUPPORTED, f"The charger does not tell {name}, so it cannot be put back.")
        return found

    async def _one(self, origin: Origin, charger_id: str, name: str, word: str) -> tuple[Verdict, str]:
        try:
            await self._write(origin, charger_id, name, word)
        except ChargerError as error:
            if error.reason in (Reason.UNREACHABLE, Reason.TIMEOUT):
                return Verdict.SILENT, error.sentence
            verdict = Verdict.MISSING if error.reason is Reason.UNSUPPORTED else Verdict.REFUSED
            return verdict, str(error.detail.get("status", error.sentence))[:160]
        return Verdict.WORKS, "taken"

    async def _write(self, origin: Origin, charger_id: str, name: str, value: str) -> None:
        params = WriteSetting(charger_id, name, value)
        args = {"name": params.name, "value": params.value}
        await command(
            self.core, origin, "charger.write_setting", charger_id, args, lambda link: link.write_setting(name, value)
        )
