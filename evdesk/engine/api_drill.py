"""The API's methods about the failsafe and its drills."""

import asyncio

from evdesk.balance import Exposure, FailsafePlan, exposures, site_share
from evdesk.engine.api_core import Core, Handler
from evdesk.engine.drill.page import protocol_name
from evdesk.engine.drill.page_html import protocol_html
from evdesk.engine.state import ChargerRecord
from evdesk.model import FailsafeState, Origin
from evdesk.model.drills import Drill
from evdesk.wire import drill as w
from evdesk.wire.method import Done, Nothing, OneCharger, OptionalCharger

NOT_KNOWN = "Its safe default is not known yet, so its full rating is kept free."


class DrillApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {
            "failsafe.list": self._list,
            "failsafe.summary": self._summary,
            "failsafe.drill": self._drill,
            "failsafe.drill_all": self._drill_all,
            "failsafe.cancel": self._cancel,
            "failsafe.mended": self._mended,
            "failsafe.drills": self._drills,
            "failsafe.drill_get": self._get,
            "failsafe.protocol": self._protocol,
        }

    async def _list(self, _origin: Origin, _params: Nothing) -> list[w.FailsafeView]:
        return self._views()

    def _views(self) -> list[w.FailsafeView]:
        found = []
        for charger_id, plan in self.core.setup.standing.plans().items():
            record = self.core.fleet.chargers.get(charger_id)
            if record is not None and record.accepted:
                found.append(self._view(record, plan))
        return found

    def _view(self, record: ChargerRecord, plan: FailsafePlan) -> w.FailsafeView:
        have, drills = record.failsafe, self.core.drills
        full_a = max(b.max_a for b in self.core.fleet.site.bays if b.charger_id == record.id)
        reserved_a = have.safe_a if record.falls_back and have.safe_a is not None else full_a
        return w.FailsafeView(
            charger_id=record.id,
            label=record.label or record.id,
            light=light(record, plan),
            state=have.state,
            max_a=have.max_a,
            safe_a=have.safe_a,
            plan_a=plan.safe_a,
            valid_s=plan.valid_s,
            refresh_s=plan.refresh_s,
            falls_after_s=plan.falls_after_s,
            writes_today=self.core.shelf.wear.today(record.id),
            detail=self._detail(record),
            reserved_a=reserved_a,
            online=record.online,
            last_drill=next((d for d in drills.book.of(record.id) if d.over), None),
            running=next((n for n, run in drills.runs.items() if run.record is record), None),
            same_model=[_hint(d) for d in drills.book.same_model(record)],
            unproven=drills.book.unproven(record),
        )

    def _detail(self, record: ChargerRecord) -> str:
        have, book = record.failsafe, self.core.drills.book
        some = len(book.places(record)) > 1 and have.state in (FailsafeState.VERIFIED, FailsafeState.UNTESTED)
        lacks = book.lacks_words(record, have) if some else ""
        said = have.detail if lacks in have.detail else f"{have.detail} {lacks}".strip()
        return said or (NOT_KNOWN if record.id in self.core.setup.standing.unsure else "")

    async def _summary(self, _origin: Origin, _params: Nothing) -> w.FailsafeSummary:
        site, unable = self.core.fleet.site, self.core.fleet.unable
        views = self._views()
        lights = [view.light for view in views]
        plans = self.core.setup.standing.plans().values()
        return w.FailsafeSummary(
            proven=lights.count("green"),
            untested=lights.count("amber"),
            cannot=lights.count("red"),
            safe_share_a=site_share(site, unable),
            falls_after_s=max((plan.falls_after_s for plan in plans), default=0),
            problems=list(self.core.sites.problems),
            exposed=[_exposed(one) for one in exposures(site) if not one.borne],
            chargers=len(views),
            by_state={state.value: sum(view.state == state for view in views) for state in FailsafeState},
        )

    async def _drill(self, origin: Origin, params: w.StartDrill) -> w.Begun:
        return w.Begun(await self.core.drills.begin(origin, params))

    async def _drill_all(self, origin: Origin, params: w.StartDrills) -> w.BegunAll:
        return await self.core.drills.begin_all(origin, params.kind, params.attended)

    async def _cancel(self, origin: Origin, params: w.OneDrill) -> Done:
        return Done(status="cancelled", audit_id=await self.core.drills.cancel(origin, params.drill_id))

    async def _mended(self, origin: Origin, params: OneCharger) -> Done:
        return Done(status="prepared anew", audit_id=await self.core.drills.seen.mended(origin, params.charger_id))

    async def _drills(self, _origin: Origin, params: OptionalCharger) -> list[Drill]:
        return self.core.drills.book.of(params.charger_id)

    async def _get(self, _origin: Origin, params: w.OneDrill) -> Drill:
        return await self.core.drills.get(params.drill_id)

    async def _protocol(self, _origin: Origin, params: w.ReadProtocol) -> w.Protocol:
        drill = await self.core.drills.get(params.drill_id)
        name = protocol_name(drill, params.format.value)
        if params.format is w.ProtocolFormat.HTML:
            return w.Protocol(protocol_html(drill), name)
        return w.Protocol("", name, await asyncio.to_thread(_pdf, drill))  # beside the control cycle


def _pdf(drill: Drill) -> bytes:
    # 16 MiB and a fifth of a second, and most engines never make a PDF: loaded here, beside the control cycle, when wanted.
    from evdesk.engine.drill.page_pdf import protocol_pdf

    return protocol_pdf(drill)


def _exposed(one: Exposure) -> str:
    bears = f"its breaker surely bears that for {one.holds_s:.0f} s" if one.holds_s else "no breaker surely bears that"
    return (
        f"{one.line}: should evdesk fall silent with every car at its limit while the other load rises to its worst, "
        f"{one.amps:g} A ({one.times:.2f} of its rating) may flow for {one.seconds} s; {bears}. Let the live limits end "
        "sooner, or keep lines within their breaker (silent_times)."
    )


def light(record: ChargerRecord, plan: FailsafePlan) -> str:
    """ "green": a drill has proven it, or its safe value is all it may ever take; "red": it cannot fall back."""
    state = record.failsafe.state
    if state is FailsafeState.CANNOT:
        return "red"
    no_need = state is FailsafeState.VERIFIED and plan.nothing_above(record.failsafe.safe_a)
    return "green" if state is FailsafeState.PROVEN or no_need else "amber"


def _hint(drill: Drill) -> w.SameModel:
    return w.SameModel(
        drill.charger_id,
        drill.label,
        drill.kind,
        drill.verdict,
        drill.cause,
        drill.fell_after_s,
        drill.fell_to_a,
        drill.ended_at or drill.started_at,
    )
