"""The API's methods about what balancing achieved."""

from evdesk.engine.api_core import Core, Handler
from evdesk.engine.api_explain import check_window
from evdesk.model import EvdeskError, Origin, Reason
from evdesk.wire.insights import Insight, InsightWindow


class InsightsApi:
    def __init__(self, core: Core) -> None:
        self.core = core
        self.handlers: dict[str, Handler] = {"insight.energy": self._energy}

    async def _energy(self, _origin: Origin, params: InsightWindow) -> Insight:
        check_window(params.from_at, params.to_at)
        if params.by not in ("day", "month"):
            raise EvdeskError(Reason.INVALID, "“by” is “day” or “month”.")
        return await self.core.insights.energy(params)
