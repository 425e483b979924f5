"""What a charger's words are worth that come too late, twice, or are of an update before."""

from evdesk.firmware.happenings import Act, Relapsed, Told, Versioned
from evdesk.firmware.soak import kept, relapsed
from evdesk.firmware.watched import Watched
from evdesk.model.jobs import Cause, Result, Step

FAILURES: dict[str, Cause] = {
    "InvalidSignature": Cause.INVALID_SIGNATURE,
    "InstallVerificationFailed": Cause.NOT_VERIFIED,
    "InstallationFailed": Cause.INSTALL_FAILED,
}
INVALID = "InvalidSignature"
PATIENT = frozenset({"DownloadScheduled", "DownloadPaused", "InstallScheduled"})
BEGUN = frozenset({"SignatureVerified", "InstallScheduled", "Installing", "InstallRebooting", "Installed"})
AMENDED_BY_VERSION = frozenset(
    {Cause.HANGS, Cause.NOT_BACK, Cause.AWAY, Cause.NO_VERSION, Cause.SAME_VERSION, Cause.INSTALL_FAILED}
)
"""Endings that the new version, told later, proves wrong."""

_UNSURE = frozenset({Cause.STALLED, Cause.NEVER_FETCHED, Cause.DOWNLOAD_FAILED})
"""These too, where evdesk was away while it fetched."""

SETTLES_S = 3600.0
"""So long the version of one that came through must stay."""

_NEVER_ASKED = frozenset({Cause.NOT_READY, Cause.REFUSED, Cause.UNSUPPORTED, Cause.BAD_CERTIFICATE})


class Late(Watched):
    """Of an update: what counts as of this request, and what changes an ending or what it was going to be."""

    def _of_another(self, what: Told) -> bool:
        mine = self.charger.request_id
        return mine is not None and what.request_id is not None and what.request_id != mine

    def _by_number(self, what: Told) -> bool:
        return what.request_id is not None and what.request_id == self.charger.request_id

    def _stale(self, what: Told) -> bool:
        """About a file, without the number of this request, and before anybody asked for this one: of an update before.
        1.6 repeats its last word when it is asked for its status, so an end that it tells then counts only where it has
        spoken of this request before."""
        about = what.status in FAILURES or what.status in BEGUN or what.status == "Downloaded"
        if not about or self._by_number(what):
            return False
        transfer = self.charger.transfer
        if transfer.total == 0 and transfer.requests == 0 and not self.memory.gap:
            return True
        ends = what.status in FAILURES or what.status == "Installed"
        return ends and not self.memory.spoke and self._was_asked(what.at)

    def _was_asked(self, at: float) -> bool:
        asked_at = self.memory.asked_at
        return asked_at is not None and 0.0 <= at - asked_at <= self.times.answer_s

    def _ask_status(self, at: float) -> None:
        self._remember(nudged=True, asked_at=at)
        self._acts.append(Act.ASK_STATUS)

    def _wait_words(self, until_at: float) -> None:
        """Words alone, again and again, do not make it wait for ever."""
        seen_at = max(self.charger.step_at, self.charger.transfer.last_at or 0.0, self.date_at)
        longest_s = self.times.scheduled_s if self.charger.status in PATIENT else self.times.words_s
        self._wait(min(until_at, seen_at + longest_s))

    @property
    def _from_here(self) -> bool:
        """It has the whole file from this computer: as counted, or by its word for this very request. What was counted
        while evdesk was away nobody knows."""
        return self.charger.transfer.complete_at is not None or self.memory.claimed or self.memory.gap

    @property
    def _may_be_whole(self) -> bool:
        """It has all of the file, or may: evdesk was killed, and heard and saw nothing since."""
        return self.memory.whole or (self.memory.gap and not self.memory.since)

    def _changed(self, version: str) -> bool:
        """The new one, where it told another before."""
        before = self.charger.from_version.strip()
        return self._is_new(version) and bool(before) and not self._is_new(before)

    def _proves(self, version: str) -> bool:
        """Where the version before was the same, or not told, the new one proves nothing unless it said that it installs
        and was away with the whole file."""
        if not self._is_new(version) or not self._from_here:
            return False
        return self._changed(version) or (self.memory.booted and (self.memory.installed or self.memory.begun))

    def _from_elsewhere(self, version: str) -> bool:
        """The new version, and the file cannot be whole from here: somebody else brought it."""
        return self._changed(version) and not self._from_here

    @property
    def _to_restart(self) -> bool:
        """Installed is its last word, it has the whole file for certain, and it never went away since."""
        memory = self.memory
        certain = self.charger.transfer.complete_at is not None or memory.claimed
        last = self.charger.status == "Installed"
        return memory.installed and last and certain and not memory.left and not memory.restarted

    def _fell_back(self, what: Versioned) -> None:
        """It told the new version, and another while it is looked at (a watchdog with two slots)."""
        if self.memory.pending in (Cause.NONE, Cause.NOT_WORKING):
            self._remember(pending=Cause.FELL_BACK)

    def _after_all(self, what: Versioned) -> None:
        """It was given up and is only looked at, and tells the new version: now it must work as before, too."""
        late = self.memory.pending in AMENDED_BY_VERSION | {Cause.OTHER_VERSION, Cause.FELL_BACK, Cause.NOT_PROVEN}
        if not late or not self.memory.whole or not self._proves(what.version):
            return
        self._remember(pending=Cause.NOT_WORKING if self.memory.test_words else Cause.NONE)
        if self.charger.step is Step.TESTING:
            self._wait(what.at + (self.times.most_s(Step.TESTING) or 0.0))

    def _amend(self, what: Versioned) -> None:
        """Over, by a timer or by the charger's word; and then it tells the new version after all."""
        amended = AMENDED_BY_VERSION | (_UNSURE if self.memory.gap else set())
        if self._other(what):
            return
        self._remember(back=self.memory.back or what.booted)
        if self._undone(what):
            self.charger = relapsed(self.charger, Relapsed(what.at, what.version))
            self._acts.append(Act.END)
        if self.charger.cause not in amended:
            return
        if not (self.memory.whole or self.memory.gap) or not self._proves(what.version):
            return
        first = self.charger.first_outcome or self.charger.outcome
        self._show(reported=what.version)
        self._close(Cause.NEW_VERSION, self.charger.ended_at or what.at)
        self._show(first_outcome=first, reason=f"Later than expected it told {what.version}.", next="Test a charge.")
        self._acts.append(Act.END)

    def _undone(self, what: Versioned) -> bool:
        """It came through, and soon tells another version: a watchdog took the new one back."""
        soon = what.at - (self.charger.ended_at or 0.0) < SETTLES_S
        return soon and self.charger.outcome is Result.SUCCEEDED and not kept(self.charger, what.version)

    def _wrong_after_all(self, what: Told) -> None:
        """Over, by a timer; and then it finds the signature wrong: the same file is never to be sent again."""
        asked = self.charger.attempts > 0 and self.charger.cause not in _NEVER_ASKED
        settled = self.charger.outcome is Result.SUCCEEDED or self.charger.cause is Cause.INVALID_SIGNATURE
        if not asked or settled or self._of_another(what) or self._stale(what):
            return
        first = self.charger.first_outcome or self.charger.outcome
        self._show(status=what.status, status_at=what.at)
        self._close(Cause.INVALID_SIGNATURE, self.charger.ended_at or what.at)
        self._show(first_outcome=first)
        self._acts.append(Act.END)
