"""The look at a charger after its update, and what changes an ending later.

It counts only what was found while it was there: one that goes away meanwhile is looked at anew once it is back. What
ended by a timer, and tells the new version after all, is looked at like any other before that is called a success.
"""

from evdesk.firmware.evidence import Evidence
from evdesk.firmware.happenings import Act, Compared, Linked, Looked, Lost, Relapsed, Told, Versioned
from evdesk.firmware.soak import kept, relapsed
from evdesk.firmware.words import INVALID
from evdesk.model.jobs import Cause, Result, Step

AMENDED_BY_VERSION = frozenset(
    {
        Cause.HANGS,
        Cause.NOT_RESTARTED,
        Cause.NOT_BACK,
        Cause.AWAY,
        Cause.NO_VERSION,
        Cause.SAME_VERSION,
        Cause.RESTARTS,
        Cause.INSTALL_FAILED,
    }
)
"""Endings that the new version, told later, proves wrong."""

_UNSURE = frozenset({Cause.STALLED, Cause.NEVER_FETCHED, Cause.DOWNLOAD_FAILED})
"""These too, where evdesk was away while it fetched."""

_AFTER_ALL = AMENDED_BY_VERSION | {Cause.OTHER_VERSION, Cause.FELL_BACK, Cause.NOT_PROVEN}

SETTLES_S = 3600.0
"""So long the version of one that came through must stay."""

LOST, DUE = "lost", "due"

_NEVER_ASKED = frozenset({Cause.NOT_READY, Cause.REFUSED, Cause.UNSUPPORTED, Cause.BAD_CERTIFICATE})


class Tested(Evidence):
    """The look: does it work as before, and has it kept its settings?"""

    def _looked(self, what: Looked) -> None:
        again, bad = self.memory.relook and self.charger.step is Step.SETTINGS, bool(what.problems)
        if not (again or self.charger.step is Step.TESTING) or self._to_be_found_anew(what.at, bad):
            return
        if self._is_gone(bad):
            self._gone(what.at)
            return
        words, pending = " ".join((*what.problems, self.memory.test_words)).strip(), self.memory.pending
        self._remember(test_words=words, again="", relook=False)
        if pending is not Cause.NONE and not (again or self.memory.begun or self.memory.left):
            self._end(pending, what.at)
            return
        if bad and pending is Cause.NONE:
            self._remember(pending=Cause.NOT_WORKING)
        if not again:
            self._go(Step.SETTINGS, what.at)
            self._acts.append(Act.COMPARE)
        elif self.memory.compared:
            self._tested(what.at)

    def _compared(self, what: Compared) -> None:
        if self.charger.step is not Step.SETTINGS or self._to_be_found_anew(what.at, bool(what.note)):
            return
        if self._is_gone(bool(what.note)):
            self._gone(what.at)
            return
        self._found(what)
        if what.problem and self.memory.pending is Cause.NONE:
            self._remember(pending=Cause.NOT_WORKING, test_words=what.problem)
        self._remember(compared=True)
        if not self.memory.relook:
            self._tested(what.at)

    def _found(self, what: Compared) -> None:
        self._show(settings_changed=what.changed, restored=what.restored, lost=what.lost, after_id=what.after_id)
        if what.note:
            self._remember(test_words=f"{self.memory.test_words} {what.note}".strip())

    def _tested(self, at: float) -> None:
        told = Cause.NEW_VERSION if self._is_new(self.charger.reported) else Cause.FELL_BACK
        self._end(told if self.memory.pending is Cause.NONE else self.memory.pending, at)

    # -- it goes away meanwhile ---------------------------------------------------------------------------------------

    def resumed(self, at: float) -> None:
        """Nobody is connected when the engine starts: like one that restarts, it is looked at once it is back."""
        super().resumed(at)
        if self.over or self.charger.step not in (Step.TESTING, Step.SETTINGS):
            return
        self._remember(again=DUE)  # the look that was under way ended with the engine
        self._wait_for_restarts(at)

    def _away(self, at: float) -> None:
        """Some restart once more after they have told the new version."""
        if self.memory.pending is not Cause.NONE:
            return
        self._remember(again=self.memory.again or LOST)
        self._wait_for_restarts(at)

    def held_up(self, at: float) -> None:
        super().held_up(at)
        if self.charger.step in (Step.TESTING, Step.SETTINGS) and not self.charger.online:
            self._wait_for_restarts(at)

    def _wait_for_restarts(self, at: float) -> None:
        left = max(1, self.times.most_reboots - self.memory.boots)
        self._wait_more(at + left * self.times.reboot_s)

    def _to_be_found_anew(self, at: float, bad: bool) -> bool:
        if not (bad and self.memory.again and self.memory.pending is Cause.NONE and at < self.ceiling_at):
            return False
        self._remember(again=DUE)
        if self.charger.online:
            self._back(at)
        return True

    def _back(self, at: float) -> None:
        if self.memory.again != DUE:
            return  # the look that is under way ends first
        settings = self.charger.step is Step.SETTINGS
        self._remember(again="")
        if self.memory.relook or not settings:
            self._acts.append(Act.TEST)
        if settings and not self.memory.compared:
            self._acts.append(Act.COMPARE)
        self._wait(at + (self.times.most_s(self.charger.step) or 0.0))

    def _is_gone(self, bad: bool) -> bool:
        """Nothing else is known to be wrong."""
        return bad and not self.charger.online and self.memory.pending is Cause.NONE

    def _gone(self, at: float) -> None:
        self._remember(test_words=f"Before that it told {self.charger.reported}.")
        self._end(Cause.NOT_BACK, at)

    # -- the version, told meanwhile ----------------------------------------------------------------------------------

    def _told_in_test(self, what: Versioned) -> None:
        if what.version:
            self._show(reported=what.version)
            self._after_all(what) if self._is_new(what.version) else self._fell_back()
        self._back(what.at)

    def _fell_back(self) -> None:
        """It told the new version, and another while it is looked at (a watchdog with two slots)."""
        if self.memory.pending in (Cause.NONE, Cause.NOT_WORKING):
            self._remember(pending=Cause.FELL_BACK)

    def _after_all(self, what: Versioned) -> None:
        """It was given up and is only looked at, and tells the new version: now it must work as before, too."""
        if self.memory.pending not in _AFTER_ALL or not self.memory.whole or not self._proves(what.version):
            return
        self._remember(pending=Cause.NONE)
        self._wait_more(what.at + (self.times.most_s(self.charger.step) or 0.0))
        if self.charger.step is Step.SETTINGS and not self.memory.relook:
            self._remember(relook=True, test_words="")  # of one that failed not all is looked at
            self._acts.append(Act.TEST)


class Late(Tested):
    """Over, and then something else is told."""

    def _amend(self, what: Versioned) -> None:
        """Over, by a timer or by the charger's word; and then it tells the new version after all."""
        if self._other(what):
            return
        self._show(online=True)
        self._remember(back=self.memory.back or what.booted)
        if self._undone(what):
            self.charger = relapsed(self.charger, Relapsed(what.at, what.version))
            self._acts.append(Act.END)
        elif self.memory.proving and what.version and not self._is_new(what.version):
            self._show(reported=what.version)
            self._restate(Cause.FELL_BACK, what.at)
        elif self._amends(what.version):
            self._prove(what)
        elif self.charger.cause is Cause.INVALID_SIGNATURE and self._changed(what.version):
            self._installed_all_the_same(what)

    def _installed_all_the_same(self, what: Versioned) -> None:
        """It found the signature wrong, and runs the file: still a failure, and not one in which nothing happened."""
        if self._is_new(self.charger.reported):
            return
        self._show(reported=what.version)
        self._remember(test_words="")
        self._restate(Cause.INVALID_SIGNATURE, what.at)

    def _amends(self, version: str) -> bool:
        amended = AMENDED_BY_VERSION | (_UNSURE if self.memory.gap else set())
        whole = self.memory.whole or self.memory.gap
        return self.charger.cause in amended and whole and self._proves(version)

    def _prove(self, what: Versioned) -> None:
        self._show(reported=what.version)
        if self.memory.proving:
            self._back_late(what.at)
            return
        self._remember(proving=True, pending=Cause.NONE, again="", test_words="")
        self._acts.append(Act.TEST)

    def _looked_late(self, what: Looked) -> None:
        if not self.memory.proving or self._anew_late(what.at, bool(what.problems)):
            return
        self._remember(again="", test_words=" ".join(what.problems))
        if what.problems:
            self._restate(Cause.NOT_WORKING, what.at)
        else:
            self._acts.append(Act.COMPARE)

    def _compared_late(self, what: Compared) -> None:
        self._show(waits_until_at=None)
        if not self.memory.proving or self._anew_late(what.at, bool(what.note)):
            return
        self._found(what)
        if what.problem:
            self._remember(test_words=what.problem)
        self._restate(Cause.NOT_WORKING if what.problem else Cause.NEW_VERSION, what.at)

    def _anew_late(self, at: float, bad: bool) -> bool:
        """Away, it is neither proven nor disproven; for a day somebody waits for it."""
        if not bad or (self.charger.online and not self.memory.again):
            return False
        self._remember(again=DUE)
        if self.charger.online:
            self._back_late(at)
        return True

    def _link_late(self, what: Linked | Lost) -> None:
        if not self.memory.proving:
            if isinstance(what, Linked) and self.charger.cause is Cause.NOT_BACK and not self.memory.back:
                self._acts.append(Act.ASK_VERSION)  # only its link was gone: it tells nothing by itself
            return
        self._show(online=isinstance(what, Linked))
        if isinstance(what, Linked):
            self._back_late(what.at)
        else:
            self._remember(again=self.memory.again or LOST)

    def _back_late(self, at: float) -> None:
        if self.memory.again == DUE:
            self._remember(again="")
            self._acts.append(Act.TEST)

    def _restate(self, cause: Cause, at: float) -> None:
        """Its first outcome stays in the report, and the time at which it ended."""
        first, words = self.charger.first_outcome or self.charger.outcome, self.memory.test_words
        self._close(cause, self.charger.ended_at or at)
        self._remember(settled_at=at)
        self._show(first_outcome=first)
        if cause is Cause.NEW_VERSION:
            reason = f"Later than expected it told {self.charger.reported}, and works. {words}".strip()
            self._show(reason=reason, next="Test a charge.")
        self._acts.append(Act.END)

    def _undone(self, what: Versioned) -> bool:
        """It came through, and soon tells another version: a watchdog took the new one back."""
        settled_at = self.memory.settled_at if self.memory.settled_at is not None else self.charger.ended_at or 0.0
        soon = what.at - settled_at < SETTLES_S
        return soon and self.charger.outcome is Result.SUCCEEDED and not kept(self.charger, what.version)

    def _wrong_after_all(self, what: Told) -> None:
        """Over, by a timer; and then it finds the signature wrong: the same file is never to be sent again."""
        if what.status != INVALID:
            return
        asked = self.charger.attempts > 0 and self.charger.cause not in _NEVER_ASKED
        settled = self.charger.outcome is Result.SUCCEEDED or self.charger.cause is Cause.INVALID_SIGNATURE
        if not asked or settled or self._of_another(what) or self._stale(what):
            return
        self._show(status=what.status, status_at=what.at)
        self._remember(test_words="")
        self._restate(Cause.INVALID_SIGNATURE, what.at)
