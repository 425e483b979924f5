"""What a charger's words and versions are worth that come too late, twice, or are of an update before."""

from evdesk.firmware.happenings import Act, Told
from evdesk.firmware.watched import Watched
from evdesk.firmware.words import BEGUN, FAILURES, HAS_IT
from evdesk.model.jobs import Step


class Evidence(Watched):
    """Of an update: what counts as of this request, and what proves that it has the file."""

    def _of_another(self, what: Told) -> bool:
        mine = self.charger.request_id
        return mine is not None and what.request_id is not None and what.request_id != mine

    def _by_number(self, what: Told) -> bool:
        return what.request_id is not None and what.request_id == self.charger.request_id

    def _stale(self, what: Told) -> bool:
        """About a file, without the number of this request, and before anybody asked for this one: of an update before.
        1.6 repeats its last word when it is asked for its status, so an end that it tells then counts only where it has
        spoken of this request before."""
        about = what.status in FAILURES or what.status in HAS_IT
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

    # -- the file -----------------------------------------------------------------------------------------------------

    def _says_that_it_has_it(self, what: Told) -> None:
        """Its word is not held against what was counted here: a number may be one of another computer's first job."""
        self._remember(
            claimed=self.memory.claimed or self._by_number(what),
            begun=self.memory.begun or what.status in BEGUN,
            whole=self.memory.whole or not self._has_a_part,
            sure=what.status == "Installed" and self.charger.transfer.complete_at is not None,
        )

    @property
    def _has_a_part(self) -> bool:
        """As counted here, and evdesk was there all the time. Who fetched the end of the file may have had the rest."""
        transfer = self.charger.transfer
        ended = any(to >= transfer.size for _from, to in transfer.spans)
        return 0 < transfer.bytes < transfer.size and not ended and not self.memory.gap

    @property
    def _from_here(self) -> bool:
        """It has the whole file from this computer: as counted, or by its word for this very request. What was counted
        while evdesk was away nobody knows."""
        claimed = self.memory.claimed and not self._has_a_part
        return self.charger.transfer.complete_at is not None or claimed or self.memory.gap

    @property
    def _may_be_whole(self) -> bool:
        """It has all of the file, or may: evdesk was killed, and heard and saw nothing since."""
        return self.memory.whole or (self.memory.gap and not self.memory.since)

    # -- the version --------------------------------------------------------------------------------------------------

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
        """Installed is its last word, told after all of the file was counted here, and it never went away since."""
        memory, last = self.memory, self.charger.status == "Installed"
        return memory.installed and last and memory.sure and not memory.left and not memory.restarted

    def stuck(self, at: float) -> bool:
        """It restarts for longer than that usually takes, and does not say that it installs: it may be dead, and only who
        stands before it can tell."""
        one, usual = self.charger, self.times.usual
        usual_s = usual[Step.REBOOTING] + (0.0 if self.memory.installed else usual[Step.INSTALLING])
        installs = one.status == "Installing" and at - (one.status_at or 0.0) < self.times.install_s
        return one.step is Step.REBOOTING and not installs and at - one.step_at > usual_s

    @property
    def _restarts(self) -> bool:
        """Again and again, and more often than an update needs."""
        return self.memory.boots > self.times.most_reboots
