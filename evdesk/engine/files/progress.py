"""What is counted about one address while it is fetched from, or sent to. Event loop only; time is passed in."""

from collections import deque

from evdesk.engine.files.coverage import Coverage
from evdesk.model.jobs import Transfer

SAMPLES = 120
RATE_S = 10.0
OTHERS = 8
AGENT = 120


class Progress:
    """Counts for one `Transfer`. `before`: what was counted until the engine was restarted."""

    def __init__(self, scheme: str, size: int = 0, before: Transfer | None = None) -> None:
        had = before or Transfer()
        self.scheme, self.size = scheme, size
        self.total = had.total
        self.requests, self.resumed = had.requests, had.resumed
        self.address, self.agent = had.address, had.agent
        self.others = list(had.others)
        self.first_at, self.last_at, self.complete_at = had.first_at, had.last_at, had.complete_at
        spans = had.spans or (((0, had.bytes),) if had.bytes else ())
        self.coverage = Coverage((start, min(end, size)) for start, end in spans)
        self.received = 0  # uploads: of the newest attempt
        self._samples = list(had.samples)
        self._every, self._skipped = 1, 0
        self._recent: deque[tuple[float, int]] = deque()

    @property
    def bytes(self) -> int:
        return self.received or self.coverage.bytes

    def request(self, now: float, address: str, agent: str, resumed: bool) -> None:
        if self.last_at is not None and now - self.last_at > RATE_S:
            self._recent.clear()  # a pause is no slow transfer
        self.requests += 1
        self.resumed += resumed
        self.first_at = now if self.first_at is None else self.first_at
        self.last_at = now
        self.agent = agent[:AGENT] or self.agent
        if not self.address:
            self.address = address
        elif address != self.address and address not in self.others and len(self.others) < OTHERS:
            self.others.append(address)

    def sent(self, now: float, start: int, end: int) -> bool:
        """Bytes [start, end) of the file have left; True where that makes it whole for the first time."""
        if end <= start:
            return False
        self.coverage.add(start, end)
        self._count(now, end - start)
        if self.complete_at is None and self.coverage.whole(self.size):
            self.complete_at = now
            return True
        return False

    def got(self, now: float, more: int, of_attempt: int) -> None:
        """An upload: `more` bytes came, `of_attempt` of this attempt are here."""
        self.received = of_attempt
        if more > 0:
            self._count(now, more)

    def sample(self, now: float) -> None:
        """One more point of the curve: every one until there are many, then every second, and so on."""
        self._skipped += 1
        if self._skipped >= self._every:
            self._skipped = 0
            self._samples.append((round(now, 2), self.bytes))
            if len(self._samples) > SAMPLES:
                self._samples = self._samples[::2]
                self._every *= 2

    def transfer(self, now: float) -> Transfer:
        return Transfer(
            scheme=self.scheme,
            size=self.size,
            bytes=self.bytes,
            total=self.total,
            rate_bps=self._rate(now),
            requests=self.requests,
            resumed=self.resumed,
            address=self.address,
            others=tuple(self.others),
            agent=self.agent,
            first_at=self.first_at,
            last_at=self.last_at,
            complete_at=self.complete_at,
            samples=tuple(self._samples),
            spans=self.coverage.told(),
        )

    def _count(self, now: float, more: int) -> None:
        if not self._recent:
            self._recent.append((self.last_at or now, self.total))
        self.total += more
        self.last_at = now
        self._recent.append((now, self.total))
        while len(self._recent) > 2 and self._recent[1][0] < now - RATE_S:
            self._recent.popleft()

    def _rate(self, now: float) -> float | None:
        """Over the last ten seconds; None before anything came, and after a while of nothing."""
        if len(self._recent) < 2 or now - self._recent[-1][0] > RATE_S:
            return None
        (from_at, had), (_, has) = self._recent[0], self._recent[-1]
        return (has - had) / max(now - from_at, 0.001) if now > from_at else None
