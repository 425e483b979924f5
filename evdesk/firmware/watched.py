"""Where one charger is in its update: the steps that only go forward, what is remembered, and how it ends."""

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


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered beside what is shown. `scheme`: how the file is offered now; `schemes`: those not tried yet;
    `whole`: it has the whole file, as counted here or by its word; `claimed`: it said so with the number of this request;
    `gap`: evdesk was killed while it fetched; `since`: it fetched or spoke of that afterwards; `closed`: evdesk ended in
    good order; `spoke`: it told something of this request unasked; `asked_at`: when it was asked for its status; `cut`:
    the address was closed to decide; `begun`: it began to install; `left`: it was away since it had the whole file;
    `booted`: it restarted since then; `pending`: how it will end after the look at it."""

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
    begun: bool = False
    installed: bool = False
    left: bool = False
    failures: int = 0
    asked: bool = False
    nudged: bool = False
    restarted: bool = False
    pending: Cause = Cause.NONE
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


class Watched:
    """Where one charger is: `charger` is what is shown, `memory` what else must survive a restart of the engine."""

    order: ClassVar[tuple[Step, ...]] = ORDER
    endings: ClassVar[dict[Cause, Ending]] = ENDINGS

    def __init__(self, charger: JobCharger, memory: Memory, times: Times) -> None:
        self.charger, self.memory, self.times = charger, memory, times
        self._acts: list[Act] = []

    @property
    def over(self) -> bool:
        return self.charger.outcome is not None

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

    @property
    def _rank(self) -> int:
        return self.order.index(self.charger.step)

    def _show(self, **changes: object) -> None:
        self.charger = replace(self.charger, **changes)  # type: ignore[arg-type]

    def _remember(self, **changes: object) -> None:
        self.memory = replace(self.memory, **changes)  # type: ignore[arg-type]

    def _next_scheme(self) -> None:
        self._remember(scheme=self.memory.schemes[0], schemes=self.memory.schemes[1:], moved=False)

    def _moved(self, at: float) -> None:
        """What it was told is of no use any more: in a moment it is told anew, by the same protocol."""
        if not self.memory.moved and self.memory.scheme:
            self._remember(moved=True, schemes=(self.memory.scheme, *self.memory.schemes))
            self._wait(at + self.times.answer_s)

    @property
    def date_at(self) -> float:
        """Unix s of the install date, 0 where it has none."""
        return self.charger.install_at or 0.0

    def patient(self, until_at: float) -> float:
        """At least until what is to be installed on a date can be in, whether the charger says that it waits or not."""
        dated = self.date_at and self.charger.step in (Step.VERIFYING, Step.INSTALLING)
        return max(until_at, self.date_at + self.times.install_s) if dated else until_at

    def _wait(self, until_at: float) -> None:
        until_at = self.patient(until_at)
        self._show(waits_until_at=until_at)

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
        self._remember(nudged=False, asked=False)

    def _seen_after_all(self, step: Step) -> None:
        """It had gone past this one, as it seemed in silence."""
        self._show(steps=tuple(replace(one, told=True) if one.step is step else one for one in self.charger.steps))

    def _end(self, cause: Cause, at: float, **words: str) -> None:
        self._close(cause, at, **words)
        self._acts += [Act.WITHDRAW, Act.END]

    def _close(self, cause: Cause, at: float, **words: str) -> None:
        ending = self.endings[cause]
        more = [self.memory.why] if ending.outcome is not Result.SUCCEEDED else []
        more.append(self.memory.test_words)
        reason = " ".join(text for text in (filled(ending.reason, self.charger, **words), *more) if text)
        if self.charger.step is not Step.DONE:
            self._show(steps=_closed(self.charger.steps, at), step=Step.DONE, step_at=at)
        self._show(
            outcome=ending.outcome,
            cause=cause,
            reason=reason,
            next=filled(ending.next, self.charger, **words),
            retry=ending.retry,
            progress=None,
            waits_until_at=None,
            ended_at=at,
        )


def _closed(steps: tuple[StepSpan, ...], at: float) -> tuple[StepSpan, ...]:
    return tuple(replace(one, to_at=at) if one.to_at is None else one for one in steps)
