"""Every attempt to connect is kept; the same one again is counted instead of listed again."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from evdesk.engine.store import Store
from evdesk.model import Attempt
from evdesk.wire.security import AttemptPage

KEPT = 200
SAME_S = 6 * 3600.0
TOLD_AT_ONCE = 50
_Key = tuple[object, ...]


class AttemptLog:
    """`add` never waits. `on_attempt` gets what changed since `publish` was last called: a client that knocks a thousand
    times a second must not flood the desks."""

    def __init__(self, store: Store) -> None:
        self.on_attempt: Callable[[Attempt], object] = lambda attempt: None
        self._store = store
        self._recent: OrderedDict[_Key, Attempt] = OrderedDict()
        self._changed: dict[_Key, Attempt] = {}

    @property
    def recent(self) -> list[Attempt]:
        """Newest last."""
        return list(self._recent.values())

    async def restore(self) -> None:
        for attempt in reversed(await self._store.attempts(AttemptPage(limit=KEPT))):
            self._recent[_key(attempt)] = attempt

    def add(self, attempt: Attempt) -> None:
        key = _key(attempt)
        before = self._recent.pop(key, None)
        if before is not None and abs(attempt.at - before.at) <= SAME_S:
            first = before.first_at if before.first_at is not None else before.at
            attempt = replace(attempt, id=before.id, count=before.count + 1, first_at=first)
        else:
            attempt = replace(attempt, id=self._store.next_attempt(), first_at=attempt.at)
        self._recent[key] = attempt
        if len(self._recent) > KEPT:
            self._recent.popitem(last=False)
        self._store.put_attempt(attempt)
        self._changed[key] = attempt

    def publish(self) -> None:
        changed, self._changed = self._changed, {}
        for attempt in list(changed.values())[-TOLD_AT_ONCE:]:
            self.on_attempt(attempt)


def _key(attempt: Attempt) -> _Key:
    """What makes two attempts the same: who, where, how, and what came of it."""
    return (
        attempt.address.rpartition(":")[0],
        attempt.charger_id,
        attempt.verdict,
        attempt.port,
        attempt.path,
        attempt.auth,
        attempt.protocols,
        attempt.tls.error if attempt.tls else "",
    )
