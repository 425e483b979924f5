"""What becomes of one charger's update: it is fed what happens, and says where the charger is and what is to be done.

Theory of operation. The charger's words come late, twice or never, or are of an update before, so steps only go forward,
those it passed in silence are marked so, and a word about a file counts only once a byte of it has left. What evdesk's
own server saw counts as much as what the charger says. The update ends by the version that the charger tells after it, or
by a timer; each timer first asks, then decides. Whatever failed is looked at before it ends (is it in service?), and only
a file that the charger cannot have whole is called not installed. It is called a success only where the last version told
is the new one and all of the file was fetched from here.
"""

from collections.abc import Callable

from evdesk.firmware.happenings import (
    Act,
    Agreed,
    Compared,
    Happening,
    Linked,
    Looked,
    Lost,
    Refused,
    Relapsed,
    Sent,
    Served,
    Stop,
    Tick,
    Told,
    Versioned,
)
from evdesk.firmware.late import BEGUN, FAILURES, INVALID, PATIENT, Late
from evdesk.firmware.soak import relapsed
from evdesk.firmware.times import Times
from evdesk.firmware.versions import same_version
from evdesk.firmware.watched import RANK, Memory
from evdesk.model.jobs import Cause, JobCharger, Step

FORWARD: dict[str, Step] = {
    "DownloadScheduled": Step.SENT,
    "Downloading": Step.DOWNLOADING,
    "DownloadPaused": Step.DOWNLOADING,
    "DownloadFailed": Step.DOWNLOADING,
    "Downloaded": Step.VERIFYING,
    "SignatureVerified": Step.INSTALLING,
    "InstallScheduled": Step.INSTALLING,
    "Installing": Step.INSTALLING,
    "InstallRebooting": Step.REBOOTING,
    "Installed": Step.REBOOTING,
}
"""Status (1.6 section 7.25, security whitepaper, 2.x FirmwareStatusEnumType) to the step it leads to."""

_FETCHING = frozenset({"DownloadScheduled", "Downloading", "DownloadPaused", "DownloadFailed"})
_ITS_OWN_PACE = {"DownloadPaused": 1800.0}
_AT_IT = frozenset({"Installing", "InstallRebooting", "Installed"})


class Watch(Late):
    """`feed` it; it returns the acts."""

    def __init__(self, charger: JobCharger, memory: Memory, times: Times) -> None:
        super().__init__(charger, memory, times)
        self._feeders: dict[type, Callable[..., None]] = {
            Sent: self._sent,
            Refused: self._refused,
            Told: self._told,
            Served: self._served,
            Linked: self._linked,
            Lost: self._lost,
            Versioned: self._versioned,
            Looked: self._looked,
            Compared: self._compared,
            Agreed: self._agreed,
            Tick: self._tick,
            Stop: self._stop,
        }

    def feed(self, what: Happening) -> list[Act]:
        """Takes what happened; the acts are to be done in order."""
        self._acts = []
        if self.over:
            if isinstance(what, Versioned):
                self._amend(what)
            elif isinstance(what, Relapsed):
                self.charger, self._acts = relapsed(self.charger, what), [Act.END]
            elif isinstance(what, Told) and what.status == INVALID:
                self._wrong_after_all(what)
        else:
            self._feeders[type(what)](what)
        return self._acts

    # -- the request --------------------------------------------------------------------------------------------------

    def _sent(self, what: Sent) -> None:
        self._show(attempts=self.charger.attempts + 1, status="", status_at=None)
        self._remember(spoke=False, asked_at=None, cut=False)
        self._go(Step.SENT, what.at)
        self._wait(what.at + self.times.sent_s)
        self._show(reason="")

    def _agreed(self, what: Agreed) -> None:
        self._remember(heard=True)
        if self.charger.step is Step.SENT:
            dropped = what.status == "AcceptedCanceled"
            self._show(reason="It dropped an older update for this one." if dropped else "")

    def _refused(self, what: Refused) -> None:
        self._show(status=what.status)
        if self.memory.whole or self.memory.begun:
            return  # an earlier request is under way
        self._end(what.cause, what.at)

    # -- the charger's words ------------------------------------------------------------------------------------------

    def _told(self, what: Told) -> None:
        if self._rank < RANK[Step.SENT] or self._of_another(what):
            return
        if what.status == "Idle":  # told only when asked: no update is under way (1.6 section 7.25, 2.x)
            self._remember(since=True)
            return
        before = self.charger.status
        self._show(status=what.status, status_at=what.at)
        self._remember(heard=True)
        if self._stale(what):
            return
        if not self.memory.spoke and (self._by_number(what) or not self._was_asked(what.at)):
            self._remember(spoke=True)
        if what.status in _FETCHING and not self.memory.since:
            self._remember(since=True)
        if what.status in FAILURES:
            self._failed(what)
            return
        if what.status in BEGUN or what.status == "Downloaded":
            claimed = self.memory.claimed or self._by_number(what)
            self._remember(whole=True, claimed=claimed, begun=self.memory.begun or what.status in BEGUN)
        step = FORWARD.get(what.status)
        if step is None:
            return
        self._go(step, what.at)
        if self.charger.step is Step.REBOOTING:  # else the version came first, and it is being looked at
            self._around_installed(what)
        if self.charger.step is step:
            self._heard(what, before)

    def _failed(self, what: Told) -> None:
        cause = FAILURES[what.status]
        if self._rank < RANK[Step.TESTING]:
            self._look_at(cause, what.at)
        elif cause is Cause.INVALID_SIGNATURE:
            self._remember(pending=cause)
        else:
            self._acts.append(Act.ASK_VERSION)  # late, or it fell back: the version decides

    def _around_installed(self, what: Told) -> None:
        """Restarting, by its own words or by the link. Makers with several parts say Installed and install the next."""
        most_at = self.charger.step_at + self.times.install_s + self.times.reboot_s
        if what.status == "Installed" and not self.memory.installed:
            self._remember(installed=True)
            self._wait(min(what.at + self.times.reboot_s, most_at))
        elif what.status == "Installing":
            self._remember(installed=False)
            self._wait(max(self.charger.waits_until_at or 0.0, min(what.at + self.times.install_s, most_at)))

    def _heard(self, what: Told, before: str) -> None:
        """A word about the step it is in; `before`: the last one."""
        if what.status == "DownloadFailed":
            self._remember(failures=self.memory.failures + 1)
        if self.memory.moved and what.status in _FETCHING:
            return  # in vain, from where it was told: it is told anew in a moment
        if what.status in PATIENT:
            since = max(what.at, self.date_at) if what.status == "InstallScheduled" else what.at
            self._wait_words(since + _ITS_OWN_PACE.get(what.status, self.times.scheduled_s))
        elif self.charger.step is Step.DOWNLOADING:
            self._wait_words(what.at + self.times.idle_s)
        elif what.status == "Installing" and before == "InstallScheduled":
            most_at = max(self.charger.step_at, self.date_at) + self.times.scheduled_s + self.times.install_s
            self._wait(
                min(what.at + self.times.install_s, most_at)
            )  # the wait is over, and with it the patience for it
        elif what.status == "Installing":
            self._wait(max(self.charger.waits_until_at or 0.0, self.charger.step_at + self.times.install_s))

    # -- what the server and the link saw -----------------------------------------------------------------------------

    def _served(self, what: Served) -> None:
        before, self_now = self.charger.transfer, what.transfer
        self._show(transfer=self_now)
        if self._rank not in range(RANK[Step.SENT], RANK[Step.TESTING]) or self_now.total <= before.total:
            return
        if not self.memory.since:
            self._remember(since=True)
        if self.memory.cut:  # the last count, of what may have arrived
            self._remember(whole=self.memory.whole or self_now.complete_at is not None)
            return
        if self._rank > RANK[Step.DOWNLOADING]:  # it said that it has it, and fetches on
            self._seen_after_all(Step.DOWNLOADING)
            self._wait(max(self.charger.waits_until_at or 0.0, what.at + self.times.idle_s))
            return
        self._go(Step.DOWNLOADING, what.at)
        self._wait(what.at + self.times.idle_s)
        if self_now.size:
            self._show(progress=min(1.0, self_now.bytes / self_now.size))
        if self_now.complete_at is not None:
            self._remember(whole=True)

    def _linked(self, what: Linked) -> None:
        self._show(online=True)
        if what.moved and self.charger.step in (Step.SENT, Step.DOWNLOADING) and not self.memory.whole:
            self._moved(what.at)
            if self._may_be_whole:
                self._ask_status(what.at)  # it is told anew only where it says that it fetches

    def _lost(self, what: Lost) -> None:
        self._show(online=False)
        if self._merely_waits(what.at):
            return
        if self.memory.whole and self._rank < RANK[Step.TESTING]:
            self._remember(left=True)
            if self._rank < RANK[Step.REBOOTING]:
                self._go(Step.REBOOTING, what.at, told=False)
                self._wait(what.at + max(self.times.reboot_s, self.times.install_s))
            else:
                self._wait(max(self.charger.waits_until_at or 0.0, what.at + self.times.reboot_s))

    def _merely_waits(self, at: float) -> bool:
        """For its install date, as far as it says: a link that drops or a restart before it is none of the update."""
        early = at < self.date_at and self.charger.status not in _AT_IT
        return early and self._rank < RANK[Step.REBOOTING]

    # -- the version: the truth ---------------------------------------------------------------------------------------

    def _versioned(self, what: Versioned) -> None:
        self._show(online=True)
        if self._rank < RANK[Step.SENT]:
            return
        if self._other(what):
            self._show(reported=what.version)
            self._end(Cause.OTHER_CHARGER, what.at, serial_words=f" (it says {what.serial or what.model})")
            return
        if what.booted and self.memory.whole and not self._merely_waits(what.at):
            self._remember(left=True, booted=True)
        if self._rank >= RANK[Step.TESTING]:
            if what.version:
                self._show(reported=what.version)
                self._fell_back(what) if not self._is_new(what.version) else self._after_all(what)
            return
        self._show(reported=what.version)
        if self.memory.asked:
            self._wait(what.at)  # that was what the decision waited for
        if self._from_elsewhere(what.version):
            self._end(Cause.ALREADY, what.at)
        elif self._proves(what.version):
            self._go(Step.TESTING, what.at)
            self._acts += [Act.WITHDRAW, Act.TEST]
        elif what.booted and self.memory.whole and what.version:
            # Some restart twice; the charger's next words, or this timer, decide.
            settle = self.times.settle_s if self.memory.installed else self.times.install_s
            self._wait(what.at + settle)

    # -- after it -----------------------------------------------------------------------------------------------------

    def _looked(self, what: Looked) -> None:
        if self.charger.step is not Step.TESTING:
            return
        words = " ".join(what.problems)
        self._remember(test_words=words)
        if self.memory.pending is not Cause.NONE and not (self.memory.begun or self.memory.left):
            self._end(self.memory.pending, what.at)
            return
        if what.problems and self.memory.pending is Cause.NONE:
            self._remember(pending=Cause.NOT_WORKING)
        self._go(Step.SETTINGS, what.at)
        self._acts.append(Act.COMPARE)

    def _compared(self, what: Compared) -> None:
        if self.charger.step is not Step.SETTINGS:
            return
        self._show(settings_changed=what.changed, restored=what.restored, lost=what.lost, after_id=what.after_id)
        if what.note:
            self._remember(test_words=f"{self.memory.test_words} {what.note}".strip())
        if what.problem and self.memory.pending is Cause.NONE:
            self._remember(pending=Cause.NOT_WORKING, test_words=what.problem)
        told = Cause.NEW_VERSION if self._is_new(self.charger.reported) else Cause.FELL_BACK
        self._end(told if self.memory.pending is Cause.NONE else self.memory.pending, what.at)

    # -- time ---------------------------------------------------------------------------------------------------------

    def _tick(self, what: Tick) -> None:
        until = self.charger.waits_until_at
        if until is None or self._rank < RANK[Step.SENT]:
            return
        if what.at >= self.patient(until):  # the clock may have been set since
            self._expired(what.at)
        elif self.charger.step in (Step.SENT, Step.DOWNLOADING) and not self.memory.nudged:
            if what.at >= until - self.times.most_s(self.charger.step) / 2 and self.charger.online:  # type: ignore[operator]
                self._ask_status(what.at)
        elif self.charger.step is Step.REBOOTING and self.memory.installed and not self.memory.nudged:
            asks = self.charger.online and not self.memory.left
            if asks and what.at >= self.charger.step_at + self.times.answer_s:
                self._remember(nudged=True)
                self._acts.append(Act.ASK_VERSION)

    def _expired(self, at: float) -> None:
        step = self.charger.step
        if step in (Step.TESTING, Step.SETTINGS):
            problem = "It could not be looked at in time."
            self._looked(Looked(at, (problem,))) if step is Step.TESTING else self._compared(Compared(at, note=problem))
            return
        late = self._rank >= RANK[Step.VERIFYING]
        if late and self.charger.online and not self.memory.asked:
            self._remember(asked=True)
            self._wait(at + self.times.answer_s)
            self._ask_status(at)
            self._acts.append(Act.ASK_VERSION)
            return
        self._decide(at)

    def _decide(self, at: float) -> None:
        step, memory, seen = self.charger.step, self.memory, self.charger.reported
        if step in (Step.SENT, Step.DOWNLOADING) and not memory.whole:
            self._not_fetched(at)
        elif step in (Step.SENT, Step.DOWNLOADING):
            self._go(Step.INSTALLING, at, told=False)
            self._wait(at + self.times.install_s)
        elif not self.charger.online:
            self._end(Cause.NOT_BACK, at)
        elif self._is_new(seen) and not self.charger.from_version.strip():
            self._look_at(Cause.NOT_PROVEN, at)
        elif seen and not same_version(seen, self.charger.from_version):
            self._look_at(Cause.OTHER_VERSION, at)
        elif seen and self._to_restart:
            self._remember(restarted=True, asked=False)
            self._wait(at + self.times.reboot_s)
            self._acts.append(Act.RESTART)
        elif not seen:
            self._end(Cause.NO_VERSION if memory.left or memory.installed else Cause.HANGS, at)
        elif memory.installed or memory.booted:
            self._look_at(Cause.SAME_VERSION, at)
        else:
            self._end(Cause.HANGS, at)

    def _not_fetched(self, at: float) -> None:
        nothing = self.charger.transfer.total == 0
        if not self.charger.online and not self.memory.asked:
            self._remember(asked=True)  # a link that comes back is not to find the address gone
            self._wait(at + self.times.sent_s)
        elif self._may_be_whole:
            self._end(Cause.AWAY, at)
        elif (nothing or self.memory.moved) and self.memory.schemes and self.charger.online:
            self._acts.append(Act.NEXT_SCHEME)
            self._wait(at + self.times.sent_s)
            self._next_scheme()
            self._remember(nudged=False, failures=0)
        elif not nothing and not self.memory.cut:
            self._remember(cut=True)  # first the address is closed: the last count decides
            self._acts.append(Act.WITHDRAW)
            self._wait(at + self.times.answer_s)
        elif self.memory.failures:
            self._look_at(Cause.DOWNLOAD_FAILED, at)
        else:
            never = Cause.NEVER_FETCHED if self.memory.heard else Cause.NO_ANSWER
            self._end(never if nothing else Cause.STALLED, at)

    def _stop(self, what: Stop) -> None:
        """What may install already is watched to its end: nobody can stop it."""
        if self._may_be_whole or self.memory.begun or self._rank >= RANK[Step.VERIFYING]:
            has = "has" if self.memory.whole or self.memory.begun else "may have"
            self._show(reason=f"{what.who} wanted it ended, but it {has} the whole file: watched to its end.")
            return
        self._remember(why=f"Ended by {what.who}.")
        self._end(Cause.STOPPED, what.at)
