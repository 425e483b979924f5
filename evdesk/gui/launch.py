"""Finding the engine of a data directory, and starting one that outlives the desk.

The desk never imports the engine: it reads `engine.json` (the file format is an interface) and runs the command line.
"""

import logging
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import platformdirs

from evdesk.gui import hung
from evdesk.gui.client import Endpoint

_log = logging.getLogger("evdesk.gui.launch")

INSTANCE_FILE = "engine.json"
OUT_FILE = "engine.out"
PROBE_S = 0.5
RESTART_AFTER_S = 5.0

_children: list[subprocess.Popen[bytes]] = []
"""Kept and never waited for: an engine outlives the desk that started it."""


@dataclass(frozen=True, slots=True)
class Instance:
    """`engine.json` as the engine writes it once it listens."""

    pid: int
    port: int
    host: str
    token_file: str
    version: str
    started_at: float

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"ws://[{host}]:{self.port}/api" if ":" in host else f"ws://{host}:{self.port}/api"


def default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("evdesk", appauthor=False))


def read_instance(data: Path) -> Instance | None:
    """What the instance file says; None when there is none that can be read. It may be left over from a crash."""
    try:
        return msgspec.json.decode((data / INSTANCE_FILE).read_bytes(), type=Instance)
    except (OSError, msgspec.MsgspecError):
        return None


def command(*args: str) -> list[str]:
    """The command line that runs evdesk with these arguments."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *args]
    return [sys.executable, "-m", "evdesk", *args]


def run_detached(args: list[str], out: Path) -> subprocess.Popen[bytes]:
    """Run evdesk in a session of its own; it shares none of our streams. Raises OSError."""
    out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    with out.open("ab") as file:
        child = subprocess.Popen(
            command(*args),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=flags,
        )
    _children.append(child)
    return child


class LocalEngine:
    """The engine of one data directory on this computer. `locate` is the client's; `ensure` starts one if need be."""

    local = True

    def __init__(self, data: Path, args: tuple[str, ...] = ("--stop-when-idle",), may_start: bool = True) -> None:
        self.data = data
        self.args = args
        self._may_start = may_start
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    @property
    def ours(self) -> bool:
        """Whether this desk started the engine."""
        return self._child is not None

    def locate(self) -> Endpoint | None:
        self._restart_if_crashed()
        instance = read_instance(self.data)
        if instance is None:
            return None
        try:
            token = Path(instance.token_file).read_text().strip()
        except OSError as error:
            _log.warning("the token file cannot be read: %s", error)
            return None
        return Endpoint(instance.url, token)

    def ensure(self) -> None:
        """Start an engine unless one answers. Two desks at once do no harm: the engine's lock lets one in."""
        endpoint = self.locate()
        if self._may_start and (endpoint is None or not answers(endpoint.url)):
            self.start()

    def start(self) -> None:
        """Start an engine for this directory now."""
        self._started_at = time.monotonic()
        out = self.data / OUT_FILE
        try:
            self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            out.write_bytes(b"")
            self._child = run_detached(["engine", "--data", str(self.data), *self.args], out)
        except OSError as error:
            _log.error("the engine cannot be started: %s", error)

    def can_end(self) -> bool:
        """Whether an engine that hangs can be ended from here."""
        return self._may_start and hung.holder(self.data) is not None

    def end(self) -> None:
        """End an engine that hangs. Raises OSError where that is not allowed."""
        hung.end(self.data)

    def failure(self) -> str:
        """Why the engine this desk started ended, in its own last words; empty while there is nothing to say."""
        if self._child is None or self._child.poll() in (None, 0):
            return ""
        try:
            lines = (self.data / OUT_FILE).read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else f"It ended with code {self._child.returncode}."

    def _restart_if_crashed(self) -> None:
        """An engine we started and that died without a word leaves its file behind: start it again."""
        child = self._child
        if child is None or child.poll() in (None, 0) or time.monotonic() - self._started_at < RESTART_AFTER_S:
            return
        instance = read_instance(self.data)
        if instance is not None and instance.pid == child.pid:
            _log.warning("the engine (process %d) ended with %s: starting it again", child.pid, child.returncode)
            self.start()


class RemoteEngine:
    """An engine somewhere else: its address and token are given, it cannot be started from here."""

    local = False
    ours = False

    def __init__(self, url: str, token: str) -> None:
        self.endpoint = Endpoint(api_url(url), token)

    def locate(self) -> Endpoint | None:
        return self.endpoint

    def set_token(self, token: str) -> None:
        """Used from the next try on; never written anywhere."""
        self.endpoint = Endpoint(self.endpoint.url, token.strip())

    def ensure(self) -> None:
        """Nothing to start."""

    def start(self) -> None:
        """Nothing to start."""

    def failure(self) -> str:
        return ""


Engine = LocalEngine | RemoteEngine


def api_url(url: str) -> str:
    """A person's address ("box:9001", "http://box:9001", "ws://box:9001/api") as the API's URL."""
    text = url.strip().replace("https://", "wss://").replace("http://", "ws://")
    parts = urlsplit(text if "://" in text else f"ws://{text}")
    return f"{parts.scheme}://{parts.netloc}{parts.path if parts.path not in ('', '/') else '/api'}"


def answers(url: str) -> bool:
    """Whether something listens there."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 80), PROBE_S):
            return True
    except (OSError, ValueError):
        return False
