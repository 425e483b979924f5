"""What becomes of one charger's update: it is fed what happens, and says where the charger is and what is to be done.

Theory of operation. The charger's words come late, twice or never, or are of an update before, so steps only go forward,
those it passed in silence are marked so, and a word about a file counts only once a byte of it has left. What evdesk's
own server saw counts as much as what the charger says. The update ends by the version that the charger tells after it, or
by a timer; each timer first asks, then decides. Signs of life (a word, a restart, a link, bytes it had before) give a step
more time, but never beyond the step's ceiling, which only getting on moves. Whatever failed is looked at before it ends
(is it in service?), and only a file that the charger cannot have whole is called not installed. It is called a success
only where the last version told is the new one and all of the file was fetched from here.
"""

from collections.abc import Callable

from evdesk.firmware.fetching import Fetching
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
from evdesk.firmware.soak import relapsed
from evdesk.firmware.times import Times
from evdesk.firmware.versions import same_version
from evdesk.firmware.watched import RANK, Memory
from evdesk.firmware.words import AT_IT, FAILURES, FETCHING, FORWARD, HAS_IT, ITS_OWN_PACE, PATIENT
from evdesk.model.jobs import Cause, JobCharger, Step

_LOOKED_AT = (Step.TESTING, Step.SETTINGS)
NOT_IN_TIME = "It could not be looked at in time."


class Watch(Fetching):
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
        self._late_feeders: dict[type, Callable[..., None]] = {
            Versioned: self._amend,
            Relapsed: self._relapsed,
            Told: self._wrong_after_all,
            Linked: self._link_late,
            Lost: self._link_late,
            Looked: self._looked_late,
            Compared: self._compared_late,
        }

    def feed(self, what: Happening) -> list[Act]:
        """Takes what happened; the acts are to be done in order."""
        self._acts = []
        feeder = (self._late_feeders if self.over else self._feeders).get(type(what))
        if feeder is not None:
            feeder(what)
        return self._acts

    def _relapsed(self, what: Relapsed) -> None:
        self.charger, self._acts = relapsed(self.charger, what), [Act.END]

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
        self._speaks(what)
        if what.status in FAILURES:
            self._failed(what)
            return
        if what.status in HAS_IT:
            self._says_that_it_has_it(what)
        step = FORWARD.get(what.status)
        if step is None:
            return
        self._go(step, what.at)
        if self.charger.step is Step.REBOOTING:  # else the version came first, and it is being looked at
            self._around_installed(what, before)
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

    def _around_installed(self, what: Told, before: str) -> None:
        """Restarting, by its own words or by the link. Makers with several parts say Installed and install the next; and
        some drop their link before they say that they wait."""
        if what.status == "Installed" and not self.memory.installed:
            self._remember(installed=True)
            self._wait_within(what.at + self.times.reboot_s)
        elif what.status == "Installing":
            self._remember(installed=False)
            wait = self._wait_within if before == "InstallScheduled" else self._wait_more
            wait(what.at + self.times.install_s)
        elif what.status == "InstallScheduled":
            self._waits(what.at)
            self._wait_more(min(what.at + self.times.scheduled_s, self._patience_at))

    def _heard(self, what: Told, before: str) -> None:
        """A word about the step it is in; `before`: the last one."""
        if what.status == "DownloadFailed":
            self._remember(failures=self.memory.failures + 1)
        if self.memory.moved and what.status in FETCHING:
            return  # in vain, from where it was told: it is told anew in a moment
        if what.status in PATIENT:
            self._waits(what.at)
            since = max(what.at, self.date_at) if what.status == "InstallScheduled" else what.at
            self._wait_within(min(since + ITS_OWN_PACE.get(what.status, self.times.scheduled_s), self._patience_at))
        elif self.charger.step is Step.DOWNLOADING:
            self._wait_within(what.at + self.times.idle_s)
        elif what.status == "Installing" and before == "InstallScheduled":
            self._wait_within(what.at + self.times.install_s)  # the wait is over, and with it the patience for it
        elif what.status == "Installing":
            self._wait_more(self.charger.step_at + self.times.install_s)

    # -- what the link saw --------------------------------------------------------------------------------------------

    def _linked(self, what: Linked) -> None:
        self._show(online=True)
        self._relinked(what)
        self._back(what.at)

    def _lost(self, what: Lost) -> None:
        self._show(online=False)
        if self.charger.step in _LOOKED_AT:
            self._away(what.at)
        elif self.memory.whole and not self._merely_waits(what.at):
            self._remember(left=True)
            if self._rank < RANK[Step.REBOOTING]:
                self._go(Step.REBOOTING, what.at, told=False)
                self._wait(what.at + max(self.times.reboot_s, self.times.install_s))
            else:
                self._wait_more(what.at + self.times.reboot_s)

    def _merely_waits(self, at: float) -> bool:
        """For its install date, a car or its night, as far as it says: a link that drops or a restart before that is none
        of the update."""
        early = (at < self.date_at and self.charger.status not in AT_IT) or self._is_scheduled(at)
        return early and self._rank < RANK[Step.REBOOTING]

    def _is_scheduled(self, at: float) -> bool:
        """That is its last word, and it is still believed."""
        return self.memory.waits and self.charger.status == "InstallScheduled" and at < self._patience_at

    # -- the version: the truth ---------------------------------------------------------------------------------------

    def _versioned(self, what: Versioned) -> None:
        self._show(online=True)
        if self._rank < RANK[Step.SENT]:
            return
        if self._other(what):
            self._show(reported=what.version)
            self._end(Cause.OTHER_CHARGER, what.at, serial_words=f" (it says {what.serial or what.model})")
            return
        due = what.at >= self.date_at and self._is_new(what.version)  # it need not say that its wait is over
        if what.booted and self.memory.whole and (due or not self._merely_waits(what.at)):
            self._remember(left=True, booted=True, boots=self.memory.boots + 1)
        if self._rank >= RANK[Step.TESTING]:
            self._told_in_test(what)
            return
        self._show(reported=what.version)
        if self._from_elsewhere(what.version):
            self._end(Cause.ALREADY, what.at)
        elif self._proves(what.version):
            self._go(Step.TESTING, what.at)
            self._acts += [Act.WITHDRAW, Act.TEST]
        else:
            self._waits_for_another(what)

    def _waits_for_another(self, what: Versioned) -> None:
        """Some restart twice; the charger's next words, or a timer, decide."""
        if self._rank <= RANK[Step.DOWNLOADING]:
            if what.booted:
                self._wait_more(what.at + self.times.idle_s)  # it restarted in the middle of the file, and may go on
            return
        if self.memory.asked:
            self._wait(what.at)  # that was what the decision waited for
        if what.booted and self.memory.whole and what.version and not self._is_scheduled(what.at):
            self._wait_within(what.at + self._settle_s)

    @property
    def _settle_s(self) -> float:
        if not self.memory.installed:
            return self.times.install_s
        return self.times.settle_s if self.memory.boots >= self.times.reboots else self.times.reboot_s

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
        if self.charger.step in _LOOKED_AT:
            self._not_looked_at_in_time(at)
        elif self._rank < RANK[Step.VERIFYING] or self.memory.asked:
            self._decide(at)
        elif self.charger.online:
            self._remember(asked=True)
            self._wait(at + self.times.answer_s)
            self._ask_status(at)
            self._acts.append(Act.ASK_VERSION)
        elif self._restarts:
            self._remember(asked=True)  # it will be back in a moment, and tell its version
            self._wait(at + self.times.reboot_s)
        else:
            self._decide(at)

    def _not_looked_at_in_time(self, at: float) -> None:
        if self._is_gone(True):
            self._gone(at)
            return
        self._remember(again="")
        if self.charger.step is Step.TESTING:
            self._looked(Looked(at, (NOT_IN_TIME,)))
            return
        if self.memory.relook:
            self._looked(Looked(at, (NOT_IN_TIME,)))
        if not self.over:
            self._compared(Compared(at, note=NOT_IN_TIME))

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
        elif memory.whole and self.charger.status == "InstallScheduled":
            self._end(Cause.HANGS, at)  # whatever it said or did before: it may install yet
        elif memory.installed and memory.whole and not (memory.booted or memory.left):
            self._end(Cause.NOT_RESTARTED, at)
        elif memory.installed or memory.booted:
            self._look_at(Cause.RESTARTS if self._restarts else Cause.SAME_VERSION, at)
        else:
            self._end(Cause.HANGS, at)
