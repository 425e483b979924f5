"""Pictures of the sharing benchmark as SVG."""

from pathlib import Path
from typing import Protocol

from benchmarks.balance.park import Outcome

INK, QUIET, GRID, OURS, OTHER = "#1f2933", "#5f6b7a", "#e3e7ec", "#1769e0", "#aab4c0"
FONT = 'font-family="system-ui, sans-serif"'


class Shown(Protocol):
    row: tuple[str, str]
    outcome: Outcome


def save(folder: Path, ratios: dict[str, dict[str, float]], days: list[Shown]) -> None:
    (folder / "sharing-ratio.svg").write_text(bars(ratios))
    (folder / "sharing-day.svg").write_text(power(days))


def bars(ratios: dict[str, dict[str, float]]) -> str:
    """One bar per rule, in groups; 0.5 to 1 of the optimum."""
    parts, y = [], 16
    for title, group in ratios.items():
        parts.append(_text(16, y + 14, title, 14, INK, weight="600"))
        y += 26
        for name, ratio in group.items():
            wide = max(0.0, (ratio - 0.5) / 0.5) * 480
            colour = OURS if name.startswith("evdesk") else OTHER
            parts.append(_text(228, y + 13, name, 12, INK, "end"))
            parts.append(f'<rect x="236" y="{y}" width="{wide:.1f}" height="16" rx="2" fill="{colour}"/>')
            parts.append(_text(242 + wide, y + 13, f"{ratio:.3f}", 12, QUIET))
            y += 22
        y += 12
    grid = []
    for step in range(6):
        x = 236 + step * 96
        grid.append(f'<line x1="{x}" y1="40" x2="{x}" y2="{y}" stroke="{GRID}"/>')
        grid.append(_text(x, y + 16, f"{0.5 + step / 10:.1f}", 12, QUIET, "middle"))
    grid.append(_text(16, y + 16, "energy / offline optimum", 12, QUIET))
    return _page(800, y + 28, [*grid, *parts])


def power(days: list[Shown]) -> str:
    """Power of all cars over the first day: ours as shipped, and first come."""
    table = "Whole ampere, real batteries, full information, one restart at most"
    ours = next(d.outcome for d in days if d.row == (table, "evdesk (as shipped)")).power_kw[: 24 * 12]
    rival = next(d.outcome for d in days if d.row == (table, "first come, 6 A for all first"))
    other = rival.power_kw[: 24 * 12]
    top = 36.0
    parts = []
    for kw in range(0, 36, 10):
        y = 300 - kw / top * 260
        parts.append(f'<line x1="56" y1="{y:.0f}" x2="776" y2="{y:.0f}" stroke="{GRID}"/>')
        parts.append(_text(48, y + 4, f"{kw} kW", 12, QUIET, "end"))
    for hour in range(0, 25, 4):
        parts.append(_text(56 + hour * 30, 320, f"{hour:02d}:00", 12, QUIET, "middle"))
    for series, colour in ((other, OTHER), (ours, OURS)):
        points = " ".join(f"{56 + n * 2.5:.1f},{300 - kw / top * 260:.1f}" for n, kw in enumerate(series))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts.append(_text(56, 24, "All cars together behind a 30 kW transformer", 14, INK, weight="600"))
    parts.append(_text(776, 24, "evdesk", 13, OURS, "end", "600"))
    parts.append(_text(716, 24, "first come, first served", 13, QUIET, "end"))
    return _page(800, 336, parts)


def cycling(curves: dict[str, list[tuple[float, float, float]]], rating_a: float) -> str:
    """One panel per law: (minute, ampere on the line, of that the house) and the fuse."""
    parts, high = [], 190
    for panel, (name, rows) in enumerate(curves.items()):
        top, first = 36 + panel * (high + 44), rows[0][0]

        def at(minute: float, amps: float, top: float = top, first: float = first) -> str:
            return f"{56 + (minute - first) * 36:.1f},{top + high - amps / 100 * high:.1f}"

        colour = OURS if name.startswith("evdesk") else QUIET
        parts.append(_text(56, top - 10, name, 14, colour, weight="600"))
        for amps in (0, 25, 50, 75, 100):
            y = top + high - amps / 100 * high
            parts.append(f'<line x1="56" y1="{y:.0f}" x2="776" y2="{y:.0f}" stroke="{GRID}"/>')
            parts.append(_text(48, y + 4, f"{amps} A", 12, QUIET, "end"))
        base = f"{at(rows[0][0], 0)} " + " ".join(at(m, h) for m, _, h in rows) + f" {at(rows[-1][0], 0)}"
        parts.append(f'<polygon points="{base}" fill="{OTHER}" fill-opacity="0.6"/>')
        line = " ".join(at(m, a) for m, a, _ in rows)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        y = top + high - rating_a / 100 * high
        parts.append(f'<line x1="56" y1="{y:.1f}" x2="776" y2="{y:.1f}" stroke="#c4212e" stroke-width="2"/>')
        parts.append(_text(776, y - 5, f"fuse {rating_a:g} A", 12, "#c4212e", "end"))
        for minute in range(round(first), round(rows[-1][0]) + 1, 4):
            parts.append(_text(56 + (minute - first) * 36, top + high + 16, f"{minute} min", 12, QUIET, "middle"))
    parts.append(_text(776, 26, "L2: house grey, all together as a line", 12, QUIET, "end"))
    return _page(800, 36 + len(curves) * (high + 44), parts)


def _text(x: float, y: float, words: str, size: int, colour: str, anchor: str = "start", weight: str = "400") -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{colour}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {FONT} {style}>{words}</text>'


def _page(width: int, height: int, parts: list[str]) -> str:
    body = "\n".join(parts)
    back = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n{back}\n{body}\n</svg>\n'
