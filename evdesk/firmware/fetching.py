"""The request and the download: what the charger and evdesk's own server say of it, and what becomes of it in the end."""

from evdesk.firmware.happenings import Act, Agreed, Linked, Refused, Sent, Served, Stop, Told
from evdesk.firmware.late import Late
from evdesk.firmware.watched import RANK
from evdesk.firmware.words import FETCHING
from evdesk.model.jobs import Cause, Step, Transfer

_BEFORE_IT_IS_WHOLE = (Step.SENT, Step.DOWNLOADING)


class Fetching(Late):
    def _sent(self, what: Sent) -> None:
        self._show(attempts=self.charger.attempts + 1, status="", status_at=None)
        self._remember(spoke=False, asked_at=None, cut=self.memory.cut and what.at >= self.ceiling_at)
        self._go(Step.SENT, what.at)
        self._wait_within(what.at + self.times.sent_s)
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

    def _speaks(self, what: Told) -> None:
        """Of this update, and not because it was asked."""
        if not self.memory.spoke and (self._by_number(what) or not self._was_asked(what.at)):
            self._remember(spoke=True)
        if what.status in FETCHING and not self.memory.since:
            self._remember(since=True)

    # -- bytes --------------------------------------------------------------------------------------------------------

    def _served(self, what: Served) -> None:
        before, now = self.charger.transfer, what.transfer
        self._show(transfer=now)
        if self._rank not in range(RANK[Step.SENT], RANK[Step.TESTING]) or now.total <= before.total:
            return
        if not self.memory.since:
            self._remember(since=True)
        if self.memory.cut:  # the last count, of what may have arrived
            self._counts(now)
            return
        if self._rank > RANK[Step.DOWNLOADING]:  # it said that it has it, and fetches on
            self._counts(now)
            self._seen_after_all(Step.DOWNLOADING)
            self._wait_more(what.at + self.times.idle_s)
            return
        self._go(Step.DOWNLOADING, what.at)
        if now.bytes > before.bytes:  # what it had before is no progress
            self._got_on(what.at)
        self._wait_within(what.at + self.times.idle_s)
        if now.size:
            self._show(progress=min(1.0, now.bytes / now.size))
        self._counts(now)

    def _counts(self, now: Transfer) -> None:
        if now.complete_at is not None or (self.memory.claimed and not self._has_a_part):
            self._remember(whole=True)

    # -- in the end ---------------------------------------------------------------------------------------------------

    def _relinked(self, what: Linked) -> None:
        """On another address, which it has to be told."""
        if what.moved and self.charger.step in _BEFORE_IT_IS_WHOLE and not self.memory.whole:
            self._moved(what.at)
            if self._may_be_whole:
                self._ask_status(what.at)  # it is told anew only where it says that it fetches

    def _not_fetched(self, at: float) -> None:
        nothing = self.charger.transfer.total == 0
        if not self.charger.online and not self.memory.asked:
            self._remember(asked=True)  # a link that comes back is not to find the address gone
            self._wait(at + self.times.sent_s)
        elif self._may_be_whole:
            self._end(Cause.AWAY, at)
        elif self.charger.online and self._offers_anew(nothing, at):
            self._acts.append(Act.NEXT_SCHEME)
            if not self.memory.moved:
                self._got_on(at)
            self._next_scheme()
            self._remember(nudged=False, failures=0)
            self._wait_within(at + self.times.sent_s)
        elif not nothing and not self.memory.cut:
            self._remember(cut=True)  # first the address is closed: the last count decides
            self._acts.append(Act.WITHDRAW)
            self._wait(at + self.times.answer_s)
        elif self.memory.failures:
            self._look_at(Cause.DOWNLOAD_FAILED, at)
        else:
            never = Cause.NEVER_FETCHED if self.memory.heard else Cause.NO_ANSWER
            self._end(never if nothing else Cause.STALLED, at)

    def _offers_anew(self, nothing: bool, at: float) -> bool:
        """By another protocol; or by the same at another address, but not for ever."""
        if self.memory.moved:
            return bool(self.memory.schemes) and at < self.ceiling_at
        return nothing and bool(self.memory.schemes)

    def _stop(self, what: Stop) -> None:
        """What may install already is watched to its end: nobody can stop it."""
        if self._may_be_whole or self.memory.begun or self._rank >= RANK[Step.VERIFYING]:
            has = "has" if self.memory.whole or self.memory.begun else "may have"
            self._show(reason=f"{what.who} wanted it ended, but it {has} the whole file: watched to its end.")
            return
        self._remember(why=f"Ended by {what.who}.")
        self._end(Cause.STOPPED, what.at)
