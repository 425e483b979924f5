"""TLS on the charger port: a thousand chargers come back at once, against the event loop's own TLS in the same run.

    python benchmarks/tls.py [--clients N] [--quick]

One charger is connected already and sends a ping every 5 ms from a process of its own; its answers show how long the
server's loop was away. The others come from another process, together, and each does a whole handshake and the WebSocket
opening. The other server is the same listener behind `create_server(ssl=...)`, which handshakes inside the loop and tells
nothing of a client's hello.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from evdesk.drivers.charger_ports import Port
from evdesk.drivers.ocpp_listener import ListenerOptions, OcppListener
from evdesk.drivers.tls_server import CIPHERS, Chain, Credentials, TlsServer
from evdesk.drivers.ws import WsOptions, WsPeer
from evdesk.engine.security import pki
from evdesk.engine.security.pki import Pair
from evdesk.model import Clock
from evdesk.model.tags import Tag

HERE = Path(__file__).resolve()
TICKS = os.sysconf("SC_CLK_TCK")
OPENING = (
    b"GET /%s HTTP/1.1\r\nHost: desk\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
    b"dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
PING = b"\x89\x84\x00\x00\x00\x00ping"
PAUSE_S = 0.005


# -- the servers ------------------------------------------------------------------------------------------------------


class Nobody:
    """An engine that knows no charger."""

    clock = Clock()

    def is_accepted(self, charger_id: str) -> bool:
        return True

    def authorize(self, charger_id: str, id_tag: str) -> str:
        return "Accepted"

    def listed(self, id_tag: str) -> Tag | None:
        return None

    def may_sign(self, charger_id: str) -> bool:
        return False

    def heartbeat_s(self, charger_id: str) -> int:
        return 60


def listener() -> OcppListener:
    options = ListenerOptions(ws=WsOptions(handshake_s=60, ping_every_s=None))
    return OcppListener(("127.0.0.1", 0), Nobody(), lambda station: None, lambda attempt: None, options)


async def serve_ours(folder: Path) -> None:
    made = listener()
    pem, key = (folder / "server.pem").read_text(), (folder / "server.key").read_text()
    await made.start()
    made.ports.tls = TlsServer(Credentials((Chain(pem, key),), (folder / "root.pem").read_text()))
    print((await made.ports.open(Port("127.0.0.1", 0, True))).port, flush=True)
    await asyncio.Event().wait()


async def serve_asyncio(folder: Path) -> None:
    """The same listener behind the loop's own TLS."""
    made = listener()
    await made.start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(CIPHERS)
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(folder / "root.pem")
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    server = await asyncio.get_running_loop().create_server(
        lambda: WsPeer(made, made.options.ws), "127.0.0.1", 0, ssl=context, backlog=1024, ssl_handshake_timeout=60
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


# -- the clients ------------------------------------------------------------------------------------------------------


async def crowd(port: int, folder: Path, count: int) -> None:
    """All at once; prints how many got in, and how long that took."""
    context = ssl.create_default_context(cafile=str(folder / "root.pem"))
    held = []

    async def one(number: int) -> bool:
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1",
                port,
                ssl=context,
                server_hostname="localhost",
                local_addr=(f"127.0.{1 + number // 200}.{1 + number % 200}", 0),
                ssl_handshake_timeout=120,
            )
            writer.write(OPENING % f"C{number}".encode())
            held.append(writer)
            return b" 101 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)
        except (OSError, ssl.SSLError, TimeoutError, asyncio.IncompleteReadError):
            return False

    began = time.monotonic()
    good = sum(await asyncio.gather(*(one(n) for n in range(count))))
    print(good, time.monotonic() - began, flush=True)
    await asyncio.to_thread(sys.stdin.read)


def connected(port: int, folder: Path) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(folder / "root.pem"))
    plain = socket.create_connection(("127.0.0.1", port), 60)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    tls = context.wrap_socket(plain, server_hostname="localhost")
    tls.sendall(OPENING % b"FIRST")
    tls.recv(4096)
    return tls


# -- the measurement --------------------------------------------------------------------------------------------------


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def ping_while(tls: ssl.SSLSocket, process: "subprocess.Popen[str]") -> list[float]:
    """Milliseconds of each answer, until the crowd has been served."""
    assert process.stdout
    os.set_blocking(process.stdout.fileno(), False)
    times = []
    while not (line := process.stdout.readline()):
        began = time.perf_counter()
        tls.sendall(PING)
        tls.recv(4096)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_S)
    process.line = line  # type: ignore[attr-defined]
    return times


def measure(kind: str, folder: Path, count: int) -> tuple[str, float, float]:
    """(row, handshakes per CPU second, P99 in ms)."""
    server = subprocess.Popen(
        [sys.executable, str(HERE), "--serve", kind, str(folder)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert server.stdout
    port = int(server.stdout.readline())
    tls = connected(port, folder)
    before = cpu_s(server.pid)
    clients = subprocess.Popen(
        ["nice", "-n", "5", sys.executable, str(HERE), "--crowd", str(port), str(folder), str(count)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    times = sorted(ping_while(tls, clients))
    used = cpu_s(server.pid) - before
    good, seconds = clients.line.split()  # type: ignore[attr-defined]
    for process in (clients, server):
        process.terminate()
        process.wait(20)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
    tls.close()
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    rate = int(good) / max(used, 0.01)
    name = {"ours": "evdesk", "asyncio": "create_server(ssl=...)"}[kind]
    row = (
        f"{name:<30} {good:>5} in {float(seconds):5.1f} s  {rate:6.0f} handshakes per CPU-second   "
        f"ping P50 {p50:5.1f} ms  P99 {p99:6.1f} ms  worst {times[-1]:6.1f} ms  ({len(times)} pings)"
    )
    return row, rate, p99


def make(folder: Path, kind: str) -> None:
    root: Pair = pki.make_root("benchmark", time.time())
    server = pki.make_server(root, ["localhost", "127.0.0.1"], "localhost", time.time(), kind)
    (folder / "root.pem").write_text(root.certificate)
    (folder / "server.pem").write_text(server.certificate)
    (folder / "server.key").write_text(server.key)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="200 clients, one kind of key")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--crowd", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve = {"ours": serve_ours, "asyncio": serve_asyncio}[args.serve[0]]
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(serve(Path(args.serve[1])))
        return 0
    if args.crowd:
        uvloop.run(crowd(int(args.crowd[0]), Path(args.crowd[1]), int(args.crowd[2])))
        return 0
    count = 200 if args.quick else args.clients
    for kind, words in (("ec", "ECDSA P-256"), ("rsa", "RSA 2048"))[: 1 if args.quick else 2]:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), kind)
            ours = measure("ours", Path(folder), count)
            theirs = measure("asyncio", Path(folder), count)
        print(f"{count} chargers at once, TLS 1.3, server key {words}, both on uvloop")
        print(f"  {ours[0]}\n  {theirs[0]}")
        print(
            f"  evdesk: {ours[1] / theirs[1]:.2f} x the handshakes per CPU-second, P99 {theirs[2] / ours[2]:.1f} x shorter"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
