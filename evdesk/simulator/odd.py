"""Faults in what a station does with limits and settings; the wire itself is bent in `bends`."""

from typing import Protocol

from evdesk.simulator.profiles import DEFAULT_PURPOSE, FOREVER, MAX_PURPOSE, TX_PURPOSE, Period, Profile, ProfileStack

STEPS_A = (16.0, 13.0, 10.0, 8.0, 6.0)
SPIKE_S = 3.0
SPOILING = frozenset(
    {"current_spike", "current_steps", "ignored_after_pause", "ignores_limit", "no_power", "zero_is_six"}
)


class Place(Protocol):
    """What a limit is for."""

    @property
    def id(self) -> int: ...

    @property
    def max_a(self) -> float: ...


class OddLimits:
    """What becomes of the limit the profiles come to."""

    def __init__(self, faults: set[str]) -> None:
        self.faults = faults
        self.spoils = bool(SPOILING & faults)
        self._writes = 0
        self._spike_until = 0.0
        self._paused: dict[int, int] = {}  # outlet: how many profiles had been written when it was at 0 A

    def limit_a(self, place: Place, limit: float, now: float, stack: ProfileStack) -> float:
        """`limit` and `max_a` in ampere per phase, `now` on the station's clock."""
        if "no_power" in self.faults:
            return 0.0
        if "ignores_limit" in self.faults or self._free(place, limit, stack):
            return place.max_a
        if "current_spike" in self.faults:
            if stack.writes != self._writes:
                self._writes, self._spike_until = stack.writes, now + SPIKE_S
            if now < self._spike_until:
                return place.max_a
        if "zero_is_six" in self.faults:
            return max(6.0, limit)
        if "current_steps" in self.faults:
            return next((step for step in STEPS_A if step <= limit), 0.0)
        return limit

    def _free(self, place: Place, limit: float, stack: ProfileStack) -> bool:
        if "ignored_after_pause" not in self.faults:
            return False
        if limit < 6.0:
            self._paused[place.id] = stack.writes
            return False
        at = self._paused.get(place.id)
        # the profile that ends the pause is the one that is ignored; the next is obeyed again
        return at is not None and stack.writes <= at + 1


def objection(faults: set[str], profile: Profile) -> str:
    """The reasonCode why a faulty station refuses a profile others take, "" when it does not."""
    level_zero = {"level_zero_only", "three_levels_announced"} & faults
    tests = (
        (bool(level_zero) and profile.stack_level > 0, "InvalidStackLevel"),
        ("amperes_only" in faults and profile.unit != "A", "UnsupportedRateUnit"),
        ("watts_only" in faults and profile.unit != "W", "UnsupportedRateUnit"),
        ("no_offline_end" in faults and profile.max_offline_s is not None, "UnsupportedParam"),
        ("no_station_maximum" in faults and profile.purpose == MAX_PURPOSE, "UnsupportedPurpose"),
    )
    return next((code for broken, code in tests if broken), "")


def discards(faults: set[str], profile: Profile, pilot_a: float, charging: bool) -> bool:
    """Whether an accepted profile is forgotten at once."""
    if "accepts_and_does_nothing" in faults:
        return True
    suspended = pilot_a < 6.0 or not charging
    return "drops_while_suspended" in faults and profile.purpose == TX_PURPOSE and suspended


def old_profile(faults: set[str], max_level: int) -> Profile | None:
    """What an earlier owner left in the station."""
    if "old_profile" not in faults:
        return None
    return Profile(9_001, 0, min(5, max_level), DEFAULT_PURPOSE, "Absolute", (Period(0, 8.0),))


LATE_S = 90.0


def spoil_stack(faults: set[str], stack: ProfileStack) -> None:
    """What a faulty station makes of the end of a profile."""
    if {"keeps_last_limit", "ignores_duration"} & faults:
        stack.overstay_s = FOREVER
    elif "falls_late" in faults:
        stack.overstay_s = LATE_S
    stack.admits = "ignores_duration" in faults
    stack.only_one = "one_profile_only" in faults


def rate_units(faults: set[str], told: str) -> str:
    """The value of ChargingScheduleAllowedChargingRateUnit (1.6)."""
    if "rate_unit_letters" in faults:
        return "A,W"
    return "Current" if "amperes_only" in faults else "Power" if "watts_only" in faults else told
