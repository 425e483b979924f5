"""This computer's power while a charger is flashed: is it on mains, and is it kept awake?

Linux: /sys/class/power_supply (Documentation/ABI/testing/sysfs-class-power) and `systemd-inhibit`; Windows:
GetSystemPowerStatus and SetThreadExecutionState. Where neither is there, nothing is known, and that is said.
"""

import asyncio
import ctypes
import shutil
import sys
import time
from pathlib import Path

from evdesk.model.jobs import PowerState

SUPPLIES = Path("/sys/class/power_supply")
AGAIN_S = 60.0
LID = "Leave the lid open: shutting it may put Windows to sleep all the same."
_MAINS = frozenset({"Mains", "USB", "Wireless"})
_CONTINUOUS, _SYSTEM = 0x80000000, 0x00000001  # ES_CONTINUOUS, ES_SYSTEM_REQUIRED
_NO_BATTERY, _ON_LINE, _UNKNOWN = 128, 1, 255


def on_mains(supplies: Path = SUPPLIES) -> bool | None:
    """None: no battery is seen, so nothing can run out."""
    return _windows_mains() if sys.platform == "win32" else _linux_mains(supplies)


def _linux_mains(supplies: Path) -> bool | None:
    battery, mains = False, None
    try:
        folders = sorted(supplies.iterdir())
    except OSError:
        return None
    for folder in folders:
        kind, scope = _read(folder / "type"), _read(folder / "scope")
        if kind == "Battery" and scope != "Device":  # a mouse has one too
            battery = True
        elif kind in _MAINS and _read(folder / "online"):
            mains = bool(mains) or _read(folder / "online") == "1"
    return mains if battery else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


class _Status(ctypes.Structure):
    _fields_ = [
        ("line", ctypes.c_ubyte),
        ("flag", ctypes.c_ubyte),
        ("percent", ctypes.c_ubyte),
        ("saver", ctypes.c_ubyte),
        ("life", ctypes.c_ulong),
        ("full", ctypes.c_ulong),
    ]


def _windows_mains() -> bool | None:
    status = _Status()
    if not ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(status)):  # type: ignore[attr-defined]
        return None
    known = status.line != _UNKNOWN and status.flag != _UNKNOWN and not status.flag & _NO_BATTERY
    return status.line == _ON_LINE if known else None


class Awake:
    """Holds sleep off while jobs run. `hold` and `let_go` as often as one likes."""

    def __init__(self) -> None:
        self.held = False
        self.detail = ""
        self.busy = False
        self._tried_at = -AGAIN_S
        self._process: asyncio.subprocess.Process | None = None

    def state(self) -> PowerState:
        return PowerState(on_mains(), self.held, self.detail)

    def may_try(self) -> bool:
        """Not every second where it does not work."""
        return self.held or time.monotonic() - self._tried_at >= AGAIN_S

    async def hold(self) -> None:
        if self.held and (self._process is None or self._process.returncode is None):
            return
        self.busy, self._tried_at = True, time.monotonic()
        try:
            self.held, self.detail = self._windows(True) if sys.platform == "win32" else await self._inhibit()
        finally:
            self.busy = False

    async def let_go(self) -> None:
        if sys.platform == "win32" and self.held:
            self._windows(False)
        process, self._process = self._process, None
        self.held, self.detail = False, ""
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()

    def _windows(self, on: bool) -> tuple[bool, str]:
        state = _CONTINUOUS | (_SYSTEM if on else 0)
        done = ctypes.windll.kernel32.SetThreadExecutionState(state)  # type: ignore[attr-defined]
        held = LID if on else ""  # the request is about being idle, nothing holds off who shuts it
        return on and bool(done), held if done else "Windows does not let evdesk hold sleep off."

    async def _inhibit(self) -> tuple[bool, str]:
        tool = shutil.which("systemd-inhibit")
        if tool is None:
            return False, "This computer has no systemd-inhibit; see that it does not go to sleep."
        words = [
            "--what=sleep:idle:handle-lid-switch",
            "--who=evdesk",
            "--why=A charger is being updated",
            "--mode=block",
        ]
        try:
            process = await asyncio.create_subprocess_exec(
                tool,
                *words,
                "cat",  # ends with its input, so also when this process is killed
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            return False, f"Sleep cannot be held off: {error}."
        try:
            async with asyncio.timeout(0.5):
                await process.wait()
        except TimeoutError:
            self._process = process
            return True, ""
        return False, "This computer does not let evdesk hold sleep off; see that it does not go to sleep."
