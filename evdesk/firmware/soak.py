"""A charger that came through and is watched before others follow: what becomes of it where it does not stay well."""

from dataclasses import replace

from evdesk.firmware.endings import ENDINGS, filled
from evdesk.firmware.happenings import Relapsed
from evdesk.firmware.versions import same_version
from evdesk.model.jobs import Cause, JobCharger, Result


def kept(one: JobCharger, version: str) -> bool:
    """What it tells now is what it came through with; no word is no other version."""
    return not version.strip() or same_version(version, one.reported)


def relapsed(one: JobCharger, what: Relapsed) -> JobCharger:
    """Failed after all. Its first outcome stays in the report, and the time at which its update ended."""
    if one.outcome is not Result.SUCCEEDED:
        return one
    cause = Cause.NOT_WORKING if kept(one, what.version) else Cause.FELL_BACK
    if cause is Cause.NOT_WORKING:
        words = "it does not work as before any more."
    else:
        back = same_version(what.version, one.from_version)
        words = f"it is back on {what.version}." if back else f"it tells {what.version}."
    ending = ENDINGS[cause]
    first = f"It came back with {one.reported} and worked; then this changed:"
    one = replace(one, reported=what.version.strip() or one.reported, first_outcome=one.first_outcome or one.outcome)
    return replace(
        one,
        outcome=ending.outcome,
        cause=cause,
        reason=" ".join((first, words, *what.problems)),
        next=filled(ending.next, one),
        retry=ending.retry,
    )
