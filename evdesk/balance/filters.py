"""Sliding-window maximum: the one filter the balancer trusts, because it can only err towards too much load."""

from collections import deque


class MaxWindow:
    """The largest value of the last `window_s` seconds, in amortised constant time.

    Times must not run backwards; a value pushed with an older time than the newest counts as pushed at the newest.
    """

    __slots__ = ("_items", "window_s")

    def __init__(self, window_s: float) -> None:
        self.window_s = window_s
        self._items: deque[tuple[float, float]] = deque()

    def push(self, at: float, value: float) -> None:
        items = self._items
        if items and at < items[-1][0]:
            at = items[-1][0]
        while items and items[-1][1] <= value:
            items.pop()
        items.append((at, value))
        self.trim(at)

    def trim(self, now: float) -> None:
        items = self._items
        while len(items) > 1 and items[0][0] < now - self.window_s:
            items.popleft()

    def max(self, now: float) -> float | None:
        """None if nothing was pushed within the window."""
        items = self._items
        while items and items[0][0] < now - self.window_s:
            items.popleft()
        return items[0][1] if items else None

    def clear(self) -> None:
        self._items.clear()
