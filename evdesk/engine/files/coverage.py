"""Which bytes of a file have been sent: a set of intervals. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

MOST_TOLD = 32


class Coverage:
    """Sorted intervals [from, to) that neither touch nor overlap."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.bytes = 0
        for start, end in spans:
            self.add(start, end)

    def add(self, start: int, end: int) -> int:
        """How many bytes of [start, end) are new."""
        if end <= start:
            return 0
        first = bisect_left(self._ends, start)  # the first that touches or overlaps, and behind the last of them
        behind = bisect_right(self._starts, end)
        had = sum(self._ends[i] - self._starts[i] for i in range(first, behind))
        if first < behind:
            start = min(start, self._starts[first])
            end = max(end, self._ends[behind - 1])
        self._starts[first:behind] = [start]
        self._ends[first:behind] = [end]
        self.bytes += end - start - had
        return end - start - had

    def whole(self, size: int) -> bool:
        """Whether a file of this size was sent from its first byte to its last."""
        return size == 0 or (self._starts[:1] == [0] and self._ends[0] >= size)

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        return tuple(zip(self._starts, self._ends, strict=True))

    def told(self) -> tuple[tuple[int, int], ...]:
        """The largest of them, in order: less than the truth where there are very many, never more."""
        spans = self.spans
        if len(spans) > MOST_TOLD:
            spans = tuple(sorted(sorted(spans, key=lambda span: span[0] - span[1])[:MOST_TOLD]))
        return spans
