"""Desk tests: a running qasync loop under pytest-qt, a fake engine, the design pictures' site."""

import asyncio
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from evdesk.gui.mirror import Mirror
from evdesk.gui.theme import current
from tests.gui import firmware_sample, sample
from tests.gui.fakes import FakeClient


def pytest_collection_modifyitems(items):
    """The offscreen platform has no window manager and says so for dialogs and pop-ups; nothing else is ignored."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


@pytest.fixture(autouse=True)
def _pointer_away(qapp):
    """The pointer stays where the last test left it, and a live list waits while the pointer is over it."""
    QCursor.setPos(30_000, 30_000)


@pytest.fixture
def qloop(qapp):
    """asyncio on Qt's loop: it runs while pytest-qt waits (`qtbot.waitUntil`, `waitSignal`)."""
    loop = QEventLoop(qapp, already_running=True)
    yield loop
    for task in asyncio.all_tasks(loop):
        task.cancel()
    qapp.processEvents()
    qapp.processEvents()
    qapp.aboutToQuit.disconnect(loop._after_run_forever)
    loop._after_run_forever()
    asyncio.events._set_running_loop(None)
    loop._QEventLoop__is_running = False  # stop() would also tell the shared application to exit
    loop.close()


@pytest.fixture
def client(qloop):
    return FakeClient()


@pytest.fixture
def mirror(client):
    """The mirror after the sample's snapshot."""
    one = Mirror(client)
    one.take_snapshot(sample.snapshot())
    return one


@pytest.fixture
def night(mirror, monkeypatch):
    """The mirror in the night after the update that `firmware_sample` tells of."""
    app = QApplication.instance()
    if current().choice != "light" or not app.styleSheet():
        current().apply(app, "light")  # costs as much as a page
    monkeypatch.setattr(mirror, "now", lambda: firmware_sample.NOW)
    return mirror
