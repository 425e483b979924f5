"""What nobody may send to a charger while it is being updated, and what else is under way with one."""

from collections.abc import Iterable

from evdesk.engine.commands import Command
from evdesk.engine.drill import Drills
from evdesk.engine.jobs.base import JOB
from evdesk.engine.jobs.late import Late
from evdesk.engine.jobs.live import LiveJob
from evdesk.engine.jobs.update import UpdateRun
from evdesk.engine.wiring import WiringTest
from evdesk.model.jobs import Step

HELD = frozenset({Step.SENT, Step.DOWNLOADING, Step.VERIFYING, Step.INSTALLING, Step.REBOOTING})
DANGEROUS = frozenset(
    {"charger.availability", "charger.reset", "charger.start", "charger.unlock", "charger.update_firmware"}
)
RESTART = (
    "Wait until it has restarted. Where its lights show that it does nothing, restart it: at its breaker, or by a hard "
    "reset with a reason."
)
DANGEROUS_RAW = frozenset(
    {
        "ChangeAvailability",
        "PublishFirmware",
        "RemoteStartTransaction",
        "RequestStartTransaction",
        "Reset",
        "SignedUpdateFirmware",
        "UnlockConnector",
        "UpdateFirmware",
    }
)


def _updating(lives: Iterable[LiveJob], charger_id: str) -> tuple[int, UpdateRun] | None:
    """(job, its run) where its update was sent and is not through."""
    for live in lives:
        run = live.runs.get(charger_id)
        if isinstance(run, UpdateRun) and run.begun and not run.watch.over:
            return live.job.id, run
    return None


def refusal(lives: Iterable[LiveJob], late: Late, command: Command) -> str:
    """Why this must not be sent to a charger now, "" where it may."""
    if command.origin.via == JOB.via:
        return ""
    raw = command.what == "charger.raw" and command.args.get("action") in DANGEROUS_RAW
    if command.what not in DANGEROUS and not raw:
        return ""
    found = _updating(lives, command.target)
    if found is None or found[1].charger.step not in HELD:
        return _still_installing(late, command)
    number, run = found
    step = run.charger.step
    if step is Step.REBOOTING and _restart_with_reason(command) and command.args.get("kind") == "hard":
        return "" if run.watch.stuck(run.now()) else f"{_being(number, step)} It has not taken longer than usual yet."
    return f"{_being(number, step)} Wait for the end."


def _being(number: int, step: Step) -> str:
    return f"It is being updated (job {number}, {step.value}): this could break it for good."


def _restart_with_reason(command: Command) -> bool:
    return command.what == "charger.reset" and bool(str(command.args.get("reason", "")).strip())


def _still_installing(late: Late, command: Command) -> str:
    """Nobody knows that it is dead, either: a person who has looked may restart it, and all is free again."""
    number = late.may_install(command.target)
    if number is None or _restart_with_reason(command):
        return ""
    return (
        f"Job {number} left it with the whole file: it may still be installing, and this could break it for good. "
        f"{RESTART} A day later it is free as well."
    )


def job_of(lives: Iterable[LiveJob], charger_id: str) -> int | None:
    """The job that has this charger and is not through with it."""
    for live in lives:
        run = live.runs.get(charger_id)
        if run is not None and not run.watch.over:
            return live.job.id
    return None


def elsewhere(drills: Drills, wiring_test: WiringTest, charger_id: str) -> str:
    """A drill or a wiring test has this charger: what an update waits for, in words."""
    if charger_id in drills.beginning or any(run.record.id == charger_id for run in drills.runs.values()):
        return "A failsafe drill of it is under way."
    return "A wiring test is running." if wiring_test.running else ""
