"""The guide and the page of a job on a real engine: a simulated charger is updated over real sockets, first to last."""

import asyncio
import hashlib

import pytest
from PySide6.QtWidgets import QApplication

from evdesk.firmware.manifest import to_json
from evdesk.gui import launch
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.job import JobPage
from evdesk.gui.pages.update import UpdatePage
from evdesk.gui.pages.update_steps import GuideStep
from evdesk.gui.theme import current
from evdesk.model.firmware import Manifest
from evdesk.model.jobs import Result
from evdesk.simulator.image import make_image
from tests.forked import Forked
from tests.gui.test_update_page import choose, look, press_next


@pytest.fixture
def desk(tmp_path, qloop, qtbot):
    """An engine with one simulated charger without a car, and a desk on it."""
    command = ["engine", "--data", str(tmp_path / "data"), "--ocpp", "127.0.0.1:0", "--accept-unknown"]
    engine = Forked(command, err=False)
    assert engine.stdout.readline().startswith("ready ")
    client = Client(launch.LocalEngine(tmp_path / "data", may_start=False).locate, "Kim")
    mirror = Mirror(client)
    client.start()
    qtbot.waitUntil(lambda: mirror.connected, timeout=10_000)
    dials = ["simulate", mirror.info.ocpp_url, "--prefix", "REAL", "--maker", "Nordlade", "--no-cars", "--speed", "30"]
    charger = Forked(dials, out=False, err=False)
    yield client, mirror
    closing = asyncio.ensure_future(client.close())
    qtbot.waitUntil(closing.done, timeout=5000)
    for process in (charger, engine):
        process.kill()
        process.communicate()


def test_a_charger_is_updated_from_the_first_step_to_its_report(desk, qtbot, tmp_path):
    client, mirror = desk
    look(QApplication.instance())
    page = UpdatePage(mirror, client, current())
    job = JobPage(mirror, client, current())
    for one in (page, job):
        qtbot.addWidget(one)
        one.resize(1112, 748)
    page.navigate.connect(lambda name, argument: job.go(argument) if name == "job" else None)
    page.show()
    page.on_shown()
    qtbot.waitUntil(lambda: any(one.version for _, one in page.feed.places.values()), timeout=20_000)
    data = make_image("Nordlade", "N22", "2.4.1", 200_000)
    manifest = Manifest("Nordlade", ("N22",), (), "2.4.1", len(data), hashlib.sha256(data).hexdigest(), minutes=4.0)
    (tmp_path / "new.bin").write_bytes(data)
    (tmp_path / "new.bin.json").write_text(to_json(manifest))
    page.image.deeds.add_paths([tmp_path / "new.bin"])
    qtbot.waitUntil(lambda: bool(page.feed.images), timeout=10_000)

    page.chargers.model.toggle(0)
    press_next(page)
    qtbot.waitUntil(lambda: bool(page.image.model.rows) and page.image.model.rows[0].known, timeout=10_000)
    choose(page, page.feed.images[0].id)
    press_next(page)
    qtbot.waitUntil(lambda: bool(page.feed.preflight), timeout=20_000)
    page.preflight.override.field.setText("A simulated charger, and its file is not signed")
    press_next(page)
    assert page.number == GuideStep.CONFIRM
    serial = page.feed.preflight[0].serial
    assert page.foot.next.text() == f"Update {serial} from 2.4.0 to 2.4.1"
    page.confirm.when.install._group.button(1).click()
    qtbot.waitUntil(lambda: not page.preflight.stale(), timeout=20_000)
    assert page.confirm.model.rows[0].state.word == "Installs at once", "1.6, and the file is not signed"
    assert "installed" in page.foot.next.text()
    page.confirm.when.install._group.button(0).click()
    qtbot.waitUntil(lambda: not page.preflight.stale(), timeout=20_000)
    press_next(page)
    job.show()
    job.on_shown()
    qtbot.waitUntil(lambda: job.feed.job is not None and job.feed.job.over, timeout=60_000)
    qtbot.waitUntil(lambda: job.head.steps.current() is GuideStep.REPORT, timeout=5000)
    (one,) = job.report.model.rows
    assert (one.outcome, one.from_version, one.reported) == (Result.SUCCEEDED, "2.4.0", "2.4.1")
    assert one.transfer.bytes == len(data)
    job.head.steps.steps[GuideStep.PROGRESS].click()
    lines = job.progress.both.lines
    qtbot.waitUntil(lambda: any(line.side == "fetched" for line in lines.lines), timeout=5000)
    assert {line.side for line in lines.lines} == {"evdesk", "charger", "fetched"}
    page.on_hidden()
    job.on_hidden()
