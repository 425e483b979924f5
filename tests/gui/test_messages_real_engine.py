"""The Messages page on a real engine: a simulated charger and one that breaks rules; console, export, sheet."""

import asyncio
import json

import pytest
import websockets

from evdesk.gui.desk import Desk
from evdesk.gui.dialogs.console import ConsoleSheet
from evdesk.gui.dialogs.console_words import Ready
from evdesk.gui.dialogs.message_deeds import export_to, sheet_to
from evdesk.gui.pages.messages import MessagesPage
from evdesk.gui.settings import DeskSettings
from evdesk.gui.theme import current
from evdesk.model import ChargerState
from evdesk.wire.messages import MessageFilter
from evdesk.wire.methods import AuditPage
from tests.gui.test_messages_export import Page
from tests.gui.test_pages_real_engine import desk, site  # noqa: F401  (fixtures)

SECRET = "9f3cc0ffee11aa22bb33"


async def talk(url, go_on):
    """A charger that boots, breaks a rule, tells a secret, and never answers."""
    async with websockets.connect(f"{url}BAD-1", subprotocols=["ocpp1.6"]) as link:

        async def tell(action, payload, ident):
            await link.send(json.dumps([2, ident, action, payload]))
            while json.loads(await link.recv())[1] != ident:
                pass

        await tell("BootNotification", {"chargePointVendor": "Nordlade", "chargePointModel": "Duo 2"}, "b1")
        await tell("StatusNotification", {"connectorId": 1, "errorCode": "Error", "status": "Available"}, "s1")
        await tell(
            "DataTransfer", {"vendorId": "nordlade", "data": f"password={SECRET} AuthorizationKey: {SECRET}"}, "d1"
        )
        await go_on.wait()


@pytest.fixture
def bad(desk, qtbot):  # noqa: F811
    _, mirror = desk
    gate = asyncio.Event()
    talking = asyncio.ensure_future(talk(mirror.info.ocpp_url, gate))
    qtbot.waitUntil(lambda: "BAD-1" in mirror.chargers and mirror.chargers["BAD-1"].findings > 0, timeout=15_000)
    yield "BAD-1"
    gate.set()
    qtbot.waitUntil(talking.done, timeout=5000)


@pytest.fixture
def page(desk, bad, qtbot):  # noqa: F811
    client, mirror = desk
    one = MessagesPage(mirror, client, current())
    qtbot.addWidget(one)
    one.resize(1112, 748)
    one.show()
    one.on_shown()
    qtbot.waitUntil(lambda: one.list.model.rowCount() > 5, timeout=15_000)
    yield one
    one.on_hidden()


def test_a_breach_is_found_and_explained(page, qtbot, bad):
    page.go(f"charger:{bad} verdict:breach")

    def shown():  # another of its messages may have been on show before
        whole = page.detail.whole
        return whole is not None and (whole.row.charger_id, whole.row.action) == (bad, "StatusNotification")

    qtbot.waitUntil(shown)
    call = page.detail.frames[0]
    line = next(number for number, told in call.view.marked().items() if "errorCode" in told[0])
    assert call.view.toPlainText().splitlines()[line] == "  errorCode: Error,"
    assert page.detail.frames[1].chip.look().word == "Valid"
    assert page.detail.finding.isEnabled()
    qtbot.waitUntil(lambda: page.list.count.text() == "1 message", timeout=5000)


def test_new_messages_come_by_themselves(page, qtbot):
    newest = page.list.model.newest_id()
    qtbot.waitUntil(lambda: page.list.model.newest_id() > newest, timeout=15_000)
    assert page.list.table.at_top()


def test_the_console_sends_and_the_log_knows(page, desk, qtbot, tmp_path):  # noqa: F811
    client, mirror = desk
    qtbot.waitUntil(lambda: mirror.chargers["REAL-001"].state is ChargerState.ONLINE, timeout=15_000)
    settings = DeskSettings(tmp_path / "desk.ini")
    sheet = ConsoleSheet(mirror, client, settings, current(), "REAL-001", page)
    sheet.show()
    opened = asyncio.ensure_future(
        sheet.open_message(Ready("", "GetConfiguration", {"key": ["HeartbeatInterval"]}), False)
    )
    qtbot.waitUntil(lambda: opened.done() and sheet.why_off() == "", timeout=10_000)
    sheet.send.click()
    qtbot.waitUntil(lambda: "was answered in" in sheet.answer_told.text(), timeout=20_000)
    assert "HeartbeatInterval" in sheet.answer.toPlainText()
    assert sheet.answer_chip.look().word == "Valid"
    sheet.done(0)
    asking = asyncio.ensure_future(client.call("audit.list", AuditPage(search="charger.raw")))
    qtbot.waitUntil(asking.done, timeout=5000)
    assert {row.kind for row in asking.result()} == {"asked", "answered"}
    assert {row.who for row in asking.result()} == {"Kim"}
    page.go('charger:REAL-001 way:out ["HeartbeatInterval"]')
    qtbot.waitUntil(lambda: page.list.count.text() == "1 message", timeout=10_000)
    qtbot.waitUntil(
        lambda: bool(page.detail.frames) and "HeartbeatInterval" in page.detail.frames[0].view.toPlainText(),
        timeout=5000,
    )


@pytest.mark.parametrize("kind", ["jsonl", "html"])
def test_exports_and_the_sheet_hold_no_secret(page, desk, qtbot, tmp_path, bad, kind):  # noqa: F811
    client, mirror = desk
    everything = Desk(mirror, client, current(), DeskSettings(tmp_path / "desk.ini"), page)
    path = tmp_path / f"log.{kind}"
    writing = asyncio.ensure_future(export_to(everything, path, MessageFilter()))
    qtbot.waitUntil(writing.done, timeout=10_000)
    assert f"written to log.{kind}" in writing.result()
    text = path.read_text(encoding="utf-8")
    assert SECRET not in text
    assert "(hidden)" in text
    assert "StatusNotification" in text
    if kind == "html":
        parsed = Page()
        parsed.feed(text)
        assert parsed.outside == []
    else:
        frames = [json.loads(line) for line in text.splitlines()]
        assert {"BAD-1", "REAL-001"} <= {frame["charger_id"] for frame in frames}
        calls = {frame["id"] for frame in frames if frame["kind"] == "call"}
        assert all(frame["call"] in calls for frame in frames if frame["kind"] == "result")
    sheet = asyncio.ensure_future(sheet_to(tmp_path / "sheet.html", client, bad))
    qtbot.waitUntil(sheet.done, timeout=5000)
    told = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert "Nordlade Duo 2" in told
    assert SECRET not in told
