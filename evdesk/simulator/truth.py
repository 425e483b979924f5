"""What really flowed: the physics' own record, which no controller ever sees."""

from dataclasses import dataclass, field

Amps = tuple[float, float, float]


@dataclass(slots=True)
class LineTruth:
    """One conductor. `longest_*` is the longest unbroken stretch above the rating, Unix seconds."""

    line: str
    rating_a: float
    over_s: float = 0.0
    longest_s: float = 0.0
    longest_from: float | None = None
    longest_to: float | None = None
    peak_a: float = 0.0
    peak_at: float | None = None
    now_a: float = 0.0
    _since: float | None = None

    def measure(self, at: float, dt: float, amps: float) -> None:
        """`amps` flowed for the `dt` seconds that end at `at`."""
        self.now_a = amps
        if amps > self.peak_a:
            self.peak_a, self.peak_at = amps, at
        if amps <= self.rating_a + 1e-6:
            self._since = None
            return
        if self._since is None:
            self._since = at - dt
        self.over_s += dt
        if at - self._since > self.longest_s:
            self.longest_s, self.longest_from, self.longest_to = at - self._since, self._since, at


@dataclass(frozen=True, slots=True)
class ChargerTruth:
    """`limit_a` what profiles and hardware allow now, `pilot_a` what the pilot offers, `current_a` on site phases."""

    charger_id: str
    limit_a: float
    pilot_a: float
    current_a: Amps
    energy_wh: float
    status: str
    online: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """A snapshot. `lines` by name ("Main/L2"); energies since the site was started."""

    at: float
    seconds: float
    lines: dict[str, LineTruth] = field(default_factory=dict)
    chargers: dict[str, ChargerTruth] = field(default_factory=dict)
    cars_wh: float = 0.0
    total_wh: float = 0.0
    starts: int = 0

    @property
    def over_s(self) -> float:
        """Seconds any line was above its rating, worst line."""
        return max((line.over_s for line in self.lines.values()), default=0.0)

    @property
    def longest(self) -> LineTruth | None:
        """The line with the longest stretch above its rating."""
        return max(self.lines.values(), key=lambda line: line.longest_s, default=None)
