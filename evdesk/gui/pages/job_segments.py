"""The steps of a charger as one bar: how wide each part is, and how far each is filled. No Qt here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import median

from evdesk.gui.pages.job_words import since_at
from evdesk.gui.text import tr
from evdesk.model.jobs import JobCharger, JobKind, Result, Step, StepSpan

UPDATE_STEPS = (
    Step.SENT, Step.DOWNLOADING, Step.VERIFYING, Step.INSTALLING, Step.REBOOTING, Step.TESTING, Step.SETTINGS,
)  # fmt: skip
LOG_STEPS = (Step.SENT, Step.UPLOADING)

USUAL_S = {
    Step.SENT: 3.0,
    Step.DOWNLOADING: 60.0,
    Step.VERIFYING: 10.0,
    Step.INSTALLING: 240.0,
    Step.REBOOTING: 70.0,
    Step.TESTING: 30.0,
    Step.SETTINGS: 20.0,
    Step.UPLOADING: 30.0,
}
"""Where nothing is known of the model yet."""

MOST_GUESSED = 0.95
"""A step that takes longer than usual never looks finished."""


class Fill(StrEnum):
    OPEN = "open"
    RUNS = "runs"
    DONE = "done"
    PASSED = "passed"  # gone through without a word of anybody
    BAD = "bad"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Segment:
    """`part` 0 to 1 of this step."""

    step: Step
    fill: Fill
    part: float = 1.0


def step_title(step: Step) -> str:
    """The head of a segment."""
    return {
        Step.SENT: tr("Sent"),
        Step.DOWNLOADING: tr("Download"),
        Step.VERIFYING: tr("Verify"),
        Step.INSTALLING: tr("Install"),
        Step.REBOOTING: tr("Reboot"),
        Step.TESTING: tr("Test"),
        Step.SETTINGS: tr("Settings"),
        Step.UPLOADING: tr("Upload"),
    }[step]


def steps_of(kind: JobKind) -> tuple[Step, ...]:
    return LOG_STEPS if kind is JobKind.LOG else UPDATE_STEPS


def usual(chargers: Iterable[JobCharger], steps: Sequence[Step]) -> dict[Step, float]:
    """Seconds each step usually takes, as the engine says; the middle of the job's chargers."""
    told: dict[Step, list[float]] = {step: [] for step in steps}
    for charger in chargers:
        for span in charger.steps:
            if span.step in told and span.usual_s:
                told[span.step].append(span.usual_s)
    return {step: median(told[step]) if told[step] else USUAL_S[step] for step in steps}


def widths(seconds: dict[Step, float], least: dict[Step, float], room: float, gap: float = 3.0) -> list[float]:
    """Pixels per step: they grow with the root of the usual time, so that 3 s stay visible beside 4 min, and each has
    room for its title. Where the room is too small for the titles, all shrink alike."""
    steps = list(seconds)
    room -= gap * (len(steps) - 1)
    need = sum(least[step] for step in steps)
    if need >= room:
        return [least[step] * room / need for step in steps]
    open_steps, fixed = list(steps), 0.0
    weight = {step: sqrt(max(1.0, seconds[step])) for step in steps}
    while True:
        share = (room - fixed) / sum(weight[step] for step in open_steps)
        small = [step for step in open_steps if weight[step] * share < least[step]]
        if not small:
            break
        fixed += sum(least[step] for step in small)
        open_steps = [step for step in open_steps if step not in small]
    return [weight[step] * share if step in open_steps else least[step] for step in steps]


def segments(charger: JobCharger, steps: Sequence[Step], now: float) -> tuple[Segment, ...]:
    """What is green, what runs and how far, where it ended."""
    spans = {span.step: span for span in charger.steps}
    if charger.outcome is Result.SUCCEEDED:
        return tuple(Segment(step, _passed(spans.get(step))) for step in steps)
    place = steps.index(charger.step) if charger.step in steps else _reached(spans, steps)
    found = []
    for number, step in enumerate(steps):
        if number < place:
            found.append(Segment(step, _passed(spans.get(step))))
        elif number == place:
            found.append(_here(charger, step, spans.get(step), now))
        else:
            found.append(Segment(step, Fill.OPEN, 0.0))
    return tuple(found)


def _reached(spans: dict[Step, StepSpan], steps: Sequence[Step]) -> int:
    """The last step that began; a charger that is over does not name it."""
    return max((number for number, step in enumerate(steps) if step in spans), default=-1)


def _passed(span: StepSpan | None) -> Fill:
    return Fill.DONE if span is not None and span.told else Fill.PASSED


def _here(charger: JobCharger, step: Step, span: StepSpan | None, now: float) -> Segment:
    if charger.outcome is not None:
        ends = {Result.FAILED: Fill.BAD, Result.UNKNOWN: Fill.UNSURE}
        return Segment(step, ends.get(charger.outcome, Fill.OPEN), 1.0 if charger.outcome in ends else 0.0)
    if charger.progress is not None:
        return Segment(step, Fill.RUNS, min(1.0, max(0.0, charger.progress)))
    takes = span.usual_s if span is not None and span.usual_s else USUAL_S[step]
    part = max(0.0, now - since_at(charger, now)) / takes if takes > 0 else MOST_GUESSED
    return Segment(step, Fill.RUNS, min(MOST_GUESSED, part))
