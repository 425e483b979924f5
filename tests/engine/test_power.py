"""Mains and sleep: as Linux' files say, by a systemd-inhibit that is none, and by a Windows that is none."""

import asyncio
import ctypes
import os
import sys
import types
from pathlib import Path

import pytest

from evdesk.engine.jobs import power
from evdesk.engine.jobs.power import LID, Awake, on_mains
from evdesk.model.jobs import PowerState
from tests.engine.harness import until

ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="systemd")

HOLDS = '#!/bin/sh\necho "$@" > "$0.said"\necho $$ > "$0.pid"\nexec cat\n'  # the real one runs cat as well
REFUSES = "#!/bin/sh\nexit 1\n"
STAYS = """
import asyncio
from evdesk.engine.jobs.power import Awake
async def main():
    awake = Awake()
    await awake.hold()
    print(awake.held, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def supplies(folder, **kinds):
    for name, values in kinds.items():
        (folder / name).mkdir(parents=True)
        for key, value in values.items():
            (folder / name / key).write_text(f"{value}\n")
    return folder


BATTERY, MOUSE = {"type": "Battery"}, {"type": "Battery", "scope": "Device"}


@linux
@pytest.mark.parametrize(
    ("there", "mains"),
    [
        ({}, None),
        ({"AC": {"type": "Mains", "online": 0}, "hid": MOUSE}, None),
        ({"AC": {"type": "Mains", "online": 1}, "BAT0": BATTERY}, True),
        ({"AC": {"type": "Mains", "online": 0}, "BAT0": BATTERY}, False),
        ({"AC": {"type": "Mains", "online": 0}, "BAT0": BATTERY, "ucsi": {"type": "USB", "online": 1}}, True),
        ({"BAT0": BATTERY}, None),
    ],
)
def test_mains_as_the_supplies_say(tmp_path, there, mains):
    assert on_mains(supplies(tmp_path / "power_supply", **there)) is mains


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """A systemd-inhibit of our own, the only one on the path but for the system's cat."""

    def make(script):
        path = tmp_path / "bin" / "systemd-inhibit"
        path.parent.mkdir()
        path.write_text(script)
        path.chmod(0o700)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        return path

    return make


def is_there(path):
    """Whether the process of this tool runs."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid_of(path)}/status").read_text()
    except OSError:
        return False


def pid_of(path):
    return int(Path(f"{path}.pid").read_text())


async def gone(path):
    await until(lambda: asyncio.to_thread(lambda: not is_there(path)))


@linux
async def test_sleep_is_held_off_until_it_is_let_go(tool):
    path = tool(HOLDS)
    awake = Awake()
    await awake.hold()
    assert (awake.held, awake.detail) == (True, "")
    pid = pid_of(path)
    assert is_there(path)
    assert "--what=sleep:idle:handle-lid-switch" in path.with_name(f"{path.name}.said").read_text()
    await awake.hold()
    assert pid_of(path) == pid, "once is enough"
    await awake.let_go()
    assert not awake.held
    await gone(path)
    await awake.let_go()


@linux
async def test_sleep_is_not_held_off_by_an_engine_that_was_killed(tool):
    path = tool(HOLDS)
    words = [sys.executable, "-c", STAYS]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert await process.stdout.readline() == b"True\n"
    assert is_there(path)
    process.kill()
    await process.wait()
    await gone(path)


@linux
async def test_where_it_is_refused_that_is_said_and_not_tried_every_second(tool):
    tool(REFUSES)
    awake = Awake()
    await awake.hold()
    assert not awake.held
    assert "does not let evdesk hold sleep off" in awake.detail
    assert not awake.may_try()


class Kernel:
    """What evdesk asks of kernel32. `status`: the bytes that GetSystemPowerStatus fills in."""

    def __init__(self, *status, takes=True):
        self.status, self.takes, self.states = bytes(status), takes, []

    def GetSystemPowerStatus(self, into):
        ctypes.memmove(into, self.status, len(self.status))
        return bool(self.status)

    def SetThreadExecutionState(self, state):
        self.states.append(state)
        return ctypes.c_int(0x8000_0000).value if self.takes else 0


@pytest.fixture
def windows(monkeypatch):
    def make(kernel):
        monkeypatch.setattr(power, "sys", types.SimpleNamespace(platform="win32"))
        monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(kernel32=kernel), raising=False)
        return kernel

    return make


@pytest.mark.parametrize(
    ("status", "mains"),
    [((1, 8), True), ((0, 1), False), ((1, 128), None), ((255, 255), None), ((1, 255), None), ((), None)],
)
def test_mains_as_windows_says(windows, status, mains):
    """ACLineStatus, BatteryFlag (winbase.h): 128 is no battery, 255 unknown."""
    windows(Kernel(*status))
    assert on_mains() is mains


async def test_windows_is_held_awake_and_the_lid_is_told_of(windows):
    kernel = windows(Kernel(1, 8))
    awake = Awake()
    await awake.hold()
    assert awake.state() == PowerState(True, True, LID)
    await awake.hold()
    await awake.let_go()
    assert awake.state() == PowerState(True, False, "")
    assert kernel.states == [0x8000_0001, 0x8000_0000]


async def test_a_windows_that_refuses_is_told_of(windows):
    windows(Kernel(1, 8, takes=False))
    awake = Awake()
    await awake.hold()
    assert awake.state() == PowerState(True, False, "Windows does not let evdesk hold sleep off.")
