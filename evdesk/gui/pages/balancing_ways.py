"""The way of the arrow keys through the diagram."""

from PySide6.QtCore import QRectF, Qt

from evdesk.gui.pages.balancing_layout import NOTE, Plan

WAYS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def _apart(here: QRectF, there: QRectF, dx: int, dy: int) -> tuple[float, float]:
    """How far ahead something begins in a direction (0: not ahead), and how far it lies beside."""
    ahead = dx * (there.center().x() - here.center().x()) + dy * (there.center().y() - here.center().y())
    if dx:
        clear = there.left() >= here.right() - 4 if dx > 0 else there.right() <= here.left() + 4
        aside = max(0.0, there.top() - here.bottom(), here.top() - there.bottom())
    else:
        clear = there.top() >= here.bottom() - 4 if dy > 0 else there.bottom() <= here.top() + 4
        aside = max(0.0, there.left() - here.right(), here.left() - there.right())
    return (ahead, aside) if clear else (0.0, aside)


def neighbour(plan: Plan, key: str, way: Qt.Key) -> str:
    """The next thing that way: the nearest, what lies beside counts three times. "" where there is none."""
    here = plan.item(key)
    if here is None:
        return plan.items[0].key if plan.items else ""
    dx, dy = WAYS[way]
    centre = here.rect.center()
    best, least = "", 0.0
    for item in plan.items:
        if item.key == key or item.kind == NOTE:
            continue
        ahead, aside = _apart(here.rect, item.rect, dx, dy)
        if ahead <= 0:
            continue
        skew = abs((item.rect.center().x() - centre.x()) * dy) + abs((item.rect.center().y() - centre.y()) * dx)
        cost = ahead + 3 * aside + 0.05 * skew
        if not best or cost < least:
            best, least = item.key, cost
    return best
