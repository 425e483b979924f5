"""Engine throughput and scale, against a server on the `ocpp` package in the same run.

    python benchmarks/engine.py [--messages N] [--quick]

Counts messages per CPU-second of the server process (user + system), all its threads: the load generator runs in a
process of its own. evdesk runs as in the field: schema validation, fleet state, balancing, audit, message log and
history all on, data on the real disk.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SETTLE_S = 90.0
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Server:
    """A server under test as a subprocess; `port` once it listens."""

    def __init__(self, command: list[str], data: str = "") -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.port = json.loads(line.removeprefix("ready "))["ocpp_port"] if line.startswith("ready") else int(line)
        self.pid = self.process.pid

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def evdesk(data: str) -> Server:
    command = [sys.executable, "-m", "evdesk", "engine", "--data", data, "--ocpp", "127.0.0.1:0", "--accept-unknown"]
    return Server(command)


def peer() -> Server:
    return Server([sys.executable, str(HERE / "peer_ocpp.py")])


def settle(server: Server) -> None:
    """Wait until the newcomers are set up: joining is not part of the figures."""
    last, deadline = cpu_s(server.pid), time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        time.sleep(2.0)
        now = cpu_s(server.pid)
        if now - last < 0.8:
            return
        last = now


def load(
    server: Server, stations: int, messages: int, every_s: float | None = None, protocol: str = "1.6"
) -> dict[str, float]:
    """Messages per CPU-second and memory of the server under this load."""
    command = [sys.executable, str(HERE / "load_generator.py"), "127.0.0.1", str(server.port)]
    command += ["--stations", str(stations), "--messages", str(messages)]
    command += ["--protocol", protocol, *(["--every-s", str(every_s)] if every_s else [])]
    generator = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert generator.stdin
    assert generator.stdout
    if generator.stdout.readline().strip() != "ready":
        raise SystemExit("the load generator could not connect")
    settle(server)
    before = cpu_s(server.pid)
    print("go", file=generator.stdin, flush=True)
    result = json.loads(generator.stdout.readline())
    used = cpu_s(server.pid) - before
    memory = rss_mib(server.pid)
    print("bye", file=generator.stdin, flush=True)
    generator.wait(20)
    return {
        "messages": result["sent"],
        "seconds": result["seconds"],
        "cpu_s": round(used, 2),
        "per_cpu_s": round(result["sent"] / used) if used else 0,
        "rss_mib": round(memory, 1),
    }


def throughput(messages: int, protocol: str) -> dict[str, object]:
    """Three rounds against the peer in turn; the medians count."""
    rounds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as data:
            server = evdesk(data)
            ours = load(server, 20, messages, protocol=protocol)
            server.stop()
        server = peer()
        theirs = load(server, 20, max(messages // 10, 1000), protocol=protocol)
        server.stop()
        rounds.append((ours["per_cpu_s"], theirs["per_cpu_s"]))
    ours_middle = sorted(r[0] for r in rounds)[1]
    peer_middle = sorted(r[1] for r in rounds)[1]
    return {
        "evdesk_per_cpu_s": ours_middle,
        "ocpp_package_per_cpu_s": peer_middle,
        "ratio": round(ours_middle / peer_middle, 1),
        "rounds": rounds,
    }


def run(messages: int, scale: list[int]) -> dict[str, object]:
    report: dict[str, object] = {}
    for protocol in ("1.6", "2.0.1"):
        report["throughput_" + protocol.replace(".", "_")] = throughput(messages, protocol)
    sizes = []
    for stations in scale:
        with tempfile.TemporaryDirectory() as data:
            server = evdesk(data)
            idle = rss_mib(server.pid)
            got = load(server, stations, stations * 3, every_s=10.0)
            server.stop()
        per_message_us = got["cpu_s"] / got["messages"] * 1e6
        sizes.append(
            {
                "stations": stations,
                "rss_mib": got["rss_mib"],
                "rss_idle_mib": round(idle, 1),
                "cpu_percent": round(100 * got["cpu_s"] / got["seconds"], 1),
                "us_per_message": round(per_message_us),
            }
        )
    report["scale"] = sizes
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=40000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, for a first look")
    args = parser.parse_args()
    messages = args.messages // 10 if args.quick else args.messages
    print(json.dumps(run(messages, [100] if args.quick else [100, 500, 1000]), indent=2))


if __name__ == "__main__":
    main()
