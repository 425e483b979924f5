"""The Firmware page on a real engine: a signed file is added, its maker confirmed, a policy kept, the library copied."""

import asyncio
import time

import pytest
from PySide6.QtWidgets import QApplication

from evdesk.firmware.manifest import to_json
from evdesk.gui import launch
from evdesk.gui.client import Client
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.firmware import FirmwarePage
from evdesk.gui.pages.firmware_image import ImageSheet, TrustSheet
from evdesk.gui.pages.firmware_policy import PolicySheet
from evdesk.gui.theme import current
from evdesk.model.firmware import FleetState, Manifest, SignatureState
from tests.firmware.signing import DAY, sign
from tests.forked import Forked

CHARGER = "REAL-001"


@pytest.fixture
def desk(tmp_path, qloop, qtbot):
    """An engine with one simulated charger, and a desk on it."""
    data = tmp_path / "data"
    command = ["engine", "--data", str(data), "--ocpp", "127.0.0.1:0", "--accept-unknown"]
    engine = Forked(command, err=False)
    assert engine.stdout.readline().startswith("ready ")
    client = Client(launch.LocalEngine(data, may_start=False).locate, "Kim")
    mirror = Mirror(client)
    client.start()
    qtbot.waitUntil(lambda: mirror.connected, timeout=10_000)
    dials = ["simulate", mirror.info.ocpp_url, "--prefix", "REAL", "--seed", "1"]
    charger = Forked(dials, out=False, err=False)
    yield client, mirror
    closing = asyncio.ensure_future(client.close())
    qtbot.waitUntil(closing.done, timeout=5000)
    for process in (charger, engine):
        process.kill()
        process.communicate()


def sheet(qtbot, kind):
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), kind), timeout=10_000)
    return QApplication.activeModalWidget()


def test_a_signed_file_its_maker_a_policy_and_a_copy(desk, qtbot, tmp_path):
    client, mirror = desk
    page = FirmwarePage(mirror, client, current())
    qtbot.addWidget(page)
    page.show()
    page.on_shown()
    said, complaints = [], []
    page.navigate.connect(lambda name, argument: said.append(argument))
    client.failed.connect(complaints.append)
    qtbot.waitUntil(lambda: len(page.list.table.lines()) == 1, timeout=20_000)
    line = page.list.table.lines()[0]
    assert line.one.state is FleetState.NO_FILE
    qtbot.waitUntil(lambda: [row.cells[1][:10] for row in page.side.dots.rows.rows] == ["First seen"], timeout=10_000)

    made = sign(b"firmware" * 5000, begins=time.time() - DAY, ends=time.time() + DAY)
    manifest = Manifest(
        vendor=line.model.vendor, models=(line.model.model,), version="99.0.1", signature=made.signature,
        signature_kind=made.kind, certificate=made.pem, sha256=made.sha256,
    )  # fmt: skip
    new = tmp_path / "new.bin"
    new.write_bytes(made.data)
    (tmp_path / "new.bin.json").write_text(to_json(manifest))
    page.deeds.add_paths([new, tmp_path / "new.bin.json"])
    qtbot.waitUntil(lambda: bool(page.feed.images), timeout=10_000)
    image = page.feed.images[0]
    assert image.signature is SignatureState.UNTRUSTED
    qtbot.waitUntil(lambda: page.list.table.lines()[0].one.state is FleetState.BEHIND, timeout=10_000)
    assert page.head.update_button.text() == "Update 1 charger"

    page.go(f"image/{image.id}")
    one = sheet(qtbot, ImageSheet)
    one.trust.click()
    asks = sheet(qtbot, TrustSheet)
    asks.agree.setChecked(True)
    asks.keep.click()
    qtbot.waitUntil(lambda: one.chip.look().word == "Signature checked", timeout=10_000)
    one.fields["minutes"].setText("7")
    one.save.click()
    qtbot.waitUntil(lambda: one.told.text() == "Saved. It may be sent.", timeout=10_000)
    assert one.image.manifest.minutes == 7.0
    assert one.image.manifest.certificate.strip() == made.pem.strip()
    assert one.chip.look().word == "Signature checked"
    one.reject()
    qtbot.waitUntil(lambda: not page.deeds._busy)

    page._open_model(page.feed.fleet.models[0])
    asks = sheet(qtbot, PolicySheet)
    asks.kind._group.button(1).click()
    asks.version.setCurrentText("99.0.1")
    asks.save.click()
    qtbot.waitUntil(lambda: asks.told.text() == "The policy is saved.", timeout=10_000)
    asks.reject()
    qtbot.waitUntil(lambda: page.feed.fleet.models[0].policy is not None, timeout=10_000)
    assert page.feed.fleet.models[0].policy.set_by == "Kim"

    page.go("history")
    qtbot.waitUntil(lambda: len(page.list.seen.rows.rows) == 1, timeout=10_000)
    client.spawn(client.call("firmware.export", {"folder": str(tmp_path / "copy")}))
    qtbot.waitUntil(lambda: any((tmp_path / "copy").glob("*.bin")), timeout=10_000)
    assert complaints == []
    page.on_hidden()
