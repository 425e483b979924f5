"""The API's handlers about wiring."""

from dataclasses import asdict, replace

from evdesk.balance import validate_site
from evdesk.balance.inference import SURE
from evdesk.engine.api_core import Core, Handler
from evdesk.engine.commands import Command
from evdesk.model import Bay, EvdeskError, Origin, Reason
from evdesk.wire import wiring as w
from evdesk.wire.method import Done, Nothing, OneConnector


class WiringApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "wiring.list": self._list,
            "wiring.test": self._test,
            "wiring.cancel": self._cancel,
            "wiring.apply": self._apply,
            "wiring.forget": self._forget,
            "wiring.trust": self._trust,
        }

    async def _list(self, origin: Origin, params: Nothing) -> w.WiringList:
        book, site = self.core.wiring, self.core.fleet.site
        connectors = []
        for bay in site.bays:
            seen = book.seen((bay.charger_id, bay.connector_id))
            connectors.append(
                w.ConnectorWiring(
                    charger_id=bay.charger_id,
                    connector_id=bay.connector_id,
                    entered=bay.rotation,
                    rotation=seen.rotation,
                    confidence=seen.confidence,
                    verdict=seen.verdict.value,
                    steps=seen.steps,
                    phases=seen.phases,
                    circuit=(circuit := book.meter_of(bay)),
                    either=(bay.charger_id, bay.connector_id) in book.meters.either(circuit),
                )
            )
        meters = []
        for name in [c.name for c in site.circuits if c.meter]:
            found = book.meters.seen(name)
            meters.append(w.MeterWiring(name, found.verdict.value, found.factor, found.swapped, found.steps))
        return w.WiringList(connectors, meters, self.core.wiring_test.state)

    async def _test(self, origin: Origin, params: w.TestWiring) -> w.WiringTestState:
        site, fleet = self.core.fleet.site, self.core.fleet
        unknown = [name for name in params.charger_ids if name not in fleet.chargers]
        if unknown:
            raise EvdeskError(Reason.INVALID, f"There is no charger “{unknown[0]}”. charger.list names them.")
        keys = [
            (b.charger_id, b.connector_id)
            for b in site.bays
            if (not params.charger_ids or b.charger_id in params.charger_ids) and b.charger_id in fleet.chargers
        ]
        if not keys:
            raise EvdeskError(Reason.INVALID, "No charger is placed in the site. Accept one first.")
        command = Command(origin, "wiring.test", "site", {"connectors": [f"{k[0]}/{k[1]}" for k in keys]})

        async def begin() -> None:
            self.core.wiring_test.begin(origin, keys)

        await self.core.commands.stored(command, {}, begin)
        return self.core.wiring_test.state

    async def _cancel(self, origin: Origin, params: Nothing) -> w.WiringTestState:
        await self.core.wiring_test.cancel()
        await self.core.commands.stored(Command(origin, "wiring.cancel", "site", {}, must=False), {})
        return self.core.wiring_test.state

    async def _apply(self, origin: Origin, params: OneConnector) -> Done:
        async with self.core.sites.lock:
            before = self.core.fleet.site
            bay, book = self._bay(params), self.core.wiring
            seen = book.seen((bay.charger_id, bay.connector_id))
            if (bay.charger_id, bay.connector_id) in book.meters.either(book.meter_of(bay)):
                text = "Charger or transformers: either this rotation or the meter's phases are other than entered. "
                text += "Check both, and correct what is wrong; testing a second charger tells which it is."
                raise EvdeskError(Reason.INVALID, text)
            rotation = _whole(seen.rotation, bay)
            if not rotation or seen.confidence < SURE:
                raise EvdeskError(Reason.INVALID, f"Too little is known yet: {seen.steps} steps seen. Run wiring.test.")
            bays = tuple(replace(b, rotation=rotation) if b is bay else b for b in before.bays)
            site = replace(before, bays=bays)
            if problems := validate_site(site):
                raise EvdeskError(Reason.INVALID, " ".join(problems))
            command = Command(origin, "wiring.apply", bay.charger_id, asdict(params) | {"rotation": rotation})
            detail = {"before": bay.rotation or "unknown", "after": rotation}
            row = await self.core.commands.stored(command, detail, lambda: self.core.sites.put(site, before))
        return Done(status="stored", before=detail["before"], after=rotation, audit_id=row)

    async def _forget(self, origin: Origin, params: OneConnector) -> Done:
        bay = self._bay(params)
        self.core.wiring.forget((bay.charger_id, bay.connector_id))
        command = Command(origin, "wiring.forget", bay.charger_id, asdict(params))
        return Done(status="forgotten", audit_id=await self.core.commands.stored(command, {}))

    async def _trust(self, origin: Origin, params: w.TrustMeter) -> Done:
        circuit = self.core.fleet.site.circuit(params.circuit)
        if circuit is None or circuit.meter is None:
            raise EvdeskError(Reason.INVALID, f"There is no meter on “{params.circuit}”.")
        before = self.core.wiring.meters.seen(circuit.name).verdict.value
        command = Command(origin, "wiring.trust", "site", asdict(params))
        row = await self.core.commands.stored(command, {"before": before})
        self.core.wiring.forget_meter(circuit.name, fed=params.fed)
        return Done(status="believed", before=before, after="unknown", audit_id=row)

    def _bay(self, params: OneConnector) -> Bay:
        bay = self.core.fleet.site.bay(params.charger_id, params.connector_id)
        if bay is None:
            text = f"{params.charger_id} connector {params.connector_id} is not placed in the site."
            raise EvdeskError(Reason.INVALID, text)
        return bay


def _whole(rotation: str, bay: Bay) -> str:
    """A one-phase outlet's wiring is known by its one terminal; the rest is filled in turning order."""
    if "?" not in rotation:
        return rotation
    if bay.phases != 1:
        return ""
    start = "RST".index(rotation[0])
    return "RSTRS"[start : start + 3]
