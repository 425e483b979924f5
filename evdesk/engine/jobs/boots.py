"""Whether a BootNotification tells of a restart or answers a trigger, and when a charger may be asked for its version."""

from evdesk.model import MessageSeen

BOOT = "BootNotification"
TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})


class Boots:
    """Of one charger. `wait_s`: so long after its link came it tells by itself that it has restarted, and is not asked.

    Times in seconds of the steady clock. A trigger counts from the moment in which it leaves, whoever sends it; a boot told
    before is a restart, also while it waits to be sent."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s
        self.wanted = False  # its version is to be asked for
        self._linked_at: float | None = None
        self._asked: set[str] = set()  # triggers that left on this connection, by their message id

    @property
    def asked(self) -> bool:
        """What it tells on this connection now is an answer, for all that is known."""
        return bool(self._asked)

    def linked(self, at: float) -> None:
        self._linked_at = at
        self._asked.clear()

    def frame(self, event: MessageSeen) -> None:
        """One of the `TRIGGERS` that leaves, or the charger's answer to it."""
        if event.direction == "out":
            if BOOT in event.text:
                self._asked.add(event.message_id)
        elif event.kind == "error" or (event.kind == "result" and "accepted" not in event.text.lower()):
            self._asked.discard(event.message_id)

    def quiet(self, at: float) -> bool:
        """Its own words after the link came are through."""
        return self._linked_at is None or at - self._linked_at >= self.wait_s
