"""Charger timestamps: tolerant RFC 3339 reading and the measured offset of the charger's clock.

Queueing only ever makes a timestamp older, so the largest (timestamp - receive time) recently seen is the best
estimate of the offset. A sample that shows the charger behind us proves nothing by itself (it may come from the
offline queue): it counts only when a second one, some seconds later, shows the same offset.
"""

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

DAY_S = 86400.0
NOT_SET_BEFORE = 1262304000.0  # 2010-01-01: clocks that were never set start in 1970, 2000 or thereabouts
LIVE_S = 60.0
_BEHIND_S = 30.0
_SAME_S = 3.0
_APART_S = 2.0
_LOOK_S = 1.0
_WINDOW = 12
_WINDOW_S = 900.0
_REPORT_S = 600.0

_FORM = re.compile(
    r"\s*(\d{4})-?(\d{2})-?(\d{2})[T\s_]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?"
    r"\s*(?:(Z)|(?:UTC|GMT)?([+-])(\d{2}):?(\d{2})?|(UTC|GMT))?\s*",
    re.IGNORECASE,
)


_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d+)?(?:Z|[+-][01]\d:[0-5]\d)", re.ASCII)
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Stamp:
    """`at`: Unix seconds as written (UTC assumed where no zone stood)."""

    at: float
    zone_unknown: bool = False


def parse_time(text: object) -> Stamp | None:
    """A timestamp in any of the forms seen in the field; None when it is not one."""
    return _read(text) if isinstance(text, str) and len(text) <= 64 else None


@lru_cache(_REMEMBERED)
def is_strict(text: str) -> bool:
    """Whether it is a date-time as the schemas ask for; leap seconds and small letters are left to them."""
    return _STRICT.fullmatch(text) is not None and parse_time(text) is not None


@lru_cache(_REMEMBERED)
def _read(text: str) -> Stamp | None:
    if len(text) in (20, 24) and text[-1] == "Z":
        try:
            return Stamp(datetime.fromisoformat(text).timestamp())
        except (ValueError, OverflowError):
            pass
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zulu, sign, off_h, off_m, named = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    zone = UTC
    try:
        if sign:
            delta = timedelta(hours=int(off_h), minutes=int(off_m or 0))
            zone = timezone(-delta if sign == "-" else delta)
        leap = min(int(second or 0), 59)
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), leap, micro, zone)
        return Stamp(moment.timestamp(), zone_unknown=not (zulu or sign or named))
    except (ValueError, OverflowError):
        return None


def format_time(at: float) -> str:
    """RFC 3339, UTC, whole seconds: the form every charger reads."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class ClockEstimate:
    """The charger's clock minus ours, from the timestamps of its messages."""

    zone_unknown: bool = False
    unset_s: float | None = None  # of a clock that was never set, as last seen
    _samples: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    _settled: float | None = None
    _told: tuple[float, float] | None = None
    _looked_at: float = 0.0

    @property
    def offset_s(self) -> float | None:
        """Positive: the charger is ahead. None until it is known."""
        return self._settled

    @property
    def ahead_s(self) -> float:
        """What to add to our time so that it is the charger's, be its clock set or not; 0 where nothing is known."""
        if self._settled is not None:
            return self._settled
        return self.unset_s or 0.0

    def restart(self) -> None:
        """The charger has just taken our time (BootNotification answer): old samples say nothing any more."""
        self._samples.clear()
        self._settled = self.unset_s = self._told = None
        self._looked_at = 0.0

    def shift(self, seconds: float) -> None:
        """Our clock was set by so much: the charger's stands that much further back."""
        self._samples = deque(((at + seconds, offset - seconds) for at, offset in self._samples), maxlen=_WINDOW)
        self._settled = None if self._settled is None else self._settled - seconds
        self._looked_at += seconds
        self._told = None

    def sample(self, stamp: Stamp, now: float) -> None:
        """A timestamp as received. Unset clocks (1970) must not get here."""
        self.zone_unknown, self.unset_s = stamp.zone_unknown, None
        offset = stamp.at - now
        if self._settled is not None and offset <= self._settled and now - self._looked_at < _LOOK_S:
            return  # an older timestamp than the best one known: nothing to learn that fast again
        self._looked_at = now
        while self._samples and now - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()
        confirmed = any(now - at >= _APART_S and abs(offset - seen) <= _SAME_S for at, seen in self._samples)
        self._samples.append((now, offset))
        if offset >= -_BEHIND_S and (self._settled is None or offset > self._settled):
            self._settled = offset
        elif confirmed:
            self._settled = max(seen for _, seen in self._samples if abs(seen - offset) <= _SAME_S)

    def news(self, now: float) -> float | None:
        """The offset, when it changed by more than a second or was not told for ten minutes."""
        if self._settled is None:
            return None
        if self._told is not None and abs(self._settled - self._told[0]) <= 1.0 and now - self._told[1] < _REPORT_S:
            return None
        self._told = (self._settled, now)
        return self._settled


@dataclass(slots=True)
class Placed:
    """A charger's timestamp put on our clock. `rule` names what was wrong with it, "" if nothing."""

    at: float
    charger_at: float | None
    live: bool
    rule: str = ""


def place(stamp: Stamp | None, clock: ClockEstimate, now: float, live_s: float = LIVE_S) -> Placed:
    """Where a message belongs in time. Without a usable timestamp that is the moment it came."""
    if stamp is None:
        return Placed(now, None, True, "timestamp_unreadable")
    if stamp.at < NOT_SET_BEFORE:
        return Placed(now, None, True, "clock_not_set")
    offset = clock.offset_s
    if offset is not None and abs(offset) > DAY_S:
        return Placed(now, None, True, "clock_off_by_days")
    if offset is None and stamp.at - now > DAY_S:
        return Placed(now, None, True, "clock_off_by_days")
    at = min(stamp.at - (offset or 0.0), now)
    return Placed(at, stamp.at, now - at <= live_s)
