"""The filters of the house estimate: a sliding maximum, which can only err towards too much load, and a sense for loads
that come and go."""

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
        if items:
            at = max(at, items[-1][0])
            if items[-1][1] == value and len(items) == 1:  # the usual case, once a second for each connector
                items[0] = (at, value)
                return
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

    def lower(self, by: float) -> None:
        """All of them were so much too high; none below 0."""
        self._items = deque((at, max(value - by, 0.0)) for at, value in self._items)

    def clear(self) -> None:
        self._items.clear()


class Rises:
    """Tells a load that comes and goes (oven, compressor) from one that came once: what has risen twice within
    `memory_s` will rise again."""

    __slots__ = ("_at", "_low", "_top", "memory_s", "step_a")

    def __init__(self, memory_s: float, step_a: float = 4.0) -> None:
        self.memory_s, self.step_a = memory_s, step_a
        self._at: deque[float] = deque(maxlen=8)
        self._low: float | None = None  # the lowest since the last fall
        self._top: float | None = None  # the highest since the last rise, None while down

    def push(self, at: float, value: float) -> None:
        if self._top is not None:
            self._top = max(self._top, value)
            if value <= self._top - self.step_a:
                self._top, self._low = None, value
            return
        self._low = value if self._low is None else min(self._low, value)
        if value >= self._low + self.step_a:
            self._at.append(at)
            self._top = value

    def again(self, now: float) -> bool:
        """Whether it rose at least twice lately."""
        return sum(now - self.memory_s <= at <= now for at in self._at) >= 2
