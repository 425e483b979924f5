"""The settings of sharing as rows: name, value in words, what can be entered, and when it is dangerous."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from evdesk.gui import text
from evdesk.gui.text import tr
from evdesk.model import BalanceSettings, ChargeMode, ShareBy

SECONDS, MINUTES, AMPS, CHOICE, SWITCH, PRICE, TIMES = (
    "seconds",
    "minutes",
    "amps",
    "choice",
    "switch",
    "price",
    "times",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """`field` of `BalanceSettings`. `empty`: the word for None, "" where a value is needed. `hint` explains it."""

    field: str
    name: str
    kind: str
    words: Callable[[BalanceSettings], str]
    hint: str
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    empty: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    danger: Callable[[BalanceSettings], str] = lambda _: ""

    def value(self, settings: BalanceSettings) -> Any:
        return getattr(settings, self.field)

    def put(self, settings: BalanceSettings, value: Any) -> BalanceSettings:
        return replace(settings, **{self.field: value})


def _mode(settings: BalanceSettings) -> str:
    return dict(mode_choices())[settings.mode.value]


def mode_choices() -> tuple[tuple[str, str], ...]:
    return (
        (ChargeMode.FAST.value, tr("as fast as the site allows")),
        (ChargeMode.SOLAR_FIRST.value, tr("solar first")),
        (ChargeMode.SOLAR_ONLY.value, tr("solar surplus only")),
        (ChargeMode.CHEAP.value, tr("cheap hours only")),
    )


def share_choices() -> tuple[tuple[str, str], ...]:
    return (
        (ShareBy.EQUAL.value, tr("Equal")),
        (ShareBy.PRIORITY.value, tr("Priority")),
        (ShareBy.LEAVING.value, tr("Leaving")),
    )


def share_hint(by: ShareBy) -> str:
    return {
        ShareBy.EQUAL: tr("Every car gets the same, as far as it can take it."),
        ShareBy.PRIORITY: tr("Bays with a higher priority come first, the others share the rest."),
        ShareBy.LEAVING: tr("Who leaves soon and lacks most comes first, as far as such words proved right."),
    }[by]


def usual() -> tuple[Setting, ...]:
    """What an owner changes."""
    return (
        Setting("turn_s", tr("Never below"), MINUTES,
                lambda s: tr("6 A, else turns of {t}").format(t=_minutes(s.turn_s)),
                tr("Where 6 A is not there for everybody, cars take turns of this length."), 1, 240, 5),
        Setting("dwell_s", tr("Run at least"), MINUTES, lambda s: _minutes(s.dwell_s),
                tr("A car that started stays on, one that was paused stays off, at least this long."), 0, 60),
        Setting("reclaim_s", tr("Unused current"), SECONDS,
                lambda s: tr("given on after {s} s").format(s=text.number(s.reclaim_s, 0)),
                tr("What a car leaves unused for this long is given to others, and back at once when it wants it."),
                10, 600, 5),
        Setting("mode", tr("Charging"), CHOICE, _mode, tr("For bays without a wish of their own."),
                choices=mode_choices()),
        Setting("cheap_below", tr("Cheap is up to"), PRICE,
                lambda s: tr("not entered") if s.cheap_below is None else text.number(s.cheap_below, 3),
                tr("In the money of the site, for one kWh. Prices stand in the site."), -10, 100, 0.01,
                tr("not entered")),
    )  # fmt: skip


def careful() -> tuple[Setting, ...]:
    """What protects the fuse; folded away at first."""
    return (
        Setting("enabled", tr("Balancing"), SWITCH, lambda s: tr("on") if s.enabled else tr("off"),
                tr("Off: nothing keeps the cars under the fuse."), danger=_off),
        Setting("margin_a", tr("Margin"), AMPS, lambda s: text.amps(s.margin_a),
                tr("Kept free on each line, for what meters do not see."), 0, 100, 0.5, danger=_margin),
        Setting("safe_share_a", tr("Share if silent"), AMPS,
                lambda s: tr("computed") if s.safe_share_a is None else text.limit(s.safe_share_a),
                tr("What each charger falls to by itself. Computed: as much as fits if all of them do."),
                -1, 80, 1, tr("computed")),
        Setting("silent_times", tr("While it falls silent"), TIMES, _times,
                tr("What a line may carry when evdesk falls silent while the house rises to its worst."),
                0.95, 2, 0.05, tr("not counted")),
        Setting("meter_stale_s", tr("Meter is silent after"), SECONDS, lambda s: text.age(s.meter_stale_s),
                tr("Then the worst house load is counted."), 2, 60, danger=_stale),
        Setting("raise_hold_s", tr("Raise again after"), SECONDS, lambda s: text.age(s.raise_hold_s),
                tr("A line must have had the room for so long."), 0, 600, 5),
        Setting("house_window_s", tr("House counted as"), SECONDS,
                lambda s: tr("highest of {age}").format(age=text.age(s.house_window_s)),
                tr("Keeps an oven that cycles from moving the cars each time."), 0, 900, 10),
        Setting("profile_valid_s", tr("Limits hold for"), SECONDS, lambda s: text.age(float(s.profile_valid_s)),
                tr("After so long without a word a charger falls to its safe share."), 40, 900, 10),
        Setting("profile_refresh_s", tr("Sent anew every"), SECONDS, lambda s: text.age(float(s.profile_refresh_s)),
                tr("Best a third of how long they hold. Each one is written into the charger."), 20, 600, 10),
    )  # fmt: skip


def _minutes(seconds: float) -> str:
    return tr("{n} min").format(n=text.number(seconds / 60, 0 if seconds % 60 == 0 else 1))


def _times(settings: BalanceSettings) -> str:
    times = settings.silent_times
    return tr("not counted") if times is None else tr("at most {n} × rating").format(n=text.number(times, 2))


def _off(settings: BalanceSettings) -> str:
    return "" if settings.enabled else tr("Without balancing the cars together may blow the fuse. They keep no limit.")


def _margin(settings: BalanceSettings) -> str:
    return tr("Below 1 A small errors of a meter are enough to pass a rating.") if settings.margin_a < 1 else ""


def _stale(settings: BalanceSettings) -> str:
    if settings.meter_stale_s <= 15:
        return ""
    return tr("For {age} the cars would go on as if the house took what it took then.").format(
        age=text.age(settings.meter_stale_s)
    )
