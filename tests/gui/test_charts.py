"""Charts: numbers in, the right words, places and pictures out."""

import itertools
import time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from evdesk.gui import theme
from evdesk.gui.charts import ChartData, Curve, Exports, LineChart, Marker, Note, StackChart, csv_text, floats
from evdesk.gui.charts.data import nice_top, overshoots, runs, time_ticks
from evdesk.gui.charts.labels import Tag, spread
from evdesk.gui.charts.twin import TwinModel

NOW = 1_795_542_000.0
STEP = 6.0


def curve(key, values, role="charger:0", high=None):
    return Curve(key, key, role, floats(values), None, None if high is None else floats(high))


def data(size=600, gap=False, peak_at=300):
    t = NOW - size * STEP + (np.arange(size) + 0.5) * STEP
    house, one, two = (np.full(size, v) for v in (9.0, 14.0, 20.0))
    if gap:
        for values in (house, one, two):
            values[100:120] = np.nan
    total = house + one + two
    high = total + 0.2
    if peak_at is not None:
        high[peak_at] = 74.9
    return ChartData(
        t,
        (curve("House", house, "house"), curve("Bay 1", one), curve("Bay 2", two, "charger:1")),
        total=Curve("site", "Site", "text", total, total - 0.2, high),
        title="L2",
        limit=63.0,
        limit_name="Main breaker 63 A",
        markers=(Marker(NOW - 600, "plug", "muted", "Bay 1 plugged in", "tag-1"),),
        notes=(Note(NOW - 1797, "3 s"),),
    )


@pytest.fixture
def chart(qapp, qtbot):
    theme.current().apply(qapp, "light")
    one = StackChart()
    qtbot.addWidget(one)
    one.resize(760, 320)
    one.show()
    one.set_now(NOW)
    one.set_data(data())
    one.refresh()
    return one


def test_unknown_is_a_gap_and_never_zero():
    one = data(gap=True, peak_at=None)
    assert np.isnan(one.sums()[110])
    assert one.sums()[200] == pytest.approx(43.0)
    assert runs(one.known()) == [(0, 100), (120, 600)]


def test_one_unknown_layer_leaves_the_measured_sum():
    one = data(peak_at=None)
    one.curves[1].mean[50] = np.nan
    assert one.sums()[50] == pytest.approx(43.0)


def test_thinning_keeps_the_peak_of_seven_days():
    big = data(size=100_800, peak_at=77_777)
    small = big.thinned()
    assert small.t.size <= 2000
    assert np.nanmax(small.peaks()) == pytest.approx(74.9)
    assert float(np.nanmean(small.curves[1].mean)) == pytest.approx(14.0)
    assert big.between(NOW - 3600, NOW).t.size == pytest.approx(601, abs=2)


def test_overshoots_are_labelled_with_their_length():
    [peak] = overshoots(data())
    assert peak.value == pytest.approx(74.9)
    assert peak.words == "3 s"
    assert overshoots(data(peak_at=None)) == []


def test_axis_is_round_and_begins_at_zero():
    assert nice_top(75.0) == (80.0, 20.0)
    assert nice_top(4.0) == (4.0, 1.0)
    top, step = nice_top(63.1)
    assert top >= 63.1
    assert top % step == pytest.approx(0.0)
    assert nice_top(float("nan"))[0] > 0


def test_ticks_are_round_local_times():
    ticks, step = time_ticks(NOW - 3600, NOW, 600, 7200.0)
    assert step in (600, 900)
    assert all((tick + 7200) % step == 0 for tick in ticks)


def test_direct_labels_never_cover_each_other():
    tags = [Tag(str(i), "1.0", "house", y) for i, y in enumerate((100.0, 101.0, 102.0, 199.0, 30.0))]
    spread(tags, 20.0, 200.0)
    ys = [tag.y for tag in tags]
    assert ys == sorted(ys)
    assert min(b - a for a, b in itertools.pairwise(ys)) >= 16.9
    assert ys[0] >= 20.0
    assert ys[-1] <= 200.0


def test_crowded_labels_stay_inside():
    tags = [Tag(str(i), "1.0", "house", 50.0) for i in range(20)]
    spread(tags, 20.0, 120.0)
    assert min(t.y for t in tags) >= 19.9
    assert max(t.y for t in tags) <= 120.1


def test_sentence_tells_last_limit_and_highest(chart):
    assert chart.sentence().startswith("L2 43.0 A of 63 A, highest 74.9 A at ")
    assert chart.accessibleName() == chart.sentence()


def test_follow_keeps_now_at_the_right(chart):
    start, end = chart.visible()
    assert end == pytest.approx(NOW, abs=10)
    assert end - start == pytest.approx(3600, abs=1)
    chart.set_now(NOW + 60)
    chart.refresh()
    assert chart.visible()[1] == pytest.approx(NOW + 60, abs=10)


def test_pan_ends_follow_and_the_button_brings_it_back(chart, qtbot):
    with qtbot.waitSignals([chart.follow_changed, chart.range_changed]):
        chart.canvas.view.setXRange(NOW - 7200, NOW - 3600, padding=0)
        chart.canvas.view.sigRangeChangedManually.emit((True, False))
    assert not chart.follow
    assert chart.live.isVisible()
    before = chart.visible()
    chart.set_now(NOW + 600)
    chart.refresh()
    assert chart.visible() == pytest.approx(before), "what one looks at stays"
    qtbot.mouseClick(chart.live, Qt.MouseButton.LeftButton)
    assert chart.follow
    assert not chart.live.isVisible()
    assert chart.visible()[1] == pytest.approx(NOW + 600, abs=10)


def test_keys_move_the_crosshair(chart, qtbot):
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert chart.pointer.index == 598
    qtbot.keyClick(chart, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert chart.pointer.index == 588
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert chart.pointer.index == 0
    assert "Bay 2 20.0 A" in chart.accessibleDescription()
    qtbot.keyClick(chart, Qt.Key.Key_Escape)
    assert chart.pointer.index is None


def test_read_out_goes_from_the_top_of_the_stack_to_the_sum(chart):
    rows = [(row.label, row.value) for row in chart.drawing.rows(10)]
    assert rows == [("Bay 2", "20.0 A"), ("Bay 1", "14.0 A"), ("House", "9.0 A"), ("Sum", "43.0 A")]


def test_crosshair_follows_the_pointer(chart):
    scale = chart.scale()
    where = QPointF(scale.x(NOW - 1800), scale.rect.center().y())
    none, no_keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    chart.pointer._mouse(QEvent.Type.MouseMove, QMouseEvent(QEvent.Type.MouseMove, where, where, none, none, no_keys))
    assert chart.data.t[chart.pointer.index] == pytest.approx(NOW - 1800, abs=STEP)


def test_a_click_on_an_event_names_it(chart, qtbot):
    chart.grab()
    [(marker, rect)] = chart.pointer.markers
    with qtbot.waitSignal(chart.marker_clicked) as heard:
        point = QPoint(round(rect.center().x()), round(rect.center().y()))
        qtbot.mouseClick(chart.canvas.plot.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert heard.args == ["tag-1"]
    assert marker.words == "Bay 1 plugged in"


def test_many_changes_are_drawn_together(chart, qtbot):
    drawn = []
    chart.refresh = lambda: drawn.append(1)
    chart._timer.timeout.disconnect()
    chart._timer.timeout.connect(lambda: chart.refresh())
    for _ in range(50):
        chart.set_data(data())
        chart.set_now(NOW)
    qtbot.waitUntil(lambda: bool(drawn))
    assert len(drawn) == 1


def test_time_that_moves_less_than_a_pixel_draws_nothing(chart):
    chart.refresh()
    chart.set_now(NOW + 0.01 * chart.window_s() / chart.canvas.plot_rect().width())
    assert not chart._timer.isActive()
    chart.set_now(NOW + 2 * chart.window_s() / chart.canvas.plot_rect().width())
    assert chart._timer.isActive()


def test_stack_is_painted_in_the_colours_of_the_theme(chart, qapp):
    def colour_at(value):
        picture = chart.grab().toImage()
        scale, ratio = chart.scale(), chart.devicePixelRatioF()
        x, y = scale.x(NOW - 900) + 3, scale.y(value)
        return picture.pixelColor(round(x * ratio), round(y * ratio))

    light = colour_at(17.0)
    wanted = theme.current().mix("charger:0", "surface", 0.82)
    assert abs(light.red() - wanted.red()) + abs(light.blue() - wanted.blue()) < 40
    theme.current().apply(qapp, "dark")
    assert colour_at(17.0) != light
    theme.current().apply(qapp, "light")


def test_empty_chart_says_so(qapp, qtbot):
    one = StackChart()
    qtbot.addWidget(one)
    one.resize(400, 200)
    one.refresh()
    assert "no measurement" in one.sentence()
    assert not one.grab().isNull()
    one.pointer.set(5)
    assert one.pointer.index is None


def test_line_chart_has_limit_steps_and_a_sentence(qapp, qtbot):
    one = LineChart()
    qtbot.addWidget(one)
    one.resize(500, 220)
    t = NOW - 900 + np.arange(150) * STEP
    one.set_data(ChartData(t, (curve("L1", np.full(150, 11.9), "L1"), curve("L2", np.zeros(150), "L2"))))
    one.set_steps(curve("Limit", np.where(t < NOW - 300, 14.0, 12.0), "text"))
    one.set_now(NOW)
    one.set_window(900)
    one.refresh()
    assert one.sentence().startswith("L1 11.9 A, highest 11.9 at ")
    assert [row.value for row in one.drawing.rows(149)] == ["11.9 A", "0.0 A", "12.0 A"]
    assert one.drawing.axis_top() >= 14.0
    assert not one.grab().isNull()


def test_csv_has_empty_cells_for_unknown():
    lines = csv_text(data(gap=True)).splitlines()
    assert lines[0] == "Time,House A,Bay 1 A,Bay 2 A,Sum A,Highest A"
    assert len(lines) == 601
    assert lines[1].endswith("9.000,14.000,20.000,43.000,43.200")
    assert lines[111].split(",")[1:5] == ["", "", "", ""]


def test_twin_has_every_number_and_the_events(qtmodeltester):
    model = TwinModel(data(gap=True))
    qtmodeltester.check(model)
    assert model.rowCount() == 580
    assert model.index(0, 3).data() == "20.0"
    events = [model.index(row, model.columnCount() - 1).data() for row in range(model.rowCount())]
    assert [e for e in events if e] == ["Bay 1 plugged in"]


def test_exports_write_picture_and_numbers(chart, tmp_path, qtbot):
    ways = Exports(chart, chart)
    ways.save_picture(str(tmp_path / "a.png"))
    ways.save_numbers(str(tmp_path / "a.csv"))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert chart.picture().width() == 2 * chart.width()
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").count("\n") == 601
    dialog = ways.table()
    assert dialog.isVisible()
    dialog.close()


def test_seven_days_draw_quickly(qapp, qtbot):
    one = StackChart()
    qtbot.addWidget(one)
    one.resize(760, 320)
    one.set_window(604_800)
    one.set_now(NOW)
    one.set_data(data(size=100_800))
    started = time.process_time()  # its own: others may want the computer too
    one.refresh()
    one.grab()
    assert time.process_time() - started < 1.0
    assert one.drawing.shown.t.size <= 2000
