"""Both pages on a real engine with a simulated charger behind it: limit, setting with read-back, stop; then the log."""

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from evdesk.gui import launch
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.activity import ActivityPage
from evdesk.gui.pages.activity_model import ANSWER, WHAT
from evdesk.gui.pages.balancing import BalancingPage
from evdesk.gui.pages.chargers import ChargersPage
from evdesk.gui.pages.chargers_settings_model import VALUE
from evdesk.gui.theme import current
from evdesk.gui.widgets import Button
from tests.forked import Forked

CHARGER = "REAL-001"


@pytest.fixture
def site(tmp_path):
    """An engine that takes everybody, and one charger with a car; the engine's data folder."""
    data = tmp_path / "data"
    command = ["engine", "--data", str(data), "--ocpp", "127.0.0.1:0", "--accept-unknown"]
    engine = Forked(command, err=False)
    assert engine.stdout.readline().startswith("ready ")
    yield data
    engine.kill()
    engine.communicate()


@pytest.fixture
def desk(site, qloop, qtbot):
    client = Client(launch.LocalEngine(site, may_start=False).locate, "Kim")
    mirror = Mirror(client)
    client.start()
    qtbot.waitUntil(lambda: mirror.connected, timeout=10_000)
    dials = ["simulate", mirror.info.ocpp_url, "--prefix", "REAL", "--seed", "1", "--speed", "4", "--sample", "4"]
    charger = Forked(dials, out=False, err=False)
    yield client, mirror
    charger.terminate()
    charger.wait(10)
    closing = asyncio.ensure_future(client.close())
    qtbot.waitUntil(closing.done, timeout=5000)


def connector(mirror):
    return mirror.chargers[CHARGER].connectors[0]


def test_a_person_limits_writes_and_stops_and_all_of_it_stands_in_the_log(desk, qtbot):
    client, mirror = desk
    page = ChargersPage(mirror, client, current())
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: page.place() == f"{CHARGER}/1", timeout=20_000)
    qtbot.waitUntil(lambda: page.detail.bar.main.text() == "Stop", timeout=30_000)
    bar = page.detail.bar
    qtbot.waitUntil(lambda: (connector(mirror).limit_a or 0.0) > 8.0, timeout=20_000)

    bar._limits.aboutToShow.emit()
    next(action for action in bar._limits.actions() if action.text() == "8 A").trigger()
    qtbot.waitUntil(lambda: "read back 8 A" in bar.report.words.text(), timeout=10_000)
    qtbot.waitUntil(lambda: connector(mirror).limit_a == 8.0, timeout=20_000)
    qtbot.waitUntil(lambda: page.detail.live.limit.value() == "8 A", timeout=5000)

    page.detail.show_tab("settings")
    tab = page.detail.settings
    qtbot.waitUntil(lambda: tab.model.row_of("HeartbeatInterval") >= 0, timeout=20_000)
    index = tab.model.index(tab.model.row_of("HeartbeatInterval"), VALUE)
    tab.model.setData(index, "77")
    tab.review()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None, timeout=5000)
    QApplication.activeModalWidget().findChildren(Button)[-1].click()
    qtbot.waitUntil(lambda: tab.model.line(index.row()).words == "read back", timeout=10_000)
    assert tab.model.line(index.row()).setting.value == "77"

    bar.main.click()
    qtbot.waitUntil(lambda: bar.report.words.text().startswith("Stop: accepted in"), timeout=15_000)
    qtbot.waitUntil(lambda: connector(mirror).session_id is None, timeout=20_000)
    page.on_hidden()

    log = ActivityPage(mirror, client, current())
    qtbot.addWidget(log)
    log.resize(1280, 760)
    log.show()
    log.on_shown()
    qtbot.waitUntil(lambda: log.chain.verdict is not None and log.model.entry_count() > 3, timeout=15_000)
    assert log.chain.verdict.holds
    model = log.model
    rows = [
        r for r in range(model.rowCount()) if model.entry_at(r) is not None and model.entry_at(r).first.via == "desk"
    ]
    told = {model.index(r, WHAT).data(): model.index(r, ANSWER).data() for r in rows}
    assert told["Limit 8 A"] == "Stored"
    assert told["Setting HeartbeatInterval"] == "Accepted, read back"
    assert told["Stop charge"].startswith("Accepted, ")
    assert {model.entry_at(r).first.who for r in rows} == {"Kim"}
    log.on_hidden()


def test_the_site_is_edited_shared_and_written_to_a_file_on_a_real_engine(desk, qtbot, tmp_path):
    client, mirror = desk
    page = BalancingPage(mirror, client, current())
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: page.scene.outlet(f"bay/{CHARGER}/1") is not None, timeout=30_000)
    lanes = page.decisions.lanes
    qtbot.waitUntil(lambda: any(lane.spans for lane in lanes.lanes()), timeout=30_000)
    qtbot.waitUntil(lambda: CHARGER in page.silent.views, timeout=30_000)

    row = page.sharing.rows["dwell_s"]
    row.edit()
    row.field.setValue(7)
    qtbot.keyClick(row.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: mirror.site.balance.dwell_s == 420.0, timeout=10_000)

    page.editing.begin()
    page.choose("circuit/Main")
    rating = page.editing.panel.circuit.fields["rating_a"]
    rating.spins[0].setValue(0)
    qtbot.waitUntil(lambda: "0 A" in rating.problem.text(), timeout=10_000)
    assert not page.editing.bar.apply.isEnabled()
    rating.spins[0].setValue(40)
    qtbot.waitUntil(page.editing.bar.apply.isEnabled, timeout=10_000)
    page.editing.bar.apply.click()
    qtbot.waitUntil(lambda: mirror.site.circuits[0].rating_a == (40.0, 40.0, 40.0), timeout=10_000)
    qtbot.waitUntil(lambda: not page.editing.active, timeout=10_000)
    assert mirror.site.balance.dwell_s == 420.0
    assert page.scene.feed("Main").rating == "3 × 40 A"

    file = tmp_path / "site.toml"
    client.spawn(page.editing.write(file))
    qtbot.waitUntil(file.exists, timeout=10_000)
    file.write_text(file.read_text().replace("40.0", "35.0"))
    client.spawn(page.editing.read(file))
    qtbot.waitUntil(lambda: page.editing.active and page.scene.feed("Main").rating == "3 × 35 A", timeout=10_000)
    assert mirror.site.circuits[0].rating_a == (40.0, 40.0, 40.0)
    page.on_hidden()
