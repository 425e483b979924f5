"""The plot of a drill: what was measured, what was expected, when it must have fallen. Made of shapes, which a page of HTML
draws as SVG and a page of PDF as vector lines."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from evdesk.model.drills import Drill

W, H = 720.0, 290.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 22.0, 30.0
TEXT_SIZE = 10.5
NO_DATA = "No current was measured."
_INK, _MUTED, _LINE, _DATA, _SOFT, _WORD = "#171a20", "#59616e", "#dadde3", "#1d5bd6", "#fdf3e0", "#8a4f00"


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """Straight lines from point to point; `dash`: (on, off), none where empty."""

    points: tuple[tuple[float, float], ...]
    color: str
    width: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Dot:
    """Filled, or with `width` a ring."""

    x: float
    y: float
    radius: float
    color: str
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """`y` is the base line; `anchor`: start, middle or end."""

    x: float
    y: float
    text: str
    color: str
    anchor: str = "start"
    bold: bool = False


Shape = Box | Stroke | Dot | Words


def plot_shapes(drill: Drill) -> list[Shape]:
    """From the back to the front, in a field of W by H with y downwards. Empty where there are no samples."""
    points = [(at, amps) for at, amps, _ in drill.samples if amps is not None]
    if not points or drill.since_at is None or drill.latest_allowed_at is None:
        return []
    scale = _Scale(points, drill)
    return [
        *_ground(scale, drill),
        *_axes(scale),
        *_expected(scale, drill),
        *_measured(scale, points),
        *_fall(scale, drill),
    ]


def plot_svg(drill: Drill) -> str:
    """A sentence instead where there are no samples."""
    shapes = plot_shapes(drill)
    if not shapes:
        return f"<p class='muted'>{NO_DATA}</p>"
    return (
        f'<svg viewBox="0 0 {W:g} {H:g}" role="img" aria-label="Current over time" font-size="{TEXT_SIZE:g}" '
        f'font-family="Inter, Noto Sans, DejaVu Sans, sans-serif">{"".join(map(_svg, shapes))}</svg>'
    )


def _svg(shape: Shape) -> str:
    match shape:
        case Box():
            return (
                f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" '
                f'fill="{shape.fill}"/>'
            )
        case Stroke():
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
            dash = f' stroke-dasharray="{" ".join(f"{d:g}" for d in shape.dash)}"' if shape.dash else ""
            return (
                f'<polyline points="{path}" fill="none" stroke="{shape.color}" stroke-width="{shape.width:g}"{dash}/>'
            )
        case Dot():
            look = f'fill="none" stroke="{shape.color}" stroke-width="{shape.width:g}"'
            look = look if shape.width else f'fill="{shape.color}"'
            return f'<circle cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.radius:g}" {look}/>'
        case Words():
            bold = ' font-weight="600"' if shape.bold else ""
            return (
                f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" text-anchor="{shape.anchor}" fill="{shape.color}"{bold}>'
                f"{escape(shape.text)}</text>"
            )


class _Scale:
    """Seconds since the last word to x, ampere to y."""

    def __init__(self, points: Sequence[tuple[float, float]], drill: Drill) -> None:
        self.zero = drill.since_at or 0.0
        latest = (drill.latest_allowed_at or 0.0) - self.zero
        self.left = min(points[0][0] - self.zero, -5.0)
        self.right = max(points[-1][0] - self.zero + 5.0, latest * 1.18)
        top = max(max(amps for _, amps in points), drill.baseline_a or 0.0, drill.safe_a)
        self.step_a = 5.0 if top <= 25 else 10.0
        self.top_a = math.ceil((top + 1.0) / self.step_a) * self.step_a

    def x(self, at: float) -> float:
        return LEFT + (at - self.zero - self.left) / (self.right - self.left) * (W - LEFT - RIGHT)

    def y(self, amps: float) -> float:
        return H - BOTTOM - amps / self.top_a * (H - TOP - BOTTOM)


def _ground(scale: _Scale, drill: Drill) -> Iterator[Shape]:
    since, latest = scale.x(drill.since_at or 0.0), scale.x(drill.latest_allowed_at or 0.0)
    allowed = (drill.latest_allowed_at or 0.0) - (drill.since_at or 0.0)
    yield Box(since, TOP, latest - since, H - TOP - BOTTOM, _SOFT)
    yield Stroke(((since, TOP), (since, H - BOTTOM)), _WORD, 1.5)
    yield Stroke(((latest, TOP), (latest, H - BOTTOM)), _INK, 1.0, (3, 3))
    yield Words(since + 5, TOP + 12, "last word", _WORD, bold=True)
    yield Words(latest, TOP - 7, f"latest allowed, {allowed:.0f} s", _MUTED, "middle")


def _axes(scale: _Scale) -> Iterator[Shape]:
    amps = 0.0
    while amps <= scale.top_a:
        y = scale.y(amps)
        unit = " A" if amps >= scale.top_a else ""
        yield Stroke(((LEFT, y), (W - RIGHT, y)), _LINE)
        yield Words(LEFT - 6, y + 3.5, f"{amps:g}{unit}", _MUTED, "end")
        amps += scale.step_a
    span = scale.right - scale.left
    step = next(s for s in (10, 15, 30, 60, 120, 300, 600, 3600) if span / s <= 12 or s == 3600)
    mark = math.ceil(scale.left / step) * step
    while mark <= scale.right:
        yield Words(scale.x(scale.zero + mark), H - BOTTOM + 15, f"{mark} s", _MUTED, "middle")
        mark += step


def _expected(scale: _Scale, drill: Drill) -> Iterator[Shape]:
    if drill.baseline_a is None:
        return
    high, safe = scale.y(drill.baseline_a), scale.y(drill.safe_a)
    since, latest = scale.x(drill.since_at or 0.0), scale.x(drill.latest_allowed_at or 0.0)
    yield Stroke(((LEFT, high), (latest, high), (latest, safe), (W - RIGHT, safe)), _INK, 1.3, (6, 4))
    yield Words(W - RIGHT, safe - 5, f"allowed, {drill.safe_a:g} A", _INK, "end")
    yield Words(since + 6, high + 15, f"limit {drill.baseline_a:g} A", _INK)


def _measured(scale: _Scale, points: Sequence[tuple[float, float]]) -> Iterator[Shape]:
    placed = tuple((scale.x(at), scale.y(amps)) for at, amps in points)
    yield Stroke(placed, _DATA, 1.8)
    for x, y in placed:
        yield Dot(x, y, 2.1, _DATA)


def _fall(scale: _Scale, drill: Drill) -> Iterator[Shape]:
    if drill.fell_after_s is None or drill.fell_to_a is None:
        return
    x, y = scale.x(scale.zero + drill.fell_after_s), scale.y(drill.fell_to_a)
    anchor, dx = ("end", -9) if x > W * 0.7 else ("start", 9)
    yield Dot(x, y, 5, _DATA, 2.0)
    yield Words(x + dx, y + 16, f"{drill.fell_to_a:.1f} A after {drill.fell_after_s:.0f} s", _DATA, anchor, bold=True)
