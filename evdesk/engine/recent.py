"""Sessions and notices of the last day, kept at hand for every desk that attaches, and today's sums."""

from evdesk.engine.load import LoadWatch
from evdesk.engine.recovery import day_start
from evdesk.engine.store import Store
from evdesk.model import Clock, Notice, Session
from evdesk.wire.methods import NoticePage, SessionPage

DAY_S = 86_400.0
KEPT = 500


class Recent:
    """`sessions` newest first, `notices` newest last."""

    def __init__(self, store: Store, clock: Clock, watch: LoadWatch) -> None:
        self.store, self.clock, self.watch = store, clock, watch
        self.sessions: list[Session] = []
        self.notices: list[Notice] = []

    async def refresh(self) -> None:
        """Read anew: whatever grew older than a day falls out."""
        begin = self.clock.now() - DAY_S
        self.sessions = await self.store.sessions(SessionPage(limit=KEPT, from_at=begin))
        self.notices = (await self.store.notices(NoticePage(limit=KEPT, from_at=begin)))[::-1]
        self._sum_up()

    def add_notice(self, notice: Notice) -> None:
        self.notices = [*self.notices[-KEPT:], notice]

    def add_session(self, session: Session) -> None:
        self.sessions = [session, *(s for s in self.sessions if s.id != session.id)][: KEPT * 2]
        self._sum_up()

    def _sum_up(self) -> None:
        today = day_start(self.clock.now())
        ended = [s for s in self.sessions if s.ended_at is not None and s.ended_at >= today]
        self.watch.today_wh = sum(s.energy_wh or 0.0 for s in ended)
        self.watch.today_sessions = len(ended)
