"""A few threads for the arithmetic of TLS handshakes, and a short way back into the event loop.

Not an executor: that makes two futures and wakes the loop for every step, which costs more than the step.
"""

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable

_NICE = 5
_AT_ONCE = 4
"""Results handed over in one turn of the loop: whoever is connected already gets its turn in between."""
Step = Callable[[], object]
Done = Callable[[object], None]


class HandshakeThreads:
    """`submit(step, done)`: `step` runs in a thread, then `done(result or the exception)` in the loop."""

    def __init__(self, workers: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[tuple[Step, Done] | None] = queue.SimpleQueue()
        self._results: deque[tuple[Done, object]] = deque()
        self._woken = False
        self._workers = workers or max(1, min(4, (os.cpu_count() or 2) - 1))
        for number in range(self._workers):
            threading.Thread(target=self._work, name=f"evdesk-tls-{number}", daemon=True).start()

    def submit(self, step: Step, done: Done) -> None:
        self._jobs.put((step, done))

    def close(self) -> None:
        for _ in range(self._workers):
            self._jobs.put(None)

    def _work(self) -> None:
        if sys.platform == "linux":
            # Handshakes must not take the processor from the loop that serves those who are connected already.
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while (job := self._jobs.get()) is not None:
            step, done = job
            try:
                result = step()
            except (OSError, ValueError) as error:  # TLS errors are OSErrors
                result = error
            self._results.append((done, result))
            if not self._woken:
                self._woken = True
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        self._woken = False
        for _ in range(_AT_ONCE):
            if not self._results:
                return
            done, result = self._results.popleft()
            done(result)
        if self._results and not self._woken:
            self._woken = True
            self._loop.call_soon(self._hand_over)
