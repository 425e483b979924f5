"""The whole desk as a process of its own: it opens, follows an engine, and ends in order."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evdesk.gui.app import run_desk
from evdesk.model import EvdeskError
from tests.gui.engines import ServedEngine

ROOT = Path(__file__).resolve().parents[2]
DESK = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from evdesk.gui import app
from evdesk.gui.shell import Shell

class Watched(Shell):
    said = False
    def refresh(self, *_):
        super().refresh()
        if self.mirror.connected and not Watched.said:
            Watched.said = True
            print("live", self.mirror.site.name, flush=True)
            if "crash" in sys.argv:
                QTimer.singleShot(0, self, self.crash)
    def crash(self):
        QTimer.singleShot(0, self, lambda: print(*self.banners.titles(), flush=True))
        raise ValueError("a slot failed")

app.Shell = Watched
url, token, settings = sys.argv[1:4]
code = app.run_desk(Path(settings).parent, url, token, settings_path=Path(settings), quit_after_s=30)
print("ended", code, flush=True)
sys.exit(code)
"""


@pytest.fixture
def engine():
    one = ServedEngine()
    one.start()
    yield one
    one.kill()


@pytest.fixture
def desk(engine, tmp_path, request):
    command = [sys.executable, "-X", "dev", "-c", DESK, engine.locate().url, engine.token, str(tmp_path / "desk.ini")]
    command += getattr(request, "param", [])
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    one = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=tmp_path)
    yield one
    if one.poll() is None:
        one.kill()
    one.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a child there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_opens_goes_live_and_ends_cleanly_on_a_signal(desk, number):
    assert desk.stdout.readline() == "live Mill Lane depot\n"
    desk.send_signal(number)
    out, err = desk.communicate(timeout=20)
    assert out == "ended 0\n"
    assert desk.returncode == 0
    noise = [line for line in err.splitlines() if "This plugin does not support" not in line]
    assert noise == []


@pytest.mark.parametrize("desk", [["crash"]], indirect=True)
def test_an_error_in_a_slot_is_logged_and_said_and_the_desk_goes_on(desk, tmp_path):
    assert desk.stdout.readline() == "live Mill Lane depot\n"
    assert "That did not work" in desk.stdout.readline()
    assert "ValueError: a slot failed" in (tmp_path / "desk.log").read_text()
    assert desk.poll() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_no_screen_is_said_in_words(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(EvdeskError) as error:
        run_desk()
    assert "evdesk engine" in error.value.sentence
