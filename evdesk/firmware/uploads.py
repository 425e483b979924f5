"""What becomes of a log that a charger was asked to send. The file that came is the truth, not its status messages."""

from collections.abc import Callable
from dataclasses import replace

from evdesk.firmware.endings import LOG_ENDINGS, megabytes
from evdesk.firmware.happenings import (
    Act,
    Agreed,
    Happening,
    Linked,
    Lost,
    Received,
    Refused,
    Sent,
    Served,
    Stop,
    Tick,
    Told,
    TurnedAway,
)
from evdesk.firmware.times import Times
from evdesk.firmware.watched import Memory, Watched
from evdesk.model.jobs import Cause, JobCharger, Step

ORDER = (Step.WAITING, Step.PREFLIGHT, Step.SENT, Step.UPLOADING, Step.DONE)

FAILED = frozenset({"UploadFailed", "UploadFailure"})
REFUSALS: dict[str, Cause] = {
    "BadMessage": Cause.REFUSED,
    "NotSupportedOperation": Cause.UNSUPPORTED,
    "PermissionDenied": Cause.REFUSED,
    "AcceptedCanceled": Cause.SUPERSEDED,
}
"""Status (1.6 section 7.24, whitepaper and 2.x UploadLogStatusEnumType) that end it."""

_UNHEARD = frozenset({Cause.NOTHING_CAME, Cause.NO_ANSWER})
MORE_S, SAID_S = 10.0, 2.0
"""After a file is here another may follow; less likely once the charger said "Uploaded"."""

SETTLE_S = 60.0
"""After "Uploaded" the file itself may still be on its way; after a failure the charger may try again."""


class LogWatch(Watched):
    """Like `evdesk.firmware.machine.Watch`, for a log."""

    order = ORDER
    endings = LOG_ENDINGS

    def __init__(self, charger: JobCharger, memory: Memory, times: Times) -> None:
        super().__init__(charger, memory, times)
        self._feeders: dict[type, Callable[..., None]] = {
            Sent: self._sent,
            Agreed: self._agreed,
            Refused: lambda what: self._end(what.cause, what.at),
            Told: self._told,
            Served: self._served,
            Received: self._received,
            TurnedAway: self._turned_away,
            Linked: self._linked,
            Lost: lambda what: self._show(online=False),
            Tick: self._tick,
            Stop: self._stop,
        }

    def feed(self, what: Happening) -> list[Act]:
        """Takes what happened; the acts are to be done in order."""
        self._acts = []
        feeder = self._feeders.get(type(what))
        if not self.over and feeder is not None:
            feeder(what)
        return self._acts

    def _linked(self, what: Linked) -> None:
        self._show(online=True)
        if what.moved and self.charger.step in (Step.SENT, Step.UPLOADING) and not self.memory.came:
            self._moved(what.at)

    def _sent(self, what: Sent) -> None:
        self._show(attempts=self.charger.attempts + 1, status="", status_at=None)
        self._go(Step.SENT, what.at)
        self._wait_within(what.at + self.times.sent_s)

    def _agreed(self, what: Agreed) -> None:
        self._remember(heard=True)
        self._show(reason="")

    def _told(self, what: Told) -> None:
        mine = self.charger.request_id
        if self.charger.step not in (Step.SENT, Step.UPLOADING) or what.status == "Idle":
            return
        if mine is not None and what.request_id is not None and what.request_id != mine:
            return
        self._remember(heard=True)
        again = what.status == self.charger.status  # some tell "Uploading" by the hundred (EVerest/EVerest #536)
        self._show(status=what.status, status_at=what.at)
        if self.memory.came:
            if not again:
                self._wait_within(what.at + (SAID_S if what.status == "Uploaded" else MORE_S))
        elif what.status in REFUSALS:
            self._end(REFUSALS[what.status], what.at)
        elif what.status == "Uploaded":
            self._wait_within(what.at + SETTLE_S)
        elif what.status in FAILED:
            self._remember(failures=self.memory.failures + 1)
            self._wait_within(what.at + SETTLE_S)
        elif what.status == "Uploading" and not again:
            self._go(Step.UPLOADING, what.at)
            self._wait_within(what.at + self.times.idle_s)

    def _served(self, what: Served) -> None:
        before = self.charger.transfer
        self._show(transfer=what.transfer)
        if what.transfer.total > before.total and self.charger.step in (Step.SENT, Step.UPLOADING):
            self._go(Step.UPLOADING, what.at)
            if what.transfer.bytes > self.memory.best:  # what came before, and broke off, is no progress
                self._remember(best=what.transfer.bytes)
                self._got_on(what.at)
            self._wait_within(what.at + self.times.idle_s)
            if what.transfer.size:
                self._show(progress=min(1.0, what.transfer.bytes / what.transfer.size))

    def _received(self, what: Received) -> None:
        if what.whole:
            self._came(what)
            return
        self._remember(part=f"{what.name or 'A part'} ({megabytes(what.size)})")
        if self.memory.came:
            self._wait_within(what.at + MORE_S)
            return
        self._show(log_id=what.log_id, transfer=replace(self.charger.transfer, bytes=what.size))
        if what.cause is not Cause.NONE:
            self._end(what.cause, what.at)
        else:
            self._wait_within(what.at + self.times.sent_s)  # it may send it again

    def _came(self, what: Received) -> None:
        """More may follow, at once or in a moment: some send each of their files by itself. The same name sent twice is one
        file, the larger."""
        came = {name: (number, size) for name, number, size in self.memory.came}
        if what.size >= came.get(what.name, (0, 0))[1]:
            came[what.name] = (what.log_id, what.size)
        self._remember(came=tuple((name, number, size) for name, (number, size) in came.items()))
        self._show(log_id=self.memory.came[0][1])
        self._wait_within(what.at + (SAID_S if self.charger.status == "Uploaded" else MORE_S))

    def _turned_away(self, what: TurnedAway) -> None:
        self._remember(turned_why=what.why, turned=what.cause)

    def _end(self, cause: Cause, at: float, **words: str) -> None:
        memory = self.memory
        if memory.turned_why and cause in _UNHEARD:
            cause = Cause.NOT_TAKEN if memory.turned is Cause.NONE else memory.turned
        if memory.turned_why and cause in (Cause.NOT_TAKEN, Cause.UPLOAD_FAILED, Cause.STALLED):
            self._remember(why=memory.turned_why)
        if memory.part:
            words |= {"kept": f" {memory.part} is kept in the list of logs.", "is_kept": "; what came is kept"}
        super()._end(cause, at, **words)

    def _all_here(self, at: float) -> None:
        """No other file follows."""
        count, size = len(self.memory.came), sum(size for _name, _number, size in self.memory.came)
        self._show(transfer=replace(self.charger.transfer, bytes=size))
        words = megabytes(size) if count == 1 else f"{count} files, {megabytes(size)} together"
        if self.memory.turned_why:
            words = f"{words}. Something else was not taken: {self.memory.turned_why.removesuffix('.')}"
        self._end(Cause.RECEIVED if size else Cause.EMPTY, at, came=words)

    def _tick(self, what: Tick) -> None:
        until = self.charger.waits_until_at
        if until is None or self.charger.step not in (Step.SENT, Step.UPLOADING) or what.at < until:
            return
        if self.memory.came:
            self._all_here(what.at)
            return
        untouched = self.charger.transfer.total == 0 and not self.memory.failures
        again = what.at < self.ceiling_at if self.memory.moved else untouched
        if again and self.memory.schemes and self.charger.online:
            self._acts.append(Act.NEXT_SCHEME)
            if not self.memory.moved:
                self._got_on(what.at)
            self._next_scheme()
            self._remember(failures=0)
            self._wait_within(what.at + self.times.sent_s)
        elif self.memory.failures:
            self._end(Cause.UPLOAD_FAILED, what.at)
        else:
            nothing = Cause.NOTHING_CAME if self.memory.heard else Cause.NO_ANSWER
            self._end(Cause.STALLED if self.charger.transfer.total else nothing, what.at)

    def _stop(self, what: Stop) -> None:
        self._remember(why=f"Ended by {what.who}.")
        self._end(Cause.STOPPED, what.at)
