"""Charts: the only place that knows pyqtgraph. They take arrays and fetch nothing."""

from evdesk.gui.charts.chart import WINDOWS, Chart
from evdesk.gui.charts.data import ChartData, Curve, Marker, Note, floats
from evdesk.gui.charts.line import LineChart
from evdesk.gui.charts.stack import StackChart

__all__ = ["WINDOWS", "Chart", "ChartData", "Curve", "LineChart", "Marker", "Note", "StackChart", "floats"]
