"""How long nobody has needed the engine."""

import time


class Idle:
    """`over` is asked now and then; True once nothing was going on for `seconds` of real time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def over(self, busy: bool) -> bool:
        if busy:
            self._since = None
            return False
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return now - self._since >= self._seconds
