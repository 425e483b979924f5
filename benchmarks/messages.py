"""How fast the message log answers: a page, a filter, a text search, the strip over time, one exchange.

    python benchmarks/messages.py [--rows 100000 1000000] [--dir DIR] [--no-desk]

Fills a database as a running engine would (calls with their answers, one in fifty with a fault), then prints the median
of each question the Messages page asks. It also scrolls a window over the smaller log and prints the time of one view and
the memory the rows take.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QModelIndex
from qasync import QEventLoop

from evdesk.engine.store import Store, StoreSettings, exchanges
from evdesk.gui.app import make_app
from evdesk.gui.client import Client, LinkState
from evdesk.gui.mirror import Mirror
from evdesk.gui.pages.messages import MessagesPage
from evdesk.gui.theme import current
from evdesk.model import Clock, EvdeskError, MessageSeen, Reason
from evdesk.wire.messages import DensityOf, ExchangePage, ExchangeWhole, FrameWhole, MessageFilter

CHARGERS = 20
STEP_S = 0.12
START = 1_800_000_000.0
METER = (
    '[2,"{id}","MeterValues",{{"connectorId":1,"transactionId":{n},"meterValue":[{{"timestamp":"2027-01-15T08:00:00Z",'
    '"sampledValue":[{{"value":"13.8","measurand":"Current.Import","phase":"L1","unit":"A"}},{{"value":"13.7",'
    '"measurand":"Current.Import","phase":"L2","unit":"A"}},{{"value":"13.9","measurand":"Current.Import","phase":"L3",'
    '"unit":"A"}},{{"value":"{n}","measurand":"Energy.Active.Import.Register","unit":"Wh"}}]}}]}}]'
)


class EndClock(Clock):
    """Stands at the end of the filled time."""

    def __init__(self, at: float) -> None:
        super().__init__()
        self.at = at

    def now(self) -> float:
        return self.at


def exchange(number: int) -> tuple[MessageSeen, MessageSeen]:
    """A call and its answer: nearly always meter values, sometimes a status, a limit, a refusal, a breach."""
    at, charger, ident = (
        START + number * STEP_S,
        f"WB-{number % CHARGERS:02}",
        f"m{number:08x}-3f1c-4c9e-a0de-{number:012x}",
    )
    if number % 10 == 3:
        text = f'[2,"{ident}","SetChargingProfile",{{"connectorId":1}}]'
        status = "Rejected" if number % 100 == 3 else "Accepted"
        answer = f'[3,"{ident}",{{"status":"{status}"}}]'
        return (
            MessageSeen(charger, at, "out", "SetChargingProfile", ident, text),
            MessageSeen(charger, at + 0.09, "in", "SetChargingProfile", ident, answer, "result"),
        )
    if number % 10 == 7:
        text = f'[2,"{ident}","StatusNotification",{{"connectorId":1,"errorCode":"NoError","status":"Charging"}}]'
        call = MessageSeen(
            charger, at, "in", "StatusNotification", ident, text, odd="zone_missing" if number % 50 == 7 else ""
        )
        return call, MessageSeen(charger, at, "out", "StatusNotification", ident, f'[3,"{ident}",{{}}]', "result")
    call = MessageSeen(charger, at, "in", "MeterValues", ident, METER.format(id=ident, n=number))
    return call, MessageSeen(charger, at, "out", "MeterValues", ident, f'[3,"{ident}",{{}}]', "result")


async def fill(store: Store, rows: int) -> float:
    """Returns the CPU seconds it took, all threads."""
    began = time.process_time()
    for number in range(rows // 2):
        for frame in exchange(number):
            store.put_message(frame, "ocpp1.6")
        if number % 4000 == 0:
            await store.flush()
    await store.flush()
    return time.process_time() - began


async def timed(name: str, ask: Callable[[], Awaitable[object]]) -> None:
    took, size = [], 0
    for _ in range(5):
        began = time.perf_counter()
        answer = await ask()
        took.append((time.perf_counter() - began) * 1000)
        size = len(answer) if isinstance(answer, list) else 1
    print(f"  {name:<44} {statistics.median(took):8.1f} ms  {size:>4} rows")


def megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


async def measure(path: Path, rows: int) -> None:
    end = START + rows / 2 * STEP_S
    keep = StoreSettings(messages_per_charger=rows, messages_total=rows * 2)
    store = Store(path, EndClock(end), keep)
    await store.open()
    try:
        cpu = await fill(store, rows)
        print(f"{rows} frames, {megabytes(path):.0f} MB, {rows / cpu:,.0f} frames put and written a CPU-second")
        nothing = MessageFilter()
        page = ExchangePage(nothing)
        ask = store.exchanges
        await timed("newest page of 200", lambda: ask(page))
        middle = (await ask(ExchangePage(replace(nothing, to_at=START + (end - START) / 2))))[0].id
        await timed("page in the middle", lambda: ask(replace(page, before_id=middle)))
        await timed("what came since the last look", lambda: ask(replace(page, after_id=rows - 20)))
        await timed("an hour in the middle", lambda: ask(replace(page, filter=_times(START, end))))
        await timed("one charger", lambda: ask(replace(page, filter=replace(nothing, charger_ids=("WB-07",)))))
        await timed("breaches", lambda: ask(replace(page, filter=replace(nothing, verdict="breach"))))
        await timed("timeouts (there are none)", lambda: ask(replace(page, filter=replace(nothing, verdict="timeout"))))
        await timed("an action", lambda: ask(replace(page, filter=replace(nothing, action="status"))))
        await timed("text, found often", lambda: ask(replace(page, filter=replace(nothing, search="Charging"))))
        await timed("text in answers", lambda: ask(replace(page, filter=replace(nothing, search="Rejected"))))
        await timed("text found nowhere", lambda: ask(replace(page, filter=replace(nothing, search="zebra"))))
        last = MessageFilter(from_at=end - 3600, to_at=end)
        await timed("density of the last hour", lambda: store.density(DensityOf(last)))
        whole = MessageFilter(from_at=START, to_at=end)
        await timed("density of everything", lambda: store.density(DensityOf(whole)))
        await timed("count of everything", lambda: store.message_count(nothing))
        await timed("one exchange whole", lambda: store.exchange(middle))
    finally:
        await store.close()


class DirectClient(Client):
    """Answers from the file without a socket: what is measured is the log, the model and the painting."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(lambda: None)
        self.state = LinkState.RUNNING
        self._connection = connection

    async def call(self, method: str, params: Any = None, timeout: float = 40.0) -> Any:
        if method == "message.exchanges":
            return exchanges.exchange_rows(self._connection, params)
        if method == "message.count":
            return exchanges.count(self._connection, params, params.to_at or 0.0)
        if method == "message.density":
            return exchanges.density(self._connection, params)
        found = exchanges.exchange(self._connection, params.id)
        if found is None:
            raise EvdeskError(Reason.INVALID, "gone")
        row, frames = found
        told = [FrameWhole(f.id, f.at, f.direction, f.kind, f.text, len(f.text), []) for f in frames]
        return ExchangeWhole(row, told)


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


async def settled(page: MessagesPage) -> None:
    """Until the page has every row it asked for."""
    turns = 0
    while turns < 3:
        turns = 0 if page.list.model.loading else turns + 1
        await asyncio.sleep(0)


async def scroll(path: Path) -> None:
    """Down the whole log, one view after the other, as fast as it goes; then back up."""
    connection = sqlite3.connect(path)
    client = DirectClient(connection)
    page = MessagesPage(Mirror(client), client, current())
    page.mirror.connected = True
    page.resize(1112, 748)
    page.show()
    page.on_shown()
    page.list.follow.setChecked(False)
    await settled(page)
    table, model = page.list.table, page.list.model
    bar = table.verticalScrollBar()
    before, took, seen = rss_mb(), [], 0
    while model.more_older or bar.value() < bar.maximum():
        began = time.perf_counter()
        bar.setValue(bar.value() + table.viewport().height())
        table.viewport().repaint()
        took.append((time.perf_counter() - began) * 1000)
        if bar.value() >= bar.maximum() and model.canFetchMore(QModelIndex()):
            model.fetchMore(QModelIndex())
        if model.loading:
            await settled(page)
        seen = max(seen, model.rowCount())
    views = len(took)
    took.sort()
    print(
        f"scrolled {views} views to the oldest row: {took[views // 2]:.1f} ms a view, P99 {took[views * 99 // 100]:.1f} ms"
    )
    print(f"  {seen} rows kept at most, {rss_mb() - before:.1f} MB more than with the first page")
    began = time.perf_counter()
    page.list.to_newest()
    await settled(page)
    table.viewport().repaint()
    print(f"  back to the newest row: {(time.perf_counter() - began) * 1000:.1f} ms")
    page.on_hidden()
    await client.close()
    page.deleteLater()
    connection.close()


def measure_desk(path: Path) -> None:
    app = make_app()
    current().apply(app, "light")
    loop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(scroll(path))


def _times(start: float, end: float) -> MessageFilter:
    middle = start + (end - start) / 2
    return MessageFilter(from_at=middle, to_at=middle + 3600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--dir", type=Path)
    parser.add_argument("--no-desk", action="store_true", help="do not scroll over the smallest log")
    args = parser.parse_args()
    for rows in args.rows:
        with tempfile.TemporaryDirectory(dir=args.dir) as folder:
            asyncio.run(measure(Path(folder) / "evdesk.db", rows))
            if not args.no_desk and rows == min(args.rows):
                measure_desk(Path(folder) / "evdesk.db")


if __name__ == "__main__":
    os.nice(5)
    main()
