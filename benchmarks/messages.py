"""How fast the message log answers: a page, a filter, a text search, the strip over time, one exchange.

    python benchmarks/messages.py [--rows 100000 1000000] [--dir DIR] [--desk]

Fills a database as a running engine would (calls with their answers, one in fifty with a fault), then prints the median
of each question the Messages page asks. With --desk it also scrolls a window over the smaller log and prints the time of
one page of scrolling and the memory the rows take.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from evdesk.engine.store import Store, StoreSettings
from evdesk.model import Clock, MessageSeen
from evdesk.wire.messages import DensityOf, ExchangePage, MessageFilter

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


def _times(start: float, end: float) -> MessageFilter:
    middle = start + (end - start) / 2
    return MessageFilter(from_at=middle, to_at=middle + 3600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--dir", type=Path)
    args = parser.parse_args()
    for rows in args.rows:
        with tempfile.TemporaryDirectory(dir=args.dir) as folder:
            asyncio.run(measure(Path(folder) / "evdesk.db", rows))


if __name__ == "__main__":
    os.nice(5)
    main()
