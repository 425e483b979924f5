"""Tokens, theme, icons, text and the painted widgets."""

import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QFontDatabase, QFontMetricsF, QGuiApplication, QPalette
from PySide6.QtWidgets import QLineEdit, QWidget

from evdesk.gui import icons, notice_words, resources, sentences, text, theme, tokens
from evdesk.gui.notice_words import notice_look
from evdesk.gui.widgets import Banner, Button, Chip, ElidedLabel, Figure, FocusRing, KeyValue, Segmented, Tabs
from evdesk.model import ConnectorStatus, LineLoad, Notice, NoticeKind, Severity, Why, WhyCode


@pytest.fixture
def look(qapp):
    one = theme.current()
    one.apply(qapp, "light")
    yield one
    one.apply(qapp, "light")


def luminance(color):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", tokens.THEMES)
def test_text_roles_are_readable_on_every_ground(look, qapp, name):
    look.apply(qapp, name)
    for role in ("text", "muted", "accent", "ok", "warn", "danger", "info", "L1", "L2", "L3"):
        for ground in ("window", "surface", "raised", "sunken", "selection"):
            assert contrast(look.color(role), look.color(ground)) >= 4.5, (role, ground)
    assert contrast(look.color("onAccent"), look.color("accent")) >= 4.5
    assert contrast(look.color("borderStrong"), look.color("surface")) >= 3.0
    for i in range(8):
        assert contrast(look.charger(i), look.color("surface")) >= 2.95


def test_apply_changes_palette_and_tells_once(look, qapp, qtbot):
    with qtbot.waitSignal(look.changed):
        look.apply(qapp, "dark")
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor("#1A1D23")
    assert look.is_dark
    look.apply(qapp, "contrast")
    assert look.edge == 2
    assert look.color("border") == QColor("#000000")


def test_system_choice_follows_the_desktop(look, qapp):
    look.apply(qapp, "system")
    look._system_changed(Qt.ColorScheme.Dark)
    assert look.name == "dark"
    look._system_changed(Qt.ColorScheme.Light)
    assert look.name == "light"
    look.apply(qapp, "contrast")
    look._system_changed(Qt.ColorScheme.Dark)
    assert look.name == "contrast", "a chosen theme stays"


def test_chargers_start_again_after_eight_and_unknown_roles_fail(look):
    assert look.charger(8) == look.charger(0)
    assert len({look.charger(i).name() for i in range(8)}) == 8
    with pytest.raises(KeyError):
        look.color("blue")


def test_fonts_are_shipped_and_figures_are_tabular(look):
    assert "Inter" in QFontDatabase.families()
    assert "JetBrains Mono" in QFontDatabase.families()
    for kind in tokens.TYPE:
        metrics = QFontMetricsF(look.font(kind))
        assert metrics.horizontalAdvance("111.1") == pytest.approx(metrics.horizontalAdvance("888.8"), abs=0.01)
    assert sum(f.stat().st_size for f in (resources.root() / "fonts").iterdir()) < 2_000_000


def test_icons_take_the_role_and_follow_the_theme(look, qapp):
    one = icons.icon("bolt", "ok")

    def strongest():
        image = one.pixmap(QSize(32, 32), 1.0).toImage()
        points = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
        return max(points, key=lambda c: c.alpha())

    assert strongest().name() == look.color("ok").name()
    look.apply(qapp, "dark")
    assert strongest().name() == look.color("ok").name()
    with pytest.raises(KeyError):
        icons.icon("no-such-icon")


def test_icon_is_sharp_on_dense_screens(look):
    picture = icons.pixmap("plug", "text", 16, 2.0)
    assert picture.size() == QSize(32, 32)
    assert picture.deviceIndependentSize().width() == 16


def test_every_icon_named_in_sentences_exists(look):
    names = {icon for icon, _ in notice_words._NOTICES.values()}
    names |= {sentences.connector_look(status).icon for status in ConnectorStatus}
    names |= {sentences.why_look(Why(code)).icon for code in WhyCode}
    assert all(resources.icon_file(name).is_file() for name in names)


def test_only_theme_and_tokens_know_colours():
    folder = resources.root().parent / "evdesk" / "gui"
    if not folder.is_dir():
        pytest.skip("not a checkout")
    found = [
        f"{file.name}: {hit}"
        for file in folder.rglob("*.py")
        if file.name != "tokens.py"
        for hit in re.findall(r"[\"']#[0-9A-Fa-f]{6}[\"']", file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (text.amps(13.84), "13.8 A"),
        (text.amps(None), "unknown"),
        (text.number(None, short=True), "?"),
        (text.number(-0.04), "0.0"),
        (text.number(-3.25), "−3.2"),
        (text.limit(14.0), "14 A"),
        (text.power(640), "640 W"),
        (text.power(9_540), "9.5 kW"),
        (text.power(999.7), "1.0 kW"),
        (text.power(None), "unknown"),
        (text.energy(5_930), "5.9 kWh"),
        (text.energy(5_930, exact=True), "5.93 kWh"),
        (text.hours(44 * 60), "0:44 h"),
        (text.minutes(202), "3:22 min"),
        (text.age(0.41), "0.4 s"),
        (text.age(240), "4 min"),
        (text.age(9 * 86400 + 4 * 3600), "9 d 4 h"),
        (text.count(9_999), "9999"),
        (text.count(12_418), "12\u2009418"),
        (text.size(12_400), "12.4 kB"),
    ],
)
def test_numbers_read_as_the_tokens_say(shown, wanted):
    assert shown == wanted


def test_why_sentences_name_the_cause():
    why = Why(WhyCode.LINE, "Garage/L1", 34.6, 35.0)
    assert sentences.why_look(why).word == "Garage L1 is full: 34.6 of 35 A"
    assert sentences.why_short(why) == "Garage L1 full"
    assert "unknown" in sentences.why_look(Why()).word.lower()


def test_notice_sentence_leaves_out_what_is_not_known():
    full = Notice(
        1, 0.0, NoticeKind.OVER_FUSE, Severity.WARN, args=(("line", "Main/L2"), ("peak_a", 74.9), ("seconds", 3.0))
    )
    bare = Notice(2, 0.0, NoticeKind.OVER_FUSE, Severity.WARN, args=(("line", "Main/L2"),))
    assert notice_look(full).word == "Main L2 was above its rating: 74.9 A for 3 s"
    assert notice_look(bare).word == "Main L2 was above its rating"
    firmware = Notice(
        3, 0.0, NoticeKind.FIRMWARE, Severity.WARN, args=(("what", "changed"), ("before", "1.8"), ("version", "1.9"))
    )
    assert notice_look(firmware, "Bay 7").word == "Bay 7 has another firmware, and not by evdesk: 1.8 to 1.9"
    for kind in NoticeKind:
        said = notice_look(Notice(3, 0.0, kind, Severity.INFO, "WB-1"), "Bay 1")
        assert said.word
        assert "{" not in said.word


def test_segmented_keeps_its_choice_and_signals_only_people(look, qtbot):
    one = Segmented([("a", "A"), ("b", "B")])
    qtbot.addWidget(one)
    one.select("b")
    heard = []
    one.changed.connect(heard.append)
    one.set_items([("a", "A"), ("b", "B, tightest"), ("c", "C")])
    assert one.current() == "b"
    assert heard == []
    one._group.button(0).click()
    assert heard == ["a"]


def test_disabled_button_says_why(look, qtbot):
    one = Button("Unlock", "lock")
    qtbot.addWidget(one)
    one.why_off("Stop the charge first.")
    assert not one.isEnabled()
    assert one.toolTip() == one.accessibleDescription() == "Stop the charge first."
    one.why_off()
    assert one.isEnabled()
    assert one.toolTip() == ""


def test_elided_label_keeps_the_whole_text(look, qtbot):
    one = ElidedLabel("a rather long line of words")
    qtbot.addWidget(one)
    one.resize(60, 20)
    one.show()
    assert one.text() == "a rather long line of words"
    assert one.toolTip() == one.text()
    one.resize(600, 20)
    assert one.toolTip() == ""


def test_figure_is_read_and_copied_as_one(look, qtbot):
    one = Figure("Site load")
    qtbot.addWidget(one)
    one.set("36.0", "kW", "of 43.5 kW")
    assert one.accessibleName() == "Site load 36.0 kW"
    assert one.copy_text() == "36.0 kW"


def test_widgets_paint_in_every_theme(look, qapp, qtbot):
    grid = KeyValue()
    grid.set("Serial", "NL22")
    tabs = Tabs([("a", "Live"), ("b", "Findings")])
    tabs.set_badge("b", "3")
    shown = [
        Banner("danger", "The engine does not answer", "Cars keep charging.", (("start", "Start it"),)),
        Chip(sentences.connector_look(ConnectorStatus.CHARGING)),
        grid,
        tabs,
        Button("Export", "export"),
    ]
    for widget in shown:
        qtbot.addWidget(widget)
        pictures = []
        for name in tokens.THEMES:
            look.apply(qapp, name)
            pictures.append(widget.grab().toImage())
        assert pictures[0] != pictures[1], type(widget).__name__


def test_the_ring_follows_what_its_field_stands_in(qapp, qtbot):
    ring = FocusRing(qapp)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 200)
    inner = QWidget(window)
    inner.setGeometry(0, 0, 280, 100)
    field = QLineEdit(inner)
    field.setGeometry(20, 20, 200, 30)
    window.show()
    window.activateWindow()
    field.setFocus()
    qtbot.waitUntil(lambda: qapp.focusWidget() is field)
    inner.move(0, 60)
    qtbot.waitUntil(lambda: ring._frame.geometry() == field.rect().translated(20, 80).adjusted(-4, -4, 4, 4))
    qapp.removeEventFilter(ring)
    qapp.focusChanged.disconnect(ring._moved)


def test_a_window_that_goes_late_leaves_no_ring_behind(qapp, qtbot):
    ring = FocusRing(qapp)
    windows = []
    for _ in range(2):
        window = QWidget()
        window.resize(300, 200)
        field = QLineEdit(window)
        field.setGeometry(20, 60, 200, 30)
        windows.append((window, field))
        window.show()
        window.activateWindow()
        field.setFocus()
        qtbot.waitUntil(lambda field=field: qapp.focusWidget() is field)
    (first, _), (second, field) = windows
    qtbot.addWidget(second)
    first.deleteLater()
    windows.clear()
    del first
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    field.move(20, 20)
    frames = [child for child in second.children() if isinstance(child, QWidget) and child is not field]
    assert len(frames) == 1
    assert frames[0].geometry() == field.geometry().adjusted(-4, -4, 4, 4)
    qapp.removeEventFilter(ring)
    qapp.focusChanged.disconnect(ring._moved)


def test_focus_ring_surrounds_what_the_keyboard_reached(look, qapp, qtbot):
    ring = FocusRing(qapp)
    one = Banner("warn", "Site meter silent", "", (("a", "Doctor"), ("b", "Later")))
    qtbot.addWidget(one)
    one.show()
    qtbot.waitExposed(one)
    one.activateWindow()
    qtbot.waitUntil(one.isActiveWindow)
    button = one.buttons["b"]
    qtbot.keyClick(one, Qt.Key.Key_Tab)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert ring._frame is not None
    assert ring._frame.isVisible()
    assert ring._frame.geometry().contains(button.geometry())
    qapp.removeEventFilter(ring)
    qapp.focusChanged.disconnect(ring._moved)


def test_copy_puts_words_on_the_clipboard(look, qapp):
    from evdesk.gui.widgets import copy

    copy("NL22-204418")
    assert QGuiApplication.clipboard().text() == "NL22-204418"


def test_a_reason_says_until_when_and_no_longer_once_that_is_over():
    at = 1000.0 + 3600.0
    clock = text.clock(at)
    waits = Why(WhyCode.WAITING, "Main/L1", 62.0, 63.0, 1000.0, "", at)
    assert sentences.why_look(waits, None, 1000.0).word == f"Waits for 6 A on Main L1; its turn by {clock}"
    assert sentences.why_look(waits, None, at).word == "Waits for 6 A on Main L1"
    assert sentences.why_look(waits, until=False).word == "Waits for 6 A on Main L1"
    assert sentences.why_short(waits, 1000.0) == f"Its turn by {clock}"
    assert sentences.why_short(waits, at) == "Waits for 6 A"
    paused = replace(waits, detail="dwell")
    assert sentences.why_look(paused, None, 1000.0).word == f"Waits for 6 A on Main L1; its pause ends at {clock}"
    assert sentences.why_look(paused, None, at).word == "Waits for 6 A on Main L1; its pause ends soon"
    ahead = replace(waits, detail="ahead")
    assert sentences.why_look(ahead, None, 1000.0).word == f"Others leave sooner; its turn by {clock}"
    assert sentences.why_look(ahead, None, at).word == "Others leave sooner or lack more"
    lower = Why(WhyCode.LINE, "Main/L1", 62.0, 63.0, 1000.0, "ahead", at)
    assert sentences.why_look(lower, None, 1000.0).word == f"Others come first on Main L1; until {clock}"
    assert sentences.why_short(lower, 1000.0) == f"Others come first, until {clock}"


def test_other_loads_are_named_only_where_they_are():
    why = Why(WhyCode.LINE, "Garage/L1", 34.6, 35.0, 1000.0)
    cars = LineLoad("Garage/L1", "Garage", "L1", 35.0, 34.6, 34.6, 0.0)
    assert sentences.why_next(why, cars) == "Rises when other cars on Garage L1 draw less."
    house = replace(cars, cars_a=20.0, other_a=14.6)
    assert sentences.why_next(why, house) == "Rises when other loads on Garage L1 draw less."
    assert sentences.why_next(why) == "Rises when other loads on Garage L1 draw less."


def test_what_is_off_looks_off_also_in_the_theme_for_sunlight(qapp, qtbot, look):
    look.apply(qapp, "contrast")
    pictures = []
    for variant in ("primary", "normal", "ghost"):
        button = Button("Apply", "check", variant)
        qtbot.addWidget(button)
        button.resize(button.sizeHint())
        on = button.grab().toImage()
        button.why_off("Nothing changed")
        assert button.grab().toImage() != on
        pictures.append(button.grab().toImage())
        assert button.toolTip() == "Nothing changed"
    normal = Button("Apply", "check", "normal")
    qtbot.addWidget(normal)
    normal.resize(normal.sizeHint())
    assert normal.grab().toImage() not in pictures, "one that is off is no normal button"
