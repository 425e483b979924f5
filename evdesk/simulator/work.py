"""Work that goes on for a while beside everything else: a task that lives with its station and waits on its clock."""

import asyncio
from collections.abc import Callable, Coroutine

from evdesk.simulator.core import Core

LOOK_S = 0.5


class Work:
    """At most one task. What breaks it shows at the station's next tick."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    def go(self, life: Coroutine[None, None, None]) -> None:
        """Do `life` from now on, and nothing else."""
        self.stop()
        self._task = asyncio.ensure_future(life)
        self._task.add_done_callback(self._ended)

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        """What a restart does to it."""
        self.stop()

    async def ended(self) -> None:
        """Stop, and wait until it has."""
        self.stop()
        if self._task is not None:
            await asyncio.wait([self._task])

    def _ended(self, task: "asyncio.Task[None]") -> None:
        problem = None if task.cancelled() else task.exception()
        if problem is None:
            return

        def fail() -> None:
            raise problem

        self.core.later(0.0, fail)  # a bug must not pass unseen

    async def wait(self, seconds: float) -> None:
        """Let time pass on the station's clock, seen at its ticks."""
        passed = asyncio.Event()
        self.core.later(seconds, passed.set)
        await passed.wait()

    async def until(self, test: Callable[[], bool], most_s: float | None = None) -> None:
        """Wait for a condition, at most so long."""
        end = None if most_s is None else self.core.clock.now() + most_s
        while not test() and (end is None or self.core.clock.now() < end):
            await self.wait(LOOK_S)
