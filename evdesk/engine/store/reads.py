"""What the engine asks for: pages, history, the verdict on the audit log."""

import asyncio
import os
from collections.abc import Collection
from pathlib import Path

from evdesk.engine.store import exchanges, history, pages
from evdesk.engine.store.core import Core
from evdesk.engine.store.faults import sentence_for, storage_error
from evdesk.engine.store.verify import export_file, verify_file
from evdesk.model import AuditRow, ChainVerdict, Finding, Notice, Session
from evdesk.wire.messages import (
    ActionSeen,
    Density,
    DensityOf,
    ExchangeFrames,
    ExchangePage,
    ExchangeRow,
    MessageCount,
    MessageFilter,
    MessagePage,
    MessageRow,
)
from evdesk.wire.methods import AuditPage, HistoryMany, NoticePage, SessionPage


class Reads(Core):
    """In the reader thread, on what is written: rows put within the last second may still be on their way."""

    async def sessions(self, page: SessionPage) -> list[Session]:
        return await self._read(lambda c: pages.session_rows(c, page))

    async def messages(self, page: MessagePage) -> list[MessageRow]:
        return await self._read(lambda c: exchanges.message_rows(c, page))

    async def exchanges(self, page: ExchangePage) -> list[ExchangeRow]:
        """Calls with their answers."""
        return await self._read(lambda c: exchanges.exchange_rows(c, page))

    async def exchange_frames(self, page: ExchangePage) -> list[ExchangeFrames]:
        """The same with every frame."""
        return await self._read(lambda c: exchanges.exchange_frames(c, page))

    async def exchange(self, number: int) -> tuple[ExchangeRow, list[MessageRow]] | None:
        """One exchange with every frame of it; `number` may be that of any of its frames."""
        return await self._read(lambda c: exchanges.exchange(c, number))

    async def density(self, wanted: DensityOf) -> Density:
        """How many exchanges, and how many with a fault, in each part of a time."""
        return await self._read(lambda c: exchanges.density(c, wanted))

    async def message_count(self, wanted: MessageFilter) -> MessageCount:
        now = self._clock.now()
        return await self._read(lambda c: exchanges.count(c, wanted, now))

    async def message_actions(self, charger_id: str) -> list[ActionSeen]:
        """What a charger sent and was sent, as far as the log reaches back."""
        return await self._read(lambda c: exchanges.actions(c, charger_id))

    async def findings(self, charger_id: str = "") -> list[Finding]:
        return await self._read(lambda c: pages.finding_rows(c, charger_id))

    async def notices(self, page: NoticePage) -> list[Notice]:
        return await self._read(lambda c: pages.notice_rows(c, page))

    async def audit_rows(self, page: AuditPage) -> list[AuditRow]:
        return await self._read(lambda c: pages.audit_rows(c, page))

    async def audit_of(self, target: str, what: Collection[str], from_id: int) -> list[AuditRow]:
        """The rows about `target` of these kinds from that id on, newest first: as fast in a log of years."""
        return await self._read(lambda c: pages.audit_of(c, target, what, from_id))

    async def counts(self) -> dict[str, int]:
        """Rows in audit, session, finding and message."""
        return await self._read(pages.counts)

    async def history(self, series: list[str], from_at: float, to_at: float, buckets: int) -> HistoryMany:
        """Every series ("site:power_w") on the same buckets, at most 2,000. Raises `EvdeskError(INVALID)` in words."""
        now = self._clock.now()
        return await self._read(lambda c: history.read(c, series, from_at, to_at, buckets, now))

    async def verify(self) -> ChainVerdict:
        """Recomputes the whole chain on a connection of its own, so that plots need not wait."""
        return await asyncio.to_thread(verify_file, self.path)

    async def export_audit(self, out: Path) -> ChainVerdict:
        """Writes the log as JSON lines into a new file only its owner can read (see `verify.export_file`)."""
        return await asyncio.to_thread(_export, self.path, out)


def _export(path: Path, out: Path) -> ChainVerdict:
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            return export_file(path, file)
    except FileExistsError:
        raise storage_error(f"{out} exists already. Choose another name; evdesk overwrites nothing.") from None
    except OSError as error:
        raise storage_error(sentence_for(error, out)) from error
