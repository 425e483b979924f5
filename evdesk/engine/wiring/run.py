"""The commissioning test: one charger after another goes down to its minimum and up again while the meter is watched.

The balancer stays in charge: the test only lowers ceilings. Where many cars leave a connector too little to be stepped,
the others go down to their minimum first. The tested connector's goes to its minimum and back to where it was, everybody
else's stays where it is, so that what is freed is not given on in the middle of a step.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from evdesk.balance import Key
from evdesk.balance.inference import WiringSeen, WiringVerdict, least_step_a
from evdesk.engine.commands import Commands
from evdesk.engine.control import Control
from evdesk.engine.fleet import Fleet
from evdesk.engine.state import ConnectorRecord
from evdesk.engine.wiring.book import WiringBook
from evdesk.engine.wiring.trail import mean_of
from evdesk.model import Bay, EvdeskError, Origin, Phases, Reason
from evdesk.wire.wiring import WiringTestState, WiringTestStep

log = logging.getLogger("evdesk.wiring")
META = "wiring_test"
WIRING = Origin("Engine", "wiring test")
ROOM_A = 3.0
PAUSED_A = 4.0  # a car that draws so much is paused where no other step can be had
SPARE_A = 2.0  # a car may take less than it is given
NOISE_A = 0.8  # of a mean over `STEADY_S`, whatever the meter does from second to second
RISES_S = 20.0
MAKE_ROOM_S = 75.0  # others fall, their readings come, the hold before raising is over, and the car follows
STEADY_S = 3.0
FOLLOW_S = 45.0
SETTLED_A = 1.5
BREATH_S = 10.0  # between two connectors shares may move again: the test of many must not freeze a site


class _Skip(Exception):
    """Why this connector cannot be tested now, in words."""


@dataclass(slots=True)
class WiringTest:
    """At most one runs. `begin`, then `state`; `cancel` at any time gives every ceiling back at once."""

    fleet: Fleet
    control: Control
    book: WiringBook
    commands: Commands
    publish: Callable[[WiringTestState], None]
    state: WiringTestState = field(default_factory=WiringTestState)
    drilled: Callable[[], bool] = lambda: False  # whether a failsafe drill runs or is about to
    _task: asyncio.Task[None] | None = None

    def begin(self, origin: Origin, keys: list[Key]) -> None:
        """Raises `EvdeskError(INVALID)` while one runs, or where no site meter could see anything."""
        if self.running:
            raise EvdeskError(Reason.INVALID, "A wiring test is running. Wait for its end, or cancel it.")
        if self.drilled():
            raise EvdeskError(Reason.INVALID, "A failsafe drill is running. Wait for its end, or cancel it.")
        if not any(c.meter for c in self.fleet.site.circuits):
            raise EvdeskError(Reason.INVALID, "The site has no meter: nothing would see the steps. Enter one first.")
        if not self.fleet.site.balance.enabled:
            raise EvdeskError(Reason.INVALID, "Balancing is off. Switch it on: it guards the fuse during the test.")
        now = self.fleet.clock.now()
        self.state = WiringTestState(True, now, None, [WiringTestStep(k[0], k[1], "waits") for k in keys])
        self._task = asyncio.get_running_loop().create_task(self._run(origin, keys), name="wiring test")

    async def open(self) -> None:
        """The last test as it ended, before a restart too; one the engine ended in the middle of is told so."""
        text = await self.fleet.store.load_meta(META)
        try:
            self.state = msgspec.json.decode(text, type=WiringTestState) if text else self.state
        except (msgspec.DecodeError, ValueError) as error:
            log.warning("how the last wiring test ended cannot be read: %s", error)
        if not self.state.running:
            return
        self.state = self.state.interrupted(self.fleet.clock.now())
        await self._keep()
        with contextlib.suppress(EvdeskError):
            await self.commands.note(WIRING, "wiring.tested", "site", self._told())

    async def _keep(self) -> None:
        """A test goes on where its state cannot be stored: only a restart would not know of it."""
        try:
            await self.fleet.store.save_meta(META, msgspec.json.encode(self.state).decode())
        except EvdeskError as error:
            log.warning("the state of the wiring test is not stored: %s", error.sentence)

    def _told(self) -> dict[str, str]:
        return {f"{s.charger_id}/{s.connector_id}": f"{s.state} {s.words}".strip() for s in self.state.steps}

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def cancel(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, origin: Origin, keys: list[Key]) -> None:
        self.book.passive = False
        try:
            for n, key in enumerate(keys):
                self._say(n, "runs")
                await self._keep()
                try:
                    self.book.begin_trial(key, self.fleet.clock.now())
                    await self._step(key)
                    seen = self.book.seen(key)
                    self._say(n, "done", _told(seen))
                    self.control.holds = {}
                    await asyncio.sleep(self.fleet.clock.wall_s(BREATH_S))
                except _Skip as skip:
                    self._say(n, "skipped", str(skip))
                finally:
                    self.control.holds = {}
        except asyncio.CancelledError:
            for n, step in enumerate(self.state.steps):
                if step.state in ("waits", "runs"):
                    self._say(n, "cancelled")
            raise
        finally:
            self.control.holds = {}
            self.book.passive = True
            self.book.end_trials()
            self.state = self.state.ended(self.fleet.clock.now())
            self.publish(self.state)
            await self._keep()
            with contextlib.suppress(EvdeskError):
                await self.commands.note(origin, "wiring.tested", "site", self._told())

    def _say(self, n: int, state: str, words: str = "") -> None:
        self.state = self.state.with_step(n, state, words)
        self.publish(self.state)

    async def _step(self, key: Key) -> None:
        connector = self._connector(key)
        bay = self.fleet.site.bay(*key)
        circuit = self.book.meter_of(bay) if bay is not None else ""
        if bay is None or not circuit:
            raise _Skip("no meter above it")
        noise_a = min(self.book.noise(circuit, self.fleet.clock.now()), NOISE_A)
        least = bay.min_a + least_step_a(noise_a)
        doubted, floor = circuit in self.book.distrusted, bay.min_a
        if _drawn(connector) < bay.min_a + ROOM_A <= _ceiling(bay) and not doubted:
            await self._make_room(key, bay, connector)
        connector = self._connector(key)
        if doubted and PAUSED_A < _drawn(connector) < least:
            floor, least = 0.0, PAUSED_A  # nothing rises by a meter that is doubted: the one way down is a pause
        if _drawn(connector) < least:
            raise _Skip(_too_little(connector, bay, least))
        top = connector.wanted_a or 0.0
        self._hold_all()
        high = await self._settled(key, circuit, lambda amps: amps >= least, still=True)
        high_a = max(a or 0.0 for a in high[0])
        self.control.holds[key] = floor
        few = min(floor + SETTLED_A, high_a - least_step_a(noise_a))
        low = await self._settled(key, circuit, lambda amps: amps <= few, still=True)
        self._learn(key, high, low, noise_a)
        if circuit in self.book.distrusted:
            return  # nothing rises by a meter that is doubted: there is no way up
        self.control.holds[key] = top
        many = min(bay.min_a + ROOM_A, high_a - 0.5)
        again = await self._settled(key, circuit, lambda amps: amps >= many, still=True)
        self._learn(key, low, again, noise_a)

    async def _make_room(self, key: Key, bay: Bay, connector: ConnectorRecord) -> None:
        """The others go down to their minimum, so that this one gets enough to be stepped, where the lines have that. One
        that has got more than it takes may just be rising."""
        wait_s = RISES_S
        if connector.wanted_a is not None and connector.wanted_a < bay.min_a + ROOM_A + SETTLED_A:
            wait_s = MAKE_ROOM_S
            self._hold_all()
            for other in self.control.holds:
                least = found.min_a if (found := self.fleet.site.bay(*other)) is not None else bay.min_a
                self.control.holds[other] = min(self.control.holds[other], least)
            self.control.holds[key] = min(bay.min_a + ROOM_A + SPARE_A, bay.max_a)
        began = self.fleet.clock.now()
        while self.fleet.clock.now() - began < wait_s:
            if _drawn(self._connector(key)) >= bay.min_a + ROOM_A:
                return
            await asyncio.sleep(self.fleet.clock.wall_s(0.5))

    def _hold_all(self) -> None:
        """Everybody keeps what they have at most; falling is free, for the fuse comes first."""
        self.control.holds = {
            (record.id, connector.id): connector.wanted_a
            for record in self.fleet.chargers.values()
            for connector in record.connectors.values()
            if connector.wanted_a is not None
        }

    def _learn(self, key: Key, before: tuple[Phases, Phases], after: tuple[Phases, Phases], noise_a: float) -> None:
        self.book.add_step(key, before[0], after[0], before[1], after[1], self.fleet.clock.now(), noise_a)

    def _connector(self, key: Key) -> ConnectorRecord:
        record = self.fleet.chargers.get(key[0])
        connector = record.connectors.get(key[1]) if record is not None else None
        if record is None or connector is None or not record.online or not record.accepted:
            raise _Skip("not connected")
        if connector.session is None:
            raise _Skip("no car is charging there")
        return connector

    async def _settled(
        self, key: Key, circuit: str, there: Callable[[float], bool], still: bool = False
    ) -> tuple[Phases, Phases]:
        """(connector, meter) once a reading newer than now shows it there, with the meter's mean of the seconds before.
        `still`: two readings in a row must agree, for a car that rises slowly."""
        began = self.fleet.clock.now()
        samples: deque[tuple[float, Phases]] = deque(maxlen=64)
        last: float | None = None
        seen_at = began
        while self.fleet.clock.now() - began < FOLLOW_S:
            await asyncio.sleep(self.fleet.clock.wall_s(0.5))
            connector, now = self._connector(key), self.fleet.clock.now()
            reading = self.fleet.meters.get(circuit)
            if reading is not None and (not samples or reading.at > samples[-1][0]):
                samples.append((reading.at, reading.current_a))
            at, drawn = connector.current_at, max((a for a in connector.current_a if a is not None), default=None)
            if at is None or at <= seen_at or drawn is None or at < began + 2.0:
                continue
            seen_at = at
            agrees = (
                not still or connector.sample_s > FOLLOW_S / 3.0 or (last is not None and abs(last - drawn) < SETTLED_A)
            )
            last = drawn
            mean = mean_of([amps for when, amps in samples if now - when <= STEADY_S])
            if there(drawn) and agrees and mean is not None:
                return connector.current_a, mean
        raise _Skip("its car did not follow, or the meter was silent")


def _told(seen: WiringSeen) -> str:
    if seen.verdict is WiringVerdict.SAME_ALWAYS:
        return "its car draws the same on every phase: the order cannot show. Test with a one-phase car"
    return f"{seen.verdict}: {seen.rotation}" if seen.rotation else "nothing sure yet: test again"


def _drawn(connector: ConnectorRecord) -> float:
    return max((a for a in connector.current_a if a is not None), default=0.0)


def _ceiling(bay: Bay) -> float:
    return bay.max_a if bay.user_limit_a is None else min(bay.max_a, bay.user_limit_a)


def _too_little(connector: ConnectorRecord, bay: Bay, least: float) -> str:
    """Why it cannot be stepped, and how it can be."""
    drawn, limit_a = _drawn(connector), connector.wanted_a
    below = int(drawn * 10) / 10  # never rounded up to what is needed
    said = f"its car draws {below:.1f} A; at least {least:g} A are needed"
    if _ceiling(bay) < least:
        return f"{said}. Its limit is set to {_ceiling(bay):g} A: raise it for the test"
    if limit_a is not None and limit_a < least + 1.0 and drawn >= limit_a - SETTLED_A:
        return (
            f"{said}, and the lines have no more even with all others at their minimum. Test it when fewer cars charge"
        )
    return f"{said}. It takes no more by itself: test with another car, or before this one is nearly full"
