"""The API's methods that change nothing."""

from dataclasses import replace

from evdesk.balance import site_share
from evdesk.engine.api_core import Core, Handler, record_of
from evdesk.model import Charger, EngineInfo, EvdeskError, Origin, Reason, Site
from evdesk.wire import methods as m


class Reads:
    """Methods that change nothing."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.store = core.fleet.store
        self.handlers: dict[str, Handler] = {
            "engine.info": self._info,
            "charger.list": self._list,
            "charger.get": self._get,
            "site.get": self._site,
            "balance.get": self._balance,
            "history.read": self._history,
            "history.read_many": self._history_many,
            "session.list": lambda _o, p: self.store.sessions(p),
            "finding.list": lambda _o, p: self.store.findings(p.charger_id),
            "notice.list": lambda _o, p: self.store.notices(p),
            "audit.list": lambda _o, p: self.store.audit_rows(p),
            "audit.verify": lambda _o, _p: self.store.verify(),
        }

    async def _info(self, _origin: Origin, _params: m.Nothing) -> EngineInfo:
        return self.core.info()

    async def _list(self, _origin: Origin, _params: m.Nothing) -> list[Charger]:
        now = self.core.fleet.clock.now()
        return [record.to_model(now) for record in self.core.fleet.chargers.values()]

    async def _get(self, _origin: Origin, params: m.OneCharger) -> Charger:
        return record_of(self.core, params.charger_id).to_model(self.core.fleet.clock.now())

    async def _site(self, _origin: Origin, _params: m.Nothing) -> Site:
        return self.core.fleet.site

    async def _balance(self, _origin: Origin, _params: m.Nothing) -> m.BalanceState:
        return balance_state(self.core)

    async def _history(self, _origin: Origin, params: m.HistoryRead) -> m.History:
        _check_span(params.from_at, params.to_at, params.buckets)
        many = await self.store.history([params.series], params.from_at, params.to_at, params.buckets)
        return replace(many.series[params.series], t=many.t, level_s=many.level_s)

    async def _history_many(self, _origin: Origin, params: m.HistoryReadMany) -> m.HistoryMany:
        _check_span(params.from_at, params.to_at, params.buckets)
        if len(params.series) > 2000:
            raise EvdeskError(Reason.INVALID, "At most 2000 series can be read at once.")
        return await self.store.history(params.series, params.from_at, params.to_at, params.buckets)


def balance_state(core: Core) -> m.BalanceState:
    site, decision = core.fleet.site, core.control.decision
    load = replace(core.load, caps=core.caps.in_force)  # one that was given a moment ago holds already
    return m.BalanceState(site.balance, load, site_share(site, core.fleet.unable), decision.at if decision else None)


def _check_span(from_at: float, to_at: float, buckets: int) -> None:
    if not from_at < to_at:
        raise EvdeskError(Reason.INVALID, "“from” must be before “to” (Unix seconds).")
    if not 1 <= buckets <= 4000:
        raise EvdeskError(Reason.INVALID, "Ask for 1 to 4000 buckets.")
