"""What a person decided so far for an update, and what each decision means. No Qt here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from evdesk.firmware.rollout import plan_waves
from evdesk.firmware.versions import compare
from evdesk.gui import text
from evdesk.gui.pages.firmware_words import chargers_words, model_name
from evdesk.gui.text import tr
from evdesk.model.firmware import Check, Direction, FleetCharger, FleetModel, FleetVersions, Image, Verdict
from evdesk.model.jobs import Wave
from evdesk.wire.firmware import Preflight, StartUpdate, Waves

SOFT = (Verdict.WARN, Verdict.UNKNOWN)
LEAST_REASON = 8
"""Letters of a reason; less says nothing to whoever reads the log."""
DAYS_AHEAD = 14
"""So far ahead the engine takes an install date."""
INSTALL_DATE = "install_date"
"""The check whether a charger can be told one."""
Asked = tuple[str, frozenset[str], bool]
"""What the checks are about: the file, the chargers, whether there is an install date."""
MINUTES_UNKNOWN = 10.0


class Ready(StrEnum):
    """One charger after its checks, worst first."""

    CANNOT = "cannot"
    WAITS = "waits"
    REASON = "reason"  # it needs a reason in words
    READY = "ready"


@dataclass
class Plan:
    """`charger_ids` in the order of updating. `size` 0: all after the canary at once. `night`: "HH:MM", "" now.
    `install_at`: Unix s, None as soon as the file is there."""

    charger_ids: list[str] = field(default_factory=list)
    image_id: str = ""
    override: str = ""
    canary: int = 0
    soak_min: int = 60
    size: int = 0
    stop_after: int = 1
    parallel: int = 20
    night: str = ""
    install_at: float | None = None
    restore: bool = True
    typed: str = ""
    ordered: bool = False  # a person chose the order

    def reset(self, charger_ids: Iterable[str] = (), image_id: str = "") -> None:
        """A new plan in place of this one."""
        fresh = Plan(list(dict.fromkeys(charger_ids)), image_id)
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def suggest(self) -> None:
        """A canary and waves that suit so many chargers; what a person chose before is replaced."""
        many = len(self.charger_ids)
        self.canary = 0 if many < 2 else 1 if many < 40 else 2
        self.size = 0 if many < 6 else 3 if many < 20 else 10 if many < 60 else 20
        self.stop_after = 1 if many < 20 else 3
        self.typed = ""

    def ready_first(self, rows: Sequence[Preflight]) -> None:
        """Those that can begin at once come first, so that no car holds up the canary, and those that have the version
        already last: they prove nothing. Unless a person chose the order."""
        if not self.ordered:
            rank = {one.charger_id: (has_it(one), readiness(one, self.override) is Ready.WAITS) for one in rows}
            self.charger_ids.sort(key=lambda one: rank.get(one, (False, False)))

    def waves(self) -> tuple[Wave, ...]:
        return plan_waves(self.charger_ids, self.canary, [self.size] if self.size else [])

    def move(self, charger_id: str, by: int) -> bool:
        """One place up (-1) or down (1) in the order; False at its end."""
        place = self.charger_ids.index(charger_id)
        if not 0 <= place + by < len(self.charger_ids):
            return False
        self.ordered = True
        self.charger_ids.insert(place + by, self.charger_ids.pop(place))
        return True

    def not_before_at(self, now: float) -> float | None:
        """The next time the clock shows `night`."""
        return next_clock(self.night, now) if self.night else None

    def asks(self) -> Asked:
        return self.image_id, frozenset(self.charger_ids), self.install_at is not None

    def dated_first(self) -> int:
        """So many can wait for the install date; those after them have their turn when these are through."""
        waves = self.waves()
        return min(self.parallel, len(waves[0].charger_ids)) if waves else 0

    def wrong_date(self, now: float) -> str:
        """What is wrong with the install date, "" nothing."""
        at, begin = self.install_at, self.not_before_at(now)
        if at is None:
            return ""
        if at <= now:
            return tr("The time to install is past: choose a later one.")
        if at > now + DAYS_AHEAD * 86_400.0:
            return tr("Install within {n} days.").format(n=DAYS_AHEAD)
        if begin is not None and at <= begin:
            return tr("Install after {time}: nothing is fetched before.").format(time=text.moment(begin, now))
        return ""

    def request(self, now: float) -> StartUpdate:
        """What the engine is asked for."""
        several = len(self.charger_ids) > 1
        waves = Waves(
            min(self.canary, len(self.charger_ids)),
            self.soak_min * 60.0,
            [self.size] if self.size else [],
            self.stop_after,
            self.parallel,
        )
        return StartUpdate(
            list(self.charger_ids),
            self.image_id,
            waves if several else None,
            self.override.strip(),
            self.not_before_at(now),
            self.typed.strip(),
            self.restore,
            self.install_at,
        )


def next_clock(clock: str, now: float) -> float:
    """The next moment at which the local clock shows "HH:MM"."""
    hour, _, minute = clock.partition(":")
    begin = datetime.fromtimestamp(now).replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return (begin if begin.timestamp() > now else begin + timedelta(days=1)).timestamp()


# -- step 1 -----------------------------------------------------------------------------------------------------------


def find(fleet: FleetVersions) -> dict[str, tuple[FleetModel, FleetCharger]]:
    """Every charger with its model."""
    return {one.charger_id: (model, one) for model in fleet.models for one in model.chargers}


def models_of(fleet: FleetVersions, charger_ids: Iterable[str]) -> list[str]:
    wanted = set(charger_ids)
    return [model_name(m.vendor, m.model) for m in fleet.models if any(one.charger_id in wanted for one in m.chargers)]


def counted(words: Iterable[str]) -> str:
    """ "4 × 2.4.0, 2 × 2.3.2", the most first."""
    found = Counter(words).most_common()
    if len(found) == 1:
        return found[0][0]
    return ", ".join(f"{count} × {word}" for word, count in found)


# -- step 3 -----------------------------------------------------------------------------------------------------------


def readiness(one: Preflight, override: str = "") -> Ready:
    """By its checks: a hard one stands whatever is said, a soft one needs a reason."""
    verdicts = {check.verdict for check in one.checks}
    if one.blocked or Verdict.BLOCK in verdicts:
        return Ready.CANNOT
    if verdicts & set(SOFT) and not is_reason(override):
        return Ready.REASON
    return Ready.WAITS if one.waits or Verdict.WAIT in verdicts else Ready.READY


def has_it(one: Preflight) -> bool:
    """Whether it runs this very version already."""
    return compare(one.from_version, one.to_version) == 0


def is_reason(words: str) -> bool:
    return len(words.strip()) >= LEAST_REASON


def soft_checks(rows: Iterable[Preflight]) -> list[tuple[Check, int]]:
    """The warnings of all chargers that can go on, each sentence once, with how many have it."""
    found: dict[str, tuple[Check, int]] = {}
    for one in rows:
        if readiness(one) is Ready.CANNOT:
            continue
        for check in one.checks:
            if check.verdict in SOFT:
                found[check.sentence] = (check, found.get(check.sentence, (check, 0))[1] + 1)
    return sorted(found.values(), key=lambda row: -row[1])


def summary(rows: Sequence[Preflight], override: str = "") -> str:
    """ "94 ready, 4 wait, 2 cannot" """
    count = Counter(readiness(one, override) for one in rows)
    words = (
        (Ready.READY, tr("1 ready"), tr("{n} ready")),
        (Ready.WAITS, tr("1 waits"), tr("{n} wait")),
        (Ready.REASON, tr("1 needs a reason"), tr("{n} need a reason")),
        (Ready.CANNOT, tr("1 cannot"), tr("{n} cannot")),
    )
    found = [(one if count[state] == 1 else told, count[state]) for state, one, told in words if count[state]]
    return ", ".join(told.format(n=text.count(number)) for told, number in found)


def why_not_checked(rows: Sequence[Preflight], plan: Plan) -> str:
    """What stands against confirming, "" nothing."""
    if not rows:
        return tr("The checks have not run yet.")
    states = [readiness(one, plan.override) for one in rows]
    hard = states.count(Ready.CANNOT)
    if hard:
        return tr("{many} cannot be updated: leave them out.").format(many=chargers_words(hard))
    if Ready.REASON in states:
        return tr("Warnings need a reason in words.")
    return ""


# -- step 4 -----------------------------------------------------------------------------------------------------------


def is_older(rows: Iterable[Preflight]) -> bool:
    """Whether any charger gets an older version than it has."""
    return any(one.downgrade for one in rows)


def fit_direction(way: Direction) -> str:
    return {
        Direction.UPGRADE: tr("newer"),
        Direction.DOWNGRADE: tr("older than now"),
        Direction.SAME: tr("the same as now"),
        Direction.UNKNOWN: tr("newer or older: unknown"),
    }[way]


def untold(one: Preflight) -> bool:
    """Whether it cannot be told when to install, and so installs at once."""
    return any(check.code == INSTALL_DATE and check.verdict is not Verdict.OK for check in one.checks)


def install_words(plan: Plan, now: float) -> str:
    """ "Wed 25 Nov, 02:00"; "from Wed 25 Nov, 02:00 on" where only the first wait for it; "" as soon as it is there."""
    if plan.install_at is None:
        return ""
    time = text.moment(plan.install_at, now)
    whole = plan.dated_first() >= len(plan.charger_ids)
    return time if whole else tr("from {time} on").format(time=time)


def start_words(rows: Sequence[Preflight], image: Image | None, install: str = "") -> str:
    """The button repeats the deed: "Update NL22-204421 from 2.4.0 to 2.4.1", "Update 6 chargers to 2.4.1, installed Wed
    25 Nov, 02:00". `install`: of `install_words`."""
    deed = _deed_words(rows, image)
    return tr("{deed}, installed {time}").format(deed=deed, time=install) if install else deed


def _deed_words(rows: Sequence[Preflight], image: Image | None) -> str:
    version = image.manifest.version if image is not None else ""
    if len(rows) == 1:
        one = rows[0]
        told = tr("Update {serial} from {before} to {to}")
        if one.downgrade or has_it(one):
            told = (
                tr("Put {to} on {serial} in place of {before}") if one.downgrade else tr("Put {to} on {serial} again")
            )
        return told.format(serial=one.serial or one.label, before=one.from_version or "?", to=one.to_version or version)
    told = tr("Put older {to} on {n} chargers") if is_older(rows) else tr("Update {n} chargers to {to}")
    deed = told.format(n=text.count(len(rows)), to=version)
    again = sum(map(has_it, rows))
    return tr("{deed}, {n} of them again").format(deed=deed, n=text.count(again)) if again else deed


def why_not_started(rows: Sequence[Preflight], plan: Plan, image: Image | None, now: float) -> str:
    """What stands against starting, "" nothing."""
    if not rows or image is None:
        return tr("Nothing is chosen.")
    if is_older(rows) and plan.typed.strip() != image.manifest.version:
        return tr("Type {version}: it is older than what they have.").format(version=image.manifest.version)
    return plan.wrong_date(now)


def lasts_s(plan: Plan, image: Image | None) -> float | None:
    """About how long the whole takes, where nothing waits and nothing fails; None where the file does not say."""
    minutes = image.manifest.minutes if image is not None else None
    if minutes is None:
        return None
    turns = sum(ceil(len(wave.charger_ids) / max(1, plan.parallel)) for wave in plan.waves())
    soak = plan.soak_min if plan.canary and len(plan.charger_ids) > plan.canary else 0
    return (turns * minutes + soak) * 60.0
