"""The settings of a charger, read and kept before it is asked to update; and whether it may be updated without."""

from evdesk.engine.jobs import aftercare
from evdesk.engine.jobs.base import Run
from evdesk.engine.jobs.preflight import may_lack
from evdesk.firmware.watched import Memory
from evdesk.model import Capability, EvdeskError, Reason, Setting
from evdesk.model.firmware import Image

TRIES = 3
NAMED = 3
WAY_OUT = (
    "Read its settings on its Settings tab, or restart it; then start it again. Where they cannot be read, preflight says "
    "so now, and a reason passes that."
)


class Backup:
    """Of one charger; `tries` that failed in a row."""

    def __init__(self, run: Run, image: Image) -> None:
        self.run, self.image = run, image
        self.tries = 0

    async def taken(self, override: str, memory: Memory) -> bool:
        """Whether it may be asked, as far as its settings go; else it waits, or is left out."""
        run, record = self.run, self.run.record
        if run.charger.backup_id is not None:
            return True
        if record is None or record.link is None:
            return False
        without = may_lack(self.image) or (bool(override) and memory.unbacked)
        if not run.can(Capability.SETTINGS):
            return self._without(without, "It answered that it does not tell its settings.")
        try:
            number = await self._read(anyhow=without and self.tries + 1 >= TRIES)
        except EvdeskError as error:
            if record.link is None or error.reason is Reason.UNREACHABLE:
                return False  # it waits until it is back
            if error.reason is Reason.STORAGE:  # evdesk's own disk, and no word of the charger
                run.held_up(error.sentence)
                return False
            self.tries += 1
            if self.tries >= TRIES:
                return self._without(without, error.sentence)
            run.held_up(f"Its settings could not be read: {error.sentence}")
            return False
        self.tries = 0
        run.show(backup_id=number)
        run.say("evdesk", f"Settings kept as snapshot {number}", "good")
        return True

    def _without(self, may: bool, why: str) -> bool:
        run = self.run
        run.say("evdesk", f"No backup of its settings: {why}", "warn")
        if not may:
            run.parts.settings.unread[run.charger_id] = why
            run.leave_out(f"No backup of its settings could be taken: {why}", WAY_OUT)
        return may

    async def _read(self, anyhow: bool) -> int:
        """The snapshot's id. `anyhow`: a part of them is better than none. Raises `EvdeskError`."""
        run, book = self.run, self.run.parts.settings
        found = await aftercare.ask_settings(run)
        record = run.record
        missing = await book.missing(record, found) if record is not None else []
        if missing and not anyhow:
            raise EvdeskError(Reason.BAD_REPLY, _lacks(missing))
        partly = record is not None and record.link is not None and record.link.told_a_part
        if partly and self.tries + 1 < TRIES:  # who refuses each time is never known to have more
            raise EvdeskError(Reason.REFUSED, "It refused to tell all of them at once.")
        _settings, number = await aftercare.keep_settings(run, found, "before an update")
        if number is None:
            raise EvdeskError(Reason.STORAGE, "They could not be written down.")
        return number


def _lacks(missing: list[Setting]) -> str:
    names = ", ".join(one.name for one in missing[:NAMED])
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    return f"It left out {names}{more}, which it told before with this firmware."
