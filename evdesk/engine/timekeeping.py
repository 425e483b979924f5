"""Two things time can do to an engine: the computer's clock is set, and the engine itself stands still.

It stands still when its process is stopped, the computer sleeps or has no memory left. Nothing of ours runs then, so it
is seen afterwards, in the first beat that comes too late. Limits that ended meanwhile left their chargers at the safe
default; they are sent again with that beat, before anything else is believed.
"""

import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol

from evdesk.drivers.ocpp_listener import OcppListener
from evdesk.engine.api_core import Core
from evdesk.engine.load import LoadWatch
from evdesk.model import NoticeKind, Origin, Severity
from evdesk.model.clock import STEP_S

log = logging.getLogger("evdesk.timekeeping")
ENGINE = Origin("Engine", "engine")
GAP_S = 10.0
"""Real seconds between two beats, which come once a second."""

NAMED = 8
CLOCK_JUMP = "engine.clock_jump"


class Timed(Core, Protocol):
    """What has to know of it."""

    watch: LoadWatch
    listener: OcppListener


class Timekeeping:
    """`beat` with each control cycle, before it; `look` once a minute."""

    def __init__(self, core: Timed, spawn: Callable[[Coroutine[Any, Any, None], str], None]) -> None:
        self.core, self.spawn = core, spawn
        self._last: float | None = None

    def beat(self) -> None:
        clock = self.core.fleet.clock
        now, last = clock.steady(), self._last
        self._last = now
        if last is not None and now - last > GAP_S * clock.speed:
            self._stood_still(last + clock.jumped, now + clock.jumped)

    async def look(self) -> None:
        """Takes the computer's clock again."""
        jump = self.core.fleet.clock.resync()
        if abs(jump) > STEP_S:
            await self._clock_set(jump)

    def _send_again(self) -> None:
        """Limits may have ended unseen."""
        for record in self.core.fleet.chargers.values():
            for connector in record.connectors.values() if record.accepted else ():
                connector.resend, connector.failed_at = True, None

    def _stood_still(self, began: float, ended: float) -> None:
        fell = []
        self._send_again()
        self.core.jobs.stood_still(ended - began)
        for record in self.core.fleet.chargers.values():
            for connector in record.connectors.values() if record.accepted else ():
                live = connector.session is not None and connector.confirmed_a is not None
                if live and began < connector.confirmed_until <= ended:
                    fell.append(record.label or record.id)
        names = ", ".join(fell[:NAMED]) + (f" and {len(fell) - NAMED} more" if len(fell) > NAMED else "")
        seconds = round(ended - began)
        log.warning("stood still for %d s; limits ended meanwhile: %s", seconds, names or "none")
        args: dict[str, str | float] = {"seconds": seconds, "from_at": round(began), "to_at": round(ended)}
        severity = Severity.WARN if fell else Severity.INFO
        told = {"seconds": seconds, "from": _stamp(began), "to": _stamp(ended), "limits_ended": names}
        self.spawn(self.core.commands.note(ENGINE, "engine.gap", "engine", told), "engine gap")
        if names:
            args["fell"] = names
        fleet = self.core.fleet
        fleet.on_notice(fleet.store.put_notice(fleet.clock.now(), NoticeKind.ENGINE_GAP, severity, args=args))

    async def _clock_set(self, jump: float) -> None:
        core = self.core
        if jump > 0.0:
            self._send_again()  # it may have been lost time all the same: a virtual machine that was paused
        core.control.clock_jumped(jump)
        core.watch.clock_jumped(jump)
        core.doubts.clock_jumped()
        core.caps.shift(jump)
        core.wiring.clock_jumped()
        for memory in core.listener.memories.values():
            memory.clock.shift(jump)
        core.drills.clock_jumped()
        core.jobs.clock_jumped(jump)
        await core.wiring_test.cancel()
        await core.commands.note(ENGINE, CLOCK_JUMP, "engine", {"seconds": round(jump, 1)})


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
