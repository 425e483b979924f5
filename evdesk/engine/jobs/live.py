"""One job while it lives: its runs, what of it must be kept and told, and how it moves on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from evdesk.engine.jobs import soak
from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.update import UpdateRun
from evdesk.firmware.estimate import left_s
from evdesk.firmware.happenings import Tick
from evdesk.firmware.rollout import PATIENCE_S, advance, counts, may_begin, missed, under_way, unproven
from evdesk.model.firmware import Image
from evdesk.model.jobs import Cause, Job, JobCharger, JobKind, JobState, Step, Wave, WaveState

KEEP_EVERY_S = 5.0
WATCH_AGAIN_S = 300.0
"""So long at the least a soak goes on after a restart of the engine."""
LOOK_EVERY_S = 5.0
DAY_S = 86_400.0


@dataclass(slots=True)
class LiveJob:
    """`dirty`: chargers to be told, `unkept`: to be kept."""

    job: Job
    runs: dict[str, Run]
    image: Image | None = None
    dirty: set[str] = field(default_factory=set)
    unkept: set[str] = field(default_factory=set)
    kept_at: float = 0.0
    looked_at: float = 0.0
    told: Job | None = None
    kept: Job | None = None
    health: dict[str, soak.Health] = field(default_factory=dict)  # of those in a soak
    unwell: str = ""  # why the soak cannot end yet
    ended: Job | None = None  # all are through; it counts as over once its report is written

    def chargers(self) -> dict[str, JobCharger]:
        return {charger_id: run.charger for charger_id, run in self.runs.items()}

    def causes(self) -> list[Cause]:
        return [run.charger.cause for run in self.runs.values()]

    def move_on(self, now: float) -> None:
        """A second has passed: timers, waves, and whoever's turn it is."""
        if self.ended is not None or self.job.over:
            return
        for run in self.runs.values():
            if run.begun and not run.watch.over:
                run.feed(Tick(now))
            elif run.charger.step is Step.PREFLIGHT and now - run.charger.step_at > PATIENCE_S:
                run.leave_out(f"It was not ready within {PATIENCE_S / 3600:.0f} h. {run.charger.reason}".strip())
        self.unwell = soak.watch(self.job, self.runs, self.health, now)
        chargers = self.chargers()
        moved = advance(self.job, chargers, now, self.unwell)
        if moved.over:
            self.ended = moved
            return
        self.job = moved
        self._hold()
        again = now - self.looked_at >= LOOK_EVERY_S
        self.looked_at = now if again else self.looked_at
        looked_at = {name for name, run in self.runs.items() if run.beginning}
        for charger_id in may_begin(self.job, chargers, now, looked_at):
            run = self.runs[charger_id]
            if run.charger.step is Step.WAITING or again:
                run.try_begin()
        self.job = replace(self.job, waits_for=self._waits_for(chargers, now), about_done_at=self._about(chargers, now))
        if self.job.started_at is None and any(one.started_at is not None for one in chargers.values()):
            self.job = replace(self.job, started_at=now)

    def clock_jumped(self, seconds: float) -> None:
        """The computer's clock was set, or it slept: a soak lasts as long as it was meant to."""
        for one in self.health.values():
            one.moved(seconds)
        self.kept_at, self.looked_at = self.kept_at + seconds, self.looked_at + seconds
        waves = tuple(w if w.until_at is None else replace(w, until_at=w.until_at + seconds) for w in self.job.waves)
        self.job = replace(self.job, waves=waves)

    def watch_again(self, now: float) -> None:
        """The engine was away: who is in a soak must come back and be looked at before it ends."""
        least = now + WATCH_AGAIN_S
        self._soaks(lambda wave: replace(wave, until_at=max(wave.until_at or 0.0, least)))

    def _soaks(self, change: Callable[[Wave], Wave]) -> None:
        waves = tuple(change(wave) if wave.state is WaveState.SOAKING else wave for wave in self.job.waves)
        self.job = replace(self.job, waves=waves)

    def go(self, state: JobState, now: float) -> None:
        """A person pauses it, or says to go on in spite of what failed, or of the hour."""
        if state is JobState.RUNNING:
            if missed(self.job, now):
                self.job = replace(self.job, not_before_at=None)
            if self.job.gave_up:
                self._soaks(lambda wave: replace(wave, state=WaveState.PASSED))
            self.job = replace(self.job, forgiven=unproven(self.chargers()), gave_up=False)
        self.job = replace(self.job, state=state, waits_for="")
        self._hold()

    def needs_us(self, now: float) -> bool:
        """Asleep, this computer would miss a charger that is being updated, the coming night, or what a canary does."""
        if self.job.kind is not JobKind.UPDATE or self.job.over:
            return False
        open_ = [run for run in self.runs.values() if not run.watch.over]
        soon = self.job.state is JobState.RUNNING and (self.job.not_before_at or 0.0) - now <= DAY_S
        return any(run.begun for run in open_) or (bool(open_) and soon)

    def _hold(self) -> None:
        """Who is just being looked at is not begun either while it is paused."""
        for run in self.runs.values():
            run.held = self.job.state is JobState.PAUSED

    def recount(self) -> None:
        self.job = replace(self.job, counts=counts(self.chargers()))

    def due(self, now: float) -> list[Run]:
        """Whose state is to be written down now."""
        every = now - self.kept_at >= KEEP_EVERY_S
        if every:
            self.kept_at = now
            self.unkept |= self.dirty
        found, self.unkept = self.unkept, set()
        return [self.runs[charger_id] for charger_id in found if charger_id in self.runs]

    def shown(self, run: Run, now: float) -> JobCharger:
        """With how long it still takes."""
        one = run.charger
        return replace(one, about_s=left_s(one, run.watch.times, now)) if isinstance(run, UpdateRun) else one

    def _waits_for(self, chargers: dict[str, JobCharger], now: float) -> str:
        if self.job.over:
            return ""
        if self.job.state is JobState.PAUSED:
            return self.job.waits_for or "Paused: no other charger is begun until it goes on."
        if (self.job.not_before_at or 0.0) > now:
            return "Waits for its time."
        if self.unwell:
            return f"{self.unwell}: watched until it is well."
        if any(under_way(one) for one in chargers.values()):
            return ""
        return next((one.reason for one in chargers.values() if one.outcome is None and one.reason), "")

    def _about(self, chargers: dict[str, JobCharger], now: float) -> float | None:
        """A rough end: those under way, then the rest as many at a time as the wave allows."""
        if self.job.over or self.job.kind is not JobKind.UPDATE:
            return None
        left = [left for run in self.runs.values() if (left := left_s(run.charger, run.watch.times, now)) is not None]
        waiting = sum(one.outcome is None and not under_way(one) for one in chargers.values())
        whole = next((sum(run.watch.times.usual.values()) for run in self.runs.values()), 0.0)
        at_once = max(1, min(self.job.parallel, max((len(w.charger_ids) for w in self.job.waves), default=1)))
        return now + max(left, default=0.0) + whole * -(-waiting // at_once)
