"""A person raises a charger's security profile in the desk: real engine, a simulated charger over real sockets."""

import asyncio

import pytest

from evdesk.gui import launch
from evdesk.gui.client import Client
from evdesk.gui.dialogs.security import SecuritySheet
from evdesk.gui.dialogs.security_password import OnceSheet, PasswordSheet
from evdesk.gui.dialogs.security_raise import RaiseSheet
from evdesk.gui.mirror import Mirror
from evdesk.gui.theme import current
from evdesk.model import ChargerState
from tests.forked import Forked
from tests.gui.test_security_sheets import answer, open_sheet

CHARGER = "REAL-001"


@pytest.fixture
def desk(tmp_path, qloop, qtbot, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    data = tmp_path / "data"
    command = ["engine", "--data", str(data), "--ocpp", "127.0.0.1:0", "--accept-unknown"]
    engine = Forked(command, err=False)
    assert engine.stdout.readline().startswith("ready ")
    client = Client(launch.LocalEngine(data, may_start=False).locate, "Kim")
    mirror = Mirror(client)
    client.start()
    qtbot.waitUntil(lambda: mirror.connected, timeout=10_000)
    dials = ["simulate", mirror.info.ocpp_url, "--no-cars", "--prefix", "REAL"]
    charger = Forked(dials, out=False, err=False)
    yield client, mirror
    charger.terminate()
    charger.wait(10)
    closing = asyncio.ensure_future(client.close())
    qtbot.waitUntil(closing.done, timeout=5000)
    engine.kill()
    engine.communicate()


def test_from_nothing_to_a_password_step_by_step(desk, qtbot):
    client, mirror = desk
    online = ChargerState.ONLINE
    qtbot.waitUntil(lambda: CHARGER in mirror.chargers and mirror.chargers[CHARGER].state is online, timeout=20_000)
    qtbot.waitUntil(lambda: bool(mirror.chargers[CHARGER].model), timeout=20_000)
    sheet = SecuritySheet(CHARGER, mirror, client, current(), None)
    qtbot.addWidget(sheet)
    sheet.show()
    qtbot.waitUntil(lambda: sheet.state is not None and sheet.state.profile == 0, timeout=10_000)

    sheet.set_button.click()
    qtbot.waitUntil(lambda: open_sheet(PasswordSheet) is not None)
    asked = open_sheet(PasswordSheet)
    asked.send.setChecked(True)
    asked.set.click()
    qtbot.waitUntil(lambda: open_sheet(OnceSheet) is not None, timeout=15_000)
    assert len(open_sheet(OnceSheet).password.text()) >= 16
    answer(qtbot, "I have it")
    qtbot.waitUntil(lambda: "not been seen" in sheet.password.text(), timeout=10_000)

    sheet.raise_button.click()
    qtbot.waitUntil(lambda: open_sheet(RaiseSheet) is not None)
    steps = open_sheet(RaiseSheet)
    qtbot.waitUntil(lambda: steps.state.state == "checked", timeout=10_000)
    steps.sure.setChecked(True)
    steps.go.click()
    qtbot.waitUntil(lambda: steps.state.state == "done", timeout=30_000)
    steps.done(0)
    qtbot.waitUntil(lambda: sheet.state.profile == 1, timeout=10_000)
    assert sheet.state.min_profile == 1
    assert "as bytes" in sheet.password.text()
