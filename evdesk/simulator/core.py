"""What every part of a simulated station shares: who it is, its clock, its settings, its timers, its link."""

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from evdesk.model import Clock
from evdesk.simulator.configuration import Configuration
from evdesk.simulator.link import Link, Outgoing
from evdesk.simulator.makers import Maker
from evdesk.simulator.moments import from_text, to_text
from evdesk.simulator.odd import OddLimits, old_profile, rate_units, spoil_stack
from evdesk.simulator.outlet import Outlet
from evdesk.simulator.profiles import Hardware, ProfileStack
from evdesk.simulator.tags import Reservations, Tags

Line = Callable[[str], None]
JOURNAL_MOST = 100


class Core:
    """`say` hears one line per thing that happens. `offset_s` is the station's clock minus the true one.

    `offline_since` is when the CSMS was lost (station clock), None while it is there. `firmware`: the version it runs now;
    `journal`: what it did last, as (station clock, kind, text); `rate_bps`: the most its file transfers take, None any.
    """

    link: Link  # set by the station, which is the link's owner

    def __init__(
        self,
        identity: str,
        maker: Maker,
        clock: Clock,
        *,
        seed: object,
        faults: Iterable[str],
        say: Line,
        evses: int = 1,
    ) -> None:
        self.identity, self.maker, self.clock, self._say = identity, maker, clock, say
        self.firmware = maker.firmware
        self.journal: deque[tuple[float, str, str]] = deque(maxlen=JOURNAL_MOST)
        self.rate_bps: float | None = None
        self.rng = random.Random(f"{seed}:{identity}")
        self.faults = set(faults)
        self.new_serial()
        self.profiles = ProfileStack(Hardware(maker.max_a, maker.phases), maker.max_level)
        self.outlets = {
            n: Outlet(n, maker.max_a, maker.phases, maker.whole_amps, rng=self.rng) for n in range(1, evses + 1)
        }
        self.offset_s = self.rng.uniform(-0.9, 0.9)
        self.offline_since: float | None = None
        self.tags, self.reservations = Tags(), Reservations()
        self.odd = OddLimits(self.faults)
        spoil_stack(self.faults, self.profiles)
        left = old_profile(self.faults, maker.max_level)
        if left is not None:
            self.profiles.add(left)
        self.was_reset = False
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self.lose_clock()
        if self.has("clock_offset"):
            self.offset_s = 300.0

    @property
    def ready(self) -> bool:
        """Connected, and accepted by the CSMS."""
        return self.link.online and self.link.registered

    def now(self) -> float:
        """The station's own clock, Unix seconds."""
        return self.clock.now() + self.offset_s

    def stamp(self, at: float | None = None) -> str:
        """The station's clock (or a moment of it) as it writes it."""
        moment = self.now() if at is None else at
        if self.has("local_time"):
            return to_text(moment + 7200).removesuffix("Z")
        return to_text(moment + 7200 if self.has("local_time_as_utc") else moment)

    def say(self, line: str) -> None:
        self.note(line)
        self._say(line)

    def note(self, line: str, kind: str = "") -> None:
        """Only into the journal."""
        self.journal.append((self.now(), kind, line))

    def new_serial(self) -> None:
        self.serial = f"{self.maker.prefix}-{self.rng.randint(200_000, 209_999)}"

    def settings(self) -> Iterator[tuple[str, str]]:
        """What may be read of its settings, as text."""
        return iter(())

    def has(self, fault: str) -> bool:
        return fault in self.faults

    def set_clock(self, text: Any) -> None:
        """Take the CSMS's `currentTime` when it is more than 2 s away."""
        if self.has("clock_offset") or not isinstance(text, str):
            return
        try:
            true = from_text(text)
        except ValueError:
            return
        if abs(true - self.now()) > 2.0:
            self.offset_s = true - self.clock.now()

    def lose_clock(self) -> None:
        """What a restart does to a clock without a battery."""
        if self.has("clock_1970"):
            self.offset_s = -self.clock.now()

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do `act` at the first tick after `seconds` of clock time."""
        heapq.heappush(self._later, (self.clock.now() + seconds, next(self._count), act))

    def run_due(self, at: float) -> None:
        while self._later and self._later[0][0] <= at:
            heapq.heappop(self._later)[2]()

    def post(
        self,
        action: str,
        payload: dict[str, Any],
        on_result: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Queue a CALL that is not part of a transaction."""
        self.link.post(Outgoing(action, payload, on_result))

    def keep(self, action: str, payload: dict[str, Any]) -> None:
        """Queue a CALL that waits for the CSMS when it is not there."""
        self.link.post(Outgoing(action, payload, keep=True))

    def forget_settings(self) -> None:
        """Settings as they were delivered (each version keeps its own)."""

    def limit_a(self, outlet: Outlet, now: float) -> float:
        """What profiles and hardware allow the outlet at `now` on the station's clock."""
        sharing = 1 if len(self.outlets) == 1 else max(1, sum(o.transaction is not None for o in self.outlets.values()))
        limit = self.profiles.limit_a(outlet.id, now, outlet.tx, sharing)
        if self.has("falls_to_zero") and self.profiles.live_ended(outlet.id, now, outlet.tx):
            return 0.0
        return self.odd.limit_a(outlet, limit, now, self.profiles) if self.odd.spoils else limit


class Core16(Core):
    """The core of a station that keeps its settings as OCPP 1.6 configuration keys."""

    def __init__(
        self,
        identity: str,
        maker: Maker,
        clock: Clock,
        *,
        seed: object,
        faults: Iterable[str],
        sample_s: int,
        say: Line,
        evses: int = 1,
    ) -> None:
        super().__init__(identity, maker, clock, seed=seed, faults=faults, say=say, evses=evses)
        self._new: Callable[[], Configuration] = lambda: Configuration(maker, evses, sample_s)
        self.config = self._new()
        self._spoil()

    def forget_settings(self) -> None:
        """Everything as it was delivered."""
        self.config.keys.update(self._new().keys)
        self._spoil()

    def settings(self) -> Iterator[tuple[str, str]]:
        return ((name, key.value) for name, key in self.config.keys.items() if key.kind != "secret")

    def _spoil(self) -> None:
        keys = self.config.keys
        if self.has("firmware_not_announced"):
            self.config.drop("SupportedFileTransferProtocols")
            profiles = keys["SupportedFeatureProfiles"]
            profiles.value = profiles.value.replace("FirmwareManagement,", "")
        unit = keys["ChargingScheduleAllowedChargingRateUnit"]
        unit.value = rate_units(self.faults, unit.value)
        if self.has("three_levels_announced"):
            keys["ChargeProfileMaxStackLevel"].value = "3"
        if self.has("sampling_fixed"):
            keys["MeterValueSampleInterval"].value = "0"
            keys["MeterValueSampleInterval"].writable = False
