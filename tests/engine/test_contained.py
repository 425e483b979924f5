"""One client that misbehaves must not starve the others: a well-behaved charger's heartbeat is answered meanwhile.

The engine is a process of its own, its clients are raw sockets in threads: nothing shares a loop with what is measured.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.fuzz.handshakes import ws_frame
from tests.fuzz.nasty import SHAPES

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="reads the memory of a process from /proc"
)
ANSWERED_S = 0.25
LASTS_S, ENOUGH, PATIENCE_S = 1.5, 20, 15.0
MEMORY_MIB = 120
OPENING = (
    "GET /{id} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
HEARTBEAT = ws_frame(b'[2,"h","Heartbeat",{}]')
STATUS = ws_frame(b'[2,"s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]')


class Engine:
    def __init__(self, data: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "evdesk",
            "engine",
            "--data",
            str(data),
            "--ocpp",
            "127.0.0.1:0",
            "--accept-unknown",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.port = json.loads(line.removeprefix("ready "))["ocpp_port"]

    def rss_mib(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise AssertionError("the engine is gone")

    def dial(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def charger(self, ident: str) -> socket.socket:
        """A connected charger; raises OSError when it is refused."""
        sock = self.dial()
        sock.sendall(OPENING.format(id=ident).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = sock.recv(1)
            if not part:
                raise OSError("refused")
            head += part
        if b" 101 " not in head:
            sock.close()
            raise OSError("refused")
        return sock

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(tmp_path_factory.mktemp("contained"))
    yield made
    made.stop()


def read_frame(sock: socket.socket) -> bytes:
    head = sock.recv(2, socket.MSG_WAITALL)
    if len(head) < 2:
        raise OSError("closed")
    size = head[1] & 0x7F
    if size == 126:
        size = int.from_bytes(sock.recv(2, socket.MSG_WAITALL), "big")
    return sock.recv(size, socket.MSG_WAITALL)


class Good:
    """A charger that waits for its answers, and answers what it is asked."""

    def __init__(self, engine: Engine) -> None:
        self.sock = engine.charger(f"GOOD{time.monotonic_ns()}")
        self.beat()

    def beat(self) -> float:
        """Seconds until a heartbeat was answered."""
        began = time.perf_counter()
        self.sock.sendall(HEARTBEAT)
        while True:
            frame = json.loads(read_frame(self.sock))
            if frame[0] == 2:
                answer = {"configurationKey": []} if frame[2] == "GetConfiguration" else {"status": "Accepted"}
                self.sock.sendall(ws_frame(json.dumps([3, frame[1], answer]).encode()))
            elif frame[1] == "h":
                return time.perf_counter() - began


class Drain(threading.Thread):
    """Reads away whatever comes, so that only the sending is at fault."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(daemon=True)
        self.sock = sock
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while self.sock.recv(65536):
                pass


def _pour(engine: Engine, ident: str, data: bytes, until: threading.Event, drained: bool = True) -> None:
    """Sends the same bytes again and again, as fast as they are taken."""
    sock = engine.charger(ident)
    drain = Drain(sock) if drained else None
    sock.settimeout(0.2)
    with contextlib.suppress(OSError):
        while not until.is_set():
            view = memoryview(data)
            while view and not until.is_set():
                with contextlib.suppress(TimeoutError):
                    view = view[sock.send(view) :]
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    if drain is not None:
        drain.join(5)
    sock.close()


def small_frames(engine: Engine, until: threading.Event) -> None:
    _pour(engine, "FLOOD", (HEARTBEAT + STATUS) * 50_000, until)


def long_frames(engine: Engine, until: threading.Event) -> None:
    _pour(
        engine,
        "LONG",
        b"".join(ws_frame(SHAPES[name].encode()) for name in ("bad units", "NaN", "report", "long text")),
        until,
    )


def pings(engine: Engine, until: threading.Event) -> None:
    _pour(engine, "PING", ws_frame(b"x" * 100, opcode=9) * 20_000, until)


def does_not_read(engine: Engine, until: threading.Event) -> None:
    _pour(engine, "DEAF", HEARTBEAT * 20_000, until, drained=False)


def header_byte_by_byte(engine: Engine, until: threading.Event) -> None:
    _drip(engine, until, [engine.dial() for _ in range(12)], OPENING.encode())


def frame_byte_by_byte(engine: Engine, until: threading.Event) -> None:
    socks = [engine.charger(f"SLOW{n}") for n in range(12)]
    _drip(engine, until, socks, ws_frame(b'[2,"1","DataTransfer",{"vendorId":"' + b"x" * 5000 + b'"}]'))


def _drip(engine: Engine, until: threading.Event, socks: list[socket.socket], data: bytes) -> None:
    for byte in data:
        for sock in socks:
            with contextlib.suppress(OSError):
                sock.send(bytes([byte]))
        if until.wait(0.01):
            break
    for sock in socks:
        sock.close()


def half_open(engine: Engine, until: threading.Event) -> None:
    socks = []
    while not until.is_set():
        with contextlib.suppress(OSError):
            socks.append(engine.dial())
        if len(socks) > 300:
            socks.pop(0).close()
        until.wait(0.001)
    for sock in socks:
        sock.close()


def connections(engine: Engine, until: threading.Event) -> None:
    while not until.is_set():
        with contextlib.suppress(OSError):
            engine.dial().close()


def one_id_again_and_again(engine: Engine, until: threading.Event) -> None:
    while not until.is_set():
        with contextlib.suppress(OSError):
            engine.charger("STORM").close()


ATTACKS = [
    small_frames,
    long_frames,
    pings,
    does_not_read,
    header_byte_by_byte,
    frame_byte_by_byte,
    half_open,
    connections,
    one_id_again_and_again,
]


def queued_s(*processes: int | str) -> float:
    """Seconds their threads have waited for a processor since they began: others had it (proc(5), schedstat)."""
    waited = 0
    for process in processes:
        for task in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(OSError):  # it has just ended
                waited += int((task / "schedstat").read_text().split()[1])
    return waited / 1e9


def under(engine: Engine, attacks: list, lasts_s: float) -> tuple[list[float], float]:
    """Seconds each heartbeat of a good charger took, without those in which both sides waited for a processor, and the
    memory at its highest, while the attacks go on, and until there are enough of them to judge."""
    good, until = Good(engine), threading.Event()
    threads = [threading.Thread(target=attack, args=(engine, until), daemon=True) for attack in attacks]
    for thread in threads:
        thread.start()
    took, highest = [], 0.0
    ends = time.monotonic() + lasts_s
    try:
        while time.monotonic() < ends or (len(took) < ENOUGH and time.monotonic() < ends + PATIENCE_S):
            queued = queued_s(engine.process.pid, "self")
            beat_s = good.beat()
            took.append(max(beat_s - queued_s(engine.process.pid, "self") + queued, 0.0))
            highest = max(highest, engine.rss_mib())
            time.sleep(0.02)
    finally:
        until.set()
        for thread in threads:
            thread.join(10)
        good.sock.close()
    return sorted(took), highest


def most_of(times: list[float]) -> float:
    return times[int(len(times) * 0.9)]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_good_charger_is_answered_meanwhile(engine, attack):
    before = engine.rss_mib()
    took, highest = under(engine, [attack], LASTS_S)
    assert len(took) >= ENOUGH
    assert most_of(took) < ANSWERED_S, took[-5:]
    assert highest - before < MEMORY_MIB


if __name__ == "__main__":  # each attack for longer, with figures: python -m tests.engine.test_contained [seconds]
    import tempfile

    with tempfile.TemporaryDirectory() as data:
        made = Engine(Path(data))
        for attack in [[], *([one] for one in ATTACKS), [small_frames] * 4]:
            took, highest = under(made, attack, float(sys.argv[1]) if len(sys.argv) > 1 else 5.0)
            names = " + ".join(one.__name__ for one in attack) or "quiet"
            print(
                f"{names[:60]:<60} {len(took):>4} heartbeats, median {took[len(took) // 2] * 1e3:6.1f} ms, "
                f"90 % {most_of(took) * 1e3:6.1f} ms, worst {took[-1] * 1e3:6.1f} ms, {highest:5.0f} MiB",
                flush=True,
            )
        made.stop()
        os._exit(0)
