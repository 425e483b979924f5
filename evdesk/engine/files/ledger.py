"""Transfers under way: measured twice a second, told, and ended where nothing moves any more."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from evdesk.engine.files.slots import Download, Received, Run, Seen, Served, Slot, Upload
from evdesk.engine.files.words import seconds_words, size_words
from evdesk.model import Clock

BEAT_S = 0.5
KEPT = (Seen.RECEIVED, Seen.PARTIAL)  # told also after the address was withdrawn: there is a file to keep
REPEATED = (Seen.REQUEST, Seen.BROKEN, Seen.REFUSED)
FIRST = 10
"""So many of these are told in words, then the 20th, 30th … 100th, 200th …: some chargers fetch a file in a thousand
pieces."""
ENDED = {
    "broken": "broke off",
    "part": "is a part by its own word, and ends",
    "slow": "went slower than a byte a second and was ended",
    "too_large": "was cut",
    "disk_full": "was ended, because the disk is full,",
}


class Ledger:
    """Of the event loop. `tell` gets each thing seen."""

    def __init__(self, clock: Clock, tell: Callable[[Served], None]) -> None:
        self.clock, self.tell = clock, tell
        self.runs: set[Run] = set()
        self._moved: set[Slot] = set()  # since it was told last
        self._timer: asyncio.TimerHandle | None = None

    def say(self, slot: Slot, what: Seen, text: str, tone: str = "", address: str = "", **more: Any) -> None:
        """`more`: further fields of `Served`."""
        if slot.gone and what not in KEPT:
            return
        slot.seen[what] += 1
        times = slot.seen[what]
        if what in REPEATED and times > FIRST:
            text = f"{text} That is the {times}th time." if not str(times)[1:].strip("0") else ""
        has: dict[str, Any] = {
            "bytes": slot.progress.bytes,
            "size": slot.progress.size,
            "scheme": slot.offer.scheme,
        } | more
        self.tell(Served(slot.key, self.clock.now(), what, text, tone, address, **has))

    def say_received(self, slot: Upload, received: Received, address: str, began: float) -> None:
        """What came of an upload; `began`: when, by the clock."""
        now, name = self.clock.now(), received.name
        if received.whole:
            slot.progress.complete_at = now
            text, tone = f"{name} is here: {size_words(received.size)} in {seconds_words(now - began)}.", "good"
        else:
            text, tone = f"{name} {ENDED[received.cause]} after {size_words(received.size)}; what came is kept.", "warn"
        slot.progress.sample(now)
        self.say(
            slot,
            Seen.RECEIVED if received.whole else Seen.PARTIAL,
            text,
            tone,
            address,
            bytes=received.size,
            path=received.path,
            name=name,
            sha256=received.sha256,
            cause=received.cause,
        )

    def begin(self, run: Run) -> None:
        run.moved = (time.monotonic(), run.position)
        self.runs.add(run)
        run.slot.runs.add(run)
        run.slot.idle.clear()
        self._go_on()
        if run.slot.gone:  # withdrawn while it was asked for
            run.stop()

    def end(self, run: Run) -> None:
        """The last look at it."""
        if run in self.runs:
            if self._advance(run) and isinstance(run.slot, Download):
                self._moved.add(run.slot)
                self._go_on()
            self.runs.discard(run)
            run.slot.runs.discard(run)
            if not run.slot.runs:
                run.slot.idle.set()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        self._timer = None
        moved, self._moved = self._moved, set()
        for slot in moved | {run.slot for run in list(self.runs) if self._advance(run)}:
            slot.progress.sample(self.clock.now())
            self.say(slot, Seen.BYTES, slot.where())
        now = time.monotonic()
        for run in list(self.runs):
            self._end_if_dead(run, now)
        self._go_on()

    def _go_on(self) -> None:
        if self._timer is None and (self.runs or self._moved):
            self._timer = asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    def _advance(self, run: Run) -> bool:
        """Count what has gone since the last look; True where there is more."""
        before, after = run.position, run.measure()
        if after <= before:
            return False
        run.position = after
        now, slot = self.clock.now(), run.slot
        if slot.took(now, before, after):
            slot.progress.sample(now)
            took = now - (slot.progress.first_at or now)
            text = f"{slot.name} is fetched whole: {size_words(slot.progress.size)} in {seconds_words(took)}."
            self.say(slot, Seen.COMPLETE, text, "good", run.address)
            return False
        return True

    def _end_if_dead(self, run: Run, now: float) -> None:
        """Less than a byte a second for as long as the slot bears it."""
        since, had = run.moved
        slow_s = run.slot.slow_s
        if now - since < slow_s:
            return
        if run.position - had < slow_s:
            run.slow = True
            run.stop()
        run.moved = (now, run.position)
