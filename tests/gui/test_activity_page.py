"""The Activity page: words for every deed, pages while scrolling, live rows that do not disturb, the chain's verdict."""

import csv
import json
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from evdesk.gui.client import LinkState
from evdesk.gui.pages.activity import ActivityPage
from evdesk.gui.pages.activity_export import csv_fields, json_line
from evdesk.gui.pages.activity_list import heading
from evdesk.gui.pages.activity_model import ANSWER, HEADING_ROLE, ON, WHAT, WHO
from evdesk.gui.pages.activity_parts import moments
from evdesk.gui.pages.activity_words import SECRET, Entry, answer_words, before_after, clean, entry_of, took, what_words
from evdesk.gui.pages.activity_words import WHAT as WORDS
from evdesk.gui.text import clock_s
from evdesk.gui.theme import current
from evdesk.model import AuditRow, ChainVerdict, EvdeskError, Reason
from evdesk.wire import METHODS
from evdesk.wire.methods import AuditPage, Done
from tests.gui import sample
from tests.gui.activity_sample import FIRST, AuditEngine, chain


@pytest.fixture
def log(client):
    one = AuditEngine(chain(3))
    one.install(client)
    return one


@pytest.fixture
def page(qtbot, mirror, client, log):
    current().apply(QApplication.instance(), "light")
    one = ActivityPage(mirror, client, current())
    qtbot.addWidget(one)
    tester = QAbstractItemModelTester(one.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    one.resize(1280, 760)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: one.model.entry_count() > 0 and one.chain.verdict is not None)
    yield one
    one.on_hidden()
    del tester


def column(page, number):
    rows = range(page.model.rowCount())
    return [page.model.index(r, number).data() for r in rows if page.model.entry_at(r) is not None]


def key_of_what(log, what):
    return next(row.id for row in log.rows if row.what == what and row.kind != "answered")


# -- words ------------------------------------------------------------------------------------------------------------


def row(what, args=None, kind="asked", **more):
    return AuditRow(7, sample.NOW, kind, "Technician", "desk", "127.0.0.1", what, "WB-02", args or {}, **more)


def test_every_method_that_leaves_rows_has_words():
    assert {name for name, method in METHODS.items() if method.changes} <= set(WORDS)


@pytest.mark.parametrize(
    ("what", "args", "says"),
    [
        ("charger.set_limit", {"limit_a": 10.0}, "Limit 10 A"),
        ("charger.set_limit", {"limit_a": None}, "Take the limit away"),
        ("charger.set_limit", {"limit_a": 0.0}, "Pause the charge"),
        ("balance.limit", {"limit_a": 10.0, "before_a": 9.0}, "Limit 9 to 10 A"),
        ("balance.limit", {"limit_a": 8.5, "before_a": 8.5}, "Limit 8.5 A again"),
        ("balance.refresh", {"limit_a": 8.0}, "Limit 8 A again"),
        ("failsafe.install", {"max_a": 16.0, "safe_a": 6.0}, "Safe default 6 A"),
        ("charger.write_setting", {"name": "HeartbeatInterval", "value": "60"}, "Setting HeartbeatInterval"),
        ("charger.start", {"id_tag": "04A37B9F21"}, "Start charge, tag …9F21"),
        ("charger.reset", {"kind": "hard"}, "Hard reset"),
        ("charger.raw", {"action": "GetLocalListVersion"}, "Message GetLocalListVersion"),
        ("charger.accept", {"label": "Bay 9"}, "Accept charger as Bay 9"),
        ("site.put", {"circuits": {"Main": [63.0, 63.0, 63.0], "Yard": [32.0] * 3}}, "Site: Main 63 A, Yard 32 A"),
        ("site.put", {"circuits": "?"}, "Site saved"),
        ("balance.configure", {"enabled": False}, "Balancing off"),
        ("firmware.add", {"file": "n22.bin"}, "Firmware file added: n22.bin"),
        ("firmware.policy", {"model": "N22", "kind": "keep_at", "version": "2.4.1"}, "Keep N22 at firmware 2.4.1"),
        (
            "firmware.block",
            {"model": "N22", "version": "2.3.9", "blocked": False},
            "Firmware 2.3.9 of N22 allowed again",
        ),
        ("firmware.start", {"charger_ids": ["A", "B"]}, "Update the firmware of 2 chargers"),
        ("job.skip", {"job_id": 7, "charger_id": "A"}, "A left out of job 7"),
        ("log.fetch", {"kind": "security"}, "Security log fetched"),
        ("weather.ask_for", {}, "Weather: ask for"),
        ("odd", {}, "odd"),
    ],
)
def test_deeds_in_words(what, args, says):
    assert what_words(entry_of(row(what, args))) == says


def test_a_person_s_limit_names_what_it_was():
    entry = entry_of(row("charger.set_limit", {"limit_a": 12.0})).joined(
        row("charger.set_limit", {"limit_a": 12.0}, "answered", outcome="stored", ref=7,
            detail={"before": "10 A", "after": "12 A"})
    )  # fmt: skip
    assert what_words(entry) == "Limit 10 to 12 A"
    assert before_after(entry) == ("10 A", "12 A")


@pytest.mark.parametrize(
    ("outcome", "detail", "role", "says"),
    [
        ("accepted", {"status": "Accepted", "ms": 182.4}, "ok", "Accepted, 182 ms"),
        ("accepted", {"status": "RebootRequired", "ms": 40.0}, "ok", "RebootRequired, 40 ms"),
        ("accepted", {"status": "Accepted", "ms": 5.0, "before": "60", "after": "10"}, "ok", "Accepted, read back"),
        ("refused", {"status": "Rejected"}, "warn", "Refused: Rejected"),
        ("timeout", {"ms": 30_000.0}, "danger", "No answer, 30 s"),
        ("unreachable", {}, "danger", "Not reachable"),
        ("stored", {}, "ok", "Stored"),
        ("something new", {}, "warn", "something new"),
    ],
)
def test_answers_in_words(outcome, detail, role, says):
    entry = Entry(7).joined(row("charger.unlock", kind="answered", outcome=outcome, detail=detail, ref=7))
    answer = answer_words(entry, sample.NOW)
    assert (answer.role, answer.text) == (role, says)


def test_an_answer_that_never_came_is_said():
    entry = entry_of(row("charger.unlock"))
    assert answer_words(entry, sample.NOW + 5).text == "Waiting"
    assert answer_words(entry, sample.NOW + 3600).text == "No answer written"


def test_times_taken():
    assert [took(ms) for ms in (96.2, 1234, 30_000, None, True)] == ["96 ms", "1.2 s", "30 s", "", ""]


def test_secrets_are_never_shown():
    args = {"name": "AuthorizationKey", "value": "hunter2hunter2", "list": [{"key": "pass", "value": "x"}]}
    assert clean(args)["value"] == SECRET
    nested = clean(
        {"payload": {"key": "AuthorizationKey", "value": "hunter2"}, "password": "p", "id_tag": "04A37B9F21"}
    )
    assert "hunter2" not in str(nested)
    assert nested["password"] == SECRET
    assert nested["id_tag"] == "…9F21"
    entry = entry_of(row("charger.write_setting", args)).joined(
        row(
            "charger.write_setting",
            args,
            "answered",
            outcome="accepted",
            detail={"before": "old-one", "after": "hunter2"},
        )
    )
    said = (
        str(moments(entry, sample.NOW)) + str(before_after(entry)) + json_line(entry.asked) + json_line(entry.answered)
    )
    assert "hunter2" not in said
    assert "old-one" not in said


# -- list -------------------------------------------------------------------------------------------------------------


def test_asked_and_answered_are_one_row_under_their_day(page):
    assert column(page, WHAT)[:4] == ["Limit 9 to 10 A", "Limit 12 to 14 A", "Limit 8 A again", "Soft reset"]
    assert column(page, ANSWER)[:4] == ["Accepted, 182 ms", "Accepted, 96 ms", "No answer, 30 s", "Refused: Rejected"]
    assert column(page, ON)[:4] == ["Bay 8", "Bay 1", "Bay 7", "Bay 4"]
    assert column(page, WHO)[3] == "Technician desk"
    headings = [page.model.index(r, 0).data(HEADING_ROLE) for r in range(page.model.rowCount())]
    assert [h for h in headings if h] == ["Today, Tue 24 Nov", "Yesterday, Mon 23 Nov"]


def test_routine_is_hidden_unless_it_failed(page, qtbot):
    hidden = column(page, ANSWER)
    assert "Limit 12 A again" not in column(page, WHAT)
    assert "No answer, 30 s" in hidden
    page.list.routine.setChecked(True)
    qtbot.waitUntil(lambda: "Limit 12 A again" in column(page, WHAT))


@pytest.mark.parametrize(
    ("key", "who"), [("people", {"Technician", "Owner"}), ("engine", {"Engine"}), ("api", {"API script"})]
)
def test_segments_show_who(page, qtbot, key, who):
    page.list.segments.select(key)
    page.list.segments.changed.emit(key)
    qtbot.waitUntil(lambda: bool(column(page, WHO)) and {w.rsplit(" ", 1)[0] for w in column(page, WHO)} == who)


def test_what_went_wrong_can_be_asked_for(page, qtbot):
    page.list.answer.setCurrentIndex(page.list.answer.findData("failed"))
    qtbot.waitUntil(lambda: column(page, ANSWER) == ["No answer, 30 s", "Refused: Rejected"])


def test_a_bay_s_name_finds_what_was_done_there(page, qtbot, client):
    page.go("WB-08")
    assert page.list.search.text() == "Bay 8"
    qtbot.waitUntil(lambda: set(column(page, ON)) == {"Bay 8"})
    assert any(asked.target == "WB-08" and not asked.search for asked in client.asked("audit.list"))


def test_older_rows_come_while_one_scrolls(qtbot, mirror, client):
    log = AuditEngine(chain(500))
    log.install(client)
    page = ActivityPage(mirror, client, current())
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: page.model.entry_count() > 0)
    first = page.model.entry_count()
    assert first < 200
    assert page.list.count.text().endswith("+")
    page.table.scrollToBottom()
    qtbot.waitUntil(lambda: page.model.entry_count() > first)
    while page.model.canFetchMore(page.table.rootIndex()):
        count = page.model.entry_count()
        page.model.fetchMore(page.table.rootIndex())
        qtbot.waitUntil(lambda count=count: page.model.entry_count() > count)
    assert page.model.entry_count() == 500 + 11  # one routine row stays hidden
    assert len(set(column(page, 0))) > 400
    assert page.list.count.text() == "511 entries"
    page.on_hidden()


def live(number, kind="asked", ref=None, outcome="", what="charger.unlock", at=0.0, **detail):
    return AuditRow(number, sample.NOW + at, kind, "Technician", "desk", "", what, "WB-05", {"connector_id": 1}, outcome,
                    detail, ref)  # fmt: skip


def test_a_new_row_appears_at_the_top_and_its_answer_joins_it(page, mirror):
    mirror.apply("audit", live(20_000))
    assert column(page, WHAT)[0] == "Unlock connector 1"
    assert column(page, ANSWER)[0] == "Waiting"
    count = page.model.rowCount()
    mirror.apply("audit", live(20_001, "answered", 20_000, "accepted", ms=31.0))
    assert column(page, ANSWER)[0] == "Accepted, 31 ms"
    assert page.model.rowCount() == count


def test_a_routine_that_fails_appears_after_all(page, mirror):
    count = page.model.rowCount()
    mirror.apply("audit", live(20_000, what="balance.refresh"))
    assert page.model.rowCount() == count
    mirror.apply("audit", live(20_001, "answered", 20_000, "timeout", what="balance.refresh", ms=30_000.0))
    assert column(page, ANSWER)[0] == "No answer, 30 s"


def test_new_rows_wait_while_one_reads_further_down(page, mirror, qtbot):
    page.resize(1280, 420)
    qtbot.waitUntil(lambda: page.table.verticalScrollBar().maximum() > 60)
    page.table.verticalScrollBar().setValue(60)
    top = page.table.rowAt(5)
    seen = page.model.index(top, WHAT).data()
    for number in (20_000, 20_002, 20_004):
        mirror.apply("audit", live(number, at=1.0))
        mirror.apply("audit", live(number + 1, "answered", number, "accepted", at=2.0, ms=9.0))
    assert page.list.fresh.isVisible()
    assert page.list.fresh.text() == "3 new"
    assert page.table.verticalScrollBar().value() == 60
    assert page.model.index(page.table.rowAt(5), WHAT).data() == seen
    page.list.fresh.click()
    assert column(page, WHAT)[:3] == ["Unlock connector 1"] * 3
    assert column(page, ANSWER)[:3] == ["Accepted, 9 ms"] * 3
    assert not page.list.fresh.isVisible()
    assert page.table.at_top()


def test_a_live_row_the_filter_does_not_want_stays_out(page, mirror, qtbot):
    page.list.segments.select("engine")
    page.list.segments.changed.emit("engine")
    qtbot.waitUntil(lambda: "Technician desk" not in column(page, WHO) and page.model.entry_count() > 0)
    count = page.model.rowCount()
    mirror.apply("audit", live(20_000))
    assert page.model.rowCount() == count


def test_nothing_fits_says_so_and_leads_back(page, qtbot):
    page.list.search.setText("no such thing")
    qtbot.waitUntil(page.list.empty.isVisible)
    assert page.list.empty.title.text() == "Nothing fits"
    page.list.empty.button.click()
    qtbot.waitUntil(lambda: page.model.entry_count() == 15)


# -- pane -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(page, log, qtbot):
    key = key_of_what(log, "charger.write_setting")
    page.go(str(key))
    qtbot.waitUntil(lambda: len(page.detail.links._lines) == 3)
    return page.detail


def test_the_four_moments_and_before_and_after(written):
    shown = [(m.title, m.when, m.told) for m in written.moments.shown]
    assert shown[0][:2] == ("Asked", "17:52:41.108")
    assert shown[0][2].startswith("Technician, desk")
    assert shown[1:] == [
        ("Written down", "", "before the command left"),
        ("Charger answered", "+148 ms", "Accepted"),
        ("Read back", "", "10, as asked"),
    ]
    assert written.values.values() == ("60", "10")


def test_the_row_stands_between_its_neighbours(written, log):
    key = written.entry().key
    assert [row.id for row, _, _ in written.links._lines] == [key - 1, key, key + 1]
    assert [words for _, words, _ in written.links._lines][1:] == ["This row", "Its answer"]
    assert written.links.all_fit()


def test_a_link_that_does_not_fit_is_shown(page, log, qtbot):
    key = key_of_what(log, "charger.write_setting")
    place = next(i for i, r in enumerate(log.rows) if r.id == key - 1)
    log.rows[place] = replace(log.rows[place], hash="f" * 64)
    page.go(str(key))
    qtbot.waitUntil(lambda: len(page.detail.links._lines) == 3)
    assert not page.detail.links.all_fit()
    assert "does not fit" in page.detail.links.accessibleName()


def test_a_setting_is_set_back_once(written, client, qtbot):
    client.answers["charger.write_setting"] = Done(status="Accepted", ms=7.0, before="10", after="60")
    assert written.set_back.text() == "Set back to 60"
    written.set_back.click()
    qtbot.waitUntil(lambda: bool(client.asked("charger.write_setting")))
    sent = client.asked("charger.write_setting")
    assert [(s.charger_id, s.name, s.value) for s in sent] == [("WB-08", "MeterValueSampleInterval", "60")]
    qtbot.waitUntil(lambda: "read back 60" in written.report.words.text())


def test_a_row_is_copied_with_its_hashes(written, qtbot):
    written.copy_button.click()
    lines = QGuiApplication.clipboard().text().split("\n")
    assert lines[0] == "Setting MeterValueSampleInterval"
    assert json.loads(lines[-1])["ref"] == json.loads(lines[-2])["id"] == written.entry().key


def test_the_charger_is_one_click_away(written, page, qtbot):
    with qtbot.waitSignal(page.navigate) as asked:
        written.charger.click()
    assert asked.args == ["chargers", "WB-08"]


def test_an_answer_alone_finds_its_question_for_the_pane(page, log, qtbot):
    page.list.answer.setCurrentIndex(page.list.answer.findData("failed"))
    qtbot.waitUntil(lambda: page.model.entry_count() == 2)
    assert page.model.entry_at(1).asked is None
    page.table.selectRow(1)
    qtbot.waitUntil(lambda: page.detail.entry().asked is not None)


# -- chain and export -------------------------------------------------------------------------------------------------


def test_the_chain_card_says_that_it_holds(page, log):
    assert page.chain.title.text() == "Chain verified"
    assert page.chain.told.text() == f"{len(log.rows)} rows since Mon 23 Nov, checked 18:42; 9 signed checkpoints agree"
    assert page.detail.checked == "holds, checked 18:42"


def test_a_broken_chain_is_danger_and_leads_to_the_row(page, log, qtbot):
    key = key_of_what(log, "charger.reset")
    log.verdict = ChainVerdict(False, 40, 9, log.rows[0].at, "", key, f"Row {key} was changed after it was written.")
    page.chain.again.click()
    qtbot.waitUntil(lambda: "broken" in page.chain.title.text())
    assert f"{key:,}".replace(",", "\u2009") in page.chain.title.text()
    assert "was changed" in page.chain.told.text()
    assert page.chain._edge == "danger"
    page.chain.show_row.click()
    assert page.detail.entry().key == key


def test_a_chain_that_cannot_be_checked_is_not_said_to_hold(page, client, qtbot):
    page.chain.verdict = None
    client.answers["audit.verify"] = EvdeskError(Reason.STORAGE, "The disk cannot be read.")
    with qtbot.waitSignal(client.failed):
        page.chain.verify()
    assert page.chain.title.text() == "Not checked yet"


def export(page, path, qtbot):
    page.chain.export_to(path)
    qtbot.waitUntil(lambda: path.exists() or "Not exported" in page.chain.told.text())


def test_the_whole_log_is_exported_as_json_lines(page, log, qtbot, tmp_path):
    export(page, tmp_path / "log.jsonl", qtbot)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [r["id"] for r in rows] == [r.id for r in reversed(log.rows)]
    assert rows[0]["hash"] == log.rows[-1].hash
    assert not list(tmp_path.glob("*.part"))


def test_the_whole_log_is_exported_as_csv(page, log, qtbot, tmp_path):
    export(page, tmp_path / "log.csv", qtbot)
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(log.rows)
    assert rows[-1]["id"] == str(FIRST)
    assert rows[0]["outcome"] == "accepted"


def test_a_field_is_never_a_formula():
    assert csv_fields(replace(row("charger.start"), who="=cmd|x"))[3] == "'=cmd|x"


def test_a_folder_that_cannot_be_written_is_said(page, qtbot, tmp_path):
    export(page, tmp_path / "no" / "log.csv", qtbot)
    assert "cannot be written" in page.chain.told.text()


def test_the_file_is_asked_for_without_blocking(page, qtbot, tmp_path):
    dialog = page.chain.ask_file("csv")
    qtbot.waitUntil(dialog.isVisible)
    dialog.fileSelected.emit(str(tmp_path / "a.csv"))
    qtbot.waitUntil((tmp_path / "a.csv").exists)
    dialog.reject()


def test_a_lost_engine_switches_deeds_off_and_comes_back_fresh(page, client, log, qtbot):
    client.go(LinkState.LOST, "The engine does not answer.")
    assert not page.chain.again.isEnabled()
    assert page.model.entry_count() == 14  # the page stays readable
    log.rows = chain(2)
    client.go(LinkState.RUNNING)
    page.mirror.take_snapshot(sample.snapshot())
    qtbot.waitUntil(lambda: page.model.entry_count() == 13)


def test_headings_and_narrow_windows(page, qtbot):
    assert heading(sample.NOW, sample.NOW + 3 * 86_400) == "Tue 24 Nov"
    page.resize(1000, 640)
    assert not page.detail.isVisible()
    page.table.setCurrentIndex(page.model.index(2, 0))
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert page.detail.isVisible()
    page.detail.back_button.click()
    assert page.list.isVisible()


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_every_theme_paints_without_a_complaint(page, written, theme):
    current().apply(QApplication.instance(), theme)
    assert not page.grab().isNull()
    current().apply(QApplication.instance(), "light")


def test_the_engine_s_page_is_what_the_wire_says():
    assert AuditPage(limit=5).before_id is None
    assert clock_s(sample.NOW) == "18:42:00"
