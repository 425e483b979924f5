"""What the event loop hands to the writer thread."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from evdesk.engine.store.batch import Batch
from evdesk.engine.store.chain import Entry
from evdesk.model import AuditRow, EvdeskError


@dataclass(slots=True)
class BatchJob:
    """Rows nobody waits for. `future` is resolved after they were tried, or put aside while the storage fails;
    `force`: they are tried even then."""

    batch: Batch
    future: "asyncio.Future[Any] | None" = None
    force: bool = False


@dataclass(slots=True)
class DurableJob:
    """Runs inside a transaction that is on the disk before `future` gets its result.

    `keep`: when the storage fails, `future` is told so, and the job runs as soon as that works again.
    """

    run: Callable[[Database], Any]
    future: "asyncio.Future[Any] | None" = None
    keep: bool = False


@dataclass(slots=True)
class AuditJob:
    """`ticket` is a negative number that stands for the row's id until it has one. `keep`: when the storage fails,
    the caller gets the provisional row, and it is written as soon as that works again. `withdrawn`: its caller has
    given up waiting and has been told that there is no row."""

    entry: Entry
    ticket: int
    keep: bool
    future: "asyncio.Future[AuditRow] | None" = None
    withdrawn: bool = False

    def provisional(self) -> AuditRow:
        """The row as told to its caller before it is in the chain: id negative, no hash."""
        entry, origin = self.entry, self.entry.origin
        return AuditRow(
            id=self.ticket,
            at=entry.at,
            kind=entry.kind,
            who=origin.who,
            via=origin.via,
            address=origin.address,
            what=entry.what,
            target=entry.target,
            args=json.loads(entry.args),
            outcome=entry.outcome,
            detail=json.loads(entry.detail),
            ref=entry.ref,
        )


Job = BatchJob | DurableJob | AuditJob


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one job ended: `error` or `result`."""

    job: DurableJob | AuditJob
    result: Any = None
    error: EvdeskError | None = None


def settle(outcomes: list[Outcome], flushed: "list[asyncio.Future[Any]]") -> None:
    """In the event loop: hands the results to those who wait."""
    for outcome in outcomes:
        future = outcome.job.future
        if future is None or future.done():
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.result)
    for waiting in flushed:
        if not waiting.done():
            waiting.set_result(None)
