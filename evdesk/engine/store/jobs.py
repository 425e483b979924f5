"""What the event loop hands to the writer thread."""

import asyncio
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
    """Runs inside a transaction that is on the disk before `future` gets its result."""

    run: Callable[[Database], Any]
    future: "asyncio.Future[Any] | None" = None


@dataclass(slots=True)
class AuditJob:
    """`ticket` is a negative number that stands for the row's id until it has one. `must` False: kept until it is
    written. `withdrawn`: its caller has given up waiting and has been told that there is no row."""

    entry: Entry
    ticket: int
    must: bool
    future: "asyncio.Future[AuditRow] | None" = None
    withdrawn: bool = False


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
