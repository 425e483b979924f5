"""Speed of the desk, measured from outside: python benchmarks/desk.py [--json]

cold start   process start to a painted page with live values, against a bare PySide6 + pyqtgraph window in the same run
cpu          share of a core with 200 chargers that all change once a second
plot         30 days of the site's three phases: asked, answered by a real store, drawn

Ratios and shares count; single times depend on the computer.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TOKEN = "benchmark"
ROUNDS = 5
CHARGERS = 200
CPU_S = 20.0
DAYS = 30
STEP_S = 60.0
SERIES = ("site:current_l1_a", "site:current_l2_a", "site:current_l3_a")

BARE = """
import sys
from PySide6.QtWidgets import QApplication
import pyqtgraph as pg
app = QApplication(sys.argv)
plot = pg.PlotWidget()
plot.resize(1280, 800)
plot.plot(list(range(600)))
plot.show()
plot.grab()
print("painted", flush=True)
"""

DESK = """
import sys, time
from pathlib import Path
from evdesk.gui import app
from PySide6.QtCore import QTimer
from evdesk.gui.shell import Shell

url, token, folder, stay = sys.argv[1:5]

class Watched(Shell):
    told = False
    def refresh(self, *_):
        super().refresh()
        if self.mirror.connected and not self.told:
            self.told = True
            QTimer.singleShot(0, self, self.painted)
    def painted(self):
        self.grab()
        print("painted", flush=True)
        if float(stay):
            QTimer.singleShot(3000, self, self.begin)
        else:
            self.leaving.emit()
    def begin(self):
        self.began = time.process_time(), time.monotonic()
        QTimer.singleShot(int(float(stay) * 1000), self, self.done)
    def done(self):
        cpu, wall = time.process_time() - self.began[0], time.monotonic() - self.began[1]
        print(cpu / wall, flush=True)
        self.leaving.emit()

app.Shell = Watched
sys.exit(app.run_desk(Path(folder), url, token, settings_path=Path(folder) / "desk.ini"))
"""


def site(count: int) -> Any:
    """The sample site with `count` chargers that charge."""
    from evdesk.model import Bay
    from tests.gui import sample

    first, base = sample.chargers()[0], sample.snapshot()
    chargers = tuple(replace(first, id=f"C{n:03}", label=f"Bay {n}") for n in range(count))
    bays = tuple(Bay(c.id, 1, c.label, "Garage", rotation="RST") for c in chargers)
    return replace(base, chargers=chargers, site=replace(base.site, bays=bays), sessions=(), notices=())


async def serve(count: int) -> None:
    """A real API server whose chargers all change once a second; prints its port."""
    from evdesk.engine.server import ApiServer
    from evdesk.wire.methods import Done
    from tests.gui import sample

    snapshot = site(count) if count else sample.snapshot()

    async def dispatch(_origin: Any, method: str, params: Any) -> object:
        if method == "history.read_many":
            known = sample.history_many(["site:current_l1_a"], params.from_at, params.to_at, params.buckets)
            one = known.series["site:current_l1_a"]
            return replace(known, series=dict.fromkeys(params.series, one))
        if method == "history.read":
            return sample.history(params.series, params.from_at, params.to_at, params.buckets)
        return [] if method.endswith(".list") else Done()

    server = ApiServer("127.0.0.1", 0, TOKEN, dispatch, lambda: snapshot, "0.1.0")
    _, port = await server.start()
    print(port, flush=True)
    tick = 0
    while True:
        tick += 1
        for n, charger in enumerate(snapshot.chargers):
            connector = charger.connectors[0]
            amps = 10.0 + (tick + n) % 5
            now = replace(connector, current_a=(amps,) * 3, site_current_a=(amps,) * 3, power_w=690.0 * amps)
            server.publish("charger", replace(charger, connectors=(now,)))
            await asyncio.sleep(0.9 / len(snapshot.chargers))
        at = snapshot.load.at + tick
        server.publish("load", replace(snapshot.load, at=at, meter_at=at, total_w=36_000.0 + 100 * (tick % 9)))
        await asyncio.sleep(0.1)


def environment() -> dict[str, str]:
    """As installed: byte code is kept, whatever this shell says about that."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}


def python(*args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
    )


def first_line_s(*args: str) -> float:
    start = time.perf_counter()
    with python(*args) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.perf_counter() - start
        if line.strip() != "painted":
            raise SystemExit(f"the process said {line!r} instead of “painted”")
        process.stdout.read()
    return took


def cold_start(url: str, folder: str) -> dict[str, float]:
    """Medians in seconds, taken in turn, after one start each that does not count."""
    bare, desk = [], []
    for _ in range(ROUNDS + 1):
        bare.append(first_line_s("-c", BARE))
        desk.append(first_line_s("-c", DESK, url, TOKEN, folder, "0"))
    ours, theirs = statistics.median(desk[1:]), statistics.median(bare[1:])
    return {"desk_s": ours, "bare_s": theirs, "ratio": ours / theirs}


def cpu_share(url: str, folder: str) -> float:
    with python("-c", DESK, url, TOKEN, folder, str(CPU_S)) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "painted":
            raise SystemExit("the desk did not start")
        return float(process.stdout.readline())


async def rolled(path: Path) -> None:
    """Waits until the writer has rolled up every reading, as a running engine does within seconds."""
    from contextlib import closing

    from evdesk.engine.store.rollup import rolled_id

    with closing(sqlite3.connect(path)) as connection:
        while True:
            if rolled_id(connection) == connection.execute("SELECT max(id) FROM reading").fetchone()[0]:
                return
            await asyncio.sleep(0.1)


async def month(folder: Path) -> tuple[Any, float]:
    """30 days of the site in a real store, and the time its answer to one plot takes (median, ms)."""
    from evdesk.engine.store import Store
    from evdesk.engine.store.settings import StoreSettings
    from evdesk.model import Clock
    from tests.gui import sample

    clock = Clock()
    store = Store(folder / "month.db", clock, StoreSettings(roll_s=0.2))
    await store.open()
    end, load = clock.now(), sample.load()
    steps = int(DAYS * 86400 / STEP_S)
    for n in range(steps):
        swing = 1.0 + 0.2 * ((n % 97) / 97)
        lines = tuple(replace(line, total_a=(line.total_a or 0.0) * swing) for line in load.lines[:3])
        total = tuple(line.total_a for line in lines)
        store.put_load(replace(load, at=end - (steps - n) * STEP_S, lines=lines, total_a=total))
        if n % 2000 == 0:
            await store.flush()
    await store.flush()
    await rolled(folder / "month.db")
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        answer = await store.history(list(SERIES), end - DAYS * 86400, end, 1200)
        took.append(1000 * (time.perf_counter() - start))
    await store.close()
    return answer, statistics.median(took)


def drawn_ms(answer: Any) -> float:
    """The answer into a chart and onto the screen (median)."""
    from evdesk.gui.app import make_app
    from evdesk.gui.charts import ChartData, Curve, LineChart, floats
    from evdesk.gui.theme import current

    app = make_app()
    current().apply(app, "light")
    chart = LineChart()
    chart.resize(1200, 600)
    chart.show()
    app.processEvents()
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        curves = tuple(
            Curve(name, name, f"L{n}", floats(h.mean), floats(h.min), floats(h.max))
            for n, (name, h) in enumerate(answer.series.items(), 1)
        )
        chart.set_window(DAYS * 86400)
        chart.set_data(ChartData(floats(answer.t), curves))
        chart.grab()
        took.append(1000 * (time.perf_counter() - start))
    return statistics.median(took)


def plot() -> dict[str, float]:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as folder:
        answer, read_ms = asyncio.run(month(Path(folder)))
    known = sum(v is not None for v in answer.series[SERIES[0]].mean)
    if known < 1000:
        raise SystemExit(f"only {known} of 1200 buckets are known: the plot would be empty")
    return {"read_ms": read_ms, "draw_ms": drawn_ms(answer)}


def measure() -> dict[str, Any]:
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (0, CHARGERS):
            server = python(__file__, "--serve", str(count))
            try:
                assert server.stdout is not None
                url = f"ws://127.0.0.1:{int(server.stdout.readline())}/api"
                if count:
                    result["cpu_share_200_chargers"] = cpu_share(url, folder)
                else:
                    result["cold_start"] = cold_start(url, folder)
            finally:
                server.terminate()
                server.communicate()
    result["plot_30_days"] = plot()
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve is not None:
        asyncio.run(serve(args.serve))
        return 0
    result = measure()
    if args.json:
        print(json.dumps(result))
        return 0
    start = result["cold_start"]
    print(
        f"cold start   {start['desk_s']:.2f} s, bare window {start['bare_s']:.2f} s: "
        f"{start['ratio']:.2f} x (budget 1.5)"
    )
    print(f"cpu          {100 * result['cpu_share_200_chargers']:.1f} % of a core, 200 chargers at 1 Hz (budget 20 %)")
    drawn = result["plot_30_days"]
    total = drawn["read_ms"] + drawn["draw_ms"]
    print(
        f"plot         {total:.0f} ms for 30 days: read {drawn['read_ms']:.0f}, "
        f"drawn {drawn['draw_ms']:.0f} (budget 100)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
