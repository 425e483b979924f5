"""Writes docs/img/balance-phasors.svg: two outlets between phases on one conductor, from the lines the balancer uses."""

import cmath
import math
from pathlib import Path

from evdesk.balance import build_lines
from evdesk.model import Bay, Circuit, GridType, Site

TARGET = Path(__file__).parent / "img" / "balance-phasors.svg"
AMPS = 23.0
SCALE = 7.0
ORIGIN = (60.0, 150.0)
INK, MUTED, ONE, TWO, SUM = "#171A20", "#59616E", "#A14A12", "#0B7285", "#C4212E"


def point(amps: complex) -> tuple[float, float]:
    return ORIGIN[0] + amps.real * SCALE, ORIGIN[1] - amps.imag * SCALE


def arrow(start: complex, end: complex, colour: str, dashed: bool = False) -> str:
    (x1, y1), (x2, y2) = point(start), point(end)
    way = cmath.phase(complex(x2 - x1, y2 - y1))
    left, right = (cmath.rect(9, way + math.pi + turn) for turn in (0.4, -0.4))
    head = f"{x2:.1f},{y2:.1f} {x2 + left.real:.1f},{y2 + left.imag:.1f} {x2 + right.real:.1f},{y2 + right.imag:.1f}"
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    line = f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="2"{dash}/>'
    return f'{line}<polygon points="{head}" fill="{colour}"/>'


def words(amps: complex, text: str, colour: str, dx: float = 8, dy: float = 4, weight: int = 600) -> str:
    x, y = point(amps)
    return f'<text x="{x + dx:.1f}" y="{y + dy:.1f}" fill="{colour}" font-weight="{weight}">{text}</text>'


def picture() -> str:
    bays = tuple(Bay(name, 1, name, "Main", phases=1, rotation=name) for name in ("RS", "TR"))
    site = Site(grid=GridType.DELTA, circuits=(Circuit("Main", (40.0,) * 3),), bays=bays)
    line = build_lines(site)[0]
    one, two = (AMPS * coef for coef in line.coef.values())
    total = one + two
    parts = [
        arrow(0j, one, ONE),
        arrow(0j, two, TWO),
        arrow(one, total, TWO, dashed=True),
        arrow(0j, total, SUM),
        words(one, f"between L1 and L2: {AMPS:g} A", ONE, dy=-6),
        words(two, f"between L3 and L1: {AMPS:g} A", TWO, dy=16),
        words(total, f"on L1: {abs(total):.1f} A of {line.limit_a:g} A", SUM),
        words(total, f"added as numbers: {2 * AMPS:g} A", MUTED, dy=22, weight=400),
    ]
    body = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 300" width="560" height="300" role="img" '
        'font-family="Inter, Noto Sans, DejaVu Sans, sans-serif" font-size="13">\n'
        f"<title>Two currents of {AMPS:g} A sixty degrees apart make {abs(total):.1f} A</title>\n"
        f'<rect width="560" height="300" fill="#FFFFFF"/>\n{body}\n</svg>\n'
    )


if __name__ == "__main__":
    TARGET.write_text(picture())
