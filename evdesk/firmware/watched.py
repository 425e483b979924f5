"""Where one charger is in its update: the steps that only go forward, how long each is waited for, and how it ends."""

from dataclasses import dataclass, replace
from typing import ClassVar

from evdesk.firmware.endings import ENDINGS, Ending, filled
from evdesk.firmware.happenings import Act, Versioned
from evdesk.firmware.times import Times
from evdesk.firmware.versions import same_version
from evdesk.model.jobs import Cause, JobCharger, Result, Step, StepSpan

ORDER = (
    Step.WAITING,
    Step.PREFLIGHT,
    Step.SENT,
    Step.DOWNLOADING,
    Step.VERIFYING,
    Step.INSTALLING,
    Step.REBOOTING,
    Step.TESTING,
    Step.SETTINGS,
    Step.DONE,
)
RANK = {step: rank for rank, step in enumerate(ORDER)}
_DATED = frozenset({Step.VERIFYING, Step.INSTALLING})
_MOMENTS = ("asked_at", "entered_at", "progress_at", "settled_at")


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered beside what is shown. `scheme`: how the file is offered now; `schemes`: those not tried yet;
    `whole`: it has the whole file, as counted here or by its word; `claimed`: it said so with the number of this request;
    `gap`: evdesk was killed while it fetched; `since`: it fetched or spoke of that afterwards; `closed`: evdesk ended in
    good order; `spoke`: it told something of this request unasked; `asked_at`: when it was asked for its status; `cut`:
    the address was closed to decide; `begun`: it began to install; `left`: it was away since it had the whole file;
    `booted`: it restarted since then, `boots` times; `sure`: it said Installed when all of it had been counted here;
    `pending`: how it will end after the look at it; `entered_at`, `progress_at`: when it began this step, and last got on
    (another step, bytes it had not fetched before), `best`: bytes of a log at most; `waits`: it said in this step that it
    waits; `again`: it went away while it was looked at ("lost"), and what was found then is to be found anew once it is
    back ("due"); `relook`: looked at as one that failed, and the new version came then, `compared` before that look;
    `proving`: over, and looked at because it told the new version after all; `settled_at`: when it ended, whatever the
    clock says."""

    scheme: str = ""
    schemes: tuple[str, ...] = ()
    whole: bool = False
    claimed: bool = False
    gap: bool = False
    since: bool = False
    closed: bool = False
    spoke: bool = False
    asked_at: float | None = None
    cut: bool = False
    booted: bool = False
    boots: int = 0
    begun: bool = False
    installed: bool = False
    sure: bool = False
    left: bool = False
    failures: int = 0
    asked: bool = False
    nudged: bool = False
    restarted: bool = False
    pending: Cause = Cause.NONE
    entered_at: float = 0.0
    progress_at: float = 0.0
    best: int = 0
    waits: bool = False
    again: str = ""
    relook: bool = False
    compared: bool = False
    proving: bool = False
    settled_at: float | None = None
    test_words: str = ""
    why: str = ""
    back: bool = False  # it restarted since this ended
    idle_before: tuple[int, ...] = ()  # connectors that were out of service before
    failsafe_before: str = ""
    signed: bool = False
    unbacked: bool = False  # who began it was told that there will be no backup, and gave a reason
    heard: bool = False  # it answered a request, or told of it
    moved: bool = False  # the address it was told is not of use any more
    local_address: str = ""  # of this computer: the same again after a restart of the engine
    port: int = 0  # of what it was told; 0 unknown
    kind: str = ""  # of a log, with the time it is wanted for
    from_at: float | None = None
    to_at: float | None = None
    elsewhere: str = ""  # the address that fetched or sent, where it is not that of its connection
    renamed: str = ""  # it tells another model under the same serial number, in words
    came: tuple[tuple[str, int, int], ...] = ()  # logs that came whole: name, id, size
    part: str = ""  # a log that broke off and is kept: its name and size
    turned_why: str = ""  # why something that came was not taken
    turned: Cause = Cause.NONE


class Kept:
    """`charger` is what is shown, `memory` what else must survive a restart of the engine."""

    order: ClassVar[tuple[Step, ...]] = ORDER

    def __init__(self, charger: JobCharger, memory: Memory, times: Times) -> None:
        self.charger, self.memory, self.times = charger, memory, times

    @property
    def over(self) -> bool:
        return self.charger.outcome is not None

    @property
    def _rank(self) -> int:
        return self.order.index(self.charger.step)

    def _show(self, **changes: object) -> None:
        self.charger = replace(self.charger, **changes)  # type: ignore[arg-type]

    def _remember(self, **changes: object) -> None:
        self.memory = replace(self.memory, **changes)  # type: ignore[arg-type]

    # -- what no charger does -----------------------------------------------------------------------------------------

    def resumed(self, at: float) -> None:
        """The engine was away, and nobody could tell it anything: every ceiling begins anew, and so does a look at one
        that is over."""
        took_s = self.memory.progress_at - self.memory.entered_at
        again = "due" if self.memory.proving else self.memory.again
        self._remember(progress_at=at, entered_at=at - took_s, again=again)

    def settled(self, at: float) -> None:
        """When it ended, by a clock that may have been set while the engine was away."""
        self._remember(settled_at=at)

    def clock_jumped(self, seconds: float) -> None:
        """The computer's clock was set: what was, was as long ago as before."""
        self._shift(_MOMENTS, seconds)
        if not self.over:
            self._moved_by(("step_at", "status_at", "waits_until_at"), seconds)

    def stood_still(self, seconds: float) -> None:
        """The computer slept: nothing could be told or fetched."""
        self._shift(("asked_at", "entered_at", "progress_at"), seconds)
        self._moved_by(("step_at", "status_at", "waits_until_at"), seconds)

    def _moved_by(self, names: tuple[str, ...], seconds: float) -> None:
        found = {name: at for name in names if (at := getattr(self.charger, name)) is not None}
        self._show(**{name: at + seconds for name, at in found.items()})

    def _shift(self, names: tuple[str, ...], seconds: float) -> None:
        found = {name: at for name in names if (at := getattr(self.memory, name)) is not None}
        self._remember(**{name: at + seconds for name, at in found.items()})


class Waits(Kept):
    """How long it is waited for: what it does gives it time, and only getting on moves the ceiling of that."""

    @property
    def date_at(self) -> float:
        """Unix s of the install date, 0 where it has none."""
        return self.charger.install_at or 0.0

    def patient(self, until_at: float) -> float:
        """At least until what is to be installed on a date can be in, whether the charger says that it waits or not."""
        dated = self.date_at and self.charger.step in _DATED
        return max(until_at, self.date_at + self.times.install_s) if dated else until_at

    @property
    def _since_at(self) -> float:
        """Since when nothing has moved its ceiling."""
        at = self.memory.progress_at
        return max(at, self.date_at) if self.charger.step in _DATED else at

    @property
    def ceiling_at(self) -> float:
        """However often it speaks, restarts, drops its link or fetches what it had: this step is over by then."""
        step, since_at = self.charger.step, self._since_at
        longest_s = self.times.longest_s(step, self.memory.waits)
        if step in (
            Step.DOWNLOADING,
            Step.UPLOADING,
        ):  # one that begins anew each time needs as long again to get where it was
            longest_s = max(longest_s, min(2 * (since_at - self.memory.entered_at), self.times.scheduled_s))
        if self.memory.restarted:
            longest_s += self.times.reboot_s
        return since_at + longest_s

    def _wait(self, until_at: float) -> None:
        self._show(waits_until_at=self.patient(until_at))

    def _wait_within(self, until_at: float) -> None:
        """Not over the ceiling; who was asked has its time to answer all the same."""
        least_at = self.charger.waits_until_at or 0.0 if self.memory.asked else 0.0
        self._wait(max(min(until_at, self.ceiling_at), least_at))

    def _wait_more(self, until_at: float) -> None:
        """Never less than it has."""
        self._wait(max(self.charger.waits_until_at or 0.0, min(until_at, self.ceiling_at)))

    def _got_on(self, at: float) -> None:
        self._remember(progress_at=at)

    def held_up(self, at: float) -> None:
        """Until now evdesk itself could not go on: that is none of the charger's time."""
        self._got_on(at)

    def _waits(self, at: float) -> None:
        """It says that its time has not come; the first time in a step is news."""
        if not self.memory.waits:
            self._got_on(at)
        self._remember(waits=True)

    @property
    def _patience_at(self) -> float:
        """So long that is believed."""
        return self._since_at + self.times.scheduled_s


class Watched(Waits):
    """Where one charger is."""

    endings: ClassVar[dict[Cause, Ending]] = ENDINGS

    def __init__(self, charger: JobCharger, memory: Memory, times: Times) -> None:
        super().__init__(charger, memory, times)
        self._acts: list[Act] = []

    def _other(self, what: Versioned) -> bool:
        serial = bool(what.serial and self.charger.serial and what.serial != self.charger.serial)
        model = bool(what.model and self.charger.model and what.model != self.charger.model)
        return serial or (model and not what.serial)

    def _is_new(self, version: str) -> bool:
        return same_version(version, self.charger.to_version)

    def _look_at(self, cause: Cause, at: float) -> None:
        """It failed; is the charger in service all the same?"""
        self._remember(pending=cause)
        self._go(Step.TESTING, at)
        self._acts += [Act.WITHDRAW, Act.ASK_VERSION, Act.TEST]

    def _next_scheme(self) -> None:
        self._remember(scheme=self.memory.schemes[0], schemes=self.memory.schemes[1:], moved=False)

    def _moved(self, at: float) -> None:
        """What it was told is of no use any more: in a moment it is told anew, by the same protocol."""
        if not self.memory.moved and self.memory.scheme:
            self._remember(moved=True, schemes=(self.memory.scheme, *self.memory.schemes))
            self._wait_within(at + self.times.answer_s)

    def _go(self, step: Step, at: float, told: bool = True) -> None:
        """Forward only; the steps between are marked as passed in silence."""
        place = self.order.index(step)
        if place <= self._rank:
            return
        steps = _closed(self.charger.steps, at)
        begun = max(self._rank + 1, self.order.index(Step.SENT))
        if step is not Step.DONE:
            steps += tuple(StepSpan(one, at, at, False) for one in self.order[begun:place])
        most_s = self.times.most_s(step)
        if step is not Step.DONE:
            steps += (StepSpan(step, at, None, told, self.times.usual.get(step), most_s),)
        self._show(step=step, step_at=at, steps=steps, progress=None, reason="")
        self._wait(at + most_s) if most_s is not None else self._show(waits_until_at=None)
        self._remember(nudged=False, asked=False, waits=False, entered_at=at, progress_at=at)

    def _seen_after_all(self, step: Step) -> None:
        """It had gone past this one, as it seemed in silence."""
        self._show(steps=tuple(replace(one, told=True) if one.step is step else one for one in self.charger.steps))

    def _end(self, cause: Cause, at: float, **words: str) -> None:
        self._close(cause, at, **words)
        self._acts += [Act.WITHDRAW, Act.END]

    def _close(self, cause: Cause, at: float, **words: str) -> None:
        ending = self.endings[cause]
        words = {"tells": "It came back with" if self.memory.booted or self.memory.left else "It tells"} | words
        good = ending.outcome is Result.SUCCEEDED
        odd = [self.memory.renamed] if good else self.charger.remarks
        more = [*([] if good else [self.memory.why]), self.memory.test_words, *odd]
        reason = " ".join(text for text in (filled(ending.reason, self.charger, **words), *more) if text)
        if self.charger.step is not Step.DONE:
            self._show(steps=_closed(self.charger.steps, at), step=Step.DONE, step_at=at)
        self._show(
            outcome=ending.outcome,
            cause=cause,
            reason=reason,
            next=self._next(filled(ending.next, self.charger, **words), good),
            retry=ending.retry,
            progress=None,
            waits_until_at=None,
            ended_at=at,
        )
        self._remember(proving=False, settled_at=at)

    def _next(self, words: str, good: bool) -> str:
        there = self.memory.elsewhere
        whose = f"See whose address {there} is: the charger's modem or router, or a stranger's." if there else ""
        return words if good else f"{words} {whose}".strip()


def _closed(steps: tuple[StepSpan, ...], at: float) -> tuple[StepSpan, ...]:
    """None ends before it began, where the clock was set back while evdesk was not running."""
    return tuple(replace(one, to_at=max(at, one.from_at)) if one.to_at is None else one for one in steps)
