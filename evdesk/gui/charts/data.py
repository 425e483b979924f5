"""What a chart shows, as plain arrays: no Qt here. Unknown is NaN in arrays, never 0."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MAX_POINTS = 2000
"""Most points drawn per curve; more are thinned and keep their highest and lowest."""


def floats(values: Sequence[float | None] | Floats) -> Floats:
    """A list with None for unknown as an array with NaN."""
    if isinstance(values, np.ndarray):
        return values.astype(np.float64, copy=False)
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Curve:
    """One named series. `role` is a colour role ("house", "L1", "charger:3"). `low` and `high` are the smallest and
    largest value within each bucket; None where only the mean is known."""

    key: str
    label: str
    role: str
    mean: Floats
    low: Floats | None = None
    high: Floats | None = None

    def at(self, index: int) -> float | None:
        value = float(self.mean[index])
        return None if np.isnan(value) else value


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened: an icon at the top, words in the tool tip. `tag` comes back in `marker_clicked`."""

    at: float
    icon: str
    role: str
    words: str
    tag: Any = None


@dataclass(frozen=True, slots=True)
class Note:
    """How long an overshoot really lasted, where somebody measured it more finely than the buckets."""

    at: float
    words: str


@dataclass(frozen=True, eq=False)
class ChartData:
    """`t`: bucket middles, Unix seconds, rising. `curves`: from the bottom of the stack to its top. `total`: the
    measured sum, where there is a meter. `reserved`: what is kept free on top. `limit` with its name."""

    t: Floats
    curves: tuple[Curve, ...] = ()
    total: Curve | None = None
    reserved: Curve | None = None
    unit: str = "A"
    title: str = ""
    limit: float | None = None
    limit_name: str = ""
    markers: tuple[Marker, ...] = ()
    notes: tuple[Note, ...] = field(default=())

    @property
    def empty(self) -> bool:
        return self.t.size == 0 or not any(np.isfinite(c.mean).any() for c in (*self.curves, *self._total()))

    def _total(self) -> tuple[Curve, ...]:
        return (self.total,) if self.total is not None else ()

    def known(self) -> NDArray[np.bool_]:
        """Buckets in which anything at all was measured."""
        found = np.zeros(self.t.shape, dtype=bool)
        for curve in (*self.curves, *self._total()):
            found |= np.isfinite(curve.mean)
        return found

    def sums(self) -> Floats:
        """The top of the stack; NaN where nothing is known."""
        top = np.zeros(self.t.shape)
        for curve in self.curves:
            top += np.nan_to_num(curve.mean)
        if self.total is not None:
            top = np.where(np.isfinite(self.total.mean), np.maximum(self.total.mean, 0.0), top)
        return np.where(self.known(), top, np.nan)

    def tops(self) -> Floats:
        """Where the stack ends: the measured sum, or the layers where they are more (they report at other moments)."""
        layers = np.zeros(self.t.shape)
        for curve in self.curves:
            layers += np.maximum(np.nan_to_num(curve.mean), 0.0)
        return np.asarray(np.where(self.known(), np.fmax(self.sums(), layers), np.nan), dtype=np.float64)

    def peaks(self) -> Floats:
        """The highest value of the sum within each bucket."""
        tops = self.sums()
        if self.total is None or self.total.high is None:
            return tops
        return np.fmax(tops, self.total.high)

    def nearest(self, at: float) -> int | None:
        """The bucket next to a moment."""
        if self.t.size == 0:
            return None
        i = int(np.clip(np.searchsorted(self.t, at), 1, max(1, self.t.size - 1)))
        if i >= self.t.size:
            return 0
        return i if abs(self.t[i] - at) < abs(self.t[i - 1] - at) else i - 1

    def between(self, start: float, end: float) -> "ChartData":
        """The visible part, with one bucket more at each side."""
        first = max(0, int(np.searchsorted(self.t, start)) - 1)
        last = min(self.t.size, int(np.searchsorted(self.t, end)) + 1)
        part = slice(first, last)
        return self._take(lambda values: values[part])

    def thinned(self, most: int = MAX_POINTS) -> "ChartData":
        """At most `most` points per curve: means of neighbours, while lows and highs are kept."""
        size = self.t.size
        if size <= most:
            return self
        starts = np.arange(0, size, -(-size // most))
        mean = _folded(starts, np.add)
        small = self._take(mean)
        low, high = _folded(starts, np.fmin), _folded(starts, np.fmax)
        if self.total is None or small.total is None:
            return small
        kept = replace(
            small.total,
            low=low(self.total.low if self.total.low is not None else self.total.mean),
            high=high(self.total.high if self.total.high is not None else self.total.mean),
        )
        return replace(small, total=kept)

    def _take(self, cut: Any) -> "ChartData":
        def part(curve: Curve | None) -> Curve | None:
            if curve is None:
                return None
            low = None if curve.low is None else cut(curve.low)
            high = None if curve.high is None else cut(curve.high)
            return replace(curve, mean=cut(curve.mean), low=low, high=high)

        curves = tuple(c for c in map(part, self.curves) if c is not None)
        return replace(self, t=cut(self.t), curves=curves, total=part(self.total), reserved=part(self.reserved))


def _folded(starts: NDArray[np.int_], how: Any) -> Any:
    """A function that folds neighbours between `starts`: their mean for `add`, else the smallest or largest known."""

    def fold(values: Floats) -> Floats:
        if how is not np.add:
            return np.asarray(how.reduceat(values, starts), dtype=np.float64)
        good = np.isfinite(values)
        counts = np.add.reduceat(good.astype(np.float64), starts)
        sums = np.add.reduceat(np.where(good, values, 0.0), starts)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan), dtype=np.float64)

    return fold


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of True as (first, last + 1)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@dataclass(frozen=True, slots=True)
class Peak:
    at: float
    value: float
    words: str


def overshoots(data: ChartData, most: int = 3) -> list[Peak]:
    """The highest point of each stretch above the limit; the highest ones first."""
    if data.limit is None or data.t.size == 0:
        return []
    tops = data.peaks()
    found: list[Peak] = []
    with np.errstate(invalid="ignore"):
        above = tops > data.limit + 0.5
    step = float(np.median(np.diff(data.t))) if data.t.size > 1 else 0.0
    for first, last in runs(above):
        i = first + int(np.nanargmax(tops[first:last]))
        start, end = data.t[first] - 2 * step, data.t[last - 1] + 2 * step
        note = next((n.words for n in data.notes if start <= n.at <= end), "")
        found.append(Peak(float(data.t[i]), float(tops[i]), note))
    return sorted(found, key=lambda p: -p.value)[:most]


def nice_top(value: float, steps: int = 4) -> tuple[float, float]:
    """A round upper end of an axis that begins at 0, and its step."""
    if not np.isfinite(value) or value <= 0:
        return 4.0, 1.0
    rough = value / steps
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(float(m * power) for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    return float(np.ceil(value / step - 1e-9) * step), step


_TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800)


def time_ticks(
    start: float, end: float, room_px: float, zone_s: float, spacing_px: float = 96
) -> tuple[list[float], int]:
    """Round local times within [start, end] and their step in seconds."""
    if end <= start or room_px <= 0:
        return [], 60
    wanted = (end - start) * spacing_px / room_px
    step = next((s for s in _TIME_STEPS if s >= wanted), _TIME_STEPS[-1])
    first = np.ceil((start + zone_s) / step) * step - zone_s
    return [float(v) for v in np.arange(first, end + 0.001, step)], step
