"""What a running job says: states, times, reasons. Codes come in, words go out; nothing here is a widget."""

from collections.abc import Iterable, Sequence

from evdesk.firmware.rollout import CANARY
from evdesk.gui import text
from evdesk.gui.sentences import Look
from evdesk.gui.text import tr
from evdesk.model.firmware import Check, Verdict
from evdesk.model.jobs import Job, JobCharger, JobState, Result, Step, StepSpan, Wave, WaveState

BLOCKED, WAITING, RUNNING = "blocked", "waiting", "running"
STANDING = (Verdict.WAIT, Verdict.BLOCK)
"""Verdicts that keep a charger from beginning."""

SHORT = 3
NAMED = 4
"""So many chargers are named in a sentence."""

GROUPS = (Result.SUCCEEDED.value, RUNNING, WAITING, Result.UNKNOWN.value, Result.FAILED.value, "cancelled")
"""In the order they are counted."""


def group(charger: JobCharger) -> str:
    """One of `GROUPS`: what it does. One that is held up is `BLOCKED`, though a person reads that it waits."""
    if charger.outcome is not None:
        return charger.outcome.value
    if charger.step in (Step.WAITING, Step.PREFLIGHT):
        return BLOCKED if stands(charger) else WAITING
    return RUNNING


def stands(charger: JobCharger) -> bool:
    """Whether a check keeps it from beginning: a car charges, or it is away."""
    return charger.step is Step.PREFLIGHT and any(check.verdict in STANDING for check in charger.checks)


def counts(chargers: Iterable[JobCharger]) -> dict[str, int]:
    """One that is held up waits like those whose turn is to come: its row says for what."""
    found = dict.fromkeys(GROUPS, 0)
    for charger in chargers:
        name = group(charger)
        found[WAITING if name == BLOCKED else name] += 1
    return found


def group_word(name: str) -> str:
    return {
        "succeeded": tr("done"),
        RUNNING: tr("running"),
        WAITING: tr("waiting"),
        "unknown": tr("unknown"),
        "failed": tr("failed"),
        "cancelled": tr("left out"),
    }[name]


def group_role(name: str) -> str:
    return {
        "succeeded": "ok",
        RUNNING: "accent",
        WAITING: "sunken",
        "unknown": "circuit",
        "failed": "danger",
        "cancelled": "house",
    }[name]


def counted(chargers: Iterable[JobCharger]) -> str:
    """ "14 done, 3 running, 1 failed" """
    found = counts(chargers)
    return ", ".join(f"{text.count(found[name])} {group_word(name)}" for name in GROUPS if found[name])


def outcome_look(outcome: Result) -> Look:
    return {
        Result.SUCCEEDED: Look("check-circle", tr("Done"), "ok"),
        Result.FAILED: Look("octagon", tr("Failed"), "danger"),
        Result.UNKNOWN: Look("question", tr("Unknown"), "warn"),
        Result.CANCELLED: Look("minus", tr("Left out"), "muted"),
    }[outcome]


def waits_look() -> Look:
    """As the checks before the update call it: something outside keeps it from beginning."""
    return Look("clock", tr("Waits"), "info")


def state_look(charger: JobCharger, job: Job) -> Look:
    """Icon, word and role of the state column."""
    if charger.outcome is not None:
        return outcome_look(charger.outcome)
    if stands(charger):
        return waits_look()
    if charger.step is Step.WAITING:
        return Look("clock", _waits_for(charger, job), "muted")
    return {
        Step.PREFLIGHT: Look("shield", tr("Checks"), "info"),
        Step.SENT: Look("arrow-right", tr("Asked"), "info"),
        Step.DOWNLOADING: Look("arrow-down", tr("Downloading"), "info"),
        Step.VERIFYING: Look("shield", tr("Verifying"), "info"),
        Step.INSTALLING: Look("chip", tr("Installing"), "info"),
        Step.REBOOTING: Look("refresh", tr("Rebooting"), "info"),
        Step.TESTING: Look("gauge", tr("Testing"), "info"),
        Step.SETTINGS: Look("settings", tr("Settings"), "info"),
        Step.UPLOADING: Look("arrow-up", tr("Uploading"), "info"),
    }.get(charger.step, Look("clock", tr("Ends"), "info"))


def _waits_for(charger: JobCharger, job: Job) -> str:
    wave = next((wave for wave in job.waves if wave.number == charger.wave), None)
    if job.not_before_at is not None and job.started_at is None:
        return tr("Waits for {time}").format(time=text.clock(job.not_before_at))
    if wave is not None and wave.state is WaveState.WAITING and len(job.waves) > 1:
        return tr("Waits for {wave}").format(wave=inside(wave))
    return tr("Waits its turn")


def inside(wave: Wave) -> str:
    """ "wave 2", "the canary": inside a sentence."""
    if wave.number == CANARY:
        return tr("the canary")
    return tr("the others") if wave.name == "All" else tr("wave {n}").format(n=wave.number)


def waits_for_date(charger: JobCharger, now: float) -> bool:
    """Whether it has the file and its install date is to come. Many say nothing then, so the charger's word is not
    needed; one that says that it installs does not heed the date."""
    dated = charger.outcome is None and charger.install_at is not None and now < charger.install_at
    return dated and charger.step in (Step.VERIFYING, Step.INSTALLING) and charger.status != "Installing"


def left_words(charger: JobCharger, about_s: float | None) -> str:
    """Under the state: "about 2 min", or when it ended and how long it took."""
    if charger.outcome is not None:
        if charger.ended_at is None:
            return ""
        ended = text.clock(charger.ended_at)
        return f"{ended}, {text.minutes(took(charger))}" if took(charger) is not None else ended
    if charger.step in (Step.WAITING, Step.PREFLIGHT) or about_s is None:
        return ""
    if about_s < 20:
        return tr("a few seconds")
    return tr("about {time}").format(time=text.age(max(30.0, round(about_s / 10) * 10)))


def took(charger: JobCharger) -> float | None:
    if charger.started_at is None or charger.ended_at is None:
        return None
    return max(0.0, charger.ended_at - charger.started_at)


def span_of(charger: JobCharger) -> StepSpan | None:
    """The step it is in now."""
    return next((span for span in reversed(charger.steps) if span.step is charger.step), None)


def since_at(charger: JobCharger, now: float) -> float:
    """When the step it is in began; installing begins on its date, unless it says that it does so before."""
    span, date_at = span_of(charger), charger.install_at or 0.0
    since = span.from_at if span is not None else charger.step_at
    early = charger.status == "Installing" and now < date_at
    return max(since, date_at) if charger.step is Step.INSTALLING and not early else since


def sentences(charger: JobCharger, now: float) -> tuple[str, str]:
    """What happens or happened, and what to do ("" nothing)."""
    if charger.outcome is Result.SUCCEEDED:
        return text.reasons(late(charger), steps_told(charger) or charger.reason), charger.next
    if charger.outcome is not None:
        return text.reasons(late(charger), charger.reason), charger.next
    if charger.step is Step.WAITING:
        return charger.reason or _checked(charger.checks) or tr("Checked before it begins"), ""
    if charger.step is Step.PREFLIGHT:
        return standing_words(charger)
    return running_words(charger, now), charger.next


def held_up(chargers: Iterable[JobCharger]) -> bool:
    """Whether nothing runs, for those that come next are kept from beginning."""
    found = {group(one) for one in chargers}
    return BLOCKED in found and RUNNING not in found


def held_words(chargers: Sequence[JobCharger]) -> tuple[str, str]:
    """Whom a job waits for and why, with the way out; "" where no check stands against anyone."""
    held = [one for one in chargers if one.outcome is None and stands(one)]
    if not held:
        return "", ""
    names = [one.label or one.charger_id for one in held]
    if len(names) > NAMED:
        who = tr("{names} and {n} more").format(names=", ".join(names[: NAMED - 1]), n=len(names) - NAMED + 1)
    elif len(names) > 1:
        who = tr("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])
    else:
        who = names[0]
    reasons = {standing_words(one) for one in held}
    if len(reasons) == 1:
        why = " ".join(filter(None, reasons.pop()))
    else:
        why = " ".join(dict.fromkeys(_sentence(reason) for reason, _ in map(standing_words, held)))
    return tr("Waits for {who}").format(who=who), why


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def standing_words(charger: JobCharger) -> tuple[str, str]:
    """Why it cannot begin, and the way out: the engine's words, else those of the first check that stands."""
    first = next((check for check in charger.checks if check.verdict in STANDING), None)
    if first is None:
        return charger.reason or tr("The checks run"), charger.next
    return charger.reason or first.sentence, charger.next or first.advice


def late(charger: JobCharger) -> str:
    """That later evidence changed the outcome; "" where it did not."""
    if charger.first_outcome is None or charger.first_outcome is charger.outcome:
        return ""
    was = outcome_look(charger.first_outcome).word.lower()
    return tr("Was {before} at first; later evidence changed it").format(before=was)


def _checked(checks: Sequence[Check]) -> str:
    if not checks:
        return ""
    soft = sum(check.verdict in (Verdict.WARN, Verdict.UNKNOWN) for check in checks)
    hard = sum(check.verdict in STANDING for check in checks)
    if hard:
        return tr("Preflight: {n} checks stand against it now").format(n=hard)
    if soft:
        return tr("Preflight: {n} warnings passed with a reason").format(n=soft)
    return tr("Preflight all green")


def running_words(charger: JobCharger, now: float) -> str:
    """ "Since 23:46:14, silent for 48 s. Usually 70 s; waits up to 5 min." """
    span, since = span_of(charger), since_at(charger, now)
    installs = tr("installs {time}").format(time=text.moment(charger.install_at, now))
    if waits_for_date(charger, now):
        return tr("Has the file, {installs}. Cars may charge till then").format(installs=installs)
    words = tr("Since {time}").format(time=text.clock_s(since))
    if charger.step in (Step.DOWNLOADING, Step.UPLOADING) and charger.transfer.bytes:
        moved = transfer_words(charger)
        return f"{moved}, {installs}" if (charger.install_at or 0.0) > now else f"{words}. {moved}"
    if charger.step is Step.REBOOTING and not charger.online:
        words += ", " + tr("silent for {time}").format(time=_whole(max(0.0, now - since)))
    elif span is not None and charger.step is not Step.SENT:
        words += ", " + (tr("said by the charger") if span.told else tr("the charger has not said so"))
    limits = _limits(span)
    return f"{words}. {limits}" if limits else words


def _limits(span: StepSpan | None) -> str:
    usual = _whole(span.usual_s) if span is not None and span.usual_s else ""
    most = _whole(span.most_s) if span is not None and span.most_s else ""
    if usual and most:
        return tr("Usually {usual}; waits up to {most}").format(usual=usual, most=most)
    return tr("Waits up to {most}").format(most=most) if most else ""


def _whole(seconds: float) -> str:
    """ "5 s", "4 min": a length nobody measured has no decimals."""
    return f"{max(1, round(seconds))} s" if seconds < 9.95 else text.age(seconds)


def transfer_words(charger: JobCharger) -> str:
    """ "9.8 of 18.4 MB, 412 kB/s, resumed once" """
    seen = charger.transfer
    parts = [of_words(seen.bytes, seen.size)]
    if seen.rate_bps:
        parts.append(rate_words(seen.rate_bps))
    if seen.resumed:
        times = tr("once") if seen.resumed == 1 else tr("{n} times").format(n=seen.resumed)
        parts.append(tr("resumed {times}").format(times=times))
    if seen.others:
        parts.append(tr("also fetched by {address}").format(address=", ".join(seen.others)))
    return ", ".join(parts)


def rate_words(bytes_per_s: float) -> str:
    """ "412 kB/s", "1.3 MB/s" """
    if bytes_per_s < 999_500:
        return f"{text.number(bytes_per_s / 1000, 0)} kB/s"
    return f"{text.size(round(bytes_per_s))}/s"


def of_words(some: int, whole: int) -> str:
    """ "9.8 of 18.4 MB"; only what came where the whole is not known."""
    if whole <= 0:
        return text.size(some)
    have, all_of = text.size(some), text.size(whole)
    same_unit = have.rpartition(" ")[2] == all_of.rpartition(" ")[2]
    return tr("{some} of {whole}").format(some=have.rpartition(" ")[0] if same_unit else have, whole=all_of)


def steps_told(charger: JobCharger, *, settings: bool = True) -> str:
    """ "Download 0:45, verify 0:09, install 4:02, reboot 1:11, test 0:31; settings same" """
    words = {
        Step.DOWNLOADING: tr("download"), Step.VERIFYING: tr("verify"), Step.INSTALLING: tr("install"),
        Step.REBOOTING: tr("reboot"), Step.TESTING: tr("test"), Step.UPLOADING: tr("upload"),
    }  # fmt: skip
    told = [
        f"{words[span.step]} {text.minutes(span.to_at - span.from_at).partition(' ')[0]}"
        for span in charger.steps
        if span.step in words and span.to_at is not None
    ]
    if not told:
        return ""
    line = ", ".join(told)
    end = settings_words(charger) if settings else ""
    return line[:1].upper() + line[1:] + (f"; {end}" if end else "")


def settings_short(charger: JobCharger) -> str:
    """The same for a column: "4 changed, 2 put back, 1 lost"."""
    changed, back, lost = len(charger.settings_changed), len(charger.restored), len(charger.lost)
    if not changed and not back and not lost:
        return tr("same") if charger.after_id is not None else tr("not compared")
    words = ((changed, tr("{n} changed")), (back, tr("{n} put back")), (lost, tr("{n} lost")))
    return ", ".join(told.format(n=count) for count, told in words if count)


def settings_words(charger: JobCharger) -> str:
    """What the update did to the settings: "settings same", "3 settings changed, 2 put back, 1 lost"."""
    changed, back, lost = len(charger.settings_changed), len(charger.restored), len(charger.lost)
    if not changed and not back and not lost:
        return tr("settings same") if charger.after_id is not None else ""
    parts = [tr("1 setting changed") if changed == 1 else tr("{n} settings changed").format(n=changed)]
    parts += [tr("{n} put back").format(n=back)] * bool(back) + [tr("{n} lost").format(n=lost)] * bool(lost)
    return ", ".join(parts)


def wave_name(wave: Wave) -> str:
    """ "Canary", "Wave 2", "All" in the person's language."""
    if wave.number == CANARY:
        return tr("Canary")
    return tr("All") if wave.name == "All" else tr("Wave {n}").format(n=wave.number)


def wave_look(wave: Wave, now: float, chargers: Sequence[JobCharger] = ()) -> Look:
    """`chargers`: those of this wave, by whom one that is over is called."""
    left = max(0.0, wave.until_at - now) if wave.until_at is not None else None
    watched = tr("Watched") if left is None else tr("Watched, {time} left").format(time=text.age(round(left)))
    return {
        WaveState.WAITING: Look("clock", tr("Waits"), "muted"),
        WaveState.RUNNING: waits_look() if held_up(chargers) else Look("play", tr("Running"), "info"),
        WaveState.SOAKING: Look("eye", watched, "info"),
        WaveState.PASSED: _over_look({one.outcome for one in chargers} - {None}),
        WaveState.STOPPED: Look("octagon", tr("Stopped"), "danger"),
    }[wave.state]


def _over_look(came: set[Result | None]) -> Look:
    """Its turn is over for the rollout, however its chargers ended."""
    if came <= {Result.SUCCEEDED}:
        return Look("check-circle", tr("Passed"), "ok")
    if Result.SUCCEEDED in came:
        return Look("warning", tr("Partly done"), "warn")
    return outcome_look(next(one for one in (Result.FAILED, Result.UNKNOWN, Result.CANCELLED) if one in came))


def wave_words(wave: Wave, job: Job, chargers: Sequence[JobCharger]) -> str:
    """Beside the wave's name: how many, and what makes it begin, go on or stop."""
    many = tr("1 charger") if len(wave.charger_ids) == 1 else tr("{n} chargers").format(n=len(wave.charger_ids))
    if len(chargers) > 3 and len({group(one) for one in chargers}) > 1:
        many = f"{many}: {counted(chargers)}"
    first = job.waves.index(wave) if wave in job.waves else 0
    soaks = wave.number == CANARY and job.soak_s > 0 and any(one.outcome is Result.SUCCEEDED for one in chargers)
    if wave.state is WaveState.PASSED:
        return tr("{many}, watched {time}").format(many=many, time=text.age(job.soak_s)) if soaks else many
    if wave.state is WaveState.WAITING and first > 0:
        before = inside(job.waves[first - 1])
        return tr("{many}, starts by itself when {wave} is done").format(many=many, wave=before)
    if wave.state is WaveState.RUNNING:
        stop = tr("1 failure") if job.stop_after == 1 else tr("{n} failures").format(n=job.stop_after)
        return tr("{many}, stops after {n}").format(many=many, n=stop)
    return many


def job_look(job: Job) -> Look:
    if job.state is JobState.PAUSED:
        return Look("pause", tr("Paused"), "warn")
    return Look("check-circle", tr("Over"), "muted") if job.over else Look("play", tr("Running"), "info")


def versions_before(chargers: Iterable[JobCharger]) -> str:
    """ "2.4.0", or "2.3.2, 2.4.0" where they differ."""
    return ", ".join(sorted({c.from_version for c in chargers if c.from_version})) or text.unknown()


def is_named(words: list[str], told: Iterable[str]) -> bool:
    """Whether all that was typed is found: a short word begins one ("3" is Bay 3, not every serial with a 3 in it), a
    longer one may stand anywhere."""
    hay = " ".join(told).casefold()
    starts = f" {hay}"
    return all(word in hay if len(word) >= SHORT else f" {word}" in starts for word in words)


def makers(chargers: Iterable[JobCharger]) -> str:
    """ "Nordlade N22" """
    return ", ".join(sorted({f"{c.vendor} {c.model}".strip() for c in chargers} - {""}))
