"""A circuit on the board: name and rating, bars, and every outlet below as a small column one can point at."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from evdesk.gui import icons, theme
from evdesk.gui.pages.balancing_facts import Feed, count_options, problems
from evdesk.gui.pages.balancing_layout import ROW, Item
from evdesk.gui.pages.balancing_outlets import Outlet
from evdesk.gui.pages.balancing_symbols import phase_row, state
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.gui.widgets import draw
from evdesk.model import ConnectorStatus

PITCH_MOST, PITCH_ONE_ROW = 22.0, 6.0
"""The widest a column is with its gap; narrower than the second they stand in two rows."""


def paint_row(painter: QPainter, item: Item) -> None:
    assert isinstance(item.what, Feed)
    feed, rect = item.what, item.rect
    if item.open is not None:
        arrow = "chevron-down" if item.open else "chevron-right"
        icons.paint(painter, arrow, "muted", QRectF(rect.left() + 8, rect.center().y() - 8, 16, 16))
    left, name_wide = rect.left() + 30, _name_wide(rect)
    top = rect.center().y() - 15
    draw.text(painter, left, top + 10, draw.elided(feed.circuit.name, "card", name_wide), "card", "text")
    words = Look("octagon", tr("not fed"), "danger") if feed.lost else feed.full
    rating = tr("of {rating}").format(rating=feed.rating)
    x = left + draw.text(painter, left, top + 28, draw.elided(rating, "small", name_wide), "small", "muted") + 8
    if words is not None and x + 34 < left + name_wide + 10:
        state(painter, x, top + 24, words, left + name_wide + 12 - x)
    bars = _bars(rect)
    pitch = min(16.0, (rect.height() - 8) / max(1, len(feed.lines)))
    start = rect.center().y() - pitch * len(feed.lines) / 2
    for i, line in enumerate(feed.lines):
        phase_row(painter, QRectF(bars.left(), start + pitch * i, bars.width(), pitch), line, min(10.0, pitch - 4))
    _words(painter, _field(rect), feed)
    for column, outlet in columns(item):
        _column(painter, column, outlet)


def columns(item: Item) -> list[tuple[QRectF, Outlet]]:
    """Where the outlets below a circuit stand in its row; as wide in every row of the drawing."""
    if item.kind != ROW or not isinstance(item.what, Feed):
        return []
    field, outlets = _field(item.rect), list(item.what.below())
    if not outlets or field.width() < 30:
        return []
    top, tall = field.top() + 16, field.height() - 17
    most = max(item.most, len(outlets))
    rows = 1 if most * PITCH_ONE_ROW <= field.width() else 2
    per = (most + rows - 1) // rows
    pitch = max(2.0, min(PITCH_MOST, field.width() / per))
    each = (tall - 3 * (rows - 1)) / rows
    found = []
    for place, outlet in enumerate(outlets):
        row, column = divmod(place, per)
        rect = QRectF(field.left() + column * pitch, top + row * (each + 3), max(1.5, pitch - 2), each)
        found.append((rect, outlet))
    return found


def column_at(item: Item, x: float, y: float) -> Outlet | None:
    """The outlet whose column is there; the gap at its right belongs to it."""
    return next((one for rect, one in columns(item) if rect.adjusted(0, -3, 2, 3).contains(x, y)), None)


def _name_wide(rect: QRectF) -> float:
    return min(150.0, rect.width() * 0.24)


def _bars(rect: QRectF) -> QRectF:
    return QRectF(rect.left() + 44 + _name_wide(rect), rect.top(), min(360.0, rect.width() * 0.32), rect.height())


def _field(rect: QRectF) -> QRectF:
    """Right of the bars: words about the outlets, the columns under them."""
    under = 7.0 if rect.height() >= 56 else 4.0
    left = _bars(rect).right() + 16
    return QRectF(left, rect.top() + under, max(0.0, rect.right() - 12 - left), rect.height() - 2 * under)


def _words(painter: QPainter, field: QRectF, feed: Feed) -> None:
    baseline, end = field.top() + 10, field.right()
    for icon, role, count in reversed(problems(feed)):
        end = draw.text_right(painter, end, baseline, str(count), "chip", role) - 16
        icons.paint(painter, icon, role, QRectF(end, baseline - 11, 14, 14))
        end -= 8
    words = draw.fitting(count_options(feed), "small", end - field.left() - 4)
    draw.text(painter, field.left(), baseline, words, "small", "muted")


def _column(painter: QPainter, rect: QRectF, outlet: Outlet) -> None:
    """How much of its maximum it takes, coloured by state."""
    look, role = theme.current(), outlet.state.role
    painter.fillRect(rect, look.color("sunken"))
    if role in ("danger", "warn"):
        painter.fillRect(rect, look.color(role))
    elif outlet.amps:
        part = min(1.0, outlet.amps / max(1.0, outlet.bay.max_a)) * rect.height()
        painter.fillRect(QRectF(rect.left(), rect.bottom() - part, rect.width(), part), look.color(role))
    elif outlet.connector.status is not ConnectorStatus.AVAILABLE:
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 3, rect.width(), 3), look.color("muted"))
