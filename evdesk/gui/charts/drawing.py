"""What a kind of chart must know: how to draw its data, and how to say it."""

from PySide6.QtGui import QPainter

from evdesk.gui.charts.data import ChartData, Curve, floats
from evdesk.gui.charts.labels import Row, Tag
from evdesk.gui.charts.parts import Scale
from evdesk.gui.text import number

EMPTY = ChartData(floats([]))


class Drawing:
    """Base of the kinds. `data` is everything that was given, `shown` the visible part, thinned."""

    def __init__(self) -> None:
        self.data = EMPTY
        self.shown = EMPTY

    def sentence(self) -> str:
        """The chart in words, for screen readers and the table."""
        return ""

    def axis_top(self) -> float:
        """The highest value the axis must hold."""
        return 1.0

    def paint(self, painter: QPainter, scale: Scale) -> None:
        """Curves and what lies on them, clipped to the plot."""

    def tags(self, scale: Scale) -> list[Tag]:
        """Labels at the right end."""
        return []

    def rows(self, index: int) -> list[Row]:
        """The read-out of one bucket."""
        return []

    def ring(self, index: int) -> float | None:
        """The value the crosshair's ring stands on; None for no ring."""
        return None

    def extra(self) -> Curve | None:
        """A curve beside the data, for table and export."""
        return None

    def words(self, value: float | None) -> str:
        return "?" if value is None else f"{number(value)} {self.data.unit}"
