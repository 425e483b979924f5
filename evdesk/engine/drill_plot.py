"""The plot of a drill as inline SVG: what was measured, what was expected, when it must have fallen."""

import math
from collections.abc import Sequence

from evdesk.model.drills import Drill

W, H = 720.0, 290.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 22.0, 30.0
_INK, _MUTED, _LINE, _DATA, _SOFT = "#171a20", "#59616e", "#dadde3", "#1d5bd6", "#fdf3e0"


def plot_svg(drill: Drill) -> str:
    """A sentence instead where there are no samples."""
    points = [(at, amps) for at, amps, _ in drill.samples if amps is not None]
    if not points or drill.since_at is None or drill.latest_allowed_at is None:
        return "<p class='muted'>No current was measured.</p>"
    scale = _Scale(points, drill)
    return (
        f'<svg viewBox="0 0 {W:g} {H:g}" role="img" aria-label="Current over time" font-size="10.5" '
        f'font-family="Inter, Noto Sans, DejaVu Sans, sans-serif">'
        f"{_ground(scale, drill)}{_axes(scale)}{_expected(scale, drill)}"
        f"{_measured(scale, points)}{_fall(scale, drill)}</svg>"
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


def _ground(scale: _Scale, drill: Drill) -> str:
    since, latest = scale.x(drill.since_at or 0.0), scale.x(drill.latest_allowed_at or 0.0)
    height = H - TOP - BOTTOM
    allowed = (drill.latest_allowed_at or 0.0) - (drill.since_at or 0.0)
    return (
        f'<rect x="{since:.1f}" y="{TOP:g}" width="{latest - since:.1f}" height="{height:g}" fill="{_SOFT}"/>'
        f'<path d="M{since:.1f} {TOP:g}V{H - BOTTOM:g}" stroke="#8a4f00" stroke-width="1.5"/>'
        f'<path d="M{latest:.1f} {TOP:g}V{H - BOTTOM:g}" stroke="{_INK}" stroke-dasharray="3 3"/>'
        f'<text x="{since + 5:.1f}" y="{TOP + 12:g}" fill="#8a4f00" font-weight="600">last word</text>'
        f'<text x="{latest:.1f}" y="{TOP - 7:g}" text-anchor="middle" fill="{_MUTED}">'
        f"latest allowed, {allowed:.0f} s</text>"
    )


def _axes(scale: _Scale) -> str:
    out, amps = [], 0.0
    while amps <= scale.top_a:
        y = scale.y(amps)
        out.append(f'<path d="M{LEFT:g} {y:.1f}H{W - RIGHT:g}" stroke="{_LINE}"/>')
        unit = " A" if amps >= scale.top_a else ""
        out.append(f'<text x="{LEFT - 6:g}" y="{y + 3.5:.1f}" text-anchor="end" fill="{_MUTED}">{amps:g}{unit}</text>')
        amps += scale.step_a
    span = scale.right - scale.left
    step = next(s for s in (10, 15, 30, 60, 120, 300, 600, 3600) if span / s <= 12 or s == 3600)
    mark = math.ceil(scale.left / step) * step
    while mark <= scale.right:
        x = scale.x(scale.zero + mark)
        out.append(f'<text x="{x:.1f}" y="{H - BOTTOM + 15:g}" text-anchor="middle" fill="{_MUTED}">{mark} s</text>')
        mark += step
    return "".join(out)


def _expected(scale: _Scale, drill: Drill) -> str:
    if drill.baseline_a is None:
        return ""
    high, safe = scale.y(drill.baseline_a), scale.y(drill.safe_a)
    since, latest = scale.x(drill.since_at or 0.0), scale.x(drill.latest_allowed_at or 0.0)
    return (
        f'<path d="M{LEFT:g} {high:.1f}H{latest:.1f}V{safe:.1f}H{W - RIGHT:g}" fill="none" stroke="{_INK}" '
        f'stroke-width="1.3" stroke-dasharray="6 4"/>'
        f'<text x="{W - RIGHT:g}" y="{safe - 5:.1f}" text-anchor="end" fill="{_INK}">allowed, {drill.safe_a:g} A</text>'
        f'<text x="{since + 6:.1f}" y="{high + 15:.1f}" fill="{_INK}">limit {drill.baseline_a:g} A</text>'
    )


def _measured(scale: _Scale, points: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{scale.x(at):.1f},{scale.y(amps):.1f}" for at, amps in points)
    dots = "".join(f'<circle cx="{scale.x(at):.1f}" cy="{scale.y(a):.1f}" r="2.1" fill="{_DATA}"/>' for at, a in points)
    return f'<polyline points="{path}" fill="none" stroke="{_DATA}" stroke-width="1.8"/>{dots}'


def _fall(scale: _Scale, drill: Drill) -> str:
    if drill.fell_after_s is None or drill.fell_to_a is None:
        return ""
    x, y = scale.x(scale.zero + drill.fell_after_s), scale.y(drill.fell_to_a)
    anchor, dx = ("end", -9) if x > W * 0.7 else ("start", 9)
    text = f"{drill.fell_to_a:.1f} A after {drill.fell_after_s:.0f} s"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="{_DATA}" stroke-width="2"/>'
        f'<text x="{x + dx:.1f}" y="{y + 16:.1f}" text-anchor="{anchor}" fill="{_DATA}" font-weight="600">{text}</text>'
    )
