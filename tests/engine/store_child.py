"""Run as a process of its own by the store's tests: writes without end until it is killed, or opens and says how it went.

`store_child.py write PATH`: prints one line per acknowledged row: "audit ID HASH", "session ID", "reading T".
`store_child.py open PATH`: prints the sentence it was refused with, or "open".
`store_child.py verify PATH`: prints the verdict's sentence, or the refusal.
A third argument is the number of the user to become first.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from evdesk.engine.store import Store, verify_file
from evdesk.model import Clock, EvdeskError, MessageSeen, Origin, Reading, TransactionStarted


async def write(path: Path) -> None:
    store = Store(path, Clock())
    await store.open()
    i = 0
    while True:
        i += 1
        now = time.time()
        for k in range(20):
            store.put_reading(Reading("WB-01", k, now, power_w=1.0), (1.0, 2.0, 3.0), 16.0)
            store.put_message(MessageSeen("WB-01", now, "in", "MeterValues", str(i), "x" * 500))
        row = await store.audit(
            kind="asked", origin=Origin("Engine", "balancer"), what="x", target="WB-01", args={"i": i}
        )
        print("audit", row.id, row.hash)
        if i % 10 == 0:
            session = await store.open_session(TransactionStarted("WB-01", i, now, f"T{now}", 1.0, None, now))
            print("session", session.id)
            print("reading", now, flush=True)


async def opens(path: Path) -> None:
    store = Store(path, Clock())
    await store.open()
    await store.close()
    print("open")


def main() -> None:
    act, path = sys.argv[1], Path(sys.argv[2])
    if len(sys.argv) > 3:
        os.setgroups([])
        os.setgid(int(sys.argv[3]))
        os.setuid(int(sys.argv[3]))
    try:
        if act == "verify":
            print(verify_file(path).sentence)
        else:
            asyncio.run(write(path) if act == "write" else opens(path))
    except EvdeskError as error:
        print(error.sentence)


if __name__ == "__main__":
    main()
