"""Charts: the only place that knows pyqtgraph. They take arrays and fetch nothing."""

from evdesk.gui.charts.chart import WINDOWS, Chart
from evdesk.gui.charts.data import ChartData, Curve, Marker, Note, floats
from evdesk.gui.charts.line import LineChart
from evdesk.gui.charts.stack import StackChart
from evdesk.gui.charts.twin import Exports, TwinDialog, csv_text

__all__ = [
    "WINDOWS",
    "Chart",
    "ChartData",
    "Curve",
    "Exports",
    "LineChart",
    "Marker",
    "Note",
    "StackChart",
    "TwinDialog",
    "csv_text",
    "floats",
]
