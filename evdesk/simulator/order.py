"""Faults of order: messages that come twice, late, or not at all."""

from copy import deepcopy

from evdesk.simulator.core import Core
from evdesk.simulator.link import Outgoing


class Order:
    """What becomes of each queued CALL. `held` waits for the one that overtakes it."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._updates = 0
        self._held: Outgoing | None = None

    def arrange(self, item: Outgoing) -> list[Outgoing]:
        """What is queued in its place: itself as a rule, twice, nothing, or it and one that was held back."""
        if not self.core.faults:
            return [item]
        if self._vanishes(item):
            return []
        if self.core.has("duplicate_status") and item.action == "StatusNotification":
            return [item, _again(item)]
        if item.action != "TransactionEvent":
            return [item]
        if self.core.has("repeated_event"):
            return [item, _again(item)]
        return self._shuffled(item) if self.core.has("shuffled_events") else [item]

    def _vanishes(self, item: Outgoing) -> bool:
        kind = item.payload.get("eventType")
        if item.action == "StartTransaction":
            return self.core.has("only_the_stop")
        if kind == "Updated":
            self._updates += 1
        lost = self.core.has("missing_event") and kind == "Updated" and self._updates % 4 == 0
        return lost or (self.core.has("only_the_end") and kind in ("Started", "Updated"))

    def _shuffled(self, item: Outgoing) -> list[Outgoing]:
        if self._held is not None:
            held, self._held = self._held, None
            return [item, held]
        if item.payload["eventType"] == "Updated" and self._updates % 2 == 0:
            self._held = item
            return []
        return [item]


def _again(item: Outgoing) -> Outgoing:
    return Outgoing(item.action, deepcopy(item.payload), keep=item.keep, early=item.early, transaction=item.transaction)
